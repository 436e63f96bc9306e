// The impulse application of a network.
#include "firmware/impulse/application.h"

namespace {

// A type of this file's own: whatever is called once is inlined, as nothing else can call it.
class NetworkSession : public thimble::runtime::Session {};

}  // namespace

void Main() {
  thimble::firmware::ImpulseApplication<NetworkSession> application;
  application.Serve();
}
