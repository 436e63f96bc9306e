// Hostile bytes for the reader of WAV files.
#include "dataset/internal/fuzzed_reader.h"

// Two samples of 16 bits at 16 kHz.
constexpr char kSeed[] =
    "RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0"
    "data\x04\0\0\0\x01\x02\x03\x84";

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  return thimble::dataset::MutateFile({kSeed, sizeof kSeed - 1}, data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thimble::dataset::ReadHostileBytes("a.wav", data, size);
  return 0;
}
