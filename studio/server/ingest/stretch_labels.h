// The labels of stretches of a recording, as the store keeps them: structured labels.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_STRETCH_LABELS_H_
#define THIMBLE_STUDIO_SERVER_INGEST_STRETCH_LABELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "studio/store/store.h"

namespace thimble::studio {

struct LabelledStretch {
  std::string label;
  int64_t first = 0;  ///< reading
  int64_t count = 0;  ///< readings; > 0
};

/// Of [{"label": "wave", "startIndex": 0, "endIndex": 199}], both ends included. What lies behind the end of the
/// recording is cut off, what lies there whole or says nothing is left out.
std::vector<LabelledStretch> StretchLabelsOf(const Sample& sample);

/// The stretch, with what the labels say of it alone, counted from its first reading on. One that the recording does
/// not have is given back as it is: the store refuses it.
Stretch WithLabels(const Sample& sample, Stretch stretch);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_STRETCH_LABELS_H_
