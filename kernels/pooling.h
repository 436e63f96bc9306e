// What average_pool_2d and max_pool_2d share: everything but how a window becomes one number.
#ifndef THIMBLE_KERNELS_POOLING_H_
#define THIMBLE_KERNELS_POOLING_H_

#include "kernels/image.h"
#include "kernels/quantised.h"

namespace thimble::kernels {

struct PoolingParams {
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  int32_t stride_width = 0, stride_height = 0;
  int32_t filter_width = 0, filter_height = 0;

  static void Fields(auto&& visit, auto& p) {
    visit("padding", 0, p.padding);
    visit("stride_width", 1, p.stride_width);
    visit("stride_height", 2, p.stride_height);
    visit("filter_width", 3, p.filter_width);
    visit("filter_height", 4, p.filter_height);
    visit("activation", 5, p.activation);
  }

  Axis Vertical(const Call& call) const {
    return {call.in[0].shape[1], call.out[0].shape[1], filter_height, stride_height};
  }
  Axis Horizontal(const Call& call) const {
    return {call.in[0].shape[2], call.out[0].shape[2], filter_width, stride_width};
  }
};

/// x and y are images of one type (int8, uint8, int16, float32) with as many channels and the same scale and zero
/// point.
Reason CheckPooling(const PoolingParams& params, const Call& call);

/// The part of a window that lies inside the image; at least one pixel.
struct Span {
  int32_t begin, end;
  constexpr Span(const Axis& axis, int32_t output) {
    const int32_t first = output * axis.stride - axis.Before();
    begin = first > 0 ? first : 0;
    end = first + axis.filter < axis.input ? first + axis.filter : axis.input;
  }
};

/// y[n, i, j, c] = activation(finish(fold of x over the window, its pixel count)) for one element type, whose values
/// are folded as `Value`s from the lowest or from 0: Fold::kFromLowest.
template <typename T, typename Value, typename Fold>
void PoolElements(const PoolingParams& params, const Call& call, Range<Value> range) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Axis vertical = params.Vertical(call), horizontal = params.Horizontal(call);
  for (int32_t n = 0; n < y.shape[0]; ++n) {
    for (int32_t i = 0; i < y.shape[1]; ++i) {
      for (int32_t j = 0; j < y.shape[2]; ++j) {
        const Span rows(vertical, i), columns(horizontal, j);
        const int32_t pixels = (rows.end - rows.begin) * (columns.end - columns.begin);
        for (int32_t c = 0; c < y.shape[3]; ++c) {
          Value value = Fold::kFromLowest ? Value{std::numeric_limits<T>::lowest()} : Value{0};
          for (int32_t row = rows.begin; row < rows.end; ++row) {
            for (int32_t column = columns.begin; column < columns.end; ++column) {
              value = Fold::Next(value, Value{x.As<T>()[PixelAt(x.shape, n, row, column) + c]});
            }
          }
          y.As<T>()[PixelAt(y.shape, n, i, j) + c] = static_cast<T>(range.Clamp(Fold::Finish(value, pixels)));
        }
      }
    }
  }
}

template <typename Fold>
void RunPooling(const PoolingParams& params, const Call& call) {
  const Tensor& y = call.out[0];
  if (IsFloat(y)) return PoolElements<float, float, Fold>(params, call, FloatRange(params.activation));
  const Range<int32_t> range = StoredRange(params.activation, y);
  if (y.type == Type::kInt16) return PoolElements<int16_t, int32_t, Fold>(params, call, range);
  if (y.type == Type::kUInt8) return PoolElements<uint8_t, int32_t, Fold>(params, call, range);
  PoolElements<int8_t, int32_t, Fold>(params, call, range);
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_POOLING_H_
