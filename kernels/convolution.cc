#include "kernels/convolution.h"

#include <type_traits>

namespace thimble::kernels {
namespace {

Axis Vertical(const ConvolutionParams& p, const Call& call) {
  return {call.in[0].shape[1], call.out[0].shape[1], call.in[1].shape[1], p.stride_height, p.dilation_height};
}

Axis Horizontal(const ConvolutionParams& p, const Call& call) {
  return {call.in[0].shape[2], call.out[0].shape[2], call.in[1].shape[2], p.stride_width, p.dilation_width};
}

// Calls output(o, y index, sum) for every output, channel by channel, so that what belongs to a channel is computed
// once and kept nowhere. `multiply_add(sum, x, w)` is one step of the sum.
template <typename X, typename W, typename Sum, typename MultiplyAdd, typename Output>
void Correlate(const ConvolutionParams& params, const Call& call, const Filter& filter, int32_t o,
               MultiplyAdd multiply_add, Output output) {
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const Axis vertical = Vertical(params, call), horizontal = Horizontal(params, call);
  for (int32_t n = 0; n < y.shape[0]; ++n) {
    for (int32_t i = 0; i < y.shape[1]; ++i) {
      const int32_t top = i * vertical.stride - vertical.Before();
      for (int32_t j = 0; j < y.shape[2]; ++j) {
        const int32_t left = j * horizontal.stride - horizontal.Before();
        Sum sum = 0;
        for (int32_t k = 0; k < vertical.filter; ++k) {
          const int32_t row = top + k * vertical.dilation;
          if (row < 0 || row >= vertical.input) continue;
          for (int32_t l = 0; l < horizontal.filter; ++l) {
            const int32_t column = left + l * horizontal.dilation;
            if (column < 0 || column >= horizontal.input) continue;
            const X* pixel = x.As<X>() + PixelAt(x.shape, n, row, column) + filter.first_input_channel;
            const W* weights = w.As<W>() + PixelAt(w.shape, 0, k, l) + filter.first_weight;
            for (int32_t c = 0; c < filter.channels; ++c) sum = multiply_add(sum, pixel[c], weights[c]);
          }
        }
        output(PixelAt(y.shape, n, i, j) + o, sum);
      }
    }
  }
}

template <Type kType>
void RunQuantised(const ConvolutionParams& params, const Call& call, FilterOf filter_of) {
  using X = typename Weighed<kType>::X;
  using W = typename Weighed<kType>::W;
  using Sum = typename Weighed<kType>::Sum;
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const Tensor bias = call.Optional(2);
  const Range<int32_t> range = StoredRange(params.activation, y);
  const ScaleProduct product = std::is_unsigned_v<X> ? ScaleProduct::kOfFloats : ScaleProduct::kOfDoubles;
  const int32_t x_zero = sizeof(X) == 1 ? x.zero_point : 0;
  const int32_t w_zero = std::is_unsigned_v<W> ? w.zero_point : 0;
  for (int32_t o = 0; o < y.shape[3]; ++o) {
    const Requantiser requantise = RequantiserOf(x, w, bias, y, o, range, product);
    Correlate<X, W, Sum>(
        params, call, filter_of(call, o), o,
        [=](Sum sum, int32_t a, int32_t b) { return WrapAdd(sum, Sum{(a - x_zero) * (b - w_zero)}); },
        [&](int32_t index, Sum sum) { y.As<X>()[index] = static_cast<X>(requantise(sum)); });
  }
}

template <typename W>
void RunFloat(const ConvolutionParams& params, const Call& call, FilterOf filter_of) {
  const Tensor &y = call.out[0], bias = call.Optional(2);
  const Range<float> range = FloatRange(params.activation);
  for (int32_t o = 0; o < y.shape[3]; ++o) {
    const float scale = WeightScale(call.in[1], o);
    Correlate<float, W, float>(
        params, call, filter_of(call, o), o, [](float sum, float a, float b) { return sum + a * b; },
        [&](int32_t index, float sum) {
          sum *= scale;
          y.As<float>()[index] = range.Clamp(bias.present() ? sum + bias.As<float>()[o] : sum);
        });
  }
}

}  // namespace

Reason CheckConvolution(const ConvolutionParams& params, const Call& call, int32_t dimension) {
  THIMBLE_REQUIRE(call.in.size() >= 2 && call.in.size() <= 3, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.present() && w.present(), InputCount);
  THIMBLE_REQUIRE(x.shape.rank == 4 && w.shape.rank == 4 && y.shape.rank == 4, OperandShapes);
  THIMBLE_REQUIRE(x.shape.Count() > 0 && w.shape.Count() > 0, OperandShapes);
  THIMBLE_REQUIRE(x.shape[0] == y.shape[0] && w.shape[dimension] == y.shape[3], OperandShapes);
  THIMBLE_CHECK(CheckWeighed(x, w, call.Optional(2), y, y.shape[3], dimension, DynamicRange::kAccepted));
  THIMBLE_REQUIRE(w.zero_point == 0 || w.type == Type::kUInt8, OperandQuantisation);
  THIMBLE_CHECK(Vertical(params, call).Check(params.padding));
  return Horizontal(params, call).Check(params.padding);
}

template <Type kType>
void RunConvolution(const ConvolutionParams& params, const Call& call, FilterOf filter_of) {
  if constexpr (kType == Type::kFloat32) {
    IsFloat(call.in[1]) ? RunFloat<float>(params, call, filter_of) : RunFloat<int8_t>(params, call, filter_of);
  } else {
    RunQuantised<kType>(params, call, filter_of);
  }
}

template void RunConvolution<Type::kInt8>(const ConvolutionParams&, const Call&, FilterOf);
template void RunConvolution<Type::kInt16>(const ConvolutionParams&, const Call&, FilterOf);
template void RunConvolution<Type::kUInt8>(const ConvolutionParams&, const Call&, FilterOf);
template void RunConvolution<Type::kFloat32>(const ConvolutionParams&, const Call&, FilterOf);

}  // namespace thimble::kernels
