// Whatever a debugger says, the board answers with a packet of bounded length or runs, and goes on.
//
// The input is packets, one a line; between them the board runs as far as it was told to.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/az3166/kit.h"
#include "simulator/gdb_server.h"

namespace {

using namespace thimble::simulator;

constexpr uint32_t kProgram = 0x0800'c000;

/// Counts in r0, stores and loads in a loop: `str r0, [r1]; ldr r2, [r1]; adds r0, #1; b` with r1 at the stack's end.
Kit& BoardAnew() {
  static const auto kit = [] {
    auto fresh = std::make_unique<Kit>();
    const std::vector<uint16_t> halfwords = {
        0x0000, 0x2001, 0xc041, 0x0800, 0, 0, 0xc041, 0x0800, 0xc041, 0x0800, 0xc041, 0x0800, 0xc041,
        0x0800, 0,      0,      0,      0, 0, 0,      0,      0,      0,      0,      0,      0,
        0,      0,      0,      0,      0, 0, 0x4669, 0x3908, 0x6008, 0x680a, 0x3001, 0xe7fb};
    fresh->chip().Program(kProgram, std::as_bytes(std::span(halfwords)));
    fresh->chip().SetApplication(kProgram);
    fresh->PowerOn();
    return fresh;
  }();
  static const ChipSnapshot beginning = kit->chip().Save();
  kit->chip().Restore(beginning);
  return *kit;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Kit& kit = BoardAnew();
  GdbProtocol protocol(kit.chip());
  for (int packets = 0; !input.empty() && packets < 60; ++packets) {
    const size_t end = input.find('\n');
    const std::string answer = protocol.Answer(input.substr(0, end));
    if (answer.size() > 5000) std::abort();
    if (protocol.killed()) break;
    if (protocol.running()) {
      const uint64_t now = kit.chip().Cycles();
      const ChipStop stop =
          kit.chip().Run(now + 300, protocol.stepping() ? kit.chip().core().registers().instructions + 1 : kNever);
      if (protocol.Stopped(stop).empty()) std::abort();
    }
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  }
  protocol.Detach();
  return 0;
}
