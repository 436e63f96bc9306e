// `thimble capture`: records what a board's sensor sends, without any server.
#include "bridge/capture.h"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "bridge/recording_file.h"
#include "bridge/sample_source.h"
#include "cli/commands.h"
#include "cli/firmware_image.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"

namespace thimble::cli {
namespace {

using bridge::Captured;
using bridge::CaptureProgress;

constexpr const char* kVirtual = "virtual:";

std::string Decimal(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// The one port that a board may be at.
Expected<std::string> OnlyPort() {
  const std::vector<std::string> ports = bridge::ListPorts();
  if (ports.size() == 1) return ports.front();
  if (ports.empty()) {
    return {Status::kNotFound,
            "no serial port is here; plug the board in, or give one with --port (without a board: --port "
            "virtual:hand:wave)"};
  }
  std::string names;
  for (const std::string& port : ports) names += (names.empty() ? "" : ", ") + port;
  return {Status::kInvalidArgument, "there is more than one serial port; give one with --port: " + names};
}

std::string Values(std::span<const float> values) {
  std::string text;
  for (const float value : values) text += PadLeft(Decimal(static_cast<double>(value), 2), 9);
  return text;
}

nlohmann::ordered_json Describe(const std::string& file, const Captured& captured) {
  nlohmann::ordered_json gaps = nlohmann::ordered_json::array();
  for (const bridge::Gap& gap : captured.gaps) gaps.push_back({{"at_ms", gap.at_ms}, {"readings", gap.readings}});
  return {{"file", file},
          {"readings", captured.recording.readings()},
          {"interval_ms", captured.interval_ms},
          {"measured_rate_hz", captured.measured_rate_hz},
          {"jitter_ms", captured.jitter_ms},
          {"resampled", captured.resampled},
          {"lost_readings", captured.lost_readings},
          {"damaged_lines", captured.damaged_lines},
          {"gaps", gaps},
          {"notices", captured.notices}};
}

}  // namespace

Outcome CaptureReadings(const CaptureOptions& options) {
  const Style err = StyleOf(stderr);
  const auto note = [&](const std::string& text) {
    return err.Paint("note:", Tint::kYellow) + " " + err.Plain(Printable(text));
  };
  bridge::LineOptions line;
  line.port = options.port;
  line.baud = options.baud;
  line.axes = options.axes;
  line.units = options.units;
  line.framed = !options.lines;
  line.rate_hz = options.rate_hz;
  line.cancelled = &InterruptFlag();
  if (line.port.empty()) {
    THIMBLE_ASSIGN(line.port, OnlyPort());
  }
  // Without hardware: the program of the original kit, on a virtual one.
  std::optional<FirmwareImage> image;
  if (line.port.starts_with(kVirtual)) {
    line.firmware = options.firmware;
    if (line.firmware.empty()) {
      THIMBLE_ASSIGN(FirmwareImage made, MakeFirmwareImage({.name = "sensor_dump", .impulse = {}, .board = "az3166"}));
      image.emplace(std::move(made));
      line.firmware = image->elf.string();
    }
  }

  Progress progress(stderr, err, 0, options.common.quiet);
  line.say = [&](const std::string& text) { progress.Say(Printable(text)); };
  progress.Begin("find the board");
  auto source = bridge::OpenSampleSource(line);
  if (!source) {
    progress.Fail();
    if (source.error().status == Status::kCancelled) return CheckInterrupt();
    return source.error();
  }
  const bridge::StreamInfo& info = (*source)->info();
  std::string axes;
  for (size_t i = 0; i < info.axes.size(); ++i) {
    axes += (axes.empty() ? "" : " ") + info.axes[i] + (info.units[i].empty() ? "" : " (" + info.units[i] + ")");
  }
  progress.End(Printable((*source)->Describe()));
  progress.Say(Printable(axes));

  bridge::CaptureRequest request;
  request.label = options.label;
  request.length_ms = options.seconds * 1000;
  request.interval_ms = options.rate_hz > 0 ? 1000 / options.rate_hz : 0;
  request.scale = options.scale;
  request.resample = !options.no_resample;
  nlohmann::ordered_json recordings = nlohmann::ordered_json::array();
  for (int number = 1; number <= options.count; ++number) {
    const std::string name =
        options.label + (options.count > 1 ? " " + std::to_string(number) + "/" + std::to_string(options.count) : "");
    if (options.countdown_s > 0 && !line.port.starts_with(kVirtual)) {
      progress.Begin(Printable(name) + ": get ready");
      for (int tenth = 0; tenth < options.countdown_s * 10; ++tenth) {
        if (Interrupted()) {
          progress.Fail();
          return CheckInterrupt();
        }
        progress.Update(tenth / (options.countdown_s * 10.0), std::to_string(options.countdown_s - tenth / 10));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      progress.End("go");
    }
    progress.Begin(Printable(name));
    const auto captured = bridge::Capture(
        **source, request,
        [&](const CaptureProgress& now) {
          std::string detail = Values(now.latest);
          if (now.info->rate_hz > 0) detail += "  " + Decimal(now.info->rate_hz, 1) + " Hz";
          progress.Update(now.fraction, detail);
          return true;
        },
        &InterruptFlag());
    if (!captured) {
      progress.Fail();
      if (captured.error().status == Status::kCancelled) {
        if (recordings.empty()) return CheckInterrupt();
        return {Status::kCancelled, "stopped; " + std::to_string(recordings.size()) + " of " +
                                        std::to_string(options.count) + " recordings are written"};
      }
      return captured.error();
    }
    const int64_t time_ms = NowMs();
    const std::string bytes = bridge::RecordingJson(
        *captured, {.device_name = captured->device_id, .device_type = "thimble", .issued_s = time_ms / 1000});
    auto file = bridge::WriteRecording(options.out, bridge::RecordingFileName(options.label, time_ms), bytes);
    if (!file) {
      progress.Fail();
      return file.error();
    }
    const std::string result = std::to_string(captured->recording.readings()) + " readings, " +
                               Decimal(1000 / captured->interval_ms, 2) + " Hz" +
                               (captured->resampled ? " (board: " + Decimal(captured->measured_rate_hz, 2) + ")" : "") +
                               ", jitter " + Decimal(captured->jitter_ms, 1) + " ms, " +
                               std::to_string(captured->lost_readings) + " lost -> " + file->string();
    progress.End(err.Plain(Printable(result)));
    for (const std::string& notice : captured->notices) progress.Say(note(notice));
    recordings.push_back(Describe(file->string(), *captured));
    if (!options.common.json) std::printf("%s\n", Printable(file->string()).c_str());
  }
  if (options.common.json) {
    const nlohmann::ordered_json object = {{"label", options.label}, {"port", line.port}, {"format", info.format},
                                           {"baud", info.baud},      {"axes", info.axes}, {"recordings", recordings}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  }
  return Nothing{};
}

}  // namespace thimble::cli
