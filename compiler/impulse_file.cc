#include "compiler/impulse_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <utility>

#include "base/aligned_memory.h"
#include "kernels/all_operators.h"
#include "runtime/describe.h"

namespace thimble::compiler {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr const char* kAnomalyKinds[] = {"kmeans", "gmm", "gmm_full", "autoencoder"};  // in the order of the enum

// Far above any sensor, far below where sizes overflow.
constexpr int kMostAxes = 1024;
constexpr int kMostReadings = 1 << 24;

/// A block type as a value, so that generic code can be called for each.
template <typename B>
struct BlockType {
  using Type = B;
};

/// Calls `visit(BlockType<B>())` for the block that `params` belong to.
template <typename Visit>
decltype(auto) WithBlock(const BlockParams& params, Visit&& visit) {
#define BLOCK(type) \
  if (std::holds_alternative<dsp::type::Params>(params)) return visit(BlockType<dsp::type>());
#include "dsp/blocks.inc"
#undef BLOCK
  // Every caller checked, or wrote, the parameters before.
  std::abort();
}

// The number with the shortest text that reads back as the same float: 0.1, not 0.10000000149011612.
double Shortest(float value) {
  char text[32];
  int digits = 6;
  do {
    std::snprintf(text, sizeof text, "%.*g", digits++, static_cast<double>(value));
  } while (std::strtof(text, nullptr) != value && digits <= 9);
  return std::strtod(text, nullptr);
}

Json ToJson(const BlockParams& params) {
  return WithBlock(params, [&](auto block) {
    using B = typename decltype(block)::Type;
    Json object = Json::object();
    B::Fields(
        [&](const dsp::Field& field, const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (dsp::ChoiceMember<T>) {
            object[field.name] = field.choices[static_cast<size_t>(value)];
          } else if constexpr (dsp::NumberMember<T>) {
            object[field.name] = Shortest(value);
          } else {
            object[field.name] = value;
          }
        },
        std::get<typename B::Params>(params));
    return object;
  });
}

/// Reads keys of one object, remembers the first error, and finds keys that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(std::string file, std::string path, const Json& object)
      : file_(std::move(file)), path_(std::move(path)), object_(object) {
    if (!object_.is_object()) Complain("", "must be an object in braces");
  }

  const Json* Find(const std::string& key, bool required = true) {
    seen_.insert(key);
    if (!error_.message.empty()) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (required) Complain(key, "is missing");
    return nullptr;
  }

  std::string Text(const std::string& key, bool required = true) {
    const Json* value = Find(key, required);
    if (value == nullptr) return "";
    if (!value->is_string()) {
      Complain(key, "must be a text in quotes");
      return "";
    }
    return value->get<std::string>();
  }

  double Number(const std::string& key, double minimum, double maximum) {
    const Json* value = Find(key);
    if (value == nullptr) return minimum;
    if (!value->is_number() || !(value->get<double>() >= minimum && value->get<double>() <= maximum)) {
      Complain(key, "must be a number from " + Shown(minimum) + " to " + Shown(maximum));
      return minimum;
    }
    return value->get<double>();
  }

  int Whole(const std::string& key, int minimum, int maximum) {
    const double number = Number(key, minimum, maximum);
    if (error_.message.empty() && number != std::floor(number)) Complain(key, "must be a whole number");
    return static_cast<int>(number);
  }

  void Complain(const std::string& key, const std::string& what) {
    if (!error_.message.empty()) return;
    std::string place = path_;
    if (!key.empty()) place += (place.empty() ? "" : ".") + key;
    error_ = {Status::kDataLoss, file_ + ": " + (place.empty() ? "" : place + " ") + what};
  }

  void Ignore(const std::string& key) { seen_.insert(key); }

  Outcome Finish() {
    if (error_.message.empty() && object_.is_object()) {
      for (const auto& [key, value] : object_.items()) {
        if (!seen_.contains(key)) Complain(key, "is not known here; remove it or correct its name");
      }
    }
    if (!error_.message.empty()) return error_;
    return Nothing{};
  }

  static std::string Shown(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return text;
  }

 private:
  std::string file_;
  std::string path_;
  const Json& object_;
  std::set<std::string> seen_;
  Error error_{Status::kOk, ""};
};

/// A JSON document, or a discarded value. The depth bound keeps hostile nesting off the stack.
Json ParseShallow(std::string_view text) {
  constexpr int kMostDepth = 16;
  bool too_deep = false;
  Json root = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, const Json&) {
        too_deep = too_deep || depth > kMostDepth;
        return !too_deep;
      },
      false);
  return too_deep ? Json(Json::value_t::discarded) : root;
}

std::string Joined(std::span<const char* const> words) {
  std::string text;
  for (const char* word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

Outcome ReadParams(ObjectReader reader, BlockParams& params) {
  WithBlock(params, [&](auto block) {
    using B = typename decltype(block)::Type;
    for (const char* key : B::kIgnored) reader.Ignore(key);
    B::Fields(
        [&](const dsp::Field& field, auto& value) {
          using T = std::decay_t<decltype(value)>;
          // What is left out keeps its default.
          const Json* given = reader.Find(field.name, false);
          if (given == nullptr) return;
          if constexpr (dsp::ChoiceMember<T>) {
            const auto choice = std::find_if(field.choices.begin(), field.choices.end(), [&](const char* name) {
              return given->is_string() && given->template get<std::string>() == name;
            });
            if (choice == field.choices.end()) {
              reader.Complain(field.name, "must be one of: " + Joined(field.choices));
            } else {
              value = static_cast<T>(choice - field.choices.begin());
            }
          } else if constexpr (dsp::FlagMember<T>) {
            if (!given->is_boolean()) {
              reader.Complain(field.name, "must be true or false");
            } else {
              value = given->template get<bool>();
            }
          } else if constexpr (dsp::IntegerMember<T>) {
            value = reader.Whole(field.name, static_cast<int>(field.minimum), static_cast<int>(field.maximum));
          } else {
            value = static_cast<float>(reader.Number(field.name, field.minimum, field.maximum));
          }
        },
        std::get<typename B::Params>(params));
    return 0;
  });
  return reader.Finish();
}

}  // namespace

const dsp::Block& BlockOf(const BlockParams& params) {
  return WithBlock(params, [](auto block) -> const dsp::Block& { return dsp::kBlock<typename decltype(block)::Type>; });
}

const dsp::BlockWords& WordsOf(const BlockParams& params) {
  return WithBlock(
      params, [](auto block) -> const dsp::BlockWords& { return dsp::kBlockWords<typename decltype(block)::Type>; });
}

const void* PointerTo(const BlockParams& params) {
  return std::visit([](const auto& alternative) -> const void* { return &alternative; }, params);
}

BlockParams DefaultParams(std::string_view name) {
#define BLOCK(type) \
  if (name == dsp::type::kName) return dsp::type::Params();
#include "dsp/blocks.inc"
#undef BLOCK
  return std::monostate();
}

std::string BlockNames() {
  static constexpr const char* kNames[] = {
#define BLOCK(type) dsp::type::kName,
#include "dsp/blocks.inc"
#undef BLOCK
  };
  return Joined(kNames);
}

const char* NameOf(BlockParameter::Kind kind) {
  constexpr const char* kNames[] = {"number", "integer", "flag", "choice"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<BlockParameter> ParametersOf(const BlockParams& params) {
  return WithBlock(params, [&](auto block) {
    using B = typename decltype(block)::Type;
    const Json values = ToJson(params);
    std::vector<BlockParameter> parameters;
    B::Fields(
        [&](const dsp::Field& field, const auto& value) {
          using T = std::decay_t<decltype(value)>;
          using Kind = BlockParameter::Kind;
          constexpr Kind kKind = dsp::ChoiceMember<T>    ? Kind::kChoice
                                 : dsp::FlagMember<T>    ? Kind::kFlag
                                 : dsp::IntegerMember<T> ? Kind::kInteger
                                                         : Kind::kNumber;
          const Json& json = values[field.name];
          std::string text = json.is_string() ? json.get<std::string>() : json.dump();
          if (kKind == Kind::kNumber && text.ends_with(".0")) text.resize(text.size() - 2);
          parameters.push_back({field, kKind, std::move(text)});
        },
        std::get<typename B::Params>(params));
    return parameters;
  });
}

std::string WriteParameters(const BlockParams& params) { return ToJson(params).dump(); }

Outcome ReadParameters(std::string_view place, std::string_view json, BlockParams& params) {
  const Json object = ParseShallow(json);
  if (object.is_discarded()) return {Status::kDataLoss, std::string(place) + ": is not a whole JSON object"};
  return ReadParams(ObjectReader(std::string(place), "", object), params);
}

const char* NameOf(runtime::Anomaly::Kind kind) { return kAnomalyKinds[static_cast<size_t>(kind)]; }

std::optional<runtime::Anomaly::Kind> AnomalyKindNamed(std::string_view name) {
  const auto* const found = std::find(std::begin(kAnomalyKinds), std::end(kAnomalyKinds), name);
  if (found == std::end(kAnomalyKinds)) return {};
  return static_cast<runtime::Anomaly::Kind>(found - std::begin(kAnomalyKinds));
}

namespace {

/// The detector's arrays, as the runtime sees them. An autoencoder has those of the impulse.
runtime::Anomaly ViewOf(const ImpulseDescription& impulse) {
  const AnomalyDescription& own = *impulse.anomaly;
  const bool repeats = impulse.is_autoencoder();
  return {.kind = own.kind,
          .features = own.features,
          .centres = repeats ? impulse.feature_offsets : own.centres,
          .scales = repeats ? impulse.feature_scales : own.scales,
          .offsets = own.offsets,
          .threshold = own.threshold};
}

// A list of one number or more; empty, with a complaint, if it is anything else.
std::vector<float> ReadFloats(ObjectReader& reader, const std::string& key, const std::string& what) {
  const Json* list = reader.Find(key);
  if (list == nullptr) return {};
  if (!list->is_array() || list->empty() ||
      !std::all_of(list->begin(), list->end(), [](const Json& value) { return value.is_number(); })) {
    reader.Complain(key, "must be a list of numbers, " + what);
    return {};
  }
  std::vector<float> numbers;
  for (const Json& value : *list) numbers.push_back(static_cast<float>(value.get<double>()));
  return numbers;
}

/// A list of different texts, at least one; empty, with a complaint, if it is anything else.
std::vector<std::string> ReadTexts(ObjectReader& reader, const std::string& key, const std::string& what) {
  const Json* list = reader.Find(key);
  if (list == nullptr) return {};
  if (!list->is_array() || list->empty() ||
      !std::all_of(list->begin(), list->end(), [](const Json& text) { return text.is_string(); })) {
    reader.Complain(key, "must be a list of texts, " + what);
    return {};
  }
  return list->get<std::vector<std::string>>();
}

AnomalyDescription ReadAnomaly(ObjectReader& reader) {
  AnomalyDescription anomaly;
  const std::optional<runtime::Anomaly::Kind> kind = AnomalyKindNamed(reader.Text("kind"));
  if (!kind) reader.Complain("kind", "must be one of: " + Joined(kAnomalyKinds));
  anomaly.kind = kind.value_or(runtime::Anomaly::Kind::kKMeans);
  anomaly.normal = ReadTexts(reader, "normal", "the labels of what is not strange");
  anomaly.threshold = static_cast<float>(
      reader.Number("threshold", std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max()));
  if (anomaly.kind == runtime::Anomaly::Kind::kReconstruction) return anomaly;
  for (const float feature : ReadFloats(reader, "features", "places in the row of features")) {
    if (!(feature >= 0 && feature <= 65535) || feature != std::floor(feature)) {
      reader.Complain("features", "must be whole numbers from 0 to 65535");
      break;
    }
    anomaly.features.push_back(static_cast<uint16_t>(feature));
  }
  anomaly.centres = ReadFloats(reader, "centres", "one for each feature of each component");
  anomaly.scales = ReadFloats(reader, "scales", "as docs/formats/impulse.md says");
  anomaly.offsets = ReadFloats(reader, "offsets", "one for each component");
  return anomaly;
}

Json ToJson(const AnomalyDescription& anomaly) {
  const auto list = [](const std::vector<float>& numbers) {
    Json array = Json::array();
    for (const float number : numbers) array.push_back(Shortest(number));
    return array;
  };
  Json json = {{"kind", NameOf(anomaly.kind)}, {"normal", anomaly.normal}, {"threshold", Shortest(anomaly.threshold)}};
  if (anomaly.kind == runtime::Anomaly::Kind::kReconstruction) return json;
  json["features"] = anomaly.features;
  json["centres"] = list(anomaly.centres);
  json["scales"] = list(anomaly.scales);
  json["offsets"] = list(anomaly.offsets);
  return json;
}

/// What keeps a detector from being run behind a block that gives so many features; empty: nothing.
std::string Explain(const ImpulseDescription& impulse, size_t feature_count) {
  const AnomalyDescription& anomaly = *impulse.anomaly;
  if (anomaly.normal.empty()) return "must name the labels that it learnt from";
  for (const auto* numbers : {&anomaly.centres, &anomaly.scales, &anomaly.offsets}) {
    if (!std::all_of(numbers->begin(), numbers->end(), [](float number) { return std::isfinite(number); })) {
      return "has a number that is too large for float32; fit it again";
    }
  }
  if (!std::isfinite(anomaly.threshold)) return "has a threshold that is no number";
  if (impulse.is_autoencoder() && !impulse.labels.empty()) return "repeats its features and names no labels";
  if (impulse.is_autoencoder() && !impulse.has_network()) return "is a network, which learn.model must name";
  if (!runtime::Fits(ViewOf(impulse), feature_count)) {
    return "has arrays that do not fit together or into " + std::to_string(feature_count) + " features; fit it again";
  }
  return "";
}

}  // namespace

Outcome Check(const ImpulseDescription& impulse) {
  const auto refuse = [](std::string sentence) { return Outcome(Status::kVerificationFailed, std::move(sentence)); };
  if (impulse.axes.empty() || impulse.axes.size() > kMostAxes) {
    return refuse("an impulse needs from 1 to " + std::to_string(kMostAxes) + " axes");
  }
  if (!(impulse.rate_hz > 0) || !std::isfinite(impulse.rate_hz)) return refuse("the sampling rate must be above 0 Hz");
  if (impulse.window_readings < 1 || impulse.stride_readings < 1 ||
      static_cast<size_t>(impulse.window_readings) * impulse.axes.size() > static_cast<size_t>(kMostReadings)) {
    return refuse("window and stride must be at least one reading, and the window at most " +
                  std::to_string(kMostReadings) + " numbers");
  }
  if (impulse.feature_offsets.size() != impulse.feature_scales.size()) {
    return refuse("features have " + std::to_string(impulse.feature_offsets.size()) + " offsets but " +
                  std::to_string(impulse.feature_scales.size()) + " scales; give one of each for every feature");
  }
  for (const auto* numbers : {&impulse.feature_offsets, &impulse.feature_scales}) {
    if (!std::all_of(numbers->begin(), numbers->end(), [](float number) { return std::isfinite(number); })) {
      return refuse("an offset or a scale of a feature is too large for float32; fit them again");
    }
  }
  std::set<std::string> labels(impulse.labels.begin(), impulse.labels.end());
  if (labels.size() != impulse.labels.size()) return refuse("two labels are the same; give each output its own");
  if (std::holds_alternative<std::monostate>(impulse.block)) {
    return refuse("an impulse needs a signal-processing block, one of: " + BlockNames());
  }
  if (const char* reason = WordsOf(impulse.block).explain(PointerTo(impulse.block), impulse.Window())) {
    return refuse(std::string(WordsOf(impulse.block).name) + ": " + reason);
  }
  if (impulse.anomaly) {
    const size_t features = BlockOf(impulse.block).feature_count(PointerTo(impulse.block), impulse.Window());
    if (const std::string reason = Explain(impulse, features); !reason.empty()) {
      return refuse("the anomaly detector " + reason);
    }
  } else if (impulse.labels.empty() && !impulse.has_network()) {
    return refuse("an impulse needs a network or an anomaly detector");
  }
  return Nothing{};
}

std::string WriteImpulse(const ImpulseDescription& impulse) {
  Json axes = Json::array();
  for (const InputAxis& axis : impulse.axes) axes.push_back({{"name", axis.name}, {"units", axis.units}});
  Json learn = {{"type", !impulse.labels.empty() ? "classifier" : impulse.is_regressor() ? "regressor" : "anomaly"}};
  if (impulse.has_network()) learn["model"] = impulse.model_file;
  if (!impulse.labels.empty()) learn["labels"] = impulse.labels;
  if (!impulse.feature_scales.empty()) {
    Json offsets = Json::array(), scales = Json::array();
    for (const float offset : impulse.feature_offsets) offsets.push_back(Shortest(offset));
    for (const float scale : impulse.feature_scales) scales.push_back(Shortest(scale));
    learn["standardise"] = {{"offset", std::move(offsets)}, {"scale", std::move(scales)}};
  }
  if (impulse.anomaly) learn["anomaly"] = ToJson(*impulse.anomaly);
  Json input = {{"axes", axes},
                {"rate_hz", impulse.rate_hz},
                {"window_readings", impulse.window_readings},
                {"stride_readings", impulse.stride_readings}};
  if (impulse.width > 0) {
    input["width"] = impulse.width;
    input["height"] = impulse.height;
  }
  Json root = {
      {"format", "thimble-impulse"},
      {"version", kFormatVersion},
      {"name", impulse.name},
      {"input", input},
      {"block", {{"type", BlockOf(impulse.block).name}, {"parameters", ToJson(impulse.block)}}},
      {"learn", learn},
  };
  if (!impulse.data_hash.empty()) root["data_hash"] = impulse.data_hash;
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Expected<ImpulseDescription> ParseImpulse(std::string_view file, std::string_view text) {
  const std::string name(file);
  const Json root = ParseShallow(text);
  if (root.is_discarded()) {
    return {Status::kDataLoss, name + ": is not a whole JSON document; it may have been cut off while copying"};
  }

  ImpulseDescription impulse;
  ObjectReader top(name, "", root);
  if (const std::string format = top.Text("format"); format != "thimble-impulse") {
    top.Complain("format", "must be \"thimble-impulse\"; is this the right file?");
  }
  top.Whole("version", kFormatVersion, kFormatVersion);
  impulse.name = top.Text("name");
  impulse.data_hash = top.Text("data_hash", false);

  if (const Json* value = top.Find("input")) {
    ObjectReader input(name, "input", *value);
    if (const Json* axes = input.Find("axes")) {
      if (!axes->is_array() || axes->empty() || axes->size() > kMostAxes) {
        input.Complain("axes", "must be a list of at least one axis");
      } else {
        for (size_t i = 0; i < axes->size(); ++i) {
          ObjectReader axis(name, "input.axes[" + std::to_string(i) + "]", (*axes)[i]);
          impulse.axes.push_back({axis.Text("name"), axis.Text("units", false)});
          THIMBLE_EXPECT(axis.Finish());
        }
      }
    }
    impulse.rate_hz = input.Number("rate_hz", 1e-6, 1e9);
    impulse.window_readings = input.Whole("window_readings", 1, kMostReadings);
    impulse.stride_readings = input.Whole("stride_readings", 1, kMostReadings);
    // A picture has both; one alone is refused by name.
    if (input.Find("width", false) != nullptr || input.Find("height", false) != nullptr) {
      impulse.width = input.Whole("width", 1, kMostReadings);
      impulse.height = input.Whole("height", 1, kMostReadings);
    }
    THIMBLE_EXPECT(input.Finish());
  }
  if (const Json* value = top.Find("block")) {
    ObjectReader block(name, "block", *value);
    impulse.block = DefaultParams(block.Text("type"));
    const Json* parameters = block.Find("parameters", false);
    if (std::holds_alternative<std::monostate>(impulse.block)) {
      block.Complain("type", "must be one of: " + BlockNames());
    } else if (parameters != nullptr) {
      THIMBLE_EXPECT(ReadParams(ObjectReader(name, "block.parameters", *parameters), impulse.block));
    }
    THIMBLE_EXPECT(block.Finish());
  }
  if (const Json* value = top.Find("learn")) {
    ObjectReader learn(name, "learn", *value);
    const std::string type = learn.Text("type");
    const bool detects = type == "anomaly";
    if (type != "classifier" && type != "regressor" && !detects) {
      learn.Complain("type", "must be classifier, regressor or anomaly");
    }
    impulse.model_file = learn.Text("model", !detects);
    if (impulse.model_file.empty() && learn.Find("model", false) != nullptr) {
      learn.Complain("model", "must be the name of a .tflite file");
    }
    if (learn.Find("labels", type == "classifier") != nullptr) {
      if (type != "classifier") learn.Complain("labels", "does not belong to a regressor or an anomaly detector");
      impulse.labels = ReadTexts(learn, "labels", "one for each output of the network");
    }
    if (const Json* anomaly = learn.Find("anomaly", detects)) {
      ObjectReader detector(name, "learn.anomaly", *anomaly);
      impulse.anomaly = ReadAnomaly(detector);
      THIMBLE_EXPECT(detector.Finish());
      if (detects && impulse.is_autoencoder() != impulse.has_network()) {
        learn.Complain("model", impulse.has_network() ? "belongs to no detector but an autoencoder"
                                                      : "is missing: an autoencoder is a network");
      }
    }
    if (const Json* standardise = learn.Find("standardise", false)) {
      ObjectReader numbers(name, "learn.standardise", *standardise);
      impulse.feature_offsets = ReadFloats(numbers, "offset", "one for each feature");
      impulse.feature_scales = ReadFloats(numbers, "scale", "one for each feature");
      THIMBLE_EXPECT(numbers.Finish());
    }
    THIMBLE_EXPECT(learn.Finish());
  }
  THIMBLE_EXPECT(top.Finish());
  if (const Outcome check = Check(impulse); !check.ok()) {
    return {check.error().status, name + ": " + check.error().message};
  }
  return impulse;
}

namespace {

// The network's arena is small beside its weights; a model that wants more is not for a microcontroller.
constexpr size_t kLargestArenaBytes = size_t{256} << 20;
constexpr size_t kFirstArenaBytes = size_t{64} << 10;

}  // namespace

struct BoundImpulse::State {
  ImpulseDescription description;
  AlignedMemory model;
  AlignedMemory arena;
  std::vector<const char*> labels;
  runtime::Impulse impulse;
  runtime::Session session;
  runtime::FeatureSession feature_session;
  runtime::Anomaly anomaly;
};

Expected<BoundImpulse> BoundImpulse::Bind(ImpulseDescription description, std::span<const std::byte> model) {
  THIMBLE_EXPECT(Check(description));
  auto state = std::make_shared<State>();
  state->description = std::move(description);
  const ImpulseDescription& own = state->description;
  state->model = AlignedMemory(model);
  const std::span<const std::byte> model_bytes = state->model.span();
  for (const std::string& label : own.labels) state->labels.push_back(label.c_str());
  state->impulse = {.name = own.name.c_str(),
                    .window = own.Window(),
                    .stride_readings = own.stride_readings,
                    .block = &BlockOf(own.block),
                    .block_params = PointerTo(own.block),
                    .model = {reinterpret_cast<const unsigned char*>(model_bytes.data()), model_bytes.size()},
                    .operators = kernels::AllOperators(),
                    .labels = state->labels,
                    .scaling = {.offset = own.feature_offsets, .scale = own.feature_scales}};

  if (own.anomaly) state->anomaly = ViewOf(own);

  // The exact size is known after loading once into an arena that is large enough.
  runtime::Fault fault;
  const auto load = [&](auto& session) {
    Status status = Status::kOutOfMemory;
    for (size_t bytes = kFirstArenaBytes; status == Status::kOutOfMemory && bytes <= kLargestArenaBytes; bytes *= 4) {
      state->arena = AlignedMemory(bytes);
      status = session.Load(state->impulse, state->arena.span(), &fault);
    }
    if (!ok(status)) return status;
    state->arena = AlignedMemory(session.arena_bytes());
    return session.Load(state->impulse, state->arena.span(), &fault);
  };
  if (!own.has_network()) {
    if (const Status status = load(state->feature_session); !ok(status)) {
      return {status, own.name + ": " + kernels::Sentence(fault.reason)};
    }
    return BoundImpulse(std::move(state));
  }
  const Status status = load(state->session);
  if (!ok(status)) {
    return {status, own.model_file + ": " + runtime::Describe(state->model.span(), state->impulse.operators, fault)};
  }
  if (own.is_autoencoder()) {
    const auto repeated = static_cast<size_t>(state->session.network().output(0).shape.Count());
    if (repeated != state->session.features().size()) {
      return {Status::kVerificationFailed, own.model_file + ": gives " + std::to_string(repeated) + " numbers for " +
                                               std::to_string(state->session.features().size()) +
                                               " features; an autoencoder repeats every feature"};
    }
  }
  return BoundImpulse(std::move(state));
}

const ImpulseDescription& BoundImpulse::description() const { return state_->description; }
const runtime::Impulse& BoundImpulse::impulse() const { return state_->impulse; }
runtime::Session& BoundImpulse::session() const { return state_->session; }
runtime::FeatureSession& BoundImpulse::feature_session() const { return state_->feature_session; }
const runtime::Anomaly& BoundImpulse::anomaly() const { return state_->anomaly; }

size_t BoundImpulse::arena_bytes() const { return state_->arena.span().size(); }

std::span<float> BoundImpulse::window() const {
  return state_->description.has_network() ? state_->session.window() : state_->feature_session.window();
}

std::span<const float> BoundImpulse::features() const {
  return state_->description.has_network() ? state_->session.features() : state_->feature_session.features();
}

runtime::Verdict BoundImpulse::Run() const {
  if (state_->description.has_network()) return state_->session.Run();
  state_->feature_session.ExtractFeatures();
  return {};
}

runtime::Detection BoundImpulse::Detect() const {
  const runtime::Anomaly& anomaly = state_->anomaly;
  const float score = state_->description.is_autoencoder()
                          ? runtime::ReconstructionError(anomaly, features(), state_->session.network().output(0))
                          : runtime::Score(anomaly, features());
  return runtime::Detect(anomaly, score);
}

}  // namespace thimble::compiler
