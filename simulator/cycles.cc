#include "simulator/cycles.h"

#include <cstdlib>
#include <fstream>

namespace thimble::simulator {

namespace fs = std::filesystem;

fs::path DefaultCycleCounter() {
  if (const char* named = std::getenv("THIMBLE_CYCLE_COUNTER"); named != nullptr && *named != '\0') return named;
  std::error_code error;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::path plugin = folder / "simulator" / "m4_cycles.so"; fs::exists(plugin, error)) return plugin;
  }
  return {};
}

bool CountsCyclesOf(const std::string& core) { return core == "cortex-m4" || core == "cortex-m4f"; }

Expected<std::vector<CycleRegion>> ReadCycles(const fs::path& file) {
  std::ifstream lines(file);
  std::vector<CycleRegion> regions;
  for (CycleRegion region; lines >> region.cycles >> region.instructions;) regions.push_back(region);
  if (regions.empty() || !lines.eof()) {
    return {Status::kDataLoss, file.string() + ": the cycle counter wrote no regions; is it of this version of QEMU?"};
  }
  return regions;
}

}  // namespace thimble::simulator
