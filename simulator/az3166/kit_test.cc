// The kit as a whole: firmware that reads its sensors, forked boards, and a hundred of them at once.
#include "simulator/az3166/kit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

using Bytes = std::vector<std::byte>;

/// Sends six bytes of acceleration over USB, 104 times a second; while button A is down, the User LED is on.
constexpr char kMotionSender[] = R"(
#define I2C(offset) REG(0x40005400 + offset)
static void Start(u32 address) {
  I2C(0) |= 1 << 8;
  while (!(I2C(0x14) & 1)) {}
  I2C(0x10) = address;
  while (!(I2C(0x14) & 2)) {}
  (void)I2C(0x18);
}
static void Send(u32 byte) {
  while (!(I2C(0x14) & 0x80)) {}
  I2C(0x10) = byte;
}
static void Stop(void) {
  I2C(0) |= 1 << 9;
  while (I2C(0) & 1 << 9) {}
}
static void WriteSensor(u32 place, u32 value) {
  Start(0x6a << 1);
  Send(place);
  Send(value);
  while (!(I2C(0x14) & 4)) {}
  Stop();
}
static u32 ReadSensor(u32 place) {
  Start(0x6a << 1);
  Send(place);
  while (!(I2C(0x14) & 4)) {}
  I2C(0) &= ~(1u << 10);
  Start(0x6a << 1 | 1);
  Stop();
  while (!(I2C(0x14) & 0x40)) {}
  return I2C(0x10);
}
void Run(void) {
  REG(0x40023830) |= 7;                     // GPIOA to C
  REG(0x40023840) |= 1 << 21;               // I2C1
  REG(0x40023844) |= 1 << 5;                // USART6
  REG(0x40020000) |= 2u << 22 | 2u << 24;   // PA11, PA12: alternate function 8
  REG(0x40020024) |= 8 << 12 | 8 << 16;
  REG(0x40020400) |= 2 << 16 | 2 << 18;     // PB8, PB9: alternate function 4, open drain
  REG(0x40020404) |= 3 << 8;
  REG(0x40020424) |= 4 | 4 << 4;
  REG(0x40020800) |= 1 << 26;               // PC13
  REG(0x40011408) = 139;
  REG(0x4001140c) = 0x200c;
  I2C(4) = 16;
  I2C(0x1c) = 0x8000 | 14;
  I2C(0x20) = 6;
  I2C(0) = 1;
  WriteSensor(0x10, 0x40);                  // CTRL1_XL: 104 Hz, 2 g
  for (;;) {
    if (ReadSensor(0x1e) & 1) {
      for (u32 i = 0; i < 6; ++i) {
        const u32 byte = ReadSensor(0x28 + i);
        while (!(REG(0x40011400) & 0x80)) {}
        REG(0x40011404) = byte;
      }
    }
    REG(0x40020818) = REG(0x40020010) & 1 << 4 ? 1u << 29 : 1u << 13;
  }
})";

struct Board {
  std::unique_ptr<Kit> kit;
  Bytes said;

  Board(const Bytes& program, std::unique_ptr<MotionSource> motion, uint64_t seed = 1) {
    KitOptions options;
    options.chip.seed = seed;
    options.motion_sensor.seed = seed;
    options.motion = std::move(motion);
    kit = std::make_unique<Kit>(std::move(options));
    EXPECT_TRUE(kit->chip().Program(kTestProgramBase, program));
    kit->chip().SetApplication(kTestProgramBase);
    kit->on_serial = [this](std::byte byte, uint64_t) { said.push_back(byte); };
    kit->PowerOn();
  }
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  ChipStop RunMs(uint64_t ms) { return kit->chip().RunUntilNs(kit->chip().NowNs() + ms * 1'000'000); }
};

/// Person and take differ from board to board.
std::unique_ptr<Board> Waving(const Bytes& program, int number) {
  return std::make_unique<Board>(program, Gesturing(Gesture::kWave, number % 10, number / 10, 5),
                                 static_cast<uint64_t>(number));
}

TEST(Kit, LetsFirmwareFeelItsMotion) {
  const Bytes program = TestProgramBytes(kMotionSender);
  Board still(program, Still());
  ASSERT_EQ(still.RunMs(200), ChipStop::kReached);
  ASSERT_GE(still.said.size(), 6 * 17u);
  ASSERT_LE(still.said.size(), 6 * 22u);
  const auto axis = [&](size_t sample, size_t index) {
    const auto low = std::to_integer<unsigned>(still.said[6 * sample + 2 * index]);
    const auto high = std::to_integer<unsigned>(still.said[6 * sample + 2 * index + 1]);
    return static_cast<int16_t>(low | high << 8) * 0.061;  // mg at 2 g (LSM6DSL data sheet, table 3)
  };
  EXPECT_NEAR(axis(10, 0), 0, 60);
  EXPECT_NEAR(axis(10, 1), 0, 60);
  EXPECT_NEAR(axis(10, 2), 1000, 60);

  const auto waving = Waving(program, 3);
  ASSERT_EQ(waving->RunMs(200), ChipStop::kReached);
  EXPECT_NE(waving->said, still.said);
}

TEST(Kit, HasTheSameFutureAfterRestoreDevicesIncluded) {
  const Bytes program = TestProgramBytes(kMotionSender);
  const auto board = Waving(program, 1);
  std::set<size_t> lengths;
  // 0.3 ms apart, for longer than a sample takes: in the middle of transfers over I2C and characters on the line.
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(board->kit->chip().RunUntilNs(30'000'000 + static_cast<uint64_t>(i) * 300'000), ChipStop::kReached);
    const ChipSnapshot now = board->kit->chip().Save();
    const size_t said = board->said.size();
    lengths.insert(said);
    ASSERT_EQ(board->RunMs(12), ChipStop::kReached);
    const Bytes future(board->said.begin() + static_cast<std::ptrdiff_t>(said), board->said.end());
    ASSERT_FALSE(future.empty());
    const ChipSnapshot then = board->kit->chip().Save();

    const auto other = Waving(program, 1);
    other->kit->chip().Restore(now);
    ASSERT_EQ(other->RunMs(12), ChipStop::kReached);
    ASSERT_EQ(other->said, future) << i;
    ASSERT_TRUE(other->kit->chip().Save() == then) << i;
    board->kit->chip().Restore(now);
    board->said.resize(said);
  }
  EXPECT_GE(lengths.size(), 3u) << "some of these moments were between two characters of a line";
}

TEST(Kit, RunsAHundredTimesInOneProcess) {
  const Bytes program = TestProgramBytes(kMotionSender);
  constexpr int kBoards = 100, kThreads = 4, kMs = 60;
  std::vector<Bytes> said(kBoards);
  const auto run = [&](int number) {
    const auto board = Waving(program, number);
    EXPECT_EQ(board->RunMs(kMs), ChipStop::kReached);
    return board->said;
  };
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int number = next++; number < kBoards; number = next++) said[static_cast<size_t>(number)] = run(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int number : {0, 37, 99}) EXPECT_EQ(run(number), said[static_cast<size_t>(number)]) << number;
  EXPECT_EQ(std::set<Bytes>(said.begin(), said.end()).size(), static_cast<size_t>(kBoards)) << "each moves its own way";
  for (const Bytes& one : said) EXPECT_GE(one.size(), 4 * 6u);
}

TEST(Kit, InterleavesBoardsThatWereForkedInOneThread) {
  const Bytes program = TestProgramBytes(kMotionSender);
  const auto parent = Waving(program, 2);
  ASSERT_EQ(parent->RunMs(20), ChipStop::kReached);
  const ChipSnapshot fork = parent->kit->chip().Save();
  std::vector<std::unique_ptr<Board>> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(Waving(program, 2));
    children.back()->kit->chip().Restore(fork);
  }
  parent->said.clear();
  for (int turn = 0; turn < 10; ++turn) {
    for (const auto& child : children) ASSERT_EQ(child->RunMs(2), ChipStop::kReached);
  }
  ASSERT_EQ(parent->RunMs(20), ChipStop::kReached);
  for (const auto& child : children) EXPECT_EQ(child->said, parent->said);
  EXPECT_FALSE(parent->said.empty());
}

TEST(Kit, ShowsButtonsAndLights) {
  Board board(TestProgramBytes(kMotionSender), Still());
  ASSERT_EQ(board.RunMs(50), ChipStop::kReached);
  board.kit->Face();
  ASSERT_EQ(board.RunMs(20), ChipStop::kReached);
  Panel face = board.kit->Face();
  EXPECT_FALSE(face.button_a);
  EXPECT_EQ(face.user_led, 0);
  board.kit->Press(Button::kA, true);
  ASSERT_EQ(board.RunMs(5), ChipStop::kReached);
  board.kit->Face();
  ASSERT_EQ(board.RunMs(20), ChipStop::kReached);
  face = board.kit->Face();
  EXPECT_TRUE(face.button_a);
  EXPECT_FALSE(face.button_b);
  EXPECT_EQ(face.user_led, 1);
  EXPECT_EQ(face.wifi_led, 0);
}

TEST(Kit, StartsAnewWhenPowerComesBack) {
  Board board(TestProgramBytes(kMotionSender), Still());
  board.kit->chip().CutPower({.at_instruction = 200'000});
  ASSERT_EQ(board.RunMs(1'000), ChipStop::kPowerLost);
  const size_t before = board.said.size();
  board.kit->PowerOn();
  ASSERT_EQ(board.RunMs(100), ChipStop::kReached);
  EXPECT_GE(board.said.size(), before + 6 * 8);
}

}  // namespace
}  // namespace thimble::simulator
