// What a studio and a device say to each other over the remote-management WebSocket: bytes to meaning and back.
#ifndef THIMBLE_BRIDGE_REMOTE_MESSAGES_H_
#define THIMBLE_BRIDGE_REMOTE_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "bridge/remote/live_signal.h"

namespace thimble::bridge {

/// Of a whole session: the hello decides. JSON goes in text frames, CBOR in binary ones.
enum class Encoding : uint8_t { kJson, kCbor };

/// What the device can record, as the studio's menu shows it.
struct SensorOffer {
  std::string name;
  int max_sample_length_s = 0;
  std::vector<double> frequencies;  ///< Hz
};

/// The first message of a session, from the device.
struct Hello {
  int version = 4;  ///< 2 to 4
  std::string api_key;
  std::string device_id;
  std::string device_type;
  std::vector<SensorOffer> sensors;
  bool live_stream = false;  ///< it can send readings as they come: docs/formats/live.md
};

struct HelloAccepted {};
struct HelloRefused {
  std::string reason;  ///< the server's words
};

/// "Record this now."
struct SampleRequest {
  std::string label;
  std::string path;  ///< at the ingestion service: "/api/training/data"
  std::string sensor;
  std::string hmac_key;
  double length_ms = 0;
  double interval_ms = 0;  ///< 0: not said
};

/// A request for a sample that cannot be done as it stands; the device answers with the reason.
struct BadSampleRequest {
  std::string reason;
};

/// "Send readings as they come", or "no more of them".
struct LiveSwitch {
  bool on = false;
  std::string sensor;  ///< empty: the only one
};

struct StartSnapshot {};
struct StopSnapshot {};
struct StartInference {};
struct StopInference {};
struct NewModel {};
struct RecordsRequest {
  std::vector<int64_t> indices;  ///< at most kMostRecords of them
};
/// The server's word about something else, or a kind of message that is newer than this program.
struct OtherMessage {
  std::string name;  ///< its first key
};

using ServerMessage =
    std::variant<HelloAccepted, HelloRefused, SampleRequest, BadSampleRequest, LiveSwitch, StartSnapshot, StopSnapshot,
                 StartInference, StopInference, NewModel, RecordsRequest, OtherMessage>;

constexpr size_t kMostMessageBytes = 64 * 1024;
constexpr size_t kMostRecords = 100;
constexpr double kLongestSampleMs = 3'600'000;

/// Reads a server's message. Keys that are not known are passed over: a studio may send more to newer devices.
/// kDataLoss when it is no object in that encoding. Made for bytes from strangers.
Expected<ServerMessage> ReadServerMessage(std::string_view bytes, Encoding encoding);

std::string WriteHello(const Hello& hello, Encoding encoding);

/// The steps of a recording, in their usual order.
enum class SampleStep : uint8_t { kAccepted, kStarted, kReading, kProcessing, kUploading, kFinished };

/// {"sample":true}, {"sampleStarted":true} and so on; `percent` goes with kReading.
std::string WriteSampleStep(SampleStep step, int percent, Encoding encoding);

/// {"sample":false,"error":…}
std::string WriteSampleFailed(std::string_view error, Encoding encoding);

/// {"liveStarted":true}, {"liveStopped":true}, or with an error {"liveFailed":true,"error":…}
std::string WriteLiveState(bool on, std::string_view error, Encoding encoding);

/// {"liveData":{…}}
std::string WriteLiveData(const LiveBatch& batch, Encoding encoding);

/// What a device that has neither camera nor model says to requests for them; empty when there is no such answer.
std::vector<std::string> WriteUnable(const ServerMessage& request, Encoding encoding);

/// `text` without its secrets, which become "[key]". Anything that came from outside passes here before it is shown.
std::string Redact(std::string text, const std::vector<std::string>& secrets);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_MESSAGES_H_
