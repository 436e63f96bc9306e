// Designs of impulses, the signal-processing blocks that there are, and what a block makes of a recording.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/aligned_memory.h"
#include "compiler/impulse_file.h"
#include "dsp/block.h"
#include "firmware/all_boards.h"
#include "studio/data.h"
#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/api/thin.h"
#include "studio/server/application.h"
#include "studio/server/ingest/recording_of.h"
#include "studio/server/jobs/design.h"
#include "trainer/zoo.h"

namespace thimble::studio {
namespace {

using compiler::BlockParameter;
using http::Response;
using nlohmann::json;

json JsonOf(const Impulse& impulse) {
  return {{"id", impulse.id},
          {"name", impulse.name},
          {"design", Stored(impulse.design)},
          {"created_ms", impulse.created_ms},
          {"version", impulse.version}};
}

Expected<Impulse> ImpulseOf(const Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "impulse"));
  THIMBLE_ASSIGN(Impulse impulse, call.application.store.GetImpulse(call.project_id, id));
  if (impulse.snapshot != 0) {
    return {Status::kNotFound, "impulse " + std::to_string(id) + " belongs to a version of the project"};
  }
  return impulse;
}

/// The design as it is kept, if it is one.
Expected<std::string> CheckedDesign(const json& design) {
  std::string text = TextOf(design);
  THIMBLE_EXPECT(ParseDesign(text));
  return text;
}

// --- designs --------------------------------------------------------------------------------------------------------

Expected<Response> ListImpulses(Call& call) {
  THIMBLE_ASSIGN(const std::vector<Impulse> impulses, call.application.store.ListImpulses(call.project_id));
  return JsonAnswer(200, ListJson("impulses", impulses, [](const Impulse& one) { return JsonOf(one); }));
}

Expected<Response> AddImpulse(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Impulse impulse{.project_id = call.project_id, .name = body["name"].get<std::string>()};
  THIMBLE_ASSIGN(impulse.design, CheckedDesign(body.value("design", json::object())));
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const int64_t id, store.AddImpulse(std::move(impulse)));
  Tell(call, "impulse", "impulse.add", std::to_string(id));
  THIMBLE_ASSIGN(const Impulse added, store.GetImpulse(call.project_id, id));
  Response response = JsonAnswer(201, JsonOf(added));
  response.headers.Set("Location", call.request.path + "/" + std::to_string(id));
  return response;
}

Expected<Response> GetImpulse(Call& call) {
  THIMBLE_ASSIGN(const Impulse impulse, ImpulseOf(call));
  return Tagged(call, JsonOf(impulse), impulse.version);
}

Expected<Response> ChangeImpulse(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  THIMBLE_ASSIGN(Impulse impulse, ImpulseOf(call));
  if (IsOutdated(call, impulse.version)) return Outdated();
  impulse.name = body.value("name", impulse.name);
  if (body.contains("design")) {
    THIMBLE_ASSIGN(impulse.design, CheckedDesign(body["design"]));
  }
  THIMBLE_ASSIGN(const std::optional<int64_t> version, call.application.store.UpdateImpulse(impulse));
  if (!version) return Outdated();
  impulse.version = *version;
  Tell(call, "impulse", "impulse.change", std::to_string(impulse.id));
  return Tagged(call, JsonOf(impulse), impulse.version);
}

Expected<Response> DeleteImpulse(Call& call) {
  THIMBLE_ASSIGN(const Impulse impulse, ImpulseOf(call));
  if (IsOutdated(call, impulse.version)) return Outdated();
  THIMBLE_EXPECT(call.application.store.RemoveImpulse(call.project_id, impulse.id));
  Tell(call, "impulse", "impulse.delete", std::to_string(impulse.id), {{"name", impulse.name}});
  return Response::Empty();
}

// --- blocks ---------------------------------------------------------------------------------------------------------

json JsonOf(const BlockParameter& parameter) {
  const dsp::Field& field = parameter.field;
  const bool is_choice = parameter.kind == BlockParameter::Kind::kChoice;
  json object = {{"name", field.name},
                 {"label", field.label},
                 {"unit", field.unit},
                 {"sentence", field.sentence},
                 {"kind", compiler::NameOf(parameter.kind)},
                 {"default", is_choice ? json(parameter.value) : Stored(parameter.value)}};
  if (is_choice) {
    object["choices"] = std::vector<std::string>(field.choices.begin(), field.choices.end());
  } else if (parameter.kind != BlockParameter::Kind::kFlag) {
    constexpr double kAny = 1e30;  // the ends of float's range say nothing
    if (field.minimum > -kAny) object["minimum"] = field.minimum;
    if (field.maximum < kAny) object["maximum"] = field.maximum;
  }
  return object;
}

Expected<Response> ListBlocks(Call&) {
  json blocks = json::array();
  for (const char* name : {
#define BLOCK(type) dsp::type::kName,
#include "dsp/blocks.inc"
#undef BLOCK
       }) {
    json parameters = json::array();
    for (const BlockParameter& one : compiler::ParametersOf(compiler::DefaultParams(name))) {
      parameters.push_back(JsonOf(one));
    }
    blocks.push_back({{"name", name}, {"parameters", std::move(parameters)}});
  }
  return JsonAnswer(200, {{"blocks", std::move(blocks)}});
}

// --- networks and boards --------------------------------------------------------------------------------------------

Expected<Response> ListArchitectures(Call&) {
  json architectures = json::array();
  for (const trainer::ArchitectureWords& words : trainer::Architectures()) {
    architectures.push_back({{"name", words.name},
                             {"sentence", words.sentence},
                             {"width", words.width},
                             {"depth", words.depth},
                             {"dropout", words.dropout}});
  }
  return JsonAnswer(200, {{"architectures", std::move(architectures)}});
}

Expected<Response> ListBoards(Call&) {
  json boards = json::array();
  for (const firmware::Board* const board : firmware::kAllBoards) {
    if (*board->core == '\0') continue;  // no microcontroller
    boards.push_back({{"name", board->name},
                      {"core", board->core},
                      {"clock_hz", board->clock_hz},
                      {"flash_bytes", board->flash.bytes},
                      {"ram_bytes", board->ram.bytes}});
  }
  return JsonAnswer(200, {{"boards", std::move(boards)}});
}

// --- previews -------------------------------------------------------------------------------------------------------

const char* NameOf(dsp::Layout::Kind kind) {
  switch (kind) {
    case dsp::Layout::Kind::kSpectrogram:
      return "spectrogram";
    case dsp::Layout::Kind::kImage:
      return "image";
    default:
      return "flat";
  }
}

/// A window of a recording, as blocks take it.
struct Window {
  dsp::Window shape;
  std::vector<float> samples;
  std::vector<dataset::Axis> axes;
};

Expected<Window> WindowOf(dataset::Recording recording, const json& body) {
  Window window;
  window.axes = recording.axes;
  if (recording.is_picture()) {
    if (const int side = body.value("picture_side", 0); side > 0) {
      const Status status = ResizePicture(side, side, dsp::ResizeMode::kFitShortest, recording);
      if (!ok(status)) return {status, recording.name + ": it cannot be brought to that size"};
    }
    window.shape = ShapeOf(recording, recording.readings());
    window.samples = std::move(recording.values);
    return window;
  }
  const size_t readings = recording.readings();
  const auto first = body.value("first", size_t{0});
  const double window_ms = body.value("window_ms", 0.0);
  // As many readings as training cuts.
  const size_t count = window_ms > 0 ? static_cast<size_t>(std::max(1.0, std::round(window_ms / recording.interval_ms)))
                                     : readings - std::min(first, readings);
  if (count == 0 || first >= readings || count > readings - first) {
    return {Status::kInvalidArgument, recording.name + " has " + std::to_string(readings) + " readings: a window of " +
                                          std::to_string(count) + " from " + std::to_string(first) +
                                          " on is not in it"};
  }
  if (count * recording.axes.size() > dsp::kMostSamples) {
    return {Status::kInvalidArgument, "that window is too long for a block; give a smaller window_ms"};
  }
  window.shape = ShapeOf(recording, count);
  const auto width = static_cast<std::ptrdiff_t>(recording.axes.size());
  const auto begin = recording.values.begin() + static_cast<std::ptrdiff_t>(first) * width;
  window.samples.assign(begin, begin + static_cast<std::ptrdiff_t>(count) * width);
  return window;
}

/// The very code that a microcontroller runs.
Expected<std::vector<float>> Extract(const compiler::BlockParams& params, const Window& window) {
  const dsp::Block& block = compiler::BlockOf(params);
  const void* own = compiler::PointerTo(params);
  if (const char* reason = compiler::WordsOf(params).explain(own, window.shape)) {
    return {Status::kInvalidArgument, std::string(block.name) + ": " + reason};
  }
  const AlignedMemory prepared(block.prepared_bytes(own, window.shape));
  const AlignedMemory scratch(block.scratch_bytes(own, window.shape));
  std::vector<float> features(block.feature_count(own, window.shape));
  block.prepare(own, window.shape, prepared.span());
  block.extract(own, window.shape, prepared.span(), window.samples, features, scratch.span());
  for (size_t i = 0; i < features.size(); ++i) {
    if (!std::isfinite(features[i])) {
      return {Status::kDataLoss, "feature " + std::to_string(i) +
                                     " is not a finite number; look for readings far outside the sensor's range"};
    }
  }
  return features;
}

Expected<Response> Preview(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const json& wished = body["block"];
  const std::string name = wished["name"].get<std::string>();
  compiler::BlockParams params = compiler::DefaultParams(name);
  if (std::holds_alternative<std::monostate>(params)) {
    return {Status::kInvalidArgument,
            "block.name: there is no block '" + name + "'; there are " + compiler::BlockNames()};
  }
  if (wished.contains("parameters")) {
    const Outcome read = compiler::ReadParameters("block.parameters", TextOf(wished["parameters"]), params);
    if (!read.ok()) return {Status::kInvalidArgument, read.error().message};
  }
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const Sample sample, store.GetSample(call.project_id, body["sample"].get<int64_t>()));
  THIMBLE_ASSIGN(dataset::Recording recording, RecordingOf(store.blobs(), sample));
  THIMBLE_ASSIGN(const Window window, WindowOf(std::move(recording), body));
  THIMBLE_ASSIGN(const std::vector<float> features, Extract(params, window));
  const dsp::BlockWords& words = compiler::WordsOf(params);
  const void* own = compiler::PointerTo(params);
  const dsp::Layout layout = words.layout_of(own, window.shape);
  json names = json::array();
  if (layout.kind == dsp::Layout::Kind::kFlat) {  // elsewhere the place says what a feature is
    for (size_t i = 0; i < features.size(); ++i) {
      const dsp::FeatureName one = words.name_of(own, window.shape, i);
      const bool has_axis = one.axis >= 0 && static_cast<size_t>(one.axis) < window.axes.size();
      names.push_back({{"axis", has_axis ? window.axes[static_cast<size_t>(one.axis)].name : ""},
                       {"text", one.text},
                       {"unit", one.unit}});
    }
  }
  const json rest = {{"readings", window.shape.readings},
                     {"names", std::move(names)},
                     {"layout",
                      {{"kind", NameOf(layout.kind)},
                       {"width", layout.width},
                       {"height", layout.height},
                       {"channels", layout.channels}}}};
  std::string text = "{\"features\":";
  AppendNumbers(features, text);
  return Response::Json(200, text + "," + TextOf(rest).substr(1));
}

}  // namespace

std::span<const Route> ImpulseRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/blocks",
       Permission::kAnyone,
       "The signal-processing blocks, and their parameters with range, default and a sentence.",
       "",
       "Blocks",
       &Answer<ListBlocks>},
      {{},
       "GET",
       "/api/v1/architectures",
       Permission::kAnyone,
       "The networks that a design can name, and their usual size.",
       "",
       "Architectures",
       &Answer<ListArchitectures>},
      {{},
       "GET",
       "/api/v1/boards",
       Permission::kAnyone,
       "The boards that firmware can be built for, and what they have.",
       "",
       "Boards",
       &Answer<ListBoards>},
      {{},
       "GET",
       "/api/v1/projects/{project}/impulses",
       Permission::kRead,
       "The designs of a project.",
       "",
       "Impulses",
       &Answer<ListImpulses>},
      {{},
       "POST",
       "/api/v1/projects/{project}/impulses",
       Permission::kWrite,
       "Adds a design.",
       "NewImpulse",
       "Impulse",
       &Once<AddImpulse>},
      {{},
       "GET",
       "/api/v1/projects/{project}/impulses/{impulse}",
       Permission::kRead,
       "One design.",
       "",
       "Impulse",
       &Answer<GetImpulse>},
      {{},
       "PATCH",
       "/api/v1/projects/{project}/impulses/{impulse}",
       Permission::kWrite,
       "Changes its name, or puts another design in its place.",
       "ImpulseChange",
       "Impulse",
       &Answer<ChangeImpulse>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/impulses/{impulse}",
       Permission::kWrite,
       "Deletes a design.",
       "",
       "",
       &Answer<DeleteImpulse>},
      {{},
       "POST",
       "/api/v1/projects/{project}/preview",
       Permission::kRead,
       "What a block makes of a window of a recording: the same bits as on a device.",
       "PreviewWish",
       "Preview",
       &Answer<Preview>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
