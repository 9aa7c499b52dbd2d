#include "server/directory/token.h"

#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/sealed.h"

namespace cairn {
namespace {

constexpr char kVersion = 1;
constexpr char kSealedVersion = 2;
constexpr size_t kSealedStep = 64;  // sealed fields fill so many bytes, or twice as many: more than any page's need
constexpr size_t kCheckBytes = 8;   // against mistakes; whoever forges one gains nothing by it
constexpr size_t kTokenBytesMax = 1024 * 1024;  // a watch over 10,000 feeds

std::string RequestOf(absl::string_view purpose, absl::string_view fingerprint) {
  return absl::StrCat("cairn.v1.token\n", purpose, "\n", fingerprint.size(), "\n", fingerprint);
}

std::string CheckOf(absl::string_view purpose, absl::string_view fingerprint, absl::string_view fields) {
  return Sha256(absl::StrCat(RequestOf(purpose, fingerprint), fields)).substr(0, kCheckBytes);
}

// Nothing longer is decoded.
std::optional<std::string> BytesOf(absl::string_view token, char version) {
  std::string bytes;
  if (token.size() > kTokenBytesMax || !absl::WebSafeBase64Unescape(token, &bytes)) return std::nullopt;
  if (bytes.empty() || bytes[0] != version) return std::nullopt;
  return bytes.substr(1);
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

absl::StatusOr<std::string> TokenWriter::Seal(absl::string_view purpose, absl::string_view fingerprint,
                                              absl::string_view key) const {
  std::string padded = bytes_ + '\1';
  padded.resize((padded.size() / kSealedStep + 1) * kSealedStep, '\0');
  ASSIGN_OR_RETURN(const std::string sealed, SealUnder(key, RequestOf(purpose, fingerprint), padded));
  return absl::WebSafeBase64Escape(absl::StrCat(std::string(1, kSealedVersion), sealed));
}

absl::StatusOr<TokenReader> TokenReader::Open(absl::string_view token, absl::string_view purpose,
                                              absl::string_view fingerprint, absl::string_view field) {
  const std::optional<std::string> bytes = BytesOf(token, kVersion);
  if (!bytes.has_value() || bytes->size() < kCheckBytes) return Refused(field, token);
  TokenReader reader;
  reader.field_ = std::string(field);
  reader.bytes_ = bytes->substr(kCheckBytes);
  if (CheckOf(purpose, fingerprint, reader.bytes_) != bytes->substr(0, kCheckBytes)) return Refused(field, token);
  return reader;
}

absl::StatusOr<TokenReader> TokenReader::OpenSealed(absl::string_view token, absl::string_view purpose,
                                                    absl::string_view fingerprint, absl::string_view field,
                                                    absl::string_view key) {
  const std::optional<std::string> bytes = BytesOf(token, kSealedVersion);
  if (!bytes.has_value()) return Refused(field, token);
  const absl::StatusOr<std::string> padded = UnsealUnder(key, RequestOf(purpose, fingerprint), *bytes);
  if (!padded.ok()) return Refused(field, token);
  TokenReader reader;
  reader.field_ = std::string(field);
  reader.bytes_ = padded->substr(0, padded->find_last_of('\1'));
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
