#include "cli/tune_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <string_view>

#include "cli/markup.h"
#include "cli/plot.h"

namespace thimble::cli {
namespace {

constexpr char kStyleSheet[] = R"css(
svg{color-scheme:light dark;--page:#fff;--ink:#1c1d1f;--soft:#5b5f66;--line:#e2e2dc;--done:#0072b2;--some:#5b5f66;--pick:#d55e00}
@media (prefers-color-scheme:dark){svg{--page:#1b1d20;--ink:#e9e9e6;--soft:#a3a7ae;--line:#2f3237;--done:#5db4ec;--some:#a3a7ae;--pick:#ff9a52}}
.page{fill:var(--page)}
text{fill:var(--soft);font:12px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{fill:var(--ink);font-size:19px;font-weight:600}
.panel{fill:var(--ink);font-size:14px;font-weight:600}
.grid{stroke:var(--line)}
.rung0{fill:var(--some);opacity:.3}
.rung1{fill:var(--some);opacity:.75}
.rung2{fill:var(--done)}
.front{fill:none;stroke:var(--done);stroke-width:1.5;opacity:.6}
.pick{fill:none;stroke:var(--pick);stroke-width:2.5}
)css";

constexpr double kWidth = 960;
constexpr double kHeight = 470;
constexpr double kLeft = 74, kRight = 22, kTop = 122, kBottom = 60;
constexpr double kBetween = 34;
constexpr double kRadius[] = {2.6, 3.4, 4.6};

std::string Format(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string At(const char* name, double value) {
  return std::string(" ") + name + "=\"" + Format("%.1f", value) + "\"";
}

std::string TextAt(double x, double y, std::string_view text, const char* classes = "", const char* anchor = "start") {
  return "<text" + At("x", x) + At("y", y) + " text-anchor=\"" + anchor + "\"" +
         (*classes != 0 ? " class=\"" + std::string(classes) + "\"" : "") + ">" + EscapeMarkup(text) + "</text>\n";
}

std::string Dot(double x, double y, double radius, const std::string& classes, const std::string& title) {
  return "<circle" + At("cx", x) + At("cy", y) + At("r", radius) + " class=\"" + classes + "\">" +
         (title.empty() ? "" : "<title>" + EscapeMarkup(title) + "</title>") + "</circle>\n";
}

/// Equal factors take equal lengths.
struct Scale {
  double low = 0, high = 0;  ///< logarithms
  double from = 0, to = 0;   ///< pixels

  double At(double value) const { return from + (std::log10(value) - low) / (high - low) * (to - from); }
};

Scale ScaleOver(const std::vector<double>& values, double from, double to) {
  constexpr double kMargin = 0.06;
  constexpr double kLeastSpan = 0.5;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double value : values) {
    low = std::min(low, std::log10(value));
    high = std::max(high, std::log10(value));
  }
  if (!(low <= high)) low = high = 0;
  const double missing = std::max(0.0, kLeastSpan - (high - low)) / 2;
  const double margin = kMargin * (high - low + 2 * missing);
  return {low - missing - margin, high + missing + margin, from, to};
}

/// 1, 2, 5, 10, …; only whole powers of ten where there would be too many.
std::vector<double> Marks(const Scale& scale) {
  constexpr size_t kMost = 6;
  std::vector<double> marks;
  for (const bool only_tens : {false, true}) {
    marks.clear();
    for (int power = static_cast<int>(std::floor(scale.low)); power <= static_cast<int>(std::ceil(scale.high));
         ++power) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10.0, power);
        const double place = std::log10(value);
        if (place >= scale.low && place <= scale.high && (!only_tens || digit == 1.0)) marks.push_back(value);
      }
    }
    if (marks.size() <= kMost) break;
  }
  return marks;
}

std::string MarkText(double value) { return value >= 1000 ? Thousands(std::llround(value)) : Format("%.6g", value); }

struct Cost {
  const char* name;
  double (*of)(const TunePoint&);
};

constexpr Cost kCosts[] = {
    {"RAM (bytes)", [](const TunePoint& point) { return point.ram_bytes; }},
    {"parameters", [](const TunePoint& point) { return point.parameters; }},
    {"time a window (ms)", [](const TunePoint& point) { return point.latency_ms; }},
};

bool CanBeDrawn(const TunePoint& point) { return std::isfinite(point.loss) && point.loss > 0 && point.ram_bytes > 0; }

/// Down the stairs of what nothing finished beats in loss and this cost.
std::string Stairs(const std::vector<TunePoint>& points, const Cost& cost, const Scale& x, const Scale& y) {
  std::vector<const TunePoint*> order;
  for (const TunePoint& point : points) {
    if (point.rung == 2) order.push_back(&point);
  }
  std::sort(order.begin(), order.end(), [&](const TunePoint* one, const TunePoint* other) {
    return std::pair(cost.of(*one), one->loss) < std::pair(cost.of(*other), other->loss);
  });
  std::string path;
  double best = std::numeric_limits<double>::infinity();
  for (const TunePoint* point : order) {
    if (point->loss >= best) continue;
    best = point->loss;
    const std::string across = Format("%.1f", x.At(cost.of(*point)));
    const std::string down = Format("%.1f", y.At(best));
    path += path.empty() ? "M" + across + " " + down : "H" + across + "V" + down;
  }
  return path.empty() ? path : "<path class=\"front\" d=\"" + path + "H" + Format("%.1f", x.to) + "\"/>\n";
}

}  // namespace

std::string TunePicture(const std::string& title, const std::vector<TunePoint>& all) {
  std::vector<TunePoint> points;
  for (const TunePoint& point : all) {
    if (CanBeDrawn(point)) points.push_back(point);
  }
  // What is important lies on top.
  std::stable_sort(points.begin(), points.end(), [](const TunePoint& one, const TunePoint& other) {
    return std::pair(one.rung, one.chosen) < std::pair(other.rung, other.chosen);
  });
  std::vector<Cost> costs(std::begin(kCosts), std::end(kCosts));
  const bool has_time = std::all_of(points.begin(), points.end(), [](const TunePoint& p) { return p.latency_ms > 0; });
  if (!has_time) costs.pop_back();

  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + Format("%.0f", kWidth) + " " +
                    Format("%.0f", kHeight) + "\" width=\"" + Format("%.0f", kWidth) + "\" height=\"" +
                    Format("%.0f", kHeight) + "\">\n<style>" + kStyleSheet +
                    "</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
  svg += TextAt(kLeft, 36, title, "title");
  for (const TunePoint& point : points) {
    if (!point.chosen) continue;
    svg += Dot(kLeft + 6, 58, 6.5, "pick", "") + TextAt(kLeft + 20, 62, "chosen: " + point.name);
  }
  double legend = kLeft + 6;
  const char* const rungs[] = {"tried briefly", "tried for longer", "tried in full, on every fold"};
  for (int rung = 0; rung < 3; ++rung) {
    svg += Dot(legend, 82, kRadius[rung], "rung" + std::to_string(rung), "");
    svg += TextAt(legend + 12, 86, rungs[rung]);
    legend += rung == 0 ? 116 : 132;
  }
  legend += 58;
  svg += "<path class=\"front\" d=\"M" + Format("%.1f", legend) + " 82h24\"/>\n" +
         TextAt(legend + 32, 86, "less loss costs this much");

  std::vector<double> losses;
  for (const TunePoint& point : points) losses.push_back(point.loss);
  const Scale y = ScaleOver(losses, kHeight - kBottom, kTop);
  const auto panels = static_cast<double>(costs.size());
  const double panel_width = (kWidth - kLeft - kRight - kBetween * (panels - 1)) / panels;
  for (size_t i = 0; i < costs.size(); ++i) {
    const double left = kLeft + static_cast<double>(i) * (panel_width + kBetween);
    std::vector<double> values;
    for (const TunePoint& point : points) values.push_back(costs[i].of(point));
    const Scale x = ScaleOver(values, left, left + panel_width);
    for (const double mark : Marks(y)) {
      svg += "<path class=\"grid\" d=\"M" + Format("%.1f", left) + " " + Format("%.1f", y.At(mark)) + "h" +
             Format("%.1f", panel_width) + "\"/>\n";
      if (i == 0) svg += TextAt(left - 8, y.At(mark) + 4, MarkText(mark), "", "end");
    }
    for (const double mark : Marks(x)) {
      svg += "<path class=\"grid\" d=\"M" + Format("%.1f", x.At(mark)) + " " + Format("%.1f", kTop) + "V" +
             Format("%.1f", kHeight - kBottom) + "\"/>\n" +
             TextAt(x.At(mark), kHeight - kBottom + 18, MarkText(mark), "", "middle");
    }
    svg += TextAt(left + panel_width / 2, kHeight - 16, costs[i].name, "panel", "middle");
    svg += Stairs(points, costs[i], x, y);
    for (const TunePoint& point : points) {
      const double across = x.At(costs[i].of(point));
      svg += Dot(across, y.At(point.loss), kRadius[std::clamp(point.rung, 0, 2)],
                 "rung" + std::to_string(std::clamp(point.rung, 0, 2)),
                 point.name + ", loss " + Format("%.3g", point.loss));
      if (point.chosen) svg += Dot(across, y.At(point.loss), 9, "pick", "");
    }
  }
  const double middle = (kTop + kHeight - kBottom) / 2;
  svg += "<text transform=\"translate(22 " + Format("%.1f", middle) +
         ") rotate(-90)\" text-anchor=\"middle\" class=\"panel\">loss in validation</text>\n";
  return svg + "</svg>\n";
}

std::string TuneDrawing(const std::vector<TunePoint>& points, const Style& style) {
  Series tried{"tried", {}, {}, Tint::kGrey}, finished{"finished", {}, {}, Tint::kBlue},
      chosen{"chosen", {}, {}, Tint::kRed};
  // A line between two points would mean something; gaps keep them apart.
  const double gap = std::numeric_limits<double>::quiet_NaN();
  for (const TunePoint& point : points) {
    if (!CanBeDrawn(point)) continue;
    Series& series = point.chosen ? chosen : point.rung == 2 ? finished : tried;
    for (const double x : {point.ram_bytes / 1024, gap}) series.x.push_back(x);
    for (const double y : {std::log10(point.loss), gap}) series.y.push_back(y);
  }
  std::vector<Series> curves;
  for (Series& one : std::vector<Series>{tried, finished, chosen}) {
    if (!one.x.empty()) curves.push_back(one);
  }
  return LinePlot(curves, {.height = 12, .x_name = "RAM, KiB", .y_name = "log10 of the loss"}, style);
}

}  // namespace thimble::cli
