#include "kernels/fully_connected/op.h"

namespace thimble::kernels {
namespace {

template <Type kType>
void RunQuantised(const FullyConnected::Params& params, const Call& call) {
  using X = typename Weighed<kType>::X;
  using W = typename Weighed<kType>::W;
  using Sum = typename Weighed<kType>::Sum;
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const Tensor bias = call.Optional(2);
  const int32_t outputs = w.shape[0], inputs = w.shape[1];
  const int32_t batches = y.shape.Count() / outputs;
  const Range<int32_t> range = StoredRange(params.activation, y);
  const ScaleProduct product = w.scale_count > 1 ? ScaleProduct::kOfDoubles : ScaleProduct::kOfFloats;
  const int32_t x_zero = x.zero_point, w_zero = w.zero_point;
  for (int32_t o = 0; o < outputs; ++o) {
    const Requantiser requantise = RequantiserOf(x, w, bias, y, o, range, product);
    const W* weights = w.As<W>() + o * inputs;
    for (int32_t b = 0; b < batches; ++b) {
      const X* row = x.As<X>() + b * inputs;
      Sum sum = 0;
      for (int32_t i = 0; i < inputs; ++i) sum = WrapAdd(sum, Sum{(row[i] - x_zero) * (weights[i] - w_zero)});
      y.As<X>()[b * outputs + o] = static_cast<X>(requantise(sum));
    }
  }
}

template <typename W>
void RunFloat(const FullyConnected::Params& params, const Call& call) {
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const float* bias = call.Has(2) ? call.in[2].As<float>() : nullptr;
  const int32_t outputs = w.shape[0], inputs = w.shape[1];
  const int32_t batches = y.shape.Count() / outputs;
  const Range<float> range = FloatRange(params.activation);
  for (int32_t b = 0; b < batches; ++b) {
    const float* row = x.As<float>() + b * inputs;
    for (int32_t o = 0; o < outputs; ++o) {
      const W* weights = w.As<W>() + o * inputs;
      float sum = 0;
      for (int32_t i = 0; i < inputs; ++i) sum += row[i] * static_cast<float>(weights[i]);
      sum *= WeightScale(w, o);
      if (bias != nullptr) sum += bias[o];
      y.As<float>()[b * outputs + o] = range.Clamp(sum);
    }
  }
}

}  // namespace

Reason FullyConnected::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() >= 2 && call.in.size() <= 3, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  THIMBLE_REQUIRE(params.weights_format == 0, Option);
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.present() && w.present(), InputCount);
  THIMBLE_REQUIRE(w.shape.rank == 2 && w.shape.Count() > 0, OperandShapes);
  THIMBLE_CHECK(CheckWeighed(x, w, call.Optional(2), y, w.shape[0], 0, DynamicRange::kAccepted));
  const int32_t outputs = w.shape[0], inputs = w.shape[1];
  THIMBLE_REQUIRE(x.shape.Count() % inputs == 0 && y.shape.Count() % outputs == 0, OperandShapes);
  THIMBLE_REQUIRE(x.shape.Count() / inputs == y.shape.Count() / outputs, OperandShapes);
  return Reason::kNone;
}

template <Type kType>
void FullyConnected::RunOnly(const Params& params, const Call& call) {
  if constexpr (kType == Type::kFloat32) {
    IsFloat(call.in[1]) ? RunFloat<float>(params, call) : RunFloat<int8_t>(params, call);
  } else {
    RunQuantised<kType>(params, call);
  }
}

template void FullyConnected::RunOnly<Type::kInt8>(const Params&, const Call&);
template void FullyConnected::RunOnly<Type::kInt16>(const Params&, const Call&);
template void FullyConnected::RunOnly<Type::kUInt8>(const Params&, const Call&);
template void FullyConnected::RunOnly<Type::kFloat32>(const Params&, const Call&);

}  // namespace thimble::kernels
