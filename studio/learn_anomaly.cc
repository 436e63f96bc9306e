#include "studio/learn_anomaly.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "studio/learning.h"
#include "studio/training.h"
#include "trainer/anomaly.h"
#include "trainer/evaluate_curves.h"
#include "trainer/feature_scaling.h"
#include "trainer/fit.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"
#include "trainer/zoo.h"

namespace thimble::studio {
namespace {

using Kind = runtime::Anomaly::Kind;

/// Fine lines tell machines apart: an FFT as long as the window, as far as that is of use. Its mean is taken off, so
/// that a sensor mounted at another angle is not strange.
/// Full covariances bear fewer features.
compiler::BlockParams SuitableBlock(const Data& data, Kind kind) {
  const int longest_fft = kind == Kind::kFullGaussians ? 16 : 128;
  if (data.kind == DataKind::kSound) return compiler::DefaultParams("mfe");
  if (data.kind == DataKind::kPictures) return dsp::Image::Params{.channels = dsp::Image::Channels::kGrayscale};
  dsp::SpectralAnalysis::Params params;
  params.fft_length = 16;
  while (params.fft_length < longest_fft && 2 * params.fft_length <= data.shape.readings) params.fft_length *= 2;
  return params;
}

/// The last fifth of the recordings, or of the windows where there are few recordings: those in between would resemble
/// their neighbours.
trainer::Split HoldOutTheLast(const trainer::Table& table) {
  constexpr size_t kFewestGroups = 5;
  std::vector<int> groups;
  for (int row = 0; row < table.rows(); ++row) groups.push_back(table.group(row));
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  const bool by_group = groups.size() >= kFewestGroups;
  trainer::Split split;
  for (int row = 0; row < table.rows(); ++row) {
    const bool last = by_group ? table.group(row) >= groups[groups.size() * 4 / 5] : row >= table.rows() * 4 / 5;
    (last ? split.validation : split.training).push_back(row);
  }
  return split;
}

/// The least threshold that lets this share pass.
float Quantile(std::vector<float> scores, double share) {
  std::sort(scores.begin(), scores.end());
  const auto count = static_cast<double>(scores.size());
  const auto place = static_cast<size_t>(std::clamp(std::ceil(share * count), 1.0, count));
  return scores[place - 1];
}

/// An int8 network that repeats features, and where its error stops being normal.
Outcome LearnToRepeat(const AnomalyTraining& options, trainer::Table table, const dsp::Layout& layout,
                      const EventCallback& on_event, AnomalyResult& result) {
  constexpr int kFewestRows = 10;
  constexpr int kBatchRows = 32;
  constexpr int kSteps = 5000;
  constexpr float kRate = 0.002f;
  constexpr float kRoundedShare = 0.25f;
  if (table.rows() < kFewestRows) {
    return {Status::kInvalidArgument, "an autoencoder needs at least 10 normal windows, not " +
                                          std::to_string(table.rows()) +
                                          "; record more, or let windows begin closer to each other"};
  }
  const trainer::Split split = HoldOutTheLast(table);
  trainer::Table training = table.Select(split.training);
  trainer::Table held_out = table.Select(split.validation);
  THIMBLE_ASSIGN(const trainer::FeatureScaling scaling,
                 trainer::FitFeatureScaling(training.features, training.feature_count));
  trainer::Apply(scaling, training.features);
  trainer::Apply(scaling, held_out.features);

  THIMBLE_ASSIGN(const trainer::ModelSpec spec, trainer::MakeSpec(trainer::Architecture::kAutoencoder, layout, 1, true,
                                                                  {.width = options.width, .depth = options.depth}));
  trainer::FitOptions fit;
  fit.epochs =
      options.epochs > 0 ? options.epochs : std::clamp(kSteps / std::max(1, training.rows() / kBatchRows), 30, 1000);
  fit.batch_rows = kBatchRows;
  fit.seed = options.seed;
  fit.learning_rate = options.learning_rate > 0 ? options.learning_rate : kRate;
  const int rounded = static_cast<int>(kRoundedShare * static_cast<float>(fit.epochs));
  if (rounded > 0) fit.quantise_from_epoch = fit.epochs + 1 - rounded;

  Step step(on_event, "train", NameOfDetector(result.impulse));
  THIMBLE_ASSIGN(const trainer::Model fresh, trainer::Initialise(spec, options.seed));
  THIMBLE_ASSIGN(const trainer::FitResult fitted,
                 trainer::Fit(fresh, {.inputs = training.features, .labels = {}, .targets = training.features},
                              {.inputs = held_out.features, .labels = {}, .targets = held_out.features}, fit,
                              [&](const trainer::Epoch& epoch) { return step.Told(epoch); }));
  step.End(std::to_string(trainer::ParameterCount(fitted.model)) + " parameters, epoch " +
           std::to_string(fitted.best_epoch) + " of " + std::to_string(fitted.curve.size()));
  THIMBLE_ASSIGN(const trainer::QuantisedModel quantised, trainer::Quantise(fitted.model, training.features));
  result.stopped = fitted.stopped_by_caller;
  result.parameters = trainer::ParameterCount(fitted.model);
  result.model = trainer::WriteTflite(quantised);
  result.impulse.model_file = "model.tflite";
  result.impulse.feature_offsets = scaling.offset;
  result.impulse.feature_scales = scaling.scale;

  // The scores that a device would give, of windows that the network has not learnt.
  Data held_out_data = result.data;
  held_out_data.testing.windows.clear();
  for (const int row : split.validation) {
    held_out_data.testing.windows.push_back(result.data.training.windows[static_cast<size_t>(row)]);
  }
  THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(result.impulse, result.model));
  THIMBLE_ASSIGN(const AnomalyTest scores, JudgeAnomaly(held_out_data, bound));
  result.impulse.anomaly->threshold = Quantile(scores.scores, options.accepted_share);
  return Nothing{};
}

Outcome FitComponents(const AnomalyTraining& options, const trainer::Table& table, const EventCallback& on_event,
                      AnomalyResult& result) {
  constexpr int kGaussians = 4;
  constexpr int kClusters = 8;
  trainer::AnomalyOptions fit;
  fit.kind = options.kind;
  fit.components = options.components > 0 ? options.components : options.kind == Kind::kKMeans ? kClusters : kGaussians;
  fit.accepted_share = options.accepted_share;
  fit.seed = options.seed;
  Step step(on_event, "train", NameOfDetector(result.impulse));
  THIMBLE_ASSIGN(trainer::AnomalyDetector detector, trainer::FitAnomaly(table, fit));
  result.data.set.notices.insert(result.data.set.notices.end(), detector.notices.begin(), detector.notices.end());
  result.parameters = static_cast<int64_t>(detector.centres.size() + detector.scales.size() + detector.offsets.size());
  step.End(std::to_string(detector.offsets.size()) + " components, " + std::to_string(detector.features.size()) +
           " features, " + std::to_string(detector.flash_bytes()) + " bytes");
  compiler::AnomalyDescription& description = *result.impulse.anomaly;
  description.features = std::move(detector.features);
  description.centres = std::move(detector.centres);
  description.scales = std::move(detector.scales);
  description.offsets = std::move(detector.offsets);
  description.threshold = detector.threshold;
  return Nothing{};
}

}  // namespace

std::string NameOfDetector(const compiler::ImpulseDescription& impulse) {
  return std::string(compiler::BlockOf(impulse.block).name) + " + " + compiler::NameOf(impulse.anomaly->kind);
}

Expected<AnomalyTest> JudgeAnomaly(const Data& data, const compiler::BoundImpulse& impulse,
                                   const std::function<bool(double share)>& progress) {
  constexpr size_t kWindowsPerReport = 64;
  const std::vector<dataset::WindowPlace>& windows = data.testing.windows;
  AnomalyTest test;
  std::vector<int> strange;  // of each window
  std::vector<std::vector<size_t>> of_label(data.labels.size());
  for (size_t i = 0; i < windows.size(); ++i) {
    if (i % kWindowsPerReport == 0 && progress &&
        !progress(static_cast<double>(i) / static_cast<double>(windows.size()))) {
      return {Status::kCancelled, "stopped while the detector was tested"};
    }
    const auto samples = data.testing.Samples(data.set, windows[i]);
    std::copy(samples.begin(), samples.end(), impulse.window().begin());
    impulse.Run();
    test.scores.push_back(impulse.Detect().score);
    const std::string& label = data.set.recordings[windows[i].recording].label;
    const bool is_normal = std::find(data.normal.begin(), data.normal.end(), label) != data.normal.end();
    strange.push_back(is_normal ? 0 : 1);
    if (is_normal) {
      ++test.normal_windows;
      test.false_alarms += runtime::IsStrange(impulse.anomaly(), test.scores.back()) ? 1 : 0;
      continue;
    }
    const auto place = std::find(data.labels.begin(), data.labels.end(), label);
    of_label[static_cast<size_t>(place - data.labels.begin())].push_back(i);
  }
  const auto area_of = [&](const std::vector<size_t>& indices) -> std::optional<double> {
    std::vector<float> scores;
    std::vector<int> labels;
    for (const size_t i : indices) scores.push_back(test.scores[i]), labels.push_back(1);
    for (size_t i = 0; i < windows.size(); ++i) {
      if (strange[i] == 0) scores.push_back(test.scores[i]), labels.push_back(0);
    }
    const auto curve = trainer::MakeCurve(scores, labels);
    return curve.ok() ? std::optional(curve->Area()) : std::nullopt;
  };
  std::vector<size_t> all;
  for (size_t label = 0; label < of_label.size(); ++label) {
    const std::vector<size_t>& indices = of_label[label];
    if (indices.empty()) continue;
    const auto found = std::count_if(indices.begin(), indices.end(),
                                     [&](size_t i) { return runtime::IsStrange(impulse.anomaly(), test.scores[i]); });
    test.labels.push_back(
        {data.labels[label], static_cast<int>(indices.size()), static_cast<int>(found), area_of(indices)});
    all.insert(all.end(), indices.begin(), indices.end());
  }
  test.area = area_of(all);
  return test;
}

Expected<AnomalyResult> TrainAnomaly(const AnomalyTraining& options, const EventCallback& on_event) {
  AnomalyResult result;
  DataOptions reading = options.data;
  reading.goal = Goal::kNormal;
  THIMBLE_ASSIGN(result.data, ReadData(
                                  reading, [](const DataOptions& data) { return PrepareData(data); }, on_event));
  const Data& data = result.data;
  result.impulse = DescribeImpulse(data, options.name);
  result.impulse.block =
      std::holds_alternative<std::monostate>(options.block) ? SuitableBlock(data, options.kind) : options.block;
  result.impulse.model_file.clear();
  result.impulse.anomaly = {.kind = options.kind,
                            .features = {},
                            .centres = {},
                            .scales = {},
                            .offsets = {},
                            .threshold = 0,
                            .normal = data.normal};

  const auto learn = [&]() -> Outcome {
    trainer::Table table;
    {
      Step step(on_event, "features", compiler::BlockOf(result.impulse.block).name);
      THIMBLE_ASSIGN(table, Features(data, data.training, result.impulse.block,
                                     [&](double share) { return step.Progress(share); }));
      step.End(std::to_string(table.rows()) + " normal windows of " + std::to_string(table.feature_count) +
               " features");
    }
    if (options.kind != Kind::kReconstruction) return FitComponents(options, table, on_event, result);
    const dsp::Layout layout =
        compiler::WordsOf(result.impulse.block).layout_of(compiler::PointerTo(result.impulse.block), data.shape);
    return LearnToRepeat(options, std::move(table), layout, on_event, result);
  };
  if (const Outcome learnt = learn(); !learnt.ok()) {
    return {learnt.error().status, options.data.folder + ": " + learnt.error().message};
  }

  Step step(on_event, "test");
  THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(result.impulse, result.model));
  // Whoever stops training wants to know what it was worth: the test goes on.
  THIMBLE_ASSIGN(result.test,
                 JudgeAnomaly(data, bound, [&](double share) { return step.Progress(share) || result.stopped; }));
  step.End(Percent(result.test.normal_windows == 0
                       ? 0
                       : static_cast<double>(result.test.false_alarms) / result.test.normal_windows) +
           " of " + std::to_string(result.test.normal_windows) + " normal windows are false alarms");
  return result;
}

}  // namespace thimble::studio
