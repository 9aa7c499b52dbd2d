#include "server/access/audit_log.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/store/access_rows.h"

namespace cairn {
namespace {

constexpr size_t id_bytes_max = 64;  // a UUID has 36; what a caller sends may be anything

// "/cairn.v1.Publishing/Withdraw" as people read it.
std::string ShortMethod(absl::string_view method) {
  absl::ConsumePrefix(&method, "/");
  absl::ConsumePrefix(&method, "cairn.v1.");
  return absl::StrReplaceAll(method, {{"/", "."}});
}

// On a boundary of UTF-8: half a character could not be sent to whoever reads the audit.
std::string Cut(absl::string_view text, size_t bytes_max) {
  size_t end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

AuditRow RowOf(absl::Time now, const Caller& caller, absl::string_view method, absl::string_view description) {
  AuditRow row;
  row.at = absl::ToUnixMillis(now);
  row.role = caller.role();
  row.caller = caller.name();
  row.method = ShortMethod(method);
  row.description = Cut(description, limits::audit_description_bytes_max);
  row.result = "ok";
  return row;
}

v1::AuditEntry ToProto(const AuditRow& row) {
  v1::AuditEntry entry;
  entry.mutable_at()->set_seconds(row.at / 1000);
  entry.mutable_at()->set_nanos(static_cast<int32_t>(row.at % 1000) * 1'000'000);
  entry.set_role(static_cast<Role>(row.role));
  entry.set_caller(row.caller);
  entry.set_method(row.method);
  entry.set_description(row.description);
  entry.set_result(row.result);
  entry.set_refused(row.refused);
  return entry;
}

}  // namespace

std::string DescribeIds(absl::Span<const std::string> ids) {
  std::vector<std::string> named;
  for (const std::string& id : ids.subspan(0, limits::audit_ids_max)) named.push_back(id.substr(0, id_bytes_max));
  const size_t more = ids.size() - named.size();
  return absl::StrCat(ids.size(), ids.size() == 1 ? " id: " : " ids: ", absl::StrJoin(named, ", "),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

absl::Status AuditLog::Append(Connection& db, const Caller& caller, absl::string_view method,
                              absl::string_view description) const {
  return AppendAudit(db, RowOf(clock_->Now(), caller, method, description));
}

void AuditLog::Done(const Caller& caller, absl::string_view method, absl::string_view description,
                    const absl::Status& result) const {
  AuditRow row = RowOf(clock_->Now(), caller, method, description);
  if (!result.ok()) row.result = absl::StatusCodeToString(result.code());
  const absl::Status written = store_->Write([&](Connection& db) { return AppendAudit(db, row); });
  if (!written.ok()) LogWarning("audit.failed", {{"method", row.method}, {"why", written.message()}});
}

bool AuditLog::CountRefusal(const std::string& caller) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration now = clock_->Monotonic();
  Hour& hour = hours_.try_emplace(caller, Hour{now, 0}).first->second;
  if (now - hour.began >= absl::Hours(1)) hour = Hour{now, 0};
  return hour.refusals++ < limits::audit_refusals_per_hour_max;
}

void AuditLog::Refused(const Caller& caller, absl::string_view method, const absl::Status& why) {
  if (!CountRefusal(caller.name())) return;
  AuditRow row = RowOf(clock_->Now(), caller, method, ReasonOf(why));
  row.refused = true;
  row.result = absl::StatusCodeToString(why.code());
  store_->WriteAsync([row](Connection& db) { return AppendAudit(db, row); },
                     [](const absl::Status& written) {
                       if (!written.ok()) LogWarning("audit.failed", {{"why", written.message()}});
                     });
}

absl::StatusOr<v1::ListAuditResponse> AuditLog::List(const v1::ListAuditRequest& request) const {
  if (request.limit() > limits::audit_list_max) {
    return absl::InvalidArgumentError(absl::StrCat("limit ", request.limit(), ": at most ", limits::audit_list_max,
                                                   "; ask for a later time first, then for an earlier one"));
  }
  const int64_t since =
      request.has_since() ? request.since().seconds() * 1000 + request.since().nanos() / 1'000'000 : 0;
  const uint32_t limit = request.limit() == 0 ? limits::audit_list_default : request.limit();
  std::vector<AuditRow> rows;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(rows, ReadAudit(db, since, limit));
    return absl::OkStatus();
  }));
  v1::ListAuditResponse response;
  for (const AuditRow& row : rows) *response.add_entries() = ToProto(row);
  return response;
}

absl::Status AuditLog::Purge() const {
  AuditBounds bounds;
  bounds.not_before = absl::ToUnixMillis(clock_->Now() - absl::Hours(24) * limits::audit_days_max);
  bounds.changes_max = limits::audit_changes_max;
  bounds.refusals_max = limits::audit_refusals_max;
  return store_->Write([&](Connection& db) { return PurgeAudit(db, bounds); });
}

}  // namespace cairn
