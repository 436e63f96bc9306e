#include "runner/conversation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernels/all_operators.h"
#include "steps/all_steps.h"

namespace thimble::runner {
namespace {

using compiler::ImpulseDescription;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

// The blocks of an impulse, by the numbers that the studio's answers to Edge Impulse's tools give them.
constexpr int kDetectorBlock = 4;

/// As Edge Impulse's tools number them.
enum Sensor { kUnknown = -1, kMicrophone = 1, kAccelerometer = 2, kCamera = 3 };

/// dataset/kind.h has the same rule for recordings.
Sensor SensorOf(const ImpulseDescription& impulse) {
  constexpr double kLeastSoundHz = 4000;
  if (impulse.width > 0) return kCamera;
  const auto& axes = impulse.axes;
  const bool accelerates = std::ranges::any_of(axes, [](const compiler::InputAxis& axis) {
    return axis.units == "g" || axis.units == "mg" || axis.units.starts_with("m/s");
  });
  if (accelerates) return kAccelerometer;
  const bool sounds = axes.size() == 1 && (axes[0].units == "wav" || impulse.rate_hz >= kLeastSoundHz);
  return sounds ? kMicrophone : kUnknown;
}

/// As Edge Impulse's tools number them.
int NumberOf(const std::optional<compiler::AnomalyDescription>& anomaly) {
  constexpr int kNone = 0, kKMeans = 1, kGaussians = 2, kOther = 5;
  if (!anomaly) return kNone;
  switch (anomaly->kind) {
    case runtime::Anomaly::Kind::kKMeans:
      return kKMeans;
    case runtime::Anomaly::Kind::kDiagonalGaussians:
    case runtime::Anomaly::Kind::kFullGaussians:
      return kGaussians;
    case runtime::Anomaly::Kind::kReconstruction:
      break;
  }
  return kOther;
}

/// Whole numbers without a point: some clients take no other.
Json Number(double number) {
  constexpr double kMostExact = 9007199254740992;
  if (number == std::floor(number) && std::abs(number) < kMostExact) return static_cast<int64_t>(number);
  return number;
}

double MsBetween(Clock::time_point from, Clock::time_point to) {
  return std::round(std::chrono::duration<double, std::micro>(to - from).count()) / 1000;
}

/// An output of the network as the numbers that it stands for.
std::vector<float> Scores(const kernels::Tensor& output) {
  std::vector<float> scores(static_cast<size_t>(output.shape.Count()));
  for (size_t i = 0; i < scores.size(); ++i) {
    scores[i] = output.type == kernels::Type::kFloat32
                    ? output.As<float>()[i]
                    : static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale();
  }
  return scores;
}

std::string Text(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  bool in_text = false, escaped = false;
  for (const char c : text) {
    if (in_text && (c == '{' || c == '}')) {
      safe += c == '{' ? "\\u007b" : "\\u007d";
    } else {
      safe += c;
    }
    if (!escaped && c == '"') in_text = !in_text;
    escaped = in_text && !escaped && c == '\\';
  }
  return safe;
}

/// {"success": false, …}
void Fail(const std::string& sentence, Json& answer) {
  answer["success"] = false;
  answer["error"] = sentence;
}

Expected<std::vector<float>> FloatsOf(const std::string& what, const Json& numbers) {
  if (!numbers.is_array()) return {Status::kInvalidArgument, what + ": must be a list of numbers"};
  std::vector<float> floats;
  floats.reserve(numbers.size());
  for (const Json& number : numbers) {
    const double value = number.is_number() ? number.get<double>() : std::nan("");
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
      return {Status::kInvalidArgument,
              what + ": number " + std::to_string(floats.size() + 1) + " of the list is none for a float32"};
    }
    floats.push_back(static_cast<float>(value));
  }
  return floats;
}

}  // namespace

Conversation::Conversation(Origin origin, compiler::BoundImpulse bound)
    : origin_(std::move(origin)), bound_(std::move(bound)) {
  if (bound_.description().anomaly) threshold_ = static_cast<double>(bound_.description().anomaly->threshold);
}

Expected<Conversation> Conversation::Open(const Eim& eim) {
  THIMBLE_ASSIGN(compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(eim.impulse, eim.model.span()));
  Conversation conversation(eim.origin, std::move(bound));
  if (eim.impulse.has_network()) THIMBLE_EXPECT(conversation.OpenPlan(eim.plan.span()));
  return conversation;
}

Outcome Conversation::OpenPlan(std::span<const std::byte> plan) {
  // Beside a model's weights its arena is small; what asks for more is no plan of ours.
  constexpr size_t kLargestArenaBytes = size_t{256} << 20;
  plan_ = AlignedMemory(plan);
  const auto open = [&] {
    return planned_.Open(plan_.span(), steps::AllSteps(), kernels::AllOperators(), plan_arena_.span());
  };
  plan_arena_ = AlignedMemory(kArenaAlignment);
  Status status = open();
  if (status == Status::kOutOfMemory && planned_.arena_bytes() <= kLargestArenaBytes) {
    plan_arena_ = AlignedMemory(planned_.arena_bytes());
    status = open();
  }
  const auto alike = [](const kernels::Tensor& one, const kernels::Tensor& other) {
    return one.type == other.type && one.SizeBytes() == other.SizeBytes();
  };
  const runtime::Network& network = bound_.session().network();
  if (ok(status) && planned_.input_count() == 1 && planned_.output_count() == 1 &&
      alike(planned_.input(0), network.input(0)) && alike(planned_.output(0), network.output(0))) {
    return Nothing{};
  }
  return {Status::kVerificationFailed, bound_.description().name +
                                           ": the compiled network is none, or not that of the "
                                           "model; make the file again"};
}

Status Conversation::Invoke(const runtime::Network& network) {
  const kernels::Tensor input = network.input(0), output = network.output(0);
  std::memcpy(planned_.input(0).data, input.data, input.SizeBytes());
  THIMBLE_TRY(planned_.Invoke());
  std::memcpy(output.data, planned_.output(0).data, output.SizeBytes());
  return Status::kOk;
}

void Conversation::Begin() {
  filled_ = 0;
  std::ranges::fill(bound_.window(), 0.0F);
  if (bound_.description().has_network()) planned_.Reset();
}

size_t Conversation::most_request_bytes() const {
  constexpr size_t kBytesANumber = 64, kBesides = 64 * 1024;
  return bound_.window().size() * kBytesANumber + kBesides;
}

Json Conversation::Hello() const {
  const ImpulseDescription& impulse = bound_.description();
  const auto* const image = std::get_if<dsp::Image::Params>(&impulse.block);
  const bool is_picture = impulse.width > 0;
  const bool is_grey = image != nullptr && image->channels == dsp::Image::Channels::kGrayscale;
  std::vector<std::string> labels = impulse.labels;
  if (impulse.is_regressor()) labels = {"value"};
  Json thresholds = Json::array();
  if (impulse.anomaly) {
    const std::string kind = compiler::NameOf(impulse.anomaly->kind);
    thresholds.push_back({{"id", kDetectorBlock},
                          {"type", "anomaly_" + (kind.starts_with("gmm") ? "gmm" : kind)},
                          {"min_anomaly_score", Number(threshold_)}});
  }
  const int slice_readings = std::min(impulse.stride_readings, impulse.window_readings);
  Json parameters = {
      {"axis_count", impulse.axes.size()},
      {"frequency", Number(impulse.rate_hz)},
      {"has_anomaly", NumberOf(impulse.anomaly)},
      {"has_object_tracking", false},
      {"has_performance_calibration", false},
      {"image_channel_count", !is_picture ? 0
                              : is_grey   ? 1
                                          : 3},
      {"image_input_frames", is_picture ? 1 : 0},
      {"image_input_height", impulse.height},
      {"image_input_width", impulse.width},
      // What SetOnePictureSize of studio/data.cc does to the recordings.
      {"image_resize_mode", is_picture ? "fit-shortest" : "none"},
      {"inferencing_engine", impulse.has_network() ? 4 : 255},  // TensorFlow Lite's models, or none
      {"input_features_count", bound_.window().size()},
      {"interval_ms", Number(1000 / impulse.rate_hz)},
      {"label_count", labels.size()},
      {"labels", labels},
      {"model_type", "classification"},
      {"sensor", SensorOf(impulse)},
      {"slice_size", slice_readings},
      {"threshold", 0.5},
      {"thresholds", thresholds},
      {"use_continuous_mode", !is_picture && slice_readings < impulse.window_readings},
  };
  return {{"model_parameters", std::move(parameters)},
          {"project",
           {{"id", origin_.project_id},
            {"name", origin_.project},
            {"owner", origin_.owner},
            {"deploy_version", origin_.version}}},
          {"inferencing_engine", {{"engine_type", impulse.has_network() ? 4 : 255}, {"properties", Json::array()}}}};
}

Expected<Json> Conversation::Judge() {
  const ImpulseDescription& impulse = bound_.description();
  Json result = Json::object();
  const Clock::time_point begin = Clock::now();
  Clock::time_point extracted, invoked;
  if (impulse.has_network()) {
    runtime::Session& session = bound_.session();
    session.ExtractFeatures();
    extracted = Clock::now();
    session.InvokeNetworkBy([this](const runtime::Network& network) { return Invoke(network); });
    invoked = Clock::now();
    if (session.Decide().raw_scores.empty()) {
      return {Status::kFailed, "the network loops and did not come to an end with this window"};
    }
    const std::vector<float> scores = Scores(session.network().output(0));
    if (!impulse.is_autoencoder()) {
      Json& classification = result["classification"] = Json::object();
      for (size_t i = 0; i < impulse.labels.size(); ++i) classification[impulse.labels[i]] = scores[i];
      if (impulse.is_regressor()) classification["value"] = scores[0];
    }
  } else {
    bound_.feature_session().ExtractFeatures();
    extracted = invoked = Clock::now();
  }
  if (impulse.anomaly) result["anomaly"] = bound_.Detect().score;
  return Json{{"result", std::move(result)},
              {"timing",
               {{"dsp", Number(MsBetween(begin, extracted))},
                {"classification", Number(MsBetween(extracted, invoked))},
                {"anomaly", Number(impulse.anomaly ? MsBetween(invoked, Clock::now()) : 0)}}}};
}

Expected<Json> Conversation::Classify(const Json& numbers) {
  THIMBLE_ASSIGN(const std::vector<float> window, FloatsOf("classify", numbers));
  if (window.size() != bound_.window().size()) {
    const ImpulseDescription& impulse = bound_.description();
    return {Status::kInvalidArgument, "classify: " + std::to_string(window.size()) + " numbers came, but a window is " +
                                          std::to_string(bound_.window().size()) + ": " +
                                          std::to_string(impulse.window_readings) + " readings of " +
                                          std::to_string(impulse.axes.size()) + " axes"};
  }
  filled_ = window.size();
  std::ranges::copy(window, bound_.window().begin());
  return Judge();
}

Expected<Json> Conversation::ClassifyContinuous(const Json& numbers) {
  THIMBLE_ASSIGN(std::vector<float> slice, FloatsOf("classify_continuous", numbers));
  const ImpulseDescription& impulse = bound_.description();
  if (slice.empty() || slice.size() % impulse.axes.size() != 0) {
    return {Status::kInvalidArgument, "classify_continuous: " + std::to_string(slice.size()) +
                                          " numbers came, but a slice is whole readings of " +
                                          std::to_string(impulse.axes.size()) + " axes"};
  }
  const std::span<float> window = bound_.window();
  filled_ = std::min(filled_ + slice.size(), window.size());
  if (slice.size() > window.size()) {
    slice.erase(slice.begin(), slice.end() - static_cast<std::ptrdiff_t>(window.size()));
  }
  std::ranges::copy(window.subspan(slice.size()), window.begin());
  std::ranges::copy(slice, window.end() - static_cast<std::ptrdiff_t>(slice.size()));
  if (filled_ == window.size()) return Judge();
  // Of a window that is not full nothing is known.
  Json result = Json::object();
  for (const std::string& label : impulse.labels) result["classification"][label] = 0;
  if (impulse.is_regressor()) result["classification"]["value"] = 0;
  if (impulse.anomaly) result["anomaly"] = 0;
  return Json{{"result", std::move(result)}, {"timing", {{"dsp", 0}, {"classification", 0}, {"anomaly", 0}}}};
}

Expected<Json> Conversation::SetThreshold(const Json& wish) {
  const auto member = [&](const char* name) {
    return wish.is_object() && wish.contains(name) && wish[name].is_number() ? wish[name].get<double>() : std::nan("");
  };
  const double score = member("min_anomaly_score");
  if (bound_.description().anomaly && member("id") == kDetectorBlock && std::isfinite(score)) {
    threshold_ = score;
    return Json::object();
  }
  return {Status::kInvalidArgument,
          bound_.description().anomaly
              ? "set_threshold: must have the id 4 and the number min_anomaly_score; there is no other threshold"
              : std::string("set_threshold: this impulse has no threshold, for it has no anomaly detector")};
}

Expected<Json> Conversation::AnswerTo(const Json& request) {
  if (request.contains("hello")) return Hello();
  if (request.contains("classify")) return Classify(request["classify"]);
  if (request.contains("classify_continuous")) return ClassifyContinuous(request["classify_continuous"]);
  if (request.contains("set_threshold")) return SetThreshold(request["set_threshold"]);
  return {Status::kUnsupported,
          "a request must hold one of hello, classify, classify_continuous and set_threshold; this program knows no "
          "other"};
}

std::string Conversation::Answer(std::string_view text) {
  const Json request = Json::parse(text, nullptr, false);
  if (!request.is_object()) return Refuse({Status::kInvalidArgument, "the request is no JSON"});
  Json answer = Json::object();
  if (const auto id = request.find("id"); id != request.end() && id->is_number()) answer["id"] = *id;
  answer["success"] = true;
  Expected<Json> said = AnswerTo(request);
  if (said.ok()) {
    answer.update(*said);
  } else {
    Fail(said.error().message, answer);
  }
  return Text(answer);
}

std::string Conversation::Refuse(const Error& error) {
  Json answer = Json::object();
  Fail(error.message, answer);
  return Text(answer);
}

}  // namespace thimble::runner
