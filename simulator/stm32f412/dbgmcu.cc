#include "simulator/stm32f412/dbgmcu.h"

namespace thimble::simulator {
namespace {

// CR: DBG_SLEEP 0, DBG_STOP 1, DBG_STANDBY 2, TRACE_IOEN 5, TRACE_MODE 7:6.
constexpr uint32_t kCrMask = 0xe7, kTraceIoEnable = 1u << 5;
constexpr uint32_t kApb1Mask = 0x06e0'1dff, kApb2Mask = 0x0007'0003;

}  // namespace

uint32_t Dbgmcu::Read(uint32_t offset, int) {
  switch (offset) {
    case 0x0:
      return kIdCode;
    case 0x4:
      return state_.cr;
    case 0x8:
      return state_.apb1_freeze;
    case 0xc:
      return state_.apb2_freeze;
    default:
      return 0;
  }
}

void Dbgmcu::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  switch (offset) {
    case 0x4:
      state_.cr = Merge(state_.cr, value, lanes) & kCrMask;
      if ((state_.cr & kTraceIoEnable) != 0) chip_.Note("DBGMCU CR: trace pins (TRACE_IOEN) are not modelled");
      break;
    case 0x8:
      state_.apb1_freeze = Merge(state_.apb1_freeze, value, lanes) & kApb1Mask;
      break;
    case 0xc:
      state_.apb2_freeze = Merge(state_.apb2_freeze, value, lanes) & kApb2Mask;
      break;
    default:
      break;
  }
}

}  // namespace thimble::simulator
