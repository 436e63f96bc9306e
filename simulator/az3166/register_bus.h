// For tests: registers of a device on a bus of its own.
#ifndef THIMBLE_SIMULATOR_AZ3166_REGISTER_BUS_H_
#define THIMBLE_SIMULATOR_AZ3166_REGISTER_BUS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "simulator/stm32f412/i2c_device.h"

namespace thimble::simulator {

inline void WriteRegisters(I2cDevice& device, uint8_t address, std::initializer_list<int> values) {
  if (!device.Start(false)) return;
  device.Write(address);
  for (const int value : values) device.Write(static_cast<uint8_t>(value));
  device.StopCondition();
}

inline std::vector<uint8_t> ReadRegisters(I2cDevice& device, uint8_t address, size_t count) {
  std::vector<uint8_t> bytes;
  device.Start(false);
  device.Write(address);
  device.Start(true);
  for (size_t i = 0; i < count; ++i) bytes.push_back(device.Read());
  device.StopCondition();
  return bytes;
}

inline uint8_t ReadRegister(I2cDevice& device, uint8_t address) { return ReadRegisters(device, address, 1)[0]; }

/// Little-endian words of 16 bits, one after the other.
inline std::vector<int16_t> ReadWords(I2cDevice& device, uint8_t address, size_t count) {
  const std::vector<uint8_t> bytes = ReadRegisters(device, address, 2 * count);
  std::vector<int16_t> words;
  for (size_t i = 0; i < count; ++i) words.push_back(static_cast<int16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8));
  return words;
}

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_REGISTER_BUS_H_
