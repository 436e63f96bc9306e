#include "steps/four_sums/channels.h"
#include "steps/four_sums/sums.h"

namespace thimble::steps {

LaneChannel MakeLaneChannel(std::span<const int8_t> weights, int64_t bias, int32_t input_zero_point) {
  Convolution layer;
  layer.input_zero_point = input_zero_point;
  layer.bias = {bias};
  layer.mantissa = layer.shift = {0};
  return MakeLaneChannel(layer, 0, {weights.begin(), weights.end()});
}

void WriteFourSums(ConstantWriter& constants, const LanePair (&pairs)[2]) {
  for (const LanePair& pair : pairs) constants.Write(pair.BothBias());
  for (const LanePair& pair : pairs) constants.Write(pair.FirstBias());
  const size_t quads = QuadsOf(pairs[0].first->weights.size());
  for (size_t i = 0; i < quads; ++i) {
    const size_t quad = (i + quads - 1) % quads;
    for (const size_t odd : {0, 1}) {
      for (const LanePair& pair : pairs) constants.Write(pair.Lanes(4 * quad + odd, 4 * quad + odd + 2));
    }
  }
}

double FourSumsRowCycles(int32_t inputs) { return 32 + 21.4 * QuadsOf(inputs); }

}  // namespace thimble::steps
