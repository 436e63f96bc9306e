// The kit's barometer: an LPS22HB.
#ifndef THIMBLE_SIMULATOR_AZ3166_LPS22HB_H_
#define THIMBLE_SIMULATOR_AZ3166_LPS22HB_H_

#include <array>
#include <cstdint>
#include <functional>

#include "simulator/az3166/environment.h"
#include "simulator/az3166/register_device.h"

namespace thimble::simulator {

struct Lps22hbMemory {
  struct Sample {
    int32_t pressure;     ///< 1/4096 hPa
    int32_t temperature;  ///< 1/100 °C
  };
  uint64_t from_ns;  ///< when the data rate was set, or the one shot began
  uint64_t samples;  ///< taken since then
  Sample output;
  std::array<Sample, 32> fifo;  ///< the oldest first
  std::array<uint8_t, 64> registers;
  uint8_t fifo_count, fifo_over_run;
  uint8_t status;     ///< as STATUS
  uint8_t one_shot;   ///< 1: under way
  uint8_t half_read;  ///< BDU: as STATUS, what has been read without its uppermost byte
  I2cPointer pointer;
};

/// After ST's data sheet (DocID027083): one shot or 1, 10, 25, 50 and 75 Hz, BDU, status with over-run, FIFO of 32
/// (bypass, FIFO, stream, dynamic stream), offset RPDS, INT_DRDY for data and FIFO. Thresholds, AUTOZERO, AUTORIFP and
/// the FIFO modes that wait for them are noted; the low-pass filter changes nothing in an environment that stands
/// still.
class Lps22hb final : public RegisterDevice<Lps22hbMemory> {
 public:
  Lps22hb(const Environment& environment, std::function<uint64_t()> now_ns);

  std::string_view Name() const override { return "LPS22HB"; }
  uint8_t Address() const override { return 0x5c; }
  void PowerOn() override;

  /// The level of its pin INT_DRDY.
  bool DataReady();

 private:
  uint8_t ReadRegister(uint8_t address) override;
  void WriteRegister(uint8_t address, uint8_t value) override;
  bool Increments(uint8_t byte) const override;
  uint8_t Next(uint8_t address, bool reads) const override;

  bool Answers() const override;
  void ResetRegisters();
  uint8_t Register(uint8_t address) const { return memory_.registers[address]; }
  int FifoMode() const;
  int FifoDepth() const;
  uint8_t FifoStatus() const;
  void CatchUp();
  void Take(uint64_t samples);
  Lps22hbMemory::Sample Measure() const;
  uint8_t OutputByte(uint8_t address);

  const Environment& environment_;
  std::function<uint64_t()> now_ns_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_LPS22HB_H_
