// Comma-separated values, with or without a header and times, become a recording.
#ifndef THIMBLE_DATASET_INTERNAL_CSV_H_
#define THIMBLE_DATASET_INTERNAL_CSV_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// Reads rows of numbers separated by commas, semicolons or tabs. A first line that holds a word is the header: units
/// may stand in brackets, "accX (m/s2)". Of several time columns the one that names its unit counts, and all of them
/// are left out of the axes. Errors do not name the file.
///
/// rate_hz: for files without a time column; 0 takes 100 Hz with a notice.
///
/// `take`: given, the numbers go there instead of into Recording::values. Times are never kept but read again, so a
/// long file needs no memory beyond its bytes.
Expected<Recording> ReadCsv(std::string_view bytes, double rate_hz, std::vector<std::string>& notices,
                            const std::function<void(float, size_t)>& take = {});

/// Whether the first line is a header that has a time column.
bool HasTimeColumn(std::string_view bytes);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_CSV_H_
