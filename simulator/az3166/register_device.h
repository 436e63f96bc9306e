// How ST's sensors hang on an I2C bus: the first byte written is a register's address, the others are its contents.
#ifndef THIMBLE_SIMULATOR_AZ3166_REGISTER_DEVICE_H_
#define THIMBLE_SIMULATOR_AZ3166_REGISTER_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/i2c_device.h"

namespace thimble::simulator {

/// `Memory` is all that the device remembers: integers without holes between them, the first of them an I2cPointer
/// called `pointer`.
struct I2cPointer {
  uint8_t address;         ///< of the register that comes next
  uint8_t awaits_address;  ///< 1 after a start for writing
  uint8_t increments;      ///< 1: the next byte is the next register's
};

template <typename Memory>
class RegisterDevice : public I2cDevice {
 public:
  bool Start(bool reads) final {
    if (!Answers()) return false;
    if (!reads) memory_.pointer.awaits_address = 1;
    return true;
  }

  bool Write(uint8_t byte) final {
    I2cPointer& pointer = memory_.pointer;
    if (pointer.awaits_address != 0) {
      pointer.awaits_address = 0;
      pointer.address = byte & 0x7f;
      pointer.increments = Increments(byte) ? 1 : 0;
      return true;
    }
    const uint8_t address = pointer.address & 0x7f;
    if (pointer.increments != 0) pointer.address = Next(address, false);
    WriteRegister(address, byte);
    return true;
  }

  uint8_t Read() final {
    I2cPointer& pointer = memory_.pointer;
    const uint8_t address = pointer.address & 0x7f;
    if (pointer.increments != 0) pointer.address = Next(address, true);
    return ReadRegister(address);
  }

  std::span<std::byte> State() final { return StateBytes(memory_); }

  /// The program switched on what is not modelled; a whole sentence.
  std::function<void(const std::string&)> on_note;

 protected:
  RegisterDevice() { Forget(); }

  void Forget() { std::memset(static_cast<void*>(&memory_), 0, sizeof memory_); }

  void Note(std::string_view what) const {
    if (on_note) on_note(std::string(Name()) + ": " + std::string(what) + " is not modelled");
  }

  /// False: its I2C interface is switched off.
  virtual bool Answers() const { return true; }
  /// Of a register, 0 to 0x7f.
  virtual uint8_t ReadRegister(uint8_t address) = 0;
  virtual void WriteRegister(uint8_t address, uint8_t value) = 0;
  /// Whether the address goes up with every byte; `byte` is the address as it was sent, with its bit 7.
  virtual bool Increments(uint8_t byte) const = 0;
  virtual uint8_t Next(uint8_t address, bool /*reads*/) const { return (address + 1) & 0x7f; }

  Memory memory_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_REGISTER_DEVICE_H_
