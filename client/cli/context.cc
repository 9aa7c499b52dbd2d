#include "client/cli/context.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cli/text_width.h"
#include "common/base/data_dir.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr absl::string_view default_directory = "/var/lib/cairn";  // of a packaged node

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

absl::StatusOr<Client*> Context::client() {
  if (client_ == nullptr) {
    ASSIGN_OR_RETURN(const NodeTarget target, Target());
    RETURN_IF_ERROR(CheckPresent(target));
    client_ = std::make_unique<Client>(target, environment_.call);
  }
  return client_.get();
}

}  // namespace cairn
