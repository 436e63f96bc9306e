#include "studio/server/api/schema.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "http/coding.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kText =
#include "studio/server/api/schemas.inc"
    ;

bool IsOfType(const std::string& type, const json& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  // Handlers take them as int64_t.
  if (type == "integer")
    return value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= INT64_MAX);
  return value.is_number();
}

const char* WordsOf(const std::string& type) {
  if (type == "object") return "an object";
  if (type == "array") return "a list";
  if (type == "string") return "a text";
  if (type == "boolean") return "true or false";
  if (type == "null") return "null";
  if (type == "integer") return "a whole number";
  return "a number";
}

Outcome Refuse(const std::string& place, const std::string& what) {
  return {Status::kInvalidArgument, place + " has to be " + what};
}

Outcome CheckType(const ordered_json& type, const json& value, const std::string& place) {
  const ordered_json types = type.is_array() ? type : ordered_json::array({type});
  std::string words;
  for (const ordered_json& one : types) {
    if (IsOfType(one.get<std::string>(), value)) return Nothing{};
    words += (words.empty() ? "" : " or ") + std::string(WordsOf(one.get<std::string>()));
  }
  return Refuse(place, words);
}

Outcome CheckChoice(const ordered_json& choices, const json& value, const std::string& place) {
  std::string words;
  for (const ordered_json& one : choices) {
    if (json(one) == value) return Nothing{};
    words += (words.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : one.dump());
  }
  return Refuse(place, "one of " + words);
}

std::string Within(const std::string& place, const std::string& key) {
  return place == "the body" ? key : place + "." + key;
}

Outcome CheckObject(const ordered_json& schema, const json& value, const std::string& place) {
  static const ordered_json kNone = ordered_json::object();
  const ordered_json& properties = schema.contains("properties") ? schema["properties"] : kNone;
  if (schema.contains("required")) {
    for (const ordered_json& key : schema["required"]) {
      if (!value.contains(key.get<std::string>())) {
        return {Status::kInvalidArgument, Within(place, key.get<std::string>()) + " is missing"};
      }
    }
  }
  for (const auto& [key, member] : value.items()) {
    if (properties.contains(key)) {
      THIMBLE_EXPECT(CheckSchema(properties[key], member, Within(place, key)));
    } else if (schema.contains("additionalProperties")) {
      const ordered_json& more = schema["additionalProperties"];
      if (more.is_object()) {
        THIMBLE_EXPECT(CheckSchema(more, member, Within(place, key)));
      } else if (!more.get<bool>()) {
        std::string names;
        for (const auto& [name, unused] : properties.items()) names += (names.empty() ? "" : ", ") + name;
        return {Status::kInvalidArgument,
                "there is no '" + key + "' in " + place + "; there can be " + (names.empty() ? "nothing" : names)};
      }
    }
  }
  return Nothing{};
}

Outcome CheckList(const ordered_json& schema, const json& value, const std::string& place) {
  if (schema.contains("minItems") && value.size() < schema["minItems"].get<size_t>()) {
    return Refuse(place, "a list of " + schema["minItems"].dump() + " or more");
  }
  if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<size_t>()) {
    return Refuse(place, "a list of " + schema["maxItems"].dump() + " or less");
  }
  if (!schema.contains("items")) return Nothing{};
  for (size_t i = 0; i < value.size(); ++i) {
    THIMBLE_EXPECT(CheckSchema(schema["items"], value[i], place + "[" + std::to_string(i) + "]"));
  }
  return Nothing{};
}

Outcome CheckNumber(const ordered_json& schema, const json& value, const std::string& place) {
  const double number = value.get<double>();
  if (!std::isfinite(number)) return Refuse(place, "a number");
  if (schema.contains("minimum") && number < schema["minimum"].get<double>()) {
    return Refuse(place, schema["minimum"].dump() + " or more");
  }
  if (schema.contains("maximum") && number > schema["maximum"].get<double>()) {
    return Refuse(place, schema["maximum"].dump() + " or less");
  }
  return Nothing{};
}

Outcome CheckString(const ordered_json& schema, const json& value, const std::string& place) {
  const auto& text = value.get_ref<const std::string&>();
  if (!http::IsUtf8(text) || text.find('\0') != std::string::npos) return Refuse(place, "a text without NUL");
  // Code points, as JSON Schema counts: all bytes but those that go on with one.
  const auto length = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  if (schema.contains("minLength") && length < schema["minLength"].get<size_t>()) {
    return Refuse(place, "a text of " + schema["minLength"].dump() + " or more characters");
  }
  if (schema.contains("maxLength") && length > schema["maxLength"].get<size_t>()) {
    return Refuse(place, "a text of " + schema["maxLength"].dump() + " or fewer characters");
  }
  return Nothing{};
}

}  // namespace

const ordered_json& ApiSchemas() {
  static const ordered_json schemas = ordered_json::parse(kText);
  return schemas;
}

const ordered_json* FindSchema(std::string_view name) {
  const ordered_json& schemas = ApiSchemas()["schemas"];
  const auto found = schemas.find(std::string(name));
  return found == schemas.end() ? nullptr : &*found;
}

Outcome CheckSchema(const ordered_json& schema, const json& value, const std::string& place) {
  if (const auto reference = schema.find("$ref"); reference != schema.end()) {
    const std::string path = reference->get<std::string>();
    const ordered_json* found = FindSchema(path.substr(path.rfind('/') + 1));
    if (found == nullptr) return {Status::kNotFound, "there is no schema " + path};
    return CheckSchema(*found, value, place);
  }
  if (const auto choices = schema.find("anyOf"); choices != schema.end()) {
    Outcome last = Nothing{};
    for (const ordered_json& one : *choices) {
      last = CheckSchema(one, value, place);
      if (last.ok()) return last;
    }
    return last;
  }
  if (schema.contains("type")) THIMBLE_EXPECT(CheckType(schema["type"], value, place));
  if (schema.contains("enum")) THIMBLE_EXPECT(CheckChoice(schema["enum"], value, place));
  if (value.is_object()) return CheckObject(schema, value, place);
  if (value.is_array()) return CheckList(schema, value, place);
  if (value.is_number()) return CheckNumber(schema, value, place);
  if (value.is_string()) return CheckString(schema, value, place);
  return Nothing{};
}

}  // namespace thimble::studio
