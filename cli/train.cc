// `thimble train` and `thimble test`: from a folder of recordings to a network, and what a network is worth.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "compiler/impulse_file.h"
#include "compiler/model_file.h"
#include "studio/training.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Kind = studio::Event::Kind;

constexpr const char* kFloatModel = "model.float.tflite";
constexpr const char* kReport = "report.json";

void PrintLine(const Json& object) {
  std::puts(object.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

Json Number(float value) { return std::isfinite(value) ? Json(value) : Json(); }

/// Shows events: as bars for people, as one object a line for programs.
class Show {
 public:
  explicit Show(const CommonOptions& common)
      : json_(common.json), progress_(stderr, StyleOf(stderr), 0, common.quiet || common.json) {}

  /// False once somebody pressed Ctrl-C.
  bool operator()(const studio::Event& event) {
    switch (event.kind) {
      case Kind::kBegin:
        progress_.Begin(std::string(event.step));
        if (json_) PrintLine({{"event", "begin"}, {"step", event.step}, {"text", event.text}});
        break;
      case Kind::kProgress:
        progress_.Update(event.share);
        break;
      case Kind::kEpoch:
        Tell(*event.epoch, event);
        break;
      case Kind::kEnd:
        progress_.End(event.text);
        if (json_) PrintLine({{"event", "end"}, {"step", event.step}, {"text", event.text}});
        break;
    }
    return !Interrupted();
  }

  /// By step; a step that ran several times counts all of them.
  Json Seconds() const {
    std::map<std::string, double> sums;
    double all = 0;
    for (const auto& [step, seconds] : progress_.seconds()) {
      sums[step] += seconds;
      all += seconds;
    }
    sums["total"] = all;
    return sums;
  }

 private:
  void Tell(const trainer::Epoch& epoch, const studio::Event& event) {
    char detail[96];
    if (std::isnan(epoch.validation_score)) {
      std::snprintf(detail, sizeof detail, "loss %.3f", static_cast<double>(epoch.training_loss));
    } else {
      std::snprintf(detail, sizeof detail, "loss %.3f, validation %.1f %%", static_cast<double>(epoch.training_loss),
                    100 * static_cast<double>(epoch.validation_score));
    }
    progress_.Update(event.share, detail);
    if (!json_) return;
    PrintLine({{"event", "epoch"},
               {"epoch", epoch.number},
               {"epochs", epoch.count},
               {"training_loss", Number(epoch.training_loss)},
               {"training_accuracy", Number(epoch.training_score)},
               {"validation_loss", Number(epoch.validation_loss)},
               {"validation_accuracy", Number(epoch.validation_score)},
               {"best", epoch.best}});
  }

  bool json_;
  Progress progress_;
};

Expected<std::string> ReadText(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return {Status::kNotFound, file.string() + ": no such file"};
  return std::string{std::istreambuf_iterator<char>(stream), {}};
}

/// What both commands print last.
Json Describe(const trainer::Evaluation* in_float, const trainer::Evaluation& in_int8,
              const std::vector<std::string>& labels) {
  Json classes = Json::array();
  for (size_t i = 0; i < labels.size(); ++i) {
    const trainer::ClassScore& score = in_int8.classes[i];
    classes.push_back({{"label", labels[i]},
                       {"precision", score.precision},
                       {"recall", score.recall},
                       {"f1", score.f1},
                       {"windows", score.rows}});
  }
  const double recordings =
      in_int8.recordings == 0 ? 0 : static_cast<double>(in_int8.recordings_correct) / in_int8.recordings;
  return {{"accuracy",
           {{"float", in_float == nullptr ? Json() : Json(in_float->accuracy)},
            {"int8", in_int8.accuracy},
            {"recordings", recordings}}},
          {"f1", in_int8.macro_f1},
          {"recordings", {{"correct", in_int8.recordings_correct}, {"count", in_int8.recordings}}},
          {"confusion", in_int8.confusion},
          {"classes", classes}};
}

/// For people: each label's figures, and where its windows went.
std::string ConfusionText(const trainer::Evaluation& evaluation, const std::vector<std::string>& labels) {
  std::vector<std::vector<std::string>> rows = {{"", "recall", "precision", "F1"}};
  for (const std::string& label : labels) rows.front().push_back("as " + Printable(label));
  for (size_t i = 0; i < labels.size(); ++i) {
    const trainer::ClassScore& score = evaluation.classes[i];
    rows.push_back({Printable(labels[i]), AsPercent(score.recall), AsPercent(score.precision), AsPercent(score.f1)});
    for (const int count : evaluation.confusion[i]) rows.back().push_back(Thousands(count));
  }
  return Table(rows, 2);
}

std::string AccuracyText(const trainer::Evaluation* in_float, const trainer::Evaluation& in_int8) {
  return "  int8 " + AsPercent(in_int8.accuracy) +
         (in_float == nullptr ? "" : ", float " + AsPercent(in_float->accuracy)) + " of windows; " +
         Thousands(in_int8.recordings_correct) + " of " + Thousands(in_int8.recordings) +
         " recordings by majority; F1 " + AsPercent(in_int8.macro_f1) + "\n";
}

std::string NoticesText(const studio::Data& data, const Style& style) {
  constexpr size_t kShownDuplicates = 3;
  std::string text;
  for (const std::string& notice : data.set.notices) text += "  ! " + Wrap(Printable(notice), 4, style.width) + "\n";
  for (size_t i = 0; i < std::min(data.duplicates.size(), kShownDuplicates); ++i) {
    text += "  ! " + Wrap(Printable(data.duplicates[i]), 4, style.width) + "\n";
  }
  if (data.duplicates.size() > kShownDuplicates) {
    text += "  ! and " + Thousands(static_cast<long long>(data.duplicates.size() - kShownDuplicates)) +
            " more duplicates, in report.json\n";
  }
  return text;
}

Outcome ReadDataOptions(const DataFolderOptions& from, uint64_t seed, studio::DataOptions& to) {
  to.folder = from.data;
  to.reading.rate_hz = from.rate_hz;
  to.reading.readings_per_recording = static_cast<size_t>(from.readings_per_recording);
  to.split.seed = seed;
  to.picture_side = from.picture_side;
  if (!from.split.empty()) {
    auto by = dataset::ParseSplitBy(from.split);
    if (!by) return {Status::kInvalidArgument, "--split " + from.split + ": " + by.error().message};
    to.split.by = *by;
  }
  return Nothing{};
}

}  // namespace

Outcome Train(const TrainOptions& options) {
  studio::TrainingOptions training;
  training.name = fs::path(options.folder.data).lexically_normal().filename().string();
  if (training.name.empty()) training.name = "impulse";
  THIMBLE_EXPECT(ReadDataOptions(options.folder, options.seed, training.data));
  training.data.window_ms = options.window_ms;
  training.data.stride_ms = options.stride_ms;
  if (!options.impulse.empty()) {
    THIMBLE_ASSIGN(const std::string text, ReadText(options.impulse));
    THIMBLE_ASSIGN(const compiler::ImpulseDescription impulse, compiler::ParseImpulse(options.impulse, text));
    training.block = impulse.block;
    training.name = impulse.name;
    if (!(training.data.window_ms > 0)) training.data.window_ms = 1000.0 * impulse.window_readings / impulse.rate_hz;
    if (!(training.data.stride_ms > 0)) training.data.stride_ms = 1000.0 * impulse.stride_readings / impulse.rate_hz;
  }
  if (!options.block.empty()) {
    training.block = compiler::DefaultParams(options.block);
    if (std::holds_alternative<std::monostate>(training.block)) {
      return {Status::kNotFound, options.block + ": there is no such block; there are " + compiler::BlockNames()};
    }
  }
  if (!options.model.empty()) {
    THIMBLE_ASSIGN(training.architecture, trainer::ArchitectureNamed(options.model));
  }
  training.size = {.width = options.width, .depth = options.depth, .dropout = options.dropout};
  training.learning.seed = options.seed;
  training.learning.epochs = options.epochs;
  training.learning.learning_rate = static_cast<float>(options.learning_rate);
  if (options.no_augmentation) training.learning.augment = trainer::AugmentOptions();

  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  Show show(options.common);
  THIMBLE_ASSIGN(const studio::TrainingResult result,
                 studio::TrainImpulse(training, [&](const studio::Event& event) { return show(event); }));

  const trainer::Evaluation& int8 = result.int8_test.evaluation;
  const std::vector<std::string>& labels = result.data.labels;
  Json report = Describe(&result.float_test.evaluation, int8, labels);
  Json tried = Json::array();
  for (const auto& [name, accuracy] : result.tried) {
    tried.push_back({{"model", name}, {"validation_accuracy", Number(accuracy)}});
  }
  Json curve = Json::array();
  for (const trainer::Epoch& epoch : result.learnt.curve) {
    curve.push_back({Number(epoch.training_loss), Number(epoch.training_score), Number(epoch.validation_loss),
                     Number(epoch.validation_score)});
  }
  report["model"] = studio::NameOf(result.learnt.candidate);
  report["parameters"] = trainer::ParameterCount(result.learnt.model);
  report["seed"] = options.seed;
  report["split"] = options.folder.split;
  report["stopped"] = result.learnt.stopped;
  report["best_epoch"] = result.learnt.best_epoch;
  report["tried"] = tried;
  report["int8_losses"] = result.losses;
  report["notices"] = result.data.set.notices;
  report["duplicates"] = result.data.duplicates;
  report["seconds"] = show.Seconds();
  Json file = report;
  file["curve"] = curve;

  const auto bytes = [](const std::vector<std::byte>& content) {
    return std::string_view(reinterpret_cast<const char*>(content.data()), content.size());
  };
  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(result.impulse)));
  THIMBLE_EXPECT(staging.Write(result.impulse.model_file, bytes(result.int8_model)));
  THIMBLE_EXPECT(staging.Write(kFloatModel, bytes(result.float_model)));
  THIMBLE_EXPECT(staging.Write(kReport, file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  THIMBLE_EXPECT(staging.Commit());

  if (options.common.json) {
    report["event"] = "result";
    PrintLine(report);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::string text = style.Bold(report["model"].get<std::string>()) + ", " +
                     Thousands(trainer::ParameterCount(result.learnt.model)) + " parameters" +
                     (result.learnt.stopped ? ", stopped early: the best so far" : "") + "\n" +
                     AccuracyText(&result.float_test.evaluation, int8) + "\n" + ConfusionText(int8, labels) + "\n" +
                     "  " + Wrap(result.losses, 2, style.width) + "\n" + NoticesText(result.data, style) + "\n" + "  " +
                     options.out + "/impulse.json, model.tflite (int8), model.float.tflite, report.json\n";
  std::fputs(style.Plain(text).c_str(), stdout);
  return Nothing{};
}

Outcome Test(const TestOptions& options) {
  fs::path folder = options.model;
  std::string model_file;
  if (!fs::is_directory(folder)) {
    model_file = folder.filename().string();
    folder = folder.parent_path();
  }
  THIMBLE_ASSIGN(const std::string text, ReadText(folder / "impulse.json"));
  THIMBLE_ASSIGN(const compiler::ImpulseDescription impulse,
                 compiler::ParseImpulse((folder / "impulse.json").string(), text));
  if (model_file.empty()) model_file = impulse.model_file;
  THIMBLE_ASSIGN(const AlignedMemory model, compiler::ReadTflite(folder / model_file));
  if (model_file == kFloatModel) {
    return {Status::kInvalidArgument,
            options.model + ": give the folder, or " + impulse.model_file + "; the figures in float come with it"};
  }
  if (impulse.labels.empty()) {
    return {Status::kUnsupported, options.model + ": is no classifier; accuracy is for networks that name labels"};
  }

  // The split that training used, so that the testing part is the same recordings.
  DataFolderOptions data_folder = options.folder;
  uint64_t seed = options.seed;
  Json parameters;
  if (const auto file = ReadText(folder / kReport); file.ok()) {
    const Json report = Json::parse(*file, nullptr, false);
    if (report.is_object()) {
      if (!options.seed_given && report.contains("seed") && report["seed"].is_number_unsigned()) seed = report["seed"];
      if (data_folder.split.empty() && report.contains("split") && report["split"].is_string()) {
        data_folder.split = report["split"];
      }
      if (report.contains("parameters")) parameters = report["parameters"];
    }
  }
  studio::DataOptions reading;
  THIMBLE_EXPECT(ReadDataOptions(data_folder, seed, reading));

  Show show(options.common);
  show({.kind = Kind::kBegin, .step = "data", .text = reading.folder});
  reading.reading.progress = [&](size_t done, size_t total) {
    return show({.step = "data",
                 .share = static_cast<double>(done) / static_cast<double>(std::max<size_t>(total, 1)),
                 .text = {}});
  };
  THIMBLE_ASSIGN(const studio::Data data, studio::PrepareTest(reading, impulse));
  show({.kind = Kind::kEnd,
        .step = "data",
        .share = 1,
        .text = Thousands(static_cast<long long>(data.testing.windows.size())) + " windows"});
  show({.kind = Kind::kBegin, .step = "test", .text = model_file});
  const auto progress = [&](double share) { return show({.step = "test", .share = share, .text = {}}); };
  THIMBLE_ASSIGN(const studio::Judged int8, studio::Judge(data, impulse, model.span(), progress));
  studio::Judged in_float;
  const bool has_float = fs::exists(folder / kFloatModel);
  if (has_float) {
    THIMBLE_ASSIGN(const AlignedMemory float_model, compiler::ReadTflite(folder / kFloatModel));
    THIMBLE_ASSIGN(in_float, studio::Judge(data, impulse, float_model.span(), progress));
  }
  show({.kind = Kind::kEnd, .step = "test", .share = 1, .text = "int8 " + AsPercent(int8.evaluation.accuracy)});

  const trainer::Evaluation* float_evaluation = has_float ? &in_float.evaluation : nullptr;
  if (options.common.json) {
    Json result = Describe(float_evaluation, int8.evaluation, impulse.labels);
    result["parameters"] = parameters;
    result["windows"] = data.testing.windows.size();
    result["notices"] = data.set.notices;
    result["seconds"] = show.Seconds();
    result["event"] = "result";
    PrintLine(result);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::fputs(style
                 .Plain(AccuracyText(float_evaluation, int8.evaluation) + "\n" +
                        ConfusionText(int8.evaluation, impulse.labels) + NoticesText(data, style))
                 .c_str(),
             stdout);
  return Nothing{};
}

}  // namespace thimble::cli
