// LSTM (Hochreiter, Schmidhuber 1997, with the forget gate of Gers et al. 2000) and backpropagation through time.
#include <algorithm>

#include "trainer/internal/node.h"

namespace thimble::trainer::engine {
namespace {

// Parameters: weights [channels, 4 units], bias [4 units], recurrent weights [units, 4 units]; gates in the order
// input, forget, cell, output. Rounding to grids covers the weights and the output; what goes round inside stays in
// float.
class Lstm final : public Node {
 public:
  Lstm(const LayerSpec& layer, const Shape& output, std::vector<Node*> from)
      : Node(layer, output),
        steps_(from.front()->shape.width),
        channels_(from.front()->shape.channels),
        units_(output.channels) {
    inputs = std::move(from);
  }

  size_t ParameterCount() const override { return Weights() + Gates() + Recurrent(); }
  void MarkDecays(float* decays) const override {
    std::fill_n(decays, Weights(), 1.0f);
    std::fill_n(decays + Weights() + Gates(), Recurrent(), 1.0f);
  }

  void Prepare(int batch_rows) override {
    const size_t places = Places(batch_rows);
    gates_ = Floats(places * Gates());
    gate_gradients_ = Floats(places * Gates());
    cells_ = Floats(places * Units());
    bent_cells_ = Floats(places * Units());
    states_ = Floats(places * Units());
    carried_state_ = Floats(static_cast<size_t>(batch_rows) * Units());
    carried_cell_ = Floats(static_cast<size_t>(batch_rows) * Units());
    rounded_ = Floats(ParameterCount());
    grid_steps_ = Floats(Gates());
    turned_ = Floats(std::max(Weights(), Recurrent()));
  }

  void Import(const LayerWeights& from) override {
    const Kernels& plain = PlainKernels();
    plain.transpose(from.weights.data(), 4 * units_, channels_, parameters);
    std::copy(from.bias.begin(), from.bias.end(), parameters + Weights());
    plain.transpose(from.recurrent.data(), 4 * units_, units_, parameters + Weights() + Gates());
  }
  void Export(LayerWeights& to) const override {
    const Kernels& plain = PlainKernels();
    to.weights.resize(Weights());
    to.recurrent.resize(Recurrent());
    plain.transpose(parameters, channels_, 4 * units_, to.weights.data());
    to.bias.assign(parameters + Weights(), parameters + Weights() + Gates());
    plain.transpose(parameters + Weights() + Gates(), units_, 4 * units_, to.recurrent.data());
  }

  void Forward(int rows, bool training) override {
    used_ = parameters;
    if (quantises) {
      used_ = rounded_.data();
      std::copy_n(parameters, ParameterCount(), rounded_.data());
      kernels->quantise_weights(parameters, nullptr, channels_, 4 * units_, rounded_.data(), grid_steps_.data());
      const size_t recurrent = Weights() + Gates();
      kernels->quantise_weights(parameters + recurrent, nullptr, units_, 4 * units_, rounded_.data() + recurrent,
                                grid_steps_.data());
    }
    kernels->multiply({.a = input().y,
                       .a_stride = channels_,
                       .b = used_,
                       .b_stride = 4 * units_,
                       .bias = used_ + Weights(),
                       .c = gates_.data(),
                       .c_stride = 4 * units_,
                       .rows = rows * steps_,
                       .depth = channels_,
                       .columns = 4 * units_});
    for (int step = 0; step < steps_; ++step) {
      if (step > 0) {
        kernels->multiply({.a = states_.data() + Place(0, step - 1) * Units(),
                           .a_stride = steps_ * units_,
                           .b = used_ + Weights() + Gates(),
                           .b_stride = 4 * units_,
                           .accumulate = true,
                           .c = gates_.data() + Place(0, step) * Gates(),
                           .c_stride = steps_ * 4 * units_,
                           .rows = rows,
                           .depth = units_,
                           .columns = 4 * units_});
      }
      for (int row = 0; row < rows; ++row) Step(row, step);
    }
    for (int row = 0; row < rows; ++row) {
      const int first = spec.sequences ? 0 : steps_ - 1;
      std::copy_n(states_.data() + Place(row, first) * Units(), Node::Values(1), y + Node::Values(row));
    }
    if (!quantises) return;
    kernels->finish(y, y, Node::Values(rows), BeginOutput(training));
    grid.Observed(range_keep);
  }

  void Backward(int rows) override {
    if (quantises) {
      kernels->mask(dy, y, grid.low(), grid.high(), rows * shape.positions(), shape.channels, nullptr);
    }
    const float* const recurrent = used_ + Weights() + Gates();
    kernels->transpose(recurrent, units_, 4 * units_, turned_.data());
    std::fill_n(carried_state_.data(), carried_state_.size(), 0.0f);
    std::fill_n(carried_cell_.data(), carried_cell_.size(), 0.0f);
    for (int step = steps_ - 1; step >= 0; --step) {
      for (int row = 0; row < rows; ++row) StepBackward(row, step);
      if (step == 0) break;
      kernels->multiply({.a = gate_gradients_.data() + Place(0, step) * Gates(),
                         .a_stride = steps_ * 4 * units_,
                         .b = turned_.data(),
                         .b_stride = units_,
                         .c = carried_state_.data(),
                         .c_stride = units_,
                         .rows = rows,
                         .depth = 4 * units_,
                         .columns = units_});
    }
    if (trains) {
      kernels->multiply_transposed({.a = input().y,
                                    .a_stride = channels_,
                                    .d = gate_gradients_.data(),
                                    .d_stride = 4 * units_,
                                    .g = gradient,
                                    .rows = rows * steps_,
                                    .depth = channels_,
                                    .columns = 4 * units_});
      constexpr float kAny = __builtin_inff();
      kernels->mask(gate_gradients_.data(), nullptr, -kAny, kAny, rows * steps_, 4 * units_, gradient + Weights());
      float* const recurrent_gradient = gradient + Weights() + Gates();
      std::fill_n(recurrent_gradient, Recurrent(), 0.0f);
      for (int row = 0; row < rows && steps_ > 1; ++row) {
        kernels->multiply_transposed({.a = states_.data() + Place(row, 0) * Units(),
                                      .a_stride = units_,
                                      .d = gate_gradients_.data() + Place(row, 1) * Gates(),
                                      .d_stride = 4 * units_,
                                      .g = recurrent_gradient,
                                      .accumulate = true,
                                      .rows = steps_ - 1,
                                      .depth = units_,
                                      .columns = 4 * units_});
      }
    }
    GiveGradient(input(), rows, [&](float* dx) {
      kernels->transpose(used_, channels_, 4 * units_, turned_.data());
      kernels->multiply({.a = gate_gradients_.data(),
                         .a_stride = 4 * units_,
                         .b = turned_.data(),
                         .b_stride = channels_,
                         .c = dx,
                         .c_stride = channels_,
                         .rows = rows * steps_,
                         .depth = 4 * units_,
                         .columns = channels_});
    });
  }

 private:
  size_t Units() const { return static_cast<size_t>(units_); }
  size_t Gates() const { return 4 * Units(); }
  size_t Weights() const { return static_cast<size_t>(channels_) * Gates(); }
  size_t Recurrent() const { return Units() * Gates(); }
  size_t Places(int rows) const { return static_cast<size_t>(rows) * static_cast<size_t>(steps_); }
  size_t Place(int row, int step) const { return Places(row) + static_cast<size_t>(step); }

  void Step(int row, int step) {
    const size_t place = Place(row, step);
    float* const gates = gates_.data() + place * Gates();
    const size_t units = Units();
    kernels->sigmoid(gates, gates, 2 * units);
    kernels->tanh(gates + 2 * units, gates + 2 * units, units);
    kernels->sigmoid(gates + 3 * units, gates + 3 * units, units);
    float* const cells = cells_.data() + place * units;
    for (size_t u = 0; u < units; ++u) {
      const float kept = step > 0 ? gates[units + u] * cells_[(place - 1) * units + u] : 0.0f;
      cells[u] = kept + gates[u] * gates[2 * units + u];
    }
    kernels->tanh(cells, bent_cells_.data() + place * units, units);
    kernels->product(bent_cells_.data() + place * units, gates + 3 * units, states_.data() + place * units, units);
  }

  void StepBackward(int row, int step) {
    const size_t place = Place(row, step);
    const size_t units = Units();
    const float* const gates = gates_.data() + place * Gates();
    const float* const bent = bent_cells_.data() + place * units;
    float* const to = gate_gradients_.data() + place * Gates();
    float* const state = carried_state_.data() + static_cast<size_t>(row) * units;
    float* const cell = carried_cell_.data() + static_cast<size_t>(row) * units;
    const float* given = nullptr;
    if (spec.sequences) given = dy + place * units;
    if (!spec.sequences && step == steps_ - 1) given = dy + static_cast<size_t>(row) * units;
    for (size_t u = 0; u < units; ++u) {
      const float in = gates[u], forget = gates[units + u], news = gates[2 * units + u], out = gates[3 * units + u];
      const float before = step > 0 ? cells_[(place - 1) * units + u] : 0.0f;
      const float of_state = state[u] + (given != nullptr ? given[u] : 0.0f);
      const float of_cell = cell[u] + of_state * out * (1 - bent[u] * bent[u]);
      to[u] = of_cell * news * in * (1 - in);
      to[units + u] = of_cell * before * forget * (1 - forget);
      to[2 * units + u] = of_cell * in * (1 - news * news);
      to[3 * units + u] = of_state * bent[u] * out * (1 - out);
      cell[u] = of_cell * forget;
    }
  }

  int steps_, channels_, units_;
  const float* used_ = nullptr;  // parameters, rounded or not
  Floats gates_, gate_gradients_, cells_, bent_cells_, states_;
  Floats carried_state_, carried_cell_;  // gradients from the step after
  Floats rounded_, grid_steps_, turned_;
};

}  // namespace

std::unique_ptr<Node> MakeLstm(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs) {
  return std::make_unique<Lstm>(spec, shape, std::move(inputs));
}

}  // namespace thimble::trainer::engine
