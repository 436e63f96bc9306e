// The parts of `thimble train` that `thimble tune` ends with.
#ifndef THIMBLE_CLI_TRAIN_INTO_H_
#define THIMBLE_CLI_TRAIN_INTO_H_

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "cli/commands.h"
#include "studio/training.h"

namespace thimble::cli {

/// What the command line says about recordings.
Outcome ReadDataOptions(const DataFolderOptions& from, uint64_t seed, studio::DataOptions& to);

/// Trains, tests once, writes every file into `options.out`, and says what came of it. Of `options` only what training
/// itself does not know is read: folds, output and how to speak. The members of the object `more` join the report.
Outcome TrainInto(const TrainOptions& options, const studio::TrainingOptions& training,
                  const nlohmann::ordered_json& more);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TRAIN_INTO_H_
