// Convolutions said more simply: with the padding in their options, and without the detour of one channel.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "compiler/passes/pass.h"
#include "kernels/image.h"

namespace thimble::compiler::passes {
namespace {

using kernels::Axis;

/// The options of a CONV_2D or DEPTHWISE_CONV_2D.
struct Sliding {
  tflite::Padding* padding = nullptr;        ///< null: it is neither, or has no options
  int32_t stride[2] = {}, dilation[2] = {};  ///< of height, width
};

Sliding SlidingOf(const Graph& graph, OperatorT& op) {
  const auto read = [](auto* options) {
    if (options == nullptr) return Sliding{};
    return Sliding{&options->padding,
                   {options->stride_h, options->stride_w},
                   {options->dilation_h_factor, options->dilation_w_factor}};
  };
  switch (graph.CodeOf(op)) {
    case Code::CONV_2D:
      return read(op.builtin_options.AsConv2DOptions());
    case Code::DEPTHWISE_CONV_2D:
      return read(op.builtin_options.AsDepthwiseConv2DOptions());
    default:
      return {};
  }
}

/// Zeros that are added to a sum change it only if they are multiplied with infinity.
bool IsFinite(const Graph& graph, int32_t weights) {
  if (!graph.IsConstant(weights)) return false;
  if (graph.TensorAt(weights).type != tflite::TensorType::FLOAT32) return true;
  const std::vector<uint8_t>& data = graph.DataOf(weights);
  for (size_t i = 0; i + sizeof(float) <= data.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, data.data() + i, sizeof(value));
    if (!std::isfinite(value)) return false;
  }
  return true;
}

/// Whether `op` gives the same on `x` with SAME padding as it does now on x with the border `paddings` around it.
bool SameCovers(const Graph& graph, OperatorT& op, int32_t x, const std::vector<int64_t>& paddings) {
  const Sliding sliding = SlidingOf(graph, op);
  if (sliding.padding == nullptr || !IsFinite(graph, op.inputs[1])) return false;
  const std::vector<int32_t>& padded = graph.TensorAt(op.inputs[0]).shape;
  for (size_t i = 0; i < 2; ++i) {
    Axis axis = {padded[i + 1], graph.TensorAt(op.outputs[0]).shape[i + 1], graph.TensorAt(op.inputs[1]).shape[i + 1],
                 sliding.stride[i], sliding.dilation[i]};
    // Now it must stay inside the border …
    const int32_t covered = (axis.output - 1) * axis.stride + (axis.filter - 1) * axis.dilation + 1;
    if (covered > axis.input) return false;
    // … and then begin as far outside of x as it does now.
    axis.input = graph.TensorAt(x).shape[i + 1];
    if (axis.output != (axis.input - 1) / axis.stride + 1) return false;
    if (axis.Before() != paddings[2 * (i + 1)]) return false;
  }
  return true;
}

}  // namespace

std::string FusePadding(Graph& graph, const PassOptions&) {
  int fused = 0;
  for (size_t i = 0; i < graph.operator_count(); ++i) {
    const OperatorT& pad = graph.OperatorAt(i);
    if (graph.CodeOf(pad) != Code::PAD || !graph.IsConstant(pad.inputs[1])) continue;
    const int32_t x = pad.inputs[0], y = pad.outputs[0];
    if (graph.TensorAt(x).shape.size() != 4 || graph.TensorAt(x).is_variable || graph.IsConstant(x)) continue;
    if (graph.IsOutput(y) || !graph.SameQuantisation(x, y)) continue;
    const std::vector<int64_t> paddings = IntegersOf(graph, pad.inputs[1]);
    if (paddings[0] + paddings[1] + paddings[6] + paddings[7] != 0) continue;  // images and channels stay
    std::vector<OperatorT*> readers;
    for (const auto& op : graph.main().operators) {
      if (std::find(op->inputs.begin(), op->inputs.end(), y) != op->inputs.end()) readers.push_back(op.get());
    }
    const bool all = !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](OperatorT* op) {
      return op->inputs[0] == y && SameCovers(graph, *op, x, paddings);
    });
    if (!all) continue;
    for (OperatorT* op : readers) {
      op->inputs[0] = x;
      *SlidingOf(graph, *op).padding = tflite::Padding::SAME;
    }
    ++fused;
  }
  return fused == 0 ? "" : Counted(fused, "border") + " of zeros left to the convolution behind";
}

std::string TurnOneChannelDepthwise(Graph& graph, const PassOptions&) {
  int turned = 0;
  for (const auto& op : graph.main().operators) {
    if (graph.CodeOf(*op) != Code::DEPTHWISE_CONV_2D || !graph.IsConstant(op->inputs[1])) continue;
    const auto* old_options = op->builtin_options.AsDepthwiseConv2DOptions();
    const TensorT& x = graph.TensorAt(op->inputs[0]);
    if (old_options == nullptr || x.shape[3] != 1) continue;
    // [1, K, L, O] becomes [O, K, L, 1].
    const std::vector<int32_t> shape = graph.TensorAt(op->inputs[1]).shape;
    const std::vector<uint8_t>& data = graph.DataOf(op->inputs[1]);
    const size_t outputs = static_cast<size_t>(shape[3]), taps = static_cast<size_t>(shape[1] * shape[2]);
    const size_t bytes = data.size() / (outputs * taps);
    std::vector<uint8_t> transposed(data.size());
    for (size_t tap = 0; tap < taps; ++tap) {
      for (size_t o = 0; o < outputs; ++o) {
        std::memcpy(&transposed[(o * taps + tap) * bytes], &data[(tap * outputs + o) * bytes], bytes);
      }
    }
    tflite::Conv2DOptionsT options;
    options.padding = old_options->padding;
    options.stride_w = old_options->stride_w;
    options.stride_h = old_options->stride_h;
    options.fused_activation_function = old_options->fused_activation_function;
    options.dilation_w_factor = old_options->dilation_w_factor;
    options.dilation_h_factor = old_options->dilation_h_factor;
    op->inputs[1] = graph.AddConstantLike(op->inputs[1], {shape[3], shape[1], shape[2], 1}, transposed);
    if (graph.TensorAt(op->inputs[1]).quantization != nullptr) {
      graph.TensorAt(op->inputs[1]).quantization->quantized_dimension = 0;
    }
    // The first versions of CONV_2D that take these types.
    const int version = x.type == tflite::TensorType::INT16 ? 4 : x.type == tflite::TensorType::INT8 ? 3 : 1;
    graph.SetCode(*op, Code::CONV_2D, version);
    SetOptions(*op, tflite::BuiltinOptions::Conv2DOptions, options);
    ++turned;
  }
  return turned == 0 ? "" : Counted(turned, "depthwise convolution") + " of one channel turned into plain ones";
}

}  // namespace thimble::compiler::passes
