#include "dataset/internal/serial_lines.h"

#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

constexpr double kAssumedRateHz = 150;
constexpr double kMostBroken = 0.1;
constexpr size_t kMostAxes = 256;

constexpr size_t kMxchipAxes = 6;
constexpr const char* kMxchipNames[kMxchipAxes] = {"accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"};

bool InBrackets(std::string_view line) { return line.starts_with('[') && line.ends_with(']'); }

/// Appends the numbers of a line to `values`; says how many, or 0 (and appends nothing) when it is not a line of
/// numbers.
size_t TakeNumbers(std::string_view line, std::vector<float>& values) {
  const size_t before = values.size();
  for (;;) {
    const size_t end = line.find(',');
    const std::optional<double> value = ParseNumber(line.substr(0, end));
    if (!value || !(std::abs(*value) <= std::numeric_limits<float>::max()) || values.size() - before == kMostAxes) {
      values.resize(before);
      return 0;
    }
    values.push_back(static_cast<float>(*value));
    if (end == std::string_view::npos) return values.size() - before;
    line.remove_prefix(end + 1);
  }
}

/// The numbers between brackets when the device writes those, else the line itself; nothing for other lines.
std::string_view Numbers(std::string_view line, bool brackets) {
  line = Trim(line);
  if (!brackets) return line;
  return InBrackets(line) ? line.substr(1, line.size() - 2) : std::string_view();
}

/// How many numbers most lines have; 0: this is no table of numbers.
size_t UsualCount(std::string_view bytes, bool brackets) {
  std::map<size_t, size_t> lines_of;
  std::vector<float> numbers;
  size_t lines_with_numbers = 0;
  size_t lines_of_words = 0;
  while (!bytes.empty()) {
    const std::string_view line = TakeLine(bytes);
    if (Trim(line).empty()) continue;
    numbers.clear();
    const size_t count = TakeNumbers(Numbers(line, brackets), numbers);
    if (count > 0) ++lines_of[count];
    ++(count > 0 ? lines_with_numbers : lines_of_words);
  }
  // Brackets are a device's hand; a year or a page number on a line of its own is not.
  if (!brackets && lines_with_numbers < lines_of_words) return 0;
  size_t usual = 0;
  for (const auto& [count, lines] : lines_of) {
    if (usual == 0 || lines > lines_of[usual]) usual = count;
  }
  return usual;
}

}  // namespace

Expected<Recording> ReadSerialLines(std::string_view bytes, double rate_hz, std::vector<std::string>& notices,
                                    const std::function<void(float, size_t)>& take) {
  bool brackets = true;
  size_t axes = UsualCount(bytes, brackets);
  if (axes == 0) {
    brackets = false;
    axes = UsualCount(bytes, brackets);
  }
  if (axes == 0) {
    return {Status::kNotFound, "no line holds numbers such as [67,-24,1031,1820,-2800,-70]; record it again"};
  }

  Recording recording;
  for (size_t i = 0; i < axes; ++i) {
    if (brackets && axes == kMxchipAxes) {
      recording.axes.push_back({kMxchipNames[i], i < 3 ? "mg" : "mdps"});
    } else {
      recording.axes.push_back({"axis" + std::to_string(i + 1), ""});
    }
  }

  size_t line_number = 0;
  size_t broken = 0;
  size_t first_broken = 0;
  size_t lines = 0;
  std::vector<float> numbers;
  for (std::string_view rest = bytes; !rest.empty();) {
    ++line_number;
    const std::string_view line = TakeLine(rest);
    if (Trim(line).empty()) continue;
    numbers.clear();
    if (TakeNumbers(Numbers(line, brackets), numbers) == axes) {
      for (size_t i = 0; i < axes; ++i) {
        if (take) {
          take(numbers[i], i);
        } else {
          recording.values.push_back(numbers[i]);
        }
      }
      ++lines;
    } else if (lines > 0 && !rest.empty()) {  // a capture may well end in the middle of its last line
      if (broken++ == 0) first_broken = line_number;
    }
  }
  if (broken > 0) {
    const std::string what = Count(broken, "line", "lines") + " of " + std::to_string(lines + broken) +
                             " broken, first line " + std::to_string(first_broken);
    if (static_cast<double>(broken) > kMostBroken * static_cast<double>(lines + broken)) {
      return {Status::kDataLoss, what + "; check the cable and the baud rate, and record it again"};
    }
    notices.push_back(what + "; skipped");
  }
  recording.interval_ms = 1000 / (rate_hz > 0 ? rate_hz : kAssumedRateHz);
  if (!(rate_hz > 0)) {
    notices.push_back("serial lines carry no times: " + Number(kAssumedRateHz) +
                      " Hz is assumed; give the true rate with --rate-hz");
  }
  return recording;
}

}  // namespace thimble::dataset
