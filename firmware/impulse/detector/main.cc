// The impulse application of an anomaly detector alone.
#include "firmware/impulse/application.h"
#include "firmware/impulse/detecting.h"

void Main() {
  thimble::firmware::ImpulseApplication<thimble::firmware::DetectorSession> application;
  application.Serve();
}
