#include "simulator/oracle/random_program.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "simulator/cortex_m4/timing.h"
#include "simulator/oracle/block_writer.h"

namespace thimble::simulator::oracle {
namespace {

// Offsets from kProgramBase.
constexpr uint32_t kBlockCount = 0x04, kStatus = 0x08, kTableAt = 0x0c, kRecordsAt = 0x10, kWriteCount = 0x14;
constexpr uint32_t kMpuControl = 0x18, kWrites = 0x40, kPattern = 0x1000, kStates = 0x2000, kTable = 0x2'0000;
constexpr uint32_t kCode = 0x8'0000;
constexpr uint32_t kStateBytes = 256;
constexpr int kStateCount = 256;
constexpr int kMostBlocks = (kCode - kTable) / 8;
/// Behind the code: as far as an instruction reads beyond it.
constexpr uint32_t kGapBytes = 8192;

constexpr uint16_t kEndOfBlock = 0xdfff;

// Words of a state; guest.S has them.
constexpr int kXpsrWord = 7, kFpscrWord = 24, kReturnWord = 50, kControlWord = 51, kBasepriWord = 52, kPrimaskWord = 53,
              kFpdscrWord = 54;
constexpr uint32_t kFpscrBits = 0xf7c0'009f, kFpscrControl = 0x07c0'0000;

bool IsUnprivileged(int state) { return state % 4 == 3; }

uint32_t ReadWord(std::span<const std::byte> memory, size_t offset) {
  uint32_t word = 0;
  std::memcpy(&word, memory.data() + offset, sizeof word);
  return word;
}

std::string Hex(uint32_t word, int digits = 8) {
  char text[16];
  std::snprintf(text, sizeof text, "%0*x", digits, word);
  return text;
}

/// What a record's words are called.
std::string NameOfWord(int word) {
  constexpr const char* kNames[] = {"r4",      "r5",      "r6",      "r7",         "r8",  "r9",  "r10", "r11",
                                    "r0",      "r1",      "r2",      "r3",         "r12", "lr",  "pc",  "xpsr",
                                    "control", "primask", "basepri", "EXC_RETURN", "psp", "ipsr"};
  constexpr int kFirst = std::size(kNames);
  constexpr const char* kLast[] = {"fpscr", "fpscr on the stack", "sum of faults", "faults", "hash of memory"};
  if (word < kFirst) return kNames[word];
  if (word < kFirst + 32) return "s" + std::to_string(word - kFirst);
  if (word < kFirst + 32 + static_cast<int>(std::size(kLast))) return kLast[word - kFirst - 32];
  return "word " + std::to_string(word);
}

}  // namespace

void Coverage::Add(const Coverage& other) {
  for (size_t i = 0; i < drawn.size(); ++i) drawn[i] += other.drawn[i];
  instructions += other.instructions;
}

std::string Coverage::Missing(uint64_t wanted) const {
  std::string names;
  int count = 0;
  for (size_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i] >= wanted) continue;
    ++count;
    names += std::string(names.empty() ? "" : ", ") + kEncodings[i].name + " (" + std::to_string(drawn[i]) + ")";
  }
  if (count == 0) return "";
  return std::to_string(count) + " encodings were drawn fewer than " + std::to_string(wanted) + " times: " + names;
}

RandomProgram::RandomProgram(uint64_t seed, Setting setting, int blocks, int length)
    : setting_(setting), image_(kProgramBytes), end_(kProgramBase + kCode) {
  Random random(seed);
  WriteStates(random.Next());
  blocks = std::min(blocks, kMostBlocks);
  const uint32_t records = kProgramBase + kProgramBytes - static_cast<uint32_t>(blocks) * kRecordBytes;
  while (static_cast<int>(blocks_.size()) < blocks) {
    const int state = static_cast<int>(random.Below(kStateCount));
    BlockWriter writer(random.Next(), end_ + 4, IsUnprivileged(state), setting == Setting::kTrapping, coverage_);
    Block block = writer.Write(length);
    block.state = state;
    if (end_ + block.code.size() * 2 + 8 + kGapBytes > records) break;
    Place(std::move(block));
  }
  Write(kProgramBase + kRecordsAt, records);
  WriteHeader();
}

RandomProgram::RandomProgram(const RandomProgram& other, int block, size_t groups)
    : setting_(other.setting_), image_(other.image_), end_(other.end_) {
  Block part = other.blocks_[static_cast<size_t>(block)];
  const size_t size = part.groups[std::min(groups, part.groups.size() - 1)];
  part.groups.resize(std::min(groups + 1, part.groups.size()));
  part.code.resize(size);
  end_ = part.address - 4;
  Place(std::move(part));
  Write(kProgramBase + kBlockCount, 1);
}

void RandomProgram::Write(uint32_t address, uint32_t word) {
  std::memcpy(image_.data() + (address - kProgramBase), &word, sizeof word);
}

/// A word that says where the block ends, the block, and SVC 255.
void RandomProgram::Place(Block block) {
  const auto index = static_cast<uint32_t>(blocks_.size());
  const uint32_t end = block.address + static_cast<uint32_t>(block.code.size()) * 2;
  Write(end_, end);
  std::memcpy(image_.data() + (block.address - kProgramBase), block.code.data(), block.code.size() * 2);
  std::memcpy(image_.data() + (end - kProgramBase), &kEndOfBlock, 2);
  Write(kProgramBase + kTable + index * 8, block.address);
  Write(kProgramBase + kTable + index * 8 + 4,
        kProgramBase + kStates + static_cast<uint32_t>(block.state) * kStateBytes);
  end_ = (end + 2 + 3) & ~3u;
  blocks_.push_back(std::move(block));
}

void RandomProgram::WriteStates(uint64_t seed) {
  Random random(seed);
  for (uint32_t offset = 0; offset < kScratchBytes; offset += 4) {
    Write(kProgramBase + kPattern + offset, EdgyWord(random));
  }
  for (int i = 0; i < kStateCount; ++i) {
    uint32_t words[kStateBytes / 4] = {};
    for (uint32_t& word : words) word = EdgyWord(random);
    words[kXpsrWord] = (random.Word() & 0xf80f'0000) | 1u << 24;
    // Half of them with the modes as they are after a reset.
    words[kFpscrWord] = random.Word() & kFpscrBits & (random.OneIn(2) ? ~kFpscrControl : ~0u);
    words[kReturnWord] = random.OneIn(2) ? 0xffff'ffed : 0xffff'fffd;
    // A new floating-point context keeps FPSCR's flags (DDI0403, ExecuteFPCheck); QEMU clears them.
    if (words[kReturnWord] == 0xffff'fffd) words[kFpscrWord] &= kFpscrControl;
    words[kControlWord] = IsUnprivileged(i) ? 1 : 0;
    words[kBasepriWord] = random.OneIn(4) ? random.Below(16) << 4 : 0;
    words[kPrimaskWord] = random.OneIn(8) ? 1 : 0;
    words[kFpdscrWord] = random.OneIn(2) ? random.Word() & kFpscrControl : 0;
    std::memcpy(image_.data() + kStates + static_cast<uint32_t>(i) * kStateBytes, words, sizeof words);
  }
}

void RandomProgram::WriteHeader() {
  Write(kProgramBase + kBlockCount, static_cast<uint32_t>(blocks_.size()));
  Write(kProgramBase + kTableAt, kProgramBase + kTable);
  constexpr uint32_t kSetEnable = 0xe000'e100, kControl = 0xe000'ed14, kHandlers = 0xe000'ed24, kFpccr = 0xe000'ef34;
  constexpr uint32_t kRegionBase = 0xe000'ed9c, kRegionAttributes = 0xe000'eda0;
  const bool protects = setting_ == Setting::kProtected;
  writes_ = {{kSetEnable, 1},
             {kControl, setting_ == Setting::kTrapping ? 0x218 : 0x200},
             {kHandlers, setting_ == Setting::kEscalating ? 0 : 0x7'0000},
             {kFpccr, setting_ == Setting::kEscalating ? 0x8000'0000 : 0xc000'0000}};
  if (protects) {
    struct Region {
      uint32_t base, log_bytes, access, disabled;
      bool executable;
    };
    constexpr uint32_t kPrivileged = 1, kPrivilegedWrites = 2, kFull = 3, kPrivilegedReads = 5, kReadOnly = 6,
                       kNone = 0;
    constexpr Region kRegions[] = {{kScratchBase, 10, kFull, 0, false},
                                   {kProgramBase, 24, kPrivilegedWrites, 0, true},
                                   {kScratchBase + 0x40, 5, kPrivileged, 0, false},
                                   {kScratchBase + 0x80, 5, kReadOnly, 0, false},
                                   {kScratchBase + 0xc0, 5, kNone, 0, false},
                                   {kScratchBase, 8, kPrivilegedReads, 0x7f, false}};
    uint32_t number = 0;
    for (const Region& region : kRegions) {
      writes_.emplace_back(kRegionBase, region.base | 1u << 4 | number++);
      writes_.emplace_back(kRegionAttributes, (region.executable ? 0 : 1u << 28) | region.access << 24 |
                                                  region.disabled << 8 | (region.log_bytes - 1) << 1 | 1);
    }
  }
  Write(kProgramBase + kMpuControl, protects ? 5 : 0);
  Write(kProgramBase + kWriteCount, static_cast<uint32_t>(writes_.size()));
  uint32_t at = kProgramBase + kWrites;
  for (const auto& [address, value] : writes_) {
    Write(at, address);
    Write(at + 4, value);
    at += 8;
  }
}

std::span<const std::byte> RandomProgram::RecordIn(std::span<const std::byte> memory, int block) {
  const uint32_t records = ReadWord(memory, kRecordsAt) - kProgramBase;
  return memory.subspan(records + static_cast<uint32_t>(block) * kRecordBytes, kRecordBytes);
}

uint32_t RandomProgram::StatusIn(std::span<const std::byte> memory) { return ReadWord(memory, kStatus); }

int RandomProgram::RecordsIn(std::span<const std::byte> memory) {
  const int blocks = static_cast<int>(ReadWord(memory, kBlockCount));
  // A record holds the address of the block's end.
  constexpr size_t kPcWord = 14;
  int count = 0;
  while (count < blocks && ReadWord(RecordIn(memory, count), kPcWord * 4) != 0) ++count;
  return count;
}

std::string RandomProgram::Describe(int number) const {
  const Block& block = blocks_[static_cast<size_t>(number)];
  std::string text =
      "state " + std::to_string(block.state) + (IsUnprivileged(block.state) ? ", unprivileged" : "") + "\n";
  for (size_t at = 0; at < block.code.size();) {
    const bool wide = IsWide(block.code[at]) && at + 1 < block.code.size();
    const uint32_t code = wide ? static_cast<uint32_t>(block.code[at]) << 16 | block.code[at + 1] : block.code[at];
    const Encoding* encoding = FindEncoding(code, wide);
    text += Hex(block.address + static_cast<uint32_t>(at) * 2) + ": " + Hex(code, wide ? 8 : 4) +
            (wide ? "  " : "      ") + (encoding == nullptr ? "(undefined)" : encoding->name) + "\n";
    at += wide ? 2 : 1;
  }
  return text;
}

std::string RandomProgram::Compare(std::span<const std::byte> expected, std::span<const std::byte> found) {
  std::string text;
  for (size_t at = 0; at < expected.size(); at += 4) {
    const uint32_t a = ReadWord(expected, at), b = ReadWord(found, at);
    if (a == b) continue;
    text += (text.empty() ? "" : ", ") + NameOfWord(static_cast<int>(at / 4)) + ": " + Hex(a) + " there, " + Hex(b) +
            " here";
  }
  return text;
}

}  // namespace thimble::simulator::oracle
