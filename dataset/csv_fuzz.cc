// Hostile bytes for the reader of CSV files.
#include "dataset/internal/fuzzed_reader.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  return thimble::dataset::MutateFile("time_ms,x (g),y\\n0,1,2\\n10,-3.5,4e1\\n20,5,6\\n", data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thimble::dataset::ReadHostileBytes("a.csv", data, size);
  return 0;
}
