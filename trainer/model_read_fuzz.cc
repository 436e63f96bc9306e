// Any bytes at all must become a model that its own Check accepts and WriteTflite can write, or a sentence.
#include <cstdlib>

#include "trainer/model_read.h"
#include "trainer/model_tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::trainer;
  const auto model = ReadTflite(std::as_bytes(std::span(data, size)));
  if (!model) {
    if (model.error().message.empty()) std::abort();
    return 0;
  }
  const auto written = WriteTflite(*model);
  if (!written) std::abort();
  const auto again = ReadTflite(*written);
  if (!again || again->spec.input != model->spec.input) std::abort();
  return 0;
}
