#include "server/charter/live_charter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "server/store/charter_rows.h"

namespace cairn {

namespace {

uint64_t VersionOf(const v1::SignedCharter& version) {
  v1::Charter charter;
  return charter.ParseFromString(version.body()) ? charter.version() : 0;
}

absl::StatusOr<std::shared_ptr<const CharterView>> ViewOf(const v1::CharterChain& chain) {
  if (chain.versions().empty()) return std::make_shared<const CharterView>();
  const v1::SignedCharter& newest = chain.versions(chain.versions_size() - 1);
  ASSIGN_OR_RETURN(v1::Charter charter, ParseCharter(newest));
  return std::make_shared<const CharterView>(std::move(charter), CharterSha256(newest));
}

absl::Status CheckConsortium(const v1::Charter& charter, const std::string& consortium) {
  if (charter.consortium().empty() || consortium.empty() || charter.consortium() == consortium) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("charter of consortium ", Quoted(charter.consortium()),
                                                    "; this node belongs to ", Quoted(consortium),
                                                    ": give it a charter of that one"));
}

// Of the versions as they are offered: a stranger's version 1 is not a second version 1 of the own governors.
absl::Status CheckConsortium(const v1::CharterChain& offered, const std::string& consortium) {
  for (const v1::SignedCharter& version : offered.versions()) {
    v1::Charter charter;
    if (charter.ParseFromString(version.body())) RETURN_IF_ERROR(CheckConsortium(charter, consortium));
  }
  return absl::OkStatus();
}

absl::Status Persist(Store* store, const v1::CharterChain& fresh) {
  return store->Write([&](Connection& db) -> absl::Status {
    for (const v1::SignedCharter& version : fresh.versions()) {
      RETURN_IF_ERROR(PutCharter(db, VersionOf(version), version.SerializeAsString()));
    }
    return absl::OkStatus();
  });
}

// The versions of `offered` that follow what is `held` (at least one), checked. Held ones are skipped when their
// content is the same.
absl::StatusOr<v1::CharterChain> FreshVersions(const v1::CharterChain& held, const v1::CharterChain& offered) {
  const uint64_t first_held = VersionOf(held.versions(0));
  v1::CharterChain all = held;
  v1::CharterChain fresh;
  for (const v1::SignedCharter& version : offered.versions()) {
    const uint64_t number = VersionOf(version);
    const uint64_t next = first_held + static_cast<uint64_t>(all.versions_size());
    if (number != 0 && number < first_held) continue;
    if (number != 0 && number < next) {
      if (all.versions(static_cast<int>(number - first_held)).body() == version.body()) continue;
      return absl::AbortedError(absl::StrCat("charter version ", number, ": another version ", number,
                                             " is in force here; governors signed two"));
    }
    RETURN_IF_ERROR(Annotate(CheckSuccessor(all.versions(all.versions_size() - 1), version),
                             absl::StrCat("charter version ", number)));
    *all.add_versions() = version;
    *fresh.add_versions() = version;
  }
  return fresh;
}

}  // namespace

LiveCharter::LiveCharter(Store* store, std::string consortium)
    : store_(store), consortium_(std::move(consortium)), view_(std::make_shared<const CharterView>()) {}

absl::StatusOr<StoredCharter> ReadStoredCharter(ReadStore* store, const std::string& consortium) {
  StoredCharter stored;
  RETURN_IF_ERROR(store->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const auto rows, ReadCharters(db, 0));
    for (const auto& [version, bytes] : rows) {
      if (!stored.chain.add_versions()->ParseFromString(bytes)) {
        return absl::DataLossError(absl::StrCat("stored charter version ", version, " cannot be read"));
      }
    }
    return absl::OkStatus();
  }));
  if (!stored.chain.versions().empty()) {
    if (const absl::Status good = CheckChain(stored.chain); !good.ok()) {
      return absl::DataLossError(absl::StrCat("the stored charter chain does not hold: ", good.message()));
    }
  }
  ASSIGN_OR_RETURN(stored.newest, ViewOf(stored.chain));
  if (!stored.newest->empty()) RETURN_IF_ERROR(CheckConsortium(stored.newest->charter(), consortium));
  return stored;
}

absl::StatusOr<std::unique_ptr<LiveCharter>> LiveCharter::Load(Store* store, std::string consortium) {
  ASSIGN_OR_RETURN(StoredCharter stored, ReadStoredCharter(store, consortium));
  std::unique_ptr<LiveCharter> live(new LiveCharter(store, std::move(consortium)));
  absl::MutexLock lock(&live->mutex_);
  live->chain_ = std::move(stored.chain);
  live->view_ = std::move(stored.newest);
  return live;
}

absl::StatusOr<LiveCharter::Submission> LiveCharter::Submit(const v1::CharterChain& chain) {
  return SubmitChecked(chain, /*trusted=*/false);
}

absl::StatusOr<LiveCharter::Submission> LiveCharter::SubmitTrusted(const v1::CharterChain& chain) {
  return SubmitChecked(chain, /*trusted=*/true);
}

absl::StatusOr<LiveCharter::Submission> LiveCharter::SubmitChecked(const v1::CharterChain& chain, bool trusted) {
  absl::MutexLock submitting(&submit_mutex_);
  RETURN_IF_ERROR(CheckConsortium(chain, consortium_));
  v1::CharterChain held = ChainAfter(0);
  v1::CharterChain fresh;
  if (held.versions().empty()) {
    if (!trusted) {
      return absl::FailedPreconditionError(
          "this node holds no charter yet; give it one with `cairn charter submit FILE`");
    }
    RETURN_IF_ERROR(CheckChain(chain));
    fresh = chain;
  } else {
    ASSIGN_OR_RETURN(fresh, FreshVersions(held, chain));
  }
  held.MergeFrom(fresh);
  ASSIGN_OR_RETURN(std::shared_ptr<const CharterView> view, ViewOf(held));
  const Submission done{view->version(), static_cast<uint32_t>(fresh.versions_size())};
  if (done.accepted == 0) return done;
  RETURN_IF_ERROR(Persist(store_, fresh));
  std::vector<Listener> listeners;
  {
    absl::MutexLock lock(&mutex_);
    chain_ = std::move(held);
    view_ = view;
    listeners = listeners_;
  }
  LogInfo("charter.in_force", {{"version", done.version}, {"accepted", done.accepted}});
  for (const Listener& listener : listeners) listener(view);
  return done;
}

std::shared_ptr<const CharterView> LiveCharter::current() const {
  absl::MutexLock lock(&mutex_);
  return view_;
}

void LiveCharter::OnChange(Listener listener) {
  absl::MutexLock lock(&mutex_);
  listeners_.push_back(std::move(listener));
}

v1::CharterChain LiveCharter::ChainAfter(uint64_t version) const {
  absl::MutexLock lock(&mutex_);
  v1::CharterChain after;
  if (chain_.versions().empty()) return after;
  const uint64_t first = VersionOf(chain_.versions(0));
  if (version != 0 && version + 1 < first) return after;
  for (uint64_t i = version < first ? 0 : version - first + 1; i < static_cast<uint64_t>(chain_.versions_size()); ++i) {
    *after.add_versions() = chain_.versions(static_cast<int>(i));
  }
  return after;
}

}  // namespace cairn
