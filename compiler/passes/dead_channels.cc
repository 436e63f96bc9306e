// Channels that never change, and channels that nobody reads, are left out of the layers before and behind them.
//
// Channels are the last dimension of int8 tensors. Forwards, interval arithmetic says which numbers a channel can hold:
// where lowest and highest are the same, it is a constant, whatever the input. Backwards, a channel stays if somebody
// needs it: a sum that would otherwise differ. A sum can do without a constant channel whose contribution is the same
// at every position, by adding it to its bias. At the border of an image, where the filter sees zeros instead of the
// constant, that is so only if the constant is the zero point or the weights say so.
#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "compiler/passes/evaluate.h"
#include "compiler/passes/pass.h"
#include "kernels/image.h"
#include "kernels/quantised.h"

namespace thimble::compiler::passes {
namespace {

/// So many products are looked at for one layer.
constexpr size_t kMostProducts = size_t{1} << 28;

/// Stored numbers that an element can be.
struct Interval {
  int32_t low = -128, high = 127;
  bool constant() const { return low == high; }
};

Interval Hull(Interval a, Interval b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

/// What is known of a tensor's channels.
struct Channels {
  bool fixed = true;            ///< all stay, unless whoever writes them can do without some
  std::vector<Interval> range;  ///< what each can hold; empty unless int8
  std::vector<uint8_t> keep;    ///< whether each stays; as long as the last dimension, or empty
};

/// Taps of a filter along one axis that lie inside the image at some position: first to last, both included.
using Taps = std::pair<int32_t, int32_t>;

/// Every such set there is.
std::vector<Taps> TapsInside(const kernels::Axis& axis) {
  std::vector<Taps> all;
  for (int32_t i = 0; i < axis.output; ++i) {
    const int32_t start = i * axis.stride - axis.Before();
    Taps taps = {0, -1};
    for (int32_t k = 0; k < axis.filter; ++k) {
      const int32_t pixel = start + k * axis.dilation;
      if (pixel < 0 || pixel >= axis.input) continue;
      if (taps.second < 0) taps.first = k;
      taps.second = k;
    }
    if (std::find(all.begin(), all.end(), taps) == all.end()) all.push_back(taps);
  }
  return all;
}

/// A CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED on int8 with constant weights: sums of products.
struct Weighed {
  bool depthwise = false;
  int32_t x = -1, weights = -1, bias = -1, y = -1;        ///< tensors; the bias may be -1
  int32_t outputs = 0, height = 1, width = 1, depth = 0;  ///< of the weights; depth: inputs of one output and tap
  int32_t weight_zero = 0;
  kernels::Range<int32_t> range = {-128, 127};
  kernels::ScaleProduct product = kernels::ScaleProduct::kOfDoubles;
  std::vector<Taps> rows = {{0, 0}}, columns = {{0, 0}};
  std::vector<uint8_t> blocks;  ///< [output][input channel]: the output's sum cannot do without that channel
  std::vector<int32_t> sums;    ///< of outputs that are constant: one that gives the constant, bias included

  size_t WeightAt(int32_t o, int32_t k, int32_t l, int32_t i) const {
    return static_cast<size_t>(depthwise ? (k * width + l) * outputs + o : ((o * height + k) * width + l) * depth + i);
  }
};

/// An operator whose output channels each come from certain channels of its inputs and go with them.
struct Tied {
  struct Source {
    int32_t tensor;
    std::vector<int32_t> channel;  ///< of it, for each output channel; -1: from another input
  };
  int32_t y = -1;
  std::vector<Source> sources;
  std::vector<size_t> constants;  ///< inputs with one number for each channel
};

class Analysis {
 public:
  Analysis(Graph& graph, size_t together) : graph_(graph), together_(together) {}

  std::string Run() {
    const int64_t before = MacsOf(graph_);
    for (size_t i = 0; i < graph_.main().tensors.size(); ++i) channels_.push_back(Begin(static_cast<int32_t>(i)));
    for (size_t i = 0; i < graph_.operator_count(); ++i) Learn(graph_.OperatorAt(i));
    Spread();
    return Rewrite(before);
  }

 private:
  Channels& Of(int32_t tensor) { return channels_[static_cast<size_t>(tensor)]; }
  int32_t CountIn(int32_t tensor) const {
    const auto& shape = graph_.TensorAt(tensor).shape;
    return shape.empty() ? 1 : shape.back();
  }

  Channels Begin(int32_t tensor) const {
    Channels channels;
    const TensorT& about = graph_.TensorAt(tensor);
    if (about.type != tflite::TensorType::INT8 || about.shape.empty()) return channels;
    const auto count = static_cast<size_t>(CountIn(tensor));
    channels.range.resize(count);
    channels.keep.assign(count, 0);
    return channels;
  }

  bool MayShrink(int32_t tensor) const {
    return graph_.TensorAt(tensor).type == tflite::TensorType::INT8 && !graph_.TensorAt(tensor).shape.empty() &&
           graph_.IsComputed(tensor) && !graph_.IsOutput(tensor);
  }

  // ----------------------------------------------------------------------------------------------------------------
  // Forwards: what each operator is, and what its output can hold.

  void Learn(OperatorT& op) {
    if (!graph_.HasEffects(op) && (LearnWeighed(op) || LearnTied(op))) {
      const int32_t y = op.outputs[0];
      Of(y).fixed = !MayShrink(y);
      return;
    }
    for (const int32_t input : op.inputs) {
      if (input >= 0) opaque_.push_back(input);
    }
  }

  bool LearnWeighed(OperatorT& op) {
    const Code code = graph_.CodeOf(op);
    if (code != Code::CONV_2D && code != Code::DEPTHWISE_CONV_2D && code != Code::FULLY_CONNECTED) return false;
    Weighed w;
    w.depthwise = code == Code::DEPTHWISE_CONV_2D;
    w.x = op.inputs[0];
    w.weights = op.inputs[1];
    w.bias = Graph::Has(op, 2) ? op.inputs[2] : -1;
    w.y = op.outputs[0];
    if (!graph_.IsConstant(w.weights) || (w.bias >= 0 && !graph_.IsConstant(w.bias))) return false;
    const kernels::Tensor x = graph_.View(w.x), weights = graph_.View(w.weights), y = graph_.View(w.y);
    if (x.type != kernels::Type::kInt8 || y.type != kernels::Type::kInt8) return false;
    if (x.shape.rank < 1 || y.shape.rank < 1 || x.shape.Count() == 0 || y.shape.Count() == 0) return false;
    auto activation = tflite::ActivationFunctionType::NONE;
    w.outputs = y.shape.Last();
    if (code == Code::FULLY_CONNECTED) {
      const auto* options = op.builtin_options.AsFullyConnectedOptions();
      if (options != nullptr) activation = options->fused_activation_function;
      w.depth = weights.shape[1];
      // Rows of the input lie one behind the other; each holds whole pixels.
      if (weights.shape[0] != w.outputs || w.depth % CountIn(w.x) != 0) return false;
      if (weights.scale_count <= 1) w.product = kernels::ScaleProduct::kOfFloats;
      w.weight_zero = weights.zero_point;
    } else {
      const auto learn = [&](const auto* options) {
        if (options == nullptr) return false;
        activation = options->fused_activation_function;
        w.height = weights.shape[1];
        w.width = weights.shape[2];
        w.depth = w.depthwise ? 1 : weights.shape[3];
        w.rows = TapsInside({x.shape[1], y.shape[1], w.height, options->stride_h, options->dilation_h_factor});
        w.columns = TapsInside({x.shape[2], y.shape[2], w.width, options->stride_w, options->dilation_w_factor});
        return true;
      };
      if (!(w.depthwise ? learn(op.builtin_options.AsDepthwiseConv2DOptions())
                        : learn(op.builtin_options.AsConv2DOptions()))) {
        return false;
      }
      if (!w.depthwise && w.depth != CountIn(w.x)) return false;  // in groups
    }
    // Filters as large as their images meet the border in too many ways; such a layer stays as it is.
    if (w.rows.size() * w.columns.size() * graph_.DataOf(w.weights).size() > kMostProducts) return false;
    w.range = kernels::StoredRange(static_cast<kernels::Activation>(activation), y);
    FindRanges(w);
    if (w.depthwise) {
      Tied tied{w.y, {{w.x, {}}}, {}};
      const int32_t multiple = w.outputs / CountIn(w.x);
      for (int32_t o = 0; o < w.outputs; ++o) tied.sources[0].channel.push_back(o / multiple);
      tied_.push_back(std::move(tied));
    }
    weighed_.push_back({&op, std::move(w)});
    return true;
  }

  /// What the sum of `w`'s output `o` gets from input `i` of its depth through the weights of these taps, times
  /// `difference` from the zero point.
  int64_t Contribution(const Weighed& w, int32_t o, int32_t i, Taps rows, Taps columns, int64_t difference) const {
    const auto* weights = reinterpret_cast<const int8_t*>(graph_.DataOf(w.weights).data());
    int64_t sum = 0;
    for (int32_t k = rows.first; k <= rows.second; ++k) {
      for (int32_t l = columns.first; l <= columns.second; ++l) {
        sum += weights[w.WeightAt(o, k, l, i)] - w.weight_zero;
      }
    }
    return sum * difference;
  }

  void FindRanges(Weighed& w) {
    const kernels::Tensor x = graph_.View(w.x), weights = graph_.View(w.weights), y = graph_.View(w.y);
    const kernels::Tensor bias = w.bias >= 0 ? graph_.View(w.bias) : kernels::Tensor{};
    const auto* data = reinterpret_cast<const int8_t*>(graph_.DataOf(w.weights).data());
    const std::vector<Interval>& in = Of(w.x).range;
    const int32_t inputs = CountIn(w.x);
    Channels& out = Of(w.y);
    w.blocks.assign(static_cast<size_t>(w.outputs) * static_cast<size_t>(inputs), 0);
    w.sums.resize(static_cast<size_t>(w.outputs));
    for (int32_t o = 0; o < w.outputs; ++o) {
      const kernels::Requantiser requantise = kernels::RequantiserOf(x, weights, bias, y, o, w.range, w.product);
      Interval range = {INT32_MAX, INT32_MIN};
      bool exact = true;
      for (const Taps& rows : w.rows) {
        for (const Taps& columns : w.columns) {
          int64_t low = requantise.bias, high = requantise.bias;
          for (int32_t k = rows.first; k <= rows.second; ++k) {
            for (int32_t l = columns.first; l <= columns.second; ++l) {
              for (int32_t i = 0; i < w.depth; ++i) {
                const int32_t channel = w.depthwise ? o / (w.outputs / inputs) : i % inputs;
                const int64_t weight = data[w.WeightAt(o, k, l, i)] - w.weight_zero;
                const Interval value = in[static_cast<size_t>(channel)];
                low += weight * ((weight > 0 ? value.low : value.high) - x.zero_point);
                high += weight * ((weight > 0 ? value.high : value.low) - x.zero_point);
              }
            }
          }
          exact = exact && IsTame(low, requantise.multiplier) && IsTame(high, requantise.multiplier);
          if (!exact) break;
          const auto result = [&](int64_t sum) { return requantise(static_cast<int32_t>(sum - requantise.bias)); };
          range = Hull(range, {result(low), result(high)});
          w.sums[static_cast<size_t>(o)] = static_cast<int32_t>(low);
        }
      }
      // Where a sum might overflow or a shift lose bits, only the clamp at the end is sure.
      if (!exact) range = {w.range.low, w.range.high};
      out.range[static_cast<size_t>(o)] = range;
      if (w.depthwise || range.constant()) continue;
      for (int32_t i = 0; i < w.depth; ++i) {
        const int32_t channel = i % inputs;
        if (Blocks(w, o, i, in[static_cast<size_t>(channel)], x.zero_point)) {
          w.blocks[static_cast<size_t>(o * inputs + channel)] = 1;
        }
      }
    }
  }

  /// Requantising this sum, and any nearer to 0, neither wraps nor saturates: the result rises with the sum.
  static bool IsTame(int64_t sum, Multiplier multiplier) {
    constexpr int64_t kMost = int64_t{1} << 30;  // the zero point, at most 128, is added behind
    const int left = std::max(multiplier.shift, 0);
    return sum > -kMost && sum < kMost && sum * (int64_t{1} << left) > -kMost && sum * (int64_t{1} << left) < kMost;
  }

  /// Whether the sum of output `o` needs input `i`: not if it gets the same from it everywhere, for any image.
  bool Blocks(const Weighed& w, int32_t o, int32_t i, Interval value, int32_t zero_point) const {
    const auto* weights = reinterpret_cast<const int8_t*>(graph_.DataOf(w.weights).data());
    bool zero = true;
    for (int32_t k = 0; k < w.height && zero; ++k) {
      for (int32_t l = 0; l < w.width && zero; ++l) zero = weights[w.WeightAt(o, k, l, i)] == w.weight_zero;
    }
    if (zero) return false;
    if (!value.constant()) return true;
    const int64_t difference = value.low - zero_point;
    const int64_t somewhere = Contribution(w, o, i, w.rows[0], w.columns[0], difference);
    for (const Taps& rows : w.rows) {
      for (const Taps& columns : w.columns) {
        if (Contribution(w, o, i, rows, columns, difference) != somewhere) return true;
      }
    }
    return false;
  }

  bool LearnTied(OperatorT& op) {
    if (op.outputs.size() != 1 || op.inputs.empty() || op.inputs[0] < 0) return false;
    const int32_t x = op.inputs[0], y = op.outputs[0];
    const std::vector<int32_t>& shape = graph_.TensorAt(y).shape;
    if (graph_.TensorAt(y).type != tflite::TensorType::INT8 || shape.empty()) return false;
    if (graph_.TensorAt(x).type != tflite::TensorType::INT8 || graph_.TensorAt(x).shape.empty()) return false;
    if (CountOf(graph_.TensorAt(x).shape) == 0) return false;
    const int32_t count = shape.back();
    std::vector<Interval>& out = Of(y).range;
    Tied tied{y, {}, {}};
    switch (graph_.CodeOf(op)) {
      case Code::RESHAPE:
      case Code::SQUEEZE:
      case Code::EXPAND_DIMS:
        if (graph_.IsConstant(x) || count % CountIn(x) != 0) return false;
        Tie(tied, x, count);
        for (size_t j = 0; j < out.size(); ++j) {
          out[j] = Of(x).range[static_cast<size_t>(tied.sources[0].channel[j])];
        }
        break;
      case Code::AVERAGE_POOL_2D:
      case Code::MAX_POOL_2D: {
        const auto* options = op.builtin_options.AsPool2DOptions();
        if (options == nullptr) return false;
        Tie(tied, x, count);
        const auto range =
            kernels::StoredRange(static_cast<kernels::Activation>(options->fused_activation_function), graph_.View(y));
        for (size_t j = 0; j < out.size(); ++j) {
          out[j] = {range.Clamp(Of(x).range[j].low), range.Clamp(Of(x).range[j].high)};
        }
        break;
      }
      case Code::PAD: {
        if (!graph_.IsConstant(op.inputs[1]) || graph_.IsConstant(x)) return false;
        const std::vector<int64_t> paddings = IntegersOf(graph_, op.inputs[1]);
        if (paddings[paddings.size() - 1] + paddings[paddings.size() - 2] != 0) return false;
        Tie(tied, x, count);
        const int32_t zero = graph_.View(x).zero_point;
        if (zero != graph_.View(y).zero_point) return false;
        for (size_t j = 0; j < out.size(); ++j) out[j] = Hull(Of(x).range[j], {zero, zero});
        break;
      }
      case Code::MEAN:
        if (!LearnMean(op, tied)) return false;
        break;
      case Code::CONCATENATION:
        if (!LearnConcatenation(op, tied)) return false;
        break;
      case Code::ADD:
      case Code::SUB:
      case Code::MUL:
      case Code::MAXIMUM:
      case Code::MINIMUM:
        if (!LearnBinary(op, tied)) return false;
        break;
      default: {
        const auto table = TableOf(graph_, op);
        if (!table || table->input != 0 || table->numbers.empty() || count != CountIn(x)) return false;
        Tie(tied, x, count);
        for (size_t j = 0; j < out.size(); ++j) {
          const Interval value = Of(x).range[j];
          out[j] = {INT32_MAX, INT32_MIN};
          for (int32_t v = value.low; v <= value.high; ++v) out[j] = Hull(out[j], {(*table)(v), (*table)(v)});
        }
      }
    }
    tied_.push_back(std::move(tied));
    return true;
  }

  /// Output channel j comes from channel j of `tensor`, over and over if it has fewer.
  void Tie(Tied& tied, int32_t tensor, int32_t count) {
    Tied::Source source{tensor, {}};
    for (int32_t j = 0; j < count; ++j) source.channel.push_back(j % CountIn(tensor));
    tied.sources.push_back(std::move(source));
  }

  /// The ends of the channels' intervals, each `repeats` times.
  Value EndsOf(int32_t tensor, std::vector<int32_t> shape, int64_t repeats, bool high) {
    Value value = {std::move(shape), {}};
    for (int64_t i = 0; i < repeats; ++i) {
      for (const Interval& range : Of(tensor).range) {
        value.data.push_back(static_cast<uint8_t>(high ? range.high : range.low));
      }
    }
    return value;
  }

  void Widen(int32_t tensor, const std::vector<uint8_t>& data) {
    const std::vector<int32_t> numbers = NumbersOf(tflite::TensorType::INT8, data);
    std::vector<Interval>& ranges = Of(tensor).range;
    for (size_t i = 0; i < numbers.size(); ++i) {
      Interval& range = ranges[i % ranges.size()];
      range = Hull(range, {numbers[i], numbers[i]});
    }
  }

  void Empty(int32_t tensor) {
    std::fill(Of(tensor).range.begin(), Of(tensor).range.end(), Interval{INT32_MAX, INT32_MIN});
  }

  /// Scales so far apart that TFLite's arithmetic might wrap.
  bool IsWild(int32_t x, int32_t y) const {
    const kernels::Tensor from = graph_.View(x), to = graph_.View(y);
    return from.scale_count != 1 || to.scale_count != 1 || !(from.Scale() < 1024 * to.Scale());
  }

  /// The mean over other dimensions: it rises with each of its elements, so that the ends give the ends.
  bool LearnMean(const OperatorT& op, Tied& tied) {
    const int32_t x = op.inputs[0], y = op.outputs[0];
    const std::vector<int32_t>& shape = graph_.TensorAt(x).shape;
    if (!graph_.IsConstant(op.inputs[1]) || graph_.IsConstant(x) || IsWild(x, y)) return false;
    for (const int64_t axis : IntegersOf(graph_, op.inputs[1])) {
      if (axis == -1 || axis == static_cast<int64_t>(shape.size()) - 1) return false;
    }
    const int64_t repeats = CountOf(shape) / CountIn(x);
    const auto low = Evaluate(graph_, op, {{0, EndsOf(x, shape, repeats, false)}});
    const auto high = Evaluate(graph_, op, {{0, EndsOf(x, shape, repeats, true)}});
    if (!low || !high) return false;
    Empty(y);
    Widen(y, (*low)[0]);
    Widen(y, (*high)[0]);
    Tie(tied, x, CountIn(y));
    return true;
  }

  bool LearnConcatenation(const OperatorT& op, Tied& tied) {
    const int32_t y = op.outputs[0];
    const auto* options = op.builtin_options.AsConcatenationOptions();
    const auto rank = static_cast<int32_t>(graph_.TensorAt(y).shape.size());
    if (options == nullptr) return false;
    const bool along_channels = options->axis == -1 || options->axis == rank - 1;
    for (const int32_t input : op.inputs) {
      if (graph_.IsConstant(input)) return false;
    }
    Empty(y);
    std::vector<Interval>& out = Of(y).range;
    size_t first = 0;
    for (const int32_t input : op.inputs) {
      const auto count = static_cast<size_t>(CountIn(input));
      Tied::Source source{input, std::vector<int32_t>(out.size(), -1)};
      for (size_t c = 0; c < count; ++c) {
        source.channel[first + c] = static_cast<int32_t>(c);
        out[first + c] = Hull(out[first + c], Of(input).range[c]);
      }
      if (along_channels) first += count;
      tied.sources.push_back(std::move(source));
    }
    return true;
  }

  /// Two operands, channel by channel; a constant one has one number for each channel, or one for all. These operators
  /// have their extremes at the corners of what the operands can be.
  bool LearnBinary(const OperatorT& op, Tied& tied) {
    const int32_t y = op.outputs[0];
    const int32_t count = CountIn(y);
    std::map<size_t, std::vector<Value>> ends;
    for (size_t i = 0; i < 2; ++i) {
      const int32_t operand = op.inputs[i];
      const int64_t elements = CountOf(graph_.TensorAt(operand).shape);
      if (graph_.TensorAt(operand).type != tflite::TensorType::INT8 || IsWild(operand, y)) return false;
      if (graph_.IsConstant(operand)) {
        if (elements != 1 && (elements != count || CountIn(operand) != count)) return false;
        if (elements != 1) tied.constants.push_back(i);
        continue;
      }
      if (CountIn(operand) != count) return false;
      Tie(tied, operand, count);
      for (const bool high : {false, true}) ends[i].push_back(EndsOf(operand, {1, 1, 1, count}, 1, high));
    }
    // Products grow by the other operand's scale.
    if (ends.empty() || (graph_.CodeOf(op) == Code::MUL && graph_.View(op.inputs[0]).Scale() > 1)) return false;
    Empty(y);
    const std::vector<int32_t> shape = {1, 1, 1, count};
    for (size_t corner = 0; corner < 4; ++corner) {
      std::map<size_t, Value> fed;
      for (const auto& [input, values] : ends) fed[input] = values[corner >> input & 1];
      const auto result = Evaluate(graph_, op, fed, &shape);
      if (!result) {
        std::fill(Of(y).range.begin(), Of(y).range.end(), Interval{});
        return false;
      }
      Widen(y, (*result)[0]);
    }
    return true;
  }

  // ----------------------------------------------------------------------------------------------------------------
  // Backwards: who needs which channel. From none at first, until nobody asks for more.

  void Keep(int32_t tensor, size_t channel) {
    uint8_t& keep = Of(tensor).keep[channel];
    changed_ = changed_ || keep == 0;
    keep = 1;
  }

  void Spread() {
    for (const int32_t tensor : opaque_) Of(tensor).fixed = true;
    for (size_t t = 0; t < channels_.size(); ++t) {
      Channels& channels = channels_[t];
      if (channels.fixed) std::fill(channels.keep.begin(), channels.keep.end(), uint8_t{1});
    }
    do {
      changed_ = false;
      for (const auto& [op, w] : weighed_) {
        if (!w.depthwise) AskFor(w);
      }
      for (const Tied& tied : tied_) {
        for (const Tied::Source& source : tied.sources) {
          for (size_t j = 0; j < source.channel.size(); ++j) {
            if (source.channel[j] < 0) continue;
            const auto c = static_cast<size_t>(source.channel[j]);
            if (Of(tied.y).keep[j] != 0) Keep(source.tensor, c);
            if (Of(source.tensor).keep[c] != 0) Keep(tied.y, j);
          }
        }
      }
      if (!changed_) KeepSome();
      if (!changed_) KeepWholeGroups();
    } while (changed_);
  }

  void AskFor(const Weighed& w) {
    const auto inputs = static_cast<size_t>(CountIn(w.x));
    for (size_t c = 0; c < inputs; ++c) {
      if (Of(w.x).keep[c] != 0) continue;
      for (size_t o = 0; o < static_cast<size_t>(w.outputs); ++o) {
        if (w.blocks[o * inputs + c] == 0 || Of(w.y).keep[o] == 0) continue;
        Keep(w.x, c);
        break;
      }
    }
  }

  /// No tensor can be without any channel, and a dense layer with a scale for each output must not get a single one:
  /// that would be multiplied in another way.
  void KeepSome() {
    for (Channels& channels : channels_) {
      if (channels.keep.empty() || std::count(channels.keep.begin(), channels.keep.end(), 1) > 0) continue;
      channels.keep[0] = 1;
      changed_ = true;
    }
    for (const auto& [op, w] : weighed_) {
      std::vector<uint8_t>& keep = Of(w.y).keep;
      if (graph_.CodeOf(*op) != Code::FULLY_CONNECTED || w.product != kernels::ScaleProduct::kOfDoubles) continue;
      if (w.outputs < 2 || std::count(keep.begin(), keep.end(), 1) > 1) continue;
      *std::find(keep.begin(), keep.end(), 0) = 1;
      changed_ = true;
    }
  }

  /// Of every tensor a multiple of `together_` channels, or all.
  void KeepWholeGroups() {
    for (Channels& channels : channels_) {
      auto kept = static_cast<size_t>(std::count(channels.keep.begin(), channels.keep.end(), 1));
      for (size_t c = 0; c < channels.keep.size() && kept % together_ != 0; ++c) {
        if (channels.keep[c] != 0) continue;
        channels.keep[c] = 1;
        changed_ = true;
        ++kept;
      }
    }
  }

  // ----------------------------------------------------------------------------------------------------------------
  // Rewriting.

  std::vector<size_t> KeptOf(int32_t tensor) {
    std::vector<size_t> kept;
    const Channels& channels = Of(tensor);
    for (size_t c = 0; c < channels.keep.size(); ++c) {
      if (channels.keep[c] != 0) kept.push_back(c);
    }
    return kept;
  }
  bool Shrinks(int32_t tensor) { return KeptOf(tensor).size() < Of(tensor).keep.size(); }

  std::string Rewrite(int64_t macs_before) {
    int64_t removed = 0, layers = 0, waiting = 0;
    for (auto& [op, w] : weighed_) {
      if (!Shrinks(w.x) && !Shrinks(w.y)) continue;
      Slice(*op, w);
      ++layers;
    }
    for (const Tied& tied : tied_) SliceConstants(tied);
    for (size_t t = 0; t < channels_.size(); ++t) {
      const auto tensor = static_cast<int32_t>(t);
      const Channels& channels = channels_[t];
      if (channels.keep.empty()) continue;
      const size_t kept = KeptOf(tensor).size();
      for (size_t c = 0; c < channels.keep.size(); ++c)
        waiting += !channels.fixed && channels.keep[c] != 0 && channels.range[c].constant();
      if (kept == channels.keep.size()) continue;
      removed += static_cast<int64_t>(channels.keep.size() - kept);
      std::vector<int32_t> shape = graph_.TensorAt(tensor).shape;
      shape.back() = static_cast<int32_t>(kept);
      graph_.SetShape(tensor, std::move(shape));
    }
    if (removed == 0) return "";
    for (const auto& op : graph_.main().operators) {
      const Code code = graph_.CodeOf(*op);
      const bool view = code == Code::RESHAPE || code == Code::SQUEEZE || code == Code::EXPAND_DIMS;
      if (view && Shrinks(op->outputs[0])) graph_.MakeReshape(*op, op->inputs[0]);
    }
    const int64_t macs_after = MacsOf(graph_);
    return Short(macs_before - macs_after) + " of " + Short(macs_before) +
           " MACs removed: " + Counted(removed, "channel") + " in " + Counted(layers, "layer") +
           (waiting == 0 ? "" : ", while " + Counted(waiting, "constant channel") + " must stay");
  }

  /// "68", "3.72 M"
  static std::string Short(int64_t count) {
    char text[32];
    std::snprintf(text, sizeof text, count < 100000 ? "%.0f" : "%.2f M",
                  count < 100000 ? static_cast<double>(count) : static_cast<double>(count) / 1e6);
    return text;
  }

  void Slice(OperatorT& op, const Weighed& w) {
    const auto* old = reinterpret_cast<const int8_t*>(graph_.DataOf(w.weights).data());
    const int32_t inputs = CountIn(w.x);
    const int32_t zero_point = graph_.View(w.x).zero_point;
    const kernels::Tensor old_bias = w.bias >= 0 ? graph_.View(w.bias) : kernels::Tensor{};
    const std::vector<size_t> kept = KeptOf(w.y);
    const std::vector<Interval>& in = Of(w.x).range;
    // The weights of each output that stays, in the order [output][row][column][depth], and its bias.
    std::vector<int8_t> rows;
    std::vector<int32_t> bias;
    bool any_bias = w.bias >= 0;
    for (const size_t output : kept) {
      const auto o = static_cast<int32_t>(output);
      // Of a constant output nothing matters but the constant.
      const bool constant = !w.depthwise && Of(w.y).range[output].constant();
      int64_t sum = constant ? w.sums[output] : kernels::BiasAt(old_bias, o);
      for (int32_t k = 0; k < w.height; ++k) {
        for (int32_t l = 0; l < w.width; ++l) {
          for (int32_t i = 0; i < w.depth; ++i) {
            const bool stays = w.depthwise || Of(w.x).keep[static_cast<size_t>(i % inputs)] != 0;
            if (stays) rows.push_back(constant ? static_cast<int8_t>(w.weight_zero) : old[w.WeightAt(o, k, l, i)]);
          }
        }
      }
      for (int32_t i = 0; i < w.depth && !w.depthwise && !constant; ++i) {
        const auto channel = static_cast<size_t>(i % inputs);
        if (Of(w.x).keep[channel] != 0 || !in[channel].constant()) continue;
        sum += Contribution(w, o, i, w.rows[0], w.columns[0], in[channel].low - zero_point);
      }
      any_bias = any_bias || sum != 0;
      bias.push_back(static_cast<int32_t>(static_cast<uint32_t>(sum)));  // sums wrap, so may their parts
    }
    const auto outputs = static_cast<int32_t>(kept.size());
    const auto depth = static_cast<int32_t>(rows.size()) / (outputs * w.height * w.width);
    std::vector<uint8_t> weights(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      // A depthwise filter lies the other way round: its outputs are its innermost dimension.
      const size_t taps = static_cast<size_t>(w.height * w.width);
      const size_t place = w.depthwise ? i % taps * kept.size() + i / taps : i;
      weights[place] = static_cast<uint8_t>(rows[i]);
    }
    const std::vector<int32_t> shape = graph_.CodeOf(op) == Code::FULLY_CONNECTED ? std::vector<int32_t>{outputs, depth}
                                       : w.depthwise ? std::vector<int32_t>{1, w.height, w.width, outputs}
                                                     : std::vector<int32_t>{outputs, w.height, w.width, depth};
    op.inputs[1] = graph_.AddConstantLike(w.weights, shape, weights);
    SliceScales(op.inputs[1], kept, w.outputs);
    if (!any_bias) return;
    const auto* bytes = reinterpret_cast<const uint8_t*>(bias.data());
    const std::span<const uint8_t> data(bytes, bias.size() * sizeof(int32_t));
    op.inputs.resize(3, -1);
    op.inputs[2] = graph_.AddConstantLike(w.bias >= 0 ? w.bias : w.weights, {outputs}, data);
    if (w.bias >= 0) {
      SliceScales(op.inputs[2], kept, w.outputs);
    } else {
      TensorT& tensor = graph_.TensorAt(op.inputs[2]);
      tensor.type = tflite::TensorType::INT32;
      tensor.name += "/bias";
      tensor.quantization = nullptr;
    }
  }

  void SliceScales(int32_t tensor, const std::vector<size_t>& kept, int32_t count) {
    if (graph_.TensorAt(tensor).quantization == nullptr) return;
    tflite::QuantizationParametersT& quantisation = *graph_.TensorAt(tensor).quantization;
    const auto slice = [&](auto& values) {
      if (values.size() != static_cast<size_t>(count)) return;
      for (size_t i = 0; i < kept.size(); ++i) values[i] = values[kept[i]];
      values.resize(kept.size());
    };
    slice(quantisation.scale);
    slice(quantisation.zero_point);
    slice(quantisation.min);
    slice(quantisation.max);
  }

  void SliceConstants(const Tied& tied) {
    if (!Shrinks(tied.y) || tied.constants.empty()) return;
    OperatorT& op = graph_.OperatorAt(static_cast<size_t>(graph_.ProducerOf(tied.y)));
    for (const size_t input : tied.constants) {
      std::vector<uint8_t> data;
      for (const size_t c : KeptOf(tied.y)) data.push_back(graph_.DataOf(op.inputs[input])[c]);
      std::vector<int32_t> shape = graph_.TensorAt(op.inputs[input]).shape;
      shape.back() = static_cast<int32_t>(data.size());
      op.inputs[input] = graph_.AddConstantLike(op.inputs[input], shape, data);
    }
  }

  Graph& graph_;
  size_t together_;
  std::vector<Channels> channels_;  ///< of each tensor
  std::vector<std::pair<OperatorT*, Weighed>> weighed_;
  std::vector<Tied> tied_;
  std::vector<int32_t> opaque_;  ///< tensors that somebody reads of whom nothing is known
  bool changed_ = false;
};

}  // namespace

std::string RemoveDeadChannels(Graph& graph, const PassOptions& options) {
  return Analysis(graph, options.channels_together).Run();
}

}  // namespace thimble::compiler::passes
