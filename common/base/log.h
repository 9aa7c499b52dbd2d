// One line an event, where it is handled: `2026-11-22T10:00:00.123Z info  sync.connected peer="lv-drosa-1"`.
// Never payloads, keys, contact data or search words.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cairn {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A value of a log line; anything that absl::StrCat takes.
struct LogField {
  LogField(absl::string_view k, absl::string_view v) : key(k), value(v) {}
  LogField(absl::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(absl::string_view k, const char* v) : key(k), value(v) {}
  template <typename T>
  LogField(absl::string_view k, const T& v) : key(k), value(absl::StrCat(v)) {}
  absl::string_view key;
  std::string value;
};

// Writes one line to standard error; values are escaped. Lines below the level set are dropped. Thread-safe.
void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields);
inline void LogDebug(absl::string_view event, std::initializer_list<LogField> f = {}) { Log(LogLevel::kDebug, event, f); }
inline void LogInfo(absl::string_view event, std::initializer_list<LogField> f = {}) { Log(LogLevel::kInfo, event, f); }
inline void LogWarning(absl::string_view event, std::initializer_list<LogField> f = {}) { Log(LogLevel::kWarning, event, f); }
inline void LogError(absl::string_view event, std::initializer_list<LogField> f = {}) { Log(LogLevel::kError, event, f); }

// Lines below `level` are dropped from now on. Initially kInfo. Thread-safe.
void SetLogLevel(LogLevel level);

}  // namespace cairn
