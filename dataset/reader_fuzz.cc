// Hostile bytes for the text formats and CBOR: the first byte chooses the format, the rest is the file.
#include "dataset/internal/fuzzed_reader.h"
#include "dataset/internal/info_labels.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::dataset;
  if (size == 0) return 0;
  constexpr const char* kFiles[] = {"a.json", "a.cbor", "a.csv", "a.txt"};
  constexpr size_t kFormats = std::size(kFiles) + 1;
  const size_t format = data[0] % kFormats;
  if (format < std::size(kFiles)) {
    ReadHostileBytes(kFiles[format], data + 1, size - 1);
    return 0;
  }
  const auto entries = ReadInfoLabels({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!entries && entries.error().message.empty()) std::abort();
  return 0;
}
