// A verified model becomes layers in plain terms: what the steps are chosen for.
#ifndef THIMBLE_COMPILER_LOWER_H_
#define THIMBLE_COMPILER_LOWER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/passes.h"
#include "compiler/plan.h"
#include "kernels/op.h"
#include "runtime/network.h"
#include "steps/packing.h"

namespace thimble::compiler {

/// A tensor of the model as an operand: absent, constant (`tensor.data` is set), in the state, or in the frame.
struct Operand {
  kernels::Tensor tensor;     ///< its pointers go into the model
  int value = -1;             ///< in the frame: which of the graph's values
  int64_t state_offset = -1;  ///< in the state

  bool in_frame() const { return value >= 0; }
  bool in_state() const { return state_offset >= 0; }
};

/// One operator as the interpreter runs it.
struct OperatorCall {
  const kernels::Operator* op = nullptr;
  int index = 0;                                                        ///< of the operator in its graph
  alignas(8) std::array<std::byte, kernels::kMaxParamsBytes> params{};  ///< its Params, then zeros
  std::vector<Operand> in, out;
};

/// PAD of an image: so many pixels around it that hold its zero point.
struct Border {
  int32_t top = 0, bottom = 0, left = 0, right = 0;
};

/// What a layer is, if it is something that steps may know. Fusions change it; `Layer::calls` stays what it means.
using LayerKind =
    std::variant<std::monostate, Border, steps::Convolution, steps::Addition, steps::Product, steps::Mapping,
                 steps::Distribution, steps::Pooling, steps::TimeFilter, steps::Recurrence>;

struct Layer {
  LayerKind kind;
  int input = -1, second = -1, output = -1;  ///< values; of layers with a kind
  std::vector<OperatorCall> calls;           ///< one after the other, they do the same
};

/// Bytes of a frame that an operator writes and others read. Tensors that repeat each other's bytes are one value.
struct Value {
  int64_t bytes = 0;
  std::string name;  ///< "conv_2d 3": what writes it; "input 0"
};

struct LoweredGraph {
  std::vector<Value> values;
  std::vector<Layer> layers;  ///< in the order of execution
  std::vector<Operand> inputs, outputs;
};

struct Lowered {
  std::vector<LoweredGraph> graphs;  ///< as in the model
  std::vector<InitialState> initial_state;
  int64_t state_bytes = 0;
};

/// Rewritings that can be switched off; the results have the same bits.
inline constexpr PassInfo kLoweringPasses[] = {
    {"lookup_tables", "Makes a table of 256 results of every function of one byte"},
    {"border_fusion", "Leaves a border around an image to the convolution behind, as padding of any kind"},
    {"lookup_fusion", "Makes one table of a table behind a table"},
    {"clamp_fusion", "Leaves a table that only limits to the layer before it"},
    {"constant_channels", "Gives channels that are always the same weights of 0 and an ordinary scale"},
    {"dense_convolution", "Turns a convolution that sees a whole image once into a dense layer"},
};

/// `network` is the model, loaded. Passes are named as in kLoweringPasses. `remarks` gets a sentence for each fusion.
Lowered Lower(const runtime::Network& network, const std::set<std::string>& without_passes,
              std::vector<std::string>& remarks);

/// "conv_2d 10x4 stride 2: 49x10x1 -> 25x5x64", "pad + conv_2d …", "softmax: 12 -> 12".
std::string TitleOf(const Layer& layer);

/// Multiply-accumulates that the layer as it is asks for.
int64_t MacsOf(const Layer& layer);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_LOWER_H_
