#include "server/hsds/hsds_taxonomies.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/hsds_strict.h"
#include "common/formats/hsds_terms.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

constexpr char keywords_name[] = "keywords";  // of the terms that belong to no taxonomy

bool IsTerm(const CatalogueTerm& term, const std::string& id) {
  if (TaxonomyTermId(term.term) == id) return true;
  v1::TaxonomyTerm nameless = term.term;  // records may write the same term with an id of its own or without
  nameless.clear_id();
  return TaxonomyTermId(nameless) == id;
}

Json TermObject(const CatalogueTerm& term) {
  Json attribute = AttributeOf(term.term);
  Json object = attribute.contains("taxonomy_term")
                    ? attribute["taxonomy_term"]
                    : Json{{"name", term.term.name()}, {"taxonomy", term.term.taxonomy()}};
  MakeStrict("taxonomy_term", TaxonomyTermId(term.term), &object);
  return object;
}

Json TaxonomyObject(const std::string& name) {
  Json object{{"id", TaxonomyId(name)}, {"name", name.empty() ? keywords_name : name}};
  MakeStrict("taxonomy", TaxonomyId(name), &object);
  return object;
}

// By their folded names.
absl::StatusOr<std::map<std::string, Json>> Taxonomies(const CatalogueReading& reading) {
  ASSIGN_OR_RETURN(const auto terms, reading.Terms());
  std::map<std::string, Json> taxonomies;
  for (const CatalogueTerm& term : *terms) {
    if (!taxonomies.contains(term.taxonomy)) taxonomies[term.taxonomy] = TaxonomyObject(term.term.taxonomy());
  }
  return taxonomies;
}

bool Holds(const Json& object, const std::string& folded_words) {
  if (folded_words.empty()) return true;
  for (const char* property : {"name", "code", "description"}) {
    const auto at = object.find(property);
    if (at == object.end() || !at->is_string()) continue;
    if (absl::StrContains(FoldForSearch(at->get_ref<const std::string&>()), folded_words)) return true;
  }
  return false;
}

bool HasParent(const Json& term, const std::string& parent_id) {
  const auto at = term.find("parent_id");
  return at != term.end() && (parent_id.empty() || *at == parent_id);
}

absl::Status NoSuch(absl::string_view what, const std::string& id) {
  return absl::NotFoundError(absl::StrCat("there is no ", what, " ", Quoted(id, 80)));
}

}  // namespace

absl::Status AddTerms(const CatalogueReading& reading, HsdsQuery* query) {
  if (query->taxonomy_id.empty() && query->taxonomy_term_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto terms, reading.Terms());
  std::vector<std::pair<std::string, std::string>> of_taxonomy, of_term;
  for (const CatalogueTerm& term : *terms) {
    if (TaxonomyId(term.term.taxonomy()) == query->taxonomy_id) of_taxonomy.emplace_back(term.taxonomy, term.code);
    if (IsTerm(term, query->taxonomy_term_id)) of_term.emplace_back(term.taxonomy, term.code);
  }
  if (!query->taxonomy_id.empty()) query->filter.terms.push_back(std::move(of_taxonomy));
  if (!query->taxonomy_term_id.empty()) query->filter.terms.push_back(std::move(of_term));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const HsdsElements>> FindHsdsTaxonomies(const CatalogueReading& reading,
                                                                       const HsdsQuery& query) {
  ASSIGN_OR_RETURN(const auto taxonomies, Taxonomies(reading));
  std::vector<std::string> texts;
  for (const auto& [name, object] : taxonomies) {
    if (Holds(object, FoldForSearch(query.filter.words))) texts.push_back(DumpJson(object));
  }
  return std::make_shared<const HsdsTexts>(std::move(texts));
}

absl::StatusOr<std::shared_ptr<const HsdsElements>> FindHsdsTerms(const CatalogueReading& reading,
                                                                  const HsdsQuery& query) {
  ASSIGN_OR_RETURN(const auto terms, reading.Terms());
  std::vector<std::string> texts;
  for (const CatalogueTerm& term : *terms) {
    if (!query.taxonomy_id.empty() && TaxonomyId(term.term.taxonomy()) != query.taxonomy_id) continue;
    const Json object = TermObject(term);
    if (query.top_only && HasParent(object, "")) continue;
    if (!query.parent_id.empty() && !HasParent(object, query.parent_id)) continue;
    if (Holds(object, FoldForSearch(query.filter.words))) texts.push_back(DumpJson(object));
  }
  return std::make_shared<const HsdsTexts>(std::move(texts));
}

absl::StatusOr<Json> HsdsTaxonomyById(const CatalogueReading& reading, const std::string& id) {
  ASSIGN_OR_RETURN(const auto taxonomies, Taxonomies(reading));
  for (const auto& [name, object] : taxonomies) {
    if (object["id"] == id) return object;
  }
  return NoSuch("taxonomy", id);
}

absl::StatusOr<Json> HsdsTermById(const CatalogueReading& reading, const std::string& id) {
  ASSIGN_OR_RETURN(const auto terms, reading.Terms());
  for (const CatalogueTerm& term : *terms) {
    if (IsTerm(term, id)) return TermObject(term);
  }
  return NoSuch("taxonomy term", id);
}

}  // namespace cairn
