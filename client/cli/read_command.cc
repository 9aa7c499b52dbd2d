// cairn get, cairn list.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/filter_options.h"
#include "client/cli/option_checks.h"
#include "client/cli/record_view.h"
#include "client/cli/table.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

constexpr size_t whole_table_columns = 115;  // leaves names a dozen beside the other columns

struct GetOptions {
  std::string id;
  std::string kind;
  std::string partner;
};

absl::StatusOr<ExitCode> Get(const GetOptions& options, Context* context) {
  if (!IsUuid(options.id)) {
    return UsageError(
        absl::StrCat("ID ", Quoted(options.id),
                     ": not an id, which is a UUID; `cairn search WORDS` shows the ids of what it finds"));
  }
  v1::GetRecordRequest request;
  request.set_id(options.id);
  request.set_partner(options.partner);
  if (!options.kind.empty()) {
    const absl::StatusOr<v1::RecordKind> kind = KindFromName(options.kind);
    if (!kind.ok()) return UsageError(absl::StrCat("--kind: ", kind.status().message()));
    request.set_kind(*kind);
  }
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const v1::GetRecordResponse response, client->GetRecord(request));
  if (context->json) {
    context->PrintJson(ToJson(response.record()));
    return kDone;
  }
  RecordViewOptions view{context->style(), context->text_columns(), context->now(), nullptr};
  view.name_of = [client](absl::string_view id) {
    v1::GetRecordRequest other;
    other.set_id(std::string(id));
    const absl::StatusOr<v1::GetRecordResponse> found = client->GetRecord(other);
    return found.ok() ? DisplayName(found->record().record()) : "";
  };
  PrintRecord(context->out(), response.record(), view);
  return kDone;
}

struct ListOptions {
  FilterOptions filter;
  int64_t limit = 100;
};

// Where the whole table has no room for names: kind, name, the mark of freshness, and the id, which must be whole.
void PrintNarrowPage(const v1::ListRecordsResponse& page, bool with_header, Context* context) {
  Table table({{"KIND"}, {"NAME", false, true}, {""}, {"ID"}});
  for (const v1::DirectoryRecord& record : page.records()) {
    const Badge badge = FreshnessOf(record, context->now());
    table.AddRow({std::string(KindName(record.kind())), DisplayName(record.record()),
                  Table::Cell(badge.text.substr(0, badge.text.find(' ')), badge.tone),
                  Table::Cell(record.record().id(), Tone::kQuiet)});
  }
  if (!table.empty()) table.Print(context->out(), context->style(), context->columns(), with_header);
}

void PrintPage(const v1::ListRecordsResponse& page, bool with_header, Context* context) {
  if (context->json) {
    for (const v1::DirectoryRecord& record : page.records()) context->PrintJsonLine(ToJson(record));
    return;
  }
  if (context->columns() > 0 && context->columns() < whole_table_columns) {
    return PrintNarrowPage(page, with_header, context);
  }
  Table table({{"KIND"}, {"NAME", false, true}, {"COUNTRY"}, {"PARTNER"}, {"FRESHNESS"}, {"ID"}});
  for (const v1::DirectoryRecord& record : page.records()) {
    const Badge badge = FreshnessOf(record, context->now());
    const std::string country = record.record().countries_size() > 0 ? record.record().countries(0) : "";
    table.AddRow({std::string(KindName(record.kind())), DisplayName(record.record()), country, record.partner(),
                  Table::Cell(badge.text, badge.tone), Table::Cell(record.record().id(), Tone::kQuiet)});
  }
  if (!table.empty()) table.Print(context->out(), context->style(), context->columns(), with_header);
}

absl::StatusOr<ExitCode> List(const ListOptions& options, Context* context) {
  v1::ListRecordsRequest request;
  ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(options.filter));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  int64_t shown = 0;
  for (bool more = true; more;) {
    const int64_t left = options.limit == 0 ? limits::list_page_size_max : options.limit - shown;
    request.set_page_size(static_cast<uint32_t>(std::min<int64_t>(left, limits::list_page_size_max)));
    ASSIGN_OR_RETURN(const v1::ListRecordsResponse page, client->ListRecords(request));
    PrintPage(page, shown == 0, context);
    shown += page.records_size();
    request.set_page_token(page.next_page_token());
    more = !page.next_page_token().empty();
    if (options.limit > 0 && shown >= options.limit) break;
  }
  if (context->json) return kDone;
  if (shown == 0) context->out() << "No records match.\n";
  if (!request.page_token().empty()) {
    context->err() << "The first " << CountOf(shown, "record")
                   << "; there are more: --limit N shows N, --limit 0 all.\n";
  }
  return kDone;
}

}  // namespace

void AddReadCommands(CLI::App* app, Context* context) {
  auto get = std::make_shared<GetOptions>();
  CLI::App* one = app->add_subcommand("get", "Show one record");
  one->add_option("ID", get->id, "The record's id, a UUID")->required();
  one->add_option("--kind", get->kind, "Its kind, when records of several kinds have the id");
  one->add_option("--partner", get->partner, "Its partner, when several use the id");
  one->callback([get, context] { context->action = [get, context] { return Get(*get, context); }; });

  auto list = std::make_shared<ListOptions>();
  CLI::App* many = app->add_subcommand("list", "List records in order of kind and id");
  AddFilterOptions(many, &list->filter);
  many->add_option("--limit", list->limit, "At most this many; 0: all")
      ->capture_default_str()
      ->check(WholeNumber(0, 1'000'000'000));
  many->callback([list, context] { context->action = [list, context] { return List(*list, context); }; });
}

}  // namespace cairn
