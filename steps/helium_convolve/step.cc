#include "steps/helium_convolve/step.h"

#include "steps/helium.h"
#include "steps/image_walk.h"

namespace thimble::steps {
namespace {

using Params = HeliumConvolve::Params;

constexpr int32_t kLanes = 16;    // products of one instruction
constexpr int32_t kTogether = 4;  // output channels

int32_t Blocks(const Params& p) { return (p.kernel_height * p.kernel_width * p.input_channels + kLanes - 1) / kLanes; }
int32_t BytesOfFour(const Params& p) {
  return static_cast<int32_t>(sizeof(HeliumChannels)) + Blocks(p) * kLanes * kTogether;
}

void Copy(int8_t* to, const int8_t* from, int32_t count) {
#if defined(__ARM_FEATURE_MVE)
  for (; count > 0; count -= kLanes, to += kLanes, from += kLanes) {
    const mve_pred16_t lanes = vctp8q(static_cast<uint32_t>(count));
    vstrbq_p_s8(to, vldrbq_z_s8(from, lanes), lanes);
  }
#else
  for (int32_t i = 0; i < count; ++i) to[i] = from[i];
#endif
}

void Fill(int8_t* to, int32_t value, int32_t count) {
#if defined(__ARM_FEATURE_MVE)
  const int8x16_t values = vdupq_n_s8(static_cast<int8_t>(value));
  for (; count > 0; count -= kLanes, to += kLanes) vstrbq_p_s8(to, values, vctp8q(static_cast<uint32_t>(count)));
#else
  for (int32_t i = 0; i < count; ++i) to[i] = static_cast<int8_t>(value);
#endif
}

/// The window of a pixel. Taps of a row that lie inside the image and side by side are copied at once.
void Gather(const Params& p, const int8_t* x, int32_t i, int32_t j, int8_t* window) {
  const int32_t channels = p.input_channels;
  const int32_t left = j * p.stride_width - p.pad_left;
  const bool at_once = p.dilation_width == 1 && left >= 0 && left + p.kernel_width <= p.input_width;
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int32_t row = i * p.stride_height + k * p.dilation_height - p.pad_top;
    const bool row_inside = row >= 0 && row < p.input_height;
    if (at_once || !row_inside) {
      const int32_t count = p.kernel_width * channels;
      if (row_inside) {
        Copy(window, x + (row * p.input_width + left) * channels, count);
      } else {
        Fill(window, p.pad_value, count);
      }
      window += count;
      continue;
    }
    for (int32_t l = 0; l < p.kernel_width; ++l, window += channels) {
      const int32_t column = left + l * p.dilation_width;
      if (column >= 0 && column < p.input_width) {
        Copy(window, x + (row * p.input_width + column) * channels, channels);
      } else {
        Fill(window, p.pad_value, channels);
      }
    }
  }
}

/// Sums for two windows, one behind the other, and four channels.
struct Sums {
  uint32_t of[2][kTogether];
};

Sums Multiply(const int8_t* windows, const int8_t* w, int32_t blocks) {
#if defined(__ARM_FEATURE_MVE)
  // All eight registers that can take a sum do, the link register included, so there is none left for a hardware loop.
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
  const int8_t* other = windows + blocks * kLanes;
  asm volatile(
      "1:\n"
      "vldrb.8 q0, [%[x]], #16\n"
      "vldrb.8 q2, [%[w]], #16\n"
      "vldrb.8 q1, [%[y]], #16\n"
      "vmladava.s8 %[a0], q0, q2\n"
      "vldrb.8 q3, [%[w]], #16\n"
      "vmladava.s8 %[b0], q1, q2\n"
      "vldrb.8 q2, [%[w]], #16\n"
      "vmladava.s8 %[a1], q0, q3\n"
      "vmladava.s8 %[b1], q1, q3\n"
      "vldrb.8 q3, [%[w]], #16\n"
      "vmladava.s8 %[a2], q0, q2\n"
      "vmladava.s8 %[b2], q1, q2\n"
      "subs %[n], #1\n"
      "vmladava.s8 %[a3], q0, q3\n"
      "vmladava.s8 %[b3], q1, q3\n"
      "bne 1b\n"
      : [a0] "+Te"(a0), [a1] "+Te"(a1), [a2] "+Te"(a2), [a3] "+Te"(a3), [b0] "+Te"(b0), [b1] "+Te"(b1), [b2] "+Te"(b2),
        [b3] "+Te"(b3), [x] "+r"(windows), [y] "+r"(other), [w] "+r"(w), [n] "+r"(blocks)
      :
      : "q0", "q1", "q2", "q3", "cc", "memory");
  return {
      {{static_cast<uint32_t>(a0), static_cast<uint32_t>(a1), static_cast<uint32_t>(a2), static_cast<uint32_t>(a3)},
       {static_cast<uint32_t>(b0), static_cast<uint32_t>(b1), static_cast<uint32_t>(b2), static_cast<uint32_t>(b3)}}};
#else
  Sums sums = {};
  for (int32_t block = 0; block < blocks; ++block) {
    for (int32_t o = 0; o < kTogether; ++o, w += kLanes) {
      for (int32_t pixel = 0; pixel < 2; ++pixel) {
        const int8_t* x = windows + (pixel * blocks + block) * kLanes;
        for (int32_t k = 0; k < kLanes; ++k) sums.of[pixel][o] += static_cast<uint32_t>(x[k] * w[k]);
      }
    }
  }
  return sums;
#endif
}

void MultiplyOne(const int8_t* window, const int8_t* w, int32_t blocks, uint32_t (&sums)[kTogether]) {
#if defined(__ARM_FEATURE_MVE)
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  for (; blocks > 0; --blocks, window += kLanes, w += kLanes * kTogether) {
    const int8x16_t x = vld1q_s8(window);
    a0 = vmladavaq_s8(a0, x, vld1q_s8(w));
    a1 = vmladavaq_s8(a1, x, vld1q_s8(w + kLanes));
    a2 = vmladavaq_s8(a2, x, vld1q_s8(w + 2 * kLanes));
    a3 = vmladavaq_s8(a3, x, vld1q_s8(w + 3 * kLanes));
  }
  const int32_t all[] = {a0, a1, a2, a3};
  for (int32_t o = 0; o < kTogether; ++o) sums[o] = static_cast<uint32_t>(all[o]);
#else
  for (int32_t o = 0; o < kTogether; ++o) sums[o] = 0;
  for (; blocks > 0; --blocks, window += kLanes) {
    for (int32_t o = 0; o < kTogether; ++o, w += kLanes) {
      for (int32_t k = 0; k < kLanes; ++k) sums[o] += static_cast<uint32_t>(window[k] * w[k]);
    }
  }
#endif
}

void Store(int8_t* y, const uint32_t (&sums)[kTogether], const HeliumChannels& channels, const HeliumOutput& output,
           int32_t count) {
#if defined(__ARM_FEATURE_MVE)
  int32x4_t all = vdupq_n_s32(0);
  all = vsetq_lane_s32(static_cast<int32_t>(sums[0]), all, 0);
  all = vsetq_lane_s32(static_cast<int32_t>(sums[1]), all, 1);
  all = vsetq_lane_s32(static_cast<int32_t>(sums[2]), all, 2);
  all = vsetq_lane_s32(static_cast<int32_t>(sums[3]), all, 3);
  HeliumStore(y, all, channels, output, vctp32q(static_cast<uint32_t>(count)));
#else
  for (int lane = 0; lane < kTogether && lane < count; ++lane) {
    y[lane] = HeliumFinish(sums[lane], channels, lane, output);
  }
#endif
}

}  // namespace

bool HeliumConvolve::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  if (!IsWalkable(p)) return false;
  const int64_t blocks = (int64_t{p.kernel_height} * p.kernel_width * p.input_channels + kLanes - 1) / kLanes;
  const int64_t bytes_of_four = blocks * kLanes * kTogether + static_cast<int64_t>(sizeof(HeliumChannels));
  const int64_t fours = (p.output_channels + kTogether - 1) / kTogether;
  return Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels) &&
         Within(extents.frame_bytes, p.scratch, 2 * blocks * kLanes) &&
         Within(extents.constants_bytes, p.constants, fours * bytes_of_four, 1, alignof(HeliumChannels)) &&
         HasHeliumShifts(constants + p.constants, fours, bytes_of_four);
}

void HeliumConvolve::Run(const Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  auto* windows = reinterpret_cast<int8_t*>(memory.frame + p.scratch);
  const HeliumOutput output = {p.output_zero_point, p.clamp_low, p.clamp_high};
  const int32_t blocks = Blocks(p), bytes_of_four = BytesOfFour(p);
  const int32_t pixels = p.output_height * p.output_width;
  Fill(windows, 0, 2 * blocks * kLanes);  // what no window reaches meets weights of 0
  int32_t i = 0, j = 0;
  const auto gather = [&](int8_t* window) {
    Gather(p, x, i, j, window);
    if (++j == p.output_width) ++i, j = 0;
  };
  for (int32_t pixel = 0; pixel < pixels; pixel += 2) {
    const bool alone = pixel + 1 == pixels;
    gather(windows);
    if (!alone) gather(windows + blocks * kLanes);
    const std::byte* at = memory.constants + p.constants;
    for (int32_t o = 0; o < p.output_channels; o += kTogether, at += bytes_of_four, y += kTogether) {
      const auto& channels = *reinterpret_cast<const HeliumChannels*>(at);
      const auto* w = reinterpret_cast<const int8_t*>(at + sizeof(HeliumChannels));
      const int32_t count = p.output_channels - o;
      Sums sums;
      if (alone) {
        MultiplyOne(windows, w, blocks, sums.of[0]);
      } else {
        sums = Multiply(windows, w, blocks);
        Store(y + p.output_channels, sums.of[1], channels, output, count);
      }
      Store(y, sums.of[0], channels, output, count);
    }
    y += 2 * p.output_channels - (p.output_channels + kTogether - 1) / kTogether * kTogether;
  }
}

}  // namespace thimble::steps
