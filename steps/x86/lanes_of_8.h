// 16 sums as twice 8, with AVX2 or, where THIMBLE_X86_AVX_VNNI is defined, AVX-VNNI (Alder Lake and later). Their
// meaning is plain_lanes.h.
#ifndef THIMBLE_STEPS_X86_LANES_OF_8_H_
#define THIMBLE_STEPS_X86_LANES_OF_8_H_

#include <immintrin.h>

#include <cstring>

#include "steps/x86/layout.h"

#if defined(THIMBLE_X86_AVX_VNNI)
#define THIMBLE_X86_TARGET __attribute__((target("avx2,avxvnni")))
#else
#define THIMBLE_X86_TARGET __attribute__((target("avx2")))
#endif
#define THIMBLE_X86_INLINE THIMBLE_X86_TARGET __attribute__((always_inline)) inline

namespace thimble::steps::x86 {

#if defined(THIMBLE_X86_AVX_VNNI)
/// Four products a lane in one instruction.
struct AvxVnniDot {
  static constexpr int kSums = 6;
  using Bytes = __m256i;
  using Signed = __m256i;
  static THIMBLE_X86_INLINE Bytes OfUnsigned(__m256i bytes) { return bytes; }
  static THIMBLE_X86_INLINE Signed OfSigned(__m256i bytes) { return bytes; }
  static THIMBLE_X86_INLINE __m256i Dot(__m256i sums, Bytes x, Signed w) { return _mm256_dpbusd_avx_epi32(sums, x, w); }
};
#else
/// The multiplication of bytes saturates sums of pairs, so bytes become halves, even and odd ones apart.
struct Avx2Dot {
  static constexpr int kSums = 4;
  struct Bytes {
    __m256i even, odd;
  };
  using Signed = Bytes;
  static THIMBLE_X86_INLINE Bytes OfUnsigned(__m256i bytes) {
    return {_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(bytes, 8)};
  }
  static THIMBLE_X86_INLINE Signed OfSigned(__m256i bytes) {
    return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
  }
  static THIMBLE_X86_INLINE __m256i Dot(__m256i sums, Bytes x, Signed w) {
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(x.even, w.even), _mm256_madd_epi16(x.odd, w.odd)));
  }
};
#endif

template <typename Products>
struct LanesOf8 {
  static constexpr int kSums = Products::kSums, kGroup = 1, kWideGroup = 2, kPhases = 2;

  struct Sums {
    __m256i low, high;
  };
  struct Weights {
    typename Products::Signed low, high;
  };
  struct Pixel {
    typename Products::Bytes bytes;
  };
  struct Quads {
    typename Products::Bytes low, high;
  };
  struct Channels {
    const std::byte* header;
  };

  static THIMBLE_X86_INLINE Sums Zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static THIMBLE_X86_INLINE Sums Add(Sums a, Sums b) {
    return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
  }
  static THIMBLE_X86_INLINE Weights LoadWeights(const std::byte* from) {
    return {Products::OfSigned(Load(from)), Products::OfSigned(Load(from + 32))};
  }
  static THIMBLE_X86_INLINE Pixel LoadPixel(const int8_t* from) {
    int32_t quad;
    std::memcpy(&quad, from, sizeof quad);
    return {Products::OfUnsigned(_mm256_xor_si256(_mm256_set1_epi32(quad), _mm256_set1_epi8(-128)))};
  }
  static THIMBLE_X86_INLINE Quads LoadQuads(const std::byte* from) {
    return {Products::OfUnsigned(Load(from)), Products::OfUnsigned(Load(from + 32))};
  }
  static THIMBLE_X86_INLINE Sums Dot(Sums sums, Pixel x, Weights w) {
    return {Products::Dot(sums.low, x.bytes, w.low), Products::Dot(sums.high, x.bytes, w.high)};
  }
  static THIMBLE_X86_INLINE Sums Dot(Sums sums, Quads x, Weights w) {
    return {Products::Dot(sums.low, x.low, w.low), Products::Dot(sums.high, x.high, w.high)};
  }

  static THIMBLE_X86_INLINE Sums Bias(const std::byte* header) { return {Load(header), Load(header + 32)}; }
  static THIMBLE_X86_INLINE Channels LoadChannels(const std::byte* header) { return {header}; }
  static THIMBLE_X86_INLINE Sums Scaled(Sums sums, Channels channels) {
    return {Scaled(sums.low, channels.header), Scaled(sums.high, channels.header + 32)};
  }

  template <int kBlocks>
  static THIMBLE_X86_INLINE void Store(int8_t* to, const Sums* scaled, const Stored& stored, int32_t count) {
    const __m256i zero_point = _mm256_set1_epi16(static_cast<int16_t>(stored.zero_point));
    const __m128i clamp_low = _mm_set1_epi8(static_cast<int8_t>(stored.clamp_low));
    const __m128i clamp_high = _mm_set1_epi8(static_cast<int8_t>(stored.clamp_high));
    for (int block = 0; block < kBlocks; ++block) {
      // Packing goes by 128-bit halves: quarters 0 2 1 3 are put in order.
      const __m256i halves = _mm256_permute4x64_epi64(_mm256_packs_epi32(scaled[block].low, scaled[block].high), 0xd8);
      const __m256i moved = _mm256_adds_epi16(halves, zero_point);
      const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(moved), _mm256_extracti128_si256(moved, 1));
      const __m128i clamped = _mm_min_epi8(_mm_max_epi8(bytes, clamp_low), clamp_high);
      StoreSome(to + block * kBlock, clamped, count - block * kBlock);
    }
  }

  static THIMBLE_X86_INLINE void Interleave(const int8_t* const (&source)[kQuad], int32_t count, std::byte* to) {
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
      InterleaveBlock(source[0] + i, source[1] + i, source[2] + i, source[3] + i, to + i * kQuad);
    }
    if (i == count) return;
    int8_t rest[kQuad][kBlock] = {};
    std::byte quads[kQuadBytes];
    for (int k = 0; k < kQuad; ++k) std::memcpy(rest[k], source[k] + i, static_cast<size_t>(count - i));
    InterleaveBlock(rest[0], rest[1], rest[2], rest[3], quads);
    std::memcpy(to + i * kQuad, quads, static_cast<size_t>(count - i) * kQuad);
  }

 private:
  static THIMBLE_X86_INLINE __m256i Load(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static THIMBLE_X86_INLINE __m128i LoadUnsigned(const int8_t* from) {
    return _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), _mm_set1_epi8(-128));
  }
  static THIMBLE_X86_INLINE void StoreSome(int8_t* to, __m128i bytes, int32_t count) {
    if (count >= kBlock) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    } else if (count == 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
    } else if (count > 0) {
      std::memcpy(to, &bytes, static_cast<size_t>(count));
    }
  }

  /// As in avx512_lanes.h.
  static THIMBLE_X86_INLINE __m256i Scaled(__m256i sums, const std::byte* header) {
    const __m256i mantissa = Load(header + 128);
    const __m256i doubled = _mm256_sllv_epi32(sums, Load(header + 64));
    const __m256i rounding = _mm256_set1_epi64x(int64_t{1} << 31);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(doubled, mantissa), rounding);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(doubled, 32), _mm256_srli_epi64(mantissa, 32)), rounding);
    const __m256i product = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    const __m256i nudge = _mm256_sub_epi32(Load(header + 256), _mm256_srlv_epi32(product, Load(header + 192)));
    return _mm256_srav_epi32(_mm256_add_epi32(product, nudge), Load(header + 320));
  }

  static THIMBLE_X86_INLINE void InterleaveBlock(const int8_t* a, const int8_t* b, const int8_t* c, const int8_t* d,
                                                 std::byte* to) {
    const __m128i x = LoadUnsigned(a), y = LoadUnsigned(b), z = LoadUnsigned(c), u = LoadUnsigned(d);
    const __m128i low_xy = _mm_unpacklo_epi8(x, y), high_xy = _mm_unpackhi_epi8(x, y);
    const __m128i low_zu = _mm_unpacklo_epi8(z, u), high_zu = _mm_unpackhi_epi8(z, u);
    auto* const quads = reinterpret_cast<__m128i*>(to);
    _mm_storeu_si128(quads, _mm_unpacklo_epi16(low_xy, low_zu));
    _mm_storeu_si128(quads + 1, _mm_unpackhi_epi16(low_xy, low_zu));
    _mm_storeu_si128(quads + 2, _mm_unpacklo_epi16(high_xy, high_zu));
    _mm_storeu_si128(quads + 3, _mm_unpackhi_epi16(high_xy, high_zu));
  }
};

#if defined(THIMBLE_X86_AVX_VNNI)
using AvxVnniLanes = LanesOf8<AvxVnniDot>;
#else
using Avx2Lanes = LanesOf8<Avx2Dot>;
#endif

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_LANES_OF_8_H_
