// From reset to Main on every Cortex-M4F, and what a fault says before the board stops.
#include <cstdint>

#include "firmware/board.h"
#include "wire/message.h"

extern "C" {
// From firmware/cortex_m/sections.ld; their addresses are what they mean.
extern uint32_t stack_bottom, stack_top, data_begin, data_end, bss_begin, bss_end;
extern const uint32_t data_source;

[[noreturn]] void Reset();
void Fault();
[[noreturn]] void ReportFault(const uint32_t* stacked, uint32_t exception);
}

namespace {

using namespace thimble;

// Armv7-M Architecture Reference Manual (DDI0403), sections B3.2 and B1.5.
volatile uint32_t& Register(uint32_t address) { return *reinterpret_cast<volatile uint32_t*>(address); }
constexpr uint32_t kConfigurationControl = 0xe000'ed14;
constexpr uint32_t kCfsr = 0xe000'ed28;
constexpr uint32_t kHfsr = 0xe000'ed2c;
constexpr uint32_t kMemoryFaultAddress = 0xe000'ed34;
constexpr uint32_t kBusFaultAddress = 0xe000'ed38;
constexpr uint32_t kMemoryFaultAddressValid = 1 << 7;  // in CFSR
constexpr uint32_t kCoprocessorAccess = 0xe000'ed88;
constexpr uint32_t kMpuControl = 0xe000'ed94;  // bit 0: on, bit 2: what no region covers is as without an MPU
constexpr uint32_t kMpuRegionBase = 0xe000'ed9c;
constexpr uint32_t kMpuRegionAttributes = 0xe000'eda0;

// The 16 MiB below the stack: large enough that no frame of a function jumps over it.
constexpr uint32_t kGuardBytes = 1 << 24;
constexpr uint32_t kGuardAttributes = 1 << 28 | 23 << 1 | 1;  // no access, never executed, 2^(23 + 1) bytes, on

[[noreturn]] void SleepForGood() {
  while (true) __asm volatile("wfi");
}

}  // namespace

// Interrupts are never taken (they only end a sleep), so the table holds the processor's own exceptions and no more.
__attribute__((section(".vectors"), used)) const void* const kVectors[16] = {
    &stack_top,
    reinterpret_cast<const void*>(&Reset),
    reinterpret_cast<const void*>(&Fault),  // NMI
    reinterpret_cast<const void*>(&Fault),  // HardFault
    reinterpret_cast<const void*>(&Fault),  // MemManage
    reinterpret_cast<const void*>(&Fault),  // BusFault
    reinterpret_cast<const void*>(&Fault),  // UsageFault
    reinterpret_cast<const void*>(&Fault),
    reinterpret_cast<const void*>(&Fault),
    reinterpret_cast<const void*>(&Fault),
    reinterpret_cast<const void*>(&Fault),
    reinterpret_cast<const void*>(&Fault),  // SVCall
    reinterpret_cast<const void*>(&Fault),  // DebugMonitor
    reinterpret_cast<const void*>(&Fault),
    reinterpret_cast<const void*>(&Fault),  // PendSV
    reinterpret_cast<const void*>(&Fault),  // SysTick
};

void Reset() {
  __asm volatile("cpsid i");
  Register(kCoprocessorAccess) = Register(kCoprocessorAccess) | 0xf << 20;     // the FPU, before any float
  Register(kConfigurationControl) = Register(kConfigurationControl) | 1 << 4;  // division by zero is a fault
  __asm volatile("dsb\n isb");
  const uint32_t* source = &data_source;
  for (uint32_t* to = &data_begin; to < &data_end; ++to) *to = *source++;
  for (uint32_t* to = &bss_begin; to < &bss_end; ++to) *to = 0;
  // There is no memory below the stack, but a bus may swallow such a write (QEMU's does): the MPU makes it a fault.
  Register(kMpuRegionBase) = (static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&stack_bottom)) - kGuardBytes) | 1 << 4;
  Register(kMpuRegionAttributes) = kGuardAttributes;
  Register(kMpuControl) = 1 << 2 | 1 << 0;
  __asm volatile("dsb\n isb");
  firmware::SetUpBoard();
  Main();
  SleepForGood();
}

// The stack may be what is broken, so the report has its own.
alignas(8) __attribute__((used)) uint32_t fault_stack[192];

__attribute__((naked)) void Fault() {
  __asm volatile(
      "mrs r0, msp\n"
      "mrs r1, ipsr\n"
      "ldr r2, =fault_stack + 768\n"
      "mov sp, r2\n"
      "b ReportFault\n"
      ".ltorg\n");
}

void ReportFault(const uint32_t* stacked, uint32_t exception) {
  wire::Crash crash{.exception = static_cast<uint8_t>(exception),
                    .sp = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stacked)),
                    .cfsr = Register(kCfsr),
                    .hfsr = Register(kHfsr),
                    .address = Register(kBusFaultAddress)};
  if ((crash.cfsr & kMemoryFaultAddressValid) != 0) crash.address = Register(kMemoryFaultAddress);
  if (stacked >= &stack_bottom && stacked + 8 <= &stack_top) {  // r0-r3, r12, lr, pc, xpsr
    crash.lr = stacked[5];
    crash.pc = stacked[6];
  }
  std::byte out[wire::FrameBytes(32)];
  firmware::Write(wire::Encode(crash, out));
  SleepForGood();
}
