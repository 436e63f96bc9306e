// How long the whole training of gestures takes, as `thimble demo` had it first: spectral features of windows of a
// simulated hand, 100 epochs of a dense network, int8, and both networks over the testing windows.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "simulator/hand.h"
#include "studio/training.h"

namespace thimble::studio {
namespace {

constexpr double kRateHz = 104;
constexpr int kSeconds = 5;
constexpr int kPeople = 12;

/// Every fourth person tests.
dataset::Dataset RecordHands() {
  dataset::Dataset set;
  for (int gesture = 0; gesture < simulator::kGestureCount; ++gesture) {
    for (int person = 0; person < kPeople; ++person) {
      dataset::Recording& recording = set.recordings.emplace_back();
      recording.label = simulator::GestureName(static_cast<simulator::Gesture>(gesture));
      recording.name = recording.file = recording.label + "." + std::to_string(person);
      recording.category = person % 4 == 3 ? dataset::Category::kTesting : dataset::Category::kTraining;
      recording.axes = {{"accX", "mg"},  {"accY", "mg"},  {"accZ", "mg"},
                        {"gyrX", "dps"}, {"gyrY", "dps"}, {"gyrZ", "dps"}};
      recording.interval_ms = 1000 / kRateHz;
      simulator::HandMotion hand(1, person, static_cast<simulator::Gesture>(gesture), 0, kRateHz);
      for (int reading = 0; reading < kSeconds * static_cast<int>(kRateHz); ++reading) {
        const simulator::MotionSample sample = hand.Next();
        for (const int16_t value : sample.acceleration) {
          recording.values.push_back(static_cast<float>(value * simulator::kMilligPerLsb));
        }
        for (const int16_t value : sample.turn_rate) {
          recording.values.push_back(static_cast<float>(value * simulator::kMilliDegreesPerSecondPerLsb / 1000));
        }
      }
    }
  }
  return set;
}

void WholeGestureTraining(benchmark::State& state) {
  TrainingOptions options;
  options.name = "gestures";
  options.data.folder = "simulated hands";
  options.block = compiler::DefaultParams("spectral_analysis");
  options.architecture = trainer::Architecture::kDense;
  options.learning.epochs = 100;
  const auto data = PrepareData(RecordHands(), options.data);
  if (!data) return state.SkipWithError(data.error().message.c_str());
  for ([[maybe_unused]] auto _ : state) {
    const auto result = TrainOn(*data, options);
    if (!result) return state.SkipWithError(result.error().message.c_str());
    state.counters["int8"] = result->int8_test.evaluation.accuracy;
  }
  state.counters["training windows"] = static_cast<double>(data->training.windows.size());
  state.counters["testing windows"] = static_cast<double>(data->testing.windows.size());
}

BENCHMARK(WholeGestureTraining)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thimble::studio
