// Tests of the plane in which the report shows features.
#include "trainer/projection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace thimble::trainer {
namespace {

TEST(ProjectToPlane, FindsTheDirectionThatAllFeaturesShare) {
  // Three features are one number in three units; the fourth is independent of it.
  const std::vector<float> rows = {-3, -30, -1.5F, 1,  -1, -10, -0.5F, -1,  //
                                   1,  10,  0.5F,  -1, 3,  30,  1.5F,  1};
  const auto plane = ProjectToPlane(rows, 4);
  ASSERT_EQ(plane.size(), 4U);
  // Standardised, x is -3..3 over sqrt(5); the component weighs three equal features by 1/sqrt(3) each.
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(plane[i][0], rows[4 * i] / std::sqrt(5.0) * std::sqrt(3.0), 1e-5) << i;
    EXPECT_NEAR(plane[i][1], rows[4 * i + 3], 1e-5) << i;
  }
}

TEST(ProjectToPlane, DoesNotCareAboutUnits) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> rows(50 * 5);
  for (float& value : rows) value = normal(random);
  for (size_t i = 0; i < 50; ++i) rows[i * 5 + 1] += 2 * rows[i * 5];
  std::vector<float> scaled = rows;
  for (size_t i = 0; i < 50; ++i) scaled[i * 5 + 3] = 1024 * rows[i * 5 + 3] + 4096;
  const auto one = ProjectToPlane(rows, 5);
  const auto other = ProjectToPlane(scaled, 5);
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_NEAR(one[i][0], other[i][0], 1e-2);
    EXPECT_NEAR(one[i][1], other[i][1], 1e-2);
  }
}

TEST(ProjectToPlane, OfThousandsOfFeaturesTakesSomeOfAll) {
  constexpr size_t kRows = 12, kFeatures = 20'000;
  std::vector<float> rows(kRows * kFeatures);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t i = 0; i < kFeatures; ++i) rows[row * kFeatures + i] = row < 6 ? 1.0f : -1.0f;
  }
  const auto plane = ProjectToPlane(rows, kFeatures);
  ASSERT_EQ(plane.size(), kRows);
  // As many equal features as are taken share one component.
  for (size_t row = 0; row < kRows; ++row) EXPECT_NEAR(std::abs(plane[row][0]), std::sqrt(254.0), 1e-3) << row;
  EXPECT_LT(plane[0][0] * plane[kRows - 1][0], 0);
}

TEST(ProjectToPlane, FixesTheSignByTheLargestWeight) {
  const std::vector<float> rows = {1, 2, 2, 4.1F, 3, 5.9F, 4, 8};
  std::vector<float> reversed(rows.rbegin(), rows.rend());  // rows and features in the other order
  EXPECT_LT(ProjectToPlane(rows, 2)[0][0], 0);
  EXPECT_GT(ProjectToPlane(reversed, 2)[0][0], 0);
}

TEST(ProjectToPlane, TakesAMissingValueForTheMean) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto plane = ProjectToPlane(std::vector<float>{-2, nan, -1, -1, 0, 0, 1, 1, 2, nan}, 2);
  const auto filled = ProjectToPlane(std::vector<float>{-2, 0, -1, -1, 0, 0, 1, 1, 2, 0}, 2);
  EXPECT_EQ(plane, filled);
  EXPECT_NE(plane[1][1], 0);
}

TEST(ProjectToPlane, SurvivesConstantsAndWhatIsNotANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> rows = {1, 7, nan, 2, 7, infinite, 3, 7, nan};
  const auto plane = ProjectToPlane(rows, 3);
  ASSERT_EQ(plane.size(), 3U);
  for (const auto& [x, y] : plane) {
    EXPECT_TRUE(std::isfinite(x));
    EXPECT_EQ(y, 0);
  }
  EXPECT_GT(plane[2][0], plane[0][0]);
  EXPECT_TRUE(ProjectToPlane({}, 3).empty());
  EXPECT_TRUE(ProjectToPlane(rows, 0).empty());
  EXPECT_EQ(ProjectToPlane(std::vector<float>{1, 2, 3}, 3), (std::vector<std::array<float, 2>>{{0, 0}}));
}

}  // namespace
}  // namespace thimble::trainer
