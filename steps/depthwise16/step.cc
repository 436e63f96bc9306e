#include "steps/depthwise16/step.h"

#include "steps/image_walk.h"
#include "steps/wide16.h"

namespace thimble::steps {
namespace {

using Params = Depthwise16::Params;

int32_t ChannelBytes(const Params& p) {
  return static_cast<int32_t>(sizeof(Channel16)) + (p.kernel_height * p.kernel_width + 3) / 4 * 4;
}

/// Taps `first` to `end` - 1 of those `step` apart from `at` on that lie within an image `size` long.
struct Taps {
  Taps(int32_t at, int32_t step, int32_t taps, int32_t size) : end(taps) {
    for (; first < taps && (at + first * step < 0 || at + first * step >= size); ++first) {
    }
    for (; end > first && (at + (end - 1) * step < 0 || at + (end - 1) * step >= size); --end) {
    }
  }
  int32_t first = 0, end;
};

}  // namespace

bool Depthwise16::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  if (!IsWalkable(p) || p.depth_multiplier < 1 || p.depth_multiplier > kMostExtent || p.wide < 0 || p.wide > 1) {
    return false;
  }
  if (int64_t{p.input_channels} * p.depth_multiplier != p.output_channels) return false;
  return Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels, 2, 2) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels, 2, 2) &&
         Within(extents.constants_bytes, p.constants, int64_t{p.output_channels} * ChannelBytes(p), 1,
                alignof(Channel16)) &&
         HasShifts16(constants + p.constants, p.output_channels, ChannelBytes(p), p.wide != 0);
}

void Depthwise16::Run(const Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int16_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int16_t*>(memory.frame + p.output);
  const int32_t channel_bytes = ChannelBytes(p);
  const int32_t right = p.dilation_width * p.input_channels;
  const int32_t down = p.dilation_height * p.input_width * p.input_channels;
  for (int32_t i = 0; i < p.output_height; ++i) {
    const int32_t top = i * p.stride_height - p.pad_top;
    const Taps rows(top, p.dilation_height, p.kernel_height, p.input_height);
    for (int32_t j = 0; j < p.output_width; ++j) {
      const int32_t left = j * p.stride_width - p.pad_left;
      const Taps columns(left, p.dilation_width, p.kernel_width, p.input_width);
      // Of the first tap inside; nothing is read if there is none.
      const int32_t from =
          rows.first < rows.end && columns.first < columns.end
              ? ((top + rows.first * p.dilation_height) * p.input_width + left + columns.first * p.dilation_width) *
                    p.input_channels
              : 0;
      const std::byte* at = memory.constants + p.constants;
      for (int32_t c = 0; c < p.input_channels; ++c) {
        for (int32_t m = 0; m < p.depth_multiplier; ++m, at += channel_bytes) {
          const auto& channel = *reinterpret_cast<const Channel16*>(at);
          const auto* w = reinterpret_cast<const int8_t*>(at + sizeof(Channel16));
          uint32_t sum = 0;
          const int16_t* row = x + from + c;
          for (int32_t k = rows.first; k < rows.end; ++k, row += down) {
            const int16_t* value = row;
            for (int32_t l = columns.first; l < columns.end; ++l, value += right) {
              sum += static_cast<uint32_t>(*value * w[k * p.kernel_width + l]);
            }
          }
          *y++ = Finish16(sum, channel, p.wide != 0, p.clamp_low, p.clamp_high);
        }
      }
    }
  }
}

}  // namespace thimble::steps
