// Runs an impulse: samples -> features -> scores -> verdict, inside one arena.
#ifndef THIMBLE_RUNTIME_SESSION_H_
#define THIMBLE_RUNTIME_SESSION_H_

#include <cstddef>
#include <span>

#include "runtime/fault.h"
#include "runtime/impulse.h"
#include "runtime/network.h"

namespace thimble::runtime {

struct Verdict {
  int label = -1;   ///< the largest raw score, the lowest index among equals; -1 for a regressor
  float score = 0;  ///< of that label; a regressor's first output
  /// All outputs as the network wrote them, valid until the next ExtractFeatures.
  std::span<const std::byte> raw_scores;
};

class Session {
 public:
  /// Verifies the impulse and its model completely and plans `arena`, which must begin at a multiple of 16. Impulse,
  /// model and arena must outlive the session. After kOk nothing below can fail. `fault` (may be null) says why not.
  ///
  ///   kOutOfMemory    the arena is too small (`arena_bytes()` of a session loaded into a larger one is exact)
  ///   anything else   StatusOf(fault->reason)
  Status Load(const Impulse& impulse, std::span<std::byte> arena, Fault* fault = nullptr);

  /// The samples to judge, interleaved by reading (x0 y0 z0 x1 …), zero after Load. The caller fills or slides it.
  std::span<float> window() { return window_; }
  std::span<const float> features() const { return features_; }

  void ExtractFeatures();  ///< window() -> features()
  void InvokeNetwork();    ///< features() -> the network's output
  /// The same, and observe(Network::Layer) after each operator.
  template <typename Observer>
  void InvokeNetwork(Observer&& observe) {
    FillInput();
    invoked_ = network_.Invoke(observe);
  }
  /// The same by another engine for the same model: compute(network) makes the network's outputs from its inputs, and
  /// says how that ended.
  template <typename Engine>
  void InvokeNetworkBy(Engine&& compute) {
    FillInput();
    invoked_ = compute(network_);
  }
  Verdict Decide() const;  ///< the network's output -> verdict; none (label -1, no scores) if it did not come to an end
  Verdict Run();           ///< all three

  /// Forgets what the network's variables keep from one window to the next.
  void Reset() { network_.Reset(); }

  /// What Load took of the arena: exactly enough, and the same number on a laptop and on a 32-bit device.
  size_t arena_bytes() const { return arena_bytes_; }
  const Network& network() const { return network_; }

 private:
  Reason Plan(std::span<std::byte> arena, Fault& fault);
  void FillInput();
  void FillInputHere();  ///< the same, inlined in session.cc: a program that looks at no layers has no call for it

  const Impulse* impulse_ = nullptr;
  std::span<float> window_;
  std::span<float> features_;
  std::span<std::byte> block_prepared_;
  std::span<std::byte> block_scratch_;  ///< lies over the network's tensors: they are never alive at the same time
  Network network_;
  Status invoked_ = Status::kOk;
  size_t arena_bytes_ = 0;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_SESSION_H_
