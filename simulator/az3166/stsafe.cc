#include "simulator/az3166/stsafe.h"

namespace thimble::simulator {

bool Stsafe::Start(bool /*reads*/) {
  if (on_note) on_note("STSAFE-A100: the secure element is not modelled; it acknowledges and answers nothing");
  return true;
}

bool Stsafe::Write(uint8_t /*byte*/) { return true; }

}  // namespace thimble::simulator
