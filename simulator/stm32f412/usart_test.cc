#include "simulator/stm32f412/usart.h"

#include <gtest/gtest.h>

#include <string>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kSr = 0x00, kDr = 0x04, kBrr = 0x08, kCr1 = 0x0c, kCr2 = 0x10, kCr3 = 0x14;
constexpr uint32_t kPe = 1, kFe = 2, kOre = 8, kIdle = 16, kRxne = 32, kTc = 64, kTxe = 128;
constexpr uint32_t kAll = ~0u;
constexpr uint64_t kBit = 833;  // 96 MHz / 115200
constexpr uint64_t kCharacter = 10 * kBit;

struct UsartTest : testing::Test {
  UsartTest() {
    usart.on_transmit = [this](std::byte byte, uint64_t ns) {
      sent.push_back(static_cast<char>(byte));
      sent_ns.push_back(ns);
    };
    usart.PowerOn();
  }
  void On(uint32_t cr1 = 0x200c) {
    usart.Write(kBrr, kBit, kAll);
    usart.Write(kCr1, cr1, kAll);
    chip.RunCycles(2 * kCharacter);  // the idle frame
  }
  void Hear(const std::string& text) { usart.Receive(std::as_bytes(std::span(text))); }
  uint32_t Sr() { return usart.Read(kSr, 4); }
  uint32_t Dr() { return usart.Read(kDr, 4); }

  FakeChip chip;
  Usart usart{chip, 6};
  std::string sent;
  std::vector<uint64_t> sent_ns;
};

TEST_F(UsartTest, ACharacterTakesTenBits) {
  On();
  EXPECT_EQ(Sr(), kTxe | kTc);
  usart.Write(kDr, 'A', kAll);
  EXPECT_EQ(Sr(), kTxe);  // at once in the shift register
  chip.RunCycles(kCharacter - 1);
  EXPECT_EQ(sent, "");
  chip.RunCycles(1);
  EXPECT_EQ(sent, "A");
  EXPECT_EQ(Sr(), kTxe | kTc);
  EXPECT_NEAR(static_cast<double>(sent_ns[0]), static_cast<double>(3 * kCharacter) * 1000 / 96, 2);
}

TEST_F(UsartTest, TheDataRegisterWaitsBehindTheShiftRegister) {
  On();
  Sr();  // so that the next write clears TC
  usart.Write(kDr, 'A', kAll);
  usart.Write(kDr, 'B', kAll);
  EXPECT_EQ(Sr(), 0u);
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Sr(), kTxe);
  chip.RunCycles(kCharacter);
  EXPECT_EQ(sent, "AB");
  EXPECT_EQ(Sr() & kTc, kTc);
}

TEST_F(UsartTest, AnIdleFrameComesBeforeTheFirstCharacter) {
  usart.Write(kBrr, kBit, kAll);
  usart.Write(kCr1, 0x2008, kAll);
  usart.Write(kDr, 'A', kAll);
  EXPECT_EQ(Sr() & kTxe, 0u);
  chip.RunCycles(2 * kCharacter - 1);
  EXPECT_EQ(sent, "");
  chip.RunCycles(1);
  EXPECT_EQ(sent, "A");
}

TEST_F(UsartTest, NothingIsSentWhileOff) {
  usart.Write(kBrr, kBit, kAll);
  usart.Write(kCr1, 0x2000, kAll);  // UE without TE
  usart.Write(kDr, 'A', kAll);
  chip.RunCycles(10 * kCharacter);
  EXPECT_EQ(sent, "");
  EXPECT_EQ(usart.ReceiveRoom(), 0u);
}

TEST_F(UsartTest, SpeedAndFrameFollowTheRegisters) {
  usart.Write(kBrr, 0x0104, kAll);  // OVER8: 16 4/8
  usart.Write(kCr1, 0x8000 | 0x200c, kAll);
  chip.RunCycles(10 * 132);
  usart.Write(kDr, 'A', kAll);
  chip.RunCycles(10 * 132 - 1);
  EXPECT_EQ(sent, "");
  chip.RunCycles(1);
  EXPECT_EQ(sent, "A");
  usart.Write(kCr2, 2u << 12, kAll);  // two stop bits
  usart.Write(kDr, 'B', kAll);
  chip.RunCycles(11 * 132 - 1);
  EXPECT_EQ(sent, "A");
  chip.RunCycles(1);
  EXPECT_EQ(sent, "AB");
}

TEST_F(UsartTest, ASlowerBusMakesSlowerCharacters) {
  Usart usart2(chip, 2);
  usart2.PowerOn();
  std::string heard;
  usart2.on_transmit = [&](std::byte byte, uint64_t) { heard.push_back(static_cast<char>(byte)); };
  usart2.Write(kBrr, 417, kAll);  // 48 MHz / 115200
  usart2.Write(kCr1, 0x2008, kAll);
  usart2.Write(kDr, 'x', kAll);
  chip.RunCycles(2 * 10 * 834 - 1);
  EXPECT_EQ(heard, "");
  chip.RunCycles(1);
  EXPECT_EQ(heard, "x");
}

TEST_F(UsartTest, CompleteIsClearedByReadingTheStatusAndWritingOrByZero) {
  On();
  usart.Write(kDr, 'A', kAll);
  EXPECT_EQ(Sr() & kTc, kTc);  // the status was not read before
  usart.Write(kSr, ~kTc, kAll);
  EXPECT_EQ(Sr() & kTc, 0u);
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Sr() & kTc, kTc);
  usart.Write(kDr, 'B', kAll);
  EXPECT_EQ(Sr() & kTc, 0u);
}

TEST_F(UsartTest, BytesArriveAtTheLinesSpeed) {
  On(0x202c);  // RXNEIE
  Hear("ok");
  chip.RunCycles(kCharacter - 1);
  EXPECT_EQ(Sr() & kRxne, 0u);
  EXPECT_FALSE(chip.interrupts[71]);
  chip.RunCycles(1);
  EXPECT_TRUE(chip.interrupts[71]);
  EXPECT_EQ(Dr(), uint32_t{'o'});
  EXPECT_FALSE(chip.interrupts[71]);
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Sr() & (kRxne | kOre | kFe), kRxne);
  EXPECT_EQ(Dr(), uint32_t{'k'});
}

TEST_F(UsartTest, ASlowProgramLosesBytesToOverrun) {
  On();
  Hear("abc");
  chip.RunCycles(2 * kCharacter);
  EXPECT_EQ(Sr() & (kRxne | kOre), kRxne | kOre);
  EXPECT_EQ(Dr(), uint32_t{'a'});
  EXPECT_EQ(Sr() & (kRxne | kOre), 0u);
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Dr(), uint32_t{'c'});
}

TEST_F(UsartTest, OverrunIsOnlyClearedAfterTheStatusWasRead) {
  On();
  Hear("ab");
  chip.RunCycles(2 * kCharacter);
  Dr();
  EXPECT_EQ(Sr() & kOre, kOre);
  Dr();
  EXPECT_EQ(Sr() & kOre, 0u);
}

TEST_F(UsartTest, AnIdleLineIsFoundOnceAfterACharacter) {
  On(0x201c);  // IDLEIE
  chip.RunCycles(5 * kCharacter);
  EXPECT_EQ(Sr() & kIdle, 0u);
  Hear("a");
  chip.RunCycles(2 * kCharacter - 1);
  EXPECT_EQ(Sr() & kIdle, 0u);
  chip.RunCycles(1);
  EXPECT_EQ(Sr() & kIdle, kIdle);
  EXPECT_TRUE(chip.interrupts[71]);
  Dr();
  EXPECT_FALSE(chip.interrupts[71]);
  chip.RunCycles(5 * kCharacter);
  EXPECT_EQ(Sr() & kIdle, 0u);
}

TEST_F(UsartTest, ALostCharacterDoesNotMakeTheLineIdleAgain) {
  On();
  Hear("a");
  chip.RunCycles(3 * kCharacter);
  EXPECT_EQ(Sr() & kIdle, kIdle);
  Hear("b");  // while 'a' is still there
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Sr() & kOre, kOre);
  EXPECT_EQ(chip.AppointmentOf(usart), kNever);  // nothing is waited for
}

TEST_F(UsartTest, TheHostIsHeldBackByTheQueue) {
  EXPECT_EQ(usart.ReceiveRoom(), 0u);
  On();
  const size_t room = usart.ReceiveRoom();
  EXPECT_GT(room, 64u);
  Hear(std::string(room + 10, 'x'));
  EXPECT_LE(usart.ReceiveRoom(), 1u);
  for (size_t i = 0; i < 10; ++i) chip.RunCycles(kCharacter), Dr();
  EXPECT_GE(usart.ReceiveRoom(), 10u);
}

TEST_F(UsartTest, BytesWaitingAreLostWhenTheReceiverStops) {
  On();
  Hear("abc");
  usart.Write(kCr1, 0x2008, kAll);
  usart.Write(kCr1, 0x200c, kAll);
  chip.RunCycles(10 * kCharacter);
  EXPECT_EQ(Sr() & kRxne, 0u);
}

TEST_F(UsartTest, ParityIsAddedAndChecked) {
  On(0x340c);  // 9 bits with even parity
  Hear("C");   // three ones
  chip.RunCycles(11 * kBit);
  EXPECT_EQ(Sr() & (kRxne | kPe), kRxne);
  EXPECT_EQ(Dr(), 0x143u);
  usart.Write(kDr, 0xc1, kAll);
  chip.RunCycles(11 * kBit);
  EXPECT_EQ(sent, "\xc1");
}

TEST_F(UsartTest, AHostAtAnotherSpeedGivesGarbageAndFramingErrors) {
  On();
  usart.SetLineBaud(57600);  // half: each bit is seen twice
  Hear("U");                 // on the line 0 10101010 1; seen in pairs 00 11 00 11 00 | stop: 11...
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Sr() & kRxne, kRxne);
  EXPECT_EQ(Dr(), 0x66u);
  chip.RunCycles(5 * kCharacter);
  Sr(), Dr();
  usart.Write(kSr, 0, kAll);
  Hear(std::string(1, '\0'));  // 18 zeros: the stop bit is missing
  chip.RunCycles(kCharacter);
  EXPECT_EQ(Sr() & (kRxne | kFe), kRxne | kFe);
  EXPECT_EQ(Dr(), 0u);
  chip.RunCycles(5 * kCharacter);
  usart.SetLineBaud(115200);
  Hear("U");
  chip.RunCycles(2 * kCharacter);
  EXPECT_EQ(Sr() & (kRxne | kFe), kRxne);
  EXPECT_EQ(Dr(), uint32_t{'U'});
}

TEST_F(UsartTest, AsksDmaForBytesAndWithThem) {
  On();
  usart.Write(kCr3, 1u << 6 | 1u << 7, kAll);
  EXPECT_TRUE((chip.dma_requests[{2, 6, 5}]));
  EXPECT_TRUE((chip.dma_requests[{2, 7, 5}]));
  EXPECT_FALSE((chip.dma_requests[{2, 1, 5}]));
  usart.Write(kDr, 'A', kAll);
  usart.Write(kDr, 'B', kAll);
  EXPECT_FALSE((chip.dma_requests[{2, 6, 5}]));
  Hear("x");
  chip.RunCycles(kCharacter);
  EXPECT_TRUE((chip.dma_requests[{2, 1, 5}]));
  EXPECT_TRUE((chip.dma_requests[{2, 2, 5}]));
  Dr();
  EXPECT_FALSE((chip.dma_requests[{2, 1, 5}]));
}

TEST_F(UsartTest, NotesWhatIsNotModelled) {
  On();
  usart.Write(kCr2, 1u << 14, kAll);
  usart.Write(kCr3, 1u << 3 | 1u << 8, kAll);
  EXPECT_TRUE(chip.Noted("USART6 CR2 LINEN"));
  EXPECT_TRUE(chip.Noted("HDSEL"));
  EXPECT_TRUE(chip.Noted("RTSE"));
  usart.Write(kBrr, 3, kAll);
  EXPECT_TRUE(chip.Noted("BRR"));
}

TEST_F(UsartTest, ResetsToItsIdleState) {
  On();
  usart.Write(kDr, 'A', kAll);
  usart.Reset();
  chip.RunCycles(10 * kCharacter);
  EXPECT_EQ(sent, "");
  EXPECT_EQ(Sr(), 0xc0u);
  EXPECT_EQ(usart.Read(kCr1, 4), 0u);
}

TEST_F(UsartTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    usart.SetLineBaud(seed % 3 == 0 ? 0 : static_cast<uint32_t>(0x9e3779b97f4a7c15 * seed >> (seed + 20)));
    for (int i = 0; i < 20; ++i) {
      RandomTraffic(chip, usart, 0x20, 200, seed * 100 + static_cast<uint64_t>(i));
      Hear("Who goes there? \x55\xaa");
    }
  }
}

}  // namespace
}  // namespace thimble::simulator
