// What a board is: facts that host and device read alike, and the few functions that its folder provides.
#ifndef THIMBLE_FIRMWARE_BOARD_H_
#define THIMBLE_FIRMWARE_BOARD_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::firmware {

/// A range of addresses.
struct Memory {
  uint32_t base = 0;
  uint32_t bytes = 0;

  constexpr bool Contains(uint32_t address) const { return address - base < bytes; }
};

/// The facts of a board, constexpr in firmware/boards/<name>/board.h; firmware/all_boards.h lists them for the host.
/// board.ld beside it repeats flash and ram for the linker, and a test compares the two.
struct Board {
  const char* name;
  const char* core;            ///< "cortex-m4f" (f: with a floating-point unit); "" for what is no microcontroller
  const char* compiler_flags;  ///< cmake/arm-none-eabi.cmake reads them here; "" when nothing is built for it
  const char* qemu_machine;    ///< for qemu-system-arm -M, or "" when QEMU does not have it
  uint32_t clock_hz;
  Memory flash;                    ///< where the program lies
  Memory ram;                      ///< stack, data, arena
  Memory extra;                    ///< more memory, for what neither holds; or nothing
  uint32_t tick_hz;                ///< of Ticks()
  uint16_t instructions_per_tick;  ///< on a board that counts instructions, else 0
};

// What boards/<name>/board.cc provides. An application is `void Main()`, and start-up calls it.

/// The facts of the board that this program was built for.
const Board& ThisBoard();

/// Brings up clock, serial line and tick counter. Start-up calls it, before Main.
void SetUpBoard();

/// Sleeps until the serial line brings a byte.
std::byte ReadByte();

/// Waits until all bytes are on their way.
void Write(std::span<const std::byte> bytes);

/// Sets the tick counter to 0, at the beginning of a tick.
void StartTicks();

/// Ticks since StartTicks, modulo 2^32.
uint32_t Ticks();

// What start-up provides.

/// The RAM that nothing in the program takes, aligned to 16. Nobody else hands it out.
std::span<std::byte> FreeMemory();

}  // namespace thimble::firmware

/// The application. When it returns, the board sleeps for good.
void Main();

#endif  // THIMBLE_FIRMWARE_BOARD_H_
