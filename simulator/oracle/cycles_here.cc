#include "simulator/oracle/cycles_here.h"

namespace thimble::simulator::oracle {
namespace {

// firmware/plan_runner/plan_runner.h: the marks, each in a function of its own and followed by its BX.
constexpr uint32_t kBegin = 0xbf80, kEnd = 0xbf90;
constexpr uint64_t kMarkInstructions = 2, kMarkCycles = 2;

}  // namespace

void CyclesHere::BeforeInstruction(const Registers& registers) {
  if (until_begin_ > 0 && --until_begin_ == 0) begin_ = {registers.cycles, registers.instructions};
  uint32_t code = 0;
  if (!core_.Peek(registers.r[kPc], 2, code)) return;
  if (code == kBegin) until_begin_ = kMarkInstructions;
  if (code == kEnd) {
    regions_.push_back({registers.cycles - begin_.cycles + kMarkCycles,
                        registers.instructions - begin_.instructions + kMarkInstructions});
  }
}

}  // namespace thimble::simulator::oracle
