#include "server/directory/token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/crypto/hash.h"

namespace cairn {
namespace {

constexpr char kVersion = 1;
constexpr size_t kCheckBytes = 8;               // against mistakes; whoever forges one gains nothing by it
constexpr size_t kTokenBytesMax = 1024 * 1024;  // a watch over 10,000 feeds

std::string CheckOf(absl::string_view purpose, absl::string_view fingerprint, absl::string_view fields) {
  const std::string bytes =
      absl::StrCat("cairn.v1.token\n", purpose, "\n", fingerprint.size(), "\n", fingerprint, fields);
  return Sha256(bytes).substr(0, kCheckBytes);
}

absl::Status Refused(absl::string_view field, absl::string_view token) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, " ", Quoted(token, 40),
                   " is not a token of this request; send the one from the last response together with "
                   "the same query and filter, or leave it empty to start over"));
}

}  // namespace

TokenWriter& TokenWriter::Number(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

std::string TokenWriter::Finish(absl::string_view purpose, absl::string_view fingerprint) const {
  return absl::WebSafeBase64Escape(
      absl::StrCat(std::string(1, kVersion), CheckOf(purpose, fingerprint, bytes_), bytes_));
}

absl::StatusOr<TokenReader> TokenReader::Open(absl::string_view token, absl::string_view purpose,
                                              absl::string_view fingerprint, absl::string_view field) {
  std::string bytes;
  if (token.size() > kTokenBytesMax || !absl::WebSafeBase64Unescape(token, &bytes)) return Refused(field, token);
  if (bytes.size() < 1 + kCheckBytes || bytes[0] != kVersion) return Refused(field, token);
  TokenReader reader;
  reader.field_ = std::string(field);
  reader.bytes_ = bytes.substr(1 + kCheckBytes);
  if (CheckOf(purpose, fingerprint, reader.bytes_) != bytes.substr(1, kCheckBytes)) return Refused(field, token);
  return reader;
}

uint64_t TokenReader::Number() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes_[at_++]);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  broken_ = true;
  return 0;
}

absl::Status TokenReader::End() const {
  return broken_ || at_ != bytes_.size() ? Refused(field_, "") : absl::OkStatus();
}

}  // namespace cairn
