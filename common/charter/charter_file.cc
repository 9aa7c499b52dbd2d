#include "common/charter/charter_file.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"

namespace cairn {

namespace {

constexpr absl::string_view chain_label = "CAIRN CHARTER";
constexpr absl::string_view join_label = "CAIRN JOIN REQUEST";
constexpr absl::string_view new_key_label = "CAIRN NEW KEY REQUEST";
constexpr size_t line_length = 64;

std::string Armour(absl::string_view label, const std::string& bytes) {
  const std::string text = absl::Base64Escape(bytes);
  std::string out = absl::StrCat("-----BEGIN ", label, "-----\n");
  for (size_t i = 0; i < text.size(); i += line_length) {
    absl::StrAppend(&out, absl::string_view(text).substr(i, line_length), "\n");
  }
  absl::StrAppend(&out, "-----END ", label, "-----\n");
  return out;
}

absl::StatusOr<std::string> Unarmour(absl::string_view label, absl::string_view text) {
  if (text.size() > limits::charter_file_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("file of ", text.size(), " bytes; at most ", limits::charter_file_bytes_max, " are read"));
  }
  const std::string begin = absl::StrCat("-----BEGIN ", label, "-----");
  const std::string end = absl::StrCat("-----END ", label, "-----");
  const size_t first = text.find(begin);
  if (first == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("no line \"", begin, "\"; this is another kind of file"));
  }
  const size_t from = first + begin.size();
  const size_t to = text.find(end, from);
  std::string bytes;
  if (to == absl::string_view::npos || !absl::Base64Unescape(text.substr(from, to - from), &bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text after \"", begin, "\" is cut off or altered; copy the whole file again"));
  }
  return bytes;
}

template <typename Message>
absl::StatusOr<Message> MessageFromText(absl::string_view label, absl::string_view text) {
  ASSIGN_OR_RETURN(const std::string bytes, Unarmour(label, text));
  Message message;
  if (!message.ParseFromString(bytes)) {
    return absl::InvalidArgumentError(absl::StrCat("the ", label, " cannot be read; copy the whole file again"));
  }
  return message;
}

}  // namespace

std::string ArmourChain(const v1::CharterChain& chain) { return Armour(chain_label, chain.SerializeAsString()); }

absl::StatusOr<v1::CharterChain> ChainFromText(absl::string_view text) {
  return MessageFromText<v1::CharterChain>(chain_label, text);
}

std::string ArmourJoinRequest(const v1::JoinRequest& request) {
  return Armour(join_label, request.SerializeAsString());
}

absl::StatusOr<v1::JoinRequest> JoinRequestFromText(absl::string_view text) {
  return MessageFromText<v1::JoinRequest>(join_label, text);
}

std::string ArmourNewKeyRequest(const v1::NewKeyRequest& request) {
  return Armour(new_key_label, request.SerializeAsString());
}

absl::StatusOr<v1::NewKeyRequest> NewKeyRequestFromText(absl::string_view text) {
  return MessageFromText<v1::NewKeyRequest>(new_key_label, text);
}

}  // namespace cairn
