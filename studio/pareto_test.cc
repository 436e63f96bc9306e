#include "studio/pareto.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace thimble::studio {
namespace {

TEST(ParetoFront, KeepsWhatNothingBeatsInEverything) {
  const std::vector<std::vector<double>> points = {{3, 1}, {1, 3}, {2, 2}, {3, 3}, {2, 2}, {NAN, 0}};
  EXPECT_EQ(ParetoFront(points), (std::vector<size_t>{1, 2, 0}));
  EXPECT_TRUE(ParetoFront({}).empty());
}

RC_GTEST_PROP(ParetoFront, BeatsAllOthersAndNoneOfItsOwn, ()) {
  const auto small = *rc::gen::container<std::vector<std::vector<int>>>(
      rc::gen::container<std::vector<int>>(3, rc::gen::inRange(0, 5)));
  std::vector<std::vector<double>> points;
  for (const auto& one : small) points.emplace_back(one.begin(), one.end());
  const std::vector<size_t> front = ParetoFront(points);
  const auto is_nowhere_larger = [&](size_t one, size_t other) {
    for (size_t i = 0; i < 3; ++i) {
      if (points[one][i] > points[other][i]) return false;
    }
    return true;
  };
  for (size_t i = 0; i < points.size(); ++i) {
    const bool inside = std::find(front.begin(), front.end(), i) != front.end();
    const bool beaten = std::any_of(front.begin(), front.end(),
                                    [&](size_t other) { return other != i && is_nowhere_larger(other, i); });
    RC_ASSERT(inside != beaten);
  }
}

}  // namespace
}  // namespace thimble::studio
