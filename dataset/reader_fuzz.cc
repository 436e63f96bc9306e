// Hostile bytes for every file format: the first byte chooses the format, the rest is the file.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "dataset/internal/info_labels.h"
#include "dataset/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::dataset;
  if (size == 0) return 0;
  constexpr const char* kFiles[] = {"a.json", "a.cbor", "a.csv", "a.txt"};
  constexpr size_t kFormats = std::size(kFiles) + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t format = data[0] % kFormats;
  if (format == std::size(kFiles)) {
    const auto entries = ReadInfoLabels(bytes);
    if (!entries && entries.error().message.empty()) std::abort();
    return 0;
  }
  std::vector<std::string> notices;
  const auto recording = ReadBytes(kFiles[format], bytes, {}, notices);
  if (!recording) {
    if (recording.error().message.empty()) std::abort();
    return 0;
  }
  // What is let in keeps the promises of recording.h.
  if (recording->readings() == 0 || recording->values.size() % recording->axes.size() != 0) std::abort();
  if (!(recording->interval_ms > 0 && std::isfinite(recording->interval_ms))) std::abort();
  for (const float value : recording->values) {
    if (!std::isfinite(value)) std::abort();
  }
  return 0;
}
