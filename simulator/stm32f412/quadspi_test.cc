#include "simulator/stm32f412/quadspi.h"

#include <gtest/gtest.h>

#include <vector>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAll = ~0u;
constexpr uint32_t kCr = 0x00, kDcr = 0x04, kSr = 0x08, kFcr = 0x0c, kDlr = 0x10, kCcr = 0x14, kAr = 0x18, kDr = 0x20,
                   kPsmkr = 0x24, kPsmar = 0x28, kPir = 0x2c;
constexpr uint32_t kEn = 1, kBusy = 1 << 5, kTef = 1, kTcf = 2, kFtf = 4, kSmf = 8;
constexpr uint32_t kWriteMode = 0, kReadMode = 1u << 26, kPollMode = 2u << 26, kMapped = 3u << 26;
constexpr uint32_t kInstruction1 = 1u << 8, kAddress1 = 1u << 10, kAddress24 = 2u << 12, kData1 = 1u << 24;
constexpr uint64_t kMs = 1'000'000;

struct QuadspiTest : testing::Test {
  QuadspiTest() {
    chip.Attach(0xa000'1000, 0x400, quadspi);
    Write(kDcr, 20u << 16);
    Write(kCr, kEn | 1u << 24);  // two cycles a clock
  }
  uint32_t Read(uint32_t offset, int bytes = 4) { return quadspi.Read(offset, bytes); }
  void Write(uint32_t offset, uint32_t value, uint32_t lanes = kAll) { quadspi.Write(offset, value, lanes); }
  void Await(uint32_t flag) {
    for (int i = 0; i < 100'000 && (Read(kSr) & flag) == 0; ++i) chip.RunCycles(10);
    ASSERT_NE(Read(kSr) & flag, 0u);
    Write(kFcr, flag);
  }
  void Order(uint32_t instruction) {
    Write(kCcr, instruction | kInstruction1);
    Await(kTcf);
  }
  void Program(uint32_t address, const std::vector<uint8_t>& bytes) {
    Order(0x06);
    Write(kDlr, static_cast<uint32_t>(bytes.size()) - 1);
    Write(kCcr, 0x02 | kInstruction1 | kAddress1 | kAddress24 | kData1 | kWriteMode);
    Write(kAr, address);
    for (const uint8_t byte : bytes) {
      while ((Read(kSr) & kFtf) == 0) chip.RunCycles(10);
      Write(kDr, byte, 0xff);
    }
    Await(kTcf);
    chip.RunNs(2 * kMs);
  }

  FakeChip chip;
  Quadspi quadspi{chip};
};

TEST_F(QuadspiTest, ReadsTheNameOfTheChip) {
  Write(kDlr, 2);
  Write(kCcr, 0x9f | kInstruction1 | kData1 | kReadMode);
  EXPECT_EQ(Read(kSr) & kBusy, kBusy);
  chip.RunCycles(2 * 8 * 4 - 1);
  EXPECT_EQ(Read(kSr) >> 8, 2u);
  EXPECT_EQ(Read(kSr) & kTcf, 0u);
  chip.RunCycles(1);
  EXPECT_EQ(Read(kSr) & kTcf, kTcf);
  EXPECT_EQ(Read(kSr) >> 8, 3u);
  EXPECT_EQ(Read(kDr, 1), 0x1cu);
  EXPECT_EQ(Read(kDr, 2), 0x1530u);
  EXPECT_EQ(Read(kSr) & kBusy, 0u);
}

TEST_F(QuadspiTest, ProgramsAndReadsBack) {
  std::vector<uint8_t> bytes(200);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  Program(0x1'0020, bytes);
  EXPECT_EQ(*quadspi.memory().ToRead(0x1'0021), std::byte{7});
  Write(kDlr, 199);
  Write(kCcr, 0x03 | kInstruction1 | kAddress1 | kAddress24 | kData1 | kReadMode);
  Write(kAr, 0x1'0020);
  for (size_t i = 0; i < bytes.size(); i += 4) {
    EXPECT_EQ(Read(kDr), bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | static_cast<uint32_t>(bytes[i + 3]) << 24);
  }
  Await(kTcf);
  EXPECT_EQ(Read(kSr) & kBusy, 0u);
}

TEST_F(QuadspiTest, AFullFifoStopsTheClock) {
  Write(kDlr, 99);
  Write(kCcr, 0x03 | kInstruction1 | kAddress1 | kAddress24 | kData1 | kReadMode);
  Write(kAr, 0);
  chip.RunNs(kMs);
  EXPECT_EQ(Read(kSr) >> 8, 32u);
  Read(kDr);
  chip.RunCycles(15);
  EXPECT_EQ(Read(kSr) >> 8, 28u);
  chip.RunCycles(3 * 16 + 1);
  EXPECT_EQ(Read(kSr) >> 8, 32u);
}

TEST_F(QuadspiTest, PollsUntilTheChipIsReady) {
  Program(0, {0});
  Order(0x06);
  Write(kCcr, 0x20 | kInstruction1 | kAddress1 | kAddress24);
  Write(kAr, 0);
  Await(kTcf);
  const uint64_t began = chip.NowNs();
  Write(kPsmkr, 1);
  Write(kPsmar, 0);
  Write(kPir, 0x10);
  Write(kDlr, 0);
  Write(kCr, kEn | 1u << 24 | 1u << 19 | 1u << 22);  // SMIE, APMS
  Write(kCcr, 0x05 | kInstruction1 | kData1 | kPollMode);
  chip.RunNs(80 * kMs);
  EXPECT_FALSE(chip.interrupts[92]);
  EXPECT_EQ(Read(kSr) & (kSmf | kBusy), kBusy);
  while (!chip.interrupts[92] && chip.NowNs() < began + 200 * kMs) chip.RunCycles(1'000);
  EXPECT_NEAR(static_cast<double>(chip.NowNs() - began), 90.0 * kMs, 0.1 * kMs);
  EXPECT_EQ(Read(kSr) & (kSmf | kBusy), kSmf);
  Write(kFcr, kSmf);
  EXPECT_FALSE(chip.interrupts[92]);
}

TEST_F(QuadspiTest, ShowsTheMemoryInItsWindow) {
  Program(0x800, {1, 2, 3, 4});
  EXPECT_EQ(quadspi.MappedPage(0x800), nullptr);
  uint32_t value = 0;
  EXPECT_FALSE(quadspi.ReadMapped(0x800, 4, value));
  Write(kCcr, 0x0b | kInstruction1 | kAddress1 | kAddress24 | kData1 | 8u << 18 | kMapped);
  ASSERT_NE(quadspi.MappedPage(0x812), nullptr);
  EXPECT_EQ(quadspi.MappedPage(0x812)[1], std::byte{2});
  EXPECT_TRUE(quadspi.ReadMapped(0x802, 2, value));
  EXPECT_EQ(value, 0x0403u);
  EXPECT_FALSE(quadspi.ReadMapped(0x20'0000, 4, value));  // beyond DCR.FSIZE
  chip.memory_changes.clear();
  Write(kCr, kEn | 2);
  Write(kCcr, 0x05 | kInstruction1);
  ASSERT_FALSE(chip.memory_changes.empty());
  EXPECT_EQ(chip.memory_changes[0], (std::pair<uint32_t, uint32_t>{0x9000'0000, 0x20'0000}));
  EXPECT_EQ(quadspi.MappedPage(0x800), nullptr);
}

TEST_F(QuadspiTest, AsksForDmaAndInterruptsAtItsThreshold) {
  Write(kCr, kEn | 1u << 24 | 3u << 8 | 1u << 2 | 1u << 18 | 1u << 17);  // four bytes; DMAEN, FTIE, TCIE
  const auto requested = [&] { return chip.dma_requests[{2, 7, 3}]; };
  Write(kDlr, 7);
  Write(kCcr, 0x03 | kInstruction1 | kAddress1 | kAddress24 | kData1 | kReadMode);
  Write(kAr, 0);
  EXPECT_FALSE(requested());
  chip.RunCycles(2 * (32 + 32) - 1);
  EXPECT_FALSE(requested());
  chip.RunCycles(1);
  EXPECT_TRUE(requested());
  EXPECT_TRUE(chip.interrupts[92]);
  Read(kDr);
  EXPECT_FALSE(requested());
  chip.RunCycles(2 * 32);
  EXPECT_TRUE(requested());
  EXPECT_EQ(Read(kSr) & kTcf, kTcf);
  Read(kDr);
  Write(kFcr, kTcf);
  EXPECT_FALSE(requested());
  EXPECT_FALSE(chip.interrupts[92]);
}

TEST_F(QuadspiTest, RefusesAddressesBeyondItsSize) {
  Write(kDcr, 7u << 16);  // 256 bytes
  Write(kDlr, 3);
  Write(kCcr, 0x03 | kInstruction1 | kAddress1 | kAddress24 | kData1 | kReadMode);
  Write(kAr, 0xfe);
  EXPECT_EQ(Read(kSr) & (kTef | kBusy), kTef);
}

TEST_F(QuadspiTest, AbortEndsACommand) {
  Write(kDlr, 99);
  Write(kCcr, 0x03 | kInstruction1 | kAddress1 | kAddress24 | kData1 | kReadMode);
  Write(kAr, 0);
  chip.RunCycles(500);
  Write(kCr, kEn | 1u << 24 | 2);
  EXPECT_EQ(Read(kSr) & ~kFtf, kTcf);
  EXPECT_EQ(Read(kCr) & 2, 0u);
}

TEST_F(QuadspiTest, AResetKeepsWhatTheChipHolds) {
  Program(5, {0x55});
  quadspi.Reset();
  EXPECT_EQ(*quadspi.memory().ToRead(5), std::byte{0x55});
  quadspi.PowerOn();
  EXPECT_EQ(*quadspi.memory().ToRead(5), std::byte{0x55});
  EXPECT_EQ(Read(kCr), 0u);
}

TEST_F(QuadspiTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    thimble::Random random(seed);
    for (int i = 0; i < 200; ++i) {
      RandomTraffic(chip, quadspi, 0x40, 10, random.Next());
      Write(kCr, kEn | static_cast<uint32_t>(random.Next() & 0x00df'1f0c));
      if (random.Below(2) == 0) Write(kDcr, 20u << 16);
      constexpr uint32_t kKnown[] = {0x9f, 0x05, 0x03, 0x0b, 0x02, 0x06, 0x20, 0x3b};
      Write(kCcr, kKnown[random.Below(8)] | kInstruction1 | static_cast<uint32_t>(random.Next() & 0x0fff'fc00));
      uint32_t value = 0;
      const uint32_t offset = static_cast<uint32_t>(random.Next()) & 0x0fff'fffc;
      quadspi.ReadMapped(offset, 4, value);
      quadspi.MappedPage(offset);
      chip.RunCycles(random.Below(3'000));
    }
  }
}

}  // namespace
}  // namespace thimble::simulator
