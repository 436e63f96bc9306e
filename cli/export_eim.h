// `thimble export eim`: an impulse as one file that runs on Linux.
#ifndef THIMBLE_CLI_EXPORT_EIM_H_
#define THIMBLE_CLI_EXPORT_EIM_H_

#include "base/error.h"
#include "cli/commands.h"

namespace thimble::cli {

inline constexpr const char* kEim = "eim";

/// `options.model` is the folder that a training wrote, its impulse.json, or a model beside that; `options.out` is the
/// file, or a folder for it.
Outcome ExportEim(const ExportOptions& options);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_EXPORT_EIM_H_
