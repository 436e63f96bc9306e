// The report as one page of HTML: no scripts, no requests, light or dark as the reader's system asks.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cli/markup.h"
#include "cli/plot.h"
#include "cli/report.h"
#include "trainer/evaluate.h"

namespace thimble::cli {
namespace {

// The eight colours of Okabe and Ito (Color Universal Design, 2008), which people with any colour vision tell apart,
// shifted for contrast on white (first) and on near-black (second). Labels and axes beyond eight begin again; shape and
// text tell them apart.
constexpr int kHues = 8;

constexpr char kStyleSheet[] = R"css(
:root{color-scheme:light dark;
--page:#f6f6f3;--card:#fff;--ink:#1c1d1f;--soft:#5b5f66;--line:#e2e2dc;--faint:#eeeee9;--accent:#0b6e63;
--good:#11703c;--bad:#b3261e;--warn-ink:#6b4700;--warn:#fff5dc;--warn-line:#ecd9a4;--heat:11,110,99;--miss:179,38,30;
--h0:#0072b2;--h1:#d55e00;--h2:#008a63;--h3:#b04a86;--h4:#8a6d00;--h5:#2f8fc9;--h6:#7a4fbf;--h7:#55585e}
@media (prefers-color-scheme:dark){:root{
--page:#131416;--card:#1b1d20;--ink:#e9e9e6;--soft:#a3a7ae;--line:#2f3237;--faint:#26282c;--accent:#5fd0c0;
--good:#6fd39a;--bad:#ff8f85;--warn-ink:#f3d899;--warn:#2c2515;--warn-line:#52451f;--heat:95,208,192;--miss:255,143,133;
--h0:#5db4ec;--h1:#ff9a52;--h2:#3ecf9f;--h3:#e58cc0;--h4:#e6c545;--h5:#9ad3f7;--h6:#b99af0;--h7:#b5b9c0}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
header .name{margin:0;color:var(--soft);font-size:14px}
h1{font-size:clamp(26px,4.2vw,38px);line-height:1.2;letter-spacing:-.015em;margin:8px 0 8px;max-width:24em;
text-wrap:balance}
h2{font-size:20px;line-height:1.3;margin:0 0 4px;letter-spacing:-.005em}
h3{font-size:15px;margin:24px 0 8px}
p{margin:0 0 12px;max-width:46em}
.lead{font-size:18px;color:var(--soft)}
.soft,figcaption{color:var(--soft);font-size:14px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:24px;margin-top:20px}
.note{background:var(--warn);border:1px solid var(--warn-line);color:var(--warn-ink);border-radius:10px;
padding:12px 16px;margin:20px 0 0;max-width:none}
summary{cursor:pointer}
ul.notices{margin:12px 0 0;padding:0 0 0 20px}ul.notices li{margin:4px 0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin-top:24px;background:var(--line);
border:1px solid var(--line);border-radius:12px;overflow:hidden}
.tiles div{background:var(--card);padding:16px 18px;display:flex;flex-direction:column}
.tiles dt{color:var(--soft);font-size:13px;order:1}
.tiles dd{margin:0;font-size:25px;line-height:1.25;font-variant-numeric:tabular-nums;letter-spacing:-.01em;
white-space:nowrap}
.tiles dd small{font-size:14px;color:var(--soft);letter-spacing:0}
.tiles .more{order:2;font-size:13px;color:var(--soft);margin:0}
.scroll{overflow-x:auto;margin:12px 0 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:15px}
th,td{padding:6px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--soft);font-size:13px}
th.left,td.left{text-align:left}
tr>:first-child{text-align:left;padding-left:0}
tbody th{color:var(--ink);font-size:15px;font-weight:500;max-width:16em;overflow:hidden;text-overflow:ellipsis}
tbody tr:last-child>*{border-bottom:0}
thead tr:not(:last-child)>*{border-bottom:0;padding-bottom:0}
.heat{border-collapse:separate;border-spacing:3px}
.heat td,.heat th{border:0}
.heat tbody td{border-radius:6px;min-width:64px;text-align:center;padding:9px 4px}
.heat thead th{text-align:center;max-width:88px;padding:4px;overflow:hidden;text-overflow:ellipsis}
.heat tbody th{padding-right:12px}
.dense tbody td{min-width:40px;padding:6px 2px;font-size:14px}
.two>div>h3:first-child{margin-top:12px}
.heat .zero{color:var(--soft)}.heat .hit{font-weight:600}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:24px 32px;align-items:start}
figure{margin:16px 0 0;min-width:0}
figcaption{margin-top:6px}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:12px system-ui,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.curve{fill:none;stroke-width:1.5;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.dash{stroke-dasharray:5 4}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:12px 0 0;padding:0;list-style:none;font-size:14px}
.legend li{display:flex;align-items:center;gap:7px;overflow-wrap:anywhere}
.legend svg{width:18px;height:14px;flex:none}
.signals{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:16px;margin-top:16px}
.signals figure{margin:4px 0 0}
.signals svg{background:var(--faint);border-radius:8px}
.signals b{color:var(--ink);font-size:14px;margin-right:4px}
.signals figcaption{font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;margin-top:3px}
.bars{display:grid;grid-template-columns:max-content minmax(60px,1fr) max-content;gap:8px 14px;align-items:center;
margin:12px 0 0;font-size:15px;font-variant-numeric:tabular-nums}
.bars .track{height:10px;border-radius:5px;background:var(--faint);overflow:hidden}
.bars .fill{height:100%;border-radius:5px;background:var(--accent)}
.bars .number{text-align:right}
pre{background:var(--faint);border-radius:8px;padding:12px 14px;overflow-x:auto;margin:12px 0;font:14px/1.5 ui-monospace,
"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{font:.92em ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.good{color:var(--good)}.bad{color:var(--bad)}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px;margin:12px 0 0;font-size:15px}
.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
@media (max-width:560px){main{padding:24px 14px 40px}section{padding:18px 16px;border-radius:10px}
.tiles{grid-template-columns:1fr 1fr}.tiles dd{font-size:21px}.tiles div{padding:12px 14px}.lead{font-size:16px}
.signals{grid-template-columns:repeat(2,minmax(0,1fr))}
th,td{padding:6px 8px}.heat tbody td{min-width:46px}.heat thead th{max-width:58px}
.heat tbody th{max-width:84px;font-size:13px;padding-right:6px}.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:8px}
.hide{display:none}}
@media print{body{background:#fff}section{break-inside:avoid}}
)css";

std::string Format(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Hue(size_t i) { return "var(--h" + std::to_string(i % kHues) + ")"; }

// "28.7 kB": for headlines; exact bytes stand in the tables.
std::string Kilobytes(int64_t bytes) {
  if (bytes < 10'000) return Thousands(bytes) + " <small>B</small>";
  return Format("%.1f", static_cast<double>(bytes) / 1000) + " <small>kB</small>";
}

std::string ShortCount(double count) {
  if (count < 10'000) return Thousands(std::llround(count));
  if (count < 999'500) return Format("%.0f", count / 1e3) + " <small>thousand</small>";
  return Format("%.2f", count / 1e6) + " <small>million</small>";
}

// --- SVG ---------------------------------------------------------------------------------------------------------

// A rectangle of the drawing that shows the values [x_low, x_high] by [y_low, y_high].
struct Frame {
  double left, top, width, height;
  double x_low, x_high, y_low, y_high;

  double X(double x) const { return left + width * (x_high > x_low ? (x - x_low) / (x_high - x_low) : 0.5); }
  double Y(double y) const { return top + height * (y_high > y_low ? (y_high - y) / (y_high - y_low) : 0.5); }
};

std::string OpenSvg(double width, double height, std::string_view description) {
  return "<svg viewBox=\"0 0 " + Format("%.0f", width) + " " + Format("%.0f", height) +
         "\" role=\"img\" aria-label=\"" + EscapeMarkup(description) + "\">";
}

std::string Path(const Frame& frame, const std::vector<std::array<double, 2>>& points, const std::string& colour,
                 std::string_view classes = "curve") {
  std::string path;
  bool pen_down = false;
  for (const auto& [x, y] : points) {
    if (!std::isfinite(x) || !std::isfinite(y)) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? "L" : "M") + Format("%.1f", frame.X(x)) + " " + Format("%.1f", frame.Y(y));
    pen_down = true;
  }
  if (path.empty()) return "";
  return "<path class=\"" + std::string(classes) + "\" style=\"stroke:" + colour + "\" d=\"" + path + "\"/>";
}

// A level line of the grid.
std::string GridLine(double left, double right, double y) {
  char line[160];
  std::snprintf(line, sizeof line, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", left,
                right, y, y);
  return line;
}

std::string LegendLine(const std::string& colour, const char* classes, std::string_view name) {
  return "<li><svg viewBox=\"0 0 18 14\" aria-hidden=\"true\"><path class=\"" + std::string(classes) +
         "\" style=\"stroke-width:2.5;stroke:" + colour + "\" d=\"M1 7L17 7\"/></svg>" + EscapeMarkup(name) + "</li>";
}

// Horizontal grid lines with numbers on the left, numbers below, and a name under the x axis.
std::string Axes(const Frame& frame, std::string_view x_name, bool percent) {
  std::string svg;
  const std::vector<double> y_ticks = Ticks(frame.y_low, frame.y_high, 4);
  std::vector<double> shown = y_ticks;
  if (percent) std::for_each(shown.begin(), shown.end(), [](double& tick) { tick *= 100; });
  const std::vector<std::string> y_labels = TickLabels(shown);
  for (size_t i = 0; i < y_ticks.size(); ++i) {
    svg += GridLine(frame.left, frame.left + frame.width, frame.Y(y_ticks[i]));
    svg += "<text text-anchor=\"end\" x=\"" + Format("%.1f", frame.left - 8) + "\" y=\"" +
           Format("%.1f", frame.Y(y_ticks[i]) + 4) + "\">" + y_labels[i] + (percent ? " %" : "") + "</text>";
  }
  const std::vector<double> x_ticks = Ticks(frame.x_low, frame.x_high, 5);
  const std::vector<std::string> x_labels = TickLabels(x_ticks);
  for (size_t i = 0; i < x_ticks.size(); ++i) {
    svg += "<text text-anchor=\"middle\" x=\"" + Format("%.1f", frame.X(x_ticks[i])) + "\" y=\"" +
           Format("%.1f", frame.top + frame.height + 18) + "\">" + x_labels[i] + "</text>";
  }
  svg += "<text text-anchor=\"middle\" x=\"" + Format("%.1f", frame.left + frame.width / 2) + "\" y=\"" +
         Format("%.1f", frame.top + frame.height + 36) + "\">" + EscapeMarkup(x_name) + "</text>";
  return svg;
}

// A small sign at (x, y); each label has its own shape besides its colour.
std::string Sign(size_t label, double x, double y, double size) {
  const auto at = [&](double dx, double dy) {
    return Format("%.1f", x + dx * size) + " " + Format("%.1f", y + dy * size);
  };
  std::string path;
  switch (label % 5) {
    case 0:
      return "<circle cx=\"" + Format("%.1f", x) + "\" cy=\"" + Format("%.1f", y) + "\" r=\"" + Format("%.1f", size) +
             "\"/>";
    case 1:
      path = "M" + at(-.9, -.9) + "L" + at(.9, -.9) + "L" + at(.9, .9) + "L" + at(-.9, .9) + "z";
      break;
    case 2:
      path = "M" + at(0, -1.2) + "L" + at(1.15, .9) + "L" + at(-1.15, .9) + "z";
      break;
    case 3:
      path = "M" + at(0, -1.3) + "L" + at(1.3, 0) + "L" + at(0, 1.3) + "L" + at(-1.3, 0) + "z";
      break;
    default:
      path = "M" + at(0, 1.2) + "L" + at(1.15, -.9) + "L" + at(-1.15, -.9) + "z";
  }
  return "<path d=\"" + path + "\"/>";
}

// --- sections ----------------------------------------------------------------------------------------------------

std::string LabelName(const Report& report, int label) {
  const auto index = static_cast<size_t>(label);
  return label >= 0 && index < report.labels.size() ? report.labels[index] : "?";
}

std::string Verdict(const Report& report) {
  const ReportAccuracy& accuracy = report.accuracy;
  const auto best = accuracy.int8_windows ? accuracy.int8_windows : accuracy.float_windows;
  if (!best) return EscapeMarkup(report.title);
  std::string verdict = AsPercent(*best) + " of the testing windows are named correctly";
  if (report.device.windows > 0 && report.device.identical == report.device.windows) {
    verdict += ", on the microcontroller exactly as on this computer";
  }
  return EscapeMarkup(verdict) + ".";
}

void Tile(std::string& html, const char* name, const std::string& value, const std::string& more) {
  html += "<div><dt>" + std::string(name) + "</dt><dd>" + value + "</dd>";
  if (!more.empty()) html += "<dd class=\"more\">" + more + "</dd>";
  html += "</div>";
}

std::string Header(const Report& report) {
  const ReportAccuracy& accuracy = report.accuracy;
  const ReportDevice& device = report.device;
  std::string html = "<header><p class=\"name\">Thimble " + EscapeMarkup(report.version) + " · " +
                     EscapeMarkup(report.title) + "</p><h1>" + Verdict(report) + "</h1>";
  html += "<p class=\"lead\">Recordings: " + EscapeMarkup(report.data.source) + ".";
  if (accuracy.recordings.total > 0) {
    html += " " + Thousands(accuracy.recordings.correct) + " of " + Thousands(accuracy.recordings.total) +
            " recordings are named correctly by the majority of their windows.";
  }
  html += "</p></header>";
  if (report.data.simulated) html += "<p class=\"note\">" + EscapeMarkup(kSimulatedSentence) + "</p>";

  html += "<dl class=\"tiles\">";
  if (accuracy.int8_windows) {
    Tile(html, "int8 accuracy", EscapeMarkup(AsPercent(*accuracy.int8_windows)),
         accuracy.float_windows ? "float " + EscapeMarkup(AsPercent(*accuracy.float_windows)) : "");
  }
  if (!report.confusion.empty())
    Tile(html, "macro F1", Format("%.3f", trainer::MacroF1(trainer::ScoreClasses(report.confusion))), "");
  if (device.windows > 0) {
    const bool all = device.identical == device.windows;
    Tile(html, "bit-identical",
         "<span class=\"" + std::string(all ? "good" : "bad") + "\">" + Thousands(device.identical) + "</span>",
         "of " + Thousands(device.windows) + " windows");
    Tile(html, "arena", Kilobytes(device.arena_bytes), "exact, planned");
    Tile(html, "flash", Kilobytes(device.flash_total), "model " + Thousands(device.flash_model) + " B");
    if (const double cycles = device.cycles_dsp + device.cycles_network; cycles > 0) {
      Tile(html, "each window takes", Format("%.2f ms", 1000 * cycles / static_cast<double>(device.clock_hz)),
           ShortCount(cycles) + " cycles");
    } else {
      Tile(html, "instructions", ShortCount(device.instructions_dsp + device.instructions_network), "for each window");
    }
  }
  return html + "</dl>";
}

std::string DataSection(const Report& report) {
  const ReportData& data = report.data;
  std::string html = "<section><h2>Data</h2><p class=\"soft\">" + EscapeMarkup(DescribeWindows(data)) +
                     " Training and testing never share a recording.</p>";
  if (!data.counts.empty()) {
    html +=
        "<div class=\"scroll\"><table><thead><tr><td></td><th scope=\"colgroup\" colspan=\"2\">Recordings</th>"
        "<th scope=\"colgroup\" colspan=\"2\">Windows</th></tr><tr><th scope=\"col\">Label</th><th scope=\"col\">train"
        "</th><th scope=\"col\">test</th><th scope=\"col\">train</th><th scope=\"col\">test</th></tr></thead><tbody>";
    for (size_t i = 0; i < std::min(report.labels.size(), data.counts.size()); ++i) {
      const ReportCount& count = data.counts[i];
      html += "<tr><th scope=\"row\">" + EscapeMarkup(report.labels[i]) + "</th>";
      for (const int number :
           {count.recordings_training, count.recordings_testing, count.windows_training, count.windows_testing}) {
        html += "<td>" + Thousands(number) + "</td>";
      }
      html += "</tr>";
    }
    html += "</tbody></table></div>";
  }
  const auto list = [&html](const char* heading, const std::vector<std::string>& sentences) {
    if (sentences.empty()) return;
    // Long lists stay folded: they are for looking things up.
    const bool folded = sentences.size() > 8;
    html += "<h3>" + std::string(heading) + "</h3>";
    if (folded) {
      html += "<details><summary>" + Thousands(static_cast<long long>(sentences.size())) + " of them</summary>";
    }
    html += "<ul class=\"notices\">";
    for (const std::string& sentence : sentences) html += "<li>" + EscapeMarkup(sentence) + "</li>";
    html += folded ? "</ul></details>" : "</ul>";
  };
  list("Duplicates", data.duplicates);
  list("Notices", data.notices);
  return html + "</section>";
}

// Axes that share a unit share a panel, and every window of the page has the same scale.
struct Panel {
  std::vector<size_t> axes;
  double low = 0, high = 0;
};

std::vector<Panel> Panels(const Report& report, size_t axis_count) {
  std::vector<Panel> panels;
  const auto units = [&report](size_t axis) {
    return axis < report.data.axes.size() ? report.data.axes[axis].units : std::string();
  };
  for (size_t axis = 0; axis < axis_count; ++axis) {
    if (panels.empty() || units(panels.back().axes.back()) != units(axis)) panels.emplace_back();
    panels.back().axes.push_back(axis);
  }
  for (Panel& panel : panels) {
    bool any = false;
    for (const ReportSignal& signal : report.signals) {
      for (const size_t axis : panel.axes) {
        if (axis >= signal.by_axis.size()) continue;
        for (const float value : signal.by_axis[axis]) {
          if (!std::isfinite(value)) continue;
          panel.low = any ? std::min(panel.low, static_cast<double>(value)) : value;
          panel.high = any ? std::max(panel.high, static_cast<double>(value)) : value;
          any = true;
        }
      }
    }
  }
  return panels;
}

std::string SignalsSection(const Report& report) {
  if (report.signals.empty()) return "";
  size_t axis_count = 0;
  for (const ReportSignal& signal : report.signals) axis_count = std::max(axis_count, signal.by_axis.size());
  const std::vector<Panel> panels = Panels(report, axis_count);
  constexpr double kWidth = 320;
  constexpr double kPanelHeight = 84;
  constexpr double kMargin = 8;

  std::string html = "<section><h2>Signals</h2><p class=\"soft\">Windows of each label";
  if (report.data.window_ms > 0) html += ", " + ShortNumber(report.data.window_ms) + " ms each";
  html += "; all have the same scale.</p>";
  for (size_t p = 0; p < panels.size(); ++p) {
    html += "<ul class=\"legend\">";
    if (panels.size() > 1) html += "<li class=\"soft\">Row " + std::to_string(p + 1) + ":</li>";
    for (size_t i = 0; i < panels[p].axes.size(); ++i) {
      const size_t axis = panels[p].axes[i];
      html += LegendLine(Hue(i), "curve", axis < report.data.axes.size() ? report.data.axes[axis].name : "axis");
    }
    const size_t first = panels[p].axes[0];
    if (first < report.data.axes.size() && !report.data.axes[first].units.empty()) {
      html += "<li class=\"soft\">" + Format("%.3g", panels[p].low) + " to " + Format("%.3g", panels[p].high) + " " +
              EscapeMarkup(report.data.axes[first].units) + "</li>";
    }
    html += "</ul>";
  }
  html += "<div class=\"signals\">";
  for (size_t label = 0; label < report.labels.size(); ++label) {
    for (const ReportSignal& signal : report.signals) {
      if (signal.label < 0 || static_cast<size_t>(signal.label) != label) continue;
      const double height = kPanelHeight * static_cast<double>(panels.size());
      html += "<figure>" + OpenSvg(kWidth, height, "Signal of " + report.labels[label] + ": " + signal.recording);
      for (size_t p = 0; p < panels.size(); ++p) {
        const double top = kPanelHeight * static_cast<double>(p);
        if (p > 0) html += GridLine(0, kWidth, top);
        for (size_t i = 0; i < panels[p].axes.size(); ++i) {
          const size_t axis = panels[p].axes[i];
          if (axis >= signal.by_axis.size()) continue;
          const std::vector<float>& values = signal.by_axis[axis];
          const Frame frame = {kMargin,
                               top + kMargin,
                               kWidth - 2 * kMargin,
                               kPanelHeight - 2 * kMargin,
                               0,
                               static_cast<double>(values.size()) - 1,
                               panels[p].low,
                               panels[p].high};
          std::vector<std::array<double, 2>> points;
          for (size_t k = 0; k < values.size(); ++k) points.push_back({static_cast<double>(k), values[k]});
          html += Path(frame, points, Hue(i));
        }
      }
      html += "</svg><figcaption><b>" + EscapeMarkup(report.labels[label]) + "</b> " + EscapeMarkup(signal.recording) +
              "</figcaption></figure>";
    }
  }
  return html + "</div></section>";
}

std::string ScatterSection(const Report& report) {
  if (report.points.empty()) return "";
  constexpr double kWidth = 960;
  constexpr double kHeight = 460;
  Frame frame = {16, 16, kWidth - 32, kHeight - 32, 0, 0, 0, 0};
  bool any = false;
  for (const ReportPoint& point : report.points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    frame.x_low = any ? std::min<double>(frame.x_low, point.x) : point.x;
    frame.x_high = any ? std::max<double>(frame.x_high, point.x) : point.x;
    frame.y_low = any ? std::min<double>(frame.y_low, point.y) : point.y;
    frame.y_high = any ? std::max<double>(frame.y_high, point.y) : point.y;
    any = true;
  }
  int wrong = 0;
  std::string rings;
  std::vector<std::string> layers(report.labels.size());
  for (const ReportPoint& point : report.points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    if (point.label < 0 || static_cast<size_t>(point.label) >= layers.size()) continue;
    const double x = frame.X(point.x);
    const double y = frame.Y(point.y);
    const auto label = static_cast<size_t>(point.label);
    if (point.correct()) {
      layers[label] += Sign(label, x, y, 3.2);
      continue;
    }
    ++wrong;
    rings += "<g style=\"fill:" + Hue(label) + "\"><title>" + EscapeMarkup(LabelName(report, point.label)) +
             ", taken for " + EscapeMarkup(LabelName(report, point.predicted)) + "</title>" + Sign(label, x, y, 3.6) +
             "<circle class=\"ring\" cx=\"" + Format("%.1f", x) + "\" cy=\"" + Format("%.1f", y) +
             "\" r=\"7.5\" style=\"fill:none;stroke:var(--bad);stroke-width:2\"/></g>";
  }
  long long tested = 0;
  for (const auto& row : report.confusion) {
    for (const int cell : row) tested += cell;
  }
  const auto shown = static_cast<long long>(report.points.size());
  std::string html =
      "<section><h2>Features</h2><p class=\"soft\">Each point is a testing window: its features, standardised, on "
      "their "
      "first two principal components. " +
      (shown < tested ? Thousands(shown) + " of " + Thousands(tested) + " windows are shown. " : "") +
      "A ring marks a window that was named wrongly: " + Thousands(wrong) + " of the " + Thousands(shown) +
      " here.</p><ul class=\"legend\">";
  for (size_t label = 0; label < report.labels.size(); ++label) {
    html += "<li><svg viewBox=\"0 0 18 14\" aria-hidden=\"true\" style=\"fill:" + Hue(label) + "\">" +
            Sign(label, 9, 7, 4.4) + "</svg>" + EscapeMarkup(report.labels[label]) + "</li>";
  }
  html +=
      "<li><svg viewBox=\"0 0 18 14\" aria-hidden=\"true\"><circle cx=\"9\" cy=\"7\" r=\"5.5\" style=\"fill:none;"
      "stroke:var(--bad);stroke-width:2\"/></svg>wrong</li></ul><figure>";
  html += OpenSvg(kWidth, kHeight, "Scatter of the testing windows on two principal components");
  for (size_t label = 0; label < layers.size(); ++label) {
    html += "<g style=\"fill:" + Hue(label) + ";fill-opacity:.6\">" + layers[label] + "</g>";
  }
  return html + rings + "</svg></figure></section>";
}

std::string ConfusionSection(const Report& report) {
  if (report.confusion.empty()) return "";
  const std::vector<trainer::ClassScore> scores = trainer::ScoreClasses(report.confusion);
  const size_t count = std::min(report.labels.size(), scores.size());
  // Many labels: numbers at the top, and the width of the page.
  const bool numbered = count > 6;
  std::string html =
      "<section><h2>Where it is right, and where not</h2><p class=\"soft\">Testing windows, int8 network.</p><div" +
      std::string(numbered ? "" : " class=\"two\"") +
      "><div><h3>Confusion: true label by row, answer by column</h3><div class=\"scroll\"><table class=\"heat" +
      (numbered ? " dense" : "") + "\"><thead><tr><td></td>";
  for (size_t j = 0; j < count; ++j) {
    const std::string name = EscapeMarkup(report.labels[j]);
    html += "<th scope=\"col\" title=\"" + name + "\">" + (numbered ? std::to_string(j + 1) : name) + "</th>";
  }
  html += "</tr></thead><tbody>";
  for (size_t i = 0; i < count; ++i) {
    html += "<tr><th scope=\"row\">" + (numbered ? std::to_string(i + 1) + " " : "") + EscapeMarkup(report.labels[i]) +
            "</th>";
    for (size_t j = 0; j < count; ++j) {
      const int cell = j < report.confusion[i].size() ? report.confusion[i][j] : 0;
      const double share = scores[i].rows > 0 ? static_cast<double>(cell) / scores[i].rows : 0;
      if (cell == 0) {
        html += "<td class=\"zero\">0</td>";
        continue;
      }
      // A single error must be visible beside hundreds of hits, so small shares do not fade to nothing. The fill stays
      // light enough for the text above it.
      const double fill = i == j ? 0.08 + 0.42 * share : 0.12 + 0.38 * std::sqrt(share);
      html += "<td" + std::string(i == j ? " class=\"hit\"" : "") + " style=\"background:rgba(var(--" +
              (i == j ? "heat" : "miss") + ")," + Format("%.2f", fill) + ")\" title=\"" +
              EscapeMarkup(AsPercent(share)) + " of " + EscapeMarkup(report.labels[i]) + "\">" + Thousands(cell) +
              "</td>";
    }
    html += "</tr>";
  }
  html +=
      "</tbody></table></div></div><div><h3>By label</h3><div class=\"scroll\"><table><thead><tr>"
      "<th scope=\"col\">Label</th><th scope=\"col\">Precision</th><th scope=\"col\">Recall</th>"
      "<th scope=\"col\">F1</th>";
  const bool has_areas = report.worth && report.worth->areas.size() == count;
  if (has_areas) html += "<th scope=\"col\" title=\"Area under the ROC curve, against all other labels\">AUC</th>";
  html += "<th scope=\"col\" class=\"hide\">Windows</th></tr></thead><tbody>";
  for (size_t i = 0; i < count; ++i) {
    html += "<tr><th scope=\"row\">" + EscapeMarkup(report.labels[i]) + "</th><td>" +
            Format("%.3f", scores[i].precision) + "</td><td>" + Format("%.3f", scores[i].recall) + "</td><td>" +
            Format("%.3f", scores[i].f1) + "</td>";
    if (has_areas) {
      const std::optional<double>& area = report.worth->areas[i];
      html += "<td>" + (area ? Format("%.3f", *area) : "–") + "</td>";
    }
    html += "<td class=\"hide\">" + Thousands(scores[i].rows) + "</td></tr>";
  }
  return html + "</tbody></table></div></div></div></section>";
}

std::string WorthSection(const Report& report) {
  if (!report.worth) return "";
  const ReportWorth& worth = *report.worth;
  std::string html = "<section><h2>How far to trust it</h2>";
  for (const std::string& sentence : DescribeScores(worth)) html += "<p>" + EscapeMarkup(sentence) + "</p>";
  if (worth.choice && (worth.choice->temperature != 1 || worth.choice->threshold > 0)) {
    html +=
        "<p class=\"soft\">Temperature and threshold were chosen on recordings held out of training, and measured on "
        "the testing windows.</p>";
  }
  if (worth.worst.empty()) return html + "</section>";
  html +=
      "<h3>Answered worst</h3><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Label</th>"
      "<th scope=\"col\" class=\"left\">taken for</th><th scope=\"col\">its score</th>"
      "<th scope=\"col\" class=\"left\">window</th></tr></thead><tbody>";
  for (const ReportWorst& one : worth.worst) {
    html += "<tr><th scope=\"row\">" + EscapeMarkup(LabelName(report, one.label)) + "</th><td class=\"left\">" +
            EscapeMarkup(LabelName(report, one.predicted)) + "</td><td>" + Format("%.2f", one.score) +
            "</td><td class=\"left soft\">" + EscapeMarkup(one.place) + "</td></tr>";
  }
  return html + "</tbody></table></div></section>";
}

std::string Curve(const Report& report, const char* name, double ReportEpoch::*training,
                  double ReportEpoch::*validation, bool percent) {
  const std::vector<ReportEpoch>& epochs = report.impulse.epochs;
  std::vector<std::array<double, 2>> trained;
  std::vector<std::array<double, 2>> validated;
  double low = 0;
  double high = 0;
  bool any = false;
  for (size_t i = 0; i < epochs.size(); ++i) {
    for (const double value : {epochs[i].*training, epochs[i].*validation}) {
      if (!std::isfinite(value)) continue;
      low = any ? std::min(low, value) : value;
      high = any ? std::max(high, value) : value;
      any = true;
    }
    trained.push_back({static_cast<double>(i + 1), epochs[i].*training});
    validated.push_back({static_cast<double>(i + 1), epochs[i].*validation});
  }
  if (!any) return "";
  if (percent) {
    high = 1;
  } else {
    low = 0;
  }
  const Frame frame = {56, 12, 406, 190, 1, std::max(2.0, static_cast<double>(epochs.size())), low, high};
  return "<figure><figcaption>" + std::string(name) + "</figcaption>" +
         OpenSvg(480, 244, std::string(name) + " by epoch, training and validation") + Axes(frame, "epoch", percent) +
         Path(frame, trained, "var(--h0)") + Path(frame, validated, "var(--h1)", "curve dash") + "</svg></figure>";
}

void BarRow(std::string& html, std::string_view name, double share, std::string_view number) {
  html += "<span>" + EscapeMarkup(name) +
          "</span><span class=\"track\"><span class=\"fill\" style=\"display:block;width:" +
          Format("%.1f", 100 * std::clamp(share, 0.0, 1.0)) + "%\"></span></span><span class=\"number\">" +
          EscapeMarkup(number) + "</span>";
}

std::string CandidatesTable(const ReportImpulse& impulse) {
  if (impulse.tried.size() < 2) return "";
  std::string html = "<h3>Tried, right in validation</h3><div class=\"bars\">";
  for (const ReportTried& one : impulse.tried) BarRow(html, one.name, one.validation, AsPercent(one.validation));
  return html + "</div>";
}

std::string LayersTable(const ReportImpulse& impulse) {
  if (impulse.layers.empty()) return "";
  const auto number = [](int64_t count) { return count > 0 ? Thousands(count) : std::string("–"); };
  std::string html =
      "<h3>Layers</h3><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Layer</th>"
      "<th scope=\"col\" class=\"left\">gives</th><th scope=\"col\">parameters</th>"
      "<th scope=\"col\">multiplications</th><th scope=\"col\" title=\"How far the answers move when only this layer "
      "is int8\">int8 moves answers by</th></tr></thead><tbody>";
  int64_t parameters = 0, multiplications = 0;
  for (const ReportLayer& layer : impulse.layers) {
    parameters += layer.parameters;
    multiplications += layer.multiplications;
    html += "<tr><th scope=\"row\">" + EscapeMarkup(layer.name) + "</th><td class=\"left\">" +
            EscapeMarkup(layer.shape) + "</td><td>" + number(layer.parameters) + "</td><td>" +
            number(layer.multiplications) + "</td><td>" +
            (layer.int8_loss ? Format("%.2f %%", 100 * *layer.int8_loss) : "–") + "</td></tr>";
  }
  html += "<tr><th scope=\"row\">in all</th><td></td><td>" + number(parameters) + "</td><td>" +
          number(multiplications) + "</td><td></td></tr></tbody></table></div>";
  return html + (impulse.int8_losses.empty() ? "" : "<p class=\"soft\">" + EscapeMarkup(impulse.int8_losses) + "</p>");
}

std::string TrainingSection(const Report& report) {
  const ReportImpulse& impulse = report.impulse;
  if (impulse.network.empty()) return "";
  std::string html = "<section><h2>Network</h2><p class=\"soft\"><code>" + EscapeMarkup(impulse.block) +
                     "</code> turns a window into " + Thousands(impulse.feature_count) + " features; layers " +
                     EscapeMarkup(impulse.network) + ", " + Thousands(impulse.parameters) + " parameters";
  if (!impulse.epochs.empty()) {
    html += ", trained for " + Thousands(static_cast<long long>(impulse.epochs.size())) + " epochs";
    if (impulse.best_epoch > 0) html += "; the network of epoch " + Thousands(impulse.best_epoch) + " is kept";
  }
  html += ".</p>";
  html += CandidatesTable(impulse) + LayersTable(impulse);
  if (impulse.epochs.empty()) return html + "</section>";
  html += "<ul class=\"legend\">" + LegendLine("var(--h0)", "curve", "training") +
          LegendLine("var(--h1)", "curve dash", "validation") + "</ul><div class=\"two\">";
  html += Curve(report, "Accuracy", &ReportEpoch::training_accuracy, &ReportEpoch::validation_accuracy, true);
  html += Curve(report, "Loss", &ReportEpoch::training_loss, &ReportEpoch::validation_loss, false);
  return html + "</div></section>";
}

std::string DeviceSection(const Report& report) {
  const ReportDevice& device = report.device;
  if (device.windows == 0) return "";
  const bool all = device.identical == device.windows;
  std::string html = "<section><h2>On the microcontroller</h2><p class=\"soft\">" + EscapeMarkup(device.board) +
                     (device.description.empty() ? "" : ": " + EscapeMarkup(device.description)) + "</p><p class=\"" +
                     (all ? "good" : "bad") + "\">" + EscapeMarkup(DescribeIdentity(device)) +
                     "</p><div class=\"two\"><div>";
  const auto part = [](double value, double whole) { return whole > 0 ? value / whole : 0; };
  const auto flash_total = static_cast<double>(device.flash_total);
  html += "<h3>Memory</h3><div class=\"bars\">";
  const double largest = std::max(flash_total, static_cast<double>(device.ram_bytes));
  const auto bytes = [&](const char* name, int64_t value) {
    if (value > 0) BarRow(html, name, part(static_cast<double>(value), largest), Thousands(value) + " B");
  };
  bytes("Flash: code", device.flash_code);
  bytes("Flash: model", device.flash_model);
  bytes("Flash in all", device.flash_total);
  bytes("RAM: arena", device.arena_bytes);
  bytes("RAM in all", device.ram_bytes);
  html += "</div></div>";
  const auto work = [&](const char* what, double dsp, double network) {
    if (dsp + network <= 0) return;
    html += std::string("<div><h3>") + what + " a window</h3><div class=\"bars\">";
    BarRow(html, "Features", part(dsp, dsp + network), Thousands(std::llround(dsp)));
    BarRow(html, "Network", part(network, dsp + network), Thousands(std::llround(network)));
    html += "</div></div>";
  };
  work("Cycles", device.cycles_dsp, device.cycles_network);
  work("Instructions", device.instructions_dsp, device.instructions_network);
  return html + "</div></section>";
}

std::string TimeSection(const Report& report) {
  if (report.seconds.empty()) return "";
  std::string html = "<section><h2>Time</h2><p class=\"soft\">" + Seconds(TotalSeconds(report)) +
                     " in all, on this computer.</p><div class=\"bars\">";
  double longest = 0;
  for (const auto& step : report.seconds) longest = std::max(longest, step.second);
  for (const auto& [name, seconds] : report.seconds) {
    BarRow(html, name, longest > 0 ? seconds / longest : 0, Seconds(seconds));
  }
  return html + "</div></section>";
}

std::string AgainSection(const Report& report) {
  std::string html = "<section><h2>Do it again</h2>";
  if (!report.command.empty()) {
    html += "<p class=\"soft\">The same recordings and the same seed give the same network, bit for bit.</p><pre>" +
            EscapeMarkup(report.command) + "</pre>";
  }
  html += "<dl class=\"facts\"><dt>Seed</dt><dd>" + std::to_string(report.seed) + "</dd>";
  if (!report.versions.empty()) {
    std::string versions;
    for (const auto& [name, version] : report.versions) {
      versions += (versions.empty() ? "" : ", ") + EscapeMarkup(name) + " " + EscapeMarkup(version);
    }
    html += "<dt>Built with</dt><dd>" + versions + "</dd>";
  }
  for (const ReportFile& file : report.files) {
    html += "<dt>" + EscapeMarkup(file.what) + "</dt><dd><code>" + EscapeMarkup(file.path) + "</code></dd>";
  }
  return html + "</dl></section>";
}

}  // namespace

std::string HtmlReport(const Report& report) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      // Whatever a recording is called, the page loads and runs nothing.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\"><title>" +
      EscapeMarkup(report.title) + " · Thimble</title><style>" + kStyleSheet + "</style></head>\n<body><main>\n";
  for (const std::string& section :
       {Header(report), DataSection(report), SignalsSection(report), ScatterSection(report), ConfusionSection(report),
        WorthSection(report), TrainingSection(report), DeviceSection(report), TimeSection(report),
        AgainSection(report)}) {
    if (!section.empty()) html += section + "\n";
  }
  return html + "</main></body></html>\n";
}

}  // namespace thimble::cli
