#include <gtest/gtest.h>

#include "steps/layer_tests.h"
#include "steps/plain_depthwise/pack.h"

namespace thimble::steps {
namespace {

Convolution Draw(Random& random) { return RandomDepthwise(random, Multipliers::kSeveral); }
auto Pack(const Convolution& layer) { return PackPlainDepthwise(layer, Target::kCortexM0); }

TEST(PlainDepthwise, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<PlainDepthwise, int8_t>(Draw, Pack);
}

TEST(PlainDepthwise, IsForPlainCoresAndBytes) { ExpectToBeForBytesOn(Target::kCortexM0, Draw, &PackPlainDepthwise); }

TEST(PlainDepthwise, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<PlainDepthwise>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
