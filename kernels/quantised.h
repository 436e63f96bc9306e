// What quantised kernels share: TFLite's rules for operands, fused activations and requantisation.
#ifndef THIMBLE_KERNELS_QUANTISED_H_
#define THIMBLE_KERNELS_QUANTISED_H_

#include <limits>

#include "base/fixed_point.h"
#include "kernels/op.h"

namespace thimble::kernels {

/// The activation that a converter folded into an operator; the numbers of TFLite's ActivationFunctionType.
enum class Activation : int8_t { kNone = 0, kRelu = 1, kReluN1To1 = 2, kRelu6 = 3 };

constexpr bool IsSupported(Activation activation) {
  return activation >= Activation::kNone && activation <= Activation::kRelu6;
}

template <typename T>
struct Range {
  T low, high;
  constexpr T Clamp(T value) const { return value < low ? low : value > high ? high : value; }
};

constexpr Range<float> FloatRange(Activation activation) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  switch (activation) {
    case Activation::kRelu:
      return {0, kLargest};
    case Activation::kReluN1To1:
      return {-1, 1};
    case Activation::kRelu6:
      return {0, 6};
    case Activation::kNone:
      break;
  }
  return {-kLargest, kLargest};
}

/// The stored values of an int8, uint8 or int16 `output` that its activation allows. (TFLite
/// CalculateActivationRangeQuantized.)
Range<int32_t> StoredRange(Activation activation, const Tensor& output);

/// int8 with one scale for the whole tensor.
inline bool IsInt8(const Tensor& tensor) { return tensor.type == Type::kInt8 && tensor.scale_count == 1; }
inline bool IsFloat(const Tensor& tensor) { return tensor.type == Type::kFloat32; }

/// Whether `tensor` holds int8, uint8 or int16 with one scale; int16 counts from 0, as TFLite demands.
inline bool IsQuantised(const Tensor& tensor) {
  return tensor.scale_count == 1 && (tensor.type == Type::kInt8 || tensor.type == Type::kUInt8 ||
                                     (tensor.type == Type::kInt16 && tensor.zero_point == 0));
}

/// Whether the types of (x, weights, bias) -> y go together: all float32, or x and y both int8, int16 or uint8 and
/// weights int8 (uint8 for uint8) whose scales are one, or one for each of `channels` along `dimension`. The bias may
/// be absent; else it has `channels` elements, float32 or int32, or int64 for int16. Dynamic range, float32 with int8
/// weights of zero point 0, is for operators that scale their sums by WeightScale.
enum class DynamicRange : bool { kRefused, kAccepted };
Reason CheckWeighed(const Tensor& x, const Tensor& weights, const Tensor& bias, const Tensor& y, int32_t channels,
                    int32_t dimension, DynamicRange dynamic_range = DynamicRange::kRefused);

/// What an operator whose types CheckWeighed accepted computes with when x is of this type: x and y, the weights, a
/// sum.
template <Type kX>
struct Weighed;
template <>
struct Weighed<Type::kInt8> {
  using X = int8_t;
  using W = int8_t;
  using Sum = int32_t;
};
template <>
struct Weighed<Type::kUInt8> {
  using X = uint8_t;
  using W = uint8_t;
  using Sum = int32_t;
};
template <>
struct Weighed<Type::kInt16> {
  using X = int16_t;
  using W = int8_t;
  using Sum = int64_t;
};

/// What a float sum over the weights of a channel is to be multiplied with: their scale when they are int8. TFLite
/// rounds the activations to int8 as well ("hybrid"); computing with them as they are is nearer to the float model.
inline float WeightScale(const Tensor& weights, int32_t channel) {
  return weights.type == Type::kInt8 ? weights.Scale(channel) : 1.0f;
}

/// x.scale * w.scale / y.scale. Operators that may have one weight scale for each channel multiply the first two as
/// doubles, the others as floats: the last bit of a result depends on it.
enum class ScaleProduct : bool { kOfFloats, kOfDoubles };
Multiplier ProductMultiplier(float x, float w, float y, ScaleProduct product);

/// The bias of a channel, int32 or int64; 0 if it is absent.
int64_t BiasAt(const Tensor& bias, int32_t channel);

/// From the sum of products for one output channel to a stored value.
struct Requantiser {
  Multiplier multiplier;
  int64_t bias = 0;
  int32_t zero_point = 0;
  Range<int32_t> range = {INT32_MIN, INT32_MAX};
  bool wide = false;  ///< an int16 operator with a bias of 64 bits: the sum has as many. Else TFLite sums in 32.

  int32_t operator()(int32_t sum) const {
    return range.Clamp(WrapAdd(Scale(WrapAdd(sum, static_cast<int32_t>(bias)), multiplier), zero_point));
  }
  int32_t operator()(int64_t sum) const {
    return wide ? range.Clamp(Scale(WrapAdd(sum, bias), multiplier)) : (*this)(static_cast<int32_t>(sum));
  }
};

/// `channel` of an operator that CheckWeighed accepts with integers.
Requantiser RequantiserOf(const Tensor& x, const Tensor& weights, const Tensor& bias, const Tensor& y, int32_t channel,
                          Range<int32_t> range, ScaleProduct product);

/// An accumulator of products, as an int8 with the output's scale and zero point.
constexpr int8_t Requantise(int32_t accumulator, Multiplier multiplier, int32_t zero_point, Range<int32_t> range) {
  return static_cast<int8_t>(range.Clamp(WrapAdd(Scale(accumulator, multiplier), zero_point)));
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_QUANTISED_H_
