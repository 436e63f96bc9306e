// What every fuzzer of a file format does with its bytes, and whole files to begin with.
#ifndef THIMBLE_DATASET_INTERNAL_FUZZED_READER_H_
#define THIMBLE_DATASET_INTERNAL_FUZZED_READER_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "dataset/reader.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace thimble::dataset {

/// Reads the bytes as a file of that name; dies when a sentence is missing, or when what is let in breaks the promises
/// of recording.h.
inline void ReadHostileBytes(const char* file, const uint8_t* data, size_t size) {
  std::vector<std::string> notices;
  const auto recording = ReadBytes(file, {reinterpret_cast<const char*>(data), size}, {}, notices);
  if (!recording) {
    if (recording.error().message.empty()) std::abort();
    return;
  }
  if (recording->readings() == 0 || recording->values.size() % recording->axes.size() != 0) std::abort();
  if (!(recording->interval_ms > 0 && std::isfinite(recording->interval_ms))) std::abort();
  const auto pixels = static_cast<size_t>(recording->width) * static_cast<size_t>(recording->height);
  if (recording->is_picture() && (pixels == 0 || recording->readings() % pixels != 0)) std::abort();
  for (const float value : recording->values) {
    if (!std::isfinite(value)) std::abort();
    if (recording->is_picture() && !(value >= 0 && value <= 0xFFFFFF)) std::abort();
  }
}

/// Mutates; bytes too few to be a file become `whole` first, so that an empty corpus is no start from nothing.
inline size_t MutateFile(std::string_view whole, uint8_t* data, size_t size, size_t max_size) {
  constexpr size_t kTooFew = 12;
  if (size < kTooFew && whole.size() <= max_size) {
    std::memcpy(data, whole.data(), whole.size());
    return whole.size();
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_FUZZED_READER_H_
