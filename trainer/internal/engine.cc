#include "trainer/internal/engine.h"

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "trainer/internal/node.h"

namespace thimble::trainer::engine {
namespace {

// What the model is given. It has a grid, and no gradient.
class Input final : public Node {
 public:
  explicit Input(const Shape& given) : Node(LayerSpec{}, given) {}
  void Forward(int rows, bool training) override {
    if (!quantises) return;
    kernels->finish(y, y, Values(rows), BeginOutput(training));
    grid.Observed(range_keep);
  }
  void Backward(int /*rows*/) override {}
};

bool HasWeights(LayerKind kind) {
  return kind == LayerKind::kDense || kind == LayerKind::kConvolution || kind == LayerKind::kDepthwise;
}

}  // namespace

int64_t MostBatchRows(const ModelSpec& spec, const std::vector<Shape>& shapes) {
  int64_t largest = spec.input.values();
  for (size_t i = 0; i < shapes.size(); ++i) {
    // Padding makes a window's image larger by less than the window.
    const LayerSpec& layer = spec.layers[i];
    const int from = InputsOf(spec, static_cast<int>(i)).front();
    const Shape input = from == kModelInput ? spec.input : shapes[static_cast<size_t>(from)];
    int64_t height = input.height, width = input.width;
    if (layer.kind == LayerKind::kConvolution) {
      height += int64_t{2} * layer.window.height * layer.window.dilation_height;
      width += int64_t{2} * layer.window.width * layer.window.dilation_width;
    }
    largest =
        std::max({largest, height * width * std::max(input.channels, shapes[i].channels), int64_t{shapes[i].values()}});
  }
  return std::max<int64_t>(1, std::numeric_limits<int32_t>::max() / largest);
}

Engine::Engine(const Model& model, const EngineOptions& options, const Kernels& kernels) : kernels_(kernels) {
  const ModelSpec& spec = model.spec;
  const auto shapes = InferShapes(spec);
  size_t layers = spec.layers.size();
  const LayerSpec& last = spec.layers.back();
  if (layers > 1 && last.kind == LayerKind::kActivation && last.activation == Activation::kSoftmax &&
      InputsOf(spec, static_cast<int>(layers) - 1).front() == static_cast<int>(layers) - 2) {
    leaves_softmax_ = true;
    --layers;
  }

  Random random(options.seed);
  nodes_.push_back(std::make_unique<Input>(spec.input));
  for (size_t i = 0; i < layers; ++i) {
    std::vector<Node*> inputs;
    for (const int from : InputsOf(spec, static_cast<int>(i)))
      inputs.push_back(nodes_[static_cast<size_t>(from + 1)].get());
    for (Node* const input : inputs) ++input->readers;
    nodes_.push_back(MakeNode(spec.layers[i], (*shapes)[i], std::move(inputs), random.Next()));
  }

  size_t parameter_count = 0;
  size_t most_values = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = *nodes_[i];
    node.kernels = &kernels_;
    node.range_keep = options.range_keep;
    node.trains = static_cast<int>(i) > options.frozen_layers;
    node.wanted = node.trains && node.ParameterCount() > 0;
    for (const Node* const input : node.inputs) node.wanted = node.wanted || input->wanted;
    if (auto* norm = dynamic_cast<BatchNorm*>(&node); norm != nullptr && node.inputs.front()->readers == 1) {
      Node& before = *node.inputs.front();
      if (i > 1 && HasWeights(before.spec.kind) && &before != nodes_.front().get() &&
          before.spec.activation == Activation::kNone) {
        before.norm = norm;
      }
    }
    parameter_count += node.ParameterCount();
    most_values = std::max(most_values, node.Values(options.batch_rows));
  }
  nodes_.back()->wanted = true;

  parameters_ = Floats(parameter_count);
  gradient_ = Floats(parameter_count);
  decays_ = Floats(parameter_count);
  scratch_ = Floats(most_values);
  size_t first = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = *nodes_[i];
    node.parameters = parameters_.data() + first;
    node.gradient = gradient_.data() + first;
    node.scratch = scratch_.data();
    if (node.trains) node.MarkDecays(decays_.data() + first);
    first += node.ParameterCount();
    if (node.IsView()) {
      node.y = node.inputs.front()->y;
    } else {
      node.values = Floats(node.Values(options.batch_rows));
      node.y = node.values.data();
    }
    node.Prepare(options.batch_rows);
    if (i > 0) node.Import(model.weights[i - 1]);
    if (!model.ranges.empty()) node.grid.range = i == 0 ? model.input_range : model.ranges[i - 1];
  }

  // Gradients of values, from the last: a slot is taken by the last reader of a value, and free once the layer that
  // makes the value has passed it on.
  constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<size_t> slot(nodes_.size(), kNone);
  std::vector<size_t> sizes;
  std::vector<size_t> unused;
  const auto take = [&](size_t values) {
    if (unused.empty()) {
      unused.push_back(sizes.size());
      sizes.push_back(0);
    }
    const size_t taken = unused.back();
    unused.pop_back();
    sizes[taken] = std::max(sizes[taken], values);
    return taken;
  };
  slot.back() = take(nodes_.back()->Values(options.batch_rows));
  for (size_t i = nodes_.size(); i-- > 1;) {
    if (slot[i] == kNone) continue;  // nothing reads it
    bool handed_on = false;
    for (Node* const input : nodes_[i]->inputs) {
      size_t at = 0;
      while (nodes_[at].get() != input) ++at;
      if (!input->wanted || slot[at] != kNone) continue;
      if (nodes_[i]->WorksInPlace()) {
        slot[at] = slot[i];
        handed_on = true;
      } else {
        slot[at] = take(input->Values(options.batch_rows));
      }
    }
    if (!handed_on) unused.push_back(slot[i]);
  }
  for (const size_t size : sizes) slots_.emplace_back(size);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (slot[i] != kNone) nodes_[i]->dy = slots_[slot[i]].data();
  }
}

Engine::~Engine() = default;

float* Engine::input() { return nodes_.front()->y; }
int Engine::input_values() const { return nodes_.front()->shape.values(); }
int Engine::output_values() const { return nodes_.back()->shape.values(); }
float* Engine::output_gradient() { return nodes_.back()->dy; }

const float* Engine::Forward(int rows, bool training) {
  for (const auto& node : nodes_) node->Forward(rows, training);
  return nodes_.back()->y;
}

void Engine::Backward(int rows) {
  for (const auto& node : nodes_) node->dy_written = false;
  nodes_.back()->dy_written = true;
  for (size_t i = nodes_.size(); i-- > 1;) {
    if (nodes_[i]->dy_written) nodes_[i]->Backward(rows);
  }
}

void Engine::Quantise(bool on) {
  quantises_ = on;
  for (const auto& node : nodes_) node->quantises = on;
}

std::vector<float> Engine::State() const {
  std::vector<float> state(parameters_.span().begin(), parameters_.span().end());
  for (const auto& node : nodes_) {
    for (const std::span<float> part : node->Statistics()) state.insert(state.end(), part.begin(), part.end());
    state.push_back(node->grid.range.low);
    state.push_back(node->grid.range.high);
  }
  return state;
}

void Engine::SetState(std::span<const float> state) {
  const float* from = state.data();
  const auto read = [&](std::span<float> to) {
    std::copy_n(from, to.size(), to.begin());
    from += to.size();
  };
  read(parameters_.span());
  for (const auto& node : nodes_) {
    for (const std::span<float> part : node->Statistics()) read(part);
    node->grid.range = {from[0], from[1]};
    from += 2;
  }
}

void Engine::Export(Model& model) const {
  for (size_t i = 1; i < nodes_.size(); ++i) nodes_[i]->Export(model.weights[i - 1]);
  model.input_range = {};
  model.ranges.clear();
  if (!quantises_) return;  // what an earlier training settled on no longer holds
  model.input_range = nodes_.front()->grid.range;
  model.ranges.assign(model.spec.layers.size(), {});
  for (size_t i = 1; i < nodes_.size(); ++i) {
    if (nodes_[i]->HasGrid() && nodes_[i]->norm == nullptr) model.ranges[i - 1] = nodes_[i]->grid.range;
  }
}

}  // namespace thimble::trainer::engine
