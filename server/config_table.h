// One table of a TOML file, read with errors that name the line.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cairn {

// Reads one table. The first error sticks, INVALID_ARGUMENT with file, line and what would be right; later calls change
// nothing. A key that is not there leaves its value as it is.
class TableReader {
 public:
  // `table`: nullptr counts as empty. `prefix`: what stands before its keys in messages, such as "http.". `path`: the
  // file's name, for messages. What is pointed to must outlive this.
  TableReader(const toml::table* table, std::string prefix, const std::string* path)
      : table_(table), prefix_(std::move(prefix)), path_(path) {}

  // Any other key is an error, which names the nearest of these.
  void CheckKeys(const char* const* begin, const char* const* end);
  void Text(const char* key, std::string* value);
  // From `low` to `high`.
  void Number(const char* key, int64_t low, int64_t high, int64_t* value);
  void Flag(const char* key, bool* value);
  // A list of texts.
  void Texts(const char* key, std::vector<std::string>* values);
  // The tables of [[prefix.key]]; empty when there are none.
  std::vector<const toml::table*> Tables(const char* key);
  // nullptr when there is none.
  const toml::table* Table(const char* key);
  // The value of `key` is wrong: `why`.
  void FailAt(const char* key, absl::string_view why);

  const absl::Status& status() const { return status_; }

 private:
  const toml::node* Find(const char* key) const { return table_ == nullptr ? nullptr : table_->get(key); }
  static uint32_t Line(const toml::node& node) { return node.source().begin.line; }
  void Fail(uint32_t line, absl::string_view why);

  const toml::table* const table_;
  const std::string prefix_;
  const std::string* const path_;
  absl::Status status_;
};

}  // namespace cairn
