// A recording in Edge Impulse's data acquisition format, signed.
#ifndef THIMBLE_BRIDGE_REMOTE_ENVELOPE_H_
#define THIMBLE_BRIDGE_REMOTE_ENVELOPE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "bridge/remote/messages.h"
#include "dataset/recording.h"

namespace thimble::bridge {

/// Who recorded it.
struct Signer {
  std::string device_name;  ///< unique: the studio makes a device of it
  std::string device_type;
  std::string hmac_key;  ///< empty: "alg" is "none"
};

/// {"protected":{"ver":"v1","alg":"HS256","iat"},"signature","payload":{"device_name","device_type","interval_ms",
/// "sensors":[{"name","units"}],"values"}}, as compact JSON or CBOR. One axis gives flat values. The signature is the
/// HMAC-SHA256, under the key's text, of these very bytes with 64 zeros in its place. Values keep their float bits.
///
/// Source: Edge Impulse documentation, "Data acquisition format".
std::string Envelope(const dataset::Recording& recording, const Signer& signer, int64_t unix_s, Encoding encoding);

/// Lower-case hexadecimal.
std::string HmacSha256(std::string_view key, std::string_view bytes);

/// As JavaScript's encodeURIComponent: letters, digits and -_.!~*'() stay. Headers with names from people need it.
std::string UriComponent(std::string_view text);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_ENVELOPE_H_
