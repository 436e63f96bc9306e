#include "firmware/drivers/stm32f4/i2c.h"

#include "firmware/cortex_m/nvic.h"

namespace thimble::firmware::stm32f4 {
namespace {

constexpr uint32_t kEnable = 1 << 0, kStart = 1 << 8, kStop = 1 << 9, kAcknowledge = 1 << 10,
                   kNextAcknowledge = 1 << 11,
                   kSoftwareReset = 1 << 15;  // CR1
constexpr uint32_t kStarted = 1 << 0, kAddressed = 1 << 1, kByteFinished = 1 << 2, kReceived = 1 << 6,
                   kTransmitEmpty = 1 << 7, kNoAcknowledge = 1 << 10, kErrors = 0xf << 8;  // SR1
constexpr uint32_t kFastMode = 1 << 15;                                                    // CCR
constexpr uint32_t kBusHz = 400'000;
constexpr uint32_t kFastRiseNs = 300;
constexpr uint32_t kErrorInterrupt = 1 << 8, kEventInterrupt = 1 << 9, kDataInterrupt = 1 << 10;  // CR2
// One sleep is usual; others end it as well, the tick after 0.5 ms at the latest.
constexpr uint32_t kMostSleeps = 50;
// A byte takes 22.5 us, which is 2,160 cycles: this is some ten times as many.
constexpr uint32_t kMostTurns = 4000;

}  // namespace

void I2cBus::SetUp(uint32_t apb1_hz) {
  apb1_hz_ = apb1_hz;
  Registers().control1 = kSoftwareReset;
  Registers().control1 = 0;
  const uint32_t mhz = apb1_hz / 1'000'000;
  Registers().control2 = mhz;
  Registers().clock = kFastMode | (apb1_hz + 3 * kBusHz - 1) / (3 * kBusHz);  // low two thirds of the time
  Registers().rise_time = mhz * kFastRiseNs / 1000 + 1;
  Registers().control1 = kEnable;
}

bool I2cBus::WaitStatus(uint32_t bit) {
  uint32_t status = Registers().status1;
  if ((status & (bit | kErrors)) == 0) {
    const uint32_t quiet = Registers().control2;
    const bool is_data = (bit & (kReceived | kTransmitEmpty)) != 0;
    Registers().control2 = quiet | kErrorInterrupt | kEventInterrupt | (is_data ? kDataInterrupt : 0);
    for (uint32_t i = 0; i < kMostSleeps; ++i) {
      status = Registers().status1;
      if ((status & (bit | kErrors)) != 0) break;
      SleepOnce();
    }
    Registers().control2 = quiet;
  }
  return (status & bit) != 0 && (status & kErrors) == 0;
}

Status I2cBus::Start(uint8_t address, bool reads) {
  Registers().control1 = Registers().control1 | kStart;
  if (!WaitStatus(kStarted)) return Status::kDeviceFailed;
  Registers().data = static_cast<uint32_t>(address << 1) | (reads ? 1u : 0u);
  if (WaitStatus(kAddressed)) return Status::kOk;
  return (Registers().status1 & kNoAcknowledge) != 0 ? Status::kNotFound : Status::kDeviceFailed;
}

Status I2cBus::Send(std::byte byte) {
  if (!WaitStatus(kTransmitEmpty)) return Status::kDeviceFailed;
  Registers().data = std::to_integer<uint32_t>(byte);
  return Status::kOk;
}

Status I2cBus::End(Status status) {
  Registers().control1 = Registers().control1 | kStop;
  const bool stopped = WaitFor([this] { return (Registers().control1 & kStop) == 0; }, kMostTurns);
  Registers().status1 = Registers().status1 & ~kErrors;
  if (status == Status::kDeviceFailed || !stopped) {
    SetUp(apb1_hz_);
    return Status::kDeviceFailed;
  }
  return status;
}

Status I2cBus::Write(uint8_t address, std::span<const std::byte> bytes) {
  if (bytes.empty()) return Status::kInvalidArgument;
  return Write(address, bytes.front(), bytes.subspan(1));
}

Status I2cBus::Write(uint8_t address, std::byte first, std::span<const std::byte> bytes) {
  Status status = Start(address, false);
  if (ok(status)) {
    (void)Registers().status2;  // reading it lets the bus go on
    status = Send(first);
  }
  for (size_t i = 0; ok(status) && i < bytes.size(); ++i) status = Send(bytes[i]);
  if (ok(status) && !WaitStatus(kByteFinished)) status = Status::kDeviceFailed;
  return End(status);
}

Status I2cBus::Read(uint8_t address, uint8_t first_register, std::span<std::byte> bytes) {
  if (bytes.empty()) return Status::kInvalidArgument;
  Status status = Start(address, false);
  if (ok(status)) {
    (void)Registers().status2;
    status = Send(std::byte{first_register});
  }
  if (ok(status) && !WaitStatus(kByteFinished)) status = Status::kDeviceFailed;
  if (!ok(status)) return End(status);
  // The acknowledge of the last bytes is decided before they come, so short transfers begin in their own ways.
  const uint32_t plain = Registers().control1 & ~(kAcknowledge | kNextAcknowledge);
  Registers().control1 = bytes.size() == 1   ? plain
                         : bytes.size() == 2 ? plain | kAcknowledge | kNextAcknowledge
                                             : plain | kAcknowledge;
  status = Start(address, true);
  if (!ok(status)) return End(status);
  return Receive(bytes);
}

Status I2cBus::Receive(std::span<std::byte> bytes) {
  const auto byte = [this] { return static_cast<std::byte>(Registers().data); };
  if (bytes.size() == 1) {
    (void)Registers().status2;
    const Status status = End(Status::kOk);
    if (!ok(status) || !WaitStatus(kReceived)) return Status::kDeviceFailed;
    bytes[0] = byte();
    return status;
  }
  if (bytes.size() == 2) {
    (void)Registers().status2;
    Registers().control1 = Registers().control1 & ~kAcknowledge;
    if (!WaitStatus(kByteFinished)) return End(Status::kDeviceFailed);
    const Status status = End(Status::kOk);
    bytes[0] = byte();
    bytes[1] = byte();
    Registers().control1 = Registers().control1 & ~kNextAcknowledge;
    return status;
  }
  (void)Registers().status2;
  while (bytes.size() > 3) {
    if (!WaitStatus(kReceived)) return End(Status::kDeviceFailed);
    bytes[0] = byte();
    bytes = bytes.subspan(1);
  }
  if (!WaitStatus(kByteFinished)) return End(Status::kDeviceFailed);
  Registers().control1 = Registers().control1 & ~kAcknowledge;
  bytes[0] = byte();
  if (!WaitStatus(kByteFinished)) return End(Status::kDeviceFailed);
  const Status status = End(Status::kOk);
  bytes[1] = byte();
  bytes[2] = byte();
  return status;
}

}  // namespace thimble::firmware::stm32f4
