// Counts the cycles and instructions of a program's marked regions on our own processor, as simulator/cycle_counter
// does in QEMU.
#ifndef THIMBLE_SIMULATOR_ORACLE_CYCLES_HERE_H_
#define THIMBLE_SIMULATOR_ORACLE_CYCLES_HERE_H_

#include <cstdint>
#include <vector>

#include "simulator/cortex_m4/core.h"
#include "simulator/cycles.h"

namespace thimble::simulator::oracle {

/// While it observes `core`. What belongs to a region is what the plugin says: it begins behind the jump out of the
/// block with the opening mark and ends with the block of the closing one.
class CyclesHere : public CoreObserver {
 public:
  explicit CyclesHere(Core& core) : core_(core) { core.SetObserver(this, true); }
  ~CyclesHere() override { core_.SetObserver(nullptr, false); }
  CyclesHere(const CyclesHere&) = delete;
  CyclesHere& operator=(const CyclesHere&) = delete;

  void BeforeInstruction(const Registers& registers) override;

  const std::vector<CycleRegion>& regions() const { return regions_; }

 private:
  Core& core_;
  int until_begin_ = 0;
  CycleRegion begin_;
  std::vector<CycleRegion> regions_;
};

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_CYCLES_HERE_H_
