// Random reads and writes of a peripheral's registers, for tests that it survives whatever a program does.
#ifndef THIMBLE_SIMULATOR_STM32F412_RANDOM_TRAFFIC_H_
#define THIMBLE_SIMULATOR_STM32F412_RANDOM_TRAFFIC_H_

#include <cstdint>

#include "base/random.h"
#include "simulator/stm32f412/fake_chip.h"

namespace thimble::simulator {

/// Words, half words and bytes below `end`; some values with few bits, as programs write them. Time passes in between.
inline void RandomTraffic(FakeChip& chip, Peripheral& peripheral, uint32_t end, int accesses, uint64_t seed) {
  thimble::Random random(seed);
  for (int i = 0; i < accesses; ++i) {
    const uint64_t bits = random.Next();
    const uint32_t offset = static_cast<uint32_t>(bits % (end / 4)) * 4;
    auto value = static_cast<uint32_t>(random.Next());
    if ((bits >> 32 & 3) == 0) value &= static_cast<uint32_t>(random.Next() & random.Next());
    if ((bits >> 32 & 3) == 1) value &= 0xff;
    if ((bits >> 34 & 1) != 0) {
      peripheral.Read(offset, 4);
    } else {
      constexpr uint32_t kLanes[] = {~0u, ~0u, ~0u, 0xffff, 0xffff'0000, 0xff, 0xff00, 0xff00'0000};
      peripheral.Write(offset, value, kLanes[bits >> 35 & 7]);
    }
    if ((bits >> 40 & 3) == 0) chip.RunCycles(bits >> 48 & 0xff);
    if ((bits >> 40 & 0x3ff) == 1) chip.RunCycles(100'000);
  }
}

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_RANDOM_TRAFFIC_H_
