// The description of the HSDS interface for programs, made of the same tables as the interface.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/hsds/hsds_query.h"

namespace cairn {

inline constexpr char hsds_version[] = "3.1";

// A path below /hsds.
struct HsdsRoute {
  std::string path;  // "/services/{id}"
  HsdsList list = HsdsList::kServices;
  bool one = false;  // a single object rather than a list
  std::vector<std::string> parameters;
  std::string shape;  // of the object, or of the list's elements; see hsds_schema.h
};

std::vector<HsdsRoute> HsdsRoutes();

// An OpenAPI 3.1 document. `base_url` as in HttpRequest.
std::string HsdsOpenApi(absl::string_view base_url);

}  // namespace cairn
