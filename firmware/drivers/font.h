// Letters of five by seven pixels.
#ifndef THIMBLE_FIRMWARE_DRIVERS_FONT_H_
#define THIMBLE_FIRMWARE_DRIVERS_FONT_H_

#include <cstdint>

namespace thimble::firmware {

inline constexpr char kFirstGlyph = ' ', kLastGlyph = '~';

/// Five columns of each glyph from ' ' to '~'; bit 0 is the uppermost row.
extern const uint8_t kGlyphs[kLastGlyph - kFirstGlyph + 1][5];

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_DRIVERS_FONT_H_
