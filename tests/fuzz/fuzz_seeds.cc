// Writes the seeds of the targets whose input is no text. usage: fuzz_seeds tests/fuzz/corpus
#include <fstream>

#include "cairn/v1/replication.pb.h"
#include "common/charter/charter_file.h"
#include "common/charter/join_request.h"
#include "common/crypto/hash.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_consortium.h"

namespace cairn {
namespace {

// A sequence of messages as sync_fuzz reads it.
class Frames {
 public:
  Frames& Add(int op, const v1::SyncMessage& message) {
    const std::string body = message.SerializeAsString();
    bytes_.push_back(static_cast<char>(op));
    bytes_.push_back(static_cast<char>(body.size() & 0xff));
    bytes_.push_back(static_cast<char>(body.size() >> 8));
    bytes_ += body;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

v1::SyncMessage Announced(char state) {
  v1::SyncMessage message;
  message.mutable_heads()->add_heads()->mutable_head()->set_signature(std::string(1, state));
  return message;
}

// All entries of a true state, as the answer to pull `id`.
v1::SyncMessage Page(uint32_t id, int state, uint64_t count) {
  v1::SyncMessage message;
  v1::EntriesPage* page = message.mutable_page();
  page->set_pull_id(id);
  for (uint64_t i = 0; i < count; ++i) page->add_entries()->set_seq(static_cast<uint64_t>(state) * 16 + i);
  page->set_through_seq(count);
  page->set_state_seq(count);
  page->mutable_closing_head()->set_signature(std::string(1, static_cast<char>(state)));
  return message;
}

v1::SyncMessage Pull(uint32_t id, const std::string& audience, uint64_t after) {
  v1::SyncMessage message;
  message.mutable_pull()->set_pull_id(id);
  *message.mutable_pull()->mutable_feed() = FeedKey{"p0", audience, 1}.ToProto();
  message.mutable_pull()->set_after_seq(after);
  message.mutable_pull()->set_credit_bytes(1);
  return message;
}

void WriteSync(const FuzzConsortium& world, const std::function<void(std::string, const std::string&)>& write) {
  constexpr int kOneSecond = 4 << 2;
  v1::SyncMessage inlined = Announced(0);
  inlined.mutable_heads()->mutable_heads(0)->set_inlined(true);
  for (int i = 0; i < 3; ++i)
    inlined.mutable_heads()->mutable_heads(0)->add_entries()->set_seq(static_cast<uint64_t>(i));
  v1::SyncMessage credit;
  credit.mutable_credit()->set_pull_id(1);
  credit.mutable_credit()->set_bytes(1'000'000);
  v1::SyncMessage evidence;
  evidence.mutable_evidence()->mutable_first()->set_signature(std::string(1, '\0'));
  evidence.mutable_evidence()->mutable_second()->set_signature(std::string(1, '\2'));
  v1::SyncMessage charter;
  *charter.mutable_charter() = world.consortium().chain();
  v1::SyncMessage cancel;
  cancel.mutable_cancel()->set_pull_id(1);
  v1::SyncMessage goodbye;
  goodbye.mutable_goodbye()->set_reason("bye");
  write("sync_fuzz/pulled", Frames().Add(kOneSecond, Announced(0)).Add(kOneSecond, Page(1, 0, 3)).bytes());
  write("sync_fuzz/inlined", Frames().Add(kOneSecond, inlined).Add(kOneSecond, Announced(1)).bytes());
  write("sync_fuzz/relayed", Frames().Add(1 | kOneSecond, Announced(0)).Add(1 | kOneSecond, Page(1, 0, 3)).bytes());
  write("sync_fuzz/fork", Frames().Add(kOneSecond, inlined).Add(kOneSecond, Announced(2)).Add(1, evidence).bytes());
  write("sync_fuzz/served", Frames().Add(kOneSecond, Pull(1, "public", 0)).Add(0, credit).bytes());
  write("sync_fuzz/circle",
        Frames().Add(0, Pull(1, "circle:inner", 0)).Add(1, Pull(1, "circle:inner", 0)).Add(1, cancel).bytes());
  write("sync_fuzz/charter", Frames().Add(2, charter).Add(2 | kOneSecond, Announced(3)).Add(0, goodbye).bytes());
}

void WriteHeads(const FuzzConsortium& world, const std::function<void(std::string, const std::string&)>& write) {
  v1::ForkEvidence fork;
  *fork.mutable_first() = world.states()[0].head;
  *fork.mutable_second() = world.states()[2].head;
  write("head_fuzz/head", world.states()[1].head.SerializeAsString());
  write("head_fuzz/fork", fork.SerializeAsString());
  fork.mutable_first()->Clear();
  fork.mutable_first()->set_signature(std::string(1, '\1'));
  write("head_fuzz/numbered", fork.SerializeAsString());
}

void WriteCharters(const FuzzConsortium& world, const std::function<void(std::string, const std::string&)>& write) {
  const JoinOptions options{"p9", "Partner 9", "PL", "ngo", "p9-1", "p9.example.org:7447", Sha256("pin")};
  const auto request = MakeJoinRequest(options, world.consortium().key(0));
  FUZZ_CHECK(request.ok(), request.status());
  write("charter_fuzz/chain", world.consortium().chain().SerializeAsString());
  write("charter_fuzz/chain_text", ArmourChain(world.Chain(1)));
  write("charter_fuzz/request", request->SerializeAsString());
  write("charter_fuzz/request_text", ArmourJoinRequest(*request));
}

}  // namespace
}  // namespace cairn

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds tests/fuzz/corpus\n";
    return 2;
  }
  const std::string corpus = argv[1];
  const auto write = [&](const std::string& name, const std::string& bytes) {
    const std::filesystem::path path = corpus + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  };
  const cairn::FuzzConsortium world;
  cairn::WriteSync(world, write);
  cairn::WriteHeads(world, write);
  cairn::WriteCharters(world, write);
  return 0;
}
