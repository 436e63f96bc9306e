// The Edge Impulse data acquisition format, as JSON or CBOR, becomes a recording.
#ifndef THIMBLE_DATASET_INTERNAL_ACQUISITION_H_
#define THIMBLE_DATASET_INTERNAL_ACQUISITION_H_

#include <string_view>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// Reads interval, sensors and values of {"protected", "signature", "payload"}. The signature is not checked: the key
/// is the device's. Errors do not name the file.
///
/// Source: Edge Impulse documentation, "Data acquisition format".
Expected<Recording> ReadAcquisitionJson(std::string_view bytes);
Expected<Recording> ReadAcquisitionCbor(std::string_view bytes);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_ACQUISITION_H_
