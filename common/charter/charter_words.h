// The parts of a charter in words; for the sources of charter_text.h.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

std::string DateWords(const google::protobuf::Timestamp& timestamp);
// "active", "retired, its entries stay as they are" ...
std::string StatusWords(const v1::Partner& partner);
// "key 0123456789abcdef (generation 1, public from 5 to 9)"; says when it is revoked and what stays good.
std::string KeyWords(const v1::PublishingKey& key);
std::string NodeWords(const v1::Node& node);
// "pl-fdds (Fundacja), PL, ngo"
std::string PartnerWords(const v1::Partner& partner);
std::string QuotaWords(const v1::Quota& quota);
// "circle police: pl-x, lv-y"
std::string CircleWords(const v1::Circle& circle);
std::string GovernorWords(const v1::Governor& governor);

}  // namespace cairn
