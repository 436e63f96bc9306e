#include "steps/convolve16/step.h"

#include <cstring>

#include "steps/image_walk.h"
#include "steps/wide16.h"

#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

namespace thimble::steps {
namespace {

using Params = Convolve16::Params;

/// Taps of a window, up to a multiple of 4.
int32_t PaddedTaps(const Params& p) { return (p.kernel_height * p.kernel_width * p.input_channels + 3) / 4 * 4; }

void Gather(const Params& p, const int16_t* x, int32_t pixel, int16_t* window) {
  const int32_t i = pixel / p.output_width, j = pixel % p.output_width;
  const auto channels = static_cast<size_t>(p.input_channels);
  const int32_t left = j * p.stride_width - p.pad_left;
  const bool at_once = p.dilation_width == 1 && left >= 0 && left + p.kernel_width <= p.input_width;
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int32_t row = i * p.stride_height + k * p.dilation_height - p.pad_top;
    const bool row_inside = row >= 0 && row < p.input_height;
    if (row_inside && at_once) {
      const size_t count = static_cast<size_t>(p.kernel_width) * channels;
      std::memmove(window, x + (row * p.input_width + left) * p.input_channels, count * sizeof *x);
      window += count;
      continue;
    }
    for (int32_t l = 0; l < p.kernel_width; ++l, window += channels) {
      const int32_t column = left + l * p.dilation_width;
      if (row_inside && column >= 0 && column < p.input_width) {
        std::memmove(window, x + (row * p.input_width + column) * p.input_channels, channels * sizeof *x);
      } else {
        std::memset(window, 0, channels * sizeof *x);
      }
    }
  }
}

#if defined(__ARM_FEATURE_DSP)
/// The next word; `at` goes on behind it.
template <typename T>
int16x2_t Next(const T*& at) {
  int16x2_t value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value / sizeof *at;
  return value;
}
#endif

/// sums[c][p] of `kChannels` channels, whose weights are `apart` bytes from each other, and `kPixels` windows, one
/// behind the other.
template <int kChannels, int kPixels>
[[gnu::noinline]] void Multiply(const int8_t* w, int32_t apart, const int16_t* windows, int32_t taps,
                                uint32_t (&sums)[4]) {
  for (uint32_t& sum : sums) sum = 0;
#if defined(__ARM_FEATURE_DSP)
  int32_t all[kChannels * kPixels] = {};
  const int8_t* weights[kChannels];
  const int16_t* x[kPixels];
  for (int c = 0; c < kChannels; ++c) weights[c] = w + c * apart;
  for (int p = 0; p < kPixels; ++p) x[p] = windows + p * taps;
  for (const int16_t* const end = windows + taps; x[0] < end;) {
    int16x2_t first[kPixels], second[kPixels];
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p) first[p] = Next(x[p]), second[p] = Next(x[p]);
#pragma GCC unroll 4
    for (int c = 0; c < kChannels; ++c) {
      const int16x2_t four = Next(weights[c]);
      int16x2_t high;
      asm("sxtb16 %0, %1, ror #8" : "=r"(high) : "r"(four));  // the compiler would rotate first
      const int16x2_t low = __sxtb16(four);
#pragma GCC unroll 4
      for (int p = 0; p < kPixels; ++p) {
        int32_t& sum = all[c * kPixels + p];
        sum = __smlad(low, first[p], sum);
        sum = __smlad(high, second[p], sum);
      }
    }
  }
  for (int i = 0; i < kChannels * kPixels; ++i) sums[i] = static_cast<uint32_t>(all[i]);
#else
  constexpr int kPlace[] = {0, 2, 1, 3};  // of tap k among the four weights
  for (int32_t at = 0; at < taps; ++at) {
    const int32_t weight_at = at / 4 * 4 + kPlace[at % 4];
    for (int c = 0; c < kChannels; ++c) {
      for (int p = 0; p < kPixels; ++p) {
        sums[c * kPixels + p] += static_cast<uint32_t>(w[c * apart + weight_at] * windows[p * taps + at]);
      }
    }
  }
#endif
}

}  // namespace

bool Convolve16::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  if (!IsWalkable(p) || p.wide < 0 || p.wide > 1) return false;
  const int64_t taps = (int64_t{p.kernel_height} * p.kernel_width * p.input_channels + 3) / 4 * 4;
  const int64_t channel_bytes = taps + static_cast<int64_t>(sizeof(Channel16));
  return Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels, 2, 2) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels, 2, 2) &&
         Within(extents.frame_bytes, p.scratch, 2 * taps, 2, 4) &&
         Within(extents.constants_bytes, p.constants, p.output_channels * channel_bytes, 1, alignof(Channel16)) &&
         HasShifts16(constants + p.constants, p.output_channels, channel_bytes, p.wide != 0);
}

void Convolve16::Run(const Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int16_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int16_t*>(memory.frame + p.output);
  auto* windows = reinterpret_cast<int16_t*>(memory.frame + p.scratch);
  const int32_t taps = PaddedTaps(p), channels = p.output_channels;
  const int32_t apart = taps + static_cast<int32_t>(sizeof(Channel16));
  const int32_t pixels = p.output_height * p.output_width;
  const bool wide = p.wide != 0;
  for (int32_t i = 1; i <= 3; ++i) windows[taps - i] = windows[2 * taps - i] = 0;  // meet weights of 0, yet are read
  for (int32_t pixel = 0; pixel < pixels; pixel += 2, y += 2 * channels) {
    const bool alone = pixel + 1 == pixels;
    Gather(p, x, pixel, windows);
    if (!alone) Gather(p, x, pixel + 1, windows + taps);
    const std::byte* at = memory.constants + p.constants;
    const int32_t together = alone ? 4 : 2;
    for (int32_t o = 0; o < channels; o += together, at += together * apart) {
      const int32_t count = Clamp(channels - o, 1, together);
      const auto* w = reinterpret_cast<const int8_t*>(at + sizeof(Channel16));
      uint32_t sums[4];
      if (!alone && count == 2) {
        Multiply<2, 2>(w, apart, windows, taps, sums);
      } else if (!alone) {
        Multiply<1, 2>(w, apart, windows, taps, sums);
      } else if (count == 4) {
        Multiply<4, 1>(w, apart, windows, taps, sums);
      } else {
        uint32_t one[4];
        for (int32_t c = 0; c < count; ++c) {
          Multiply<1, 1>(w + c * apart, apart, windows, taps, one);
          sums[c] = one[0];
        }
      }
      for (int32_t c = 0; c < count; ++c) {
        const auto& channel = *reinterpret_cast<const Channel16*>(at + c * apart);
        const uint32_t* of_channel = alone ? sums + c : sums + 2 * c;
        y[o + c] = Finish16(of_channel[0], channel, wide, p.clamp_low, p.clamp_high);
        if (!alone) y[channels + o + c] = Finish16(of_channel[1], channel, wide, p.clamp_low, p.clamp_high);
      }
    }
  }
}

}  // namespace thimble::steps
