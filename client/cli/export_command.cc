// cairn export.
#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/filter_options.h"
#include "client/cli/option_checks.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/csv.h"
#include "common/formats/hsds_json.h"
#include "common/formats/hsds_package.h"
#include "common/formats/ical.h"
#include "common/formats/json_ld.h"
#include "common/formats/jsonl.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

constexpr size_t lookups_remembered_max = 20'000;  // organizations and places that many services share; some 40 MB

struct ExportOptions {
  FilterOptions filter;
  std::string format = "jsonl";
  std::string out = "-";
};

// Standard output or a file that appears when it is whole.
class Destination {
 public:
  static absl::StatusOr<std::unique_ptr<Destination>> Open(const std::string& path, Context* context) {
    auto destination = std::make_unique<Destination>();
    destination->stream_ = &context->out();
    if (path != "-") {
      ASSIGN_OR_RETURN(destination->file_, AtomicFile::Create(path));
    }
    return destination;
  }
  absl::Status Write(absl::string_view text) {
    if (file_ != nullptr) return file_->Write(text);
    stream_->write(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream_->good()) return absl::OkStatus();
    return absl::CancelledError("the output cannot be written; is the disk full, or its reader gone?");
  }
  absl::Status Commit() { return file_ == nullptr ? absl::OkStatus() : file_->Commit(); }

 private:
  std::ostream* stream_ = nullptr;
  std::unique_ptr<AtomicFile> file_;
};

// Finds what services refer to, remembering what it found.
class Lookup {
 public:
  explicit Lookup(Client* client) : client_(client) {}

  // The partner to ask when several use an id: that of the record being exported.
  void set_partner(const std::string& partner) { partner_ = partner; }

  absl::StatusOr<std::optional<v1::Record>> operator()(v1::RecordKind kind, absl::string_view id) {
    const std::string key = absl::StrCat(kind, "/", id);
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
    ASSIGN_OR_RETURN(std::optional<v1::Record> found, Find(kind, std::string(id)));
    if (known_.size() >= lookups_remembered_max) known_.clear();
    known_[key] = found;
    return found;
  }

 private:
  absl::StatusOr<std::optional<v1::Record>> Find(v1::RecordKind kind, const std::string& id) {
    v1::GetRecordRequest request;
    request.set_id(id);
    request.set_kind(kind);
    absl::StatusOr<v1::GetRecordResponse> response = client_->GetRecord(request);
    if (absl::IsFailedPrecondition(response.status())) {  // several partners use the id
      request.set_partner(partner_);
      response = client_->GetRecord(request);
    }
    if (absl::IsNotFound(response.status())) return std::optional<v1::Record>();
    RETURN_IF_ERROR(response.status());
    return std::optional<v1::Record>(response->record().record());
  }

  Client* const client_;
  std::string partner_;
  absl::flat_hash_map<std::string, std::optional<v1::Record>> known_;
};

// Streams the records of a filter to `each`, with progress.
class Source {
 public:
  Source(Client* client, Progress* progress) : client_(client), progress_(progress) {}

  absl::Status ForEach(const v1::RecordFilter& filter,
                       const std::function<absl::Status(const v1::DirectoryRecord&)>& each) {
    v1::ExportRecordsRequest request;
    *request.mutable_filter() = filter;
    return client_->ExportRecords(request, [&](const v1::ExportRecordsResponse& page) -> absl::Status {
      for (const v1::DirectoryRecord& record : page.records()) {
        RETURN_IF_ERROR(each(record));
        if (!record.partner_status().empty()) ++marked_[{record.partner(), record.partner_status()}];
      }
      count_ += page.records_size();
      progress_->Update("exporting", count_, 0, "records");
      return absl::OkStatus();
    });
  }
  uint64_t count() const { return count_; }
  // Records of partners that are no longer active, by partner and what it is now; files have no place for the mark.
  const std::map<std::pair<std::string, std::string>, uint64_t>& marked() const { return marked_; }

 private:
  Client* const client_;
  Progress* const progress_;
  uint64_t count_ = 0;
  std::map<std::pair<std::string, std::string>, uint64_t> marked_;
};

absl::Status ExportJsonl(const v1::RecordFilter& filter, Source* source, Destination* destination) {
  return source->ForEach(filter, [&](const v1::DirectoryRecord& record) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string line, RecordToJsonText(record.record()));
    return destination->Write(line + "\n");
  });
}

absl::Status ExportCsv(const v1::RecordFilter& filter, Source* source, Destination* destination) {
  RETURN_IF_ERROR(destination->Write(CsvHeader()));
  return source->ForEach(filter, [&](const v1::DirectoryRecord& record) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string row, RecordToCsvRow(record.record()));
    return destination->Write(row);
  });
}

// Hands the records of those kinds on, kind by kind: those that the filter names, or all.
absl::Status ForEachOfKinds(const std::vector<v1::RecordKind>& kinds, const v1::RecordFilter& filter, Source* source,
                            Lookup* lookup, const std::function<absl::Status(const v1::Record&)>& each) {
  for (const v1::RecordKind kind : kinds) {
    const auto& wanted = filter.kinds();
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) continue;
    v1::RecordFilter part = filter;
    part.clear_kinds();
    part.add_kinds(kind);
    RETURN_IF_ERROR(source->ForEach(part, [&](const v1::DirectoryRecord& record) {
      lookup->set_partner(record.partner());
      return each(record.record());
    }));
  }
  return absl::OkStatus();
}

const std::vector<v1::RecordKind>& HsdsKinds() {
  static const auto* const kinds = new std::vector<v1::RecordKind>{v1::SERVICE, v1::ORGANIZATION, v1::LOCATION};
  return *kinds;
}

// HSDS nests organizations and places in services, so that services go first.
absl::Status ExportHsds(HsdsExporter::Form form, const v1::RecordFilter& filter, Client* client, Source* source,
                        Destination* destination) {
  Lookup lookup(client);
  HsdsExporter exporter(
      form, [&](v1::RecordKind kind, absl::string_view id) { return lookup(kind, id); },
      [&](absl::string_view text) { return destination->Write(text); });
  RETURN_IF_ERROR(ForEachOfKinds(HsdsKinds(), filter, source, &lookup,
                                 [&](const v1::Record& record) { return exporter.Add(record); }));
  return exporter.Finish();
}

absl::Status ExportHsdsPackage(const v1::RecordFilter& filter, Client* client, Source* source,
                               Destination* destination) {
  Lookup lookup(client);
  ASSIGN_OR_RETURN(const std::unique_ptr<HsdsPackageExporter> exporter, HsdsPackageExporter::Make());
  RETURN_IF_ERROR(ForEachOfKinds(HsdsKinds(), filter, source, &lookup,
                                 [&](const v1::Record& record) { return exporter->Add(record); }));
  return exporter->Finish([&](absl::string_view bytes) { return destination->Write(bytes); });
}

absl::Status ExportIcal(const v1::RecordFilter& filter, Client* client, Source* source, Destination* destination) {
  Lookup lookup(client);
  IcalWriter writer("Trainings", [&](absl::string_view text) { return destination->Write(text); });
  RETURN_IF_ERROR(ForEachOfKinds({v1::TRAINING}, filter, source, &lookup,
                                 [&](const v1::Record& record) { return writer.Add(record); }));
  return writer.Finish();
}

absl::Status ExportJsonLd(const v1::RecordFilter& filter, Client* client, Source* source, Destination* destination) {
  Lookup lookup(client);
  JsonLdExporter exporter([&](v1::RecordKind kind, absl::string_view id) { return lookup(kind, id); },
                          [&](absl::string_view text) { return destination->Write(text); });
  const std::vector<v1::RecordKind> kinds = {v1::ORGANIZATION, v1::SERVICE, v1::LOCATION, v1::TRAINING, v1::RESOURCE};
  RETURN_IF_ERROR(
      ForEachOfKinds(kinds, filter, source, &lookup, [&](const v1::Record& record) { return exporter.Add(record); }));
  return exporter.Finish();
}

absl::Status ExportAs(const std::string& format, const v1::RecordFilter& filter, Client* client, Source* source,
                      Destination* destination) {
  if (format == "jsonl") return ExportJsonl(filter, source, destination);
  if (format == "csv") return ExportCsv(filter, source, destination);
  if (format == "hsds-datapackage") return ExportHsdsPackage(filter, client, source, destination);
  if (format == "ics") return ExportIcal(filter, client, source, destination);
  if (format == "jsonld") return ExportJsonLd(filter, client, source, destination);
  const auto form = format == "hsds-json" ? HsdsExporter::Form::kJson : HsdsExporter::Form::kNdjson;
  return ExportHsds(form, filter, client, source, destination);
}

// The kinds that a format has a word for; empty: all.
std::vector<absl::string_view> KindsIn(const std::string& format) {
  if (absl::StartsWith(format, "hsds-")) return {"service", "organization", "location"};
  if (format == "ics") return {"training"};
  if (format == "jsonld") return {"organization", "service", "location", "training", "resource"};
  return {};
}

// Tells what a format has no word for, so that nobody takes the file for everything.
void WarnOfKindsLeftOut(const std::string& format, const v1::RecordFilter& filter, Client* client, Context* context) {
  const std::vector<absl::string_view> kinds = KindsIn(format);
  if (kinds.empty()) return;
  v1::GetFacetsRequest request;
  *request.mutable_filter() = filter;
  const absl::StatusOr<v1::GetFacetsResponse> facets = client->GetFacets(request);
  if (!facets.ok()) return;
  std::string left_out;
  for (const v1::Facet& facet : facets->facets()) {
    if (facet.name() != "kind") continue;
    for (const v1::FacetValue& value : facet.values()) {
      if (std::find(kinds.begin(), kinds.end(), value.value()) != kinds.end()) continue;
      absl::StrAppend(&left_out, left_out.empty() ? "" : ", ", CountOf(value.count(), value.value()));
    }
  }
  if (left_out.empty()) return;
  const absl::string_view word = absl::StartsWith(format, "hsds-") ? "HSDS" : absl::string_view(format);
  context->err() << "Not in the file, since " << word << " has no word for them: " << left_out
                 << ". --format jsonl has all.\n";
}

// A file of records says nothing about their partners, so it is said beside it.
void WarnOfMarked(const Source& source, Context* context) {
  for (const auto& [partner, count] : source.marked()) {
    context->err() << Printable(partner.first) << " is " << Printable(partner.second) << ": nobody updates its "
                   << CountOf(count, "record") << " in the file any more.\n";
  }
}

absl::StatusOr<ExitCode> Export(const ExportOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const v1::RecordFilter filter, MakeFilter(options.filter));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const std::unique_ptr<Destination> destination, Destination::Open(options.out, context));
  const std::unique_ptr<Progress> progress = context->NewProgress();
  Source source(client, progress.get());
  RETURN_IF_ERROR(ExportAs(options.format, filter, client, &source, destination.get()));
  RETURN_IF_ERROR(destination->Commit());
  progress->Clear();
  WarnOfKindsLeftOut(options.format, filter, client, context);
  WarnOfMarked(source, context);
  if (options.out == "-") return kDone;
  if (context->json) {
    Json marked = Json::array();
    for (const auto& [partner, count] : source.marked()) {
      marked.push_back({{"partner", partner.first}, {"partner_status", partner.second}, {"records", count}});
    }
    context->PrintJson({{"file", options.out},
                        {"format", options.format},
                        {"records", source.count()},
                        {"of_inactive_partners", std::move(marked)}});
  } else {
    context->out() << CountOf(source.count(), "record") << " written to " << options.out << "\n";
  }
  return kDone;
}

}  // namespace

void AddExportCommand(CLI::App* app, Context* context) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app->add_subcommand("export", "Write the directory, or a part of it, to a file");
  AddFilterOptions(command, &options->filter);
  command
      ->add_option("--format", options->format,
                   "jsonl, csv (every kind); hsds-json, hsds-ndjson, hsds-datapackage (HSDS 3.1); ics (trainings); "
                   "jsonld (schema.org)")
      ->check(OneWordOf({"jsonl", "csv", "hsds-json", "hsds-ndjson", "hsds-datapackage", "ics", "jsonld"}))
      ->capture_default_str()
      ->type_name("FORMAT");
  command->add_option("--out", options->out, "The file, which appears when it is whole; - is standard output")
      ->capture_default_str()
      ->type_name("FILE");
  command->callback([options, context] { context->action = [options, context] { return Export(*options, context); }; });
}

}  // namespace cairn
