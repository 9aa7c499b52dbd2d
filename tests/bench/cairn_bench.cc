// Whole-node figures with real processes: publish, bootstrap, publish-to-visible, search, plain tables, disk, memory.
// `tests/run
// --bench` runs it. CAIRN_BENCH_RECORDS sets the number of records (default 100,000). Ends with 1 when a figure misses
// its first mark.
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/data_dir.h"
#include "common/base/random.h"
#include "tests/e2e/cluster.h"
#include "tests/e2e/postgres_server.h"

namespace cairn {
namespace {

constexpr int kLiveChanges = 400;
constexpr int kSearches = 1000;
constexpr const char* kBeginnings[] = {"c", "h", "s", "p", "ch", "pr", "su", "he"};
constexpr int kFacetSearches = 300;  // of each kind

// Words of the field in several languages: an index meets accents and shared words as in a real directory.
constexpr const char* kWords[] = {
    "child",   "helpline",  "support",    "counselling", "shelter",  "clinic",  "prevention", "training",  "youth",
    "worker",  "legal",     "advice",     "survivor",    "safety",   "online",  "report",     "school",    "family",
    "therapy", "crisis",    "night",      "outreach",    "police",   "partner", "wsparcie",   "dzieci",    "młodzież",
    "pomoc",   "przemoc",   "zaufania",   "szkolenie",   "poradnia", "bērniem", "jaunieši",   "palīdzība", "drošība",
    "fëmijë",  "këshillim", "mbështetje", "siguri",      "niñas",    "apoyo",   "línea",      "ayuda",     "protección",
    "copii",   "sprijin",   "βοήθεια",    "παιδιά",      "допомога", "дітям",   "підтримка"};
constexpr const char* kCountries[] = {"PL", "LV", "EE", "LT", "FI", "SE", "DE", "FR", "ES",
                                      "AL", "BA", "CO", "MX", "PE", "MD", "GR", "UA"};

std::string Words(SeededRandom& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, i == 0 ? "" : " ", kWords[random.Below(std::size(kWords))]);
  return text;
}

std::string Id(uint64_t number) { return absl::StrFormat("00000000-0000-4000-8000-%012d", number); }

// A service of about 1 KB, as a JSON line.
std::string ServiceLine(SeededRandom& random, uint64_t number) {
  return absl::StrCat(
      R"({"id":")", Id(number), R"(","language":"en","countries":[")", kCountries[random.Below(std::size(kCountries))],
      R"("],"terms":[{"taxonomy":"cairn:topic","code":"topic-)", random.Below(20), R"("}],"service":{"name":")",
      Words(random, 5), R"(","status":"active","description":")", Words(random, 90), R"(","email":"contact)", number,
      R"(@example.org","url":"https://example.org/s/)", number, R"(","phones":[{"number":"+48 22 )",
      absl::StrFormat("%07d", 1000000 + number % 8999999),
      R"("}],"languages":[{"code":"en"}],"schedules":[{"freq":"WEEKLY","byday":"MO,TU,WE,TH,FR,SA,SU",)",
      // Whenever this runs, half of them are open.
      number % 2 == 0 ? R"("opens_at":"09:00","closes_at":"21:00")" : R"("opens_at":"21:00","closes_at":"09:00")",
      R"(,"time_zone":"Europe/Warsaw"}]}})", "\n");
}

double Seconds(const std::function<void()>& work) {
  const absl::Duration start = Clock::Real()->Monotonic();
  work();
  return absl::ToDoubleSeconds(Clock::Real()->Monotonic() - start);
}

double Percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(p * static_cast<double>(values.size())))];
}

// A line of /proc that begins with `key`, or empty.
std::string ProcLine(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(key, 0) == 0) return std::string(absl::StripAsciiWhitespace(line.substr(line.find(':') + 1)));
  }
  return "";
}

double PeakMegabytes(pid_t pid) {
  double kilobytes = 0;
  const std::vector<std::string> parts = absl::StrSplit(ProcLine(absl::StrCat("/proc/", pid, "/status"), "VmHWM"), ' ');
  return absl::SimpleAtod(parts[0], &kilobytes) ? kilobytes / 1024 : 0;
}

[[noreturn]] void Fail(const std::string& why) {
  std::cerr << "bench: " << why << "\n";
  std::exit(2);
}

void Must(const absl::Status& status) {
  if (!status.ok()) Fail(std::string(status.message()));
}

class Bench {
 public:
  Bench(uint64_t records, std::string bin)
      : records_(records), cluster_(absl::StrCat("/tmp/cairn-bench-", getpid()), std::move(bin)) {}

  bool All() {
    Describe();
    Must(cluster_.Found({{"pl-publisher", "PL"}, {"lv-reader", "LV"}, {"al-empty", "AL"}}));
    Must(cluster_.Start(0, {"--standalone"}));  // the others come later, empty
    Publish();
    Bootstrap(1, "bootstrap of an empty node to searchable");
    LiveChanges();
    Search();
    SearchWithFacets();
    Tables();
    Sizes();
    return ok_;
  }

 private:
  void Describe() {
    utsname name{};
    uname(&name);
    std::cout << "machine: " << ProcLine("/proc/cpuinfo", "model name") << ", " << std::thread::hardware_concurrency()
              << " cores, " << ProcLine("/proc/meminfo", "MemTotal") << ", Linux " << name.release << "\n"
              << "records: " << records_ << " services\n";
  }

  // `mark`: the value that must be reached (at_least) or not exceeded.
  void Line(const std::string& what, double value, const std::string& unit, double mark = 0, bool at_least = true) {
    const bool good = mark == 0 || (at_least ? value >= mark : value <= mark);
    ok_ = ok_ && good;
    std::cout << absl::StrFormat("%-48s %12.1f %-10s", what, value, unit);
    if (mark != 0)
      std::cout << absl::StrFormat(" (mark: %s %.0f) %s", at_least ? "at least" : "at most", mark,
                                   good ? "ok" : "MISSED");
    std::cout << std::endl;
  }

  void Publish() {
    const std::string file = cluster_.directory() + "/services.jsonl";
    SeededRandom random(7);
    {
      std::ofstream out(file, std::ios::binary);
      for (uint64_t i = 0; i < records_; ++i) out << ServiceLine(random, i);
    }
    Line("input", static_cast<double>(std::filesystem::file_size(file)) / static_cast<double>(records_),
         "bytes/record");
    CommandResult result;
    const double took = Seconds([&] { result = cluster_.Cairn(0, {"publish", file}); });
    if (result.exit_code != 0) Fail(result.err);
    Line("publish (cairn publish, validated, signed)", static_cast<double>(records_) / took, "records/s");
    const double again = Seconds([&] { result = cluster_.Cairn(0, {"publish", file}); });
    Line("publish the same file again (unchanged)", static_cast<double>(records_) / again, "records/s");
    std::filesystem::remove(file);
  }

  bool Holds(Client* client, uint64_t number) {
    v1::GetRecordRequest request;
    request.set_id(Id(number));
    return client->GetRecord(request).ok();
  }

  void Bootstrap(int node, const std::string& what) {
    Must(cluster_.Start(node));
    const auto client = cluster_.client(node);
    const double took = Seconds([&] {
      const auto whole = [&] {
        return Holds(client.get(), records_ - 1) &&
               RecordsOf(client.get(), "pl-publisher") == static_cast<int64_t>(records_);
      };
      if (!Eventually(whole, absl::Minutes(10))) Fail("the empty node did not catch up");
    });
    Line(what, static_cast<double>(records_) / took, "records/s", 15'000);
  }

  // One change after the other at the publisher, seen through a watch at the reader.
  void LiveChanges() {
    const auto publisher = cluster_.client(0);
    const auto reader = cluster_.client(1);
    v1::WatchRecordsRequest request;
    request.set_only_new(true);
    auto watch = reader->Watch(request);
    absl::Mutex mutex;
    std::map<std::string, absl::Duration> seen;
    std::thread watcher([&] {
      watch
          ->Run([&](const v1::WatchRecordsResponse& event) {
            absl::MutexLock lock(&mutex);
            if (event.has_upsert()) seen[event.upsert().record().service().name()] = Clock::Real()->Monotonic();
            return absl::OkStatus();
          })
          .IgnoreError();
    });
    absl::SleepFor(absl::Milliseconds(500));
    std::vector<double> from_call, from_acknowledgement;
    for (int i = 0; i < kLiveChanges; ++i) {
      const std::string name = absl::StrCat("live change ", i);
      const absl::Duration called = Clock::Real()->Monotonic();
      auto call = publisher->Publish(v1::PublishHeader(), {});
      v1::PublishRecord record;
      record.mutable_record()->set_id(Id(5));
      record.mutable_record()->mutable_service()->set_name(name);
      record.mutable_record()->mutable_service()->set_status("active");
      Must(call->Add(record));
      Must(call->Commit().status());
      const absl::Duration acknowledged = Clock::Real()->Monotonic();
      const auto arrived = [&seen, &name] { return seen.count(name) > 0; };
      absl::MutexLock lock(&mutex);
      if (!mutex.AwaitWithTimeout(absl::Condition(&arrived), absl::Seconds(10))) Fail("a live change did not arrive");
      from_call.push_back(absl::ToDoubleMilliseconds(seen[name] - called));
      from_acknowledgement.push_back(std::max(0.0, absl::ToDoubleMilliseconds(seen[name] - acknowledged)));
    }
    watch->Stop();
    watcher.join();
    // A publish is on disk before it is acknowledged; how long that takes is the machine's, the rest is this program's.
    const double disk = SyncedWrite();
    Line("a write of 4 KiB that is on disk, p50", disk, "ms");
    Line("publish to visible, from the call, p50", Percentile(from_call, 0.5), "ms");
    Line("the same without one such write, p50", Percentile(from_call, 0.5) - disk, "ms", 5, false);
    Line("publish to visible, from the call, p99", Percentile(from_call, 0.99), "ms");
    Line("publish to visible, from the acknowledgement, p50", Percentile(from_acknowledgement, 0.5), "ms");
    Line("publish to visible, from the acknowledgement, p99", Percentile(from_acknowledgement, 0.99), "ms");
  }

  // Milliseconds, the median of 200, where the nodes' databases are.
  double SyncedWrite() {
    const std::string path = cluster_.directory() + "/synced";
    const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (file < 0) Fail("cannot write " + path);
    const std::string block(4096, 'x');
    std::vector<double> took;
    for (int i = 0; i < 200; ++i) {
      const absl::Duration start = Clock::Real()->Monotonic();
      if (write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) || fdatasync(file) != 0) {
        Fail("cannot write " + path);
      }
      took.push_back(absl::ToDoubleMilliseconds(Clock::Real()->Monotonic() - start));
    }
    close(file);
    return Percentile(took, 0.5);
  }

  void Search() {
    const auto client = cluster_.client(1);
    SeededRandom random(11);
    std::vector<double> plain, filtered;
    for (int i = 0; i < kSearches; ++i) {
      v1::SearchRequest request;
      request.set_query(Words(random, 2));
      if (i % 2 == 1) request.mutable_filter()->add_countries(kCountries[random.Below(std::size(kCountries))]);
      const double took = Seconds([&] { Must(client->Search(request).status()); });
      (i % 2 == 1 ? filtered : plain).push_back(took * 1000);
    }
    Line("search, two words, p50", Percentile(plain, 0.5), "ms");
    Line("search, two words, p99", Percentile(plain, 0.99), "ms", 50, false);
    Line("search, two words and a country, p50", Percentile(filtered, 0.5), "ms");
    Line("search, two words and a country, p99", Percentile(filtered, 0.99), "ms", 50, false);
  }

  // A search with its facets in one call, as a page makes it, and as two calls. Most of kWords stand in four of five
  // records, the rare ones ("contact17") in one.
  void SearchWithFacets() {
    const auto client = cluster_.client(1);
    SeededRandom random(13);
    const auto country = [&] { return kCountries[random.Below(std::size(kCountries))]; };
    const std::map<std::string, std::function<void(v1::SearchRequest*)>> kinds = {
        {"country, language",
         [&](v1::SearchRequest* q) {
           q->mutable_filter()->add_countries(country());
           q->mutable_filter()->add_languages("en");
         }},
        {"kind, term",
         [&](v1::SearchRequest* q) {
           q->mutable_filter()->add_kinds(v1::SERVICE);
           q->mutable_filter()->add_terms(absl::StrCat("topic-", random.Below(20)));
         }},
        {"partner, freshness",
         [&](v1::SearchRequest* q) {
           q->mutable_filter()->add_partners("pl-publisher");
           q->mutable_filter()->add_freshness("unverified");
         }},
        {"open now, country",
         [&](v1::SearchRequest* q) {
           q->mutable_filter()->set_open_now(true);
           q->mutable_filter()->add_countries(country());
         }},
        {"last word of one or two letters, country, language", [&](v1::SearchRequest* q) {
           q->set_query(absl::StrCat(Words(random, 1), " ", kBeginnings[random.Below(std::size(kBeginnings))]));
           q->set_prefix(true);
           q->mutable_filter()->add_countries(country());
           q->mutable_filter()->add_languages("en");
         }}};
    for (const auto& [name, add] : kinds) {
      std::vector<double> millis;
      std::pair<double, std::string> worst;
      for (int i = 0; i < kFacetSearches; ++i) {
        v1::SearchRequest request;
        request.set_query(Words(random, 2));
        request.set_with_facets(true);
        add(&request);
        millis.push_back(1000 * Seconds([&] { Must(client->Search(request).status()); }));
        worst = std::max(worst, {millis.back(), request.ShortDebugString()});
      }
      Line(absl::StrCat("search and facets: ", name, ", p50"), Percentile(millis, 0.5), "ms");
      Line(absl::StrCat("search and facets: ", name, ", p99"), Percentile(millis, 0.99), "ms", 30, false);
      std::cout << absl::StrFormat("  the slowest, %.1f ms: %s\n", worst.first, worst.second);
    }
    std::vector<double> typing;
    for (int i = 0; i < kFacetSearches; ++i) {
      v1::SearchRequest request;
      request.set_query("helplimes");
      typing.push_back(1000 * Seconds([&] { Must(client->Search(request).status()); }));
    }
    Line("search for a mistyped word, p99", Percentile(typing, 0.99), "ms");
  }

  // The directory as plain tables: in a file, and in PostgreSQL where that is installed.
  void Tables() {
    const std::string file = cluster_.directory() + "/public.sqlite";
    CommandResult result;
    const double snapshot = Seconds([&] { result = cluster_.Cairn(1, {"snapshot", file}); });
    if (result.exit_code != 0) Fail(result.err);
    Line("snapshot (cairn snapshot)", static_cast<double>(records_) / snapshot, "records/s");
    Line("snapshot's file", static_cast<double>(std::filesystem::file_size(file)) / static_cast<double>(records_),
         "bytes/record");
    if (!PostgresServer::Installed()) {
      std::cout << "cairn follow is not measured: PostgreSQL is not installed" << std::endl;
      return;
    }
    PostgresServer server;
    Must(server.Start());
    const double follow = Seconds([&] { result = cluster_.Cairn(1, {"follow", "--once", "--to", server.where()}); });
    if (result.exit_code != 0) Fail(result.err);
    Line("follow (cairn follow --once, empty PostgreSQL)", static_cast<double>(records_) / follow, "records/s");
  }

  void Sizes() {
    const auto status = cluster_.client(1)->GetStatus();
    Must(status.status());
    Line("disk of the receiving node",
         static_cast<double>(status->disk().database_bytes()) / static_cast<double>(records_), "bytes/record");
    Line("peak memory of the publishing node", PeakMegabytes(cluster_.pid(0)), "MB", 300, false);
    Line("peak memory of the receiving node", PeakMegabytes(cluster_.pid(1)), "MB", 300, false);
  }

  const uint64_t records_;
  Cluster cluster_;
  bool ok_ = true;
};

}  // namespace
}  // namespace cairn

int main() {
  uint64_t records = 100'000;
  const char* text = std::getenv("CAIRN_BENCH_RECORDS");
  if (text != nullptr && !absl::SimpleAtoi(text, &records)) {
    std::cerr << "CAIRN_BENCH_RECORDS=" << text << " is not a number\n";
    return 2;
  }
  const char* bin = std::getenv("CAIRN_BIN_DIR");
  const std::string beside = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  return cairn::Bench(records, bin != nullptr ? bin : beside).All() ? 0 : 1;
}
