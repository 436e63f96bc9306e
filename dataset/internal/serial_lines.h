// What a serial monitor has seen, banner and broken lines included, becomes a recording.
#ifndef THIMBLE_DATASET_INTERNAL_SERIAL_LINES_H_
#define THIMBLE_DATASET_INTERNAL_SERIAL_LINES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// Reads lines of numbers, in brackets or plain: [67,-24,1031,1820,-2800,-70] or 67,-24,1031. Six numbers in brackets
/// are what the MXChip firmware prints, acceleration in mg and turn rate in mdps; other axes have no names. Lines
/// before the first good one are the board's banner; broken ones after it are skipped with a notice, up to a tenth of
/// all.
///
/// Gives kNotFound when the text is prose: no line in brackets, and most lines no numbers. Errors do not name the file.
///
/// rate_hz: 0 takes 150 Hz, about what that firmware reaches, with a notice.
///
/// `take`: given, the numbers go there instead of into Recording::values.
Expected<Recording> ReadSerialLines(std::string_view bytes, double rate_hz, std::vector<std::string>& notices,
                                    const std::function<void(float, size_t)>& take = {});

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_SERIAL_LINES_H_
