#include "steps/helium_depthwise/step.h"

#include "steps/helium.h"
#include "steps/image_walk.h"

#if defined(__ARM_FEATURE_MVE)
extern "C" {
/// What helium.S does: `pairs` of pixels, and of each all whole groups of eight channels. It changes the task.
struct HeliumDepthwiseTask {
  uint32_t columns[4];  // addresses of the first window's columns, less 32
  int16_t low[8], high[8];
  const std::byte* constants;
  int32_t second_window;  // bytes behind the first one
  int8_t* outputs[2];
  int32_t channels, zero_point;
  int32_t pairs;
  int32_t window_step, output_step;  // bytes from one pair to the next
};
void HeliumDepthwisePairs(HeliumDepthwiseTask* task);
void HeliumDepthwisePairsClampedToZero(HeliumDepthwiseTask* task);
}
#endif

namespace thimble::steps {
namespace {

using Params = HeliumDepthwise::Params;

constexpr int32_t kLanes = 16;       // products of one instruction
constexpr int32_t kTogether = 4;     // channels whose constants lie together
constexpr int32_t kWord = 4;         // rows in a word of the stripe, and columns in a patch
constexpr int32_t kMostWindow = 16;  // rows and columns

/// Sizes of what lies in constants and scratch, for parameters within Check's limits.
struct Layout {
  explicit Layout(const Params& p)
      : rows((p.kernel_height - 1) * p.dilation_height + 1),
        floors((rows + kWord - 1) / kWord),
        patches(floors * ((p.kernel_width + kWord - 1) / kWord)),
        columns((p.output_width - 1) * p.stride_width + (p.kernel_width - 1) * p.dilation_width + 1),
        channels(p.input_channels),
        floor_bytes((int64_t{columns} * channels + kLanes) * kWord),
        four_bytes(int64_t{patches} * kLanes * kTogether +
                   static_cast<int64_t>(sizeof(HeliumBias) + sizeof(HeliumScale))) {}
  int32_t rows;     ///< that a window spans
  int32_t floors;   ///< words above each other
  int32_t patches;  ///< of 4 x 4 that a window takes
  int32_t columns;  ///< of the padded image
  int32_t channels;
  int64_t floor_bytes;  ///< and a little more, so that sixteen words may be written where one is left
  int64_t four_bytes;   ///< constants of four channels
};

#if defined(__ARM_FEATURE_MVE)
/// Sixteen words at `at`: their rows are loaded apart, and stored together again one register further on: q4 becomes
/// the newest row, and q0 is the one that leaves.
#define THIMBLE_ADVANCE_ROWS(end)       \
  "vld40.8 {q0, q1, q2, q3}, [%[at]]\n" \
  "vld41.8 {q0, q1, q2, q3}, [%[at]]\n" \
  "vld42.8 {q0, q1, q2, q3}, [%[at]]\n" \
  "vld43.8 {q0, q1, q2, q3}, [%[at]]\n" \
  "vst40.8 {q1, q2, q3, q4}, [%[at]]\n" \
  "vst41.8 {q1, q2, q3, q4}, [%[at]]\n" \
  "vst42.8 {q1, q2, q3, q4}, [%[at]]\n" \
  "vst43.8 {q1, q2, q3, q4}, [%[at]]" end "\n"
#endif

/// The rows that windows see, newest last: a word has four rows of a column and channel, the newest in its last byte;
/// a further floor of words has the four before them, and so on.
class Stripe {
 public:
  Stripe(const Params& p, const Layout& layout, const int8_t* x, int8_t* scratch)
      : p_(p), layout_(layout), x_(x), scratch_(scratch) {
    HeliumFill(scratch, p.pad_value, layout.floors * static_cast<int32_t>(layout.floor_bytes));
    // Columns -pad_left to columns - pad_left - 1, of which the image has 0 to input_width - 1.
    before_ = Clamp(p.pad_left, 0, layout.columns);
    first_ = Clamp(-p.pad_left, 0, p.input_width);
    count_ = Clamp(p.input_width - first_, 0, layout.columns - before_) * layout.channels;
  }

  /// Makes `row` of the padded image the newest.
  void Push(int32_t row) {
    const int8_t* from = nullptr;
    if (row >= 0 && row < p_.input_height) from = x_ + (row * p_.input_width + first_) * layout_.channels;
    int8_t* to = scratch_ + before_ * layout_.channels * kWord;
    const auto floor_bytes = static_cast<int32_t>(layout_.floor_bytes);
#if defined(__ARM_FEATURE_MVE)
    const int8x16_t pad = vdupq_n_s8(static_cast<int8_t>(p_.pad_value));
    int32_t left = count_;
    if (const int32_t vectors = left / kLanes; layout_.floors == 1 && from != nullptr && vectors > 0) {
      left -= vectors * kLanes;
      asm volatile(
          "dls lr, %[vectors]\n"
          "1:\n"
          "vldrb.8 q4, [%[from]], #16\n" THIMBLE_ADVANCE_ROWS("!") "le lr, 1b\n"
          : [from] "+r"(from), [at] "+r"(to)
          : [vectors] "r"(vectors)
          : "lr", "q0", "q1", "q2", "q3", "q4", "memory");
    }
    for (; left > 0; left -= kLanes, to += kLanes * kWord) {
      int8x16_t newest = pad;
      if (from != nullptr) {
        const mve_pred16_t lanes = vctp8q(static_cast<uint32_t>(left));
        newest = vpselq_s8(vldrbq_z_s8(from, lanes), pad, lanes);
        from += kLanes;
      }
      int8_t* at = to;
      for (int32_t floor = layout_.floors; floor > 0; --floor, at += floor_bytes) {
        asm volatile("vmov q4, %q[newest]\n" THIMBLE_ADVANCE_ROWS("") "vmov %q[newest], q0\n"
                     : [newest] "+w"(newest)
                     : [at] "r"(at)
                     : "q0", "q1", "q2", "q3", "q4", "memory");
      }
    }
#else
    for (int32_t i = 0; i < count_; ++i, to += kWord) {
      int8_t newest = static_cast<int8_t>(from != nullptr ? from[i] : p_.pad_value);
      int8_t* at = to;
      for (int32_t floor = layout_.floors; floor > 0; --floor, at += floor_bytes) {
        const int8_t oldest = at[0];
        for (int32_t k = 0; k + 1 < kWord; ++k) at[k] = at[k + 1];
        at[kWord - 1] = newest;
        newest = oldest;
      }
    }
#endif
  }

  /// Where the window of pixel `j` of a row begins.
  const int8_t* Window(int32_t j) const { return scratch_ + j * step(); }
  /// Bytes from one pixel's window to the next one's.
  int32_t step() const { return p_.stride_width * layout_.channels * kWord; }

 private:
  const Params& p_;
  const Layout& layout_;
  const int8_t* x_;
  int8_t* scratch_;
  int32_t before_, first_, count_;  // columns, columns, bytes
};

/// Where columns `first` to `first` + 3 of a window are, in bytes; those that it does not have meet weights of 0.
struct Columns {
  Columns(const Params& p, int32_t first) {
    for (int32_t l = 0; l < kWord; ++l) {
      const int32_t column = first + l < p.kernel_width ? (first + l) * p.dilation_width : 0;
      offsets[l] = static_cast<uint32_t>(column * p.input_channels * kWord);
    }
  }
  uint32_t offsets[kWord];
};

/// Up to four channels of one pixel, which are `apart` from each other.
void OneTile(const Params& p, const Layout& layout, const int8_t* window, const std::byte* constants,
             const HeliumOutput& output, int8_t* y, int32_t count, int32_t apart) {
  const auto& bias = *reinterpret_cast<const HeliumBias*>(constants);
  const auto& scale = *reinterpret_cast<const HeliumScale*>(constants + layout.four_bytes - sizeof(HeliumScale));
  const auto* w = reinterpret_cast<const int8_t*>(constants + sizeof(HeliumBias));
  uint32_t sums[kTogether] = {};
  for (int32_t column = 0; column < p.kernel_width; column += kWord) {
    const Columns columns(p, column);
    const int8_t* word = window;
    for (int32_t floor = layout.floors; floor > 0; --floor, word += layout.floor_bytes) {
      for (int32_t lane = 0; lane < kTogether; ++lane, w += kLanes) {
        if (lane >= count) continue;
        const int8_t* at = word + lane * apart * kWord;
#if defined(__ARM_FEATURE_MVE)
        const int32x4_t x = vldrwq_gather_offset_s32(reinterpret_cast<const int32_t*>(at), vld1q_u32(columns.offsets));
        sums[lane] =
            static_cast<uint32_t>(vmladavaq_s8(static_cast<int32_t>(sums[lane]), vreinterpretq_s8_s32(x), vld1q_s8(w)));
#else
        for (int32_t i = 0; i < kLanes; ++i) {
          sums[lane] += static_cast<uint32_t>(at[columns.offsets[i / kWord] + static_cast<uint32_t>(i % kWord)] * w[i]);
        }
#endif
      }
    }
  }
#if defined(__ARM_FEATURE_MVE)
  int32x4_t scaled[] = {vreinterpretq_s32_u32(vld1q_u32(sums))};
  HeliumFinish(scaled, bias, scale, output);
  HeliumStore(y, scaled[0], count, apart);
#else
  for (int32_t lane = 0; lane < count; ++lane) {
    y[lane * apart] = HeliumFinish(sums[lane], bias, scale, lane, output);
  }
#endif
}

/// Channels `c` and after of one pixel; a multiple of eight are before them.
void OnePixel(const Params& p, const Layout& layout, const int8_t* window, const std::byte* constants,
              const HeliumOutput& output, int8_t* y, int32_t c) {
  ForEachHeliumFour(c, p.input_channels, [&](int32_t four, int32_t first, int32_t count, int32_t apart) {
    OneTile(p, layout, window + first * kWord, constants + four * layout.four_bytes, output, y + first, count, apart);
  });
}

#if defined(__ARM_FEATURE_MVE)
/// All whole groups of eight channels of a row, whose windows take one patch.
void RunPairs(const Params& p, const Stripe& stripe, const std::byte* constants, const HeliumOutput& output,
              int32_t in_eights, int8_t* y) {
  HeliumDepthwiseTask task;
  vst1q_s16(task.low, vdupq_n_s16(static_cast<int16_t>(output.low)));
  vst1q_s16(task.high, vdupq_n_s16(static_cast<int16_t>(output.high)));
  task.constants = constants;
  task.channels = in_eights;
  task.zero_point = output.zero_point;
  task.window_step = 2 * stripe.step();
  task.output_step = 2 * p.output_channels;
  const auto run = [&](int32_t j, int32_t pairs, int32_t second) {
    const auto window = reinterpret_cast<uint32_t>(stripe.Window(j));
    vst1q_u32(task.columns, vaddq_n_u32(vld1q_u32(Columns(p, 0).offsets), window - 32));
    task.second_window = second * stripe.step();
    task.outputs[0] = y + j * p.output_channels;
    task.outputs[1] = task.outputs[0] + second * p.output_channels;
    task.pairs = pairs;
    (output.low_is_zero ? HeliumDepthwisePairsClampedToZero : HeliumDepthwisePairs)(&task);
  };
  if (p.output_width > 1) run(0, p.output_width / 2, 1);
  if (p.output_width % 2 != 0) run(p.output_width - 1, 1, 0);  // one that is its own neighbour
}
#endif

}  // namespace

bool HeliumDepthwise::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  if (!IsWalkable(p) || p.input_channels != p.output_channels) return false;
  for (const int32_t step : {p.stride_height, p.stride_width, p.dilation_height, p.dilation_width}) {
    if (step < 1) return false;
  }
  const int64_t columns =
      int64_t{p.output_width - 1} * p.stride_width + int64_t{p.kernel_width - 1} * p.dilation_width + 1;
  const int64_t rows = int64_t{p.kernel_height - 1} * p.dilation_height + 1;
  if (rows > kMostWindow || p.kernel_width > kMostWindow || columns > kMostExtent) return false;
  // A window's steps count only where there are several of them.
  if ((p.output_width > 1 && p.stride_width > kMostExtent) || (p.kernel_width > 1 && p.dilation_width > kMostExtent)) {
    return false;
  }
  const Layout layout(p);
  const int64_t fours = (p.input_channels + kTogether - 1) / kTogether;
  return layout.floor_bytes * layout.floors <= INT32_MAX &&
         Within(extents.frame_bytes, p.scratch, layout.floor_bytes * layout.floors, 1, alignof(int32_t)) &&
         Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * p.output_channels) &&
         Within(extents.constants_bytes, p.constants, fours * layout.four_bytes, 1, alignof(HeliumBias)) &&
         HasHeliumShifts(constants + p.constants + layout.four_bytes - sizeof(HeliumScale), fours, layout.four_bytes);
}

void HeliumDepthwise::Run(const Params& p, const Memory& memory) {
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  const std::byte* constants = memory.constants + p.constants;
  const HeliumOutput output(p.output_zero_point, p.clamp_low, p.clamp_high, p.any_left != 0);
  const Layout layout(p);
  Stripe stripe(p, layout, reinterpret_cast<const int8_t*>(memory.frame + p.input),
                reinterpret_cast<int8_t*>(memory.frame + p.scratch));
  const int32_t channels = p.input_channels;
  int32_t next = p.pad_top > 0 ? 0 : -p.pad_top;  // rows above the image are there already
  for (int32_t i = 0; i < p.output_height; ++i, y += p.output_width * channels) {
    const int32_t top = i * p.stride_height - p.pad_top;
    if (next < top) next = top;  // strides may skip rows
    for (; next < top + layout.rows; ++next) stripe.Push(next);
    int32_t done = 0;
#if defined(__ARM_FEATURE_MVE)
    if (p.in_pairs != 0 && layout.patches == 1 && channels >= 8) {
      done = channels / 8 * 8;
      RunPairs(p, stripe, constants, output, done, y);
    }
#endif
    if (done == channels) continue;
    for (int32_t j = 0; j < p.output_width; ++j) {
      OnePixel(p, layout, stripe.Window(j), constants, output, y + j * channels, done);
    }
  }
}

}  // namespace thimble::steps
