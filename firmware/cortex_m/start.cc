// From reset to Main on every Cortex-M, and what a fault says before the board stops.
#include <cstdint>

#include "firmware/board.h"
#include "firmware/cortex_m/core.h"
#include "wire/message.h"

extern "C" {
// From firmware/cortex_m/sections.ld; their addresses are what they mean.
extern uint32_t stack_bottom, stack_top, data_begin, data_end, bss_begin, bss_end;
extern const uint32_t data_source;
extern std::byte free_begin, free_end;

[[noreturn]] void Reset();
void Fault();
[[noreturn]] void ReportFault(const uint32_t* stacked, uint32_t exception);
}

namespace {

using namespace thimble;

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
    reinterpret_cast<const void*>(&Fault),  // SecureFault
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
  firmware::SetUpCore(&stack_bottom);
  const uint32_t* source = &data_source;
  for (uint32_t* to = &data_begin; to < &data_end; ++to) *to = *source++;
  for (uint32_t* to = &bss_begin; to < &bss_end; ++to) *to = 0;
  firmware::SetUpBoard();
  Main();
  SleepForGood();
}

std::span<std::byte> thimble::firmware::FreeMemory() { return {&free_begin, &free_end}; }

// The stack may be what is broken, so the report has its own.
alignas(8) __attribute__((used)) uint32_t fault_stack[192];

__attribute__((naked)) void Fault() {
  __asm volatile(
      "mrs r0, msp\n"
      "mrs r1, ipsr\n"
      "ldr r2, =fault_stack + 768\n"
      "mov sp, r2\n"
      "ldr r2, =ReportFault\n"
      "bx r2\n"
      ".ltorg\n");
}

void ReportFault(const uint32_t* stacked, uint32_t exception) {
  wire::Crash crash{.exception = static_cast<uint8_t>(exception),
                    .sp = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stacked))};
  firmware::ReadFault(crash);
  if (stacked >= &stack_bottom && stacked + 8 <= &stack_top) {  // r0-r3, r12, lr, pc, xpsr
    crash.lr = stacked[5];
    crash.pc = stacked[6];
  }
  std::byte out[wire::FrameBytes(32)];
  firmware::Write(wire::Encode(crash, out));
  SleepForGood();
}
