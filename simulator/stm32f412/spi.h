// SPI: a master's words, full duplex, each taking its time.
#ifndef THIMBLE_SIMULATOR_STM32F412_SPI_H_
#define THIMBLE_SIMULATOR_STM32F412_SPI_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "simulator/stm32f412/peripheral.h"
#include "simulator/stm32f412/spi_device.h"

namespace thimble::simulator {

/// RM0402, chapter 26: master, 8 or 16 bits, one or two data lines, CRC. Slave mode, I2S and TI frames are noted, not
/// modelled. Without a selected device MISO is high.
class Spi final : public Peripheral {
 public:
  /// `number`: 1 to 5.
  Spi(Chip& chip, int number);

  std::string_view Name() const override { return name_; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// Before the first run. The device stays the caller's.
  void Attach(SpiDevice& device) { devices_.push_back(&device); }

 private:
  struct Contents {
    uint64_t due;  ///< cycle at which the word in the shift register is through; kNever: none is
    uint32_t cr1, cr2, sr, crcpr, rxcrcr, txcrcr, i2scfgr, i2spr;
    uint32_t transmit_data, receive_data, shift;
    uint32_t shift_is_crc;  ///< the word under way is the CRC
    uint32_t data_read;     ///< DR was read since OVR: a read of SR clears it
    uint32_t fault_seen;    ///< SR was read with MODF: a write of CR1 clears it
  };

  int Bits() const;
  uint64_t WordCycles() const;
  bool Clocks() const;
  bool OnlyReceives() const;
  void StartWord();
  uint16_t Exchange(uint16_t out);
  void WriteControl1(uint32_t value);
  void Update();

  Chip& chip_;
  int number_;
  int bus_;
  int interrupt_;
  std::string name_;
  std::vector<SpiDevice*> devices_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_SPI_H_
