// Checks of option values, said as the rest of the program says what is wrong; CLI11's own are for its developers.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"

namespace cairn {

// A whole number within bounds.
inline CLI::Validator WholeNumber(uint64_t min, uint64_t max) {
  const auto check = [min, max](const std::string& text) -> std::string {
    uint64_t value = 0;
    const bool number = absl::SimpleAtoi(text, &value);
    if (number && value >= min && value <= max) return "";
    return absl::StrCat(Quoted(text), number ? ": out of range" : ": not a whole number", "; write ", CountText(min),
                        " to ", CountText(max));
  };
  return CLI::Validator(check, "");
}

// A number within bounds, decimals allowed.
inline CLI::Validator DecimalNumber(double min, double max) {
  const auto check = [min, max](const std::string& text) -> std::string {
    double value = 0;
    const bool number = absl::SimpleAtod(text, &value);
    if (number && value >= min && value <= max) return "";
    return absl::StrCat(Quoted(text), number ? ": out of range" : ": not a number", "; write ", min, " to ", max);
  };
  return CLI::Validator(check, "");
}

// One of a few words.
inline CLI::Validator OneWordOf(std::vector<std::string> words) {
  const auto check = [words](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    return absl::StrCat(Quoted(text), ": not known; write one of ", absl::StrJoin(words, ", "));
  };
  return CLI::Validator(check, "");
}

// "public", "consortium" or "circle:NAME".
inline CLI::Validator Audience() {
  const auto check = [](const std::string& text) -> std::string {
    absl::string_view circle = text;
    if (text == "public" || text == "consortium") return "";
    if (absl::ConsumePrefix(&circle, "circle:") && !circle.empty()) return "";
    return absl::StrCat(Quoted(text), ": not an audience; write public, consortium or circle:NAME");
  };
  return CLI::Validator(check, "");
}

}  // namespace cairn
