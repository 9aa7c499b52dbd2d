#include "common/record/ids.h"

#include <openssl/sha.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

// Chosen at random, once, for this protocol.
constexpr absl::string_view kCairnNamespace = "6f3b1a52-0c6e-4d0b-9a57-2f1d8f0e7c43";

// Calls visit(path, kind, id) for every reference of the body; `path` is a function, as most visits need none. `Body`
// may be const.
template <typename Body, typename Visit>
void VisitList(Body&& ids, absl::string_view path, v1::RecordKind kind, Visit&& visit) {
  for (int i = 0; i < ids.size(); ++i) visit([&, i] { return absl::StrCat(path, "[", i, "]"); }, kind, ids[i]);
}

// Calls visit(path, kind, id) for every reference of the body; `path` is a function, since most visits need none.
template <typename Visit>
void VisitReferences(v1::Record* record, Visit&& visit) {
  const auto one = [&visit](absl::string_view path, v1::RecordKind kind, std::string* id) {
    if (!id->empty()) visit([path] { return std::string(path); }, kind, *id);
  };
  switch (record->body_case()) {
    case v1::Record::kOrganization: {
      v1::Organization* body = record->mutable_organization();
      one("organization.parent_organization_id", v1::ORGANIZATION, body->mutable_parent_organization_id());
      VisitList(*body->mutable_location_ids(), "organization.location_ids", v1::LOCATION, visit);
      break;
    }
    case v1::Record::kService: {
      v1::Service* body = record->mutable_service();
      one("service.organization_id", v1::ORGANIZATION, body->mutable_organization_id());
      for (int i = 0; i < body->service_at_locations_size(); ++i) {
        std::string* id = body->mutable_service_at_locations(i)->mutable_location_id();
        const auto path = [i] { return absl::StrCat("service.service_at_locations[", i, "].location_id"); };
        if (!id->empty()) visit(path, v1::LOCATION, *id);
      }
      break;
    }
    case v1::Record::kLocation:
      one("location.organization_id", v1::ORGANIZATION, record->mutable_location()->mutable_organization_id());
      break;
    case v1::Record::kTraining: {
      v1::Training* body = record->mutable_training();
      one("training.provider_id", v1::ORGANIZATION, body->mutable_provider_id());
      for (int i = 0; i < body->sessions_size(); ++i) {
        std::string* id = body->mutable_sessions(i)->mutable_location_id();
        if (!id->empty())
          visit([i] { return absl::StrCat("training.sessions[", i, "].location_id"); }, v1::LOCATION, *id);
      }
      VisitList(*body->mutable_resource_ids(), "training.resource_ids", v1::RESOURCE, visit);
      break;
    }
    case v1::Record::kResource: {
      v1::Resource* body = record->mutable_resource();
      VisitList(*body->mutable_accompanies_ids(), "resource.accompanies_ids", v1::RECORD_KIND_UNSPECIFIED, visit);
      one("resource.publisher_id", v1::ORGANIZATION, body->mutable_publisher_id());
      break;
    }
    case v1::Record::kAssessment: {
      v1::Assessment* body = record->mutable_assessment();
      one("assessment.service_id", v1::SERVICE, body->mutable_service_id());
      one("assessment.assessor_id", v1::ORGANIZATION, body->mutable_assessor_id());
      break;
    }
    case v1::Record::kCommitment:
      one("commitment.organization_id", v1::ORGANIZATION, record->mutable_commitment()->mutable_organization_id());
      break;
    case v1::Record::BODY_NOT_SET:
      break;
  }
}

// Text of an identifier as a JSON string; identifiers are short and rarely need an escape.
std::string AsJsonString(absl::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&json, "\\u00", ToHex(absl::string_view(&c, 1)));
    } else {
      json += c;
    }
  }
  return json + "\"";
}

// "kind/source-id" → the derived id; empty when it is not of that form.
std::string DeriveOpenReference(absl::string_view partner_namespace, absl::string_view text) {
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos || slash + 1 == text.size()) return "";
  const auto kind = KindFromName(text.substr(0, slash));
  return kind.ok() ? IdOf(partner_namespace, *kind, text.substr(slash + 1)) : "";
}

void EnsureOwnId(v1::Record* record, absl::string_view partner_namespace, std::vector<Problem>* problems) {
  if (IsUuid(record->id())) {
    absl::AsciiStrToLower(record->mutable_id());
    return;
  }
  if (partner_namespace.empty()) {
    problems->push_back({"id", record->id(), "not a UUID", "write one such as 123e4567-e89b-12d3-a456-426614174000"});
    return;
  }
  if (!record->id().empty()) record->set_source_id(record->id());
  if (record->source_id().empty()) {
    problems->push_back(
        {"id", "", "missing", "write a UUID, or the identifier in your own system, which must never change"});
    return;
  }
  record->set_id(DeriveId(partner_namespace, KindOf(*record), record->source_id()));
}

void EnsureSessionIds(v1::Record* record, std::vector<Problem>* problems) {
  if (!record->has_training() || !IsUuid(record->id())) return;
  v1::Training* training = record->mutable_training();
  for (int i = 0; i < training->sessions_size(); ++i) {
    v1::TrainingSession* session = training->mutable_sessions(i);
    if (session->id().empty()) {
      problems->push_back({absl::StrCat("training.sessions[", i, "].id"), "", "missing",
                           "write a UUID, or an identifier that stays with the session when its date changes"});
    } else if (IsUuid(session->id())) {
      absl::AsciiStrToLower(session->mutable_id());
    } else {
      (*session->mutable_extra())["id"] = AsJsonString(session->id());
      session->set_id(*UuidV5(record->id(), absl::StrCat("session/", session->id())));
    }
  }
}

}  // namespace

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

absl::StatusOr<std::string> UuidV5(absl::string_view namespace_uuid, absl::string_view name) {
  auto input = UuidFromText(namespace_uuid);
  if (!input.ok()) return input.status();
  input->append(name.data(), name.size());
  unsigned char hash[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(input->data()), input->size(), hash);
  hash[6] = (hash[6] & 0x0f) | 0x50;  // version 5
  hash[8] = (hash[8] & 0x3f) | 0x80;  // variant of RFC 4122
  return UuidToText(absl::string_view(reinterpret_cast<const char*>(hash), 16));
}

std::string PartnerNamespace(absl::string_view consortium, absl::string_view partner) {
  return *UuidV5(kCairnNamespace, absl::StrCat(consortium, "/", partner));
}

std::string DeriveId(absl::string_view partner_namespace, v1::RecordKind kind, absl::string_view source_id) {
  return UuidV5(partner_namespace, absl::StrCat(KindName(kind), "/", source_id)).value_or("");
}

std::string IdOf(absl::string_view partner_namespace, v1::RecordKind kind, absl::string_view id) {
  if (id.empty()) return "";
  return IsUuid(id) ? absl::AsciiStrToLower(id) : DeriveId(partner_namespace, kind, id);
}

std::string ServiceAtLocationId(absl::string_view service_id, const v1::ServiceAtLocation& place) {
  if (IsUuid(place.id())) return absl::AsciiStrToLower(place.id());
  const std::string& name = place.id().empty() ? place.location_id() : place.id();
  return UuidV5(service_id, absl::StrCat("service_at_location/", name)).value_or("");
}

void EnsureIds(v1::Record* record, absl::string_view partner_namespace, std::vector<Problem>* problems) {
  EnsureOwnId(record, partner_namespace, problems);
  VisitReferences(record, [&](const auto& path, v1::RecordKind kind, std::string& id) {
    if (IsUuid(id)) {
      absl::AsciiStrToLower(&id);
      return;
    }
    if (partner_namespace.empty()) {
      problems->push_back({path(), id, "not a UUID", "write the id of the record referred to"});
      return;
    }
    const bool open = kind == v1::RECORD_KIND_UNSPECIFIED;
    const std::string derived = open ? DeriveOpenReference(partner_namespace, id) : IdOf(partner_namespace, kind, id);
    if (derived.empty()) {
      problems->push_back({path(), id, "does not say which kind of record it means",
                           "write a UUID, or kind and identifier such as \"training/T-12\""});
      return;
    }
    id = derived;
  });
  EnsureSessionIds(record, problems);
}

std::vector<Reference> ReferencesOf(const v1::Record& record) {
  std::vector<Reference> references;
  // The visitor takes a mutable record, so that one list of references serves both; this use changes nothing.
  v1::Record copy = record;
  VisitReferences(&copy, [&references](const auto& path, v1::RecordKind kind, const std::string& id) {
    references.push_back({path(), kind, id});
  });
  return references;
}

}  // namespace cairn
