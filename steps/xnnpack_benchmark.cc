// The x86-64 steps beside XNNPACK's qs8/qc8 operators (Debian's libxnnpack-dev) on the layers of well-known models: one
// thread, int8 with a scale for each channel, repetitions of both in random order. Ends with a ratio for each layer
// (above 1: ours is faster) and their geometric means.
#include <benchmark/benchmark.h>
#include <xnnpack.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fixed_point.h"
#include "base/random.h"
#include "steps/x86_convolve/pack.h"
#include "steps/x86_depthwise/pack.h"

namespace thimble::steps {
namespace {

enum class Kind : uint8_t { kConvolution, kDepthwise, kDense };

/// Padding is TFLite's "SAME", or none if `valid`.
struct Layer {
  const char* model;
  Kind kind;
  int32_t height, width, channels;
  int32_t outputs;
  int32_t kernel_height, kernel_width, stride;
  bool valid = false;
};

constexpr Kind kConv = Kind::kConvolution, kDepth = Kind::kDepthwise, kDense = Kind::kDense;
/// Each shape once.
constexpr Layer kLayers[] = {
    {"KWS", kConv, 49, 10, 1, 64, 10, 4, 2},
    {"KWS", kDepth, 25, 5, 64, 64, 3, 3, 1},
    {"KWS", kConv, 25, 5, 64, 64, 1, 1, 1},
    {"KWS", kDense, 1, 1, 64, 12, 1, 1, 1},
    {"VWW", kConv, 96, 96, 3, 8, 3, 3, 2},
    {"VWW", kDepth, 48, 48, 8, 8, 3, 3, 1},
    {"VWW", kConv, 48, 48, 8, 16, 1, 1, 1},
    {"VWW", kDepth, 48, 48, 16, 16, 3, 3, 2},
    {"VWW", kConv, 24, 24, 16, 32, 1, 1, 1},
    {"VWW", kDepth, 24, 24, 32, 32, 3, 3, 1},
    {"VWW", kConv, 24, 24, 32, 32, 1, 1, 1},
    {"VWW", kDepth, 24, 24, 32, 32, 3, 3, 2},
    {"VWW", kConv, 12, 12, 32, 64, 1, 1, 1},
    {"VWW", kDepth, 12, 12, 64, 64, 3, 3, 1},
    {"VWW", kConv, 12, 12, 64, 64, 1, 1, 1},
    {"VWW", kDepth, 12, 12, 64, 64, 3, 3, 2},
    {"VWW", kConv, 6, 6, 64, 128, 1, 1, 1},
    {"VWW", kDepth, 6, 6, 128, 128, 3, 3, 1},
    {"VWW", kConv, 6, 6, 128, 128, 1, 1, 1},
    {"VWW", kDepth, 6, 6, 128, 128, 3, 3, 2},
    {"VWW", kConv, 3, 3, 128, 256, 1, 1, 1},
    {"VWW", kDepth, 3, 3, 256, 256, 3, 3, 1},
    {"VWW", kConv, 3, 3, 256, 256, 1, 1, 1},
    {"VWW", kDense, 1, 1, 256, 2, 1, 1, 1},
    {"IC", kConv, 32, 32, 3, 16, 3, 3, 1},
    {"IC", kConv, 32, 32, 16, 16, 3, 3, 1},
    {"IC", kConv, 32, 32, 16, 32, 3, 3, 2},
    {"IC", kConv, 16, 16, 32, 32, 3, 3, 1},
    {"IC", kConv, 32, 32, 16, 32, 1, 1, 2},
    {"IC", kConv, 16, 16, 32, 64, 3, 3, 2},
    {"IC", kConv, 8, 8, 64, 64, 3, 3, 1},
    {"IC", kConv, 16, 16, 32, 64, 1, 1, 2},
    {"IC", kDense, 1, 1, 64, 10, 1, 1, 1},
    {"AD", kDense, 1, 1, 640, 128, 1, 1, 1},
    {"AD", kDense, 1, 1, 128, 128, 1, 1, 1},
    {"AD", kDense, 1, 1, 128, 8, 1, 1, 1},
    {"AD", kDense, 1, 1, 8, 128, 1, 1, 1},
    {"AD", kDense, 1, 1, 128, 640, 1, 1, 1},
    // Its other layers have the shapes of VWW's.
    {"person_detect", kDepth, 96, 96, 1, 8, 3, 3, 2},
    {"person_detect", kConv, 1, 1, 256, 2, 1, 1, 1},
    {"SWW", kDepth, 30, 1, 40, 40, 3, 1, 1, true},
    {"SWW", kConv, 28, 1, 40, 128, 1, 1, 1},
    {"SWW", kDepth, 28, 1, 128, 128, 5, 1, 1, true},
    {"SWW", kConv, 24, 1, 128, 128, 1, 1, 1},
    {"SWW", kDepth, 24, 1, 128, 128, 10, 1, 1, true},
    {"SWW", kConv, 15, 1, 128, 128, 1, 1, 1},
    {"SWW", kDepth, 15, 1, 128, 128, 15, 1, 1, true},
    {"SWW", kConv, 1, 1, 128, 32, 1, 1, 1},
    {"SWW", kDense, 1, 1, 32, 3, 1, 1, 1},
};

std::string NameOf(const Layer& layer) {
  static constexpr const char* kNames[] = {"conv", "depthwise", "dense"};
  char name[96];
  std::snprintf(name, sizeof name, "%s/%s %dx%dx%d %dx%d/%d %d", layer.model, kNames[static_cast<size_t>(layer.kind)],
                layer.height, layer.width, layer.channels, layer.kernel_height, layer.kernel_width, layer.stride,
                layer.outputs);
  return name;
}

struct Padding {
  int32_t output, before, after;
};

Padding PaddingOf(int32_t input, int32_t kernel, int32_t stride, bool valid) {
  if (valid) return {(input - kernel) / stride + 1, 0, 0};
  const int32_t output = (input + stride - 1) / stride;
  const int32_t missing = std::max((output - 1) * stride + kernel - input, 0);
  return {output, missing / 2, missing - missing / 2};
}

constexpr float kInputScale = 0.05f, kOutputScale = 0.1f;

/// A layer with random weights, and everything both sides need to compute it.
struct Task {
  explicit Task(const Layer& shape) {
    const bool depthwise = shape.kind == Kind::kDepthwise;
    const Padding rows = PaddingOf(shape.height, shape.kernel_height, shape.stride, shape.valid);
    const Padding columns = PaddingOf(shape.width, shape.kernel_width, shape.stride, shape.valid);
    pad_bottom = rows.after, pad_right = columns.after;
    layer.input_height = shape.height, layer.input_width = shape.width, layer.input_channels = shape.channels;
    layer.output_height = rows.output, layer.output_width = columns.output, layer.output_channels = shape.outputs;
    layer.kernel_height = shape.kernel_height, layer.kernel_width = shape.kernel_width;
    layer.stride_height = layer.stride_width = shape.stride;
    layer.pad_top = rows.before, layer.pad_left = columns.before;
    layer.depth_multiplier = depthwise ? shape.outputs / shape.channels : 0;
    layer.input_zero_point = layer.output_zero_point = -128;
    const auto outputs = static_cast<size_t>(shape.outputs);
    const int32_t fan_in = shape.kernel_height * shape.kernel_width * (depthwise ? 1 : shape.channels);
    Random random(1);
    layer.weights.resize(static_cast<size_t>(fan_in) * outputs);
    for (int8_t& weight : layer.weights) weight = static_cast<int8_t>(static_cast<int32_t>(random.Below(255)) - 127);
    input.resize(static_cast<size_t>(layer.input_bytes()) + XNN_EXTRA_BYTES);
    for (int8_t& x : input) x = static_cast<int8_t>(random.Below(256));
    for (size_t o = 0; o < outputs; ++o) {
      // Fully connected layers of these models, and XNNPACK's of this version, have one scale.
      weight_scales.push_back(shape.kind == Kind::kDense ? 0.003f : 0.002f + 0.002f * random.Uniform());
      bias.push_back(static_cast<int32_t>(random.Below(2000)) - 1000);
      layer.bias.push_back(bias.back());
      const Multiplier multiplier =
          QuantiseMultiplier(double{kInputScale} * double{weight_scales[o]} / double{kOutputScale});
      layer.mantissa.push_back(multiplier.mantissa);
      layer.shift.push_back(multiplier.shift);
    }
  }

  Convolution layer;
  int32_t pad_bottom = 0, pad_right = 0;
  std::vector<int32_t> bias;
  std::vector<float> weight_scales;
  std::vector<int8_t> input;
};

class Xnnpack {
 public:
  explicit Xnnpack(const Task& task, Kind kind)
      : output_(static_cast<size_t>(task.layer.output_bytes()) + XNN_EXTRA_BYTES) {
    const Convolution& layer = task.layer;
    const auto channels = static_cast<size_t>(layer.input_channels),
               outputs = static_cast<size_t>(layer.output_channels);
    const size_t groups = layer.depthwise() ? channels : 1;
    const auto zero_point = static_cast<int8_t>(layer.input_zero_point);
    if (kind == Kind::kDense) {
      ok_ = xnn_create_fully_connected_nc_qs8(channels, outputs, channels, outputs, zero_point, kInputScale,
                                              task.weight_scales[0], layer.weights.data(), task.bias.data(), -128,
                                              kOutputScale, -128, 127, 0, &operator_) == xnn_status_success &&
            xnn_setup_fully_connected_nc_qs8(operator_, 1, task.input.data(), output_.data(), nullptr) ==
                xnn_status_success;
      return;
    }
    const auto size = [](int32_t value) { return static_cast<uint32_t>(value); };
    // Depthwise weights are [K, L, O] as TFLite's are.
    ok_ = xnn_create_convolution2d_nhwc_qc8(
              size(layer.pad_top), size(task.pad_right), size(task.pad_bottom), size(layer.pad_left),
              size(layer.kernel_height), size(layer.kernel_width), size(layer.stride_height), size(layer.stride_width),
              1, 1, static_cast<uint32_t>(groups), channels / groups, outputs / groups, channels, outputs, zero_point,
              kInputScale, task.weight_scales.data(), layer.weights.data(), task.bias.data(), -128, kOutputScale, -128,
              127, layer.depthwise() ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0, &operator_) == xnn_status_success &&
          xnn_setup_convolution2d_nhwc_qc8(operator_, 1, static_cast<size_t>(layer.input_height),
                                           static_cast<size_t>(layer.input_width), task.input.data(), output_.data(),
                                           nullptr) == xnn_status_success;
  }
  Xnnpack(const Xnnpack&) = delete;
  Xnnpack& operator=(const Xnnpack&) = delete;
  ~Xnnpack() { xnn_delete_operator(operator_); }

  bool ok() const { return ok_; }
  void Run() { xnn_run_operator(operator_, nullptr); }
  const int8_t* output() const { return output_.data(); }

 private:
  std::vector<int8_t> output_;
  xnn_operator_t operator_ = nullptr;
  bool ok_ = false;
};

/// Memory that is no better aligned than plans promise: to 16, and not to a cache line.
class Aligned16 {
 public:
  explicit Aligned16(size_t bytes) : bytes_(bytes + kOffset + 64) {
    const auto address = reinterpret_cast<uintptr_t>(bytes_.data());
    data_ = bytes_.data() + (64 - address % 64) + kOffset;
  }
  std::byte* data() const { return data_; }

 private:
  static constexpr size_t kOffset = 16;
  std::vector<std::byte> bytes_;
  std::byte* data_;
};

template <typename T>
class Ours {
 public:
  Ours(const Packed<typename T::Params>& packed, const Task& task)
      : params_(packed.params), constants_(packed.constants.size()), frame_(Place(packed, task)) {
    std::memcpy(constants_.data(), packed.constants.data(), packed.constants.size());
    std::memcpy(frame_.data() + params_.input, task.input.data(), static_cast<size_t>(task.layer.input_bytes()));
  }
  void Run() { T::Run(params_, {constants_.data(), frame_.data(), nullptr, nullptr}); }
  const int8_t* output() const { return reinterpret_cast<const int8_t*>(frame_.data() + params_.output); }

 private:
  size_t Place(const Packed<typename T::Params>& packed, const Task& task) {
    const auto up = [](int64_t bytes) { return static_cast<int32_t>((bytes + 15) / 16 * 16); };
    params_.output = up(task.layer.input_bytes());
    params_.scratch = params_.output + up(task.layer.output_bytes());
    return static_cast<size_t>(params_.scratch + packed.scratch_bytes);
  }

  typename T::Params params_;
  Aligned16 constants_, frame_;
};

/// XNNPACK rounds scaled sums as floats, TFLite twice as integers: a step apart now and then, or the layers differ.
bool AreClose(const int8_t* a, const int8_t* b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (std::abs(a[i] - b[i]) > 1) return false;
  }
  return true;
}

void RunXnnpack(benchmark::State& state, const Layer& shape) {
  const Task task(shape);
  Xnnpack xnnpack(task, shape.kind);
  if (!xnnpack.ok()) return state.SkipWithError("XNNPACK does not do this layer");
  for ([[maybe_unused]] auto _ : state) xnnpack.Run();
}

template <typename T>
void RunStepOf(benchmark::State& state, const Layer& shape, const Task& task,
               const std::optional<Packed<typename T::Params>>& packed) {
  if (!packed) return state.SkipWithError("there is no step for this layer");
  Ours<T> ours(*packed, task);
  Xnnpack xnnpack(task, shape.kind);
  ours.Run();
  xnnpack.Run();
  if (xnnpack.ok() && !AreClose(ours.output(), xnnpack.output(), task.layer.output_bytes())) {
    return state.SkipWithError("the two results differ by more than roundings");
  }
  for ([[maybe_unused]] auto _ : state) {
    ours.Run();
    benchmark::ClobberMemory();
  }
  state.counters["predicted_cycles"] = packed->cycles;
}

void RunOurs(benchmark::State& state, const Layer& shape) {
  const Task task(shape);
  if (const auto packed = PackX86Depthwise(task.layer, Target::kX86)) {
    return RunStepOf<X86Depthwise>(state, shape, task, packed);
  }
  RunStepOf<X86Convolve>(state, shape, task, PackX86Convolve(task.layer, Target::kX86));
}

/// Keeps the medians of the repetitions, by benchmark.
class Medians : public benchmark::ConsoleReporter {
 public:
  Medians() : ConsoleReporter(OO_None) {}
  bool ReportContext(const Context& context) override {
    PrintBasicContext(&GetErrorStream(), context);
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) std::fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(), run.error_message.c_str());
      if (run.aggregate_name == "median") nanoseconds_[run.run_name.function_name] = run.GetAdjustedCPUTime();
    }
  }

  void PrintRatios() const {
    std::printf("%-42s %12s %12s %8s\n", "layer", "XNNPACK ns", "ours ns", "ratio");
    std::map<std::string, std::pair<double, int>> logarithms;  // by model: sum and count
    double sum = 0;
    int count = 0;
    for (const Layer& layer : kLayers) {
      const auto theirs = nanoseconds_.find("xnnpack/" + NameOf(layer)),
                 ours = nanoseconds_.find("ours/" + NameOf(layer));
      if (theirs == nanoseconds_.end() || ours == nanoseconds_.end()) continue;
      const double ratio = theirs->second / ours->second;
      std::printf("%-42s %12.0f %12.0f %8.2f\n", NameOf(layer).c_str(), theirs->second, ours->second, ratio);
      sum += std::log(ratio);
      ++count;
      auto& model = logarithms[layer.model];
      model.first += std::log(ratio);
      ++model.second;
    }
    for (const auto& [model, total] : logarithms) {
      std::printf("geometric mean of %-24s %34.2f\n", model.c_str(), std::exp(total.first / total.second));
    }
    if (count > 0) std::printf("geometric mean of all %55.2f\n", std::exp(sum / count));
  }

 private:
  std::map<std::string, double> nanoseconds_;
};

int Main(int argc, char** argv) {
  // What a command line does not say otherwise: short repetitions of both, in random order.
  std::vector<std::string> arguments = {argv[0], "--benchmark_repetitions=9", "--benchmark_min_time=0.01",
                                        "--benchmark_enable_random_interleaving=true"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 1;
  if (xnn_initialize(nullptr) != xnn_status_success) {
    std::fprintf(stderr, "xnnpack_benchmark: XNNPACK does not work on this machine\n");
    return 1;
  }
  for (const Layer& layer : kLayers) {
    benchmark::RegisterBenchmark(("xnnpack/" + NameOf(layer)).c_str(), RunXnnpack, layer);
    benchmark::RegisterBenchmark(("ours/" + NameOf(layer)).c_str(), RunOurs, layer);
  }
  Medians medians;
  benchmark::RunSpecifiedBenchmarks(&medians);
  medians.PrintRatios();
  return 0;
}

}  // namespace
}  // namespace thimble::steps

int main(int argc, char** argv) { return thimble::steps::Main(argc, argv); }
