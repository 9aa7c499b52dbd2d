#include "server/replicate/grpc_tls_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"

namespace cairn {
namespace {

using grpc::experimental::CertificateProviderInterface;
using grpc::experimental::FileWatcherCertificateProvider;

constexpr absl::Duration look_every = absl::Seconds(3);  // a person who has put a new file in place waits for it
constexpr unsigned copies_read_every_seconds = 1;        // they are in memory

struct Contents {
  std::string key;
  std::string certificate;
  std::string authorities;
  friend bool operator==(const Contents&, const Contents&) = default;
};

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::StatusOr<Contents> ReadOnce(const TlsFilePaths& paths) {
  Contents contents;
  ASSIGN_OR_RETURN(contents.key, ReadSecretFile(paths.key));
  ASSIGN_OR_RETURN(contents.certificate, ReadText(paths.certificate));
  if (paths.authorities.empty()) return contents;
  ASSIGN_OR_RETURN(contents.authorities, ReadText(paths.authorities));
  const absl::Status certificates = SpkiSha256OfCertPem(contents.authorities).status();
  if (!certificates.ok())
    return absl::FailedPreconditionError(absl::StrCat(paths.authorities, ": ", certificates.message()));
  return contents;
}

// What was found right must be what is read.
absl::StatusOr<Contents> ReadChecked(const TlsFilePaths& paths) {
  ASSIGN_OR_RETURN(Contents before, ReadOnce(paths));
  RETURN_IF_ERROR(SpkiSha256OfTlsFiles(paths.key, paths.certificate).status());
  ASSIGN_OR_RETURN(const Contents after, ReadOnce(paths));
  if (before == after) return before;
  return absl::FailedPreconditionError(absl::StrCat(paths.key, ": is being written"));
}

// A file without a name, whose content changes from one moment to the next and is never half there. Its descriptor
// stays open to the end of the process: gRPC reads through it on a thread that outlives what it was given.
class MemoryFile {
 public:
  absl::Status Put(const std::string& content) {
    const int next = memfd_create("cairn-tls", MFD_CLOEXEC);
    if (next < 0) return absl::ErrnoToStatus(errno, "making a file in memory");
    const bool written = write(next, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    if (written && fd_ < 0) {
      fd_ = next;
      return absl::OkStatus();
    }
    const bool put = written && dup3(next, fd_, O_CLOEXEC) == fd_;
    const int error = errno;
    close(next);
    return put ? absl::OkStatus() : absl::ErrnoToStatus(error, "writing a file in memory");
  }
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  int fd_ = -1;
};

class Watched {
 public:
  explicit Watched(TlsFilePaths paths) : paths_(std::move(paths)) {}
  ~Watched() {
    end_.Notify();
    if (thread_.joinable()) thread_.join();
  }

  absl::StatusOr<std::unique_ptr<CertificateProviderInterface>> Start() {
    ASSIGN_OR_RETURN(const Contents contents, ReadChecked(paths_));
    RETURN_IF_ERROR(Put(contents));
    thread_ = std::thread([this] {
      while (!end_.WaitForNotificationWithTimeout(look_every)) Look();
    });
    if (paths_.authorities.empty()) {
      return std::make_unique<FileWatcherCertificateProvider>(key_.path(), certificate_.path(),
                                                              copies_read_every_seconds);
    }
    return std::make_unique<FileWatcherCertificateProvider>(key_.path(), certificate_.path(), authorities_.path(),
                                                            copies_read_every_seconds);
  }

 private:
  absl::Status Put(const Contents& contents) {
    RETURN_IF_ERROR(key_.Put(contents.key));
    RETURN_IF_ERROR(certificate_.Put(contents.certificate));
    if (!paths_.authorities.empty()) RETURN_IF_ERROR(authorities_.Put(contents.authorities));
    in_force_ = contents;
    return absl::OkStatus();
  }

  void Look() {
    const absl::StatusOr<Contents> contents = ReadChecked(paths_);
    absl::Status status = contents.status();
    if (contents.ok() && !(*contents == in_force_)) {
      status = Put(*contents);
      if (status.ok()) LogInfo("tls.files_renewed", {{"certificate", paths_.certificate}});
    }
    // Once for each thing that is wrong, not every few seconds.
    if (!status.ok() && status != refused_) {
      LogError("tls.files_refused", {{"error", status.message()}, {"in_force", "the key and certificate from before"}});
    }
    refused_ = status;
  }

  const TlsFilePaths paths_;
  MemoryFile key_;
  MemoryFile certificate_;
  MemoryFile authorities_;
  Contents in_force_;
  absl::Status refused_;
  absl::Notification end_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<CertificateProviderInterface>> WatchTlsFiles(const TlsFilePaths& paths) {
  auto watched = std::make_shared<Watched>(paths);
  ASSIGN_OR_RETURN(std::unique_ptr<CertificateProviderInterface> provider, watched->Start());
  return std::shared_ptr<CertificateProviderInterface>(provider.release(),
                                                       [watched](CertificateProviderInterface* p) { delete p; });
}

}  // namespace cairn
