// Finds the events in a long recording, for cutting it into them: a knock, a word, a gesture.
#ifndef THIMBLE_DATASET_SEGMENTS_H_
#define THIMBLE_DATASET_SEGMENTS_H_

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

struct SegmentOptions {
  double length_ms = 1000;   ///< of each segment; longer than an event, so that it is whole
  double sensitivity = 0.7;  ///< 0: the loudest event only … 1: whatever rises above the rest
  /// Moves each event to a place in its segment that looks random and is the same each time: else it always stands in
  /// the middle, and a network learns that it does.
  bool shift = false;
};

/// A stretch of a recording that an event is in.
struct Segment {
  size_t first_reading = 0;
  size_t readings = 0;

  bool operator==(const Segment&) const = default;
};

/// The events of a recording, in their order, each in the middle of a segment of the wanted length. Segments do not
/// overlap; what goes on for longer than one and a half becomes several, one after the other.
///
/// An event is what stands out from the quietest fifth of the recording, by the variance of short frames, each axis in
/// units of its own rest; offsets and slow drift do not count. On a scale of decibels the threshold stands between
/// that rest and the loudest frame, where `sensitivity` says, at least 3 dB above the rest. A recording that never
/// rises by 6 dB holds no event: the list is empty.
///
/// Source: end points by short-time energy against the energy of the rest, L. Rabiner and M. Sambur, "An algorithm for
/// determining the endpoints of isolated utterances", Bell System Technical Journal 54 (1975); here with the variance
/// of frames for the energy, so that gravity is no event.
///
///   kInvalidArgument  a picture; a length that is no positive number, shorter than four readings or longer than the
///                     recording; a sensitivity outside 0..1
Expected<std::vector<Segment>> FindSegments(const Recording& recording, const SegmentOptions& options = {});

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_SEGMENTS_H_
