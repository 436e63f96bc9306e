#include "simulator/az3166/kit.h"

#include <algorithm>
#include <utility>

#include "simulator/stm32f412/gpio.h"
#include "simulator/stm32f412/i2c.h"
#include "simulator/stm32f412/timer.h"
#include "simulator/stm32f412/usart.h"

namespace thimble::simulator {
namespace {

// The kit's wiring: MXChip's schematics, as Zephyr's and the vendor's board files have it.
constexpr int kPortA = 0, kPortB = 1;
constexpr int kButtonAPin = 4, kButtonBPin = 10;  // of port A; pressed is low
constexpr int kDisplayResetPin = 8;               // of port A
constexpr int kClockPin = 8, kDataPin = 9;        // of port B: I2C1
constexpr int kI2cFunction = 4;
constexpr uint64_t kEyeNs = 40'000'000;

}  // namespace

Kit::Kit(KitOptions options)
    : environment_(options.environment),
      motion_(options.motion != nullptr ? std::move(options.motion) : Still()),
      chip_(options.chip),
      lsm6dsl_(
          *motion_, environment_, [this] { return chip_.NowNs(); }, options.motion_sensor),
      hts221_(environment_, [this] { return chip_.NowNs(); }),
      lps22hb_(environment_, [this] { return chip_.NowNs(); }),
      lis2mdl_(environment_, [this] { return chip_.NowNs(); }),
      display_([this] { return chip_.NowNs(); }) {
  const auto note = [this](const std::string& sentence) {
    if (on_note) on_note(sentence);
  };
  chip_.on_note = note;
  lsm6dsl_.on_note = hts221_.on_note = lps22hb_.on_note = lis2mdl_.on_note = display_.on_note = stsafe_.on_note = note;
  for (I2cDevice* device :
       {static_cast<I2cDevice*>(&lsm6dsl_), static_cast<I2cDevice*>(&hts221_), static_cast<I2cDevice*>(&lps22hb_),
        static_cast<I2cDevice*>(&lis2mdl_), static_cast<I2cDevice*>(&display_), static_cast<I2cDevice*>(&stsafe_)}) {
    chip_.i2c1().Attach(*device);
    chip_.AlsoSave(device->State());
  }
  chip_.i2c1().connected = [this] {
    const Gpio& port = chip_.gpio(kPortB);
    return port.AlternateFunction(kClockPin) == kI2cFunction && port.AlternateFunction(kDataPin) == kI2cFunction &&
           port.OpenDrain(kClockPin) && port.OpenDrain(kDataPin);
  };
  chip_.usart(6).on_transmit = [this](std::byte byte, uint64_t ns) {
    if (on_serial) on_serial(byte, ns);
  };
  chip_.on_pin = [this](int port, int pin, bool high) { PinChanged(port, pin, high); };
}

void Kit::PowerOn(Ram ram) {
  for (I2cDevice* device :
       {static_cast<I2cDevice*>(&lsm6dsl_), static_cast<I2cDevice*>(&hts221_), static_cast<I2cDevice*>(&lps22hb_),
        static_cast<I2cDevice*>(&lis2mdl_), static_cast<I2cDevice*>(&display_), static_cast<I2cDevice*>(&stsafe_)}) {
    device->PowerOn();
  }
  chip_.PowerOn(ram);
  Press(Button::kA, false);
  Press(Button::kB, false);
}

size_t Kit::SendSerial(std::span<const std::byte> bytes) {
  Usart& usart = chip_.usart(6);
  const size_t count = std::min(bytes.size(), usart.ReceiveRoom());
  if (count > 0) usart.Receive(bytes.first(count));
  return count;
}

void Kit::Press(Button button, bool pressed) {
  chip_.SetPin(kPortA, button == Button::kA ? kButtonAPin : kButtonBPin, !pressed);
}

void Kit::SetMotion(std::unique_ptr<MotionSource> motion) {
  lsm6dsl_.SetSource(*motion);
  motion_ = std::move(motion);
}

void Kit::PinChanged(int port, int pin, bool high) {
  if (port == kPortA && pin == kDisplayResetPin) display_.SetResetPin(high);
  for (Light& light : lights_) {
    if (light.port != port || light.pin != pin) continue;
    const uint64_t now = chip_.NowNs();
    if (light.high) light.high_ns += now - std::min(now, light.changed_ns);
    light.changed_ns = now;
    light.high = high;
  }
}

double Kit::Brightness(Light& light) {
  const Gpio& port = chip_.gpio(light.port);
  const int function = port.AlternateFunction(light.pin);
  if (function >= 0) {
    for (int number = 2; number <= 5; ++number) {
      GeneralTimer& timer = chip_.timer(number);
      const int channel = timer.ChannelOfPin(light.port, light.pin, function);
      if (channel != 0) return timer.Duty(channel);
    }
    return 0;
  }
  const uint64_t now = chip_.NowNs(), window = now - window_ns_;
  if (window == 0 || window > kEyeNs) return port.Level(light.pin) ? 1 : 0;
  const uint64_t high = light.high_ns + (light.high ? now - std::max(window_ns_, light.changed_ns) : 0);
  return std::min(1.0, static_cast<double>(high) / static_cast<double>(window));
}

Panel Kit::Face() {
  Panel panel{.screen = display_.Picture()};
  double* const shares[] = {&panel.wifi_led, &panel.azure_led, &panel.user_led, &panel.red, &panel.green, &panel.blue};
  for (size_t i = 0; i < lights_.size(); ++i) *shares[i] = Brightness(lights_[i]);
  panel.button_a = !chip_.gpio(kPortA).Level(kButtonAPin);
  panel.button_b = !chip_.gpio(kPortA).Level(kButtonBPin);
  window_ns_ = chip_.NowNs();
  for (Light& light : lights_) {
    light.high_ns = 0;
    light.changed_ns = window_ns_;
    light.high = chip_.gpio(light.port).Level(light.pin);
  }
  return panel;
}

}  // namespace thimble::simulator
