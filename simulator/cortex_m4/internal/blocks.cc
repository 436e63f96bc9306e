// Decoded code: made block by block, kept until it changes.
#include <algorithm>

#include "simulator/cortex_m4/internal/implementation.h"
#include "simulator/cortex_m4/timing.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t PageOf(uint32_t address) { return address & ~(kPageBytes - 1); }

}  // namespace

using internal::Code;

Fault Core::Implementation::FetchHalf(uint32_t address, bool privileged, uint16_t& half, bool& from_page) {
  if (!system_.PermissionAt(address, privileged).execute) return Fault::kMpuFetch;
  const uint32_t page = PageOf(address);
  if (const std::byte* host = bus_.PageToRead(page); host != nullptr) {
    std::memcpy(&half, host + (address - page), sizeof half);
    return Fault::kNone;
  }
  from_page = false;
  uint32_t value = 0;
  if (!bus_.Read(address, 2, value)) return Fault::kBusFetch;
  half = static_cast<uint16_t>(value);
  return Fault::kNone;
}

/// Decodes up to `limit` instructions from `pc` on into `block`. A fault of the first one is returned, others end the
/// block. What does not lie in pages of memory is not `cacheable`.
Fault Core::Implementation::Build(uint32_t pc, bool privileged, uint8_t it, int limit, Block& block, bool& cacheable) {
  // Decoded instructions may not be kept where permission differs from one instruction to the next.
  cacheable = IsUniform(system_.state().mpu, PageOf(pc), kPageBytes);
  std::vector<Op> ops;
  ops.reserve(static_cast<size_t>(limit) + 8);
  block.pc = pc;
  block.privileged = privileged;
  block.count = 0;
  block.cycles = block.cost = 0;
  block.entry_cycles = 0;
  block.fall_cycles = 0;
  block.befores.clear();
  block.waits.clear();
  block.links.clear();
  uint32_t at = pc, line = 1;
  Before before;
  bool is_prepared = false;  // the FPU
  uint32_t fetch_cycles = 0;
  int wait = 0;  // of the present instruction for the one before it
  const auto place = [&](Op& op) {
    op.cycles_before = static_cast<uint16_t>(static_cast<int>(block.cycles) + wait);
    op.offset = static_cast<uint8_t>((at - pc) / 2);
    op.index = block.count;
    op.it = it;
  };
  for (bool ends = false; !ends;) {
    uint16_t first = 0, second = 0;
    bool from_page = true;
    Fault fault = FetchHalf(at, privileged, first, from_page);
    const bool wide = fault == Fault::kNone && IsWide(first);
    if (wide) fault = FetchHalf(at + 2, privileged, second, from_page);
    if (fault != Fault::kNone) {
      if (block.count == 0) return fault;
      break;
    }
    const bool crosses = wide && PageOf(at + 2) != PageOf(at);
    if (crosses && block.count > 0) break;
    if (!from_page) {
      if (block.count > 0) break;
      cacheable = false;
    }
    // The instruction's second half may lie in a page with other permissions.
    if (crosses) cacheable = cacheable && IsUniform(system_.state().mpu, PageOf(at + 2), kPageBytes);
    if (block.count > 0 && !breakpoints_.empty() && breakpoints_.contains(at)) break;

    internal::Decode(wide ? static_cast<uint32_t>(first) << 16 | second : first, wide, at, it, decoded_);
    const size_t begin = ops.size();
    if (flash_.wait_states > 0) {
      for (const uint32_t address : {at, at + (wide ? 2u : 0u)}) {
        if (address / FlashAccelerator::kLineBytes == line / FlashAccelerator::kLineBytes && line != 1) continue;
        line = address;
        ops.push_back({.immediate = address, .code = Code::kFetchLine});
        fetch_cycles += static_cast<uint32_t>(flash_.wait_states);
      }
    }
    const bool is_break = decoded_.ops.front().code == Code::kBkpt;
    const bool conditional = it != 0 && !is_break && (it >> 4) < 14;
    const bool prepares = decoded_.is_float && !is_prepared;
    const size_t skipped = decoded_.ops.size() + (prepares ? 1 : 0);
    if (conditional) {
      ops.push_back({.code = Code::kSkip, .d = static_cast<uint8_t>(skipped), .extra = static_cast<uint8_t>(it >> 4)});
    }
    if (prepares) ops.push_back({.code = Code::kPrepareFloat});
    is_prepared = is_prepared || (prepares && !conditional);  // what could change that ends the block
    for (Op op : decoded_.ops) {
      switch (op.code) {
        case Code::kB:
        case Code::kBl:
        case Code::kCbz:
        case Code::kCbnz:
#define X(name) case Code::kB##name:
          THIMBLE_CONDITIONS(X)
#undef X
          op.d = static_cast<uint8_t>(block.links.size());
          block.links.push_back(&void_block_);
          break;
        default:
          break;
      }
      ops.push_back(op);
    }
    const int alone = CyclesBehind({}, decoded_.timing);
    wait = CyclesBehind(before, decoded_.timing) - alone;
    for (size_t i = begin; i < ops.size(); ++i) place(ops[i]);
    block.waits.push_back(static_cast<int8_t>(wait));
    if (block.count == 0) {
      block.first = decoded_.timing;
      block.entry_cycles = wide && (at & 2) != 0 ? kUnalignedTargetCycles : 0;
    }
    before = Behind(decoded_.timing, wide);
    block.befores.push_back(before);
    block.cycles += static_cast<uint32_t>(alone + wait);
    wait = 0;
    ++block.count;
    // IT's own code holds the state for what follows.
    const bool is_it =
        !wide && (first & 0xff00) == 0xbf00 && (first & 15) != 0 && decoded_.ops.front().code == Code::kNop;
    it = is_it ? static_cast<uint8_t>(first) : internal::AdvanceIt(it);
    at += wide ? 4 : 2;
    const bool branches = !decoded_.always_leaves && decoded_.timing.kind == Timing::Kind::kDirectBranch;
    ends = (decoded_.ends_block && !branches && !(conditional && decoded_.always_leaves && it == 0)) ||
           (decoded_.always_leaves && !conditional) || block.count >= limit || PageOf(at) != PageOf(pc) || !cacheable ||
           crosses;
  }
  block.end = at;
  Op end = {.immediate = at, .code = Code::kEndOfBlock, .d = static_cast<uint8_t>(block.links.size())};
  place(end);
  block.waits.push_back(0);
  block.links.push_back(&void_block_);
  ops.push_back(end);
  block.cost = block.cycles + fetch_cycles + 2;
  block.memory = std::make_unique<Op[]>(ops.size());
  std::copy(ops.begin(), ops.end(), block.memory.get());
  block.ops = block.memory.get();
  return Fault::kNone;
}

/// The block at `pc` for the present privilege, or nullptr: fault_, or kNone where no block can be kept.
Block* Core::Implementation::Find(uint32_t pc) {
  const bool privileged = registers_.Privileged();
  fault_ = Fault::kNone;
  Block*& slot = slots_[BlockSlot(pc, privileged)];
  Block* block = slot;
  if (block != nullptr && block->pc == pc && block->privileged == privileged && block->epoch != 0) {
    if (block->epoch == epoch_) return block;
    // Its page was uniform when it was decoded; it has to be now.
    const bool within_page = PageOf(block->end - 1) == PageOf(pc);
    if (within_page && IsUniform(system_.state().mpu, PageOf(pc), kPageBytes) &&
        system_.PermissionAt(pc, privileged).execute) {
      block->epoch = epoch_;
      return block;
    }
    block->epoch = 0;
    slot = nullptr;
  }
  bool cacheable = false;
  Block fresh;
  fault_ = Build(pc, privileged, 0, kMostInstructions, fresh, cacheable);
  if (fault_ != Fault::kNone || !cacheable) return nullptr;
  ops_kept_ += fresh.count;
  if (ops_kept_ > kMostOps) forget_everything_ = leave_ = true;
  fresh.epoch = epoch_;
  Block& kept = blocks_.emplace_back(std::move(fresh));
  Keep(&kept);
  slots_[BlockSlot(pc, privileged)] = &kept;
  return &kept;
}

/// Notes which memory the block comes from, so that changing it drops the block.
void Core::Implementation::Keep(Block* block) {
  for (uint32_t granule = block->pc & ~31u;; granule += 32) {
    const uint32_t page = PageOf(granule);
    CodePage& code = code_pages_[page];
    code.granules |= 1u << (granule - page) / 32;
    if (code.blocks.empty() || code.blocks.back() != block) code.blocks.push_back(block);
    for (Shortcuts& shortcuts : shortcuts_) {
      if (shortcuts.writes[Slot(page)].tag == page) shortcuts.writes[Slot(page)].tag = kNoTag;
    }
    if (granule == ((block->end - 1) & ~31u)) break;
  }
}

void Core::Implementation::DropPage(uint32_t page) {
  const auto found = code_pages_.find(page);
  if (found == code_pages_.end()) return;
  for (Block* block : found->second.blocks) {
    block->epoch = 0;
    Block*& slot = slots_[BlockSlot(block->pc, block->privileged)];
    if (slot == block) slot = nullptr;
  }
  code_pages_.erase(found);
  leave_ = true;
}

/// Only between instructions: nothing of a block is in use then.
void Core::Implementation::DropEverything() {
  std::fill(slots_.begin(), slots_.end(), nullptr);
  code_pages_.clear();
  blocks_.clear();
  ops_kept_ = 0;
  forget_everything_ = false;
  ++epoch_;
  ForgetShortcuts();
}

}  // namespace thimble::simulator
