// What goes in and comes out of our own API, as JSON Schema: schemas.json is read here and nowhere else.
#ifndef THIMBLE_STUDIO_SERVER_API_SCHEMA_H_
#define THIMBLE_STUDIO_SERVER_API_SCHEMA_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::studio {

/// {"schemas": {"Sample": {…}}, "queries": {"GET /api/v1/…": {"label": {…}}}}, as they are in schemas.json.
const nlohmann::ordered_json& ApiSchemas();

/// The schema of that name; null when there is none.
const nlohmann::ordered_json* FindSchema(std::string_view name);

/// Does `value` fit? The words of JSON Schema that schemas.json uses: $ref, type, enum, properties, required,
/// additionalProperties, items, minItems, maxItems, minimum, maximum, minLength, maxLength, anyOf.
///
///   kInvalidArgument  it does not; the sentence begins with `place` and says what it has to be
Outcome CheckSchema(const nlohmann::ordered_json& schema, const nlohmann::json& value, const std::string& place);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_API_SCHEMA_H_
