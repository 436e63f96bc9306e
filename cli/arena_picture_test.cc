#include "cli/arena_picture.h"

#include <gtest/gtest.h>

#include <sstream>

namespace thimble::cli {
namespace {

using compiler::ArenaFacts;
using compiler::Piece;

/// Three operators: the input makes way for the second tensor, the first is read by the last.
ArenaFacts Small() {
  ArenaFacts arena;
  arena.bytes = 160;
  arena.persistent_bytes = 0;
  arena.lower_bound_bytes = 160;
  arena.live_bytes = {120, 160, 80};
  arena.busiest_operator = 1;
  arena.pieces = {{Piece::Kind::kTensor, "conv_2d 0", 0, 80, 0, 2},
                  {Piece::Kind::kInput, "input", 80, 40, 0, 0},
                  {Piece::Kind::kTensor, "add 1", 80, 80, 1, 1}};
  return arena;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(ArenaText, DrawsEachPieceWhereAndWhenItIs) {
  const Style ascii{.colour = false, .unicode = false, .live = false, .width = 80};
  const std::vector<std::string> lines = Lines(ArenaText(Small(), ascii));
  ASSERT_GT(lines.size(), 18u);
  // Sixteen rows of 10 bytes, six columns an operator. The upper half is one piece for all three operators, …
  for (size_t row = 1; row <= 8; ++row) EXPECT_EQ(lines[row].substr(13, 18), std::string(18, 'a')) << row;
  // … below it the input during the first and the second tensor, twice as long, during the second.
  for (size_t row = 9; row <= 12; ++row) EXPECT_EQ(lines[row].substr(13, 18), "ccccccbbbbbb      ") << row;
  for (size_t row = 13; row <= 16; ++row) EXPECT_EQ(lines[row].substr(13, 18), "      bbbbbb      ") << row;
  EXPECT_EQ(lines[0].substr(13, 18), "777777999999555555") << "ninths of the busiest";
  EXPECT_EQ(lines[17].substr(0, 31), "         160 0     1     2     ");
}

TEST(ArenaText, ExplainsTheLetters) {
  const std::string text = ArenaText(Small(), Style{});
  EXPECT_NE(text.find("a  conv_2d 0  80 bytes   from 0  operators 0–2"), std::string::npos) << text;
  EXPECT_NE(text.find("b  add 1      80 bytes  from 80     operator 1"), std::string::npos) << text;
}

TEST(ArenaText, StaysInsideTheTerminalHoweverManyOperators) {
  ArenaFacts arena;
  arena.bytes = 1000;
  arena.live_bytes.assign(977, 10);
  for (int i = 0; i < 977; ++i) {
    arena.pieces.push_back({Piece::Kind::kTensor, "op " + std::to_string(i), static_cast<size_t>(i), 10, i, i + 1});
  }
  for (const int width : {40, 80, 200}) {
    const Style style{.colour = false, .unicode = true, .live = false, .width = width};
    const std::vector<std::string> lines = Lines(ArenaText(arena, style));
    for (size_t i = 0; i < 17; ++i) EXPECT_LE(Columns(lines[i]), std::min(width, 100)) << lines[i];
  }
  EXPECT_NE(ArenaText(arena, Style{}).find("and 965 smaller ones"), std::string::npos);
}

TEST(ArenaText, IsEmptyWithoutAnythingToDraw) { EXPECT_EQ(ArenaText({}, Style{}), ""); }

TEST(ArenaSvg, PlacesEachPieceAndEscapesNames) {
  ArenaFacts arena = Small();
  arena.pieces[2].name = "a<b&c";
  const std::string svg = ArenaSvg(arena, {"conv_2d", "add", "softmax"}, "model <1>");
  EXPECT_TRUE(svg.starts_with("<svg xmlns="));
  EXPECT_NE(svg.find("a&lt;b&amp;c: 80 bytes from 80, operator 1"), std::string::npos);
  EXPECT_NE(svg.find("model &lt;1>"), std::string::npos);
  EXPECT_EQ(svg.find("a<b"), std::string::npos);
  // 380 points stand for 160 bytes: 80 bytes are 190 points high, from 64 and from 254.
  EXPECT_NE(svg.find("y=\"64.00\" width=\"288.0\" height=\"190.00\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("y=\"254.00\" width=\"96.0\" height=\"190.00\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("class=\"busiest\""), std::string::npos);
  EXPECT_NE(svg.find("prefers-color-scheme:dark"), std::string::npos);
}

}  // namespace
}  // namespace thimble::cli
