#include <gtest/gtest.h>

#include "steps/depthwise16/pack.h"
#include "steps/layer_tests.h"

namespace thimble::steps {
namespace {

Convolution Draw(Random& random) { return RandomDepthwise(random, Multipliers::kSeveral, RandomInt16(random)); }
auto Pack(const Convolution& layer) { return PackDepthwise16(layer, Target::kCortexM4); }

TEST(Depthwise16, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<Depthwise16, int16_t>(Draw, Pack);
}

TEST(Depthwise16, IsForInt16AndSumsOf32Bits) { ExpectToBeForInt16AndSumsOf32Bits(Draw, Pack); }

TEST(Depthwise16, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<Depthwise16>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
