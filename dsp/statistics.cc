// Moments in float32, standardised before they are raised to a power so that nothing overflows.
#include "dsp/statistics.h"

#include <cstddef>

#include "base/float_math.h"

namespace thimble::dsp {
namespace {

// The sum of term(x[i]), a float or a Powers. The term may change x[i].
template <typename T, typename Term>
inline auto SumInLanes(std::span<T> x, Term term) {
  decltype(term(x[0])) lanes[4] = {};
  const size_t whole = x.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) {
    lanes[0] += term(x[i]);
    lanes[1] += term(x[i + 1]);
    lanes[2] += term(x[i + 2]);
    lanes[3] += term(x[i + 3]);
  }
  for (size_t i = whole; i < x.size(); ++i) lanes[i - whole] += term(x[i]);
  lanes[0] += lanes[1];
  lanes[2] += lanes[3];
  lanes[0] += lanes[2];
  return lanes[0];
}

struct Powers {
  float third = 0;
  float fourth = 0;
  void operator+=(Powers other) {
    third += other.third;
    fourth += other.fourth;
  }
};

// Below it, 1 / deviation is no longer a useful number.
constexpr float kSmallestDeviation = 1e-18f;

// The shape of x with a known sum of squared distances from its mean.
Shape ShapeFrom(std::span<const float> x, float mean, float square_sum) {
  const float count = static_cast<float>(x.size());
  Shape shape;
  shape.deviation = Sqrt(square_sum / count);
  if (shape.deviation < kSmallestDeviation) return shape;
  const float scale = 1.0f / shape.deviation;
  const Powers sum = SumInLanes(x, [mean, scale](float value) {
    const float z = (value - mean) * scale;
    const float square = z * z;
    return Powers{square * z, square * square};
  });
  shape.skewness = sum.third / count;
  shape.kurtosis = sum.fourth / count - 3.0f;
  return shape;
}

}  // namespace

float Mean(std::span<const float> x) {
  // From the first number on, so that a large constant part (gravity) costs no precision.
  const float first = x[0];
  return first + SumInLanes(x, [first](float value) { return value - first; }) / static_cast<float>(x.size());
}

Shape ShapeOf(std::span<const float> x) {
  const float mean = Mean(x);
  return ShapeFrom(x, mean, SumInLanes(x, [mean](float value) { return (value - mean) * (value - mean); }));
}

Shape Centre(std::span<float> x) {
  const float mean = Mean(x);
  return ShapeFrom(x, 0, SumInLanes(x, [mean](float& value) {
                     value -= mean;
                     return value * value;
                   }));
}

}  // namespace thimble::dsp
