// What devices say on the remote management WebSocket, and what they can be told.
#ifndef THIMBLE_STUDIO_SERVER_REMOTE_DEVICE_MESSAGES_H_
#define THIMBLE_STUDIO_SERVER_REMOTE_DEVICE_MESSAGES_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "studio/server/remote/document.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {

struct Hello {
  std::string api_key;
  LiveDevice device;       ///< without connected_ms
  std::string connection;  ///< "ip" or "daemon"
};

/// Of the versions 1 to 4. kInvalidArgument, with a sentence, for a hello without key or device.
///
/// Source: Edge Impulse documentation, "Remote management"; the facts of its clients.
Expected<Hello> ReadHello(const nlohmann::json& message);

/// What the store keeps of a hello: Device::abilities.
std::string AbilitiesOf(const Hello& hello);

/// What a "liveData" holds.
struct LiveNews {
  LiveReadings readings;  ///< perhaps none
  std::vector<LiveVerdict> verdicts;
};

/// Of the object: docs/formats/live.md. kDataLoss, with a sentence, for anything else, and for numbers that are not
/// finite.
Expected<LiveNews> ReadLiveNews(const nlohmann::json& data);

/// {"sample":{…}} with the keys that every firmware knows and no others: one that is not known makes it refuse.
/// kInvalidArgument when a text is longer than firmware has room for.
Expected<std::string> WriteSampleRequest(const SamplingWish& wish, std::string_view hmac_key, Encoding encoding);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_REMOTE_DEVICE_MESSAGES_H_
