#include "compiler/emit.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <type_traits>

#include "compiler/operator_use.h"

namespace thimble::compiler {
namespace {

std::string Thousands(size_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

/// Text that may stand in a // comment: one line, nothing that continues it.
std::string Comment(std::string_view text) {
  std::string safe;
  for (const char c : text) safe += (static_cast<unsigned char>(c) < ' ' || c == '\\') ? ' ' : c;
  return safe;
}

std::string FloatLiteral(float value) {
  char text[40];
  // Nine digits tell every float from its neighbours.
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  std::string literal = text;
  if (literal.find_first_of(".e") == std::string::npos) literal += ".0";
  return literal + "f";
}

/// "constexpr float kName[] = {1.0f, …};\n"
std::string EmitFloats(const std::string& name, std::span<const float> values) {
  constexpr size_t kPerLine = 8;
  std::string text = "constexpr float " + name + "[] = {";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i % kPerLine == 0 ? "\n    " : " ") + FloatLiteral(values[i]) + ",";
  return text + "\n};\n";
}

/// The definition that runtime/linked_anomaly.h announces; that of an autoencoder shares the impulse's scaling.
std::string EmitAnomaly(const AnomalyDescription& anomaly, bool scales) {
  constexpr const char* kKinds[] = {"kKMeans", "kDiagonalGaussians", "kFullGaussians", "kReconstruction"};
  return std::string("constinit const Anomaly kLinkedAnomaly = {\n    .kind = Anomaly::Kind::") +
         kKinds[static_cast<size_t>(anomaly.kind)] + ",\n" +
         (anomaly.kind != runtime::Anomaly::Kind::kReconstruction
              ? "    .features = kAnomalyFeatures,\n    .centres = kAnomalyCentres,\n    .scales = kAnomalyScales,\n"
                "    .offsets = kAnomalyOffsets,\n"
          : scales ? "    .centres = kFeatureOffsets,\n    .scales = kFeatureScales,\n"
                   : "") +
         "    .threshold = " + FloatLiteral(anomaly.threshold) + ",\n};\n\n";
}

std::string EmitAnomalyArrays(const AnomalyDescription& anomaly) {
  constexpr size_t kPerLine = 16;
  if (anomaly.kind == runtime::Anomaly::Kind::kReconstruction) return "";
  std::string text =
      "// Which features the anomaly detector looks at, and what normal ones are like (runtime/anomaly.h).\n"
      "constexpr uint16_t kAnomalyFeatures[] = {";
  for (size_t i = 0; i < anomaly.features.size(); ++i) {
    text += (i % kPerLine == 0 ? "\n    " : " ") + std::to_string(anomaly.features[i]) + ",";
  }
  return text + "\n};\n" + EmitFloats("kAnomalyCentres", anomaly.centres) +
         EmitFloats("kAnomalyScales", anomaly.scales) + EmitFloats("kAnomalyOffsets", anomaly.offsets) + "\n";
}

/// "    .fft_length = 16,\n" for each parameter.
std::string EmitParams(const BlockParams& params) {
  std::string text;
  const auto emit = [&](const dsp::Field& field, const auto& value) {
    using T = std::decay_t<decltype(value)>;
    std::string member = field.name;
    std::replace(member.begin(), member.end(), '-', '_');
    text += "    ." + member + " = ";
    if constexpr (dsp::ChoiceMember<T>) {
      text += "decltype(Params::" + member + "){" + std::to_string(static_cast<int>(value)) + "},  // " +
              field.choices[static_cast<size_t>(value)] + "\n";
    } else if constexpr (dsp::FlagMember<T>) {
      text += std::string(value ? "true" : "false") + ",\n";
    } else if constexpr (dsp::NumberMember<T>) {
      text += FloatLiteral(value) + ",\n";
    } else {
      text += std::to_string(value) + ",\n";
    }
  };
#define BLOCK(type) \
  if (const auto* found = std::get_if<dsp::type::Params>(&params)) dsp::type::Fields(emit, *found);
#include "dsp/blocks.inc"
#undef BLOCK
  return text;
}

}  // namespace

std::string ApplicationOf(const ImpulseDescription& impulse) {
  if (!impulse.anomaly) return "impulse_application";
  return impulse.has_network() ? "detecting_impulse_application" : "detector_impulse_application";
}

std::string TypeName(std::string_view folder) {
  std::string type;
  bool upper = true;
  for (const char c : folder) {
    if (c == '_') {
      upper = true;
      continue;
    }
    type += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return type;
}

std::string StringLiteral(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '?') {
      literal += '\\';
      literal += c;
    } else if (byte < ' ' || byte == 0x7f) {
      // Three octal digits end by themselves, whatever follows; hexadecimal ones would not.
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\%03o", static_cast<unsigned>(byte));
      literal += escape;
    } else {
      literal += c;
    }
  }
  return literal + "\"";
}

std::string EmitModelHeader(std::string_view symbol, std::string_view title, size_t model_bytes) {
  const std::string name(symbol);
  std::string guard = name + "_H_";
  for (char& c : guard) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "// " + Comment(title) + ": a TensorFlow Lite model of " + Thousands(model_bytes) +
         " bytes. Written by thimble.\n"
         "#ifndef " +
         guard + "\n#define " + guard +
         "\n\n"
         "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
         "extern const unsigned char " +
         name +
         "[];\n"
         "extern const unsigned int " +
         name +
         "_len;\n\n"
         "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

std::string EmitModelSource(std::string_view symbol, std::string_view header, std::span<const std::byte> model) {
  constexpr size_t kBytesPerLine = 20;
  const std::string name(symbol);
  std::string text = "// Written by thimble.\n#include \"" + std::string(header) +
                     "\"\n\nalignas(16) const unsigned char " + name + "[" + std::to_string(model.size()) + "] = {";
  text.reserve(text.size() + model.size() * 6);
  for (size_t i = 0; i < model.size(); ++i) {
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02x,", std::to_integer<unsigned>(model[i]));
    text += i % kBytesPerLine == 0 ? "\n    " : " ";
    text += byte;
  }
  return text + "\n};\nconst unsigned int " + name + "_len = " + std::to_string(model.size()) + ";\n";
}

std::string EmitImpulseSource(const BoundImpulse& bound, std::string_view symbol, std::string_view model_header) {
  const ImpulseDescription& impulse = bound.description();
  const std::string block_folder = BlockOf(impulse.block).name;
  const std::string block_type = TypeName(block_folder);
  const bool has_network = impulse.has_network();
  const OperatorUse operators = has_network ? UsedOperators(bound.session().network()) : OperatorUse();
  const std::string answer = !impulse.labels.empty()  ? "one of " + std::to_string(impulse.labels.size()) + " labels"
                             : impulse.is_regressor() ? "a number"
                                                      : "how strange they are";

  std::string text = "// " + Comment(impulse.name) + ": every " + std::to_string(impulse.stride_readings) +
                     " readings, " + std::to_string(impulse.window_readings) + " readings of " +
                     std::to_string(impulse.axes.size()) + " axes -> " + block_folder + " -> " +
                     std::to_string(bound.features().size()) + " features -> " + answer +
                     ".\n// Written by thimble from impulse.json; edit that instead.\n";
  text += "#include \"runtime/linked_impulse.h\"\n\n#include \"dsp/" + block_folder + "/block.h\"\n";
  if (has_network) text += OperatorIncludes(operators) + "#include \"" + std::string(model_header) + "\"\n";
  if (impulse.anomaly) text += "#include \"runtime/linked_anomaly.h\"\n";
  text += "\nnamespace thimble::runtime {\nnamespace {\n\n";

  const std::string params = EmitParams(impulse.block);
  text += "using Params = dsp::" + block_type + "::Params;\n\nconstexpr Params kParams = {\n" + params + "};\n\n";
  if (!impulse.labels.empty()) {
    text += "constexpr const char* kLabels[] = {\n";
    for (const std::string& label : impulse.labels) text += "    " + StringLiteral(label) + ",\n";
    text += "};\n\n";
  }
  const bool scales = !impulse.feature_scales.empty();
  if (scales) {
    text += "// A feature becomes (feature - offset) * scale.\n" +
            EmitFloats("kFeatureOffsets", impulse.feature_offsets) +
            EmitFloats("kFeatureScales", impulse.feature_scales) + "\n";
  }
  if (impulse.anomaly) text += EmitAnomalyArrays(*impulse.anomaly);
  if (has_network) text += OperatorList(operators);
  text += "\n// Exact: planned, not tried.\nconstexpr size_t kArenaBytes = " + std::to_string(bound.arena_bytes()) +
          ";\nalignas(kArenaAlignment) std::byte arena[kArenaBytes];\n\n}  // namespace\n\n";
  text += "constinit const Impulse kLinkedImpulse = {\n    .name = " + StringLiteral(impulse.name) +
          ",\n    .window = {.axes = " + std::to_string(impulse.axes.size()) +
          ", .readings = " + std::to_string(impulse.window_readings) +
          ", .rate_hz = " + FloatLiteral(static_cast<float>(impulse.rate_hz)) +
          (impulse.width > 0
               ? ", .width = " + std::to_string(impulse.width) + ", .height = " + std::to_string(impulse.height)
               : "") +
          "},\n    .stride_readings = " + std::to_string(impulse.stride_readings) +
          ",\n    .block = dsp::BlockFor<dsp::" + block_type + ">(kParams),\n    .block_params = &kParams,\n" +
          (has_network ? "    .model = {" + std::string(symbol) + ", " + std::to_string(bound.impulse().model.size()) +
                             "},\n    .operators = kOperators,\n"
                       : "") +
          "    .labels = " + (impulse.labels.empty() ? "{}" : "kLabels") + ",\n" +
          (scales ? "    .scaling = {.offset = kFeatureOffsets, .scale = kFeatureScales},\n" : "") + "};\n\n" +
          (impulse.anomaly ? EmitAnomaly(*impulse.anomaly, scales) : "") +
          "constinit const std::span<std::byte> kLinkedArena = arena;\n\n}  // namespace thimble::runtime\n";
  return text;
}

}  // namespace thimble::compiler
