// Colours, used sparingly and only on a terminal. Nothing is said by colour alone.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cairn {

// What a piece of text means to the reader.
enum class Tone { kPlain, kStrong, kQuiet, kGood, kWarning, kBad };

// Paints text with the colours of ANSI X3.64, or leaves it alone.
class Style {
 public:
  explicit Style(bool colour) : colour_(colour) {}

  std::string Paint(Tone tone, absl::string_view text) const {
    const absl::string_view code = Code(tone);
    if (!colour_ || code.empty() || text.empty()) return std::string(text);
    return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
  }
  std::string Strong(absl::string_view text) const { return Paint(Tone::kStrong, text); }
  std::string Quiet(absl::string_view text) const { return Paint(Tone::kQuiet, text); }
  bool colour() const { return colour_; }

 private:
  static absl::string_view Code(Tone tone) {
    switch (tone) {
      case Tone::kPlain:
        return "";
      case Tone::kStrong:
        return "1";
      case Tone::kQuiet:
        return "2";
      case Tone::kGood:
        return "32";
      case Tone::kWarning:
        return "33";
      case Tone::kBad:
        return "31";
    }
    return "";
  }

  bool colour_;
};

}  // namespace cairn
