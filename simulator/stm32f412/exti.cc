#include "simulator/stm32f412/exti.h"

namespace thimble::simulator {
namespace {

enum Offset : uint32_t { kImr = 0x00, kEmr = 0x04, kRtsr = 0x08, kFtsr = 0x0c, kSwier = 0x10, kPr = 0x14 };

constexpr uint32_t kAll = (1u << Exti::kLines) - 1;

struct Wire {
  uint32_t lines;
  int interrupt;
};
constexpr Wire kWires[] = {
    {1u << 0, 6}, {1u << 1, 7},  {1u << 2, 8},   {1u << 3, 9},   {1u << 4, 10}, {0x03e0, 23},
    {0xfc00, 40}, {1u << 16, 1}, {1u << 17, 41}, {1u << 18, 42}, {1u << 21, 2}, {1u << 22, 3},
};

}  // namespace

void Exti::Reset() {
  state_ = {};
  UpdateInterrupts();
}

uint32_t Exti::Read(uint32_t offset, int /*bytes*/) {
  switch (offset) {
    case kImr:
      return state_.imr;
    case kEmr:
      return state_.emr;
    case kRtsr:
      return state_.rtsr;
    case kFtsr:
      return state_.ftsr;
    case kSwier:
      return state_.swier;
    case kPr:
      return state_.pr;
    default:
      return 0;
  }
}

void Exti::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  lanes &= kAll;
  switch (offset) {
    case kImr:
      state_.imr = Merge(state_.imr, value, lanes);
      break;
    case kEmr:
      state_.emr = Merge(state_.emr, value, lanes);
      break;
    case kRtsr:
      state_.rtsr = Merge(state_.rtsr, value, lanes);
      break;
    case kFtsr:
      state_.ftsr = Merge(state_.ftsr, value, lanes);
      break;
    case kSwier: {
      const uint32_t risen = value & lanes & ~state_.swier;
      state_.swier |= risen;
      state_.pr |= risen & state_.imr;
      if ((risen & state_.emr) != 0) chip_.SendEvent();
      break;
    }
    case kPr:
      state_.pr &= ~(value & lanes);
      state_.swier &= ~(value & lanes);
      break;
    default:
      return;
  }
  UpdateInterrupts();
}

void Exti::Edge(int line, bool rising) {
  if (line < 0 || line >= kLines) return;
  const uint32_t bit = 1u << line;
  if (((rising ? state_.rtsr : state_.ftsr) & bit) == 0) return;
  state_.pr |= bit;
  if ((state_.emr & bit) != 0) chip_.SendEvent();
  UpdateInterrupts();
}

void Exti::UpdateInterrupts() {
  const uint32_t pending = state_.pr & state_.imr;
  for (const Wire& wire : kWires) chip_.SetInterrupt(wire.interrupt, (pending & wire.lines) != 0);
}

}  // namespace thimble::simulator
