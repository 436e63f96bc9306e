// JSON and CBOR documents from strangers, and back to bytes that firmware can read.
#ifndef THIMBLE_STUDIO_SERVER_REMOTE_DOCUMENT_H_
#define THIMBLE_STUDIO_SERVER_REMOTE_DOCUMENT_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::studio {

/// Of a device's whole session: its first message decides. JSON goes in text frames, CBOR in binary ones.
enum class Encoding : uint8_t { kJson, kCbor };

/// kDataLoss, with a sentence, for what is no document, no UTF-8, or nested more than 32 deep. Whole numbers of CBOR
/// are integers again, its undefined is null, and byte strings are refused.
Expected<nlohmann::json> ReadDocument(std::string_view bytes, Encoding encoding);

/// Fractions in CBOR are doubles, never shorter: the parsers of firmware know no others (firmware-sdk, remote-mgmt).
std::string WriteDocument(const nlohmann::ordered_json& document, Encoding encoding);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_REMOTE_DOCUMENT_H_
