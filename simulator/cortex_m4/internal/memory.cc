// Memory as instructions see it: permissions, alignment, bit-banding, watchpoints, and shortcuts to plain pages.
#include <algorithm>

#include "simulator/cortex_m4/internal/implementation.h"

namespace thimble::simulator {
namespace {

constexpr bool IsPrivatePeripheralBus(uint32_t address) { return address >> 20 == 0xe00; }
/// The aliases of SRAM's and the peripherals' first megabyte, a word for each bit (DDI0403, B3.1).
constexpr bool IsBitBand(uint32_t address) {
  return (address >> 25) == (0x2200'0000 >> 25) || (address >> 25) == (0x4200'0000 >> 25);
}
constexpr uint32_t PageOf(uint32_t address) { return address & ~(kPageBytes - 1); }
constexpr uint32_t MaskOf(int bytes) { return bytes == 4 ? ~0u : (1u << (8 * bytes)) - 1; }

uint32_t Get(const std::byte* from, int bytes) {
  uint32_t value = 0;
  std::memcpy(&value, from, static_cast<size_t>(bytes));
  return value;
}
void Put(std::byte* to, int bytes, uint32_t value) { std::memcpy(to, &value, static_cast<size_t>(bytes)); }

}  // namespace

void Core::Implementation::ForgetShortcuts() {
  for (Shortcuts& shortcuts : shortcuts_) {
    for (auto& entry : shortcuts.reads) entry.tag = kNoTag;
    for (auto& entry : shortcuts.writes) entry.tag = kNoTag;
  }
}

void Core::Implementation::ForgetPage(uint32_t page) {
  for (Shortcuts& shortcuts : shortcuts_) {
    if (shortcuts.reads[Slot(page)].tag == page) shortcuts.reads[Slot(page)].tag = kNoTag;
    if (shortcuts.writes[Slot(page)].tag == page) shortcuts.writes[Slot(page)].tag = kNoTag;
  }
}

void Core::Implementation::PermissionsChanged() {
  ++epoch_;
  leave_ = true;
  ForgetShortcuts();
}

void Core::Implementation::ForgetPages(uint32_t address, uint32_t bytes) {
  if (bytes == 0) return;
  const uint32_t first = PageOf(address), pages = (address - first + (bytes - 1)) / kPageBytes + 1;
  if (pages > kEntries) return ForgetShortcuts();
  for (uint32_t i = 0; i < pages; ++i) ForgetPage(first + i * kPageBytes);
}

void Core::Implementation::ForgetMemory(uint32_t address, uint32_t bytes) {
  if (bytes == 0) return;
  ForgetPages(address, bytes);
  leave_ = true;
  const uint32_t first = PageOf(address), pages = (address - first + (bytes - 1)) / kPageBytes + 1;
  if (pages > code_pages_.size()) {
    std::vector<uint32_t> hit;
    for (const auto& [page, code] : code_pages_) {
      if ((page - first) / kPageBytes < pages) hit.push_back(page);
    }
    for (const uint32_t page : hit) DropPage(page);
    return;
  }
  for (uint32_t i = 0; i < pages; ++i) DropPage(first + i * kPageBytes);
}

// ---- watchpoints

bool Core::Implementation::IsWatchedPage(uint32_t page) const {
  return std::any_of(watchpoints_.begin(), watchpoints_.end(), [page](const Watchpoint& watchpoint) {
    return watchpoint.address - page < kPageBytes || page - watchpoint.address < watchpoint.bytes;
  });
}

void Core::Implementation::Watch(uint32_t address, int bytes, bool write) {
  for (const Watchpoint& watchpoint : watchpoints_) {
    const bool touches =
        address - watchpoint.address < watchpoint.bytes || watchpoint.address - address < static_cast<uint32_t>(bytes);
    if (!touches || !(write ? watchpoint.writes : watchpoint.reads)) continue;
    watch_hit_ = address - watchpoint.address < watchpoint.bytes ? address : watchpoint.address;
    watch_stop_ = leave_ = true;
  }
}

void Core::Implementation::AddWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes) {
  if (bytes == 0) return;
  watchpoints_.push_back({address, bytes, reads, writes});
  ForgetShortcuts();
}

void Core::Implementation::RemoveWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes) {
  const auto found = std::find(watchpoints_.begin(), watchpoints_.end(), Watchpoint{address, bytes, reads, writes});
  if (found != watchpoints_.end()) watchpoints_.erase(found);
}

// ---- accesses, at multiples of their size

/// What lies at an address, whoever asks. False: nothing.
bool Core::Implementation::ReadAnywhere(uint32_t address, int bytes, uint32_t& value) {
  if (const std::byte* page = bus_.PageToRead(PageOf(address)); page != nullptr) {
    value = Get(page + (address - PageOf(address)), bytes);
    return true;
  }
  value = 0;
  if (!bus_.Read(address, bytes, value)) return false;
  value &= MaskOf(bytes);
  return true;
}

bool Core::Implementation::WriteAnywhere(uint32_t address, int bytes, uint32_t value) {
  const uint32_t page = PageOf(address);
  std::byte* host = bus_.PageToWrite(page);
  if (host == nullptr) return bus_.Write(address, bytes, value & MaskOf(bytes));
  for (Shortcuts& shortcuts : shortcuts_) {
    Entry<const std::byte>& entry = shortcuts.reads[Slot(page)];
    if (entry.tag == page) entry.host = host;
  }
  Put(host + (address - page), bytes, value);
  // Code that was decoded from here is no longer what it says; it is executed anew from the next instruction on.
  if (const auto code = code_pages_.find(page);
      code != code_pages_.end() && (code->second.granules >> (address - page) / 32 & 1) != 0) {
    DropPage(page);
  }
  return true;
}

void Core::Implementation::RememberRead(uint32_t address, bool privileged, const std::byte* host) {
  const uint32_t page = PageOf(address);
  shortcuts_[privileged].reads[Slot(page)] = {page, host};
}

void Core::Implementation::RememberWrite(uint32_t address, bool privileged, std::byte* host) {
  const uint32_t page = PageOf(address);
  shortcuts_[privileged].writes[Slot(page)] = {page, host};
}

Fault Core::Implementation::ReadAligned(uint32_t address, int bytes, bool privileged, uint32_t& value) {
  if (!watchpoints_.empty()) Watch(address, bytes, false);
  if (IsPrivatePeripheralBus(address)) {
    return system_.Read(address, bytes, privileged, value) ? Fault::kNone : Fault::kBusData;
  }
  if (!system_.PermissionAt(address, privileged).read) return Fault::kMpuData;
  if (IsBitBand(address)) {
    const uint32_t bit = address % 0x0200'0000 / 4;
    const uint32_t target = ((address & 0xf000'0000) + bit / 8) & ~static_cast<uint32_t>(bytes - 1);
    uint32_t word = 0;
    if (!ReadAnywhere(target, bytes, word)) return Fault::kBusData;
    const uint32_t place = bit - (target & 0x000f'ffff) * 8;
    value = word >> place & 1;
    return Fault::kNone;
  }
  if (flash_.wait_states > 0) WaitForData(address);
  const uint32_t page = PageOf(address);
  const std::byte* host = bus_.PageToRead(page);
  if (host == nullptr) {
    value = 0;
    if (!bus_.Read(address, bytes, value)) {
      value = 0;
      return system_.IgnoresBusFaults() ? Fault::kNone : Fault::kBusData;
    }
    value &= MaskOf(bytes);
    return Fault::kNone;
  }
  value = Get(host + (address - page), bytes);
  const bool waits = flash_.wait_states > 0 && (flash_.Holds(page) || flash_.Holds(page + kPageBytes - 1));
  if (!waits && !IsWatchedPage(page) && IsUniform(system_.state().mpu, page, kPageBytes)) {
    RememberRead(address, privileged, host);
  }
  return Fault::kNone;
}

Fault Core::Implementation::WriteAligned(uint32_t address, int bytes, bool privileged, uint32_t value) {
  if (!watchpoints_.empty()) Watch(address, bytes, true);
  if (IsPrivatePeripheralBus(address)) {
    leave_ = true;  // it may switch the FPU off, among other things
    return system_.Write(address, bytes, privileged, value) ? Fault::kNone : Fault::kBusData;
  }
  if (!system_.PermissionAt(address, privileged).write) return Fault::kMpuData;
  if (IsBitBand(address)) {
    const uint32_t bit = address % 0x0200'0000 / 4;
    const uint32_t target = ((address & 0xf000'0000) + bit / 8) & ~static_cast<uint32_t>(bytes - 1);
    uint32_t word = 0;
    if (!ReadAnywhere(target, bytes, word)) return Fault::kBusData;
    const uint32_t place = bit - (target & 0x000f'ffff) * 8;
    word = (word & ~(1u << place)) | (value & 1) << place;
    return WriteAnywhere(target, bytes, word) ? Fault::kNone : Fault::kBusData;
  }
  if (!WriteAnywhere(address, bytes, value)) return system_.IgnoresBusFaults() ? Fault::kNone : Fault::kBusData;
  const uint32_t page = PageOf(address);
  if (!code_pages_.contains(page) && !IsWatchedPage(page) && IsUniform(system_.state().mpu, page, kPageBytes)) {
    if (std::byte* host = bus_.PageToWrite(page); host != nullptr) RememberWrite(address, privileged, host);
  }
  return Fault::kNone;
}

Fault Core::Implementation::ReadWord(uint32_t address, bool privileged, uint32_t& value) {
  return ReadAligned(address & ~3u, 4, privileged, value);
}

Fault Core::Implementation::WriteWord(uint32_t address, bool privileged, uint32_t value) {
  return WriteAligned(address & ~3u, 4, privileged, value);
}

// ---- accesses of instructions

bool Core::Implementation::Failed(const Block& block, const Op* op, Fault fault, uint32_t address) {
  Sync(block, op);
  fault_ = fault;
  fault_address_ = address;
  return false;
}

void Core::Implementation::WaitForData(uint32_t address) {
  registers_.cycles += static_cast<uint64_t>(flash_.Read(address));
}

bool Core::Implementation::AlignedOrFault(const Block& block, const Op* op, uint32_t address, int bytes) {
  if ((address & static_cast<uint32_t>(bytes - 1)) == 0) return true;
  return Failed(block, op, Fault::kUnaligned, 0);
}

bool Core::Implementation::MayWriteSlow(const Block& block, const Op* op, uint32_t address, bool privileged) {
  if (IsPrivatePeripheralBus(address) || system_.PermissionAt(address, privileged).write) return true;
  return Failed(block, op, Fault::kMpuData, address);
}

/// An access of any alignment, cut into pieces that are aligned.
Fault Core::Implementation::Access(uint32_t address, int bytes, bool privileged, bool write, uint32_t& value) {
  const auto piece_at = [&](int done) {
    const uint32_t at = address + static_cast<uint32_t>(done);
    const int left = bytes - done;
    if ((at & 3) == 0 && left >= 4) return 4;
    return (at & 1) == 0 && left >= 2 ? 2 : 1;
  };
  if (piece_at(0) == bytes) {
    fault_address_ = address;
    return write ? WriteAligned(address, bytes, privileged, value) : ReadAligned(address, bytes, privileged, value);
  }
  if (system_.TrapsUnaligned() || IsPrivatePeripheralBus(address)) return Fault::kUnaligned;
  // Nothing is written when some of it may not be.
  for (int done = 0; done < bytes; done += piece_at(done)) {
    const uint32_t at = address + static_cast<uint32_t>(done);
    const Permission permission = system_.PermissionAt(at, privileged);
    fault_address_ = at;
    if (!(write ? permission.write : permission.read)) return Fault::kMpuData;
  }
  registers_.cycles += static_cast<uint64_t>(UnalignedCycles(address, bytes));
  uint32_t result = 0;
  for (int done = 0; done < bytes;) {
    const int piece = piece_at(done);
    const uint32_t at = address + static_cast<uint32_t>(done);
    uint32_t part = value >> (8 * done);
    fault_address_ = at;
    const Fault fault = write ? WriteAligned(at, piece, privileged, part) : ReadAligned(at, piece, privileged, part);
    if (fault != Fault::kNone) return fault;
    result |= (part & MaskOf(piece)) << (8 * done);
    done += piece;
  }
  if (!write) value = result;
  return Fault::kNone;
}

bool Core::Implementation::ReadSlow(const Block& block, const Op* op, uint32_t address, int bytes, bool privileged,
                                    uint32_t& value) {
  // Unaligned within a page that has a shortcut: the kernels do this all the time.
  const uint32_t page = PageOf(address);
  const Entry<const std::byte>& entry = shortcuts_[privileged].reads[Slot(address)];
  if (entry.tag == page && address - page <= kPageBytes - static_cast<uint32_t>(bytes) && !system_.TrapsUnaligned()) {
    value = Get(entry.host + (address - page), bytes);
    registers_.cycles += static_cast<uint64_t>(UnalignedCycles(address, bytes));
    if (registers_.cycles + block.cycles > deadline_) leave_ = true;
    return true;
  }
  Sync(block, op);
  const Fault fault = Access(address, bytes, privileged, false, value);
  if (fault != Fault::kNone) {
    fault_ = fault;
    return false;
  }
  Unsync(op);
  if (registers_.cycles + block.cycles > deadline_) leave_ = true;
  return true;
}

bool Core::Implementation::WriteSlow(const Block& block, const Op* op, uint32_t address, int bytes, bool privileged,
                                     uint32_t value) {
  const uint32_t page = PageOf(address);
  const Entry<std::byte>& entry = shortcuts_[privileged].writes[Slot(address)];
  if (entry.tag == page && address - page <= kPageBytes - static_cast<uint32_t>(bytes) && !system_.TrapsUnaligned()) {
    Put(entry.host + (address - page), bytes, value);
    registers_.cycles += static_cast<uint64_t>(UnalignedCycles(address, bytes));
    if (registers_.cycles + block.cycles > deadline_) leave_ = true;
    return true;
  }
  Sync(block, op);
  const Fault fault = Access(address, bytes, privileged, true, value);
  if (fault != Fault::kNone) {
    fault_ = fault;
    return false;
  }
  Unsync(op);
  if (registers_.cycles + block.cycles > deadline_) leave_ = true;
  return true;
}

// ---- debuggers

bool Core::Implementation::Peek(uint32_t address, int bytes, uint32_t& value) {
  if ((address & static_cast<uint32_t>(bytes - 1)) != 0) return false;
  if (IsPrivatePeripheralBus(address)) return system_.Read(address, bytes, true, value);
  return ReadAnywhere(address, bytes, value);
}

bool Core::Implementation::Poke(uint32_t address, int bytes, uint32_t value) {
  if ((address & static_cast<uint32_t>(bytes - 1)) != 0) return false;
  if (IsPrivatePeripheralBus(address)) return system_.Write(address, bytes, true, value);
  return WriteAnywhere(address, bytes, value);
}

}  // namespace thimble::simulator
