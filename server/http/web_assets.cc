#include "server/http/web_assets.h"

#include <zlib.h>

#include <algorithm>

// The compiler gets the blob from the assembler: as an array of numbers it would take it half a minute.
asm(".section .rodata\n"
    ".global cairn_web_assets\n"
    ".balign 16\n"
    "cairn_web_assets:\n"
    ".incbin \"" CAIRN_WEB_ASSETS
    "\"\n"
    ".byte 0\n"
    ".previous\n");
extern "C" const char cairn_web_assets[];

namespace cairn {
namespace {

constexpr WebAsset assets[] = {
#include "web_assets_table.inc"
};

}  // namespace

absl::Span<const WebAsset> AllWebAssets() { return assets; }

const WebAsset* FindWebAsset(absl::string_view name) {
  const auto found =
      std::lower_bound(std::begin(assets), std::end(assets), name,
                       [](const WebAsset& asset, absl::string_view wanted) { return asset.name < wanted; });
  return found != std::end(assets) && found->name == name ? &*found : nullptr;
}

absl::string_view PackedAsset(const WebAsset& asset) { return {cairn_web_assets + asset.offset, asset.gzip_size}; }

std::string UnpackedAsset(const WebAsset& asset) {
  const absl::string_view packed = PackedAsset(asset);
  std::string bytes(asset.size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  constexpr int gzip_window = 15 + 16;
  if (inflateInit2(&stream, gzip_window) != Z_OK) return "";
  inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return bytes;
}

}  // namespace cairn
