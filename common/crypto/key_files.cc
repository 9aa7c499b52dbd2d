#include "common/crypto/key_files.h"

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"

namespace cairn {

std::vector<std::string> PublishingKeyFiles(const std::string& path) {
  std::vector<std::string> files = {path, absl::StrCat(path, ".next")};
  for (int i = 2; i < publishing_key_files_max; ++i) files.push_back(absl::StrCat(path, ".next-", i));
  return files;
}

absl::StatusOr<std::vector<SigningKey>> ReadPublishingKeys(const std::string& path) {
  std::vector<SigningKey> keys;
  for (const std::string& file : PublishingKeyFiles(path)) {
    absl::StatusOr<SigningKey> key = SigningKey::FromPemFile(file);
    if (absl::IsNotFound(key.status())) continue;
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  if (!keys.empty()) return keys;
  return absl::NotFoundError(absl::StrCat("no publishing key at ", Quoted(path, 300),
                                          " or beside it; put it back from "
                                          "its copy"));
}

}  // namespace cairn
