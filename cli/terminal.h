// What the commands show while they work: colours, step headings and progress bars, or plain lines where nobody looks.
#ifndef THIMBLE_CLI_TERMINAL_H_
#define THIMBLE_CLI_TERMINAL_H_

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::cli {

enum class Tint { kNone, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan, kGrey };

/// How text may look on one output. The default is what a file gets.
struct Style {
  bool colour = false;  ///< ANSI colour and bold
  bool unicode = true;  ///< UTF-8; otherwise ASCII only
  bool live = false;    ///< a terminal: lines may be redrawn in place
  int width = 80;       ///< columns, 20..200

  std::string Paint(std::string_view text, Tint tint) const;
  std::string Bold(std::string_view text) const;
  std::string Dim(std::string_view text) const;

  /// `text` itself, or in ASCII the nearest plain spelling of the signs that this project uses ("→" to "->").
  std::string Plain(std::string_view text) const;
};

/// What decides about a Style. Apart from the stream, so that tests can ask "what if".
struct Surroundings {
  bool terminal = false;
  int columns = 0;                  ///< 0: unknown
  std::string no_color = {};        ///< $NO_COLOR
  std::string clicolor_force = {};  ///< $CLICOLOR_FORCE
  std::string term = {};            ///< $TERM
  std::string locale = {};          ///< the first of $LC_ALL, $LC_CTYPE, $LANG that is not empty
};

Surroundings Look(std::FILE* stream);
Style StyleFor(const Surroundings& surroundings);

/// The style of `stdout` or `stderr` as it is now.
Style StyleOf(std::FILE* stream);

/// The first code point of a text that is not empty. Bytes that are not UTF-8 give U+FFFD, one byte at a time.
struct CodePoint {
  char32_t value;
  size_t bytes;
  bool valid;
};
CodePoint DecodeUtf8(std::string_view text);

/// Columns that `text` takes on a terminal: wide signs count twice, colour sequences and combining marks nothing.
int Columns(std::string_view text);

/// `text` with control characters (a colour sequence in a file name, say) made harmless.
std::string Printable(std::string_view text);

std::string PadRight(std::string_view text, int columns);
std::string PadLeft(std::string_view text, int columns);

/// `text` in at most `columns`, with "…" (or "..") at the end when something was cut.
std::string Shorten(std::string_view text, int columns, const Style& style);

/// Breaks sentences at spaces; every line but the first begins with `indent` spaces.
std::string Wrap(std::string_view text, int indent, int columns);

/// "0.42 s", "12.3 s", "3 min 05 s".
std::string Seconds(double seconds);

/// "1,234,567"
std::string Thousands(long long number);

/// "1 recording", "2,520 windows".
std::string Plural(size_t count, const std::string& thing);

/// A table of aligned columns: the first left, the others right. Rows may be shorter than the widest one.
std::string Table(const std::vector<std::vector<std::string>>& rows, int indent);

/// Progress of a command, step by step. On a terminal a step is one line that is redrawn; elsewhere it is one line
/// when the step ends, and one a quarter of the way when a step takes long. Nothing at all when quiet.
///
///   Progress progress(stderr, StyleOf(stderr), 6);
///   progress.Begin("train");
///   for (…) progress.Update(epoch / 100.0, "loss 0.12");
///   progress.End("100 epochs, validation 93.1 %");
///
/// While one lives the cursor is hidden on a terminal; it comes back in the destructor and after Ctrl-C.
class Progress {
 public:
  /// `steps` is how many Begin calls will come, for "2/6"; 0 when unknown.
  Progress(std::FILE* stream, Style style, int steps = 0, bool quiet = false);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Ends the step before, when it has not ended.
  void Begin(std::string name);

  /// `fraction` 0..1; a negative one means "busy, no idea how long". Cheap enough to call for every batch.
  void Update(double fraction, std::string_view detail = {});

  /// Finishes the step. Returns its seconds.
  double End(std::string_view result = {});

  /// The step stops here without success; the reason is the caller's to print.
  void Fail();

  /// A line between the steps, above the bar.
  void Say(std::string_view line);

  /// Seconds by step, in order, of the steps that have ended.
  const std::vector<std::pair<std::string, double>>& seconds() const { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::string Heading() const;
  std::string Line(std::string_view text, double seconds) const;
  void Draw(double fraction, std::string_view detail);
  void Erase();
  void Write(std::string_view text);

  std::FILE* stream_;
  Style style_;
  int steps_;
  bool quiet_;
  bool open_ = false;
  bool drawn_ = false;
  int number_ = 0;
  int quarters_told_ = 0;
  int ticks_ = 0;
  std::string name_;
  Clock::time_point started_;
  Clock::time_point last_drawn_;
  std::vector<std::pair<std::string, double>> seconds_;
};

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TERMINAL_H_
