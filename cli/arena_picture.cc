#include "cli/arena_picture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "cli/plot.h"

namespace thimble::cli {
namespace {

using compiler::ArenaFacts;
using compiler::Piece;

std::string Bytes(size_t bytes) { return Thousands(static_cast<long long>(bytes)); }

std::string OperatorRange(const Piece& piece) {
  if (piece.first_operator == piece.last_operator) return "operator " + std::to_string(piece.first_operator);
  return "operators " + std::to_string(piece.first_operator) + "–" + std::to_string(piece.last_operator);
}

bool Overlap(const Piece& a, const Piece& b) {
  return a.first_operator <= b.last_operator + 1 && b.first_operator <= a.last_operator + 1 &&
         a.offset_bytes <= b.offset_bytes + b.size_bytes && b.offset_bytes <= a.offset_bytes + a.size_bytes;
}

/// A number below `colours` for each piece, so that pieces that touch differ wherever that is possible: each takes the
/// one that its neighbours before have least.
std::vector<int> Colour(const std::vector<Piece>& pieces, int colours) {
  std::vector<int> chosen(pieces.size(), 0);
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::vector<int> taken(static_cast<size_t>(colours), 0);
    for (size_t k = 0; k < i; ++k) {
      if (Overlap(pieces[i], pieces[k])) ++taken[static_cast<size_t>(chosen[k])];
    }
    // Starting at another one each time uses all of them evenly.
    int best = static_cast<int>(i) % colours;
    for (int step = 0; step < colours; ++step) {
      const int colour = (static_cast<int>(i) + step) % colours;
      if (taken[static_cast<size_t>(colour)] < taken[static_cast<size_t>(best)]) best = colour;
    }
    chosen[i] = best;
  }
  return chosen;
}

/// Indices of the pieces, the largest first.
std::vector<size_t> BySize(const std::vector<Piece>& pieces) {
  std::vector<size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&pieces](size_t a, size_t b) { return pieces[a].size_bytes > pieces[b].size_bytes; });
  return order;
}

constexpr int kRows = 16;
constexpr int kAxisColumns = 13;
constexpr size_t kLegendRows = 12;
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr int kNobody = -1;
constexpr Tint kTints[] = {Tint::kBlue, Tint::kGreen, Tint::kYellow, Tint::kMagenta, Tint::kCyan, Tint::kRed};
constexpr const char* kShades[] = {"░", "▓", "▒", "█"};

/// Where operators lie across a terminal.
struct Across {
  int operators;
  int room;
  int each() const { return std::clamp(room / operators, 1, 6); }  // columns an operator
  int together() const { return (operators + room - 1) / room; }   // operators a column
  int count() const { return (operators + together() - 1) / together() * each(); }
  int first(int op) const { return op / together() * each(); }
  int behind(int op) const { return (op / together() + 1) * each(); }
};

struct Grid {
  std::vector<std::vector<int>> cells;  // [row][column]: a piece or kNobody

  Grid(const ArenaFacts& arena, const Across& columns)
      : cells(kRows, std::vector<int>(static_cast<size_t>(columns.count()), kNobody)) {
    // The largest first: what is thinner than a row then still gets its own.
    for (const size_t index : BySize(arena.pieces)) {
      const Piece& piece = arena.pieces[index];
      const double row_bytes = static_cast<double>(arena.bytes) / kRows;
      const int first =
          std::clamp(static_cast<int>(std::lround(static_cast<double>(piece.offset_bytes) / row_bytes)), 0, kRows - 1);
      const int behind =
          static_cast<int>(std::lround(static_cast<double>(piece.offset_bytes + piece.size_bytes) / row_bytes));
      const int last_operator = std::min(piece.last_operator, columns.operators - 1);
      for (int row = first; row < std::clamp(behind, first + 1, kRows); ++row) {
        for (int column = columns.first(piece.first_operator); column < columns.behind(last_operator); ++column) {
          cells[static_cast<size_t>(row)][static_cast<size_t>(column)] = static_cast<int>(index);
        }
      }
    }
  }
};

struct Place {
  size_t row, column;
};

/// The middle of what is seen of a piece, where its letter stands.
std::vector<Place> LetterPlaces(const Grid& grid, size_t pieces) {
  std::vector<std::vector<Place>> seen(pieces);
  for (size_t row = 0; row < grid.cells.size(); ++row) {
    for (size_t column = 0; column < grid.cells[row].size(); ++column) {
      const int piece = grid.cells[row][column];
      if (piece != kNobody) seen[static_cast<size_t>(piece)].push_back({row, column});
    }
  }
  std::vector<Place> places(pieces, {SIZE_MAX, SIZE_MAX});
  for (size_t i = 0; i < pieces; ++i) {
    if (seen[i].empty()) continue;
    const size_t row = seen[i][seen[i].size() / 2].row;
    std::vector<size_t> columns;
    for (const Place& place : seen[i]) {
      if (place.row == row) columns.push_back(place.column);
    }
    places[i] = {row, columns[(columns.size() - 1) / 2]};
  }
  return places;
}

/// A bar for each column: how much is alive there, of the busiest operator's.
std::string LiveLine(const ArenaFacts& arena, const Across& columns, const Style& style) {
  constexpr const char* kHeights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const size_t most = std::max<size_t>(1, *std::max_element(arena.live_bytes.begin(), arena.live_bytes.end()));
  std::vector<size_t> live(static_cast<size_t>(columns.count()), 0);
  for (size_t op = 0; op < arena.live_bytes.size(); ++op) {
    for (int column = columns.first(static_cast<int>(op)); column < columns.behind(static_cast<int>(op)); ++column) {
      size_t& bytes = live[static_cast<size_t>(column)];
      bytes = std::max(bytes, arena.live_bytes[op]);
    }
  }
  std::string line;
  for (const size_t bytes : live) {
    const double share = static_cast<double>(bytes) / static_cast<double>(most);
    const std::string glyph = style.unicode ? kHeights[std::lround(share * 7)] : std::to_string(std::lround(share * 9));
    line += bytes == most ? style.Bold(glyph) : style.Dim(glyph);
  }
  return line;
}

/// Operator numbers below the columns where they begin, as many as have room.
std::string NumberLine(const Across& columns) {
  std::string line(static_cast<size_t>(columns.count()), ' ');
  size_t free_from = 0;
  for (int op = 0; op < columns.operators; op += columns.together()) {
    const std::string number = std::to_string(op);
    const auto at = static_cast<size_t>(columns.first(op));
    if (at < free_from || at + number.size() > line.size()) continue;
    line.replace(at, number.size(), number);
    free_from = at + number.size() + 1;
  }
  return line;
}

// --- SVG ---

constexpr double kLeft = 84, kTop = 64, kPlotHeight = 380, kLiveHeight = 48, kGap = 14;
constexpr int kSvgColours = 6;

std::string Format(const char* format, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

std::string Escape(std::string_view text) {
  std::string safe;
  for (const char c : Printable(text)) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

constexpr const char* kStyleSheet = R"(<style>
svg{font:12px system-ui,sans-serif;background:#fff;color:#1c1e21}
text{fill:currentColor}.dim{opacity:.65}.title{font-size:16px;font-weight:600}.mark{stroke:currentColor;stroke-dasharray:5 4}
.grid{stroke:currentColor;opacity:.12}.piece{stroke:#fff;stroke-width:1.5}.piece:hover{opacity:.75}.name{fill:#10151c;font-size:11px;pointer-events:none}
.c0{fill:#8ec1f0}.c1{fill:#a4d8a0}.c2{fill:#f2cf84}.c3{fill:#d3b0ea}.c4{fill:#8fd8d4}.c5{fill:#f2ada0}
.persistent{fill:#b9bec6}.live{fill:#9aa3af}.busiest{fill:#e0653f}
@media(prefers-color-scheme:dark){svg{background:#15181d;color:#e6e8eb}.piece{stroke:#15181d}.live{fill:#6b7480}
.c0{fill:#5f9bd3}.c1{fill:#76b573}.c2{fill:#cfa851}.c3{fill:#ad86c9}.c4{fill:#5fb2ae}.c5{fill:#cf8375}.persistent{fill:#858c96}}
</style>
)";

}  // namespace

std::string ArenaText(const ArenaFacts& arena, const Style& style) {
  const int operators = static_cast<int>(arena.live_bytes.size());
  const int room = std::min(style.width, 100) - kAxisColumns;
  if (operators == 0 || room < 8 || arena.pieces.empty() || arena.bytes == 0) return "";
  const Across columns{operators, room};
  const Grid grid(arena, columns);
  const std::vector<int> colour = Colour(arena.pieces, style.colour ? 6 : 4);
  const std::vector<Place> places = LetterPlaces(grid, arena.pieces.size());
  std::vector<char> letter(arena.pieces.size(), ' ');
  const std::vector<size_t> by_size = BySize(arena.pieces);
  // Letters in the order of the legend, which is that of the sizes.
  for (size_t i = 0; i < std::min(by_size.size(), kLetters.size()); ++i) letter[by_size[i]] = kLetters[i];

  std::string text = PadLeft("alive ", kAxisColumns) + LiveLine(arena, columns, style) + "\n";
  for (size_t row = 0; row < grid.cells.size(); ++row) {
    const std::string axis = row % 4 == 0 ? Bytes(arena.bytes * row / kRows) + " " : "";
    text += style.Dim(PadLeft(axis, kAxisColumns));
    for (size_t column = 0; column < grid.cells[row].size(); ++column) {
      const int cell = grid.cells[row][column];
      if (cell == kNobody) {
        text += row * arena.bytes / kRows < arena.persistent_bytes ? style.Dim(style.unicode ? "─" : "-") : " ";
        continue;
      }
      const auto piece = static_cast<size_t>(cell);
      const bool lettered = letter[piece] != ' ';
      const bool here = lettered && places[piece].row == row && places[piece].column == column;
      const auto shade = static_cast<size_t>(colour[piece]);
      if (here) {
        text += style.Bold(std::string(1, letter[piece]));
      } else if (!style.unicode) {
        text += lettered ? letter[piece] : '#';
      } else if (style.colour) {
        text += style.Paint(shade % 2 == 0 ? "█" : "▓", kTints[shade]);
      } else {
        text += kShades[shade];
      }
    }
    text += "\n";
  }
  text += style.Dim(PadLeft(Bytes(arena.bytes) + " ", kAxisColumns) + NumberLine(columns)) + "  " +
          style.Dim("operator") + "\n\n";

  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < std::min(by_size.size(), kLegendRows); ++i) {
    const Piece& piece = arena.pieces[by_size[i]];
    rows.push_back({std::string(1, letter[by_size[i]]) + "  " + Shorten(Printable(piece.name), 36, style),
                    Bytes(piece.size_bytes) + (piece.size_bytes == 1 ? " byte" : " bytes"),
                    "from " + Bytes(piece.offset_bytes), style.Plain(OperatorRange(piece))});
  }
  text += Table(rows, 4);
  if (by_size.size() > kLegendRows) {
    const size_t rest = by_size.size() - kLegendRows;
    text += "    and " + (rest == 1 ? "a smaller one" : std::to_string(rest) + " smaller ones") + "\n";
  }
  return text;
}

std::string ArenaSvg(const ArenaFacts& arena, const std::vector<std::string>& operators, const std::string& title) {
  const int count = std::max<int>(1, static_cast<int>(arena.live_bytes.size()));
  const double column = std::clamp(1040.0 / count, 2.0, 96.0);
  const double plot_width = column * count;
  const double width = std::max(kLeft + plot_width + 32, 640.0);
  const bool named = column >= 13;  // room for names that stand on edge
  size_t longest = 0;
  for (const std::string& name : operators) longest = std::max(longest, name.size());
  const double bottom = kTop + kPlotHeight + kGap + kLiveHeight;
  const double height = bottom + (named ? 26 + 5.8 * static_cast<double>(longest + 3) : 44);
  const double scale = kPlotHeight / static_cast<double>(std::max<size_t>(1, arena.bytes));
  const auto y = [scale](size_t bytes) { return kTop + static_cast<double>(bytes) * scale; };

  std::string svg = Format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
      "role=\"img\">\n",
      width, height, width, height);
  svg += "<title>" + Escape(title) + "</title>\n" + kStyleSheet;
  svg += "<text class=\"title\" x=\"16\" y=\"26\">" + Escape(title) + "</text>\n";
  svg += "<text class=\"dim\" x=\"16\" y=\"46\">arena " + Bytes(arena.bytes) +
         " bytes, planned exactly · no plan can do with less than " + Bytes(arena.lower_bound_bytes) +
         " · across: operators in order, down: bytes</text>\n";

  for (const double tick : Ticks(0, static_cast<double>(arena.bytes), 6)) {
    const double at = kTop + tick * scale;
    svg += Format("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", kLeft, kLeft + plot_width,
                  at, at);
    svg += Format("<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", kLeft - 8, at + 4,
                  Thousands(std::llround(tick)).c_str());
  }
  if (arena.persistent_bytes > 0) {
    svg += Format("<rect class=\"persistent\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.2f\"><title>", kLeft,
                  kTop, plot_width, static_cast<double>(arena.persistent_bytes) * scale);
    svg += "persistent: " + Bytes(arena.persistent_bytes) +
           " bytes, in use for as long as the network is loaded</title></rect>\n";
  }
  const std::vector<int> colour = Colour(arena.pieces, kSvgColours);
  for (size_t i = 0; i < arena.pieces.size(); ++i) {
    const Piece& piece = arena.pieces[i];
    const int last = std::min(piece.last_operator, count - 1);
    const double x = kLeft + column * piece.first_operator;
    const double across = column * (last - piece.first_operator + 1);
    const double tall = static_cast<double>(piece.size_bytes) * scale;
    svg += Format("<rect class=\"piece c%d\" x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" rx=\"2\">", colour[i],
                  x, y(piece.offset_bytes), across, std::max(tall, 1.0));
    svg += "<title>" + Escape(piece.name) + ": " + Bytes(piece.size_bytes) + " bytes from " +
           Bytes(piece.offset_bytes) + ", " + OperatorRange(piece) + "</title></rect>";
    const auto letters = static_cast<double>(piece.name.size());
    if (tall >= 14 && across >= 6.4 * letters + 8) {
      svg += Format("<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x + across / 2,
                    y(piece.offset_bytes) + tall / 2 + 4, Escape(piece.name).c_str());
      if (tall >= 32) {
        svg += Format("<text class=\"name dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x + across / 2,
                      y(piece.offset_bytes) + tall / 2 + 18, Bytes(piece.size_bytes).c_str());
      }
    } else if (across >= 13 && tall >= 6.4 * letters + 8) {
      svg +=
          Format("<text class=\"name\" text-anchor=\"middle\" transform=\"translate(%.1f %.1f) rotate(-90)\">%s</text>",
                 x + across / 2 + 4, y(piece.offset_bytes) + tall / 2, Escape(piece.name).c_str());
    } else if (across >= 20 && tall >= 14 && piece.name.find(' ') != std::string::npos) {
      // The operator's number says enough: its name stands below.
      svg += Format("<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x + across / 2,
                    y(piece.offset_bytes) + tall / 2 + 4, Escape(piece.name.substr(piece.name.rfind(' ') + 1)).c_str());
    }
    svg += "\n";
  }
  const double bound = y(arena.lower_bound_bytes);
  svg +=
      Format("<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.2f\" y2=\"%.2f\"><title>lower bound</title></line>\n",
             kLeft, kLeft + plot_width, bound, bound);

  size_t most = 1;
  for (const size_t bytes : arena.live_bytes) most = std::max(most, bytes);
  svg += Format("<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">alive</text>\n", kLeft - 8, bottom - 4);
  for (size_t op = 0; op < arena.live_bytes.size(); ++op) {
    const double tall = kLiveHeight * static_cast<double>(arena.live_bytes[op]) / static_cast<double>(most);
    const double x = kLeft + column * static_cast<double>(op);
    const std::string name = op < operators.size() ? operators[op] : "";
    svg += Format("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
                  static_cast<int>(op) == arena.busiest_operator ? "busiest" : "live", x, bottom - tall,
                  std::max(column - 1, 1.0), tall);
    svg += "operator " + std::to_string(op) + " (" + Escape(name) + "): " + Bytes(arena.live_bytes[op]) +
           " bytes alive</title></rect>";
    if (named) {
      svg += Format("<text class=\"dim\" text-anchor=\"end\" transform=\"translate(%.1f %.1f) rotate(-60)\">",
                    x + column / 2 + 4, bottom + 14) +
             Escape(name) + " " + std::to_string(op) + "</text>";
    }
    svg += "\n";
  }
  if (!named) {
    for (const double tick : Ticks(0, count, 10)) {
      svg += Format("<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f</text>\n",
                    kLeft + column * (tick + 0.5), bottom + 18, tick);
    }
  }
  return svg + "</svg>\n";
}

}  // namespace thimble::cli
