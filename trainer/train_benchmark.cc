// How long training takes: one epoch of a 33-20-10-4 network over 63 batches of 32, by the difference of two runs.
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "trainer/train.h"

namespace thimble::trainer {
namespace {

Table RandomTable(int rows, int features, int labels) {
  Random random(1);
  Table table;
  table.feature_count = features;
  for (int row = 0; row < rows; ++row) {
    for (int feature = 0; feature < features; ++feature) table.features.push_back(random.Normal());
    table.labels.push_back(row % labels);
  }
  return table;
}

void TrainDense(benchmark::State& state, float dropout) {
  const Table table = RandomTable(63 * 32, 33, 4);
  const auto epochs = static_cast<int>(state.range(0));
  const TrainOptions options{.epochs = epochs, .least_steps = 0, .dropout = dropout, .validation_fraction = 0};
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Train(table, options));
  state.counters["epoch"] =
      benchmark::Counter(epochs, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(TrainDense, plain, 0.0f)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(TrainDense, dropout, 0.1f)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thimble::trainer
