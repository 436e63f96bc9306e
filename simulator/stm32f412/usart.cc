#include "simulator/stm32f412/usart.h"

#include <algorithm>
#include <bit>

namespace thimble::simulator {
namespace {

enum Offset : uint32_t { kSr = 0x00, kDr = 0x04, kBrr = 0x08, kCr1 = 0x0c, kCr2 = 0x10, kCr3 = 0x14, kGtpr = 0x18 };

// SR
constexpr uint32_t kParityError = 1u << 0, kFramingError = 1u << 1, kOverrun = 1u << 3, kIdle = 1u << 4;
constexpr uint32_t kReceived = 1u << 5, kComplete = 1u << 6, kEmpty = 1u << 7;
constexpr uint32_t kLinBreak = 1u << 8, kClearToSend = 1u << 9;
constexpr uint32_t kErrors = kParityError | kFramingError | 1u << 2 | kOverrun;
// CR1
constexpr uint32_t kReceiverOn = 1u << 2, kTransmitterOn = 1u << 3, kParityInterrupt = 1u << 8, kOddParity = 1u << 9;
constexpr uint32_t kParity = 1u << 10, kNineBits = 1u << 12, kOn = 1u << 13, kOversample8 = 1u << 15;
// CR3
constexpr uint32_t kErrorInterrupt = 1u << 0, kDmaReceive = 1u << 6, kDmaTransmit = 1u << 7;

constexpr uint32_t kPreamble = 1u << 31;

struct DmaLine {
  int number;
  bool receives;
  int controller, stream, channel;
};
constexpr DmaLine kDmaLines[] = {
    {1, true, 2, 2, 4}, {1, true, 2, 5, 4}, {1, false, 2, 7, 4},  //
    {2, true, 1, 5, 4}, {2, true, 1, 7, 6}, {2, false, 1, 6, 4},  //
    {6, true, 2, 1, 5}, {6, true, 2, 2, 5}, {6, false, 2, 6, 5}, {6, false, 2, 7, 5},
};

}  // namespace

Usart::Usart(Chip& chip, int number)
    : chip_(chip),
      number_(number),
      bus_(number == 2 ? 1 : 2),
      interrupt_(number == 6 ? 71 : 36 + number),
      name_("USART" + std::to_string(number)) {}

void Usart::Reset() {
  const uint32_t line_baud = state_.line_baud;
  state_ = {};
  state_.line_baud = line_baud;
  state_.transmit_due = state_.receive_due = state_.idle_due = kNever;
  state_.sr = kEmpty | kComplete;
  Update();
}

uint64_t Usart::BitCycles() const {
  const uint32_t mantissa = state_.brr >> 4;
  if (mantissa == 0) return 0;
  const uint32_t pclk_cycles = (state_.cr1 & kOversample8) != 0 ? mantissa * 8 + (state_.brr & 7) : state_.brr;
  return uint64_t{pclk_cycles} * std::max(1u, chip_.HclkHz() / std::max(1u, chip_.PclkHz(bus_)));
}

uint32_t Usart::WordBits() const { return (state_.cr1 & kNineBits) != 0 ? 9 : 8; }

uint32_t Usart::FrameBits() const { return 1 + WordBits() + ((state_.cr2 >> 12 & 3) == 2 ? 2 : 1); }

uint64_t Usart::FrameCycles() const {
  constexpr uint32_t kHalfStopBits[] = {2, 1, 4, 3};
  return (2 * (1 + WordBits()) + kHalfStopBits[state_.cr2 >> 12 & 3]) * BitCycles() / 2;
}

bool Usart::Receives() const { return (state_.cr1 & (kOn | kReceiverOn)) == (kOn | kReceiverOn) && BitCycles() != 0; }

bool Usart::Transmits() const {
  return (state_.cr1 & (kOn | kTransmitterOn)) == (kOn | kTransmitterOn) && BitCycles() != 0;
}

uint32_t Usart::Read(uint32_t offset, int /*bytes*/) {
  switch (offset) {
    case kSr:
      state_.sr_seen = state_.sr;
      return state_.sr;
    case kDr: {
      const uint32_t value = state_.receive_data;
      state_.sr &= ~(kReceived | (state_.sr_seen & (kErrors | kIdle)));
      state_.sr_seen = 0;
      Update();
      return value;
    }
    case kBrr:
      return state_.brr;
    case kCr1:
      return state_.cr1;
    case kCr2:
      return state_.cr2;
    case kCr3:
      return state_.cr3;
    case kGtpr:
      return state_.gtpr;
    default:
      return 0;
  }
}

void Usart::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  const bool transmitted = Transmits();
  switch (offset) {
    case kSr:
      state_.sr &= value | ~lanes | ~(kReceived | kComplete | kLinBreak | kClearToSend);
      break;
    case kDr:
      if ((lanes & 0xff) == 0) return;
      state_.transmit_data = value & lanes & 0x1ff;
      state_.sr &= ~(kEmpty | (state_.sr_seen & kComplete));
      state_.sr_seen &= ~kComplete;
      break;
    case kBrr:
      state_.brr = Merge(state_.brr, value, lanes & 0xffff);
      break;
    case kCr1:
      state_.cr1 = Merge(state_.cr1, value, lanes & 0xbfff);
      break;
    case kCr2:
      state_.cr2 = Merge(state_.cr2, value, lanes & 0x7f6f);
      break;
    case kCr3:
      state_.cr3 = Merge(state_.cr3, value, lanes & 0x0fff);
      break;
    case kGtpr:
      state_.gtpr = Merge(state_.gtpr, value, lanes & 0xffff);
      break;
    default:
      return;
  }
  NoteModes();
  if (Transmits() && !transmitted && state_.transmit_due == kNever) {
    state_.transmit_shift = kPreamble;  // the line is high for a character before the first one
    state_.transmit_due = chip_.Cycles() + FrameCycles();
  }
  StartTransmission();
  if (!Receives()) StopReceiving();
  Update();
}

void Usart::StartTransmission() {
  if (state_.transmit_due != kNever || (state_.sr & kEmpty) != 0 || !Transmits()) return;
  state_.transmit_shift = state_.transmit_data;
  state_.transmit_due = chip_.Cycles() + FrameCycles();
  state_.sr |= kEmpty;
}

void Usart::Due() {
  const uint64_t now = chip_.Cycles();
  if (state_.transmit_due <= now) {
    state_.transmit_due = kNever;
    if (state_.transmit_shift != kPreamble && on_transmit) {
      const uint32_t data_bits = WordBits() - ((state_.cr1 & kParity) != 0 ? 1 : 0);
      on_transmit(static_cast<std::byte>(state_.transmit_shift & ((1u << data_bits) - 1) & 0xff), chip_.NowNs());
    }
    StartTransmission();
    if (state_.transmit_due == kNever) state_.sr |= kComplete;
  }
  if (state_.receive_due <= now) EndReception();
  if (state_.idle_due <= now) {
    state_.idle_due = kNever;
    state_.may_idle = 0;
    state_.sr |= kIdle;
  }
  Update();
}

size_t Usart::ReceiveRoom() const { return Receives() ? kQueueBytes - state_.queue_count : 0; }

void Usart::Receive(std::span<const std::byte> bytes) {
  const bool quiet = state_.queue_count == 0;
  for (const std::byte byte : bytes.first(std::min(bytes.size(), ReceiveRoom()))) {
    state_.queue[(state_.queue_first + state_.queue_count) % kQueueBytes] = static_cast<uint8_t>(byte);
    ++state_.queue_count;
  }
  if (quiet && state_.receive_due == kNever) StartReception(chip_.Cycles());
  Update();
}

bool Usart::LineLevel(uint64_t bit) const {
  const uint32_t frame_bits = FrameBits(), word_bits = WordBits();
  if (bit / frame_bits >= state_.queue_count) return true;
  const auto frame = static_cast<uint32_t>(bit / frame_bits), at = static_cast<uint32_t>(bit % frame_bits);
  if (at == 0) return false;
  if (at > word_bits) return true;
  uint32_t word = state_.queue[(state_.queue_first + frame) % kQueueBytes];
  if ((state_.cr1 & kParity) != 0) {
    word &= (1u << (word_bits - 1)) - 1;
    const bool odd_ones = std::popcount(word) % 2 != 0;
    if (odd_ones != ((state_.cr1 & kOddParity) != 0)) word |= 1u << (word_bits - 1);
  }
  return (word >> (at - 1) & 1) != 0;
}

void Usart::StartReception(uint64_t from_cycle) {
  state_.receive_due = kNever;
  if (!Receives()) return;
  const uint64_t bit_cycles = BitCycles(), hclk = std::max(1u, chip_.HclkHz());
  const uint32_t word_bits = WordBits(), frame_bits = FrameBits();
  // The receiver looks at the middle of its own bits, counted from the edge of the start bit.
  const auto sampled_bit = [&](uint32_t bit) {
    return state_.line_baud == 0 ? bit : (2 * bit + 1) * uint64_t{state_.line_baud} * bit_cycles / (2 * hclk);
  };
  const uint64_t end = uint64_t{state_.queue_count} * frame_bits;
  for (uint64_t start = state_.line_bit; start < end; ++start) {
    if (LineLevel(start) || (start > 0 && !LineLevel(start - 1)) || LineLevel(start + sampled_bit(0))) continue;
    state_.arriving = 0;
    for (uint32_t i = 0; i < word_bits; ++i) {
      if (LineLevel(start + sampled_bit(i + 1))) state_.arriving |= 1u << i;
    }
    state_.arriving_flags = LineLevel(start + sampled_bit(word_bits + 1)) ? 0 : kFramingError;
    if ((state_.cr1 & kParity) != 0 && (std::popcount(state_.arriving) % 2 != 0) != ((state_.cr1 & kOddParity) != 0)) {
      state_.arriving_flags |= kParityError;
    }
    const uint64_t host_bit_cycles =
        state_.line_baud == 0 ? bit_cycles : std::max<uint64_t>(1, hclk / state_.line_baud);
    state_.receive_due = from_cycle + (start - state_.line_bit) * host_bit_cycles + frame_bits * bit_cycles;
    uint64_t next = state_.line_baud == 0 ? start + frame_bits : start + sampled_bit(word_bits + 1) + 1;
    next = std::min(next, end);
    const auto frames = static_cast<uint32_t>(next / frame_bits);
    state_.queue_first = (state_.queue_first + frames) % kQueueBytes;
    state_.queue_count -= frames;
    state_.line_bit = static_cast<uint32_t>(next % frame_bits);
    state_.idle_due = kNever;
    return;
  }
  state_.queue_count = 0;
  state_.line_bit = 0;
}

void Usart::EndReception() {
  const uint64_t end = state_.receive_due;
  if ((state_.sr & kReceived) != 0) {
    state_.sr |= kOverrun;  // what DR holds stays, the new character is lost
  } else {
    state_.receive_data = state_.arriving;
    state_.sr |= kReceived | state_.arriving_flags;
    state_.may_idle = 1;
  }
  StartReception(end);
  if (state_.receive_due == kNever && state_.may_idle != 0) state_.idle_due = end + FrameBits() * BitCycles();
}

void Usart::StopReceiving() {
  state_.receive_due = state_.idle_due = kNever;
  state_.queue_count = 0;
  state_.line_bit = 0;
  state_.may_idle = 0;
}

void Usart::NoteModes() {
  const auto note = [&](bool used, const char* what) {
    if (used) chip_.Note(name_ + " " + what + " not modelled");
  };
  note((state_.cr1 & 1u << 0) != 0, "CR1 SBK: break characters are");
  note((state_.cr1 & 1u << 1) != 0, "CR1 RWU: the mute mode is");
  note((state_.cr2 & 1u << 11) != 0, "CR2 CLKEN: the synchronous mode is");
  note((state_.cr2 & 1u << 14) != 0, "CR2 LINEN: LIN is");
  note((state_.cr3 & 1u << 1) != 0, "CR3 IREN: IrDA is");
  note((state_.cr3 & 1u << 3) != 0, "CR3 HDSEL: half duplex is");
  note((state_.cr3 & 1u << 5) != 0, "CR3 SCEN: the smartcard mode is");
  note((state_.cr3 & 3u << 8) != 0, "CR3 RTSE, CTSE: flow control is");
  state_.cr1 &= ~1u;  // SBK ends when the break is sent
  if ((state_.cr1 & kOn) != 0 && (state_.cr1 & (kReceiverOn | kTransmitterOn)) != 0 && BitCycles() == 0) {
    chip_.Note(name_ + " BRR: a divider below 1 gives no clock; nothing is sent or received");
  }
}

void Usart::Update() {
  // TXEIE 7, TCIE 6, RXNEIE 5 and IDLEIE 4 of CR1 lie where their flags lie in SR.
  uint32_t asking = state_.sr & state_.cr1 & (kEmpty | kComplete | kReceived | kIdle);
  if ((state_.cr1 & kReceived) != 0) asking |= state_.sr & kOverrun;
  if ((state_.cr1 & kParityInterrupt) != 0) asking |= state_.sr & kParityError;
  if ((state_.cr3 & (kErrorInterrupt | kDmaReceive)) == (kErrorInterrupt | kDmaReceive)) {
    asking |= state_.sr & kErrors & ~kParityError;
  }
  chip_.SetInterrupt(interrupt_, asking != 0);
  chip_.ScheduleAtCycle(*this, std::min({state_.transmit_due, state_.receive_due, state_.idle_due}));
  const bool wants_byte = (state_.cr3 & kDmaTransmit) != 0 && (state_.sr & kEmpty) != 0;
  const bool has_byte = (state_.cr3 & kDmaReceive) != 0 && (state_.sr & kReceived) != 0;
  for (const DmaLine& line : kDmaLines) {
    if (line.number != number_) continue;
    chip_.SetDmaRequest(line.controller, line.stream, line.channel, line.receives ? has_byte : wants_byte);
  }
}

}  // namespace thimble::simulator
