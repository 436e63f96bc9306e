// USART: characters that take their time on the line, both ways.
#ifndef THIMBLE_SIMULATOR_STM32F412_USART_H_
#define THIMBLE_SIMULATOR_STM32F412_USART_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapter 24: asynchronous, full duplex. A character in flight keeps the duration (in processor cycles) that
/// it began with. Half duplex, LIN, smartcard, IrDA, synchronous mode, CTS/RTS, mute mode and breaks are noted, not
/// modelled.
class Usart final : public Peripheral {
 public:
  /// `number`: 1, 2 or 6.
  Usart(Chip& chip, int number);

  std::string_view Name() const override { return name_; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// How many bytes the host may send now; 0 while the program does not listen.
  size_t ReceiveRoom() const;

  /// From the host: one after the other at the line's speed. Bytes beyond ReceiveRoom() are lost, as are those that the
  /// program does not fetch in time (ORE), and those still waiting when it stops listening.
  void Receive(std::span<const std::byte> bytes);

  /// The speed at which the host sends; 0: the program's. Another one gives wrong characters and framing errors, as the
  /// receiver's samples hit them. What the program sends arrives as it is.
  void SetLineBaud(uint32_t baud) { state_.line_baud = baud; }

  /// A character has left, at `ns` of the world.
  std::function<void(std::byte byte, uint64_t ns)> on_transmit;

 private:
  static constexpr uint32_t kQueueBytes = 256;

  struct Contents {
    uint64_t transmit_due, receive_due, idle_due;  ///< cycles; kNever: nothing under way
    uint32_t sr, brr, cr1, cr2, cr3, gtpr;
    uint32_t sr_seen;                        ///< flags that the program has read: a read of DR clears them
    uint32_t transmit_data, transmit_shift;  ///< TXE clear: data waits. kPreamble: an idle frame, no character
    uint32_t receive_data;                   ///< what DR reads
    uint32_t arriving, arriving_flags;       ///< the character that is complete at receive_due
    uint32_t line_baud;
    uint32_t queue_first, queue_count;
    uint32_t line_bit;  ///< of the queue's first frame, where the receiver looks for a start bit
    uint8_t queue[kQueueBytes];
    uint32_t may_idle;  ///< a character came since the line was last found idle
    uint32_t reserved;
  };

  uint64_t BitCycles() const;
  uint64_t FrameCycles() const;
  uint32_t WordBits() const;
  uint32_t FrameBits() const;
  bool Receives() const;
  bool Transmits() const;
  bool LineLevel(uint64_t bit) const;
  void StartTransmission();
  void StartReception(uint64_t from_cycle);
  void EndReception();
  void StopReceiving();
  void NoteModes();
  void Update();

  Chip& chip_;
  int number_;
  int bus_;
  int interrupt_;
  std::string name_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_USART_H_
