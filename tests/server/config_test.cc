#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/data_dir.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char least[] = "partner = \"pl-x\"\nnode = \"pl-x-1\"\n";

// `least` with more lines, as "/data/node.toml"; the added lines begin at line 3.
absl::StatusOr<NodeConfig> ParseWith(const std::string& more) { return ParseConfig(least + more, "/data/node.toml"); }

std::string ErrorOf(const absl::StatusOr<NodeConfig>& config) {
  if (config.ok()) return "no error";
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(config.status().message());
}
std::string ErrorWith(const std::string& more) { return ErrorOf(ParseWith(more)); }

TEST(ConfigTest, MetricsAreServedOnThisMachineAlone) {
  for (const char* good : {"127.0.0.1:9464", "127.0.0.2:0", "[::1]:9464"}) {
    EXPECT_EQ(ParseWith(absl::StrCat("[http]\nmetrics_listen = \"", good, "\"\n"))->http_metrics_listen, good);
  }
  for (const char* bad :
       {"0.0.0.0:9464", "192.0.2.1:9464", "127.0.0.1", "[::]:9464", "127.example.org:80", "localhost:80"}) {
    EXPECT_THAT(ErrorWith(absl::StrCat("[http]\nmetrics_listen = \"", bad, "\"\n")),
                AllOf(HasSubstr("line 4"), HasSubstr(bad), HasSubstr("this machine alone")));
  }
}

TEST(ConfigTest, TakesTheTextThatNodeInitWrites) {
  const auto config = ParseConfig(
      NodeTomlText({"pl-x", "pl-x-1", "Warsaw \"one\"", "0.0.0.0:7443", "node.example.org:7443"}), "/data/node.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->partner, "pl-x");
  EXPECT_EQ(config->node, "pl-x-1");
  EXPECT_EQ(config->name, "Warsaw \"one\"");
  EXPECT_EQ(config->listen, "0.0.0.0:7443");
  EXPECT_EQ(config->advertise, "node.example.org:7443");
}

// The text that node init writes, with each setting's "#" taken away.
std::string WithDefaultsWrittenOut() {
  std::string text = NodeTomlText({"pl-x", "pl-x-1", "", "", ""});
  for (size_t at = 0; (at = text.find("\n#", at)) != std::string::npos; ++at) {
    if (text[at + 2] != ' ') text.erase(at + 1, 1);
  }
  return text;
}

TEST(ConfigTest, TheDefaultsThatNodeInitDescribesAreThoseInEffect) {
  const std::string text = WithDefaultsWrittenOut();
  ASSERT_THAT(text, HasSubstr("\ndrain_seconds = "));
  const auto written = ParseConfig(text, "/data/node.toml");
  const auto defaults = ParseWith("");
  ASSERT_TRUE(written.ok()) << written.status();
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_EQ(EffectiveSettings(*written), EffectiveSettings(*defaults));
}

TEST(ConfigTest, TheExampleIsWhatNodeInitWrites) {
  std::ifstream file(SourceDirectory() / "deploy/example/node.toml");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, NodeTomlText({"pl-example", "pl-example-1", "Example Centre, Warsaw", "0.0.0.0:7443",
                                "cairn.example.org:7443"}));
}

TEST(ConfigTest, AnUnknownKeyNamesTheNearestAndItsLine) {
  EXPECT_THAT(ErrorWith("heartbeat_secs = 45\n"),
              AllOf(HasSubstr("/data/node.toml line 3"), HasSubstr("\"heartbeat_secs\""),
                    HasSubstr("did you mean \"heartbeat_seconds\"?")));
  EXPECT_THAT(ErrorWith("[paths]\ndatabse = \"x.db\"\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("did you mean \"paths.database\"?")));
  EXPECT_THAT(ErrorWith("[limits]\nreader = 4\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("did you mean \"limits.readers\"?")));
}

TEST(ConfigTest, TermsOfUseAreAnAddress) {
  EXPECT_THAT(ErrorWith("[http]\ndata_license = \"CC BY\"\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("\"CC BY\""), HasSubstr("https://")));
}

TEST(ConfigTest, AWrongTypeIsRefusedWithItsLine) {
  EXPECT_THAT(ErrorWith("name = 7\n"), HasSubstr("line 3: name must be a text in quotes"));
  EXPECT_THAT(ErrorWith("heartbeat_seconds = \"45\"\n"), HasSubstr("line 3: heartbeat_seconds must be a whole number"));
  EXPECT_THAT(ErrorWith("heartbeat_seconds = 45.5\n"), HasSubstr("line 3: heartbeat_seconds must be a whole number"));
  EXPECT_THAT(ErrorWith("paths = \"here\"\n"), HasSubstr("line 3: paths must be a table: write [paths]"));
  EXPECT_THAT(ErrorWith("[paths]\ntls_key = true\n"), HasSubstr("line 4: paths.tls_key must be a text in quotes"));
}

struct Range {
  const char* table;
  const char* key;
  int64_t low;
  int64_t high;
};

class ConfigRangeTest : public testing::TestWithParam<Range> {};

TEST_P(ConfigRangeTest, TakesItsBoundsAndNothingBeyond) {
  const Range& range = GetParam();
  const auto line = [&](int64_t value) { return absl::StrCat(range.table, range.key, " = ", value, "\n"); };
  EXPECT_EQ(ErrorWith(line(range.low)), "no error");
  EXPECT_EQ(ErrorWith(line(range.high)), "no error");
  const std::string right = absl::StrCat("must be a whole number from ", range.low, " to ", range.high);
  EXPECT_THAT(ErrorWith(line(range.low - 1)), AllOf(HasSubstr(range.key), HasSubstr(right)));
  EXPECT_THAT(ErrorWith(line(range.high + 1)), AllOf(HasSubstr(range.key), HasSubstr(right)));
}

INSTANTIATE_TEST_SUITE_P(Numbers, ConfigRangeTest,
                         testing::Values(Range{"", "heartbeat_seconds", 1, 3600},
                                         Range{"", "tombstone_retention_days", 7, 36'500},
                                         Range{"[limits]\n", "readers", 1, 64},
                                         Range{"[limits]\n", "watchers", 1, 1000},
                                         Range{"[limits]\n", "drain_seconds", 1, 600}),
                         [](const auto& info) { return std::string(info.param.key); });

TEST(ConfigTest, PartnerAndNodeMustBeThere) {
  EXPECT_THAT(ErrorOf(ParseConfig("node = \"pl-x-1\"\n", "node.toml")), HasSubstr("partner is missing"));
  EXPECT_THAT(ErrorOf(ParseConfig("partner = \"pl-x\"\n", "node.toml")), HasSubstr("node is missing"));
  EXPECT_THAT(ErrorOf(ParseConfig("", "node.toml")), HasSubstr("write partner = "));
}

TEST(ConfigTest, IdsAndAddressesAreChecked) {
  EXPECT_THAT(ErrorOf(ParseConfig("partner = \"PL X\"\nnode = \"n\"\n", "node.toml")),
              AllOf(HasSubstr("line 1"), HasSubstr("\"PL X\": not an id")));
  EXPECT_THAT(ErrorWith("consortium = \"No Id\"\n"), HasSubstr("line 3: consortium \"No Id\": not an id"));
  EXPECT_THAT(ErrorWith("listen = \"7443\"\n"), HasSubstr("line 3: listen \"7443\": not \"host:port\""));
  EXPECT_THAT(ErrorWith("advertise = \"example.org\"\n"), HasSubstr("line 3: advertise \"example.org\""));
  EXPECT_THAT(ErrorWith("advertise = \"example.org:0\"\n"), HasSubstr("advertise"));
  EXPECT_EQ(ErrorWith("listen = \"127.0.0.1:0\"\n"), "no error") << "the system may choose the port to listen on";
}

TEST(ConfigTest, KnowsFourLogLevels) {
  for (const char* level : {"debug", "info", "warning", "error"}) {
    EXPECT_EQ(ErrorWith(absl::StrCat("log_level = \"", level, "\"\n")), "no error");
  }
  EXPECT_EQ(ParseWith("log_level = \"warning\"\n")->log_level, LogLevel::kWarning);
  EXPECT_THAT(ErrorWith("log_level = \"loud\"\n"), HasSubstr("line 3: log_level \"loud\": use debug, info"));
}

TEST(ConfigTest, WhatIsNoTomlSaysWhere) {
  EXPECT_THAT(ErrorWith("listen = \n"), AllOf(HasSubstr("/data/node.toml line 3"), HasSubstr("not TOML")));
  EXPECT_THAT(ErrorWith("node = \"twice\"\n"), HasSubstr("not TOML"));
  EXPECT_THAT(ErrorOf(ParseConfig(absl::string_view("\0\xff[", 3), "node.toml")), HasSubstr("not TOML"));
}

TEST(ConfigTest, RelativePathsAreBelowTheFilesFolder) {
  const auto config = ParseWith("[paths]\ndatabase = \"db/cairn.db\"\nsocket = \"/run/cairn/cairn.sock\"\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->data, "/data");
  EXPECT_EQ(config->database, "/data/db/cairn.db");
  EXPECT_EQ(config->socket, "/run/cairn/cairn.sock");
  EXPECT_EQ(config->tls_key, "/data/keys/node.key");
  EXPECT_EQ(ParseConfig(least, "node.toml")->database, "./cairn.db");
}

TEST(ConfigTest, APathMayNotBeEmpty) {
  EXPECT_THAT(ErrorWith("[paths]\ncharter = \"\"\n"), HasSubstr("line 4: paths.charter must name a file"));
}

TEST(ConfigTest, ASocketPathThatTheSystemCannotTakeIsRefused) {
  const auto socket = [](size_t bytes) { return "[paths]\nsocket = \"/" + std::string(bytes - 1, 's') + "\"\n"; };
  EXPECT_EQ(ErrorWith(socket(107)), "no error");
  EXPECT_THAT(ErrorWith(socket(108)), AllOf(HasSubstr("has 108 bytes; the system allows 107"), HasSubstr("line 4")));
}

TEST(ConfigTest, EffectiveSettingsParseBackToTheSame) {
  const auto config = ParseWith(
      "name = \"Łódź \\\"one\\\"\"\nconsortium = \"test\"\nlisten = \"[::1]:7443\"\nadvertise = \"example.org:7443\"\n"
      "log_level = \"debug\"\nheartbeat_seconds = 30\ntombstone_retention_days = 90\n"
      "[paths]\ndatabase = \"other.db\"\n[limits]\nreaders = 7\nwatchers = 9\ndrain_seconds = 3\n");
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string effective = EffectiveSettings(*config);
  const auto again = ParseConfig(effective, "/data/node.toml");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << effective;
  EXPECT_EQ(EffectiveSettings(*again), effective);
  EXPECT_EQ(again->name, "Łódź \"one\"");
  EXPECT_EQ(again->database, "/data/other.db");
  EXPECT_EQ(again->heartbeat, absl::Seconds(30));
  EXPECT_EQ(again->tombstone_retention, absl::Hours(24 * 90));
  EXPECT_EQ(again->readers, 7);
  EXPECT_EQ(again->watchers, 9);
  EXPECT_EQ(again->drain, absl::Seconds(3));
}

// The table of one client.
std::string AdminClient(const std::string& name, const std::string& role = "reader", char digit = 'a') {
  return absl::StrCat("[[admin.clients]]\nname = \"", name, "\"\nspki_sha256 = \"", std::string(64, digit),
                      "\"\nrole = \"", role, "\"\n");
}

TEST(ConfigTest, TheAdministratorsListenerIsOffAndShowsTheNodesOwnKeyUnlessSaidOtherwise) {
  const auto config = ParseWith("");
  EXPECT_EQ(config->admin_listen, "");
  EXPECT_EQ(config->admin_tls_key, "/data/keys/node.key");
  EXPECT_EQ(config->admin_tls_certificate, "/data/keys/node.crt");
  EXPECT_EQ(config->admin_client_ca, "");
}

TEST(ConfigTest, TheAdministratorsSettingsParseBackToTheSame) {
  const auto config = ParseWith(absl::StrCat(
      "[admin]\nlisten = \"0.0.0.0:7444\"\ntls_key = \"/etc/a.key\"\ntls_certificate = \"a.crt\"\nclient_ca = \"ca\"\n",
      AdminClient("office"), "audiences = [\"consortium\", \"circle:police\"]\n", AdminClient("two", "operator", 'b')));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->admin_tls_key, "/etc/a.key");
  EXPECT_EQ(config->admin_tls_certificate, "/data/a.crt");
  ASSERT_EQ(config->admin_clients.size(), 2u);
  EXPECT_EQ(config->admin_clients[0].spki_sha256, std::string(32, '\xaa'));
  EXPECT_EQ(config->admin_clients[0].audiences.size(), 2u);
  const std::string effective = EffectiveSettings(*config);
  const auto again = ParseConfig(effective, "/data/node.toml");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << effective;
  EXPECT_EQ(EffectiveSettings(*again), effective);
}

TEST(ConfigTest, WhatIsWrongWithTheAdministratorsSettingsIsSaid) {
  const std::string ca = "[admin]\nclient_ca = \"ca\"\n";
  EXPECT_THAT(ErrorWith("[admin]\nlisten = \"7444\"\n"), HasSubstr("line 4: admin.listen \"7444\": not"));
  EXPECT_THAT(ErrorWith("[admin]\nlisen = \"\"\n"), HasSubstr("did you mean \"admin.listen\"?"));
  EXPECT_THAT(ErrorWith("[admin]\nclients = 7\n"), HasSubstr("[[admin.clients]]"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("A B")), HasSubstr("\"A B\": not an id"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a", "admin")), HasSubstr("use reader, editor, publisher or operator"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a", "reader", 'x')), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a") + "audiences = [\"all\"]\n"), HasSubstr("circle:NAME"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a") + "audiences = \"public\"\n"), HasSubstr("a list of texts"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a") + "audiences = [\"circle:police\"]\n"), HasSubstr("without consortium"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a") + AdminClient("a", "reader", 'b')), HasSubstr("twice"));
  EXPECT_THAT(ErrorWith(ca + AdminClient("a") + AdminClient("b")), HasSubstr("twice"));
  EXPECT_THAT(ErrorWith(AdminClient("a")), HasSubstr("need admin.client_ca"));
}

TEST(ConfigTest, AFileThatIsNotThereSaysHowToMakeOne) {
  const auto config = LoadConfig(absl::StrCat(testing::TempDir(), "/no-such-node.toml"));
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(config.status().message(), HasSubstr("cairn node init"));
}

TEST(ConfigTest, LoadsAFile) {
  const std::string path = absl::StrCat(testing::TempDir(), "/config_test.", getpid(), ".toml");
  std::ofstream(path) << least;
  const auto config = LoadConfig(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->partner, "pl-x");
}

TEST(ConfigTest, ReadsRedactionRules) {
  const auto config = ParseWith(
      "[[redact]]\npath = \"location.addresses.address_1\"\naudience = \"consortium\"\n"
      "[[redact]]\npath = \"service.phones\"\naudience = \"circle:police\"\n");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->redact.size(), 2u);
  EXPECT_EQ(config->redact[1].audience, "circle:police");
  EXPECT_THAT(EffectiveSettings(*config), HasSubstr("circle:police"));
}

TEST(ConfigTest, RedactionThatWouldNotWorkIsRefusedWithItsLine) {
  EXPECT_THAT(ErrorWith("[[redact]]\npath = \"location.adress\"\naudience = \"consortium\"\n"), HasSubstr("adress"));
  EXPECT_THAT(ErrorWith("[[redact]]\npath = \"location.name\"\naudiense = \"consortium\"\n"),
              HasSubstr("did you mean \"redact.audience\""));
  EXPECT_THAT(ErrorWith("[redact]\npath = \"location.name\"\n"), HasSubstr("[[redact]]"));
}

}  // namespace
}  // namespace cairn
