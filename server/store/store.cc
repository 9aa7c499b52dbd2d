#include "server/store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "server/store/rebuild.h"
#include "server/store/schema.h"
#include "server/store/search_functions.h"
#include "server/store/writer.h"

namespace cairn {
namespace {

constexpr int writer_cache_kib = 64 * 1024;  // holds the upper levels of all indexes at a million records

absl::Status OpenError(const absl::Status& status, const std::string& path) {
  const std::string file = absl::StrCat("data file ", Quoted(path, 300));
  if (status.code() != absl::StatusCode::kDataLoss) return Annotate(status, file);
  return absl::DataLossError(absl::StrCat(file, ": not the database of a node, or damaged (", status.message(),
                                          "); keep it aside and put back a backup of it"));
}

}  // namespace

// W1: keeps a second process (or a second Store) off the file. The lock goes with the process, however it ends.
class Store::FileLock {
 public:
  static absl::StatusOr<std::unique_ptr<FileLock>> Take(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return absl::NotFoundError(absl::StrCat("cannot open ", Quoted(path), ": ", strerror(errno)));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<FileLock>(new FileLock(fd));
    close(fd);
    return absl::FailedPreconditionError(
        absl::StrCat(Quoted(path), " is held by a running node; stop it first, two must not write to one file"));
  }
  ~FileLock() { close(fd_); }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  const int fd_;
};

Store::Store(Options options) : options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const Options& options) {
  std::unique_ptr<Store> store(new Store(options));
  ASSIGN_OR_RETURN(store->lock_, FileLock::Take(options.path + "-lock"));
  const Connection::Options writer{options.path, false, options.durable, writer_cache_kib, options.vfs};
  absl::StatusOr<std::unique_ptr<Connection>> opened = Connection::Open(writer);
  if (!opened.ok()) return OpenError(opened.status(), options.path);
  std::unique_ptr<Connection> db = *std::move(opened);
  absl::Status status = OpenSchema(*db, options.clock->Now(), &store->options_.consortium);
  if (status.ok()) status = RegisterSearchFunctions(db->handle());
  if (status.ok()) status = CheckDerivedVersion(*db);
  if (!status.ok()) return OpenError(status, options.path);
  store->writer_ = std::make_unique<Writer>(std::move(db), options.inline_writes);
  store->OpenReaders({options.path, store->options_.consortium, options.clock, options.readers, options.vfs},
                     options.durable);
  return store;
}

// The writer goes first: it may checkpoint while readers are open, but nobody may come after it.
Store::~Store() {
  writer_.reset();
  CloseReaders();
}

absl::Status Store::Write(const Body& body) { return writer_->Run(body); }

void Store::WriteAsync(Body body, Done done) { writer_->RunAsync(std::move(body), std::move(done)); }

absl::Status Store::BetweenWrites(const Body& body) { return writer_->RunBetween(body); }

void Store::OnCommit(MovedCallback callback) { writer_->OnCommit(std::move(callback)); }

void Store::NoteMoved(const FeedKey& feed) { writer_->NoteMoved(feed); }

absl::Status Store::EmptyLog() { return writer_->EmptyLog(); }

absl::Status Store::write_health() const { return writer_->health(); }

size_t Store::queued_writes() const { return writer_->queued(); }

}  // namespace cairn
