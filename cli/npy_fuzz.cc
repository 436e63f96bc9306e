// Any bytes are an array whose data lies inside them, or a sentence.
#include <cstdint>
#include <cstdlib>

#include "cli/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto file = std::as_bytes(std::span(bytes, size));
  const auto array = thimble::cli::ParseNpy(file);
  if (!array) return array.error().message.empty() ? std::abort(), 1 : 0;
  size_t count = thimble::kernels::BytesOf(array->type);
  for (const int64_t dim : array->shape) count *= static_cast<size_t>(dim);
  if (array->data.size() != count || array->data.data() + count != file.data() + size) std::abort();
  return 0;
}
