// Sessions that say how strange each window is, beside a network or without one.
#ifndef THIMBLE_FIRMWARE_IMPULSE_DETECTING_H_
#define THIMBLE_FIRMWARE_IMPULSE_DETECTING_H_

#include "runtime/feature_session.h"
#include "runtime/linked_anomaly.h"
#include "runtime/session.h"

namespace thimble::firmware {

/// runtime::kLinkedAnomaly behind the features: the program holds no interpreter.
class DetectorSession : public runtime::FeatureSession {
 public:
  void InvokeNetwork() { detection_ = Detect(runtime::kLinkedAnomaly, Score(runtime::kLinkedAnomaly, features())); }
  static runtime::Verdict Decide() { return {}; }
  runtime::Detection detection() const { return detection_; }

 private:
  runtime::Detection detection_;
};

/// The same beside a network, or of a network that repeats its features.
class DetectingSession : public runtime::Session {
 public:
  void InvokeNetwork() {
    Session::InvokeNetwork();
    const runtime::Anomaly& anomaly = runtime::kLinkedAnomaly;
    const bool repeats = anomaly.kind == runtime::Anomaly::Kind::kReconstruction;
    detection_ = Detect(
        anomaly, repeats ? ReconstructionError(anomaly, features(), network().output(0)) : Score(anomaly, features()));
  }
  runtime::Detection detection() const { return detection_; }

 private:
  runtime::Detection detection_;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_IMPULSE_DETECTING_H_
