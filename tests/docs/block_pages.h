// The pages of docs/blocks/: what each signal-processing block does, made from its header and its descriptor.
#ifndef THIMBLE_TESTS_DOCS_BLOCK_PAGES_H_
#define THIMBLE_TESTS_DOCS_BLOCK_PAGES_H_

#include <map>
#include <string>

#include "base/error.h"

namespace thimble::docs {

/// The text of every page and drawing by its file name: README.md, and <block>.md with <block>.svg.
///
/// dsp_folder: where <block>/block.h lie, whose comments say what a block computes.
///
///   kNotFound  a block has no header there, or the header no comment before its struct
Expected<std::map<std::string, std::string>> BlockPages(const std::string& dsp_folder);

}  // namespace thimble::docs

#endif  // THIMBLE_TESTS_DOCS_BLOCK_PAGES_H_
