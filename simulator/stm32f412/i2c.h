// I2C: the event machine of a master on a bus with devices.
#ifndef THIMBLE_SIMULATOR_STM32F412_I2C_H_
#define THIMBLE_SIMULATOR_STM32F412_I2C_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "simulator/stm32f412/i2c_device.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapter 23: master transmitter and receiver with 7-bit addresses. Every byte takes nine periods of SCL;
/// while the program has something to do, SCL is stretched. There is no other master on the bus, so nobody calls this
/// one as a slave; 10-bit addresses, SMBus and PEC are noted, not modelled.
class I2c final : public Peripheral {
 public:
  /// `number`: 1 to 3.
  I2c(Chip& chip, int number);

  std::string_view Name() const override { return name_; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  void DmaServed(int controller, int stream, int channel, uint32_t left) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// At most 32, before the first run. The device stays the caller's.
  void Attach(I2cDevice& device) { devices_.push_back(&device); }

  /// Whether pins are set up for this bus (alternate function, open drain); unset: yes.
  std::function<bool()> connected;

 private:
  /// What the bus does, or what it waits for while SCL is low.
  enum Phase : uint32_t {
    kIdle,
    kUnconnected,  ///< a start that cannot come, because no pins belong to the bus
    kStart,        ///< being sent
    kWaitAddress,  ///< SB
    kAddress,      ///< being sent
    kAddressed,    ///< ADDR
    kTransmit,     ///< a byte on its way out
    kWaitData,     ///< for DR, or for a stop; BTF after the first byte
    kReceive,      ///< a byte on its way in
    kReceiveHeld,  ///< BTF: a byte in DR, one in the shift register
    kNoMore,       ///< after an acknowledge that did not come: only a stop or a start goes on
    kStop,         ///< being sent
  };

  struct Contents {
    uint64_t due;  ///< cycle at which the phase ends; kNever: it waits for the program
    uint32_t phase;
    uint32_t cr1, cr2, oar1, oar2, sr1, sr2, ccr, trise, fltr;
    uint32_t sr1_seen;  ///< SR1 was read while ADDR was set
    uint32_t data, shift;
    uint32_t addressed;         ///< devices that were called since the last stop
    uint32_t device;            ///< the one that answers, or kNobody
    uint32_t acknowledge_next;  ///< with POS: ACK as it was at the end of the byte before
    uint32_t shift_full;        ///< a byte that was received waits for DR to be read
    uint32_t acknowledged;      ///< the byte received last
    uint32_t dma_last;          ///< DMA's last byte is under way: do not acknowledge it
    uint32_t reserved;
  };
  static constexpr uint32_t kNobody = ~uint32_t{0};

  uint64_t PeriodCycles() const;
  void Enter(Phase phase, uint32_t periods);
  void Wait(Phase phase);
  /// Does what START and STOP ask for, if the bus is at a place for it.
  bool StartOrStop();
  void SendStart();
  void SendStop();
  void SendAddress(uint32_t byte);
  void AddressSent();
  void AddressCleared();
  void ByteSent();
  void ByteReceived();
  void BeginByte();
  void ReleaseBus();
  void WriteControl1(uint32_t value);
  uint32_t ReadData();
  void WriteData(uint32_t value);
  void Update();

  Chip& chip_;
  int number_;
  std::string name_;
  std::vector<I2cDevice*> devices_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_I2C_H_
