// Whatever a program does to the registers of the chip and the devices behind them, the board goes on; and a board that
// is saved and restored on the way does the same.
//
// The input is accesses, five to nine bytes each: what, where, which value; or how long nothing happens.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "simulator/az3166/kit.h"

namespace {

using namespace thimble::simulator;

constexpr uint32_t kPeripherals[] = {
    0x4000'0000, 0x4000'0400, 0x4000'0800, 0x4000'0c00, 0x4000'1000, 0x4000'1800, 0x4000'2800, 0x4000'2c00, 0x4000'3000,
    0x4000'3800, 0x4000'4400, 0x4000'5400, 0x4000'5800, 0x4000'7000, 0x4001'1000, 0x4001'1400, 0x4001'3000, 0x4001'3800,
    0x4001'3c00, 0x4001'4000, 0x4002'0000, 0x4002'0400, 0x4002'0800, 0x4002'0c00, 0x4002'1c00, 0x4002'3000, 0x4002'3800,
    0x4002'3c00, 0x4002'6000, 0x4002'6400, 0x5006'0800, 0xa000'1000, 0xe000'e000, 0xe000'ed00, 0xe004'2000, 0xe000'1000,
    0x080e'0000, 0x1fff'7800, 0x1fff'c000, 0x9000'0000, 0x2000'0000, 0x4001'2000};

struct Input {
  const uint8_t* data;
  size_t size;
  size_t at = 0;
  bool Ended() const { return at >= size; }
  uint32_t Byte() { return Ended() ? 0 : data[at++]; }
  uint32_t Word() {
    const uint32_t low = Byte(), next = Byte(), third = Byte();
    return low | next << 8 | third << 16 | Byte() << 24;
  }
};

constexpr uint32_t kLoop = 0x0800'c000;

std::unique_ptr<Kit> NewKit() {
  auto kit = std::make_unique<Kit>();
  // Interrupts have a handler that returns; the program sleeps between them.
  std::vector<uint32_t> words(128, kLoop + 0x201);
  words[0] = 0x2004'0000;
  words[1] = kLoop + 0x203;
  words.push_back(0xbf30'4770);  // bx lr; wfi
  words.push_back(0xbf00'e7fd);  // b to it
  kit->chip().Program(kLoop, std::as_bytes(std::span(words)));
  kit->chip().SetApplication(kLoop);
  kit->PowerOn();
  // All clocks on, the pins of I2C1 and USART6 as the kit has them: the rest of the input meets more than silence.
  const uint32_t set_up[][2] = {{0x4002'3830, 0x60'109f},   {0x4002'3834, 0x40},      {0x4002'3838, 2},
                                {0x4002'3840, 0x10fe'c9ff}, {0x4002'3844, 0x17'7933}, {0x4002'0000, 0xa940'0000},
                                {0x4002'0024, 0x8'8000},    {0x4002'0400, 0xa'0280},  {0x4002'0404, 0x300},
                                {0x4002'0424, 0x44}};
  for (const auto& [address, value] : set_up) kit->chip().Poke(address, 4, value);
  return kit;
}

void Act(Kit& kit, Input& input) {
  const uint32_t what = input.Byte();
  if (what < 24) {
    kit.chip().RunUntilNs(kit.chip().NowNs() + (uint64_t{1} << what));
    return;
  }
  if (what < 32) {
    const std::byte bytes[] = {static_cast<std::byte>(what), static_cast<std::byte>(input.Byte())};
    kit.SendSerial(bytes);
    kit.Press(what % 2 != 0 ? Button::kA : Button::kB, (what & 2) != 0);
    return;
  }
  const uint32_t base = kPeripherals[input.Byte() % std::size(kPeripherals)];
  const int bytes = (what & 12) == 0 ? 1 : (what & 12) == 4 ? 2 : 4;
  const uint32_t offset = (what & 16) != 0 ? input.Byte() & 0x7c : (input.Byte() | input.Byte() << 8) & 0x3fc;
  const uint32_t address = base + offset + (bytes == 4 ? 0 : (what & 2) != 0 ? 2 : 0);
  uint32_t value = 0;
  if ((what & 1) != 0) {
    kit.chip().Peek(address, bytes, value);
  } else {
    kit.chip().Poke(address, bytes, (what & 64) != 0 ? input.Word() : input.Byte() << (what >> 7) * 8);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 2048) return 0;
  static const auto kit = NewKit(), other = NewKit();
  static const ChipSnapshot beginning = kit->chip().Save();
  kit->chip().Restore(beginning);
  Input input{data, size};
  for (size_t half = size / 2; input.at < half;) Act(*kit, input);
  other->chip().Restore(kit->chip().Save());
  Input again = input;
  while (!input.Ended()) Act(*kit, input);
  while (!again.Ended()) Act(*other, again);
  if (!(kit->chip().Save() == other->chip().Save())) {
    std::fprintf(stderr, "a board that was saved and restored has another future\n");
    std::abort();
  }
  (void)kit->Face();
  return 0;
}
