#include "simulator/stm32f412/spi.h"

#include <gtest/gtest.h>

#include <vector>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr1 = 0x00, kCr2 = 0x04, kSr = 0x08, kDr = 0x0c, kCrcpr = 0x10, kRxcrcr = 0x14, kTxcrcr = 0x18;
constexpr uint32_t kRxne = 1, kTxe = 2, kCrcErr = 16, kModf = 32, kOvr = 64, kBsy = 128;
constexpr uint32_t kAll = ~0u;
constexpr uint32_t kOn = 0x344;  // SSM, SSI, SPE, MSTR; half the bus's clock

/// Answers each word with the one before.
class Echo final : public SpiDevice {
 public:
  std::string_view Name() const override { return "echo"; }
  void PowerOn() override {}
  bool Selected() const override { return selected; }
  uint16_t Transfer(uint16_t out, int bits) override {
    words.push_back(out);
    width = bits;
    const uint16_t answer = last;
    last = out;
    return answer;
  }
  std::span<std::byte> State() override { return {}; }
  bool selected = true;
  int width = 0;
  uint16_t last = 0xa5;
  std::vector<uint16_t> words;
};

struct SpiTest : testing::Test {
  SpiTest() {
    spi.Attach(echo);
    spi.PowerOn();
  }
  uint32_t Sr() { return spi.Read(kSr, 4); }
  FakeChip chip;
  Spi spi{chip, 1};
  Echo echo;
};

TEST_F(SpiTest, AByteTakesEightClocksBothWays) {
  EXPECT_EQ(Sr(), kTxe);
  spi.Write(kCr1, kOn | 2u << 3, kAll);  // an eighth of 96 MHz
  spi.Write(kDr, 0x42, kAll);
  EXPECT_EQ(Sr(), kTxe | kBsy);
  chip.RunCycles(63);
  EXPECT_EQ(Sr(), kTxe | kBsy);
  chip.RunCycles(1);
  EXPECT_EQ(Sr(), kTxe | kRxne);
  EXPECT_EQ(spi.Read(kDr, 4), 0xa5u);
  EXPECT_EQ(Sr(), kTxe);
  EXPECT_EQ(echo.words, std::vector<uint16_t>{0x42});
}

TEST_F(SpiTest, TheNextWordWaitsInTheDataRegister) {
  spi.Write(kCr1, kOn | 1u << 11, kAll);  // 16 bits
  spi.Write(kDr, 0x1234, kAll);
  spi.Write(kDr, 0x5678, kAll);
  EXPECT_EQ(Sr(), kBsy);
  chip.RunCycles(32);
  EXPECT_EQ(Sr(), kBsy | kTxe | kRxne);
  spi.Read(kDr, 4);
  chip.RunCycles(32);
  EXPECT_EQ(spi.Read(kDr, 4), 0x1234u);
  EXPECT_EQ(echo.width, 16);
}

TEST_F(SpiTest, WordsThatNobodyFetchesOverrun) {
  spi.Write(kCr1, kOn, kAll);
  spi.Write(kDr, 1, kAll);
  chip.RunCycles(16);
  spi.Write(kDr, 2, kAll);
  chip.RunCycles(16);
  EXPECT_EQ(Sr(), kTxe | kRxne | kOvr);
  EXPECT_EQ(Sr() & kOvr, kOvr);
  EXPECT_EQ(spi.Read(kDr, 4), 0xa5u);
  Sr();
  EXPECT_EQ(Sr(), kTxe);
}

TEST_F(SpiTest, WithoutASelectedDeviceTheLineIsHigh) {
  echo.selected = false;
  spi.Write(kCr1, kOn, kAll);
  spi.Write(kDr, 1, kAll);
  chip.RunCycles(16);
  EXPECT_EQ(spi.Read(kDr, 4), 0xffu);
  EXPECT_TRUE(echo.words.empty());
}

TEST_F(SpiTest, LowestBitFirstTurnsWordsRound) {
  spi.Write(kCr1, kOn | 1u << 7, kAll);
  spi.Write(kDr, 0x01, kAll);
  chip.RunCycles(16);
  EXPECT_EQ(echo.words, std::vector<uint16_t>{0x80});
  EXPECT_EQ(spi.Read(kDr, 4), 0xa5u);  // a palindrome
  spi.Write(kDr, 0, kAll);
  chip.RunCycles(16);
  EXPECT_EQ(spi.Read(kDr, 4), 0x01u);
}

TEST_F(SpiTest, ReceiveOnlyClocksUntilItIsSwitchedOff) {
  spi.Write(kCr1, kOn | 1u << 10, kAll);
  chip.RunCycles(16);
  spi.Read(kDr, 4);
  chip.RunCycles(16);
  EXPECT_EQ(echo.words.size(), 2u);
  spi.Write(kCr1, (kOn | 1u << 10) & ~0x40u, kAll);
  chip.RunCycles(160);
  EXPECT_EQ(echo.words.size(), 3u);  // the word under way
}

TEST_F(SpiTest, OneLineOutReceivesNothing) {
  spi.Write(kCr1, kOn | 3u << 14, kAll);
  spi.Write(kDr, 9, kAll);
  chip.RunCycles(16);
  EXPECT_EQ(Sr(), kTxe);
  EXPECT_EQ(echo.words, std::vector<uint16_t>{9});
}

TEST_F(SpiTest, TheCrcFollowsTheLastWordAndIsChecked) {
  echo.last = 0;
  spi.Write(kCrcpr, 7, kAll);
  spi.Write(kCr1, kOn | 1u << 13, kAll);
  for (const char digit : {'1', '2', '3', '4', '5', '6', '7', '8', '9'}) {
    spi.Write(kDr, static_cast<uint32_t>(digit), kAll);
    if (digit == '9') spi.Write(kCr1, kOn | 3u << 12, kAll);
    chip.RunCycles(16);
    spi.Read(kDr, 4);
  }
  EXPECT_EQ(spi.Read(kTxcrcr, 4), 0xf4u);  // CRC-8 of "123456789"
  chip.RunCycles(16);
  EXPECT_EQ(echo.words.back(), 0xf4);
  EXPECT_EQ(Sr() & kCrcErr, kCrcErr);  // the echo is a word behind
  EXPECT_NE(spi.Read(kRxcrcr, 4), 0u);
  spi.Write(kSr, ~kCrcErr, kAll);
  EXPECT_EQ(Sr() & kCrcErr, 0u);
}

TEST_F(SpiTest, AMasterThatIsSelectedFaults) {
  spi.Write(kCr2, 1u << 5, kAll);
  spi.Write(kCr1, kOn & ~0x100u, kAll);  // SSI low
  EXPECT_EQ(spi.Read(kCr1, 4) & 0x44, 0u);
  EXPECT_TRUE(chip.interrupts[35]);
  EXPECT_EQ(Sr() & kModf, kModf);
  spi.Write(kCr1, kOn, kAll);
  EXPECT_EQ(Sr() & kModf, 0u);
  EXPECT_FALSE(chip.interrupts[35]);
}

TEST_F(SpiTest, InterruptsAndDmaFollowTheFlags) {
  constexpr int kInterrupts[] = {35, 36, 51, 84, 85};
  for (int number = 1; number <= 5; ++number) {
    Spi one(chip, number);
    one.PowerOn();
    const auto interrupt = static_cast<size_t>(kInterrupts[number - 1]);
    EXPECT_FALSE(chip.interrupts[interrupt]);
    one.Write(kCr2, 1u << 7, kAll);
    EXPECT_TRUE(chip.interrupts[interrupt]) << number;
    one.Reset();
    EXPECT_FALSE(chip.interrupts[interrupt]);
  }
  spi.Write(kCr2, 3, kAll);
  EXPECT_TRUE((chip.dma_requests[{2, 3, 3}]));
  EXPECT_FALSE((chip.dma_requests[{2, 0, 3}]));
  spi.Write(kCr1, kOn, kAll);
  spi.Write(kDr, 1, kAll);
  chip.RunCycles(16);
  EXPECT_TRUE((chip.dma_requests[{2, 0, 3}]));
}

TEST_F(SpiTest, NotesSlaveAndI2s) {
  spi.Write(kCr1, 0x40, kAll);
  spi.Write(0x1c, 1u << 11, kAll);
  EXPECT_TRUE(chip.Noted("SPI1 CR1 MSTR"));
  EXPECT_TRUE(chip.Noted("I2S"));
}

TEST_F(SpiTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomTraffic(chip, spi, 0x24, 1000, seed);
    spi.Write(0x1c, 0, kAll);
    spi.Write(kCr1, kOn, kAll);
  }
}

}  // namespace
}  // namespace thimble::simulator
