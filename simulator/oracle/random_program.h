// Random programs for a Cortex-M4F that touch every encoding of simulator/cortex_m4/encodings.h, and what they leave.
//
// A program is a number of blocks, each run from a state of its own (registers, flags, modes, memory) and recorded when
// it ends; guest.S does both. Instructions are drawn evenly from the list of encodings, their free bits at random, and
// what they need to be meaningful comes before them: an address in a register, a target for a branch. Whatever the
// architecture leaves open is avoided, faults are not.
#ifndef THIMBLE_SIMULATOR_ORACLE_RANDOM_PROGRAM_H_
#define THIMBLE_SIMULATOR_ORACLE_RANDOM_PROGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "simulator/cortex_m4/encodings.h"

namespace thimble::simulator::oracle {

// The memory of a program, as guest.S knows it too.
inline constexpr uint32_t kProgramBase = 0x2100'0000;
inline constexpr uint32_t kProgramBytes = 16 * 1024 * 1024;
inline constexpr uint32_t kScratchBase = 0x2001'0000;
inline constexpr uint32_t kScratchBytes = 0x300;
inline constexpr uint32_t kStackPointer = 0x2001'0280;
inline constexpr uint32_t kRecordBytes = 256;

/// One block: groups of instructions that belong together (an IT block, a branch and what it jumps over).
struct Block {
  std::vector<uint16_t> code;
  std::vector<uint32_t> groups;  ///< where each begins, in halves of a word
  uint32_t address = 0;
  int state = 0;
};

/// How the processor is set up, beside what each block says.
enum class Setting { kUsual, kTrapping, kEscalating, kProtected };
inline constexpr int kSettings = 4;

struct Coverage {
  std::array<uint64_t, kEncodingCount> drawn = {};  ///< outside IT blocks and what branches may jump over
  uint64_t instructions = 0;                        ///< all

  void Add(const Coverage& other);
  /// "3 encodings were drawn fewer than 1000 times: …", or nothing.
  std::string Missing(uint64_t wanted) const;
};

class RandomProgram {
 public:
  /// As many blocks as fit, at most `blocks`, of about `length` instructions each.
  RandomProgram(uint64_t seed, Setting setting, int blocks, int length);
  /// One block of another program at its place, with its state, up to and without its group `groups`.
  RandomProgram(const RandomProgram& other, int block, size_t groups);

  /// What lies at kProgramBase.
  const std::vector<std::byte>& image() const { return image_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  const Coverage& coverage() const { return coverage_; }
  Setting setting() const { return setting_; }

  /// The record of a block in the memory of a machine that has run the program.
  static std::span<const std::byte> RecordIn(std::span<const std::byte> memory, int block);
  /// What guest.S writes when it is through, 0 as long as it is not. 1: well.
  static uint32_t StatusIn(std::span<const std::byte> memory);
  /// How many blocks have left a record.
  static int RecordsIn(std::span<const std::byte> memory);

  /// The block as lines of "address: code  name".
  std::string Describe(int block) const;
  /// What differs between two records of a block, in words.
  static std::string Compare(std::span<const std::byte> expected, std::span<const std::byte> found);

 private:
  void WriteStates(uint64_t seed);
  void WriteHeader();
  void Place(Block block);
  void Write(uint32_t address, uint32_t word);

  Setting setting_;
  std::vector<std::byte> image_;
  std::vector<Block> blocks_;
  std::vector<std::pair<uint32_t, uint32_t>> writes_;
  Coverage coverage_;
  uint32_t end_;
};

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_RANDOM_PROGRAM_H_
