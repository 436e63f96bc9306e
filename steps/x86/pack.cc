#include <cstring>
#include <utility>

#include "steps/x86/blocks.h"
#include "steps/x86/operands.h"

namespace thimble::steps::x86 {

bool IsPossible(const Convolution& layer) {
  struct Params {  // AreExtents asks for these by name
    int32_t input_height, input_width, input_channels, output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
    int32_t pad_top, pad_left, input_zero_point, output_zero_point, clamp_low, clamp_high;
  };
  return !layer.int16 && AreExtents(ParamsOf<Params>(layer));
}

Convolution AsRow(const Convolution& layer) {
  Convolution row = layer;
  const bool is_column = layer.input_width == 1 && layer.output_width == 1 && layer.kernel_width == 1 &&
                         layer.pad_left == 0 && layer.input_height > 1;
  if (!is_column) return row;
  std::swap(row.input_height, row.input_width);
  std::swap(row.output_height, row.output_width);
  std::swap(row.kernel_height, row.kernel_width);
  std::swap(row.stride_height, row.stride_width);
  std::swap(row.dilation_height, row.dilation_width);
  std::swap(row.pad_top, row.pad_left);
  return row;
}

Blocks::Blocks(int32_t channels, int64_t block_bytes)
    : block_bytes_(block_bytes), bytes_(static_cast<size_t>((channels + kBlock - 1) / kBlock * block_bytes)) {}

int8_t& Blocks::Weight(int32_t lane, int64_t quad, int32_t k) {
  std::byte* const weights = Block(lane) + kHeaderBytes + quad * kQuadBytes;
  return reinterpret_cast<int8_t*>(weights)[lane % kBlock * kQuad + k];
}

bool Blocks::SetChannel(int32_t lane, const Convolution& layer, int32_t channel) {
  const auto o = static_cast<size_t>(channel);
  const size_t channels = static_cast<size_t>(layer.output_channels);
  const size_t taps = layer.weights.size() / channels;
  // The sums of the lowest and highest inputs. What is outside the image counts 0, which is between them.
  int64_t low = layer.bias[o], high = low, total = 0;
  for (size_t tap = 0; tap < taps; ++tap) {
    const size_t from = layer.depthwise() ? tap * channels + o : o * taps + tap;
    const int32_t w = layer.weights[from];  // NOLINT(bugprone-signed-char-misuse): a number, not a letter
    const int32_t at_least = w * (-128 - layer.input_zero_point), at_most = w * (127 - layer.input_zero_point);
    low += std::min(at_least, at_most);
    high += std::max(at_least, at_most);
    total += w;
  }
  const int32_t mantissa = layer.mantissa[o];
  const int32_t shift = mantissa == 0 ? 0 : layer.shift[o];
  const int32_t left = std::max(shift, 0), right = std::max(-shift, 0);
  // Nothing is left of a sum that is multiplied with 0.
  if (mantissa != 0 && std::max(-low, high) >= kSumLimit >> std::min(left, 30)) return false;
  if (mantissa < 0 || right > 31) return false;

  const int32_t fields[] = {
      static_cast<int32_t>(layer.bias[o] - (128 + int64_t{layer.input_zero_point}) * total),
      1 + left,
      mantissa,
      right > 0 ? 31 : 32,
      right > 0 ? int32_t{1} << (right - 1) : 0,
      right,
  };
  static_assert(sizeof(BlockHeader) == sizeof fields * kBlock);
  for (int field = 0; field < 6; ++field) {
    std::memcpy(Block(lane) + (field * kBlock + lane % kBlock) * 4, &fields[field], sizeof(int32_t));
  }
  return true;
}

}  // namespace thimble::steps::x86
