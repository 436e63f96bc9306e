#include <gtest/gtest.h>

#include "steps/helium_depthwise/pack.h"
#include "steps/layer_tests.h"

namespace thimble::steps {
namespace {

Convolution Draw(Random& random) { return RandomDepthwise(random, Multipliers::kOne); }
auto Pack(const Convolution& layer) { return PackHeliumDepthwise(layer, Target::kCortexM55); }

TEST(HeliumDepthwise, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<HeliumDepthwise, int8_t>(Draw, Pack);
}

TEST(HeliumDepthwise, IsForHeliumAndBytes) { ExpectToBeForBytesOn(Target::kCortexM55, Draw, &PackHeliumDepthwise); }

TEST(HeliumDepthwise, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<HeliumDepthwise>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
