#include "simulator/stm32f412/gpio.h"

namespace thimble::simulator {
namespace {

enum Offset : uint32_t {
  kModer = 0x00,
  kOtyper = 0x04,
  kOspeedr = 0x08,
  kPupdr = 0x0c,
  kIdr = 0x10,
  kOdr = 0x14,
  kBsrr = 0x18,
  kLckr = 0x1c,
  kAfrl = 0x20,
  kAfrh = 0x24,
};

constexpr uint32_t kPins = 0xffff;
constexpr uint32_t kLockKey = 1u << 16;

/// Each of the lower 16 bits becomes `width` bits.
uint32_t Widen(uint32_t pins, int width) {
  uint32_t wide = 0;
  for (int pin = 0; pin < 32 / width; ++pin) {
    if ((pins >> pin & 1) != 0) wide |= ((1u << width) - 1) << pin * width;
  }
  return wide;
}

}  // namespace

Gpio::Gpio(Chip& chip, int port)
    : chip_(chip), port_(port), name_(std::string("GPIO") + static_cast<char>('A' + port)) {}

void Gpio::Reset() {
  const Contents before = state_;
  state_ = {};
  state_.driven = before.driven;
  state_.drive = before.drive;
  state_.levels = before.levels;
  // The debug port's pins: PA13 to PA15, PB3 and PB4.
  if (port_ == 0) {
    state_.moder = 0xa800'0000;
    state_.ospeedr = 0x0c00'0000;
    state_.pupdr = 0x6400'0000;
  } else if (port_ == 1) {
    state_.moder = 0x0000'0280;
    state_.ospeedr = 0x0000'00c0;
    state_.pupdr = 0x0000'0100;
  }
  Settle();
}

uint32_t Gpio::Read(uint32_t offset, int /*bytes*/) {
  switch (offset) {
    case kModer:
      return state_.moder;
    case kOtyper:
      return state_.otyper;
    case kOspeedr:
      return state_.ospeedr;
    case kPupdr:
      return state_.pupdr;
    case kIdr: {
      // The input stage of an analogue pin is off.
      uint32_t input = state_.levels;
      for (int pin = 0; pin < 16; ++pin) {
        if (ModeOf(pin) == Mode::kAnalog) input &= ~(1u << pin);
      }
      return input;
    }
    case kOdr:
      return state_.odr;
    case kLckr:
      return state_.lckr;
    case kAfrl:
      return state_.afr[0];
    case kAfrh:
      return state_.afr[1];
    default:
      return 0;
  }
}

void Gpio::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  const uint32_t locked = (state_.lckr & kLockKey) != 0 ? state_.lckr & kPins : 0;
  switch (offset) {
    case kModer:
      state_.moder = Merge(state_.moder, value, lanes & ~Widen(locked, 2));
      break;
    case kOtyper:
      state_.otyper = Merge(state_.otyper, value, lanes & kPins & ~locked);
      break;
    case kOspeedr:
      state_.ospeedr = Merge(state_.ospeedr, value, lanes & ~Widen(locked, 2));
      break;
    case kPupdr:
      state_.pupdr = Merge(state_.pupdr, value, lanes & ~Widen(locked, 2));
      break;
    case kOdr:
      state_.odr = Merge(state_.odr, value, lanes & kPins);
      break;
    case kBsrr: {
      const uint32_t bits = value & lanes;
      state_.odr = (state_.odr & ~(bits >> 16)) | (bits & kPins);  // setting wins
      break;
    }
    case kLckr:
      WriteLock(value, lanes);
      break;
    case kAfrl:
      state_.afr[0] = Merge(state_.afr[0], value, lanes & ~Widen(locked & 0xff, 4));
      break;
    case kAfrh:
      state_.afr[1] = Merge(state_.afr[1], value, lanes & ~Widen(locked >> 8, 4));
      break;
    default:
      return;
  }
  Settle();
}

void Gpio::WriteLock(uint32_t value, uint32_t lanes) {
  if ((state_.lckr & kLockKey) != 0) return;
  // Three whole words: key 1, 0, 1, with the same pins each time. Anything else begins anew.
  const bool key = (value & kLockKey) != 0;
  const uint32_t pins = value & kPins;
  const bool whole = lanes == ~uint32_t{0};
  const bool fits = whole && key == (state_.lock_step != 1) && (state_.lock_step == 0 || pins == state_.lock_pins);
  if (fits) {
    ++state_.lock_step;
  } else {
    state_.lock_step = whole && key ? 1 : 0;
  }
  state_.lock_pins = pins;
  state_.lckr = Merge(state_.lckr, value, lanes & kPins);
  if (state_.lock_step == 3) {
    state_.lckr |= kLockKey;
    state_.lock_step = 0;
  }
}

void Gpio::Drive(int pin, bool high) {
  const uint32_t bit = 1u << (pin & 15);
  state_.driven |= bit;
  state_.drive = high ? state_.drive | bit : state_.drive & ~bit;
  if (ModeOf(pin) == Mode::kOutput && !OpenDrain(pin) && ((state_.odr & bit) != 0) != high) {
    chip_.Note(name_ + ": pin " + std::to_string(pin & 15) + " is an output and driven from outside the other way");
  }
  Settle();
}

void Gpio::Release(int pin) {
  state_.driven &= ~(1u << (pin & 15));
  Settle();
}

int Gpio::AlternateFunction(int pin) const {
  if (ModeOf(pin) != Mode::kAlternate) return -1;
  const auto at = static_cast<uint32_t>(pin & 15);
  return static_cast<int>(state_.afr[at / 8] >> at % 8 * 4 & 15);
}

void Gpio::Settle() {
  uint32_t levels = 0;
  for (uint32_t pin = 0; pin < 16; ++pin) {
    const uint32_t bit = 1u << pin;
    const Mode mode = ModeOf(static_cast<int>(pin));
    const bool output = mode == Mode::kOutput;
    const bool open_drain = (state_.otyper & bit) != 0;
    bool high = mode != Mode::kAnalog && (state_.pupdr >> pin * 2 & 3) == 1;
    if (output && open_drain && (state_.odr & bit) == 0) {
      high = false;
    } else if ((state_.driven & bit) != 0) {
      high = (state_.drive & bit) != 0;
    } else if (output && !open_drain) {
      high = (state_.odr & bit) != 0;
    }
    if (high) levels |= bit;
  }
  const uint32_t changed = levels ^ state_.levels;
  state_.levels = levels;  // before telling: whoever hears it may ask
  for (int pin = 0; pin < 16; ++pin) {
    if ((changed >> pin & 1) != 0) chip_.PinChanged(port_, pin, (levels >> pin & 1) != 0);
  }
}

}  // namespace thimble::simulator
