// thimble bridge: a board at a serial line appears in a studio and is recorded from there.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "bridge/capture.h"
#include "bridge/remote/live_signal.h"
#include "bridge/remote/manager.h"
#include "bridge/remote/messages.h"
#include "bridge/remote/settings.h"
#include "bridge/sample_source.h"
#include "cli/commands.h"
#include "cli/firmware_image.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "http/client.h"
#include "http/websocket_client.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using bridge::BridgeEvent;
using Kind = BridgeEvent::Kind;
using Clock = std::chrono::steady_clock;

constexpr int kMaxSampleLengthS = 300;
constexpr int kMeasuringMs = 3'000;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

std::optional<std::string> FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

/// The text of the .env file: of `given`, which must be there, or of the one here, if any.
Expected<std::string> ReadDotenv(const std::string& given) {
  const std::string file = given.empty() ? ".env" : given;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    if (given.empty() && !fs::exists(file)) return std::string();
    return {Status::kNotFound, Printable(file) + ": cannot be read"};
  }
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Where recordings wait: a folder for each studio, project and board, so that none goes astray when a key changes.
Expected<fs::path> SpoolFolder(const std::string& given, const bridge::StudioEndpoints& studio,
                               const bridge::Settings& settings) {
  fs::path base = given;
  if (given.empty()) {
    const std::string state = FromEnvironment("XDG_STATE_HOME").value_or("");
    const std::string home = FromEnvironment("HOME").value_or("");
    if (state.empty() && home.empty()) {
      return {Status::kInvalidArgument, "there is no HOME to keep recordings in; give a folder by --spool"};
    }
    base = (state.empty() ? fs::path(home) / ".local" / "state" : fs::path(state)) / "thimble" / "bridge";
  }
  const std::string ingestion = bridge::Url(studio.ingestion, "http", "https");
  const std::string mark = bridge::HmacSha256(settings.api_key, ingestion + "\n" + settings.device_id).substr(0, 12);
  return base / (studio.ingestion.host + "-" + mark);
}

/// What people and scripts see of the events.
class Reporter {
 public:
  explicit Reporter(const CommonOptions& common)
      : common_(common), style_(StyleOf(stderr)), progress_(stderr, style_, 0, common.quiet || common.json) {}

  void Tell(const BridgeEvent& event) {
    if (event.kind == Kind::kProgress && !Due()) return;
    if (common_.json) {
      PrintJson(event);
    } else {
      Show(event);
    }
  }

 private:
  bool Due() {
    const int64_t now = NowMs();
    if (now - last_progress_ms_ < (common_.json ? 1000 : 100)) return false;
    last_progress_ms_ = now;
    return true;
  }

  static void PrintJson(const BridgeEvent& event) {
    nlohmann::ordered_json object = {{"event", bridge::KindName(event.kind)}};
    if (!event.text.empty()) object["text"] = event.text;
    if (!event.label.empty()) object["label"] = event.label;
    if (event.length_ms > 0) object["lengthMs"] = event.length_ms;
    if (event.kind == Kind::kProgress) object["fraction"] = event.fraction;
    if (event.kind == Kind::kProgress || event.kind == Kind::kRecorded) object["readings"] = event.readings;
    if (event.kind == Kind::kRecorded) {
      object["lostReadings"] = event.lost;
      object["rateHz"] = event.rate_hz;
    }
    object["waiting"] = event.waiting;
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  }

  void Show(const BridgeEvent& event) {
    const std::string label = Printable(event.label);
    const std::string text = Printable(event.text);
    char numbers[120];
    switch (event.kind) {
      case Kind::kConnecting:
        return progress_.Say("connecting to " + text);
      case Kind::kConnected:
        return progress_.Say(style_.Paint("connected:", Tint::kGreen) + " " + text +
                             "; record from there, Ctrl-C ends");
      case Kind::kDisconnected:
        return progress_.Say(style_.Paint("disconnected:", Tint::kYellow) + " " + text);
      case Kind::kRequested:
        std::snprintf(numbers, sizeof numbers, " for %.1f s", event.length_ms / 1000);
        return progress_.Begin("recording " + label + numbers);
      case Kind::kProgress:
        return progress_.Update(event.fraction, Thousands(static_cast<long long>(event.readings)) + " readings");
      case Kind::kRecorded:
        std::snprintf(numbers, sizeof numbers, " readings at %.2f Hz, %llu lost", event.rate_hz,
                      static_cast<unsigned long long>(event.lost));
        progress_.End(Thousands(static_cast<long long>(event.readings)) + numbers);
        return;
      case Kind::kStored:
        return progress_.Say(style_.Paint("stored:", Tint::kGreen) + " " + label + (text.empty() ? "" : ", " + text));
      case Kind::kKept:
        return progress_.Say(style_.Paint("kept:", Tint::kYellow) + " " + label + " will be sent later: " + text);
      case Kind::kRefused:
        return progress_.Say(style_.Paint("refused:", Tint::kRed) + " " + label + ": " + text);
      case Kind::kFailed:
        progress_.Fail();
        return progress_.Say(style_.Paint("failed:", Tint::kRed) + " " + label + ": " + text);
      case Kind::kNotice:
        return progress_.Say(style_.Paint("note:", Tint::kYellow) + " " + text);
    }
  }

  CommonOptions common_;
  Style style_;
  Progress progress_;
  int64_t last_progress_ms_ = 0;
};

/// What the studio's menu shows: the board's own rate, and the usual slower ones, to which readings are resampled.
bridge::SensorOffer OfferOf(const bridge::StreamInfo& info) {
  bridge::SensorOffer offer;
  offer.max_sample_length_s = kMaxSampleLengthS;
  const bool moves = !info.axes.empty() && info.axes.front().starts_with("acc");
  // The name that projects know that were begun with the original bridge.
  offer.name = moves ? "Built-in accelerometers" : "Sensor with " + std::to_string(info.axes.size()) + " axes";
  const double own = info.nominal_rate_hz > 0 ? info.nominal_rate_hz : std::round(info.rate_hz * 10) / 10;
  if (own > 0) offer.frequencies.push_back(own);
  for (const double usual : {100.0, 50.0, 20.0, 10.0}) {
    if (own == 0 || usual < own) offer.frequencies.push_back(usual);
  }
  return offer;
}

std::vector<std::string> CaFiles(const std::vector<std::string>& given) {
  std::vector<std::string> files = given;
  // Where Edge Impulse's own tools, being programs for Node, look for a studio's own authority.
  if (const auto extra = FromEnvironment("NODE_EXTRA_CA_CERTS"); extra && !extra->empty()) files.push_back(*extra);
  return files;
}

}  // namespace

Outcome Bridge(const BridgeOptions& options) {
  THIMBLE_ASSIGN(const std::string dotenv, ReadDotenv(options.env_file));
  THIMBLE_ASSIGN(const bridge::Settings settings, bridge::ReadSettings(FromEnvironment, dotenv, options.port));
  THIMBLE_ASSIGN(bridge::StudioEndpoints studio, bridge::ResolveStudio(settings.host));
  if (!options.management.empty()) {
    THIMBLE_ASSIGN(studio.management, bridge::ParseUrl(options.management, true));
  }
  if (!options.ingestion.empty()) {
    THIMBLE_ASSIGN(studio.ingestion, bridge::ParseUrl(options.ingestion, false));
  }
  const std::vector<std::string> ca_files = CaFiles(options.ca_files);

  Reporter reporter(options.common);
  const auto say = [&](const std::string& text) {
    BridgeEvent event;
    event.text = bridge::Redact(text, settings.Secrets());
    reporter.Tell(event);
  };
  THIMBLE_ASSIGN(const fs::path folder, SpoolFolder(options.spool, studio, settings));
  std::vector<std::string> spool_notices;
  THIMBLE_ASSIGN(const std::unique_ptr<bridge::Spool> spool, bridge::Spool::Open(folder, spool_notices));
  for (const std::string& notice : spool_notices) say(notice);

  bridge::LineOptions line;
  line.port = settings.serial_port;
  line.baud = options.baud;
  line.axes = options.axes;
  line.units = options.units;
  // Without hardware: the program of the original kit, on a virtual one.
  std::optional<FirmwareImage> image;
  if (line.port.starts_with("virtual:")) {
    line.firmware = options.firmware;
    if (line.firmware.empty()) {
      THIMBLE_ASSIGN(FirmwareImage made, MakeFirmwareImage({.name = "sensor_dump", .impulse = {}, .board = "az3166"}));
      image.emplace(std::move(made));
      line.firmware = image->elf.string();
    }
  }
  line.cancelled = &InterruptFlag();
  line.say = say;
  THIMBLE_ASSIGN(const std::unique_ptr<bridge::SampleSource> source, bridge::OpenSampleSource(line));
  // A virtual board records as fast as it can, but lives in real time, as does whoever looks on.
  bool recording = false, looked_at = false;
  const auto keep_pace = [&] { source->KeepRealTime(looked_at || !recording); };
  bridge::LiveSignal live([&](bool on) {
    looked_at = on;
    keep_pace();
  });
  bridge::HeardSource heard(*source, live);
  std::vector<float> idle;
  const auto rest = [&](int ms) -> Outcome {
    idle.clear();
    const auto rows = heard.Read(idle, ms);
    if (!rows.ok()) return rows.error();
    return Nothing{};
  };
  for (const int64_t until = NowMs() + kMeasuringMs;
       source->info().rate_hz == 0 && source->info().nominal_rate_hz == 0 && NowMs() < until;) {
    THIMBLE_EXPECT(rest(100));
  }
  say("readings come from " + source->Describe());
  keep_pace();

  bridge::ManagerOptions manager_options;
  manager_options.hello.version = options.hello_version;
  manager_options.hello.api_key = settings.api_key;
  manager_options.hello.device_id = settings.device_id;
  manager_options.hello.device_type = settings.device_type;
  manager_options.hello.sensors = {OfferOf(source->info())};
  // An extension of ours, which Edge Impulse's own server need not know.
  manager_options.hello.live_stream = !studio.management.host.ends_with("edgeimpulse.com");
  manager_options.encoding = options.messages == "json" ? bridge::Encoding::kJson : bridge::Encoding::kCbor;
  manager_options.upload_encoding = options.files == "json" ? bridge::Encoding::kJson : bridge::Encoding::kCbor;
  manager_options.hmac_key = settings.hmac_key;
  manager_options.studio = bridge::Url(studio.management, "ws", "wss");
  manager_options.secrets = settings.Secrets();
  manager_options.stop_after = static_cast<uint64_t>(options.count);

  std::mt19937 random{std::random_device{}()};
  bridge::ManagerWorld world;
  world.now_ms = NowMs;
  world.unix_s = [] { return static_cast<int64_t>(std::time(nullptr)); };
  world.chance = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
  world.open = [&] {
    http::WebSocketOptions socket;
    socket.server = studio.management;
    socket.ca_files = ca_files;
    socket.most_message_bytes = bridge::kMostMessageBytes;
    return http::OpenWebSocket(socket);
  };
  world.upload = [&](bridge::Shipment shipment) {
    return std::async(std::launch::async, [&, shipment = std::move(shipment)] {
      http::HttpRequest request = bridge::UploadRequest(shipment, studio.ingestion, settings.api_key);
      request.ca_files = ca_files;
      request.cancelled = &InterruptFlag();
      return bridge::ReadUploadAnswer(http::Ask(request), shipment);
    });
  };
  world.capture = [&](const bridge::CaptureRequest& request,
                      const std::function<bool(const bridge::CaptureProgress&)>& progress) {
    recording = true;
    keep_pace();
    auto captured = bridge::Capture(heard, request, progress, &InterruptFlag());
    recording = false;
    keep_pace();
    return captured;
  };
  world.rest = rest;
  world.live = &live;
  world.tell = [&](const BridgeEvent& event) { reporter.Tell(event); };
  world.cancelled = &InterruptFlag();

  bridge::Manager manager(std::move(manager_options), std::move(world), *spool);
  const Outcome outcome = manager.Run();
  if (outcome.ok() || !Interrupted() || spool->in_memory() > 0) return outcome;
  // Ctrl-C is how a bridge ends.
  say(outcome.error().message);
  return Nothing{};
}

}  // namespace thimble::cli
