// Runs an impulse that has no network: samples -> features -> how strange they are, inside one arena.
#ifndef THIMBLE_RUNTIME_FEATURE_SESSION_H_
#define THIMBLE_RUNTIME_FEATURE_SESSION_H_

#include <cstddef>
#include <span>

#include "runtime/anomaly.h"
#include "runtime/fault.h"
#include "runtime/impulse.h"

namespace thimble::runtime {

/// As Session (runtime/session.h), for a detector that stands alone. A program with nothing else holds no interpreter.
class FeatureSession {
 public:
  /// Checks the impulse, whose model stays unread, and plans `arena`, which must begin at a multiple of 16. Impulse and
  /// arena must outlive the session. After kOk nothing below can fail. `fault` (may be null) says why not.
  ///
  ///   kOutOfMemory    the arena is too small (`arena_bytes()` of a session loaded into a larger one is exact)
  ///   anything else   StatusOf(fault->reason)
  Status Load(const Impulse& impulse, std::span<std::byte> arena, Fault* fault = nullptr);

  /// The samples to judge, interleaved by reading, zero after Load. The caller fills or slides it.
  std::span<float> window() { return window_; }
  std::span<const float> features() const { return features_; }

  void ExtractFeatures();  ///< window() -> features()

  /// What Load took of the arena: exactly enough, and the same number on a laptop and on a 32-bit device.
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  Reason Plan(std::span<std::byte> arena);

  const Impulse* impulse_ = nullptr;
  std::span<float> window_;
  std::span<float> features_;
  std::span<std::byte> prepared_;
  std::span<std::byte> scratch_;
  size_t arena_bytes_ = 0;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_FEATURE_SESSION_H_
