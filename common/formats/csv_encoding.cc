#include "common/formats/csv_encoding.h"

#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/csv_text.h"

namespace cairn {
namespace {

constexpr absl::string_view utf8 = "UTF-8";
constexpr absl::string_view utf8_mark = "UTF-8 with a byte order mark";
constexpr absl::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr size_t chunk_bytes = 64 * 1024;
constexpr int rows_looked_at = 50;  // for the separator: titles above a table are a few

// The letters beyond ASCII of a language: those of every page, and the others.
struct Alphabet {
  std::u32string common, rare;
};

// The languages that are written in an encoding. Earlier encodings win when all suit alike.
struct Encoding {
  const char* name;
  std::vector<Alphabet> alphabets;
};
const std::vector<Encoding>& Encodings() {
  static const auto* const encodings = new std::vector<Encoding>{
      {"Windows-1252",
       {{U"áéíñó", U"úü¿¡ºª"},       // Spanish
        {U"éèàê", U"âæçëîïôœùûüÿ"},  // French
        {U"ãçáéíó", U"àâêôõúü"},     // Portuguese
        {U"äöüß", U""},              // German
        {U"åäöæø", U"é"},            // Scandinavian
        {U"àèéò", U"ìíóùú"},         // Italian
        {U"ë", U"ç"},                // Albanian
        {U"ëé", U"ïèöüá"},           // Dutch
        {U"áðéíóúþæö", U"ý"}}},      // Icelandic
      {"Windows-1250",
       {{U"ąćęłóśż", U"ńź"},          // Polish
        {U"áčěéířšžýů", U"ďňóťúü"},   // Czech
        {U"áčéíľšťžýú", U"äďĺňóôŕ"},  // Slovak
        {U"áéíóöőü", U"úű"},          // Hungarian
        {U"čćšž", U"đ"},              // Croatian, Slovene
        {U"ăâîşţ", U""},              // Romanian
        {U"ë", U"ç"}}},
      {"Windows-1257",
       {{U"āēīšūņļ", U"čģķōŗž"},  // Latvian
        {U"ėšųžįąčūę", U""},      // Lithuanian
        {U"äõöü", U"šž"},         // Estonian
        {U"ąćęłóśż", U"ńź"},
        {U"åäöæø", U"é"}}},
  };
  return *encodings;
}

// The character of each byte; U+FFFD for bytes that the encoding does not have.
using Characters = std::array<char32_t, 256>;

Characters CharactersOf(const char* encoding) {
  Characters characters{};
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(encoding, &error);
  for (int byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    UChar out[4] = {};
    UErrorCode one = U_SUCCESS(error) ? U_ZERO_ERROR : error;
    const int32_t length = ucnv_toUChars(converter, out, 4, &text, 1, &one);
    const bool control = byte >= 0x80 && length == 1 && u_iscntrl(out[0]);
    characters[static_cast<size_t>(byte)] = U_SUCCESS(one) && length == 1 && !control ? out[0] : 0xFFFD;
  }
  if (converter != nullptr) ucnv_close(converter);
  return characters;
}

const Characters& CharactersByName(absl::string_view name) {
  static const auto* const all = [] {
    auto* characters = new std::map<std::string, Characters>;
    for (const Encoding& encoding : Encodings()) (*characters)[encoding.name] = CharactersOf(encoding.name);
    return characters;
  }();
  return all->at(std::string(name));
}

// How often each byte above ASCII stands in the text, and how often it stands between two small letters.
struct Counts {
  std::array<int, 256> all{};
  std::array<int, 256> within{};
};

Counts CountBytes(absl::string_view bytes) {
  Counts counts;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < 0x80) continue;
    ++counts.all[byte];
    const bool between =
        i > 0 && i + 1 < bytes.size() && absl::ascii_islower(bytes[i - 1]) && absl::ascii_islower(bytes[i + 1]);
    counts.within[byte] += between ? 1 : 0;
  }
  return counts;
}

// More is better: letters of the alphabet, against letters of others, signs and capitals in the middle of words, and
// bytes that the encoding does not have.
int Score(const Counts& counts, const Characters& characters, const Alphabet& alphabet) {
  int score = 0;
  for (size_t byte = 0x80; byte < 256; ++byte) {
    if (counts.all[byte] == 0) continue;
    const auto c = static_cast<UChar32>(characters[byte]);
    if (c == 0xFFFD) {
      score -= 10 * counts.all[byte];
    } else if (u_isalpha(c)) {
      const auto letter = static_cast<char32_t>(u_tolower(c));
      const bool common = alphabet.common.find(letter) != std::u32string::npos;
      const bool rare = alphabet.rare.find(letter) != std::u32string::npos;
      score += (common ? 2 : rare ? 1 : -2) * counts.all[byte];
      if (u_isupper(c)) score -= 2 * counts.within[byte];
    } else {
      score -= 3 * counts.within[byte];
    }
  }
  return score;
}

void AppendUtf8(char32_t c, std::string* out) {
  char bytes[U8_MAX_LENGTH];
  int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, static_cast<UChar32>(c));
  out->append(bytes, static_cast<size_t>(length));
}

// Calls `see` with one piece of the file after the other.
template <typename See>
absl::Status ForEachChunk(const InputFile& file, See&& see) {
  std::string chunk(chunk_bytes, '\0');
  for (uint64_t offset = 0;;) {
    ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset, chunk.data(), chunk.size()));
    if (got == 0) return absl::OkStatus();
    RETURN_IF_ERROR(see(offset, absl::string_view(chunk.data(), got)));
    offset += got;
  }
}

// What a file looks like as UTF-8.
struct Utf8Look {
  uint64_t characters = 0;  // of more than one byte
  uint64_t bad = 0;
  uint64_t bad_line = 0;
  unsigned char bad_byte = 0;
  bool mark = false;
  std::string sample;  // the surroundings of what is beyond ASCII
};

class Utf8Looker {
 public:
  absl::Status See(uint64_t offset, absl::string_view chunk) {
    if (offset == 0) look.mark = chunk.substr(0, 3) == byte_order_mark;
    const absl::string_view piece =
        carry_.empty() ? chunk : absl::string_view(carry_.append(chunk.data(), chunk.size()));
    const size_t keep = Look(piece, /*last=*/false);
    carry_ = std::string(piece.substr(keep));
    return absl::OkStatus();
  }
  void Finish() { Look(carry_, /*last=*/true); }
  Utf8Look look;

 private:
  // Returns where a character begins that the piece cuts off.
  size_t Look(absl::string_view piece, bool last) {
    const auto length = static_cast<int32_t>(piece.size());
    for (int32_t at = 0; at < length;) {
      const auto byte = static_cast<unsigned char>(piece[static_cast<size_t>(at)]);
      if (byte < 0x80) {
        line_ += byte == '\n' ? 1 : 0;
        ++at;
        continue;
      }
      if (!last && length - at < U8_MAX_LENGTH) return static_cast<size_t>(at);
      const int32_t begin = at;
      UChar32 c;
      U8_NEXT(piece.data(), at, length, c);
      AddSample(piece, static_cast<size_t>(begin));
      if (c >= 0) {
        ++look.characters;
      } else if (look.bad++ == 0) {
        look.bad_line = line_;
        look.bad_byte = byte;
      }
    }
    return piece.size();
  }
  void AddSample(absl::string_view piece, size_t at) {
    if (look.sample.size() >= limits::csv_detect_bytes_max) return;
    const size_t begin = at == 0 ? 0 : at - 1;
    absl::StrAppend(&look.sample, piece.substr(begin, 3), " ");
  }

  std::string carry_;
  uint64_t line_ = 1;
};

absl::StatusOr<Utf8Look> LookAtUtf8(const InputFile& file) {
  Utf8Looker looker;
  RETURN_IF_ERROR(
      ForEachChunk(file, [&](uint64_t offset, absl::string_view chunk) { return looker.See(offset, chunk); }));
  looker.Finish();
  return std::move(looker.look);
}

absl::Status NotOfEncoding(const InputFile& file, uint64_t line, int byte, absl::string_view encoding) {
  return absl::InvalidArgumentError(absl::StrCat(
      file.name(), " line ", line, ": the byte 0x", absl::Hex(static_cast<unsigned>(byte), absl::kZeroPad2), " is not ",
      encoding, "; save the file as UTF-8, or name its encoding in the mapping"));
}

absl::StatusOr<std::shared_ptr<InputFile>> Convert(const InputFile& file, absl::string_view encoding) {
  ASSIGN_OR_RETURN(std::shared_ptr<InputFile> copy, InputFile::Temporary(file.name()));
  const Characters& characters = CharactersByName(encoding);
  uint64_t line = 1;
  RETURN_IF_ERROR(ForEachChunk(file, [&](uint64_t, absl::string_view chunk) -> absl::Status {
    std::string text;
    for (const char c : chunk) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte == '\n') ++line;
      if (characters[byte] == 0xFFFD) return NotOfEncoding(file, line, byte, encoding);
      AppendUtf8(characters[byte], &text);
    }
    return copy->Append(text);
  }));
  return copy;
}

// How many columns this separator gives, weighed by how many rows agree with the first; 0: it cuts nothing.
absl::StatusOr<int> SeparatorScore(const std::shared_ptr<InputFile>& file, char separator) {
  CsvCursor cursor(file, separator);
  CsvRow row;
  size_t columns = 0;
  int agree = 0;
  for (int rows = 0; rows < rows_looked_at; ++rows) {
    const absl::StatusOr<bool> more = cursor.Next(&row);
    if (absl::IsInvalidArgument(more.status())) break;
    RETURN_IF_ERROR(more.status());
    if (!*more) break;
    if (rows == 0) columns = row.cells.size();
    agree += row.cells.size() == columns ? 1 : 0;
  }
  return columns > 1 ? static_cast<int>(columns) * agree : 0;
}

}  // namespace

absl::StatusOr<std::string> EncodingFromName(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower == "utf-8" || lower == "utf8") return std::string(utf8);
  for (const Encoding& encoding : Encodings()) {
    if (absl::AsciiStrToLower(encoding.name) == lower) return std::string(encoding.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("encoding ", Quoted(name), ": not known; write utf-8, windows-1250, windows-1252 or windows-1257"));
}

std::string GuessEncoding(absl::string_view bytes) {
  const Counts counts = CountBytes(bytes);
  const Encoding* best = nullptr;
  int best_score = 0;
  for (const Encoding& encoding : Encodings()) {
    for (const Alphabet& alphabet : encoding.alphabets) {
      const int score = Score(counts, CharactersByName(encoding.name), alphabet);
      if (best != nullptr && score <= best_score) continue;
      best = &encoding;
      best_score = score;
    }
  }
  return best->name;
}

absl::StatusOr<DecodedFile> DecodeFile(std::shared_ptr<InputFile> file, absl::string_view encoding) {
  DecodedFile decoded;
  decoded.encoding = std::string(encoding);
  if (encoding.empty() || encoding == utf8) {
    ASSIGN_OR_RETURN(const Utf8Look look, LookAtUtf8(*file));
    if (look.bad == 0) return DecodedFile{file, std::string(look.mark ? utf8_mark : utf8), false};
    if (look.mark || encoding == utf8 || look.characters > look.bad) {
      return NotOfEncoding(*file, look.bad_line, look.bad_byte, utf8);
    }
    decoded.encoding = GuessEncoding(look.sample);
    decoded.guessed = true;
  }
  ASSIGN_OR_RETURN(decoded.file, Convert(*file, decoded.encoding));
  return decoded;
}

absl::StatusOr<char> DetectSeparator(std::shared_ptr<InputFile> file) {
  char begin[8] = {};
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, begin, sizeof(begin)));
  absl::string_view text(begin, got);
  if (text.substr(0, 3) == byte_order_mark) text.remove_prefix(3);
  if (text.substr(0, 4) == "sep=" && text.size() > 4) return text[4];
  char best = ',';
  int best_score = 0;
  for (const char separator : {',', ';', '\t', '|'}) {
    ASSIGN_OR_RETURN(const int score, SeparatorScore(file, separator));
    if (score <= best_score) continue;
    best = separator;
    best_score = score;
  }
  return best;
}

}  // namespace cairn
