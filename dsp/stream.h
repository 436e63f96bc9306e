// Features of sound that never ends: each new frame is worked out once, whatever windows it becomes part of.
#ifndef THIMBLE_DSP_STREAM_H_
#define THIMBLE_DSP_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/arena.h"
#include "dsp/block.h"
#include "dsp/frames.h"

namespace thimble::dsp {

/// One block of frames (Mfe, Mfcc, Spectrogram) that listens.
///
///   Stream<Mfe> stream(params, window, memory);     // memory: Stream<Mfe>::Bytes(params, window)
///   stream.Push(slice);                             // as samples come, as many as there are
///   if (stream.full()) stream.Features(features);   // of the window that ends with the newest whole frame
///
/// Frames lie a stride apart from the first sample pushed on. After s * stride + window.readings samples, `Features`
/// gives what Extract gives for the window of those last readings, to the bit, but for one thing: pre-emphasis. Before
/// the first sample of its window Extract knows nothing and takes the window's last samples; a stream knows what came
/// before. So frames that begin with the first `shift` samples of a window may differ (in general that is its first
/// one), and where frames are normalised over a sliding window (MFCC), those around them a little. Without
/// pre-emphasis, or when the samples before the window are its last ones, all bits are equal. Before the first sample
/// ever come zeros.
///
/// The caller's (params, window) passed Check. Nothing is allocated; the memory is the stream's while it lives.
template <FrameBlock B>
class Stream {
 public:
  using Params = typename B::Params;

  static size_t Bytes(const Params& params, const Window& window) {
    const Frames frames = B::FramesOf(params, window);
    return AlignUp(B::PreparedBytes(params, window)) + AlignUp(HistoryCount(params, frames) * sizeof(float)) +
           AlignUp(RowsCount(params, frames) * sizeof(float)) + B::ScratchBytes(params, window);
  }

  /// `memory` has at least Bytes, aligned to kArenaAlignment.
  Stream(const Params& params, const Window& window, std::span<std::byte> memory)
      : params_(params), window_(window), frames_(B::FramesOf(params, window)) {
    Arena arena(memory);
    prepared_ = arena.Take<std::byte>(B::PreparedBytes(params, window));
    history_ = arena.Take<float>(HistoryCount(params, frames_));
    rows_ = arena.Take<float>(RowsCount(params, frames_));
    scratch_ = arena.Rest();
    B::Prepare(params_, window_, prepared_);
    Reset();
  }

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Forgets all samples.
  void Reset() {
    known_ = static_cast<size_t>(B::EmphasisOf(params_).shift);
    std::fill_n(history_.data(), known_, 0.0f);
    skip_ = 0;
    frames_seen_ = 0;
  }

  /// Takes any number of samples in, float or int16, and works out the frames that end with them.
  void Push(std::span<const float> samples) { Take(samples); }
  void Push(std::span<const int16_t> samples) { Take(samples); }

  /// Frames since the beginning.
  uint64_t frames_seen() const { return frames_seen_; }

  /// Whether a whole window has been heard.
  bool full() const { return frames_seen_ >= static_cast<uint64_t>(frames_.count); }

  /// The features of the newest window: FeatureCount numbers. Not before it is full().
  void Features(std::span<float> features) {
    const size_t row_length = B::RowLength(params_);
    const size_t oldest = static_cast<size_t>(frames_seen_ % static_cast<uint64_t>(frames_.count)) * row_length;
    const auto end = std::copy(rows_.begin() + static_cast<std::ptrdiff_t>(oldest), rows_.end(), features.begin());
    std::copy_n(rows_.begin(), oldest, end);
    B::Finish(params_, window_, features, Arena(scratch_));
  }

 private:
  // One frame, and the samples before it that pre-emphasis looks back at.
  static size_t HistoryCount(const Params& params, const Frames& frames) {
    return static_cast<size_t>(B::EmphasisOf(params).shift + frames.length);
  }
  static size_t RowsCount(const Params& params, const Frames& frames) {
    return static_cast<size_t>(frames.count) * B::RowLength(params);
  }

  template <typename Sample>
  void Take(std::span<const Sample> samples) {
    while (true) {
      const size_t skipped = std::min(skip_, samples.size());
      skip_ -= skipped;
      samples = samples.subspan(skipped);
      if (samples.empty()) return;
      const size_t taken = std::min(history_.size() - known_, samples.size());
      for (size_t i = 0; i < taken; ++i) history_[known_ + i] = static_cast<float>(samples[i]);
      known_ += taken;
      samples = samples.subspan(taken);
      if (known_ == history_.size()) EndFrame();
    }
  }

  void EndFrame() {
    const Emphasis emphasis = B::EmphasisOf(params_);
    const size_t row_length = B::RowLength(params_);
    Arena arena(scratch_);
    const std::span<float> frame = arena.Take<float>(static_cast<size_t>(params_.fft_length));
    const size_t used = SamplesUsed<B>(params_, frames_);
    Emphasise(emphasis.coefficient, history_.data() + emphasis.shift, history_.data(), frame.first(used));
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(used), frame.end(), 0.0f);
    const size_t place = static_cast<size_t>(frames_seen_ % static_cast<uint64_t>(frames_.count));
    B::Row(params_, prepared_, frame, rows_.subspan(place * row_length, row_length), arena);
    ++frames_seen_;

    // On to where the next frame begins.
    const size_t stride = static_cast<size_t>(frames_.stride);
    if (stride < known_) {
      std::copy(history_.begin() + static_cast<std::ptrdiff_t>(stride), history_.end(), history_.begin());
      known_ -= stride;
    } else {
      skip_ = stride - known_;
      known_ = 0;
    }
  }

  Params params_;
  Window window_;
  Frames frames_;
  std::span<std::byte> prepared_;
  std::span<float> history_;  // from the next frame's first sample, less emphasis.shift, on
  std::span<float> rows_;     // those of the newest frames, each in place (its number modulo frames_.count)
  std::span<std::byte> scratch_;
  size_t known_ = 0;  // samples in history_
  size_t skip_ = 0;   // samples to come that no frame reads
  uint64_t frames_seen_ = 0;
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_STREAM_H_
