#include "steps/x86_convolve/step.h"

#include "steps/x86/operands.h"
#include "steps/x86/plain_lanes.h"
#include "steps/x86_convolve/levels.h"
#include "steps/x86_convolve/tiles.h"

namespace thimble::steps {

bool X86Convolve::Check(const Params& p, const std::byte* /*constants*/, const Extents& extents) {
  if (!x86::AreExtents(p)) return false;
  const x86::ConvolveGeometry geometry(p);
  const int64_t blocks = (p.output_channels + x86::kBlock - 1) / x86::kBlock;
  return x86::AreOperands(p, extents, geometry.scratch_bytes(), blocks * geometry.block_bytes);
}

void X86Convolve::RunAt(x86::Level level, const Params& params, const Memory& memory) {
#if defined(__x86_64__)
  switch (level) {
    case x86::Level::kAvx512Vnni:
      return x86::ConvolveAvx512(params, memory);
    case x86::Level::kAvxVnni:
      return x86::ConvolveAvxVnni(params, memory);
    case x86::Level::kAvx2:
      return x86::ConvolveAvx2(params, memory);
    case x86::Level::kPlain:
      break;
  }
#endif
  static_cast<void>(level);
  x86::Convolve<x86::PlainLanes>(params, memory);
}

}  // namespace thimble::steps
