#include "client/cli/context.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cli/files.h"
#include "client/cli/node_channel.h"
#include "client/cli/text_width.h"
#include "common/base/data_dir.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"

namespace cairn {
namespace {

constexpr absl::string_view default_directory = "/var/lib/cairn";  // of a packaged node
constexpr size_t certificates_bytes_max = 1024 * 1024;             // a system's bundle of authorities has 200 KiB

// What the file holds is not in the error: it may be another secret.
absl::StatusOr<std::string> ReadToken(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string contents, ReadSecretFile(path));
  const absl::string_view token = absl::StripAsciiWhitespace(contents);
  const bool one_word = std::all_of(token.begin(), token.end(), [](char c) { return absl::ascii_isgraph(c); });
  if (absl::StartsWith(token, "cairn_") && one_word) return std::string(token);
  return absl::InvalidArgumentError(
      absl::StrCat("token file ", Quoted(path, 300), ": holds no token; write there what `token create` printed"));
}

absl::StatusOr<std::string> ReadCertificates(const std::string& path) {
  ASSIGN_OR_RETURN(std::string pem, ReadWholeFile(path, certificates_bytes_max));
  const absl::Status status = SpkiSha256OfCertPem(pem).status();
  if (!status.ok()) return Annotate(status, Quoted(path, 300));
  return pem;
}

absl::StatusOr<std::string> ReadPin(const std::string& digits) {
  absl::StatusOr<std::string> pin = FromHex(digits);
  if (pin.ok() && pin->size() == 32) return pin;
  return UsageError(absl::StrCat("--pin ", Quoted(digits), ": not a SHA-256; write its 64 hexadecimal digits"));
}

absl::StatusOr<ChannelSecurity> SecurityFor(const Context& context, const NodeTarget& target) {
  // What the environment says is for addresses; over a socket it is not wrong, only not needed.
  const auto or_variable = [&](const std::string& option, const char* variable) {
    return option.empty() && target.socket_path.empty() ? context.Variable(variable) : option;
  };
  ChannelSecurity security;
  if (const std::string path = or_variable(context.token_file, "CAIRN_TOKEN_FILE"); !path.empty()) {
    ASSIGN_OR_RETURN(security.token, ReadToken(path));
  }
  if (const std::string path = or_variable(context.ca_file, "CAIRN_CA"); !path.empty()) {
    ASSIGN_OR_RETURN(security.ca_pem, ReadCertificates(path));
  }
  if (const std::string digits = or_variable(context.pin, "CAIRN_PIN"); !digits.empty()) {
    ASSIGN_OR_RETURN(security.pin_sha256, ReadPin(digits));
  }
  if (!context.certificate_file.empty()) {
    ASSIGN_OR_RETURN(security.certificate_pem, ReadCertificates(context.certificate_file));
  }
  if (!context.key_file.empty()) {
    ASSIGN_OR_RETURN(security.key_pem, ReadSecretFile(context.key_file));
  }
  return security;
}

}  // namespace

absl::Status UsageError(absl::string_view message) { return WithReason(absl::InvalidArgumentError(message), "USAGE"); }

bool IsUsageError(const absl::Status& status) { return ReasonOf(status) == "USAGE"; }

std::string Context::Variable(const std::string& name) const {
  return environment_.variable ? environment_.variable(name).value_or("") : "";
}

bool Context::ColourWanted() const { return Variable("NO_COLOR").empty() && Variable("TERM") != "dumb"; }

size_t Context::text_columns() const {
  constexpr size_t readable_columns_max = 100;
  return columns() == 0 ? readable_columns_max : std::clamp<size_t>(columns(), 40, readable_columns_max);
}

std::string Context::Wrapped(absl::string_view text) const {
  if (environment_.columns == 0) return std::string(text);
  return absl::StrCat(absl::StrJoin(Wrap(absl::StripSuffix(text, "\n"), environment_.columns), "\n"), "\n");
}

std::unique_ptr<Progress> Context::NewProgress() {
  const bool shown = environment_.err_is_terminal && !json && Variable("TERM") != "dumb";
  return std::make_unique<Progress>(environment_.err, shown, environment_.columns, environment_.clock);
}

absl::StatusOr<NodeTarget> Context::Target() const {
  const auto socket_in = [](absl::string_view directory) { return absl::StrCat(directory, "/", data_dir::socket); };
  if (!node.empty()) return ParseTarget(node, data_dir::socket);
  if (!data.empty()) return ParseTarget(socket_in(data), data_dir::socket);
  const std::string node_variable = Variable("CAIRN_NODE");
  if (!node_variable.empty()) return ParseTarget(node_variable, data_dir::socket);
  const std::string data_variable = Variable("CAIRN_DATA");
  return ParseTarget(socket_in(data_variable.empty() ? default_directory : data_variable), data_dir::socket);
}

absl::StatusOr<ChannelSecurity> Context::SecurityOf(const NodeTarget& target) const {
  return SecurityFor(*this, target);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> NodeChannel(const Context& context) {
  ASSIGN_OR_RETURN(const NodeTarget target, context.Target());
  RETURN_IF_ERROR(CheckPresent(target));
  ASSIGN_OR_RETURN(const ChannelSecurity security, SecurityFor(context, target));
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = OpenChannel(target, security);
  if (!channel.ok()) return UsageError(channel.status().message());
  return channel;
}

absl::StatusOr<Client*> Context::client() {
  if (client_ == nullptr) {
    ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, NodeChannel(*this));
    client_ = std::make_unique<Client>(std::move(channel), environment_.call);
  }
  return client_.get();
}

}  // namespace cairn
