#include "cli/tune_plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace thimble::cli {
namespace {

std::vector<TunePoint> Points() {
  return {{.name = "dense 8 × 1", .loss = 0.3, .ram_bytes = 3000, .parameters = 400, .latency_ms = 0.2},
          {.name = "conv1d <16>",
           .loss = 0.02,
           .ram_bytes = 4000,
           .parameters = 2700,
           .latency_ms = 1.1,
           .rung = 2,
           .chosen = true},
          {.name = "tcn", .loss = 0.05, .ram_bytes = 3500, .parameters = 1700, .latency_ms = 0.8, .rung = 2}};
}

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(TunePicture, DrawsEveryPointOverEveryCostAndRingsTheChosen) {
  const std::string svg = TunePicture("gestures", Points());
  EXPECT_EQ(Count(svg, "<title>"), 9u);
  EXPECT_EQ(Count(svg, "class=\"pick\""), 4u);  // in the legend, too
  for (const char* name : {"RAM (bytes)", "parameters", "time a window (ms)", "loss in validation", "gestures"}) {
    EXPECT_NE(svg.find(name), std::string::npos) << name;
  }
  EXPECT_NE(svg.find("conv1d &lt;16&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(TunePicture, LeavesOutTimeThatIsNotKnownAndPointsThatAreNoNumbers) {
  std::vector<TunePoint> points = Points();
  for (TunePoint& point : points) point.latency_ms = 0;
  points.push_back({.name = "diverged", .loss = NAN, .ram_bytes = 1, .parameters = 1});
  const std::string svg = TunePicture("gestures", points);
  EXPECT_EQ(svg.find("time a window"), std::string::npos);
  EXPECT_EQ(svg.find("diverged"), std::string::npos);
  EXPECT_EQ(Count(svg, "<title>"), 6u);
  EXPECT_NE(TunePicture("nothing", {}).find("</svg>"), std::string::npos);
}

TEST(TuneDrawing, TellsTriedFinishedAndChosenApart) {
  const std::string drawing = TuneDrawing(Points(), Style());
  for (const char* name : {"tried", "finished", "chosen", "RAM, KiB"}) {
    EXPECT_NE(drawing.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(TuneDrawing({}, Style()), "");
}

}  // namespace
}  // namespace thimble::cli
