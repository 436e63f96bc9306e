#include "steps/helium_convolve/step.h"

#include "steps/helium.h"
#include "steps/image_walk.h"

#if defined(__ARM_FEATURE_MVE)
extern "C" {
/// What helium.S does: `pairs` of pixels, and of each all whole groups of eight channels. It changes the task.
struct HeliumConvolveTask {
  struct Tile {
    const int8_t* windows[2];
    int32_t rounds;
    const void* begin;  // in the code
  };
  Tile tiles[2];  // of the even and of the odd channels; the same
  int8_t* outputs[2];
  int32_t zero_point;
  int8_t* first_output_end;
  const std::byte* constants;
  int32_t pairs;
  int32_t window_step, output_step, output_end_step;  // bytes from one pair to the next; outputs from their ends
  int32_t low, high;
  int32_t first_blocks;  // of the first round
};
void HeliumConvolvePairs(HeliumConvolveTask* task);
void HeliumConvolvePairsClampedToZero(HeliumConvolveTask* task);
}
#endif

namespace thimble::steps {
namespace {

using Params = HeliumConvolve::Params;

constexpr int32_t kLanes = 16;    // products of one instruction
constexpr int32_t kTogether = 4;  // output channels

/// Sizes of what lies in constants and scratch, for parameters within IsWalkable's limits.
struct Layout {
  explicit Layout(const Params& p)
      : blocks((int64_t{p.kernel_height} * p.kernel_width * p.input_channels + kLanes - 1) / kLanes),
        four_bytes(static_cast<int64_t>(sizeof(HeliumBias) + sizeof(HeliumScale)) + blocks * kLanes * kTogether),
        column_bytes(int64_t{p.kernel_height} * p.input_channels),
        columns(int64_t{p.output_width - 1} * p.stride_width + p.kernel_width),
        parts(p.windows == kHeliumInPlace && p.input_channels % kLanes == 0 ? 0
              : p.windows == kHeliumStripe                                  ? 1
                                                                            : 2),
        part_bytes(IsStriped(p) ? (columns * column_bytes + 2 * kLanes - 2) / kLanes * kLanes : blocks * kLanes) {}
  static bool IsStriped(const Params& p) { return p.windows == kHeliumStripe || p.windows == kHeliumTwoStripes; }
  int64_t blocks;
  int64_t four_bytes;    ///< constants of four channels
  int64_t column_bytes;  ///< of a stripe
  int64_t columns;
  int32_t parts;       ///< of scratch
  int64_t part_bytes;  ///< a gathered window, or a stripe, beyond which the last window may look
};

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

/// The offsets of a piece's bytes in a stripe, for as many columns as sixteen lanes hold and a byte can address.
struct Scatter {
  Scatter(int32_t channels, int32_t column_bytes) : columns(1) {
    while ((columns + 1) * channels <= kLanes && columns * column_bytes + channels - 1 <= UINT8_MAX) ++columns;
    for (int32_t i = 0; i < kLanes; ++i) {
      offsets[i] = static_cast<uint8_t>(i / channels * column_bytes + i % channels);  // beyond `columns`: not used
    }
  }
  int32_t columns;
  uint8_t offsets[kLanes];
};

/// One row of the image, `count` columns from `from`, into a stripe, whose columns are `column_bytes` apart.
void CopyColumns(const Scatter& scatter, int32_t channels, const int8_t* from, int32_t count, int32_t column_bytes,
                 int8_t* to) {
#if defined(__ARM_FEATURE_MVE)
  if (channels < kLanes) {
    const uint8x16_t offsets = vld1q_u8(scatter.offsets);
    for (; count > 0; count -= scatter.columns) {
      const int32_t columns = count < scatter.columns ? count : scatter.columns;
      const mve_pred16_t lanes = vctp8q(static_cast<uint32_t>(columns * channels));
      vstrbq_scatter_offset_p_s8(to, offsets, vldrbq_z_s8(from, lanes), lanes);
      from += columns * channels;
      to += columns * column_bytes;
    }
    return;
  }
  if (channels % kLanes == 0 && count > 0) {
    for (int32_t c = 0; c < channels; c += kLanes) {
      const int8_t* at = from + c;
      int8_t* column = to + c;
      asm volatile(
          "dls lr, %[count]\n"
          "1:\n"
          "vldrb.8 q0, [%[at]]\n"
          "add %[at], %[channels]\n"
          "vstrb.8 q0, [%[column]]\n"
          "add %[column], %[column_bytes]\n"
          "le lr, 1b\n"
          : [at] "+r"(at), [column] "+r"(column)
          : [count] "r"(count), [channels] "r"(channels), [column_bytes] "r"(column_bytes)
          : "lr", "q0", "memory");
    }
    return;
  }
#else
  (void)scatter;
#endif
  for (; count > 0; --count, from += channels, to += column_bytes) HeliumCopy(to, from, channels);
}

/// The rows that the outputs of row `i` see. The columns beyond the image's sides are there already.
void FillStripe(const Params& p, const Layout& layout, const Scatter& scatter, const int8_t* x, int32_t i,
                int8_t* stripe) {
  const int32_t channels = p.input_channels, column_bytes = static_cast<int32_t>(layout.column_bytes);
  const auto columns = static_cast<int32_t>(layout.columns);
  // Columns -pad_left to columns - pad_left - 1, of which the image has 0 to input_width - 1.
  const int32_t before = Clamp(p.pad_left, 0, columns), first = Clamp(-p.pad_left, 0, p.input_width);
  const int32_t count = Clamp(p.input_width - first, 0, columns - before);
  stripe += before * column_bytes;
  for (int32_t k = 0; k < p.kernel_height; ++k, stripe += channels) {
    const int32_t row = i * p.stride_height + k * p.dilation_height - p.pad_top;
    if (row >= 0 && row < p.input_height) {
      CopyColumns(scatter, channels, x + (row * p.input_width + first) * channels, count, column_bytes, stripe);
    } else {
      for (int32_t j = 0; j < count; ++j) HeliumFill(stripe + j * column_bytes, p.pad_value, channels);
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

/// Up to four channels of one pixel, which are `apart` from each other.
void OneTile(const int8_t* window, const std::byte* constants, int32_t blocks, const HeliumOutput& output, int8_t* y,
             int32_t count, int32_t apart) {
  const auto& bias = *reinterpret_cast<const HeliumBias*>(constants);
  const auto* w = reinterpret_cast<const int8_t*>(constants + sizeof(HeliumBias));
  const auto& scale = *reinterpret_cast<const HeliumScale*>(w + blocks * kLanes * kTogether);
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
  HeliumFinish(sums, bias, scale, output);
  HeliumStore(y, sums[0], count, apart);
#else
  for (int lane = 0; lane < kTogether && lane < count; ++lane) {
    uint32_t sum = 0;
    for (int32_t block = 0; block < blocks; ++block) {
      const int8_t* weights = w + (block * kTogether + lane) * kLanes;
      for (int32_t k = 0; k < kLanes; ++k) sum += static_cast<uint32_t>(window[block * kLanes + k] * weights[k]);
    }
    y[lane * apart] = HeliumFinish(sum, bias, scale, lane, output);
  }
#endif
}

/// Channels `o` and after of one pixel; a multiple of eight are before them.
void OnePixel(const Params& p, const Layout& layout, const int8_t* window, const std::byte* constants,
              const HeliumOutput& output, int8_t* y, int32_t o) {
  ForEachHeliumFour(o, p.output_channels, [&](int32_t four, int32_t first, int32_t count, int32_t apart) {
    OneTile(window, constants + four * layout.four_bytes, static_cast<int32_t>(layout.blocks), output, y + first, count,
            apart);
  });
}

/// Where the windows of the output's pixels are, pair after pair.
class Windows {
 public:
  Windows(const Params& p, const Layout& layout, const int8_t* x, int8_t* scratch)
      : p_(p),
        layout_(layout),
        is_striped_(Layout::IsStriped(p)),
        scatter_(p.input_channels, static_cast<int32_t>(layout.column_bytes)),
        x_(x),
        scratch_(scratch) {
    if (p.windows == kHeliumInPlace) {
      // Pairs that vectors do not look beyond the last pixel from.
      const int64_t beyond = layout.blocks * kLanes - p.input_channels;
      const int64_t pixels =
          int64_t{p.output_height} * p.output_width - (beyond + p.input_channels - 1) / p.input_channels;
      in_place_ = static_cast<int32_t>(pixels < 0 ? 0 : beyond > 0 ? pixels / 2 * 2 : pixels);
    }
    // What no window reaches meets weights of 0.
    HeliumFill(scratch, is_striped_ ? p.pad_value : 0, layout.parts * static_cast<int32_t>(layout.part_bytes));
  }

  /// The next pixel's. `slot` is its number within its pair.
  const int8_t* Next(int32_t slot) {
    const int32_t i = i_, j = j_;
    Skip(1);
    const int32_t pixel = i * p_.output_width + j;
    if (pixel < in_place_) return x_ + pixel * p_.input_channels;
    if (!is_striped_) {
      int8_t* window = scratch_ + slot * layout_.part_bytes;
      Gather(p_, x_, i, j, window);
      return window;
    }
    int8_t* stripe = scratch_ + (p_.windows == kHeliumTwoStripes ? i & 1 : 0) * layout_.part_bytes;
    if (j == 0) FillStripe(p_, layout_, scatter_, x_, i, stripe);
    return stripe + j * step();
  }

  /// How many pairs behind the last one follow at equal steps, and may be written before the last one's channels beyond
  /// groups of eight are computed.
  int32_t More() const {
    if (const int32_t more = in_place_ - (i_ * p_.output_width + j_); more > 0) {
      return p_.output_channels % 8 != 0 ? 0 : more / 2;
    }
    return !is_striped_ || j_ < 2 ? 0 : (p_.output_width - j_) / 2;
  }
  void Skip(int32_t pixels) {
    j_ += pixels;
    while (j_ >= p_.output_width) ++i_, j_ -= p_.output_width;
  }
  /// Bytes from one pixel's window to the next one's.
  int32_t step() const {
    return p_.windows == kHeliumInPlace ? p_.input_channels
           : is_striped_                ? static_cast<int32_t>(p_.stride_width * layout_.column_bytes)
                                        : 0;
  }

 private:
  const Params& p_;
  const Layout& layout_;
  const bool is_striped_;
  const Scatter scatter_;
  const int8_t* x_;
  int8_t* scratch_;
  int32_t in_place_ = 0;  // pixels
  int32_t i_ = 0, j_ = 0;
};

}  // namespace

bool HeliumConvolve::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  if (!IsWalkable(p) || p.windows < kHeliumGathered || p.windows > kHeliumInPlace) return false;
  if (Layout::IsStriped(p) && (p.stride_width < 1 || p.dilation_width != 1)) return false;
  if (p.windows == kHeliumStripe && p.output_width % 2 != 0) return false;
  if (p.windows == kHeliumInPlace && !HasHeliumWindowsInPlace(p)) return false;
  const Layout layout(p);
  const int64_t fours = (p.output_channels + kTogether - 1) / kTogether;
  return int64_t{p.stride_width} * layout.column_bytes <= INT32_MAX / 2 && layout.part_bytes <= INT32_MAX / 2 &&
         Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels) &&
         Within(extents.frame_bytes, p.scratch, layout.parts * layout.part_bytes) &&
         Within(extents.constants_bytes, p.constants, fours * layout.four_bytes, 1, alignof(HeliumBias)) &&
         HasHeliumShifts(constants + p.constants + layout.four_bytes - sizeof(HeliumScale), fours, layout.four_bytes);
}

void HeliumConvolve::Run(const Params& p, const Memory& memory) {
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  const std::byte* constants = memory.constants + p.constants;
  const HeliumOutput output(p.output_zero_point, p.clamp_low, p.clamp_high, p.any_left != 0);
  const Layout layout(p);
  Windows windows(p, layout, reinterpret_cast<const int8_t*>(memory.frame + p.input),
                  reinterpret_cast<int8_t*>(memory.frame + p.scratch));
  const int32_t pixels = p.output_height * p.output_width, channels = p.output_channels;
#if defined(__ARM_FEATURE_MVE)
  const int32_t in_eights = p.in_pairs != 0 ? channels / 8 * 8 : 0;
  const auto rounds = static_cast<int32_t>(layout.blocks + 3) / 4;
  HeliumConvolveTask task = {};
  task.zero_point = p.output_zero_point;
  task.constants = constants;
  task.window_step = 2 * windows.step();
  task.output_end_step = 2 * channels;
  task.output_step = 2 * channels - in_eights;
  task.low = output.low;
  task.high = output.high;
  task.first_blocks = static_cast<int32_t>(layout.blocks) - (rounds - 1) * 4;
#endif
  for (int32_t pixel = 0; pixel < pixels;) {
    const int8_t* first = windows.Next(0);
    if (++pixel == pixels) {
      OnePixel(p, layout, first, constants, output, y, 0);
      return;
    }
    const int8_t* second = windows.Next(1);
    ++pixel;
    int32_t done = 0, pairs = 1;  // channels, and of how many pairs
#if defined(__ARM_FEATURE_MVE)
    if (in_eights > 0) {
      done = in_eights;
      pairs += windows.More();
      task.tiles[0] = task.tiles[1] = {{first, second}, rounds, nullptr};
      task.outputs[0] = y;
      task.outputs[1] = y + channels;
      task.first_output_end = y + in_eights;
      task.pairs = pairs;
      (output.low_is_zero ? HeliumConvolvePairsClampedToZero : HeliumConvolvePairs)(&task);
      windows.Skip(2 * (pairs - 1));
      pixel += 2 * (pairs - 1);
    }
#endif
    for (; pairs > 0; --pairs, y += 2 * channels) {
      if (done < channels) {
        OnePixel(p, layout, first, constants, output, y, done);
        OnePixel(p, layout, second, constants, output, y + channels, done);
      }
      if (pairs == 1) continue;
      first += 2 * windows.step();
      second += 2 * windows.step();
    }
  }
}

}  // namespace thimble::steps
