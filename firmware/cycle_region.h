// Marks around a part of a program, for the cycle counter.
#ifndef THIMBLE_FIRMWARE_CYCLE_REGION_H_
#define THIMBLE_FIRMWARE_CYCLE_REGION_H_

namespace thimble::firmware {

// What simulator/cycle_counter looks for. Hints of these numbers do nothing on Armv7-M and Armv8-M; Armv6-M has them
// too. Out of line, so that no instruction of the program runs in the same block.
[[gnu::noinline]] inline void BeginRegion() { __asm volatile(".inst.n 0xbf80" ::: "memory"); }
[[gnu::noinline]] inline void EndRegion() { __asm volatile(".inst.n 0xbf90" ::: "memory"); }

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_CYCLE_REGION_H_
