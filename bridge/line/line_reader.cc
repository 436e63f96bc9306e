#include "bridge/line/line_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace thimble::bridge {
namespace {

constexpr size_t kLongestLine = 4096;
constexpr size_t kMostColumns = 256;
constexpr size_t kLinesToLearn = 3;
// For a column that might be a time: long enough to compare it with ours.
constexpr size_t kLinesToTellTime = 8, kMostLinesToTellTime = 512;
constexpr double kSecondsToTellTime = 0.3;
constexpr double kTimeTolerance = 0.25;
constexpr size_t kShownCharacters = 60;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> ToNumber(std::string_view text, bool decimal_comma) {
  text = Trim(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::string with_point;
  if (decimal_comma && std::count(text.begin(), text.end(), ',') == 1) {
    with_point = text;
    std::replace(with_point.begin(), with_point.end(), ',', '.');
    text = with_point;
  }
  // "+-1" is none.
  if (text.empty() || (text.front() != '-' && text.front() != '.' && (text.front() < '0' || text.front() > '9'))) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(std::abs(value) <= std::numeric_limits<float>::max())) return std::nullopt;
  return value;
}

std::vector<std::string_view> Split(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  if (separator == ' ') {
    while (!(line = Trim(line)).empty() && parts.size() <= kMostColumns) {
      size_t end = 0;
      while (end < line.size() && !IsSpace(line[end])) ++end;
      parts.push_back(line.substr(0, end));
      line.remove_prefix(end);
    }
    return parts;
  }
  while (parts.size() <= kMostColumns) {
    const size_t end = line.find(separator);
    parts.push_back(Trim(line.substr(0, end)));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  // Many programs end a row with a separator.
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

/// What a line seems to be cut by; ' ' where nothing else is in it.
char SeparatorOf(std::string_view line) {
  for (const char separator : {'\t', ';', '|', ','}) {
    if (line.find(separator) != std::string_view::npos) return separator;
  }
  return ' ';
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// "accX (mg)" and "accX[mg]" into name and unit.
void TakeUnit(std::string& name, std::string& unit) {
  const size_t open = name.find_first_of("([");
  if (open == std::string::npos || open == 0 || (name.back() != ')' && name.back() != ']')) return;
  unit = std::string(Trim(std::string_view(name).substr(open + 1, name.size() - open - 2)));
  name = std::string(Trim(std::string_view(name).substr(0, open)));
}

/// The unit of a column that is called so, 0 when the name leaves it open, nothing when it is no time.
std::optional<double> TimeUnit(std::string_view name, std::string_view unit) {
  const std::string lower = LowerCase(name), of = LowerCase(unit);
  struct Known {
    const char* name;
    double seconds;
  };
  static constexpr Known kNames[] = {{"timestamp_ms", 1e-3},
                                     {"time_ms", 1e-3},
                                     {"millis", 1e-3},
                                     {"ms", 1e-3},
                                     {"timestamp_us", 1e-6},
                                     {"time_us", 1e-6},
                                     {"micros", 1e-6},
                                     {"us", 1e-6},
                                     {"time_s", 1},
                                     {"seconds", 1},
                                     {"sec", 1},
                                     {"timestamp", 0},
                                     {"time", 0},
                                     {"t", 0}};
  for (const Known& known : kNames) {
    if (lower != known.name) continue;
    if (of == "ms") return 1e-3;
    if (of == "us") return 1e-6;
    if (of == "s") return 1.0;
    return known.seconds;
  }
  return std::nullopt;
}

/// A reading that was damaged, and not something that the board says beside its readings.
bool LooksLikeNumbers(std::string_view line) {
  const auto of_numbers = [](char c) {
    return (c >= '0' && c <= '9') || std::string_view("+-.,;|[] \t").find(c) != std::string_view::npos;
  };
  return std::count_if(line.begin(), line.end(), of_numbers) * 10 >= static_cast<std::ptrdiff_t>(line.size()) * 7;
}

}  // namespace

std::string Shown(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kShownCharacters)) {
    if (c >= ' ' && c < 0x7f) {
      shown += c;
    } else {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      shown += hex;
    }
  }
  return text.size() > kShownCharacters ? shown + "..." : shown;
}

std::optional<std::vector<double>> ParseNumbers(std::string_view line, bool& json, char& separator,
                                                std::vector<std::string>* names) {
  line = Trim(line);
  json = line.size() >= 2 && line.front() == '[' && line.back() == ']';
  if (json) line = Trim(line.substr(1, line.size() - 2));
  if (line.empty()) return std::nullopt;
  separator = json ? ',' : SeparatorOf(line);
  const std::vector<std::string_view> parts = Split(line, separator);
  if (parts.empty() || parts.size() > kMostColumns) return std::nullopt;
  std::vector<double> numbers;
  std::vector<std::string> found;
  for (std::string_view part : parts) {
    if (const size_t colon = part.find(':'); colon != std::string_view::npos && !json) {  // Arduino's serial plotter
      const std::string_view name = Trim(part.substr(0, colon));
      if (name.empty() || ToNumber(name, false)) return std::nullopt;
      found.emplace_back(name);
      part.remove_prefix(colon + 1);
    }
    const std::optional<double> number = ToNumber(part, separator != ',');
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  if (!found.empty() && found.size() != numbers.size()) return std::nullopt;
  if (names != nullptr) *names = std::move(found);
  return numbers;
}

void LineReader::Push(std::string_view bytes, double now_s, std::vector<Row>& rows) {
  bytes_ += bytes.size();
  for (const char c : bytes) {
    const bool ends = c == '\n' || c == '\r';
    if (!ends && c != '\t' && (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~')) ++strange_;
    if (!ends) {
      if (skipping_) continue;
      if (rest_.size() < kLongestLine) {
        rest_ += c;
      } else {
        Damage(rest_);
        rest_.clear();
        skipping_ = true;
      }
      continue;
    }
    if (!rest_.empty()) Line(rest_, now_s, rows);
    rest_.clear();
    skipping_ = false;
  }
}

void LineReader::Resume() {
  skipping_ = true;
  rest_.clear();
  damaged_since_row_ = 0;
  last_time_.reset();
  if (!known_) learning_.clear();
}

void LineReader::Damage(std::string_view line) {
  ++damaged_;
  if (LooksLikeNumbers(line)) ++damaged_since_row_;
  if (first_damaged_.empty()) first_damaged_ = Shown(line);
}

void LineReader::Line(std::string_view line, double now_s, std::vector<Row>& rows) {
  if (Trim(line).empty()) return;
  Candidate candidate{.numbers = {}, .seconds = now_s, .json = false, .separator = ','};
  std::vector<std::string> names;
  std::optional<std::vector<double>> numbers = ParseNumbers(line, candidate.json, candidate.separator, &names);
  if (known_) {
    const bool fits = numbers && numbers->size() == shape_.numbers && candidate.json == shape_.json &&
                      (candidate.separator == shape_.separator || shape_.numbers == 1);
    if (fits) {
      ++good_;
      Give(*numbers, rows);
    } else if (line != header_line_) {
      Damage(line);
    }
    return;
  }
  if (numbers) {
    ++good_;
    candidate.numbers = std::move(*numbers);
    Learn(std::move(candidate), names, rows);
    return;
  }
  if (first_text_.empty()) first_text_ = Shown(Trim(line));
  // Words, as many as there will be numbers: a header. It may be any of the lines before.
  learning_.clear();
  std::string_view text = Trim(line);
  if (text.starts_with('#')) text = Trim(text.substr(1));
  const std::vector<std::string_view> parts = Split(text, SeparatorOf(text));
  header_names_.clear();
  header_units_.clear();
  header_line_.clear();
  for (std::string_view part : parts) {
    if (part.size() >= 2 && part.front() == '"' && part.back() == '"') part = part.substr(1, part.size() - 2);
    if (part.empty() || part.size() > 40 || ToNumber(part, false) || Shown(part).size() != part.size()) {
      header_names_.clear();
      header_units_.clear();
      return;
    }
    header_names_.emplace_back(part);
    header_units_.emplace_back();
    TakeUnit(header_names_.back(), header_units_.back());
  }
  header_line_ = line;
}

void LineReader::Learn(Candidate candidate, const std::vector<std::string>& names, std::vector<Row>& rows) {
  if (!learning_.empty()) {
    const Candidate& last = learning_.back();
    if (last.numbers.size() != candidate.numbers.size() || last.json != candidate.json ||
        (last.separator != candidate.separator && candidate.numbers.size() > 1)) {
      learning_.clear();
    }
  }
  const double now_s = candidate.seconds;
  learning_.push_back(std::move(candidate));
  if (learning_.size() < kLinesToLearn) return;
  const Candidate& last = learning_.back();
  shape_.json = last.json;
  shape_.separator = last.separator;
  shape_.numbers = last.numbers.size();
  shape_.names.clear();
  shape_.units.clear();
  if (names.size() == shape_.numbers) {
    shape_.names = names;
    shape_.units.assign(names.size(), "");
  } else if (header_names_.size() == shape_.numbers) {
    shape_.names = header_names_;
    shape_.units = header_units_;
  }
  if (!FindTimeColumn(now_s)) return;
  known_ = true;
  const std::vector<Candidate> learnt = std::move(learning_);
  learning_.clear();
  for (const Candidate& each : learnt) Give(each.numbers, rows);
}

bool LineReader::FindTimeColumn(double now_s) {
  shape_.time_column = -1;
  if (shape_.numbers < 2) return true;
  int column = -1;
  for (size_t i = 0; i < shape_.names.size() && column < 0; ++i) {
    const std::optional<double> unit = TimeUnit(shape_.names[i], shape_.units[i]);
    if (!unit) continue;
    column = static_cast<int>(i);
    shape_.time_unit_s = *unit;
    if (*unit > 0) {
      shape_.time_column = column;
      return true;
    }
  }
  const bool named = column >= 0;
  if (!named && !shape_.names.empty()) return true;  // the header names all columns, and no time
  const size_t at = named ? static_cast<size_t>(column) : 0;
  for (size_t i = 1; i < learning_.size(); ++i) {
    if (learning_[i].numbers[at] <= learning_[i - 1].numbers[at]) {
      if (!named) return true;
      shape_.time_column = column;
      shape_.time_unit_s = 1e-3;
      return true;
    }
  }
  const double here_s = now_s - learning_.front().seconds;
  if ((learning_.size() < kLinesToTellTime || here_s < kSecondsToTellTime) && learning_.size() < kMostLinesToTellTime) {
    return false;
  }
  const double there = learning_.back().numbers[at] - learning_.front().numbers[at];
  for (const double unit : {1e-3, 1e-6, 1.0}) {
    if (here_s >= kSecondsToTellTime && std::abs(there * unit / here_s - 1) < kTimeTolerance) {
      shape_.time_column = static_cast<int>(at);
      shape_.time_unit_s = unit;
      return true;
    }
  }
  if (named) {
    shape_.time_column = column;
    shape_.time_unit_s = 1e-3;
  }
  return true;
}

void LineReader::Give(const std::vector<double>& numbers, std::vector<Row>& rows) {
  Row row;
  row.damaged_before = damaged_since_row_;
  damaged_since_row_ = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (static_cast<int>(i) == shape_.time_column) {
      double seconds = numbers[i] * shape_.time_unit_s + time_turns_;
      // millis() and micros() are 32-bit counters.
      const double turn = 4294967296.0 * shape_.time_unit_s;
      if (last_time_ && *last_time_ - seconds > turn / 2 && *last_time_ - seconds < turn * 1.5) {
        time_turns_ += turn;
        seconds += turn;
      }
      last_time_ = seconds;
      row.seconds = seconds;
      continue;
    }
    row.values.push_back(static_cast<float>(numbers[i]));
  }
  rows.push_back(std::move(row));
}

}  // namespace thimble::bridge
