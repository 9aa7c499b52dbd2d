#include "common/formats/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "unicode/utf8.h"

namespace cairn {
namespace {

// Every decimal of so many digits survives a double (DBL_DIG).
constexpr int exact_digits_max = 15;
constexpr double whole_double_max = 9007199254740992.0;  // 2^53: whole numbers below are exact
constexpr double decimal_max = 1e15;

int SignificantDigits(absl::string_view number) {
  number = number.substr(0, number.find_first_of("eE"));
  int digits = 0;
  for (const char c : number) {
    if (absl::ascii_isdigit(c) && (digits > 0 || c != '0')) ++digits;
  }
  return digits;
}

Json RawNumber(const std::string& text) { return Json::binary(std::vector<std::uint8_t>(text.begin(), text.end())); }

std::string RawText(const Json& value) {
  const auto& bytes = value.get_binary();
  return std::string(bytes.begin(), bytes.end());
}

// Builds the value from the parser's events; false stops the parser, `error` says why.
class Builder {
 public:
  bool null() { return Add(nullptr); }
  bool boolean(bool value) { return Add(value); }
  bool number_integer(int64_t value) { return Add(value); }
  bool number_unsigned(uint64_t value) { return Add(value); }
  bool number_float(double value, const std::string& text) {
    return SignificantDigits(text) <= exact_digits_max ? Add(value) : Add(RawNumber(text));
  }
  bool string(std::string& value) { return Add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { return Open(Json::object()); }
  bool start_array(size_t) { return Open(Json::array()); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool key(std::string& name);
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& exception);

  Json root;
  std::string error;

 private:
  Json* Place(Json value);
  bool Add(Json value) { return Place(std::move(value)) != nullptr; }
  bool Open(Json value);
  bool Close() {
    open_.pop_back();
    return true;
  }
  std::vector<Json*> open_;
  Json* slot_ = nullptr;
};

bool Builder::key(std::string& name) {
  const auto [at, fresh] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
  slot_ = &at->second;
  if (!fresh) error = absl::StrCat("the property ", Quoted(name), " is given twice in one object; keep one");
  return fresh;
}

bool Builder::parse_error(size_t, const std::string&, const nlohmann::detail::exception& exception) {
  absl::string_view what = exception.what();
  what = what.substr(what.find("] ") + 2);  // behind the library's own error number
  error = absl::StrCat("not JSON: ", what.substr(0, 200));
  return false;
}

Json* Builder::Place(Json value) {
  if (open_.empty()) return &(root = std::move(value));
  if (open_.back()->is_array()) return &open_.back()->emplace_back(std::move(value));
  return &(*slot_ = std::move(value));
}

bool Builder::Open(Json value) {
  if (open_.size() >= static_cast<size_t>(limits::import_json_depth_max)) {
    error =
        absl::StrCat("JSON nested deeper than ", limits::import_json_depth_max, " levels; a directory entry nests 8");
    return false;
  }
  open_.push_back(Place(std::move(value)));
  return true;
}

bool HasRawNumber(const Json& value) {
  if (value.is_binary()) return true;
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(), [](const Json& child) { return HasRawNumber(child); });
}

void Dump(const Json& value, std::string* out) {
  if (value.is_binary()) {
    out->append(RawText(value));
    return;
  }
  if (!value.is_structured()) {
    out->append(value.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  out->push_back(value.is_object() ? '{' : '[');
  const size_t begin = out->size();
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (out->size() > begin) out->push_back(',');
    if (value.is_object())
      absl::StrAppend(out, Json(it.key()).dump(-1, ' ', false, Json::error_handler_t::replace), ":");
    Dump(*it, out);
  }
  out->push_back(value.is_object() ? '}' : ']');
}

// The end of the string whose opening quote stands at `at`: behind its closing quote, or the end of the text.
size_t EndOfString(absl::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

// The end of the value that begins at `at`: the comma or bracket that closes it on its own level.
size_t EndOfValue(absl::string_view text, size_t at) {
  for (int depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = EndOfString(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return text.size();
}

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  if (const std::optional<size_t> bad = FirstBadUtf8(text); bad.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("byte ", *bad + 1, " (0x",
                                                   absl::Hex(static_cast<unsigned char>(text[*bad]), absl::kZeroPad2),
                                                   ") is not UTF-8; save the file as UTF-8"));
  }
  Builder builder;
  const bool parsed = Json::sax_parse(text.begin(), text.end(), &builder);
  if (!parsed) return absl::InvalidArgumentError(builder.error.empty() ? "not JSON" : builder.error);
  return std::move(builder.root);
}

std::string DumpJson(const Json& value) {
  if (!HasRawNumber(value)) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  Dump(value, &out);
  return out;
}

Json JsonOfExtra(const std::string& text) {
  absl::StatusOr<Json> value = ParseJson(text);
  return value.ok() ? *std::move(value) : Json(text);
}

std::optional<double> DoubleOf(const Json& value) {
  double number = 0;
  if (value.is_number_float()) return value.get<double>();
  if (value.is_number()) {
    number = value.get<double>();
    if (std::abs(number) > whole_double_max) return std::nullopt;
    return number;
  }
  if (!value.is_binary() || !absl::SimpleAtod(RawText(value), &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

Json NumberOf(double value) {
  if (std::abs(value) < whole_double_max && std::trunc(value) == value) return static_cast<int64_t>(value);
  return value;
}

std::optional<std::string> DecimalOf(const Json& value) {
  if (value.is_binary()) {
    const std::string text = RawText(value);
    if (text.find_first_of("eE") != std::string::npos || text.size() > 40) return std::nullopt;
    return text;
  }
  const std::optional<double> number = DoubleOf(value);
  if (!number.has_value() || std::abs(*number) >= decimal_max || (*number != 0 && std::abs(*number) < 1e-15)) {
    return std::nullopt;
  }
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), *number, std::chars_format::fixed);
  return std::string(digits, end.ptr);
}

std::optional<size_t> FirstBadUtf8(absl::string_view text) {
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t at = 0; at < length;) {
    if (static_cast<unsigned char>(text[static_cast<size_t>(at)]) < 0x80) {
      ++at;
      continue;
    }
    const int32_t begin = at;
    UChar32 c;
    U8_NEXT(text.data(), at, length, c);
    if (c < 0) return static_cast<size_t>(begin);
  }
  return std::nullopt;
}

std::vector<std::pair<absl::string_view, absl::string_view>> TopLevelProperties(absl::string_view text) {
  std::vector<std::pair<absl::string_view, absl::string_view>> properties;
  size_t at = text.find_first_not_of(" \t\r\n");
  if (at == absl::string_view::npos || text[at] != '{') return properties;
  for (++at; (at = text.find('"', at)) != absl::string_view::npos;) {
    const size_t name_end = EndOfString(text, at);
    const size_t colon = text.find(':', name_end);
    if (colon == absl::string_view::npos) break;
    const size_t end = EndOfValue(text, colon + 1);
    properties.emplace_back(text.substr(at + 1, name_end - at - 2),
                            absl::StripAsciiWhitespace(text.substr(colon + 1, end - colon - 1)));
    if (end >= text.size() || text[end] != ',') break;
    at = end + 1;
  }
  return properties;
}

}  // namespace cairn
