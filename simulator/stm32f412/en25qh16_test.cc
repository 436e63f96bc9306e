#include "simulator/stm32f412/en25qh16.h"

#include <gtest/gtest.h>

#include <vector>

#include "simulator/stm32f412/fake_chip.h"

namespace thimble::simulator {
namespace {

constexpr uint64_t kMs = 1'000'000;

struct En25qh16Test : testing::Test {
  static SerialFlashCommand Order(uint8_t instruction) { return {.instruction = instruction}; }
  static SerialFlashCommand At(uint8_t instruction, uint32_t address, int dummy = 0, int data_lines = 0) {
    return {.instruction = instruction,
            .address = address,
            .address_bits = 24,
            .address_lines = 1,
            .dummy_cycles = dummy,
            .data_lines = data_lines};
  }
  void Send(const SerialFlashCommand& command, const std::vector<uint8_t>& bytes = {}) {
    flash.Select(command);
    for (const uint8_t byte : bytes) flash.WriteByte(byte);
    flash.Deselect();
  }
  std::vector<uint8_t> Receive(const SerialFlashCommand& command, size_t count) {
    std::vector<uint8_t> bytes;
    flash.Select(command);
    while (bytes.size() < count) bytes.push_back(flash.ReadByte());
    flash.Deselect();
    return bytes;
  }
  uint8_t Status() { return Receive({.instruction = 0x05, .data_lines = 1}, 1)[0]; }
  std::vector<uint8_t> Memory(uint32_t address, size_t count) { return Receive(At(0x03, address, 0, 1), count); }
  void Program(uint32_t address, const std::vector<uint8_t>& bytes) {
    Send(Order(0x06));
    Send(At(0x02, address, 0, 1), bytes);
    chip.RunNs(2 * kMs);
  }

  FakeChip chip;
  En25qh16::StateData state = {};
  En25qh16 flash{chip, state};
};

using Bytes = std::vector<uint8_t>;

TEST_F(En25qh16Test, TellsItsNames) {
  EXPECT_EQ(Receive({.instruction = 0x9f, .data_lines = 1}, 3), (Bytes{0x1c, 0x30, 0x15}));
  EXPECT_EQ(Receive(At(0x90, 0, 0, 1), 2), (Bytes{0x1c, 0x14}));
  EXPECT_EQ(Receive(At(0x90, 1, 0, 1), 2), (Bytes{0x14, 0x1c}));
  EXPECT_EQ(Receive(At(0xab, 0, 0, 1), 1), (Bytes{0x14}));
  EXPECT_EQ(Receive(At(0x5a, 0, 8, 1), 4), (Bytes{'S', 'F', 'D', 'P'}));
  EXPECT_EQ(Receive(At(0x5a, 0x34, 8, 1), 4), (Bytes{0xff, 0xff, 0xff, 0x00}));  // 16 Mbit less one
}

TEST_F(En25qh16Test, ProgramsWhatWasEnabled) {
  Send(At(0x02, 0x1000, 0, 1), {1, 2, 3});
  EXPECT_EQ(Memory(0x1000, 3), (Bytes{0xff, 0xff, 0xff}));
  EXPECT_TRUE(chip.Noted("without write enable"));
  Send(Order(0x06));
  EXPECT_EQ(Status(), 2);
  Send(At(0x02, 0x1000, 0, 1), {1, 2, 3});
  EXPECT_EQ(Status(), 1);  // busy, and the latch has fallen
  EXPECT_EQ(Memory(0x1000, 1), Bytes{0xff});
  chip.RunNs(1'300'000);
  EXPECT_EQ(Status(), 0);
  EXPECT_EQ(Memory(0x1000, 4), (Bytes{1, 2, 3, 0xff}));
  Program(0x1000, {0xf0});
  EXPECT_EQ(Memory(0x1000, 1), Bytes{0});
  Send(Order(0x06));
  Send(Order(0x04));
  EXPECT_EQ(Status(), 0);
}

TEST_F(En25qh16Test, AProgramWrapsWithinItsPage) {
  Program(0x20fe, {1, 2, 3});
  EXPECT_EQ(Memory(0x20fe, 2), (Bytes{1, 2}));
  EXPECT_EQ(Memory(0x2000, 1), Bytes{3});
  EXPECT_EQ(Memory(0x2100, 1), Bytes{0xff});
}

TEST_F(En25qh16Test, ErasesSectorsBlocksAndAll) {
  for (const uint32_t address : {0x0'0000u, 0x0'1000u, 0x0'8000u, 0x1'0000u, 0x1f'ffffu}) Program(address, {0});
  const auto erase = [&](const SerialFlashCommand& command, uint64_t ns) {
    Send(Order(0x06));
    Send(command);
    chip.RunNs(ns - 10'000);
    EXPECT_EQ(Status(), 1);
    chip.RunNs(20'000);
    EXPECT_EQ(Status(), 0);
  };
  erase(At(0x20, 0x0fff), 90 * kMs);
  EXPECT_EQ(Memory(0, 1), Bytes{0xff});
  EXPECT_EQ(Memory(0x1000, 1), Bytes{0});
  erase(At(0x52, 0), 200 * kMs);
  EXPECT_EQ(Memory(0x1000, 1), Bytes{0xff});
  EXPECT_EQ(Memory(0x8000, 1), Bytes{0});
  erase(At(0xd8, 0), 400 * kMs);
  EXPECT_EQ(Memory(0x8000, 1), Bytes{0xff});
  EXPECT_EQ(Memory(0x1'0000, 1), Bytes{0});
  erase(Order(0xc7), 12'000 * kMs);
  EXPECT_EQ(Memory(0x1f'ffff, 1), Bytes{0xff});
}

TEST_F(En25qh16Test, ReadsOnTwoAndFourWires) {
  Program(0x3000, {1, 2, 3, 4});
  EXPECT_EQ(Receive(At(0x0b, 0x3000, 8, 1), 2), (Bytes{1, 2}));
  EXPECT_EQ(Receive(At(0x3b, 0x3000, 8, 2), 2), (Bytes{1, 2}));
  SerialFlashCommand dual = At(0xbb, 0x3000, 4, 2);
  dual.address_lines = 2;
  EXPECT_EQ(Receive(dual, 2), (Bytes{1, 2}));
  SerialFlashCommand quad = At(0xeb, 0x3000, 4, 4);
  quad.address_lines = quad.alternate_lines = 4;
  quad.alternate_bits = 8;
  EXPECT_EQ(Receive(quad, 4), (Bytes{1, 2, 3, 4}));
  quad.dummy_cycles = 3;  // one clock too few
  EXPECT_EQ(Receive(quad, 1), Bytes{0xff});
  EXPECT_TRUE(chip.Noted("0xEB"));
  EXPECT_EQ(Receive(At(0x03, 0x1f'ffff, 0, 1), 1), Bytes{0xff});
}

TEST_F(En25qh16Test, SpeaksOnFourWiresAlone) {
  Program(0, {7});
  Send(Order(0x38));
  EXPECT_EQ(Status(), 0xff);  // on one wire nobody answers
  const SerialFlashCommand read = {.instruction = 0xeb,
                                   .instruction_lines = 4,
                                   .address_bits = 24,
                                   .address_lines = 4,
                                   .dummy_cycles = 6,
                                   .data_lines = 4};
  EXPECT_EQ(Receive(read, 1), Bytes{7});
  SerialFlashCommand leave = Order(0xff);
  leave.instruction_lines = 4;
  Send(leave);
  EXPECT_EQ(Status(), 0);
}

TEST_F(En25qh16Test, SleepsDeeply) {
  Send(Order(0xb9));
  EXPECT_EQ(Receive({.instruction = 0x9f, .data_lines = 1}, 1), Bytes{0xff});
  Send(Order(0xab));
  EXPECT_EQ(Receive({.instruction = 0x9f, .data_lines = 1}, 1), Bytes{0x1c});
}

TEST_F(En25qh16Test, ProtectsBlocks) {
  Send(Order(0x06));
  Send({.instruction = 0x01, .data_lines = 1}, {1 << 2});  // BP0: the last block
  chip.RunNs(20 * kMs);
  EXPECT_EQ(Status(), 1 << 2);
  Program(0x1f'0000, {0});
  EXPECT_EQ(Memory(0x1f'0000, 1), Bytes{0xff});
  Program(0x1e'ffff, {0});
  EXPECT_EQ(Memory(0x1e'ffff, 1), Bytes{0});
  Send(Order(0x06));
  Send(Order(0xc7));
  EXPECT_EQ(Status() & 1, 0);
  flash.PowerOn();
  EXPECT_EQ(Status(), 1 << 2);
}

TEST_F(En25qh16Test, ATornPageHasSomeOfItsBits) {
  chip.power_holds_for = 0;
  Program(0, Bytes(256, 0));
  int cleared = 0;
  for (const uint8_t byte : Memory(0, 256)) cleared += byte == 0 ? 8 : byte == 0xff ? 0 : 4;
  EXPECT_GT(cleared, 256);
  EXPECT_LT(cleared, 256 * 7);
}

TEST_F(En25qh16Test, SurvivesRandomCommands) {
  thimble::Random random(1);
  constexpr int kLines[] = {0, 1, 2, 4};
  for (int i = 0; i < 20'000; ++i) {
    const SerialFlashCommand command = {.instruction = static_cast<uint8_t>(random.Next()),
                                        .instruction_lines = kLines[random.Below(4)],
                                        .address = static_cast<uint32_t>(random.Next()),
                                        .address_bits = static_cast<int>(random.Below(5)) * 8,
                                        .address_lines = kLines[random.Below(4)],
                                        .alternate = static_cast<uint32_t>(random.Next()),
                                        .alternate_bits = static_cast<int>(random.Below(5)) * 8,
                                        .alternate_lines = kLines[random.Below(4)],
                                        .dummy_cycles = static_cast<int>(random.Below(32)),
                                        .data_lines = kLines[random.Below(4)]};
    flash.Select(command);
    for (uint32_t n = random.Below(300); n > 0; --n) {
      if (random.Below(2) == 0) {
        flash.WriteByte(static_cast<uint8_t>(random.Next()));
      } else {
        flash.ReadByte();
      }
    }
    if (random.Below(4) != 0) flash.Deselect();
    chip.RunCycles(random.Below(100'000));
  }
}

}  // namespace
}  // namespace thimble::simulator
