// A serial line of an STM32F4 that moves its bytes by DMA: nothing that comes is lost while the program does other
// things.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_DMA_SERIAL_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_DMA_SERIAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {

/// RM0402, chapters 9 and 24. USART6 with DMA2: stream 1 receives, stream 6 sends, both channel 5. The line itself is
/// set up already (usart.h), and its receive interrupt ends a sleep. What comes goes into a ring by itself; what goes
/// is taken from a ring piece by piece, and Pump begins the next piece: call it every few milliseconds.
class DmaSerial {
 public:
  /// Takes the line over: nobody may read from it or write to it in another way afterwards.
  void SetUp();

  /// True, with the oldest byte that came, if there is one. 1,024 of them are kept, 89 ms of a line at 115,200 baud.
  bool Read(std::byte& byte);

  /// Queues all of it; waits for room when there is none, at most as long as the line needs for it.
  void Write(std::span<const std::byte> bytes);

  /// How many bytes Write takes without waiting.
  size_t Room();

  void Pump();

 private:
  static constexpr size_t kReceiveBytes = 1024, kSendBytes = 4096;  // powers of two

  std::array<std::byte, kReceiveBytes> received_{};
  std::array<std::byte, kSendBytes> sending_{};
  size_t read_ = 0;               // place of the next byte in received_
  size_t queued_ = 0, sent_ = 0;  // bytes so far
  size_t piece_ = 0;              // bytes that DMA is sending now
};

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_DMA_SERIAL_H_
