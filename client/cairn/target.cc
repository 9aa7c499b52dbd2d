#include "client/cairn/target.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

constexpr size_t socket_path_bytes_max = 107;  // sockaddr_un.sun_path without its final zero

absl::StatusOr<NodeTarget> SocketTarget(absl::string_view path_text, absl::string_view socket_file_name) {
  std::error_code ignored;
  fs::path path = fs::absolute(fs::path(std::string(path_text)), ignored);
  if (fs::is_directory(path, ignored)) path /= std::string(socket_file_name);
  const std::string text = path.lexically_normal().string();
  if (text.size() > socket_path_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket ", Quoted(text, 300), ": ", text.size(), " bytes, longer than a socket's path can be (",
                     socket_path_bytes_max, "); use a data directory with a shorter path"));
  }
  return NodeTarget{absl::StrCat("unix://", text), text, text};
}

bool IsHostAndPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  return colon != absl::string_view::npos && colon > 0 && absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 &&
         port < 65536;
}

}  // namespace

absl::StatusOr<NodeTarget> ParseTarget(absl::string_view text, absl::string_view socket_file_name) {
  absl::string_view path = text;
  if (absl::ConsumePrefix(&path, "unix://") || absl::ConsumePrefix(&path, "unix:")) {
    return SocketTarget(path, socket_file_name);
  }
  std::error_code ignored;
  if (absl::StrContains(text, '/') || (!text.empty() && fs::exists(fs::path(std::string(text)), ignored))) {
    return SocketTarget(text, socket_file_name);
  }
  if (IsHostAndPort(text)) return NodeTarget{absl::StrCat("dns:///", text), std::string(text), ""};
  return absl::InvalidArgumentError(
      absl::StrCat("node ", Quoted(text), ": neither a socket nor an address; write a path such as /var/lib/cairn/",
                   socket_file_name, " or host:port such as 127.0.0.1:7401"));
}

absl::Status CheckPresent(const NodeTarget& target) {
  if (target.socket_path.empty()) return absl::OkStatus();
  std::error_code error;
  if (fs::exists(fs::path(target.socket_path), error)) return absl::OkStatus();
  if (error == std::errc::permission_denied) {
    return absl::PermissionDeniedError(
        absl::StrCat("socket ", target.socket_path, ": this user may not look there; run as the node's user"));
  }
  const std::string directory = fs::path(target.socket_path).parent_path().string();
  if (!fs::exists(directory, error)) {
    return absl::UnavailableError(absl::StrCat("no node is at ", target.socket_path, ": there is no directory ",
                                               directory,
                                               "; name the node's with --data DIR, or its socket with "
                                               "--node"));
  }
  return absl::UnavailableError(absl::StrCat("no node is running at ", target.socket_path,
                                             " (there is no such socket); start it with: cairnd --data ", directory,
                                             ", or name another one with --data or --node"));
}

}  // namespace cairn
