// Recordings without a board or a person: a virtual kit in a simulated hand, recorded over the bridge as a real one is.
#ifndef THIMBLE_CLI_RECORD_HAND_H_
#define THIMBLE_CLI_RECORD_HAND_H_

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::cli {

struct HandSession {
  uint64_t seed = 1;  ///< chooses the people
  int people = 12;
  double seconds = 5;  ///< of each recording
};

/// One recording of every gesture by every person (simulator/hand.h): sensor_dump runs on a virtual AZ3166 that moves
/// so, and bridge::Capture records its frames. Every fourth person (one at least, of two or more) is for testing and
/// unknown in training. Six axes: accX…accZ in m/s2, gyrX…gyrZ in deg/s. Same session, same bits.
///
/// `progress` hears the share of recordings done and the one at hand; false stops (kCancelled). Otherwise errors as of
/// MakeFirmwareImage, OpenSampleSource and Capture.
Expected<dataset::Dataset> RecordHand(const HandSession& session,
                                      const std::function<bool(double share, const std::string& recording)>& progress);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_RECORD_HAND_H_
