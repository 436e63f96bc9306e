// Whether a recording was signed with one of a project's keys.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_SIGNATURE_H_
#define THIMBLE_STUDIO_SERVER_INGEST_SIGNATURE_H_

#include <span>
#include <string>
#include <string_view>

#include "dataset/acquisition.h"

namespace thimble::studio {

enum class SignatureState { kNone, kValid, kInvalid };

/// "none", "valid" or "invalid"
const char* NameOf(SignatureState state);

/// HMAC-SHA256 of the bytes with 64 zeros in the signature's place. Of CBOR also of the compact JSON that JavaScript
/// would write of the same document: the serial bridge for Edge Impulse signs that, and sends CBOR. A wrong signature
/// is a remark, never a reason to refuse: Edge Impulse's clients rely on that.
SignatureState CheckSignature(std::string_view bytes, bool is_cbor, const dataset::Envelope& envelope,
                              std::span<const std::string> keys);

/// A number as ECMAScript writes it (ECMA-262, Number::toString); "null" for what JSON cannot hold.
std::string JavaScriptNumber(double value);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_SIGNATURE_H_
