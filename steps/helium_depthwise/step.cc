#include "steps/helium_depthwise/step.h"

#include "steps/helium.h"
#include "steps/image_walk.h"

namespace thimble::steps {
namespace {

using Params = HeliumDepthwise::Params;

constexpr int32_t kLanes = 4;  // channels of one instruction

/// The scratch: `rows` rows of the image in turn, padded left and right.
struct Ring {
  explicit Ring(const Params& p)
      : rows((p.kernel_height - 1) * p.dilation_height + 1),
        columns((p.output_width - 1) * p.stride_width + (p.kernel_width - 1) * p.dilation_width + 1),
        row_bytes(int64_t{columns} * p.input_channels) {}
  int32_t rows, columns;
  int64_t row_bytes;
};

int64_t FourBytes(const Params& p) {
  return static_cast<int64_t>(sizeof(HeliumChannels)) + int64_t{p.kernel_height} * p.kernel_width * kLanes;
}

/// Row `row` of the padded image, wherever it lies.
void FillRow(const Params& p, const Ring& ring, const int8_t* x, int32_t row, int8_t* to) {
  const int32_t channels = p.input_channels;
  if (row < 0 || row >= p.input_height) {
    HeliumFill(to, p.pad_value, static_cast<int32_t>(ring.row_bytes));
    return;
  }
  // Columns -pad_left to ring.columns - pad_left - 1, of which the image has 0 to input_width - 1.
  const int32_t before = Clamp(p.pad_left, 0, ring.columns);
  const int32_t first = Clamp(-p.pad_left, 0, p.input_width);
  const int32_t count = Clamp(p.input_width - first, 0, ring.columns - before);
  HeliumFill(to, p.pad_value, before * channels);
  HeliumCopy(to + before * channels, x + (row * p.input_width + first) * channels, count * channels);
  HeliumFill(to + (before + count) * channels, p.pad_value, (ring.columns - before - count) * channels);
}

/// Where a window's rows are.
struct Rows {
  static constexpr int32_t kMost = 16;
  const int8_t* at[kMost];
};

#if defined(__ARM_FEATURE_MVE)
/// A load of four channels; `kWhole`: there are as many.
template <bool kWhole>
int32x4_t Load(const int8_t* at, mve_pred16_t lanes) {
  return kWhole ? vldrbq_s32(at) : vldrbq_z_s32(at, lanes);
}

/// Four channels of three neighbouring pixels, of a kernel that is three wide with stride and dilation 1: with three
/// weights, a number and a product that fills the vector registers, which compilers do not see by themselves.
template <bool kWhole>
void ThreePixels(const Params& p, const Rows& rows, int32_t offset, const int8_t* w, const HeliumChannels& constants,
                 const HeliumOutput& output, int8_t* y, int32_t count) {
  const int32_t channels = p.input_channels;
  const mve_pred16_t lanes = vctp32q(static_cast<uint32_t>(count));
  int32x4_t sums[3] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  for (int32_t k = 0; k < p.kernel_height; ++k, w += 3 * kLanes) {
    const int8_t* x = rows.at[k] + offset;
    if (kWhole) {
      int32x4_t first, second, third, value, product;
      asm("vldrb.s32 %q[w0], [%[w]]\n"
          "vldrb.s32 %q[w1], [%[w], #4]\n"
          "vldrb.s32 %q[w2], [%[w], #8]\n"
          "vldrb.s32 %q[x], [%[at]]\n"
          "add %[at], %[channels]\n"
          "vmul.i32 %q[t], %q[x], %q[w0]\n"
          "vadd.i32 %q[s0], %q[s0], %q[t]\n"
          "vldrb.s32 %q[x], [%[at]]\n"
          "add %[at], %[channels]\n"
          "vmul.i32 %q[t], %q[x], %q[w1]\n"
          "vadd.i32 %q[s0], %q[s0], %q[t]\n"
          "vmul.i32 %q[t], %q[x], %q[w0]\n"
          "vadd.i32 %q[s1], %q[s1], %q[t]\n"
          "vldrb.s32 %q[x], [%[at]]\n"
          "add %[at], %[channels]\n"
          "vmul.i32 %q[t], %q[x], %q[w2]\n"
          "vadd.i32 %q[s0], %q[s0], %q[t]\n"
          "vmul.i32 %q[t], %q[x], %q[w1]\n"
          "vadd.i32 %q[s1], %q[s1], %q[t]\n"
          "vmul.i32 %q[t], %q[x], %q[w0]\n"
          "vadd.i32 %q[s2], %q[s2], %q[t]\n"
          "vldrb.s32 %q[x], [%[at]]\n"
          "add %[at], %[channels]\n"
          "vmul.i32 %q[t], %q[x], %q[w2]\n"
          "vadd.i32 %q[s1], %q[s1], %q[t]\n"
          "vmul.i32 %q[t], %q[x], %q[w1]\n"
          "vadd.i32 %q[s2], %q[s2], %q[t]\n"
          "vldrb.s32 %q[x], [%[at]]\n"
          "vmul.i32 %q[t], %q[x], %q[w2]\n"
          "vadd.i32 %q[s2], %q[s2], %q[t]\n"
          : [s0] "+w"(sums[0]), [s1] "+w"(sums[1]), [s2] "+w"(sums[2]), [at] "+l"(x), [w0] "=&w"(first),
            [w1] "=&w"(second), [w2] "=&w"(third), [x] "=&w"(value), [t] "=&w"(product)
          : [w] "l"(w), [channels] "r"(channels)
          : "memory");
      continue;
    }
    for (int32_t column = 0; column < 5; ++column, x += channels) {
      const int32x4_t value = Load<kWhole>(x, lanes);
      for (int32_t pixel = column < 2 ? 0 : column - 2; pixel < 3 && pixel <= column; ++pixel) {
        sums[pixel] = vaddq_s32(sums[pixel], vmulq_s32(value, vldrbq_s32(w + (column - pixel) * kLanes)));
      }
    }
  }
  HeliumFinish(sums, constants, output);
#pragma GCC unroll 3
  for (int pixel = 0; pixel < 3; ++pixel) HeliumStore(y + pixel * channels, sums[pixel], count);
}

/// The same of two, all channels of which there are.
void TwoPixels(const Params& p, const Rows& rows, int32_t offset, const int8_t* w, const HeliumChannels& constants,
               const HeliumOutput& output, int8_t* y) {
  const int32_t channels = p.input_channels;
  int32x4_t sums[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
  for (int32_t k = 0; k < p.kernel_height; ++k, w += 3 * kLanes) {
    const int8_t* x = rows.at[k] + offset;
    const int32x4_t w0 = vldrbq_s32(w), w1 = vldrbq_s32(w + kLanes), w2 = vldrbq_s32(w + 2 * kLanes);
    int32x4_t value = vldrbq_s32(x);
    sums[0] = vaddq_s32(sums[0], vmulq_s32(value, w0));
    value = vldrbq_s32(x += channels);
    sums[0] = vaddq_s32(sums[0], vmulq_s32(value, w1));
    sums[1] = vaddq_s32(sums[1], vmulq_s32(value, w0));
    value = vldrbq_s32(x += channels);
    sums[0] = vaddq_s32(sums[0], vmulq_s32(value, w2));
    sums[1] = vaddq_s32(sums[1], vmulq_s32(value, w1));
    value = vldrbq_s32(x += channels);
    sums[1] = vaddq_s32(sums[1], vmulq_s32(value, w2));
  }
  HeliumFinish(sums, constants, output);
  vstrbq_s32(y, sums[0]);
  vstrbq_s32(y + channels, sums[1]);
}

/// Up to four channels of one pixel.
template <bool kWhole>
void OnePixel(const Params& p, const Rows& rows, int32_t offset, const int8_t* w, const HeliumChannels& constants,
              const HeliumOutput& output, int8_t* y, int32_t count) {
  const int32_t right = p.dilation_width * p.input_channels;
  const mve_pred16_t lanes = vctp32q(static_cast<uint32_t>(count));
  int32x4_t sums[] = {vdupq_n_s32(0)};
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int8_t* x = rows.at[k] + offset;
    if (p.kernel_width == 3) {
      const int32x4_t first = vmulq_s32(Load<kWhole>(x, lanes), vldrbq_s32(w));
      const int32x4_t second = vmulq_s32(Load<kWhole>(x + right, lanes), vldrbq_s32(w + kLanes));
      const int32x4_t third = vmulq_s32(Load<kWhole>(x + 2 * right, lanes), vldrbq_s32(w + 2 * kLanes));
      sums[0] = vaddq_s32(vaddq_s32(sums[0], first), vaddq_s32(second, third));
      w += 3 * kLanes;
      continue;
    }
    for (int32_t l = p.kernel_width; l > 0; --l, x += right, w += kLanes) {
      sums[0] = vaddq_s32(sums[0], vmulq_s32(Load<kWhole>(x, lanes), vldrbq_s32(w)));
    }
  }
  HeliumFinish(sums, constants, output);
  HeliumStore(y, sums[0], count);
}
#else
/// Up to four channels of one pixel.
template <bool kWhole>
void OnePixel(const Params& p, const Rows& rows, int32_t offset, const int8_t* w, const HeliumChannels& constants,
              const HeliumOutput& output, int8_t* y, int32_t count) {
  const int32_t right = p.dilation_width * p.input_channels;
  for (int32_t lane = 0; lane < count && lane < kLanes; ++lane) {
    uint32_t sum = 0;
    for (int32_t k = 0; k < p.kernel_height; ++k) {
      const int8_t* x = rows.at[k] + offset + lane;
      const int8_t* taps = w + k * p.kernel_width * kLanes + lane;
      for (int32_t l = 0; l < p.kernel_width; ++l) sum += static_cast<uint32_t>(x[l * right] * taps[l * kLanes]);
    }
    y[lane] = HeliumFinish(sum, constants, lane, output);
  }
}
#endif

/// Pixels of one output row.
template <bool kWhole>
void RunRow(const Params& p, const Rows& rows, const std::byte* constants, int32_t four_bytes,
            const HeliumOutput& output, int8_t* y) {
  const int32_t channels = p.input_channels;
  for (int32_t c = 0; c < channels; c += kLanes, constants += four_bytes) {
    const auto& about = *reinterpret_cast<const HeliumChannels*>(constants);
    const auto* w = reinterpret_cast<const int8_t*>(constants + sizeof(HeliumChannels));
    int32_t j = 0;
#if defined(__ARM_FEATURE_MVE)
    if (p.kernel_width == 3 && p.stride_width == 1 && p.dilation_width == 1) {
      for (; j + 3 <= p.output_width; j += 3) {
        ThreePixels<kWhole>(p, rows, j * channels + c, w, about, output, y + j * channels + c, channels - c);
      }
      if (kWhole && j + 2 <= p.output_width) {
        TwoPixels(p, rows, j * channels + c, w, about, output, y + j * channels + c);
        j += 2;
      }
    }
#endif
    for (; j < p.output_width; ++j) {
      OnePixel<kWhole>(p, rows, j * p.stride_width * channels + c, w, about, output, y + j * channels + c,
                       channels - c);
    }
  }
}

}  // namespace

bool HeliumDepthwise::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  if (!IsWalkable(p) || p.input_channels != p.output_channels || p.kernel_height > Rows::kMost) return false;
  for (const int32_t step : {p.stride_height, p.stride_width, p.dilation_height, p.dilation_width}) {
    if (step < 1) return false;
  }
  const int64_t columns =
      int64_t{p.output_width - 1} * p.stride_width + int64_t{p.kernel_width - 1} * p.dilation_width + 1;
  const int64_t rows = int64_t{p.kernel_height - 1} * p.dilation_height + 1;
  const int64_t fours = (p.input_channels + kLanes - 1) / kLanes;
  return columns <= kMostExtent && Within(extents.frame_bytes, p.scratch, rows * columns * p.input_channels) &&
         Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels) &&
         Within(extents.constants_bytes, p.constants, fours * FourBytes(p), 1, alignof(HeliumChannels)) &&
         HasHeliumShifts(constants + p.constants, fours, FourBytes(p));
}

void HeliumDepthwise::Run(const Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  auto* scratch = reinterpret_cast<int8_t*>(memory.frame + p.scratch);
  const HeliumOutput output(p.output_zero_point, p.clamp_low, p.clamp_high, p.any_left != 0);
  const Ring ring(p);
  const int32_t channels = p.input_channels;
  const auto row_bytes = static_cast<int32_t>(ring.row_bytes), four_bytes = static_cast<int32_t>(FourBytes(p));
  int32_t filled = -p.pad_top;  // rows before it are in the ring
  for (int32_t i = 0; i < p.output_height; ++i) {
    const int32_t top = i * p.stride_height - p.pad_top;
    if (filled < top) filled = top;  // strides may skip rows
    // Slots count from the first row of the padded image.
    for (; filled < top + ring.rows; ++filled) {
      FillRow(p, ring, x, filled, scratch + (filled + p.pad_top) % ring.rows * row_bytes);
    }
    Rows rows;
    for (int32_t k = 0; k < p.kernel_height; ++k) {
      rows.at[k] = scratch + (top + p.pad_top + k * p.dilation_height) % ring.rows * row_bytes;
    }
    const std::byte* constants = memory.constants + p.constants;
    if (channels % kLanes == 0) {
      RunRow<true>(p, rows, constants, four_bytes, output, y);
    } else {
      RunRow<false>(p, rows, constants, four_bytes, output, y);
    }
    y += p.output_width * channels;
  }
}

}  // namespace thimble::steps
