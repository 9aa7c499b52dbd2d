// Which folder may include which: what tidy_test holds the tree to.
#pragma once

#include <map>
#include <set>
#include <string>

namespace cairn {

// Folder -> the folders of ours that it may include besides itself. A folder that is not here is a finding.
inline const std::map<std::string, std::set<std::string>>& Layers() {
  using Folders = std::set<std::string>;
  const auto plus = [](Folders folders, const Folders& more) {
    folders.insert(more.begin(), more.end());
    return folders;
  };
  static const Folders text = {"common/base", "common/text", "common/crypto"};
  static const Folders common = plus(text, {"common/record", "common/tables", "common/formats", "common/charter"});
  static const Folders trusted = plus(common, {"server/store", "server/charter", "server/feed"});
  static const Folders working = plus(trusted, {"server/publish", "server/replicate", "server/directory"});
  static const Folders reading = plus(working, {"server/access"});
  static const std::map<std::string, Folders> layers = {
      {"common/base", {}},
      {"common/crypto", {"common/base"}},
      {"common/text", {"common/base"}},
      {"common/record", text},
      {"common/tables", plus(text, {"common/record"})},
      {"common/formats", plus(text, {"common/record"})},
      {"common/charter", plus(text, {"common/record"})},
      {"server/store", common},
      {"server/charter", plus(common, {"server/store"})},
      {"server/feed", plus(common, {"server/store", "server/charter"})},
      {"server/access", plus(common, {"server/store", "server/charter"})},
      {"server/publish", trusted},
      {"server/replicate", trusted},
      {"server/directory", trusted},
      {"server/rpc", reading},
      {"server/http", reading},
      {"server/hsds", plus(reading, {"server/http"})},
      {"server/rpde", plus(reading, {"server/http", "server/hsds"})},
      {"server/metrics", plus(reading, {"server/http"})},
      {"server/documents", plus(reading, {"server/http"})},
      {"server", plus(reading, {"server/http", "server/hsds", "server/rpde", "server/documents", "server/metrics", "server/rpc"})},
      {"client/cairn", common},
      {"client/follow", plus(common, {"client/cairn"})},
      {"client/cli", plus(common, {"client/cairn", "client/follow"})},
  };
  return layers;
}

}  // namespace cairn
