#include "studio/transfer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "compiler/model_file.h"
#include "studio/input_scale.h"
#include "trainer/model_read.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

/// The last layer with weights, if it is dense and nothing but a softmax comes behind it; else -1.
int HeadOf(const trainer::ModelSpec& spec) {
  for (int i = static_cast<int>(spec.layers.size()) - 1; i >= 0; --i) {
    const trainer::LayerSpec& layer = spec.layers[static_cast<size_t>(i)];
    if (layer.kind == trainer::LayerKind::kDense) return i;
    if (layer.kind != trainer::LayerKind::kActivation) return -1;
  }
  return -1;
}

/// Features of one size are what training is used to. Files of ours hold a size that serves all features in the first
/// layer; here it is taken out again, to be put back afterwards.
trainer::FeatureScaling TakeOutScale(const trainer::Table& training, trainer::Model& model) {
  double squares = 0;
  for (const float value : training.features) squares += static_cast<double>(value) * static_cast<double>(value);
  const double size = std::sqrt(squares / static_cast<double>(std::max<size_t>(training.features.size(), 1)));
  if (!(size > 0)) return {};
  const auto count = static_cast<size_t>(training.feature_count);
  trainer::FeatureScaling undo{std::vector<float>(count), std::vector<float>(count, static_cast<float>(size))};
  if (!FoldInto(model, undo)) return {};
  return {std::vector<float>(count), std::vector<float>(count, static_cast<float>(1 / size))};
}

}  // namespace

Expected<Pretrained> ReadPretrained(const std::string& path) {
  const bool is_folder = fs::is_directory(path);
  const fs::path file = is_folder ? fs::path(path) / "model.float.tflite" : fs::path(path);
  const fs::path impulse_file = file.parent_path() / "impulse.json";
  Pretrained pretrained;
  THIMBLE_ASSIGN(const AlignedMemory bytes, compiler::ReadTflite(file));
  Expected<trainer::Model> model = trainer::ReadTflite(bytes.span());
  if (!model) return {model.error().status, file.string() + ": " + model.error().message};
  pretrained.model = *std::move(model);
  std::ifstream stream(impulse_file, std::ios::binary);
  if (!stream) {
    return {Status::kNotFound, impulse_file.string() +
                                   ": no such file; it says which window and signal processing the network was made "
                                   "for, so keep it beside the .tflite"};
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  THIMBLE_ASSIGN(pretrained.impulse, compiler::ParseImpulse(impulse_file.string(), text));
  if (pretrained.impulse.labels.empty()) {
    return {Status::kUnsupported, path + ": is no classifier; only networks that name labels can learn other ones"};
  }
  return pretrained;
}

Outcome CheckSuits(const Pretrained& pretrained, const Data& data) {
  constexpr float kSameRate = 0.01f;
  const dsp::Window wanted = pretrained.impulse.Window();
  const dsp::Window& given = data.shape;
  const bool is_picture = given.width > 0;
  const bool suits = wanted.axes == given.axes && wanted.readings == given.readings && wanted.width == given.width &&
                     wanted.height == given.height &&
                     (is_picture || std::abs(wanted.rate_hz - given.rate_hz) <= kSameRate * wanted.rate_hz);
  if (suits) return Nothing{};
  const auto text = [](const dsp::Window& window) {
    char words[96];
    if (window.width > 0) {
      std::snprintf(words, sizeof words, "pictures of %d x %d", window.width, window.height);
    } else {
      std::snprintf(words, sizeof words, "windows of %d readings of %d numbers at %g Hz", window.readings, window.axes,
                    static_cast<double>(window.rate_hz));
    }
    return std::string(words);
  };
  return {Status::kInvalidArgument, "the network to go on from looks at " + text(wanted) + ", but these are " +
                                        text(given) + "; record alike, or train from scratch (without --from)"};
}

Expected<Start> GoOnFrom(const Pretrained& pretrained, const std::vector<std::string>& labels,
                         const trainer::Table& training, int frozen, uint64_t seed) {
  Start start;
  const trainer::Model& known = pretrained.model;
  if (known.spec.input.values() != training.feature_count) {
    return {Status::kInvalidArgument, "the network to go on from wants " + std::to_string(known.spec.input.values()) +
                                          " features, but its signal processing makes " +
                                          std::to_string(training.feature_count) + " of these recordings"};
  }
  const int head = HeadOf(known.spec);
  if (head < 0) {
    return {Status::kUnsupported,
            "the network to go on from does not end in a dense layer, so it cannot be given other labels"};
  }
  std::vector<int> learning;  // layers with weights
  for (int i = 0; i <= head; ++i) {
    if (!known.weights[static_cast<size_t>(i)].weights.empty()) learning.push_back(i);
  }
  const int count = static_cast<int>(learning.size());
  if (frozen == kAllButLast) frozen = count - 1;
  if (frozen < 0 || frozen >= count) {
    return {Status::kInvalidArgument, "--freeze " + std::to_string(frozen) + ": the network has " +
                                          std::to_string(count) + " layers that learn; freeze at most " +
                                          std::to_string(count - 1) + " of them"};
  }
  start.frozen_layers = learning[static_cast<size_t>(frozen)];
  start.learns_only_last = frozen == count - 1;

  trainer::ModelSpec spec = known.spec;
  spec.layers[static_cast<size_t>(head)].units = static_cast<int>(labels.size());
  THIMBLE_ASSIGN(start.model, trainer::Initialise(spec, seed));
  for (size_t i = 0; i < known.weights.size(); ++i) {
    if (static_cast<int>(i) != head) start.model.weights[i] = known.weights[i];
  }
  const trainer::LayerWeights& from = known.weights[static_cast<size_t>(head)];
  trainer::LayerWeights& to = start.model.weights[static_cast<size_t>(head)];
  const std::vector<std::string>& known_labels = pretrained.impulse.labels;
  if (known_labels.size() != from.bias.size()) {
    return {Status::kInvalidArgument, "the network to go on from has " + std::to_string(from.bias.size()) +
                                          " outputs for the " + std::to_string(known_labels.size()) +
                                          " labels of its impulse.json"};
  }
  const size_t width = from.weights.size() / from.bias.size();
  for (size_t label = 0; label < labels.size(); ++label) {
    const auto old = std::find(known_labels.begin(), known_labels.end(), labels[label]);
    if (old == known_labels.end()) continue;
    const auto at = static_cast<size_t>(old - known_labels.begin());
    std::copy_n(from.weights.begin() + static_cast<ptrdiff_t>(at * width), width,
                to.weights.begin() + static_cast<ptrdiff_t>(label * width));
    to.bias[label] = from.bias[at];
  }

  start.scaling = {pretrained.impulse.feature_offsets, pretrained.impulse.feature_scales};
  if (start.scaling.scale.empty()) start.scaling = TakeOutScale(training, start.model);
  return start;
}

}  // namespace thimble::studio
