// The kernels' bodies, for THIMBLE_LANES numbers at a time; each level of processor compiles them once.
//
// Everything here has internal linkage and nothing of the standard library is instantiated: a function with external
// linkage, compiled for a newer processor, could be the copy that the linker keeps for all.
#ifndef THIMBLE_TRAINER_INTERNAL_KERNELS_BODY_H_
#define THIMBLE_TRAINER_INTERNAL_KERNELS_BODY_H_

#include "trainer/internal/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors are only passed to functions that are inlined, so their calling convention does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace thimble::trainer::engine {
namespace {

constexpr int kLanes = THIMBLE_LANES;
using Vec = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = int32_t __attribute__((vector_size(kLanes * sizeof(int32_t))));
using LooseVec = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

#define THIMBLE_INLINE inline __attribute__((always_inline))

THIMBLE_INLINE Vec All(float value) { return value - Vec{}; }
THIMBLE_INLINE Vec Load(const float* from) { return *reinterpret_cast<const LooseVec*>(from); }
THIMBLE_INLINE void Store(float* to, Vec value) { *reinterpret_cast<LooseVec*>(to) = value; }
THIMBLE_INLINE void Store(float* to, Vec value, int count) {
  if (count >= kLanes) return Store(to, value);
  for (int i = 0; i < count; ++i) to[i] = value[i];
}
THIMBLE_INLINE int Least(int a, int b) { return a < b ? a : b; }

// A NaN in the second argument stays: training must see it.
#if THIMBLE_LANES == 8
THIMBLE_INLINE Vec Highest(Vec a, Vec b) { return _mm256_max_ps(a, b); }
THIMBLE_INLINE Vec Lowest(Vec a, Vec b) { return _mm256_min_ps(a, b); }
#elif defined(__x86_64__)
THIMBLE_INLINE Vec Highest(Vec a, Vec b) { return _mm_max_ps(a, b); }
THIMBLE_INLINE Vec Lowest(Vec a, Vec b) { return _mm_min_ps(a, b); }
#else
THIMBLE_INLINE Vec Highest(Vec a, Vec b) { return a > b ? a : b; }
THIMBLE_INLINE Vec Lowest(Vec a, Vec b) { return a < b ? a : b; }
#endif

THIMBLE_INLINE Vec Where(Ints mask, Vec value) { return reinterpret_cast<Vec>(mask & reinterpret_cast<Ints>(value)); }

// To the nearest whole number, halves to even, for |x| < 2^22: what the addition pushes out of the mantissa is gone.
THIMBLE_INLINE Vec Round(Vec x) {
  const Vec magic = All(0x1.8p23f);
  return (x + magic) - magic;
}

// The first `count` lanes.
THIMBLE_INLINE Ints Lanes(int count) {
  Ints index{};
  for (int i = 0; i < kLanes; ++i) index[i] = i;
  return index < count;
}

// Finish, with its constants in registers.
struct Finisher {
  Vec low, high, step, inverse, code_low, code_high;
  Vec lowest, highest;
  bool rounds, sees;

  THIMBLE_INLINE explicit Finisher(const Finish& finish)
      : low(All(finish.low)),
        high(All(finish.high)),
        step(All(finish.step)),
        inverse(All(finish.step > 0 ? 1.0f / finish.step : 0)),
        code_low(All(finish.code_low)),
        code_high(All(finish.code_high)),
        lowest(All(__builtin_inff())),
        highest(All(-__builtin_inff())),
        rounds(finish.step > 0),
        sees(finish.seen != nullptr) {}

  THIMBLE_INLINE Vec operator()(Vec value, int count) {
    value = Lowest(high, Highest(low, value));
    if (sees) {
      if (count >= kLanes) {
        lowest = Lowest(lowest, value);
        highest = Highest(highest, value);
      } else {
        // Lanes past the end repeat the first one.
        const Ints valid = Lanes(count);
        const Vec inside = Where(valid, value) + Where(~valid, All(value[0]));
        lowest = Lowest(lowest, inside);
        highest = Highest(highest, inside);
      }
    }
    if (rounds) value = Round(Lowest(code_high, Highest(code_low, value * inverse))) * step;
    return value;
  }

  void Report(float* seen) const {
    if (seen == nullptr) return;
    for (int i = 0; i < kLanes; ++i) {
      if (lowest[i] < seen[0]) seen[0] = lowest[i];
      if (highest[i] > seen[1]) seen[1] = highest[i];
    }
  }
};

// --- Matrices -------------------------------------------------------------------------------------------------------

// Rows in flight for panels of two vectors and of one: their sums fill the registers.
constexpr int kWideRows = 6;
constexpr int kNarrowRows = 12;

template <int kRows, int kWide>
THIMBLE_INLINE void MultiplyTile(const Multiply& job, int row, int column, Finisher& finisher) {
  const float* a[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    a[r] = job.a + (job.row_offsets != nullptr ? job.row_offsets[row + r] : (row + r) * job.a_stride);
  }
  Vec sums[kRows][kWide];
#pragma GCC unroll 2
  for (int w = 0; w < kWide; ++w) {
    const Vec first = job.bias != nullptr ? Load(job.bias + column + w * kLanes) : Vec{};
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      sums[r][w] = job.accumulate ? Load(job.c + (row + r) * job.c_stride + column + w * kLanes) : first;
    }
  }
  const float* b = job.b + column;
  const auto go = [&](auto offset_of) __attribute__((always_inline)) {
    for (int k = 0; k < job.depth; ++k) {
      const std::ptrdiff_t offset = offset_of(k);
      Vec right[kWide];
#pragma GCC unroll 2
      for (int w = 0; w < kWide; ++w) right[w] = Load(b + w * kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const Vec left = All(a[r][offset]);
#pragma GCC unroll 2
        for (int w = 0; w < kWide; ++w) sums[r][w] += left * right[w];
      }
      b += job.b_stride;
    }
  };
  if (job.depth_offsets != nullptr) {
    go([&](int k) __attribute__((always_inline)) { return static_cast<std::ptrdiff_t>(job.depth_offsets[k]); });
  } else {
    go([](int k) __attribute__((always_inline)) { return static_cast<std::ptrdiff_t>(k); });
  }
#pragma GCC unroll 2
  for (int w = 0; w < kWide; ++w) {
    const int at = column + w * kLanes;
    const int count = job.columns - at;
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      Store(job.c + (row + r) * job.c_stride + at, finisher(sums[r][w], count), count);
    }
  }
}

// As many rows at a time as go in.
template <int kRows, int kWide>
int MultiplyRows(const Multiply& job, int row, int end, int column, Finisher& finisher) {
  for (; row + kRows <= end; row += kRows) MultiplyTile<kRows, kWide>(job, row, column, finisher);
  return row;
}

template <int kWide>
void MultiplyPanel(const Multiply& job, int row, int end, int column, Finisher& finisher) {
  row = MultiplyRows<(kWide == 2 ? kWideRows : kNarrowRows), kWide>(job, row, end, column, finisher);
  row = MultiplyRows<4, kWide>(job, row, end, column, finisher);
  row = MultiplyRows<2, kWide>(job, row, end, column, finisher);
  MultiplyRows<1, kWide>(job, row, end, column, finisher);
}

// Rows whose values stay in the first cache while the panels go by; a multiple of both tiles' rows.
int BlockRows(int floats_a_row) {
  constexpr int kFloats = 4096;
  const int rows = kFloats / (floats_a_row > 0 ? floats_a_row : 1) / kNarrowRows * kNarrowRows;
  return rows < 2 * kNarrowRows ? 2 * kNarrowRows : rows;
}

void RunMultiply(const Multiply& job) {
  Finisher finisher(job.finish);
  const int block = BlockRows(job.depth);
  for (int row = 0; row < job.rows; row += block) {
    const int end = Least(job.rows, row + block);
    for (int column = 0; column < job.columns;) {
      if (job.columns - column > kLanes) {
        MultiplyPanel<2>(job, row, end, column, finisher);
        column += 2 * kLanes;
      } else {
        MultiplyPanel<1>(job, row, end, column, finisher);
        column += kLanes;
      }
    }
  }
  finisher.Report(job.finish.seen);
}

template <int kDepth, int kWide>
THIMBLE_INLINE void TransposedTile(const MultiplyTransposed& job, int row, int end, int k, int column, bool add) {
  std::ptrdiff_t offsets[kDepth];
#pragma GCC unroll 16
  for (int r = 0; r < kDepth; ++r) offsets[r] = job.depth_offsets != nullptr ? job.depth_offsets[k + r] : k + r;
  Vec sums[kDepth][kWide];
  float* const g = job.g + static_cast<std::ptrdiff_t>(k) * job.columns + column;
#pragma GCC unroll 16
  for (int r = 0; r < kDepth; ++r) {
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) sums[r][w] = add ? Load(g + r * job.columns + w * kLanes) : Vec{};
  }
  const float* d = job.d + row * job.d_stride + column;
  const auto step = [&](const float* a) __attribute__((always_inline)) {
    Vec right[kWide];
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) right[w] = Load(d + w * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kDepth; ++r) {
      const Vec left = All(a[offsets[r]]);
#pragma GCC unroll 2
      for (int w = 0; w < kWide; ++w) sums[r][w] += left * right[w];
    }
    d += job.d_stride;
  };
  if (job.row_offsets != nullptr) {
    for (int m = row; m < end; ++m) step(job.a + job.row_offsets[m]);
  } else {
    const float* a = job.a + row * job.a_stride;
    for (int m = row; m < end; ++m, a += job.a_stride) step(a);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kDepth; ++r) {
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) {
      Store(g + r * job.columns + w * kLanes, sums[r][w], job.columns - column - w * kLanes);
    }
  }
}

template <int kDepth, int kWide>
int TransposedDepths(const MultiplyTransposed& job, int row, int end, int k, int column, bool add) {
  for (; k + kDepth <= job.depth; k += kDepth) TransposedTile<kDepth, kWide>(job, row, end, k, column, add);
  return k;
}

template <int kWide>
void TransposedPanel(const MultiplyTransposed& job, int row, int end, int column, bool add) {
  int k = TransposedDepths<(kWide == 2 ? kWideRows : kNarrowRows), kWide>(job, row, end, 0, column, add);
  k = TransposedDepths<4, kWide>(job, row, end, k, column, add);
  k = TransposedDepths<2, kWide>(job, row, end, k, column, add);
  TransposedDepths<1, kWide>(job, row, end, k, column, add);
}

void RunMultiplyTransposed(const MultiplyTransposed& job) {
  const int block = 2 * BlockRows(job.depth + job.columns);
  for (int row = 0; row < job.rows; row += block) {
    const int end = Least(job.rows, row + block);
    const bool add = job.accumulate || row > 0;
    for (int column = 0; column < job.columns;) {
      if (job.columns - column > kLanes) {
        TransposedPanel<2>(job, row, end, column, add);
        column += 2 * kLanes;
      } else {
        TransposedPanel<1>(job, row, end, column, add);
        column += kLanes;
      }
    }
  }
}

void Transpose(const float* from, int rows, int columns, float* to) {
  constexpr int kTile = 16;  // both sides of a tile stay in the first cache
  for (int r0 = 0; r0 < rows; r0 += kTile) {
    for (int c0 = 0; c0 < columns; c0 += kTile) {
      for (int c = c0; c < Least(columns, c0 + kTile); ++c) {
        float* const row = to + static_cast<std::ptrdiff_t>(c) * rows;
        for (int r = r0; r < Least(rows, r0 + kTile); ++r) row[r] = from[static_cast<std::ptrdiff_t>(r) * columns + c];
      }
    }
  }
}

// --- Depthwise ------------------------------------------------------------------------------------------------------

template <int kTaps>
THIMBLE_INLINE void DepthwiseTaps(const Depthwise& job, int tap, int channel, bool first, Finisher* finisher) {
  Vec weights[kTaps];
  std::ptrdiff_t offsets[kTaps];
#pragma GCC unroll 16
  for (int t = 0; t < kTaps; ++t) {
    weights[t] = Load(job.weights + static_cast<std::ptrdiff_t>(tap + t) * job.channels + channel);
    offsets[t] = job.tap_offsets[tap + t];
  }
  const Vec bias = job.bias != nullptr ? Load(job.bias + channel) : Vec{};
  const int count = job.channels - channel;
  float* y = job.y + channel;
  for (int row = 0; row < job.height; ++row) {
    const float* x = job.x + row * job.row_step + channel;
    for (int column = 0; column < job.width; ++column, x += job.column_step, y += job.channels) {
      // Two sums: one would wait for itself at every tap.
      Vec sum = first ? bias : Load(y);
      Vec other{};
#pragma GCC unroll 16
      for (int t = 0; t < kTaps; ++t) {
        (t % 2 == 0 ? sum : other) += Load(x + offsets[t]) * weights[t];
      }
      sum += other;
      Store(y, finisher != nullptr ? (*finisher)(sum, count) : sum, count);
    }
  }
}

void RunDepthwise(const Depthwise& job) {
  Finisher finisher(job.finish);
  for (int channel = 0; channel < job.channels; channel += kLanes) {
    for (int tap = 0; tap < job.taps;) {
      const int left = job.taps - tap;
      const bool first = tap == 0;
      if (left >= 9) {
        DepthwiseTaps<9>(job, tap, channel, first, left == 9 ? &finisher : nullptr);
        tap += 9;
      } else if (left >= 3) {
        DepthwiseTaps<3>(job, tap, channel, first, left == 3 ? &finisher : nullptr);
        tap += 3;
      } else {
        DepthwiseTaps<1>(job, tap, channel, first, left == 1 ? &finisher : nullptr);
        tap += 1;
      }
    }
  }
  finisher.Report(job.finish.seen);
}

template <int kTaps>
THIMBLE_INLINE void WeightGradientTaps(const DepthwiseBackward& job, int tap, int channel) {
  Vec sums[kTaps] = {};
  std::ptrdiff_t offsets[kTaps];
#pragma GCC unroll 16
  for (int t = 0; t < kTaps; ++t) offsets[t] = job.tap_offsets[tap + t];
  const float* dy = job.dy + channel;
  for (int row = 0; row < job.height; ++row) {
    const float* x = job.x + row * job.row_step + channel;
    for (int column = 0; column < job.width; ++column, x += job.column_step, dy += job.channels) {
      const Vec gradient = Load(dy);
#pragma GCC unroll 16
      for (int t = 0; t < kTaps; ++t) sums[t] += Load(x + offsets[t]) * gradient;
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < kTaps; ++t) {
    float* const to = job.weight_gradient + static_cast<std::ptrdiff_t>(tap + t) * job.channels + channel;
    Store(to, Load(to) + sums[t], job.channels - channel);
  }
}

void DepthwiseWeightGradient(const DepthwiseBackward& job) {
  for (int channel = 0; channel < job.channels; channel += kLanes) {
    for (int tap = 0; tap < job.taps;) {
      const int left = job.taps - tap;
      if (left >= 9) {
        WeightGradientTaps<9>(job, tap, channel);
        tap += 9;
      } else if (left >= 3) {
        WeightGradientTaps<3>(job, tap, channel);
        tap += 3;
      } else {
        WeightGradientTaps<1>(job, tap, channel);
        tap += 1;
      }
    }
  }
}

void DepthwiseScatter(const DepthwiseBackward& job) {
  for (int channel = 0; channel < job.channels; channel += kLanes) {
    const int count = job.channels - channel;
    const float* dy = job.dy + channel;
    for (int row = 0; row < job.height; ++row) {
      float* dx = job.dx + row * job.row_step + channel;
      for (int column = 0; column < job.width; ++column, dx += job.column_step, dy += job.channels) {
        const Vec gradient = Load(dy);
        for (int t = 0; t < job.taps; ++t) {
          float* const to = dx + job.tap_offsets[t];
          const Vec weight = Load(job.weights + static_cast<std::ptrdiff_t>(t) * job.channels + channel);
          Store(to, Load(to) + gradient * weight, count);
        }
      }
    }
  }
}

// --- Channels -------------------------------------------------------------------------------------------------------

template <int kSize>
struct Size {
  static constexpr int kVectors = kSize;
};

// Calls go(Size<vectors>, channel, rows' begin and end): blocks of channels whose sums stay in registers, and of rows,
// so that sums of many rows are sums of sums and keep their precision.
template <typename Go>
THIMBLE_INLINE void OverChannels(int rows, int channels, Go go) {
  constexpr int kBlock = 512;
  for (int row = 0; row < rows; row += kBlock) {
    const int end = Least(rows, row + kBlock);
    int channel = 0;
    for (; channel + 4 * kLanes <= channels; channel += 4 * kLanes) go(Size<4>{}, channel, row, end);
    for (; channel + 2 * kLanes <= channels; channel += 2 * kLanes) go(Size<2>{}, channel, row, end);
    for (; channel < channels; channel += kLanes) go(Size<1>{}, channel, row, end);
  }
}

void Clear(float* values, int count) {
  for (int i = 0; i < count; ++i) values[i] = 0;
}

void AddTo(float* to, Vec value, int count) { Store(to, Load(to) + value, count); }

void Mask(float* dy, const float* y, float low, float high, int rows, int channels, float* sums) {
  const bool masks = low > -__builtin_inff() || high < __builtin_inff();
  if (sums != nullptr) Clear(sums, channels);
  if (!masks && sums == nullptr) return;
  const Vec lows = All(low), highs = All(high);
  OverChannels(
      rows, channels, [&](auto size, int channel, int row, int end) __attribute__((always_inline)) {
        constexpr int kVectors = decltype(size)::kVectors;
        const int count = channels - channel;
        Vec total[kVectors] = {};
        for (int r = row; r < end; ++r) {
          const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(r) * channels + channel;
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            Vec gradient = Load(dy + at + v * kLanes);
            if (masks) {
              const Vec value = Load(y + at + v * kLanes);
              gradient = Where((value > lows) & (value < highs), gradient);
              Store(dy + at + v * kLanes, gradient, count);
            }
            total[v] += gradient;
          }
        }
        if (sums != nullptr) {
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) AddTo(sums + channel + v * kLanes, total[v], count);
        }
      });
}

void Moments(const float* x, int rows, int channels, float* mean, float* variance) {
  // Squares are taken of the distance from the first row: the difference of two large sums would lose what it is about.
  Clear(mean, channels);
  Clear(variance, channels);
  OverChannels(
      rows, channels, [&](auto size, int channel, int row, int end) __attribute__((always_inline)) {
        constexpr int kVectors = decltype(size)::kVectors;
        const int count = channels - channel;
        Vec sums[kVectors] = {}, squares[kVectors] = {}, origin[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) origin[v] = Load(x + channel + v * kLanes);
        for (int r = row; r < end; ++r) {
          const float* const from = x + static_cast<std::ptrdiff_t>(r) * channels + channel;
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            const Vec distance = Load(from + v * kLanes) - origin[v];
            sums[v] += distance;
            squares[v] += distance * distance;
          }
        }
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          AddTo(mean + channel + v * kLanes, sums[v], count);
          AddTo(variance + channel + v * kLanes, squares[v], count);
        }
      });
  const float each = 1.0f / static_cast<float>(rows);
  for (int c = 0; c < channels; ++c) {
    const float distance = mean[c] * each;
    const float square = variance[c] * each - distance * distance;
    mean[c] = x[c] + distance;
    variance[c] = square < 0 ? 0 : square;
  }
}

void Scale(const float* x, const float* factor, const float* addend, float* y, int rows, int channels,
           const Finish& finish) {
  Finisher finisher(finish);
  OverChannels(
      rows, channels, [&](auto size, int channel, int row, int end) __attribute__((always_inline)) {
        constexpr int kVectors = decltype(size)::kVectors;
        const int count = channels - channel;
        Vec factors[kVectors], addends[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          factors[v] = Load(factor + channel + v * kLanes);
          addends[v] = Load(addend + channel + v * kLanes);
        }
        for (int r = row; r < end; ++r) {
          const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(r) * channels + channel;
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            Store(y + at + v * kLanes, finisher(Load(x + at + v * kLanes) * factors[v] + addends[v], count), count);
          }
        }
      });
  finisher.Report(finish.seen);
}

void MaskProducts(float* dy, const float* y, const float* x, const float* mean, float low, float high, int rows,
                  int channels, float* sums, float* products) {
  Clear(sums, channels);
  Clear(products, channels);
  const Vec lows = All(low), highs = All(high);
  const bool masks = low > -__builtin_inff() || high < __builtin_inff();
  OverChannels(
      rows, channels, [&](auto size, int channel, int row, int end) __attribute__((always_inline)) {
        constexpr int kVectors = decltype(size)::kVectors;
        const int count = channels - channel;
        Vec total[kVectors] = {}, product[kVectors] = {}, means[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) means[v] = Load(mean + channel + v * kLanes);
        for (int r = row; r < end; ++r) {
          const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(r) * channels + channel;
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            Vec gradient = Load(dy + at + v * kLanes);
            if (masks) {
              const Vec value = Load(y + at + v * kLanes);
              gradient = Where((value > lows) & (value < highs), gradient);
              Store(dy + at + v * kLanes, gradient, count);
            }
            total[v] += gradient;
            product[v] += gradient * (Load(x + at + v * kLanes) - means[v]);
          }
        }
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          AddTo(sums + channel + v * kLanes, total[v], count);
          AddTo(products + channel + v * kLanes, product[v], count);
        }
      });
}

void Combine(const float* dy, const float* x, const float* a, const float* b, const float* d, float* dx, int rows,
             int channels) {
  OverChannels(
      rows, channels, [&](auto size, int channel, int row, int end) __attribute__((always_inline)) {
        constexpr int kVectors = decltype(size)::kVectors;
        const int count = channels - channel;
        Vec as[kVectors], bs[kVectors], ds[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          as[v] = Load(a + channel + v * kLanes);
          bs[v] = Load(b + channel + v * kLanes);
          ds[v] = Load(d + channel + v * kLanes);
        }
        for (int r = row; r < end; ++r) {
          const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(r) * channels + channel;
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            const int i = v * kLanes;
            Store(dx + at + i, Load(dy + at + i) * as[v] + (Load(x + at + i) * bs[v] + ds[v]), count);
          }
        }
      });
}

// --- Pools ----------------------------------------------------------------------------------------------------------

// Calls window(output's place, its rows' and columns' bounds) for every output of a pool.
template <typename Go>
THIMBLE_INLINE void OverWindows(const Pool& pool, Go go) {
  std::ptrdiff_t at = 0;
  for (int row = 0; row < pool.height; ++row) {
    for (int column = 0; column < pool.width; ++column, at += pool.channels) {
      for (int channel = 0; channel < pool.channels; channel += kLanes) {
        go(at + channel, row, column, channel, pool.channels - channel);
      }
    }
  }
}

template <typename Go>
THIMBLE_INLINE void InWindow(const Pool& pool, int row, int column, int channel, Go go) {
  for (int h = pool.row_begin[row]; h < pool.row_end[row]; ++h) {
    for (int w = pool.column_begin[column]; w < pool.column_end[column]; ++w) {
      go((static_cast<std::ptrdiff_t>(h) * pool.input_width + w) * pool.channels + channel);
    }
  }
}

THIMBLE_INLINE int WindowSize(const Pool& pool, int row, int column) {
  return (pool.row_end[row] - pool.row_begin[row]) * (pool.column_end[column] - pool.column_begin[column]);
}

void MaxPool(const Pool& pool, const float* x, float* y) {
  OverWindows(
      pool, [&](std::ptrdiff_t at, int row, int column, int channel, int count) __attribute__((always_inline)) {
        Vec best = All(-__builtin_inff());
        InWindow(
            pool, row, column,
            channel, [&](std::ptrdiff_t from) __attribute__((always_inline)) { best = Highest(best, Load(x + from)); });
        Store(y + at, best, count);
      });
}

void MaxPoolBackward(const Pool& pool, const float* x, const float* y, const float* dy, float* dx) {
  OverWindows(
      pool, [&](std::ptrdiff_t at, int row, int column, int channel, int count) __attribute__((always_inline)) {
        const Vec best = Load(y + at);
        Vec gradient = Load(dy + at);
        InWindow(
            pool, row, column, channel, [&](std::ptrdiff_t from) __attribute__((always_inline)) {
              const Ints here = Load(x + from) == best;
              Store(dx + from, Load(dx + from) + Where(here, gradient), count);
              gradient = Where(~here, gradient);
            });
      });
}

void AveragePool(const Pool& pool, const float* x, float* y) {
  OverWindows(
      pool, [&](std::ptrdiff_t at, int row, int column, int channel, int count) __attribute__((always_inline)) {
        Vec sum{};
        InWindow(
            pool, row, column,
            channel, [&](std::ptrdiff_t from) __attribute__((always_inline)) { sum += Load(x + from); });
        Store(y + at, sum / static_cast<float>(WindowSize(pool, row, column)), count);
      });
}

void AveragePoolBackward(const Pool& pool, const float* dy, float* dx) {
  OverWindows(
      pool, [&](std::ptrdiff_t at, int row, int column, int channel, int count) __attribute__((always_inline)) {
        const Vec gradient = Load(dy + at) / static_cast<float>(WindowSize(pool, row, column));
        InWindow(
            pool, row, column, channel, [&](std::ptrdiff_t to) __attribute__((always_inline)) {
              Store(dx + to, Load(dx + to) + gradient, count);
            });
      });
}

// --- Number by number -----------------------------------------------------------------------------------------------

// Calls go(place, numbers from there) for whole vectors, and for what is left.
template <typename Go>
THIMBLE_INLINE void OverAll(size_t count, Go go) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) go(i, kLanes);
  if (i < count) go(i, static_cast<int>(count - i));
}

// e^x to about 2 units in the last place: 2^n by the exponent's bits, and e^r for |r| <= ln 2 / 2 by the polynomial
// of Cephes' expf. NaN stays NaN.
THIMBLE_INLINE Vec Exponential(Vec x) {
  x = Lowest(All(88.0f), Highest(All(-87.0f), x));
  const Vec n = Round(x * 1.44269504f);
  const Vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Vec p = All(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Ints power = __builtin_convertvector(n, Ints);
  return p * reinterpret_cast<Vec>((power + 127) << 23);
}

THIMBLE_INLINE Vec Sigmoid(Vec x) { return 1.0f / (1.0f + Exponential(-x)); }
// Through the exponential of a negative number, so that it cannot overflow.
THIMBLE_INLINE Vec Tanh(Vec x) {
  const Ints sign = reinterpret_cast<Ints>(x) & static_cast<int32_t>(0x80000000);
  const Vec size = reinterpret_cast<Vec>(reinterpret_cast<Ints>(x) & 0x7fffffff);
  const Vec power = Exponential(size * -2.0f);
  const Vec result = (1.0f - power) / (1.0f + power);
  return reinterpret_cast<Vec>(reinterpret_cast<Ints>(result) | sign);
}

void FinishAll(const float* x, float* y, size_t count, const Finish& finish) {
  Finisher finisher(finish);
  OverAll(
      count, [&](size_t i, int left)
                 __attribute__((always_inline)) { Store(y + i, finisher(Load(x + i), left), left); });
  finisher.Report(finish.seen);
}

void AddAll(const float* from, float* to, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) { AddTo(to + i, Load(from + i), left); });
}

void Sum(const float* a, const float* b, float* y, size_t count, const Finish& finish) {
  Finisher finisher(finish);
  OverAll(
      count, [&](size_t i, int left)
                 __attribute__((always_inline)) { Store(y + i, finisher(Load(a + i) + Load(b + i), left), left); });
  finisher.Report(finish.seen);
}

void Product(const float* a, const float* b, float* y, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) { Store(y + i, Load(a + i) * Load(b + i), left); });
}

void Leaky(const float* x, float slope, float* y, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) {
        const Vec value = Load(x + i);
        Store(y + i, Highest(value * slope, value), left);
      });
}

void LeakyBackward(const float* y, float slope, float* dy, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) {
        const Ints positive = Load(y + i) > 0;
        const Vec gradient = Load(dy + i);
        Store(dy + i, Where(positive, gradient) + Where(~positive, gradient * slope), left);
      });
}

void ExponentialAll(const float* x, float* y, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) { Store(y + i, Exponential(Load(x + i)), left); });
}

void SigmoidAll(const float* x, float* y, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) { Store(y + i, Sigmoid(Load(x + i)), left); });
}

void SigmoidBackward(const float* y, float* dy, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) {
        const Vec value = Load(y + i);
        Store(dy + i, Load(dy + i) * value * (1.0f - value), left);
      });
}

void TanhAll(const float* x, float* y, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) { Store(y + i, Tanh(Load(x + i)), left); });
}

void TanhBackward(const float* y, float* dy, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) {
        const Vec value = Load(y + i);
        Store(dy + i, Load(dy + i) * (1.0f - value * value), left);
      });
}

// Eight generators side by side (Marsaglia: Xorshift RNGs, 2003) on every processor, so that all silence the same.
void Dropout(uint32_t* state, float rate, float* factors, size_t count) {
  constexpr int kGenerators = 8;
  using Words = uint32_t __attribute__((vector_size(kGenerators * sizeof(uint32_t))));
  using SignedWords = int32_t __attribute__((vector_size(kGenerators * sizeof(int32_t))));
  using Numbers = float __attribute__((vector_size(kGenerators * sizeof(float))));
  using LooseNumbers = float __attribute__((vector_size(kGenerators * sizeof(float)), aligned(4), may_alias));
  Words words{};
  for (int i = 0; i < kGenerators; ++i) words[i] = state[i];
  const SignedWords kept = reinterpret_cast<SignedWords>(1.0f / (1.0f - rate) - Numbers{});
  const auto limit = static_cast<int32_t>(rate * 0x1p24f);
  const auto next = [&]() __attribute__((always_inline)) {
    words ^= words << 13;
    words ^= words >> 17;
    words ^= words << 5;
    return reinterpret_cast<Numbers>((reinterpret_cast<SignedWords>(words >> 8) >= limit) & kept);
  };
  size_t i = 0;
  for (; i + kGenerators <= count; i += kGenerators) *reinterpret_cast<LooseNumbers*>(factors + i) = next();
  if (i < count) {
    const Numbers last = next();
    for (size_t j = 0; i + j < count; ++j) factors[i + j] = last[j];
  }
  for (int g = 0; g < kGenerators; ++g) state[g] = words[g];
}

void QuantiseWeights(const float* weights, const float* factor, int depth, int channels, float* quantised,
                     float* steps) {
  constexpr float kLargest = 127;
  Clear(steps, channels);
  const auto over = [&](auto go) __attribute__((always_inline)) {
    for (int k = 0; k < depth; ++k) {
      const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(k) * channels;
      for (int c = 0; c < channels; c += kLanes) {
        const Vec weight = Load(weights + row + c);
        go(row + c, c, factor != nullptr ? weight * Load(factor + c) : weight);
      }
    }
  };
  over([&](std::ptrdiff_t, int c, Vec weight) __attribute__((always_inline)) {
    Store(steps + c, Highest(Load(steps + c), Highest(weight, -weight)), channels - c);
  });
  for (int c = 0; c < channels; ++c) steps[c] = steps[c] > 0 ? steps[c] / kLargest : 1.0f;
  over([&](std::ptrdiff_t at, int c, Vec weight) __attribute__((always_inline)) {
    const Vec step = Load(steps + c);
    Store(quantised + at, Round(weight / step) * step, channels - c);
  });
}

void ScaleColumns(float* g, const float* factor, int depth, int channels) {
  for (int k = 0; k < depth; ++k) {
    float* const row = g + static_cast<std::ptrdiff_t>(k) * channels;
    for (int c = 0; c < channels; c += kLanes) Store(row + c, Load(row + c) * Load(factor + c), channels - c);
  }
}

// --- Optimisers -----------------------------------------------------------------------------------------------------

// Square roots of all lanes; the compiler has no name for it that fits every processor.
THIMBLE_INLINE Vec SquareRoot(Vec x) {
#if THIMBLE_LANES == 8
  return _mm256_sqrt_ps(x);
#elif defined(__x86_64__)
  return _mm_sqrt_ps(x);
#else
  for (int i = 0; i < kLanes; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

void RunAdam(const Adam& adam, const float* gradient, const float* decays, float* mean, float* square,
             float* parameters, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) {
        const Vec g = Load(gradient + i);
        const Vec m = Load(mean + i) * adam.mean_beta + g * (1 - adam.mean_beta);
        const Vec s = Load(square + i) * adam.square_beta + g * g * (1 - adam.square_beta);
        const Vec kept = Load(parameters + i) * (1.0f - Load(decays + i) * adam.decay);
        Store(mean + i, m, left);
        Store(square + i, s, left);
        const Vec size = SquareRoot(s * adam.square_correction) + adam.epsilon;
        Store(parameters + i, kept - m * adam.learning_rate / size, left);
      });
}

void Descend(float learning_rate, float momentum, bool nesterov, float decay, const float* gradient,
             const float* decays, float* velocity, float* parameters, size_t count) {
  OverAll(
      count, [&](size_t i, int left) __attribute__((always_inline)) {
        const Vec parameter = Load(parameters + i);
        const Vec g = Load(gradient + i) + parameter * (Load(decays + i) * decay);
        const Vec v = Load(velocity + i) * momentum + g;
        Store(velocity + i, v, left);
        Store(parameters + i, parameter - (nesterov ? g + v * momentum : v) * learning_rate, left);
      });
}

constexpr Kernels MakeKernels(const char* name) {
  return {
      .name = name,
      .multiply = &RunMultiply,
      .multiply_transposed = &RunMultiplyTransposed,
      .depthwise = &RunDepthwise,
      .depthwise_weight_gradient = &DepthwiseWeightGradient,
      .depthwise_scatter = &DepthwiseScatter,
      .transpose = &Transpose,
      .mask = &Mask,
      .moments = &Moments,
      .scale = &Scale,
      .mask_products = &MaskProducts,
      .combine = &Combine,
      .max_pool = &MaxPool,
      .max_pool_backward = &MaxPoolBackward,
      .average_pool = &AveragePool,
      .average_pool_backward = &AveragePoolBackward,
      .finish = &FinishAll,
      .add = &AddAll,
      .sum = &Sum,
      .product = &Product,
      .leaky = &Leaky,
      .leaky_backward = &LeakyBackward,
      .exponential = &ExponentialAll,
      .sigmoid = &SigmoidAll,
      .sigmoid_backward = &SigmoidBackward,
      .tanh = &TanhAll,
      .tanh_backward = &TanhBackward,
      .dropout = &Dropout,
      .quantise_weights = &QuantiseWeights,
      .scale_columns = &ScaleColumns,
      .adam = &RunAdam,
      .descend = &Descend,
  };
}

}  // namespace
}  // namespace thimble::trainer::engine

#endif  // THIMBLE_TRAINER_INTERNAL_KERNELS_BODY_H_
