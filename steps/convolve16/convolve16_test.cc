#include <gtest/gtest.h>

#include "steps/convolve16/pack.h"
#include "steps/layer_tests.h"

namespace thimble::steps {
namespace {

Convolution Draw(Random& random) { return RandomConvolution(random, RandomInt16(random)); }
auto Pack(const Convolution& layer) { return PackConvolve16(layer, Target::kCortexM4); }

TEST(Convolve16, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<Convolve16, int16_t>(Draw, Pack);
}

TEST(Convolve16, IsForInt16AndSumsOf32Bits) { ExpectToBeForInt16AndSumsOf32Bits(Draw, Pack); }

TEST(Convolve16, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<Convolve16>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
