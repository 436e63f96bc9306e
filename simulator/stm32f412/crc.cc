#include "simulator/stm32f412/crc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kDr = 0x00, kIdr = 0x04, kCr = 0x08;
constexpr uint32_t kPolynomial = 0x04c1'1db7;

}  // namespace

void Crc::Reset() {
  state_.dr = ~0u;
  state_.idr = 0;
}

uint32_t Crc::Read(uint32_t offset, int) {
  switch (offset) {
    case kDr:
      return state_.dr;
    case kIdr:
      return state_.idr;
    default:
      return 0;
  }
}

void Crc::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  switch (offset) {
    case kDr: {
      if (lanes != ~0u) {
        chip_.Note("CRC DR: only words can be written; bytes and halfwords are taken as words with zeros");
      }
      uint32_t crc = state_.dr ^ (value & lanes);
      for (int bit = 0; bit < 32; ++bit) crc = (crc << 1) ^ ((crc >> 31) != 0 ? kPolynomial : 0);
      state_.dr = crc;
      break;
    }
    case kIdr:
      state_.idr = Merge(state_.idr, value, lanes & 0xff);
      break;
    case kCr:
      if ((value & lanes & 1) != 0) state_.dr = ~0u;
      break;
    default:
      break;
  }
}

}  // namespace thimble::simulator
