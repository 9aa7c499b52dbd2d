#include "common/base/data_dir.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cairn {
namespace {

// A TOML basic string: control characters, quotes and backslashes are escaped.
std::string TomlString(absl::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&quoted, "\\u00", std::string{digits[byte >> 4], digits[byte & 15]});
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

constexpr absl::string_view defaults_text = R"(
# What follows are the defaults; remove the "#" to change one. Relative paths are relative to this file.

# Lines on standard error: debug, info, warning, error. Reloaded on SIGHUP.
#log_level = "info"

# Seconds between signatures that say "nothing newer exists", 30 to 60.
#heartbeat_seconds = 45

# Days that a withdrawal is remembered for peers that were away.
#tombstone_retention_days = 180

# The consortium that this node must belong to. Empty: that of the charter it was given.
#consortium = ""

# What must not be read by everybody, whoever publishes and from whatever file: each rule moves one field to a narrower
# audience, "consortium" or "circle:NAME". Records are split by the node; readers of both audiences see them whole.
# A path is a kind, then fields as `cairn get ID --json` shows them; "*" stands for all below. Remember what says the
# same in other words: an address is in coordinates and in directions, too.
#   [[redact]]
#   path = "location.addresses.address_1"
#   audience = "consortium"

[paths]
#database = "cairn.db"
#socket = "cairn.sock"
#charter = "charter.chain"
#tls_key = "keys/node.key"
#tls_certificate = "keys/node.crt"
#publishing_key = "keys/publish.key"

# Administrators, programs and dashboards on other machines. Here, they use the socket.
[admin]
# Where they reach this node, "host:port", such as "0.0.0.0:7444": over TLS, with a token that `cairn token create` makes.
# Empty: nowhere.
#listen = ""
# What the node shows them: its own key, which they pin, or one with a certificate of an authority that they trust. The
# key's file must be readable by the node's user alone.
#tls_key = "keys/node.key"
#tls_certificate = "keys/node.crt"
# Authorities whose certificates are an alternative to tokens, for the keys named below. Empty: tokens only.
#client_ca = ""
# Each such key, by the SHA-256 of its public key (SPKI) in hexadecimal; role: reader, editor, publisher or operator;
# audiences: what it may read besides the public one.
# [[admin.clients]]
# name = "office"
# spki_sha256 = "..."
# role = "publisher"
# audiences = ["consortium"]
)";

constexpr absl::string_view http_text = R"(
# The rest of the HTTP side's settings. Behind a reverse proxy that has the certificate, name the address from which it comes,
# such as "127.0.0.1", since limits count addresses; see deploy/nginx.conf.
#public_url = ""
#proxies = []
# Where the terms stand under which anybody may use what is public; harvesters are told. Ask your partners first.
#data_license = "https://creativecommons.org/licenses/by/4.0/"
# PEM files, read again on SIGHUP. Empty: plain HTTP, for a proxy or this machine.
#tls_certificate = ""
#tls_key = ""
# Requests that are answered at a time, and connections: in all (2000 with TLS), and from one address. One of `proxies`
# is not held to the latter.
#workers = 4
#connections = 10000
#connections_per_address = 100
# One line a request, without words, ids and whole addresses.
#access_log = true
# Where /metrics and the health paths are served besides, on this machine only, such as "127.0.0.1:9464": the node's own when the HTTP
# side runs as a process of its own (cairnd --role=edge, which has counts of its requests only).
#metrics_listen = ""

[limits]
# Queries that run at a time; each has a connection of its own to the database.
#readers = 4
# Readers that may follow changes at a time.
#watchers = 32
# Seconds that running work has to end when the node is told to stop.
#drain_seconds = 10
)";

}  // namespace

std::string JoinPath(absl::string_view base, absl::string_view relative) {
  if (base.empty() || (!relative.empty() && relative.front() == '/')) return std::string(relative);
  return absl::StrCat(base, base.back() == '/' ? "" : "/", relative);
}

std::string NodeTomlText(const NodeTomlValues& values) {
  return absl::StrCat(
      "# Configuration of a Cairn node. `cairnd --check-config` says what is in effect.\n\n",
      "# The partner that this node belongs to, and the node itself, as the charter names them.\n",
      "partner = ", TomlString(values.partner), "\nnode = ", TomlString(values.node),
      "\n\n# A name for people to read.\nname = ", TomlString(values.name),
      "\n\n# Where other nodes reach this one, \"host:port\". Empty: it only dials out.\nlisten = ",
      TomlString(values.listen),
      "\n\n# The address that others dial, when it is another one than `listen`.\nadvertise = ",
      TomlString(values.advertise), "\n", defaults_text,
      "\n# Readers: pages, feeds, JSON. Only what is public, and with a token what it may read.\n[http]\n"
      "# Where they reach this node, \"host:port\", such as \"0.0.0.0:8080\". Empty: nowhere.\nlisten = ",
      TomlString(values.http), "\n", http_text);
}

}  // namespace cairn
