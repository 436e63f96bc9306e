#include <gtest/gtest.h>

#include "steps/layer_tests.h"
#include "steps/plain_convolve/pack.h"

namespace thimble::steps {
namespace {

Convolution Draw(Random& random) { return RandomConvolution(random); }
auto Pack(const Convolution& layer) { return PackPlainConvolve(layer, Target::kCortexM0); }

TEST(PlainConvolve, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<PlainConvolve, int8_t>(Draw, Pack);
}

TEST(PlainConvolve, IsForPlainCoresAndBytes) { ExpectToBeForBytesOn(Target::kCortexM0, Draw, &PackPlainConvolve); }

TEST(PlainConvolve, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<PlainConvolve>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
