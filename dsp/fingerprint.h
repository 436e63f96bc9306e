// One number for the bits of all signal processing, to compare a microcontroller with a laptop.
#ifndef THIMBLE_DSP_FINGERPRINT_H_
#define THIMBLE_DSP_FINGERPRINT_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::dsp {

/// Memory that Fingerprint works in, aligned to kArenaAlignment.
inline constexpr size_t kFingerprintBytes = 96 * 1024;

/// Runs the float functions of base/, the transform in every length, and every block, in integers too, with parameters
/// that reach each of its paths, on seeded numbers; returns the FNV-1a hash of all results. Two machines agree exactly
/// when they compute the same bits. About 8 million instructions on a Cortex-M4F. 0 if `memory` is too small.
uint64_t Fingerprint(std::span<std::byte> memory);

/// What Fingerprint must return, everywhere. Changes with every intended change of a result.
inline constexpr uint64_t kFingerprint = 0x96051bc3a1b820c4;

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FINGERPRINT_H_
