// Arbitrary bytes as a charter chain and as a join request: no crash, and a chain that begins with the true first
// version and passes holds nothing but what the governors signed.
//
// Input: a serialised CharterChain or JoinRequest, or either as a file in text form.
#include "common/charter/charter_document.h"
#include "common/charter/charter_edit.h"
#include "common/charter/charter_file.h"
#include "common/charter/charter_text.h"
#include "common/charter/join_request.h"
#include "server/charter/charter_view.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_consortium.h"

namespace cairn {
namespace {

const FuzzConsortium& World() {
  static const FuzzConsortium* const world = new FuzzConsortium;
  return *world;
}

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

void LookAtVersion(const v1::SignedCharter& version, const v1::SignedCharter* previous) {
  DescribeSignatures(version, previous);
  v1::Charter unchecked;
  if (unchecked.ParseFromString(version.body())) {
    Describe(unchecked, kNow);
    ValidateCharter(unchecked);
  }
  const auto charter = ParseCharter(version);
  if (!charter.ok()) return;
  FUZZ_CHECK(ValidateCharter(*charter).empty(), charter->ShortDebugString());
  const auto remade = MakeUnsigned(*charter);
  FUZZ_CHECK(remade.ok(), remade.status());
  CharterView(*charter, CharterSha256(version));
  if (previous == nullptr) return;
  const auto before = ParseCharter(*previous);
  if (before.ok()) DescribeChange(*before, *charter);
}

void CheckTrust(const v1::CharterChain& chain) {
  if (!CheckChain(chain).ok()) return;
  FUZZ_CHECK(chain.versions_size() > 0, "an empty chain passed");
  if (!World().IsTrue(chain.versions(0).body())) return;  // whoever signs his own first version is his own consortium
  for (const v1::SignedCharter& version : chain.versions())
    FUZZ_CHECK(World().IsTrue(version.body()), chain.ShortDebugString());
}

void LookAtChain(const v1::CharterChain& chain) {
  CheckTrust(chain);
  for (int i = 0; i < chain.versions_size(); ++i)
    LookAtVersion(chain.versions(i), i == 0 ? nullptr : &chain.versions(i - 1));
  const auto again = ChainFromText(ArmourChain(chain));
  FUZZ_CHECK(again.ok(), again.status());
  FUZZ_CHECK(again->SerializeAsString() == chain.SerializeAsString(), chain.ShortDebugString());
}

void LookAtRequest(const v1::JoinRequest& request) {
  JoinFingerprint(request);
  if (!CheckJoinRequest(request).ok()) return;
  const auto newest = ParseCharter(World().consortium().chain().versions(0));
  const auto admitted = Admit(*newest, request);
  if (admitted.ok()) FUZZ_CHECK(ValidateCharter(*admitted).empty(), request.ShortDebugString());
  const auto again = JoinRequestFromText(ArmourJoinRequest(request));
  FUZZ_CHECK(again.ok() && again->SerializeAsString() == request.SerializeAsString(), request.ShortDebugString());
}

void RunOne(absl::string_view input) {
  v1::CharterChain chain;
  if (chain.ParseFromArray(input.data(), static_cast<int>(input.size()))) LookAtChain(chain);
  const auto armoured = ChainFromText(input);
  if (armoured.ok()) LookAtChain(*armoured);
  v1::JoinRequest request;
  if (request.ParseFromArray(input.data(), static_cast<int>(input.size()))) LookAtRequest(request);
  const auto armoured_request = JoinRequestFromText(input);
  if (armoured_request.ok()) LookAtRequest(*armoured_request);
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
