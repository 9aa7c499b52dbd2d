#include "server/store/search_functions.h"

#include <libical/ical.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "server/store/database.h"
#include "server/store/record_times.h"
#include "server/store/schedule_days.h"

namespace cairn {
namespace {

// Weights of title, keywords and body. A word counts once, where it weighs most.
constexpr std::array<int, 3> kColumnWeights = {1000, 400, 100};

absl::StatusOr<fts5_api*> Fts5Api(sqlite3* db) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
    code = sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW || api == nullptr) {
    return absl::FailedPreconditionError("this SQLite has no FTS5; use one that was compiled with SQLITE_ENABLE_FTS5");
  }
  return api;
}

void Rank(const Fts5ExtensionApi* api, Fts5Context* fts, sqlite3_context* context, int, sqlite3_value**) {
  const int phrases = api->xPhraseCount(fts);
  int sum = 0;
  for (int phrase = 0; phrase < phrases; ++phrase) {
    int best = 0;
    Fts5PhraseIter columns;
    int column = -1;
    const int code = api->xPhraseFirstColumn(fts, phrase, &columns, &column);
    if (code != SQLITE_OK) return sqlite3_result_error_code(context, code);
    for (; column >= 0; api->xPhraseNextColumn(fts, &columns, &column)) {
      best = std::max(best, kColumnWeights[static_cast<size_t>(column)]);
    }
    sum += best;
  }
  sqlite3_result_int(context, phrases == 0 ? 0 : sum / phrases);
}

absl::string_view TextOf(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text == nullptr ? absl::string_view()
                         : absl::string_view(text, static_cast<size_t>(sqlite3_value_bytes(value)));
}

void Occurs(sqlite3_context* context, int, sqlite3_value** arguments) {
  sqlite3_result_int(context, RuleFallsOn(TextOf(arguments[0]), TextOf(arguments[1]), TextOf(arguments[2])) ? 1 : 0);
}

void Open(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto text = [&](int i) { return std::string(TextOf(arguments[i])); };
  OpeningHours hours{text(0), text(1), {}, text(3), text(4), text(5), text(6), text(7)};
  if (sqlite3_value_type(arguments[2]) != SQLITE_NULL) hours.weekdays = sqlite3_value_int64(arguments[2]);
  if (hours.time_zone.empty()) hours.time_zone = ZoneByCountry(TextOf(arguments[8]));
  sqlite3_result_int(context, OpenAt(hours, absl::FromUnixMillis(sqlite3_value_int64(arguments[9]))) ? 1 : 0);
}

}  // namespace

absl::Status RegisterSearchFunctions(sqlite3* db) {
  // libical would abort the process on a malformed rule.
  icalerror_set_errors_are_fatal(0);
  ASSIGN_OR_RETURN(fts5_api * api, Fts5Api(db));
  int code = api->xCreateFunction(api, "cairn_rank", nullptr, Rank, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(code, db, "registering cairn_rank");
  code = sqlite3_create_function_v2(db, "cairn_open", 10, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, Open, nullptr,
                                    nullptr, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(code, db, "registering cairn_open");
  code = sqlite3_create_function_v2(db, "cairn_occurs", 3, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, Occurs, nullptr,
                                    nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(code, db, "registering cairn_occurs");
}

struct IndexTokenizer::Impl {
  sqlite3* db = nullptr;
  fts5_tokenizer methods{};
  Fts5Tokenizer* tokenizer = nullptr;
};

IndexTokenizer::IndexTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

IndexTokenizer::~IndexTokenizer() {
  if (impl_->tokenizer != nullptr) impl_->methods.xDelete(impl_->tokenizer);
}

absl::StatusOr<std::unique_ptr<IndexTokenizer>> IndexTokenizer::Make(sqlite3* db) {
  ASSIGN_OR_RETURN(fts5_api * api, Fts5Api(db));
  auto impl = std::make_unique<Impl>();
  impl->db = db;
  void* user_data = nullptr;
  int code = api->xFindTokenizer(api, "unicode61", &user_data, &impl->methods);
  if (code != SQLITE_OK) return SqliteStatus(code, db, "finding the tokenizer unicode61");
  // As in the schema's tokenize = "unicode61 remove_diacritics 0".
  std::array<const char*, 2> arguments = {"remove_diacritics", "0"};
  code = impl->methods.xCreate(user_data, arguments.data(), static_cast<int>(arguments.size()), &impl->tokenizer);
  if (code != SQLITE_OK) return SqliteStatus(code, db, "making the tokenizer unicode61");
  return std::unique_ptr<IndexTokenizer>(new IndexTokenizer(std::move(impl)));
}

absl::Status IndexTokenizer::Split(absl::string_view folded,
                                   const std::function<void(absl::string_view)>& visit) const {
  const auto on_token = [](void* context, int, const char* token, int size, int, int) {
    (*static_cast<const std::function<void(absl::string_view)>*>(context))({token, static_cast<size_t>(size)});
    return SQLITE_OK;
  };
  void* context = const_cast<std::function<void(absl::string_view)>*>(&visit);
  const int code = impl_->methods.xTokenize(impl_->tokenizer, context, FTS5_TOKENIZE_DOCUMENT, folded.data(),
                                            static_cast<int>(folded.size()), on_token);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(code, impl_->db, "cutting a text into words");
}

}  // namespace cairn
