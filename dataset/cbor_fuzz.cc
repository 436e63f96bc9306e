// Hostile bytes for the reader of CBOR files.
#include "dataset/internal/fuzzed_reader.h"

// {"payload": {"interval_ms": 10, "sensors": [{"name": "x", "units": "g"}], "values": [1, 1.5]}}
constexpr char kSeed[] =
    "\xa1\x67"
    "payload"
    "\xa3\x6b"
    "interval_ms"
    "\x0a\x67"
    "sensors"
    "\x81\xa2\x64"
    "name"
    "\x61"
    "x"
    "\x65"
    "units"
    "\x61"
    "g"
    "\x66"
    "values"
    "\x82\x01\xf9\x3e\x00";

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  return thimble::dataset::MutateFile(std::string_view(kSeed, sizeof kSeed - 1), data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thimble::dataset::ReadHostileBytes("a.cbor", data, size);
  return 0;
}
