#include "bridge/line/impulse_reader.h"

#include <gtest/gtest.h>

#include "bridge/line/test_terminal.h"

namespace thimble::bridge {
namespace {

constexpr const char* kVerdict = "up down 0.98 | idle 0.01 up down 0.98 wave 0.01 | dsp 141896, network 96586 cycles";

TEST(ParseVerdict, ReadsWhatTheFirmwareSays) {
  const auto verdict = ParseVerdict(kVerdict);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->label, "up down");
  EXPECT_EQ(verdict->score, 0.98);
  using Scores = std::vector<std::pair<std::string, double>>;
  EXPECT_EQ(verdict->scores, (Scores{{"idle", 0.01}, {"up down", 0.98}, {"wave", 0.01}}));
  EXPECT_EQ(verdict->dsp_cycles, 141896u);
  EXPECT_EQ(verdict->network_cycles, 96586u);

  const auto number = ParseVerdict("-1.2500 | dsp 1, network 2 cycles");
  ASSERT_TRUE(number);
  EXPECT_EQ(number->label, "");
  EXPECT_EQ(number->score, -1.25);
  EXPECT_TRUE(number->scores.empty());
}

TEST(ParseVerdict, TakesNothingElse) {
  for (const char* line :
       {"", "[67,-24,1031,1820,-2800,-70]", "running, 7 windows, 512 readings, 0 lost",
        "dsp 141896, network 96586 cycles; the most together 3", "wave 0.98 | dsp 1, network 2 cycles",
        "wave 0.98 | wave | dsp 1, network 2 cycles", "wave | wave 0.98 | dsp 1, network 2 cycles",
        "wave 0.98 | wave 0.98 | dsp x, network 2 cycles", "1.0 | dsp 1 cycles"}) {
    EXPECT_FALSE(ParseVerdict(line)) << line;
  }
}

TEST(ImpulseReader, ReadsATraceFromTheMiddleOfALine) {
  ImpulseReader reader;
  std::vector<ImpulseReader::Item> items;
  const std::string text = "0000400000000000\r\nr 0001fffe40000000000000ff\r\n" + std::string(kVerdict) +
                           "\r\nv 3 0123456789abcdef 7f80\r\nr 0001fffe4000000000000002\r\nr 12\r\n";
  for (const char letter : text) reader.Push(std::string_view(&letter, 1), items);
  EXPECT_TRUE(reader.known());
  ASSERT_EQ(items.size(), 2u) << "readings before the first verdict may be anything";
  EXPECT_EQ(std::get<DeviceVerdict>(items[0]).label, "up down");
  const auto& reading = std::get<std::vector<float>>(items[1]);
  ASSERT_EQ(reading.size(), 6u);
  EXPECT_FLOAT_EQ(reading[0], 0.061F);
  EXPECT_FLOAT_EQ(reading[1], -0.122F);
  EXPECT_FLOAT_EQ(reading[2], 16384 * 0.061F);
  EXPECT_FLOAT_EQ(reading[5], 140);
  EXPECT_EQ(reader.damaged_lines(), 1u);
}

TEST(OpenSampleSource, AsksABoardThatJudgesByItselfForItsReadings) {
  TestTerminal terminal;
  // It says readings only when it has heard that it should; this one says them in any case.
  terminal.RunBoard(100, [](int n) {
    char text[128];
    std::snprintf(text, sizeof text, "r %04x00004000000000000000\r\n%s", static_cast<unsigned>(n % 1000),
                  n % 10 == 9 ? (std::string(kVerdict) + "\r\n").c_str() : "");
    return std::string(text);
  });
  LineOptions options;
  options.port = terminal.path();
  auto source = OpenSampleSource(options);
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->info().format, "impulse");
  std::vector<float> values;
  size_t verdicts = 0, rows = 0;
  for (const double until = TestSeconds() + 1; TestSeconds() < until;) {
    const auto count = (*source)->Read(values, 50);
    ASSERT_TRUE(count.ok());
    rows += *count;
    for (const DeviceVerdict& verdict : (*source)->verdicts()) {
      EXPECT_LE(verdict.rows_before, *count);
      ++verdicts;
    }
  }
  EXPECT_NEAR(static_cast<double>(rows), 100, 15);
  EXPECT_NEAR(static_cast<double>(verdicts), 10, 2);
  for (size_t i = 6; i < values.size(); i += 6) {
    EXPECT_NEAR(static_cast<double>(values[i] - values[i - 6]), 0.061, 1e-3) << "none is lost";
  }
}

}  // namespace
}  // namespace thimble::bridge
