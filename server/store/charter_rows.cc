#include "server/store/charter_rows.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace cairn {

absl::Status PutCharter(Connection& db, uint64_t version, absl::string_view signed_charter) {
  Statement row = db.Prepare("SELECT signed_charter FROM charter WHERE version = ?");
  row.Bind(version);
  if (row.Step()) {
    if (row.Bytes(0) == signed_charter) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat("charter version ", version, " is stored with other bytes"));
  }
  RETURN_IF_ERROR(row.status());
  return db.Execute("INSERT INTO charter (version, signed_charter) VALUES (?, ?)", version, Blob{signed_charter});
}

absl::StatusOr<std::vector<std::pair<uint64_t, std::string>>> ReadCharters(Connection& db, uint64_t after_version) {
  std::vector<std::pair<uint64_t, std::string>> charters;
  Statement row = db.Prepare("SELECT version, signed_charter FROM charter WHERE version > ? ORDER BY version");
  row.Bind(after_version);
  while (row.Step()) charters.emplace_back(row.Int64(0), row.String(1));
  RETURN_IF_ERROR(row.status());
  return charters;
}

}  // namespace cairn
