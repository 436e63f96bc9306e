// The list of labels and categories that Edge Impulse writes beside exported recordings: info.labels.
#ifndef THIMBLE_DATASET_INTERNAL_INFO_LABELS_H_
#define THIMBLE_DATASET_INTERNAL_INFO_LABELS_H_

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

struct LabelEntry {
  std::string name;   ///< may be empty
  std::string label;  ///< empty: explicitly unlabelled
  Category category = Category::kUnassigned;
};

/// By path, relative to the folder of the list, with forward slashes.
using LabelEntries = std::map<std::string, LabelEntry, std::less<>>;

/// Reads {"version": 1, "files": [{"path", "name", "category", "label": {"type": "label", "label": …}}]}. One label a
/// recording, or {"type": "unlabeled"}; other types are kUnsupported. Errors do not name the file.
///
/// Source: Edge Impulse documentation, "Uploader", info file.
Expected<LabelEntries> ReadInfoLabels(std::string_view bytes);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_INFO_LABELS_H_
