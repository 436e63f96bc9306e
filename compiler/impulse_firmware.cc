#include "compiler/impulse_firmware.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "compiler/emit.h"
#include "compiler/emit_sensor.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelSymbol = "model_tflite";
// With this library a board listens to its own sensor; without, samples come over the serial line.
constexpr const char* kContinuous = "continuous_impulse_application";

Outcome Write(const fs::path& file, std::string_view text) {
  if ((std::ofstream(file, std::ios::binary) << text).flush()) return Nothing{};
  return {Status::kFailed, file.string() + ": cannot be written; is the disk full?"};
}

}  // namespace

Expected<Firmware> BuildImpulseFirmware(const ImpulseDescription& impulse, std::span<const std::byte> model,
                                        const FirmwareOptions& build) {
  THIMBLE_ASSIGN(const BoundImpulse bound, BoundImpulse::Bind(impulse, model));
  FirmwareOptions options = build;
  options.application = ApplicationOf(impulse);
  options.sources = {"impulse"};
  if (impulse.has_network()) {
    THIMBLE_EXPECT(Write(build.folder / "model.h", EmitModelHeader(kModelSymbol, impulse.name, model.size())));
    THIMBLE_EXPECT(Write(build.folder / "model.cc", EmitModelSource(kModelSymbol, "model.h", model)));
    options.sources.emplace(options.sources.begin(), "model");
  }
  THIMBLE_EXPECT(Write(build.folder / "impulse.cc", EmitImpulseSource(bound, kModelSymbol, "model.h")));
  std::error_code error;
  const fs::path library = build.device_directory / "lib" / ("lib" + std::string(kContinuous) + ".a");
  // What listens to a sensor by itself speaks of labels and numbers; a detector is sent its samples.
  if (!impulse.anomaly && fs::exists(library, error)) {
    THIMBLE_ASSIGN(const std::string sensor, EmitSensorSource(bound));
    THIMBLE_EXPECT(Write(build.folder / "sensor.cc", sensor));
    options.sources.emplace_back("sensor");
    options.application = kContinuous;
  }
  return BuildFirmware(options);
}

}  // namespace thimble::compiler
