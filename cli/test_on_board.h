// A board answers the testing windows of a network that was trained before.
#ifndef THIMBLE_CLI_TEST_ON_BOARD_H_
#define THIMBLE_CLI_TEST_ON_BOARD_H_

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "base/error.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"

namespace thimble::cli {

/// What a virtual kit said about the testing windows, bit for bit compared with this computer, and the share of them
/// that it named correctly. `progress` (0 … 1) may stop it by returning false.
struct BoardTest {
  ReportDevice device;
  double accuracy = 0;
};

/// Builds firmware around the impulse, and lets the board hear the testing recordings.
///
///   kVerificationFailed  an answer differs from this computer's
///   else                 what BuildFirmware and RunOnBoard (cli/board_run.h) say
Expected<BoardTest> TestOnBoard(const compiler::ImpulseDescription& impulse, std::span<const std::byte> model,
                                const studio::Data& data, const std::function<bool(double share)>& progress);

/// "accuracy.device" and "device": {…}.
void AddBoard(const BoardTest& test, nlohmann::ordered_json& result);

/// For people: that it is the same, and what it takes.
std::string BoardText(const BoardTest& test, const Style& style);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TEST_ON_BOARD_H_
