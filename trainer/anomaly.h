// Fits a detector of what was never seen in training: K-means or a mixture of Gaussians, scored on the device.
#ifndef THIMBLE_TRAINER_ANOMALY_H_
#define THIMBLE_TRAINER_ANOMALY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/anomaly.h"
#include "trainer/table.h"

namespace thimble::trainer {

struct AnomalyOptions {
  runtime::Anomaly::Kind kind = runtime::Anomaly::Kind::kDiagonalGaussians;
  int components = 4;              ///< clusters of K-means, or Gaussians; fewer when there are fewer different rows
  std::vector<int> features = {};  ///< columns to look at; empty: all. Those that never change are left out
  /// Added to each variance, in squared deviations of the training rows: a Gaussian on a few rows would else be a
  /// needle.
  double regularisation = 0.01;
  /// Share of normal rows that the threshold lets pass, measured on recordings that were held out of the fit.
  double accepted_share = 0.99;
  int iterations = 100;  ///< at most, of Lloyd's algorithm and of EM
  int restarts = 3;      ///< from different beginnings; the best is kept
  uint64_t seed = 1;
};

/// A detector with its arrays, for export, and what was measured when the threshold was chosen.
struct AnomalyDetector {
  runtime::Anomaly::Kind kind = runtime::Anomaly::Kind::kKMeans;
  std::vector<uint16_t> features;
  std::vector<float> centres, scales, offsets;
  float threshold = 0;
  /// Scores of the training rows by detectors that had not seen their recording, in the order of the table. What the
  /// device will say about normal windows looks like this; the scores of the detector itself are a little too good.
  std::vector<float> held_out_scores;
  std::vector<std::string> notices;

  /// What runtime/anomaly.h scores with; valid as long as the detector.
  runtime::Anomaly View() const {
    return {.kind = kind,
            .features = features,
            .centres = centres,
            .scales = scales,
            .offsets = offsets,
            .threshold = threshold};
  }
  size_t flash_bytes() const {
    return features.size() * sizeof(uint16_t) + (centres.size() + scales.size() + offsets.size()) * sizeof(float);
  }
};

/// Features with full covariances: the arrays grow with the square, and so do the rows that it takes to fit them.
inline constexpr int kMostFullFeatures = 48;

/// Fits a detector to the normal rows of `table`; labels do not matter. Features are standardised with the rows' mean
/// and deviation. K-means begins as k-means++ (Arthur, Vassilvitskii, 2007), and a cluster's radius is the distance of
/// its farthest row; the mixture is fitted by EM from there.
///
/// The threshold is the quantile `accepted_share` of scores from five fits, each without a fifth of the recordings.
/// Recordings that follow each other stay together, because sensors drift. A single recording is cut by time.
///
///   kInvalidArgument  fewer than ten rows; no feature that changes; options outside their range; NaN in the features
Expected<AnomalyDetector> FitAnomaly(const Table& table, const AnomalyOptions& options = {});

/// The device's scores of each row, bit for bit.
std::vector<float> Score(const AnomalyDetector& detector, const Table& table);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_ANOMALY_H_
