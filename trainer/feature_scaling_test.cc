#include "trainer/feature_scaling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thimble::trainer {
namespace {

TEST(FeatureScaling, BringsEveryFeatureToMeanZeroAndDeviationOne) {
  const std::vector<float> rows{1, 1000, 3, -1000, 5, 3000};
  const auto scaling = FitFeatureScaling(rows, 2);
  ASSERT_TRUE(scaling.ok());
  std::vector<float> scaled = rows;
  Apply(*scaling, scaled);
  for (size_t feature = 0; feature < 2; ++feature) {
    float sum = 0, squares = 0;
    for (size_t i = feature; i < scaled.size(); i += 2) sum += scaled[i], squares += scaled[i] * scaled[i];
    EXPECT_NEAR(sum, 0, 1e-5f);
    EXPECT_NEAR(squares / 3, 1, 1e-5f);
  }
}

TEST(FeatureScaling, MakesFeaturesThatDoNotVaryZeroWhateverComesLater) {
  const float almost = std::nextafter(2000.0f, 3000.0f);
  const auto scaling = FitFeatureScaling(std::vector<float>{7, 0, 2000, 7, 0, almost}, 3);
  ASSERT_TRUE(scaling.ok());
  std::vector<float> later{1e9f, -5, 2500};
  Apply(*scaling, later);
  EXPECT_EQ(later, (std::vector<float>{0, 0, 0}));
}

TEST(FeatureScaling, KeepsLargeAndSmallFeaturesThatVary) {
  const auto scaling = FitFeatureScaling(std::vector<float>{1e-9f, 1e30f, 2e-9f, 3e30f}, 2);
  ASSERT_TRUE(scaling.ok());
  EXPECT_NEAR(scaling->scale[0] * 0.5e-9f, 1, 1e-4f);
  EXPECT_NEAR(scaling->scale[1] * 1e30f, 1, 1e-4f);
}

TEST(FeatureScaling, RefusesWhatIsNotRowsOfNumbers) {
  EXPECT_FALSE(FitFeatureScaling({}, 3).ok());
  EXPECT_FALSE(FitFeatureScaling(std::vector<float>{1, 2}, 0).ok());
  EXPECT_FALSE(FitFeatureScaling(std::vector<float>{1, 2, 3}, 2).ok());
  const auto bad = FitFeatureScaling(std::vector<float>{1, 2, 3, std::numeric_limits<float>::quiet_NaN()}, 2);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().message, "row 1, feature 1 is not a finite number; leave the row out or mend what made it");
}

}  // namespace
}  // namespace thimble::trainer
