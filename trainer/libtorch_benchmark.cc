// Training beside libtorch, one thread, batches of 32, Adam: a step of each in turn, so that both meet the same load,
// and the processor's time and not the wall's. Prints the best of each; needs libtorch-dev.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <vector>

#include "base/random.h"
#include "trainer/fit.h"
#include "trainer/libtorch_model.h"
#include "trainer/well_known_models.h"

namespace thimble::trainer {
namespace {

constexpr int kBatch = 32;

double Milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

struct Job {
  const char* name;
  ModelSpec spec;
  int steps;  // of an epoch, or 1
  int repetitions;
  bool quantise;
  double reach_ms;  // what is wanted of us
};

void Measure(const Job& job) {
  Random random(1);
  const size_t rows = static_cast<size_t>(kBatch) * static_cast<size_t>(job.steps);
  const auto values = static_cast<size_t>(job.spec.input.values());
  std::vector<float> inputs(rows * values);
  for (float& value : inputs) value = random.Normal();
  std::vector<int> labels(rows);
  std::vector<int64_t> wide_labels(rows);
  for (size_t i = 0; i < rows; ++i) wide_labels[i] = labels[i] = static_cast<int>(random.Below(2));
  const Model model = *Initialise(job.spec, 1);

  LibtorchModel libtorch(model, job.quantise);
  double theirs = 1e9;
  const auto run_theirs = [&] {
    const double begin = Milliseconds();
    for (size_t first = 0; first < rows; first += kBatch) {
      libtorch.Step(std::span(inputs).subspan(first * values, kBatch * values),
                    std::span(wide_labels).subspan(first, kBatch), 0.001f);
    }
    theirs = std::min(theirs, Milliseconds() - begin);
  };
  double ours = 1e9;
  double begin = 0;
  FitOptions options{.epochs = job.repetitions, .batch_rows = kBatch, .learning_rate = 0.001f};
  if (job.quantise) options.quantise_from_epoch = 1;
  const auto result = Fit(model, {inputs, labels, {}}, {}, options, [&](const Epoch& epoch) {
    if (epoch.number > 1) ours = std::min(ours, Milliseconds() - begin);
    run_theirs();
    begin = Milliseconds();
    return true;
  });
  if (!result.ok()) {
    std::fprintf(stderr, "%s: %s\n", job.name, result.error().message.c_str());
    return;
  }
  std::printf("%-36s %8.2f %9.2f %8.1f %9.1f\n", job.name, ours, theirs, theirs / ours, job.reach_ms);
  std::fflush(stdout);
}

}  // namespace
}  // namespace thimble::trainer

int main(int argument_count, char** arguments) {
  using namespace thimble::trainer;
  const Job jobs[] = {
      {"dense 33-20-10-4, epoch of 63 steps", MotionModel(), 63, 30, false, 0.4},
      {"conv1d 49x13, epoch of 94 steps", KeywordModel(), 94, 12, false, 10},
      {"the same, quantisation-aware", KeywordModel(), 94, 8, true, 14},
      {"DS-CNN 49x10, step", DsCnnModel(), 1, 30, false, 10},
      {"the same, quantisation-aware", DsCnnModel(), 1, 20, true, 14},
      {"MobileNetV1 0.25 96x96, step", MobileNetModel(), 1, 12, false, 60},
  };
  std::printf("%-36s %8s %9s %8s %9s\n", "ms of processor time", "thimble", "libtorch", "times", "reach");
  for (const Job& job : jobs) {
    if (argument_count < 2 || std::strstr(job.name, arguments[1]) != nullptr) Measure(job);
  }
  return 0;
}
