#include "simulator/stm32f412/pwr.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr = 0x00, kCsr = 0x04;
// CR: LPDS 0, PDDS 1, CWUF 2, CSBF 3, PVDE 4, PLS 7:5, DBP 8, FPDS 9, LPLVDS 10, MRLVDS 11, ADCDC1 13, VOS 15:14,
// FMSSR 20, FISSR 21.
constexpr uint32_t kCrMask = 0x0030'eff3, kPdds = 1u << 1, kCwuf = 1u << 2, kCsbf = 1u << 3;
constexpr uint32_t kCrAfterReset = 0x8000;  // scale 2
// CSR: WUF 0, SBF 1, PVDO 2, BRR 3, EWUP3 6, EWUP2 7, EWUP1 8, BRE 9, VOSRDY 14.
constexpr uint32_t kCsrMask = 0x3c0, kWuf = 1u << 0, kSbf = 1u << 1, kBrr = 1u << 3, kBre = 1u << 9, kVosrdy = 1u << 14;

}  // namespace

void Pwr::Reset() {
  state_.cr = kCrAfterReset;
  state_.csr &= kWuf | kSbf | kBre;  // of these only power-on and the program dispose
}

void Pwr::PowerOn() {
  state_.csr = 0;
  Reset();
}

uint32_t Pwr::Read(uint32_t offset, int) {
  switch (offset) {
    case kCr:
      return state_.cr;
    case kCsr:
      return state_.csr | kVosrdy | ((state_.csr & kBre) != 0 ? kBrr : 0);
    default:
      return 0;
  }
}

void Pwr::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  if (offset == kCr) {
    const int scale_before = VoltageScale();
    if ((value & lanes & kCwuf) != 0) state_.csr &= ~kWuf;
    if ((value & lanes & kCsbf) != 0) state_.csr &= ~kSbf;
    state_.cr = Merge(state_.cr, value, lanes) & kCrMask;
    if (VoltageScale() != scale_before) ClockChanged();
  } else if (offset == kCsr) {
    state_.csr = Merge(state_.csr, value, lanes & kCsrMask);
  }
}

int Pwr::VoltageScale() const {
  switch (state_.cr >> 14 & 3) {
    case 3:
      return 1;
    case 2:
      return 2;
    default:
      return 3;
  }
}

void Pwr::ClockChanged() {
  // RM0402, section 5.1.4.
  constexpr uint32_t kHighestHz[] = {100'000'000, 84'000'000, 64'000'000};
  const int scale = VoltageScale();
  if (chip_.HclkHz() <= kHighestHz[scale - 1]) return;
  chip_.Note("PWR: HCLK is " + std::to_string(chip_.HclkHz()) + " Hz, and voltage scale " + std::to_string(scale) +
             " allows " + std::to_string(kHighestHz[scale - 1]) + " Hz; a real chip may fail (set PWR_CR.VOS)");
}

void Pwr::DeepSleepEntered() {
  chip_.Note((state_.cr & kPdds) != 0 ? "PWR: standby mode is not modelled; the core just sleeps"
                                      : "PWR: stop mode is not modelled; the core just sleeps, with its clocks on");
}

}  // namespace thimble::simulator
