#include "dataset/internal/csv.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "base/hash.h"
#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

constexpr double kAssumedRateHz = 100;
constexpr size_t kMostColumns = 256;

// How a time column may be called, and how many milliseconds its unit has; 0: it does not say.
constexpr std::pair<std::string_view, double> kTimeNames[] = {
    {"timestamp", 0},
    {"time", 0},
    {"t", 0},
    {"timestamp_ms", 1},
    {"time_ms", 1},
    {"t_ms", 1},
    {"ms", 1},
    {"millis", 1},
    {"milliseconds", 1},
    {"timestamp_s", 1000},
    {"time_s", 1000},
    {"t_s", 1000},
    {"s", 1000},
    {"sec", 1000},
    {"seconds", 1000},
    {"time_sec", 1000},
    {"time_seconds", 1000},
    {"seconds_elapsed", 1000},
    {"timestamp_us", 1e-3},
    {"time_us", 1e-3},
    {"t_us", 1e-3},
    {"us", 1e-3},
    {"micros", 1e-3},
    {"microseconds", 1e-3},
    {"timestamp_ns", 1e-6},
    {"time_ns", 1e-6},
    {"t_ns", 1e-6},
};

// Times without a unit are milliseconds, unless that would be faster than any sensor that writes CSV: then seconds.
constexpr double kFastestRateHz = 50'000;

// Steps may differ from their mean by this share of it, on average, beyond what rounding explains.
constexpr double kNoticeableJitter = 0.02;
constexpr double kLargestJitter = 0.10;
// A step longer than this many usual ones means that readings are missing; this share of steps may be like that.
constexpr double kGapSteps = 1.5;
constexpr double kMostGaps = 0.01;
// What step is usual is told by all of so many, and by about as many chosen at random of more.
constexpr size_t kMostStepsKept = 65'536;

struct Column {
  std::string name;
  std::string units;
  std::optional<double> time_unit_ms;  // only for time columns
};

char Separator(std::string_view line) {
  if (line.find('\t') != std::string_view::npos) return '\t';
  return line.find(';') != std::string_view::npos ? ';' : ',';
}

/// Takes the next field off the front of `line`; false: it was the last one.
bool TakeField(std::string_view& line, char separator, std::string_view& field) {
  const size_t end = line.find(separator);
  field = Trim(line.substr(0, end));
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
  if (end == std::string_view::npos) return false;
  line.remove_prefix(end + 1);
  return true;
}

void TakeFields(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  for (bool more = true; more;) more = TakeField(line, separator, fields.emplace_back());
}

std::vector<std::string_view> Fields(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  TakeFields(line, separator, fields);
  return fields;
}

Column ParseColumn(std::string_view header, size_t index) {
  Column column;
  std::string_view name = header;
  if (name.ends_with(')') || name.ends_with(']')) {
    const size_t open = name.find_last_of(name.back() == ')' ? '(' : '[');
    if (open != std::string_view::npos && open > 0) {
      column.units = Trim(name.substr(open + 1, name.size() - open - 2));
      name = Trim(name.substr(0, open));
    }
  }
  column.name = name.empty() ? "axis" + std::to_string(index + 1) : std::string(name);
  const std::string lower = Lower(name);
  const std::string with_units = lower + "_" + Lower(column.units);
  for (const auto& [time_name, unit_ms] : kTimeNames) {
    if (time_name == (column.units.empty() ? lower : with_units)) column.time_unit_ms = unit_ms;
  }
  return column;
}

bool IsHeader(const std::vector<std::string_view>& fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](std::string_view field) { return !field.empty() && !ParseNumber(field); });
}

std::vector<Column> ParseHeader(const std::vector<std::string_view>& fields) {
  std::vector<Column> columns;
  for (size_t i = 0; i < fields.size(); ++i) columns.push_back(ParseColumn(fields[i], i));
  return columns;
}

/// The time column to use: the first that names its unit, else the first.
std::optional<size_t> TimeColumn(const std::vector<Column>& columns) {
  std::optional<size_t> found;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].time_unit_ms) continue;
    if (!found || (*columns[*found].time_unit_ms == 0 && *columns[i].time_unit_ms > 0)) found = i;
  }
  return found;
}

int Decimals(std::string_view number) {
  const size_t point = number.find('.');
  return point == std::string_view::npos ? 0 : static_cast<int>(number.size() - point - 1);
}

std::string Line(size_t line) { return "line " + std::to_string(line); }

/// The rows of a file, blank lines and header aside.
struct Rows {
  std::string_view bytes;
  bool has_header = false;
  char separator = ',';

  /// visit(line number, line, whether it is the last) says whether to go on.
  void ForEach(auto&& visit) const {
    bool header_passed = !has_header;
    size_t number = 0;
    for (std::string_view rest = bytes; !rest.empty();) {
      ++number;
      const std::string_view line = TakeLine(rest);
      if (Trim(line).empty()) continue;
      if (std::exchange(header_passed, true) && !visit(number, line, rest.empty())) return;
    }
  }
};

/// The times of a file that was read through once: what was seen of them then, and the way to see them again.
class Times {
 public:
  explicit Times(size_t column) : column_(column) {}

  void Add(double time, std::string_view written, size_t line) {
    decimals_ = std::max(decimals_, Decimals(written));
    if (count_++ > 0) AddStep(time, line);
    before_ = time;
  }

  size_t count() const { return count_; }
  int decimals() const { return decimals_; }

  /// kDataLoss: a time is not later than the one before it.
  Outcome CheckAdvance(const std::string& column) const {
    if (stands_at_line_ == 0) return Nothing{};
    return {Status::kDataLoss, Line(stands_at_line_) + ", column " + column + ": the time does not advance (" +
                                   Number(stands_after_) + ", then " + Number(stands_) +
                                   "); sort the rows, or give every recording its own file"};
  }

  /// The median; of long files, that of some steps chosen at random.
  double UsualStep() {
    const auto middle = kept_.begin() + static_cast<std::ptrdiff_t>(kept_.size() / 2);
    std::nth_element(kept_.begin(), middle, kept_.end(), [](const Kept& a, const Kept& b) { return a.step < b.step; });
    return middle->step;
  }

  /// visit(step, line number of the later time)
  void ForEachStep(const Rows& rows, auto&& visit) const {
    size_t index = 0;
    double before = 0;
    rows.ForEach([&](size_t number, std::string_view line, bool) {
      std::string_view field;
      for (size_t i = 0; i <= column_; ++i) TakeField(line, rows.separator, field);
      const double time = *ParseNumber(field);
      if (index++ > 0) visit(time - before, number);
      before = time;
      return true;
    });
  }

 private:
  struct Kept {
    uint64_t lot = 0;
    double step = 0;
  };

  void AddStep(double time, size_t line) {
    if (!(time - before_ > 0) && stands_at_line_ == 0) {
      stands_at_line_ = line;
      stands_after_ = before_;
      stands_ = time;
    }
    const uint64_t index[] = {count_};
    const uint64_t lot = Fnv1a(std::as_bytes(std::span(index)));
    if (lot > most_lot_) return;
    kept_.push_back({lot, time - before_});
    if (kept_.size() <= kMostStepsKept) return;
    most_lot_ /= 2;
    std::erase_if(kept_, [&](const Kept& kept) { return kept.lot > most_lot_; });
  }

  size_t column_;
  size_t count_ = 0;
  int decimals_ = 0;
  double before_ = 0;
  size_t stands_at_line_ = 0;
  double stands_after_ = 0, stands_ = 0;
  std::vector<Kept> kept_;
  uint64_t most_lot_ = ~uint64_t{0};
};

/// The interval between readings, in the file's own unit, once the steps prove constant enough.
Expected<double> ConstantStep(Times& times, const Rows& rows, const std::string& column,
                              std::vector<std::string>& notices) {
  THIMBLE_EXPECT(times.CheckAdvance(column));
  const size_t count = times.count() - 1;
  const double usual = times.UsualStep();
  const double rounding = std::pow(10.0, -times.decimals());
  const double gap = kGapSteps * usual + rounding;

  size_t gaps = 0;
  size_t first_gap_line = 0;
  double first_gap = 0;
  double sum = 0;
  times.ForEachStep(rows, [&](double step, size_t line) {
    if (step <= gap) {
      sum += step;
    } else if (gaps++ == 0) {
      first_gap = step;
      first_gap_line = line;
    }
  });
  const double step = sum / static_cast<double>(count - gaps);
  if (gaps > 0) {
    const std::string where = "readings are missing in " + Count(gaps, "place", "places") + ", first before " +
                              Line(first_gap_line) + " (a step of " + Number(first_gap) + " where " + Number(step) +
                              " is usual)";
    if (static_cast<double>(gaps) > kMostGaps * static_cast<double>(count)) {
      return {Status::kDataLoss, "column " + column + ": " + where + "; record it again or cut it there"};
    }
    notices.push_back(where);
  }

  double deviation = 0;
  times.ForEachStep(rows, [&](double each, size_t) {
    if (each <= gap) deviation += std::abs(each - step);
  });
  deviation /= static_cast<double>(count - gaps);
  const double jitter = std::max(0.0, deviation - rounding / 2) / step;
  if (jitter > kLargestJitter) {
    return {Status::kDataLoss, "column " + column + ": the steps differ from their mean (" + Number(step) + ") by " +
                                   Number(std::round(100 * jitter)) + " % on average, where " +
                                   Number(100 * kLargestJitter) +
                                   " % is the most; record at a constant rate, or resample the file"};
  }
  if (jitter > kNoticeableJitter) {
    notices.push_back("the steps of the time column vary by more than " + Number(100 * kNoticeableJitter) +
                      " %; the readings are taken as evenly spaced");
  }
  return step;
}

Expected<double> IntervalMs(Times& times, const Rows& rows, const Column& column, std::vector<std::string>& notices) {
  if (times.count() < 2) {
    return {Status::kDataLoss, "one reading only: its rate cannot be told; record it again"};
  }
  THIMBLE_ASSIGN(const double step, ConstantStep(times, rows, column.name, notices));
  if (*column.time_unit_ms > 0) return step * *column.time_unit_ms;
  if (step >= 1000 / kFastestRateHz) return step;
  notices.push_back(
      "the time column " + Quote(column.name) +
      " does not name its unit and its steps are tiny: taken as seconds; call it time_ms or time_s to be sure");
  return step * 1000;
}

std::string_view WithoutByteOrderMark(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  return bytes;
}

/// The first line that is not blank.
std::string_view FirstLine(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view line = TakeLine(bytes);
    if (!Trim(line).empty()) return line;
  }
  return {};
}

/// Why a field is no number, and what to do.
std::string NotANumber(std::string_view field, char separator) {
  if (field.empty()) return "the value is missing; fill it in or remove the row";
  std::string fault = Quote(field) + " is not a number";
  if (separator == ';' && field.find(',') != std::string_view::npos) return fault + "; write decimals with a point";
  return fault + "; correct it, or remove the column if it holds no readings";
}

}  // namespace

bool HasTimeColumn(std::string_view bytes) {
  const std::string_view line = FirstLine(WithoutByteOrderMark(bytes));
  const std::vector<std::string_view> fields = Fields(line, Separator(line));
  return IsHeader(fields) && fields.size() > 1 && TimeColumn(ParseHeader(fields)).has_value();
}

Expected<Recording> ReadCsv(std::string_view bytes, double rate_hz, std::vector<std::string>& notices,
                            const std::function<void(float, size_t)>& take) {
  bytes = WithoutByteOrderMark(bytes);
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    return {Status::kDataLoss, "the text is UTF-16; save it as UTF-8"};
  }
  const std::string_view first_line = FirstLine(bytes);
  const char separator = Separator(first_line);
  const std::vector<std::string_view> first_fields = Fields(first_line, separator);
  if (first_fields.size() > kMostColumns) {
    return {Status::kDataLoss, std::to_string(first_fields.size()) + " columns are more than a sensor has (" +
                                   std::to_string(kMostColumns) + "); is this a recording?"};
  }
  const bool has_header = IsHeader(first_fields);
  std::vector<Column> columns =
      ParseHeader(has_header ? first_fields : std::vector<std::string_view>(first_fields.size()));
  // A comma at the end of every line is no column.
  const bool open_end = columns.size() > 1 && first_fields.back().empty();
  if (open_end) columns.pop_back();
  const std::optional<size_t> time_column = TimeColumn(columns);

  Recording recording;
  for (const Column& column : columns) {
    if (!column.time_unit_ms) recording.axes.push_back({column.name, column.units});
  }
  if (recording.axes.empty()) {
    return {Status::kDataLoss, "there is no column of readings beside the time; is this a recording?"};
  }

  const Rows rows = {bytes, has_header, separator};
  Times times(time_column.value_or(0));
  size_t numbers = 0;
  std::vector<std::string_view> fields;
  Outcome outcome = Nothing{};
  const auto take_row = [&](size_t line_number, std::string_view line, bool last) -> Outcome {
    TakeFields(line, separator, fields);
    if (open_end && fields.size() == columns.size() + 1 && fields.back().empty()) fields.pop_back();
    if (fields.size() != columns.size()) {
      const bool cut = last && fields.size() < columns.size();
      return {Status::kDataLoss, Line(line_number) + " has " + Count(fields.size(), "value", "values") + " where " +
                                     std::to_string(columns.size()) + " are expected; " +
                                     (cut ? "the file seems to be cut off: copy it again or remove the line"
                                          : "correct or remove the line")};
    }
    size_t axis = 0;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (columns[i].time_unit_ms && i != time_column) continue;
      const std::optional<double> value = ParseNumber(fields[i]);
      if (!value || std::isnan(*value)) {
        return {Status::kDataLoss,
                Line(line_number) + ", column " + columns[i].name + ": " + NotANumber(fields[i], separator)};
      }
      if (!(std::abs(*value) <= std::numeric_limits<float>::max())) {
        return {Status::kDataLoss, Line(line_number) + ", column " + columns[i].name + ": " + Quote(fields[i]) +
                                       " is too large; correct it"};
      }
      if (i == time_column) {
        times.Add(*value, fields[i], line_number);
        continue;
      }
      ++numbers;
      if (take) {
        take(static_cast<float>(*value), axis++);
      } else {
        recording.values.push_back(static_cast<float>(*value));
      }
    }
    return Nothing{};
  };
  rows.ForEach([&](size_t line_number, std::string_view line, bool last) {
    outcome = take_row(line_number, line, last);
    return outcome.ok();
  });
  THIMBLE_EXPECT(outcome);
  if (numbers == 0) return {Status::kDataLoss, "there are no rows of numbers; record it again"};

  if (time_column) {
    THIMBLE_ASSIGN(recording.interval_ms, IntervalMs(times, rows, columns[*time_column], notices));
  } else {
    recording.interval_ms = 1000 / (rate_hz > 0 ? rate_hz : kAssumedRateHz);
    if (!(rate_hz > 0)) {
      notices.push_back("there is no time column: " + Number(kAssumedRateHz) +
                        " Hz is assumed; give the true rate with --rate-hz");
    }
  }
  return recording;
}

}  // namespace thimble::dataset
