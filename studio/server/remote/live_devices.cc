#include "studio/server/remote/live_devices.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>

#include "studio/server/ingest/label.h"
#include "studio/server/remote/device_messages.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr uint16_t kPolicyViolation = 1008;  // RFC 6455, 7.4.1
constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kReplaced = 4001;
constexpr size_t kMostMessageBytes = 4 * 1024 * 1024;
constexpr size_t kMostRecords = 100;
constexpr size_t kMostErrorBytes = 500;
/// Without a record for so long, no answer to one can be under way.
constexpr Milliseconds kNoRecordUnderWay{1000};

constexpr Milliseconds kLookAtFollowers{1000};

/// What a device must be able to do.
enum class Need : uint8_t { kNothing, kCamera, kModel };

bool Ended(const Sampling& sampling) {
  return sampling.state == Sampling::State::kDone || sampling.state == Sampling::State::kFailed;
}

int64_t IntegerOf(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  if (found->is_number_integer()) return found->get<int64_t>();
  if (!found->is_number() || !(std::abs(found->get<double>()) < 9e15)) return 0;
  return static_cast<int64_t>(found->get<double>());
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Whether the message says `key`, and how: nothing when it does not.
std::optional<bool> Says(const json& message, const char* key) {
  const auto found = message.find(key);
  if (found == message.end() || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

std::string Short(std::string text) {
  if (text.size() > kMostErrorBytes) text.resize(kMostErrorBytes);
  return text;
}

}  // namespace

const char* NameOf(Sampling::State state) {
  constexpr const char* kNames[] = {"asked", "accepted", "recording", "uploading", "done", "failed"};
  return kNames[static_cast<size_t>(state)];
}

std::string JsonOf(const Sampling& sampling) {
  json object = {{"id", sampling.id},
                 {"device_id", sampling.device_id},
                 {"state", NameOf(sampling.state)},
                 {"label", sampling.wish.label},
                 {"length_ms", sampling.wish.length_ms},
                 {"interval_ms", sampling.wish.interval_ms},
                 {"sensor", sampling.wish.sensor},
                 {"category", sampling.wish.category}};
  if (sampling.progress >= 0) object["progress"] = sampling.progress;
  if (sampling.sample_id != 0) object["sample_id"] = sampling.sample_id;
  if (!sampling.error.empty()) object["error"] = sampling.error;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

class LiveDevices::State : public std::enable_shared_from_this<State> {
 public:
  State(Store& store, Notices& notices, Options options)
      : store_(store), notices_(notices), options_(std::move(options)) {}

  struct Connection {
    int64_t id = 0;
    std::shared_ptr<http::WebSocket> socket;
    std::optional<Encoding> encoding;  ///< of the first message
    Clock::time_point hello_due;
    int64_t project_id = 0;  ///< 0: no hello yet
    LiveDevice device;
    int64_t sampling_id = 0;  ///< 0: it is not recording
    bool streams_inference = false;
    bool streams_live = false;
    Clock::time_point last_record;
    std::vector<nlohmann::ordered_json> held;  ///< what must not come between a record and its acknowledgement
    std::optional<Snapshot> snapshot;
  };
  using ConnectionPointer = std::shared_ptr<Connection>;
  using FollowerPointer = std::shared_ptr<LiveFollower>;

  void StartTimer() {
    timer_ = std::thread([this] { RunTimer(); });
  }

  void Stop() {
    std::map<DeviceKey, Signal> signals;  // ended without the mutex
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      signals.swap(signals_);
      for (const auto& [id, connection] : connections_) {
        if (connection->socket) connection->socket->Close(kGoingAway, "the studio ends");
      }
    }
    changed_.notify_all();
    timer_.join();
  }

  http::WebSocketEvents Events() {
    const auto connection = std::make_shared<Connection>();
    http::WebSocketEvents events;
    events.most_message_bytes = kMostMessageBytes;
    events.opened = [self = shared_from_this(), connection](const std::shared_ptr<http::WebSocket>& socket) {
      self->Opened(connection, socket);
    };
    events.message = [self = shared_from_this(), connection](const std::shared_ptr<http::WebSocket>&,
                                                             const std::string& bytes,
                                                             bool binary) { self->Heard(connection, bytes, binary); };
    events.closed = [self = shared_from_this(), connection](uint16_t, std::string_view) { self->Closed(connection); };
    return events;
  }

  std::vector<LiveDevice> List(int64_t project_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<LiveDevice> devices;
    for (auto at = by_device_.lower_bound({project_id, ""}); at != by_device_.end(); ++at) {
      if (at->first.first != project_id) break;
      devices.push_back(at->second->device);
    }
    return devices;
  }

  std::optional<LiveDevice> Get(int64_t project_id, std::string_view device_id) const {
    const std::lock_guard lock(mutex_);
    const ConnectionPointer connection = Find(project_id, device_id);
    return connection ? std::optional(connection->device) : std::nullopt;
  }

  Expected<Sampling> StartSampling(int64_t project_id, std::string_view device_id, SamplingWish wish) {
    THIMBLE_ASSIGN(const std::string hmac_key, HmacKeyOf(project_id));
    std::unique_lock lock(mutex_);
    THIMBLE_ASSIGN(const ConnectionPointer connection, Connected(project_id, device_id));
    if (const auto work = samplings_.find(connection->sampling_id); work != samplings_.end()) {
      return {Status::kFailed, "device " + std::string(device_id) + " is recording '" +
                                   work->second.sampling.wish.label + "' already; wait until that is done"};
    }
    const std::vector<DeviceSensor>& sensors = connection->device.sensors;
    auto sensor = sensors.begin();
    if (!wish.sensor.empty()) {
      sensor = std::ranges::find(sensors, wish.sensor, &DeviceSensor::name);
      if (sensor == sensors.end() && !sensors.empty()) {
        return {Status::kInvalidArgument, "device " + std::string(device_id) + " has no sensor '" + wish.sensor +
                                              "'; it has '" + sensors.front().name + "'" +
                                              (sensors.size() > 1 ? " and others" : "")};
      }
    } else if (sensor != sensors.end()) {
      wish.sensor = sensor->name;
    }
    if (wish.interval_ms == 0) {
      double fastest_hz = 0;
      if (sensor != sensors.end()) {
        for (const double rate_hz : sensor->frequencies_hz) fastest_hz = std::max(fastest_hz, rate_hz);
      }
      wish.interval_ms = 1000 / (fastest_hz > 0 ? fastest_hz : 100);
    }
    THIMBLE_ASSIGN(const std::string message, WriteSampleRequest(wish, hmac_key, *connection->encoding));
    Work work;
    work.sampling.id = next_sampling_++;
    work.sampling.project_id = project_id;
    work.sampling.device_id = device_id;
    work.sampling.wish = std::move(wish);
    work.due = Clock::now() + LengthOf(work.sampling) + Milliseconds(options_.upload_within_ms);
    connection->sampling_id = work.sampling.id;
    if (!connection->socket->Send(message, *connection->encoding == Encoding::kCbor)) {
      connection->sampling_id = 0;
      return {Status::kNotFound, "device " + std::string(device_id) + " has just left"};
    }
    const Sampling sampling = work.sampling;
    samplings_.emplace(sampling.id, std::move(work));
    ForgetOld();
    Tell(sampling);
    changed_.notify_all();
    return sampling;
  }

  Expected<Sampling> GetSampling(int64_t project_id, int64_t id) const {
    const std::lock_guard lock(mutex_);
    const auto found = samplings_.find(id);
    if (found == samplings_.end() || found->second.sampling.project_id != project_id) {
      return {Status::kNotFound,
              "there is no sampling " + std::to_string(id) + " (they are forgotten when the server ends)"};
    }
    return found->second.sampling;
  }

  std::vector<Sampling> ListSamplings(int64_t project_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<Sampling> samplings;
    for (auto at = samplings_.rbegin(); at != samplings_.rend(); ++at) {
      if (at->second.sampling.project_id == project_id) samplings.push_back(at->second.sampling);
    }
    return samplings;
  }

  void SampleArrived(int64_t project_id, std::string_view device_id, std::string_view label, int64_t sample_id) {
    const std::lock_guard lock(mutex_);
    const auto fits = [&](const Work& work) {
      const Sampling& sampling = work.sampling;
      if (sampling.project_id != project_id || sampling.state == Sampling::State::kDone) return false;
      if (sampling.state == Sampling::State::kFailed && !(work.may_be_late && Clock::now() < work.late_until)) {
        return false;
      }
      // Clients that name the file after the label leave the label itself to be read off it.
      return (device_id.empty() || sampling.device_id == device_id) &&
             (sampling.wish.label == label || LabelOfFileName(sampling.wish.label) == label);
    };
    const auto take = [&](bool failed) {
      for (auto& [id, work] : samplings_) {
        if ((work.sampling.state == Sampling::State::kFailed) != failed || !fits(work)) continue;
        work.sampling.state = Sampling::State::kDone;
        work.sampling.sample_id = sample_id;
        work.sampling.error.clear();
        work.sampling.progress = 1;
        Release(work.sampling);
        Tell(work.sampling);
        return true;
      }
      return false;
    };
    if (!take(false)) take(true);
  }

  Outcome Follow(int64_t project_id, std::string_view device_id, const std::string& sensor, FollowerPointer follower) {
    const std::lock_guard lock(mutex_);
    THIMBLE_ASSIGN(const ConnectionPointer connection, Connected(project_id, device_id));
    const std::string name = "device '" + std::string(device_id) + "'";
    const LiveDevice& device = connection->device;
    if (!device.live) {
      return {Status::kUnsupported, name +
                                        " cannot send readings as they come; `thimble bridge` can, and the studio's "
                                        "page on a phone"};
    }
    if (!sensor.empty() && std::ranges::find(device.sensors, sensor, &DeviceSensor::name) == device.sensors.end()) {
      return {Status::kInvalidArgument, name + " has no sensor '" + sensor + "'"};
    }
    size_t followers = 0;
    for (const auto& [key, signal] : signals_) followers += signal.followers.size();
    if (stopped_ || followers >= options_.most_followers) {
      return {Status::kFailed, "too many look at live signals already; close some of their pages"};
    }
    Signal& signal = signals_[{project_id, std::string(device_id)}];
    const bool other = !sensor.empty() && sensor != signal.sensor;
    if (other) signal.sensor = sensor;
    if (connection->streams_live && !other) follower->Began();
    const bool first = signal.followers.empty();
    signal.followers.push_back(std::move(follower));
    if (first || other) SwitchLive(*connection, &signal);
    changed_.notify_all();
    return Nothing{};
  }

  Outcome Ask(int64_t project_id, std::string_view device_id, Need need, nlohmann::ordered_json message) {
    const std::lock_guard lock(mutex_);
    THIMBLE_ASSIGN(const ConnectionPointer connection, Connected(project_id, device_id));
    if (need == Need::kCamera && !connection->device.snapshots) {
      return {Status::kUnsupported, "device '" + std::string(device_id) + "' has no camera that it can stream"};
    }
    if (need == Need::kModel && !connection->device.inference) {
      return {Status::kUnsupported,
              "device '" + std::string(device_id) + "' runs no model; start its runner with --monitor"};
    }
    Say(*connection, std::move(message));
    return Nothing{};
  }

  std::optional<Snapshot> LastSnapshot(int64_t project_id, std::string_view device_id) const {
    const std::lock_guard lock(mutex_);
    const ConnectionPointer connection = Find(project_id, device_id);
    return connection ? connection->snapshot : std::nullopt;
  }

 private:
  using DeviceKey = std::pair<int64_t, std::string>;

  /// Who looks at what a device senses.
  struct Signal {
    std::string sensor;  ///< empty: the device's first
    std::vector<FollowerPointer> followers;
  };

  struct Work {
    Sampling sampling;
    Clock::time_point due;         ///< until then there must be news
    Clock::time_point late_until;  ///< of one that ran out of time: an upload may still come
    bool may_be_late = false;
    bool connection_lost = false;
  };

  static Milliseconds LengthOf(const Sampling& sampling) {
    return Milliseconds(static_cast<int64_t>(sampling.wish.length_ms));
  }

  ConnectionPointer Find(int64_t project_id, std::string_view device_id) const {
    const auto found = by_device_.find({project_id, std::string(device_id)});
    return found == by_device_.end() ? nullptr : found->second;
  }

  Expected<ConnectionPointer> Connected(int64_t project_id, std::string_view device_id) const {
    ConnectionPointer connection = Find(project_id, device_id);
    if (!connection || !connection->socket->open()) {
      return {Status::kNotFound,
              "device '" + std::string(device_id) + "' is not connected; switch it on, or start its bridge"};
    }
    return connection;
  }

  /// The project's first key; one is made where there is none.
  Expected<std::string> HmacKeyOf(int64_t project_id) {
    THIMBLE_ASSIGN(const std::vector<HmacKey> keys, store_.ListHmacKeys(project_id));
    if (!keys.empty()) return keys.front().key;
    std::random_device entropy;
    std::string key;
    for (int i = 0; i < 32; ++i) key += "0123456789abcdef"[entropy() & 15];
    THIMBLE_EXPECT(store_.AddHmacKey({.project_id = project_id, .name = "devices", .key = key}));
    return key;
  }

  // Everything below is called with the mutex held unless it says otherwise.

  void Tell(const Sampling& sampling) { notices_.Tell({sampling.project_id, "sampling", JsonOf(sampling)}); }

  void TellDevice(const Connection& connection, bool connected) {
    notices_.Tell({connection.project_id, "device",
                   json{{"device_id", connection.device.device_id},
                        {"device_type", connection.device.device_type},
                        {"connected", connected}}
                       .dump(-1, ' ', false, json::error_handler_t::replace)});
  }

  static void SendNow(Connection& connection, const nlohmann::ordered_json& message) {
    const Encoding encoding = connection.encoding.value_or(Encoding::kJson);
    connection.socket->Send(WriteDocument(message, encoding), encoding == Encoding::kCbor);
  }

  /// A client that streams takes whatever comes next for the acknowledgement of its record: then it waits for a gap.
  void Say(Connection& connection, nlohmann::ordered_json message) {
    if (connection.streams_inference && Clock::now() < connection.last_record + kNoRecordUnderWay) {
      connection.held.push_back(std::move(message));
      changed_.notify_all();
    } else {
      SendNow(connection, message);
    }
  }

  static void SendHeld(Connection& connection) {
    for (const nlohmann::ordered_json& message : std::exchange(connection.held, {})) SendNow(connection, message);
  }

  /// Null: no more of it.
  void SwitchLive(Connection& connection, const Signal* signal) {
    nlohmann::ordered_json wish = {{"on", signal != nullptr}};
    if (signal != nullptr && !signal->sensor.empty()) wish["sensor"] = signal->sensor;
    connection.streams_live = false;
    Say(connection, {{"live", std::move(wish)}});
  }

  const std::vector<FollowerPointer>& FollowersOf(const Connection& connection) const {
    static const std::vector<FollowerPointer> kNobody;
    const auto found = signals_.find({connection.project_id, connection.device.device_id});
    return found == signals_.end() ? kNobody : found->second.followers;
  }

  /// Those that want no more, to be let go without the mutex. A device that nobody looks at any more is told so.
  std::vector<FollowerPointer> TakeGone() {
    std::vector<FollowerPointer> gone;
    for (auto at = signals_.begin(); at != signals_.end();) {
      std::vector<FollowerPointer>& followers = at->second.followers;
      const auto first_gone = std::stable_partition(followers.begin(), followers.end(),
                                                    [](const FollowerPointer& one) { return one->open(); });
      std::move(first_gone, followers.end(), std::back_inserter(gone));
      followers.erase(first_gone, followers.end());
      if (!followers.empty()) {
        ++at;
        continue;
      }
      if (const ConnectionPointer connection = Find(at->first.first, at->first.second))
        SwitchLive(*connection, nullptr);
      at = signals_.erase(at);
    }
    return gone;
  }

  /// The device is free for the next wish.
  void Release(const Sampling& sampling) {
    if (const ConnectionPointer connection = Find(sampling.project_id, sampling.device_id);
        connection && connection->sampling_id == sampling.id) {
      connection->sampling_id = 0;
    }
  }

  void Fail(Work& work, std::string sentence, bool may_be_late) {
    work.sampling.state = Sampling::State::kFailed;
    work.sampling.error = Short(std::move(sentence));
    work.may_be_late = may_be_late;
    work.late_until = Clock::now() + Milliseconds(options_.late_upload_ms);
    Release(work.sampling);
    Tell(work.sampling);
  }

  void TimeOut(Work& work) {
    std::string sentence;
    if (work.connection_lost) {
      sentence = "the connection to the device was lost while it recorded, and no recording has arrived";
    } else if (work.sampling.state == Sampling::State::kAsked) {
      sentence = "the device has not answered; is it busy with something else?";
    } else if (work.sampling.state == Sampling::State::kUploading) {
      sentence =
          "the device says that it has sent the recording, but none has arrived: check the ingestion host and the API "
          "key that it uses";
    } else {
      sentence = "the device began to record and then fell silent";
    }
    Fail(work, std::move(sentence), true);
  }

  void ForgetOld() {
    for (auto at = samplings_.begin(); at != samplings_.end() && samplings_.size() > options_.most_samplings;) {
      at = Ended(at->second.sampling) ? samplings_.erase(at) : std::next(at);
    }
  }

  void RunTimer() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      if (!to_see_.empty()) {
        const DeviceKey key = std::move(to_see_.front());
        to_see_.pop_front();
        lock.unlock();
        SeeNow(key);
        lock.lock();
        if (stopped_) return;  // said while nobody listened
      }
      const Clock::time_point now = Clock::now();
      Clock::time_point next = now + std::chrono::hours(1);
      const auto due = [&](Clock::time_point when) {
        if (when > now) next = std::min(next, when);
        return when <= now;
      };
      for (auto& [id, work] : samplings_) {
        if (!Ended(work.sampling) && due(work.due)) TimeOut(work);
      }
      for (const auto& [id, connection] : connections_) {
        if (connection->project_id == 0 && connection->socket && due(connection->hello_due)) {
          connection->hello_due = now + std::chrono::hours(1);
          connection->socket->Close(kPolicyViolation, "no hello came");
        }
        if (!connection->held.empty() && due(connection->last_record + kNoRecordUnderWay)) SendHeld(*connection);
      }
      if (!signals_.empty()) {
        std::vector<FollowerPointer> gone = TakeGone();
        if (!gone.empty()) {
          lock.unlock();
          gone.clear();
          lock.lock();
          continue;
        }
        next = std::min(next, now + kLookAtFollowers);
      }
      if (to_see_.empty()) changed_.wait_until(lock, next);
    }
  }

  // Called by the server, one at a time for each connection, without the mutex.

  void Opened(const ConnectionPointer& connection, const std::shared_ptr<http::WebSocket>& socket) {
    const std::lock_guard lock(mutex_);
    connection->socket = socket;
    connection->id = next_connection_++;
    connection->hello_due = Clock::now() + Milliseconds(options_.hello_within_ms);
    if (stopped_) return socket->Close(kGoingAway, "the studio ends");
    connections_.emplace(connection->id, connection);
    changed_.notify_all();
  }

  void Closed(const ConnectionPointer& connection) {
    const std::lock_guard lock(mutex_);
    connections_.erase(connection->id);
    const auto found = by_device_.find({connection->project_id, connection->device.device_id});
    if (found == by_device_.end() || found->second != connection) return;
    by_device_.erase(found);
    // A recording may still arrive: the device uploads it on another connection.
    if (const auto work = samplings_.find(connection->sampling_id); work != samplings_.end()) {
      work->second.connection_lost = true;
    }
    for (const FollowerPointer& follower : FollowersOf(*connection)) {
      follower->Stopped("the device is not connected any more");
    }
    TellDevice(*connection, false);
    SeeLater(connection->project_id, connection->device.device_id);
  }

  void Heard(const ConnectionPointer& connection, const std::string& bytes, bool binary) {
    const Encoding encoding = binary ? Encoding::kCbor : Encoding::kJson;
    const Expected<json> read = ReadDocument(bytes, encoding);
    if (!connection->encoding) {
      const std::lock_guard lock(mutex_);
      connection->encoding = encoding;
    }
    if (!read.ok() || !read->is_object()) {
      const std::string why = read.ok() ? "it is no object" : read.error().message;
      if (connection->project_id == 0) return Refuse(*connection, "this is no message: " + why);
      connection->socket->Close(kPolicyViolation, Short("this is no message: " + why).substr(0, 120));
      return;
    }
    const json& message = *read;
    if (connection->project_id == 0 || message.contains("hello")) return Greet(connection, message);
    if (message.contains("impulseRecord") || message.contains("impulseRecordsResponse")) {
      return Record(connection, message);
    }
    if (message.contains("liveData")) return Live(*connection, message["liveData"]);
    if (message.contains("inferenceSummary")) return Summary(*connection, message["inferenceSummary"]);
    if (const std::optional<bool> updated = Says(message, "modelUpdateSuccess")) {
      return ModelUpdated(*connection, *updated, message);
    }
    const std::lock_guard lock(mutex_);
    Step(*connection, message);
  }

  void Refuse(Connection& connection, const std::string& why) {
    const std::lock_guard lock(mutex_);
    SendNow(connection, {{"hello", false}, {"err", Short(why)}});
    connection.socket->Close(kPolicyViolation, "the hello was refused");
  }

  void Greet(const ConnectionPointer& connection, const json& message) {
    Expected<Hello> hello = ReadHello(message);
    if (!hello.ok()) return Refuse(*connection, hello.error().message);
    const Expected<Identity> identity = options_.identify(hello->api_key);
    if (!identity.ok()) return Refuse(*connection, identity.error().message);
    if (identity->project_id == 0 || !Allows(identity->role, Permission::kIngest)) {
      return Refuse(*connection, "this API key may not bring devices; use one with the right to ingest");
    }
    LiveDevice device = hello->device;
    const Outcome kept = Keep(*hello, identity->project_id);
    if (!kept.ok()) return Refuse(*connection, kept.error().message);
    device.connected_ms = store_.Now();

    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto mine = by_device_.find({connection->project_id, connection->device.device_id});
    if (mine != by_device_.end() && mine->second == connection) by_device_.erase(mine);
    connection->project_id = identity->project_id;
    connection->device = std::move(device);
    ConnectionPointer& place = by_device_[{connection->project_id, connection->device.device_id}];
    if (place) {
      // The old one may not have noticed yet that it is dead. What it was asked for may still be uploaded.
      place->socket->Close(kReplaced, "the device has connected again");
      if (const auto work = samplings_.find(place->sampling_id); work != samplings_.end()) {
        work->second.connection_lost = true;
      }
    }
    place = connection;
    SendNow(*connection, {{"hello", true}, {"serverTimestamp", store_.Now()}});
    TellDevice(*connection, true);
    const auto signal = signals_.find({connection->project_id, connection->device.device_id});
    if (connection->device.live && signal != signals_.end()) SwitchLive(*connection, &signal->second);
  }

  /// Makes its row, or brings it up to date. Rows that say the same already are left for later, so that a thousand
  /// devices that come back at once do not wait for a thousand writes.
  Outcome Keep(const Hello& hello, int64_t project_id) {
    const LiveDevice& device = hello.device;
    const std::string abilities = AbilitiesOf(hello);
    const Expected<Device> known = store_.GetDevice(project_id, device.device_id);
    if (known.ok() && known->type == device.device_type && known->abilities == abilities) {
      const std::lock_guard lock(mutex_);
      SeeLater(project_id, device.device_id);
      return Nothing{};
    }
    THIMBLE_EXPECT(store_.SeeDevice(
        {.project_id = project_id, .device_id = device.device_id, .type = device.device_type, .abilities = abilities}));
    return Nothing{};
  }

  /// With the mutex: its last_seen is written by the timer's thread.
  void SeeLater(int64_t project_id, const std::string& device_id) {
    to_see_.emplace_back(project_id, device_id);
    changed_.notify_all();
  }

  /// Without the mutex. A device that was removed meanwhile is not made again, and a store that fails says so to
  /// others.
  void SeeNow(const DeviceKey& key) {
    Expected<Device> known = store_.GetDevice(key.first, key.second);
    if (known.ok()) static_cast<void>(store_.SeeDevice(*std::move(known)));
  }

  /// What it says of a recording or of its camera.
  void Step(Connection& connection, const json& message) {
    if (const std::optional<bool> started = Says(message, "snapshotStarted");
        started || message.contains("snapshotFailed")) {
      const bool failed = Says(message, "snapshotFailed").value_or(false);
      json told = {{"device_id", connection.device.device_id}, {"state", failed ? "failed" : "started"}};
      if (failed) told["error"] = Short(TextOf(message, "error"));
      return TellAbout(connection, "snapshot", told);
    }
    if (message.contains("snapshotFrame")) return Frame(connection, message);
    if (Says(message, "snapshotStopped")) {
      return TellAbout(connection, "snapshot", {{"device_id", connection.device.device_id}, {"state", "stopped"}});
    }
    if (Says(message, "liveStarted").value_or(false)) {
      connection.streams_live = true;
      for (const FollowerPointer& follower : FollowersOf(connection)) follower->Began();
      return;
    }
    if (Says(message, "liveFailed").value_or(false)) {
      const std::string why = Short("the device says: " + TextOf(message, "error"));
      for (const FollowerPointer& follower : FollowersOf(connection)) follower->Stopped(why);
      return;
    }
    if (Says(message, "inferenceStreamStarted").value_or(false)) connection.streams_inference = true;
    if (Says(message, "inferenceStreamStopped").value_or(false)) connection.streams_inference = false;
    const auto found = samplings_.find(connection.sampling_id);
    if (found == samplings_.end()) return;
    Work& work = found->second;
    Sampling& sampling = work.sampling;
    const auto reach = [&](Sampling::State state) { sampling.state = std::max(sampling.state, state); };
    Milliseconds patience(options_.upload_within_ms);
    if (const std::optional<bool> taken = Says(message, "sample")) {
      if (!*taken) {
        const std::string error = TextOf(message, "error");
        return Fail(work, "the device says: " + (error.empty() ? "it cannot" : error), false);
      }
      reach(Sampling::State::kAccepted);
    } else if (Says(message, "sampleStarted")) {
      reach(Sampling::State::kRecording);
      patience += LengthOf(sampling);
    } else if (Says(message, "sampleReading")) {
      reach(Sampling::State::kRecording);
      const auto percent = message.find("progressPercentage");
      if (percent != message.end() && percent->is_number() && percent->get<double>() >= 0) {
        sampling.progress = std::min(percent->get<double>() / 100, 1.0);
      }
    } else if (Says(message, "sampleProcessing") || Says(message, "sampleUploading") ||
               Says(message, "sampleFinished")) {
      // Not even "finished" proves that anything has arrived.
      reach(Sampling::State::kUploading);
      // Some say that they process before they have begun.
      if (Says(message, "sampleProcessing")) patience += LengthOf(sampling);
    } else {
      return;
    }
    work.due = std::max(work.due, Clock::now() + patience);
    Tell(sampling);
  }

  void TellAbout(const Connection& connection, const char* kind, const json& told) {
    notices_.Tell({connection.project_id, kind, told.dump(-1, ' ', false, json::error_handler_t::replace)});
  }

  void Frame(Connection& connection, const json& message) {
    std::optional<std::string> bytes = http::FromBase64(TextOf(message, "snapshotFrame"));
    if (!bytes || bytes->empty()) return;
    Snapshot snapshot;
    snapshot.number = connection.snapshot ? connection.snapshot->number + 1 : 1;
    snapshot.file_name = TextOf(message, "fileName");
    snapshot.bytes = *std::move(bytes);
    connection.snapshot = std::move(snapshot);
    TellAbout(
        connection, "snapshot",
        {{"device_id", connection.device.device_id}, {"state", "picture"}, {"number", connection.snapshot->number}});
  }

  void Live(Connection& connection, const json& data) {
    const Expected<LiveNews> news = ReadLiveNews(data);
    const std::lock_guard lock(mutex_);
    for (const FollowerPointer& follower : FollowersOf(connection)) {
      if (news.ok()) {
        follower->Heard(news->readings, news->verdicts);
      } else {
        follower->Stopped(news.error().message);
      }
    }
  }

  /// One answer of the model, streamed or asked for. It is acknowledged when it is durable, or with the reason.
  void Record(const ConnectionPointer& connection, const json& message) {
    const int64_t number = IntegerOf(message, "index");
    const bool asked_for = message.contains("impulseRecordsResponse");
    if (asked_for && !Says(message, "impulseRecordsResponse").value_or(false)) {
      const std::lock_guard lock(mutex_);
      return TellAbout(*connection, "inference",
                       {{"device_id", connection->device.device_id},
                        {"number", number},
                        {"error", Short("the device says: " + TextOf(message, "error"))}});
    }
    const auto result = message.find(asked_for ? "record" : "impulseRecord");
    const Expected<int64_t> kept = result == message.end() || !result->is_object()
                                       ? Expected<int64_t>(Status::kInvalidArgument, "the record is missing")
                                       : KeepRecord(*connection, number, *result, message);
    const std::lock_guard lock(mutex_);
    connection->last_record = Clock::now();
    if (!asked_for) connection->streams_inference = true;
    nlohmann::ordered_json answer = {{"impulseRecordAck", kept.ok()}, {"index", number}};
    if (!kept.ok()) answer["error"] = Short(kept.error().message);
    SendNow(*connection, answer);
    SendHeld(*connection);
    if (!kept.ok()) return;
    TellAbout(
        *connection, "inference",
        {{"device_id", connection->device.device_id}, {"number", number}, {"record_id", *kept}, {"record", *result}});
  }

  Expected<int64_t> KeepRecord(const Connection& connection, int64_t number, const json& result, const json& message) {
    InferenceRecord record;
    record.project_id = connection.project_id;
    record.device_id = connection.device.device_id;
    record.number = number;
    record.device_time_ms = IntegerOf(message, "timestamp");
    record.result = result.dump();
    StagedBlob input;  // held until the row that refers to it is committed
    if (const auto raw = message.find("rawData"); raw != message.end() && raw->is_object()) {
      const std::optional<std::string> bytes = http::FromBase64(TextOf(*raw, "bufferBase64"));
      if (!bytes) return {Status::kDataLoss, "rawData.bufferBase64 is no base64"};
      if (!bytes->empty()) {
        THIMBLE_ASSIGN(input, store_.blobs().Put(*bytes));
        record.blob = input.hash();
        record.media = TextOf(*raw, "type");
      }
    }
    return store_.AddInferenceRecord(std::move(record));
  }

  void Summary(const Connection& connection, const json& summary) {
    if (!summary.is_object()) return;
    InferenceSummary row;
    row.project_id = connection.project_id;
    row.device_id = connection.device.device_id;
    const auto index = [&](const char* key) {
      const auto found = summary.find(key);
      return found == summary.end() ? 0 : IntegerOf(*found, "index");
    };
    row.first_number = index("start");
    row.last_number = index("end");
    row.summary = summary.dump();
    const Expected<int64_t> kept = store_.AddInferenceSummary(std::move(row));
    const std::lock_guard lock(mutex_);
    json told = {{"device_id", connection.device.device_id}, {"summary", summary}};
    if (!kept.ok()) told["error"] = Short(kept.error().message);
    TellAbout(connection, "inference", told);
  }

  void ModelUpdated(Connection& connection, bool updated, const json& message) {
    const std::lock_guard lock(mutex_);
    json told = {{"device_id", connection.device.device_id}, {"model_updated", updated}, {"connected", true}};
    if (updated) {
      const auto model = message.find("inferenceInfo");
      if (model != message.end() && model->is_object()) {
        connection.device.model = model->dump();
        told["model"] = *model;
      }
    } else {
      told["error"] = Short(TextOf(message, "error"));
    }
    TellAbout(connection, "device", told);
  }

  Store& store_;
  Notices& notices_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::thread timer_;
  int64_t next_connection_ = 1, next_sampling_ = 1;
  std::unordered_map<int64_t, ConnectionPointer> connections_;
  std::map<DeviceKey, ConnectionPointer> by_device_;
  std::deque<DeviceKey> to_see_;
  std::map<int64_t, Work> samplings_;
  std::map<DeviceKey, Signal> signals_;
};

LiveDevices::LiveDevices(Store& store, Notices& notices, Options options)
    : state_(std::make_shared<State>(store, notices, std::move(options))) {
  state_->StartTimer();
}

LiveDevices::~LiveDevices() { state_->Stop(); }

http::Response LiveDevices::Accept() {
  http::Response response = http::Response::Empty(101);
  response.web_socket = state_->Events();
  return response;
}

std::vector<LiveDevice> LiveDevices::List(int64_t project_id) const { return state_->List(project_id); }

std::optional<LiveDevice> LiveDevices::Get(int64_t project_id, std::string_view device_id) const {
  return state_->Get(project_id, device_id);
}

Expected<Sampling> LiveDevices::StartSampling(int64_t project_id, std::string_view device_id,
                                              const SamplingWish& wish) {
  return state_->StartSampling(project_id, device_id, wish);
}

Expected<Sampling> LiveDevices::GetSampling(int64_t project_id, int64_t id) const {
  return state_->GetSampling(project_id, id);
}

std::vector<Sampling> LiveDevices::ListSamplings(int64_t project_id) const { return state_->ListSamplings(project_id); }

void LiveDevices::SampleArrived(int64_t project_id, std::string_view device_id, std::string_view label,
                                int64_t sample_id) {
  state_->SampleArrived(project_id, device_id, label, sample_id);
}

Outcome LiveDevices::StartSnapshots(int64_t project_id, std::string_view device_id, bool high_resolution) {
  return state_->Ask(project_id, device_id, Need::kCamera,
                     {{"startSnapshot", true}, {"resolution", high_resolution ? "high" : "low"}});
}

Outcome LiveDevices::StopSnapshots(int64_t project_id, std::string_view device_id) {
  return state_->Ask(project_id, device_id, Need::kNothing, {{"stopSnapshot", true}});
}

std::optional<Snapshot> LiveDevices::LastSnapshot(int64_t project_id, std::string_view device_id) const {
  return state_->LastSnapshot(project_id, device_id);
}

Outcome LiveDevices::StartInference(int64_t project_id, std::string_view device_id) {
  return state_->Ask(project_id, device_id, Need::kModel, {{"startInferenceStream", true}});
}

Outcome LiveDevices::StopInference(int64_t project_id, std::string_view device_id) {
  return state_->Ask(project_id, device_id, Need::kNothing, {{"stopInferenceStream", true}});
}

Outcome LiveDevices::RequestRecords(int64_t project_id, std::string_view device_id,
                                    const std::vector<int64_t>& numbers) {
  if (numbers.empty() || numbers.size() > kMostRecords) {
    return {Status::kInvalidArgument,
            "between 1 and " + std::to_string(kMostRecords) + " records can be asked for at once"};
  }
  nlohmann::ordered_json which;
  if (numbers.size() == 1) {
    which["index"] = numbers.front();
  } else {
    which["list"] = numbers;
  }
  return state_->Ask(project_id, device_id, Need::kModel, {{"impulseRecordRequest", std::move(which)}});
}

Outcome LiveDevices::RequestRecords(int64_t project_id, std::string_view device_id, int64_t first, int64_t last) {
  if (first < 0 || last < first || last - first >= static_cast<int64_t>(kMostRecords)) {
    return {Status::kInvalidArgument,
            "records are asked for from first to last, " + std::to_string(kMostRecords) + " at once at most"};
  }
  nlohmann::ordered_json range = {{"first", first}, {"last", last}};
  return state_->Ask(project_id, device_id, Need::kModel,
                     {{"impulseRecordRequest", nlohmann::ordered_json{{"range", std::move(range)}}}});
}

Outcome LiveDevices::Follow(int64_t project_id, std::string_view device_id, const std::string& sensor,
                            std::shared_ptr<LiveFollower> follower) {
  return state_->Follow(project_id, device_id, sensor, std::move(follower));
}

Outcome LiveDevices::OfferModel(int64_t project_id, std::string_view device_id, int64_t deployment_version) {
  nlohmann::ordered_json message = {{"newModelAvailable", true}};
  if (deployment_version > 0) {
    message["deploymentVersion"] = deployment_version;
  } else {
    message["deploymentVersion"] = "latest";
  }
  return state_->Ask(project_id, device_id, Need::kModel, std::move(message));
}

}  // namespace thimble::studio
