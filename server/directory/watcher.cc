#include "server/directory/watcher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/record/kinds.h"
#include "server/directory/reading.h"
#include "server/directory/request_filter.h"
#include "server/directory/token.h"

namespace cairn {
namespace {

constexpr size_t kChangesPerRead = 1'000;  // bounds a read over tombstones, which have no bytes
constexpr int kRoundsPerNext = 50;         // bounds a call over changes that do not match; the caller calls again

uint64_t NameOf(const FeedKey& feed) {
  const std::string hash = Sha256(absl::StrCat(feed.partner, "\n", feed.audience));
  uint64_t name = 0;
  for (int i = 0; i < 8; ++i) name = name << 8 | static_cast<unsigned char>(hash[static_cast<size_t>(i)]);
  return name;
}

absl::Status TooOld(absl::string_view why) {
  return WithReason(
      absl::AbortedError(absl::StrCat("the watch cannot go on without a gap: ", why,
                                      "; drop what it has brought and start over without a resume_token")),
      "WATCH_TOKEN_TOO_OLD");
}

bool KnownKind(int kind) {
  return std::find(AllKinds().begin(), AllKinds().end(), static_cast<v1::RecordKind>(kind)) != AllKinds().end();
}

}  // namespace

// What one read brings.
struct Watcher::Round {
  Reading reading;
  IndexFilter filter;
  std::vector<v1::WatchRecordsResponse> events;
  size_t bytes = 0;
  bool drained = true;  // every feed was read to its end
  bool moving = false;  // a feed is being changed and was left for later

  bool full() const { return bytes >= limits::page_bytes_target; }
};

Watcher::Watcher(ReadStore* store, CharterSource charter, Clock* clock, const Reader& reader,
                 v1::RecordFilter normalised, bool only_new)
    : store_(store),
      charter_(std::move(charter)),
      clock_(clock),
      reader_(reader),
      filter_(std::move(normalised)),
      only_new_(only_new) {}

absl::StatusOr<std::unique_ptr<Watcher>> Watcher::Start(ReadStore* store, CharterSource charter, Clock* clock,
                                                        const Reader& reader, const v1::WatchRecordsRequest& request) {
  ASSIGN_OR_RETURN(v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  auto watcher = absl::WrapUnique(
      new Watcher(store, std::move(charter), clock, reader, std::move(normalised), request.only_new()));
  if (!request.resume_token().empty()) {
    RETURN_IF_ERROR(watcher->LoadToken(request.resume_token()));
    return watcher;
  }
  Watcher* const self = watcher.get();
  RETURN_IF_ERROR(store->Read([self](Connection& connection) {
    ASSIGN_OR_RETURN(const std::vector<IndexedFeed> feeds, ReadableFeeds(connection, *self->charter_(), self->reader_));
    for (const IndexedFeed& feed : feeds) {
      const uint64_t sent = self->only_new_ ? feed.seq : 0;
      self->cursors_[NameOf(feed.feed)] = Cursor{feed.feed.generation, sent, feed.seq};
    }
    return absl::OkStatus();
  }));
  return watcher;
}

absl::Status Watcher::LoadToken(const std::string& token) {
  ASSIGN_OR_RETURN(TokenReader reader, TokenReader::Open(token, "watch", FilterFingerprint(filter_), "resume_token"));
  while (!reader.at_end()) {
    const uint64_t name = reader.Number();
    Cursor& cursor = cursors_[name];
    cursor.generation = static_cast<uint32_t>(reader.Number());
    cursor.sent_seq = reader.Number();
    cursor.start_seq = reader.Number();
  }
  return reader.End();
}

std::string Watcher::Token() const {
  TokenWriter writer;
  for (const auto& [name, cursor] : cursors_) {
    writer.Number(name).Number(cursor.generation).Number(cursor.sent_seq).Number(cursor.start_seq);
  }
  return writer.Finish("watch", FilterFingerprint(filter_));
}

v1::WatchRecordsResponse Watcher::SignOfLife() const {
  v1::WatchRecordsResponse event;
  event.mutable_caught_up();
  event.set_resume_token(Token());
  return event;
}

absl::StatusOr<std::vector<v1::WatchRecordsResponse>> Watcher::Next() {
  for (int i = 0; i < kRoundsPerNext; ++i) {
    Round round;
    round.reading.charter = charter_();
    round.reading.now = clock_->Now();
    const std::map<uint64_t, Cursor> before = cursors_;
    const absl::Status read = store_->Read([&](Connection& connection) { return ReadRound(connection, &round); },
                                           absl::Milliseconds(limits::query_budget_millis));
    if (!read.ok()) {
      cursors_ = before;
      return read;
    }
    const bool at_end = round.drained && !round.moving;
    if (at_end && !caught_up_) {
      caught_up_ = true;
      round.events.push_back(SignOfLife());
    }
    if (!round.events.empty()) round.events.back().set_resume_token(Token());
    if (!round.events.empty() || round.drained) return std::move(round.events);
  }
  return std::vector<v1::WatchRecordsResponse>{SignOfLife()};
}

absl::Status Watcher::ReadRound(Connection& connection, Round* round) {
  Reading& reading = round->reading;
  ASSIGN_OR_RETURN(reading.feeds, ReadableFeeds(connection, *reading.charter, reader_));
  reading.connection = &connection;
  RETURN_IF_ERROR(FollowFeeds(reading.feeds));
  round->filter = reading.Filter(filter_);
  for (const IndexedFeed& feed : reading.feeds) {
    // Slices become visible in no order of seq: what they bring is read when the feed stands at one head again.
    round->moving |= feed.moving;
    if (feed.moving || cursors_[NameOf(feed.feed)].sent_seq >= feed.seq) continue;
    if (round->full()) {
      round->drained = false;
      break;
    }
    RETURN_IF_ERROR(SendFeed(connection, feed, round));
  }
  return absl::OkStatus();
}

absl::Status Watcher::FollowFeeds(const std::vector<IndexedFeed>& readable) {
  std::set<uint64_t> present;
  for (const IndexedFeed& feed : readable) {
    const uint64_t name = NameOf(feed.feed);
    present.insert(name);
    Cursor& cursor = cursors_.try_emplace(name, Cursor{feed.feed.generation, 0, feed.seq}).first->second;
    if (cursor.sent_seq == 0) cursor = Cursor{feed.feed.generation, 0, feed.seq};
    if (cursor.generation != feed.feed.generation) {
      return TooOld(absl::StrCat("feed ", feed.feed.ToString(), " began generation ", feed.feed.generation));
    }
    if (feed.floor_seq > std::max(cursor.sent_seq, cursor.start_seq)) {
      return TooOld(absl::StrCat("removals of feed ", feed.feed.ToString(), " up to ", feed.floor_seq,
                                 " are no longer kept, and it has come to ", cursor.sent_seq));
    }
    if (cursor.sent_seq > feed.seq) {
      return TooOld(absl::StrCat("feed ", feed.feed.ToString(), " is at ", feed.seq, ", the token at ", cursor.sent_seq,
                                 ": it is of another node, or this one was restored"));
    }
  }
  for (auto it = cursors_.begin(); it != cursors_.end();) {
    if (present.contains(it->first)) {
      ++it;
    } else if (it->second.sent_seq == 0) {
      it = cursors_.erase(it);
    } else {
      return TooOld("a feed that it followed is no longer to be read");
    }
  }
  return absl::OkStatus();
}

absl::Status Watcher::SendFeed(Connection& connection, const IndexedFeed& feed, Round* round) {
  Cursor& cursor = cursors_[NameOf(feed.feed)];
  const size_t room = limits::page_bytes_target - std::min(round->bytes, limits::page_bytes_target);
  ASSIGN_OR_RETURN(const std::vector<EntryChange> changes,
                   ReadChanges(connection, feed.feed_id, cursor.sent_seq, round->filter, kChangesPerRead, room));
  size_t bytes = 0;
  for (const EntryChange& change : changes) {
    RETURN_IF_ERROR(Send(change, feed, cursor, round));
    cursor.sent_seq = change.entry.seq;
    bytes += change.entry.payload.size();
  }
  round->bytes += bytes;
  if (changes.size() == kChangesPerRead || bytes >= room) {
    round->drained = cursor.sent_seq >= feed.seq && round->drained;
  } else {
    // What stood between the last change and the head has moved on or is no longer kept.
    cursor.sent_seq = feed.seq;
  }
  return absl::OkStatus();
}

// The version of the record that the reader sees when not this one: a supplement over it, or what is left when this one
// went.
absl::StatusOr<std::optional<IndexedEntry>> Watcher::ShownInstead(const EntryChange& change, const Round& round) const {
  IndexFilter filter = round.filter;
  const std::vector<int64_t> own = round.reading.FeedsOfOwner(change.entry);
  std::erase_if(filter.feed_ids, [&](int64_t id) { return std::find(own.begin(), own.end(), id) == own.end(); });
  if (filter.feed_ids.size() < 2) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<IndexedEntry> others,
                   MatchingById(*round.reading.connection, filter, change.entry.kind, UuidToText(change.entry.id16)));
  if (others.empty()) return std::nullopt;
  return std::optional<IndexedEntry>(std::move(others.front()));
}

absl::Status Watcher::Send(const EntryChange& change, const IndexedFeed& feed, const Cursor& cursor, Round* round) {
  const IndexedEntry& entry = change.entry;
  v1::WatchRecordsResponse event;
  std::optional<IndexedEntry> shown;
  if (change.matches) {
    shown = entry;
  } else {
    ASSIGN_OR_RETURN(shown, ShownInstead(change, *round));
  }
  if (shown.has_value()) {
    ASSIGN_OR_RETURN(*event.mutable_upsert(), round->reading.View(*shown));
  } else {
    // What was gone before the sending began was never sent, and neither was what this program does not know.
    if (entry.seq <= cursor.start_seq || !KnownKind(entry.kind)) return absl::OkStatus();
    const auto& partners = filter_.partners();
    if (!partners.empty() && !std::binary_search(partners.begin(), partners.end(), feed.feed.partner)) {
      return absl::OkStatus();
    }
    v1::RemovedRecord* removed = event.mutable_removed();
    removed->set_id(UuidToText(entry.id16));
    removed->set_kind(static_cast<v1::RecordKind>(entry.kind));
    removed->set_partner(feed.feed.partner);
    removed->set_seq(entry.seq);
  }
  round->events.push_back(std::move(event));
  return absl::OkStatus();
}

}  // namespace cairn
