// The kit's sensor of humidity and temperature: an HTS221.
#ifndef THIMBLE_SIMULATOR_AZ3166_HTS221_H_
#define THIMBLE_SIMULATOR_AZ3166_HTS221_H_

#include <array>
#include <cstdint>
#include <functional>

#include "simulator/az3166/environment.h"
#include "simulator/az3166/register_device.h"

namespace thimble::simulator {

struct Hts221Memory {
  uint64_t from_ns;               ///< when the data rate was set, or the one shot began
  uint64_t samples;               ///< taken since then
  int16_t humidity, temperature;  ///< raw
  uint8_t average, control1, control2, control3;
  uint8_t status;     ///< as STATUS_REG
  uint8_t one_shot;   ///< 1: under way
  uint8_t half_read;  ///< BDU: as STATUS_REG, what has been read without its upper half
  I2cPointer pointer;
  uint8_t unused[2];
};

/// After ST's data sheet (DocID026333): power-down, 1, 7 and 12.5 Hz or one shot, BDU, data-ready flags, factory
/// calibration in registers 0x30 to 0x3f, from which programs compute what the environment says. The heater is noted.
class Hts221 final : public RegisterDevice<Hts221Memory> {
 public:
  Hts221(const Environment& environment, std::function<uint64_t()> now_ns);

  std::string_view Name() const override { return "HTS221"; }
  uint8_t Address() const override { return 0x5f; }
  void PowerOn() override;

  /// The level of its pin DRDY.
  bool DataReady();

 private:
  uint8_t ReadRegister(uint8_t address) override;
  void WriteRegister(uint8_t address, uint8_t value) override;
  bool Increments(uint8_t byte) const override { return (byte & 0x80) != 0; }
  void CatchUp();
  void Measure();

  const Environment& environment_;
  std::function<uint64_t()> now_ns_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_HTS221_H_
