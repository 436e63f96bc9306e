// Drawings made of characters: line plots in braille, bars, and the confusion matrix.
#include "cli/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>

namespace thimble::cli {
namespace {

constexpr int kDotsAcross = 2;  // dots of one braille sign
constexpr int kDotsDown = 4;

// Bit of the dot at [row][column]; Unicode 15, block Braille Patterns (U+2800).
constexpr uint8_t kBrailleBits[kDotsDown][kDotsAcross] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

std::string Repeat(std::string_view text, int count) {
  std::string repeated;
  for (int i = 0; i < count; ++i) repeated += text;
  return repeated;
}

std::string Braille(uint8_t dots) {
  // U+2800 + dots in three bytes of UTF-8
  return {'\xE2', static_cast<char>(0xA0 | dots >> 6), static_cast<char>(0x80 | (dots & 0x3F))};
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return !(low <= high); }
  void Pad(double share) {
    const double pad = high > low ? (high - low) * share : std::max(0.5, std::abs(low) * 0.1);
    low -= pad;
    high += pad;
  }
  /// 0 at low, 1 at high.
  double Share(double value) const { return (value - low) / (high - low); }
};

// The dots of every series, one layer each, on columns x rows signs.
class Canvas {
 public:
  Canvas(int columns, int rows, size_t layers)
      : columns_(columns),
        rows_(rows),
        layers_(layers, std::vector<uint8_t>(static_cast<size_t>(columns) * static_cast<size_t>(rows))) {}

  int columns() const { return columns_; }
  int rows() const { return rows_; }
  uint8_t dots(size_t layer, int column, int row) const { return layers_[layer][Index(column, row)]; }

  // Bresenham's line between two dots.
  void Line(size_t layer, std::array<int, 2> from, std::array<int, 2> to) {
    const int dx = std::abs(to[0] - from[0]);
    const int dy = -std::abs(to[1] - from[1]);
    const int step_x = from[0] < to[0] ? 1 : -1;
    const int step_y = from[1] < to[1] ? 1 : -1;
    for (int error = dx + dy;;) {
      Dot(layer, from[0], from[1]);
      if (from == to) return;
      const int twice = 2 * error;
      if (twice >= dy) error += dy, from[0] += step_x;
      if (twice <= dx) error += dx, from[1] += step_y;
    }
  }

 private:
  size_t Index(int column, int row) const {
    return static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column);
  }
  void Dot(size_t layer, int x, int y) {
    layers_[layer][Index(x / kDotsAcross, y / kDotsDown)] |= kBrailleBits[y % kDotsDown][x % kDotsAcross];
  }

  int columns_;
  int rows_;
  std::vector<std::vector<uint8_t>> layers_;
};

// One letter for each series: the first of its name that is still free.
std::vector<char> Letters(const std::vector<Series>& series) {
  std::vector<char> letters;
  for (const Series& one : series) {
    char letter = 0;
    for (const char c : one.name + "abcdefghijklmnopqrstuvwxyz*") {
      const bool alphabetic = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
      if (letter == 0 && alphabetic && std::find(letters.begin(), letters.end(), c) == letters.end()) letter = c;
    }
    letters.push_back(letter == 0 ? '*' : letter);
  }
  return letters;
}

void DrawSeries(const Series& one, size_t layer, const Range& x, const Range& y, Canvas& canvas) {
  const int last_x = canvas.columns() * kDotsAcross - 1;
  const int last_y = canvas.rows() * kDotsDown - 1;
  bool connected = false;
  std::array<int, 2> before = {};
  for (size_t i = 0; i < std::min(one.x.size(), one.y.size()); ++i) {
    if (!std::isfinite(one.x[i]) || !std::isfinite(one.y[i])) {
      connected = false;
      continue;
    }
    const std::array<int, 2> dot = {static_cast<int>(std::lround(x.Share(one.x[i]) * last_x)),
                                    static_cast<int>(std::lround((1 - y.Share(one.y[i])) * last_y))};
    canvas.Line(layer, connected ? before : dot, dot);
    before = dot;
    connected = true;
  }
}

std::string CanvasRow(const Canvas& canvas, int row, const std::vector<Series>& series,
                      const std::vector<char>& letters, const Style& style) {
  // A letter every so many columns, and each series at its own.
  const int spacing = std::max(4, canvas.columns() / 4);
  std::string line;
  for (int column = 0; column < canvas.columns(); ++column) {
    std::vector<size_t> present;
    uint8_t dots = 0;
    for (size_t layer = 0; layer < series.size(); ++layer) {
      if (canvas.dots(layer, column, row) == 0) continue;
      present.push_back(layer);
      dots |= canvas.dots(layer, column, row);
    }
    if (present.empty()) {
      line += ' ';
      continue;
    }
    const size_t shown = present[static_cast<size_t>(column / 2) % present.size()];
    const auto wears = std::find_if(present.begin(), present.end(), [&](size_t layer) {
      const int offset = spacing * static_cast<int>(2 * layer + 1) / static_cast<int>(2 * series.size());
      return column % spacing == offset;
    });
    if (!style.unicode) {
      line += style.Paint(std::string(1, letters[shown]), series[shown].tint);
    } else if (series.size() > 1 && wears != present.end()) {
      line += style.Paint(style.Bold(std::string(1, letters[*wears])), series[*wears].tint);
    } else {
      line += style.Paint(Braille(dots), series[shown].tint);
    }
  }
  return line;
}

std::string Legend(const std::vector<Series>& series, const std::vector<char>& letters, int indent, int width,
                   const Style& style) {
  std::string legend(static_cast<size_t>(indent), ' ');
  int used = indent;
  for (size_t i = 0; i < series.size(); ++i) {
    const std::string stroke = style.unicode ? std::string("⠤") + letters[i] + "⠤" : std::string(3, letters[i]);
    const std::string name = style.Plain(Printable(series[i].name));
    const int wide = 3 + 1 + Columns(name) + 3;
    if (used > indent && used + wide > width) {
      legend += "\n" + std::string(static_cast<size_t>(indent), ' ');
      used = indent;
    }
    legend += style.Paint(stroke, series[i].tint) + " " + name + (i + 1 < series.size() ? "   " : "");
    used += wide;
  }
  return legend + "\n";
}

// The tick labels under the x axis: each centred under its tick where there is room.
std::string TickLine(const std::vector<double>& ticks, const Range& x, int columns, int indent) {
  const std::vector<std::string> labels = TickLabels(ticks);
  std::string line(static_cast<size_t>(indent), ' ');
  for (size_t i = 0; i < ticks.size(); ++i) {
    const int centre = indent + static_cast<int>(std::lround(x.Share(ticks[i]) * (columns - 1)));
    const int at = std::min(centre - static_cast<int>(labels[i].size()) / 2,
                            indent + columns - static_cast<int>(labels[i].size()));
    if (i > 0 && at < static_cast<int>(line.size()) + 1) continue;
    line.resize(static_cast<size_t>(std::max(at, 0)), ' ');
    line += labels[i];
  }
  return line;
}

std::string WorstConfusions(const std::vector<std::string>& labels, const std::vector<std::vector<int>>& confusion,
                            int indent, const Style& style) {
  std::vector<std::tuple<int, size_t, size_t>> errors;
  for (size_t i = 0; i < confusion.size(); ++i) {
    for (size_t j = 0; j < confusion[i].size(); ++j) {
      if (i != j && confusion[i][j] > 0) errors.emplace_back(-confusion[i][j], i, j);
    }
  }
  std::sort(errors.begin(), errors.end());
  if (errors.size() > 10) errors.resize(10);
  std::vector<std::vector<std::string>> rows = {{style.Dim("most frequent confusions"), style.Dim("windows")}};
  for (const auto& [count, i, j] : errors) {
    rows.push_back({style.Plain(Printable(labels[i]) + " → " + Printable(labels[j])), std::to_string(-count)});
  }
  return Table(rows, indent);
}

}  // namespace

std::vector<double> Ticks(double low, double high, int parts) {
  if (!(low < high) || parts < 1) return {low};
  const double rough = (high - low) / parts;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * (1 - 1e-9)) step = factor * power;
  }
  std::vector<double> ticks;
  const double slack = step * 1e-6;  // a limit that is round but for rounding counts
  const double first = std::ceil((low - slack) / step);
  for (int i = 0; (first + i) * step <= high + slack; ++i) ticks.push_back((first + i) * step + 0.0);
  return ticks;
}

std::vector<std::string> TickLabels(const std::vector<double>& ticks) {
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : ticks.empty() ? 1.0 : std::abs(ticks[0]);
  int decimals = 0;
  if (step > 0 && std::isfinite(step))
    decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step * 1.001))), 0, 9);
  std::vector<std::string> labels;
  for (const double tick : ticks) {
    char text[352];
    std::snprintf(text, sizeof text, "%.*f", decimals, std::abs(tick) < std::abs(step) * 1e-6 ? 0.0 : tick);
    labels.emplace_back(text);
  }
  return labels;
}

std::string LinePlot(const std::vector<Series>& series, const PlotOptions& options, const Style& style) {
  Range x;
  Range y;
  for (const Series& one : series) {
    for (size_t i = 0; i < std::min(one.x.size(), one.y.size()); ++i) {
      if (!std::isfinite(one.x[i]) || !std::isfinite(one.y[i])) continue;
      x.Take(one.x[i]);
      y.Take(one.y[i]);
    }
  }
  if (x.empty()) return "";
  if (x.low == x.high) x.Pad(0);
  y.Pad(0.04);

  const int rows = std::max(3, options.height);
  const std::vector<double> y_ticks = Ticks(y.low, y.high, std::max(2, rows / 3));
  const std::vector<std::string> y_labels = TickLabels(y_ticks);
  int margin = 0;
  for (const std::string& label : y_labels) margin = std::max(margin, static_cast<int>(label.size()));
  const int width = options.width > 0 ? options.width : std::min(style.width, 100);
  const int columns = std::max(8, width - margin - 3);
  const int indent = margin + 2;

  Canvas canvas(columns, rows, series.size());
  for (size_t i = 0; i < series.size(); ++i) DrawSeries(series[i], i, x, y, canvas);
  const std::vector<char> letters = Letters(series);

  std::string drawing;
  if (!options.y_name.empty()) drawing += style.Plain(options.y_name) + "\n";
  const auto sign = [&style](const char* unicode, const char* ascii) { return style.unicode ? unicode : ascii; };
  for (int row = 0; row < rows; ++row) {
    std::string label;
    for (size_t i = 0; i < y_ticks.size(); ++i) {
      if (std::lround((1 - y.Share(y_ticks[i])) * (rows * kDotsDown - 1)) / kDotsDown == row) label = y_labels[i];
    }
    std::string line = PadLeft(label, margin) + " " + style.Dim(label.empty() ? sign("│", "|") : sign("┤", "+")) +
                       CanvasRow(canvas, row, series, letters, style);
    line.erase(line.find_last_not_of(' ') + 1);
    drawing += line + "\n";
  }

  // As many ticks as have room for their labels.
  std::vector<double> x_ticks;
  for (int parts = std::max(1, columns / 9); parts > 0; --parts) {
    x_ticks = Ticks(x.low, x.high, parts);
    size_t taken = 0;
    for (const std::string& label : TickLabels(x_ticks)) taken += label.size() + 2;
    if (taken <= static_cast<size_t>(columns)) break;
  }
  std::vector<bool> ticked(static_cast<size_t>(columns));
  for (const double tick : x_ticks) {
    ticked[static_cast<size_t>(std::clamp<long>(std::lround(x.Share(tick) * (columns - 1)), 0, columns - 1))] = true;
  }
  std::string axis = sign("└", "+");
  for (const bool tick : ticked) axis += tick ? sign("┬", "+") : sign("─", "-");
  drawing += std::string(static_cast<size_t>(margin + 1), ' ') + style.Dim(axis) + "\n";
  drawing += TickLine(x_ticks, x, columns, indent) + "\n";
  if (!options.x_name.empty()) {
    const std::string name = style.Plain(options.x_name);
    drawing += std::string(static_cast<size_t>(indent + std::max(0, (columns - Columns(name)) / 2)), ' ') + name + "\n";
  }
  return drawing + Legend(series, letters, indent, width, style);
}

std::string Bar(double fraction, int columns, const Style& style) {
  const double share = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  if (!style.unicode) {
    const int full = static_cast<int>(std::lround(share * columns));
    return Repeat("=", full) + Repeat("-", columns - full);
  }
  const int halves = static_cast<int>(std::lround(share * columns * 2));
  const std::string done = Repeat("━", halves / 2) + (halves % 2 == 1 ? "╸" : "");
  return style.Paint(done, Tint::kCyan) + style.Dim(Repeat("─", columns - (halves + 1) / 2));
}

std::string ConfusionTable(const std::vector<std::string>& labels, const std::vector<std::vector<int>>& confusion,
                           const std::vector<std::string>& extra_names,
                           const std::vector<std::vector<std::string>>& extra, int indent, const Style& style) {
  constexpr int kLongestLabel = 16;
  const size_t count = std::min(labels.size(), confusion.size());
  std::vector<std::string> names;
  int numbers_wide = 0;
  for (size_t i = 0; i < count; ++i) {
    names.push_back(Shorten(style.Plain(Printable(labels[i])), kLongestLabel, style));
    for (const int cell : confusion[i]) {
      numbers_wide = std::max(numbers_wide, static_cast<int>(std::to_string(cell).size()));
    }
  }
  const auto wide = [&](bool numbered) {
    int columns = indent;
    int longest = Columns("true \\ answer");
    for (size_t i = 0; i < count; ++i) {
      const std::string number = std::to_string(i + 1);
      longest = std::max(longest, Columns(names[i]) + (numbered ? static_cast<int>(number.size()) + 1 : 0));
      columns += 2 + std::max(numbers_wide, Columns(numbered ? number : names[i]));
    }
    for (const std::string& name : extra_names) columns += 2 + std::max(5, Columns(name));
    return columns + longest;
  };
  const bool numbered = wide(false) > style.width;
  if (numbered && wide(true) > style.width) {
    std::vector<std::vector<std::string>> scores = {{style.Dim("label")}};
    scores[0].insert(scores[0].end(), extra_names.begin(), extra_names.end());
    for (size_t i = 0; i < std::min(count, extra.size()); ++i) {
      scores.push_back({names[i]});
      scores.back().insert(scores.back().end(), extra[i].begin(), extra[i].end());
    }
    return WorstConfusions(labels, confusion, indent, style) + (extra.empty() ? "" : "\n" + Table(scores, indent));
  }

  std::vector<std::vector<std::string>> rows = {{style.Dim("true \\ answer")}};
  for (size_t i = 0; i < count; ++i) rows[0].push_back(style.Dim(numbered ? std::to_string(i + 1) : names[i]));
  for (const std::string& name : extra_names) rows[0].push_back(style.Dim(name));
  for (size_t i = 0; i < count; ++i) {
    rows.push_back({numbered ? std::to_string(i + 1) + " " + names[i] : names[i]});
    for (size_t j = 0; j < count; ++j) {
      const int cell = j < confusion[i].size() ? confusion[i][j] : 0;
      const std::string text = std::to_string(cell);
      rows.back().push_back(cell == 0 ? style.Dim(style.unicode ? "·" : ".")
                            : i == j  ? style.Bold(text)
                                      : style.Paint(text, Tint::kRed));
    }
    if (i < extra.size()) rows.back().insert(rows.back().end(), extra[i].begin(), extra[i].end());
  }
  return Table(rows, indent);
}

}  // namespace thimble::cli
