// A virtual MXChip AZ3166: the chip with everything that is soldered around it.
#ifndef THIMBLE_SIMULATOR_AZ3166_KIT_H_
#define THIMBLE_SIMULATOR_AZ3166_KIT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "simulator/az3166/environment.h"
#include "simulator/az3166/hts221.h"
#include "simulator/az3166/lis2mdl.h"
#include "simulator/az3166/lps22hb.h"
#include "simulator/az3166/lsm6dsl.h"
#include "simulator/az3166/motion_source.h"
#include "simulator/az3166/panel.h"
#include "simulator/az3166/ssd1306.h"
#include "simulator/az3166/stsafe.h"
#include "simulator/stm32f412/stm32f412.h"

namespace thimble::simulator {

struct KitOptions {
  ChipOptions chip;
  Lsm6dslOptions motion_sensor;
  Environment environment;
  std::unique_ptr<MotionSource> motion;  ///< none: it lies still
};

enum class Button : uint8_t { kA, kB };

class Kit {
 public:
  explicit Kit(KitOptions options = {});

  /// The chip; its Run, Save, Restore and CutPower are the kit's. What a snapshot holds includes the devices' state,
  /// but not the motion source nor the environment.
  Stm32f412& chip() { return chip_; }

  /// Power for all of it. The program is where Stm32f412::Program put it.
  void PowerOn(Ram ram = Ram::kLost);

  /// The serial port over USB (USART6 behind the ST-Link). SendSerial gives how many of the bytes were taken; the
  /// others may come later. Bytes arrive at the program's baud rate.
  std::function<void(std::byte byte, uint64_t ns)> on_serial;
  size_t SendSerial(std::span<const std::byte> bytes);

  void Press(Button button, bool pressed);

  /// What a person sees now. LEDs that are switched faster than the eye follows, or by a timer, show their mean since
  /// the last call or over the last 40 ms, whichever is shorter.
  Panel Face();

  Environment& environment() { return environment_; }
  void SetMotion(std::unique_ptr<MotionSource> motion);

  /// What the program did that is not modelled, of chip and devices, each sentence once.
  std::function<void(const std::string&)> on_note;

 private:
  /// How long a pin was high, for LEDs.
  struct Light {
    int port, pin;
    bool high = false;
    uint64_t changed_ns = 0;  ///< when `high` began, or the window
    uint64_t high_ns = 0;     ///< before that, in the window
  };

  void PinChanged(int port, int pin, bool high);
  double Brightness(Light& light);

  Environment environment_;
  std::unique_ptr<MotionSource> motion_;
  Stm32f412 chip_;
  Lsm6dsl lsm6dsl_;
  Hts221 hts221_;
  Lps22hb lps22hb_;
  Lis2mdl lis2mdl_;
  Ssd1306 display_;
  Stsafe stsafe_;
  uint64_t window_ns_ = 0;  ///< since when lights are counted
  std::array<Light, 6> lights_ = {{{1, 2}, {0, 15}, {2, 13}, {1, 4}, {1, 3}, {2, 7}}};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_KIT_H_
