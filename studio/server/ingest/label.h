// What a recording is called: labels and names out of headers and of names of files.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_LABEL_H_
#define THIMBLE_STUDIO_SERVER_INGEST_LABEL_H_

#include <string>
#include <string_view>

namespace thimble::studio {

/// "idle" of "idle.01.json": the letters, digits, spaces, - and _ at the front of the name, letters of any script.
/// Without any of them, what stands before the first dot.
std::string LabelOfFileName(std::string_view file_name);

/// Why it cannot be a label: "the label is longer than …". Empty when it can.
std::string FaultOfLabel(std::string_view label);

/// A header's value as text: some clients send it encoded (encodeURIComponent), others as it is. What is no UTF-8 is
/// taken for Latin-1, as HTTP once was.
std::string HeaderText(std::string_view value);

/// `name` as it may be stored: no folders before it, no control characters, at most 200 bytes.
std::string CleanFileName(std::string_view name);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_LABEL_H_
