// The benchmark of signal processing: runs all cases once, and says line by line what each took.
//
//   NAME TICKS BYTES HASH     ticks of the board, memory without the samples, FNV-1a of the features
//   NAME skipped              what does not fit into this board's memory
//   done
//
// Each case is a region for the cycle counter, in the order of the lines.
#include "firmware/board.h"
#include "firmware/cycle_region.h"
#include "firmware/dsp_bench/cases.h"
#include "firmware/text.h"

namespace {

using namespace thimble;
using namespace thimble::firmware;

uint32_t ticks = 0;

void Begin() {
  StartTicks();
  BeginRegion();
}

void End() {
  EndRegion();
  ticks = Ticks();
}

void Say(const char* name, const Answer& answer) {
  Text<120> line;
  line << name;
  if (answer.memory_bytes == 0) {
    line << " skipped\r\n";
  } else {
    line << ' ' << ticks << ' ' << answer.memory_bytes << ' ';
    line.Hex(answer.hash, 16) << "\r\n";
  }
  Write(line.bytes());
}

}  // namespace

void Main() {
  RunAll(FreeMemory(), Begin, End, Say);
  constexpr std::string_view kDone = "done\r\n";
  Write(std::as_bytes(std::span(kDone)));
}
