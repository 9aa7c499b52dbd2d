// Tokens, audit and authoriser of partner "p0" on a store of their own, with a clock that the test moves.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "server/access/audit_log.h"
#include "server/access/authoriser.h"
#include "server/access/token_store.h"
#include "server/charter/live_charter.h"
#include "server/store/store.h"
#include "tests/fakes/consortium.h"

namespace cairn {

inline constexpr char reading[] = "/cairn.v1.Directory/GetRecord";
inline constexpr char operating[] = "/cairn.v1.Operations/CreateToken";

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    consortium_.Change([](v1::Charter* charter) {
      v1::Circle* own = charter->add_circles();
      own->set_name("police");
      own->add_partners("p0");
      v1::Circle* foreign = charter->add_circles();
      foreign->set_name("clinics");
      foreign->add_partners("p1");
    });
    Open();
  }
  ~AccessTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Starts anew on the same file.
  void Open() {
    tokens_.reset();
    store_.reset();
    Store::Options options;
    options.path = folder_ + "/cairn.db";
    options.consortium = consortium_.id();
    options.clock = &clock_;
    options.durable = false;
    options.inline_writes = true;
    store_ = *Store::Open(options);
    charter_ = *LiveCharter::Load(store_.get(), consortium_.id());
    EXPECT_TRUE(charter_->SubmitTrusted(consortium_.chain()).ok());
    audit_ = std::make_unique<AuditLog>(store_.get(), &clock_);
    tokens_ = *TokenStore::Load(
        {"p0", store_.get(), [this] { return charter_->current(); }, audit_.get(), &clock_, &random_});
    authoriser_ = std::make_unique<Authoriser>(
        "p0", std::vector<CertificateClient>{{std::string(32, 'k'), "office", v1::PUBLISHER, {"consortium"}}},
        tokens_.get(), audit_.get());
  }

  Caller Local() const { return *authoriser_->Authorise(Credential{true, {}, ""}, operating); }

  absl::StatusOr<v1::CreateTokenResponse> Create(const std::string& name, Role role,
                                                 const std::vector<std::string>& audiences = {}, uint32_t days = 0) {
    v1::CreateTokenRequest request;
    request.set_name(name);
    request.set_role(role);
    for (const std::string& audience : audiences) request.add_audiences(audience);
    request.set_days(days);
    return tokens_->Create(Local(), request);
  }
  std::string Secret(const std::string& name, Role role, const std::vector<std::string>& audiences = {}) {
    return Create(name, role, audiences)->secret();
  }
  absl::StatusOr<Caller> Ask(const std::string& secret, const char* method = reading) const {
    return authoriser_->Authorise(Credential{false, {secret}, ""}, method);
  }
  // Refusals are queued: whoever reads at once may miss them, so what was queued is written first.
  v1::ListAuditResponse Audit() const {
    EXPECT_TRUE(store_->Write([](Connection&) { return absl::OkStatus(); }).ok());
    return *audit_->List({});
  }

  const std::string folder_ = absl::StrCat(testing::TempDir(), "/access.", getpid());
  ManualClock clock_;
  SeededRandom random_{1};
  TestConsortium consortium_{2};
  std::unique_ptr<Store> store_;
  std::unique_ptr<LiveCharter> charter_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<TokenStore> tokens_;
  std::unique_ptr<Authoriser> authoriser_;
};

}  // namespace cairn
