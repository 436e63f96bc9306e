// The report as text for people and as one line of JSON; the scores that both and the HTML page share.
#include "cli/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/plot.h"
#include "trainer/evaluate.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 12;  // the text stands to the right of a column of headings

std::string Format(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// --- text --------------------------------------------------------------------------------------------------------

// Writes sections: a heading on the left, lines on the right, an empty line before the next one.
class Page {
 public:
  explicit Page(const Style& style) : style_(style), columns_(std::min(style.width, 100)) {}

  void Heading(std::string_view heading) {
    if (!text_.empty()) text_ += "\n";
    pending_ = heading;
  }

  /// A sentence or two, broken where the line ends.
  void Say(std::string_view sentence, Tint tint = Tint::kNone) {
    const std::string wrapped = Wrap(style_.Plain(Printable(sentence)), kIndent, columns_);
    // Each line is painted on its own: colour over a line end would also colour the margin.
    size_t at = 0;
    while (at <= wrapped.size()) {
      const size_t end = std::min(wrapped.find('\n', at), wrapped.size());
      const size_t first = std::min(wrapped.find_first_not_of(' ', at), end);
      Margin();
      text_ += style_.Paint(std::string_view(wrapped).substr(first, end - first), tint) + "\n";
      at = end + 1;
    }
  }

  /// A line that is laid out already.
  void Line(std::string_view line) {
    Margin();
    text_.append(line.substr(0, line.find_last_not_of(' ') + 1)).append("\n");
  }

  /// Lines that are indented already. The heading gets its own line.
  void Block(std::string_view block) {
    if (!pending_.empty()) {
      text_ += style_.Bold(pending_) + "\n";
      pending_.clear();
    }
    text_ += block;
  }

  /// A few words to the right of a number; narrow terminals do without.
  std::string Remark(std::string_view words) const { return columns_ < 80 ? "" : "  " + style_.Dim(words); }

  std::string Take() { return std::move(text_); }
  const Style& style() const { return style_; }

 private:
  void Margin() {
    text_ += pending_.empty() ? std::string(kIndent, ' ') : style_.Bold(PadRight(pending_, kIndent));
    pending_.clear();
  }

  Style style_;
  int columns_;
  std::string pending_;
  std::string text_;
};

// The first few; a folder of odd files must not push the figures off the screen.
void Mention(const std::string& kind, const std::vector<std::string>& sentences, Page& page) {
  constexpr size_t kMost = 5;
  for (size_t i = 0; i < std::min(kMost, sentences.size()); ++i) page.Say(kind + sentences[i], Tint::kYellow);
  if (sentences.size() > kMost) {
    page.Say(kind + Thousands(static_cast<long long>(sentences.size() - kMost)) + " more, listed in report.html.",
             Tint::kYellow);
  }
}

void WriteData(const Report& report, Page& page) {
  const ReportData& data = report.data;
  page.Heading("Data");
  page.Say(data.source);
  if (data.simulated) page.Say(kSimulatedSentence, Tint::kYellow);
  page.Say(DescribeWindows(data));
  if (!data.counts.empty()) {
    std::vector<std::vector<std::string>> rows = {{page.style().Dim("label"), page.style().Dim("recordings"),
                                                   page.style().Dim("test"), page.style().Dim("windows"),
                                                   page.style().Dim("test")}};
    for (size_t i = 0; i < std::min(report.labels.size(), data.counts.size()); ++i) {
      const ReportCount& count = data.counts[i];
      rows.push_back({Shorten(page.style().Plain(Printable(report.labels[i])), 24, page.style()),
                      Thousands(count.recordings_training), Thousands(count.recordings_testing),
                      Thousands(count.windows_training), Thousands(count.windows_testing)});
    }
    page.Block("\n" + Table(rows, kIndent));
    if (!data.duplicates.empty() || !data.notices.empty()) page.Block("\n");
  }
  Mention("Duplicate: ", data.duplicates, page);
  Mention("Note: ", data.notices, page);
}

void WriteAccuracy(const Report& report, Page& page) {
  const ReportAccuracy& accuracy = report.accuracy;
  page.Heading("Accuracy");
  const auto line = [&page](const char* name, const std::optional<double>& share, const char* remark) {
    if (!share) return;
    page.Line(PadRight(name, 8) + Bar(*share, 24, page.style()) + PadLeft(AsPercent(*share), 8) + page.Remark(remark));
  };
  line("float", accuracy.float_windows, "of the testing windows");
  line("int8", accuracy.int8_windows, "on this computer");
  line("device", accuracy.device_windows, "on the microcontroller");
  if (accuracy.recordings.total > 0) {
    page.Say(std::to_string(accuracy.recordings.correct) + " of " + std::to_string(accuracy.recordings.total) +
             " recordings are named correctly by the majority of their windows.");
  }
  if (report.confusion.empty()) return;
  const std::vector<trainer::ClassScore> classes = trainer::ScoreClasses(report.confusion);
  std::vector<std::vector<std::string>> extra;
  extra.reserve(classes.size());
  for (const trainer::ClassScore& one : classes) {
    extra.push_back({Format("%.3f", one.precision), Format("%.3f", one.recall), Format("%.3f", one.f1)});
  }
  page.Block("\n" + ConfusionTable(report.labels, report.confusion, {"precision", "recall", "F1"}, extra, kIndent,
                                   page.style()));
  page.Say("Macro F1 " + Format("%.3f", trainer::MacroF1(classes)) +
           ", the mean over the labels; all of the int8 network.");
}

void WriteDevice(const Report& report, Page& page) {
  const ReportDevice& device = report.device;
  page.Heading("Device");
  page.Say(device.board + (device.description.empty() ? "" : ": " + device.description));
  page.Say(DescribeIdentity(device), device.identical == device.windows ? Tint::kGreen : Tint::kRed);
  const auto row = [&page](const char* name, int64_t bytes, const char* remark) {
    if (bytes > 0) page.Line(PadRight(name, 8) + PadLeft(Thousands(bytes) + " B", 12) + page.Remark(remark));
  };
  row("arena", device.arena_bytes, "planned before the build, exact");
  row("RAM", device.ram_bytes, "arena, buffers and stack together");
  row("flash", device.flash_total, "everything that is on the chip");
  row("  code", device.flash_code, "");
  row("  model", device.flash_model, "");
  if (const double cycles = device.cycles_dsp + device.cycles_network; cycles > 0) {
    page.Say(Thousands(std::llround(cycles)) + " cycles a window, " +
             Format("%.2f", 1000 * cycles / static_cast<double>(device.clock_hz)) +
             " ms: " + Thousands(std::llround(device.cycles_dsp)) + " for the features, " +
             Thousands(std::llround(device.cycles_network)) + " for the network.");
  }
  if (device.instructions_dsp > 0 || device.instructions_network > 0) {
    page.Say(Thousands(std::llround(device.instructions_dsp + device.instructions_network)) +
             " instructions a window: " + Thousands(std::llround(device.instructions_dsp)) + " for the features, " +
             Thousands(std::llround(device.instructions_network)) + " for the network.");
  }
}

void WriteTime(const Report& report, Page& page) {
  std::string steps;
  for (const auto& [name, seconds] : report.seconds) {
    steps += (steps.empty() ? "" : ", ") + name + " " + Seconds(seconds);
  }
  page.Heading("Time");
  page.Say(Seconds(TotalSeconds(report)) + " in all: " + steps + ".");
}

// What the scores are worth, and where it fails worst.
void WriteWorth(const Report& report, Page& page) {
  constexpr size_t kMostWorst = 3;
  const ReportWorth& worth = *report.worth;
  page.Heading("Scores");
  for (const std::string& sentence : DescribeScores(worth)) page.Say(sentence);
  for (size_t i = 0; i < std::min(worth.worst.size(), kMostWorst); ++i) {
    const ReportWorst& one = worth.worst[i];
    page.Say((i == 0 ? "Worst: " : "       ") + report.labels[static_cast<size_t>(one.label)] + " taken for " +
             report.labels[static_cast<size_t>(one.predicted)] + ", " + one.place);
  }
}

// --- JSON --------------------------------------------------------------------------------------------------------

Json Optional(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json JsonData(const Report& report) {
  Json axes = Json::array();
  for (const ReportAxis& axis : report.data.axes) axes.push_back({{"name", axis.name}, {"units", axis.units}});
  int windows_training = 0;
  int windows_testing = 0;
  for (const ReportCount& count : report.data.counts) {
    windows_training += count.windows_training;
    windows_testing += count.windows_testing;
  }
  return {{"source", report.data.source},       {"axes", std::move(axes)},
          {"rate_hz", report.data.rate_hz},     {"window_ms", report.data.window_ms},
          {"stride_ms", report.data.stride_ms}, {"windows_training", windows_training},
          {"windows_testing", windows_testing}};
}

Json JsonRecordings(const Report& report) {
  int training = 0;
  int testing = 0;
  Json by_label = Json::object();
  for (size_t i = 0; i < std::min(report.labels.size(), report.data.counts.size()); ++i) {
    const ReportCount& count = report.data.counts[i];
    training += count.recordings_training;
    testing += count.recordings_testing;
    by_label[report.labels[i]] = {{"training", count.recordings_training},
                                  {"testing", count.recordings_testing},
                                  {"windows_training", count.windows_training},
                                  {"windows_testing", count.windows_testing}};
  }
  return {{"training", training}, {"testing", testing}, {"by_label", std::move(by_label)}};
}

const ReportEpoch& KeptEpoch(const ReportImpulse& impulse) {
  return impulse.best_epoch > 0 ? impulse.epochs[static_cast<size_t>(impulse.best_epoch) - 1] : impulse.epochs.back();
}

Json JsonLayers(const Report& report) {
  Json layers = Json::array();
  for (const ReportLayer& layer : report.impulse.layers) {
    layers.push_back({{"name", layer.name},
                      {"shape", layer.shape},
                      {"parameters", layer.parameters},
                      {"multiplications", layer.multiplications},
                      {"int8_loss", Optional(layer.int8_loss)}});
  }
  return layers;
}

Json JsonTraining(const Report& report) {
  Json loss = Json::array();
  Json accuracy = Json::array();
  Json validation_loss = Json::array();
  Json validation_accuracy = Json::array();
  for (const ReportEpoch& epoch : report.impulse.epochs) {
    loss.push_back(epoch.training_loss);
    accuracy.push_back(epoch.training_accuracy);
    validation_loss.push_back(epoch.validation_loss);
    validation_accuracy.push_back(epoch.validation_accuracy);
  }
  Json tried = Json::array();
  for (const ReportTried& one : report.impulse.tried) {
    tried.push_back({{"model", one.name}, {"validation_accuracy", one.validation}});
  }
  return {{"epochs", report.impulse.epochs.size()},
          {"best_epoch", report.impulse.best_epoch},
          {"tried", std::move(tried)},
          {"int8_losses", report.impulse.int8_losses},
          {"loss", std::move(loss)},
          {"accuracy", std::move(accuracy)},
          {"validation_loss", std::move(validation_loss)},
          {"validation_accuracy", std::move(validation_accuracy)}};
}

}  // namespace

double TotalSeconds(const Report& report) {
  double total = 0;
  for (const auto& step : report.seconds) total += step.second;
  return total;
}

std::string AsPercent(double share) {
  // Never rounded up to 100: that is a promise.
  if (share < 1 && share > 0.9995) return "> 99.9 %";
  return Format("%.1f %%", 100 * share);
}

std::string ShortNumber(double number) {
  if (std::abs(number) >= 1000) return Format("%.0f", number);
  return Format("%.4g", number);
}

std::string DescribeWindows(const ReportData& data) {
  // Neighbouring axes with the same unit share it: "accX, accY, accZ in m/s2".
  std::string axes;
  for (size_t i = 0; i < data.axes.size(); ++i) {
    const bool last_of_unit = i + 1 == data.axes.size() || data.axes[i + 1].units != data.axes[i].units;
    axes += (i == 0 ? "" : ", ") + data.axes[i].name;
    if (last_of_unit && !data.axes[i].units.empty()) axes += " in " + data.axes[i].units;
  }
  std::string text = std::to_string(data.axes.size()) + (data.axes.size() == 1 ? " axis" : " axes");
  if (!axes.empty()) text += " (" + axes + ")";
  if (data.rate_hz > 0) text += " at " + ShortNumber(data.rate_hz) + " Hz";
  if (data.window_ms > 0) {
    text += "; a window is " + ShortNumber(data.window_ms) + " ms long, one starts every " +
            ShortNumber(data.stride_ms) + " ms";
  }
  return text + ".";
}

std::string DescribeIdentity(const ReportDevice& device) {
  if (device.identical == device.windows) {
    return "All " + Thousands(device.windows) +
           " windows: features, scores and label are the same bits on the microcontroller and on this computer.";
  }
  return "Only " + Thousands(device.identical) + " of " + Thousands(device.windows) +
         " windows give the same bits on the microcontroller and on this computer. That is a defect: please report it.";
}

std::vector<std::string> DescribeScores(const ReportWorth& worth) {
  std::vector<std::string> sentences;
  double sum = 0;
  int count = 0;
  for (const std::optional<double>& area : worth.areas) {
    sum += area.value_or(0);
    count += area ? 1 : 0;
  }
  if (count > 0) {
    sentences.push_back("Area under the ROC curve " + Format("%.3f", sum / count) + ", the mean over the labels.");
  }
  std::string calibration = "Scores are off by " + AsPercent(worth.calibration_error) +
                            " (expected calibration error): a score of 0.9 should be right nine times of ten";
  if (worth.choice && worth.choice->temperature != 1) {
    calibration += "; divided by a temperature of " + Format("%.2f", worth.choice->temperature) + ", by " +
                   AsPercent(worth.choice->calibration_error);
  }
  sentences.push_back(calibration + ".");
  if (worth.choice && worth.choice->threshold > 0) {
    sentences.push_back("Below a score of " + Format("%.2f", worth.choice->threshold) + " better say \"uncertain\": " +
                        AsPercent(worth.choice->uncertain) + " of the testing windows, and " +
                        AsPercent(worth.choice->accuracy) + " of the others are right.");
  }
  return sentences;
}

std::string TextReport(const Report& report, const Style& style) {
  Page page(style);
  WriteData(report, page);

  const ReportImpulse& impulse = report.impulse;
  if (!impulse.network.empty()) {
    page.Heading("Network");
    page.Say(impulse.block + " turns a window into " + Thousands(impulse.feature_count) + " features.");
    page.Say("Layers " + impulse.network + ", " + Thousands(impulse.parameters) + " parameters.");
    if (impulse.tried.size() > 1) {
      std::string tried;
      for (const ReportTried& one : impulse.tried) {
        tried += (tried.empty() ? "" : ", ") + one.name + " " + AsPercent(one.validation);
      }
      page.Say("Tried, right in validation: " + tried + ".");
    }
    if (!impulse.int8_losses.empty()) page.Say(impulse.int8_losses);
    if (!impulse.epochs.empty()) {
      const ReportEpoch& best = KeptEpoch(impulse);
      std::string training = Thousands(static_cast<long long>(impulse.epochs.size())) + " epochs from seed " +
                             std::to_string(report.seed) + ", the network of the " +
                             (impulse.best_epoch > 0 ? "best" : "last") + " is kept";
      if (std::isfinite(best.training_accuracy)) training += ": training " + AsPercent(best.training_accuracy);
      if (std::isfinite(best.validation_accuracy)) training += ", validation " + AsPercent(best.validation_accuracy);
      page.Say(training + ".");
    }
  }
  const ReportAccuracy& accuracy = report.accuracy;
  if (accuracy.float_windows || accuracy.int8_windows || accuracy.device_windows) WriteAccuracy(report, page);
  if (report.worth) WriteWorth(report, page);
  if (report.device.windows > 0) WriteDevice(report, page);
  if (!report.seconds.empty()) WriteTime(report, page);
  if (!report.files.empty()) {
    page.Heading("Files");
    int longest = 0;
    for (const ReportFile& file : report.files) longest = std::max(longest, Columns(file.path));
    for (const ReportFile& file : report.files) {
      page.Line(PadRight(Printable(file.path), longest) + "  " + style.Dim(style.Plain(file.what)));
    }
  }
  if (!report.command.empty()) {
    page.Heading("Again");
    page.Line(Printable(report.command));
  }
  return page.Take();
}

std::string JsonReport(const Report& report) {
  const ReportAccuracy& accuracy = report.accuracy;
  const ReportDevice& device = report.device;
  const std::vector<trainer::ClassScore> scores = trainer::ScoreClasses(report.confusion);
  Json f1 = Json::object();
  Json classes = Json::array();
  for (size_t i = 0; i < std::min(report.labels.size(), scores.size()); ++i) {
    f1[report.labels[i]] = scores[i].f1;
    classes.push_back({{"label", report.labels[i]},
                       {"precision", scores[i].precision},
                       {"recall", scores[i].recall},
                       {"f1", scores[i].f1},
                       {"windows", scores[i].rows}});
  }
  Json seconds = Json::object();
  for (const auto& [name, value] : report.seconds) seconds[name] = value;
  seconds["total"] = TotalSeconds(report);
  Json versions = Json::object();
  for (const auto& [name, value] : report.versions) versions[name] = value;
  Json files = Json::array();
  for (const ReportFile& file : report.files) files.push_back(file.path);

  const Json json = {
      {"accuracy",
       {{"float", Optional(accuracy.float_windows)},
        {"int8", Optional(accuracy.int8_windows)},
        {"device", Optional(accuracy.device_windows)},
        {"recordings", {{"correct", accuracy.recordings.correct}, {"total", accuracy.recordings.total}}}}},
      {"windows", device.windows},
      {"identical", device.identical},
      {"arena_bytes", device.arena_bytes},
      {"ram_bytes", device.ram_bytes},
      {"model_bytes", device.model_bytes},
      {"flash_bytes", {{"code", device.flash_code}, {"model", device.flash_model}, {"total", device.flash_total}}},
      {"instructions", {{"dsp", device.instructions_dsp}, {"network", device.instructions_network}}},
      {"cycles", {{"dsp", device.cycles_dsp}, {"network", device.cycles_network}}},
      {"seconds", std::move(seconds)},
      {"f1", std::move(f1)},
      {"macro_f1", trainer::MacroF1(scores)},
      {"classes", std::move(classes)},
      {"confusion", report.confusion},
      {"labels", report.labels},
      {"recordings", JsonRecordings(report)},
      {"data", JsonData(report)},
      {"impulse",
       {{"block", report.impulse.block},
        {"feature_count", report.impulse.feature_count},
        {"feature_names", report.impulse.feature_names},
        {"network", report.impulse.network},
        {"parameters", report.impulse.parameters},
        {"layers", JsonLayers(report)}}},
      {"training", JsonTraining(report)},
      {"duplicates", report.data.duplicates},
      {"notices", report.data.notices},
      {"simulated", report.data.simulated},
      {"board", device.board},
      {"seed", report.seed},
      {"version", report.version},
      {"versions", std::move(versions)},
      {"command", report.command},
      {"files", std::move(files)},
  };
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace thimble::cli
