#include "steps/helium_depthwise/step.h"

#include <cstring>

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
  const auto pad = static_cast<int>(static_cast<uint8_t>(p.pad_value));
  const int32_t channels = p.input_channels;
  if (row < 0 || row >= p.input_height) {
    std::memset(to, pad, static_cast<size_t>(ring.row_bytes));
    return;
  }
  // Columns -pad_left to ring.columns - pad_left - 1, of which the image has 0 to input_width - 1.
  const int32_t before = Clamp(p.pad_left, 0, ring.columns);
  const int32_t first = Clamp(-p.pad_left, 0, p.input_width);
  const int32_t count = Clamp(p.input_width - first, 0, ring.columns - before);
  const int32_t after = ring.columns - before - count;
  std::memset(to, pad, static_cast<size_t>(before * channels));
  std::memmove(to + before * channels, x + (row * p.input_width + first) * channels,
               static_cast<size_t>(count * channels));
  std::memset(to + (before + count) * channels, pad, static_cast<size_t>(after * channels));
}

/// Where a window's rows are.
struct Rows {
  static constexpr int32_t kMost = 16;
  const int8_t* at[kMost];
};

#if defined(__ARM_FEATURE_MVE)
/// Four channels of four neighbouring pixels, of a kernel that is three wide with stride and dilation 1.
void FourPixels(const Params& p, const Rows& rows, int32_t offset, const int8_t* w, const HeliumChannels& constants,
                const HeliumOutput& output, int8_t* y, mve_pred16_t lanes) {
  const int32_t channels = p.input_channels;
  int32x4_t sum0 = vdupq_n_s32(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (int32_t k = 0; k < p.kernel_height; ++k, w += 3 * kLanes) {
    const int8_t* x = rows.at[k] + offset;
    const int32x4_t w0 = vldrbq_s32(w), w1 = vldrbq_s32(w + kLanes), w2 = vldrbq_s32(w + 2 * kLanes);
    int32x4_t value = vldrbq_z_s32(x, lanes);
    sum0 = vaddq_s32(sum0, vmulq_s32(value, w0));
    value = vldrbq_z_s32(x += channels, lanes);
    sum0 = vaddq_s32(sum0, vmulq_s32(value, w1));
    sum1 = vaddq_s32(sum1, vmulq_s32(value, w0));
    value = vldrbq_z_s32(x += channels, lanes);
    sum0 = vaddq_s32(sum0, vmulq_s32(value, w2));
    sum1 = vaddq_s32(sum1, vmulq_s32(value, w1));
    sum2 = vaddq_s32(sum2, vmulq_s32(value, w0));
    value = vldrbq_z_s32(x += channels, lanes);
    sum1 = vaddq_s32(sum1, vmulq_s32(value, w2));
    sum2 = vaddq_s32(sum2, vmulq_s32(value, w1));
    sum3 = vaddq_s32(sum3, vmulq_s32(value, w0));
    value = vldrbq_z_s32(x += channels, lanes);
    sum2 = vaddq_s32(sum2, vmulq_s32(value, w2));
    sum3 = vaddq_s32(sum3, vmulq_s32(value, w1));
    value = vldrbq_z_s32(x += channels, lanes);
    sum3 = vaddq_s32(sum3, vmulq_s32(value, w2));
  }
  HeliumStore(y, sum0, constants, output, lanes);
  HeliumStore(y += channels, sum1, constants, output, lanes);
  HeliumStore(y += channels, sum2, constants, output, lanes);
  HeliumStore(y += channels, sum3, constants, output, lanes);
}
#endif

/// Up to four channels of one pixel.
void OnePixel(const Params& p, const Rows& rows, int32_t offset, const int8_t* w, const HeliumChannels& constants,
              const HeliumOutput& output, int8_t* y, int32_t count) {
  const int32_t right = p.dilation_width * p.input_channels;
#if defined(__ARM_FEATURE_MVE)
  const mve_pred16_t lanes = vctp32q(static_cast<uint32_t>(count));
  int32x4_t sums = vdupq_n_s32(0);
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int8_t* x = rows.at[k] + offset;
    for (int32_t l = p.kernel_width; l > 0; --l, x += right, w += kLanes) {
      sums = vaddq_s32(sums, vmulq_s32(vldrbq_z_s32(x, lanes), vldrbq_s32(w)));
    }
  }
  HeliumStore(y, sums, constants, output, lanes);
#else
  for (int32_t lane = 0; lane < count && lane < kLanes; ++lane) {
    uint32_t sum = 0;
    for (int32_t k = 0; k < p.kernel_height; ++k) {
      const int8_t* x = rows.at[k] + offset + lane;
      const int8_t* taps = w + k * p.kernel_width * kLanes + lane;
      for (int32_t l = 0; l < p.kernel_width; ++l) sum += static_cast<uint32_t>(x[l * right] * taps[l * kLanes]);
    }
    y[lane] = HeliumFinish(sum, constants, lane, output);
  }
#endif
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
  const HeliumOutput output = {p.output_zero_point, p.clamp_low, p.clamp_high};
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
    int32_t j = 0;
    const auto for_each_four = [&](auto visit) {
      const std::byte* at = memory.constants + p.constants;
      for (int32_t c = 0; c < channels; c += kLanes, at += four_bytes) {
        visit(c, reinterpret_cast<const int8_t*>(at + sizeof(HeliumChannels)),
              *reinterpret_cast<const HeliumChannels*>(at));
      }
    };
#if defined(__ARM_FEATURE_MVE)
    if (p.kernel_width == 3 && p.stride_width == 1 && p.dilation_width == 1) {
      for (; j + 4 <= p.output_width; j += 4, y += 4 * channels) {
        for_each_four([&](int32_t c, const int8_t* w, const HeliumChannels& constants) {
          FourPixels(p, rows, j * channels + c, w, constants, output, y + c,
                     vctp32q(static_cast<uint32_t>(channels - c)));
        });
      }
    }
#endif
    for (; j < p.output_width; ++j, y += channels) {
      for_each_four([&](int32_t c, const int8_t* w, const HeliumChannels& constants) {
        OnePixel(p, rows, j * p.stride_width * channels + c, w, constants, output, y + c, channels - c);
      });
    }
  }
}

}  // namespace thimble::steps
