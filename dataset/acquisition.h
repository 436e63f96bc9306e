// The Edge Impulse data acquisition format, as JSON or CBOR, becomes a recording.
#ifndef THIMBLE_DATASET_ACQUISITION_H_
#define THIMBLE_DATASET_ACQUISITION_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// What stands around the readings. The signature is not checked: the key is the device's.
struct Envelope {
  std::string algorithm, signature;
  std::string device_name, device_type;
  /// What stands instead of the values when they are elsewhere, "Ref-BINARY-image/jpeg (5123 bytes) …". Empty else, and
  /// for sound that follows in the same bytes.
  std::string reference;
};

struct AcquisitionOptions {
  /// Filled in as far as the document goes. With it, values that are elsewhere are no error: the recording has none.
  Envelope* envelope = nullptr;
  /// Given: the readings' numbers go there, one after the other, each with the index of its axis, and
  /// Recording::values stays empty.
  std::function<void(float number, size_t axis)> take = {};
};

/// Reads interval, sensors and values of {"protected", "signature", "payload"}. Errors do not name the file. Of CBOR
/// the values may be "Ref-BINARY-i16": then 16-bit samples, little endian, follow behind the document.
///
/// Source: Edge Impulse documentation, "Data acquisition format".
Expected<Recording> ReadAcquisitionJson(std::string_view bytes, const AcquisitionOptions& options = {});
Expected<Recording> ReadAcquisitionCbor(std::string_view bytes, const AcquisitionOptions& options = {});

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_ACQUISITION_H_
