// JSON objects <-> messages by reflection: the model's fields carry the names of HSDS on purpose.
#pragma once

#include <functional>
#include <string>

#include "common/formats/json_text.h"
#include "google/protobuf/message.h"

namespace cairn {

// Sees each property before the mapper does. True: it was taken care of.
using TakeProperty =
    std::function<bool(const std::string& name, const Json& value, google::protobuf::Message* message)>;

// Sets the field of each property of `object` that has one and whose value converts exactly; all else goes to the
// message's `extra`. What converts: texts that are not empty, numbers within the field's range, true, and lists of
// objects (as a whole, recursively). Phone.number is kept in as_entered too; CostOption.amount becomes decimal text.
void JsonToMessage(const Json& object, const TakeProperty& take, google::protobuf::Message* message);

// `extra` of the messages of HSDS: sets a property; finds its JSON text (null: not there); puts all that `object` has
// not yet into it.
void SetExtra(const std::string& name, const Json& value, google::protobuf::Message* message);
const std::string* FindExtra(const google::protobuf::Message& message, const std::string& name);
void PutExtra(const google::protobuf::Message& message, Json* object);

// Sees each nested object after the mapper has filled it.
using FinishObject = std::function<void(const google::protobuf::Message& message, Json* object)>;

// The object of all fields that are set and of what `extra` has besides; a field that was set since wins over `extra`.
// Lists of plain texts (references) are left out.
Json MessageToJson(const google::protobuf::Message& message, const FinishObject& finish);

}  // namespace cairn
