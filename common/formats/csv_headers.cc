#include "common/formats/csv_headers.h"

#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/formats/record_path.h"
#include "common/record/kinds.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

struct Synonym {
  const char* path;   // below the kind; several kinds may have it
  const char* words;  // folded headers, with bars between
};
// English, Polish, Latvian, Spanish, Albanian.
constexpr Synonym synonyms[] = {
    {"id", "id|uuid|identifier|number|no|numer|numurs|numero|nr|ref|reference"},
    {"name", "name|title|nazwa|nosaukums|nombre|titulo|emri|emertimi"},
    {"alternate_name",
     "alternate name|alternative name|short name|acronym|abbreviation|skrot|saisinajums|siglas|shkurtesa"},
    {"description",
     "description|body|details|about|summary|opis|apraksts|descripcion|pershkrimi|additional information"},
    {"email", "email|e mail|mail|email address|adres email|e pasts|epasts|correo|correo electronico|posta elektronike"},
    {"url",
     "url|website|web|web page|webpage|website address|web address|link|homepage|strona|strona www|www|majaslapa|sitio "
     "web|faqja"},
    {"website",
     "url|website|web|web page|webpage|website address|web address|link|homepage|strona|strona www|www|majaslapa|sitio "
     "web|faqja"},
    {"status", "status|state of service|stan|statuss|estado|statusi"},
    {"phones[0].number",
     "phone|phones|phone number|telephone|telephone "
     "number|tel|telefon|telefony|telefons|talrunis|telefono|telefoni|hotline|helpline"},
    {"phones[1].number",
     "phone 2|second phone|toll free|toll free phone number|mobile|cell|komorka|movil|celular|mobilais"},
    {"phones[2].number", "fax|faks|fakss|fax number"},
    {"addresses.address_1",
     "address|street|street address|address 1|address line "
     "1|adres|ulica|adrese|iela|direccion|calle|adresa|rruga|physical address"},
    {"addresses.address_2", "address 2|address line 2"},
    {"addresses.city", "city|town|miasto|miejscowosc|pilseta|ciudad|qyteti"},
    {"addresses.region", "region|county|powiat|novads|comarca|rrethi"},
    {"addresses.state_province", "state|province|wojewodztwo|provincia|departamento|state province"},
    {"addresses.postal_code",
     "zip|zip code|zipcode|postal code|postcode|post code|kod pocztowy|kod|pasta indekss|codigo postal|kodi postar"},
    {"addresses.country", "country|kraj|valsts|pais|shteti|vendi"},
    {"latitude", "lat|latitude|szerokosc|platums|latitud|gjeresia"},
    {"longitude", "lon|lng|long|longitude|dlugosc|garums|longitud|gjatesia"},
    {"languages.code", "language|languages|languages spoken|jezyk|jezyki|valoda|valodas|idioma|idiomas|gjuha|gjuhet"},
    {"schedules.description",
     "hours|opening hours|hours of operation|open|schedule|godziny|godziny otwarcia|darba laiks|horario|orari"},
    {"service_areas.name", "area|areas|service area|service areas|counties|obszar|teritorija|zona|cobertura"},
    {"fees_description",
     "fee|fees|cost|costs|price|prices|oplaty|koszt|cena|maksa|costo|precio|kosto|income eligibility and fees"},
    {"eligibility_description", "eligibility|who|for whom|target group|dla kogo|kam|requisitos|para quien|per ke"},
    {"application_process",
     "application process|how to apply|apply|jak sie zglosic|ka pieteikties|como solicitar|si te aplikoni"},
    {"minimum_age", "min age|minimum age|age from|wiek od|vecums no|edad minima"},
    {"maximum_age", "max age|maximum age|age to|wiek do|vecums lidz|edad maxima"},
    {"wait_time", "wait time|waiting time|czas oczekiwania|gaidisanas laiks|tiempo de espera"},
    {"accreditations", "accreditation|accreditations"},
    {"licenses", "licence|licences|licenses"},
    {"legal_status", "legal status|legal form|forma prawna|juridiskais statuss"},
    {"year_incorporated", "year incorporated|founded|year founded|rok zalozenia"},
    {"organization_identifiers.identifier", "tax id|registration number|krs|nip|regon|registracijas numurs|nif"},
    {"terms.name",
     "category|categories|type|topic|topics|keyword|keywords|tags|kategoria|kategorija|categoria|kategoria e "
     "sherbimit|problem codes|service type"},
    {"transportation", "transport|transportation|directions|dojazd"},
    {"location_type", "location type"},
    {"mode", "mode|format|tryb"},
    {"sessions.start", "start|start date|begins|poczatek|sakums|inicio|fillimi"},
    {"sessions.end", "end|end date|ends|koniec|beigas|fin|mbarimi"},
    {"sessions.place", "place|venue|miejsce|vieta|lugar|vendi"},
    {"sessions.time_zone", "time zone|timezone|strefa czasowa"},
    {"sessions.id", "session id|session"},
    {"resource_type", "resource type"},
    {"license", "license"},
    {"year", "year|rok|gads|ano|viti"},
};

struct KindWord {
  const char* word;
  v1::RecordKind kind;
};
constexpr KindWord kind_words[] = {
    {"service", v1::SERVICE},
    {"services", v1::SERVICE},
    {"program", v1::SERVICE},
    {"programme", v1::SERVICE},
    {"usluga", v1::SERVICE},
    {"pakalpojums", v1::SERVICE},
    {"servicio", v1::SERVICE},
    {"sherbimi", v1::SERVICE},
    {"organization", v1::ORGANIZATION},
    {"organisation", v1::ORGANIZATION},
    {"org", v1::ORGANIZATION},
    {"agency", v1::ORGANIZATION},
    {"provider", v1::ORGANIZATION},
    {"organizacja", v1::ORGANIZATION},
    {"organizacija", v1::ORGANIZATION},
    {"organizacion", v1::ORGANIZATION},
    {"organizata", v1::ORGANIZATION},
    {"location", v1::LOCATION},
    {"site", v1::LOCATION},
    {"lokalizacja", v1::LOCATION},
    {"ubicacion", v1::LOCATION},
    {"training", v1::TRAINING},
    {"course", v1::TRAINING},
    {"szkolenie", v1::TRAINING},
    {"kurss", v1::TRAINING},
    {"curso", v1::TRAINING},
    {"trajnimi", v1::TRAINING},
    {"resource", v1::RESOURCE},
};

std::optional<v1::RecordKind> KindOfWord(absl::string_view word) {
  for (const KindWord& known : kind_words) {
    if (word == known.word) return known.kind;
  }
  return std::nullopt;
}

// The path of folded words in a kind that has such a field; empty: there is none. A place of a service stands in
// location records, which is where addresses of a service's row go.
std::string PathOf(const std::string& words, v1::RecordKind kind) {
  for (const Synonym& synonym : synonyms) {
    const std::vector<absl::string_view> known = absl::StrSplit(synonym.words, '|');
    if (std::find(known.begin(), known.end(), words) == known.end()) continue;
    for (const v1::RecordKind holder : {kind, v1::LOCATION}) {
      const bool place = holder == v1::LOCATION && kind == v1::SERVICE;
      const bool addressed = absl::string_view(synonym.path).substr(0, 9) == "addresses" ||
                             absl::string_view(synonym.path).substr(1) == "atitude" ||
                             absl::string_view(synonym.path) == "longitude";
      if (holder != kind && !(place && addressed)) continue;
      const std::string path = absl::StrCat(KindName(holder), ".", synonym.path);
      if (RecordPath::Parse(path).ok()) return path;
    }
  }
  return "";
}

struct Header {
  std::optional<v1::RecordKind> kind;
  std::string words;  // without the kind
};

Header SplitHeader(const std::string& header) {
  std::vector<std::string> words = FoldedWords(header);
  Header split;
  if (words.size() == 1) {  // "Organization" alone is its name; "Services" are many
    split.kind = words[0] == "services" ? std::nullopt : KindOfWord(words[0]);
    split.words = split.kind.has_value() ? "name" : words[0];
    return split;
  }
  if (!words.empty()) split.kind = KindOfWord(words[0]);
  if (split.kind.has_value()) words.erase(words.begin());
  split.words = absl::StrJoin(words, " ");
  return split;
}

v1::RecordKind RowKind(const std::vector<Header>& headers) {
  if (!headers.empty() && headers[0].kind.has_value() &&
      PathOf(headers[0].words, *headers[0].kind) == absl::StrCat(KindName(*headers[0].kind), ".id")) {
    return *headers[0].kind;
  }
  std::set<v1::RecordKind> kinds;
  for (const Header& header : headers) {
    if (!header.kind.has_value() && PathOf(header.words, v1::SERVICE) == "service.name") return v1::SERVICE;
    if (header.kind.has_value()) kinds.insert(*header.kind);
  }
  for (const v1::RecordKind kind : {v1::SERVICE, v1::TRAINING, v1::RESOURCE, v1::LOCATION, v1::ORGANIZATION}) {
    if (kinds.contains(kind)) return kind;
  }
  return v1::SERVICE;
}

}  // namespace

std::vector<std::string> NamedHeaders(const std::vector<std::string>& cells) {
  std::vector<std::string> headers;
  std::map<std::string, int> seen;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string name = cells[i].empty() ? absl::StrCat("column ", i + 1) : cells[i];
    const int times = ++seen[name];
    if (times > 1) absl::StrAppend(&name, " (", times, ")");
    headers.push_back(std::move(name));
  }
  return headers;
}

HeaderGuess GuessHeaders(const std::vector<std::string>& headers) {
  std::vector<Header> split;
  for (const std::string& header : headers) split.push_back(SplitHeader(header));
  HeaderGuess guess;
  guess.kind = RowKind(split);
  std::set<std::string> used;  // the first of two columns that mean the same; the other is reported
  for (size_t i = 0; i < headers.size(); ++i) {
    std::string path = PathOf(split[i].words, split[i].kind.value_or(guess.kind));
    if (path.empty() && split[i].kind.has_value()) {  // "Location": an address, "Service area": one of the row
      path = PathOf(absl::StrJoin(FoldedWords(headers[i]), " "), guess.kind);
    }
    guess.paths.push_back(!path.empty() && used.insert(path).second ? path : "");
  }
  return guess;
}

}  // namespace cairn
