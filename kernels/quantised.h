// What int8 kernels share: TFLite's rules for operands, fused activations and requantisation.
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

/// The stored values of an int8 `output` that its activation allows. (TFLite CalculateActivationRangeQuantized.)
Range<int32_t> Int8Range(Activation activation, const Tensor& output);

/// int8 with one scale for the whole tensor.
inline bool IsInt8(const Tensor& tensor) { return tensor.type == Type::kInt8 && tensor.scale_count == 1; }
inline bool IsFloat(const Tensor& tensor) { return tensor.type == Type::kFloat32; }

/// Whether the types of (x, weights, bias) -> y go together: all float32, or int8 with an int32 bias and weights whose
/// scales are one, or one for each of `channels` along `dimension`. The bias may be absent.
Reason CheckWeighedTypes(const Call& call, int32_t channels, int32_t dimension);

/// An accumulator of products, as an int8 with the output's scale and zero point.
constexpr int8_t Requantise(int32_t accumulator, Multiplier multiplier, int32_t zero_point, Range<int32_t> range) {
  return static_cast<int8_t>(range.Clamp(WrapAdd(Scale(accumulator, multiplier), zero_point)));
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_QUANTISED_H_
