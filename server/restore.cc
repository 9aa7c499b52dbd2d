#include "server/restore.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_file.h"
#include "server/store/backup.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "server/store/verify.h"

namespace cairn {
namespace {

// The copy while it is looked at, with what SQLite puts beside it; gone with this object unless moved away.
class Workpiece {
 public:
  explicit Workpiece(std::string path) : path_(std::move(path)) { Remove(); }
  ~Workpiece() { Remove(); }
  const std::string& path() const { return path_; }

 private:
  void Remove() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-lock", "-journal"}) {
      std::filesystem::remove(path_ + suffix, ignored);
    }
  }
  const std::string path_;
};

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const std::string& path, const std::string& consortium, Clock* clock) {
  Store::Options options;
  options.path = path;
  options.consortium = consortium;
  options.clock = clock;
  return Store::Open(options);
}

// The consortium of the charter beside the node, or of its settings; empty: whatever the copy says.
absl::StatusOr<std::string> ConsortiumOf(const NodeConfig& config) {
  if (!config.consortium.empty() || !std::filesystem::exists(config.charter)) return config.consortium;
  std::ifstream in(config.charter, std::ios::binary);
  ASSIGN_OR_RETURN(const v1::CharterChain chain, ChainFromText(std::string(std::istreambuf_iterator<char>(in), {})));
  if (chain.versions_size() == 0) return std::string();
  ASSIGN_OR_RETURN(const v1::Charter first, ParseCharter(chain.versions(0)));
  return first.consortium();
}

// Nobody runs on the file that is to be replaced, and nobody will miss it. Held until the copy is in its place.
absl::StatusOr<std::unique_ptr<Store>> HoldPlace(const NodeConfig& config, Clock* clock) {
  if (!std::filesystem::exists(config.database)) return std::unique_ptr<Store>();
  ASSIGN_OR_RETURN(std::unique_ptr<Store> store, OpenStore(config.database, "", clock));
  FeedStore feeds(store.get(), store->consortium());
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> held, feeds.Feeds());
  if (held.empty()) return store;
  return absl::FailedPreconditionError(
      absl::StrCat(Quoted(config.database), " holds ", held.size(),
                   " feeds already; move it (with -wal and -shm) out of the way first if you are sure"));
}

absl::Status Check(Store* store, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string finding, CheckPages(store));
  if (!finding.empty()) return absl::DataLossError(absl::StrCat("the copy is damaged: ", finding));
  FeedStore feeds(store, store->consortium());
  ASSIGN_OR_RETURN(const VerifyReport report,
                   VerifyFeeds(&feeds, true, [](const VerifyProgress&) { return absl::OkStatus(); }));
  if (!report.damaged.empty() || report.derived_differs) {
    return absl::DataLossError(absl::StrCat(
        "the copy is damaged: ", report.findings.empty() ? "feeds differ from their heads" : report.findings.front()));
  }
  out << "checked " << report.checked << " records of consortium " << store->consortium() << "\n";
  return absl::OkStatus();
}

std::string Mark(const std::string& file, absl::Time now) {
  return absl::StrCat(std::filesystem::path(file).filename().string(), ", restored ",
                      absl::FormatTime("%Y-%m-%d %H:%M UTC", now, absl::UTCTimeZone()));
}

}  // namespace

absl::Status Restore(const NodeConfig& config, const std::string& file, Clock* clock, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string consortium, ConsortiumOf(config));
  ASSIGN_OR_RETURN(std::unique_ptr<Store> place, HoldPlace(config, clock));
  const Workpiece copy(config.database + ".restoring");
  std::error_code error;
  std::filesystem::copy_file(file, copy.path(), error);
  if (error) return absl::NotFoundError(absl::StrCat("cannot copy ", Quoted(file), ": ", error.message()));
  std::filesystem::permissions(copy.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                               error);
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, OpenStore(copy.path(), consortium, clock));
    RETURN_IF_ERROR(Check(store.get(), out));
  }
  RETURN_IF_ERROR(SettleCopy(copy.path(), Mark(file, clock->Now())));
  const bool held = place != nullptr;
  place.reset();
  for (const char* suffix : {"-wal", "-shm"}) {
    if (held) std::filesystem::remove(config.database + suffix, error);
  }
  std::filesystem::rename(copy.path(), config.database, error);
  if (error)
    return absl::InternalError(absl::StrCat("cannot move the copy to ", config.database, ": ", error.message()));
  out << "restored " << config.database << "; the node will ask its peers for what was published since, before it "
      << "publishes itself\n";
  return absl::OkStatus();
}

}  // namespace cairn
