// Files beside the recordings of a request that say something about them: labels, boxes, metadata.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_SIDECARS_H_
#define THIMBLE_STUDIO_SERVER_INGEST_SIDECARS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::studio {

/// What is said about one file.
struct Remarks {
  std::optional<std::string> label;  ///< empty: none, explicitly
  std::optional<std::string> category;
  std::string name;
  std::string bounding_boxes, structured_labels;  ///< JSON lists; empty: nothing said
  std::map<std::string, std::string> metadata;
  std::optional<bool> enabled;
  std::string attached_to;  ///< it is nothing by itself, but belongs to that file
};

class Sidecars {
 public:
  /// Takes bounding-box-labels, structured-labels, label-map-labels, attachments and info.labels (a list "files").
  /// kDataLoss, with a sentence, for anything else.
  Outcome Add(std::string_view file_name, std::string_view bytes);

  /// Null when nothing is said about it. `file_name` may have folders before it; the lists may, too.
  const Remarks* Find(std::string_view file_name) const;

 private:
  std::map<std::string, Remarks, std::less<>> remarks_;
};

/// Why a file that is attached to another is not taken: a data set holds recordings, and what is not one of its own
/// would be learnt from as if it were.
Error AttachmentRefusal(std::string_view file_name, const Remarks& remarks);

/// {"key": "value"} as it comes in x-metadata; values that are no texts become their JSON. kDataLoss when it is no
/// object.
Expected<std::map<std::string, std::string>> ParseMetadata(std::string_view text);

/// A list of {"label", "startIndex", "endIndex"}; its JSON.
Expected<std::string> ParseStructuredLabels(std::string_view text);

/// A list of {"label", "x", "y", "width", "height"}, or an object with one called boundingBoxes; its JSON.
Expected<std::string> ParseBoundingBoxes(std::string_view text);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_SIDECARS_H_
