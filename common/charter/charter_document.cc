#include "common/charter/charter_document.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"

namespace cairn {

namespace {

constexpr int signatures_max = 2 * limits::charter_governors_max;  // the governors before and those after, each once

absl::Status CheckThreshold(const v1::SignedCharter& signed_charter, const v1::Charter& governors_of,
                            absl::string_view whose) {
  const uint32_t have = CountSignatures(signed_charter, governors_of);
  if (have >= governors_of.threshold()) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("signed by ", have, " of the ", governors_of.threshold(),
                                                  " governors needed of ", whose, " (version ", governors_of.version(),
                                                  ")"));
}

absl::Status CheckFollows(const v1::SignedCharter& previous, const v1::Charter& before, const v1::Charter& after) {
  if (after.consortium() != before.consortium()) {
    return absl::InvalidArgumentError(
        absl::StrCat("consortium ", Quoted(after.consortium()), ": the chain is of ", Quoted(before.consortium())));
  }
  if (after.version() != before.version() + 1) {
    return absl::InvalidArgumentError(absl::StrCat("version ", after.version(), " cannot follow version ",
                                                   before.version(), "; version ", before.version() + 1, " is next"));
  }
  const std::string sha256 = CharterSha256(previous);
  if (after.previous_sha256() != sha256) {
    return absl::InvalidArgumentError(absl::StrCat("previous_sha256 ", ToHex(after.previous_sha256()),
                                                   ": the version before has ", ToHex(sha256),
                                                   "; make it anew from that version"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Charter> ParseCharter(const v1::SignedCharter& signed_charter) {
  if (signed_charter.body().size() > limits::charter_bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat("charter of ", signed_charter.body().size(), " bytes; at most ",
                                                   limits::charter_bytes_max, " are allowed"));
  }
  if (signed_charter.signatures_size() > signatures_max) {
    return absl::InvalidArgumentError(absl::StrCat("charter with ", signed_charter.signatures_size(),
                                                   " signatures; at most ", signatures_max, " are looked at"));
  }
  v1::Charter charter;
  if (!charter.ParseFromString(signed_charter.body())) {
    return absl::InvalidArgumentError("not a charter: the body cannot be read");
  }
  RETURN_IF_ERROR(ToStatus(ValidateCharter(charter)));
  return charter;
}

absl::StatusOr<v1::SignedCharter> MakeUnsigned(const v1::Charter& charter) {
  v1::SignedCharter signed_charter;
  signed_charter.set_body(charter.SerializeAsString());
  RETURN_IF_ERROR(ParseCharter(signed_charter).status());
  return signed_charter;
}

std::string CharterSha256(const v1::SignedCharter& signed_charter) { return Sha256(signed_charter.body()); }

void SignCharter(v1::SignedCharter* signed_charter, const SigningKey& key) {
  v1::CharterSignature signature;
  signature.set_key_id(KeyId(key.public_key()));
  signature.set_signature(key.Sign(charter_domain, signed_charter->body()));
  for (v1::CharterSignature& there : *signed_charter->mutable_signatures()) {
    if (there.key_id() == signature.key_id()) {
      there = signature;
      return;
    }
  }
  *signed_charter->add_signatures() = signature;
}

uint32_t CountSignatures(const v1::SignedCharter& signed_charter, const v1::Charter& governors_of) {
  // By governor, not by signature: a key that signed twice, under whatever id, counts once.
  std::set<absl::string_view> counted;
  for (const v1::Governor& governor : governors_of.governors()) {
    const std::string key_id = KeyId(governor.public_key());
    for (const v1::CharterSignature& signature : signed_charter.signatures()) {
      if (signature.key_id() == key_id &&
          VerifySignature(governor.public_key(), charter_domain, signed_charter.body(), signature.signature())) {
        counted.insert(governor.public_key());
        break;
      }
    }
  }
  return static_cast<uint32_t>(counted.size());
}

absl::Status MergeSignatures(v1::SignedCharter* into, const v1::SignedCharter& from) {
  if (into->body() != from.body()) {
    return absl::InvalidArgumentError("the two are signatures of different contents; sign copies of one draft");
  }
  for (const v1::CharterSignature& signature : from.signatures()) {
    bool known = false;
    for (const v1::CharterSignature& there : into->signatures()) {
      known = known || (there.key_id() == signature.key_id() && there.signature() == signature.signature());
    }
    if (!known) *into->add_signatures() = signature;
  }
  return absl::OkStatus();
}

absl::Status CheckFirst(const v1::SignedCharter& first) {
  ASSIGN_OR_RETURN(const v1::Charter charter, ParseCharter(first));
  return CheckThreshold(first, charter, "its own");
}

absl::Status CheckSuccessor(const v1::SignedCharter& previous, const v1::SignedCharter& next) {
  ASSIGN_OR_RETURN(const v1::Charter before, ParseCharter(previous));
  ASSIGN_OR_RETURN(const v1::Charter after, ParseCharter(next));
  RETURN_IF_ERROR(CheckFollows(previous, before, after));
  RETURN_IF_ERROR(CheckThreshold(next, before, "the version before"));
  return CheckThreshold(next, after, "its own");
}

absl::Status CheckChain(const v1::CharterChain& chain) {
  if (chain.versions().empty()) return absl::InvalidArgumentError("the chain holds no charter");
  RETURN_IF_ERROR(Annotate(CheckFirst(chain.versions(0)), "the chain's first version"));
  for (int i = 1; i < chain.versions_size(); ++i) {
    v1::Charter before;
    before.ParseFromString(chain.versions(i - 1).body());
    RETURN_IF_ERROR(Annotate(CheckSuccessor(chain.versions(i - 1), chain.versions(i)),
                             absl::StrCat("the version after ", before.version())));
  }
  return absl::OkStatus();
}

}  // namespace cairn
