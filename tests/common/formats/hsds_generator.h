// HSDS services of any shape: what the model has, what it has not, and what is of the wrong type.
#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "cairn/v1/record.pb.h"
#include "google/protobuf/descriptor.h"
#include "nlohmann/json.hpp"

namespace cairn::testing_formats {

class HsdsGenerator {
 public:
  explicit HsdsGenerator(uint64_t seed) : random_(seed) {}

  nlohmann::json Service() {
    nlohmann::json object = Object(v1::Service::descriptor());
    object["id"] = Uuid(1, 1'000'000'000);
    object["status"] = Chance(90) ? nlohmann::json("active") : Any(1);  // required; tells it from an organization
    if (Chance(50)) object["attributes"] = Attributes();
    if (Chance(80)) object["organization"] = Chance(90) ? Organization() : Any(0);
    if (Chance(70)) object["service_at_locations"] = List([this] { return Place(); });
    return object;
  }

 private:
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Uuid(int kind, uint64_t choices) {
    char text[40];
    snprintf(text, sizeof(text), "00000000-0000-4000-%04d-%012d", 8000 + kind, static_cast<int>(Below(choices)));
    return text;
  }
  template <typename Make>
  nlohmann::json List(const Make& make) {
    nlohmann::json list = nlohmann::json::array();
    for (uint64_t n = Below(3); n > 0; --n) list.push_back(make());
    return list;
  }
  // From a small pool, so that documents share them, at times with other content.
  nlohmann::json Organization() {
    nlohmann::json object = Object(v1::Organization::descriptor());
    object["id"] = Uuid(2, 50);
    if (Chance(40)) object["locations"] = List([this] { return Location(); });
    return Chance(10) ? nlohmann::json{{"id", object["id"]}} : object;
  }
  nlohmann::json Location() {
    nlohmann::json object = Object(v1::Location::descriptor());
    object["id"] = Uuid(3, 50);
    if (Chance(40)) object["attributes"] = Attributes();
    return object;
  }
  nlohmann::json Place() {
    nlohmann::json object = Object(v1::ServiceAtLocation::descriptor());
    if (Chance(80)) object["location"] = Location();
    return object;
  }
  nlohmann::json Attributes() {
    return List([this]() -> nlohmann::json {
      nlohmann::json object = {{"id", Text()}};
      if (Chance(20)) return Any(2);
      if (Chance(50)) object["value"] = Text();
      if (Chance(50)) object["label"] = Text();
      if (Chance(50)) object["taxonomy_term"] = Object(v1::TaxonomyTerm::descriptor());
      return object;
    });
  }
  std::string Text() {
    static const char* texts[] = {"",           "a",       "Łódź \"night\" line", "+48 22 123 45 67",
                                  "2026-02-30", "\\u0000", "Ελλάδα\n\t",          "null"};
    return texts[Below(8)];
  }
  nlohmann::json Number() {
    static const nlohmann::json numbers[] = {
        0, 1, -1, 100, 4294967296, 12.5, 1e30, -0.0, 3.0, 0.1, 1.7976931348623157e308, 9007199254740993};
    return numbers[Below(12)];
  }
  nlohmann::json Any(int depth) {
    switch (Below(depth > 0 ? 6 : 4)) {
      case 0:
        return nullptr;
      case 1:
        return Chance(50);
      case 2:
        return Number();
      case 3:
        return Text();
      case 4:
        return List([&] { return Any(depth - 1); });
      default: {
        nlohmann::json object = nlohmann::json::object();
        for (uint64_t n = Below(4); n > 0; --n) object[absl::StrCat("p", Below(9))] = Any(depth - 1);
        return object;
      }
    }
  }
  nlohmann::json Value(const google::protobuf::FieldDescriptor* field) {
    if (Chance(20)) return Any(3);
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING)
      return field->is_repeated() ? nlohmann::json(List([this] { return Text(); })) : nlohmann::json(Text());
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) return Number();
    if (field->is_map()) return Any(2);
    return List([&] { return Object(field->message_type()); });
  }
  nlohmann::json Object(const google::protobuf::Descriptor* type) {
    nlohmann::json object = nlohmann::json::object();
    for (int i = 0; i < type->field_count(); ++i) {
      const std::string& name = type->field(i)->name();
      if (name == "service_at_locations" || name == "id" || !Chance(40)) continue;
      object[name] = Value(type->field(i));
    }
    for (uint64_t n = Below(3); n > 0; --n) object[absl::StrCat("unknown_", Below(5))] = Any(4);
    if (Chance(30)) object["timezone"] = Number();
    return object;
  }

  std::mt19937_64 random_;
};

}  // namespace cairn::testing_formats
