#include "tests/fuzz/fuzz_consortium.h"

#include "common/base/hex.h"
#include "common/crypto/hash.h"
#include "common/crypto/set_digest.h"
#include "common/record/serialise.h"
#include "server/feed/head_signer.h"
#include "tests/fuzz/fuzz_check.h"

namespace cairn {
namespace {

v1::Entry MakeEntry(int partner, uint64_t seq, const std::string& text) {
  const std::string id16 = std::string(14, 'i') + static_cast<char>('0' + partner) + static_cast<char>('0' + seq);
  v1::Record record;
  record.set_id(UuidToText(id16));
  record.mutable_organization()->set_name(absl::StrCat(text, " ", seq));
  v1::Entry entry;
  entry.set_kind(v1::ORGANIZATION);
  entry.set_id(id16);
  entry.set_seq(seq);
  entry.set_payload(SerialiseRecord(record));
  return entry;
}

}  // namespace

FuzzConsortium::FuzzConsortium() : consortium_(4) {
  consortium_.Change([](v1::Charter* charter) {
    v1::Circle* circle = charter->add_circles();
    circle->set_name("inner");
    circle->add_partners("p0");
    circle->add_partners("p1");
  });
  consortium_.Change([](v1::Charter* charter) { charter->mutable_partners(3)->set_status(v1::RETIRED); });
  for (const v1::SignedCharter& version : consortium_.chain().versions()) true_bytes_.insert(version.body());
  Sign({"p1", "public", 1}, 1, 3, "one truth", nullptr);
  const v1::SignedHead first = states_[0].head;
  Sign({"p1", "public", 1}, 1, 4, "one truth", &first);
  Sign({"p1", "public", 1}, 1, 3, "another truth", nullptr);
  Sign({"p2", "public", 1}, 2, 2, "of p2", nullptr);
  Sign({"p1", "circle:inner", 1}, 1, 1, "for the circle", nullptr);
  Sign({"p0", "public", 1}, 0, 3, "own", nullptr);
  Sign({"p0", "circle:inner", 1}, 0, 2, "own for the circle", nullptr);
}

v1::CharterChain FuzzConsortium::Chain(int versions) const {
  v1::CharterChain chain = consortium_.chain();
  chain.mutable_versions()->DeleteSubrange(versions, chain.versions_size() - versions);
  return chain;
}

void FuzzConsortium::Sign(FeedKey feed, int partner, uint64_t count, const std::string& text,
                          const v1::SignedHead* held) {
  TrueState state{std::move(feed), partner, count, {}, {}};
  const std::string prefix =
      FeedPrefix(consortium_.id(), state.feed.partner, state.feed.audience, state.feed.generation);
  SetDigest digest;
  for (uint64_t seq = 1; seq <= count; ++seq) {
    const v1::Entry& entry = state.entries.emplace_back(MakeEntry(partner, seq, text));
    const std::string sha256 = Sha256(entry.payload());
    digest.Add(Element{prefix, static_cast<uint32_t>(entry.kind()), entry.id(), seq, sha256});
  }
  const HeadSigner signer(consortium_.key(partner), consortium_.id());
  const auto head = signer.SignNext(held, {state.feed, count, count, digest.Digest(), clock_.Now()});
  FUZZ_CHECK(head.ok(), head.status());
  state.head = *head;
  v1::HeadBody body;
  FUZZ_CHECK(body.ParseFromString(head->body()), "a signed head");
  true_bytes_.insert({head->body(), body.content()});
  states_.push_back(std::move(state));
}

}  // namespace cairn
