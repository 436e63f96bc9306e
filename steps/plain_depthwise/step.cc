#include "steps/plain_depthwise/step.h"

#include "steps/image_walk.h"
#include "steps/plain.h"

namespace thimble::steps {
namespace {

using Params = PlainDepthwise::Params;

int32_t ChannelBytes(const Params& p) {
  return static_cast<int32_t>(sizeof(PlainChannel)) + (p.kernel_height * p.kernel_width + 3) / 4 * 4;
}

/// Of a window that lies inside the image: `x` is its first number, `right` and `next` the ways to the next tap and,
/// from the last one, to the next row.
uint32_t Inside(const int8_t* x, const int8_t* w, const Params& p, int32_t right, int32_t next, uint32_t sum) {
  for (int32_t k = p.kernel_height; k > 0; --k, x += next) {
    for (int32_t l = p.kernel_width; l > 0; --l, x += right) sum += static_cast<uint32_t>(*x * *w++);
  }
  return sum;
}

uint32_t AtBorder(const int8_t* x, const int8_t* w, const Params& p, int32_t top, int32_t left, uint32_t sum) {
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int32_t row = top + k * p.dilation_height;
    for (int32_t l = 0; l < p.kernel_width; ++l) {
      const int32_t column = left + l * p.dilation_width;
      const bool inside = row >= 0 && row < p.input_height && column >= 0 && column < p.input_width;
      const int32_t value = inside ? x[(row * p.input_width + column) * p.input_channels] : p.pad_value;
      sum += static_cast<uint32_t>(value * *w++);
    }
  }
  return sum;
}

/// Whether `count` taps from `first` in steps of `step` stay within 0 .. size - 1.
bool Contains(int32_t size, int32_t first, int32_t count, int32_t step) {
  const int32_t last = first + (count - 1) * step;
  return first >= 0 && first < size && last >= 0 && last < size;
}

}  // namespace

bool PlainDepthwise::Check(const Params& p, const std::byte*, const Extents& extents) {
  if (!IsWalkable(p) || p.depth_multiplier < 1 || p.depth_multiplier > kMostExtent) return false;
  if (int64_t{p.input_channels} * p.depth_multiplier != p.output_channels) return false;
  return Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels) &&
         Within(extents.constants_bytes, p.constants, int64_t{p.output_channels} * ChannelBytes(p), 1,
                alignof(PlainChannel));
}

void PlainDepthwise::Run(const Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  const int32_t channel_bytes = ChannelBytes(p);
  const int32_t right = p.dilation_width * p.input_channels;
  const int32_t next = p.dilation_height * p.input_width * p.input_channels - p.kernel_width * right;
  for (int32_t i = 0; i < p.output_height; ++i) {
    const int32_t top = i * p.stride_height - p.pad_top;
    const bool rows_inside = Contains(p.input_height, top, p.kernel_height, p.dilation_height);
    for (int32_t j = 0; j < p.output_width; ++j) {
      const int32_t left = j * p.stride_width - p.pad_left;
      const bool inside = rows_inside && Contains(p.input_width, left, p.kernel_width, p.dilation_width);
      const int8_t* from = inside ? x + (top * p.input_width + left) * p.input_channels : x;
      const std::byte* at = memory.constants + p.constants;
      for (int32_t c = 0; c < p.input_channels; ++c, ++from) {
        for (int32_t m = 0; m < p.depth_multiplier; ++m, at += channel_bytes) {
          const auto& channel = *reinterpret_cast<const PlainChannel*>(at);
          const auto* w = reinterpret_cast<const int8_t*>(at + sizeof(PlainChannel));
          const auto bias = static_cast<uint32_t>(channel.bias);
          *y++ = PlainFinish(inside ? Inside(from, w, p, right, next, bias) : AtBorder(from, w, p, top, left, bias),
                             channel, p);
        }
      }
    }
  }
}

}  // namespace thimble::steps
