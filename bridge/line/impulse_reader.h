// What a board says that runs an impulse by itself (firmware/impulse/continuous): its verdicts, and the readings that
// they are about.
#ifndef THIMBLE_BRIDGE_LINE_IMPULSE_READER_H_
#define THIMBLE_BRIDGE_LINE_IMPULSE_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/sample_source.h"

namespace thimble::bridge {

/// "wave 0.98 | idle 0.01 wave 0.98 | dsp 141896, network 96586 cycles", or of a regressor "1.2500 | dsp …".
std::optional<DeviceVerdict> ParseVerdict(std::string_view line);

/// A stream of bytes, cut into the lines of that program.
class ImpulseReader {
 public:
  static constexpr const char* kAxes[] = {"accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"};
  static constexpr const char* kUnits[] = {"mg", "mg", "mg", "mdps", "mdps", "mdps"};
  /// Makes the board send its readings besides; behind a line's end, because something may have been typed already.
  static constexpr std::string_view kTrace = "\ntrace on\n", kNoTrace = "\ntrace off\n";

  /// A reading, in the units above, or what the board thinks of those before it.
  using Item = std::variant<std::vector<float>, DeviceVerdict>;
  void Push(std::string_view bytes, std::vector<Item>& items);

  bool known() const { return known_; }        ///< a verdict came: that program runs
  bool too_fast() const { return too_fast_; }  ///< it says that the line cannot carry its readings
  uint64_t damaged_lines() const { return damaged_; }

  /// The next bytes do not follow on those before.
  void Resume() { rest_.clear(), skipping_ = true; }

 private:
  void Line(std::string_view line, std::vector<Item>& items);

  std::string rest_;
  bool skipping_ = true;  // up to the next line ending
  bool known_ = false, too_fast_ = false;
  uint64_t damaged_ = 0;
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_IMPULSE_READER_H_
