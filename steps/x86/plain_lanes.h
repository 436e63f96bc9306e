// 16 sums at a time in plain C++: the exact meaning of the vector forms beside it, and what other machines run.
//
// A "lanes" type gives the loops of the x86-64 steps (tiles.h) their arithmetic:
//   Sums      of 16 output channels for one pixel, modulo 2^32
//   Weights   a quad of each of them, as packed
//   Pixel     a quad of one pixel, for all channels
//   Quads     a quad of 16 pixels or channels, one for each sum
// and how many sums its registers hold: kSums in all, of kGroup blocks, or of kWideGroup for a single pixel.
#ifndef THIMBLE_STEPS_X86_PLAIN_LANES_H_
#define THIMBLE_STEPS_X86_PLAIN_LANES_H_

#include <cstring>

#include "base/fixed_point.h"
#include "steps/x86/layout.h"

// What the functions of this file's lanes, and of the loops that use them, are compiled for: any machine.
#define THIMBLE_X86_TARGET
#define THIMBLE_X86_INLINE inline

namespace thimble::steps::x86 {

struct PlainLanes {
  static constexpr int kSums = 1, kGroup = 1, kWideGroup = 1, kPhases = 1;

  struct Sums {
    int32_t lane[kBlock];
  };
  struct Weights {
    const int8_t* quads;
  };
  struct Pixel {
    uint8_t byte[kQuad];
  };
  struct Quads {
    const uint8_t* quads;
  };
  using Channels = const BlockHeader*;

  static Sums Zero() { return {}; }
  static Sums Add(const Sums& a, const Sums& b) {
    Sums sum;
    for (int i = 0; i < kBlock; ++i) sum.lane[i] = WrapAdd(a.lane[i], b.lane[i]);
    return sum;
  }
  static Weights LoadWeights(const std::byte* from) { return {reinterpret_cast<const int8_t*>(from)}; }
  /// Of int8 activations.
  static Pixel LoadPixel(const int8_t* from) {
    Pixel pixel;
    for (int k = 0; k < kQuad; ++k) pixel.byte[k] = static_cast<uint8_t>(from[k] + 128);
    return pixel;
  }
  /// Of what Interleave wrote.
  static Quads LoadQuads(const std::byte* from) { return {reinterpret_cast<const uint8_t*>(from)}; }

  static Sums Dot(const Sums& sums, const Pixel& x, const Weights& w) {
    Sums next = sums;
    for (int i = 0; i < kBlock * kQuad; ++i) {
      next.lane[i / kQuad] = WrapAdd(next.lane[i / kQuad], x.byte[i % kQuad] * w.quads[i]);
    }
    return next;
  }
  static Sums Dot(const Sums& sums, const Quads& x, const Weights& w) {
    Sums next = sums;
    for (int i = 0; i < kBlock * kQuad; ++i) {
      next.lane[i / kQuad] = WrapAdd(next.lane[i / kQuad], x.quads[i] * w.quads[i]);
    }
    return next;
  }

  static Channels LoadChannels(const std::byte* header) { return reinterpret_cast<const BlockHeader*>(header); }
  static Sums Bias(const std::byte* header) {
    Sums sums;
    std::memcpy(sums.lane, reinterpret_cast<const BlockHeader*>(header)->bias, sizeof sums.lane);
    return sums;
  }
  /// TFLite's two roundings. Shifts are masked so that constants from outside can only give other numbers.
  static Sums Scaled(const Sums& sums, Channels channels) {
    Sums scaled;
    for (int i = 0; i < kBlock; ++i) {
      const int32_t value = WrapShiftLeft(sums.lane[i], (channels->left[i] - 1) & 31);
      scaled.lane[i] = RoundingShiftRight(DoublingHighMultiply(value, channels->mantissa[i]), channels->right[i] & 31);
    }
    return scaled;
  }

  /// The first `count` of kBlocks blocks of scaled sums as int8.
  template <int kBlocks>
  static void Store(int8_t* to, const Sums* scaled, const Stored& stored, int32_t count) {
    for (int32_t i = 0; i < count && i < kBlocks * kBlock; ++i) {
      const int32_t value = WrapAdd(scaled[i / kBlock].lane[i % kBlock], stored.zero_point);
      to[i] = static_cast<int8_t>(Clamp(value, stored.clamp_low, stored.clamp_high));
    }
  }

  /// Quads of `count` neighbours: byte k of each from source k, plus 128.
  static void Interleave(const int8_t* const (&source)[kQuad], int32_t count, std::byte* to) {
    for (int32_t i = 0; i < count; ++i) {
      for (int k = 0; k < kQuad; ++k) to[i * kQuad + k] = static_cast<std::byte>(source[k][i] + 128);
    }
  }
};

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_PLAIN_LANES_H_
