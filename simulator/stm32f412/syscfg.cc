#include "simulator/stm32f412/syscfg.h"

#include <string>

namespace thimble::simulator {
namespace {

enum Offset : uint32_t {
  kMemrmp = 0x00,
  kPmc = 0x04,
  kExticr1 = 0x08,
  kExticr4 = 0x14,
  kCfgr2 = 0x1c,
  kCmpcr = 0x20,
  kCfgr = 0x2c,
};

constexpr uint32_t kCellOn = 1u << 0;
constexpr uint32_t kCellReady = 1u << 8;

}  // namespace

uint32_t Syscfg::Read(uint32_t offset, int /*bytes*/) {
  if (offset >= kExticr1 && offset <= kExticr4) return state_.exticr[(offset - kExticr1) / 4];
  switch (offset) {
    case kMemrmp:
      return state_.memrmp;
    case kPmc:
      return state_.pmc;
    case kCfgr2:
      return state_.cfgr2;
    case kCmpcr:
      return state_.cmpcr | ((state_.cmpcr & kCellOn) != 0 ? kCellReady : 0);
    case kCfgr:
      return state_.cfgr;
    default:
      return 0;
  }
}

void Syscfg::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  if (offset >= kExticr1 && offset <= kExticr4) {
    uint32_t& exticr = state_.exticr[(offset - kExticr1) / 4];
    exticr = Merge(exticr, value, lanes & 0xffff);
    return;
  }
  switch (offset) {
    case kMemrmp:
      state_.memrmp = Merge(state_.memrmp, value, lanes & 3);
      if (MemoryMode() != 0) {
        chip_.Note("SYSCFG MEMRMP: memory mode " + std::to_string(MemoryMode()) +
                   " is not modelled; flash stays at address 0");
      }
      break;
    case kPmc:
      state_.pmc = Merge(state_.pmc, value, lanes & 1u << 16);
      break;
    case kCfgr2:
      // Locks that are set stay until a reset.
      state_.cfgr2 |= value & lanes & 5;
      if (state_.cfgr2 != 0) chip_.Note("SYSCFG CFGR2: break inputs of the advanced timers are not modelled");
      break;
    case kCmpcr:
      state_.cmpcr = Merge(state_.cmpcr, value, lanes & kCellOn);
      break;
    case kCfgr:
      state_.cfgr = Merge(state_.cfgr, value, lanes & 3);
      break;
    default:
      break;
  }
}

int Syscfg::PortOfExti(int line) const {
  const auto at = static_cast<uint32_t>(line & 15);
  return static_cast<int>(state_.exticr[at / 4] >> at % 4 * 4 & 15);
}

}  // namespace thimble::simulator
