#include "steps/plain_convolve/step.h"

#include "steps/image_walk.h"
#include "steps/plain.h"

namespace thimble::steps {
namespace {

using Params = PlainConvolve::Params;

/// Taps of a window, up to a multiple of 4: weights and windows have as many bytes.
int32_t PaddedTaps(const Params& p) { return (p.kernel_height * p.kernel_width * p.input_channels + 3) / 4 * 4; }

/// The window of a pixel, every second byte from `window`, as numbers from 0; returns their sum.
uint32_t Gather(const Params& p, const int8_t* x, int32_t pixel, uint8_t* window) {
  const int32_t i = pixel / p.output_width, j = pixel % p.output_width;
  const int32_t channels = p.input_channels;
  uint32_t sum = 0;
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int32_t row = i * p.stride_height + k * p.dilation_height - p.pad_top;
    for (int32_t l = 0; l < p.kernel_width; ++l) {
      const int32_t column = j * p.stride_width + l * p.dilation_width - p.pad_left;
      const bool inside = row >= 0 && row < p.input_height && column >= 0 && column < p.input_width;
      const int8_t* from = x + (inside ? (row * p.input_width + column) * channels : 0);
      for (int32_t c = 0; c < channels; ++c, window += 2) {
        const auto value = static_cast<uint32_t>((inside ? from[c] : p.pad_value) + 128);
        *window = static_cast<uint8_t>(value);
        sum += value;
      }
    }
  }
  return sum;
}

const PlainChannel& ChannelAt(const std::byte* at) { return *reinterpret_cast<const PlainChannel*>(at); }
const uint8_t* WeightsAt(const std::byte* at) { return reinterpret_cast<const uint8_t*>(at + sizeof(PlainChannel)); }

/// Two sums of products. What runs in them fits the eight low registers, and stays there because it is all there is.
struct Sums {
  uint32_t first, second;
};

/// sums += w * two windows.
[[gnu::noinline]] void TwoPixels(const uint8_t* w, const uint8_t* windows, const uint8_t* end, Sums& sums) {
  uint32_t first = sums.first, second = sums.second;
  for (; windows < end; windows += 8, w += 4) {
    uint32_t weight = w[0];
    first += weight * windows[0], second += weight * windows[1];
    weight = w[1];
    first += weight * windows[2], second += weight * windows[3];
    weight = w[2];
    first += weight * windows[4], second += weight * windows[5];
    weight = w[3];
    first += weight * windows[6], second += weight * windows[7];
  }
  sums = {first, second};
}

/// sums += two channels' weights, `apart` bytes from each other, * the first window.
[[gnu::noinline]] void TwoChannels(const uint8_t* w, int32_t apart, const uint8_t* window, const uint8_t* end,
                                   Sums& sums) {
  uint32_t first = sums.first, second = sums.second;
  const uint8_t* other = w + apart;
  for (; window < end; window += 8, w += 4, other += 4) {
    uint32_t value = window[0];
    first += value * w[0], second += value * other[0];
    value = window[2];
    first += value * w[1], second += value * other[1];
    value = window[4];
    first += value * w[2], second += value * other[2];
    value = window[6];
    first += value * w[3], second += value * other[3];
  }
  sums = {first, second};
}

[[gnu::noinline]] void Store(int8_t* y, uint32_t sum, const PlainChannel& channel, const Params& p) {
  *y = PlainFinish(sum, channel, p);
}

}  // namespace

bool PlainConvolve::Check(const Params& p, const std::byte*, const Extents& extents) {
  if (!IsWalkable(p)) return false;
  const int64_t taps = (int64_t{p.kernel_height} * p.kernel_width * p.input_channels + 3) / 4 * 4;
  const int64_t channel_bytes = taps + static_cast<int64_t>(sizeof(PlainChannel));
  return Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels) &&
         Within(extents.frame_bytes, p.scratch, 2 * taps) &&
         Within(extents.constants_bytes, p.constants, p.output_channels * channel_bytes, 1, alignof(PlainChannel));
}

void PlainConvolve::Run(const Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  auto* windows = reinterpret_cast<uint8_t*>(memory.frame + p.scratch);
  const int32_t taps = PaddedTaps(p);
  const int32_t channel_bytes = taps + static_cast<int32_t>(sizeof(PlainChannel));
  const int32_t pixels = p.output_height * p.output_width;
  const int32_t channels = p.output_channels;
  const uint8_t* const end = windows + 2 * taps;
  // Weights beyond the window are 0, that is 128: the window is 0 there, and that adds nothing.
  for (int32_t i = 2 * (taps - 4); i < 2 * taps; ++i) windows[i] = 0;

  for (int32_t pixel = 0; pixel < pixels; pixel += 2) {
    // Weights are from 0 as well, which adds 128 times the window's sum.
    const uint32_t first = 0u - 128 * Gather(p, x, pixel, windows);
    const std::byte* at = memory.constants + p.constants;
    if (pixel + 1 < pixels) {
      const uint32_t second = 0u - 128 * Gather(p, x, pixel + 1, windows + 1);
      for (int32_t o = 0; o < channels; ++o, at += channel_bytes, ++y) {
        const PlainChannel& channel = ChannelAt(at);
        const auto bias = static_cast<uint32_t>(channel.bias);
        Sums sums = {bias + first, bias + second};
        TwoPixels(WeightsAt(at), windows, end, sums);
        Store(y, sums.first, channel, p);
        Store(y + channels, sums.second, channel, p);
      }
      y += channels;
      continue;
    }
    for (int32_t o = 0; o < channels; o += 2, at += 2 * channel_bytes) {
      const bool alone = o + 1 == channels;
      const std::byte* other = alone ? at : at + channel_bytes;
      Sums sums = {static_cast<uint32_t>(ChannelAt(at).bias) + first,
                   static_cast<uint32_t>(ChannelAt(other).bias) + first};
      TwoChannels(WeightsAt(at), static_cast<int32_t>(other - at), windows, end, sums);
      Store(y + o, sums.first, ChannelAt(at), p);
      if (!alone) Store(y + o + 1, sums.second, ChannelAt(other), p);
    }
  }
}

}  // namespace thimble::steps
