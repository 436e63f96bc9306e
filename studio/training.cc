#include "studio/training.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

#include "base/aligned_memory.h"
#include "base/fixed_point.h"
#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "studio/input_scale.h"
#include "trainer/features.h"
#include "trainer/fit.h"
#include "trainer/model_tflite.h"
#include "trainer/network.h"

namespace thimble::studio {
namespace {

using Kind = Event::Kind;

constexpr size_t kFewWindows = 500;

/// Sends events of one step.
class Step {
 public:
  Step(const EventCallback& on_event, std::string_view name, std::string text = "") : on_event_(on_event), name_(name) {
    Send({.kind = Kind::kBegin, .step = name_, .text = std::move(text)});
  }
  bool Progress(double share) { return Send({.kind = Kind::kProgress, .step = name_, .share = share, .text = {}}); }
  bool Told(const trainer::Epoch& epoch) {
    return Send({.kind = Kind::kEpoch,
                 .step = name_,
                 .share = static_cast<double>(epoch.number) / epoch.count,
                 .text = {},
                 .epoch = &epoch});
  }
  void End(std::string text) { Send({.kind = Kind::kEnd, .step = name_, .share = 1, .text = std::move(text)}); }

 private:
  bool Send(const Event& event) { return !on_event_ || on_event_(event); }
  const EventCallback& on_event_;
  std::string_view name_;
};

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

Expected<trainer::Table> Features(const Data& data, const dataset::WindowIndex& index,
                                  const compiler::BlockParams& block, const trainer::ShareCallback& progress) {
  const void* params = compiler::PointerTo(block);
  if (const char* reason = compiler::WordsOf(block).explain(params, data.shape)) {
    return {Status::kInvalidArgument, std::string(compiler::BlockOf(block).name) + ": " + reason};
  }
  return trainer::ExtractFeatures(data.set, index, data.labels, compiler::BlockOf(block), params, data.shape, progress);
}

void Scale(const trainer::FeatureScaling& scaling, trainer::Table& table) {
  if (!scaling.scale.empty()) trainer::Apply(scaling, table.features);
}

/// Rare labels weigh more, but a handful of rows must not drown all others.
std::vector<float> ClassWeights(const trainer::Table& table, size_t classes) {
  constexpr float kMostWeight = 10;
  std::vector<int> counts(classes);
  for (const int label : table.labels) ++counts[static_cast<size_t>(label)];
  std::vector<float> weights;
  for (const int count : counts) {
    const float even = static_cast<float>(table.rows()) / static_cast<float>(classes);
    weights.push_back(count == 0 ? 1.0f : std::min(even / static_cast<float>(count), kMostWeight));
  }
  return weights;
}

/// Of one window.
int64_t Multiplications(const trainer::ModelSpec& spec) {
  const auto shapes = trainer::InferShapes(spec);
  int64_t sum = 0;
  if (!shapes) return sum;  // training says what is wrong with it
  for (const trainer::LayerCost& cost : trainer::Costs(spec, *shapes)) sum += cost.multiplications;
  return sum;
}

/// Enough steps for a small data set, and no more minutes than it takes for a large network.
int EpochsFor(int rows, int batch_rows, int64_t multiplications) {
  constexpr int kSteps = 5000;
  constexpr int kLeast = 30;
  constexpr int kMost = 1000;
  constexpr int64_t kPatience = 100'000'000'000;  // multiplications forward; about a minute
  const int by_steps = kSteps / std::max(1, rows / batch_rows);
  const int64_t by_patience = kPatience / std::max<int64_t>(1, rows * multiplications);
  return std::clamp(static_cast<int>(std::min<int64_t>(by_steps, by_patience)), kLeast, kMost);
}

/// By validation. A recording or half a point more or less are luck; how sure the right answers are tells more then.
bool IsBetter(const Learnt& one, const Learnt& other) {
  constexpr float kHalfAPoint = 0.005f;
  const float luck = std::max(kHalfAPoint, 1.01f / static_cast<float>(std::max(other.validation_recordings, 1)));
  const float difference = one.validation_accuracy - other.validation_accuracy;
  if (std::abs(difference) > luck) return difference > 0;
  return one.validation_loss < other.validation_loss;
}

/// Whether the windows that chose the candidate are worth learning from too: where there are few, they are many.
bool WantsAllRows(const Learnt& chosen) {
  constexpr int64_t kQuick = 2'000'000;  // multiplications a window: else it would take as long again
  if (std::isnan(chosen.validation_accuracy) || chosen.training.rows() > static_cast<int>(kFewWindows)) return false;
  return Multiplications(chosen.model.spec) <= kQuick;
}

/// Pictures without colour need one number a pixel instead of three.
bool IsGrey(const dataset::Dataset& set) {
  return std::all_of(set.recordings.begin(), set.recordings.end(), [](const dataset::Recording& picture) {
    return std::all_of(picture.values.begin(), picture.values.end(), [](float value) {
      const auto pixel = static_cast<uint32_t>(value);
      return (pixel >> 16) == (pixel & 0xFF) && (pixel >> 8 & 0xFF) == (pixel & 0xFF);
    });
  });
}

/// Numbers a reading of raw features, which lie flat but follow each other in time.
int RawAxes(const compiler::BlockParams& block, const Data& data) {
  return std::holds_alternative<dsp::Raw::Params>(block) ? data.shape.axes : 0;
}

}  // namespace

std::string NameOf(const Candidate& candidate) {
  return std::string(compiler::BlockOf(candidate.block).name) + " + " +
         std::string(trainer::WordsOf(candidate.architecture).name);
}

std::vector<Candidate> SuitableCandidates(const Data& data, const compiler::BlockParams& block,
                                          std::optional<trainer::Architecture> architecture) {
  constexpr double kHandHz = 26;
  const bool has_block = !std::holds_alternative<std::monostate>(block);
  std::vector<compiler::BlockParams> blocks;
  if (has_block) {
    blocks.push_back(block);
  } else if (data.kind == DataKind::kPictures) {
    blocks.push_back(dsp::Image::Params{.channels = IsGrey(data.set) ? dsp::Image::Channels::kGrayscale
                                                                     : dsp::Image::Channels::kRgb});
  } else if (data.kind == DataKind::kSound) {
    blocks.push_back(compiler::DefaultParams("mfcc"));
  } else {
    dsp::Waveform::Params waveform;
    waveform.decimation = std::max(1, static_cast<int>(std::lround(static_cast<double>(data.shape.rate_hz) / kHandHz)));
    const bool wants_frames = architecture && *architecture != trainer::Architecture::kDense &&
                              *architecture != trainer::Architecture::kAutoencoder;
    if (!wants_frames) blocks.push_back(compiler::DefaultParams("spectral_analysis"));
    if (!architecture || wants_frames) blocks.push_back(waveform);
  }
  std::vector<Candidate> candidates;
  for (const compiler::BlockParams& one : blocks) {
    const void* params = compiler::PointerTo(one);
    const bool accepts = ok(compiler::BlockOf(one).check(params, data.shape));
    // A block that was asked for says itself why it refuses.
    if (!accepts && blocks.size() > 1) continue;
    const dsp::Layout layout = accepts ? compiler::WordsOf(one).layout_of(params, data.shape) : dsp::Layout();
    // Few windows train in a moment, and differences between networks are large there.
    if (!architecture && data.kind == DataKind::kMotion && layout.kind == dsp::Layout::Kind::kSpectrogram &&
        data.training.windows.size() <= kFewWindows) {
      candidates.push_back({.block = one, .architecture = trainer::Architecture::kTcn, .size = {}});
    }
    candidates.push_back(
        {.block = one, .architecture = architecture.value_or(trainer::DefaultArchitecture(layout)), .size = {}});
  }
  return candidates;
}

Expected<Learnt> Learn(const Data& data, const Candidate& candidate, const LearningOptions& options,
                       const EventCallback& on_event) {
  Learnt learnt;
  learnt.candidate = candidate;
  {
    Step step(on_event, "features", compiler::BlockOf(candidate.block).name);
    THIMBLE_ASSIGN(learnt.training,
                   Features(data, data.training, candidate.block, [&](double share) { return step.Progress(share); }));
    step.End(std::to_string(learnt.training.rows()) + " training windows of " +
             std::to_string(learnt.training.feature_count) + " features");
  }
  if (candidate.architecture == trainer::Architecture::kAutoencoder) {
    return {Status::kInvalidArgument,
            "autoencoder: repeats its features instead of naming labels; take another network to tell labels apart"};
  }
  const auto classes = static_cast<int>(data.labels.size());
  learnt.layout = compiler::WordsOf(candidate.block).layout_of(compiler::PointerTo(candidate.block), data.shape);
  THIMBLE_ASSIGN(const trainer::ModelSpec spec,
                 trainer::MakeSpec(candidate.architecture, learnt.layout, classes, false, candidate.size));
  const trainer::Split split = trainer::SplitByGroup(learnt.training, options.validation_share, options.seed);
  trainer::Table training = learnt.training.Select(split.training);
  trainer::Table validation = learnt.training.Select(split.validation);

  const bool is_dense = candidate.architecture == trainer::Architecture::kDense;
  THIMBLE_ASSIGN(learnt.scaling, MeasureScaling(training, spec, data.set.recordings.front().axes, learnt.layout));
  Scale(learnt.scaling, training);
  Scale(learnt.scaling, validation);

  constexpr float kDenseRate = 0.002f;
  constexpr float kConvolutionRate = 0.004f;
  trainer::FitOptions fit;
  fit.epochs =
      options.epochs > 0 ? options.epochs : EpochsFor(training.rows(), options.batch_rows, Multiplications(spec));
  fit.batch_rows = options.batch_rows;
  fit.seed = options.seed;
  fit.learning_rate = options.learning_rate > 0 ? options.learning_rate : is_dense ? kDenseRate : kConvolutionRate;
  fit.weight_decay = options.weight_decay;
  fit.label_smoothing = options.label_smoothing;
  fit.warm_up_steps = 50;
  fit.class_weights = ClassWeights(training, data.labels.size());
  if (options.quantisation_aware_share > 0) {
    fit.quantise_from_epoch = std::max(
        1, fit.epochs + 1 - static_cast<int>(options.quantisation_aware_share * static_cast<float>(fit.epochs)));
    if (fit.quantise_from_epoch > fit.epochs) fit.quantise_from_epoch = 0;
  }
  const trainer::AugmentOptions augment =
      options.augment ? *options.augment : trainer::DefaultAugment(learnt.layout, data.kind == DataKind::kMotion);
  THIMBLE_ASSIGN(fit.augment, trainer::MakeAugment(augment, learnt.layout, RawAxes(candidate.block, data)));

  Step step(on_event, "train", NameOf(candidate));
  THIMBLE_ASSIGN(const trainer::Model fresh, trainer::Initialise(spec, options.seed));
  THIMBLE_ASSIGN(trainer::FitResult fitted,
                 trainer::Fit(fresh, {.inputs = training.features, .labels = training.labels, .targets = {}},
                              {.inputs = validation.features, .labels = validation.labels, .targets = {}}, fit,
                              [&](const trainer::Epoch& epoch) { return step.Told(epoch); }));
  learnt.model = std::move(fitted.model);
  FoldInto(learnt.model, learnt.scaling);
  Scale(learnt.scaling, learnt.training);
  learnt.curve = std::move(fitted.curve);
  learnt.best_epoch = fitted.best_epoch;
  learnt.stopped = fitted.stopped_by_caller;
  const trainer::Epoch& best = learnt.curve[static_cast<size_t>(learnt.best_epoch) - 1];
  const bool validated = !std::isnan(best.validation_score);
  step.End(NameOf(candidate) + ", " + std::to_string(trainer::ParameterCount(learnt.model)) + " parameters, epoch " +
           std::to_string(learnt.best_epoch) + " of " + std::to_string(learnt.curve.size()) + ": " +
           Percent(static_cast<double>(validated ? best.validation_score : best.training_score)) +
           (validated ? " in validation" : " in training"));

  Step quantise(on_event, "quantise");
  THIMBLE_ASSIGN(learnt.quantised, trainer::Quantise(learnt.model, learnt.training.features));
  if (!validated) {
    quantise.End("no recordings to spare for validation");
    return learnt;
  }
  const trainer::Table held_out = learnt.training.Select(split.validation);
  THIMBLE_ASSIGN(const std::vector<float> scores, trainer::Run(learnt.quantised, held_out.features));
  const std::vector<int> decisions = trainer::Decide(scores, classes);
  constexpr float kLeastScore = 1.0f / 512;  // half a step of int8 scores
  double right = 0, loss = 0;
  for (size_t row = 0; row < decisions.size(); ++row) {
    const auto label = static_cast<size_t>(held_out.labels[row]);
    right += decisions[row] == held_out.labels[row] ? 1 : 0;
    loss -= std::log(static_cast<double>(std::max(scores[row * data.labels.size() + label], kLeastScore)));
  }
  learnt.validation_recordings = static_cast<int>(std::set<int>(held_out.groups.begin(), held_out.groups.end()).size());
  learnt.validation_accuracy = static_cast<float>(right / static_cast<double>(decisions.size()));
  learnt.validation_loss = static_cast<float>(loss / static_cast<double>(decisions.size()));
  quantise.End("int8 " + Percent(static_cast<double>(learnt.validation_accuracy)) + " in validation");
  return learnt;
}

Expected<std::vector<float>> RunModelFile(std::span<const std::byte> model, std::span<const float> rows,
                                          const std::function<bool(double share)>& progress) {
  constexpr size_t kRowsPerReport = 64;
  const AlignedMemory aligned(model);
  THIMBLE_ASSIGN(compiler::LoadedNetwork loaded, compiler::LoadNetwork(aligned.span(), kernels::AllOperators()));
  runtime::Network& network = loaded.network;
  const auto usable = [](const kernels::Tensor& tensor) {
    return tensor.type == kernels::Type::kFloat32 || (tensor.type == kernels::Type::kInt8 && tensor.scale_count == 1);
  };
  if (network.input_count() != 1 || network.output_count() != 1 || !usable(network.input(0)) ||
      !usable(network.output(0))) {
    return {Status::kUnsupported, "the model must have one input and one output, in int8 or float32"};
  }
  const kernels::Tensor input = network.input(0);
  const auto width = static_cast<size_t>(input.shape.Count());
  if (rows.size() % width != 0) {
    return {Status::kInvalidArgument, "the model wants " + std::to_string(width) +
                                          " features, which these rows are no "
                                          "multiple of"};
  }
  const size_t count = rows.size() / width;
  std::vector<float> scores;
  for (size_t row = 0; row < count; ++row) {
    if (row % kRowsPerReport == 0 && progress && !progress(static_cast<double>(row) / static_cast<double>(count))) {
      return {Status::kCancelled, "stopped while the model was running"};
    }
    for (size_t i = 0; i < width; ++i) {
      const float value = rows[row * width + i];
      if (input.type == kernels::Type::kFloat32) {
        input.As<float>()[i] = value;
      } else {
        input.As<int8_t>()[i] =
            static_cast<int8_t>(thimble::Quantise(value, input.Scale(), input.zero_point, -128, 127));
      }
    }
    if (const Status status = network.Invoke(); !ok(status)) return {status, "the model gave no answer"};
    const kernels::Tensor output = network.output(0);
    for (int i = 0; i < output.shape.Count(); ++i) {
      scores.push_back(output.type == kernels::Type::kFloat32
                           ? output.As<float>()[i]
                           : static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale());
    }
  }
  return scores;
}

namespace {

Expected<Judged> JudgeRows(const Data& data, const trainer::Table& testing, std::span<const std::byte> model,
                           const std::function<bool(double share)>& progress) {
  Judged judged;
  THIMBLE_ASSIGN(judged.scores, RunModelFile(model, testing.features, progress));
  const auto classes = static_cast<int>(data.labels.size());
  if (judged.scores.size() != data.labels.size() * static_cast<size_t>(testing.rows())) {
    return {Status::kInvalidArgument,
            "the model does not give one score for each of the " + std::to_string(classes) + " labels"};
  }
  judged.evaluation =
      trainer::Evaluate(testing.labels, trainer::Decide(judged.scores, classes), testing.groups, classes);
  return judged;
}

}  // namespace

Expected<Judged> Judge(const Data& data, const compiler::ImpulseDescription& impulse, std::span<const std::byte> model,
                       const std::function<bool(double share)>& progress) {
  THIMBLE_ASSIGN(trainer::Table testing, Features(data, data.testing, impulse.block, progress));
  const trainer::FeatureScaling scaling{impulse.feature_offsets, impulse.feature_scales};
  if (scaling.scale.size() != 0 && scaling.scale.size() != static_cast<size_t>(testing.feature_count)) {
    return {Status::kInvalidArgument, "the impulse scales " + std::to_string(scaling.scale.size()) +
                                          " features, but its block gives " + std::to_string(testing.feature_count)};
  }
  Scale(scaling, testing);
  return JudgeRows(data, testing, model, progress);
}

Expected<TrainingResult> TrainImpulse(const TrainingOptions& options, const EventCallback& on_event) {
  TrainingResult result;
  {
    Step step(on_event, "data", options.data.folder);
    DataOptions data = options.data;
    data.reading.progress = [&](size_t done, size_t total) {
      return step.Progress(static_cast<double>(done) / static_cast<double>(std::max<size_t>(total, 1)));
    };
    THIMBLE_ASSIGN(result.data, PrepareData(data));
    step.End(std::to_string(result.data.set.recordings.size()) + " recordings of " +
             std::to_string(result.data.labels.size()) + " labels" +
             (result.data.duplicates.empty()
                  ? ""
                  : ", " + std::to_string(result.data.duplicates.size()) + " duplicates left out"));
  }
  const Data& data = result.data;
  const auto name_error = [&](const Error& error) {
    return Error{error.status, options.data.folder + ": " + error.message};
  };

  std::vector<Candidate> candidates = options.candidates;
  if (candidates.empty()) {
    candidates = SuitableCandidates(data, options.block, options.architecture);
    for (Candidate& candidate : candidates) {
      if (options.architecture) candidate.size = options.size;
    }
  }
  bool stopped = false;
  for (const Candidate& candidate : candidates) {
    Expected<Learnt> learnt = Learn(data, candidate, options.learning, on_event);
    if (!learnt) return name_error(learnt.error());
    result.tried.emplace_back(NameOf(candidate), learnt->validation_accuracy);
    stopped = learnt->stopped;
    if (result.tried.size() == 1 || IsBetter(*learnt, result.learnt)) result.learnt = *std::move(learnt);
    if (stopped || std::isnan(result.learnt.validation_accuracy)) break;
  }
  if (!stopped && WantsAllRows(result.learnt)) {
    const float accuracy = result.learnt.validation_accuracy;
    const float loss = result.learnt.validation_loss;
    LearningOptions all = options.learning;
    all.validation_share = 0;
    Expected<Learnt> learnt = Learn(data, result.learnt.candidate, all, on_event);
    if (!learnt) return name_error(learnt.error());
    result.learnt = *std::move(learnt);
    result.learnt.validation_accuracy = accuracy;
    result.learnt.validation_loss = loss;
    stopped = result.learnt.stopped;
  }
  const Learnt& learnt = result.learnt;

  THIMBLE_ASSIGN(const auto losses, trainer::LayerLosses(learnt.model, learnt.quantised, learnt.training.features));
  result.losses = trainer::Text(losses);
  result.int8_model = trainer::WriteTflite(learnt.quantised);
  THIMBLE_ASSIGN(result.float_model, trainer::WriteTflite(learnt.model));
  {
    Step step(on_event, "test");
    // Whoever stops training wants to know what it was worth: the test goes on.
    const auto half = [&](double from) {
      return [&step, from, stopped](double share) { return step.Progress(from + share / 2) || stopped; };
    };
    THIMBLE_ASSIGN(trainer::Table testing, Features(data, data.testing, learnt.candidate.block, {}));
    Scale(learnt.scaling, testing);
    THIMBLE_ASSIGN(result.float_test, JudgeRows(data, testing, result.float_model, half(0)));
    THIMBLE_ASSIGN(result.int8_test, JudgeRows(data, testing, result.int8_model, half(0.5)));
    step.End("int8 " + Percent(result.int8_test.evaluation.accuracy) + ", float " +
             Percent(result.float_test.evaluation.accuracy) + " of " + std::to_string(testing.rows()) + " windows");
  }

  const dataset::Recording& first = data.set.recordings.front();
  result.impulse.name = options.name;
  for (const dataset::Axis& axis : first.axes) result.impulse.axes.push_back({axis.name, axis.units});
  result.impulse.rate_hz = first.is_picture() ? 1 : first.rate_hz();
  result.impulse.width = first.width;
  result.impulse.height = first.height;
  result.impulse.window_readings = data.shape.readings;
  result.impulse.stride_readings = static_cast<int>(data.training.stride_readings);
  result.impulse.block = learnt.candidate.block;
  result.impulse.feature_offsets = learnt.scaling.offset;
  result.impulse.feature_scales = learnt.scaling.scale;
  result.impulse.labels = data.labels;
  result.impulse.data_hash = data.hash;
  return result;
}

}  // namespace thimble::studio
