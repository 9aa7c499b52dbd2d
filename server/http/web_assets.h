// The files of the directory page: built by client/web/build, compiled into the program.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cairn {

// One file. Its name holds a hash of what is in it, except of those that only this program reads ("index.html",
// "messages.json") and of "licences.txt".
struct WebAsset {
  absl::string_view name;
  absl::string_view content_type;
  size_t offset = 0;         // in the blob of all files
  size_t gzip_size = 0;      // there
  size_t size = 0;           // unpacked
  absl::string_view sha256;  // of what is unpacked, in hexadecimal
};

// All of them, in order of name.
absl::Span<const WebAsset> AllWebAssets();

// nullptr when there is none of this name. Static.
const WebAsset* FindWebAsset(absl::string_view name);

// The file as it is sent to a reader who takes gzip. Static.
absl::string_view PackedAsset(const WebAsset& asset);
std::string UnpackedAsset(const WebAsset& asset);

}  // namespace cairn
