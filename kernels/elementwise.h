// What operators share that work element by element: walking with repetition, integers of any width, their checks.
#ifndef THIMBLE_KERNELS_ELEMENTWISE_H_
#define THIMBLE_KERNELS_ELEMENTWISE_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// What most of these operators say about themselves; they derive from it and add name, code, version and functions.
struct Elementwise {
  static constexpr int kOptionsType = 0;
  static constexpr Sharing kSharing = Sharing::kOverwrite;
  struct Params {};
  static void Fields(auto&&, auto&) {}
  static constexpr size_t ScratchBytes(const auto&, const Call&) { return 0; }
};

/// Where the operand's element for each output element lies, walking the output in memory order. Dimensions of size 1
/// are repeated, missing outer ones are 1.
class Walk {
 public:
  Walk(const Shape& operand, const Shape& output);
  int32_t Next();

 private:
  const Shape& output_;
  int32_t steps_[kMaxRank] = {};
  int32_t index_[kMaxRank] = {};
  int32_t place_ = 0;
};

/// Whether `output` is what repetition makes of the operands.
bool BroadcastsTo(std::span<const Tensor> operands, const Shape& output);

/// One input, one output, as many elements.
Reason CheckUnary(const Call& call);
/// The same, both of one type that is float32, or quantised if `quantised`.
Reason CheckUnary(const Call& call, bool quantised);
/// Two inputs, repeated to the shape of the one output.
Reason CheckBinary(const Call& call);

/// The element of a tensor of at most 32 bits, not float.
inline int32_t StoredAt(const Tensor& tensor, int32_t index) {
  switch (tensor.type) {
    case Type::kInt8:
      return tensor.As<int8_t>()[index];
    case Type::kInt16:
      return tensor.As<int16_t>()[index];
    case Type::kUInt8:
    case Type::kBool:
      return tensor.As<uint8_t>()[index];
    default:
      return tensor.As<int32_t>()[index];
  }
}

/// Writes the lowest bits of `value`.
inline void StoreAt(const Tensor& tensor, int32_t index, int32_t value) {
  switch (tensor.type) {
    case Type::kInt8:
    case Type::kUInt8:
    case Type::kBool:
      tensor.As<uint8_t>()[index] = static_cast<uint8_t>(value);
      return;
    case Type::kInt16:
      tensor.As<int16_t>()[index] = static_cast<int16_t>(value);
      return;
    default:
      tensor.As<int32_t>()[index] = value;
  }
}

/// What an integer of this type can be; those of 32 bits for wider ones.
Range<int32_t> RangeOf(Type type);
inline constexpr float kLargestFloat = std::numeric_limits<float>::max();

/// The stored values between two real numbers of `output`; +-kLargestFloat is no bound.
Range<int32_t> StoredBetween(const Tensor& output, float low, float high);
/// An accumulator as a stored value with the output's scale and zero point.
constexpr int32_t Rescale(int32_t accumulator, Multiplier multiplier, int32_t zero_point, Range<int32_t> range) {
  return range.Clamp(WrapAdd(Scale(accumulator, multiplier), zero_point));
}

/// The multiplier from x's scale to y's.
inline Multiplier MultiplierBetween(const Tensor& x, const Tensor& y) { return QuantiseRatio(x.Scale(), 1, y.Scale()); }

/// y[i] = function(x[i]), float32.
template <typename Function>
void MapReal(const Call& call, Function function) {
  const float* x = call.in[0].As<float>();
  float* y = call.out[0].As<float>();
  for (int32_t i = 0, count = call.out[0].shape.Count(); i < count; ++i) y[i] = function(x[i]);
}

/// y[i] = function(x[i] - x.zero_point) + y.zero_point within the output's type.
template <typename Function>
void MapStored(const Call& call, Function function) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Range<int32_t> range = RangeOf(y.type);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    StoreAt(y, i, range.Clamp(WrapAdd(function(WrapAdd(StoredAt(x, i), -x.zero_point)), y.zero_point)));
  }
}

/// y[i] = function(a[i], b[i]) for elements of type T, repeated as the shapes ask.
template <typename T, typename Function>
void MapPairs(const Call& call, Function function) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  Walk walk_a(a.shape, y.shape), walk_b(b.shape, y.shape);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    const T first = a.As<T>()[walk_a.Next()];
    y.As<T>()[i] = function(first, b.As<T>()[walk_b.Next()]);
  }
}

/// y[i] = function(a[i] - a.zero_point, b[i] - b.zero_point) + y.zero_point within `range`.
template <typename Function>
void MapStoredPairs(const Call& call, Range<int32_t> range, Function function) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  Walk walk_a(a.shape, y.shape), walk_b(b.shape, y.shape);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    const int32_t first = WrapAdd(StoredAt(a, walk_a.Next()), -a.zero_point);
    const int32_t second = WrapAdd(StoredAt(b, walk_b.Next()), -b.zero_point);
    StoreAt(y, i, range.Clamp(WrapAdd(function(first, second), y.zero_point)));
  }
}

/// y[i] = x[i] between two real numbers: float32, or rescaled in fixed point from x's scale to y's.
void ClampReal(const Call& call, float low, float high);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ELEMENTWISE_H_
