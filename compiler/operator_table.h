// The page docs/operators.md: which operators there are, in which types, on which targets.
#ifndef THIMBLE_COMPILER_OPERATOR_TABLE_H_
#define THIMBLE_COMPILER_OPERATOR_TABLE_H_

#include <filesystem>
#include <string>

#include "base/error.h"

namespace thimble::compiler {

/// The whole page. Operators and versions come from their descriptors, boards from theirs, and types from the golden
/// files below `kernels` (the source folder): a type is listed because a golden case with a first input of that
/// type passes, so the page cannot claim more than the tests prove.
///   kNotFound   `kernels` is another folder
Expected<std::string> OperatorTable(const std::filesystem::path& kernels);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_OPERATOR_TABLE_H_
