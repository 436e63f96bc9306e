// The core's inside: memory with its shortcuts, decoded blocks, and the loop that executes them.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_IMPLEMENTATION_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_IMPLEMENTATION_H_

#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "simulator/cortex_m4/core.h"
#include "simulator/cortex_m4/flash_accelerator.h"
#include "simulator/cortex_m4/internal/operation.h"

namespace thimble::simulator {

/// Instructions that follow each other in memory, decoded for one level of privilege.
struct Block {
  uint64_t epoch = 0;  ///< Implementation::epoch_ when the right to execute it was last checked; 0: it is void
  uint32_t pc = 0, end = 0;
  bool privileged = false;
  uint8_t count = 0;            ///< of instructions
  uint32_t cycles = 0;          ///< of all of them, without what depends on the run
  uint32_t cost = 0;            ///< at most, on the way in and through
  uint8_t entry_cycles = 0;     ///< when it is jumped to
  int8_t fall_cycles = 0;       ///< that the first instruction after the block costs more or less because of it
  Timing first;                 ///< of the first instruction
  internal::Op* ops = nullptr;  ///< ends with kEndOfBlock
  std::vector<Before> befores;  ///< what each instruction leaves to the next
  std::vector<int8_t> waits;    ///< cycles that each waits, before it begins, because of the one before it
  std::vector<Block*> links;    ///< where its branches go, if that is known
  std::unique_ptr<internal::Op[]> memory;
};

/// What follows what: the part of the pipeline that outlives a block.
struct Pipeline {
  Before before;
  bool jumped = false;  ///< the instruction before branched: where to, costs
};

class Core::Implementation final : public SystemPort {
 public:
  explicit Implementation(Bus& bus);
  ~Implementation() override = default;

  Stop Run(uint64_t until_cycle, uint64_t until_instructions);
  void Reset(uint32_t vector_table);
  State Save() const;
  void Restore(const State& state);
  void ForgetMemory(uint32_t address, uint32_t bytes);
  void ForgetPages(uint32_t address, uint32_t bytes);
  void SetFlashTiming(const FlashTiming& timing);
  void AddWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes);
  void RemoveWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes);
  bool Peek(uint32_t address, int bytes, uint32_t& value);
  bool Poke(uint32_t address, int bytes, uint32_t value);
  void ForgetEverything() { forget_everything_ = leave_ = true; }
  void StopAt(uint64_t cycle);
  void SendEvent();

  // SystemPort.
  Fault ReadWord(uint32_t address, bool privileged, uint32_t& value) override;
  Fault WriteWord(uint32_t address, bool privileged, uint32_t value) override;
  void PermissionsChanged() override;
  void AttentionChanged() override { leave_ = true; }
  void ResetRequested() override { reset_requested_ = leave_ = true; }
  void FaultTaken(const FaultRecord& record) override;

  Registers registers_ = {};
  System system_;
  CoreObserver* observer_ = nullptr;
  bool observes_instructions_ = false;
  bool stops_at_bkpt_ = false;
  uint32_t watch_hit_ = 0;
  std::set<uint32_t> breakpoints_;

 private:
  using Op = internal::Op;

  enum class Exit : uint8_t {
    kLookup,      ///< at the end of a block; link_ is where the next one belongs, or nullptr
    kLeave,       ///< the world outside has to be looked at
    kFault,       ///< fault_ of the instruction at r[15]
    kSupervisor,  ///< SVC
    kReturn,      ///< an exception return to return_address_
    kBreak,       ///< BKPT for a debugger
  };

  // Direct-mapped, so that a hit is one comparison: a page's address in a tag, or kNoTag.
  static constexpr uint32_t kEntries = 512;
  static constexpr uint32_t kNoTag = 0x200;  // not a multiple of a page
  template <typename Byte>
  struct Entry {
    uint32_t tag = kNoTag;
    Byte* host = nullptr;
  };
  struct Shortcuts {
    std::array<Entry<const std::byte>, kEntries> reads;
    std::array<Entry<std::byte>, kEntries> writes;
  };
  template <typename Entries>
  static bool IsShortcut(const Entries& entries, uint32_t address) {
    return entries[Slot(address)].tag == (address & ~(kPageBytes - 1));
  }
  static uint32_t Slot(uint32_t address) { return address / kPageBytes % kEntries; }

  /// Decoded code of a page.
  struct CodePage {
    uint32_t granules = 0;  ///< 32 bytes each: which ones have been decoded
    std::vector<Block*> blocks;
  };

  struct Watchpoint {
    uint32_t address, bytes;
    bool reads, writes;
    bool operator==(const Watchpoint&) const = default;
  };

  // Memory: memory.cc.
  void ForgetPage(uint32_t page);
  void ForgetShortcuts();
  bool IsWatchedPage(uint32_t page) const;
  void Watch(uint32_t address, int bytes, bool write);
  void RememberRead(uint32_t address, bool privileged, const std::byte* host);
  void RememberWrite(uint32_t address, bool privileged, std::byte* host);
  Fault ReadAligned(uint32_t address, int bytes, bool privileged, uint32_t& value);
  Fault WriteAligned(uint32_t address, int bytes, bool privileged, uint32_t value);
  bool ReadAnywhere(uint32_t address, int bytes, uint32_t& value);
  bool WriteAnywhere(uint32_t address, int bytes, uint32_t value);
  Fault Access(uint32_t address, int bytes, bool privileged, bool write, uint32_t& value);

  // Accesses of instructions that no shortcut serves. False: the registers say where, fault_ says why.
  bool ReadSlow(const Block& block, const Op* op, uint32_t address, int bytes, bool privileged, uint32_t& value);
  bool WriteSlow(const Block& block, const Op* op, uint32_t address, int bytes, bool privileged, uint32_t value);
  bool AlignedOrFault(const Block& block, const Op* op, uint32_t address, int bytes);
  bool MayWriteSlow(const Block& block, const Op* op, uint32_t address, bool privileged);
  bool Failed(const Block& block, const Op* op, Fault fault, uint32_t address);

  /// The registers that blocks keep only roughly, as they are before `op`.
  void Sync(const Block& block, const Op* op) {
    registers_.cycles += op->cycles_before;
    registers_.instructions += op->index;
    registers_.r[kPc] = block.pc + 2u * op->offset;
    registers_.it = op->it;
  }
  void Unsync(const Op* op) {
    registers_.cycles -= op->cycles_before;
    registers_.instructions -= op->index;
  }
  void LeaveAt(const Block& block, const Op* op) {
    Sync(block, op);
    registers_.cycles -= static_cast<uint64_t>(int64_t{block.waits[op->index]});  // it will not have begun
    pipeline_ = {.before = op->index == 0 ? Before{} : block.befores[op->index - 1u], .jumped = false};
  }
  void WaitForData(uint32_t address);

  // Blocks: blocks.cc.
  Fault FetchHalf(uint32_t address, bool privileged, uint16_t& half, bool& from_page);
  Fault Build(uint32_t pc, bool privileged, uint8_t it, int limit, Block& block, bool& cacheable);
  Block* Find(uint32_t pc);
  void Keep(Block* block);
  void DropPage(uint32_t page);
  void DropEverything();
  static uint32_t BlockSlot(uint32_t pc, bool privileged) {
    return (pc >> 1 ^ (privileged ? 0x555u : 0)) % kBlockSlots;
  }

  // Executing: execute.cc.
  Exit Execute(Block* block, uint64_t until_cycle, uint64_t until_instructions);

  // Running: core.cc.
  void RunBlocks(uint64_t until_instructions);
  void Finish(Exit exit);
  void Enter(const Block& block);
  Exit ExecutePart(Block& block, uint64_t until_instructions);
  void RaiseFault();
  void WriteSpecial(uint32_t what, uint32_t fields, uint32_t value);
  uint32_t ReadSpecial(uint32_t what) const;
  void ChangeMasks(bool disables, uint32_t which);
  bool StopsAtBreakpoint();

  static constexpr uint32_t kBlockSlots = 8192;
  static constexpr size_t kMostOps = 1 << 18;
  static constexpr int kMostInstructions = 60;

  Bus& bus_;
  std::array<Shortcuts, 2> shortcuts_;
  std::unordered_map<uint32_t, CodePage> code_pages_;
  std::deque<Block> blocks_;
  std::vector<Block*> slots_;
  size_t ops_kept_ = 0;
  Block void_block_;
  uint64_t epoch_ = 1;
  internal::Decoded decoded_;
  std::vector<Watchpoint> watchpoints_;
  FlashAccelerator flash_;

  // Of the current Run.
  Pipeline pipeline_;
  bool leave_ = false;
  bool forget_everything_ = false;
  bool reset_requested_ = false;
  bool watch_stop_ = false;
  Stop stop_ = Stop::kReachedCycle;
  bool stops_ = false;
  uint64_t deadline_ = 0, stop_at_ = ~uint64_t{0};
  Fault fault_ = Fault::kNone;
  uint32_t fault_address_ = 0;
  uint32_t return_address_ = 0;
  Block** link_ = nullptr;
  Block* fell_from_ = nullptr;  ///< the block that link_ is of, if it was left at its end
  bool prepared_ = false;       ///< the next instruction was begun already, and only made room for its registers
  uint64_t passed_breakpoint_ = ~uint64_t{0};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_IMPLEMENTATION_H_
