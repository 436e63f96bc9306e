#include "trainer/internal/lowering.h"

#include <cmath>
#include <utility>

namespace thimble::trainer {
namespace {

/// Makes a model layer by layer of another one.
class Rewriter {
 public:
  Rewriter(const Model& from, std::vector<int> sources) : from_(from), sources_(std::move(sources)) {
    to_.model.spec.input = from.spec.input;
    to_.model.input_range = from.input_range;
  }

  /// Where the output of a layer of the old model is in the new one.
  int Now(int layer) const { return layer == kModelInput ? kModelInput : now_[static_cast<size_t>(layer)]; }

  /// The next layer of the old model is the output of this one of the new.
  void Alias(int to) { now_.push_back(to); }

  /// The next layer of the old model is a new one.
  void Keep(LayerSpec spec, LayerWeights weights) { Alias(Add(std::move(spec), std::move(weights), next_range())); }

  /// One more new layer, which reads layers of the new model.
  int Add(LayerSpec spec, LayerWeights weights, Range range = {}) {
    to_.model.spec.layers.push_back(std::move(spec));
    to_.model.weights.push_back(std::move(weights));
    to_.model.ranges.push_back(range);
    to_.sources.push_back(sources_[std::min(now_.size(), sources_.size() - 1)]);
    return to_.layer_count() - 1;
  }

  Range next_range() const { return now_.size() < from_.ranges.size() ? from_.ranges[now_.size()] : Range{}; }
  LayerSpec& spec(int layer) { return to_.model.spec.layers[static_cast<size_t>(layer)]; }
  void SetRange(int layer, Range range) {
    if (range.known()) to_.model.ranges[static_cast<size_t>(layer)] = range;
  }

  Expected<Lowered> Finish() && {
    // The last layer is the output, whatever became of it.
    if (now_.back() != to_.layer_count() - 1 || to_.layer_count() == 0) {
      const int last = static_cast<int>(now_.size()) - 1;
      THIMBLE_ASSIGN(const auto shapes, InferShapes(from_.spec));
      LayerSpec view{.kind = LayerKind::kReshape, .name = {}, .inputs = {Now(last)}};
      view.shape = shapes.back();
      Add(std::move(view), {});
    }
    THIMBLE_ASSIGN(to_.shapes, InferShapes(to_.model.spec));
    return std::move(to_);
  }

 private:
  const Model& from_;
  std::vector<int> sources_;
  std::vector<int> now_;
  Lowered to_;
};

std::vector<int> InputsNow(const Model& model, int layer, const Rewriter& rewriter) {
  std::vector<int> inputs = InputsOf(model.spec, layer);
  for (int& input : inputs) input = rewriter.Now(input);
  return inputs;
}

// The layers of `model` that folding left, in order: it takes away batch norms and nothing else.
std::vector<int> SourcesOf(const Model& folded, const Model& model) {
  std::vector<int> sources;
  size_t left = model.spec.layers.size() - folded.spec.layers.size();
  size_t at = 0;
  for (const LayerSpec& layer : folded.spec.layers) {
    while (left > 0 && model.spec.layers[at].kind == LayerKind::kBatchNorm && layer.kind != LayerKind::kBatchNorm) {
      ++at, --left;
    }
    sources.push_back(static_cast<int>(at++));
  }
  return sources;
}

// y = x * factor + shift for each channel.
LayerWeights ScaleAndShift(const LayerSpec& norm, const LayerWeights& from) {
  LayerWeights weights;
  for (size_t c = 0; c < from.weights.size(); ++c) {
    const double factor = static_cast<double>(from.weights[c]) /
                          std::sqrt(static_cast<double>(from.variance[c]) + static_cast<double>(norm.epsilon));
    weights.weights.push_back(static_cast<float>(factor));
    weights.bias.push_back(
        static_cast<float>(static_cast<double>(from.bias[c]) - static_cast<double>(from.mean[c]) * factor));
  }
  return weights;
}

bool IsClamp(Activation activation) { return activation == Activation::kRelu || activation == Activation::kRelu6; }

Expected<Lowered> OneOperatorALayer(const Model& model, std::vector<int> sources) {
  Rewriter rewriter(model, std::move(sources));
  for (int i = 0; i < static_cast<int>(model.spec.layers.size()); ++i) {
    LayerSpec layer = model.spec.layers[static_cast<size_t>(i)];
    LayerWeights weights = model.weights[static_cast<size_t>(i)];
    layer.inputs = InputsNow(model, i, rewriter);
    const bool same = layer.kind == LayerKind::kDropout ||
                      (layer.kind == LayerKind::kActivation && layer.activation == Activation::kNone);
    if (same) {
      rewriter.Alias(layer.inputs.front());
      continue;
    }
    if (layer.kind == LayerKind::kBatchNorm) {
      weights = ScaleAndShift(layer, weights);
      layer.kind = LayerKind::kDepthwise;
      layer.window = {};
    }
    if (layer.kind == LayerKind::kAdd) {
      while (layer.inputs.size() > 2) {
        LayerSpec part = layer;
        part.inputs.resize(2);
        part.activation = Activation::kNone;
        layer.inputs[1] = rewriter.Add(std::move(part), {});
        layer.inputs.erase(layer.inputs.begin());
      }
    }
    rewriter.Keep(std::move(layer), std::move(weights));
  }
  return std::move(rewriter).Finish();
}

Expected<Lowered> FuseClamps(const Lowered& lowered) {
  const Model& model = lowered.model;
  const std::vector<int> readers = ReadersOf(model.spec);
  Rewriter rewriter(model, lowered.sources);
  for (int i = 0; i < lowered.layer_count(); ++i) {
    LayerSpec layer = model.spec.layers[static_cast<size_t>(i)];
    const int from = layer.inputs.front();
    layer.inputs = InputsNow(model, i, rewriter);
    if (layer.kind == LayerKind::kActivation && IsClamp(layer.activation) && from != kModelInput &&
        readers[static_cast<size_t>(from)] == 1) {
      LayerSpec& before = rewriter.spec(layer.inputs.front());
      const bool takes_it = before.kind == LayerKind::kDense || before.kind == LayerKind::kConvolution ||
                            before.kind == LayerKind::kDepthwise || before.kind == LayerKind::kAdd;
      if (takes_it && before.activation == Activation::kNone) {
        before.activation = layer.activation;
        rewriter.SetRange(layer.inputs.front(), rewriter.next_range());
        rewriter.Alias(layer.inputs.front());
        continue;
      }
    }
    rewriter.Keep(std::move(layer), model.weights[static_cast<size_t>(i)]);
  }
  return std::move(rewriter).Finish();
}

}  // namespace

std::vector<int> ReadersOf(const ModelSpec& spec) {
  std::vector<int> readers(spec.layers.size());
  for (int i = 0; i < static_cast<int>(spec.layers.size()); ++i) {
    for (const int from : InputsOf(spec, i)) {
      if (from != kModelInput) ++readers[static_cast<size_t>(from)];
    }
  }
  return readers;
}

std::string LayerName(const LayerSpec& layer, int index) {
  std::string text = "layer " + std::to_string(index) + " (" + std::string(Text(layer.kind));
  if (!layer.name.empty()) text += " \"" + layer.name + "\"";
  return text + ")";
}

Expected<Lowered> Lower(const Model& model) {
  THIMBLE_ASSIGN(const Model folded, FoldBatchNorm(model));
  THIMBLE_ASSIGN(const Lowered lowered, OneOperatorALayer(folded, SourcesOf(folded, model)));
  return FuseClamps(lowered);
}

}  // namespace thimble::trainer
