// The bytes of a record: what feeds sign and hash.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// The payload of the record: protobuf with map entries in the order of their keys, so that equal records of one program
// version give equal bytes. Signatures rest on the bytes stored, never on serialising again.
std::string SerialiseRecord(const v1::Record& record);

// The record of a payload; fields that this program does not know are kept. DATA_LOSS when the bytes are no record.
absl::StatusOr<v1::Record> ParseRecord(absl::string_view payload);

}  // namespace cairn
