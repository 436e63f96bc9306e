// Cycles of a Cortex-M4, counted while QEMU runs a program.
#ifndef THIMBLE_SIMULATOR_CYCLES_H_
#define THIMBLE_SIMULATOR_CYCLES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::simulator {

/// A part of a program between its marks (firmware/plan_runner/plan_runner.h). Cycles are of a Cortex-M4 with memory
/// that never makes it wait; both numbers are the same in every run.
struct CycleRegion {
  uint64_t cycles = 0, instructions = 0;
};

/// The plugin for QEMU (simulator/cycle_counter): what the environment variable THIMBLE_CYCLE_COUNTER names, or else
/// simulator/m4_cycles.so beside the running program or beside one of the folders around it. Empty when there is none.
std::filesystem::path DefaultCycleCounter();

/// Whether the counter's model fits a core: "cortex-m4", "cortex-m4f".
bool CountsCyclesOf(const std::string& core);

/// What the plugin wrote, in the order in which the regions ended. kDataLoss: it wrote nothing, or something else.
Expected<std::vector<CycleRegion>> ReadCycles(const std::filesystem::path& file);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CYCLES_H_
