// How fast the AZ3166 runs.
#ifndef THIMBLE_FIRMWARE_BOARDS_AZ3166_CLOCK_H_
#define THIMBLE_FIRMWARE_BOARDS_AZ3166_CLOCK_H_

#include <cstdint>

namespace thimble::firmware::az3166 {

/// Of the processor: 96 MHz, or 16 MHz if the crystal did not start.
uint32_t CoreHz();

}  // namespace thimble::firmware::az3166

#endif  // THIMBLE_FIRMWARE_BOARDS_AZ3166_CLOCK_H_
