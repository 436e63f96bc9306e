// Sliding sums of fixed-point numbers, whose binary point each column has for itself.
#include "dsp/sliding_normalisation.h"

#include <bit>

#include "base/float_math.h"

namespace thimble::dsp {
namespace {

// 2^exponent, |exponent| <= 126.
float PowerOfTwo(int exponent) { return std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23); }

float ToFloat(uint64_t value) {
  return static_cast<float>(static_cast<uint32_t>(value >> 32)) * 0x1p32f +
         static_cast<float>(static_cast<uint32_t>(value));
}

float ToFloat(int64_t value) {
  const uint64_t size = static_cast<uint64_t>(value);
  return value < 0 ? -ToFloat(0 - size) : ToFloat(size);
}

// A column of the table.
struct Column {
  float* first;
  size_t stride;
  float& operator[](size_t row) const { return first[row * stride]; }
};

// One period of a column that goes on beyond its ends as in mirrors, as fixed-point numbers.
class Mirrored {
 public:
  // memory: two numbers for each of the column's `rows`. The largest one has `bits` bits.
  Mirrored(Column column, size_t rows, int bits, std::span<int32_t> memory) : numbers_(memory.first(2 * rows)) {
    uint32_t largest = 0;
    for (size_t i = 0; i < rows; ++i) {
      // Floats that are not negative have the order of their bits.
      const uint32_t size = std::bit_cast<uint32_t>(column[i]) & 0x7fff'ffff;
      if (size > largest) largest = size;
    }
    // Numbers far below what a logarithm can be are treated as if they were that large.
    constexpr int kSmallestExponent = -60;
    const int exponent = static_cast<int>(largest >> 23) - 127;
    point_ = bits - 1 - (exponent > kSmallestExponent ? exponent : kSmallestExponent);
    const float scale = PowerOfTwo(point_);
    for (size_t i = 0; i < rows; ++i) {
      const float scaled = column[i] * scale;
      const int32_t fixed = static_cast<int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
      numbers_[i] = fixed;
      numbers_[numbers_.size() - 1 - i] = fixed;
      sum_ += fixed;
      squares_ += static_cast<uint64_t>(static_cast<int64_t>(fixed) * fixed);
    }
  }

  int64_t operator[](size_t row) const { return numbers_[row]; }
  // What 1 stands for.
  float Unit() const { return PowerOfTwo(-point_); }
  int Period() const { return static_cast<int>(numbers_.size()); }
  // Over one period. The squares wrap around when numbers have more than 25 bits.
  int64_t Sum() const { return 2 * sum_; }
  int64_t Squares() const { return static_cast<int64_t>(2 * squares_); }

  // Goes on from number to number, without end.
  class Walk {
   public:
    // From `before` places before the first one on.
    Walk(const Mirrored& column, size_t before)
        : first_(column.numbers_.data()),
          end_(first_ + column.numbers_.size()),
          at_(end_ - before % column.numbers_.size()) {
      if (at_ == end_) at_ = first_;
    }
    int32_t Next() {
      const int32_t number = *at_++;
      if (at_ == end_) at_ = first_;
      return number;
    }

   private:
    const int32_t* first_;
    const int32_t* end_;
    const int32_t* at_;
  };

 private:
  std::span<int32_t> numbers_;
  int point_ = 0;
  int64_t sum_ = 0;
  uint64_t squares_ = 0;
};

void TakeMeansAway(Column column, size_t rows, int window, std::span<int32_t> memory) {
  constexpr int kBits = 30;
  const Mirrored fixed(column, rows, kBits, memory);
  const float scale = fixed.Unit() / static_cast<float>(window);
  Mirrored::Walk entering(fixed, static_cast<size_t>(window) / 2);
  Mirrored::Walk leaving = entering;
  int64_t sum = window / fixed.Period() * fixed.Sum();
  for (int i = window % fixed.Period(); i > 0; --i) sum += entering.Next();
  for (size_t i = 0; i < rows; ++i) {
    column[i] = ToFloat(fixed[i] * window - sum) * scale;
    sum += entering.Next() - static_cast<int64_t>(leaving.Next());
  }
}

void DivideByDeviations(Column column, size_t rows, int window, std::span<int32_t> memory) {
  // Squares of 50 bits, 2^12 of which stay below 2^63.
  constexpr int kBits = 25;
  const Mirrored fixed(column, rows, kBits, memory);
  const float unit = fixed.Unit();
  const float share = 1.0f / static_cast<float>(window);
  Mirrored::Walk entering(fixed, static_cast<size_t>(window) / 2);
  Mirrored::Walk leaving = entering;
  int64_t sum = window / fixed.Period() * fixed.Sum();
  int64_t squares = window / fixed.Period() * fixed.Squares();
  for (int i = window % fixed.Period(); i > 0; --i) {
    const int64_t number = entering.Next();
    sum += number;
    squares += number * number;
  }
  for (size_t i = 0; i < rows; ++i) {
    // With c, the mean but for a few units out of 2^25: the sum of (x - c)^2, as whole numbers. Its terms may wrap
    // around, the result does not.
    const int64_t centre = static_cast<int32_t>(ToFloat(sum) * share);
    const uint64_t around = static_cast<uint64_t>(squares) -
                            static_cast<uint64_t>(centre) * static_cast<uint64_t>(2 * sum - centre * window);
    const float variance = ToFloat(around) * share;
    column[i] = column[i] / (Sqrt(variance) * unit + 1e-10f);
    const int64_t in = entering.Next();
    const int64_t out = leaving.Next();
    sum += in - out;
    squares += in * in - out * out;
  }
}

}  // namespace

void NormaliseSliding(std::span<float> table, size_t columns, size_t window, std::span<int32_t> scratch) {
  const size_t rows = table.size() / columns;
  for (size_t i = 0; i < columns; ++i) {
    const Column column = {table.data() + i, columns};
    TakeMeansAway(column, rows, static_cast<int>(window), scratch);
    DivideByDeviations(column, rows, static_cast<int>(window), scratch);
  }
}

}  // namespace thimble::dsp
