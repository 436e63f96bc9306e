// `thimble train` and `thimble test`: from a folder of recordings to a network, and what a network is worth.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/block_parameters.h"
#include "cli/commands.h"
#include "cli/cross_validate.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "cli/test_on_board.h"
#include "cli/train_anomaly.h"
#include "cli/train_into.h"
#include "cli/train_output.h"
#include "cli/train_report.h"
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
constexpr const char* kPage = "report.html";

Json Number(float value) { return std::isfinite(value) ? Json(value) : Json(); }

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

/// A network to go on from brings its window and signal processing along.
Outcome ReadStart(const TrainOptions& options, studio::TrainingOptions& training) {
  if (options.from.empty()) {
    if (options.freeze.empty()) return Nothing{};
    return {Status::kInvalidArgument, "--freeze says which layers of --from stay; give that too"};
  }
  if (!options.block.empty() || !options.model.empty() || !options.impulse.empty()) {
    return {Status::kInvalidArgument,
            "--from brings its network, window and signal processing along; leave out --block, --model and --impulse"};
  }
  THIMBLE_ASSIGN(studio::Pretrained from, studio::ReadPretrained(options.from));
  studio::Candidate candidate{.block = from.impulse.block, .size = {}};
  if (!options.freeze.empty() && options.freeze != "all-but-last") {
    const char* const end = options.freeze.data() + options.freeze.size();
    const auto [stopped, error] = std::from_chars(options.freeze.data(), end, candidate.frozen_layers);
    if (error != std::errc() || stopped != end || candidate.frozen_layers < 0) {
      return {Status::kInvalidArgument, "--freeze " + options.freeze + ": give a number of layers, or all-but-last"};
    }
  }
  if (from.impulse.width > 0) {
    training.data.picture_side = from.impulse.width;
  } else {
    const double interval_ms = 1000.0 / from.impulse.rate_hz;
    training.data.window_ms = from.impulse.window_readings * interval_ms;
    if (!(training.data.stride_ms > 0)) training.data.stride_ms = from.impulse.stride_readings * interval_ms;
  }
  candidate.from = std::make_shared<const studio::Pretrained>(std::move(from));
  training.candidates = {std::move(candidate)};
  return Nothing{};
}

}  // namespace

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
    THIMBLE_ASSIGN(training.block, BlockNamed(options.block));
  }
  if (!options.parameters.empty()) {
    if (std::holds_alternative<std::monostate>(training.block)) {
      return {Status::kInvalidArgument, "--param is for a block; say which one with --block"};
    }
    THIMBLE_EXPECT(SetParameters(options.parameters, training.block));
  }
  if (!options.from.empty() && options.learn != "classifier") {
    return {Status::kInvalidArgument, "--from goes on from a network that names labels, and --learn " + options.learn +
                                          " asks for something else; leave out one of them"};
  }
  if ((options.folds > 0 || !options.each.empty()) && options.learn != "classifier") {
    return {Status::kInvalidArgument,
            "--folds and --each judge networks that name labels; leave them out with --learn " + options.learn};
  }
  if (options.learn == "anomaly") return TrainAnomaly(options, training);
  if (!options.model.empty()) {
    THIMBLE_ASSIGN(training.architecture, trainer::ArchitectureNamed(options.model));
  }
  training.size = {.width = options.width, .depth = options.depth, .dropout = options.dropout};
  training.learning.seed = options.seed;
  training.learning.epochs = options.epochs;
  training.learning.learning_rate = static_cast<float>(options.learning_rate);
  if (options.no_augmentation) training.learning.augment = trainer::AugmentOptions();
  if (options.learn == "regression") return TrainRegression(options, training);

  THIMBLE_EXPECT(ReadStart(options, training));
  return TrainInto(options, training, Json::object());
}

Outcome TrainInto(const TrainOptions& options, const studio::TrainingOptions& training, const Json& more) {
  THIMBLE_ASSIGN(const std::optional<studio::FoldOptions> folds, ReadFolds(options));
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  TrainOutput show(options.common);
  const studio::EventCallback on_event = [&](const studio::Event& event) { return show(event); };
  studio::CrossValidation validation;
  if (folds) {
    THIMBLE_ASSIGN(validation, studio::CrossValidate(training, *folds, on_event));
  } else {
    THIMBLE_ASSIGN(validation.result, studio::TrainImpulse(training, on_event));
  }
  THIMBLE_ASSIGN(const ReportWorth worth, AssessTraining(validation.result));
  const studio::TrainingResult& result = validation.result;

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
  if (folds) DescribeFolds(validation, report);
  report.update(more);
  AddScores(worth, labels, report);
  Json file = report;
  file["curve"] = curve;
  Report page = DescribeTraining(result, options.folder.data, worth);
  page.version = THIMBLE_VERSION;
  page.seed = options.seed;
  page.seconds = show.StepSeconds();
  page.files = {{options.out + "/impulse.json", "window, signal processing, labels"},
                {options.out + "/" + result.impulse.model_file, "the int8 network"},
                {options.out + "/" + kFloatModel, "the same in float32, to go on from"},
                {options.out + "/" + kReport, "these figures for programs"}};

  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(result.impulse)));
  THIMBLE_EXPECT(staging.Write(result.impulse.model_file, result.int8_model));
  THIMBLE_EXPECT(staging.Write(kFloatModel, result.float_model));
  THIMBLE_EXPECT(staging.Write(kReport, file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  THIMBLE_EXPECT(staging.Write(kPage, HtmlReport(page)));
  THIMBLE_EXPECT(staging.Commit());

  if (options.common.json) {
    report["event"] = "result";
    PrintLine(report);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::string text =
      style.Bold(report["model"].get<std::string>()) + ", " + Thousands(trainer::ParameterCount(result.learnt.model)) +
      " parameters" + (result.learnt.stopped ? ", stopped early: the best so far" : "") + "\n" +
      AccuracyText(&result.float_test.evaluation, int8) + "\n" + (folds ? FoldsText(validation, style) + "\n" : "") +
      ConfusionText(int8, labels) + "\n" + ScoresText(worth, labels, style) + "  " +
      Wrap(result.losses, 2, style.width) + "\n" + NoticesText(result.data, style) + "\n" + "  " + options.out +
      "/impulse.json, model.tflite (int8), model.float.tflite, report.json, report.html\n";
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
  AlignedMemory model;
  if (impulse.has_network()) {
    THIMBLE_ASSIGN(model, compiler::ReadTflite(folder / model_file));
  }
  if (model_file == kFloatModel) {
    return {Status::kInvalidArgument,
            options.model + ": give the folder, or " + impulse.model_file + "; the figures in float come with it"};
  }
  // The split that training used, so that the testing part is the same recordings.
  DataFolderOptions data_folder = options.folder;
  uint64_t seed = options.seed;
  Json parameters;
  bool learnt_from_all = false;
  std::optional<studio::ScoreChoice> choice;
  if (const auto file = ReadText(folder / kReport); file.ok()) {
    const Json report = Json::parse(*file, nullptr, false);
    if (report.is_object()) {
      if (!options.seed_given && report.contains("seed") && report["seed"].is_number_unsigned()) seed = report["seed"];
      if (data_folder.split.empty() && report.contains("split") && report["split"].is_string()) {
        data_folder.split = report["split"];
      }
      if (report.contains("parameters")) parameters = report["parameters"];
      learnt_from_all = report.contains("folds");
      choice = ReadChoice(report);
    }
  }
  studio::DataOptions reading;
  THIMBLE_EXPECT(ReadDataOptions(data_folder, seed, reading));
  if (impulse.labels.empty()) {
    AlignedMemory float_model;
    if (impulse.is_regressor() && fs::exists(folder / kFloatModel)) {
      THIMBLE_ASSIGN(float_model, compiler::ReadTflite(folder / kFloatModel));
    }
    const TestCase test{reading, impulse, model.span(), float_model.span(), parameters};
    return impulse.is_regressor() ? TestRegression(options, test) : TestAnomaly(options, test);
  }

  TrainOutput show(options.common);
  show({.kind = Kind::kBegin, .step = "data", .text = reading.folder});
  reading.reading.progress = [&](size_t done, size_t total) {
    return show({.step = "data",
                 .share = static_cast<double>(done) / static_cast<double>(std::max<size_t>(total, 1)),
                 .text = {}});
  };
  THIMBLE_ASSIGN(studio::Data data, studio::PrepareTest(reading, impulse));
  if (learnt_from_all && data.hash == impulse.data_hash) {
    return {Status::kInvalidArgument,
            reading.folder + ": the network has learnt from all of these recordings; what it is worth is in its " +
                kReport + ", by folds. Give other recordings"};
  }
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

  THIMBLE_ASSIGN(const ReportWorth worth, AssessTest(data, int8, choice));
  std::optional<BoardTest> board;
  if (!options.board.empty()) {
    show({.kind = Kind::kBegin, .step = "board", .text = options.board});
    THIMBLE_ASSIGN(board, TestOnBoard(impulse, model.span(), data, [&](double share) {
                     return show({.step = "board", .share = share, .text = {}});
                   }));
    show({.kind = Kind::kEnd, .step = "board", .share = 1, .text = DescribeIdentity(board->device)});
  }

  const trainer::Evaluation* float_evaluation = has_float ? &in_float.evaluation : nullptr;
  if (options.common.json) {
    Json result = Describe(float_evaluation, int8.evaluation, impulse.labels);
    AddScores(worth, impulse.labels, result);
    if (board) AddBoard(*board, result);
    result["parameters"] = parameters;
    result["windows"] = data.testing.windows.size();
    result["notices"] = data.set.notices;
    result["seconds"] = show.Seconds();
    result["event"] = "result";
    PrintLine(result);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::fputs(
      style
          .Plain(AccuracyText(float_evaluation, int8.evaluation) + "\n" +
                 ConfusionText(int8.evaluation, impulse.labels) + "\n" + ScoresText(worth, impulse.labels, style) +
                 (board ? BoardText(*board, style) : "") + NoticesText(data, style))
          .c_str(),
      stdout);
  return Nothing{};
}

}  // namespace thimble::cli
