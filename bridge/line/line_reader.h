// Lines of text from a board become readings: what is in them is found out by looking at the first ones.
#ifndef THIMBLE_BRIDGE_LINE_LINE_READER_H_
#define THIMBLE_BRIDGE_LINE_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/sample_source.h"

namespace thimble::bridge {

/// How the lines of a board are written.
struct LineShape {
  bool json = false;     ///< [1,2,3]
  char separator = ',';  ///< ' ' stands for any number of spaces
  size_t numbers = 0;    ///< in a line, a time included; 0: not known yet
  int time_column = -1;  ///< which of them is the board's time; -1: none
  double time_unit_s = 0;
  std::vector<std::string> names;  ///< of all columns, from a header or from "name:value"; empty: none seen
  std::vector<std::string> units;  ///< of all columns, from a header such as "x (mg)"; empty: none seen

  size_t axes() const { return numbers - (time_column >= 0 ? 1 : 0); }
};

/// The numbers of a line in one of the shapes that boards write:
///
///   [67,-24,1031]   67, -24, 1031   67;-24;1031   67 -24 1031   67<tab>-24   x:67,y:-24
///
/// Nothing when it is anything else. `separator` and `json` are set; `names` when the line has them. Any bytes may
/// come.
std::optional<std::vector<double>> ParseNumbers(std::string_view line, bool& json, char& separator,
                                                std::vector<std::string>* names = nullptr);

/// A stream of bytes, cut into lines, read by the shape that the first lines have.
class LineReader {
 public:
  struct Row {
    std::vector<float> values;      ///< one an axis
    std::optional<double> seconds;  ///< the board's own time, unwrapped
    uint32_t damaged_before = 0;    ///< readings since the row before that could not be read
  };

  /// Begins in the middle of a line: what comes before the first line ending is no line.
  LineReader() = default;

  /// The rows that these bytes complete. `now_s` is when they arrived.
  void Push(std::string_view bytes, double now_s, std::vector<Row>& rows);

  /// What is in a line is known: rows come.
  bool known() const { return known_; }
  const LineShape& shape() const { return shape_; }

  /// Lines that read as numbers, and all bytes, since the beginning: how well this baud rate reads.
  uint64_t good_lines() const { return good_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t strange_bytes() const { return strange_; }  ///< neither printable, nor a line ending

  uint64_t damaged_lines() const { return damaged_; }
  const std::string& first_damaged() const { return first_damaged_; }

  /// The first line of words, printable; "" if there was none.
  const std::string& first_text() const { return first_text_; }

  /// The next bytes do not follow on those before.
  void Resume();

 private:
  struct Candidate {
    std::vector<double> numbers;
    double seconds;
    bool json;
    char separator;
  };
  void Line(std::string_view line, double now_s, std::vector<Row>& rows);
  void Learn(Candidate candidate, const std::vector<std::string>& names, std::vector<Row>& rows);
  bool FindTimeColumn(double now_s);
  void Damage(std::string_view line);
  void Give(const std::vector<double>& numbers, std::vector<Row>& rows);

  LineShape shape_;
  bool known_ = false;
  bool skipping_ = true;  // up to the next line ending
  std::string rest_;
  std::vector<Candidate> learning_;
  std::vector<std::string> header_names_, header_units_;
  std::string header_line_;
  uint64_t good_ = 0, bytes_ = 0, strange_ = 0, damaged_ = 0;
  uint32_t damaged_since_row_ = 0;
  std::string first_damaged_, first_text_;
  std::optional<double> last_time_;
  double time_turns_ = 0;  // added for a counter that wrapped
};

/// Text from strangers, short and without control characters, to be shown in a sentence.
std::string Shown(std::string_view text);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_LINE_READER_H_
