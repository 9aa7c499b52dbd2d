// The conditions that search, list, watch and export share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cairn/v1/directory.pb.h"

namespace cairn {

// What was typed.
struct FilterOptions {
  std::vector<std::string> kinds;
  std::vector<std::string> countries;
  std::vector<std::string> languages;
  std::vector<std::string> terms;
  std::vector<std::string> partners;
  std::string near;
  double within_km = 0;
  std::string on_date;
  bool open_now = false;
  std::string from_date;
  std::string to_date;
  std::vector<std::string> modes;
  std::vector<std::string> months;
  std::vector<std::string> freshness;
  bool stale = false;
};

void AddFilterOptions(CLI::App* command, FilterOptions* options);

// The filter; countries, languages and kinds in any spelling that has one meaning ("pl", "polski", "services").
// A usage error names the option and what would be right.
absl::StatusOr<v1::RecordFilter> MakeFilter(const FilterOptions& options);

// The options as they can be typed again in a shell, each with a space before it.
std::string FilterArguments(const FilterOptions& options);

// A word as a shell takes it.
std::string ShellQuoted(const std::string& word);

}  // namespace cairn
