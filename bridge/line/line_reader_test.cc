#include "bridge/line/line_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble::bridge {
namespace {

using Rows = std::vector<LineReader::Row>;

Rows ReadAll(LineReader& reader, std::string_view text, double step_s = 0.01) {
  Rows rows;
  double now_s = 10;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    reader.Push(text.substr(0, end), now_s += step_s, rows);
    text.remove_prefix(end);
  }
  return rows;
}

std::vector<double> Parse(std::string_view line) {
  bool json = false;
  char separator = 0;
  return ParseNumbers(line, json, separator).value_or(std::vector<double>{});
}

TEST(ParseNumbers, TakesWhatBoardsWrite) {
  using V = std::vector<double>;
  EXPECT_EQ(Parse("[67,-24,1031]"), (V{67, -24, 1031}));
  EXPECT_EQ(Parse(" [ 67 , -24.5, 1e3 ] "), (V{67, -24.5, 1000}));
  EXPECT_EQ(Parse("67, -24, 1031"), (V{67, -24, 1031}));
  EXPECT_EQ(Parse("67;-24;1031;"), (V{67, -24, 1031}));
  EXPECT_EQ(Parse("67\t-24\t+1031"), (V{67, -24, 1031}));
  EXPECT_EQ(Parse("67   -24 1031"), (V{67, -24, 1031}));
  EXPECT_EQ(Parse("1,5;2,25"), (V{1.5, 2.25}));
  EXPECT_EQ(Parse("x:0.10,sine:-0.31"), (V{0.10, -0.31}));
  EXPECT_EQ(Parse("42"), (V{42}));
}

TEST(ParseNumbers, RefusesTheRest) {
  for (const char* line :
       {"",      " ",    "[]",  "[",   "[1,2",    "1,2]", "1,,2", "1,a",         "nan,1",     "inf",
        "1e999", "0x10", "+-1", "--1", "[[1,2]]", "x:,1", "1:2",  "hello world", "{\"x\":1}", "12:30:01"}) {
    EXPECT_EQ(Parse(line), std::vector<double>{}) << line;
  }
}

TEST(LineReader, SkipsTheHalfLineAtTheBeginningAndGivesEveryRowOnce) {
  LineReader reader;
  const Rows rows = ReadAll(reader, "4,1031]\r\n[1,2,3]\r\n[-4,5,6]\r\n[7,8,9]\r\n[10,11,12]\r\n");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].values, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(rows[3].values, (std::vector<float>{10, 11, 12}));
  EXPECT_TRUE(reader.shape().json);
  EXPECT_EQ(reader.damaged_lines(), 0u);
}

TEST(LineReader, SkipsAHalfLineThatReadsAsAWholeOne) {
  LineReader reader;
  const Rows rows = ReadAll(reader, "7,2,3\n17,2,3\n-17,2,3\n17,2,3\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].values[0], 17);
}

TEST(LineReader, CountsDamagedLinesAndKeepsTheFirst) {
  LineReader reader;
  const Rows rows = ReadAll(reader, "\n[1,2,3]\n[1,2,3]\n[1,2,3]\n[1,2[1,2,3]\n[4,5,6]\nbattery low\n[1,2]\n[4,5,6]\n");
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[3].damaged_before, 1u);
  EXPECT_EQ(rows[4].damaged_before, 1u) << "words among the readings are no lost reading";
  EXPECT_EQ(reader.damaged_lines(), 3u);
  EXPECT_EQ(reader.first_damaged(), "[1,2[1,2,3]");
}

TEST(LineReader, TakesNamesUnitsAndTimeFromAHeader) {
  LineReader reader;
  const Rows rows =
      ReadAll(reader,
              "boot\ntimestamp,accX (m/s2),accY [g]\n0,1,2\n10,1,2\n20,1,2\n30,1,3\n40,1,2\n50,1,2\n60,1,2\n70,1,2\n"
              "80,1,2\n90,1,2\n100,1,2\n110,1,2\n120,1,2\n",
              0.05);
  ASSERT_TRUE(reader.known());
  EXPECT_EQ(reader.shape().names, (std::vector<std::string>{"timestamp", "accX", "accY"}));
  EXPECT_EQ(reader.shape().units, (std::vector<std::string>{"", "m/s2", "g"}));
  EXPECT_EQ(reader.shape().time_column, 0);
  ASSERT_EQ(rows.size(), 13u);
  EXPECT_EQ(rows[3].values, (std::vector<float>{1, 3}));
  EXPECT_DOUBLE_EQ(*rows[3].seconds, 0.030);
}

TEST(LineReader, TellsATimeColumnWithoutAHeaderByItsPace) {
  std::string micros, counts;
  for (int i = 1; i < 100; ++i) {
    micros += std::to_string(5'000'000 + i * 10'000) + ",1,2\n";
    counts += std::to_string(i) + ",1,2\n";
  }
  LineReader reader, counter;
  const Rows rows = ReadAll(reader, "\n" + micros);
  EXPECT_EQ(reader.shape().time_column, 0);
  ASSERT_EQ(rows.size(), 99u);
  EXPECT_NEAR(*rows[0].seconds, 5.01, 1e-9);
  (void)ReadAll(counter, "\n" + counts);
  EXPECT_TRUE(counter.known());
  EXPECT_EQ(counter.shape().time_column, -1);
}

TEST(LineReader, FollowsACounterThatWraps) {
  std::string text = "\nmillis;x\n";
  for (int64_t i = -5; i < 5; ++i) text += std::to_string((4294967296 + i * 10) % 4294967296) + ";7\n";
  LineReader reader;
  const Rows rows = ReadAll(reader, text);
  ASSERT_EQ(rows.size(), 10u);
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_NEAR(*rows[i].seconds - *rows[i - 1].seconds, 0.01, 1e-6);
}

TEST(LineReader, DoesNotGrowWithALineThatNeverEnds) {
  LineReader reader;
  Rows rows;
  for (int i = 0; i < 10000; ++i) reader.Push("123456789,", i, rows);
  reader.Push("\n", 1, rows);
  EXPECT_TRUE(rows.empty());
}

RC_GTEST_PROP(LineReader, GivesTheSameRowsHoweverBytesAreCut, ()) {
  const auto numbers = *rc::gen::container<std::vector<std::vector<int>>>(
      20, rc::gen::container<std::vector<int>>(4, rc::gen::inRange(-2000, 2000)));
  std::string text = "\n";
  for (const auto& row : numbers) {
    text += '[';
    for (const int number : row) text += (text.back() == '[' ? "" : ",") + std::to_string(number);
    text += "]\r\n";
  }
  LineReader reader;
  Rows rows;
  for (std::string_view rest = text; !rest.empty();) {
    const auto count = static_cast<size_t>(*rc::gen::inRange(1, 30));
    reader.Push(rest.substr(0, count), 1, rows);
    rest.remove_prefix(std::min(count, rest.size()));
  }
  if (rows.empty()) RC_DISCARD("the first column may look like a time");
  RC_ASSERT(rows.size() == numbers.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(std::vector<int>(rows[i].values.begin(), rows[i].values.end()) == numbers[i]);
  }
}

}  // namespace
}  // namespace thimble::bridge
