// Hostile bytes for the reader of JSON files.
#include "dataset/internal/fuzzed_reader.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  return thimble::dataset::MutateFile(
      R"({"payload":{"interval_ms":10,"sensors":[{"name":"x","units":"g"}],"values":[[1],[-2.5]]}})", data, size,
      max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thimble::dataset::ReadHostileBytes("a.json", data, size);
  return 0;
}
