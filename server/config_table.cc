#include "server/config_table.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"

namespace cairn {
namespace {

// Levenshtein's distance, row by row.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

void TableReader::CheckKeys(const char* const* begin, const char* const* end) {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    const std::string_view name = key.str();
    if (std::find(begin, end, name) != end) continue;
    const char* nearest = *std::min_element(
        begin, end, [&](const char* a, const char* b) { return EditDistance(name, a) < EditDistance(name, b); });
    Fail(key.source().begin.line, absl::StrCat("unknown key ", Quoted(prefix_ + std::string(name)), "; did you mean \"",
                                               prefix_, nearest, "\"?"));
  }
}

void TableReader::Text(const char* key, std::string* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return Fail(Line(*node), absl::StrCat(prefix_, key, " must be a text in quotes"));
  *value = node->as_string()->get();
}

void TableReader::Number(const char* key, int64_t low, int64_t high, int64_t* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  if (!node->is_integer() || node->as_integer()->get() < low || node->as_integer()->get() > high) {
    return Fail(Line(*node), absl::StrCat(prefix_, key, " must be a whole number from ", low, " to ", high));
  }
  *value = node->as_integer()->get();
}

void TableReader::Flag(const char* key, bool* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) return Fail(Line(*node), absl::StrCat(prefix_, key, " must be true or false"));
  *value = node->as_boolean()->get();
}

void TableReader::Texts(const char* key, std::vector<std::string>* values) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || !std::all_of(array->begin(), array->end(), [](const auto& e) { return e.is_string(); })) {
    return Fail(Line(*node), absl::StrCat(prefix_, key, " must be a list of texts: [\"...\", \"...\"]"));
  }
  for (const toml::node& element : *array) values->push_back(element.as_string()->get());
}

std::vector<const toml::table*> TableReader::Tables(const char* key) {
  std::vector<const toml::table*> tables;
  const toml::node* node = Find(key);
  if (node == nullptr) return tables;
  if (!node->is_array_of_tables()) {
    Fail(Line(*node), absl::StrCat(prefix_, key, " must be tables: write [[", prefix_, key, "]] above each"));
    return tables;
  }
  for (const toml::node& element : *node->as_array()) tables.push_back(element.as_table());
  return tables;
}

const toml::table* TableReader::Table(const char* key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) Fail(Line(*node), absl::StrCat(key, " must be a table: write [", key, "]"));
  return node->as_table();
}

void TableReader::FailAt(const char* key, absl::string_view why) {
  const toml::node* node = Find(key);
  Fail(node == nullptr ? 0 : Line(*node), why);
}

void TableReader::Fail(uint32_t line, absl::string_view why) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(*path_, line == 0 ? "" : absl::StrCat(" line ", line), ": ", why));
}

}  // namespace cairn
