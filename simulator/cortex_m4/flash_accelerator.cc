#include "simulator/cortex_m4/flash_accelerator.h"

#include <algorithm>
#include <span>

namespace thimble::simulator {
namespace {

/// Whether `line` is among `lines`; it comes to the front either way.
bool Use(std::span<uint32_t> lines, uint32_t line) {
  const auto found = std::find(lines.begin(), lines.end(), line);
  const bool hit = found != lines.end();
  std::rotate(lines.begin(), hit ? found : lines.end() - 1, hit ? found + 1 : lines.end());
  lines.front() = line;
  return hit;
}

uint32_t Line(uint32_t address) { return (address & ~(FlashAccelerator::kLineBytes - 1)) | 1; }

}  // namespace

int FlashAccelerator::Fetch(uint32_t address, uint64_t cycle) {
  if (!Holds(address)) return 0;
  const uint32_t line = Line(address);
  if (line == state.current) return 0;
  state.current = line;
  int waits = wait_states;
  const bool hit = instruction_cache && Use(state.instruction_lines, line);
  if (hit) {
    waits = 0;
  } else if (prefetch && state.ahead == line) {
    waits = state.ahead_ready > cycle ? std::min(wait_states, static_cast<int>(state.ahead_ready - cycle)) : 0;
  }
  if (prefetch) {
    state.ahead = line + kLineBytes;
    state.ahead_ready = cycle + static_cast<uint64_t>(waits) + static_cast<uint64_t>(wait_states) + 1;
  }
  return waits;
}

int FlashAccelerator::Read(uint32_t address) {
  if (!Holds(address)) return 0;
  const uint32_t line = Line(address);
  if (data_cache) return Use(state.data_lines, line) ? 0 : wait_states;
  if (line == state.current_data) return 0;  // what was read last stays in the buffer
  state.current_data = line;
  return wait_states;
}

}  // namespace thimble::simulator
