// What every command works with: where it writes, which node it speaks to, and what the global options say.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cairn/client.h"
#include "client/cli/json_text.h"
#include "client/cli/progress.h"
#include "client/cli/style.h"
#include "common/base/clock.h"
#include "common/base/random.h"

namespace cairn {

// The world around the program; tests make their own. Nothing is owned.
struct Environment {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // Columns of the terminal; 0 when there is none.
  size_t columns = 0;
  Clock* clock = Clock::Real();
  Random* random = nullptr;
  // An environment variable; nullopt when it is not set.
  std::function<std::optional<std::string>(const std::string&)> variable;
  CallOptions call;
};

// How the program ends.
enum ExitCode { kDone = 0, kFailed = 1, kWrongUsage = 2 };

// An error in what was typed: the program ends with kWrongUsage.
absl::Status UsageError(absl::string_view message);
bool IsUsageError(const absl::Status& status);

// What a command does once its arguments are parsed. An error is printed by the caller; kFailed without an error means
// that the command has said why.
using Action = std::function<absl::StatusOr<ExitCode>()>;

class Context {
 public:
  explicit Context(Environment environment) : environment_(std::move(environment)) {}

  // --- set by the global options
  std::string node;
  std::string data;
  bool json = false;
  // For a node at an address; each may also stand in the environment (CAIRN_TOKEN_FILE, CAIRN_CA, CAIRN_PIN).
  std::string token_file;
  std::string ca_file;
  std::string pin;
  std::string certificate_file;
  std::string key_file;
  // Set by the command that was chosen.
  Action action;

  // --- where to write
  std::ostream& out() { return *environment_.out; }
  std::ostream& err() { return *environment_.err; }
  // Colours only on a terminal, and never when NO_COLOR is set (no-color.org) or TERM is "dumb".
  Style style() const { return Style(environment_.out_is_terminal && ColourWanted()); }
  Style err_style() const { return Style(environment_.err_is_terminal && ColourWanted()); }
  // Columns to fit into; 0 for no bound (a pipe).
  size_t columns() const { return environment_.out_is_terminal ? environment_.columns : 0; }
  // Text that ends in a line end, with its lines broken between words to fit the terminal.
  std::string Wrapped(absl::string_view text) const;
  // Columns for running text, which is hard to read in long lines.
  size_t text_columns() const;
  std::unique_ptr<Progress> NewProgress();
  // Writes one JSON document.
  void PrintJson(const Json& json) { out() << JsonDocument(json) << "\n"; }
  // Writes one line of JSON, at once: whoever reads a stream wants it as it comes.
  void PrintJsonLine(const Json& json) { out() << JsonLine(json) << std::endl; }

  // --- the world
  Clock* clock() { return environment_.clock; }
  absl::Time now() { return environment_.clock->Now(); }
  Random* random() { return environment_.random; }
  // Empty when not set.
  std::string Variable(const std::string& name) const;

  // Where the node is: --node, else the socket in --data, else CAIRN_NODE, else the socket in CAIRN_DATA, else that in
  // the data directory of a packaged node.
  absl::StatusOr<NodeTarget> Target() const;
  // The client of that node; made once. UNAVAILABLE when there is none.
  absl::StatusOr<Client*> client();

 private:
  bool ColourWanted() const;
  absl::StatusOr<ChannelSecurity> SecurityOf(const NodeTarget& target) const;

  Environment environment_;
  std::unique_ptr<Client> client_;
};

}  // namespace cairn
