#include "studio/learning.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "studio/input_scale.h"
#include "trainer/evaluate.h"
#include "trainer/fit.h"

namespace thimble::studio {
namespace {

constexpr size_t kFewWindows = 500;

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

Expected<trainer::Table> Features(const Data& data, const dataset::WindowIndex& index,
                                  const compiler::BlockParams& block, const trainer::ShareCallback& progress) {
  const void* params = compiler::PointerTo(block);
  if (const char* reason = compiler::WordsOf(block).explain(params, data.shape)) {
    return {Status::kInvalidArgument, std::string(compiler::BlockOf(block).name) + ": " + reason};
  }
  return trainer::ExtractFeatures(data.set, index, data.labels, compiler::BlockOf(block), params, data.shape, progress);
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
  // Of clips and gestures each is an example of its own; windows of long recordings repeat each other.
  constexpr size_t kFewRecordings = 5000;
  if (std::isnan(chosen.validation_accuracy)) return false;
  const std::vector<int>& groups = chosen.training.groups;
  const auto rows = static_cast<size_t>(chosen.training.rows());
  const bool is_each_its_own = std::set<int>(groups.begin(), groups.end()).size() == rows;
  if (rows > (is_each_its_own ? kFewRecordings : kFewWindows)) return false;
  return Multiplications(chosen.model.spec) <= kQuick;
}

std::string NameOf(const Candidate& candidate) {
  if (candidate.from != nullptr) {
    return std::string(compiler::BlockOf(candidate.block).name) + " + network of " + candidate.from->impulse.name;
  }
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
  Step step(on_event, "features", compiler::BlockOf(candidate.block).name);
  THIMBLE_ASSIGN(trainer::Table rows,
                 Features(data, data.training, candidate.block, [&](double share) { return step.Progress(share); }));
  step.End(std::to_string(rows.rows()) + " training windows of " + std::to_string(rows.feature_count) + " features");
  return LearnFrom(data, candidate, std::move(rows), options, on_event);
}

Expected<Learnt> LearnFrom(const Data& data, const Candidate& candidate, trainer::Table rows,
                           const LearningOptions& options, const EventCallback& on_event) {
  Learnt learnt;
  learnt.candidate = candidate;
  learnt.training = std::move(rows);
  const Pretrained* const from = candidate.from.get();
  if (from == nullptr && candidate.architecture == trainer::Architecture::kAutoencoder) {
    return {Status::kInvalidArgument,
            "autoencoder: repeats its features instead of naming labels; take another network to tell labels apart"};
  }
  const auto classes = static_cast<int>(data.labels.size());
  learnt.layout = compiler::WordsOf(candidate.block).layout_of(compiler::PointerTo(candidate.block), data.shape);
  trainer::Model fresh;
  int frozen_layers = 0;
  bool learns_gently = false;
  if (from != nullptr) {
    THIMBLE_ASSIGN(Start start, GoOnFrom(*from, data.labels, learnt.training, candidate.frozen_layers, options.seed));
    fresh = std::move(start.model);
    learnt.scaling = std::move(start.scaling);
    frozen_layers = start.frozen_layers;
    learns_gently = !start.learns_only_last;
  } else {
    THIMBLE_ASSIGN(const trainer::ModelSpec made,
                   trainer::MakeSpec(candidate.architecture, learnt.layout, classes, false, candidate.size));
    THIMBLE_ASSIGN(fresh, trainer::Initialise(made, options.seed));
  }
  const trainer::ModelSpec& spec = fresh.spec;
  const trainer::Split split = trainer::SplitByGroup(learnt.training, options.validation_share, options.seed);
  trainer::Table training = learnt.training.Select(split.training);
  trainer::Table validation = learnt.training.Select(split.validation);

  const bool is_dense = from == nullptr && candidate.architecture == trainer::Architecture::kDense;
  if (from == nullptr) {
    THIMBLE_ASSIGN(learnt.scaling, MeasureScaling(training, spec, data.set.recordings.front().axes, learnt.layout));
  }
  trainer::Apply(learnt.scaling, training.features);
  trainer::Apply(learnt.scaling, validation.features);

  constexpr float kDenseRate = 0.002f;
  constexpr float kConvolutionRate = 0.004f;
  trainer::FitOptions fit;
  fit.epochs =
      options.epochs > 0 ? options.epochs : EpochsFor(training.rows(), options.batch_rows, Multiplications(spec));
  fit.batch_rows = options.batch_rows;
  fit.seed = options.seed;
  fit.learning_rate = options.learning_rate > 0 ? options.learning_rate : is_dense ? kDenseRate : kConvolutionRate;
  if (learns_gently && !(options.learning_rate > 0)) fit.learning_rate /= 4;
  fit.frozen_layers = frozen_layers;
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
      options.augment
          ? *options.augment
          : trainer::DefaultAugment(learnt.layout, data.kind == DataKind::kMotion, trainer::ParameterCount(fresh));
  THIMBLE_ASSIGN(fit.augment, trainer::MakeAugment(augment, learnt.layout, RawAxes(candidate.block, data)));

  Step step(on_event, "train", NameOf(candidate));
  THIMBLE_ASSIGN(trainer::FitResult fitted,
                 trainer::Fit(fresh, {.inputs = training.features, .labels = training.labels, .targets = {}},
                              {.inputs = validation.features, .labels = validation.labels, .targets = {}}, fit,
                              [&](const trainer::Epoch& epoch) { return step.Told(epoch); }));
  learnt.model = std::move(fitted.model);
  FoldInto(learnt.model, learnt.scaling);
  trainer::Apply(learnt.scaling, learnt.training.features);
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
  THIMBLE_ASSIGN(std::vector<float> scores, trainer::Run(learnt.quantised, held_out.features));
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
  learnt.held_out = {std::move(scores), held_out.labels};
  quantise.End("int8 " + Percent(static_cast<double>(learnt.validation_accuracy)) + " in validation");
  return learnt;
}

}  // namespace thimble::studio
