// Any bytes as impulse.json: an impulse that passes its own check and survives being written, or a sentence.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compiler/impulse_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::compiler;
  const auto read = ParseImpulse("impulse.json", {reinterpret_cast<const char*>(data), size});
  if (!read.ok()) {
    if (read.error().message.empty()) std::abort();
    return 0;
  }
  if (!Check(*read).ok() || !ParseImpulse("impulse.json", WriteImpulse(*read)).ok()) std::abort();
  return 0;
}
