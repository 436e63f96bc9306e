#include "simulator/oracle/compare.h"

#include <cstdint>
#include <cstring>
#include <memory>

#include "simulator/oracle/mps2_an386.h"
#include "simulator/oracle/qemu_guest.h"

namespace thimble::simulator::oracle {
namespace {

/// Faults and what guest.S does between blocks included.
constexpr uint64_t kMostInstructionsOfBlock = 20'000;
constexpr uint64_t kInstructionsPerRun = 1'000'000;
constexpr int kMostDescribed = 5;
constexpr int kTimeoutMs = 300'000, kSingleTimeoutMs = 20'000;

/// What differs after the first `groups` groups of a block, "" if nothing does.
Expected<std::string> CompareBeginning(const std::filesystem::path& guest, const RandomProgram& program, int block,
                                       size_t groups) {
  const RandomProgram part(program, block, groups);
  THIMBLE_ASSIGN(const std::vector<std::byte> expected, RunInQemu(guest, part.image(), kSingleTimeoutMs));
  THIMBLE_ASSIGN(const std::vector<std::byte> found, RunOnCore(guest, part));
  if (RandomProgram::StatusIn(found) != RandomProgram::StatusIn(expected)) return std::string("it does not end here");
  return RandomProgram::Compare(RandomProgram::RecordIn(expected, 0), RandomProgram::RecordIn(found, 0));
}

Expected<std::string> Describe(const std::filesystem::path& guest, const RandomProgram& program, int block) {
  const std::vector<uint32_t>& groups = program.blocks()[static_cast<size_t>(block)].groups;
  size_t same = 0, different = groups.size() - 1;
  while (different - same > 1) {
    const size_t middle = (same + different) / 2;
    THIMBLE_ASSIGN(const std::string difference, CompareBeginning(guest, program, block, middle));
    (difference.empty() ? same : different) = middle;
  }
  THIMBLE_ASSIGN(const std::string difference, CompareBeginning(guest, program, block, different));
  return "block " + std::to_string(block) + ", in the last instructions of\n" +
         RandomProgram(program, block, different).Describe(0) + "  " + difference + "\n";
}

}  // namespace

Expected<std::vector<std::byte>> RunOnCore(const std::filesystem::path& guest, const RandomProgram& program) {
  THIMBLE_ASSIGN(const std::unique_ptr<Mps2An386> board, Mps2An386::Start(guest));
  std::memcpy(board->psram().data(), program.image().data(), program.image().size());
  Core& core = board->core();
  const uint64_t most = (program.blocks().size() + 10) * kMostInstructionsOfBlock;
  while (RandomProgram::StatusIn(board->psram()) == 0 && core.registers().instructions < most) {
    const uint64_t before = core.registers().instructions;
    const Stop stop =
        core.Run(core.Cycles() + 100 * kInstructionsPerRun, core.registers().instructions + kInstructionsPerRun);
    if (stop == Stop::kLockup || stop == Stop::kResetRequested || core.registers().instructions == before) break;
  }
  return std::vector<std::byte>(board->psram().begin(), board->psram().end());
}

Expected<Comparison> Compare(const std::filesystem::path& guest, const RandomProgram& program) {
  THIMBLE_ASSIGN(const std::vector<std::byte> expected, RunInQemu(guest, program.image(), kTimeoutMs));
  if (const uint32_t status = RandomProgram::StatusIn(expected); status != 1) {
    return {Status::kDeviceFailed, "the program went astray in QEMU (" + std::to_string(status) + ") after " +
                                       std::to_string(RandomProgram::RecordsIn(expected)) + " blocks"};
  }
  THIMBLE_ASSIGN(const std::vector<std::byte> found, RunOnCore(guest, program));
  Comparison comparison;
  for (int block = 0; block < static_cast<int>(program.blocks().size()); ++block) {
    const auto theirs = RandomProgram::RecordIn(expected, block), ours = RandomProgram::RecordIn(found, block);
    if (std::memcmp(theirs.data(), ours.data(), kRecordBytes) == 0) continue;
    if (++comparison.different_blocks > kMostDescribed) continue;
    THIMBLE_ASSIGN(const std::string description, Describe(guest, program, block));
    comparison.description += description;
  }
  return comparison;
}

}  // namespace thimble::simulator::oracle
