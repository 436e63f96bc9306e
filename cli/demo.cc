// `thimble demo`: recordings in, a microcontroller that names the gesture out.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "cli/board_run.h"
#include "cli/commands.h"
#include "cli/features_suggestion.h"
#include "cli/interrupt.h"
#include "cli/projection.h"
#include "cli/record_hand.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "compiler/impulse_file.h"
#include "dataset/duplicates.h"
#include "dataset/reader.h"
#include "dataset/split.h"
#include "dataset/windows.h"
#include "trainer/evaluate.h"
#include "trainer/features.h"
#include "trainer/quantise.h"
#include "trainer/tflite_writer.h"
#include "trainer/train.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using dataset::Category;

constexpr int kSteps = 7;

/// The recordings, cleaned and split, and what is to be said about them.
struct Data {
  dataset::Dataset set;
  std::vector<std::string> labels;
  std::vector<std::string> duplicates;
  std::string source;
  bool simulated = false;
  std::string hash;
};

Expected<Data> ReadData(const DemoOptions& options, Progress& progress) {
  Data data;
  if (options.data.empty()) {
    progress.Begin("record");
    data.simulated = true;
    data.source = "simulated hand (seed " + std::to_string(options.seed) + ", not real recordings)";
    THIMBLE_ASSIGN(data.set, RecordHand({.seed = options.seed}, [&](double share, const std::string& recording) {
                     progress.Update(share, recording);
                     return !Interrupted();
                   }));
  } else {
    progress.Begin("data");
    data.source = options.data;
    dataset::ReadOptions reading;
    reading.rate_hz = options.rate_hz;
    reading.readings_per_recording = static_cast<size_t>(options.readings_per_recording);
    reading.progress = [&](size_t done, size_t total) {
      progress.Update(static_cast<double>(done) / static_cast<double>(total));
      return !Interrupted();
    };
    THIMBLE_ASSIGN(data.set, dataset::ReadFolder(options.data, reading));
  }
  const std::vector<dataset::Duplicate> duplicates = dataset::RemoveDuplicates(data.set);
  for (const dataset::Duplicate& duplicate : duplicates) data.duplicates.push_back(duplicate.sentence);
  dataset::SplitOptions splitting;
  splitting.seed = options.seed;
  THIMBLE_EXPECT(dataset::Split(data.set, splitting));
  data.labels = data.set.Labels();
  data.hash = dataset::DataHash(data.set);
  if (data.labels.size() < 2) {
    return {Status::kInvalidArgument,
            options.data + ": all recordings have the label '" + data.labels.front() +
                "'; a classifier needs at least two, so record something else as well (idle, for a start)"};
  }
  progress.End(Plural(data.set.recordings.size(), "recording") + " of " + Plural(data.labels.size(), "label") +
               (duplicates.empty() ? "" : ", " + Plural(duplicates.size(), "duplicate") + " removed"));
  return data;
}

/// The block that was asked for, or the one for this kind of recordings.
std::string ChooseBlock(const DemoOptions& options, const Data& data) {
  if (!options.block.empty()) return options.block;
  if (data.set.recordings.front().is_picture()) return "image";
  return IsSound(data.set) ? "mfcc" : "spectral_analysis";
}

/// The window that was asked for, or one that the recordings can fill when nothing was asked for.
dataset::WindowOptions ChooseWindow(const DemoOptions& options, Data& data) {
  // A few stunted files may fall short; they are skipped and counted.
  constexpr double kShareThatFits = 0.95;
  // A word is shorter than a gesture, and its window costs more to judge.
  constexpr double kSoundMs = 1000, kSoundStrideMs = 500;
  dataset::WindowOptions window{.window_ms = options.window_ms, .stride_ms = options.stride_ms};
  const dataset::Recording& first = data.set.recordings.front();
  if (first.is_picture()) return window;
  if (IsSound(data.set) && !options.window_given) window.window_ms = kSoundMs;
  if (IsSound(data.set) && !options.stride_given) window.stride_ms = kSoundStrideMs;
  const size_t longest = dataset::LongestWindow(data.set, kShareThatFits);
  if (!options.window_given && longest > 0 && dataset::ReadingsIn(window.window_ms, first.interval_ms) > longest) {
    const double asked_ms = window.window_ms;
    window.window_ms = static_cast<double>(longest) * first.interval_ms;
    char sentence[160];
    std::snprintf(sentence, sizeof sentence,
                  "Recordings are shorter than a window of %.0f ms, so the window is %.0f ms (%zu readings); "
                  "--window-ms sets it.",
                  asked_ms, window.window_ms, longest);
    data.set.notices.emplace_back(sentence);
  }
  return window;
}

void CountInto(std::vector<ReportCount>& counts, const Data& data, const trainer::Table& training,
               const trainer::Table& testing) {
  counts.assign(data.labels.size(), {});
  for (const dataset::Recording& recording : data.set.recordings) {
    const auto label = std::find(data.labels.begin(), data.labels.end(), recording.label);
    if (label == data.labels.end()) continue;
    ReportCount& count = counts[static_cast<size_t>(label - data.labels.begin())];
    count.recordings_training += recording.category == Category::kTraining ? 1 : 0;
    count.recordings_testing += recording.category == Category::kTesting ? 1 : 0;
  }
  for (const int label : training.labels) ++counts[static_cast<size_t>(label)].windows_training;
  for (const int label : testing.labels) ++counts[static_cast<size_t>(label)].windows_testing;
}

/// One window from the middle of the first testing recording of each label, thinned to what a small plot shows.
std::vector<ReportSignal> ExampleSignals(const Data& data, const dataset::WindowIndex& testing) {
  constexpr size_t kPoints = 64;
  std::vector<ReportSignal> signals;
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
  const auto plane = ProjectToPlane(some.features, some.feature_count);
  std::vector<ReportPoint> points;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    points.push_back({plane[i][0], plane[i][1], testing.labels[row], predictions[row]});
  }
  return points;
}

/// Every window of `testing` through the session of this computer.
Expected<std::vector<WindowAnswer>> RunHere(const compiler::BoundImpulse& impulse, const Data& data,
                                            const dataset::WindowIndex& testing) {
  runtime::Session& session = impulse.session();
  std::vector<WindowAnswer> answers;
  answers.reserve(testing.windows.size());
  for (const dataset::WindowPlace& place : testing.windows) {
    THIMBLE_EXPECT(CheckInterrupt());
    std::ranges::copy(testing.Samples(data.set, place), session.window().begin());
    const runtime::Verdict verdict = session.Run();
    answers.push_back({.label = verdict.label,
                       .features_hash = Fnv1a(std::as_bytes(session.features())),
                       .raw_scores = {verdict.raw_scores.begin(), verdict.raw_scores.end()}});
  }
  return answers;
}

/// The recordings of `testing`, each with the number of its windows, as the board is to hear them.
std::vector<BoardRecording> ForTheBoard(const Data& data, const dataset::WindowIndex& testing) {
  std::vector<BoardRecording> recordings;
  size_t last = data.set.recordings.size();
  for (const dataset::WindowPlace& place : testing.windows) {
    if (place.recording != last) {
      last = place.recording;
      recordings.push_back({data.set.recordings[last].values, 0});
    }
    ++recordings.back().windows;
  }
  return recordings;
}

double ShareOfEqual(std::span<const int> labels, const std::vector<WindowAnswer>& answers) {
  size_t equal = 0;
  for (size_t i = 0; i < answers.size(); ++i) equal += answers[i].label == labels[i] ? 1 : 0;
  return answers.empty() ? 0 : static_cast<double>(equal) / static_cast<double>(answers.size());
}

}  // namespace

Outcome Demo(const DemoOptions& options) {
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  Progress progress(stderr, StyleOf(stderr), kSteps, options.common.quiet);
  Report report;
  report.title = options.data.empty() ? "Gestures of a simulated hand" : fs::path(options.data).filename().string();
  report.version = THIMBLE_VERSION;
  report.versions = {{"compiler", __VERSION__}};
  report.command = options.command;
  report.seed = options.seed;

  // 1. Recordings, without duplicates, split so that nothing leaks.
  THIMBLE_ASSIGN(Data data, ReadData(options, progress));
  const dataset::Recording& first = data.set.recordings.front();

  // 2. Windows -> features.
  progress.Begin("features");
  const std::string block = ChooseBlock(options, data);
  if (std::holds_alternative<std::monostate>(compiler::DefaultParams(block))) {
    return {Status::kNotFound, block + ": there is no such block; there are " + compiler::BlockNames()};
  }
  const dataset::WindowOptions window = ChooseWindow(options, data);
  THIMBLE_ASSIGN(const dataset::WindowIndex training_index, CutWindows(data.set, Category::kTraining, window));
  THIMBLE_ASSIGN(const dataset::WindowIndex testing_index, CutWindows(data.set, Category::kTesting, window));
  if (const size_t skipped = training_index.short_recordings + testing_index.short_recordings; skipped > 0) {
    data.set.notices.push_back(Plural(skipped, "recording") + " shorter than a window: left out.");
  }
  compiler::ImpulseDescription impulse{.name = report.title,
                                       .axes = {},
                                       .rate_hz = first.rate_hz(),
                                       .window_readings = static_cast<int>(training_index.readings),
                                       .stride_readings = static_cast<int>(training_index.stride_readings),
                                       .block = compiler::DefaultParams(block),
                                       .labels = data.labels,
                                       .data_hash = data.hash,
                                       .width = first.width,
                                       .height = first.height};
  for (const dataset::Axis& axis : first.axes) impulse.axes.push_back({axis.name, axis.units});
  if (const Outcome check = compiler::Check(impulse); !check.ok()) {
    return {Status::kInvalidArgument, data.source + ": " + check.error().message};
  }
  const auto extract = [&](const dataset::WindowIndex& index, double from, double to) {
    return trainer::ExtractFeatures(data.set, index, data.labels, compiler::BlockOf(impulse.block),
                                    compiler::PointerTo(impulse.block), impulse.Window(), [&](double share) {
                                      progress.Update(from + share * (to - from));
                                      return !Interrupted();
                                    });
  };
  THIMBLE_ASSIGN(const trainer::Table training, extract(training_index, 0, 0.8));
  THIMBLE_ASSIGN(const trainer::Table testing, extract(testing_index, 0.8, 1));
  progress.End(Plural(static_cast<size_t>(training.rows()), "training window") + ", " +
               Plural(static_cast<size_t>(testing.rows()), "testing window") + ", " +
               Plural(static_cast<size_t>(training.feature_count), "feature"));

  // 3. Train.
  progress.Begin("train");
  trainer::TrainOptions train_options;
  train_options.seed = options.seed;
  train_options.epochs = options.epochs;
  const int class_count = static_cast<int>(data.labels.size());
  THIMBLE_ASSIGN(const trainer::TrainResult trained,
                 trainer::Train(training, train_options, class_count, [&](const trainer::Epoch& epoch) {
                   char detail[64];
                   std::snprintf(detail, sizeof detail, "loss %.3f", static_cast<double>(epoch.training_loss));
                   progress.Update(static_cast<double>(epoch.number) / epoch.count, detail);
                   return !Interrupted();
                 }));
  THIMBLE_EXPECT(CheckInterrupt());
  const trainer::Epoch& best = trained.curve[static_cast<size_t>(trained.best_epoch) - 1];
  progress.End(
      trained.network.Shape() + ", best of " + Plural(trained.curve.size(), "epoch") + ": " +
      AsPercent(static_cast<double>(std::isnan(best.validation_score) ? best.training_score : best.validation_score)) +
      (std::isnan(best.validation_score) ? " in training" : " in validation"));

  // 4. Float -> int8 -> .tflite.
  progress.Begin("quantise");
  THIMBLE_ASSIGN(const trainer::QuantisedNetwork quantised, trainer::Quantise(trained.network, training));
  if (const size_t lost = trainer::FeaturesBelowAStep(quantised, training).size(); lost > 0) {
    data.set.notices.push_back(Plural(lost, "feature") +
                               " of small range vanish in int8 beside those of large range: scale the axes to similar "
                               "sizes, or leave one out.");
  }
  const std::vector<std::byte> model = trainer::WriteTflite(quantised);
  progress.End(Thousands(static_cast<long long>(model.size())) + " bytes of model.tflite");

  // 5. The runtime, on this computer.
  progress.Begin("laptop");
  THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(impulse, model));
  THIMBLE_ASSIGN(const std::vector<WindowAnswer> here, RunHere(bound, data, testing_index));
  std::vector<int> predictions;
  for (const WindowAnswer& answer : here) predictions.push_back(answer.label);
  const trainer::Evaluation evaluation = trainer::Evaluate(testing.labels, predictions, testing.groups, class_count);
  const std::vector<int> float_predictions =
      trainer::Decide(trainer::Run(trained.network, testing.features), class_count);
  const trainer::Evaluation float_evaluation =
      trainer::Evaluate(testing.labels, float_predictions, testing.groups, class_count);
  progress.End("int8 " + AsPercent(evaluation.accuracy) + ", float " + AsPercent(float_evaluation.accuracy));

  // 6. The same sources, compiled for the microcontroller.
  progress.Begin("firmware");
  THIMBLE_ASSIGN(const compiler::Firmware firmware, BuildFirmware(bound, model, staging));
  progress.End(Thousands(firmware.flash_code_bytes) + " bytes of code, " +
               Thousands(static_cast<long long>(bound.arena_bytes())) + " bytes of arena");

  // 7. The microcontroller.
  progress.Begin("device");
  THIMBLE_ASSIGN(const BoardRun there,
                 RunOnBoard(firmware, bound, ForTheBoard(data, testing_index), here, [&](double share) {
                   progress.Update(share);
                   return !Interrupted();
                 }));
  progress.End(Thousands(there.identical) + " of " + Thousands(there.windows) + " windows identical");

  report.labels = data.labels;
  report.data = {.source = data.source,
                 .simulated = data.simulated,
                 .notices = data.set.notices,
                 .duplicates = data.duplicates,
                 .axes = {},
                 .rate_hz = first.rate_hz(),
                 .window_ms = static_cast<double>(training_index.readings) * first.interval_ms,
                 .stride_ms = static_cast<double>(training_index.stride_readings) * first.interval_ms,
                 .counts = {}};
  for (const dataset::Axis& axis : first.axes) report.data.axes.push_back({axis.name, axis.units});
  CountInto(report.data.counts, data, training, testing);
  report.impulse = {.block = block,
                    .feature_names = {},
                    .feature_count = training.feature_count,
                    .network = trained.network.Shape(),
                    .parameters = trained.network.parameter_count(),
                    .epochs = {},
                    .best_epoch = trained.best_epoch};
  for (const trainer::Epoch& epoch : trained.curve) {
    report.impulse.epochs.push_back(
        {epoch.training_loss, epoch.training_score, epoch.validation_loss, epoch.validation_score});
  }
  report.accuracy = {.float_windows = float_evaluation.accuracy,
                     .int8_windows = evaluation.accuracy,
                     .device_windows = ShareOfEqual(testing.labels, there.answers),
                     .recordings = {evaluation.recordings_correct, evaluation.recordings}};
  report.confusion = evaluation.confusion;
  report.device = DescribeBoardRun(firmware, there);
  report.signals = ExampleSignals(data, testing_index);
  report.points = ScatterPoints(testing, predictions);
  report.seconds = progress.seconds();

  const std::string target = options.out;
  report.files = {{target + "/report.html", "this report as a page"},
                  {target + "/model.tflite", "the int8 network"},
                  {target + "/model.cc", "the same as a C array (with model.h)"},
                  {target + "/impulse.json", "window, signal processing, labels"},
                  {target + "/firmware.elf", "all of it for the microcontroller"}};
  const std::string json = JsonReport(report) + "\n";
  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(impulse)));
  THIMBLE_EXPECT(staging.Write("report.json", json));
  THIMBLE_EXPECT(staging.Write("report.txt", TextReport(report, Style())));
  THIMBLE_EXPECT(staging.Write("report.html", HtmlReport(report)));
  THIMBLE_EXPECT(CheckInterrupt());
  THIMBLE_EXPECT(staging.Commit());

  std::fputs(options.common.json ? json.c_str() : TextReport(report, StyleOf(stdout)).c_str(), stdout);
  return CheckIdentical(there);
}

}  // namespace thimble::cli
