// Sliding sums, and a quotient by logarithms.
#include "dsp/fixed/normalisation.h"

#include "dsp/fixed/math.h"

namespace thimble::dsp::fixed {
namespace {

// A column of the table.
struct Column {
  int32_t* first;
  size_t stride;
  int32_t& operator[](size_t row) const { return first[row * stride]; }
};

// Goes through a column and its mirror images, from half a window before its first number on.
class Walk {
 public:
  Walk(std::span<const int32_t> column, size_t window) : column_(column), at_(window / 2) {
    // Backwards through the mirror first: …, 1, 0 | 0, 1, ….
    at_ %= 2 * column.size();
    backwards_ = at_ > 0 && at_ <= column.size();
    if (at_ > column.size()) {
      at_ = 2 * column.size() - at_;
    } else if (backwards_) {
      --at_;
    }
  }
  int32_t Next() {
    const int32_t value = column_[at_];
    if (backwards_) {
      if (at_ == 0) {
        backwards_ = false;
      } else {
        --at_;
      }
    } else if (++at_ == column_.size()) {
      backwards_ = true;
      --at_;
    }
    return value;
  }

 private:
  std::span<const int32_t> column_;
  size_t at_;
  bool backwards_;
};

// Copies the column, shifted so that its largest number has `bits` bits, or fewer if it had fewer and `up` is false.
void Take(Column column, int bits, bool up, std::span<int32_t> copy) {
  uint32_t magnitudes = 0;
  for (size_t i = 0; i < copy.size(); ++i) magnitudes |= MagnitudeBits(column[i]);
  int shift = bits - BitsOf(magnitudes);
  if (shift > 0 && !up) shift = 0;
  for (size_t i = 0; i < copy.size(); ++i) copy[i] = Shifted(column[i], shift);
}

struct Sums {
  int64_t first = 0;
  int64_t second = 0;  // of squares
};

// The sums of a window, which `entering` walks to its end. A window longer than the column and its mirror image goes
// through both several times.
Sums SumsOf(std::span<const int32_t> column, size_t window, Walk& entering) {
  const auto add = [](Sums& sums, int64_t value) {
    sums.first += value;
    sums.second += value * value;
  };
  Sums sums;
  const size_t period = 2 * column.size();
  if (window >= period) {
    for (const int32_t value : column) add(sums, value);
    const auto times = static_cast<int64_t>(2 * (window / period));
    sums = {sums.first * times, sums.second * times};
  }
  for (size_t i = window % period; i > 0; --i) add(sums, entering.Next());
  return sums;
}

// column[i] = window * x[i] - sum of the window around i. The window is not divided by: the deviation grows with it.
void TakeMeansAway(Column column, size_t window, std::span<int32_t> copy) {
  const auto count = static_cast<int32_t>(window);
  Take(column, 29 - BitsOf(static_cast<uint32_t>(window)), false, copy);
  Walk entering(copy, window);
  Walk leaving = entering;
  auto sum = static_cast<int32_t>(SumsOf(copy, window, entering).first);
  for (size_t i = 0; i < copy.size(); ++i) {
    column[i] = count * copy[i] - sum;
    sum += entering.Next() - leaving.Next();
  }
}

void DivideByDeviations(Column column, size_t window, std::span<int32_t> copy) {
  // Squares of 50 bits, 2^12 of which stay below 2^63.
  constexpr int kBits = 25;
  Take(column, kBits, true, copy);
  const auto count = static_cast<int32_t>(window);
  const int32_t count_log2 = Log2(static_cast<uint32_t>(window));
  const int64_t reciprocal = (int64_t{1} << 31) / count;
  Walk entering(copy, window);
  Walk leaving = entering;
  Sums sums = SumsOf(copy, window, entering);
  for (size_t i = 0; i < copy.size(); ++i) {
    // The sum of squared distances from the mean, with a whole number c for that; what c lacks of the mean is worth
    // one square of a unit at most. c is found in two steps, without a division.
    int64_t centre = ((sums.first >> 6) * reciprocal) >> 25;
    centre += ((sums.first - centre * count) * reciprocal + (int64_t{1} << 30)) >> 31;
    const int64_t around = sums.second - centre * (2 * sums.first - centre * count);
    const int32_t number = copy[i];
    int32_t quotient = 0;
    if (number != 0) {
      const auto size = static_cast<uint32_t>(number < 0 ? -number : number);
      quotient = around > 0 ? Exp2(Log2(size) - (Log2(static_cast<uint64_t>(around)) - count_log2) / 2) : INT32_MAX;
    }
    column[i] = number < 0 ? -quotient : quotient;
    const int64_t in = entering.Next();
    const int64_t out = leaving.Next();
    sums.first += in - out;
    sums.second += (in - out) * (in + out);
  }
}

}  // namespace

void NormaliseSliding(std::span<int32_t> table, size_t columns, size_t window, std::span<int32_t> scratch) {
  for (size_t i = 0; i < columns; ++i) {
    const Column column = {table.data() + i, columns};
    TakeMeansAway(column, window, scratch);
    DivideByDeviations(column, window, scratch);
  }
}

}  // namespace thimble::dsp::fixed
