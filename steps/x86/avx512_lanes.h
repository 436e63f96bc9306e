// 16 sums at a time with AVX-512 and VNNI (Ice Lake, Zen 4 and later). Their meaning is plain_lanes.h.
#ifndef THIMBLE_STEPS_X86_AVX512_LANES_H_
#define THIMBLE_STEPS_X86_AVX512_LANES_H_

// GCC 12 takes the registers that these functions leave undefined on purpose for mistakes (GCC bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstring>

#include "steps/x86/layout.h"

#define THIMBLE_X86_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define THIMBLE_X86_INLINE THIMBLE_X86_TARGET __attribute__((always_inline)) inline

namespace thimble::steps::x86 {

struct Avx512Lanes {
  // 24 sums, 4 weights and a pixel are in the 32 registers at a time.
  static constexpr int kSums = 24, kGroup = 4, kWideGroup = 8, kPhases = 8;

  using Sums = __m512i;
  using Weights = __m512i;
  struct Pixel {
    __m512i bytes;
  };
  struct Quads {
    __m512i bytes;
  };
  struct Channels {
    __m512i left, mantissa, odd_mantissa, tie, half, right;
  };

  static THIMBLE_X86_INLINE Sums Zero() { return _mm512_setzero_si512(); }
  static THIMBLE_X86_INLINE Sums Add(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static THIMBLE_X86_INLINE Weights LoadWeights(const std::byte* from) { return _mm512_loadu_si512(from); }
  static THIMBLE_X86_INLINE Pixel LoadPixel(const int8_t* from) {
    int32_t quad;
    std::memcpy(&quad, from, sizeof quad);
    return {_mm512_xor_si512(_mm512_set1_epi32(quad), _mm512_set1_epi8(-128))};
  }
  static THIMBLE_X86_INLINE Quads LoadQuads(const std::byte* from) { return {_mm512_loadu_si512(from)}; }
  static THIMBLE_X86_INLINE Sums Dot(Sums sums, Pixel x, Weights w) { return _mm512_dpbusd_epi32(sums, x.bytes, w); }
  static THIMBLE_X86_INLINE Sums Dot(Sums sums, Quads x, Weights w) { return _mm512_dpbusd_epi32(sums, x.bytes, w); }

  static THIMBLE_X86_INLINE Sums Bias(const std::byte* header) { return _mm512_loadu_si512(header); }
  static THIMBLE_X86_INLINE Channels LoadChannels(const std::byte* header) {
    const __m512i mantissa = _mm512_loadu_si512(header + 128);
    return {_mm512_loadu_si512(header + 64),  mantissa,
            _mm512_srli_epi64(mantissa, 32),  _mm512_loadu_si512(header + 192),
            _mm512_loadu_si512(header + 256), _mm512_loadu_si512(header + 320)};
  }
  /// The doubled sum times the mantissa has the rounded product in its upper half, which for odd lanes is where it
  /// belongs. Then halves of the right shift go away from zero: 1 less before, if negative.
  static THIMBLE_X86_INLINE Sums Scaled(Sums sums, const Channels& channels) {
    const __m512i doubled = _mm512_sllv_epi32(sums, channels.left);
    const __m512i half = _mm512_set1_epi64(int64_t{1} << 31);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(doubled, channels.mantissa), half);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(doubled, 32), channels.odd_mantissa), half);
    const __m512i product = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    const __m512i nudge = _mm512_sub_epi32(channels.half, _mm512_srlv_epi32(product, channels.tie));
    return _mm512_srav_epi32(_mm512_add_epi32(product, nudge), channels.right);
  }

  template <int kBlocks>
  static THIMBLE_X86_INLINE void Store(int8_t* to, const Sums* scaled, const Stored& stored, int32_t count) {
    if constexpr (kBlocks >= 4) {
      if (count >= 4 * kBlock) {
        // Packing goes by 128-bit quarters, so the quarters' parts are put in order at the end.
        const __m512i zero_point = _mm512_set1_epi16(static_cast<int16_t>(stored.zero_point));
        const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(scaled[0], scaled[1]), zero_point);
        const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(scaled[2], scaled[3]), zero_point);
        const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
        const __m512i clamped =
            _mm512_min_epi8(_mm512_max_epi8(bytes, _mm512_set1_epi8(static_cast<int8_t>(stored.clamp_low))),
                            _mm512_set1_epi8(static_cast<int8_t>(stored.clamp_high)));
        _mm512_storeu_si512(to, clamped);
        if constexpr (kBlocks > 4) Store<kBlocks - 4>(to + 4 * kBlock, scaled + 4, stored, count - 4 * kBlock);
        return;
      }
    }
    StoreBlock(to, scaled[0], stored, count);
    if constexpr (kBlocks > 1) Store<kBlocks - 1>(to + kBlock, scaled + 1, stored, count - kBlock);
  }

  static THIMBLE_X86_INLINE void Interleave(const int8_t* const (&source)[kQuad], int32_t count, std::byte* to) {
    int32_t i = 0;
    for (; i + 64 <= count; i += 64) InterleaveSome<false>(source, i, 64, to + i * kQuad);
    if (i < count) InterleaveSome<true>(source, i, count - i, to + i * kQuad);
  }

 private:
  static THIMBLE_X86_INLINE void StoreBlock(int8_t* to, Sums scaled, const Stored& stored, int32_t count) {
    const __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_add_epi32(scaled, _mm512_set1_epi32(stored.zero_point)));
    const __m128i clamped = _mm_min_epi8(_mm_max_epi8(bytes, _mm_set1_epi8(static_cast<int8_t>(stored.clamp_low))),
                                         _mm_set1_epi8(static_cast<int8_t>(stored.clamp_high)));
    if (count >= kBlock) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), clamped);
    } else if (count > 0) {
      _mm_mask_storeu_epi8(to, static_cast<__mmask16>((1U << count) - 1), clamped);
    }
  }
  template <bool kMasked>
  static THIMBLE_X86_INLINE void InterleaveSome(const int8_t* const (&source)[kQuad], int32_t from, int32_t count,
                                                std::byte* to) {
    const __mmask64 some = kMasked ? (__mmask64{1} << count) - 1 : 0;
    // Unpacking goes by 128-bit quarters: dword d goes to quarter d % 4 first, and the results are in order.
    const __m512i a = ByQuarters<kMasked>(source[0] + from, some), b = ByQuarters<kMasked>(source[1] + from, some);
    const __m512i c = ByQuarters<kMasked>(source[2] + from, some), d = ByQuarters<kMasked>(source[3] + from, some);
    const __m512i low_ab = _mm512_unpacklo_epi8(a, b), high_ab = _mm512_unpackhi_epi8(a, b);
    const __m512i low_cd = _mm512_unpacklo_epi8(c, d), high_cd = _mm512_unpackhi_epi8(c, d);
    StoreQuads<kMasked>(to, count, _mm512_unpacklo_epi16(low_ab, low_cd));
    StoreQuads<kMasked>(to + 64, count - 16, _mm512_unpackhi_epi16(low_ab, low_cd));
    StoreQuads<kMasked>(to + 128, count - 32, _mm512_unpacklo_epi16(high_ab, high_cd));
    StoreQuads<kMasked>(to + 192, count - 48, _mm512_unpackhi_epi16(high_ab, high_cd));
  }
  template <bool kMasked>
  static THIMBLE_X86_INLINE __m512i ByQuarters(const int8_t* from, __mmask64 some) {
    const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    const __m512i bytes = kMasked ? _mm512_maskz_loadu_epi8(some, from) : _mm512_loadu_si512(from);
    return _mm512_permutexvar_epi32(order, _mm512_xor_si512(bytes, _mm512_set1_epi8(-128)));
  }
  template <bool kMasked>
  static THIMBLE_X86_INLINE void StoreQuads(std::byte* to, int32_t count, __m512i quads) {
    if (!kMasked || count >= 16) {
      _mm512_storeu_si512(to, quads);
    } else if (count > 0) {
      _mm512_mask_storeu_epi32(to, static_cast<__mmask16>((1U << count) - 1), quads);
    }
  }
};

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_AVX512_LANES_H_
