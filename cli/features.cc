// `thimble features`: what a signal-processing block makes of a golden case, or of a folder of recordings.
#include "trainer/features.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned_memory.h"
#include "cli/block_parameters.h"
#include "cli/commands.h"
#include "cli/features_plot.h"
#include "cli/features_suggestion.h"
#include "cli/interrupt.h"
#include "cli/npy.h"
#include "cli/output_files.h"
#include "cli/terminal.h"
#include "compiler/impulse_file.h"
#include "dataset/kind.h"
#include "dataset/reader.h"
#include "dataset/windows.h"
#include "dsp/resize.h"
#include "studio/data.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using compiler::BlockParameter;
using compiler::BlockParams;
using Json = nlohmann::ordered_json;

/// The shortest text that reads back as the same float.
std::string Shortest(float value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::vector<std::string> BlockNameList() {
  return {
#define BLOCK(type) dsp::type::kName,
#include "dsp/blocks.inc"
#undef BLOCK
  };
}

// --- a golden case --------------------------------------------------------------------------------------------------

struct Case {
  BlockParams params;
  dsp::Window window;
  std::vector<float> samples;
};

Expected<std::string> ReadText(const std::string& file) {
  if (file == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  if (!fs::exists(file)) return {Status::kNotFound, file + ": no such file"};
  if (fs::is_directory(file)) return {Status::kInvalidArgument, file + ": is a folder; give the file of one case"};
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.good() && !stream.eof()) return {Status::kFailed, file + ": cannot be read"};
  return text;
}

/// The shape and the samples. Damage is kInvalidArgument; what a block could say about them is left to the block.
Outcome ReadSamples(const Json& root, const std::string& name, Case& test) {
  const auto damaged = [&](const std::string& what) { return Outcome(Status::kInvalidArgument, name + ": " + what); };
  const auto numbers = [](const Json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_number(); });
  };
  for (const char* key : {"axes", "input"}) {
    if (!root.contains(key) || !root[key].is_array()) return damaged(std::string(key) + " must be a list");
  }
  if (!root.contains("sampling_rate_hz") || !root["sampling_rate_hz"].is_number()) {
    return damaged("sampling_rate_hz must be a number");
  }
  if (!numbers(root["input"])) return damaged("input must be a list of numbers");
  // A picture's list begins with its width and height, which its shape of three has as well.
  const bool is_picture = root.contains("shape") && numbers(root["shape"]) && root["shape"].size() == 3;
  const std::vector<double> input = root["input"].get<std::vector<double>>();
  size_t first = 0;
  if (is_picture) {
    constexpr double kMostPixels = 65536;
    if (input.size() < 2) return damaged("input must begin with the picture's width and height");
    for (const double side : {input[0], input[1]}) {
      if (!(side >= 1 && side <= kMostPixels && side == std::floor(side))) {
        return damaged("input must begin with the picture's width and height, whole numbers from 1 to 65536");
      }
    }
    first = 2;
  }
  for (size_t i = first; i < input.size(); ++i) {
    // The top byte of a pixel is no colour, and without it every pixel is exact in a float32.
    const bool is_pixel = is_picture && input[i] >= 0 && input[i] < 4294967296.0;
    test.samples.push_back(is_pixel ? static_cast<float>(static_cast<uint32_t>(input[i]) & 0xFFFFFF)
                                    : static_cast<float>(input[i]));
  }
  const Result<dsp::Window> window =
      dsp::WindowOf(test.samples.size(), static_cast<int>(root["axes"].size()), root["sampling_rate_hz"].get<float>());
  if (!window.ok()) {
    const size_t axes = root["axes"].size();
    return {Status::kVerificationFailed,
            name + ": input has " + Plural(test.samples.size(), "number") + ", which make no whole readings of " +
                std::to_string(axes) + (axes == 1 ? " axis" : " axes") + "; each reading needs one number an axis"};
  }
  test.window = *window;
  if (is_picture) {
    test.window.width = static_cast<int>(input[0]);
    test.window.height = static_cast<int>(input[1]);
  }
  return Nothing{};
}

Expected<Case> ReadCase(const std::string& file) {
  THIMBLE_ASSIGN(const std::string text, ReadText(file));
  const std::string name = file == "-" ? "standard input" : file;
  // No case is deep; the bound keeps hostile nesting off the stack.
  constexpr int kMostDepth = 8;
  bool too_deep = false;
  const Json root = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, const Json&) {
        too_deep = too_deep || depth > kMostDepth;
        return !too_deep;
      },
      false);
  if (root.is_discarded() || too_deep) {
    return {Status::kInvalidArgument, name + ": is not a whole JSON document; it may have been cut off while copying"};
  }
  if (!root.is_object() || !root.contains("block") || !root["block"].is_string()) {
    return {Status::kInvalidArgument, name + ": block is missing; a case has block, parameters, axes, input"};
  }
  Case test;
  auto params = BlockNamed(root["block"].get<std::string>());
  if (!params) return Error{params.error().status, name + ": " + params.error().message};
  test.params = *params;
  THIMBLE_EXPECT(ReadSamples(root, name, test));
  if (root.contains("parameters")) {
    THIMBLE_EXPECT(compiler::ReadParameters(name, root["parameters"].dump(), test.params));
  }
  return test;
}

Expected<std::vector<float>> Extract(const BlockParams& params, const dsp::Window& window,
                                     std::span<const float> samples) {
  const dsp::Block& block = compiler::BlockOf(params);
  const void* own = compiler::PointerTo(params);
  if (const char* reason = compiler::WordsOf(params).explain(own, window)) {
    return {Status::kVerificationFailed, std::string(block.name) + ": " + reason};
  }
  const AlignedMemory prepared(block.prepared_bytes(own, window));
  const AlignedMemory scratch(block.scratch_bytes(own, window));
  std::vector<float> features(block.feature_count(own, window));
  block.prepare(own, window, prepared.span());
  block.extract(own, window, prepared.span(), samples, features, scratch.span());
  return features;
}

Outcome RunCase(const FeaturesOptions& options) {
  THIMBLE_ASSIGN(const Case test, ReadCase(options.case_file));
  THIMBLE_ASSIGN(const std::vector<float> features, Extract(test.params, test.window, test.samples));
  std::string line = "{\"features\":[";
  for (size_t i = 0; i < features.size(); ++i) {
    if (!std::isfinite(features[i])) {
      return {
          Status::kVerificationFailed,
          "feature " + std::to_string(i) + " is not a finite number; look for samples far outside the sensor's range"};
    }
    line += (i == 0 ? "" : ",") + Shortest(features[i]);
  }
  std::puts((line + "]}").c_str());
  return Nothing{};
}

// --- what there is --------------------------------------------------------------------------------------------------

std::string Range(const BlockParameter& parameter) {
  const dsp::Field& field = parameter.field;
  if (parameter.kind == BlockParameter::Kind::kFlag) return "true, false";
  std::string text;
  if (parameter.kind == BlockParameter::Kind::kChoice) {
    for (const char* choice : field.choices) text += (text.empty() ? "" : ", ") + std::string(choice);
    return text;
  }
  constexpr double kAny = 1e30;  // the ends of float's range say nothing
  char bounds[64];
  if (field.maximum < kAny) {
    std::snprintf(bounds, sizeof bounds, "%.10g to %.10g", field.minimum, field.maximum);
  } else if (field.minimum > -kAny) {
    std::snprintf(bounds, sizeof bounds, "%.6g or more", field.minimum);
  } else {
    return "any number";
  }
  return std::string(bounds) + (*field.unit != 0 ? std::string(" ") + field.unit : "");
}

Json JsonOf(const BlockParameter& parameter) {
  const dsp::Field& field = parameter.field;
  const bool is_choice = parameter.kind == BlockParameter::Kind::kChoice;
  Json object = {{"name", field.name},
                 {"label", field.label},
                 {"kind", compiler::NameOf(parameter.kind)},
                 {"default", is_choice ? Json(parameter.value) : Json::parse(parameter.value)},
                 {"sentence", field.sentence}};
  if (*field.unit != 0) object["unit"] = field.unit;
  if (is_choice) {
    object["choices"] = std::vector<std::string>(field.choices.begin(), field.choices.end());
  } else if (parameter.kind != BlockParameter::Kind::kFlag) {
    object["minimum"] = field.minimum;
    object["maximum"] = field.maximum;
  }
  return object;
}

Outcome List(const FeaturesOptions& options) {
  const Style style = StyleOf(stdout);
  const int columns = std::min(style.width, 100);
  Json blocks = Json::array();
  std::string text;
  for (const std::string& name : BlockNameList()) {
    if (!options.block.empty() && name != options.block) continue;
    const BlockParams defaults = compiler::DefaultParams(name);
    Json parameters = Json::array();
    text += (text.empty() ? "" : "\n") + style.Bold(name) + "\n";
    for (const BlockParameter& parameter : compiler::ParametersOf(defaults)) {
      parameters.push_back(JsonOf(parameter));
      const std::string unit = *parameter.field.unit != 0 ? std::string(" ") + parameter.field.unit : "";
      text += "  " + std::string(parameter.field.name) + " = " + parameter.value + unit + "\n      " +
              Wrap(style.Plain(parameter.field.sentence), 6, columns) + "\n      " +
              style.Dim(Wrap(Range(parameter), 6, columns)) + "\n";
    }
    blocks.push_back({{"name", name}, {"parameters", parameters}});
  }
  if (blocks.empty()) return BlockNamed(options.block).error();
  if (options.common.json) {
    std::puts(Json({{"blocks", blocks}}).dump().c_str());
  } else {
    std::fputs(text.c_str(), stdout);
  }
  return Nothing{};
}

// --- a table of a folder --------------------------------------------------------------------------------------------

/// The readings of a folder, cut into windows.
struct Data {
  dataset::Dataset set;
  std::vector<std::string> labels;  ///< with the empty one, if a recording has none
  dataset::WindowOptions options;
  dataset::WindowIndex index;
  dsp::Window window;
};

/// What suits, or what nearly all recordings can fill; half a window from one to the next.
void ChooseWindow(const FeaturesOptions& options, Data& data) {
  constexpr double kShareThatFits = 0.95;
  const dataset::Recording& first = data.set.recordings.front();
  std::vector<size_t> lengths;
  for (const dataset::Recording& recording : data.set.recordings) lengths.push_back(recording.readings());
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  const auto needed = static_cast<size_t>(std::ceil(kShareThatFits * static_cast<double>(lengths.size())));
  const double fits_ms = static_cast<double>(lengths[std::max<size_t>(needed, 1) - 1]) * first.interval_ms;
  data.options.window_ms = options.window_ms;
  if (!(data.options.window_ms > 0)) {
    data.options.window_ms = dataset::UsualWindowMs(data.set);
    if (!options.pad) data.options.window_ms = std::min(data.options.window_ms, fits_ms);
  }
  data.options.stride_ms = options.stride_ms > 0 ? options.stride_ms : data.options.window_ms / 2;
}

/// Brings every picture to `options.size`.
Outcome ResizePictures(const FeaturesOptions& options, dataset::Dataset& set) {
  int width = 0, height = 0, end = 0;
  const bool read = std::sscanf(options.size.c_str(), "%dx%d%n", &width, &height, &end) == 2;
  constexpr int kMostPixels = 1 << 24;
  if (!read || static_cast<size_t>(end) != options.size.size() || width < 1 || height < 1 ||
      width > dsp::kLongestSide || height > kMostPixels / width) {
    return {Status::kInvalidArgument, "--size " + options.size + ": write width x height in pixels, as in 96x96"};
  }
  const dsp::ResizeMode mode = options.resize == "squash"        ? dsp::ResizeMode::kSquash
                               : options.resize == "fit-longest" ? dsp::ResizeMode::kFitLongest
                                                                 : dsp::ResizeMode::kFitShortest;
  for (dataset::Recording& recording : set.recordings) {
    if (!recording.is_picture()) return {Status::kInvalidArgument, "--size is for pictures, and these are none"};
    if (const Status status = studio::ResizePicture(width, height, mode, recording); !ok(status)) {
      return {status, recording.file + ": a picture of " + std::to_string(recording.width) + " × " +
                          std::to_string(recording.height) + " pixels cannot be brought to " + options.size};
    }
    THIMBLE_EXPECT(CheckInterrupt());
  }
  return Nothing{};
}

Expected<Data> ReadData(const FeaturesOptions& options, Progress& progress) {
  progress.Begin("data");
  Data data;
  dataset::ReadOptions reading;
  reading.rate_hz = options.rate_hz;
  reading.readings_per_recording = static_cast<size_t>(options.readings_per_recording);
  reading.progress = [&](size_t done, size_t total) {
    progress.Update(static_cast<double>(done) / static_cast<double>(total));
    return !Interrupted();
  };
  THIMBLE_ASSIGN(data.set, dataset::ReadFolder(options.data, reading));
  if (!options.size.empty()) THIMBLE_EXPECT(ResizePictures(options, data.set));
  ChooseWindow(options, data);
  const dataset::Recording& first = data.set.recordings.front();
  if (options.pad && !first.is_picture()) {
    const size_t values = dataset::ReadingsIn(data.options.window_ms, first.interval_ms) * first.axes.size();
    size_t padded = 0;
    for (dataset::Recording& recording : data.set.recordings) {
      if (recording.values.size() >= values) continue;
      recording.values.resize(values, 0);
      ++padded;
    }
    if (padded > 0) data.set.notices.push_back(Plural(padded, "recording") + " filled up with zeros to a window");
  }
  THIMBLE_ASSIGN(data.index, dataset::CutAllWindows(data.set, data.options));
  if (data.index.short_recordings > 0) {
    data.set.notices.push_back(Plural(data.index.short_recordings, "recording") +
                               (data.index.short_recordings == 1 ? " is" : " are") +
                               " shorter than a window and left out; --pad fills them up with zeros");
  }
  data.labels = data.set.Labels();
  if (std::any_of(data.set.recordings.begin(), data.set.recordings.end(),
                  [](const auto& recording) { return recording.label.empty(); })) {
    data.labels.insert(data.labels.begin(), "");
  }
  data.window = studio::ShapeOf(first, data.index.readings);
  progress.End(Plural(data.set.recordings.size(), "recording") + ", " + Plural(data.index.windows.size(), "window"));
  return data;
}

/// "accX RMS", "Spectral power (dB)".
std::string TextOf(const dsp::FeatureName& name, const std::vector<dataset::Axis>& axes) {
  std::string text;
  if (name.axis >= 0 && axes.size() > 1) text = axes[static_cast<size_t>(name.axis)].name + " ";
  return text + name.text + (*name.unit != 0 ? std::string(" (") + name.unit + ")" : "");
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

constexpr const char* kRowColumns = "label,recording,start_ms,category";

std::string RowOf(const Data& data, size_t row) {
  const dataset::WindowPlace& place = data.index.windows[row];
  const dataset::Recording& recording = data.set.recordings[place.recording];
  char start[32];
  std::snprintf(start, sizeof start, "%.6g", static_cast<double>(place.first_reading) * recording.interval_ms);
  return CsvField(recording.label) + "," + CsvField(recording.name) + "," + start + "," +
         dataset::CategoryName(recording.category);
}

Outcome AddTable(const fs::path& path, const Data& data, const trainer::Table& table,
                 const std::vector<std::string>& names, OutputFiles& files) {
  const std::string ending = path.extension().string();
  if (ending == ".csv") {
    std::string text = kRowColumns;
    for (const std::string& name : names) text += "," + CsvField(name);
    text += "\n";
    for (size_t row = 0; row < data.index.windows.size(); ++row) {
      text += RowOf(data, row);
      for (const float value : table.row(static_cast<int>(row))) text += "," + Shortest(value);
      text += "\n";
    }
    return files.Add(path, text);
  }
  if (ending != ".npy") {
    return {Status::kInvalidArgument, path.string() + ": its ending says nothing; name it .csv or .npy"};
  }
  const int32_t shape[] = {table.rows(), table.feature_count};
  std::string rows = std::string(kRowColumns) + "\n";
  for (size_t row = 0; row < data.index.windows.size(); ++row) rows += RowOf(data, row) + "\n";
  std::string lines;
  for (const std::string& name : names) lines += name + "\n";
  THIMBLE_EXPECT(files.Add(path, WriteNpy(kernels::Type::kFloat32, shape, std::as_bytes(std::span(table.features)))));
  THIMBLE_EXPECT(files.Add(fs::path(path).replace_extension(".rows.csv"), rows));
  return files.Add(fs::path(path).replace_extension(".names.txt"), lines);
}

/// The window that is drawn: of the recording that was named, at the time that was named; else the first.
Expected<dataset::WindowPlace> PlaceToDraw(const FeaturesOptions& options, const Data& data) {
  if (options.recording.empty() && options.at_ms == 0) return data.index.windows.front();
  const dataset::Recording* nearest = nullptr;
  for (size_t i = 0; i < data.set.recordings.size(); ++i) {
    const dataset::Recording& recording = data.set.recordings[i];
    const bool named = options.recording.empty() || recording.name == options.recording ||
                       recording.file == options.recording || recording.label == options.recording;
    if (!named) continue;
    nearest = &recording;
    const double first = std::floor(options.at_ms / recording.interval_ms + 0.5);
    const auto at = recording.is_picture() ? 0 : static_cast<size_t>(first);
    if (at + data.index.readings <= recording.readings()) return dataset::WindowPlace{i, at};
  }
  if (nearest == nullptr) {
    return {Status::kNotFound, options.recording + ": there is no such recording in " + options.data +
                                   "; name one as " + data.set.recordings.front().name + " or by its label"};
  }
  const double latest_ms = nearest->duration_ms() - static_cast<double>(data.index.readings) * nearest->interval_ms;
  char text[160];
  std::snprintf(text, sizeof text, "--at %.6g ms: the recording has no whole window from there on; ", options.at_ms);
  return {Status::kInvalidArgument,
          latest_ms < 0 ? std::string(text) + nearest->name + " is shorter than a window"
                        : std::string(text) + "choose at most " + std::to_string(static_cast<long>(latest_ms))};
}

Expected<std::string> Draw(const FeaturesOptions& options, const Data& data, const BlockParams& params) {
  THIMBLE_ASSIGN(const dataset::WindowPlace place, PlaceToDraw(options, data));
  const dataset::Recording& recording = data.set.recordings[place.recording];
  const std::span<const float> samples = data.index.Samples(data.set, place);
  THIMBLE_ASSIGN(const std::vector<float> features, Extract(params, data.window, samples));
  const compiler::BlockParams& own = params;
  FeaturePlot plot;
  plot.title = std::string(compiler::BlockOf(own).name) + " of " + recording.name;
  char text[128];
  if (recording.is_picture()) {
    std::snprintf(text, sizeof text, "%d × %d pixels", recording.width, recording.height);
  } else {
    std::snprintf(text, sizeof text, "from %.4g s, %.4g s at %.6g Hz",
                  static_cast<double>(place.first_reading) * recording.interval_ms / 1000,
                  static_cast<double>(data.index.readings) * recording.interval_ms / 1000, recording.rate_hz());
  }
  plot.subtitle = (recording.label.empty() ? "without label" : "label " + recording.label) + " · " + text + " · " +
                  Plural(features.size(), "feature");
  for (const dataset::Axis& axis : recording.axes) plot.axes.push_back(axis.name);
  const bool same_units = std::all_of(recording.axes.begin(), recording.axes.end(),
                                      [&](const auto& axis) { return axis.units == recording.axes.front().units; });
  const bool is_sound = dataset::KindOf(data.set) == dataset::DataKind::kSound;
  if (same_units && !is_sound) plot.units = recording.axes.front().units;
  plot.window = data.window;
  plot.samples = samples;
  plot.layout = compiler::WordsOf(own).layout_of(compiler::PointerTo(own), data.window);
  plot.features = features;
  for (size_t i = 0; i < features.size(); ++i) {
    plot.names.push_back(compiler::WordsOf(own).name_of(compiler::PointerTo(own), data.window, i));
  }
  return PlotSvg(plot);
}

Json LayoutJson(const dsp::Layout& layout) {
  switch (layout.kind) {
    case dsp::Layout::Kind::kFlat:
      return {{"type", "flat"}, {"width", layout.width}};
    case dsp::Layout::Kind::kSpectrogram:
      return {{"type", "spectrogram"}, {"width", layout.width}, {"height", layout.height}};
    case dsp::Layout::Kind::kImage:
      return {{"type", "image"},
              {"width", layout.width},
              {"height", layout.height},
              {"channels", layout.channels},
              {"frames", layout.frames}};
  }
  return {};
}

std::string SixDigits(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

/// So that a shell reads it as one word.
std::string ShellWord(const std::string& word) {
  if (word.find_first_of(" \t\n'\"\\$`*?[]{}()<>|&;#~!") == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Outcome MakeTable(const FeaturesOptions& options) {
  THIMBLE_ASSIGN(BlockParams params, BlockNamed(options.block));
  THIMBLE_EXPECT(SetParameters(options.parameters, params));
  const std::string ending = fs::path(options.out).extension().string();
  if (!options.out.empty() && ending != ".csv" && ending != ".npy") {
    return {Status::kInvalidArgument, options.out + ": its ending says nothing; name it .csv or .npy"};
  }
  Progress progress(stderr, StyleOf(stderr), 2, options.common.quiet);
  THIMBLE_ASSIGN(const Data data, ReadData(options, progress));
  const dsp::Block& block = compiler::BlockOf(params);
  const void* own = compiler::PointerTo(params);
  if (const char* reason = compiler::WordsOf(params).explain(own, data.window)) {
    return {Status::kInvalidArgument, std::string(block.name) + ": " + reason};
  }
  const size_t feature_count = block.feature_count(own, data.window);
  constexpr size_t kMostNumbers = size_t{1} << 30;
  if (feature_count > kMostNumbers / data.index.windows.size()) {
    return {Status::kInvalidArgument, Plural(data.index.windows.size(), "window") + " of " +
                                          Plural(feature_count, "feature") +
                                          " are more than memory should hold; take a longer --stride-ms"};
  }

  OutputFiles files;
  std::vector<std::string> written;
  if (!options.out.empty() || options.plot.empty()) {
    progress.Begin("features");
    THIMBLE_ASSIGN(const trainer::Table table, trainer::ExtractFeatures(data.set, data.index, data.labels, block, own,
                                                                        data.window, [&](double share) {
                                                                          progress.Update(share);
                                                                          return !Interrupted();
                                                                        }));
    progress.End(Plural(feature_count, "feature") + " a window");
    if (!options.out.empty()) {
      std::vector<std::string> names;
      for (size_t i = 0; i < feature_count; ++i) {
        names.push_back(
            TextOf(compiler::WordsOf(params).name_of(own, data.window, i), data.set.recordings.front().axes));
      }
      THIMBLE_EXPECT(AddTable(options.out, data, table, names, files));
      written.push_back(options.out);
      if (ending == ".npy") {
        written.push_back(fs::path(options.out).replace_extension(".rows.csv").string());
        written.push_back(fs::path(options.out).replace_extension(".names.txt").string());
      }
    }
  }
  if (!options.plot.empty()) {
    THIMBLE_ASSIGN(const std::string svg, Draw(options, data, params));
    THIMBLE_EXPECT(files.Add(options.plot, svg));
    written.push_back(options.plot);
  }
  THIMBLE_EXPECT(CheckInterrupt());
  THIMBLE_EXPECT(files.Commit());

  std::map<std::string, size_t> counts;
  for (const dataset::WindowPlace& place : data.index.windows) ++counts[data.set.recordings[place.recording].label];
  const bool is_picture = data.set.recordings.front().is_picture();
  if (options.common.json) {
    Json json = {{"block", block.name},
                 {"parameters", Json::parse(compiler::WriteParameters(params))},
                 {"rows", data.index.windows.size()},
                 {"features", feature_count},
                 {"layout", LayoutJson(compiler::WordsOf(params).layout_of(own, data.window))},
                 {"window_readings", data.index.readings},
                 {"stride_readings", data.index.stride_readings},
                 {"windows_of_label", counts},
                 {"files", written},
                 {"notices", data.set.notices}};
    if (!is_picture) json["rate_hz"] = data.set.recordings.front().rate_hz();
    std::puts(json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  const int columns = std::min(style.width, 100);
  std::string text = style.Bold(block.name) + style.Plain(": " + Plural(data.index.windows.size(), "window") + " × " +
                                                          Plural(feature_count, "feature"));
  text += is_picture ? "\n"
                     : " (windows of " + SixDigits(data.options.window_ms) + " ms, every " +
                           SixDigits(data.options.stride_ms) + " ms)\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& [label, count] : counts) {
    rows.push_back({Shorten(label.empty() ? "(no label)" : Printable(label), columns - 16, style),
                    Thousands(static_cast<long long>(count))});
  }
  text += Table(rows, 2);
  for (const std::string& notice : data.set.notices) {
    text += "  " + Wrap(style.Plain("note: " + Printable(notice)), 2, columns) + "\n";
  }
  for (const std::string& file : written) text += "  written: " + Printable(file) + "\n";
  if (written.empty()) text += "  nothing written: --out table.csv or .npy keeps the table, --plot window.svg draws\n";
  std::fputs(text.c_str(), stdout);
  return Nothing{};
}

// --- suggestions ----------------------------------------------------------------------------------------------------

Outcome Suggest(const FeaturesOptions& options) {
  if (!options.block.empty()) THIMBLE_EXPECT(BlockNamed(options.block));
  Progress progress(stderr, StyleOf(stderr), 2, options.common.quiet);
  THIMBLE_ASSIGN(const Data data, ReadData(options, progress));
  progress.Begin("try");
  THIMBLE_ASSIGN(const Suggestion suggestion, SuggestFeatures(data.set, data.index, data.window, options.block,
                                                              [&](double share, const std::string& what) {
                                                                progress.Update(share, what);
                                                                return !Interrupted();
                                                              }));
  progress.End(Plural(suggestion.tried.size(), "set") + " of parameters");

  std::string command = "thimble features --block " + suggestion.block + " --data " + ShellWord(options.data);
  if (!data.set.recordings.front().is_picture()) {
    command +=
        " --window-ms " + SixDigits(data.options.window_ms) + " --stride-ms " + SixDigits(data.options.stride_ms);
  }
  if (options.rate_hz > 0) command += " --rate-hz " + SixDigits(options.rate_hz);
  if (options.readings_per_recording > 0) {
    command += " --readings-per-recording " + std::to_string(options.readings_per_recording);
  }
  if (options.pad) command += " --pad";
  if (!options.size.empty()) command += " --size " + options.size + " --resize " + options.resize;
  for (const auto& [name, value] : suggestion.changed) command += " --param " + name + "=" + value;
  command += " --out features.csv";
  if (options.common.json) {
    Json tried = Json::array();
    for (const Suggestion::Trial& trial : suggestion.tried) {
      tried.push_back({{"block", trial.block},
                       {"parameters", Json::parse(trial.parameters)},
                       {"features", trial.features},
                       {"accuracy", trial.accuracy < 0 ? Json() : Json(trial.accuracy)}});
    }
    const Json json = {{"block", suggestion.block},
                       {"parameters", Json::parse(suggestion.parameters)},
                       {"reasons", suggestion.reasons},
                       {"command", command},
                       {"tried", tried},
                       {"notices", data.set.notices}};
    std::puts(json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  const int columns = std::min(style.width, 100);
  std::string text = style.Bold(suggestion.block) + "\n";
  for (const std::string& reason : suggestion.reasons) {
    text += "  " + Wrap(style.Plain(Printable(reason)), 2, columns) + "\n";
  }
  std::vector<std::vector<std::string>> table = {{"tried", "features", "right"}};
  constexpr size_t kMostRows = 12;  // the rest is in the JSON
  for (size_t i = 0; i < std::min(kMostRows, suggestion.tried.size()); ++i) {
    const Suggestion::Trial& trial = suggestion.tried[i];
    char right[16] = "-";
    if (trial.accuracy >= 0) std::snprintf(right, sizeof right, "%.1f %%", 100 * trial.accuracy);
    table.push_back({Shorten(style.Plain(trial.block + (trial.summary.empty() ? "" : ": " + trial.summary)),
                             std::max(columns - 26, 30), style),
                     Thousands(static_cast<long long>(trial.features)), right});
  }
  text += "\n" + Table(table, 2);
  if (suggestion.tried.size() > kMostRows) {
    text += "  and " + std::to_string(suggestion.tried.size() - kMostRows) + " more; --json lists them\n";
  }
  text += "\n";
  for (const std::string& notice : data.set.notices) {
    text += "  " + Wrap(style.Plain("note: " + Printable(notice)), 2, columns) + "\n";
  }
  text += "  " + style.Bold("use") + "  " + Printable(command) + "\n  " + style.Bold("or") + "   {\"type\": \"" +
          suggestion.block + "\", \"parameters\": " + suggestion.parameters + "} as \"block\" of an impulse.json\n";
  std::fputs(text.c_str(), stdout);
  return Nothing{};
}

}  // namespace

Outcome Features(const FeaturesOptions& options) {
  if (options.list) return List(options);
  if (!options.case_file.empty()) return RunCase(options);
  if (options.data.empty()) {
    return {Status::kInvalidArgument,
            "name what to work on: --data FOLDER of recordings, --case FILE, or --list to see the blocks"};
  }
  if (options.automatic) return Suggest(options);
  if (options.block.empty()) {
    return {Status::kInvalidArgument,
            "name the block with --block, one of " + compiler::BlockNames() + "; --auto suggests one"};
  }
  return MakeTable(options);
}

}  // namespace thimble::cli
