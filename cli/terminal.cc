// What the commands show while they work: colours, step headings and progress bars, or plain lines where nobody looks.
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <initializer_list>

#include "cli/plot.h"

namespace thimble::cli {
namespace {

constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";
constexpr char32_t kReplacement = 0xFFFD;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string_view Code(Tint tint) {
  switch (tint) {
    case Tint::kNone:
      return "";
    case Tint::kRed:
      return "\x1b[31m";
    case Tint::kGreen:
      return "\x1b[32m";
    case Tint::kYellow:
      return "\x1b[33m";
    case Tint::kBlue:
      return "\x1b[34m";
    case Tint::kMagenta:
      return "\x1b[35m";
    case Tint::kCyan:
      return "\x1b[36m";
    case Tint::kGrey:
      return "\x1b[90m";
  }
  return "";
}

std::string Wear(std::string_view text, std::string_view code, bool colour) {
  if (!colour || code.empty() || text.empty()) return std::string(text);
  return std::string(code).append(text).append("\x1b[0m");
}

bool In(char32_t point, std::initializer_list<std::array<char32_t, 2>> ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [point](const auto& r) { return r[0] <= point && point <= r[1]; });
}

// Unicode 15, general categories Mn/Cf as far as file names and labels use them, and East Asian Width W/F.
int ColumnsOf(char32_t point) {
  if (In(point, {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2069}, {0xFE00, 0xFE0F}})) return 0;
  const bool wide = In(point, {{0x1100, 0x115F},
                               {0x2E80, 0xA4CF},
                               {0xAC00, 0xD7A3},
                               {0xF900, 0xFAFF},
                               {0xFE30, 0xFE6F},
                               {0xFF00, 0xFF60},
                               {0xFFE0, 0xFFE6},
                               {0x1F300, 0x1FAFF},
                               {0x20000, 0x3FFFD}});
  return wide ? 2 : 1;
}

// The bytes of a colour sequence that begins at text[at], or 0.
size_t EscapeLength(std::string_view text, size_t at) {
  if (text[at] != '\x1b' || at + 1 >= text.size() || text[at + 1] != '[') return 0;
  size_t end = at + 2;
  while (end < text.size() && (text[end] < 0x40 || text[end] > 0x7E)) ++end;
  return std::min(end + 1, text.size()) - at;
}

// Calls visit(bytes, columns) for every code point and every colour sequence (0 columns).
void ForEachGlyph(std::string_view text, auto&& visit) {
  for (size_t at = 0; at < text.size();) {
    if (const size_t escape = EscapeLength(text, at); escape > 0) {
      visit(text.substr(at, escape), 0);
      at += escape;
      continue;
    }
    const CodePoint point = DecodeUtf8(text.substr(at));
    visit(text.substr(at, point.bytes), ColumnsOf(point.value));
    at += point.bytes;
  }
}

bool MentionsUtf8(std::string_view locale) {
  std::string lower;
  for (const char c : locale) {
    if (c != '-') lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return lower.find("utf8") != std::string::npos;
}

// --- the cursor, when a signal comes -----------------------------------------------------------------------------

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};
volatile std::sig_atomic_t cursor_hidden_on = -1;
std::array<struct sigaction, kSignals.size()> signals_before;

// Only async-signal-safe calls here.
void ShowCursorAndPassOn(int signal) {
  const int saved_errno = errno;
  if (cursor_hidden_on >= 0) {
    // The new line keeps the shell's prompt off the half-drawn one; a shell that stops a job writes its own.
    constexpr std::string_view kShowAndLeave = "\x1b[?25h\n";
    [[maybe_unused]] const auto written = write(static_cast<int>(cursor_hidden_on), kShowAndLeave.data(),
                                                kShowAndLeave.size() - (signal == SIGTSTP ? 1 : 0));
  }
  if (signal == SIGTSTP) {
    raise(SIGSTOP);  // the next drawing hides the cursor again
  } else {
    std::signal(signal, SIG_DFL);
    raise(signal);  // ends the process as if nobody had listened, so that the shell sees the true reason
  }
  errno = saved_errno;
}

void WatchSignals(int descriptor) {
  cursor_hidden_on = descriptor;
  struct sigaction action = {};
  action.sa_handler = &ShowCursorAndPassOn;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &signals_before[i]);
    // A program that handles or ignores a signal itself (nohup) keeps its way.
    if (signals_before[i].sa_handler == SIG_DFL) sigaction(kSignals[i], &action, nullptr);
  }
}

void UnwatchSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction now = {};
    sigaction(kSignals[i], nullptr, &now);
    if (now.sa_handler == &ShowCursorAndPassOn) sigaction(kSignals[i], &signals_before[i], nullptr);
  }
  cursor_hidden_on = -1;
}

}  // namespace

CodePoint DecodeUtf8(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes > text.size()) return {kReplacement, 1, false};
  char32_t value = first & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {kReplacement, 1, false};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[bytes] || value > 0x10FFFF || surrogate) return {kReplacement, 1, false};
  return {value, bytes, true};
}

std::string Style::Paint(std::string_view text, Tint tint) const { return Wear(text, Code(tint), colour); }
std::string Style::Bold(std::string_view text) const { return Wear(text, "\x1b[1m", colour); }
std::string Style::Dim(std::string_view text) const { return Paint(text, Tint::kGrey); }

std::string Style::Plain(std::string_view text) const {
  if (unicode) return std::string(text);
  struct Spelling {
    std::string_view sign, ascii;
  };
  static constexpr Spelling kSpellings[] = {
      {"→", "->"},  {"–", "-"}, {"—", "-"},  {"−", "-"},  {"…", "..."}, {"×", "x"}, {"±", "+/-"}, {"²", "2"},
      {"°", "deg"}, {"µ", "u"}, {"μ", "u"},  {"≥", ">="}, {"≤", "<="},  {"·", "."}, {"•", "*"},   {"√", "sqrt"},
      {"‘", "'"},   {"’", "'"}, {"“", "\""}, {"”", "\""}, {"✓", "*"},   {"✗", "x"}, {"é", "e"},   {"Ω", "ohm"},
  };
  std::string plain;
  ForEachGlyph(text, [&](std::string_view glyph, int columns) {
    if (glyph.size() == 1 || glyph[0] == '\x1b') {
      plain += glyph;
      return;
    }
    const auto* found = std::find_if(std::begin(kSpellings), std::end(kSpellings),
                                     [&](const Spelling& spelling) { return spelling.sign == glyph; });
    plain += found != std::end(kSpellings) ? found->ascii : columns == 0 ? "" : "?";
  });
  return plain;
}

Surroundings Look(std::FILE* stream) {
  Surroundings seen;
  const int descriptor = fileno(stream);
  seen.terminal = descriptor >= 0 && isatty(descriptor) == 1;
  winsize size = {};
  if (seen.terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0) seen.columns = size.ws_col;
  if (seen.columns == 0) seen.columns = std::atoi(Variable("COLUMNS").c_str());
  seen.no_color = Variable("NO_COLOR");
  seen.clicolor_force = Variable("CLICOLOR_FORCE");
  seen.term = Variable("TERM");
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (seen.locale.empty()) seen.locale = Variable(name);
  }
  return seen;
}

Style StyleFor(const Surroundings& surroundings) {
  const bool forced = !surroundings.clicolor_force.empty() && surroundings.clicolor_force != "0";
  const bool able = surroundings.terminal && surroundings.term != "dumb";
  Style style;
  style.colour = surroundings.no_color.empty() && (able || forced);
  style.live = able;
  style.unicode = MentionsUtf8(surroundings.locale);
  style.width = surroundings.columns > 0 ? std::clamp(surroundings.columns, 20, 200) : 80;
  return style;
}

Style StyleOf(std::FILE* stream) { return StyleFor(Look(stream)); }

int Columns(std::string_view text) {
  int columns = 0;
  ForEachGlyph(text, [&columns](std::string_view, int wide) { columns += wide; });
  return columns;
}

std::string Printable(std::string_view text) {
  std::string clean;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text.substr(at));
    const bool control = point.value < 0x20 || In(point.value, {{0x7F, 0x9F}});
    // These turn the direction of writing, so that a name could look like another.
    const bool turns = In(point.value, {{0x202A, 0x202E}, {0x2066, 0x2069}});
    if (!point.valid || control || turns) {
      clean += "\uFFFD";
    } else {
      clean += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
  return clean;
}

std::string PadRight(std::string_view text, int columns) {
  return std::string(text).append(static_cast<size_t>(std::max(0, columns - Columns(text))), ' ');
}

std::string PadLeft(std::string_view text, int columns) {
  return std::string(static_cast<size_t>(std::max(0, columns - Columns(text))), ' ').append(text);
}

std::string Shorten(std::string_view text, int columns, const Style& style) {
  if (Columns(text) <= columns) return std::string(text);
  const std::string_view end = style.unicode ? "…" : "..";
  const int room = columns - Columns(end);
  if (room <= 0) return std::string(end.substr(0, static_cast<size_t>(style.unicode ? 3 : std::max(0, columns))));
  std::string kept;
  int used = 0;
  bool full = false;
  ForEachGlyph(text, [&](std::string_view glyph, int wide) {
    full = full || used + wide > room;
    if (full && !(wide == 0 && glyph[0] == '\x1b')) return;  // the sequence that ends a colour stays
    kept += glyph;
    used += wide;
  });
  return kept.append(end);
}

std::string Wrap(std::string_view text, int indent, int columns) {
  const int room = std::max(10, columns - indent);
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::string wrapped;
  int used = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const int wide = Columns(word);
    if (used > 0 && used + 1 + wide > room) {
      wrapped.append("\n").append(margin);
      used = 0;
    } else if (used > 0) {
      wrapped += ' ';
      ++used;
    }
    wrapped += word;
    used += wide;
    at = end + 1;
  }
  return wrapped;
}

std::string Seconds(double seconds) {
  char text[48];
  if (seconds < 9.995) {
    std::snprintf(text, sizeof text, "%.2f s", std::max(0.0, seconds));
  } else if (seconds < 99.95) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else {
    const auto whole = static_cast<long long>(std::llround(seconds));
    std::snprintf(text, sizeof text, "%lld min %02lld s", whole / 60, whole % 60);
  }
  return text;
}

std::string Thousands(long long number) {
  std::string digits = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Plural(size_t count, const std::string& thing) {
  return Thousands(static_cast<long long>(count)) + " " + thing + (count == 1 ? "" : "s");
}

std::string Table(const std::vector<std::vector<std::string>>& rows, int indent) {
  std::vector<int> widths;
  for (const auto& row : rows) {
    if (row.size() > widths.size()) widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  std::string table;
  for (const auto& row : rows) {
    std::string line(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? PadRight(row[i], widths[i]) : "  " + PadLeft(row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    table.append(line).append("\n");
  }
  return table;
}

// --- Progress ----------------------------------------------------------------------------------------------------

namespace {

constexpr double kRedrawSeconds = 0.08;   // faster than this is flicker, not information
constexpr double kPatienceSeconds = 3.0;  // without a terminal, quicker steps say one line only
constexpr int kNameColumns = 10;

double Between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Progress::Progress(std::FILE* stream, Style style, int steps, bool quiet)
    : stream_(stream), style_(style), steps_(steps), quiet_(quiet) {
  if (style_.live && !quiet_) WatchSignals(fileno(stream_));
}

Progress::~Progress() {
  if (open_) Fail();
  if (style_.live && !quiet_) UnwatchSignals();
}

void Progress::Begin(std::string name) {
  if (open_) End();
  name_ = std::move(name);
  open_ = true;
  ++number_;
  quarters_told_ = 0;
  ticks_ = 0;
  started_ = Clock::now();
  last_drawn_ = started_;
  if (style_.live) Draw(-1, {});
}

void Progress::Update(double fraction, std::string_view detail) {
  if (!open_ || quiet_) return;
  const Clock::time_point now = Clock::now();
  if (style_.live) {
    if (Between(last_drawn_, now) < kRedrawSeconds) return;
    last_drawn_ = now;
    Draw(fraction, detail);
    return;
  }
  const int quarters = static_cast<int>(fraction * 4);
  if (quarters <= quarters_told_ || quarters >= 4 || Between(last_drawn_, now) < kPatienceSeconds) return;
  quarters_told_ = quarters;
  last_drawn_ = now;
  std::string line = Heading() + std::to_string(quarters * 25) + " %";
  if (!detail.empty()) line.append("  ").append(style_.Plain(Printable(detail)));
  Write(line + "\n");
}

double Progress::End(std::string_view result) {
  if (!open_) return 0;
  const double seconds = Between(started_, Clock::now());
  open_ = false;
  seconds_.emplace_back(name_, seconds);
  Erase();
  const std::string text = style_.Plain(Printable(result));
  if (style_.live) {
    Write(Line(Heading() + text, seconds) + "\n");
  } else {
    Write(Heading() + (text.empty() ? "done" : text) + "  (" + Seconds(seconds) + ")\n");
  }
  return seconds;
}

void Progress::Fail() {
  if (!open_) return;
  open_ = false;
  Erase();
  Write(Heading() + style_.Paint("stopped", Tint::kRed) + "\n");
}

void Progress::Say(std::string_view line) {
  Erase();
  Write(style_.Plain(line) + "\n");
}

std::string Progress::Heading() const {
  const std::string number =
      steps_ > 0 ? std::to_string(number_) + "/" + std::to_string(steps_) : std::to_string(number_);
  return style_.Dim(PadLeft(number, 4)) + "  " + style_.Bold(PadRight(Printable(name_), kNameColumns)) + " ";
}

std::string Progress::Line(std::string_view text, double seconds) const {
  const std::string time = PadLeft(Seconds(seconds), 8);
  // One column stays free: a sign in the last one makes some terminals begin a new line.
  const int room = style_.width - Columns(time) - 2;
  return PadRight(Shorten(text, room, style_), room) + " " + style_.Dim(time);
}

void Progress::Draw(double fraction, std::string_view detail) {
  if (quiet_) return;
  const double seconds = Between(started_, Clock::now());
  const int bar_columns = std::clamp(style_.width / 6, 8, 28);
  std::string line = Heading();
  if (fraction >= 0) {
    char percent[16];
    std::snprintf(percent, sizeof percent, " %3.0f %%  ", 100 * std::min(fraction, 1.0));
    line += Bar(fraction, bar_columns, style_) + percent;
  } else {
    static constexpr std::array<std::string_view, 8> kBraille = {"⠋", "⠙", "⠸", "⠴", "⠦", "⠧", "⠇", "⠏"};
    static constexpr std::array<std::string_view, 4> kAscii = {"|", "/", "-", "\\"};
    const auto tick = static_cast<size_t>(ticks_++);
    line.append(style_.unicode ? kBraille[tick % kBraille.size()] : kAscii[tick % kAscii.size()]).append("  ");
  }
  line += style_.Plain(Printable(detail));
  drawn_ = true;
  Write(std::string(kHideCursor) + "\r" + Line(line, seconds));
}

void Progress::Erase() {
  if (!drawn_) return;
  drawn_ = false;
  Write("\r\x1b[2K" + std::string(kShowCursor));
}

void Progress::Write(std::string_view text) {
  if (quiet_) return;
  std::fwrite(text.data(), 1, text.size(), stream_);
  std::fflush(stream_);
}

}  // namespace thimble::cli
