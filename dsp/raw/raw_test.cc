// What raw data promises beyond its golden vectors, which dsp/golden_test.cc runs.
#include <gtest/gtest.h>

#include "dsp/raw/block.h"

namespace thimble::dsp {
namespace {

TEST(Raw, NamesReadingsFromOneOnAndTheirAxes) {
  const Window window = {.axes = 3, .readings = 2, .rate_hz = 100};
  EXPECT_STREQ(Raw::NameOf({}, window, 0).text, "Reading 1");
  EXPECT_EQ(Raw::NameOf({}, window, 0).axis, 0);
  EXPECT_STREQ(Raw::NameOf({}, window, 5).text, "Reading 2");
  EXPECT_EQ(Raw::NameOf({}, window, 5).axis, 2);
  EXPECT_EQ(Raw::LayoutOf({}, window).width, 6);
}

}  // namespace
}  // namespace thimble::dsp
