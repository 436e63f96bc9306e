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

/// The window of a pixel. Taps of a row that lie inside the image and side by side are copied at once.
void Gather(const Params& p, const int8_t* x, int32_t i, int32_t j, int8_t* window) {
  const int32_t channels = p.input_channels;
  const int32_t left = j * p.stride_width - p.pad_left;
  const bool at_once = p.dilation_width == 1 && left >= 0 && left + p.kernel_width <= p.input_width;
  const int32_t top = i * p.stride_height - p.pad_top, bottom = top + (p.kernel_height - 1) * p.dilation_height;
  if (at_once && top >= 0 && top < p.input_height && bottom >= 0 && bottom < p.input_height) {
    const int32_t count = p.kernel_width * channels, down = p.dilation_height * p.input_width * channels;
    const int8_t* from = x + (top * p.input_width + left) * channels;
    for (int32_t k = p.kernel_height; k > 0; --k, from += down, window += count) HeliumCopy(window, from, count);
    return;
  }
  for (int32_t k = 0; k < p.kernel_height; ++k) {
    const int32_t row = i * p.stride_height + k * p.dilation_height - p.pad_top;
    const bool row_inside = row >= 0 && row < p.input_height;
    if (at_once || !row_inside) {
      const int32_t count = p.kernel_width * channels;
      if (row_inside) {
        HeliumCopy(window, x + (row * p.input_width + left) * channels, count);
      } else {
        HeliumFill(window, p.pad_value, count);
      }
      window += count;
      continue;
    }
    for (int32_t l = 0; l < p.kernel_width; ++l, window += channels) {
      const int32_t column = left + l * p.dilation_width;
      if (column >= 0 && column < p.input_width) {
        HeliumCopy(window, x + (row * p.input_width + column) * channels, channels);
      } else {
        HeliumFill(window, p.pad_value, channels);
      }
    }
  }
}

#if defined(__ARM_FEATURE_MVE)
int32x4_t Vector(int32_t a, int32_t b, int32_t c, int32_t d) {
  int32x4_t vector = vdupq_n_s32(a);
  vector = vsetq_lane_s32(b, vector, 1);
  vector = vsetq_lane_s32(c, vector, 2);
  return vsetq_lane_s32(d, vector, 3);
}
#endif

/// Four channels of one pixel.
void OnePixel(const int8_t* window, const std::byte* constants, int32_t blocks, const HeliumOutput& output, int8_t* y,
              int32_t count) {
  const auto& channels = *reinterpret_cast<const HeliumChannels*>(constants);
  const auto* w = reinterpret_cast<const int8_t*>(constants + sizeof(HeliumChannels));
#if defined(__ARM_FEATURE_MVE)
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  for (; blocks > 0; --blocks, window += kLanes, w += kLanes * kTogether) {
    const int8x16_t x = vld1q_s8(window);
    a0 = vmladavaq_s8(a0, x, vld1q_s8(w));
    a1 = vmladavaq_s8(a1, x, vld1q_s8(w + kLanes));
    a2 = vmladavaq_s8(a2, x, vld1q_s8(w + 2 * kLanes));
    a3 = vmladavaq_s8(a3, x, vld1q_s8(w + 3 * kLanes));
  }
  int32x4_t sums[] = {Vector(a0, a1, a2, a3)};
  HeliumFinish(sums, channels, output);
  HeliumStore(y, sums[0], count);
#else
  for (int lane = 0; lane < kTogether && lane < count; ++lane) {
    uint32_t sum = 0;
    for (int32_t block = 0; block < blocks; ++block) {
      const int8_t* weights = w + (block * kTogether + lane) * kLanes;
      for (int32_t k = 0; k < kLanes; ++k) sum += static_cast<uint32_t>(window[block * kLanes + k] * weights[k]);
    }
    y[lane] = HeliumFinish(sum, channels, lane, output);
  }
#endif
}

/// All channels of two pixels, whose windows lie one behind the other; `apart` bytes lie between the outputs.
void TwoPixels(const int8_t* windows, const std::byte* constants, int32_t blocks, const HeliumOutput& output, int8_t* y,
               int32_t channels) {
  const int32_t bytes_of_four = static_cast<int32_t>(sizeof(HeliumChannels)) + blocks * kLanes * kTogether;
  int32_t o = 0;
#if defined(__ARM_FEATURE_MVE)
  // All eight registers that can take a sum do, the link register included, so there is none left for a hardware loop,
  // and what a group of four needs besides waits in memory, where the compiler would reload far more.
  const int32x4_t zero_point = vdupq_n_s32(output.zero_point), low = vdupq_n_s32(output.low);
  const int32x4_t high = vdupq_n_s32(output.high);
  struct {
    const int8_t* first;
    const int8_t* second;
    int32_t blocks;
  } again = {windows, windows + blocks * kLanes, blocks};
  for (; o + kTogether <= channels; o += kTogether, constants += bytes_of_four) {
    const auto& group = *reinterpret_cast<const HeliumChannels*>(constants);
    int32x4_t sums[2];
    const std::byte* w = constants;
    const void* at = &again;
    asm volatile(
        "ldrd r0, r2, [%[w]], #8\n"  // biases
        "ldrd r4, r6, [%[w]], #56\n"
        "ldrd r1, r3, [%[at]]\n"
        "mov r8, r0\n"
        "mov r10, r2\n"
        "mov r12, r4\n"
        "mov lr, r6\n"
        "ldr %[at], [%[at], #8]\n"
        "1:\n"
        "vldrb.8 q0, [r1], #16\n"
        "vldrb.8 q2, [%[w]], #16\n"
        "vldrb.8 q1, [r3], #16\n"
        "vmladava.s8 r0, q0, q2\n"
        "vldrb.8 q3, [%[w]], #16\n"
        "vmladava.s8 r8, q1, q2\n"
        "vldrb.8 q2, [%[w]], #16\n"
        "vmladava.s8 r2, q0, q3\n"
        "vmladava.s8 r10, q1, q3\n"
        "vldrb.8 q3, [%[w]], #16\n"
        "vmladava.s8 r4, q0, q2\n"
        "vmladava.s8 r12, q1, q2\n"
        "subs %[at], #1\n"
        "vmladava.s8 r6, q0, q3\n"
        "vmladava.s8 lr, q1, q3\n"
        "bne 1b\n"
        "vmov.32 %q[a][0], r0\n"
        "vmov.32 %q[b][0], r8\n"
        "vmov.32 %q[a][1], r2\n"
        "vmov.32 %q[b][1], r10\n"
        "vmov.32 %q[a][2], r4\n"
        "vmov.32 %q[b][2], r12\n"
        "vmov.32 %q[a][3], r6\n"
        "vmov.32 %q[b][3], lr\n"
        : [w] "+r"(w), [at] "+r"(at), [a] "=w"(sums[0]), [b] "=w"(sums[1])
        : "m"(again)
        : "r0", "r1", "r2", "r3", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "cc", "memory");
    const int32x4_t right = vldrwq_s32(group.right), mantissa = vldrwq_s32(group.mantissa);
    if (output.any_left) {
      const int32x4_t left = vldrwq_s32(group.left);
      sums[0] = vshlq_s32(sums[0], left), sums[1] = vshlq_s32(sums[1], left);
    }
    sums[0] = vqrdmulhq_s32(sums[0], mantissa), sums[1] = vqrdmulhq_s32(sums[1], mantissa);
    if (!output.low_is_zero) sums[0] = HeliumLower(sums[0], right), sums[1] = HeliumLower(sums[1], right);
    sums[0] = vaddq_s32(vrshlq_s32(sums[0], right), zero_point);
    sums[1] = vaddq_s32(vrshlq_s32(sums[1], right), zero_point);
    vstrbq_s32(y + o, vminq_s32(vmaxq_s32(sums[0], low), high));
    vstrbq_s32(y + channels + o, vminq_s32(vmaxq_s32(sums[1], low), high));
  }
#endif
  // The last channels, and everything on other machines.
  for (; o < channels; o += kTogether, constants += bytes_of_four) {
    OnePixel(windows, constants, blocks, output, y + o, channels - o);
    OnePixel(windows + blocks * kLanes, constants, blocks, output, y + channels + o, channels - o);
  }
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
  const HeliumOutput output(p.output_zero_point, p.clamp_low, p.clamp_high, p.any_left != 0);
  const int32_t blocks = Blocks(p), bytes_of_four = BytesOfFour(p), channels = p.output_channels;
  const int32_t pixels = p.output_height * p.output_width;
  HeliumFill(windows, 0, 2 * blocks * kLanes);  // what no window reaches meets weights of 0
  int32_t i = 0, j = 0;
  const auto gather = [&](int8_t* window) {
    Gather(p, x, i, j, window);
    if (++j == p.output_width) ++i, j = 0;
  };
  for (int32_t pixel = 0; pixel < pixels; pixel += 2, y += 2 * channels) {
    const bool alone = pixel + 1 == pixels;
    gather(windows);
    if (!alone) gather(windows + blocks * kLanes);
    const std::byte* at = memory.constants + p.constants;
    if (!alone) {
      TwoPixels(windows, at, blocks, output, y, channels);
      continue;
    }
    for (int32_t o = 0; o < channels; o += kTogether, at += bytes_of_four) {
      OnePixel(windows, at, blocks, output, y + o, channels - o);
    }
  }
}

}  // namespace thimble::steps
