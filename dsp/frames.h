// A window of sound cut into frames, and what blocks of frames share: pre-emphasis, the loop over frames, their names.
#ifndef THIMBLE_DSP_FRAMES_H_
#define THIMBLE_DSP_FRAMES_H_

#include <concepts>
#include <cstddef>
#include <span>

#include "base/arena.h"
#include "dsp/block.h"
#include "dsp/refusal.h"

namespace thimble::dsp {

/// No window has more: Edge Impulse's limit.
inline constexpr int kMostFrames = 500;

/// Where the frames of a window lie, in samples: frame k takes `length` samples from k * stride on. What is left at the
/// end of the window belongs to no frame.
struct Frames {
  int length = 0;
  int stride = 0;
  int count = 0;  ///< 0: not even one fits
};

/// length_s and stride_s, in seconds, are rounded up to samples, but for less than a thousandth of a sample. Lengths
/// are limited to one sample more than the window has.
Frames FramesOf(float length_s, float stride_s, const Window& window);

/// What every block of frames wants of its window.
THIMBLE_JUDGE Refusal JudgeFrames(float length_s, float stride_s, const Window& window) {
  if (const Refusal refusal = JudgeWindow(window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(window.axes == 1, "this block takes a single axis; make one block for each axis");
  THIMBLE_REFUSE_UNLESS(length_s > 0 && IsFinite(length_s),
                        "the frame length is not a positive number of seconds; 0.02 suits speech");
  THIMBLE_REFUSE_UNLESS(stride_s > 0 && IsFinite(stride_s),
                        "the frame stride is not a positive number of seconds; take the frame length, or half of it");
  const Frames frames = FramesOf(length_s, stride_s, window);
  THIMBLE_REFUSE_UNLESS(frames.length >= 1 && frames.stride >= 1,
                        "the frame length or stride is less than one sample; lengthen it, or sample faster");
  THIMBLE_REFUSE_UNLESS(frames.count >= 1,
                        "the frame is longer than the window; shorten the frame, or make the window longer");
  THIMBLE_REFUSE_UNLESS(frames.count <= kMostFrames,
                        "the window holds more than 500 frames; lengthen the frame stride, or shorten the window");
  return {};
}

/// A filter that lifts high frequencies: y[n] = x[n] - coefficient * x[n - shift].
struct Emphasis {
  float coefficient = 0;
  int shift = 0;
};

/// out[i] = now[i] - coefficient * earlier[i]. `earlier` is not read when the coefficient is 0.
void Emphasise(float coefficient, const float* now, const float* earlier, std::span<float> out);

/// A block whose features are rows, one for each frame. It has, beyond what kBlock (dsp/block.h) wants,
///   static Frames FramesOf(const Params&, const Window&);
///   static Emphasis EmphasisOf(const Params&);
///   static size_t RowLength(const Params&);        // features a frame
///   static size_t FrameScratchBytes(const Params&);  // what Row needs
///   // One frame of fft_length samples, emphasised, cut or filled up with zeros.
///   static void Row(const Params&, std::span<const std::byte> prepared, std::span<const float> frame,
///                   std::span<float> row, Arena scratch);
///   // What is done to all rows together, in place, with at most ScratchBytes.
///   static void Finish(const Params&, const Window&, std::span<float> rows, Arena scratch);
template <typename B>
concept FrameBlock = requires(const typename B::Params& params, const Window& window, std::span<float> floats,
                              std::span<const std::byte> prepared, Arena scratch) {
  { params.fft_length } -> std::convertible_to<int>;
  { B::FramesOf(params, window) } -> std::same_as<Frames>;
  { B::EmphasisOf(params) } -> std::same_as<Emphasis>;
  { B::RowLength(params) } -> std::same_as<size_t>;
  { B::FrameScratchBytes(params) } -> std::same_as<size_t>;
  B::Row(params, prepared, floats, floats, scratch);
  B::Finish(params, window, floats, scratch);
};

/// The samples of a frame that its transform reads: frames longer than the transform are cut.
template <FrameBlock B>
size_t SamplesUsed(const typename B::Params& params, const Frames& frames) {
  return static_cast<size_t>(frames.length < params.fft_length ? frames.length : params.fft_length);
}

/// What ExtractFrames needs while it runs; a block's ScratchBytes is this or what Finish needs, the larger of the two.
template <FrameBlock B>
size_t FramesScratchBytes(const typename B::Params& params) {
  return AlignUp(static_cast<size_t>(params.fft_length) * sizeof(float)) + B::FrameScratchBytes(params);
}

/// The Extract of a block of frames. Before its first sample the window is taken to go on with its last ones, as the
/// reference has it.
template <FrameBlock B>
void ExtractFrames(const typename B::Params& params, const Window& window, std::span<const std::byte> prepared,
                   std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
  const Frames frames = B::FramesOf(params, window);
  const Emphasis emphasis = B::EmphasisOf(params);
  const size_t shift = static_cast<size_t>(emphasis.shift);
  const size_t row_length = B::RowLength(params);
  Arena arena(scratch);
  const std::span<float> frame = arena.Take<float>(static_cast<size_t>(params.fft_length));
  const size_t used = SamplesUsed<B>(params, frames);
  for (size_t i = used; i < frame.size(); ++i) frame[i] = 0;
  for (size_t k = 0; k < static_cast<size_t>(frames.count); ++k) {
    const size_t start = k * static_cast<size_t>(frames.stride);
    const float* now = samples.data() + start;
    size_t wrapped = start < shift ? shift - start : 0;
    if (wrapped > used) wrapped = used;
    if (wrapped > 0) Emphasise(emphasis.coefficient, now, now + (samples.size() - shift), frame.first(wrapped));
    if (wrapped < used) {
      Emphasise(emphasis.coefficient, now + wrapped, now + wrapped - shift, frame.subspan(wrapped, used - wrapped));
    }
    B::Row(params, prepared, frame, features.subspan(k * row_length, row_length), arena);
  }
  B::Finish(params, window, features, Arena(scratch));
}

/// The layout of rows, one for each frame.
Layout LayoutOfRows(const Frames& frames, size_t row_length);

/// "Frame 3 filter 12 (1234 Hz)"; no frequency where it is negative. Frames, and what `kind` says, count from 0.
FeatureName NameInRow(size_t feature, size_t row_length, const char* kind, float frequency_hz);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FRAMES_H_
