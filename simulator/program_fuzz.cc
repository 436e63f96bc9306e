// Whatever a firmware file holds, loading it ends with a program that lies in the board's flash, or with a sentence.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "firmware/boards/az3166/board.h"
#include "simulator/program.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble;
  static const int file = memfd_create("firmware", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const firmware::Board& board = firmware::kAz3166;
  const auto program = simulator::LoadProgram(path, board);
  if (!program.ok()) {
    if (program.error().message.empty()) std::abort();
    return 0;
  }
  if (program->segments.empty()) std::abort();
  for (const auto& segment : program->segments) {
    const uint64_t end = uint64_t{segment.address} + segment.bytes.size();
    if (segment.address < board.flash.base || end > uint64_t{board.flash.base} + board.flash.bytes) std::abort();
  }
  for (const auto& function : program->functions) (void)program->NameOf(function.address + 1);
  (void)program->NameOf(size > 4 ? data[4] * 0x0101'0101u : 0);
  return 0;
}
