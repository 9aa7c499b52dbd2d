#include "server/store/verify.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "server/store/derived.h"
#include "server/store/derived_check.h"
#include "server/store/feed_rows.h"
#include "server/store/rebuild.h"
#include "server/store/supplement_rows.h"

namespace cairn {
namespace {

constexpr size_t findings_max = 1'000;                    // beyond it a person learns nothing more
constexpr uint64_t progress_every = 1'000;                // entries; some ten milliseconds
constexpr absl::Duration verify_budget = absl::Hours(1);  // ten million records, each hashed and derived again

// One run over the file.
class Verifier {
 public:
  Verifier(FeedStore* feeds, bool deep, const std::function<absl::Status(const VerifyProgress&)>& progress)
      : feeds_(feeds), deep_(deep), report_progress_(progress) {}

  absl::StatusOr<VerifyReport> Run() {
    ASSIGN_OR_RETURN(const std::vector<HeldFeed> all, feeds_->Feeds());
    for (const HeldFeed& held : all) progress_.total += held.live_count;
    for (const HeldFeed& held : all) {
      if (held.feed_id == 0) continue;
      RETURN_IF_ERROR(Read([&](Connection& db) { return VerifyFeed(db, held.feed); }));
    }
    if (deep_) RETURN_IF_ERROR(Read([this](Connection& db) { return VerifyDerived(db); }));
    if (deep_) RETURN_IF_ERROR(Read([this](Connection& db) { return VerifyFile(db); }));
    report_.checked = steps_ / passes();
    return std::move(report_);
  }

 private:
  // A deep run looks at each record twice: against its head, and against the derived tables.
  uint64_t passes() const { return deep_ ? 2 : 1; }

  absl::Status Read(const Store::Body& body) { return feeds_->store()->Read(body, verify_budget); }

  void Find(std::string finding) {
    if (report_.findings.size() < findings_max) report_.findings.push_back(std::move(finding));
  }

  absl::Status Count() {
    ++steps_;
    if (!report_progress_ || steps_ % progress_every != 0) return absl::OkStatus();
    progress_.checked = steps_ / passes();
    return report_progress_(progress_);
  }

  absl::Status VerifyFeed(Connection& db, const FeedKey& feed) {
    ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, FeedStore::Find(db, feed.partner, feed.audience));
    if (!held.has_value() || !held->has_head || held->state == FeedState::kApplying) return absl::OkStatus();
    SetDigest digest;
    uint64_t live = 0;
    bool good = true;
    RETURN_IF_ERROR(SumEntries(db, *held, &digest, &live, &good));
    const auto differs = [&](absl::string_view what) {
      Find(absl::StrCat("feed ", held->feed.ToString(), " at ", held->seq, ": ", what));
      good = false;
    };
    if (live != held->live_count) differs(absl::StrCat(live, " records, its head says ", held->live_count));
    if (digest.Digest() != held->state_digest) {
      differs(absl::StrCat("digest ", ToHex(digest.Digest()).substr(0, 12), "… does not match its head's ",
                           ToHex(held->state_digest).substr(0, 12), "…"));
    }
    ASSIGN_OR_RETURN(const SetDigest kept, ReadFeedDigest(db, held->feed_id));
    if (good && !(kept == digest)) differs("the running digest is not that of its entries");
    if (!good) report_.damaged.push_back(held->feed);
    return absl::OkStatus();
  }

  absl::Status SumEntries(Connection& db, const HeldFeed& held, SetDigest* digest, uint64_t* live, bool* good) {
    const std::string prefix =
        FeedPrefix(feeds_->consortium(), held.feed.partner, held.feed.audience, held.feed.generation);
    Statement row = db.Prepare(
        "SELECT e.kind, e.id, e.seq, p.sha256, p.bytes FROM entry e LEFT JOIN payload p ON p.payload_id = e.payload_id "
        "WHERE e.feed_id = ? AND e.payload_id IS NOT NULL ORDER BY e.seq");
    row.Bind(held.feed_id);
    while (row.Step()) {
      RETURN_IF_ERROR(Count());
      const std::string sha256 = row.String(3);
      digest->Add(Element{prefix, static_cast<uint32_t>(row.Int64(0)), row.Bytes(1),
                          static_cast<uint64_t>(row.Int64(2)), sha256});
      ++*live;
      if (!deep_ || Sha256(row.Bytes(4)) == sha256) continue;
      *good = false;
      Find(absl::StrCat("feed ", held.feed.ToString(), ": the payload of ", UuidToText(row.Bytes(1)), " at ",
                        row.Int64(2), " is not what its hash says"));
    }
    return row.status();
  }

  absl::Status VerifyDerived(Connection& db) {
    ASSIGN_OR_RETURN(const std::string waiting, GetMeta(db, "rebuild_cursor"));
    if (!waiting.empty()) return absl::OkStatus();
    const size_t findings_before = report_.findings.size();
    std::vector<std::string> findings;
    DerivedCheck check;
    int64_t supplements = 0;
    Statement row = db.Prepare(
        "SELECT e.feed_id, e.entry_id, e.kind, e.id, p.bytes, f.partner, f.audience FROM entry e "
        "JOIN payload p ON p.payload_id = e.payload_id JOIN feed f ON f.feed_id = e.feed_id ORDER BY e.entry_id");
    while (row.Step()) {
      RETURN_IF_ERROR(Count());
      PreparedRecord prepared = PrepareRecord(static_cast<v1::RecordKind>(row.Int64(2)), row.Bytes(3), row.Bytes(4));
      if (!prepared.indexed && row.Text(6) != "public") {
        const GroupKey group{row.String(5), static_cast<int>(row.Int64(2)), row.String(3)};
        ASSIGN_OR_RETURN(const std::optional<SupplementView> view, ViewOf(db, group, row.Int64(1)));
        if (view.has_value()) {
          ++supplements;
          prepared = PrepareRecord(static_cast<v1::RecordKind>(row.Int64(2)), row.Bytes(3), view->merged);
          RETURN_IF_ERROR(check.Supplement(db, *view, &findings));
        }
      }
      RETURN_IF_ERROR(check.Entry(db, row.Int64(0), row.Int64(1), prepared, &findings));
      for (std::string& finding : findings) Find(std::move(finding));
      report_.derived_differs |= !findings.empty();
      findings.clear();
    }
    RETURN_IF_ERROR(row.status());
    RETURN_IF_ERROR(check.Finish(db, supplements, &findings));
    for (std::string& finding : findings) Find(std::move(finding));
    report_.derived_differs |= !findings.empty() || report_.findings.size() > findings_before;
    return absl::OkStatus();
  }

  // SQLite's own view of its pages and indexes.
  absl::Status VerifyFile(Connection& db) {
    Statement row = db.Prepare("PRAGMA quick_check(20)");
    while (row.Step()) {
      if (row.Text(0) != "ok") Find(absl::StrCat("data file: ", row.Text(0)));
    }
    return row.status();
  }

  FeedStore* const feeds_;
  const bool deep_;
  const std::function<absl::Status(const VerifyProgress&)>& report_progress_;
  uint64_t steps_ = 0;  // records, once a pass
  VerifyProgress progress_;
  VerifyReport report_;
};

}  // namespace

absl::StatusOr<VerifyReport> VerifyFeeds(FeedStore* feeds, bool deep,
                                         const std::function<absl::Status(const VerifyProgress&)>& progress) {
  return Verifier(feeds, deep, progress).Run();
}

}  // namespace cairn
