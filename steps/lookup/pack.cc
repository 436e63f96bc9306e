#include "steps/lookup/pack.h"

namespace thimble::steps {

std::optional<Packed<Lookup::Params>> PackLookup(const Mapping& layer, Target) {
  Packed<Lookup::Params> packed;
  packed.params.count = layer.count;
  ConstantWriter writer;
  for (size_t i = 0; i < 256; ++i) writer.Write(layer.values[(i + 128) % 256]);
  packed.constants = writer.Take();
  packed.stack_bytes = 24;
  packed.lead_bytes = 0;
  packed.cycles = 64 + 4.75 * layer.count;
  return packed;
}

}  // namespace thimble::steps
