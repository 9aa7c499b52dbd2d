#include "common/text/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <array>
#include <cstring>
#include <memory>

namespace cairn {
namespace {

// Letters that Unicode does not decompose but people search without their stroke, hook, tail or turn.
struct LetterFolding {
  char32_t from;
  const char* to;
};
constexpr LetterFolding kLetterFoldings[] = {
    // Latin
    {U'ł', "l"},
    {U'đ', "d"},
    {U'ð', "d"},
    {U'ø', "o"},
    {U'ħ', "h"},
    {U'ı', "i"},
    {U'ŧ', "t"},
    {U'ə', "e"},
    {U'ǝ', "e"},
    {U'ŋ', "n"},
    {U'þ', "th"},
    {U'æ', "ae"},
    {U'œ', "oe"},
    {U'ĸ', "k"},
    {U'ƒ', "f"},
    {U'ƀ', "b"},
    {U'ɓ', "b"},
    {U'ƈ', "c"},
    {U'ɖ', "d"},
    {U'ɗ', "d"},
    {U'ɛ', "e"},
    {U'ǥ', "g"},
    {U'ɠ', "g"},
    {U'ɣ', "g"},
    {U'ɨ', "i"},
    {U'ƙ', "k"},
    {U'ɩ', "i"},
    {U'ɲ', "n"},
    {U'ƞ', "n"},
    {U'ɔ', "o"},
    {U'ɵ', "o"},
    {U'ƥ', "p"},
    {U'ƭ', "t"},
    {U'ʈ', "t"},
    {U'ʉ', "u"},
    {U'ʋ', "v"},
    {U'ƴ', "y"},
    {U'ƶ', "z"},
    {U'ɬ', "l"},
    {U'ɫ', "l"},
    // Cyrillic
    {U'ґ', "г"},
    {U'ғ', "г"},
    {U'җ', "ж"},
    {U'ҙ', "з"},
    {U'қ', "к"},
    {U'ҝ', "к"},
    {U'ҡ', "к"},
    {U'ң', "н"},
    {U'ҥ', "н"},
    {U'ө', "о"},
    {U'ҫ', "с"},
    {U'ү', "у"},
    {U'ұ', "у"},
    {U'ҳ', "х"},
    {U'ҷ', "ч"},
    {U'ә', "а"},
    // Apostrophes: all alike, and no letters
    {U'\u02b9', "'"},
    {U'\u02bb', "'"},
    {U'\u02bc', "'"},
    {U'\u02c8', "'"},
    {U'\u2018', "'"},
    {U'\u2019', "'"},
    {U'\u201b', "'"},
    {U'\u2032', "'"},
    {U'`', "'"},
    {U'\u00b4', "'"},
    // Not seen, but letters or marks to Unicode: tatweel; and a space without width that does part words
    {U'\u0640', ""},
    {U'\u200b', " "},
    // Private, yet word characters to tokenizers: the marks of snippets, which no text may forge
    {U'\ue000', " "},
    {U'\ue001', " "}};

const char* FindLetter(char32_t c) {
  for (const LetterFolding& folding : kLetterFoldings) {
    if (folding.from == c) return folding.to;
  }
  return nullptr;
}

bool IsDropped(char32_t c) {
  constexpr uint32_t kMarks = U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK;
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & kMarks) != 0;
}

// NFKD without marks.
icu::UnicodeString Decompose(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* const kNfkd = icu::Normalizer2::getNFKDInstance(error);
  if (kNfkd == nullptr) return text;
  const icu::UnicodeString decomposed = kNfkd->normalize(text, error);
  icu::UnicodeString kept;
  for (int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 c = decomposed.char32At(i);
    if (!IsDropped(c)) kept.append(c);
  }
  return kept;
}

// The definition; everything else here is this, made fast.
std::string FoldCodePoint(char32_t c) {
  if (const char* to = FindLetter(c)) return to;
  if (u_charType(static_cast<UChar32>(c)) == U_CONTROL_CHAR) return " ";
  icu::UnicodeString folded = Decompose(icu::UnicodeString(static_cast<UChar32>(c)));
  // Case folding may compose anew ("ΐ"), so marks are dropped once more.
  folded = Decompose(folded.foldCase(U_FOLD_CASE_DEFAULT));
  std::string out;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 part = folded.char32At(i);
    if (const char* to = FindLetter(static_cast<char32_t>(part))) {
      out += to;
    } else {
      icu::UnicodeString(part).toUTF8String(out);
    }
  }
  return out;
}

// All code points below 0x2100: the alphabets in use in Europe, and general punctuation.
constexpr size_t kTableSize = 0x2100;

struct FoldedCodePoint {
  uint8_t length = 0;
  char bytes[7] = {};
};

struct FoldTable {
  std::array<FoldedCodePoint, kTableSize> entries;
  // The first 128 again, dense: every ASCII character folds to one.
  std::array<char, 128> ascii;
  FoldTable() {
    for (size_t c = 0; c < kTableSize; ++c) {
      const std::string folded = FoldCodePoint(static_cast<char32_t>(c));
      entries[c].length = static_cast<uint8_t>(folded.size());
      if (folded.size() <= sizeof(entries[c].bytes)) std::memcpy(entries[c].bytes, folded.data(), folded.size());
    }
    for (size_t c = 0; c < ascii.size(); ++c) ascii[c] = entries[c].bytes[0];
  }
};

const FoldTable& Table() {
  static const FoldTable* const kTable = new FoldTable();
  return *kTable;
}

// Writes into a buffer on the stack and hands over in pieces: appending single characters to a string costs ten times
// as much.
class Output {
 public:
  explicit Output(std::string* out) : out_(out) {}
  ~Output() { Flush(); }
  void Byte(char c) {
    *next_++ = c;
    if (next_ >= buffer_ + kFlushAt) Flush();
  }
  void AsciiEight(const uint8_t* p, const std::array<char, 128>& ascii) {
    for (int k = 0; k < 8; ++k) next_[k] = ascii[p[k]];
    next_ += 8;
    if (next_ >= buffer_ + kFlushAt) Flush();
  }
  void Short(const FoldedCodePoint& folded) {
    std::memcpy(next_, folded.bytes, sizeof(folded.bytes));
    next_ += folded.length;
    if (next_ >= buffer_ + kFlushAt) Flush();
  }
  void Long(const std::string& folded) {
    Flush();
    out_->append(folded);
  }

 private:
  static constexpr size_t kFlushAt = 1024;
  void Flush() {
    out_->append(buffer_, next_ - buffer_);
    next_ = buffer_;
  }
  std::string* const out_;
  char buffer_[kFlushAt + 8];
  char* next_ = buffer_;
};

}  // namespace

void FoldForSearch(absl::string_view utf8, std::string* out) {
  const auto& entries = Table().entries;
  const auto& ascii = Table().ascii;
  Output output(out);
  const auto* p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto size = static_cast<int64_t>(utf8.size());
  for (int64_t i = 0; i < size;) {
    uint64_t eight;
    if (size - i >= 8 && (std::memcpy(&eight, p + i, 8), (eight & 0x8080808080808080u) == 0)) {
      output.AsciiEight(p + i, ascii);
      i += 8;
      continue;
    }
    if (p[i] < 0x80) {
      output.Byte(ascii[p[i++]]);
      continue;
    }
    UChar32 c;
    U8_NEXT(p, i, size, c);
    if (c < 0) {
      output.Byte(' ');
    } else if (static_cast<size_t>(c) < kTableSize && entries[c].length <= sizeof(entries[c].bytes)) {
      output.Short(entries[c]);
    } else {
      output.Long(FoldCodePoint(static_cast<char32_t>(c)));
    }
  }
}

std::string FoldForSearch(absl::string_view utf8) {
  std::string out;
  out.reserve(utf8.size() + 8);
  FoldForSearch(utf8, &out);
  return out;
}

bool IsWordCodePoint(char32_t code_point) {
  constexpr uint32_t kWord = U_GC_L_MASK | U_GC_N_MASK | U_GC_CO_MASK;
  return (U_GET_GC_MASK(static_cast<UChar32>(code_point)) & kWord) != 0;
}

std::vector<std::string> FoldedWords(absl::string_view utf8) {
  const std::string folded = FoldForSearch(utf8);
  std::vector<std::string> words;
  const auto size = static_cast<int64_t>(folded.size());
  int64_t start = -1;
  for (int64_t i = 0; i < size;) {
    const int64_t at = i;
    UChar32 c;
    U8_NEXT(folded.data(), i, size, c);
    const bool in_word = c >= 0 && IsWordCodePoint(static_cast<char32_t>(c));
    if (in_word && start < 0) start = at;
    if (!in_word && start >= 0) {
      words.push_back(folded.substr(start, at - start));
      start = -1;
    }
  }
  if (start >= 0) words.push_back(folded.substr(start));
  return words;
}

}  // namespace cairn
