// Requantisation in fewer operations against the plain definition in base/fixed_point.h.
#include "steps/requantise.h"

#include <gtest/gtest.h>

#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

int32_t PickMantissa(Random& random) {
  return random.Chance(0.1)   ? 0x40000000
         : random.Chance(0.1) ? 0x7fffffff
         : random.Chance(0.1) ? 0
                              : Pick(random, 0x40000000, 0x7fffffff);
}

/// Sums of at most `bits` bits, near the ends of the range and near halves of the scaled result as well.
int32_t PickSum(Random& random, SumRange range, int32_t right) {
  const int64_t width = range.high - range.low + 1;
  int64_t sum = range.low + static_cast<int64_t>(random.Next() % static_cast<uint64_t>(width));
  if (random.Chance(0.2)) sum = range.low + Pick(random, 0, 3);
  if (random.Chance(0.2)) sum = range.high - Pick(random, 0, 3);
  if (random.Chance(0.4)) sum = (int64_t{Pick(random, -200, 200)} << right) + Pick(random, -3, 3);
  return static_cast<int32_t>(std::clamp(sum, range.low, range.high));
}

SumRange PickRange(Random& random, int32_t bits) {
  const int64_t end = int64_t{1} << (bits - 1);
  return random.Chance(0.3) ? SumRange{-end, end - 1}
                            : SumRange{-static_cast<int64_t>(random.Next() % static_cast<uint64_t>(end)),
                                       static_cast<int64_t>(random.Next() % static_cast<uint64_t>(end))};
}

TEST(Requantise, IsTheReferencesDoubleRounding) {
  Random random(1);
  int32_t made = 0;
  for (int32_t i = 0; i < 300000; ++i) {
    const Multiplier multiplier{PickMantissa(random), -Pick(random, 1, 31)};
    const int32_t zero_point = Pick(random, -128, 127);
    const SumRange range = PickRange(random, Pick(random, 2, 31));
    const auto requantiser = MakeRequantiser(multiplier.mantissa, multiplier.shift, zero_point, range);
    if (!requantiser) continue;
    ++made;
    const int32_t sum = PickSum(random, range, -multiplier.shift);
    ASSERT_EQ(Requantise(2 * sum, *requantiser), Scale(sum, multiplier) + zero_point)
        << sum << " * " << multiplier.mantissa << " >> " << -multiplier.shift;
  }
  EXPECT_GT(made, 250000);
}

TEST(Requantise, TakesAnyShiftInItsGeneralForm) {
  Random random(2);
  for (int32_t i = 0; i < 300000; ++i) {
    const Multiplier multiplier{PickMantissa(random), Pick(random, -31, 29)};
    const SumRange range = PickRange(random, Pick(random, 1, 31 - std::max(multiplier.shift, 0)));
    const auto requantiser = MakeGeneralRequantiser(multiplier.mantissa, multiplier.shift, range);
    ASSERT_TRUE(requantiser.has_value());
    const int32_t sum = PickSum(random, range, std::max(-multiplier.shift, 0));
    ASSERT_EQ(Requantise(sum, *requantiser), Scale(sum, multiplier))
        << sum << " * " << multiplier.mantissa << ", shift " << multiplier.shift;
  }
}

TEST(Requantise, RoundsOnceBehindARelu) {
  Random random(3);
  int32_t usual = 0, made = 0;
  for (int32_t i = 0; i < 20000; ++i) {
    const Multiplier multiplier{PickMantissa(random), -Pick(random, 1, random.Chance(0.2) ? 31 : 12)};
    const SumRange range = PickRange(random, Pick(random, 2, 24));
    const auto requantiser = MakeReluRequantiser(multiplier.mantissa, multiplier.shift, -128, range);
    const bool is_usual = multiplier.shift <= -5 && multiplier.shift >= -9;
    usual += is_usual ? 1 : 0;
    if (!requantiser) continue;
    made += is_usual ? 1 : 0;
    for (int32_t j = 0; j < 50; ++j) {
      const int32_t sum = PickSum(random, range, std::min(-multiplier.shift, 22));
      ASSERT_EQ(Saturate8(Requantise(256 * sum, *requantiser)), Saturate8(Scale(sum, multiplier) - 128))
          << sum << " * " << multiplier.mantissa << " >> " << -multiplier.shift;
    }
  }
  EXPECT_GT(made, usual - usual / 100);
  EXPECT_FALSE(MakeReluRequantiser(0x40000000, -7, -127, {-100000, 100000}));
  EXPECT_TRUE(MakeReluRequantiser(0x40000000, -31, -128, {-100000, 100000}));  // always the zero point
}

TEST(Requantise, RefusesWhatWouldOverflow) {
  EXPECT_FALSE(MakeRequantiser(0x40000000, 0, 0, {-1, 1}));
  EXPECT_FALSE(MakeRequantiser(0x40000000, -1, 0, {0, 1 << 30}));
  EXPECT_FALSE(MakeRequantiser(0x7fffffff, -25, 127, {0, (1 << 30) - 1}));
  EXPECT_TRUE(MakeRequantiser(0x7fffffff, -25, 127, {0, (1 << 24) - 1}));  // always 127
  EXPECT_FALSE(MakeGeneralRequantiser(0x40000000, 3, {0, 1 << 27}));
  EXPECT_TRUE(MakeGeneralRequantiser(0x40000000, 3, {0, (1 << 27) - 1}));
}

}  // namespace
}  // namespace thimble::steps
