#include "cli/report_data.h"

#include <algorithm>
#include <utility>

#include "compiler/impulse_file.h"
#include "trainer/model.h"
#include "trainer/projection.h"

namespace thimble::cli {
namespace {

using dataset::Category;

/// "conv 16 → conv 32 → dense 4": the layers that learn.
std::string NetworkText(const trainer::ModelSpec& spec, const std::vector<trainer::Shape>& shapes) {
  constexpr int kMost = 8;
  std::string text;
  int count = 0;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const trainer::LayerKind kind = spec.layers[i].kind;
    const bool learns = kind == trainer::LayerKind::kDense || kind == trainer::LayerKind::kConvolution ||
                        kind == trainer::LayerKind::kDepthwise || kind == trainer::LayerKind::kLstm;
    if (!learns || ++count > kMost) continue;
    text += (count == 1 ? "" : " → ") + std::string(Text(kind)) + " " + std::to_string(shapes[i].channels);
  }
  return count > kMost ? text + " → … (" + std::to_string(count) + ")" : text;
}

/// Batch norm belongs to the layer before it, as it does in the file; dropout and activations have no row.
std::vector<ReportLayer> Layers(const trainer::ModelSpec& spec, const std::vector<trainer::Shape>& shapes,
                                const std::vector<trainer::LayerLoss>& losses) {
  const std::vector<trainer::LayerCost> costs = trainer::Costs(spec, shapes);
  std::vector<ReportLayer> layers;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const trainer::LayerKind kind = spec.layers[i].kind;
    if (kind == trainer::LayerKind::kDropout || kind == trainer::LayerKind::kActivation) continue;
    const bool joins = !layers.empty() && kind == trainer::LayerKind::kBatchNorm;
    if (!joins) layers.push_back({std::string(Text(kind)), Text(shapes[i]), 0, 0, {}});
    ReportLayer& layer = layers.back();
    layer.parameters += costs[i].parameters;
    layer.multiplications += costs[i].multiplications;
    for (const trainer::LayerLoss& loss : losses) {
      if (loss.layer == static_cast<int>(i) && !joins) layer.int8_loss = static_cast<double>(loss.output_error);
    }
  }
  return layers;
}

}  // namespace

ReportData DescribeData(const studio::Data& data, const std::string& source) {
  const dataset::Recording& first = data.set.recordings.front();
  const dataset::WindowIndex& windows = data.training.windows.empty() ? data.testing : data.training;
  const bool is_picture = first.is_picture();
  ReportData described{.source = source,
                       .simulated = false,
                       .notices = data.set.notices,
                       .duplicates = data.duplicates,
                       .axes = {},
                       .rate_hz = is_picture ? 0 : first.rate_hz(),
                       .window_ms = is_picture ? 0 : static_cast<double>(windows.readings) * first.interval_ms,
                       .stride_ms = is_picture ? 0 : static_cast<double>(windows.stride_readings) * first.interval_ms,
                       .counts = std::vector<ReportCount>(data.labels.size())};
  for (const dataset::Axis& axis : first.axes) described.axes.push_back({axis.name, axis.units});
  const auto count_of = [&](const dataset::Recording& recording) -> ReportCount* {
    const auto label = std::find(data.labels.begin(), data.labels.end(), recording.label);
    return label == data.labels.end() ? nullptr : &described.counts[static_cast<size_t>(label - data.labels.begin())];
  };
  for (const dataset::Recording& recording : data.set.recordings) {
    ReportCount* const count = count_of(recording);
    if (count == nullptr) continue;
    ++(recording.category == Category::kTesting ? count->recordings_testing : count->recordings_training);
  }
  const auto add_windows = [&](const dataset::WindowIndex& index, int ReportCount::*number) {
    for (const dataset::WindowPlace& place : index.windows) {
      if (ReportCount* const count = count_of(data.set.recordings[place.recording])) ++(count->*number);
    }
  };
  add_windows(data.training, &ReportCount::windows_training);
  add_windows(data.testing, &ReportCount::windows_testing);
  return described;
}

std::vector<ReportSignal> ExampleSignals(const studio::Data& data) {
  constexpr size_t kPoints = 64;
  const dataset::WindowIndex& testing = data.testing;
  std::vector<ReportSignal> signals;
  if (data.kind == studio::DataKind::kPictures) return signals;
  for (size_t label = 0; label < data.labels.size(); ++label) {
    const auto first = std::find_if(testing.windows.begin(), testing.windows.end(), [&](const auto& place) {
      return data.set.recordings[place.recording].label == data.labels[label];
    });
    if (first == testing.windows.end()) continue;
    const auto last = std::find_if(first, testing.windows.end(),
                                   [&](const auto& place) { return place.recording != first->recording; });
    const dataset::WindowPlace& place = first[(last - first) / 2];
    const dataset::Recording& recording = data.set.recordings[place.recording];
    const std::span<const float> samples = testing.Samples(data.set, place);
    const size_t points = std::min(kPoints, testing.readings);
    ReportSignal signal{.label = static_cast<int>(label), .recording = recording.name, .by_axis = {}};
    for (size_t axis = 0; axis < recording.axes.size(); ++axis) {
      std::vector<float>& values = signal.by_axis.emplace_back();
      for (size_t point = 0; point < points; ++point) {
        values.push_back(samples[point * testing.readings / points * recording.axes.size() + axis]);
      }
    }
    signals.push_back(std::move(signal));
  }
  return signals;
}

std::vector<ReportPoint> ScatterPoints(const trainer::Table& testing, std::span<const int> predictions) {
  constexpr int kMostPoints = 1500;  // more would make a page of megabytes, and a blot
  const int step = (testing.rows() + kMostPoints - 1) / kMostPoints;
  std::vector<int> rows;
  for (int row = 0; row < testing.rows(); row += std::max(step, 1)) rows.push_back(row);
  const trainer::Table some = testing.Select(rows);
  const auto plane = trainer::ProjectToPlane(some.features, some.feature_count);
  std::vector<ReportPoint> points;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    points.push_back({plane[i][0], plane[i][1], testing.labels[row], predictions[row]});
  }
  return points;
}

ReportImpulse DescribeImpulse(const studio::TrainingResult& result) {
  const studio::Learnt& learnt = result.learnt;
  ReportImpulse impulse{.block = compiler::BlockOf(learnt.candidate.block).name,
                        .feature_names = {},
                        .feature_count = learnt.training.feature_count,
                        .network = studio::NameOf(learnt.candidate),
                        .parameters = trainer::ParameterCount(learnt.model),
                        .epochs = {},
                        .best_epoch = learnt.best_epoch,
                        .layers = {},
                        .int8_losses = result.losses,
                        .tried = {}};
  if (const auto shapes = trainer::InferShapes(learnt.model.spec)) {
    impulse.network = NetworkText(learnt.model.spec, *shapes);
    impulse.layers = Layers(learnt.model.spec, *shapes, result.layer_losses);
  }
  for (const trainer::Epoch& epoch : learnt.curve) {
    impulse.epochs.push_back({static_cast<double>(epoch.training_loss), static_cast<double>(epoch.training_score),
                              static_cast<double>(epoch.validation_loss), static_cast<double>(epoch.validation_score)});
  }
  for (const auto& [name, accuracy] : result.tried) impulse.tried.push_back({name, static_cast<double>(accuracy)});
  return impulse;
}

ReportWorth DescribeWorth(const studio::Worth& worth, const std::optional<studio::ScoreChoice>& choice) {
  ReportWorth described{.areas = worth.areas, .calibration_error = worth.calibration_error, .choice = {}, .worst = {}};
  if (choice) {
    described.choice = {.temperature = choice->temperature,
                        .calibration_error = worth.calibrated_error,
                        .threshold = choice->threshold,
                        .uncertain = worth.uncertain,
                        .accuracy = worth.answered_accuracy};
  }
  for (const studio::WorstWindow& one : worth.worst) {
    described.worst.push_back({one.place, one.label, one.predicted, one.score});
  }
  return described;
}

}  // namespace thimble::cli
