#include "steps/depthwise/slab.h"

#include <algorithm>

namespace thimble::steps {
namespace {

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
extern "C" {
void ThimbleDepthwiseSplit(SplitJob* job);
void ThimbleDepthwiseCarry(std::byte* slab, int32_t pairs, int32_t pair_bytes, int32_t from_bytes, int32_t rows);
}
#endif

uint32_t Pair(int32_t left, int32_t right) {
  return (static_cast<uint32_t>(left) & 0xffff) | static_cast<uint32_t>(right) << 16;
}

/// The same for any number of channels up to four; lanes beyond are padding.
void SplitLanes(const SplitJob& job, int32_t lanes) {
  const int32_t padding{static_cast<int8_t>(job.padding)};
  for (int32_t row = 0; row < job.rows; ++row) {
    const auto* source = reinterpret_cast<const int8_t*>(job.source) + ptrdiff_t{row} * job.row_bytes;
    auto* words = reinterpret_cast<uint32_t*>(job.words + ptrdiff_t{row} * kSlabWordBytes);
    const int32_t width = job.head + 2 * job.pairs + job.tail;
    for (int32_t x = -job.head; x < width; x += 2) {
      for (int32_t lane = 0; lane < lanes; ++lane) {
        const auto pixel = [&](int32_t at) {
          return at >= 0 && at < width ? int32_t{source[at * job.pixel_bytes + lane]} : padding;
        };
        words[lane] = Pair(pixel(x), pixel(x + 1));
      }
      words += job.pair_bytes / 4;
    }
  }
}

}  // namespace

bool CheckSlabs(const DepthwiseParams& p, const Extents& extents) {
  constexpr int32_t kMost = 1 << 15;
  const int32_t lengths[] = {p.input_height,    p.input_width,    p.input_channels, p.output_height, p.output_width,
                             p.multiplier,      p.kernel_height,  p.kernel_width,   p.stride_height, p.stride_width,
                             p.dilation_height, p.dilation_width, p.slab_rows,      p.slab_words};
  for (const int32_t length : lengths) {
    if (length < 1 || length > kMost) return false;
  }
  if (p.pad_top < 0 || p.pad_top > kMost || p.pad_left < 0 || p.pad_left > kMost) return false;
  const int64_t outputs = int64_t{p.input_channels} * p.multiplier;
  const int64_t span_rows = int64_t{p.kernel_height - 1} * p.dilation_height + 1;
  const int64_t slab_bytes = int64_t{p.slab_rows} * p.slab_words * kSlabWordBytes;
  return outputs <= kMost && span_rows <= p.slab_rows && slab_bytes <= INT32_MAX && p.padding >= -128 &&
         p.padding <= 127 && int64_t{p.output_height} * p.stride_height <= INT32_MAX &&
         Within(extents.frame_bytes, p.input, int64_t{p.input_height} * p.input_width * p.input_channels) &&
         Within(extents.frame_bytes, p.output, int64_t{p.output_height} * p.output_width * outputs) &&
         Within(extents.frame_bytes, p.scratch, slab_bytes, 1, 4);
}

Slabs::Slabs(const DepthwiseParams& params, const Memory& memory)
    : params_(params),
      input_(memory.frame + params.input),
      slab_(memory.frame + params.scratch),
      lanes_(std::min(params.input_channels, kSlabLanes)),
      columns_(std::max<int32_t>(std::min(params.input_width, 2 * params.slab_words - params.pad_left), 0)) {
  PadRows(0, params.slab_rows);  // what no pixel of the image overwrites stays so
}

bool Slabs::Next(SlabPart& part) {
  const DepthwiseParams& p = params_;
  if (row_ >= p.output_height) {
    row_ = filled_ = 0;
    channel_ += lanes_;
  }
  if (channel_ >= p.input_channels) return false;
  const int32_t rows = std::min(p.OutputRows(), p.output_height - row_);
  const int32_t needed = (rows - 1) * p.stride_height + p.SpanRows();
  const int32_t moved = p.OutputRows() * p.stride_height;
  const int32_t kept = row_ > 0 ? std::max<int32_t>(filled_ - moved, 0) : 0;
  if (kept > 0) CarryRows(moved, kept);
  const int32_t top = row_ * p.stride_height - p.pad_top;  // of the image, in row 0 of the slab
  const int32_t begin = std::max(kept, std::min(-top, needed));
  const int32_t end = std::max(begin, std::min(p.input_height - top, needed));
  // The last channels come together with some that are done, so that four bytes can always be read.
  const int32_t base = std::min(channel_, p.input_channels - lanes_);
  if (begin < end && columns_ > 0) {
    const int32_t head = p.pad_left % 2;
    SplitJob job{input_ + (ptrdiff_t{top + begin} * p.input_width * p.input_channels + base),
                 slab_ + (p.pad_left / 2 * p.PairBytes() + begin * kSlabWordBytes),
                 end - begin,
                 p.input_channels,
                 p.input_width * p.input_channels,
                 (columns_ - head) / 2,
                 p.PairBytes(),
                 head,
                 (columns_ - head) % 2,
                 static_cast<int32_t>((static_cast<uint32_t>(p.padding) & 0xff) * 0x01010101)};
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
    if (lanes_ == kSlabLanes) {
      ThimbleDepthwiseSplit(&job);
    } else  // NOLINT(readability/braces)
#endif
      SplitLanes(job, lanes_);
  }
  if (p.output_height > p.OutputRows()) {  // else rows of padding are always the same
    PadRows(kept, begin);
    PadRows(end, needed);
  }
  part = {slab_ + 4 * (channel_ - base), lanes_ - (channel_ - base), channel_, row_, rows};
  filled_ = std::max(needed, kept);
  row_ += rows;
  return true;
}

void Slabs::PadRows(int32_t begin, int32_t end) {
  if (begin >= end) return;
  const uint32_t word = Pair(params_.padding, params_.padding);
  std::byte* column = slab_ + begin * kSlabWordBytes;
  for (int32_t pair = 0; pair < params_.slab_words; ++pair, column += params_.PairBytes()) {
    auto* words = reinterpret_cast<uint32_t*>(column);
    for (int32_t i = begin; i < end; ++i, words += kSlabLanes) words[0] = words[1] = words[2] = words[3] = word;
  }
}

/// Copies `count` rows of all pairs from row `from` to row 0, in ascending order.
void Slabs::CarryRows(int32_t from, int32_t count) {
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
  ThimbleDepthwiseCarry(slab_, params_.slab_words, params_.PairBytes(), from * kSlabWordBytes, count);
#else
  for (int32_t pair = 0; pair < params_.slab_words; ++pair) {
    auto* to = reinterpret_cast<uint32_t*>(slab_ + ptrdiff_t{pair} * params_.PairBytes());
    for (int32_t i = 0; i < count * kSlabLanes; ++i) to[i] = to[i + from * kSlabLanes];
  }
#endif
}

}  // namespace thimble::steps
