#include <gtest/gtest.h>

#include "steps/helium_depthwise/pack.h"
#include "steps/layer_tests.h"

namespace thimble::steps {
namespace {

/// Often with groups of eight channels, which have code of their own, and with windows wider than a patch.
Convolution Draw(Random& random) {
  Convolution layer = RandomDepthwise(random, Multipliers::kOne);
  if (random.Chance(0.6)) layer.input_channels = layer.output_channels = Pick(random, 8, 40);
  if (random.Chance(0.1)) {
    layer.kernel_width = Pick(random, 5, 9);
    layer.dilation_width = 1;
    layer.input_width += layer.kernel_width;
    layer.output_width = OutputLength(layer.input_width, layer.kernel_width, layer.stride_width, 1, layer.pad_left);
  }
  return layer;
}
auto Pack(const Convolution& layer) { return PackHeliumDepthwise(layer, Target::kCortexM55); }

TEST(HeliumDepthwise, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  ExpectTheReferencesBits<HeliumDepthwise, int8_t>(Draw, Pack);
}

TEST(HeliumDepthwise, IsForHeliumAndBytes) { ExpectToBeForBytesOn(Target::kCortexM55, Draw, &PackHeliumDepthwise); }

TEST(HeliumDepthwise, RefusesOrSurvivesDamagedParameters) { ExpectSafetyWhenDamaged<HeliumDepthwise>(Draw, Pack); }

}  // namespace
}  // namespace thimble::steps
