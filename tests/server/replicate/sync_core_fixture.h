// The sync state machine against scripted peers: what its tests share.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/crypto/hash.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/feed/head_signer.h"
#include "server/replicate/sync_core.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_world.h"

namespace cairn {

// Node 0 is the one looked at. Nodes 1 and 2 only make true heads and entries; the streams with them are played by the
// test.
class SyncCoreTest : public testing::Test {
 protected:
  SyncCoreTest() : directory_(absl::StrCat(testing::TempDir(), "/sync-core-", getpid())), world_(1, 3, directory_) {
    for (int i = 0; i < 3; ++i) world_.node(i).Start({.standalone = true});
  }
  ~SyncCoreTest() override { std::filesystem::remove_all(directory_); }

  SimNode& node() { return world_.node(0); }
  void Wait(absl::Duration d) { world_.RunUntil(world_.now() + d); }

  v1::SyncMessage Hello(int peer) {
    v1::SyncMessage message;
    v1::Hello* hello = message.mutable_hello();
    hello->set_protocol(1);
    hello->set_consortium(world_.consortium().id());
    hello->set_node(TestConsortium::Node(peer));
    hello->set_charter_version(1);
    hello->set_charter_sha256(Sha256(world_.consortium().chain().versions(0).body()));
    return message;
  }

  // A greeted stream with `peer`; what the node says first is read away.
  uint64_t Connect(int peer) {
    const uint64_t session = next_session_++;
    EXPECT_TRUE(node().OnConnected(session, TestConsortium::Node(peer), false).ok());
    node().OnMessage(session, Hello(peer));
    Said(session);
    return session;
  }

  // Everything that the node wants to say now, after its store has answered.
  std::vector<v1::SyncMessage> Said(uint64_t session, absl::Duration wait = absl::Milliseconds(100)) {
    Wait(wait);
    std::vector<v1::SyncMessage> said;
    while (auto message = node().NextMessage(session)) {
      said.push_back(*std::move(message));
      Wait(absl::Milliseconds(20));
    }
    return said;
  }

  std::optional<v1::Pull> SaidPull(uint64_t session, absl::Duration wait = absl::Milliseconds(400)) {
    for (const v1::SyncMessage& message : Said(session, wait)) {
      if (message.has_pull()) return message.pull();
    }
    return std::nullopt;
  }

  // All that node `owner` has published.
  FeedStore::Page Published(int owner) {
    const auto page =
        world_.node(owner).feeds().ReadPage({TestConsortium::Partner(owner), "public", 1}, 0, 100'000'000, 100'000);
    EXPECT_TRUE(page.ok()) << page.status();
    return *page;
  }

  void Announce(uint64_t session, const v1::SignedHead& head) {
    v1::SyncMessage message;
    *message.mutable_heads()->add_heads()->mutable_head() = head;
    node().OnMessage(session, message);
  }

  v1::SyncMessage PageFor(const v1::Pull& pull, const FeedStore::Page& page) {
    v1::SyncMessage message;
    v1::EntriesPage* out = message.mutable_page();
    out->set_pull_id(pull.pull_id());
    for (const v1::Entry& entry : page.entries) *out->add_entries() = entry;
    out->set_through_seq(page.through_seq);
    out->set_state_seq(page.state_seq);
    *out->mutable_closing_head() = page.head;
    return message;
  }

  std::string ClosedBecause(uint64_t session) {
    const auto it = node().closed().find(session);
    return it == node().closed().end() ? "" : std::string(it->second.message());
  }

  const std::string directory_;
  SimWorld world_;
  uint64_t next_session_ = 1'000'000;
};

}  // namespace cairn
