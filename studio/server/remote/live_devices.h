// The devices that are connected now: what they can, what they are asked to do, and how far they are with it.
#ifndef THIMBLE_STUDIO_SERVER_REMOTE_LIVE_DEVICES_H_
#define THIMBLE_STUDIO_SERVER_REMOTE_LIVE_DEVICES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"
#include "http/message.h"
#include "studio/server/notices.h"
#include "studio/server/people/identity.h"
#include "studio/store/store.h"

namespace thimble::studio {

struct DeviceSensor {
  std::string name;
  /// As the hello says it. Its name claims seconds, but clients send milliseconds too: no limit is made of it.
  double max_sample_length_s = 0;
  std::vector<double> frequencies_hz;
};

struct LiveDevice {
  std::string device_id, device_type;
  int hello_version = 0;
  std::vector<DeviceSensor> sensors;
  bool snapshots = false;    ///< it has a camera whose pictures it can stream
  bool inference = false;    ///< it runs a model and can stream what that says
  bool live = false;         ///< it can send readings as they come
  std::string model;         ///< JSON of the hello's inferenceInfo; empty without a model
  std::string records;       ///< JSON of the hello's availableRecords; empty without
  int64_t connected_ms = 0;  ///< since when, for people
};

/// "Record this now."
struct SamplingWish {
  std::string label{};
  double length_ms = 0;
  double interval_ms = 0;
  std::string sensor{};               ///< one of the device's; empty: its first
  std::string category = "training";  ///< training, testing, anomaly or split
};

/// One recording that a device was asked for.
struct Sampling {
  enum class State : uint8_t {
    kAsked,      ///< nothing heard yet
    kAccepted,   ///< it will
    kRecording,  ///< it does; see `progress`
    kUploading,  ///< it says that it sends; nothing has arrived
    kDone,       ///< `sample_id` has arrived
    kFailed,     ///< `error` says why
  };
  int64_t id = 0;
  int64_t project_id = 0;
  std::string device_id;
  SamplingWish wish;
  State state = State::kAsked;
  double progress = -1;  ///< 0 … 1; negative: not said
  int64_t sample_id = 0;
  std::string error;  ///< one sentence
};

/// "recording"
const char* NameOf(Sampling::State state);

/// One object, as the API and the notices of kind "sampling" give it.
std::string JsonOf(const Sampling& sampling);

/// Readings that a device sent as it made them, without a gap.
struct LiveReadings {
  int64_t first = 0;  ///< number of the first one since the device began; what is missing is counted
  double interval_ms = 0;
  std::vector<dataset::Axis> axes = {};
  std::vector<float> values = {};  ///< row by row, one number an axis
  int64_t lost = 0;                ///< readings that are missing before the first one
};

/// What a device's own model said about a window, as the device tells it.
struct LiveVerdict {
  int64_t reading = 0;     ///< number of the last one of the window, as LiveReadings count
  std::string label = {};  ///< empty of a regressor
  double score = 0;
  std::vector<std::pair<std::string, double>> scores = {};  ///< of all labels
  int64_t dsp_cycles = 0, network_cycles = 0;
};

/// Somebody who looks at what a device senses. It is called one call at a time, must not wait, and must not ask
/// LiveDevices anything.
class LiveFollower {
 public:
  virtual ~LiveFollower() = default;
  /// False: it wants no more.
  virtual bool open() const = 0;
  virtual void Began() = 0;                          ///< the device will send, perhaps anew
  virtual void Stopped(const std::string& why) = 0;  ///< it does not for now: a sentence
  virtual void Heard(const LiveReadings& readings, const std::vector<LiveVerdict>& verdicts) = 0;
};

/// The last picture of a device's stream.
struct Snapshot {
  int64_t number = 0;  ///< rises with each picture
  std::string file_name, bytes;
};

/// Thread-safe. Errors are sentences:
///
///   kNotFound         no such device is connected; no such sampling
///   kInvalidArgument  the wish is impossible, or longer than firmware can read
///   kUnsupported      the device cannot do that
///   kFailed           it is busy, or the store failed
class LiveDevices {
 public:
  struct Options {
    /// Whose key a hello brings; kVerificationFailed for none that is known.
    std::function<Expected<Identity>(std::string_view api_key)> identify{};
    int hello_within_ms = 30'000;   ///< else the connection is closed
    int upload_within_ms = 10'000;  ///< after the recording's length, before a sampling has failed
    int late_upload_ms = 600'000;   ///< until then an upload still makes a failed sampling done
    size_t most_samplings = 1'000;  ///< that are remembered; the oldest that have ended are forgotten
    size_t most_followers = 100;    ///< who look at signals at a time
  };

  LiveDevices(Store& store, Notices& notices, Options options);
  /// Closes the connections.
  ~LiveDevices();

  /// The answer to a device that opens the WebSocket.
  http::Response Accept();

  std::vector<LiveDevice> List(int64_t project_id) const;
  std::optional<LiveDevice> Get(int64_t project_id, std::string_view device_id) const;

  /// Asks at once. The rest is told by notices of kind "sampling" and by GetSampling.
  Expected<Sampling> StartSampling(int64_t project_id, std::string_view device_id, const SamplingWish& wish);
  Expected<Sampling> GetSampling(int64_t project_id, int64_t id) const;
  std::vector<Sampling> ListSamplings(int64_t project_id) const;  ///< newest first

  /// The ingestion service has stored a sample of this device: a sampling that waits for it is done.
  /// Firmware that does not name itself (an empty `device_id`) is known by the label alone.
  void SampleArrived(int64_t project_id, std::string_view device_id, std::string_view label, int64_t sample_id);

  /// Pictures are told by notices of kind "snapshot" and kept, the last one of each device.
  Outcome StartSnapshots(int64_t project_id, std::string_view device_id, bool high_resolution);
  Outcome StopSnapshots(int64_t project_id, std::string_view device_id);
  std::optional<Snapshot> LastSnapshot(int64_t project_id, std::string_view device_id) const;

  /// What the model says is stored (Store::ListInferenceRecords) and told by notices of kind "inference".
  Outcome StartInference(int64_t project_id, std::string_view device_id);
  Outcome StopInference(int64_t project_id, std::string_view device_id);
  /// Asks for records that the device has kept; they are stored when they come. At most 100.
  Outcome RequestRecords(int64_t project_id, std::string_view device_id, const std::vector<int64_t>& numbers);
  Outcome RequestRecords(int64_t project_id, std::string_view device_id, int64_t first, int64_t last);

  /// The device sends what it senses for as long as somebody follows it; when it comes back, it does so again. `sensor`
  /// is one of its own, or empty: the one that is shown already, else its first.
  Outcome Follow(int64_t project_id, std::string_view device_id, const std::string& sensor,
                 std::shared_ptr<LiveFollower> follower);

  /// There is a model to fetch: the deployment of that version, 0: the latest.
  Outcome OfferModel(int64_t project_id, std::string_view device_id, int64_t deployment_version);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_REMOTE_LIVE_DEVICES_H_
