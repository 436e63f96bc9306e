#include "bridge/line/impulse_reader.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "firmware/drivers/lsm6dsl.h"

namespace thimble::bridge {
namespace {

using firmware::Lsm6dsl;

constexpr size_t kLongestLine = 1024;
constexpr size_t kNumbers = std::size(ImpulseReader::kAxes);

std::optional<double> Number(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

/// Takes what stands before `mark` off the front of `rest`; nothing without a mark.
std::optional<std::string_view> Before(std::string_view mark, std::string_view& rest) {
  const size_t at = rest.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = rest.substr(0, at);
  rest.remove_prefix(at + mark.size());
  return before;
}

/// "up down 0.50" as its two parts.
std::optional<std::pair<std::string, double>> Labelled(std::string_view text) {
  const size_t space = text.rfind(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  const std::optional<double> score = Number(text.substr(space + 1));
  if (!score) return std::nullopt;
  return std::pair(std::string(text.substr(0, space)), *score);
}

/// "idle 0.01 up down 0.50": a label ends at the next word that is a number with two digits behind the point.
bool ReadScores(std::string_view text, std::vector<std::pair<std::string, double>>& scores) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find(' ', at);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view word = text.substr(at, end - at);
    if (at > begin && word.size() >= 4 && word[word.size() - 3] == '.' && Number(word)) {
      auto one = Labelled(text.substr(begin, end - begin));
      if (!one) return false;
      scores.push_back(*std::move(one));
      begin = end + 1;
    }
    at = end + 1;
  }
  return begin >= text.size() && !scores.empty();
}

}  // namespace

std::optional<DeviceVerdict> ParseVerdict(std::string_view line) {
  DeviceVerdict verdict;
  const std::optional<std::string_view> answer = Before(" |", line);
  if (!answer) return std::nullopt;
  if (const std::optional<double> value = Number(*answer)) {
    verdict.score = *value;
  } else if (auto labelled = Labelled(*answer)) {
    verdict.label = std::move(labelled->first);
    verdict.score = labelled->second;
    const std::optional<std::string_view> scores = Before(" |", line);
    if (!scores || scores->empty() || !ReadScores(scores->substr(1), verdict.scores)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!line.starts_with(" dsp ") || !line.ends_with(" cycles")) return std::nullopt;
  line.remove_prefix(5);
  line.remove_suffix(7);
  const std::optional<std::string_view> dsp = Before(", network ", line);
  const std::optional<double> dsp_cycles = dsp ? Number(*dsp) : std::nullopt, network_cycles = Number(line);
  if (!dsp_cycles || !network_cycles) return std::nullopt;
  verdict.dsp_cycles = static_cast<uint32_t>(*dsp_cycles);
  verdict.network_cycles = static_cast<uint32_t>(*network_cycles);
  return verdict;
}

void ImpulseReader::Push(std::string_view bytes, std::vector<Item>& items) {
  for (const char letter : bytes) {
    if (letter == '\n') {
      if (rest_.ends_with('\r')) rest_.pop_back();
      if (!skipping_) Line(rest_, items);
      rest_.clear();
      skipping_ = false;
    } else if (rest_.size() < kLongestLine) {
      rest_ += letter;
    } else {
      skipping_ = true;
    }
  }
}

void ImpulseReader::Line(std::string_view line, std::vector<Item>& items) {
  if (line.starts_with("r ") && known_) {
    line.remove_prefix(2);
    std::vector<float> reading;
    for (size_t i = 0; i < kNumbers && line.size() == 4 * kNumbers; ++i) {
      uint16_t bits = 0;
      const char* const begin = line.data() + 4 * i;
      if (std::from_chars(begin, begin + 4, bits, 16).ptr != begin + 4) break;
      const auto counts = static_cast<float>(static_cast<int16_t>(bits));
      reading.push_back(counts * (i < 3 ? Lsm6dsl::kMilligPerCount : Lsm6dsl::kMilliDegreesPerSecondPerCount));
    }
    if (reading.size() == kNumbers) {
      items.emplace_back(std::move(reading));
    } else {
      ++damaged_;
    }
  } else if (auto verdict = ParseVerdict(line)) {
    known_ = true;
    items.emplace_back(*std::move(verdict));
  } else if (line == "the line is too slow for a trace of so many readings") {
    too_fast_ = true;
  }
}

}  // namespace thimble::bridge
