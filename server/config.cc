#include "server/config.h"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/data_dir.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/record/supplement.h"
#include "server/config_table.h"

namespace cairn {
namespace {

// clang-format off
constexpr const char* root_keys[] = {"partner", "node", "name", "listen", "advertise", "consortium", "log_level", "heartbeat_seconds",
                                     "tombstone_retention_days", "redact", "paths", "admin", "http", "limits"};
// clang-format on
constexpr const char* path_keys[] = {"database", "socket", "charter", "tls_key", "tls_certificate", "publishing_key"};
constexpr const char* admin_keys[] = {"listen", "tls_key", "tls_certificate", "client_ca", "clients"};
constexpr const char* client_keys[] = {"name", "spki_sha256", "role", "audiences"};
constexpr const char* http_keys[] = {
    "listen",    "metrics_listen", "data_license", "public_url",  "tls_certificate",
    "tls_key",   "proxies",        "workers",      "connections", "connections_per_address",
    "access_log"};
constexpr const char* role_names[] = {"reader", "editor", "publisher", "operator"};
constexpr const char* limit_keys[] = {"readers", "watchers", "drain_seconds"};
constexpr size_t socket_path_bytes_max = 107;  // sockaddr_un.sun_path without its final zero
constexpr std::pair<const char*, LogLevel> log_levels[] = {{"debug", LogLevel::kDebug},
                                                           {"info", LogLevel::kInfo},
                                                           {"warning", LogLevel::kWarning},
                                                           {"error", LogLevel::kError}};

void CheckId(TableReader& reader, const char* key, const std::string& value) {
  if (value.empty()) return reader.FailAt(key, absl::StrCat(key, " is missing; write ", key, " = \"...\""));
  if (IsCharterId(value)) return;
  reader.FailAt(key, absl::StrCat(key, " ", Quoted(value),
                                  ": not an id; use lower-case letters, digits and hyphens, at most 64"));
}

// "host:port", where port 0 lets the system choose.
bool IsListenAddress(const std::string& address) {
  return IsEndpoint(address) ||
         (address.size() > 2 && address.ends_with(":0") && IsEndpoint(address.substr(0, address.size() - 1) + "1"));
}

// Only by number: what a name means may change.
bool IsOfThisMachine(const std::string& address) {
  in_addr number{};
  const std::string host = address.substr(0, address.rfind(':'));
  return IsListenAddress(address) &&
         (host == "[::1]" || (host.starts_with("127.") && inet_pton(AF_INET, host.c_str(), &number) == 1));
}

// `name` of the setting as people write it, and an example of what may stand there.
void ReadListen(absl::string_view name, absl::string_view example, TableReader* table, std::string* address) {
  table->Text("listen", address);
  if (address->empty() || IsListenAddress(*address)) return;
  table->FailAt("listen", absl::StrCat(name, " ", Quoted(*address), ": not \"host:port\", such as \"", example, "\""));
}

absl::Status ReadRoot(const toml::table& table, const std::string& path, NodeConfig* config) {
  TableReader root(&table, "", &path);
  root.CheckKeys(std::begin(root_keys), std::end(root_keys));
  for (const auto& [key, value] : {std::pair("partner", &config->partner),
                                   {"node", &config->node},
                                   {"name", &config->name},
                                   {"consortium", &config->consortium},
                                   {"advertise", &config->advertise}}) {
    root.Text(key, value);
  }
  CheckId(root, "partner", config->partner);
  CheckId(root, "node", config->node);
  if (!config->consortium.empty()) CheckId(root, "consortium", config->consortium);
  ReadListen("listen", "0.0.0.0:7443", &root, &config->listen);
  if (!config->advertise.empty() && !IsEndpoint(config->advertise)) {
    root.FailAt("advertise", absl::StrCat("advertise ", Quoted(config->advertise), ": not \"host:port\""));
  }
  std::string level = "info";
  root.Text("log_level", &level);
  const auto* known =
      std::find_if(std::begin(log_levels), std::end(log_levels), [&](const auto& pair) { return pair.first == level; });
  if (known == std::end(log_levels)) {
    root.FailAt("log_level", absl::StrCat("log_level ", Quoted(level), ": use debug, info, warning or error"));
  } else {
    config->log_level = known->second;
  }
  int64_t heartbeat = absl::ToInt64Seconds(config->heartbeat);
  root.Number("heartbeat_seconds", 1, 3600, &heartbeat);
  config->heartbeat = absl::Seconds(heartbeat);
  int64_t retention = absl::ToInt64Hours(config->tombstone_retention) / 24;
  root.Number("tombstone_retention_days", 7, 36'500, &retention);
  config->tombstone_retention = absl::Hours(24 * retention);
  root.Table("paths");
  root.Table("admin");
  root.Table("limits");
  return root.status();
}

absl::Status ReadPaths(const toml::table* table, const std::string& path, NodeConfig* config) {
  TableReader paths(table, "paths.", &path);
  paths.CheckKeys(std::begin(path_keys), std::end(path_keys));
  const size_t slash = path.rfind('/');
  config->data = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct Setting {
    const char* key;
    absl::string_view file;
    std::string* value;
  };
  for (const Setting& setting : {Setting{"database", data_dir::database, &config->database},
                                 {"socket", data_dir::socket, &config->socket},
                                 {"charter", data_dir::charter, &config->charter},
                                 {"tls_key", data_dir::tls_key, &config->tls_key},
                                 {"tls_certificate", data_dir::tls_certificate, &config->tls_certificate},
                                 {"publishing_key", data_dir::publishing_key, &config->publishing_key}}) {
    std::string file(setting.file);
    paths.Text(setting.key, &file);
    if (file.empty()) paths.FailAt(setting.key, absl::StrCat("paths.", setting.key, " must name a file"));
    *setting.value = JoinPath(config->data, file);
  }
  if (config->socket.size() > socket_path_bytes_max) {
    paths.FailAt("socket", absl::StrCat("the path of the socket, ", Quoted(config->socket), ", has ",
                                        config->socket.size(), " bytes; the system allows ", socket_path_bytes_max,
                                        "; set paths.socket to a shorter one"));
  }
  return paths.status();
}

absl::StatusOr<NodeConfig::AdminClient> ReadAdminClient(const toml::table* table, const std::string& path) {
  TableReader reader(table, "admin.clients.", &path);
  reader.CheckKeys(std::begin(client_keys), std::end(client_keys));
  NodeConfig::AdminClient client;
  std::string spki_hex;
  reader.Text("name", &client.name);
  reader.Text("spki_sha256", &spki_hex);
  reader.Text("role", &client.role);
  reader.Texts("audiences", &client.audiences);
  CheckId(reader, "name", client.name);
  const absl::StatusOr<std::string> spki = FromHex(spki_hex);
  if (!spki.ok() || spki->size() != 32) {
    reader.FailAt("spki_sha256", absl::StrCat("admin.clients.spki_sha256 ", Quoted(spki_hex),
                                              ": not a SHA-256; write the 64 hexadecimal digits of the key's pin"));
  } else {
    client.spki_sha256 = *spki;
  }
  if (std::find(std::begin(role_names), std::end(role_names), client.role) == std::end(role_names)) {
    reader.FailAt("role", absl::StrCat("admin.clients.role ", Quoted(client.role),
                                       ": use reader, editor, publisher or operator"));
  }
  for (const std::string& audience : client.audiences) {
    if (IsAudience(audience)) continue;
    reader.FailAt("audiences", absl::StrCat("admin.clients.audiences: ", Quoted(audience),
                                            ": use public, consortium or circle:NAME"));
  }
  if (LacksConsortium(client.audiences))
    reader.FailAt("audiences", absl::StrCat("admin.clients.audiences: ", lacks_consortium_text));
  RETURN_IF_ERROR(reader.status());
  return client;
}

absl::Status ReadAdmin(const toml::table* table, const std::string& path, NodeConfig* config) {
  TableReader admin(table, "admin.", &path);
  admin.CheckKeys(std::begin(admin_keys), std::end(admin_keys));
  config->admin_tls_key = config->tls_key;
  config->admin_tls_certificate = config->tls_certificate;
  ReadListen("admin.listen", "0.0.0.0:7444", &admin, &config->admin_listen);
  for (const auto& [key, value] : {std::pair("tls_key", &config->admin_tls_key),
                                   {"tls_certificate", &config->admin_tls_certificate},
                                   {"client_ca", &config->admin_client_ca}}) {
    std::string file;
    admin.Text(key, &file);
    if (!file.empty()) *value = JoinPath(config->data, file);
  }
  for (const toml::table* client : admin.Tables("clients")) {
    ASSIGN_OR_RETURN(NodeConfig::AdminClient read, ReadAdminClient(client, path));
    const auto same = [&](const NodeConfig::AdminClient& c) {
      return c.name == read.name || c.spki_sha256 == read.spki_sha256;
    };
    if (std::any_of(config->admin_clients.begin(), config->admin_clients.end(), same)) {
      admin.FailAt("clients",
                   absl::StrCat("admin.clients ", Quoted(read.name), ": its name or key stands there twice"));
    }
    config->admin_clients.push_back(std::move(read));
  }
  if (config->admin_clients.size() > limits::admin_clients_max) {
    admin.FailAt("clients", absl::StrCat("admin.clients: at most ", limits::admin_clients_max));
  }
  if (!config->admin_clients.empty() && config->admin_client_ca.empty()) {
    admin.FailAt("clients", "admin.clients need admin.client_ca, the authorities that sign their certificates");
  }
  return admin.status();
}

absl::Status ReadHttp(const toml::table* table, const std::string& path, NodeConfig* config) {
  TableReader http(table, "http.", &path);
  http.CheckKeys(std::begin(http_keys), std::end(http_keys));
  ReadListen("http.listen", "0.0.0.0:8080", &http, &config->http_listen);
  http.Text("metrics_listen", &config->http_metrics_listen);
  if (!config->http_metrics_listen.empty() && !IsOfThisMachine(config->http_metrics_listen)) {
    http.FailAt("metrics_listen", absl::StrCat("http.metrics_listen ", Quoted(config->http_metrics_listen),
                                               ": tokens come there in clear, so write an address of this machine "
                                               "alone, such as \"127.0.0.1:9464\""));
  }
  http.Text("public_url", &config->http_public_url);
  const std::string& url = config->http_public_url;
  if (!url.empty() && ((!url.starts_with("https://") && !url.starts_with("http://")) || url.ends_with("/"))) {
    http.FailAt("public_url", absl::StrCat("http.public_url ", Quoted(url),
                                           ": write it as \"https://directory.example.org\", without a final slash"));
  }
  for (const auto& [key, value] :
       {std::pair("tls_certificate", &config->http_tls_certificate), {"tls_key", &config->http_tls_key}}) {
    std::string file;
    http.Text(key, &file);
    if (!file.empty()) *value = JoinPath(config->data, file);
  }
  if (config->http_tls_certificate.empty() != config->http_tls_key.empty()) {
    http.FailAt("tls_key", "http.tls_certificate and http.tls_key belong together; give both or none");
  }
  http.Text("data_license", &config->http_data_license);
  const std::string& license = config->http_data_license;
  if (!license.starts_with("https://") && !license.starts_with("http://")) {
    http.FailAt("data_license", absl::StrCat("http.data_license ", Quoted(license),
                                             ": write the address of the terms, as \"https://…\""));
  }
  http.Texts("proxies", &config->http_proxies);
  int64_t workers = config->http_workers;
  int64_t connections = config->http_tls_key.empty() ? limits::http_connections_max : limits::http_tls_connections_max;
  int64_t per_address = config->http_connections_per_address;
  http.Number("workers", 1, 64, &workers);
  http.Number("connections", 10, 1'000'000, &connections);
  http.Number("connections_per_address", 1, 1'000'000, &per_address);
  http.Flag("access_log", &config->http_access_log);
  config->http_workers = static_cast<int>(workers);
  config->http_connections = static_cast<int>(connections);
  config->http_connections_per_address = static_cast<int>(per_address);
  return http.status();
}

toml::table HttpSettings(const NodeConfig& config) {
  toml::array proxies;
  for (const std::string& proxy : config.http_proxies) proxies.push_back(proxy);
  return toml::table{{"listen", config.http_listen},
                     {"metrics_listen", config.http_metrics_listen},
                     {"public_url", config.http_public_url},
                     {"data_license", config.http_data_license},
                     {"tls_certificate", config.http_tls_certificate},
                     {"tls_key", config.http_tls_key},
                     {"proxies", std::move(proxies)},
                     {"workers", config.http_workers},
                     {"connections", config.http_connections},
                     {"connections_per_address", config.http_connections_per_address},
                     {"access_log", config.http_access_log}};
}

toml::table AdminSettings(const NodeConfig& config) {
  toml::table admin{{"listen", config.admin_listen},
                    {"tls_key", config.admin_tls_key},
                    {"tls_certificate", config.admin_tls_certificate},
                    {"client_ca", config.admin_client_ca}};
  toml::array clients;
  for (const NodeConfig::AdminClient& client : config.admin_clients) {
    toml::array audiences;
    for (const std::string& audience : client.audiences) audiences.push_back(audience);
    clients.push_back(toml::table{{"name", client.name},
                                  {"spki_sha256", ToHex(client.spki_sha256)},
                                  {"role", client.role},
                                  {"audiences", std::move(audiences)}});
  }
  if (!clients.empty()) admin.insert("clients", std::move(clients));
  return admin;
}

absl::Status ReadLimits(const toml::table* table, const std::string& path, NodeConfig* config) {
  TableReader limits(table, "limits.", &path);
  limits.CheckKeys(std::begin(limit_keys), std::end(limit_keys));
  int64_t readers = config->readers;
  int64_t watchers = config->watchers;
  int64_t drain = absl::ToInt64Seconds(config->drain);
  limits.Number("readers", 1, 64, &readers);
  limits.Number("watchers", 1, 1000, &watchers);
  limits.Number("drain_seconds", 1, 600, &drain);
  config->readers = static_cast<int>(readers);
  config->watchers = static_cast<int>(watchers);
  config->drain = absl::Seconds(drain);
  return limits.status();
}

// [[redact]] tables, each with a path and an audience.
absl::Status ReadRedaction(const toml::table& table, const std::string& path, NodeConfig* config) {
  const toml::node* node = table.get("redact");
  if (node == nullptr) return absl::OkStatus();
  const auto refuse = [&](const toml::node& at, absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(path, " line ", at.source().begin.line, ": ", why));
  };
  if (!node->is_array_of_tables()) return refuse(*node, "redact must be a list of tables: write [[redact]] above each");
  for (const toml::node& each : *node->as_array()) {
    static constexpr const char* keys[] = {"path", "audience"};
    TableReader reader(each.as_table(), "redact.", &path);
    reader.CheckKeys(std::begin(keys), std::end(keys));
    RedactionRule rule;
    reader.Text("path", &rule.path);
    reader.Text("audience", &rule.audience);
    RETURN_IF_ERROR(reader.status());
    if (const absl::Status good = CheckRedactionRule(rule); !good.ok()) return refuse(each, good.message());
    config->redact.push_back(std::move(rule));
  }
  return absl::OkStatus();
}

absl::StatusOr<toml::table> ParseToml(absl::string_view text, const std::string& path) {
  try {
    return toml::parse(std::string_view(text.data(), text.size()), path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " line ", error.source().begin.line, ": not TOML: ", std::string(error.description())));
  }
}

}  // namespace

absl::StatusOr<NodeConfig> ParseConfig(absl::string_view text, const std::string& path) {
  ASSIGN_OR_RETURN(const toml::table table, ParseToml(text, path));
  NodeConfig config;
  RETURN_IF_ERROR(ReadRoot(table, path, &config));
  RETURN_IF_ERROR(ReadRedaction(table, path, &config));
  RETURN_IF_ERROR(ReadPaths(table["paths"].as_table(), path, &config));
  RETURN_IF_ERROR(ReadAdmin(table["admin"].as_table(), path, &config));
  RETURN_IF_ERROR(ReadHttp(table["http"].as_table(), path, &config));
  RETURN_IF_ERROR(ReadLimits(table["limits"].as_table(), path, &config));
  return config;
}

absl::StatusOr<NodeConfig> LoadConfig(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("no configuration at ", Quoted(path), "; `cairn node init --data DIR ...` makes one"));
  }
  std::stringstream text;
  text << file.rdbuf();
  if (file.bad() || text.fail()) return absl::InvalidArgumentError(absl::StrCat(Quoted(path), ": cannot be read"));
  return ParseConfig(text.str(), path);
}

std::string EffectiveSettings(const NodeConfig& config) {
  const auto* level = std::find_if(std::begin(log_levels), std::end(log_levels),
                                   [&](const auto& pair) { return pair.second == config.log_level; });
  toml::table table{
      {"partner", config.partner},
      {"node", config.node},
      {"name", config.name},
      {"consortium", config.consortium},
      {"listen", config.listen},
      {"advertise", config.advertise},
      {"log_level", level->first},
      {"heartbeat_seconds", absl::ToInt64Seconds(config.heartbeat)},
      {"tombstone_retention_days", absl::ToInt64Hours(config.tombstone_retention) / 24},
      {"paths", toml::table{{"database", config.database},
                            {"socket", config.socket},
                            {"charter", config.charter},
                            {"tls_key", config.tls_key},
                            {"tls_certificate", config.tls_certificate},
                            {"publishing_key", config.publishing_key}}},
      {"admin", AdminSettings(config)},
      {"http", HttpSettings(config)},
      {"limits", toml::table{{"readers", config.readers},
                             {"watchers", config.watchers},
                             {"drain_seconds", absl::ToInt64Seconds(config.drain)}}},
  };
  toml::array redact;
  for (const RedactionRule& rule : config.redact) {
    redact.push_back(toml::table{{"path", rule.path}, {"audience", rule.audience}});
  }
  if (!redact.empty()) table.insert("redact", std::move(redact));
  std::ostringstream text;
  text << table << "\n";
  return text.str();
}

}  // namespace cairn
