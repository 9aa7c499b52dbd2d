#include "server/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "server/metrics/families.h"

namespace cairn {
namespace {

std::string FileText(const char* path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

double NumberAt(const std::vector<std::string>& words, size_t at) {
  double number = 0;
  return at < words.size() && absl::SimpleAtod(words[at], &number) ? number : 0;
}

// Seconds since 1970 at which the machine started.
double BootTime() {
  for (const absl::string_view line : absl::StrSplit(FileText("/proc/stat"), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "btime") return NumberAt(words, 1);
  }
  return 0;
}

size_t OpenFiles() {
  std::error_code unreadable;
  const std::filesystem::directory_iterator files("/proc/self/fd", unreadable);
  return unreadable ? 0 : static_cast<size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics() {
  std::vector<prometheus::MetricFamily> families;
  const std::string stat = FileText("/proc/self/stat");
  const size_t name_end = stat.rfind(')');  // a name may have anything in it
  if (name_end == std::string::npos) return families;
  // proc(5): the state, the third field, comes after the name.
  const std::vector<std::string> words = absl::StrSplit(stat.substr(name_end + 2), ' ');
  const auto field = [&](size_t number) { return NumberAt(words, number - 3); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  families.push_back(FamilyMaker("process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
                                 prometheus::MetricType::Counter)
                         .Add((field(14) + field(15)) / ticks)
                         .Take());
  families.push_back(FamilyMaker("process_start_time_seconds", "When the process started, in seconds since 1970.")
                         .Add(BootTime() + field(22) / ticks)
                         .Take());
  families.push_back(
      FamilyMaker("process_virtual_memory_bytes", "Virtual memory size in bytes.").Add(field(23)).Take());
  families.push_back(
      FamilyMaker("process_resident_memory_bytes", "Resident memory size in bytes.").Add(field(24) * page).Take());
  families.push_back(
      FamilyMaker("process_open_fds", "Open file descriptors.").Add(static_cast<double>(OpenFiles())).Take());
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    families.push_back(FamilyMaker("process_max_fds", "The most file descriptors that may be open.")
                           .Add(static_cast<double>(files.rlim_cur))
                           .Take());
  }
  return families;
}

}  // namespace cairn
