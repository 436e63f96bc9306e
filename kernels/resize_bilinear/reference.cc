#include "kernels/resize_bilinear/op.h"

namespace thimble::kernels {
namespace {

constexpr int32_t kOne = 1 << 10;

/// Two neighbouring pixels and how much of each; the weights are float32, or count in 1/1024.
template <typename T>
struct Pair {
  int32_t low, high;
  T low_weight, high_weight;
};

Pair<float> PairAt(float, const ResizingParams& params, int32_t i, int32_t input, int32_t output) {
  float scale = static_cast<float>(input) / static_cast<float>(output);
  if (params.AlignsCorners(output)) scale = static_cast<float>(input - 1) / static_cast<float>(output - 1);
  float place = static_cast<float>(i) * scale;
  if (params.half_pixel_centers != 0) place = (static_cast<float>(i) + 0.5f) * scale - 0.5f;
  const auto whole = static_cast<int32_t>(place);  // -1/2 <= place: only that is rounded up
  const int32_t low = whole < input - 1 ? whole : input - 1;
  const int32_t above = static_cast<float>(whole) < place ? whole + 1 : whole;
  const float fraction = place - static_cast<float>(low);
  return {low, above < input - 1 ? above : input - 1, 1 - fraction, fraction};
}

Pair<int64_t> PairAt(int64_t, const ResizingParams& params, int32_t i, int32_t input, int32_t output) {
  const bool corners = params.AlignsCorners(output);
  const int32_t numerator = corners ? input - 1 : input, denominator = corners ? output - 1 : output;
  const int32_t scale = (kOne * numerator + denominator / 2) / denominator;
  int64_t place = static_cast<int64_t>(i) * scale;
  if (params.half_pixel_centers != 0) place += scale / 2 - kOne / 2;
  const auto whole = static_cast<int32_t>(place / kOne);
  const int32_t low = whole < input - 1 ? whole : input - 1;
  const auto above = static_cast<int32_t>((place + kOne - 1) / kOne);
  const int64_t fraction = place - static_cast<int64_t>(kOne) * low;
  return {low, above < input - 1 ? above : input - 1, kOne - fraction, fraction};
}

float Finish(float sum) { return sum; }

int64_t Finish(int64_t sum) { return (sum + (sum > 0 ? kOne * kOne / 2 : -kOne * kOne / 2)) / (kOne * kOne); }

/// Elements of type T, sums of type Sum.
template <typename T, typename Sum>
void Resize(const ResizingParams& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const int32_t channels = x.shape[3], row_elements = x.shape[2] * channels;
  T* to = y.As<T>();
  for (int32_t n = 0; n < y.shape[0]; ++n) {
    const T* image = x.As<T>() + n * x.shape[1] * row_elements;
    for (int32_t i = 0; i < y.shape[1]; ++i) {
      const Pair<Sum> rows = PairAt(Sum{}, params, i, x.shape[1], y.shape[1]);
      const T *upper = image + rows.low * row_elements, *lower = image + rows.high * row_elements;
      for (int32_t j = 0; j < y.shape[2]; ++j) {
        const Pair<Sum> columns = PairAt(Sum{}, params, j, x.shape[2], y.shape[2]);
        for (int32_t c = 0; c < channels; ++c) {
          const int32_t left = columns.low * channels + c, right = columns.high * channels + c;
          const Sum sum = static_cast<Sum>(upper[left]) * rows.low_weight * columns.low_weight +
                          static_cast<Sum>(lower[left]) * rows.high_weight * columns.low_weight +
                          static_cast<Sum>(upper[right]) * rows.low_weight * columns.high_weight +
                          static_cast<Sum>(lower[right]) * rows.high_weight * columns.high_weight;
          *to++ = static_cast<T>(Finish(sum));
        }
      }
    }
  }
}

}  // namespace

Reason ResizeBilinear::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckResizing(call));
  THIMBLE_REQUIRE(params.align_corners == 0 || params.half_pixel_centers == 0, Option);
  const Type type = call.in[0].type;
  THIMBLE_REQUIRE(type == Type::kFloat32 || type == Type::kInt8 || type == Type::kInt16, OperandTypes);
  return Reason::kNone;
}

void ResizeBilinear::RunReference(const Params& params, const Call& call) {
  switch (call.in[0].type) {
    case Type::kInt8:
      return Resize<int8_t, int64_t>(params, call);
    case Type::kInt16:
      return Resize<int16_t, int64_t>(params, call);
    default:
      return Resize<float, float>(params, call);
  }
}

}  // namespace thimble::kernels
