// Who occupies which bytes of the arena when: operators across, bytes down, as characters and as SVG.
#ifndef THIMBLE_CLI_ARENA_PICTURE_H_
#define THIMBLE_CLI_ARENA_PICTURE_H_

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "compiler/inspect.h"

namespace thimble::cli {

/// A drawing of at most 100 columns with a legend of the largest pieces. Pieces are filled areas with a letter; where
/// there are more operators than columns, a column stands for several. Empty when there is nothing to draw.
std::string ArenaText(const compiler::ArenaFacts& arena, const Style& style);

/// The same as a self-contained SVG image for light and dark surroundings. Each piece says its bytes and operators
/// when the pointer rests on it. `operators` are the names below the columns, one for each operator.
std::string ArenaSvg(const compiler::ArenaFacts& arena, const std::vector<std::string>& operators,
                     const std::string& title);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_ARENA_PICTURE_H_
