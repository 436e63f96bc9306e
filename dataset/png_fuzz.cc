// Hostile bytes for the reader of PNG files, with check sums that are right: the library stops at wrong ones.
#include <png.h>

#include <string>

#include "base/crc32.h"
#include "dataset/internal/fuzzed_reader.h"

namespace {

std::string Seed() {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = 5;
  image.height = 4;
  image.format = PNG_FORMAT_RGBA;
  std::string pixels;
  for (int i = 0; i < 5 * 4 * 4; ++i) pixels += static_cast<char>(i * 7);
  std::string file(4096, '\0');
  png_alloc_size_t bytes = file.size();
  if (png_image_write_to_memory(&image, file.data(), &bytes, 0, pixels.data(), 0, nullptr) == 0) std::abort();
  return file.substr(0, bytes);
}

uint32_t Big(const uint8_t* at) { return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3]; }

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  static const std::string seed = Seed();
  const size_t mutated = thimble::dataset::MutateFile(seed, data, size, max_size);
  constexpr size_t kSignature = 8, kAround = 12;  // length, name and check sum around a chunk's bytes
  for (size_t at = kSignature; at + kAround <= mutated;) {
    const size_t length = Big(data + at);
    if (length > mutated - at - kAround) break;
    const uint32_t sum = thimble::Crc32(std::as_bytes(std::span(data + at + 4, length + 4)));
    for (int i = 0; i < 4; ++i)
      data[at + 8 + length + static_cast<size_t>(i)] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    at += length + kAround;
  }
  return mutated;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thimble::dataset::ReadHostileBytes("a.png", data, size);
  return 0;
}
