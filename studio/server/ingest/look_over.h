// What is known of a file that arrived, once it has been read through.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_LOOK_OVER_H_
#define THIMBLE_STUDIO_SERVER_INGEST_LOOK_OVER_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/acquisition.h"
#include "studio/store/records.h"

namespace thimble::studio {

struct Arrival {
  /// What the bytes say: name, file_name, kind, axes, interval, length, frequency, number of values, content_hash (of
  /// acquisitions: of axes, interval and readings, so that a new signature makes no new recording), device, findings
  /// ({"constant": ["gyrZ"], "clipped": {"accX": 12}, "notices": […]}, of which it says what there is).
  Sample sample;
  dataset::Envelope envelope;  ///< of acquisitions
  bool is_cbor = false;
  std::vector<std::string> notices;
};

/// Reads everything, keeps nothing: a long recording costs no memory beyond its bytes. What it is follows from its
/// first bytes, the media type, and the ending of its name, in this order; `sample.file_name` gets the ending that
/// fits.
///
///   kDataLoss     it is damaged
///   kUnsupported  files of this kind are not read; the sentence names the kind and a way out
Expected<Arrival> LookOver(std::string_view file_name, std::string_view media_type, std::string_view bytes);

/// ".labels": not a recording but something about recordings of the same request.
bool IsSidecar(std::string_view file_name);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_LOOK_OVER_H_
