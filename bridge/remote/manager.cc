#include "bridge/remote/manager.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace thimble::bridge {
namespace {

using Kind = BridgeEvent::Kind;

constexpr int kRestMs = 20;
constexpr int kOpeningMs = 60'000;  // the socket has its own times; this is for one that breaks its word
constexpr size_t kMostRequests = 8;
constexpr int kMostNonsense = 10;
constexpr int kQuickLosses = 3;
constexpr size_t kMostPassedOver = 16;
constexpr int kProgressPercent = 10;
constexpr int kLiveEveryMs = 30;                // whoever looks on sees no less than a picture
constexpr size_t kMostLiveWaiting = 64 * 1024;  // a studio that takes no more misses some

std::string SecondsText(int ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", ms / 1000.0);
  return text;
}

std::string Counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// What a studio should store beside the readings; nothing when nothing is amiss.
std::string MetadataOf(const Captured& captured) {
  if (captured.lost_readings == 0 && captured.damaged_lines == 0 && !captured.resampled) return "";
  nlohmann::ordered_json metadata = {{"lostReadings", std::to_string(captured.lost_readings)},
                                     {"damagedLines", std::to_string(captured.damaged_lines)}};
  std::string gaps;
  constexpr size_t kMostGaps = 20;
  for (size_t i = 0; i < captured.gaps.size() && i < kMostGaps; ++i) {
    char text[64];
    std::snprintf(text, sizeof text, "%s%u at %.0f ms", i == 0 ? "" : ", ", captured.gaps[i].readings,
                  captured.gaps[i].at_ms);
    gaps += text;
  }
  if (!gaps.empty()) metadata["gaps"] = gaps;
  if (captured.resampled) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", captured.measured_rate_hz);
    metadata["resampledFromHz"] = text;
  }
  return metadata.dump(-1, ' ', true);
}

}  // namespace

const char* KindName(Kind kind) {
  constexpr const char* kNames[] = {"connecting", "connected", "disconnected", "requested", "progress", "recorded",
                                    "stored",     "kept",      "refused",      "failed",    "notice"};
  return kNames[static_cast<size_t>(kind)];
}

Manager::Manager(ManagerOptions options, ManagerWorld world, Spool& spool)
    : options_(std::move(options)), world_(std::move(world)), spool_(spool) {}

void Manager::Tell(Event event) {
  event.text = Redact(std::move(event.text), options_.secrets);
  event.label = Redact(std::move(event.label), options_.secrets);
  event.waiting = spool_.size();
  world_.tell(event);
}

void Manager::Say(std::string text) {
  Event event;
  event.text = std::move(text);
  Tell(std::move(event));
}

void Manager::Send(const std::string& bytes) {
  if (link_ == Link::kUp || link_ == Link::kGreeting) socket_->Send(bytes, options_.encoding == Encoding::kCbor);
}

void Manager::End(Outcome outcome) {
  if (ended_) return;
  ended_ = true;
  if (!outcome.ok()) {
    outcome = Outcome(outcome.error().status, Redact(outcome.error().message, options_.secrets));
  }
  end_ = std::move(outcome);
}

int Manager::Wait(int failures) {
  const double doubled = options_.first_wait_ms * std::pow(2.0, std::min(failures, 30) - 1);
  const double most = std::min<double>(doubled, options_.longest_wait_ms);
  // Between half and all of it, so that many bridges do not come back in the same moment.
  return static_cast<int>(most * (0.5 + 0.5 * world_.chance()));
}

Outcome Manager::Run() {
  if (spool_.size() > 0) {
    Say(Counted(spool_.size(), "recording") + " of an earlier session " + (spool_.size() == 1 ? "waits" : "wait") +
        " to be sent");
  }
  while (!ended_) {
    if (Cancelled()) {
      End({Status::kCancelled, "stopped"});
      break;
    }
    StepLink();
    if (!ended_) StepUploads();
    if (!ended_) StepLive();
    if (!ended_) StepRequests();
    if (ended_) break;
    if (const Outcome rested = world_.rest(kRestMs); !rested.ok()) End(rested);
  }
  return Goodbye();
}

Outcome Manager::Goodbye() {
  // What is on its way may be confirmed yet; on cancellation it ends at once.
  if (under_way_) Settle();
  if (awaited_)
    Send(WriteSampleFailed("the bridge ends; the recording is kept and goes with its next session", options_.encoding));
  socket_.reset();
  spool_.SaveMemory();
  if (end_.ok()) return end_;
  std::string sentence = end_.error().message;
  const size_t lost = spool_.in_memory();
  if (spool_.size() > lost) {
    const size_t kept = spool_.size() - lost;
    sentence += "; " + Counted(kept, "recording") + (kept == 1 ? " waits in " : " wait in ") +
                spool_.folder().string() + " for the next session";
  }
  if (lost > 0) {
    sentence += "; " + Counted(lost, "recording") + " could be neither sent nor written to the disk and " +
                (lost == 1 ? "is" : "are") + " lost";
  }
  return {end_.error().status, sentence};
}

void Manager::StepLink() {
  const int64_t now = world_.now_ms();
  if (link_ == Link::kDown) {
    if (now < next_open_ms_) return;
    Event event;
    event.kind = Kind::kConnecting;
    event.text = options_.studio;
    Tell(std::move(event));
    socket_ = world_.open();
    link_ = Link::kOpening;
    link_due_ms_ = now + kOpeningMs;
    nonsense_ = 0;
  }
  while (link_ != Link::kDown && !ended_) {
    const SocketEvent event = socket_->Next(0);
    if (event.kind == SocketEvent::Kind::kNothing) break;
    if (event.kind == SocketEvent::Kind::kOpened) {
      link_ = Link::kGreeting;
      link_due_ms_ = now + options_.hello_timeout_ms;
      Send(WriteHello(options_.hello, options_.encoding));
    } else if (event.kind == SocketEvent::Kind::kMessage) {
      HandleMessage(event);
    } else if (event.refused) {
      End({Status::kVerificationFailed, event.error.message + "; check EI_APIKEY and EI_HOST"});
    } else if (event.error.status == Status::kInvalidArgument) {
      End(event.error);
    } else {
      LoseLink(event.error.message);
    }
  }
  if (link_ == Link::kOpening && now >= link_due_ms_) LoseLink(options_.studio + ": it does not open");
  if (link_ == Link::kGreeting && now >= link_due_ms_) {
    LoseLink(options_.studio + ": it takes the connection but does not answer the hello");
  }
  if (link_ == Link::kUp && now - up_since_ms_ >= options_.steady_ms) link_failures_ = quick_losses_ = 0;
}

void Manager::Greeted() {
  link_ = Link::kUp;
  up_since_ms_ = world_.now_ms();
  Event event;
  event.kind = Kind::kConnected;
  event.text = options_.studio + " shows this board as " + options_.hello.device_id;
  Tell(std::move(event));
}

void Manager::LoseLink(const std::string& why) {
  const bool quick = link_ == Link::kUp && world_.now_ms() - up_since_ms_ < options_.steady_ms;
  link_ = Link::kDown;
  socket_.reset();
  if (world_.live != nullptr) world_.live->Switch(false);
  requests_.clear();  // whoever asked has been told by the connection's end
  const int wait_ms = Wait(++link_failures_);
  next_open_ms_ = world_.now_ms() + wait_ms;
  Event event;
  event.kind = Kind::kDisconnected;
  event.text = why + "; next try in " + SecondsText(wait_ms);
  if (quick && ++quick_losses_ == kQuickLosses) {
    event.text += ". A studio keeps one connection for each EI_DEVICEID: does another bridge use " +
                  options_.hello.device_id + "?";
  }
  Tell(std::move(event));
}

void Manager::Nonsense(const std::string& what) {
  if (link_ == Link::kGreeting || ++nonsense_ >= kMostNonsense) {
    LoseLink(options_.studio + ": it answers nonsense (" + what + ")");
  } else {
    Say(options_.studio + ": " + what + "; it is passed over");
  }
}

void Manager::HandleMessage(const SocketEvent& event) {
  // A studio should answer in the hello's encoding; the frame's kind says which one it is.
  const Expected<ServerMessage> message =
      ReadServerMessage(event.bytes, event.binary ? Encoding::kCbor : Encoding::kJson);
  if (!message.ok()) return Nonsense(message.error().message);
  nonsense_ = 0;
  if (const auto* refused = std::get_if<HelloRefused>(&*message)) {
    return End({Status::kVerificationFailed, options_.studio + " refuses this device" +
                                                 (refused->reason.empty() ? "" : ": " + refused->reason) +
                                                 "; check EI_APIKEY (Dashboard > Keys of the project) and EI_HOST"});
  }
  if (std::holds_alternative<HelloAccepted>(*message)) {
    if (link_ == Link::kGreeting) Greeted();
    return;
  }
  if (const auto* other = std::get_if<OtherMessage>(&*message)) {
    if (link_ == Link::kGreeting && other->name.empty()) return Nonsense("an empty object instead of a hello");
    if (passed_over_.size() < kMostPassedOver && passed_over_.insert(other->name).second) {
      Say("the studio says '" + other->name + "', which is nothing for this bridge");
    }
    return;
  }
  if (link_ == Link::kGreeting) Greeted();  // it asks for work: that is an answer as well
  if (const auto* bad = std::get_if<BadSampleRequest>(&*message)) {
    Send(WriteSampleFailed(bad->reason, options_.encoding));
    return Say(bad->reason);
  }
  if (const auto* request = std::get_if<SampleRequest>(&*message)) {
    // Recordings are signed with EI_HMACKEY; this one is only kept from being shown.
    if (!request->hmac_key.empty() &&
        std::ranges::find(options_.secrets, request->hmac_key) == options_.secrets.end()) {
      options_.secrets.push_back(request->hmac_key);
    }
    if (recording_ || requests_.size() >= kMostRequests) {
      Send(WriteSampleFailed("busy: a recording is under way", options_.encoding));
    } else {
      requests_.push_back(*request);
    }
    return;
  }
  if (const auto* live = std::get_if<LiveSwitch>(&*message)) return SwitchLive(*live);
  const std::vector<std::string> answers = WriteUnable(*message, options_.encoding);
  for (const std::string& answer : answers) Send(answer);
  Say(answers.empty() ? "the studio asks for a model's results; this bridge only records"
                      : "the studio asks for what this board has not; it is told so");
}

void Manager::SwitchLive(const LiveSwitch& wish) {
  const std::vector<SensorOffer>& sensors = options_.hello.sensors;
  std::string error;
  if (world_.live == nullptr) {
    error = "this device sends no readings as they come";
  } else if (wish.on && !wish.sensor.empty() &&
             std::ranges::find(sensors, wish.sensor, &SensorOffer::name) == sensors.end()) {
    error = "this device has no sensor '" + wish.sensor + "'";
  } else {
    world_.live->Switch(wish.on);
  }
  Send(WriteLiveState(wish.on, error, options_.encoding));
}

void Manager::StepLive() {
  if (world_.live == nullptr || link_ != Link::kUp || world_.now_ms() < next_live_ms_) return;
  if (socket_->waiting_bytes() > kMostLiveWaiting) return;
  const std::optional<LiveBatch> batch = world_.live->Take();
  if (!batch) return;
  next_live_ms_ = world_.now_ms() + kLiveEveryMs;
  Send(WriteLiveData(*batch, options_.encoding));
}

void Manager::StepRequests() {
  if (recording_ || awaited_ || requests_.empty()) return;
  const SampleRequest request = std::move(requests_.front());
  requests_.pop_front();
  Record(request);
}

void Manager::Record(const SampleRequest& request) {
  const Encoding encoding = options_.encoding;
  Event event;
  event.kind = Kind::kRequested;
  event.label = request.label;
  event.length_ms = request.length_ms;
  Tell(event);
  Send(WriteSampleStep(SampleStep::kAccepted, 0, encoding));
  Send(WriteSampleStep(SampleStep::kStarted, 0, encoding));

  CaptureRequest wanted;
  wanted.label = request.label;
  wanted.length_ms = request.length_ms;
  wanted.interval_ms = request.interval_ms;
  int told_percent = 0;
  recording_ = true;
  const Expected<Captured> captured = world_.capture(wanted, [&](const CaptureProgress& progress) {
    StepLink();
    if (!ended_) StepUploads();
    if (!ended_) StepLive();
    const int percent = static_cast<int>(std::clamp(progress.fraction, 0.0, 1.0) * 100);
    event.kind = Kind::kProgress;
    event.fraction = progress.fraction;
    event.readings = progress.readings;
    Tell(event);
    if (percent >= told_percent + kProgressPercent && percent < 100) {
      told_percent = percent;
      Send(WriteSampleStep(SampleStep::kReading, percent, encoding));
    }
    // A studio that refuses the key now will not want this recording either, but it is the user's: it is finished.
    return !Cancelled();
  });
  recording_ = false;
  if (!captured.ok()) {
    const std::string why = Redact(captured.error().message, options_.secrets);
    Send(WriteSampleFailed(why, encoding));
    event.kind = Kind::kFailed;
    event.text = why;
    return Tell(event);
  }
  const dataset::Recording& recording = captured->recording;
  event.kind = Kind::kRecorded;
  event.fraction = 1;
  event.readings = recording.readings();
  event.lost = captured->lost_readings;
  event.rate_hz = captured->measured_rate_hz;
  Tell(event);
  for (const std::string& notice : captured->notices) Say(request.label + ": " + notice);

  Send(WriteSampleStep(SampleStep::kProcessing, 0, encoding));
  Shipment shipment;
  shipment.path = request.path;
  shipment.label = request.label;
  shipment.content_type = options_.upload_encoding == Encoding::kCbor ? "application/cbor" : "application/json";
  shipment.metadata = MetadataOf(*captured);
  shipment.body = Envelope(recording, {options_.hello.device_id, options_.hello.device_type, options_.hmac_key},
                           world_.unix_s(), options_.upload_encoding);
  Send(WriteSampleStep(SampleStep::kUploading, 0, encoding));
  const Spool::Kept kept = spool_.Put(std::move(shipment));
  if (!kept.on_disk.ok()) {
    Say(kept.on_disk.error().message + "; the recording of " + request.label +
        " is kept in memory until this session ends: make room on the disk");
  }
  if (first_number_ == 0) first_number_ = kept.number;
  awaited_ = Awaited{kept.number, request.label, world_.now_ms(), 0};
  next_upload_ms_ = world_.now_ms();
}

void Manager::StepUploads() {
  if (under_way_) {
    if (under_way_->answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) Settle();
  } else if (world_.now_ms() >= next_upload_ms_) {
    Expected<std::optional<Spool::Next>> next = spool_.Oldest();
    if (!next.ok()) {
      Say(next.error().message + "; it is set aside as *.damaged");
      // If that was the one the studio waits for, it has to hear so.
      if (awaited_ && spool_.size() == 0) {
        Send(WriteSampleFailed("the recording was damaged on the disk", options_.encoding));
        awaited_.reset();
      }
    } else if (*next) {
      spool_.MarkTried((*next)->number);
      UnderWay under_way{(*next)->number, std::move((*next)->shipment), {}};
      under_way.answer = world_.upload(under_way.shipment);
      under_way_ = std::move(under_way);
    }
  }
  if (awaited_ && world_.now_ms() - awaited_->since_ms >= options_.kept_after_ms) {
    TellKept("the ingestion service has not confirmed it in time");
  }
}

void Manager::TellKept(const std::string& why) {
  Event event;
  event.kind = Kind::kKept;
  event.label = awaited_->label;
  event.text = why;
  Tell(std::move(event));
  Send(WriteSampleFailed(
      Redact("the recording is kept beside the board and will be sent later: " + why, options_.secrets),
      options_.encoding));
  awaited_.reset();
}

void Manager::Settle() {
  const UploadAnswer answer = under_way_->answer.get();
  const uint64_t number = under_way_->number;
  const bool is_awaited = awaited_ && awaited_->number == number;
  Event event;
  event.label = under_way_->shipment.label;
  event.text = answer.words;
  under_way_.reset();
  const std::string words = Redact(answer.words, options_.secrets);
  switch (answer.kind) {
    case UploadAnswer::Kind::kStored:
      spool_.Remove(number);
      upload_failures_ = 0;
      next_upload_ms_ = world_.now_ms();
      event.kind = Kind::kStored;
      if (!answer.sample_id.empty()) event.text += (event.text.empty() ? "sample " : ", sample ") + answer.sample_id;
      Tell(std::move(event));
      if (is_awaited) {
        Send(WriteSampleStep(SampleStep::kFinished, 0, options_.encoding));
        awaited_.reset();
      }
      if (first_number_ != 0 && number >= first_number_) ++stored_;
      if (options_.stop_after > 0 && stored_ >= options_.stop_after) End(Nothing{});
      break;
    case UploadAnswer::Kind::kRefused: {
      const Outcome aside = spool_.SetAside(number);
      next_upload_ms_ = world_.now_ms();
      event.kind = Kind::kRefused;
      event.text += aside.ok() ? "; it is set aside in " + spool_.folder().string() + " as *.refused"
                               : "; it could not be set aside: " + aside.error().message;
      Tell(std::move(event));
      if (is_awaited) {
        Send(WriteSampleFailed("the ingestion service refuses the recording: " + words, options_.encoding));
        awaited_.reset();
      }
      break;
    }
    case UploadAnswer::Kind::kKeyRefused:
      if (awaited_) {
        Send(WriteSampleFailed("the ingestion service refuses the bridge's key", options_.encoding));
        awaited_.reset();
      }
      End({Status::kVerificationFailed, "the ingestion service refuses the key (" + words +
                                            "); check EI_APIKEY (Dashboard > Keys of the project) and EI_HOST"});
      break;
    case UploadAnswer::Kind::kLater: {
      const int wait_ms = Wait(++upload_failures_);
      next_upload_ms_ = world_.now_ms() + wait_ms;
      if (Cancelled()) break;
      if (awaited_ && ++awaited_->failures >= options_.tries_before_kept) {
        TellKept(words);
      } else if (upload_failures_ <= options_.tries_before_kept) {
        Say("not sent yet: " + words + "; next try in " + SecondsText(wait_ms));
      }
      break;
    }
  }
}

}  // namespace thimble::bridge
