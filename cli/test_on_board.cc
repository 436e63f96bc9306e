#include "cli/test_on_board.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/board_run.h"
#include "cli/staging.h"
#include "compiler/temporary_folder.h"

namespace thimble::cli {

Expected<BoardTest> TestOnBoard(const compiler::ImpulseDescription& impulse, std::span<const std::byte> model,
                                const studio::Data& data, const std::function<bool(double share)>& progress) {
  THIMBLE_ASSIGN(const compiler::TemporaryFolder folder, compiler::TemporaryFolder::Make());
  THIMBLE_ASSIGN(const Staging staging, Staging::Begin(folder.path() / "board"));
  THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(impulse, model));
  THIMBLE_ASSIGN(const std::vector<WindowAnswer> here, RunHere(bound, data.set, data.testing));
  THIMBLE_ASSIGN(const compiler::Firmware firmware, BuildFirmware(bound, model, staging));
  THIMBLE_ASSIGN(const BoardRun there,
                 RunOnBoard(firmware, bound, ForTheBoard(data.set, data.testing), here, progress));
  THIMBLE_EXPECT(CheckIdentical(there));
  BoardTest test{.device = DescribeBoardRun(firmware, there)};
  size_t right = 0;
  for (size_t i = 0; i < there.answers.size(); ++i) {
    const auto answer = static_cast<size_t>(there.answers[i].label);
    right += data.labels[answer] == data.set.recordings[data.testing.windows[i].recording].label ? 1 : 0;
  }
  test.accuracy = static_cast<double>(right) / static_cast<double>(there.answers.size());
  return test;
}

void AddBoard(const BoardTest& test, nlohmann::ordered_json& result) {
  const ReportDevice& device = test.device;
  result["accuracy"]["device"] = test.accuracy;
  result["device"] = {{"board", device.board},
                      {"windows", device.windows},
                      {"identical", device.identical},
                      {"arena_bytes", device.arena_bytes},
                      {"flash_bytes", device.flash_total},
                      {"cycles", {{"dsp", device.cycles_dsp}, {"network", device.cycles_network}}}};
}

std::string BoardText(const BoardTest& test, const Style& style) {
  const ReportDevice& device = test.device;
  const double cycles = device.cycles_dsp + device.cycles_network;
  char milliseconds[32];
  std::snprintf(milliseconds, sizeof milliseconds, "%.2f ms", 1000 * cycles / static_cast<double>(device.clock_hz));
  const std::string sentence = device.board + ": " + AsPercent(test.accuracy) + ". " + DescribeIdentity(device) +
                               " A window takes " + milliseconds + " (" + Thousands(std::llround(cycles)) +
                               " cycles), " + Thousands(device.arena_bytes) + " bytes of arena, " +
                               Thousands(device.flash_total) + " bytes of flash.";
  return "  " + Wrap(sentence, 2, style.width) + "\n";
}

}  // namespace thimble::cli
