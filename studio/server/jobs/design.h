// An impulse as a page designs it: what to learn, from which windows, by which signal processing and network.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_DESIGN_H_
#define THIMBLE_STUDIO_SERVER_JOBS_DESIGN_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/anomaly.h"
#include "studio/data.h"
#include "studio/training.h"

namespace thimble::studio {

/// Impulse::design, one JSON object, every member of which may be left out:
///
///   learn            "classifier" (as if left out), "anomaly" or "regression"
///   window_ms, stride_ms   0 or left out: what suits
///   picture_side     pixels
///   split            "author", "recording", "order", "time", or GROUP:PATTERN (dataset/split.h)
///   block            {"name": "spectral_analysis", "parameters": {"fft-length": 64}}; left out: chosen
///   network          {"architecture": "conv1d", "width": 16, "depth": 3, "dropout": 0.1}; left out: chosen
///   training         {"epochs", "learning_rate", "batch_rows", "seed", "validation_share", "augmentation": false}
///   anomaly          {"detector": "gmm", "components": 4, "normal": ["idle"], "accepted_share": 0.99}
struct ImpulseDesign {
  Goal goal = Goal::kLabels;
  TrainingOptions training;  ///< of all goals: data, block, architecture, learning
  runtime::Anomaly::Kind detector = runtime::Anomaly::Kind::kDiagonalGaussians;
  int components = 0;
  double accepted_share = 0.99;
};

/// Foreign bytes are welcome. kInvalidArgument: no such object; the sentence names the member and says what it must be.
Expected<ImpulseDesign> ParseDesign(std::string_view json);

/// The schema of it (JSON Schema), for pages and clients.
const char* DesignSchema();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_DESIGN_H_
