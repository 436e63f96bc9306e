// The chip as a whole: its memory map, its time, its resets and its power.
#include "simulator/stm32f412/stm32f412.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/hexadecimal.h"
#include "simulator/stm32f412/clock_arithmetic.h"
#include "simulator/stm32f412/crc.h"
#include "simulator/stm32f412/dbgmcu.h"
#include "simulator/stm32f412/dma.h"
#include "simulator/stm32f412/exti.h"
#include "simulator/stm32f412/flash.h"
#include "simulator/stm32f412/gpio.h"
#include "simulator/stm32f412/i2c.h"
#include "simulator/stm32f412/iwdg.h"
#include "simulator/stm32f412/pwr.h"
#include "simulator/stm32f412/quadspi.h"
#include "simulator/stm32f412/rcc.h"
#include "simulator/stm32f412/rng.h"
#include "simulator/stm32f412/rtc.h"
#include "simulator/stm32f412/spi.h"
#include "simulator/stm32f412/syscfg.h"
#include "simulator/stm32f412/timer.h"
#include "simulator/stm32f412/usart.h"
#include "simulator/stm32f412/wwdg.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kSystemMemory = 0x1fff'0000;
constexpr uint32_t kUniqueId = 0x1fff'7a10, kFlashSize = 0x1fff'7a20;
constexpr uint32_t kHseHz = 26'000'000, kLseHz = 32'768;

constexpr uint32_t kSleepDeep = 1u << 2;  // of SCR

// Run looks this often, in cycles, whether somebody wants it to end.
constexpr uint64_t kSliceCycles = 1'000'000;

/// What the chip has and this model has not (RM0402, table 1).
struct Unmodelled {
  const char* name;
  uint32_t base, bytes;
};
constexpr Unmodelled kUnmodelled[] = {
    {"I2S2ext", 0x4000'3400, 0x400},
    {"I2S3ext", 0x4000'4000, 0x400},
    {"USART3", 0x4000'4800, 0x400},
    {"FMPI2C1", 0x4000'6000, 0x400},
    {"CAN1", 0x4000'6400, 0x400},
    {"CAN2", 0x4000'6800, 0x400},
    {"TIM1", 0x4001'0000, 0x400},
    {"TIM8", 0x4001'0400, 0x400},
    {"ADC1", 0x4001'2000, 0x400},
    {"SDIO", 0x4001'2c00, 0x400},
    {"DFSDM1", 0x4001'6000, 0x400},
    {"GPIOF", 0x4002'1400, 0x400},
    {"GPIOG", 0x4002'1800, 0x400},
    {"OTG_FS", 0x5000'0000, 0x4'0000},
    {"FSMC", 0xa000'0000, 0x1000},
    {"the FSMC's memory", 0x6000'0000, 0x3000'0000},
    {"the ROM with ST's boot loader", kSystemMemory, 0x7800},
};

constexpr bool In(uint32_t address, uint32_t base, uint32_t bytes) { return address - base < bytes; }

}  // namespace

bool ChipSnapshot::operator==(const ChipSnapshot& other) const {
  return std::memcmp(&core, &other.core, sizeof core) == 0 && rest == other.rest && ram == other.ram &&
         flash == other.flash && otp == other.otp && external == other.external;
}

template <typename T, typename... Arguments>
std::unique_ptr<T> Stm32f412::Add(uint32_t base, uint32_t bytes, Arguments&&... arguments) {
  auto peripheral = std::make_unique<T>(services(), std::forward<Arguments>(arguments)...);
  windows_.push_back({base, bytes, peripheral.get()});
  appointment_of_[peripheral.get()] = peripherals_.size();
  peripherals_.push_back(peripheral.get());
  states_.push_back(peripheral->State());
  return peripheral;
}

Stm32f412::Stm32f412(const ChipOptions& options)
    : options_(options), core_(std::make_unique<Core>(static_cast<Bus&>(*this))) {
  own_.random = thimble::Random(options.seed);
  std::fill(std::begin(own_.appointments), std::end(own_.appointments), Appointment{kNever, kNever});
  own_.hclk_hz = own_.pclk_hz[0] = own_.pclk_hz[1] = own_.timer_hz[0] = own_.timer_hz[1] = Rcc::kHsiHz;
  states_.push_back(StateBytes(own_));

  rcc_ = Add<Rcc>(0x4002'3800, 0x400, kHseHz, kLseHz);
  rcc_->backup_writable = [this] { return pwr_->BackupWritable(); };
  rcc_->lsi_forced = [this] { return iwdg_->Running(); };
  rcc_->on_peripheral_reset = [this](uint32_t base) {
    if (const Window* window = FindWindow(base); window != nullptr) window->peripheral->Reset();
  };
  pwr_ = Add<Pwr>(0x4000'7000, 0x400);
  flash_ = Add<FlashController>(0x4002'3c00, 0x400);
  iwdg_ = Add<Iwdg>(0x4000'3000, 0x400);
  others_.push_back(Add<Wwdg>(0x4000'2c00, 0x400));
  others_.push_back(Add<Rtc>(0x4000'2800, 0x400, *rcc_));
  others_.push_back(Add<Rng>(0x5006'0800, 0x400, *rcc_));
  others_.push_back(Add<Crc>(0x4002'3000, 0x400));
  others_.push_back(Add<Dbgmcu>(0xe004'2000, 0x400));
  quadspi_ = Add<Quadspi>(0xa000'1000, 0x400);
  syscfg_ = Add<Syscfg>(0x4001'3800, 0x400);
  exti_ = Add<Exti>(0x4001'3c00, 0x400);
  constexpr int kPorts[] = {0, 1, 2, 3, 4, 7};
  for (size_t i = 0; i < gpio_.size(); ++i) {
    gpio_[i] = Add<Gpio>(0x4002'0000 + 0x400 * static_cast<uint32_t>(kPorts[i]), 0x400, kPorts[i]);
  }
  usarts_ = {Add<Usart>(0x4001'1000, 0x400, 1), Add<Usart>(0x4000'4400, 0x400, 2), Add<Usart>(0x4001'1400, 0x400, 6)};
  constexpr std::pair<int, uint32_t> kTimers[] = {
      {2, 0x4000'0000},  {3, 0x4000'0400},  {4, 0x4000'0800},  {5, 0x4000'0c00}, {6, 0x4000'1000},  {7, 0x4000'1400},
      {12, 0x4000'1800}, {13, 0x4000'1c00}, {14, 0x4000'2000}, {9, 0x4001'4000}, {10, 0x4001'4400}, {11, 0x4001'4800}};
  for (const auto& [number, base] : kTimers) timers_.push_back(Add<GeneralTimer>(base, 0x400, number));
  dma_ = {Add<Dma>(0x4002'6000, 0x400, 1), Add<Dma>(0x4002'6400, 0x400, 2)};
  i2c1_ = Add<I2c>(0x4000'5400, 0x400, 1);
  others_.push_back(Add<I2c>(0x4000'5800, 0x400, 2));
  others_.push_back(Add<I2c>(0x4000'5c00, 0x400, 3));
  others_.push_back(Add<Spi>(0x4001'3000, 0x400, 1));
  others_.push_back(Add<Spi>(0x4000'3800, 0x400, 2));
  others_.push_back(Add<Spi>(0x4000'3c00, 0x400, 3));
  others_.push_back(Add<Spi>(0x4001'3400, 0x400, 4));
  others_.push_back(Add<Spi>(0x4001'5000, 0x400, 5));
  std::sort(windows_.begin(), windows_.end(), [](const Window& a, const Window& b) { return a.base < b.base; });
  static_assert(std::extent_v<decltype(Own::appointments)> >= 40);
}

Stm32f412::~Stm32f412() = default;

Gpio& Stm32f412::gpio(int port) { return *gpio_[port == 7 ? 5 : static_cast<size_t>(port)]; }

Usart& Stm32f412::usart(int number) { return *usarts_[number == 6 ? 2 : static_cast<size_t>(number - 1)]; }

GeneralTimer& Stm32f412::timer(int number) { return *timers_[static_cast<size_t>(number - 2)]; }  // they come first

// Power and reset.

bool Stm32f412::Program(uint32_t address, std::span<const std::byte> bytes) {
  struct Target {
    uint32_t base, size;
    PagedMemory& memory;
  };
  const Target targets[] = {{kFlashBase, kFlashBytes, flash_->memory()},
                            {FlashController::kOtpBase, FlashController::kOtpBytes, flash_->otp()},
                            {Quadspi::kWindowBase, quadspi_->memory().size(), quadspi_->memory()}};
  for (const Target& target : targets) {
    if (!In(address, target.base, target.size)) continue;
    if (bytes.size() > target.size - (address - target.base)) return false;
    target.memory.Write(address - target.base, bytes);
    if (!bytes.empty()) core_->ForgetMemory(address, static_cast<uint32_t>(bytes.size()));
    return true;
  }
  return false;
}

uint32_t Stm32f412::StartVectors() {
  uint32_t words[2];
  flash_->memory().Read(0, std::as_writable_bytes(std::span(words)));
  return words[0] == ~0u && words[1] == ~0u ? application_ : kFlashBase;
}

void Stm32f412::PowerOn(Ram ram) {
  if (power_lost_) cut_ = {};  // that one has been
  power_lost_ = false;
  if (ram == Ram::kLost) {
    std::array<uint64_t, PagedMemory::kBytesPerPage / 8> noise;
    for (uint32_t offset = 0; offset < kRamBytes; offset += PagedMemory::kBytesPerPage) {
      for (uint64_t& word : noise) word = Random();
      ram_.Write(offset, std::as_bytes(std::span(noise)));
    }
    core_->ForgetMemory(kRamBase, kRamBytes);
  }
  std::fill(std::begin(own_.appointments), std::end(own_.appointments), Appointment{kNever, kNever});
  for (Peripheral* peripheral : peripherals_) peripheral->PowerOn();
  SystemReset(Rcc::kPowerOnFlag | Rcc::kBrownOutFlag);
}

void Stm32f412::PressReset() { SystemReset(Rcc::kPinFlag); }

void Stm32f412::RequestReset(uint32_t csr_flags) {
  own_.pending_reset |= csr_flags;
  core_->StopAt(0);
}

void Stm32f412::SystemReset(uint32_t csr_flags) {
  own_.pending_reset = 0;
  for (int number = 0; number < kInterrupts; ++number) core_->SetInterrupt(number, false);
  for (Peripheral* peripheral : peripherals_) peripheral->Reset();
  rcc_->AddResetFlags(csr_flags);
  if (flash_->HardwareWatchdog()) iwdg_->Start();
  if (on_reset) on_reset(csr_flags);
  core_->Reset(StartVectors());
}

bool Stm32f412::PowerHolds() {
  if (power_lost_) return false;
  if (own_.memory_operations++ < cut_.at_memory_operation) return true;
  power_lost_ = true;
  core_->StopAt(0);
  return false;
}

uint64_t Stm32f412::Random() { return own_.random.Next(); }

// Time.

uint64_t Stm32f412::Cycles() const { return core_->Cycles(); }

uint64_t Stm32f412::NowNs() const {
  return AddTime(own_.clock_ns, MultiplyDivide(Cycles() - own_.clock_cycle, kNsPerSecond, own_.hclk_hz));
}

uint64_t Stm32f412::CycleAtNs(uint64_t ns) const {
  if (ns == kNever) return kNever;
  if (ns <= own_.clock_ns) return own_.clock_cycle;
  return AddTime(own_.clock_cycle, MultiplyDivideUp(ns - own_.clock_ns, own_.hclk_hz, kNsPerSecond));
}

void Stm32f412::ClockTreeChanged(uint32_t hclk_hz, uint32_t pclk1_hz, uint32_t pclk2_hz, uint32_t timer1_hz,
                                 uint32_t timer2_hz) {
  own_.clock_ns = NowNs();
  own_.clock_cycle = Cycles();
  own_.hclk_hz = hclk_hz;
  own_.pclk_hz[0] = pclk1_hz;
  own_.pclk_hz[1] = pclk2_hz;
  own_.timer_hz[0] = timer1_hz;
  own_.timer_hz[1] = timer2_hz;
  for (Appointment& appointment : own_.appointments) {
    if (appointment.ns != kNever) appointment.cycle = CycleAtNs(appointment.ns);
  }
  for (Peripheral* peripheral : peripherals_) peripheral->ClockChanged();
  core_->StopAt(EarliestAppointment());
}

void Stm32f412::ScheduleAtCycle(Peripheral& peripheral, uint64_t cycle) {
  const auto found = appointment_of_.find(&peripheral);
  if (found == appointment_of_.end()) return;
  own_.appointments[found->second] = {cycle, kNever};
  if (cycle != kNever) core_->StopAt(cycle);
}

void Stm32f412::ScheduleAtNs(Peripheral& peripheral, uint64_t ns) {
  const auto found = appointment_of_.find(&peripheral);
  if (found == appointment_of_.end()) return;
  const uint64_t cycle = CycleAtNs(ns);
  own_.appointments[found->second] = {cycle, ns};
  if (cycle != kNever) core_->StopAt(cycle);
}

uint64_t Stm32f412::EarliestAppointment() const {
  uint64_t earliest = kNever;
  for (size_t i = 0; i < peripherals_.size(); ++i) earliest = std::min(earliest, own_.appointments[i].cycle);
  return earliest;
}

void Stm32f412::KeepAppointments() {
  // A peripheral that is due again at once waits for the next round, so that this one ends.
  const uint64_t now = Cycles();
  for (size_t i = 0; i < peripherals_.size(); ++i) {
    if (own_.appointments[i].cycle > now) continue;
    own_.appointments[i] = {kNever, kNever};
    peripherals_[i]->Due();
  }
}

ChipStop Stm32f412::Run(uint64_t until_cycle, uint64_t until_instructions) {
  Registers& registers = core_->registers();
  while (true) {
    KeepAppointments();
    if (own_.pending_reset != 0) SystemReset(own_.pending_reset);
    if (registers.instructions >= cut_.at_instruction) power_lost_ = true;
    if (power_lost_) return ChipStop::kPowerLost;
    if (interrupted_.exchange(false)) return ChipStop::kInterrupted;
    if (registers.cycles >= until_cycle || registers.instructions >= until_instructions) return ChipStop::kReached;
    const uint64_t slice_end =
        std::min({until_cycle, registers.cycles + kSliceCycles, std::max(EarliestAppointment(), registers.cycles + 1)});
    const Stop stop = core_->Run(slice_end, std::min(until_instructions, cut_.at_instruction));
    if (registers.sleeping && (core_->system().state().scr & kSleepDeep) != 0) pwr_->DeepSleepEntered();
    switch (stop) {
      case Stop::kReachedCycle:
      case Stop::kReachedInstructions:
        break;
      case Stop::kBreakpoint:
        return ChipStop::kBreakpoint;
      case Stop::kWatchpoint:
        return ChipStop::kWatchpoint;
      case Stop::kBreakInstruction:
        return ChipStop::kBreakInstruction;
      case Stop::kResetRequested:
        RequestReset(Rcc::kSoftwareFlag);
        break;
      case Stop::kLockup:
        if (options_.stop_at_lockup) return ChipStop::kLockup;
        registers.cycles = slice_end;  // time goes on, and a watchdog may end it
        break;
    }
  }
}

ChipStop Stm32f412::RunUntilNs(uint64_t ns) {
  while (NowNs() < ns) {
    // The clock tree may change on the way, and with it the cycle that is meant.
    const uint64_t target = std::max(CycleAtNs(ns), Cycles() + 1);
    const ChipStop stop = Run(std::min(target, Cycles() + own_.hclk_hz / 100 + 1));
    if (stop != ChipStop::kReached) return stop;
  }
  return ChipStop::kReached;
}

// Snapshots.

ChipSnapshot Stm32f412::Save() const {
  ChipSnapshot snapshot{.core = core_->Save(),
                        .flash = flash_->memory(),
                        .otp = flash_->otp(),
                        .ram = ram_,
                        .external = quadspi_->memory(),
                        .rest = {}};
  size_t bytes = 0;
  for (std::span<std::byte> state : states_) bytes += state.size();
  snapshot.rest.reserve(bytes);
  for (std::span<std::byte> state : states_) snapshot.rest.insert(snapshot.rest.end(), state.begin(), state.end());
  core_->ForgetPages(kRamBase,
                     kRamBytes);  // pages are shared from now on: what was given out to write is not ours alone
  return snapshot;
}

void Stm32f412::Restore(const ChipSnapshot& snapshot) {
  const std::byte* from = snapshot.rest.data();
  for (std::span<std::byte> state : states_) {
    std::memcpy(state.data(), from, state.size());
    from += state.size();
  }
  flash_->memory() = snapshot.flash;
  flash_->otp() = snapshot.otp;
  ram_ = snapshot.ram;
  quadspi_->memory() = snapshot.external;
  core_->Restore(snapshot.core);
  power_lost_ = false;
  ApplyFlashTiming();
}

// The memory map.

const Stm32f412::Window* Stm32f412::FindWindow(uint32_t address) const {
  auto after = std::upper_bound(windows_.begin(), windows_.end(), address,
                                [](uint32_t wanted, const Window& window) { return wanted < window.base; });
  if (after == windows_.begin()) return nullptr;
  --after;
  return In(address, after->base, after->bytes) ? &*after : nullptr;
}

// A program in flash stands still while flash is erased or programmed: its next fetch waits (RM0402, section 3.5). One
// in RAM goes on and sees BSY.
void Stm32f412::StallWhileFlashWorks() {
  Registers& registers = core_->registers();
  const uint32_t pc = Remapped(registers.r[kPc]);
  if (!In(pc, kFlashBase, kFlashBytes)) return;
  const uint64_t until = flash_->BusyUntilCycle();
  if (until > registers.cycles) {
    registers.cycles = until;
    core_->StopAt(0);  // what fell due meanwhile
  }
}

/// What answers at address 0: SYSCFG_MEMRMP says it, flash after a reset.
uint32_t Stm32f412::Remapped(uint32_t address) const {
  if (address >= kFlashBytes) return address;
  switch (syscfg_->MemoryMode()) {
    case 0:
      return address + kFlashBase;
    case 1:
      return address + kSystemMemory;
    case 3:
      return address + kRamBase;
    default:
      return address;
  }
}

const std::byte* Stm32f412::PageToRead(uint32_t address) {
  if (In(address, kRamBase, kRamBytes)) return ram_.ToRead((address - kRamBase) & ~(kPageBytes - 1));
  address = Remapped(address);
  if (In(address, kFlashBase, kFlashBytes)) return flash_->PageToRead(address & ~(kPageBytes - 1));
  if (In(address, Quadspi::kWindowBase, Quadspi::kWindowBytes)) {
    return quadspi_->MappedPage((address - Quadspi::kWindowBase) & ~(kPageBytes - 1));
  }
  return nullptr;
}

std::byte* Stm32f412::PageToWrite(uint32_t address) {
  if (!In(address, kRamBase, kRamBytes)) return nullptr;
  return OwnRam((address - kRamBase) & ~(kPageBytes - 1));
}

std::byte* Stm32f412::OwnRam(uint32_t offset) {
  bool moved = false;
  std::byte* to = ram_.ToWrite(offset, &moved);
  if (moved)
    core_->ForgetPages(kRamBase + offset / PagedMemory::kBytesPerPage * PagedMemory::kBytesPerPage,
                       PagedMemory::kBytesPerPage);
  return to;
}

bool Stm32f412::Read(uint32_t address, int bytes, uint32_t& value) {
  if (const Window* window = FindWindow(address); window != nullptr) {
    const uint32_t offset = address - window->base;
    if (!rcc_->IsClocked(window->base)) {
      Note(std::string(window->peripheral->Name()) + " was read while its clock is off (RCC): 0");
      value = 0;
      return true;
    }
    value = window->peripheral->Read(offset & ~3u, bytes) >> 8 * (offset & 3);
    if (bytes < 4) value &= (1u << 8 * bytes) - 1;
    return true;
  }
  address = Remapped(address);
  if (In(address, kFlashBase, kFlashBytes) || In(address, FlashController::kOtpBase, FlashController::kOtpBytes) ||
      In(address, FlashController::kOptionBase, FlashController::kOptionBytes)) {
    return flash_->ReadData(address, bytes, value);
  }
  if (In(address, kRamBase, kRamBytes)) {
    value = 0;
    std::memcpy(&value, ram_.ToRead(address - kRamBase), static_cast<size_t>(bytes));
    return true;
  }
  if (In(address, kUniqueId, 12) || In(address, kFlashSize, 4)) {
    const uint32_t words[5] = {options_.unique_id[0], options_.unique_id[1], options_.unique_id[2], 0,
                               (kFlashBytes / 1024) << 16};
    std::byte image[20];
    std::memcpy(image, words, sizeof image);
    value = 0;
    std::memcpy(&value, image + (address - kUniqueId), static_cast<size_t>(bytes));
    return true;
  }
  if (In(address, Quadspi::kWindowBase, Quadspi::kWindowBytes))
    return quadspi_->ReadMapped(address - Quadspi::kWindowBase, bytes, value);
  if (const char* name = UnmodelledAt(address); name != nullptr) {
    Note(std::string(name) + " (" + Hexadecimal(address) + ") is not modelled: reads give 0");
    value = 0;
    return true;
  }
  return false;
}

bool Stm32f412::Write(uint32_t address, int bytes, uint32_t value) {
  if (const Window* window = FindWindow(address); window != nullptr) {
    if (!rcc_->IsClocked(window->base)) {
      Note(std::string(window->peripheral->Name()) + " was written while its clock is off (RCC): ignored");
      return true;
    }
    const uint32_t offset = address - window->base, shift = 8 * (offset & 3);
    const uint32_t lanes = (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1) << shift;
    window->peripheral->Write(offset & ~3u, value << shift, lanes);
    if (window->peripheral == flash_.get()) StallWhileFlashWorks();
    return true;
  }
  address = Remapped(address);
  if (In(address, kFlashBase, kFlashBytes) || In(address, FlashController::kOtpBase, FlashController::kOtpBytes)) {
    const bool answered = flash_->WriteData(address, bytes, value);
    StallWhileFlashWorks();
    return answered;
  }
  if (In(address, kRamBase, kRamBytes)) {
    std::memcpy(OwnRam(address - kRamBase), &value, static_cast<size_t>(bytes));
    return true;
  }
  if (const char* name = UnmodelledAt(address); name != nullptr) {
    Note(std::string(name) + " (" + Hexadecimal(address) + ") is not modelled: writes are ignored");
    return true;
  }
  return false;
}

const char* Stm32f412::UnmodelledAt(uint32_t address) {
  for (const Unmodelled& unmodelled : kUnmodelled) {
    if (In(address, unmodelled.base, unmodelled.bytes)) return unmodelled.name;
  }
  return nullptr;
}

bool Stm32f412::BusRead(uint32_t address, int bytes, uint32_t& value) {
  if (const std::byte* page = PageToRead(address); page != nullptr) {
    value = 0;
    std::memcpy(&value, page + address % kPageBytes, static_cast<size_t>(bytes));
    return true;
  }
  return Read(address, bytes, value);
}

bool Stm32f412::BusWrite(uint32_t address, int bytes, uint32_t value) {
  if (!Write(address, bytes, value)) return false;
  if (In(address, kRamBase, kRamBytes)) core_->ForgetMemory(address, static_cast<uint32_t>(bytes));
  return true;
}

// Wires.

void Stm32f412::PulseExti(int line) { exti_->Edge(line, true); }

void Stm32f412::DrivePin(int port, int pin, bool high) {
  if (port <= 4 || port == 7) gpio(port).Drive(pin, high);
}

void Stm32f412::SetDmaRequest(int controller, int stream, int channel, bool high) {
  dma_[static_cast<size_t>(controller - 1)]->SetRequest(stream, channel, high);
}

void Stm32f412::DmaServed(int controller, int stream, int channel, uint32_t left) {
  for (Peripheral* peripheral : peripherals_) peripheral->DmaServed(controller, stream, channel, left);
}

void Stm32f412::SendEvent() { core_->SendEvent(); }

void Stm32f412::PinChanged(int port, int pin, bool high) {
  if (gpio_.back() == nullptr) return;  // the chip is being built
  if (const int function = gpio(port).AlternateFunction(pin); function >= 0) {
    for (const auto& timer : timers_) {
      if (const int channel = timer->ChannelOfPin(port, pin, function); channel != 0) timer->Input(channel, high);
    }
  }
  if (syscfg_->PortOfExti(pin) == port) exti_->Edge(pin, high);
  if (on_pin) on_pin(port, pin, high);
}

void Stm32f412::FlashTimingChanged(int wait_states, bool prefetch, bool instruction_cache, bool data_cache) {
  own_.flash_timing = {.base = FlashController::kBase,
                       .bytes = kFlashBytes,
                       .wait_states = wait_states,
                       .prefetch = prefetch,
                       .instruction_cache = instruction_cache,
                       .data_cache = data_cache};
  ApplyFlashTiming();
}

void Stm32f412::ApplyFlashTiming() { core_->SetFlashTiming(options_.flash_timing ? own_.flash_timing : FlashTiming{}); }

void Stm32f412::Note(std::string sentence) {
  // A program can provoke as many sentences as it likes; a person reads the first few.
  constexpr size_t kMost = 200;
  if (notes_.size() >= kMost || std::find(notes_.begin(), notes_.end(), sentence) != notes_.end()) return;
  if (on_note) on_note(sentence);
  notes_.push_back(std::move(sentence));
}

}  // namespace thimble::simulator
