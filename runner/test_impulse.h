// For tests: a small impulse whose network was never trained, and numbers to judge.
#ifndef THIMBLE_RUNNER_TEST_IMPULSE_H_
#define THIMBLE_RUNNER_TEST_IMPULSE_H_

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"
#include "runner/eim_file.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"
#include "trainer/test_models.h"

namespace thimble::runner {

inline std::vector<float> RandomNumbers(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = random.Normal();
  return numbers;
}

/// Some readings of two axes through the block "raw" and one dense layer, int8; slices of three readings.
inline Eim SmallEim(int readings = 8) {
  Eim eim;
  eim.origin = {.project_id = 3, .project = "gestures", .owner = "ann", .version = 7};
  eim.impulse.name = "shake";
  eim.impulse.axes = {{"accX", "m/s2"}, {"accY", "m/s2"}};
  eim.impulse.rate_hz = 62.5;
  eim.impulse.window_readings = readings;
  eim.impulse.stride_readings = 3;
  eim.impulse.block = compiler::DefaultParams("raw");
  eim.impulse.labels = {"idle", "wave {hi} \"\\"};
  const int inputs = 2 * readings;
  const auto numbers = static_cast<size_t>(inputs);
  const trainer::Model model =
      trainer::DenseModel(inputs, {trainer::Weights(RandomNumbers(2 * numbers, 1), {0.5F, -0.5F})}, true);
  const auto quantised = trainer::Quantise(model, RandomNumbers(20 * numbers, 2));
  const std::vector<std::byte> bytes = trainer::WriteTflite(*quantised);
  eim.model = AlignedMemory(std::span(bytes));
  return eim;
}

/// Of 8 × 6 pixels in colour, float32.
inline Eim SmallPictures() {
  Eim eim;
  eim.origin = {.project = "pictures", .owner = "ann"};
  eim.impulse.name = "pictures";
  eim.impulse.axes = {{"pixel", ""}};
  eim.impulse.rate_hz = 1;
  eim.impulse.window_readings = eim.impulse.stride_readings = 48;
  eim.impulse.width = 8;
  eim.impulse.height = 6;
  eim.impulse.block = compiler::DefaultParams("image");
  eim.impulse.labels = {"cat", "dog"};
  const std::vector<std::byte> model =
      *trainer::WriteTflite(trainer::DenseModel(144, {trainer::Weights(RandomNumbers(288, 1), {0, 0})}, true));
  eim.model = AlignedMemory(std::span(model));
  return eim;
}

/// SmallEim with a detector that knows the origin of the first two features.
inline Eim SmallEimWithDetector() {
  Eim eim = SmallEim();
  eim.impulse.anomaly = compiler::AnomalyDescription{.kind = runtime::Anomaly::Kind::kKMeans,
                                                     .features = {0, 1},
                                                     .centres = {0, 0},
                                                     .scales = {1, 1},
                                                     .offsets = {0.5F},
                                                     .threshold = 2,
                                                     .normal = {"idle"}};
  return eim;
}

}  // namespace thimble::runner

#endif  // THIMBLE_RUNNER_TEST_IMPULSE_H_
