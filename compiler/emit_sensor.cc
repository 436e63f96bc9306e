#include "compiler/emit_sensor.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <span>

namespace thimble::compiler {
namespace {

using runtime::Golden;
using runtime::SensorAxis;

// ST DocID028475, section 4.1.
constexpr double kGravity = 9.80665, kGPerCount = 0.061e-3, kDpsPerCount = 70e-3;
constexpr double kRadiansPerDegree = 3.14159265358979323846 / 180;

struct Unit {
  const char* name;
  double per_unit;  ///< of one g, or of one degree a second
};
constexpr Unit kAccelerationUnits[] = {
    {"", kGravity}, {"m/s2", kGravity}, {"m/s^2", kGravity}, {"g", 1}, {"mg", 1000},
};
constexpr Unit kTurnRateUnits[] = {
    {"", 1}, {"dps", 1}, {"deg/s", 1}, {"mdps", 1000}, {"rad/s", kRadiansPerDegree},
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

/// 0 to 5, or -1.
int ChannelOf(const std::string& name) {
  const std::string text = Lower(name);
  if (text.size() < 2 && text != "x" && text != "y" && text != "z") return -1;
  const int axis = text.back() - 'x';
  if (axis < 0 || axis > 2) return -1;
  std::string kind = text.substr(0, text.size() - 1);
  while (!kind.empty() && (kind.back() == '_' || kind.back() == '.' || kind.back() == ' ')) kind.pop_back();
  for (const char* acceleration : {"", "a", "acc", "accel", "acceleration", "accelerometer"}) {
    if (kind == acceleration) return axis;
  }
  for (const char* turn_rate : {"g", "gyr", "gyro", "gyroscope"}) {
    if (kind == turn_rate) return 3 + axis;
  }
  return -1;
}

template <typename T, typename Print>
std::string List(const std::vector<T>& values, const Print& print) {
  std::string text = "{";
  for (size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : i % 4 == 0 ? ",\n    " : ", ") + print(values[i]);
  return text + "}";
}

std::string Hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string Float(float value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9ef", static_cast<double>(value));
  return text;
}

}  // namespace

Expected<std::vector<SensorAxis>> SensorAxesOf(const ImpulseDescription& impulse) {
  std::vector<SensorAxis> axes;
  for (const InputAxis& axis : impulse.axes) {
    const int channel = ChannelOf(axis.name);
    if (channel < 0) {
      return {Status::kUnsupported, "impulse '" + impulse.name + "': the axis '" + axis.name +
                                        "' is none that the board's motion sensor has: accX, accY, accZ, gyrX, gyrY, "
                                        "gyrZ"};
    }
    const bool turns = channel >= 3;
    const auto& units = turns ? kTurnRateUnits : kAccelerationUnits;
    const auto* const unit = std::find_if(std::begin(units), std::end(units),
                                          [&](const Unit& known) { return Lower(axis.units) == known.name; });
    if (unit == std::end(units)) {
      return {Status::kUnsupported, "impulse '" + impulse.name + "': the axis '" + axis.name + "' has the unit '" +
                                        axis.units + "'; for this one there are " +
                                        (turns ? "dps, mdps, rad/s" : "m/s2, g, mg")};
    }
    axes.push_back(
        {static_cast<uint8_t>(channel), static_cast<float>(unit->per_unit * (turns ? kDpsPerCount : kGPerCount))});
  }
  return axes;
}

std::optional<double> Conversion(const std::string& from, const std::string& to) {
  if (Lower(from) == Lower(to)) return 1;
  for (const std::span<const Unit> units : {std::span<const Unit>(kAccelerationUnits), {kTurnRateUnits}}) {
    const auto find = [&](const std::string& name) {
      return std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return Lower(name) == unit.name; });
    };
    const auto source = find(from), target = find(to);
    if (source != units.end() && target != units.end()) return target->per_unit / source->per_unit;
  }
  return std::nullopt;
}

Expected<std::string> EmitSensorSource(const BoundImpulse& bound) {
  THIMBLE_ASSIGN(const std::vector<SensorAxis> axes, SensorAxesOf(bound.description()));
  std::string text =
      "// Where the impulse's axes come from, and windows with known answers.\n"
      "// Written by thimble from impulse.json; edit that instead.\n"
      "#include \"runtime/linked_sensor.h\"\n\nnamespace thimble::runtime {\nnamespace {\n\n"
      "constexpr SensorAxis kAxes[] = " +
      List(axes,
           [](const SensorAxis& axis) { return "{" + std::to_string(axis.channel) + ", " + Float(axis.scale) + "}"; }) +
      ";\n\n";
  // One window of large numbers, that saturates, and two of usual ones.
  constexpr Golden kWindows[] = {{.seed = 1, .size = 10}, {.seed = 2, .size = 10}, {.seed = 3, .size = 1000}};
  std::string goldens;
  int number = 0;
  for (const Golden& window : kWindows) {
    std::vector<uint64_t> layers;
    runtime::Session& session = bound.session();
    // The first time for the hashes of its layers, before which nothing is known; then features and scores.
    runtime::RunGolden(session, static_cast<int>(axes.size()), window,
                       [&](int, uint64_t hash) { layers.push_back(hash); });
    runtime::FillGolden(window.seed, window.size, static_cast<int>(axes.size()), session.window());
    const runtime::Verdict verdict = session.Run();
    const std::vector<std::byte> scores(verdict.raw_scores.begin(), verdict.raw_scores.end());
    const std::string index = std::to_string(number++);
    text += "constexpr uint64_t kLayers" + index + "[] = " + List(layers, Hex) + ";\nconstexpr unsigned char kScores" +
            index + "[] = " + List(scores, [](std::byte byte) { return std::to_string(std::to_integer<int>(byte)); }) +
            ";\n";
    goldens += "    {.seed = " + std::to_string(window.seed) + ", .size = " + Float(window.size) +
               ", .features_hash = " + Hex(Fnv1a(std::as_bytes(session.features()))) + ", .layer_hashes = kLayers" +
               index + ", .raw_scores = kScores" + index + "},\n";
    session.Reset();
  }
  return text + "\nconstexpr Golden kGoldens[] = {\n" + goldens +
         "};\n\n}  // namespace\n\nconstinit const std::span<const SensorAxis> kLinkedSensorAxes = kAxes;\n"
         "constinit const std::span<const Golden> kLinkedGoldens = kGoldens;\n\n}  // namespace thimble::runtime\n";
}

}  // namespace thimble::compiler
