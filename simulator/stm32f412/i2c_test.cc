#include "simulator/stm32f412/i2c.h"

#include <gtest/gtest.h>

#include <string>

#include "simulator/stm32f412/dma.h"
#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr1 = 0x00, kCr2 = 0x04, kDr = 0x10, kSr1 = 0x14, kSr2 = 0x18, kCcr = 0x1c, kTrise = 0x20;
constexpr uint32_t kPe = 1, kStart = 1u << 8, kStop = 1u << 9, kAck = 1u << 10, kPos = 1u << 11, kSwrst = 1u << 15;
constexpr uint32_t kSb = 1, kAddr = 2, kBtf = 4, kRxne = 64, kTxe = 128, kAf = 1024;
constexpr uint32_t kAll = ~0u;
constexpr uint64_t kPeriod = 240;  // 400 kHz at 96 MHz

/// Writes down what it hears; answers 0x10, 0x11, …; takes `room` bytes.
class Recorder final : public I2cDevice {
 public:
  explicit Recorder(uint8_t address) : address_(address) {}
  std::string_view Name() const override { return "recorder"; }
  uint8_t Address() const override { return address_; }
  void PowerOn() override {}
  bool Start(bool reads) override {
    log += reads ? "R " : "W ";
    return present;
  }
  bool Write(uint8_t byte) override {
    log += std::to_string(byte) + " ";
    return room-- > 0;
  }
  uint8_t Read() override { return static_cast<uint8_t>(0x10 + read_count++); }
  void StopCondition() override { log += "P "; }
  std::span<std::byte> State() override { return {}; }

  std::string log;
  bool present = true;
  int room = 1000, read_count = 0;

 private:
  uint8_t address_;
};

struct WiredChip : FakeChip {
  Dma* dma = nullptr;
  I2c* i2c = nullptr;
  void SetDmaRequest(int controller, int stream, int channel, bool high) override {
    FakeChip::SetDmaRequest(controller, stream, channel, high);
    if (dma != nullptr && controller == 1) dma->SetRequest(stream, channel, high);
  }
  void DmaServed(int controller, int stream, int channel, uint32_t left) override {
    i2c->DmaServed(controller, stream, channel, left);
  }
};

struct I2cTest : testing::Test {
  I2cTest() {
    i2c.Attach(other);
    i2c.Attach(device);
    i2c.PowerOn();
    i2c.Write(kCr2, 48, kAll);
    i2c.Write(kCcr, 0x8000 | 40, kAll);
    i2c.Write(kTrise, 15, kAll);
    i2c.Write(kCr1, kPe | kAck, kAll);
  }
  uint32_t Sr1() { return i2c.Read(kSr1, 4); }
  uint32_t Sr2() { return i2c.Read(kSr2, 4); }
  uint32_t Dr() { return i2c.Read(kDr, 4); }
  void Set(uint32_t bits) { i2c.Write(kCr1, i2c.Read(kCr1, 4) | bits, kAll); }
  void Clear(uint32_t bits) { i2c.Write(kCr1, i2c.Read(kCr1, 4) & ~bits, kAll); }
  /// Waits as a program does; how long it took.
  uint64_t Until(uint32_t flag) {
    const uint64_t begin = chip.Cycles();
    while ((Sr1() & flag) == 0 && chip.Cycles() - begin < 100 * kPeriod) chip.RunCycles(1);
    EXPECT_NE(Sr1() & flag, 0u) << "flag " << flag;
    return chip.Cycles() - begin;
  }
  void Call(uint32_t byte) {
    Set(kStart);
    Until(kSb);
    i2c.Write(kDr, byte, kAll);
  }
  void UntilFree() {
    for (int i = 0; i < 5000 && (Sr2() & 2) != 0; ++i) chip.RunCycles(1);
    EXPECT_EQ(Sr2() & 7, 0u);
  }

  WiredChip chip;
  Recorder other{0x3c}, device{0x6a};
  I2c i2c{chip, 1};
};

TEST_F(I2cTest, WritesBytesInTheirTime) {
  Set(kStart);
  EXPECT_EQ(Until(kSb), kPeriod);
  EXPECT_EQ(Sr2(), 3u);  // MSL, BUSY
  i2c.Write(kDr, 0x6a << 1, kAll);
  EXPECT_EQ(Sr1() & kSb, 0u);
  EXPECT_EQ(Until(kAddr), 9 * kPeriod);
  EXPECT_EQ(Sr1(), kAddr | kTxe);
  EXPECT_EQ(Sr2(), 7u);
  EXPECT_EQ(Sr1(), kTxe);
  i2c.Write(kDr, 1, kAll);
  EXPECT_EQ(Sr1(), kTxe);  // it went on into the shift register
  i2c.Write(kDr, 2, kAll);
  EXPECT_EQ(Sr1(), 0u);
  EXPECT_EQ(Until(kTxe), 9 * kPeriod);
  EXPECT_EQ(Until(kBtf), 9 * kPeriod);
  EXPECT_EQ(Sr1(), kTxe | kBtf);
  Set(kStop);
  EXPECT_EQ(device.log, "W 1 2 ");
  chip.RunCycles(kPeriod);
  EXPECT_EQ(device.log, "W 1 2 P ");
  EXPECT_EQ(other.log, "");
  EXPECT_EQ(Sr2(), 0u);
  EXPECT_EQ(Sr1(), 0u);
  EXPECT_EQ(i2c.Read(kCr1, 4), kPe | kAck);
  EXPECT_TRUE(chip.notes.empty());
}

TEST_F(I2cTest, StandardModeIsFourTimesSlower) {
  i2c.Write(kCcr, 240, kAll);
  Set(kStart);
  EXPECT_EQ(Until(kSb), 4 * kPeriod);
  i2c.Write(kDr, 0x6a << 1, kAll);
  EXPECT_EQ(Until(kAddr), 9 * 4 * kPeriod);
}

TEST_F(I2cTest, NobodyAtTheAddressIsAnAcknowledgeFailure) {
  i2c.Write(kCr2, 48 | 1u << 8, kAll);  // ITERREN
  Call(0x50 << 1);
  EXPECT_EQ(Until(kAf), 9 * kPeriod);
  EXPECT_EQ(Sr1(), kAf);
  EXPECT_TRUE(chip.interrupts[32]);
  EXPECT_EQ(Sr2() & 3, 3u);  // the bus stays ours until the stop
  Set(kStop);
  UntilFree();
  i2c.Write(kSr1, ~kAf, kAll);
  EXPECT_EQ(Sr1(), 0u);
  EXPECT_FALSE(chip.interrupts[32]);
}

TEST_F(I2cTest, ADeviceMayRefuseItsAddressOrAByte) {
  device.present = false;
  Call(0x6a << 1);
  Until(kAf);
  Set(kStop);
  UntilFree();
  i2c.Write(kSr1, 0, kAll);
  device.present = true;
  device.room = 1;
  Call(0x6a << 1);
  Until(kAddr), Sr2();
  i2c.Write(kDr, 7, kAll);
  i2c.Write(kDr, 8, kAll);
  Until(kAf);
  EXPECT_EQ(device.log, "W P W 7 8 ");
  chip.RunCycles(50 * kPeriod);
  EXPECT_EQ(device.log, "W P W 7 8 ");
}

TEST_F(I2cTest, ReceivesOneByte) {
  Call(0x6a << 1 | 1);
  Until(kAddr);
  EXPECT_EQ(Sr1(), kAddr);
  Clear(kAck);
  EXPECT_EQ(Sr2(), 3u);
  Set(kStop);
  EXPECT_EQ(Until(kRxne), 9 * kPeriod);
  UntilFree();
  EXPECT_EQ(Dr(), 0x10u);
  EXPECT_EQ(device.read_count, 1);
  EXPECT_EQ(device.log, "R P ");
}

TEST_F(I2cTest, ReceivesTwoBytesWithPos) {
  Set(kPos);
  Call(0x6a << 1 | 1);
  Until(kAddr), Sr2();
  Clear(kAck);
  EXPECT_EQ(Until(kBtf), 18 * kPeriod);
  Set(kStop);
  UntilFree();
  EXPECT_EQ(Dr(), 0x10u);
  EXPECT_EQ(Sr1(), kRxne);
  EXPECT_EQ(Dr(), 0x11u);
  EXPECT_EQ(device.read_count, 2);
  EXPECT_EQ(Sr1() & kRxne, 0u);
}

TEST_F(I2cTest, ReceivesManyBytesWithTransferFinished) {
  Call(0x6a << 1 | 1);
  Until(kAddr), Sr2();
  EXPECT_EQ(Until(kRxne), 9 * kPeriod);
  EXPECT_EQ(Dr(), 0x10u);  // N = 4: three are left
  Until(kBtf);
  chip.RunCycles(100 * kPeriod);  // SCL is stretched
  EXPECT_EQ(device.read_count, 3);
  Clear(kAck);
  EXPECT_EQ(Dr(), 0x11u);
  EXPECT_EQ(Until(kBtf), 9 * kPeriod);
  Set(kStop);
  EXPECT_EQ(Dr(), 0x12u);
  EXPECT_EQ(Dr(), 0x13u);
  UntilFree();
  EXPECT_EQ(device.read_count, 4);
}

TEST_F(I2cTest, ReceivesManyBytesOneByOne) {
  Call(0x6a << 1 | 1);
  Until(kAddr), Sr2();
  for (uint32_t i = 0; i < 4; ++i) {
    Until(kRxne);
    EXPECT_EQ(Dr(), 0x10 + i);
  }
  Clear(kAck);
  Set(kStop);
  Until(kRxne);
  EXPECT_EQ(Dr(), 0x14u);
  UntilFree();
  EXPECT_EQ(device.read_count, 5);
}

TEST_F(I2cTest, ARepeatedStartKeepsTheBus) {
  Call(0x6a << 1);
  Until(kAddr), Sr2();
  i2c.Write(kDr, 0x0f, kAll);
  Until(kBtf);
  Call(0x6a << 1 | 1);
  Until(kAddr);
  Clear(kAck);
  Sr2();
  Set(kStop);
  Until(kRxne);
  EXPECT_EQ(Dr(), 0x10u);
  UntilFree();
  EXPECT_EQ(device.log, "W 15 R P ");
}

TEST_F(I2cTest, AStopDuringAByteComesAfterIt) {
  Call(0x6a << 1);
  Until(kAddr), Sr2();
  i2c.Write(kDr, 1, kAll);
  Set(kStop);
  chip.RunCycles(9 * kPeriod);
  EXPECT_EQ(device.log, "W 1 ");
  EXPECT_EQ(Sr2() & 2, 2u);
  chip.RunCycles(kPeriod);
  EXPECT_EQ(device.log, "W 1 P ");
  EXPECT_EQ(Sr2(), 0u);
}

TEST_F(I2cTest, AProbeStopsAfterTheAddress) {
  Call(0x6a << 1);
  Until(kAddr);
  Set(kStop);
  EXPECT_EQ(Sr2() & 2, 2u);
  UntilFree();
  EXPECT_EQ(device.log, "W P ");
}

TEST_F(I2cTest, InterruptsFollowTheirFlags) {
  i2c.Write(kCr2, 48 | 1u << 9, kAll);  // ITEVTEN
  Set(kStart);
  EXPECT_FALSE(chip.interrupts[31]);
  Until(kSb);
  EXPECT_TRUE(chip.interrupts[31]);
  i2c.Write(kDr, 0x6a << 1, kAll);
  EXPECT_FALSE(chip.interrupts[31]);
  Until(kAddr);
  EXPECT_TRUE(chip.interrupts[31]);
  Sr2();
  EXPECT_FALSE(chip.interrupts[31]);  // TXE needs ITBUFEN
  i2c.Write(kCr2, 48 | 3u << 9, kAll);
  EXPECT_TRUE(chip.interrupts[31]);
}

TEST_F(I2cTest, WithoutPinsTheStartWaits) {
  bool pins = false;
  i2c.connected = [&] { return pins; };
  Set(kStart);
  chip.RunCycles(100 * kPeriod);
  EXPECT_EQ(Sr1(), 0u);
  EXPECT_EQ(Sr2() & 2, 2u);
  EXPECT_TRUE(chip.Noted("I2C1: a start condition, but no pins"));
  pins = true;
  Until(kSb);
}

TEST_F(I2cTest, SoftwareResetAndSwitchingOffGiveUp) {
  Call(0x6a << 1);
  Until(kAddr);
  Set(kSwrst);
  EXPECT_EQ(device.log, "W P ");
  EXPECT_EQ(Sr1() | Sr2() | i2c.Read(kCcr, 4), 0u);
  i2c.Write(kCcr, 40, kAll);
  EXPECT_EQ(i2c.Read(kCcr, 4), 0u);  // held in reset
  i2c.Write(kCr1, 0, kAll);
  i2c.Write(kCr2, 48, kAll);
  i2c.Write(kCcr, 0x8028, kAll);
  i2c.Write(kCr1, kPe, kAll);
  Call(0x6a << 1);
  Until(kAddr);
  i2c.Write(kCr1, kAck, kAll);
  EXPECT_EQ(Sr1() | Sr2() | i2c.Read(kCr1, 4), 0u);
  chip.RunCycles(100 * kPeriod);
  EXPECT_EQ(Sr1(), 0u);
}

TEST_F(I2cTest, NotesClocksThatDoNotFit) {
  i2c.Write(kCr2, 42, kAll);
  i2c.Write(kCcr, 2, kAll);
  Set(kStart);
  EXPECT_TRUE(chip.Noted("FREQ says 42 MHz, but APB1 runs with 48"));
  EXPECT_TRUE(chip.Noted("CCR: a clock count of 2"));
}

TEST_F(I2cTest, DmaReceivesAndRefusesTheLastByte) {
  Dma dma(chip, 1);
  dma.PowerOn();
  chip.dma = &dma;
  chip.i2c = &i2c;
  chip.Attach(0x4000'5400, 0x400, i2c);
  dma.Write(0x10 + 0x04, 5, kAll);  // stream 0
  dma.Write(0x10 + 0x08, 0x4000'5410, kAll);
  dma.Write(0x10 + 0x0c, FakeChip::kRamBase, kAll);
  dma.Write(0x10, 1u << 25 | 1u << 10 | 1u << 4 | 1, kAll);
  i2c.Write(kCr2, 48 | 1u << 11 | 1u << 12, kAll);  // DMAEN, LAST
  Call(0x6a << 1 | 1);
  Until(kAddr), Sr2();
  chip.RunCycles(5 * 9 * kPeriod + 100);
  EXPECT_TRUE(chip.interrupts[11]);
  chip.RunCycles(100 * kPeriod);
  EXPECT_EQ(device.read_count, 5);  // no sixth
  Set(kStop);
  UntilFree();
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(chip.ram[i], static_cast<std::byte>(0x10 + i));
}

TEST_F(I2cTest, DmaTransmits) {
  Dma dma(chip, 1);
  dma.PowerOn();
  chip.dma = &dma;
  chip.i2c = &i2c;
  chip.Attach(0x4000'5400, 0x400, i2c);
  for (size_t i = 0; i < 3; ++i) chip.ram[i] = static_cast<std::byte>(i + 1);
  const uint32_t stream6 = 0x10 + 6 * 0x18;
  dma.Write(stream6 + 0x04, 3, kAll);
  dma.Write(stream6 + 0x08, 0x4000'5410, kAll);
  dma.Write(stream6 + 0x0c, FakeChip::kRamBase, kAll);
  dma.Write(stream6, 1u << 25 | 1u << 10 | 1u << 6 | 1, kAll);
  i2c.Write(kCr2, 48 | 1u << 11, kAll);
  Call(0x6a << 1);
  Until(kAddr), Sr2();
  Until(kBtf);
  EXPECT_EQ(device.log, "W 1 2 3 ");
}

TEST_F(I2cTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    RandomTraffic(chip, i2c, 0x28, 500, seed);
    i2c.Write(kCr1, 0, kAll);
    i2c.Write(kCcr, 4, kAll);
    i2c.Write(kCr1, kPe | kAck | kStart, kAll);
    chip.RunCycles(100);
    i2c.Write(kDr, 0x6a << 1 | (seed & 1), kAll);
    chip.RunCycles(200);
  }
}

}  // namespace
}  // namespace thimble::simulator
