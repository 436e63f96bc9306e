// Names of features, character by character.
#include "dsp/feature_text.h"

#include <gtest/gtest.h>

#include <string>

namespace thimble::dsp {
namespace {

std::string Decimal(double number) {
  FeatureName name;
  FeatureText(name).AddDecimal(number);
  return name.text;
}

TEST(FeatureText, WritesOneAfterTheOther) {
  FeatureName name;
  FeatureText(name).Add("Frame ").AddNumber(0).Add(" of ").AddNumber(18446744073709551615u);
  EXPECT_STREQ(name.text, "Frame 0 of 18446744073709551615");
}

TEST(FeatureText, WritesTwoDecimalsAtMostAndOneAtLeast) {
  EXPECT_EQ(Decimal(0), "0.0");
  EXPECT_EQ(Decimal(3), "3.0");
  EXPECT_EQ(Decimal(29.296875), "29.3");
  EXPECT_EQ(Decimal(8.59375), "8.59");
  EXPECT_EQ(Decimal(0.0625), "0.06");
  EXPECT_EQ(Decimal(1234567.999), "1234568.0");
}

TEST(FeatureText, RoundsHalvesToEven) {
  EXPECT_EQ(Decimal(3.125), "3.12");
  EXPECT_EQ(Decimal(9.375), "9.38");
}

TEST(FeatureText, TakesNumbersTooLargeForIt) { EXPECT_EQ(Decimal(1e300), "1000000000000000.0"); }

TEST(FeatureText, LeavesOutWhatDoesNotFit) {
  FeatureName name;
  FeatureText text(name);
  for (int i = 0; i < 100; ++i) text.Add("x");
  EXPECT_EQ(std::string(name.text), std::string(sizeof(name.text) - 1, 'x'));
}

}  // namespace
}  // namespace thimble::dsp
