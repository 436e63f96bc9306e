// Any bytes from a board: whatever they say, the reader stays within its memory, ends in time, and gives whole rows.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/line/line_reader.h"
#include "bridge/line/line_source.h"
#include "bridge/line/sample_clock.h"
#include "wire/message.h"

namespace thimble::bridge {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

/// A line whose time passes by 10 ms with each read. It says what the fuzzer says, and once in a while nothing, or
/// vanishes.
class FuzzedLine final : public ByteLine {
 public:
  explicit FuzzedLine(std::string_view bytes) : bytes_(bytes) {}

  Expected<size_t> Read(std::span<std::byte> buffer, int) override {
    seconds_ += 0.01;
    if (bytes_.empty()) {
      seconds_ += 0.5;
      return size_t{0};
    }
    const auto wanted = static_cast<size_t>(static_cast<uint8_t>(bytes_.front()));
    bytes_.remove_prefix(1);
    if (wanted == 255) return {Status::kDeviceFailed, "gone"};
    const size_t count = std::min({wanted, bytes_.size(), buffer.size()});
    std::transform(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count), buffer.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    bytes_.remove_prefix(count);
    return count;
  }
  Outcome Write(std::span<const std::byte>) override { return Nothing{}; }
  void Drain() override {}
  Outcome SetBaud(int) override { return Nothing{}; }
  bool HasBaud() const override { return true; }
  Outcome Reopen() override { return Nothing{}; }
  double Seconds() const override { return seconds_; }
  std::string Describe() const override { return "fuzzed"; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  double seconds_ = 0;
};

void ReadLines(std::string_view text) {
  LineReader reader;
  std::vector<LineReader::Row> rows;
  for (size_t cut = 1; !text.empty(); cut = cut % 17 + 1) {
    const size_t count = std::min(cut, text.size());
    reader.Push(text.substr(0, count), static_cast<double>(text.size()) * 0.001, rows);
    text.remove_prefix(count);
  }
  for (const LineReader::Row& row : rows) Require(row.values.size() == reader.shape().axes());
}

void ReadSource(std::string_view bytes) {
  auto line = std::make_unique<FuzzedLine>(bytes);
  FuzzedLine& fuzzed = *line;
  LineOptions options;
  options.find_timeout_ms = 3000;
  options.rate_hz = bytes.size() % 3 == 0 ? 208 : 0;
  const auto source = FindReadings(std::move(line), options);
  if (!source) return Require(!source.error().message.empty());
  std::vector<float> values;
  std::vector<RowTime> times;
  for (int i = 0; i < 200 && !fuzzed.empty(); ++i) {
    values.clear();
    const auto count = (*source)->Read(values, 100);
    if (!count) break;
    Require(values.size() == *count * (*source)->info().axes.size());
    Require((*source)->times().size() == *count);
    times.insert(times.end(), (*source)->times().begin(), (*source)->times().end());
  }
  Require(FitClock(times).lost.size() == times.size());
}

}  // namespace
}  // namespace thimble::bridge

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    thimble::bridge::ReadLines(bytes);
  } else {
    thimble::bridge::ReadSource(bytes);
  }
  return 0;
}
