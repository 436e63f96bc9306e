#include "kernels/convolution.h"

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
template <typename T, typename Sum, typename MultiplyAdd, typename Output>
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
            const T* pixel = x.As<T>() + PixelAt(x.shape, n, row, column) + filter.first_input_channel;
            const T* weights = w.As<T>() + PixelAt(w.shape, 0, k, l) + filter.first_weight;
            for (int32_t c = 0; c < filter.channels; ++c) sum = multiply_add(sum, pixel[c], weights[c]);
          }
        }
        output(PixelAt(y.shape, n, i, j) + o, sum);
      }
    }
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
  THIMBLE_CHECK(CheckWeighedTypes(call, y.shape[3], dimension));
  THIMBLE_REQUIRE(w.zero_point == 0, OperandQuantisation);
  THIMBLE_CHECK(Vertical(params, call).Check(params.padding));
  return Horizontal(params, call).Check(params.padding);
}

void RunConvolution(const ConvolutionParams& params, const Call& call, Filter (*filter_of)(const Call&, int32_t)) {
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const bool has_bias = call.Has(2);
  if (IsFloat(x)) {
    const Range<float> range = FloatRange(params.activation);
    for (int32_t o = 0; o < y.shape[3]; ++o) {
      Correlate<float, float>(
          params, call, filter_of(call, o), o, [](float sum, float a, float b) { return sum + a * b; },
          [&](int32_t index, float sum) {
            y.As<float>()[index] = range.Clamp(has_bias ? sum + call.in[2].As<float>()[o] : sum);
          });
    }
    return;
  }
  const Range<int32_t> range = Int8Range(params.activation, y);
  for (int32_t o = 0; o < y.shape[3]; ++o) {
    const double product = static_cast<double>(x.Scale()) * static_cast<double>(w.Scale(o));
    const Multiplier multiplier = QuantiseMultiplier(product / static_cast<double>(y.Scale()));
    const int32_t bias = has_bias ? call.in[2].As<int32_t>()[o] : 0;
    Correlate<int8_t, int32_t>(
        params, call, filter_of(call, o), o,
        [&x](int32_t sum, int32_t a, int32_t b) { return WrapAdd(sum, (a - x.zero_point) * b); },
        [&](int32_t index, int32_t sum) {
          y.As<int8_t>()[index] = Requantise(WrapAdd(sum, bias), multiplier, y.zero_point, range);
        });
  }
}

}  // namespace thimble::kernels
