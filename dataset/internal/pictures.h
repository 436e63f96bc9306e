// Pictures in PNG and JPEG files, and handwritten digits as lists of numbers, become recordings of packed pixels.
#ifndef THIMBLE_DATASET_INTERNAL_PICTURES_H_
#define THIMBLE_DATASET_INTERNAL_PICTURES_H_

#include <string_view>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// No picture is larger: the most numbers that a window holds.
inline constexpr size_t kMostPixels = size_t{1} << 24;

/// One picture each; transparency is dropped, 16 bits a channel become 8, grey becomes equal red, green and blue.
/// Errors do not name the file.
Expected<Recording> ReadPng(std::string_view bytes);
Expected<Recording> ReadJpeg(std::string_view bytes);

/// Whether the text begins as {"data": [ … does: MNIST digits in JSON.
bool HoldsDigits(std::string_view bytes);

/// 28 × 28 numbers from 0 (background) to 1 a digit, any number of digits in one list; the recording holds one picture
/// after the other. Errors do not name the file.
Expected<Recording> ReadDigits(std::string_view bytes);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_PICTURES_H_
