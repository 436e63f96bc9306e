// Hostile bytes for the reader of JPEG files.
#include <cstdio>
// libjpeg's header needs FILE and is not self-contained.
#include <jpeglib.h>

#include <string>

#include "dataset/internal/fuzzed_reader.h"

namespace {

std::string Seed() {
  jpeg_compress_struct state = {};
  jpeg_error_mgr errors;
  state.err = jpeg_std_error(&errors);
  jpeg_create_compress(&state);
  unsigned char* file = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&state, &file, &bytes);
  state.image_width = 17;
  state.image_height = 9;
  state.input_components = 3;
  state.in_color_space = JCS_RGB;
  jpeg_set_defaults(&state);
  jpeg_simple_progression(&state);
  jpeg_start_compress(&state, TRUE);
  unsigned char pixels[17 * 3];
  for (size_t i = 0; i < sizeof pixels; ++i) pixels[i] = static_cast<unsigned char>(i * i);
  JSAMPROW row = pixels;
  for (int y = 0; y < 9; ++y) jpeg_write_scanlines(&state, &row, 1);
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  std::string seed(reinterpret_cast<const char*>(file), bytes);
  std::free(file);
  return seed;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  static const std::string seed = Seed();
  return thimble::dataset::MutateFile(seed, data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thimble::dataset::ReadHostileBytes("a.jpg", data, size);
  return 0;
}
