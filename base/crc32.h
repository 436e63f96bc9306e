// CRC-32/ISO-HDLC, the checksum of zlib and of our frames.
#ifndef THIMBLE_BASE_CRC32_H_
#define THIMBLE_BASE_CRC32_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble {

/// The CRC of `bytes`, continuing from `crc` (0 to begin). Crc32("123456789") is 0xCBF43926.
///
/// Half-byte table: 64 bytes of flash, about 10 instructions a byte. It finds damage; it does not prove origin.
uint32_t Crc32(std::span<const std::byte> bytes, uint32_t crc = 0);

}  // namespace thimble

#endif  // THIMBLE_BASE_CRC32_H_
