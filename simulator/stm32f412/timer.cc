#include "simulator/stm32f412/timer.h"

#include <algorithm>

#include "simulator/stm32f412/clock_arithmetic.h"

namespace thimble::simulator {
namespace {

enum Offset : uint32_t {
  kCr1 = 0x00,
  kCr2 = 0x04,
  kSmcr = 0x08,
  kDier = 0x0c,
  kSr = 0x10,
  kEgr = 0x14,
  kCcmr1 = 0x18,
  kCcmr2 = 0x1c,
  kCcer = 0x20,
  kCnt = 0x24,
  kPsc = 0x28,
  kArr = 0x2c,
  kCcr1 = 0x34,
  kCcr4 = 0x40,
  kDcr = 0x48,
  kDmar = 0x4c,
  kOr = 0x50,
};

// CR1
constexpr uint32_t kOn = 1u << 0, kNoUpdates = 1u << 1, kOnlyOverflows = 1u << 2, kOnePulse = 1u << 3;
constexpr uint32_t kPreloadArr = 1u << 7;
// CR2
constexpr uint32_t kChannelDmaAtUpdate = 1u << 3;
// SR and DIER: update is bit 0, the channels are bits 1 to 4.
constexpr uint32_t kUpdate = 1u << 0, kTrigger = 1u << 6;
constexpr int kDmaEnable = 8, kOvercapture = 8;
// A channel's byte of CCMR
constexpr uint32_t kPreloadCcr = 1u << 3;
enum OutputModes : uint32_t { kFrozen, kSet, kClear, kToggle, kForceLow, kForceHigh, kPwm1, kPwm2 };

struct Kind {
  int number, channels, bus, interrupt;
};
constexpr Kind kKinds[] = {
    {2, 4, 1, 28}, {3, 4, 1, 29},  {4, 4, 1, 30},  {5, 4, 1, 50},  {6, 0, 1, 54},  {7, 0, 1, 55},
    {9, 2, 2, 24}, {10, 1, 2, 25}, {11, 1, 2, 26}, {12, 2, 1, 43}, {13, 1, 1, 44}, {14, 1, 1, 45},
};

const Kind& KindOf(int number) {
  const auto* const found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.number == number; });
  return found != std::end(kKinds) ? *found : kKinds[0];
}

struct DmaLine {
  int number;
  uint32_t bits;  ///< update bit 0, channels bits 1 to 4
  int stream, channel;
};
// All in DMA1.
constexpr DmaLine kDmaLines[] = {
    {2, 0x09, 1, 3}, {2, 0x11, 7, 3}, {2, 0x02, 5, 3}, {2, 0x14, 6, 3},                                    //
    {3, 0x11, 2, 5}, {3, 0x02, 4, 5}, {3, 0x04, 5, 5}, {3, 0x08, 7, 5},                                    //
    {4, 0x01, 6, 2}, {4, 0x02, 0, 2}, {4, 0x04, 3, 2}, {4, 0x08, 7, 2},                                    //
    {5, 0x09, 0, 6}, {5, 0x01, 6, 6}, {5, 0x02, 2, 6}, {5, 0x04, 4, 6}, {5, 0x10, 1, 6}, {5, 0x10, 3, 6},  //
    {6, 0x01, 1, 7}, {7, 0x01, 2, 1}, {7, 0x01, 4, 1},
};

struct Pin {
  int number, channel, port, pin, function;
};
// Of the 64-pin package.
constexpr Pin kPins[] = {
    {2, 1, 0, 0, 1},   {2, 1, 0, 5, 1},   {2, 1, 0, 15, 1}, {2, 2, 0, 1, 1},  {2, 2, 1, 3, 1},  {2, 3, 0, 2, 1},
    {2, 3, 1, 10, 1},  {2, 4, 0, 3, 1},   {3, 1, 0, 6, 2},  {3, 1, 1, 4, 2},  {3, 1, 2, 6, 2},  {3, 2, 0, 7, 2},
    {3, 2, 1, 5, 2},   {3, 2, 2, 7, 2},   {3, 3, 1, 0, 2},  {3, 3, 2, 8, 2},  {3, 4, 1, 1, 2},  {3, 4, 2, 9, 2},
    {4, 1, 1, 6, 2},   {4, 2, 1, 7, 2},   {4, 3, 1, 8, 2},  {4, 4, 1, 9, 2},  {5, 1, 0, 0, 2},  {5, 2, 0, 1, 2},
    {5, 3, 0, 2, 2},   {5, 4, 0, 3, 2},   {9, 1, 0, 2, 3},  {9, 2, 0, 3, 3},  {10, 1, 1, 8, 3}, {11, 1, 1, 9, 3},
    {12, 1, 1, 14, 9}, {12, 2, 1, 15, 9}, {13, 1, 0, 6, 9}, {14, 1, 0, 7, 9},
};

}  // namespace

GeneralTimer::GeneralTimer(Chip& chip, int number)
    : chip_(chip),
      number_(KindOf(number).number),
      channels_(KindOf(number).channels),
      bus_(KindOf(number).bus),
      interrupt_(KindOf(number).interrupt),
      wide_(number == 2 || number == 5),
      name_("TIM" + std::to_string(number)) {
  state_.divider = 1;
}

void GeneralTimer::Reset() {
  SetRequests(0);
  const uint32_t inputs = state_.inputs;
  state_ = {};
  state_.inputs = inputs;
  state_.since = chip_.Cycles();
  state_.arr = state_.arr_active = Mask();
  SetDivider();
  Plan();
}

void GeneralTimer::SetDivider() {
  state_.divider = std::max<uint64_t>(1, chip_.HclkHz() / std::max(1u, chip_.TimerHz(bus_)));
}

void GeneralTimer::ClockChanged() {
  Advance();
  SetDivider();
  Plan();
}

uint32_t GeneralTimer::Read(uint32_t offset, int /*bytes*/) {
  Advance();
  if (offset >= kCcr1 && offset <= kCcr4) {
    const auto index = static_cast<int>((offset - kCcr1) / 4);
    if (index >= channels_) return 0;
    if (!IsOutput(index) && (state_.sr >> (index + 1) & 1) != 0) {
      state_.sr &= ~(2u << index);
      Plan();
    }
    return state_.ccr[index];
  }
  switch (offset) {
    case kCr1:
      return (state_.cr1 & ~(1u << 4)) | (CountsDown() ? 1u << 4 : 0);
    case kCr2:
      return state_.cr2;
    case kSmcr:
      return state_.smcr;
    case kDier:
      return state_.dier;
    case kSr: {
      const uint32_t value = state_.sr;
      Plan();
      return value;
    }
    case kCcmr1:
      return state_.ccmr[0];
    case kCcmr2:
      return state_.ccmr[1];
    case kCcer:
      return state_.ccer;
    case kCnt:
      return state_.count;
    case kPsc:
      return state_.psc;
    case kArr:
      return state_.arr;
    case kDcr:
      return state_.dcr;
    case kOr:
      return state_.option;
    default:
      return 0;
  }
}

void GeneralTimer::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Advance();
  const uint32_t channel_bits = (1u << channels_) - 1;
  if (offset >= kCcr1 && offset <= kCcr4) {
    const auto index = static_cast<int>((offset - kCcr1) / 4);
    if (index < channels_ && IsOutput(index)) {
      state_.ccr[index] = Merge(state_.ccr[index], value, lanes & Mask());
      if ((ChannelMode(index) & kPreloadCcr) == 0) state_.ccr_active[index] = state_.ccr[index];
    }
    return Plan();
  }
  switch (offset) {
    case kCr1: {
      const uint32_t direction = CountsDown() ? 1u << 4 : 0;
      const bool was_centred = Centred();
      state_.cr1 = Merge(state_.cr1, value, lanes & (channels_ == 4 ? 0x3ff : channels_ > 0 ? 0x38f : 0x8f));
      if (was_centred) state_.cr1 = (state_.cr1 & ~(1u << 4)) | direction;  // read-only in these modes
      if (!was_centred && Centred()) state_.moved_down = state_.cr1 >> 4 & 1;
      if ((state_.cr1 & kPreloadArr) == 0) state_.arr_active = state_.arr;
      break;
    }
    case kCr2:
      state_.cr2 = Merge(state_.cr2, value, lanes & 0xf8);
      break;
    case kSmcr:
      state_.smcr = Merge(state_.smcr, value, lanes & 0xfff7);
      break;
    case kDier: {
      const uint32_t mask = (channel_bits << 1 | 1) * 0x101 | (channels_ >= 2 ? 0x4040u : 0);
      state_.dier = Merge(state_.dier, value, lanes & mask);
      SetRequests(state_.requests & state_.dier >> kDmaEnable);
      break;
    }
    case kSr:
      state_.sr &= value | ~lanes;
      break;
    case kEgr: {
      const uint32_t events = value & lanes;
      for (int i = 0; i < channels_; ++i) {
        if ((events >> (i + 1) & 1) == 0) continue;
        if (IsOutput(i)) {
          state_.sr |= 2u << i;
          SetRequests(state_.requests | (state_.dier >> kDmaEnable & 2u << i));
        } else {
          Capture(i);
        }
      }
      if ((events & kTrigger) != 0 && channels_ >= 2) state_.sr |= kTrigger;
      if ((events & kUpdate) != 0) {
        state_.prescaled = 0;
        state_.moved_down = 0;
        Update(true);
        state_.count = CountsDown() ? state_.arr_active : 0;
      }
      break;
    }
    case kCcmr1:
    case kCcmr2: {
      const int pair = offset == kCcmr1 ? 0 : 1;
      if (pair * 2 >= channels_) break;
      state_.ccmr[pair] = Merge(state_.ccmr[pair], value, lanes & (channels_ == 1 ? 0xff : 0xffff));
      for (int i = pair * 2; i < std::min(channels_, pair * 2 + 2); ++i) {
        if (IsOutput(i) && (ChannelMode(i) & kPreloadCcr) == 0) state_.ccr_active[i] = state_.ccr[i];
      }
      break;
    }
    case kCcer:
      state_.ccer = Merge(state_.ccer, value, lanes & 0xbbbb & ((1u << 4 * channels_) - 1));
      break;
    case kCnt:
      state_.count = Merge(state_.count, value, lanes & Mask());
      break;
    case kPsc:
      state_.psc = Merge(state_.psc, value, lanes & 0xffff);
      break;
    case kArr:
      state_.arr = Merge(state_.arr, value, lanes & Mask());
      if ((state_.cr1 & kPreloadArr) == 0) state_.arr_active = state_.arr;
      break;
    case kDcr:
      state_.dcr = Merge(state_.dcr, value, lanes & 0x1f1f);
      break;
    case kDmar:
      chip_.Note(name_ + " DMAR: DMA bursts are not modelled");
      break;
    case kOr:
      state_.option = Merge(state_.option, value, lanes & 0xcc0);
      break;
    default:
      return;
  }
  NoteModes();
  Plan();
}

void GeneralTimer::Due() {
  Advance();
  Plan();
}

/// Counts until the counter turns: over its end, or around in centre-aligned mode. kNever: it does not count.
uint64_t GeneralTimer::StepsToTurn() const {
  if (!On() || state_.arr_active == 0) return kNever;
  const uint64_t count = state_.count, arr = state_.arr_active;
  if (Centred()) return std::max<uint64_t>(1, CountsDown() ? count : arr > count ? arr - count : 1);
  if (CountsDown()) return count + 1;
  return count <= arr ? arr - count + 1 : uint64_t{Mask()} - count + 1;  // beyond ARR: it goes on to the end
}

uint64_t GeneralTimer::StepsInPeriod() const {
  return Centred() ? uint64_t{state_.arr_active} * 2 : uint64_t{state_.arr_active} + 1;
}

void GeneralTimer::Advance() {
  uint64_t ticks = (chip_.Cycles() - state_.since) / state_.divider;
  state_.since += ticks * state_.divider;
  // After four turns everything buffered is in use and every flag that a period sets is set: the rest is repetition.
  for (int turns = 0; ticks > 0;) {
    const uint64_t steps = StepsToTurn();
    if (steps == kNever) return;
    const uint64_t ticks_a_step = uint64_t{state_.psc_active} + 1;
    const uint64_t ticks_to_turn = steps * ticks_a_step - state_.prescaled;
    if (ticks < ticks_to_turn) {
      const uint64_t total = state_.prescaled + ticks;
      state_.prescaled = total % ticks_a_step;
      Move(total / ticks_a_step);
      return;
    }
    ticks -= ticks_to_turn;
    state_.prescaled = 0;
    Move(steps - 1);
    Turn();
    if (++turns < 4 || !On() || state_.arr_active == 0) continue;
    const uint64_t period = StepsInPeriod() * (uint64_t{state_.psc_active} + 1);
    const uint64_t periods = ticks / period;
    ticks -= periods * period;
    for (int i = 0; i < channels_ && periods % 2 != 0 && !Centred(); ++i) {
      if (IsOutput(i) && OutputMode(i) == kToggle && state_.ccr_active[i] <= state_.arr_active)
        state_.reference ^= 1u << i;
    }
  }
}

/// Counts without a turn.
void GeneralTimer::Move(uint64_t steps) {
  if (steps == 0) return;
  const auto moved = static_cast<uint32_t>(steps);
  const bool down = CountsDown();
  const uint32_t before = state_.count;
  state_.count = down ? before - moved : before + moved;
  for (int i = 0; i < channels_; ++i) {
    const uint32_t at = state_.ccr_active[i];
    if (down ? at < before && at >= state_.count : at > before && at <= state_.count) Match(i);
  }
}

void GeneralTimer::Turn() {
  const bool down = CountsDown();
  if (Centred()) {
    state_.count = down ? 0 : state_.arr_active;
    MatchAt(state_.count);
    state_.moved_down = down ? 0 : 1;
    Update(false);
    return;
  }
  const bool at_end = down || state_.count == state_.arr_active;
  if (at_end) {
    for (int i = 0; i < channels_; ++i) {
      // A value that is never reached matches at the end.
      if (IsOutput(i) && state_.ccr_active[i] > state_.arr_active) {
        state_.sr |= 2u << i;
        SetRequests(state_.requests | (state_.dier >> kDmaEnable & 2u << i));
      }
    }
    Update(false);
  }
  state_.count = down ? state_.arr_active : 0;
  MatchAt(state_.count);
}

void GeneralTimer::MatchAt(uint32_t value) {
  for (int i = 0; i < channels_; ++i) {
    if (state_.ccr_active[i] == value) Match(i);
  }
}

void GeneralTimer::Match(int index) {
  if (!IsOutput(index)) return;
  const uint32_t bit = 1u << index;
  switch (OutputMode(index)) {
    case kSet:
      state_.reference |= bit;
      break;
    case kClear:
      state_.reference &= ~bit;
      break;
    case kToggle:
      state_.reference ^= bit;
      break;
    default:
      break;
  }
  // Centre-aligned mode 1 sets flags only on the way down, 2 only on the way up.
  const uint32_t centre = state_.cr1 >> 5 & 3;
  if (centre == (CountsDown() ? 2u : 1u)) return;
  state_.sr |= bit << 1;
  if ((state_.cr2 & kChannelDmaAtUpdate) == 0) {
    SetRequests(state_.requests | (state_.dier >> kDmaEnable & bit << 1));
  }
}

void GeneralTimer::Update(bool by_software) {
  if ((state_.cr1 & kNoUpdates) != 0) return;
  state_.psc_active = state_.psc;
  state_.arr_active = state_.arr;
  for (int i = 0; i < channels_; ++i) {
    if (IsOutput(i)) state_.ccr_active[i] = state_.ccr[i];
  }
  uint32_t requests = state_.requests;
  if ((state_.cr2 & kChannelDmaAtUpdate) != 0) requests |= state_.dier >> kDmaEnable & 0x1e;
  if (!by_software || (state_.cr1 & kOnlyOverflows) == 0) {
    state_.sr |= kUpdate;
    requests |= state_.dier >> kDmaEnable & kUpdate;
  }
  if (!by_software && (state_.cr1 & kOnePulse) != 0) state_.cr1 &= ~kOn;
  SetRequests(requests);
}

void GeneralTimer::Capture(int index) {
  const uint32_t flag = 2u << index;
  if ((state_.sr & flag) != 0) state_.sr |= flag << kOvercapture;
  state_.ccr[index] = state_.count;
  state_.sr |= flag;
  SetRequests(state_.requests | (state_.dier >> kDmaEnable & flag));
}

void GeneralTimer::Input(int channel, bool high) {
  if (channel < 1 || channel > channels_) return;
  const uint32_t bit = 1u << (channel - 1);
  if (((state_.inputs & bit) != 0) == high) return;
  state_.inputs ^= bit;
  Advance();
  for (int i = 0; i < channels_; ++i) {
    const uint32_t source = ChannelMode(i) & 3;
    const int input = source == 1 ? i : source == 2 ? i ^ 1 : -1;
    const uint32_t control = state_.ccer >> i * 4;
    if (input != channel - 1 || (control & 1) == 0) continue;
    const bool both = (control & 0xa) == 0xa;
    if (!both && high == ((control & 2) != 0)) continue;
    if (++state_.input_edges[i] < 1u << (ChannelMode(i) >> 2 & 3)) continue;
    state_.input_edges[i] = 0;
    Capture(i);
  }
  Plan();
}

int GeneralTimer::ChannelOfPin(int port, int pin, int alternate_function) const {
  for (const Pin& at : kPins) {
    if (at.number == number_ && at.port == port && at.pin == pin && at.function == alternate_function) {
      return at.channel;
    }
  }
  return 0;
}

double GeneralTimer::Duty(int channel) {
  if (channel < 1 || channel > channels_) return 0;
  const int index = channel - 1;
  const uint32_t control = state_.ccer >> index * 4;
  if (!IsOutput(index) || (control & 1) == 0) return 0;
  Advance();
  Plan();
  const double arr = state_.arr_active, at = state_.ccr_active[index];
  const bool counts = StepsToTurn() != kNever;
  double active = 0;
  switch (OutputMode(index)) {
    case kFrozen:
    case kSet:
    case kClear:
      active = state_.reference >> index & 1;
      break;
    case kToggle:
      active = counts && at <= arr ? 0.5 : state_.reference >> index & 1;
      break;
    case kForceLow:
      break;
    case kForceHigh:
      active = 1;
      break;
    default: {
      const bool below =
          CountsDown() ? state_.count <= state_.ccr_active[index] : state_.count < state_.ccr_active[index];
      if (!counts) {
        active = below ? 1 : 0;
      } else if (Centred()) {
        active = std::min(at, arr) / arr;
      } else {
        active = std::min(CountsDown() ? at + 1 : at, arr + 1) / (arr + 1);
      }
      if (OutputMode(index) == kPwm2) active = 1 - active;
    }
  }
  return (control & 2) != 0 ? 1 - active : active;
}

void GeneralTimer::SetRequests(uint32_t requests) {
  const uint32_t changed = requests ^ state_.requests;
  state_.requests = requests;
  for (const DmaLine& line : kDmaLines) {
    if (line.number == number_ && (line.bits & changed) != 0) {
      chip_.SetDmaRequest(1, line.stream, line.channel, (line.bits & requests) != 0);
    }
  }
}

void GeneralTimer::DmaServed(int controller, int stream, int channel, uint32_t /*left*/) {
  if (controller != 1 || state_.requests == 0) return;
  for (const DmaLine& line : kDmaLines) {
    if (line.number != number_ || line.stream != stream || line.channel != channel) continue;
    Advance();
    SetRequests(state_.requests & ~line.bits);
    Plan();
  }
}

void GeneralTimer::Plan() {
  chip_.SetInterrupt(interrupt_, (state_.sr & state_.dier & 0x5f) != 0);
  // What is set already needs nobody to look.
  const uint32_t wanted = (state_.dier & ~state_.sr) | (state_.dier >> kDmaEnable & ~state_.requests);
  const bool wants_update = (wanted & kUpdate) != 0 && (state_.cr1 & kNoUpdates) == 0;
  uint64_t steps = StepsToTurn();
  bool wants_channel = false;
  const bool down = CountsDown();
  const uint64_t turn = steps;
  for (int i = 0; i < channels_; ++i) {
    if ((wanted >> (i + 1) & 1) == 0 || !IsOutput(i)) continue;
    wants_channel = true;
    const uint32_t at = state_.ccr_active[i];
    const bool ahead = down ? at < state_.count : at > state_.count;
    const uint64_t distance = down ? uint64_t{state_.count} - at : uint64_t{at} - state_.count;
    if (ahead && distance < turn) steps = std::min(steps, distance);
  }
  if (steps == kNever || !(wants_update || wants_channel)) {
    chip_.ScheduleAtCycle(*this, kNever);
    return;
  }
  const uint64_t ticks = steps * (uint64_t{state_.psc_active} + 1) - state_.prescaled;
  chip_.ScheduleAtCycle(*this, AddTime(state_.since, ticks * state_.divider));
}

void GeneralTimer::NoteModes() {
  const auto note = [&](bool used, const std::string& what) {
    if (used) chip_.Note(name_ + " " + what + " not modelled");
  };
  const uint32_t slave = state_.smcr & 7;
  note(slave != 0, "SMCR: slave mode " + std::to_string(slave) + " is");
  note((state_.smcr & 1u << 14) != 0, "SMCR ECE: the external clock is");
  note((state_.cr2 & 0x70) != 0, "CR2 MMS: the trigger output is");
  note((state_.cr2 & 0x80) != 0, "CR2 TI1S: joined inputs are");
  for (int i = 0; i < channels_; ++i) {
    note((ChannelMode(i) & 3) == 3, "CCMR: capture from the trigger input is");
    note((ChannelMode(i) & 3) != 0 && (ChannelMode(i) & 0xf0) != 0, "CCMR: the filter of input capture is");
    note(IsOutput(i) && (ChannelMode(i) & 0x80) != 0, "CCMR OCxCE: clearing outputs by ETR is");
  }
}

}  // namespace thimble::simulator
