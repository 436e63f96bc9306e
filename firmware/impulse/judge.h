// Readings become verdicts: the impulse that is linked into the program, its window, and what each step takes.
#ifndef THIMBLE_FIRMWARE_IMPULSE_JUDGE_H_
#define THIMBLE_FIRMWARE_IMPULSE_JUDGE_H_

#include <cstddef>
#include <cstdint>

#include "base/hash.h"
#include "firmware/board.h"
#include "firmware/cycle_region.h"
#include "firmware/sliding_window.h"
#include "runtime/linked_impulse.h"
#include "runtime/session.h"

namespace thimble::firmware {

/// One window, judged.
struct Judgement {
  runtime::Verdict verdict;
  uint32_t window = 0;  ///< counted from the beginning of the recording
  uint64_t features_hash = 0;
  uint32_t dsp_ticks = 0, network_ticks = 0;
};

/// Around runtime::kLinkedImpulse. Every judgement is two regions (firmware/cycle_region.h): features, then network.
/// `Session` is runtime::Session, or one of firmware/impulse/detecting.h.
template <typename Session>
class JudgeOf {
 public:
  /// Until this gives kOk, nothing else may be called but fault().
  Status Load() {
    const Status status = session_.Load(impulse(), runtime::kLinkedArena, &fault_);
    sliding_ = SlidingWindow(session_.window(), impulse().window.axes, impulse().stride_readings);
    return status;
  }

  /// Forgets the readings before these.
  void BeginRecording() { sliding_.BeginRecording(); }

  /// Takes one reading, a float for each axis at any address. True when it completes a window: Run judges that.
  bool Push(const std::byte* reading) { return sliding_.Push(reading); }

  Judgement Run() {
    Judgement judgement;
    judgement.dsp_ticks = Count([this] { session_.ExtractFeatures(); });
    judgement.network_ticks = Count([this] { session_.InvokeNetwork(); });
    judgement.verdict = session_.Decide();
    judgement.window = static_cast<uint32_t>(sliding_.window_count() - 1);
    judgement.features_hash = Fnv1a(std::as_bytes(session_.features()));
    return judgement;
  }

  static const runtime::Impulse& impulse() { return runtime::kLinkedImpulse; }
  Session& session() { return session_; }
  const Session& session() const { return session_; }
  const runtime::Fault& fault() const { return fault_; }
  size_t reading_count() const { return sliding_.reading_count(); }

 private:
  template <typename Work>
  static uint32_t Count(Work work) {
    StartTicks();
    BeginRegion();
    work();
    EndRegion();
    return Ticks();
  }

  Session session_;
  runtime::Fault fault_;
  SlidingWindow sliding_;
};

using Judge = JudgeOf<runtime::Session>;

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_IMPULSE_JUDGE_H_
