#include "server/directory/snapshot_maker.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/record/supplement.h"
#include "common/tables/record_rows.h"
#include "server/charter/audience_readers.h"
#include "server/directory/reading.h"
#include "server/directory/request_filter.h"

namespace cairn {
namespace {

constexpr int at_once_max = 4;  // one is collected, the others are being sent: each has a file on the disk
// A million records take some two minutes; the write-ahead log grows meanwhile.
constexpr absl::Duration collecting_max = absl::Minutes(10);

// The records of one kind and id, of which each partner has one row: the one for the widest audience, should its owner
// have published it whole to several.
class Group {
 public:
  void Add(v1::DirectoryRecord record) {
    for (v1::DirectoryRecord& held : records_) {
      if (held.partner() != record.partner()) continue;
      if (AudienceBefore(record.audience(), held.audience())) held = std::move(record);
      return;
    }
    records_.push_back(std::move(record));
  }
  bool Holds(const v1::DirectoryRecord& record) const {
    return !records_.empty() && records_.front().kind() == record.kind() &&
           records_.front().record().id() == record.record().id();
  }
  // Writes the group, and begins another.
  absl::StatusOr<uint64_t> Flush(SnapshotFile* file) {
    for (const v1::DirectoryRecord& record : records_) RETURN_IF_ERROR(file->Add(RowsOf(record)));
    const uint64_t written = records_.size();
    records_.clear();
    return written;
  }

 private:
  std::vector<v1::DirectoryRecord> records_;
};

// Every record of the reading in order of (kind, id), page by page. Tells `progress` how many so far, and ends with its
// status when that is not OK.
absl::Status WriteRecords(const Reading& reading, const std::function<absl::Status(uint64_t)>& progress,
                          SnapshotFile* file) {
  const IndexFilter all = reading.Filter(v1::RecordFilter());
  Group group;
  uint64_t written = 0;
  for (ListKey after;;) {
    ASSIGN_OR_RETURN(
        const std::vector<IndexedEntry> page,
        ListEntries(*reading.connection, all, after, limits::list_page_size_max, limits::page_bytes_target));
    for (const IndexedEntry& entry : page) {
      ASSIGN_OR_RETURN(v1::DirectoryRecord record, reading.View(entry));
      if (!group.Holds(record)) {
        ASSIGN_OR_RETURN(const uint64_t more, group.Flush(file));
        written += more;
      }
      group.Add(std::move(record));
      after = ListKey{entry.kind, UuidToText(entry.id16), entry.feed_id};
    }
    if (page.empty()) {
      ASSIGN_OR_RETURN(const uint64_t last, group.Flush(file));
      return progress(written + last);
    }
    RETURN_IF_ERROR(progress(written));
  }
}

// The partners that the reader may know of: the public learns of one by what it publishes, partners know each other.
absl::Status WritePartners(const Reading& reading, const Reader& reader, SnapshotFile* file) {
  std::map<std::string, int64_t> as_of;
  for (const v1::Partner& partner : reading.charter->charter().partners()) {
    if (!reader.partner().empty()) as_of[partner.id()] = 0;
  }
  for (const IndexedFeed& feed : reading.feeds) {
    int64_t& newest = as_of[feed.feed.partner];
    newest = std::max(newest, feed.as_of_unix_millis);
  }
  for (const auto& [id, at] : as_of) {
    v1::PartnerSummary partner;
    partner.set_id(id);
    Describe(*reading.charter, at, &partner);
    const TableRow row = RowOf(partner);
    RETURN_IF_ERROR(file->Add({&row, 1}));
  }
  return absl::OkStatus();
}

// R2's exception is for readers who look again; a file stays as it is.
absl::Status StillMoving() {
  return absl::UnavailableError(
      "a large change is just being made visible, so there is no one moment to show; try again in some seconds");
}

}  // namespace

SnapshotMaker::SnapshotMaker(Store* store, CharterSource charter, Clock* clock, std::string folder)
    : store_(store), charter_(std::move(charter)), clock_(clock), folder_(std::move(folder)) {
  SnapshotFile::RemoveLeftovers(folder_);
}

absl::StatusOr<Reader> SnapshotMaker::ReaderFor(const Reader& caller, const std::string& audience) const {
  const absl::Status known = CheckAudience(*charter_(), audience);
  if (absl::IsFailedPrecondition(known)) return WithReason(known, "NO_SUCH_AUDIENCE");
  RETURN_IF_ERROR(known);
  if (audience == audience_public) return Reader::Anonymous();
  std::vector<std::string> audiences;
  for (const std::string& each : {std::string(audience_consortium), audience}) {
    if (caller.MayAsk(each)) audiences.push_back(each);
  }
  return Reader::Limited(caller.partner(), std::move(audiences));
}

// One that is collected: by a thread of its own, so that a client who does not take its progress holds up nobody. A
// read transaction that stays open keeps the write-ahead log from ending, and what was withdrawn from going.
class SnapshotMaker::Collecting {
 public:
  // `collect` is given what tells how far it has come, and whether to go on.
  using Progress = std::function<absl::Status(uint64_t records)>;
  explicit Collecting(std::function<absl::Status(const Progress&)> collect)
      : thread_([this, collect = std::move(collect)] {
          const absl::Status status = collect([this](uint64_t records) { return Told(records); });
          absl::MutexLock lock(&mutex_);
          status_ = status;
        }) {}
  ~Collecting() { Stop(absl::CancelledError("nobody waits for it")); }

  // Waits for news: the records so far, until all are there.
  absl::StatusOr<uint64_t> Next(bool* done) {
    absl::MutexLock lock(&mutex_);
    const auto news = [this]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return status_.has_value() || records_ != shown_; };
    mutex_.Await(absl::Condition(&news));
    *done = status_.has_value();
    if (*done) RETURN_IF_ERROR(*status_);
    return shown_ = records_;
  }

  // Returns when it has ended: at the next page, when it had not.
  void Stop(const absl::Status& why) {
    {
      absl::MutexLock lock(&mutex_);
      stop_ = why;
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  absl::Status Told(uint64_t records) {
    absl::MutexLock lock(&mutex_);
    records_ = records;
    return stop_;
  }

  absl::Mutex mutex_;
  uint64_t records_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t shown_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status stop_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

absl::Status SnapshotMaker::Make(const Reader& caller, const std::string& audience, const Sink& sink) {
  const std::shared_ptr<const CharterView> charter = charter_();
  ASSIGN_OR_RETURN(const Reader reader, ReaderFor(caller, audience));
  {
    absl::MutexLock lock(&running_mutex_);
    if (running_ >= at_once_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat(running_, " snapshots are being made already; try again when one is done"));
    }
    ++running_;
  }
  const auto done = absl::MakeCleanup([this] {
    absl::MutexLock lock(&running_mutex_);
    --running_;
  });
  const Sink strict = [&](const v1::MakeSnapshotResponse& part) -> absl::Status {
    if (charter_()->version() != charter->version()) {
      return absl::AbortedError("the charter changed meanwhile, and with it who may read what; ask again");
    }
    return sink(part);
  };
  ASSIGN_OR_RETURN(const std::unique_ptr<SnapshotFile> file, SnapshotFile::Create(folder_));
  Collecting collecting([&](const Collecting::Progress& progress) {
    absl::MutexLock lock(&mutex_);
    return Collect(reader, audience, charter, progress, file.get());
  });
  v1::MakeSnapshotResponse part;
  for (bool all = false; !all;) {
    ASSIGN_OR_RETURN(const uint64_t records, collecting.Next(&all));
    part.set_records(records);
    RETURN_IF_ERROR(strict(part));
  }
  LogInfo("snapshot.made", {{"audience", audience}, {"bytes", file->bytes()}});
  return Send(file.get(), part, strict);
}

absl::Status SnapshotMaker::Collect(const Reader& reader, const std::string& audience,
                                    const std::shared_ptr<const CharterView>& charter,
                                    const std::function<absl::Status(uint64_t)>& progress, SnapshotFile* file) {
  SnapshotAbout about;
  about.consortium = store_->consortium();
  about.consortium_name = charter->charter().consortium_name();
  about.audience = audience;
  about.charter_version = charter->version();
  RETURN_IF_ERROR(store_->Read(
      [&](Connection& connection) -> absl::Status {
        Reading reading;
        reading.charter = charter;
        reading.now = about.made_at = clock_->Now();
        reading.connection = &connection;
        ASSIGN_OR_RETURN(reading.feeds, ReadableFeeds(connection, *charter, reader));
        for (const IndexedFeed& feed : reading.feeds) {
          if (feed.moving) return StillMoving();
        }
        RETURN_IF_ERROR(WritePartners(reading, reader, file));
        return WriteRecords(reading, progress, file);
      },
      collecting_max));
  return file->Finish(about);
}

absl::Status SnapshotMaker::Send(SnapshotFile* file, v1::MakeSnapshotResponse part, const Sink& sink) {
  part.set_total_bytes(file->bytes());
  while (true) {
    ASSIGN_OR_RETURN(*part.mutable_chunk(), file->Read(limits::page_bytes_target));
    part.set_done(part.chunk().empty());
    RETURN_IF_ERROR(sink(part));
    if (part.done()) return absl::OkStatus();
  }
}

}  // namespace cairn
