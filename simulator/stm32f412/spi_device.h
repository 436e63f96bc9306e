// What hangs on an SPI bus, as the bus sees it.
#ifndef THIMBLE_SIMULATOR_STM32F412_SPI_DEVICE_H_
#define THIMBLE_SIMULATOR_STM32F412_SPI_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace thimble::simulator {

class SpiDevice {
 public:
  virtual ~SpiDevice() = default;

  virtual std::string_view Name() const = 0;
  /// Values after the device got power.
  virtual void PowerOn() = 0;

  /// Whether its chip select is active; the board around the chip knows the pin.
  virtual bool Selected() const = 0;
  /// One word of `bits`, 8 or 16, goes out and one comes in, in the order of the wire: the first bit is the highest.
  virtual uint16_t Transfer(uint16_t out, int bits) = 0;

  /// All that it remembers, trivially copyable.
  virtual std::span<std::byte> State() = 0;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_SPI_DEVICE_H_
