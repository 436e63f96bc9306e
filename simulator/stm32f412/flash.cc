#include "simulator/stm32f412/flash.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "simulator/cortex_m4/bus.h"
#include "simulator/stm32f412/clock_arithmetic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAcr = 0x00, kKeyr = 0x04, kOptkeyr = 0x08, kSr = 0x0c, kCr = 0x10, kOptcr = 0x14;

constexpr uint32_t kKeys[] = {0x4567'0123, 0xcdef'89ab};
constexpr uint32_t kOptionKeys[] = {0x0819'2a3b, 0x4c5d'6e7f};

// ACR
constexpr uint32_t kAcrMask = 0x1f0f, kPrefetch = 1u << 8, kInstructionCache = 1u << 9, kDataCache = 1u << 10;
// SR
constexpr uint32_t kEop = 1u << 0, kOperr = 1u << 1, kWrperr = 1u << 4, kPgperr = 1u << 6, kPgserr = 1u << 7,
                   kRderr = 1u << 8, kSrMask = 0x1f3, kBsy = 1u << 16;
// CR
constexpr uint32_t kPg = 1u << 0, kSer = 1u << 1, kMer = 1u << 2, kStrt = 1u << 16, kEopie = 1u << 24,
                   kErrie = 1u << 25, kLock = 1u << 31, kCrMask = 0x0300'037f;
// OPTCR, and the option bytes in the same layout
constexpr uint32_t kOptlock = 1u << 0, kOptstrt = 1u << 1, kSprmod = 1u << 31, kOptionMask = 0x8fff'ffec;
constexpr uint32_t kFactoryOptions = 0x0fff'aaec;
constexpr uint32_t kUserHalf = 0x0000'ffec, kSectorHalf = 0x8fff'0000;

// Typical times.
constexpr uint64_t kProgramNs = 16'000;
constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kEraseNs[3][3] = {
    // 16 KiB, 64 KiB, 128 KiB
    {400 * kMs, 1'200 * kMs, 2'000 * kMs},  // PSIZE x8
    {300 * kMs, 700 * kMs, 1'300 * kMs},    // x16
    {250 * kMs, 550 * kMs, 1'000 * kMs},    // x32
};
constexpr uint64_t kMassEraseNs[3] = {16'000 * kMs, 11'000 * kMs, 8'000 * kMs};

constexpr uint32_t kOtpLocks = 16 * 32;

constexpr bool In(uint32_t address, uint32_t base, uint32_t bytes) { return address - base < bytes; }

uint32_t Load(const PagedMemory& memory, uint32_t offset, int bytes) {
  uint32_t value = 0;
  std::memcpy(&value, memory.ToRead(offset), static_cast<size_t>(bytes));
  return value;
}

}  // namespace

FlashController::FlashController(Chip& chip) : chip_(chip) {
  state_.options = kFactoryOptions;
  Reset();
}

FlashController::Sector FlashController::SectorAt(int index) {
  constexpr uint32_t kKi = 1024;
  if (index < 4) return {static_cast<uint32_t>(index) * 16 * kKi, 16 * kKi};
  if (index == 4) return {64 * kKi, 64 * kKi};
  return {static_cast<uint32_t>(index - 4) * 128 * kKi, 128 * kKi};
}

int FlashController::SectorOf(uint32_t offset) {
  if (offset < 0x1'0000) return static_cast<int>(offset >> 14);
  if (offset < 0x2'0000) return 4;
  return 4 + static_cast<int>(offset >> 17);
}

void FlashController::Reset() {
  // Whatever was going on has been cut short by the reset only as far as BSY is concerned: its effect is there already.
  const uint32_t options = state_.options;
  state_ = {};
  state_.options = options;
  state_.cr = kLock;
  state_.optcr = options | kOptlock;
  chip_.SetInterrupt(kInterrupt, false);
  chip_.FlashTimingChanged(0, false, false, false);
  chip_.ScheduleAtNs(*this, kNever);
}

// Protection.

int FlashController::ProtectionLevel() const {
  switch (state_.options >> 8 & 0xff) {
    case 0xaa:
      return 0;
    case 0xcc:
      return 2;
    default:
      return 1;
  }
}

// With SPRMOD the bits mean the opposite: set where the sector is protected (RM0402, section 3.7.5).
bool FlashController::WriteProtected(int index) const {
  const bool bit = (state_.options >> (16 + index) & 1) != 0;
  return (state_.options & kSprmod) != 0 ? bit : !bit;
}

bool FlashController::ReadProtected(int index) const {
  return (state_.options & kSprmod) != 0 && (state_.options >> (16 + index) & 1) != 0;
}

// Time, flags, interrupt.

void FlashController::TakeTime(uint64_t ns) {
  // A program in RAM may give the next order while the last is going on: the bus makes it wait, so times add up.
  state_.busy_until_ns = AddTime(std::max(chip_.NowNs(), state_.busy_until_ns), ns);
  state_.completion_due = true;
  chip_.ScheduleAtNs(*this, state_.busy_until_ns);
}

uint64_t FlashController::BusyUntilCycle() const {
  const uint64_t now = chip_.NowNs();
  if (state_.busy_until_ns <= now) return chip_.Cycles();
  // One more: the present nanosecond may have begun up to a cycle ago.
  return AddTime(chip_.Cycles(), MultiplyDivideUp(state_.busy_until_ns - now, chip_.HclkHz(), kNsPerSecond) + 1);
}

void FlashController::Update() {
  if (!state_.completion_due || Busy()) return;
  state_.completion_due = false;
  if ((state_.cr & kEopie) != 0) state_.sr |= kEop;
  state_.cr &= ~kStrt;
  state_.optcr &= ~kOptstrt;
  UpdateInterrupt();
}

void FlashController::Due() {
  Update();
  if (state_.completion_due) chip_.ScheduleAtNs(*this, state_.busy_until_ns);
}

void FlashController::UpdateInterrupt() {
  const bool done = (state_.sr & kEop) != 0 && (state_.cr & kEopie) != 0;
  const bool failed = (state_.sr & kOperr) != 0 && (state_.cr & kErrie) != 0;
  chip_.SetInterrupt(kInterrupt, done || failed);
}

void FlashController::Fail(uint32_t flag) {
  state_.sr |= flag;
  if ((state_.cr & kErrie) != 0) state_.sr |= kOperr;  // which is only set with the interrupt on
  UpdateInterrupt();
}

void FlashController::ClockChanged() {
  // RM0402, section 3.4.1, at 2.7 to 3.6 V.
  constexpr uint32_t kHighestHz[] = {30'000'000, 64'000'000, 90'000'000, 100'000'000};
  const uint32_t latency = state_.acr & 15;
  if (latency >= 4 || chip_.HclkHz() <= kHighestHz[latency]) return;
  chip_.Note("FLASH ACR: " + std::to_string(latency) + " wait states are enough for " +
             std::to_string(kHighestHz[latency]) + " Hz, and HCLK is " + std::to_string(chip_.HclkHz()) +
             " Hz; a real chip may read wrong instructions");
}

// Memory.

const std::byte* FlashController::PageToRead(uint32_t address) const {
  if (!In(address, kBase, kBytes) || Busy()) return nullptr;
  const uint32_t offset = (address - kBase) & ~(kPageBytes - 1);
  if (ReadProtected(SectorOf(offset))) return nullptr;
  return memory_.ToRead(offset);
}

bool FlashController::ReadData(uint32_t address, int bytes, uint32_t& value) {
  Update();
  if (In(address, kBase, kBytes)) {
    const uint32_t offset = address - kBase;
    value = Load(memory_, offset, bytes);
    if (ReadProtected(SectorOf(offset))) {
      value = 0;
      Fail(kRderr);
    }
    return true;
  }
  if (In(address, kOtpBase, kOtpBytes)) {
    value = Load(otp_, address - kOtpBase, bytes);
    return true;
  }
  if (In(address, kOptionBase, kOptionBytes)) {
    // Each half is followed by its complement on the chip; reads show the half, with ones where nothing is kept.
    const uint64_t words[2] = {0xffff'ffff'ffff'0000u | (state_.options & 0xfffc) | 3,
                               0xffff'ffff'ffff'7000u | (state_.options >> 16 & 0x8fff)};
    std::byte image[kOptionBytes];
    std::memcpy(image, words, sizeof image);
    value = 0;
    std::memcpy(&value, image + (address - kOptionBase), static_cast<size_t>(bytes));
    return true;
  }
  return false;
}

bool FlashController::WriteData(uint32_t address, int bytes, uint32_t value) {
  Update();
  const bool main = In(address, kBase, kBytes), otp = In(address, kOtpBase, kOtpBytes);
  if (!main && !otp) {
    if (!In(address, kOptionBase, kOptionBytes)) return false;
    Fail(kPgserr);  // option bytes are written through OPTCR
    return true;
  }
  if ((state_.cr & (kPg | kSer | kMer)) != kPg) {
    Fail(kPgserr);
    return true;
  }
  const uint32_t unit = state_.cr >> 8 & 3;
  if (unit == 3) chip_.Note("FLASH CR: PSIZE x64 needs an external supply at VPP, which the kit has not; it fails");
  // Accesses are aligned, so none crosses a row of 16 bytes (PGAERR).
  if (unit == 3 || bytes != 1 << unit) {
    Fail(kPgperr);
    return true;
  }
  if (main) {
    if (WriteProtected(SectorOf(address - kBase))) {
      Fail(kWrperr);
      return true;
    }
    Program(memory_, kBase, address - kBase, bytes, value);
    return true;
  }
  const uint32_t offset = address - kOtpBase;
  const uint32_t block = offset / 32;
  if (offset < kOtpLocks && Load(otp_, kOtpLocks + block, 1) == 0) {
    Fail(kWrperr);
    return true;
  }
  Program(otp_, kOtpBase, offset, bytes, value);
  return true;
}

bool FlashController::Program(PagedMemory& memory, uint32_t base, uint32_t offset, int bytes, uint32_t value) {
  const uint32_t before = Load(memory, offset, bytes);
  uint32_t after = before & value;
  const bool holds = chip_.PowerHolds();
  if (!holds) after |= before & static_cast<uint32_t>(chip_.Random());  // some bits are not cleared yet
  bool moved = false;
  std::byte* to = memory.ToWrite(offset, &moved);
  std::memcpy(to, &after, static_cast<size_t>(bytes));
  if (moved) {
    chip_.MemoryChanged(base + (offset & ~(PagedMemory::kBytesPerPage - 1)), PagedMemory::kBytesPerPage);
  } else if (after != before) {
    chip_.MemoryChanged(base + offset, static_cast<uint32_t>(bytes));
  }
  TakeTime(kProgramNs);
  return holds;
}

uint64_t FlashController::EraseNs(uint32_t bytes) const {
  const uint32_t parallelism = std::min(state_.cr >> 8 & 3, 2u);
  return kEraseNs[parallelism][bytes == 16 * 1024 ? 0 : bytes == 64 * 1024 ? 1 : 2];
}

bool FlashController::EraseSector(int index) {
  const Sector sector = SectorAt(index);
  const bool holds = chip_.PowerHolds();
  if (holds) {
    memory_.Fill(sector.offset, sector.bytes, std::byte{0xff});
  } else {
    // Somewhere in the middle: some words are erased, of some a few bits are, the others are as they were.
    const auto erased_of_256 = static_cast<uint32_t>(chip_.Random() & 0xff);
    std::array<std::byte, PagedMemory::kBytesPerPage> page;
    for (uint32_t offset = sector.offset; offset < sector.offset + sector.bytes; offset += PagedMemory::kBytesPerPage) {
      memory_.Read(offset, page);
      for (size_t i = 0; i < page.size(); i += 4) {
        const uint64_t dice = chip_.Random();
        uint32_t word;
        std::memcpy(&word, page.data() + i, 4);
        if ((dice & 0xff) < erased_of_256) {
          word = ~0u;
        } else if ((dice >> 8 & 0xff) < erased_of_256) {
          word |= static_cast<uint32_t>(dice >> 32);
        }
        std::memcpy(page.data() + i, &word, 4);
      }
      memory_.Write(offset, page);
    }
  }
  chip_.MemoryChanged(kBase + sector.offset, sector.bytes);
  return holds;
}

void FlashController::StartErase() {
  const bool all = (state_.cr & kMer) != 0;
  const auto sector = static_cast<int>(state_.cr >> 3 & 15);
  if ((state_.cr & kPg) != 0 || (state_.cr & (kSer | kMer)) == 0 || (!all && sector >= kSectors)) {
    chip_.Note("FLASH CR: STRT needs SER with a sector from 0 to 11, or MER, and not PG");
    Fail(kPgserr);
    state_.cr &= ~kStrt;
    return;
  }
  const int first = all ? 0 : sector, last = all ? kSectors - 1 : sector;
  for (int i = first; i <= last; ++i) {
    if (!WriteProtected(i)) continue;
    Fail(kWrperr);
    state_.cr &= ~kStrt;
    return;
  }
  for (int i = first; i <= last; ++i) {
    if (!EraseSector(i)) return;
  }
  TakeTime(all ? kMassEraseNs[std::min(state_.cr >> 8 & 3, 2u)] : EraseNs(SectorAt(sector).bytes));
}

void FlashController::StartOptions() {
  const uint32_t before = state_.options;
  uint32_t after = state_.optcr & kOptionMask;
  const int level = ProtectionLevel();
  const uint32_t wanted = after >> 8 & 0xff;
  const bool opens = level == 1 && wanted == 0xaa;
  const uint32_t protected_before = (before & kSprmod) != 0 ? before >> 16 & 0xfff : 0;
  const uint32_t protected_after = (after & kSprmod) != 0 ? after >> 16 & 0xfff : 0;
  // Sectors leave PCROP only together with a change from level 1 to 0, which erases everything; nothing leaves level 2.
  if (level == 2 || (!opens && ((before & ~after & kSprmod) != 0 || (protected_before & ~protected_after) != 0))) {
    Fail(kWrperr);
    state_.optcr = (state_.optcr & ~(kOptionMask | kOptstrt)) | before;
    return;
  }
  uint64_t ns = kEraseNs[2][0] + 2 * kProgramNs;
  if (opens) {
    for (int i = 0; i < kSectors; ++i) {
      if (!EraseSector(i)) return;
    }
    ns += kMassEraseNs[2];
  }
  if (!chip_.PowerHolds()) {
    // A half whose complement does not match counts as: protected against reading, and for the rest as from the
    // factory.
    const uint64_t dice = chip_.Random();
    uint32_t torn = before;
    if ((dice & 1) != 0) torn = (torn & ~kUserHalf) | (kFactoryOptions & kUserHalf) | 0xff00;
    if ((dice & 2) != 0 && (before & kSprmod) == 0) torn = (torn & ~kSectorHalf) | (kFactoryOptions & kSectorHalf);
    after = torn;
  }
  state_.options = after;
  if (protected_before != protected_after) chip_.MemoryChanged(kBase, kBytes);  // other pages may be read now
  TakeTime(ns);
}

// Registers.

uint32_t FlashController::Read(uint32_t offset, int) {
  Update();
  switch (offset) {
    case kAcr:
      return state_.acr;
    case kSr:
      return state_.sr | (Busy() ? kBsy : 0);
    case kCr:
      return state_.cr;
    case kOptcr:
      return state_.optcr;
    default:
      return 0;
  }
}

void FlashController::WriteControl(uint32_t value, uint32_t lanes) {
  if ((state_.cr & kLock) != 0) {
    chip_.Note("FLASH CR was written while it is locked (FLASH_KEYR): ignored");
    return;
  }
  state_.cr = Merge(state_.cr, value, lanes & kCrMask);
  if ((value & lanes & kLock) != 0) state_.cr |= kLock;
  UpdateInterrupt();
  if ((value & lanes & kStrt) != 0) {
    state_.cr |= kStrt;
    StartErase();
  }
}

void FlashController::WriteOptionControl(uint32_t value, uint32_t lanes) {
  if ((state_.optcr & kOptlock) != 0) {
    chip_.Note("FLASH OPTCR was written while it is locked (FLASH_OPTKEYR): ignored");
    return;
  }
  state_.optcr = Merge(state_.optcr, value, lanes & kOptionMask);
  if ((value & lanes & kOptlock) != 0) state_.optcr |= kOptlock;
  if ((value & lanes & kOptstrt) != 0) {
    state_.optcr |= kOptstrt;
    StartOptions();
  }
}

void FlashController::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  value &= lanes;
  // Gives the sequence's next key; a wrong one locks until reset.
  const auto turn_key = [&](const uint32_t(&keys)[2], uint8_t& given, bool& locked, uint32_t& target, uint32_t lock) {
    if ((target & lock) == 0 || locked) return;
    if (value != keys[given]) {
      locked = true;
      return;
    }
    if (++given < 2) return;
    given = 0;
    target &= ~lock;
  };
  switch (offset) {
    case kAcr: {
      state_.acr = Merge(state_.acr, value, lanes) & kAcrMask;
      chip_.FlashTimingChanged(static_cast<int>(state_.acr & 15), (state_.acr & kPrefetch) != 0,
                               (state_.acr & kInstructionCache) != 0, (state_.acr & kDataCache) != 0);
      ClockChanged();
      break;
    }
    case kKeyr:
      turn_key(kKeys, state_.keys, state_.keys_locked, state_.cr, kLock);
      break;
    case kOptkeyr:
      if (ProtectionLevel() == 2) break;  // for ever
      turn_key(kOptionKeys, state_.option_keys, state_.option_keys_locked, state_.optcr, kOptlock);
      break;
    case kSr:
      state_.sr &= ~(value & kSrMask);
      UpdateInterrupt();
      break;
    case kCr:
      WriteControl(value, lanes);
      break;
    case kOptcr:
      WriteOptionControl(value, lanes);
      break;
    default:
      break;
  }
}

}  // namespace thimble::simulator
