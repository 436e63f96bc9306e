#include <gtest/gtest.h>

#include "steps/helium_convolve/pack.h"
#include "steps/layer_tests.h"

namespace thimble::steps {
namespace {

Convolution Draw(Random& random) { return RandomConvolution(random); }
auto Pack(const Convolution& layer) { return PackHeliumConvolve(layer, Target::kCortexM55); }

TEST(HeliumConvolve, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<HeliumConvolve, int8_t>(Draw, Pack);
}

TEST(HeliumConvolve, IsForHeliumAndBytes) { ExpectToBeForBytesOn(Target::kCortexM55, Draw, &PackHeliumConvolve); }

TEST(HeliumConvolve, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<HeliumConvolve>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
