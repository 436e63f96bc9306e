#include "simulator/stm32f412/dma.h"

#include <gtest/gtest.h>

#include <vector>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kRam = FakeChip::kRamBase, kPort = 0x4001'0000;
constexpr uint32_t kAll = ~0u;
constexpr uint32_t kEn = 1, kTe = 8, kHt = 16, kTc = 32;
constexpr uint32_t kTcie = 1u << 4, kHtie = 1u << 3, kTeie = 1u << 2;
constexpr uint32_t kToPeripheral = 1u << 6, kMemoryToMemory = 2u << 6, kCirc = 1u << 8, kPinc = 1u << 9;
constexpr uint32_t kMinc = 1u << 10, kDbm = 1u << 18, kCt = 1u << 19;
constexpr uint32_t P(uint32_t size) { return size << 11; }
constexpr uint32_t M(uint32_t size) { return size << 13; }
constexpr uint32_t Channel(uint32_t channel) { return channel << 25; }

/// A register that counts up when read and remembers what it is written.
class Port final : public Peripheral {
 public:
  std::string_view Name() const override { return "port"; }
  void Reset() override {}
  uint32_t Read(uint32_t, int bytes) override {
    sizes.push_back(bytes);
    return next++;
  }
  void Write(uint32_t, uint32_t value, uint32_t lanes) override { written.push_back(value & lanes); }
  std::span<std::byte> State() override { return {}; }
  uint32_t next = 1;
  std::vector<int> sizes;
  std::vector<uint32_t> written;
};

struct ServedChip : FakeChip {
  std::vector<uint32_t> left;
  void DmaServed(int, int, int, uint32_t items) override { left.push_back(items); }
};

struct DmaTest : testing::Test {
  DmaTest() {
    chip.Attach(kPort, 0x400, port);
    dma.PowerOn();
    one.PowerOn();
  }
  static uint32_t At(uint32_t stream, uint32_t offset) { return 0x10 + stream * 0x18 + offset; }
  void Configure(uint32_t stream, uint32_t count, uint32_t par, uint32_t m0ar, uint32_t control, uint32_t fcr = 0x21) {
    dma.Write(At(stream, 0x04), count, kAll);
    dma.Write(At(stream, 0x08), par, kAll);
    dma.Write(At(stream, 0x0c), m0ar, kAll);
    dma.Write(At(stream, 0x14), fcr, kAll);
    dma.Write(At(stream, 0x00), control | kEn, kAll);
  }
  uint32_t Flags(uint32_t stream) {
    constexpr uint32_t kShifts[] = {0, 6, 16, 22};
    return dma.Read(stream < 4 ? 0 : 4, 4) >> kShifts[stream % 4] & 0x3d;
  }
  uint32_t Word(uint32_t offset) {
    uint32_t value = 0;
    chip.BusRead(kRam + offset, 4, value);
    return value;
  }
  void Fill(size_t count) {
    for (size_t i = 0; i < count; ++i) chip.ram[i] = static_cast<std::byte>(i + 1);
  }

  ServedChip chip;
  Port port;
  Dma dma{chip, 2}, one{chip, 1};
};

TEST_F(DmaTest, MovesFromAPeripheralWhileItAsks) {
  Configure(1, 4, kPort, kRam, Channel(5) | kMinc | kTcie | kHtie);
  chip.RunCycles(1000);
  EXPECT_EQ(port.next, 1u);
  dma.SetRequest(1, 4, true);  // another channel's line
  chip.RunCycles(1000);
  EXPECT_EQ(port.next, 1u);
  dma.SetRequest(1, 5, true);
  chip.RunCycles(4);
  EXPECT_EQ(port.next, 2u);
  dma.SetRequest(1, 5, false);
  chip.RunCycles(1000);
  EXPECT_EQ(port.next, 2u);
  EXPECT_EQ(dma.Read(At(1, 4), 4), 3u);
  dma.SetRequest(1, 5, true);
  chip.RunCycles(4);
  EXPECT_EQ(Flags(1), kHt);
  EXPECT_TRUE(chip.interrupts[57]);
  dma.Write(0x08, kHt << 6, kAll);
  EXPECT_FALSE(chip.interrupts[57]);
  chip.RunCycles(1000);
  EXPECT_EQ(port.next, 5u);
  EXPECT_EQ(Flags(1), kTc);
  EXPECT_TRUE(chip.interrupts[57]);
  EXPECT_EQ(dma.Read(At(1, 0), 4) & kEn, 0u);
  EXPECT_EQ(Word(0), 0x04030201u);
  EXPECT_EQ(chip.left, (std::vector<uint32_t>{3, 2, 1, 0}));
  EXPECT_EQ(port.sizes, (std::vector<int>{1, 1, 1, 1}));
}

TEST_F(DmaTest, MovesToAPeripheral) {
  Fill(8);
  Configure(7, 3, kPort, kRam, Channel(4) | kMinc | kToPeripheral | P(1));
  dma.SetRequest(7, 4, true);
  chip.RunCycles(1000);
  EXPECT_EQ(port.written, (std::vector<uint32_t>{0x0201, 0x0403, 0x0605}));
  EXPECT_EQ(Flags(7), kTc | kHt);
}

TEST_F(DmaTest, TheFifoPacksAndUnpacks) {
  Configure(0, 8, kPort, kRam, kMinc | M(2), 0x04 | 1);  // bytes into words, half full
  dma.SetRequest(0, 0, true);
  chip.RunCycles(7 * 4);
  EXPECT_EQ(Word(0), 0u);
  EXPECT_EQ(dma.Read(At(0, 0x14), 4) >> 3 & 7, 1u);
  chip.RunCycles(4);
  EXPECT_EQ(Word(0), 0x04030201u);
  EXPECT_EQ(Word(4), 0x08070605u);
  Fill(8);
  dma.SetRequest(0, 0, false);
  Configure(2, 4, kPort, kRam, kMinc | kToPeripheral | P(1) | M(2), 0x04 | 3);
  dma.SetRequest(2, 0, true);
  chip.RunCycles(1000);
  EXPECT_EQ(port.written, (std::vector<uint32_t>{0x0201, 0x0403, 0x0605, 0x0807}));
}

TEST_F(DmaTest, WhatTheFifoHoldsAtTheEndGoesToMemory) {
  Configure(0, 5, kPort, kRam, kMinc | M(2), 0x04 | 3);
  dma.SetRequest(0, 0, true);
  chip.RunCycles(1000);
  EXPECT_EQ(Word(0), 0x04030201u);
  EXPECT_EQ(Word(4), 5u);
}

TEST_F(DmaTest, CircularStreamsBeginAgain) {
  Configure(0, 2, kPort, kRam, kMinc | kCirc);
  dma.SetRequest(0, 0, true);
  chip.RunCycles(5 * 4);
  EXPECT_EQ(Word(0), 0x0405u);
  EXPECT_EQ(dma.Read(At(0, 4), 4), 1u);
  EXPECT_EQ(dma.Read(At(0, 0), 4) & kEn, kEn);
}

TEST_F(DmaTest, TwoBuffersTakeTurns) {
  dma.Write(At(0, 0x10), kRam + 8, kAll);
  Configure(0, 2, kPort, kRam, kMinc | kDbm);
  dma.SetRequest(0, 0, true);
  chip.RunCycles(2 * 4);
  EXPECT_EQ(dma.Read(At(0, 0), 4) & kCt, kCt);
  EXPECT_EQ(Flags(0) & kTc, kTc);
  dma.Write(At(0, 0x0c), kRam + 16, kAll);  // the one not in use
  EXPECT_EQ(Flags(0) & kTe, 0u);
  chip.RunCycles(4 * 4);
  EXPECT_EQ(Word(0), 0x0201u);
  EXPECT_EQ(Word(8), 0x0403u);
  EXPECT_EQ(Word(16), 0x0605u);
  dma.Write(At(0, 0x10), kRam, kAll);  // the one in use
  EXPECT_EQ(Flags(0) & kTe, kTe);
  EXPECT_EQ(dma.Read(At(0, 0), 4) & kEn, 0u);
}

TEST_F(DmaTest, MovesMemoryAndLetsTimePass) {
  Fill(256);
  Configure(3, 64, kRam, kRam + 0x1000, kMemoryToMemory | kPinc | kMinc | P(2) | M(2) | kTcie);
  chip.RunCycles(63 * 4);
  EXPECT_EQ(Flags(3) & kTc, 0u) << "too fast";
  chip.RunCycles(5 * 4);
  EXPECT_EQ(Flags(3) & kTc, kTc);
  EXPECT_TRUE(chip.interrupts[59]);
  EXPECT_EQ(Word(0x1000), 0x04030201u);
  EXPECT_EQ(Word(0x10fc), 0x00fffefdu);
  EXPECT_TRUE(chip.left.empty());
}

TEST_F(DmaTest, OnlyTheSecondControllerMovesMemory) {
  one.Write(0x14, 4, kAll);
  one.Write(0x18, kRam, kAll);
  one.Write(0x1c, kRam + 16, kAll);
  one.Write(0x10, kMemoryToMemory | kEn, kAll);
  chip.RunCycles(1000);
  EXPECT_EQ(one.Read(0x14, 4), 4u);
  EXPECT_TRUE(chip.Noted("only DMA2"));
}

TEST_F(DmaTest, HigherPriorityGoesFirst) {
  Configure(0, 2, kPort, kRam, kMinc);
  Configure(5, 2, kPort, kRam + 16, kMinc | 1u << 16);
  dma.SetRequest(0, 0, true);
  dma.SetRequest(5, 0, true);
  chip.RunCycles(1000);
  EXPECT_EQ(Word(16), 0x0201u);
  EXPECT_EQ(Word(0), 0x0403u);
}

TEST_F(DmaTest, ABusErrorStopsTheStream) {
  Configure(0, 2, kPort, 0x1000'0000, kMinc | kTeie);
  dma.SetRequest(0, 0, true);
  chip.RunCycles(1000);
  EXPECT_EQ(Flags(0), kTe);
  EXPECT_EQ(dma.Read(At(0, 0), 4) & kEn, 0u);
  EXPECT_TRUE(chip.interrupts[56]);
}

TEST_F(DmaTest, BurstsThatDoNotFitTheThresholdAreRefused) {
  dma.Write(At(0, 0x14), 0x84, kAll);  // FEIE, a quarter full
  dma.Write(At(0, 0), kMinc | M(2) | 1u << 23 | kEn, kAll);
  EXPECT_EQ(Flags(0), 1u);
  EXPECT_EQ(dma.Read(At(0, 0), 4) & kEn, 0u);
  EXPECT_TRUE(chip.interrupts[56]);
}

TEST_F(DmaTest, SettingsHoldWhileTheStreamIsOn) {
  Configure(0, 10, kPort, kRam, kMinc);
  dma.Write(At(0, 4), 3, kAll);
  dma.Write(At(0, 8), 0, kAll);
  dma.Write(At(0, 0), Channel(3) | kTcie | kEn, kAll);
  EXPECT_EQ(dma.Read(At(0, 4), 4), 10u);
  EXPECT_EQ(dma.Read(At(0, 8), 4), kPort);
  EXPECT_EQ(dma.Read(At(0, 0), 4), kMinc | kTcie | kEn);
}

TEST_F(DmaTest, SwitchingOffFlushesAndTells) {
  Configure(0, 10, kPort, kRam, kMinc | M(2), 0x04 | 3);
  dma.SetRequest(0, 0, true);
  chip.RunCycles(3 * 4);
  dma.Write(At(0, 0), 0, kAll);
  EXPECT_EQ(Flags(0), kTc);
  EXPECT_EQ(Word(0), 0x030201u);
  EXPECT_EQ(dma.Read(At(0, 4), 4), 7u);
}

TEST_F(DmaTest, AFinishedStreamSwitchedOnAgainDoesTheSame) {
  Configure(0, 2, kPort, kRam, kMinc);
  dma.SetRequest(0, 0, true);
  chip.RunCycles(1000);
  EXPECT_EQ(dma.Read(At(0, 4), 4), 0u);
  dma.Write(At(0, 0), kMinc | kEn, kAll);
  chip.RunCycles(1000);
  EXPECT_EQ(Word(0), 0x0403u);
}

TEST_F(DmaTest, EveryStreamHasItsWire) {
  constexpr size_t kInterrupts[] = {56, 57, 58, 59, 60, 68, 69, 70};
  for (uint32_t i = 0; i < 8; ++i) {
    dma.Write(At(i, 0), kTcie | kEn, kAll);
    dma.Write(At(i, 0), kTcie, kAll);
    EXPECT_TRUE(chip.interrupts[kInterrupts[i]]);
    EXPECT_EQ(Flags(i), kTc);
    dma.Write(i < 4 ? 0x08 : 0x0c, kAll, kAll);
    EXPECT_FALSE(chip.interrupts[kInterrupts[i]]);
  }
  EXPECT_EQ(dma.Read(At(0, 0x14), 4), 0x21u);
}

TEST_F(DmaTest, SurvivesRandomTrafficAlsoToItself) {
  chip.Attach(0x4002'6400, 0x400, dma);
  chip.Attach(0x4002'6000, 0x400, one);
  thimble::Random random(9);
  for (uint64_t seed = 0; seed < 60; ++seed) {
    for (uint32_t stream = 0; stream < 8; ++stream) {
      const uint32_t targets[] = {kPort, kRam + 3, 0x4002'6400, 0x4002'6410, 0x4002'6000, 0xffff'fffe};
      const uint64_t bits = random.Next();
      dma.Write(At(stream, 0x08), targets[bits % 6] + (bits >> 8 & 0xff), kAll);
      dma.Write(At(stream, 0x0c), targets[bits >> 16 & 3] + (bits >> 24 & 0xff), kAll);
      dma.Write(At(stream, 0x04), 50, kAll);
      dma.Write(At(stream, 0x00), static_cast<uint32_t>(bits >> 32) | kEn, kAll);
      for (int channel = -1; channel < 9; ++channel) dma.SetRequest(static_cast<int>(stream), channel, true);
    }
    RandomTraffic(chip, seed % 2 == 0 ? dma : one, 0xd0, 300, seed);
  }
}

}  // namespace
}  // namespace thimble::simulator
