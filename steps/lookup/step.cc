#include "steps/lookup/step.h"

namespace thimble::steps {

bool Lookup::Check(const Params& p, const std::byte*, const Extents& extents) {
  return Within(extents.frame_bytes, p.input, p.count) && Within(extents.frame_bytes, p.output, p.count) &&
         Within(extents.constants_bytes, p.constants, 256);
}

void Lookup::Run(const Params& p, const Memory& memory) {
  const auto* table = reinterpret_cast<const uint8_t*>(memory.constants + p.constants);
  const auto* input = reinterpret_cast<const uint8_t*>(memory.frame + p.input);
  auto* output = reinterpret_cast<uint8_t*>(memory.frame + p.output);
  int32_t left = p.count;
  for (; left >= 4; left -= 4) {
    // All four before the first is written, so that loads stand together and the output may be the input.
    const uint32_t a = input[0], b = input[1], c = input[2], d = input[3];
    const uint8_t y0 = table[a], y1 = table[b], y2 = table[c], y3 = table[d];
    output[0] = y0;
    output[1] = y1;
    output[2] = y2;
    output[3] = y3;
    input += 4;
    output += 4;
  }
  for (; left > 0; --left) *output++ = table[*input++];
}

}  // namespace thimble::steps
