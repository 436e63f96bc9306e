// Windows with known answers inside a program, to prove on the device that it computes as the laptop did.
#ifndef THIMBLE_RUNTIME_GOLDEN_H_
#define THIMBLE_RUNTIME_GOLDEN_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/hash.h"
#include "base/random.h"
#include "runtime/layer_hash.h"
#include "runtime/session.h"

namespace thimble::runtime {

/// What an impulse made of one window on the machine that wrote the program.
struct Golden {
  uint64_t seed = 0;                            ///< of FillGolden
  float size = 1;                               ///< of the numbers in the window
  uint64_t features_hash = 0;                   ///< base/hash.h over the float32 features
  std::span<const uint64_t> layer_hashes = {};  ///< runtime/layer_hash.h, one for each operator
  std::span<const unsigned char> raw_scores = {};
};

/// The window of a golden: a value for each axis that stays, and noise, both up to `size`. The same on every machine.
inline void FillGolden(uint64_t seed, float size, int axes, std::span<float> window) {
  Random random(seed);
  const auto number = [&] { return size * (2 * random.Uniform() - 1); };
  for (int axis = 0; axis < axes; ++axis) {
    const float mean = number();
    for (size_t i = static_cast<size_t>(axis); i < window.size(); i += static_cast<size_t>(axes)) {
      window[i] = mean + number() * 0.5F;
    }
  }
}

/// What a proof found.
struct GoldenResult {
  bool features = false, scores = false;
  int layers = 0;            ///< operators that were run
  int first_different = -1;  ///< operator whose bits differ, -1: none
  bool identical() const { return features && scores && first_different < 0; }
};

/// Runs the session on the golden's window, one operator after the other; `observe(index, hash)` sees each. The
/// session's window and variables are as after loading when it is done.
template <typename Observer>
GoldenResult RunGolden(Session& session, int axes, const Golden& golden, Observer&& observe) {
  GoldenResult result;
  session.Reset();
  FillGolden(golden.seed, golden.size, axes, session.window());
  session.ExtractFeatures();
  result.features = Fnv1a(std::as_bytes(session.features())) == golden.features_hash;
  session.InvokeNetwork([&](const Network::Layer& layer) {
    const uint64_t hash = HashOf(layer);
    const auto index = static_cast<size_t>(layer.index);
    const bool same = index < golden.layer_hashes.size() && golden.layer_hashes[index] == hash;
    if (!same && result.first_different < 0) result.first_different = layer.index;
    ++result.layers;
    observe(layer.index, hash);
  });
  const std::span<const std::byte> scores = session.Decide().raw_scores;
  result.scores = scores.size() == golden.raw_scores.size();
  for (size_t i = 0; result.scores && i < scores.size(); ++i) {
    result.scores = std::to_integer<unsigned char>(scores[i]) == golden.raw_scores[i];
  }
  session.Reset();
  for (float& sample : session.window()) sample = 0;
  return result;
}

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_GOLDEN_H_
