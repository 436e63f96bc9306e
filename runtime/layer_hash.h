// One number for all that an operator wrote, to compare machines layer by layer.
#ifndef THIMBLE_RUNTIME_LAYER_HASH_H_
#define THIMBLE_RUNTIME_LAYER_HASH_H_

#include "base/hash.h"
#include "runtime/network.h"

namespace thimble::runtime {

/// FNV-1a of the layer's outputs as they stand in memory, one after the other. Handles of variables are left out: they
/// are addresses, or nothing.
inline uint64_t HashOf(const Network::Layer& layer) {
  uint64_t hash = kFnvOffset;
  for (int i = 0; i < layer.output_count(); ++i) {
    const kernels::Tensor tensor = layer.output(i);
    if (tensor.type == kernels::Type::kResource) continue;
    hash = Fnv1a({tensor.As<const std::byte>(), tensor.SizeBytes()}, hash);
  }
  return hash;
}

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_LAYER_HASH_H_
