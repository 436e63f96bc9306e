#include <gtest/gtest.h>

#include "steps/helium_convolve/pack.h"
#include "steps/layer_tests.h"

namespace thimble::steps {
namespace {

/// Often with groups of eight output channels, which have code of their own, and with columns of whole vectors.
Convolution Draw(Random& random) {
  Convolution layer = RandomConvolution(random);
  if (random.Chance(0.6)) layer.output_channels = Pick(random, 8, 26);
  if (random.Chance(0.1)) layer.input_channels = Pick(random, 15, 40);
  return layer;
}
auto Pack(const Convolution& layer) { return PackHeliumConvolve(layer, Target::kCortexM55); }

TEST(HeliumConvolve, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<HeliumConvolve, int8_t>(Draw, Pack);
}

TEST(HeliumConvolve, IsForHeliumAndBytes) { ExpectToBeForBytesOn(Target::kCortexM55, Draw, &PackHeliumConvolve); }

TEST(HeliumConvolve, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<HeliumConvolve>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
