// Text inside HTML and SVG.
#ifndef THIMBLE_CLI_MARKUP_H_
#define THIMBLE_CLI_MARKUP_H_

#include <string>
#include <string_view>

namespace thimble::cli {

/// Printable text for anywhere in a page or drawing, also inside quoted attributes.
std::string EscapeMarkup(std::string_view text);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_MARKUP_H_
