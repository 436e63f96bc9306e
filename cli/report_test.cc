// Tests of the report: the scores, the text against a golden page, the keys of the JSON, and the safety of the HTML.
#include "cli/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

namespace thimble::cli {
namespace {

using nlohmann::json;

Report SmallReport() {
  Report report;
  report.title = "Demo";
  report.version = "0.1.0";
  report.versions = {{"g++", "12.2.0"}};
  report.command = "./run demo --seed 7";
  report.seed = 7;
  report.labels = {"idle", "wave"};
  report.data.source = "simulated hand (seed 7, not real recordings)";
  report.data.simulated = true;
  report.data.notices = {"wave.2.csv: 3 rows are empty; they are left out."};
  report.data.duplicates = {"idle.4 holds the same samples as idle.1; it is left out of the testing side."};
  report.data.axes = {{"accX", "m/s2"}, {"accY", "m/s2"}, {"gyrX", "dps"}};
  report.data.rate_hz = 62.5;
  report.data.window_ms = 2000;
  report.data.stride_ms = 80;
  report.data.counts = {{8, 3, 1200, 400}, {9, 3, 1350, 400}};
  report.impulse = {"spectral_analysis", {},  33,
                    "33 → 20 → 10 → 2",  912, {{0.9, 0.5, 0.8, 0.6}, {0.2, 0.96, 0.3, 0.9}}};
  report.accuracy = {0.9525, 0.95, 0.95, {6, 6}};
  report.confusion = {{400, 0}, {40, 360}};
  report.device = {.board = "az3166",
                   .description = "Cortex-M4F, virtual MXChip AZ3166",
                   .windows = 800,
                   .identical = 800,
                   .arena_bytes = 3264,
                   .flash_code = 28712,
                   .flash_model = 4184,
                   .flash_total = 32896,
                   .ram_bytes = 21840,
                   .model_bytes = 4184,
                   .instructions_dsp = 1284112,
                   .instructions_network = 6219,
                   .cycles_dsp = 1844100,
                   .cycles_network = 9100,
                   .clock_hz = 96'000'000};
  report.seconds = {{"data", 0.25}, {"train", 6.5}, {"device", 9.25}};
  report.signals = {{0, "idle.1", {{0, 1, 0}, {1, 0, 1}, {0, 50, 0}}},
                    {1, "wave.1", {{0, 9, -9}, {9, 0, 9}, {-90, 50, 0}}}};
  report.points = {{0, 0, 0, 0}, {1, 2, 1, 1}, {0.5, 0.1F, 1, 0}};
  report.files = {{"out/model.tflite", "the int8 network"}, {"out/report.html", "this report as a page"}};
  return report;
}

// The golden page is written anew with THIMBLE_UPDATE_GOLDEN=1; then look at the difference.
TEST(TextReport, IsTheGoldenPage) {
  const std::string path = THIMBLE_SOURCE_DIR "/cli/golden/report.txt";
  const std::string text = TextReport(SmallReport(), Style());
  if (std::getenv("THIMBLE_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ostringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(text, golden.str());
}

TEST(TextReport, FitsTheWidthInAsciiAndInUnicode) {
  for (const bool unicode : {true, false}) {
    for (const int width : {60, 80, 120}) {
      Style style;
      style.unicode = unicode;
      style.width = width;
      std::istringstream lines(TextReport(SmallReport(), style));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(Columns(line), width) << line;
        if (!unicode) {
          for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
        }
      }
    }
  }
}

TEST(TextReport, SaysThatRecordingsAreSimulatedOnlyWhenTheyAre) {
  Report report = SmallReport();
  const auto says = [&report] {
    return TextReport(report, Style()).find("not real:") != std::string::npos &&
           HtmlReport(report).find("not real:") != std::string::npos;
  };
  EXPECT_TRUE(says());
  report.data.simulated = false;
  report.data.source = "recordings/";
  EXPECT_FALSE(says());
  EXPECT_FALSE(json::parse(JsonReport(report))["simulated"].get<bool>());
}

TEST(TextReport, CallsADifferenceADefect) {
  Report report = SmallReport();
  report.device.identical = 799;
  EXPECT_NE(TextReport(report, Style()).find("Only 799 of 800"), std::string::npos);
  EXPECT_EQ(HtmlReport(report).find("exactly as on this computer"), std::string::npos);
}

TEST(TextReport, LeavesOutWhatWasNotMeasured) {
  Report report;
  report.data.source = "recordings/";
  const std::string text = TextReport(report, Style());
  for (const char* heading : {"Accuracy", "Device", "Network", "Time"})
    EXPECT_EQ(text.find(heading), std::string::npos);
  EXPECT_NE(HtmlReport(report).find("</html>"), std::string::npos);
  EXPECT_TRUE(json::parse(JsonReport(report))["accuracy"]["int8"].is_null());
}

TEST(TextReport, MentionsOnlyTheFirstOfManyNotices) {
  Report report = SmallReport();
  report.data.notices.clear();
  for (int i = 0; i < 200; ++i) report.data.notices.push_back("file" + std::to_string(i) + ": odd.");
  const std::string text = TextReport(report, Style());
  EXPECT_NE(text.find("file4: odd."), std::string::npos);
  EXPECT_EQ(text.find("file5: odd."), std::string::npos);
  EXPECT_NE(text.find("195 more"), std::string::npos);
  EXPECT_NE(HtmlReport(report).find("file199: odd."), std::string::npos);
  EXPECT_EQ(json::parse(JsonReport(report))["notices"].size(), 200U);
}

TEST(TextReport, HoldsForeignNamesHarmless) {
  Report report = SmallReport();
  report.labels[1] = "wave\x1b[2J\n";
  report.data.notices = {"evil\x1b]0;title\x07: odd"};
  report.files[0].path = "out\x1b[31m";
  EXPECT_EQ(TextReport(report, Style()).find('\x1b'), std::string::npos);
}

TEST(JsonReport, IsOneLineWithStableKeys) {
  const std::string text = JsonReport(SmallReport());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json report = json::parse(text);
  EXPECT_EQ(report["accuracy"]["float"], 0.9525);
  EXPECT_EQ(report["accuracy"]["int8"], 0.95);
  EXPECT_EQ(report["accuracy"]["device"], 0.95);
  EXPECT_EQ(report["accuracy"]["recordings"], (json{{"correct", 6}, {"total", 6}}));
  EXPECT_EQ(report["windows"], 800);
  EXPECT_EQ(report["identical"], 800);
  EXPECT_EQ(report["arena_bytes"], 3264);
  EXPECT_EQ(report["ram_bytes"], 21840);
  EXPECT_EQ(report["flash_bytes"], (json{{"code", 28712}, {"model", 4184}, {"total", 32896}}));
  EXPECT_EQ(report["instructions"]["dsp"], 1284112);
  EXPECT_EQ(report["instructions"]["network"], 6219);
  EXPECT_EQ(report["seconds"]["train"], 6.5);
  EXPECT_EQ(report["seconds"]["total"], 16.0);
  EXPECT_EQ(report["confusion"], (json{{400, 0}, {40, 360}}));
  EXPECT_EQ(report["labels"], (json{"idle", "wave"}));
  EXPECT_EQ(report["recordings"]["training"], 17);
  EXPECT_EQ(report["recordings"]["by_label"]["wave"]["testing"], 3);
  EXPECT_DOUBLE_EQ(report["f1"]["wave"].get<double>(), 720.0 / 760.0);
  EXPECT_EQ(report["training"]["epochs"], 2);
  EXPECT_EQ(report["seed"], 7);
  for (const char* key : {"macro_f1", "classes", "data", "impulse", "duplicates", "notices", "simulated", "versions"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
}

TEST(JsonReport, TakesAnyBytesAndAnyNumber) {
  Report report = SmallReport();
  report.labels = {"caf\xe9", "\xff\xfe"};
  report.data.source = "dir/\x80name";
  report.impulse.epochs[0].validation_loss = std::numeric_limits<double>::quiet_NaN();
  const json parsed = json::parse(JsonReport(report));
  EXPECT_EQ(parsed["labels"][0], "caf\uFFFD");
  EXPECT_TRUE(parsed["training"]["validation_loss"][0].is_null());
}

TEST(HtmlReport, EscapesEveryForeignString) {
  const std::string evil = "<script>alert('x')</script>\"&";
  Report report = SmallReport();
  report.title = report.version = report.command = evil;
  report.labels = {evil, evil + "2"};
  report.data.source = report.impulse.block = report.impulse.network = evil;
  report.data.notices = report.data.duplicates = {evil};
  for (ReportAxis& axis : report.data.axes) axis = {evil, evil};
  for (ReportSignal& signal : report.signals) signal.recording = evil;
  for (ReportFile& file : report.files) file = {evil, evil};
  report.device.board = report.device.description = evil;
  report.seconds = {{evil, 1}};
  report.versions = {{evil, evil}};
  const std::string html = HtmlReport(report);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("alert('"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"), std::string::npos);
}

TEST(HtmlReport, NeedsNothingFromElsewhere) {
  const std::string html = HtmlReport(SmallReport());
  for (const char* foreign : {"http:", "https:", "src=", "href=", "url(", "@import", "<script"}) {
    EXPECT_EQ(html.find(foreign), std::string::npos) << foreign;
  }
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
}

TEST(HtmlReport, ClosesWhatItOpens) {
  const std::string html = HtmlReport(SmallReport());
  const auto count = [&html](const std::string& text) {
    int found = 0;
    for (size_t at = html.find(text); at != std::string::npos; at = html.find(text, at + 1)) ++found;
    return found;
  };
  for (const std::string tag :
       {"section", "div", "table", "svg", "figure", "ul", "li", "dl", "dt", "dd", "span", "p", "g"}) {
    EXPECT_EQ(count("<" + tag + ">") + count("<" + tag + " "), count("</" + tag + ">")) << tag;
  }
}

TEST(HtmlReport, MarksEveryWindowThatWasNamedWrongly) {
  const std::string html = HtmlReport(SmallReport());
  EXPECT_NE(html.find("<title>wave, taken for idle</title>"), std::string::npos);
  EXPECT_NE(html.find("1 of the 3 here."), std::string::npos);
}

TEST(HtmlReport, SurvivesWhatDoesNotFitTogether) {
  Report report = SmallReport();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  report.points = {{nan, 1, 0, 0}, {1, 1, -1, 5}, {2, 2, 0, 9}};
  report.signals = {{-1, "x", {}}, {9, "y", {}}, {0, "z", {{nan, nan}, {}}}};
  report.confusion = {{1}, {}, {1, 2, 3}};
  report.data.axes.clear();
  EXPECT_NE(HtmlReport(report).find("</html>"), std::string::npos);
  EXPECT_NE(TextReport(report, Style()), "");
  EXPECT_TRUE(json::accept(JsonReport(report)));
}

TEST(DescribeWindows, RoundsWhatAClockMeasured) {
  ReportData data = SmallReport().data;
  data.rate_hz = 1000 / 10.0103;
  data.window_ms = 2002.06;
  EXPECT_EQ(DescribeWindows(data),
            "3 axes (accX, accY in m/s2, gyrX in dps) at 99.9 Hz; a window is 2002 ms long, one starts every 80 ms.");
  EXPECT_EQ(ShortNumber(16000), "16000");
}

TEST(HtmlReport, SaysWhenOnlySomeWindowsAreInTheScatter) {
  Report report = SmallReport();
  EXPECT_NE(HtmlReport(report).find("3 of 800 windows are shown."), std::string::npos);
  report.confusion = {{1, 0}, {1, 1}};
  EXPECT_EQ(HtmlReport(report).find("windows are shown."), std::string::npos);
}

TEST(AsPercent, NeverPromisesAllWhenItIsNotAll) {
  EXPECT_EQ(AsPercent(1), "100.0 %");
  EXPECT_EQ(AsPercent(0.99999), "> 99.9 %");
  EXPECT_EQ(AsPercent(0.9104), "91.0 %");
}

}  // namespace
}  // namespace thimble::cli
