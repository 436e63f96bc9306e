#include "kernels/transpose_conv/op.h"

namespace thimble::kernels {
namespace {

// The axis of the convolution that goes the other way.
Axis Vertical(const TransposeConv::Params& p, const Call& call) {
  return {call.out[0].shape[1], call.in[2].shape[1], call.in[1].shape[1], p.stride_height};
}
Axis Horizontal(const TransposeConv::Params& p, const Call& call) {
  return {call.out[0].shape[2], call.in[2].shape[2], call.in[1].shape[2], p.stride_width};
}

/// The pixel of x whose tap falls on `position` of y, or -1.
int32_t Source(const Axis& axis, int32_t position, int32_t tap) {
  const int32_t from_first = position + axis.Before() - tap;
  const int32_t pixel = from_first / axis.stride;
  return from_first >= 0 && from_first % axis.stride == 0 && pixel < axis.output ? pixel : -1;
}

// Calls output(y index, sum) for each output of channel o. TFLite adds the same products the other way round, input by
// input, and needs a sum for every output at once.
template <typename X, typename W, typename Sum, typename MultiplyAdd, typename Output>
void Spread(const TransposeConv::Params& params, const Call& call, int32_t o, MultiplyAdd multiply_add, Output output) {
  const Tensor &w = call.in[1], &x = call.in[2], &y = call.out[0];
  const Axis vertical = Vertical(params, call), horizontal = Horizontal(params, call);
  for (int32_t n = 0; n < y.shape[0]; ++n) {
    for (int32_t i = 0; i < y.shape[1]; ++i) {
      for (int32_t j = 0; j < y.shape[2]; ++j) {
        Sum sum = 0;
        for (int32_t k = 0; k < vertical.filter; ++k) {
          const int32_t row = Source(vertical, i, k);
          if (row < 0) continue;
          for (int32_t l = 0; l < horizontal.filter; ++l) {
            const int32_t column = Source(horizontal, j, l);
            if (column < 0) continue;
            const X* pixel = x.As<X>() + PixelAt(x.shape, n, row, column);
            const W* weights = w.As<W>() + PixelAt(w.shape, o, k, l);
            for (int32_t c = 0; c < x.shape[3]; ++c) sum = multiply_add(sum, pixel[c], weights[c]);
          }
        }
        output(PixelAt(y.shape, n, i, j) + o, sum);
      }
    }
  }
}

template <typename X, typename Sum>
void RunQuantised(const TransposeConv::Params& params, const Call& call) {
  const Tensor &w = call.in[1], &x = call.in[2], &y = call.out[0];
  const Range<int32_t> range = StoredRange(params.activation, y);
  const int32_t x_zero = x.zero_point;
  for (int32_t o = 0; o < y.shape[3]; ++o) {
    Requantiser requantise = RequantiserOf(x, w, call.Optional(3), y, o, range, ScaleProduct::kOfDoubles);
    requantise.wide = sizeof(X) == 2;
    Spread<X, int8_t, Sum>(
        params, call, o, [=](Sum sum, int32_t a, int32_t b) { return WrapAdd(sum, Sum{(a - x_zero) * b}); },
        [&](int32_t index, Sum sum) { y.As<X>()[index] = static_cast<X>(requantise(sum)); });
  }
}

void RunFloat(const TransposeConv::Params& params, const Call& call) {
  const Tensor &y = call.out[0], bias = call.Optional(3);
  const Range<float> range = FloatRange(params.activation);
  for (int32_t o = 0; o < y.shape[3]; ++o) {
    Spread<float, float, float>(
        params, call, o, [](float sum, float a, float b) { return sum + a * b; },
        [&](int32_t index, float sum) {
          y.As<float>()[index] = range.Clamp(bias.present() ? sum + bias.As<float>()[o] : sum);
        });
  }
}

}  // namespace

Reason TransposeConv::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() >= 3 && call.in.size() <= 4, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  const Tensor &w = call.in[1], &x = call.in[2], &y = call.out[0];
  THIMBLE_REQUIRE(x.present() && w.present(), InputCount);
  THIMBLE_REQUIRE(x.shape.rank == 4 && w.shape.rank == 4 && y.shape.rank == 4, OperandShapes);
  THIMBLE_REQUIRE(x.shape.Count() > 0 && w.shape.Count() > 0 && y.shape.Count() > 0, OperandShapes);
  THIMBLE_REQUIRE(x.shape[0] == y.shape[0] && w.shape[0] == y.shape[3] && w.shape[3] == x.shape[3], OperandShapes);
  THIMBLE_REQUIRE(x.type != Type::kUInt8, OperandTypes);
  THIMBLE_CHECK(CheckWeighed(x, w, call.Optional(3), y, y.shape[3], 0));
  THIMBLE_REQUIRE(w.zero_point == 0, OperandQuantisation);
  THIMBLE_CHECK(Vertical(params, call).Check(params.padding));
  return Horizontal(params, call).Check(params.padding);
}

void TransposeConv::RunReference(const Params& params, const Call& call) {
  switch (call.in[2].type) {
    case Type::kFloat32:
      return RunFloat(params, call);
    case Type::kInt16:
      return RunQuantised<int16_t, int64_t>(params, call);
    default:
      return RunQuantised<int8_t, int32_t>(params, call);
  }
}

}  // namespace thimble::kernels
