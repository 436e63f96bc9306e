// The kit's secure element, of which nobody outside its maker knows enough to imitate it.
#ifndef THIMBLE_SIMULATOR_AZ3166_STSAFE_H_
#define THIMBLE_SIMULATOR_AZ3166_STSAFE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "simulator/stm32f412/i2c_device.h"

namespace thimble::simulator {

/// An STSAFE-A100 acknowledges what it gets, answers nothing (ones), and is noted as not modelled.
class Stsafe final : public I2cDevice {
 public:
  std::string_view Name() const override { return "STSAFE-A100"; }
  uint8_t Address() const override { return 0x20; }
  void PowerOn() override {}
  bool Start(bool reads) override;
  bool Write(uint8_t byte) override;
  uint8_t Read() override { return 0xff; }
  std::span<std::byte> State() override { return {}; }

  std::function<void(const std::string&)> on_note;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_STSAFE_H_
