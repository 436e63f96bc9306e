// `thimble train --folds` and `--each`: what they ask for, and what came of it in words.
#ifndef THIMBLE_CLI_CROSS_VALIDATE_H_
#define THIMBLE_CLI_CROSS_VALIDATE_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "studio/cross_validation.h"

namespace thimble::cli {

/// What --folds, --each and --jobs ask for; nothing where neither of the first two was given.
///
///   kInvalidArgument  both; a split that leaves nothing to fold; an --each that ParseSplitBy refuses
Expected<std::optional<studio::FoldOptions>> ReadFolds(const TrainOptions& options);

/// Adds "folds" and "suspects" to what train prints last.
void DescribeFolds(const studio::CrossValidation& validation, nlohmann::ordered_json& report);

/// A row a fold, and the recordings whose labels seem wrong.
std::string FoldsText(const studio::CrossValidation& validation, const Style& style);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_CROSS_VALIDATE_H_
