#include "firmware/drivers/lsm6dsl.h"

namespace thimble::firmware {
namespace {

constexpr uint8_t kFifoControl3 = 0x08, kFifoControl5 = 0x0a, kWhoAmI = 0x0f, kControl1 = 0x10, kControl2 = 0x11,
                  kControl3 = 0x12, kStatus = 0x1e, kOutput = 0x22, kFifoStatus1 = 0x3a, kFifoData = 0x3e;
constexpr uint8_t kIdentity = 0x6a;
constexpr uint8_t kSoftwareReset = 1 << 0, kIncrement = 1 << 2, kBlockUpdate = 1 << 6;  // CTRL3_C
constexpr uint8_t kFullScale2000 = 3 << 2;                                              // CTRL2_G
constexpr uint8_t kBothReady = 3;                                                       // STATUS_REG
constexpr uint8_t kNoDecimation = 1 | 1 << 3;                                           // FIFO_CTRL3
constexpr uint8_t kContinuous = 6;                                                      // FIFO_CTRL5
constexpr uint8_t kOverrun = 1 << 6;                                                    // FIFO_STATUS2

int16_t Word(const std::byte* bytes) {
  return static_cast<int16_t>(std::to_integer<uint16_t>(bytes[0]) | std::to_integer<uint16_t>(bytes[1]) << 8);
}

Lsm6dsl::Sample SampleOf(const std::byte* bytes) {
  return {.turn_rate = {Word(bytes), Word(bytes + 2), Word(bytes + 4)},
          .acceleration = {Word(bytes + 6), Word(bytes + 8), Word(bytes + 10)}};
}

}  // namespace

Status Lsm6dsl::WriteRegister(uint8_t address, uint8_t value) {
  const std::byte bytes[] = {std::byte{value}};
  return bus_.Write(kAddress, std::byte{address}, bytes);
}

Status Lsm6dsl::ReadRegister(uint8_t address, uint8_t& value) {
  std::byte byte{};
  const Status status = bus_.Read(kAddress, address, {&byte, 1});
  value = std::to_integer<uint8_t>(byte);
  return status;
}

Status Lsm6dsl::SetUp(Rate rate) {
  uint8_t value = 0;
  THIMBLE_TRY(ReadRegister(kWhoAmI, value));
  if (value != kIdentity) return Status::kNotFound;
  THIMBLE_TRY(WriteRegister(kControl3, kSoftwareReset));
  constexpr int kMostTries = 100;  // it takes 50 us, about one transfer
  for (int i = 0; i < kMostTries; ++i) {
    THIMBLE_TRY(ReadRegister(kControl3, value));
    if ((value & kSoftwareReset) == 0) break;
  }
  if ((value & kSoftwareReset) != 0) return Status::kDeviceFailed;
  THIMBLE_TRY(WriteRegister(kControl3, kIncrement | kBlockUpdate));
  THIMBLE_TRY(WriteRegister(kControl1, static_cast<uint8_t>(static_cast<uint8_t>(rate) << 4)));
  return WriteRegister(kControl2, static_cast<uint8_t>(static_cast<uint8_t>(rate) << 4 | kFullScale2000));
}

Status Lsm6dsl::Read(Sample& sample) {
  uint8_t status = 0;
  THIMBLE_TRY(ReadRegister(kStatus, status));
  if ((status & kBothReady) != kBothReady) return Status::kNotYet;
  std::byte bytes[12];
  THIMBLE_TRY(bus_.Read(kAddress, kOutput, bytes));
  sample = SampleOf(bytes);
  return Status::kOk;
}

Status Lsm6dsl::StartQueue(Rate rate) {
  THIMBLE_TRY(WriteRegister(kFifoControl5, 0));  // empties it
  THIMBLE_TRY(WriteRegister(kFifoControl3, kNoDecimation));
  return WriteRegister(kFifoControl5, static_cast<uint8_t>(static_cast<uint8_t>(rate) << 3 | kContinuous));
}

Status Lsm6dsl::ReadLevel(Level& level) {
  std::byte status[4];
  THIMBLE_TRY(bus_.Read(kAddress, kFifoStatus1, status));
  level.ran_over = (std::to_integer<uint8_t>(status[1]) & kOverrun) != 0;
  level.words = std::to_integer<uint32_t>(status[0]) | (std::to_integer<uint32_t>(status[1]) & 7) << 8;
  if (level.words == 0 && level.ran_over) level.words = kQueueWords;  // eleven bits do not hold that number
  level.next_word = std::to_integer<uint32_t>(status[2]) | (std::to_integer<uint32_t>(status[3]) & 3) << 8;
  return Status::kOk;
}

Status Lsm6dsl::ReadQueue(const Level& level, std::span<Sample> samples, size_t& count) {
  count = 0;
  uint32_t next = level.next_word, left = level.words;
  std::byte bytes[2 * kWordsPerSample];
  while (next % kWordsPerSample != 0 && left > 0) {
    THIMBLE_TRY(bus_.Read(kAddress, kFifoData, std::span(bytes).first(2)));
    ++next;
    --left;
  }
  for (; left >= kWordsPerSample && count < samples.size(); left -= kWordsPerSample) {
    THIMBLE_TRY(bus_.Read(kAddress, kFifoData, bytes));
    samples[count++] = SampleOf(bytes);
  }
  return Status::kOk;
}

Status Lsm6dsl::ReadQueue(std::span<Sample> samples, size_t& count) {
  count = 0;
  Level level;
  THIMBLE_TRY(ReadLevel(level));
  THIMBLE_TRY(ReadQueue(level, samples, count));
  return level.ran_over ? Status::kDataLoss : Status::kOk;
}

}  // namespace thimble::firmware
