// Tests of the drawings made of characters.
#include "cli/plot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace thimble::cli {
namespace {

Style Ascii() {
  Style style;
  style.unicode = false;
  return style;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(LinePlot, PutsKnownPointsWhereTheyBelong) {
  // A diagonal from the lower left to the upper right corner; 2 x 4 dots a sign.
  const std::string drawing = LinePlot({{"up", {0, 1}, {0, 1}}}, {.width = 12, .height = 4}, Style());
  EXPECT_EQ(drawing,
            "1 ┤      ⢀⠔\n"
            "  │    ⡠⠊⠁\n"
            "  │ ⢀⡠⠊\n"
            "0 ┤⠔⠁\n"
            "  └┬──────┬\n"
            "   0      1\n"
            "   ⠤u⠤ up\n")
      << drawing;
}

TEST(LinePlot, IsPureAsciiWhereAsked) {
  const std::string drawing =
      LinePlot({{"sine", {0, 1, 2}, {0, 1, 0}, Tint::kRed}, {"float", {0, 1, 2}, {1, 0, 1}, Tint::kBlue}},
               {.width = 40, .height = 6, .x_name = "x → y"}, Ascii());
  for (const char c : drawing) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F)) << drawing;
  EXPECT_NE(drawing.find('s'), std::string::npos);
  EXPECT_NE(drawing.find("fff float"), std::string::npos);
}

TEST(LinePlot, ShowsEveryOneOfSeveralEqualCurvesWithoutColour) {
  const std::vector<double> x = {0, 1, 2, 3};
  const std::vector<double> y = {0, 1, 1, 0};
  for (const Style& style : {Style(), Ascii()}) {
    const std::string drawing = LinePlot({{"sine", x, y}, {"float", x, y}, {"int8", x, y}}, {.width = 60}, style);
    const std::string curves = drawing.substr(0, drawing.find(style.unicode ? "└" : "+-"));
    for (const char letter : {'s', 'f', 'i'})
      EXPECT_NE(curves.find(letter), std::string::npos) << letter << "\n" << drawing;
  }
}

TEST(LinePlot, GivesCurvesOfOneInitialDifferentLetters) {
  const std::string drawing = LinePlot({{"sine", {0, 1}, {0, 1}}, {"sum", {0, 1}, {1, 0}}}, {.width = 30}, Ascii());
  EXPECT_NE(drawing.find("sss sine"), std::string::npos) << drawing;
  EXPECT_NE(drawing.find("uuu sum"), std::string::npos) << drawing;
}

TEST(LinePlot, ColoursCurvesWhereThereIsColour) {
  Style colour;
  colour.colour = true;
  const std::string drawing = LinePlot({{"a", {0, 1}, {0, 1}, Tint::kRed}}, {.width = 30}, colour);
  EXPECT_NE(drawing.find("\x1b[31m"), std::string::npos);
}

TEST(LinePlot, BreaksTheLineAtWhatIsNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string drawing =
      LinePlot({{"gap", {0, 1, 2, 3, 4}, {0, 0, nan, 0, 0}}}, {.width = 40, .height = 3}, Ascii());
  EXPECT_NE(drawing.find("g      "), std::string::npos) << drawing;
  EXPECT_EQ(LinePlot({{"none", {nan}, {1}}}, {}, Style()), "");
  EXPECT_EQ(LinePlot({}, {}, Style()), "");
}

TEST(LinePlot, SurvivesConstantsAndExtremes) {
  EXPECT_NE(LinePlot({{"flat", {1, 1}, {5, 5}}}, {}, Style()), "");
  EXPECT_NE(LinePlot({{"tiny", {0, 1}, {1e-300, 2e-300}}}, {}, Style()), "");
  EXPECT_NE(LinePlot({{"huge", {0, 1}, {-1e300, 1e300}}}, {}, Style()), "");
}

TEST(LinePlot, KeepsToItsWidth) {
  for (const int width : {24, 50, 100}) {
    const std::string drawing =
        LinePlot({{"a", {0, 6.28}, {-1, 1}}, {"b", {0, 6.28}, {1, -1}}}, {.width = width, .x_name = "x"}, Style());
    for (const std::string& line : Lines(drawing)) EXPECT_LE(Columns(line), width) << drawing;
  }
}

TEST(Ticks, AreRoundAndInside) {
  EXPECT_EQ(Ticks(0, 1, 2), (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(TickLabels(Ticks(-1, 1, 4)), (std::vector<std::string>{"-1.0", "-0.5", "0.0", "0.5", "1.0"}));
  EXPECT_EQ(TickLabels(Ticks(0, 40000, 4)), (std::vector<std::string>{"0", "10000", "20000", "30000", "40000"}));
  EXPECT_EQ(Ticks(3, 3, 4).size(), 1U);
}

TEST(Bar, FillsInProportion) {
  EXPECT_EQ(Bar(0, 8, Style()), "────────");
  EXPECT_EQ(Bar(1, 8, Style()), "━━━━━━━━");
  EXPECT_EQ(Bar(0.5625, 8, Style()), "━━━━╸───");
  EXPECT_EQ(Bar(0.5, 8, Ascii()), "====----");
}

TEST(Bar, StaysInsideItsColumns) {
  for (const double fraction : {-1.0, 0.03, 0.49, 0.99, 7.0, std::nan("")}) {
    EXPECT_EQ(Columns(Bar(fraction, 13, Style())), 13) << fraction;
    EXPECT_EQ(Columns(Bar(fraction, 13, Ascii())), 13) << fraction;
  }
}

TEST(ConfusionTable, ShowsCountsAndLeavesZerosFaint) {
  EXPECT_EQ(ConfusionTable({"idle", "wave"}, {{12, 0}, {3, 9}}, {"recall"}, {{"1.000"}, {"0.750"}}, 2, Style()),
            "  true \\ answer  idle  wave  recall\n"
            "  idle             12     ·   1.000\n"
            "  wave              3     9   0.750\n");
}

TEST(ConfusionTable, NumbersLabelsThatDoNotFit) {
  Style narrow;
  narrow.width = 44;
  const std::string table = ConfusionTable({"a long label", "another label", "the third"},
                                           {{12, 0, 1}, {3, 9, 0}, {0, 0, 7}}, {}, {}, 0, narrow);
  EXPECT_NE(table.find("2 another label"), std::string::npos) << table;
  for (const std::string& line : Lines(table)) EXPECT_LE(Columns(line), 44) << table;
}

TEST(ConfusionTable, ListsTheWorstConfusionsWhenThereAreTooManyLabels) {
  Style narrow;
  narrow.width = 40;
  std::vector<std::string> labels;
  labels.reserve(30);
  std::vector<std::vector<int>> confusion(30, std::vector<int>(30));
  for (int i = 0; i < 30; ++i) labels.push_back("l" + std::to_string(i));
  confusion[3][7] = 5;
  confusion[7][3] = 9;
  const std::string table = ConfusionTable(labels, confusion, {}, {}, 0, narrow);
  EXPECT_LT(table.find("l7 → l3"), table.find("l3 → l7")) << table;
}

TEST(ConfusionTable, HoldsForeignLabelsHarmless) {
  const std::string table = ConfusionTable({"a\x1b[2J", "b\n"}, {{1, 0}, {0, 1}}, {}, {}, 0, Style());
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_EQ(Lines(table).size(), 3U);
}

}  // namespace
}  // namespace thimble::cli
