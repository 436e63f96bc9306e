// The kit's magnetometer: a LIS2MDL.
#ifndef THIMBLE_SIMULATOR_AZ3166_LIS2MDL_H_
#define THIMBLE_SIMULATOR_AZ3166_LIS2MDL_H_

#include <array>
#include <cstdint>
#include <functional>

#include "simulator/az3166/environment.h"
#include "simulator/az3166/register_device.h"

namespace thimble::simulator {

struct Lis2mdlMemory {
  uint64_t from_ns;              ///< when the mode or data rate was set
  uint64_t samples;              ///< taken since then
  std::array<int16_t, 3> field;  ///< 1.5 mgauss
  int16_t temperature;           ///< 1/8 °C from 25 °C
  uint16_t latched_word;
  uint8_t latched;  ///< BDU: address of the lower half of the output whose other half is still to be read; 0: none
  uint8_t latched_upper;  ///< 1: the half that has been read is the one at the higher address
  uint8_t status;         ///< as STATUS_REG
  std::array<uint8_t, 128> registers;
  I2cPointer pointer;
};

/// After ST's data sheet (DocID029411): continuous at 10, 20, 50 and 100 Hz, single and idle mode, soft reset and boot,
/// BDU, BLE, hard-iron offsets, data-ready and over-run flags, DRDY_on_PIN. Threshold interrupts and the self-test are
/// noted.
class Lis2mdl final : public RegisterDevice<Lis2mdlMemory> {
 public:
  Lis2mdl(const Environment& environment, std::function<uint64_t()> now_ns);

  std::string_view Name() const override { return "LIS2MDL"; }
  uint8_t Address() const override { return 0x1e; }
  void PowerOn() override;

  /// The level of its pin INT/DRDY.
  bool DataReady();

 private:
  uint8_t ReadRegister(uint8_t address) override;
  void WriteRegister(uint8_t address, uint8_t value) override;
  bool Increments(uint8_t /*byte*/) const override { return true; }

  void ResetRegisters();
  void CatchUp();
  void Measure();
  uint16_t OutputWord(uint8_t low_address) const;
  uint8_t OutputByte(uint8_t address);
  bool Answers() const override;

  const Environment& environment_;
  std::function<uint64_t()> now_ns_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_LIS2MDL_H_
