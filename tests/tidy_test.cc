// The habits of the house, checked on the source itself: layering, who may talk to what, comments, bounds.
//
// Every check is a function from files to findings ("path:line: what"), so that it is itself tested on small inputs
// before it is let loose on the tree.
#include <gmock/gmock.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/source_directory.h"
#include "tests/tidy_layers.h"

namespace cairn {
namespace {
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
constexpr size_t file_lines_max = 500;  // a file that one sitting can read

struct SourceFile {
  std::string path, text;  // path: from the top of the source tree, with slashes
};
using Files = std::vector<SourceFile>;
using Findings = std::vector<std::string>;

std::string At(const SourceFile& file, size_t line, const std::string& what) {
  return file.path + ":" + std::to_string(line) + ": " + what;
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool IsUnder(const std::string& path, const std::string& folder) { return path.starts_with(folder + "/"); }
bool IsCpp(const std::string& path) { return path.ends_with(".cc") || path.ends_with(".h"); }
std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// True when `word` stands in `text` with no letter, digit or underscore beside it (where it ends in one itself).
bool HasWord(const std::string& text, const std::string& word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool free_before = at == 0 || !IsWordChar(text[at - 1]);
    if (free_before && (end == text.size() || !IsWordChar(word.back()) || !IsWordChar(text[end]))) return true;
  }
  return false;
}

// Where the comment, text or character literal that begins at `at` ends; `at` when none begins there.
size_t LiteralEnd(const std::string& text, size_t at) {
  const auto end_of = [&](const std::string& mark, size_t from) {
    const size_t found = text.find(mark, from);
    return found == std::string::npos ? text.size() : found + mark.size();
  };
  if (text.compare(at, 2, "//") == 0) return std::min(text.find('\n', at), text.size());
  if (text.compare(at, 2, "/*") == 0) return end_of("*/", at + 2);
  if (text.compare(at, 2, "R\"") == 0 && (at == 0 || !IsWordChar(text[at - 1]))) {
    const size_t open = text.find('(', at);
    if (open != std::string::npos) return end_of(")" + text.substr(at + 2, open - at - 2) + "\"", open);
  }
  const char quote = text[at];
  const bool digit_separator = quote == '\'' && at > 0 && IsWordChar(text[at - 1]);
  if ((quote != '"' && quote != '\'') || digit_separator) return at;
  size_t end = at + 1;
  while (end < text.size() && text[end] != quote) end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

// The code alone: comments and literals become spaces, lines stay.
std::string WithoutLiterals(std::string text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = LiteralEnd(text, at);
    for (size_t i = at; i < end; ++i) text[i] = text[i] == '\n' ? '\n' : ' ';
    at = std::max(at + 1, end);
  }
  return text;
}

struct Include {
  size_t line;
  std::string path;
};

std::vector<Include> IncludesOf(const SourceFile& file) {
  std::vector<Include> includes;
  const auto lines = Lines(file.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("#include")) continue;
    const size_t open = lines[i].find_first_of("\"<");
    const size_t close = open == std::string::npos ? open : lines[i].find_first_of("\">", open + 1);
    if (close != std::string::npos) includes.push_back({i + 1, lines[i].substr(open + 1, close - open - 1)});
  }
  return includes;
}

bool IsOurs(const std::string& path) {
  return IsUnder(path, "common") || IsUnder(path, "server") || IsUnder(path, "client");
}

Findings CheckLayering(const Files& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path) || !IsOurs(file.path)) continue;
    const std::string folder = FolderOf(file.path);
    const auto layer = Layers().find(folder);
    if (layer == Layers().end()) {
      findings.push_back(At(file, 1, folder + " has no place in the layering; give it one in Layers()"));
      continue;
    }
    for (const Include& include : IncludesOf(file)) {
      const bool tests = IsUnder(include.path, "tests");
      if (!tests && (!IsOurs(include.path) || FolderOf(include.path) == folder)) continue;
      if (tests || !layer->second.contains(FolderOf(include.path))) {
        findings.push_back(At(file, include.line, folder + " may not include " + include.path));
      }
    }
  }
  return findings;
}

bool IsGrpcHeader(const std::string& path) {
  return path.starts_with("grpcpp/") || path.starts_with("grpc/") || path.ends_with(".grpc.pb.h");
}

bool MaySeeGrpc(const std::string& path) {
  return IsUnder(path, "server/rpc") || path.starts_with("server/replicate/grpc_") || FolderOf(path) == "server" ||
         IsUnder(path, "client") || IsUnder(path, "tests");
}

Findings CheckBorders(const Files& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path)) continue;
    for (const Include& include : IncludesOf(file)) {
      if (include.path == "sqlite3.h" && !IsUnder(file.path, "server/store") && !IsUnder(file.path, "tests")) {
        findings.push_back(At(file, include.line, "only server/store sees SQLite"));
      }
      if (IsGrpcHeader(include.path) && !MaySeeGrpc(file.path)) {
        findings.push_back(At(file, include.line, "gRPC stops at server/rpc, server/replicate/grpc_* and the client"));
      }
    }
  }
  return findings;
}

void CheckWords(const SourceFile& file, const std::vector<std::string>& words, const std::string& what,
                Findings* findings) {
  const std::vector<std::string> lines = Lines(WithoutLiterals(file.text));
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& word : words) {
      if (HasWord(lines[i], word)) findings->push_back(At(file, i + 1, word + ": " + what));
    }
  }
}

// Time and chance are passed in.
Findings CheckTimeAndChance(const Files& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path) || !IsOurs(file.path)) continue;
    if (!file.path.starts_with("common/base/clock.")) {
      CheckWords(file,
                 {"absl::Now", "system_clock::now", "steady_clock::now", "high_resolution_clock::now", "gettimeofday",
                  "clock_gettime", "time(nullptr)", "time(NULL)", "time(0)", "time(&"},
                 "only common/base/clock.cc reads the time", &findings);
    }
    if (!file.path.starts_with("common/base/random") && !IsUnder(file.path, "common/crypto")) {
      CheckWords(file, {"random_device", "rand(", "srand(", "RAND_bytes"}, "randomness is passed in", &findings);
    }
    if (!IsUnder(file.path, "client")) {  // what runs in the simulator; the jitter of a client's retries does not
      CheckWords(file, {"absl::BitGen", "absl::InsecureBitGen"}, "randomness is passed in", &findings);
    }
  }
  return findings;
}

// Words that mark work as not done. Written in halves, so that this file passes its own check.
Findings CheckNothingUnfinished(const Files& files) {
  // clang-format off
  static const std::vector<std::string> marks = {"TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK", "PLACE" "HOLDER",
                                                 "not imple" "mented yet"};
  // clang-format on
  Findings findings;
  for (const SourceFile& file : files) {
    const std::vector<std::string> lines = Lines(file.text);
    for (size_t i = 0; i < lines.size(); ++i) {
      for (const std::string& mark : marks) {
        if (HasWord(lines[i], mark)) findings.push_back(At(file, i + 1, "unfinished: " + mark));
      }
    }
  }
  return findings;
}

Findings CheckShape(const Files& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path)) continue;
    const std::vector<std::string> lines = Lines(file.text);
    if (lines.size() > file_lines_max) {
      findings.push_back(At(file, lines.size(), "more than " + std::to_string(file_lines_max) + " lines; split it"));
    }
    if (file.path.ends_with(".h") && std::find(lines.begin(), lines.end(), "#pragma once") == lines.end()) {
      findings.push_back(At(file, 1, "a header without #pragma once"));
    }
  }
  return findings;
}

Findings CheckLimitsAreExplained(const Files& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (file.path != "common/base/limits.h") continue;
    const std::vector<std::string> lines = Lines(file.text);
    for (size_t i = 0; i < lines.size(); ++i) {
      const bool above = i > 0 && lines[i - 1].starts_with("// ") && !lines[i - 1].starts_with("// ---");
      if (Contains(lines[i], "constexpr ") && !Contains(lines[i], "//") && !above) {
        findings.push_back(At(file, i + 1, "a limit without its reason"));
      }
    }
  }
  return findings;
}

// R7 (confinement) concerns audiences besides the public one, which have no feeds yet.
Findings CheckInvariantsAreTested(const Files& files) {
  Findings findings;
  for (const std::string invariant : {"R1", "R2", "R3", "R4", "R5", "R6", "R8"}) {
    const bool named = std::any_of(files.begin(), files.end(), [&](const SourceFile& file) {
      return IsUnder(file.path, "tests") && file.path.ends_with("_test.cc") && file.path != "tests/tidy_test.cc" &&
             HasWord(file.text, invariant);
    });
    if (!named) findings.push_back("tests:1: no test names invariant " + invariant);
  }
  return findings;
}

// Finds the elements of one .proto file that have no comment before them.
class ProtoCommentCheck {
 public:
  ProtoCommentCheck(const SourceFile& file, Findings* findings) : file_(file), findings_(findings) {
    google::protobuf::io::ArrayInputStream stream(file.text.data(), static_cast<int>(file.text.size()));
    google::protobuf::io::Tokenizer tokenizer(&stream, nullptr);
    google::protobuf::compiler::Parser parser;
    parsed_ = parser.Parse(&tokenizer, &proto_);
    for (const auto& location : proto_.source_code_info().location()) {
      locations_[{location.path().begin(), location.path().end()}] = &location;
    }
  }

  void Run() {
    if (!parsed_) return findings_->push_back(At(file_, 1, "not a .proto file"));
    for (int i = 0; i < proto_.message_type_size(); ++i) Message(proto_.message_type(i), {4, i});
    for (int i = 0; i < proto_.enum_type_size(); ++i) Enum(proto_.enum_type(i), {5, i});
    for (int i = 0; i < proto_.service_size(); ++i) Service(proto_.service(i), {6, i});
  }

 private:
  // As in google.protobuf.SourceCodeInfo: field numbers and indexes, from the file down to the element.
  using Path = std::vector<int>;

  static Path Below(Path path, int field, int index) {
    path.insert(path.end(), {field, index});
    return path;
  }

  void Element(const std::string& name, const Path& path) {
    const auto found = locations_.find(path);
    if (found != locations_.end() && !found->second->leading_comments().empty()) return;
    const int line = found == locations_.end() ? 0 : found->second->span(0);
    findings_->push_back(At(file_, static_cast<size_t>(line) + 1, name + " has no comment"));
  }

  // Map entries and the oneofs of optional fields are the compiler's own.
  void Message(const google::protobuf::DescriptorProto& message, const Path& path) {
    if (message.options().map_entry()) return;
    Element(message.name(), path);
    std::set<int> synthetic;
    for (int i = 0; i < message.field_size(); ++i) {
      if (message.field(i).proto3_optional()) synthetic.insert(message.field(i).oneof_index());
      Element(message.name() + "." + message.field(i).name(), Below(path, 2, i));
    }
    for (int i = 0; i < message.oneof_decl_size(); ++i) {
      if (synthetic.contains(i)) continue;
      Element(message.name() + "." + message.oneof_decl(i).name(), Below(path, 8, i));
    }
    for (int i = 0; i < message.nested_type_size(); ++i) Message(message.nested_type(i), Below(path, 3, i));
    for (int i = 0; i < message.enum_type_size(); ++i) Enum(message.enum_type(i), Below(path, 4, i));
  }

  void Enum(const google::protobuf::EnumDescriptorProto& type, const Path& path) {
    Element(type.name(), path);
    for (int i = 0; i < type.value_size(); ++i) Element(type.name() + "." + type.value(i).name(), Below(path, 2, i));
  }

  void Service(const google::protobuf::ServiceDescriptorProto& service, const Path& path) {
    Element(service.name(), path);
    for (int i = 0; i < service.method_size(); ++i) {
      Element(service.name() + "." + service.method(i).name(), Below(path, 2, i));
    }
  }

  const SourceFile& file_;
  google::protobuf::FileDescriptorProto proto_;
  bool parsed_ = false;
  std::map<Path, const google::protobuf::SourceCodeInfo_Location*> locations_;
  Findings* const findings_;
};

Findings CheckProtoComments(const Files& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (file.path.ends_with(".proto")) ProtoCommentCheck(file, &findings).Run();
  }
  return findings;
}

// The source tree. Sample data is not source.
const Files& Tree() {
  static const Files files = [] {
    namespace fs = std::filesystem;
    const fs::path root = SourceDirectory();
    Files found;
    for (const std::string top : {"common", "server", "client", "proto", "tests", "deploy"}) {
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
        const std::string path = fs::relative(entry.path(), root).generic_string();
        if (!entry.is_regular_file() || IsUnder(path, "deploy/sample") || path.ends_with(".json")) continue;
        std::ifstream stream(entry.path(), std::ios::binary);
        found.push_back({path, std::string(std::istreambuf_iterator<char>(stream), {})});
      }
    }
    return found;
  }();
  return files;
}

// --- the checks, on small inputs

TEST(TidyChecksTest, LayeringRefusesAnArrowUpAndAFolderWithoutPlace) {
  EXPECT_THAT(CheckLayering({{"server/misc/a.cc", ""}}), SizeIs(1));
  EXPECT_THAT(CheckLayering({{"common/record/a.cc", "// A\n#include \"server/store/store.h\"\n"}}),
              ElementsAre("common/record/a.cc:2: common/record may not include server/store/store.h"));
  EXPECT_THAT(CheckLayering({{"client/cli/a.cc", "#include \"server/config.h\"\n"}}), SizeIs(1));
  EXPECT_THAT(CheckLayering({{"server/node.cc", "#include \"tests/fakes/a.h\"\n"}}), SizeIs(1));
}

TEST(TidyChecksTest, LayeringAllowsArrowsDownAndOtherPeoplesHeaders) {
  EXPECT_THAT(CheckLayering({{"server/rpc/a.h",
                              "#include <string>\n#include \"absl/status/status.h\"\n"
                              "#include \"cairn/v1/feed.pb.h\"\n#include \"server/store/b.h\"\n"}}),
              IsEmpty());
}

TEST(TidyChecksTest, SqliteStaysInTheStore) {
  EXPECT_THAT(CheckBorders({{"server/rpc/a.cc", "#include <sqlite3.h>\n"}}), SizeIs(1));
  EXPECT_THAT(CheckBorders({{"server/store/a.cc", "#include <sqlite3.h>\n"}}), IsEmpty());
}

TEST(TidyChecksTest, GrpcStopsAtTheBorder) {
  EXPECT_THAT(CheckBorders({{"server/replicate/session.cc", "#include <grpcpp/grpcpp.h>\n"}}), SizeIs(1));
  EXPECT_THAT(CheckBorders({{"server/feed/a.h", "#include \"cairn/v1/replication.grpc.pb.h\"\n"}}), SizeIs(1));
  EXPECT_THAT(CheckBorders({{"server/replicate/grpc_server.cc", "#include <grpcpp/grpcpp.h>\n"},
                            {"server/main.cc", "#include <grpcpp/grpcpp.h>\n"}}),
              IsEmpty());
}

TEST(TidyChecksTest, OnlyTheClockReadsTheTime) {
  EXPECT_THAT(CheckTimeAndChance({{"server/a.cc", "auto t = absl::Now();\n"}}), SizeIs(1));
  EXPECT_THAT(CheckTimeAndChance({{"server/a.cc", "\nauto t = std::chrono::steady_clock::now();\n"}}),
              ElementsAre("server/a.cc:2: steady_clock::now: only common/base/clock.cc reads the time"));
  EXPECT_THAT(CheckTimeAndChance({{"server/a.cc", "auto t = ::time(nullptr);\n"}}), SizeIs(1));
  EXPECT_THAT(CheckTimeAndChance({{"common/base/clock.cc", "auto t = absl::Now();\n"}}), IsEmpty());
}

TEST(TidyChecksTest, ChanceIsPassedIn) {
  EXPECT_THAT(CheckTimeAndChance({{"server/a.cc", "std::random_device seed; int x = rand();\n"}}), SizeIs(2));
  EXPECT_THAT(CheckTimeAndChance({{"common/crypto/random.cc", "RAND_bytes(p, 8);\n"}}), IsEmpty());
}

TEST(TidyChecksTest, CommentsAndLiteralsAreNotCode) {
  EXPECT_THAT(CheckTimeAndChance({{"server/a.cc",
                                   "// absl::Now()\n/* rand() */ int n = 1'000; const char* s = \"\\\"rand()\";\n"
                                   "const char* sql = R\"sql(rand() \")sql\"; char q = '\"';\nint strand(int);\n"}}),
              IsEmpty());
  EXPECT_THAT(CheckTimeAndChance({{"server/a.cc", "int n = 1'000; int x = rand();\n"}}), SizeIs(1));
}

TEST(TidyChecksTest, UnfinishedWorkIsFound) {
  EXPECT_THAT(CheckNothingUnfinished({{"deploy/a", std::string("fine\n# TO") + "DO: more\n"}}),
              ElementsAre(std::string("deploy/a:2: unfinished: TO") + "DO"));
  EXPECT_THAT(CheckNothingUnfinished({{"deploy/a", "mktemp /tmp/a.XXXXXX\n"}}), IsEmpty());
}

TEST(TidyChecksTest, LongFilesAndUnguardedHeadersAreFound) {
  const std::string line = "int a;\n";
  std::string text;
  for (size_t i = 0; i < file_lines_max; ++i) text += line;
  EXPECT_THAT(CheckShape({{"server/a.cc", text}}), IsEmpty());
  EXPECT_THAT(CheckShape({{"server/a.cc", text + line}}),
              ElementsAre("server/a.cc:501: more than 500 lines; split it"));
  EXPECT_THAT(CheckShape({{"server/a.h", line}}), ElementsAre("server/a.h:1: a header without #pragma once"));
}

TEST(TidyChecksTest, ALimitNeedsItsReason) {
  const std::string path = "common/base/limits.h";
  EXPECT_THAT(CheckLimitsAreExplained({{path, "// --- records\ninline constexpr int a = 1;\n"}}),
              ElementsAre(path + ":2: a limit without its reason"));
  EXPECT_THAT(
      CheckLimitsAreExplained({{path, "inline constexpr int a = 1;  // since\n// since\nconstexpr int b = 2;\n"}}),
      IsEmpty());
}

TEST(TidyChecksTest, AnInvariantThatNoTestNamesIsFound) {
  const Files files = {{"tests/server/feed/a_test.cc", "// R1 R2 R3 R4 R5\nTEST(A, R6) {}\n// R81\n"}};
  EXPECT_THAT(CheckInvariantsAreTested(files), ElementsAre("tests:1: no test names invariant R8"));
}

TEST(TidyChecksTest, EveryProtoElementNeedsAComment) {
  const std::string bare =
      "syntax = \"proto3\";\nmessage A {\n  int32 b = 1;\n  oneof c {\n    int32 d = 2;\n  }\n  map<string, string> e "
      "= 3;\n"
      "  message F {}\n}\nenum G {\n  H = 0;\n}\nservice I {\n  rpc J(A) returns (A);\n}\n";
  EXPECT_THAT(CheckProtoComments({{"proto/a.proto", bare}}),
              ElementsAre("proto/a.proto:2: A has no comment", "proto/a.proto:3: A.b has no comment",
                          "proto/a.proto:5: A.d has no comment", "proto/a.proto:7: A.e has no comment",
                          "proto/a.proto:4: A.c has no comment", "proto/a.proto:8: F has no comment",
                          "proto/a.proto:10: G has no comment", "proto/a.proto:11: G.H has no comment",
                          "proto/a.proto:13: I has no comment", "proto/a.proto:14: I.J has no comment"));
  const std::string good = "syntax = \"proto3\";\n// A.\nmessage A {\n  // B.\n  optional double b = 1;\n}\n";
  EXPECT_THAT(CheckProtoComments({{"proto/a.proto", good}}), IsEmpty());
  EXPECT_THAT(CheckProtoComments({{"proto/a.proto", "message {"}}), SizeIs(1));
}

// --- the tree

TEST(TidyTest, TheTreeIsRead) { EXPECT_GT(Tree().size(), 50u); }
TEST(TidyTest, ArrowsPointDown) { EXPECT_THAT(CheckLayering(Tree()), IsEmpty()); }
TEST(TidyTest, LibrariesStayBehindTheirBorders) { EXPECT_THAT(CheckBorders(Tree()), IsEmpty()); }
TEST(TidyTest, TimeAndChanceArePassedIn) { EXPECT_THAT(CheckTimeAndChance(Tree()), IsEmpty()); }
TEST(TidyTest, NothingIsMarkedUnfinished) { EXPECT_THAT(CheckNothingUnfinished(Tree()), IsEmpty()); }
TEST(TidyTest, FilesAreShortAndHeadersGuarded) { EXPECT_THAT(CheckShape(Tree()), IsEmpty()); }
TEST(TidyTest, EveryLimitHasItsReason) { EXPECT_THAT(CheckLimitsAreExplained(Tree()), IsEmpty()); }
TEST(TidyTest, EveryInvariantIsNamedByATest) { EXPECT_THAT(CheckInvariantsAreTested(Tree()), IsEmpty()); }
TEST(TidyTest, EveryProtoElementHasAComment) { EXPECT_THAT(CheckProtoComments(Tree()), IsEmpty()); }

}  // namespace
}  // namespace cairn
