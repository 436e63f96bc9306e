// The impulse application of a network with an anomaly detector.
#include "firmware/impulse/application.h"
#include "firmware/impulse/detecting.h"

void Main() {
  thimble::firmware::ImpulseApplication<thimble::firmware::DetectingSession> application;
  application.Serve();
}
