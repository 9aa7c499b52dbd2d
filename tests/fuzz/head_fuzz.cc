// Arbitrary bytes as heads: no crash, nothing accepted that its owner did not sign, and no fork proven but the true
// one.
//
// Input: a serialised SignedHead or ForkEvidence. A head with an empty body stands for the true head numbered by its
// signature's first byte.
#include "common/crypto/hash.h"
#include "server/feed/head_checker.h"
#include "server/feed/head_format.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_consortium.h"

namespace cairn {
namespace {

struct Node {
  FuzzConsortium world;
  std::unique_ptr<Store> store;
  std::unique_ptr<LiveCharter> charter;
  std::unique_ptr<HeadChecker> checker;
  std::vector<AuthenticHead> authentic;

  Node() {
    Store::Options options;
    options.path = ScratchDirectory() + "/cairn.db";
    options.clock = world.clock();
    options.inline_writes = true;
    options.durable = false;
    store = *Store::Open(options);
    charter = *LiveCharter::Load(store.get(), world.consortium().id());
    FUZZ_CHECK(charter->SubmitTrusted(world.Chain(2)).ok(), "the true chain");
    checker = std::make_unique<HeadChecker>(charter.get(), world.consortium().id(), world.clock());
    for (const TrueState& state : world.states()) authentic.push_back(*checker->CheckSignature(state.head));
  }
};

void Substitute(const FuzzConsortium& world, v1::SignedHead* head) {
  if (!head->body().empty() || head->signature().empty()) return;
  *head = world.states()[static_cast<uint8_t>(head->signature()[0]) % world.states().size()].head;
}

void CheckHead(const Node& node, const v1::SignedHead& head) {
  const auto parsed = ParseHead(head);
  const auto authentic = node.checker->CheckSignature(head);
  if (authentic.ok()) {
    FUZZ_CHECK(parsed.ok(), parsed.status());
    FUZZ_CHECK(node.world.IsTrue(head.body()), head.ShortDebugString());
    FUZZ_CHECK(authentic->content_sha256() == Sha256(parsed->body.content()), head.ShortDebugString());
  }
  if (!parsed.ok()) return;
  FUZZ_CHECK(parsed->content_sha256.size() == 32 && parsed->content.state_digest().size() == 32 &&
                 parsed->content.previous_seq() < parsed->content.seq(),
             head.ShortDebugString());
  for (const AuthenticHead& offered : node.authentic) {
    const bool one_feed = parsed->content.feed().partner() == offered.feed().partner &&
                          parsed->content.feed().audience() == offered.feed().audience;
    if (one_feed) HeadChecker::Compare(head, offered);
  }
}

void RunOne(absl::string_view input) {
  static Node* const node = new Node;
  v1::SignedHead head;
  if (head.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    Substitute(node->world, &head);
    CheckHead(*node, head);
  }
  v1::ForkEvidence evidence;
  if (!evidence.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  Substitute(node->world, evidence.mutable_first());
  Substitute(node->world, evidence.mutable_second());
  CheckHead(*node, evidence.first());
  CheckHead(*node, evidence.second());
  const auto fork = node->checker->CheckEvidence(evidence);
  if (!fork.ok()) return;
  FUZZ_CHECK(*fork == node->world.states()[0].feed, fork->ToString());
  FUZZ_CHECK(node->world.IsTrue(evidence.first().body()) && node->world.IsTrue(evidence.second().body()),
             evidence.ShortDebugString());
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
