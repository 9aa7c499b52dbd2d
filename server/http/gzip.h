// Compression of answers.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/http/http_message.h"

namespace cairn {

// `bytes` as gzip.
std::string Gzip(absl::string_view bytes);

// The same of a stream, as it comes.
std::unique_ptr<HttpStream> GzipStream(std::unique_ptr<HttpStream> stream);

// True when an Accept-Encoding header takes gzip.
bool AcceptsGzip(absl::string_view accept_encoding);

// True for types whose bytes are text. Event streams are not: each event must go out at once.
bool IsCompressible(absl::string_view content_type);

}  // namespace cairn
