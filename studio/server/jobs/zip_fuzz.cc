// Any bytes as an archive: read or refused, never more than allowed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "studio/server/jobs/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using thimble::studio::ZipEntry;
  constexpr uint64_t kMostBytes = 1 << 20;
  const auto entries = thimble::studio::ReadZip({reinterpret_cast<const char*>(data), size}, 100);
  if (!entries.ok()) return 0;
  for (const ZipEntry& entry : *entries) {
    const auto bytes = thimble::studio::Unpack(entry, kMostBytes);
    if (bytes.ok() && bytes->size() > kMostBytes) std::abort();
  }
  return 0;
}
