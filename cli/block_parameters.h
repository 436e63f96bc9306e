// A signal-processing block and its parameters as people type them.
#ifndef THIMBLE_CLI_BLOCK_PARAMETERS_H_
#define THIMBLE_CLI_BLOCK_PARAMETERS_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"

namespace thimble::cli {

/// The default parameters of a block, or kNotFound with the names there are.
Expected<compiler::BlockParams> BlockNamed(const std::string& name);

/// `name=value` pairs over what `params`, which must hold a block's parameters, has.
///
///   kInvalidArgument  no such parameter, or a value that it cannot have; the sentence begins with "--param"
Outcome SetParameters(const std::vector<std::string>& pairs, compiler::BlockParams& params);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_BLOCK_PARAMETERS_H_
