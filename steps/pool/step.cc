#include "steps/pool/step.h"

#include <algorithm>
#include <cstring>

#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

#include "base/fixed_point.h"

namespace thimble::steps {
namespace {

constexpr int32_t kLanes = 4;             // channels in a word
constexpr int32_t kMostPixels = 255;      // whose sum an int16 holds: 255 * 128
constexpr uint32_t kLowest = 0x80808080;  // four times -128

inline uint32_t WordAt(const int8_t* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Two int16 sums, of bytes 0 and 2 of `bytes`.
inline uint32_t AddBytes(uint32_t sums, uint32_t bytes) {
#if defined(__ARM_FEATURE_DSP)
  return static_cast<uint32_t>(__sxtab16(static_cast<int16x2_t>(sums), static_cast<int8x4_t>(bytes)));
#else
  const auto low = static_cast<uint32_t>(int32_t{static_cast<int8_t>(bytes)});
  const auto high = static_cast<uint32_t>(int32_t{static_cast<int8_t>(bytes >> 16)});
  return ((sums + low) & 0xffff) | (((sums >> 16) + high) << 16);
#endif
}

/// The larger of each two int8.
inline uint32_t LargerBytes(uint32_t a, uint32_t b) {
#if defined(__ARM_FEATURE_DSP)
  (void)__ssub8(static_cast<int8x4_t>(a), static_cast<int8x4_t>(b));
  return __sel(a, b);
#else
  uint32_t larger = 0;
  for (int32_t i = 0; i < 32; i += 8) {
    const auto x = static_cast<int8_t>(a >> i), y = static_cast<int8_t>(b >> i);
    larger |= static_cast<uint32_t>(static_cast<uint8_t>(x > y ? x : y)) << i;
  }
  return larger;
#endif
}

/// The pixels of a window that lie inside the image.
struct Window {
  const int8_t* first;
  int32_t rows, columns;
  int32_t pixel_bytes, row_bytes;
};

/// The sums of the first four channels.
void Sum(const Window& window, int32_t (&sums)[kLanes]) {
  uint32_t even = 0, odd = 0;
  int32_t room = kMostPixels;
  const auto flush = [&] {
    sums[0] += static_cast<int16_t>(even);
    sums[1] += static_cast<int16_t>(odd);
    sums[2] += static_cast<int16_t>(even >> 16);
    sums[3] += static_cast<int16_t>(odd >> 16);
    even = odd = 0;
    room = kMostPixels;
  };
  const int8_t* row = window.first;
  for (int32_t i = 0; i < window.rows; ++i, row += window.row_bytes) {
    const int8_t* at = row;
    for (int32_t left = window.columns; left > 0;) {
      if (room == 0) flush();
      const int32_t count = std::min(left, room);
      left -= count;
      room -= count;
      for (const int8_t* end = at + ptrdiff_t{count} * window.pixel_bytes; at != end; at += window.pixel_bytes) {
        const uint32_t word = WordAt(at);
        even = AddBytes(even, word);
        odd = AddBytes(odd, word >> 8 | word << 24);
      }
    }
  }
  flush();
}

/// The maxima of the first four channels.
uint32_t Maximum(const Window& window) {
  uint32_t largest = kLowest;
  const int8_t* row = window.first;
  for (int32_t i = 0; i < window.rows; ++i, row += window.row_bytes) {
    const int8_t* at = row;
    for (int32_t j = 0; j < window.columns; ++j, at += window.pixel_bytes) largest = LargerBytes(largest, WordAt(at));
  }
  return largest;
}

int32_t Finish(const Pool::Params& params, int32_t sum, int32_t pixels) {
  if (params.kind == kPoolMean) {
    const int32_t centred = WrapAdd(sum, -params.input_zero_point * pixels);
    return WrapAdd(Scale(centred, Multiplier{params.mantissa, params.shift}), params.output_zero_point);
  }
  return (sum + (sum > 0 ? pixels / 2 : -(pixels / 2))) / pixels;
}

/// The means of four channels, from the lowest byte. (Not inline: it is large, and takes its time anyway.)
[[gnu::noinline]] uint32_t MeanOfFour(const Pool::Params& params, const Window& window, int32_t pixels) {
  int32_t sums[kLanes] = {};
  Sum(window, sums);
  uint32_t four = 0;
  for (int32_t i = kLanes - 1; i >= 0; --i) {
    const int32_t value = Clamp(Finish(params, sums[i], pixels), params.clamp_low, params.clamp_high);
    four = four << 8 | static_cast<uint8_t>(value);
  }
  return four;
}

/// The numbers of four channels, from the lowest byte.
inline uint32_t PoolFour(const Pool::Params& params, const Window& window, int32_t pixels) {
  if (params.kind == kPoolMaximum) {
    const uint32_t low = 0x01010101 * static_cast<uint32_t>(static_cast<uint8_t>(params.clamp_low));
    const uint32_t high = 0x01010101 * static_cast<uint32_t>(static_cast<uint8_t>(params.clamp_high));
    return ~LargerBytes(~LargerBytes(Maximum(window), low), ~high);  // ~ turns the order around
  }
  return MeanOfFour(params, window, pixels);
}

/// All channels of one window.
void PoolWindow(const Pool::Params& params, Window window, int8_t* output) {
  const int32_t pixels = window.rows * window.columns;
  int32_t left = params.channels;
  for (; left >= kLanes; left -= kLanes, window.first += kLanes, output += kLanes) {
    const uint32_t four = PoolFour(params, window, pixels);
    std::memcpy(output, &four, sizeof four);
  }
  if (left == 0) return;
  // Of the last channels four are read, too, but those before have been written, perhaps in the input's place.
  window.first -= kLanes - left;
  for (uint32_t few = PoolFour(params, window, pixels) >> (8 * (kLanes - left)); left > 0; --left, few >>= 8) {
    *output++ = static_cast<int8_t>(few);
  }
}

/// One to three channels, too few for words.
void PoolFewChannels(const Pool::Params& params, const Window& window, int8_t* output) {
  int8_t few[kLanes];  // which may take the place of what other channels still read
  for (int32_t channel = 0; channel < params.channels; ++channel) {
    int32_t sum = 0, largest = -128;
    for (int32_t i = 0; i < window.rows; ++i) {
      for (int32_t j = 0; j < window.columns; ++j) {
        const int32_t x{window.first[i * window.row_bytes + j * window.pixel_bytes + channel]};
        sum += x;
        largest = std::max(largest, x);
      }
    }
    const int32_t value = params.kind == kPoolMaximum ? largest : Finish(params, sum, window.rows * window.columns);
    few[channel] = static_cast<int8_t>(Clamp(value, params.clamp_low, params.clamp_high));
  }
  std::memcpy(output, few, static_cast<size_t>(params.channels));
}

/// Whether each window along an axis has a pixel inside the image, or, if `whole`, no other.
constexpr bool WindowsFit(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t pad, bool whole) {
  const int64_t last = (int64_t{output} - 1) * stride - pad;
  return whole ? pad == 0 && last + kernel <= input : pad < kernel && last < input;
}

}  // namespace

bool Pool::Check(const Params& p, const std::byte*, const Extents& extents) {
  constexpr int32_t kMost = 1 << 15;
  const int32_t lengths[] = {p.input_height,  p.input_width,  p.channels,      p.output_height, p.output_width,
                             p.kernel_height, p.kernel_width, p.stride_height, p.stride_width};
  for (const int32_t length : lengths) {
    if (length < 1 || length > kMost) return false;
  }
  const bool mean = p.kind == kPoolMean;
  return p.kind >= 0 && p.kind <= kPoolMean && p.pad_top >= 0 && p.pad_left >= 0 && p.clamp_low >= -128 &&
         p.clamp_low <= p.clamp_high && p.clamp_high <= 127 && p.input_zero_point >= -128 &&
         p.input_zero_point <= 127 && p.shift >= -31 && p.shift <= 30 &&
         int64_t{p.input_height} * p.input_width <= 1 << 23 &&
         WindowsFit(p.input_height, p.output_height, p.kernel_height, p.stride_height, p.pad_top, mean) &&
         WindowsFit(p.input_width, p.output_width, p.kernel_width, p.stride_width, p.pad_left, mean) &&
         Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.channels);
}

void Pool::Run(const Params& p, const Memory& memory) {
  const auto* input = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  const int32_t row_bytes = p.input_width * p.channels;
  for (int32_t i = 0; i < p.output_height; ++i) {
    const int32_t top = i * p.stride_height - p.pad_top;
    const int32_t row = std::max<int32_t>(top, 0), row_end = std::min(top + p.kernel_height, p.input_height);
    for (int32_t j = 0; j < p.output_width; ++j, output += p.channels) {
      const int32_t left = j * p.stride_width - p.pad_left;
      const int32_t column = std::max<int32_t>(left, 0), column_end = std::min(left + p.kernel_width, p.input_width);
      Window window{input + ptrdiff_t{row} * row_bytes + ptrdiff_t{column} * p.channels, row_end - row,
                    column_end - column, p.channels, row_bytes};
      if (window.columns == p.input_width) {  // then rows follow each other without a gap
        window.columns *= window.rows;
        window.rows = 1;
      }
      if (p.channels < kLanes) {
        PoolFewChannels(p, window, output);
      } else {
        PoolWindow(p, window, output);
      }
    }
  }
}

}  // namespace thimble::steps
