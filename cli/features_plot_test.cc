#include "cli/features_plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace thimble::cli {
namespace {

dsp::FeatureName Name(int axis, const char* text) {
  dsp::FeatureName name = {.axis = axis};
  std::strncpy(name.text, text, sizeof name.text - 1);
  return name;
}

struct Drawing {
  std::vector<float> samples, features;
  FeaturePlot plot;
};

/// Two axes, and `count` flat features of each.
Drawing Flat(size_t count) {
  Drawing drawing;
  for (int i = 0; i < 64; ++i) {
    drawing.samples.push_back(static_cast<float>(std::sin(0.3 * i)));
    drawing.samples.push_back(static_cast<float>(std::cos(0.2 * i)));
  }
  drawing.plot.axes = {"accX", "a<b"};
  for (size_t i = 0; i < 2 * count; ++i) {
    drawing.features.push_back(static_cast<float>(i) - 3);
    drawing.plot.names.push_back(Name(static_cast<int>(i / count), ("Power " + std::to_string(i % count)).c_str()));
  }
  drawing.plot.title = "a & b";
  drawing.plot.subtitle = "label <wave>";
  drawing.plot.units = "m/s2";
  drawing.plot.window = {.axes = 2, .readings = 64, .rate_hz = 100};
  drawing.plot.layout = {.width = static_cast<int>(2 * count)};
  return drawing;
}

std::string Svg(Drawing& drawing) {
  drawing.plot.samples = drawing.samples;
  drawing.plot.features = drawing.features;
  return PlotSvg(drawing.plot);
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Every element is closed, so that a browser shows it.
void ExpectBalanced(const std::string& svg) {
  for (const char* tag : {"text", "title", "style", "svg"}) {
    EXPECT_EQ(Count(svg, std::string("<") + tag + " ") + Count(svg, std::string("<") + tag + ">"),
              Count(svg, std::string("</") + tag + ">"))
        << tag;
  }
}

TEST(PlotSvg, ShowsSignalSpectrumAndABarForEachFeature) {
  Drawing drawing = Flat(6);
  const std::string svg = Svg(drawing);
  ExpectBalanced(svg);
  EXPECT_EQ(Count(svg, "<path class=\"curve\""), 4u) << "two axes, twice";
  EXPECT_EQ(Count(svg, "<rect "), 1u + 12u);
  for (const char* text : {"time, s", "frequency, Hz", ">m/s2<", ">accX<", ">Power 5<", "a &amp; b",
                           "label &lt;wave&gt;", "a&lt;b Power 0: 3"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(PlotSvg, NumbersFeaturesThatAreTooManyToName) {
  Drawing drawing = Flat(100);
  const std::string svg = Svg(drawing);
  ExpectBalanced(svg);
  EXPECT_EQ(svg.find(">Power 5<"), std::string::npos);
  EXPECT_NE(svg.find(">feature<"), std::string::npos);
}

TEST(PlotSvg, ShowsFramesAsAMapWithFrequencies) {
  Drawing drawing = Flat(1);
  drawing.plot.layout = {.kind = dsp::Layout::Kind::kSpectrogram, .width = 5, .height = 3};
  drawing.features.assign(15, 0.5f);
  drawing.features[4] = 1;
  drawing.plot.names.clear();
  for (int i = 0; i < 15; ++i) {
    drawing.plot.names.push_back(Name(
        0, ("Frame " + std::to_string(i / 3) + " filter 1 (" + std::to_string(100 * (i % 3 + 1)) + " Hz)").c_str()));
  }
  const std::string svg = Svg(drawing);
  ExpectBalanced(svg);
  EXPECT_EQ(Count(svg, "data:image/png;base64,"), 2u) << "the map and its scale";
  EXPECT_NE(svg.find(">300 Hz<"), std::string::npos);
  EXPECT_NE(svg.find("5 frames of 3"), std::string::npos);
}

TEST(PlotSvg, ShowsPicturesSideBySide) {
  Drawing drawing = Flat(1);
  drawing.samples = {0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF, 0, 0};
  drawing.plot.window = {.axes = 1, .readings = 6, .width = 3, .height = 2};
  drawing.plot.layout = {.kind = dsp::Layout::Kind::kImage, .width = 3, .height = 2};
  drawing.features = {0, 0.2f, 0.4f, 0.6f, 0.8f, 1};
  const std::string svg = Svg(drawing);
  ExpectBalanced(svg);
  EXPECT_EQ(Count(svg, "data:image/png;base64,"), 2u);
}

TEST(PlotSvg, SurvivesASingleReadingAndAConstant) {
  Drawing drawing = Flat(1);
  drawing.samples = {4, 4};
  drawing.features = {0, 0};
  drawing.plot.window.readings = 1;
  const std::string svg = Svg(drawing);
  ExpectBalanced(svg);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(PlotSvg, WritesLargeNumbersBriefly) {
  Drawing drawing = Flat(2);
  for (float& sample : drawing.samples) sample *= 1e12f;
  EXPECT_NE(Svg(drawing).find(">1e+12<"), std::string::npos);
}

TEST(PngBase64, IsAPngWithRightCheckSums) {
  const uint32_t red[] = {0xFF0000};
  // Signature, IHDR 1 × 1, a stored block of four bytes, IEND; check sums by zlib's crc32 and adler32.
  EXPECT_EQ(PngBase64(1, 1, red),
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAAD0lEQVR4AQEEAPv/AP8AAAMBAQCNHeWCAAAAAElFTkSuQmCC");
}

}  // namespace
}  // namespace thimble::cli
