#include "firmware/drivers/stm32f4/flash.h"

#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {
namespace {

constexpr uint32_t kKey1 = 0x4567'0123, kKey2 = 0xcdef'89ab;
constexpr uint32_t kProgram = 1 << 0, kSectorErase = 1 << 1, kWords = 2 << 8, kStart = 1 << 16, kLock = 1u << 31;  // CR
constexpr uint32_t kErrors = 0x1f2, kEndOfOperation = 1 << 0, kBusy = 1 << 16;                                     // SR
constexpr uint32_t kCaches = 3 << 9, kCacheReset = 3 << 11;  // ACR

/// Opens the controller for one operation, and closes it again whatever comes.
class Unlocked {
 public:
  explicit Unlocked(uint32_t operation) {
    if ((flash().control & kLock) != 0) {
      flash().key = kKey1;
      flash().key = kKey2;
    }
    flash().status = kErrors | kEndOfOperation;
    flash().control = operation | kWords;
  }
  ~Unlocked() { flash().control = kLock; }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

  Status Wait() const {
    while ((flash().status & kBusy) != 0) {
    }
    return (flash().status & kErrors) == 0 ? Status::kOk : Status::kVerificationFailed;
  }
};

}  // namespace

Status InternalFlash::Erase(int sector) {
  if (sector < 0 || sector >= kSectors) return Status::kInvalidArgument;
  const Unlocked unlocked(kSectorErase | static_cast<uint32_t>(sector) << 3);
  flash().control = flash().control | kStart;
  const Status status = unlocked.Wait();
  // The caches may hold what was there before.
  const uint32_t access = flash().access;
  flash().access = access & ~kCaches;
  flash().access = (access & ~kCaches) | kCacheReset;
  flash().access = access;
  return status;
}

Status InternalFlash::Program(uint32_t address, std::span<const uint32_t> words) {
  if (address % 4 != 0) return Status::kInvalidArgument;
  const Unlocked unlocked(kProgram);
  auto* to = reinterpret_cast<volatile uint32_t*>(address);
  for (const uint32_t word : words) {
    *to = word;
    __asm volatile("dsb");
    THIMBLE_TRY(unlocked.Wait());
    if (*to++ != word) return Status::kVerificationFailed;
  }
  return Status::kOk;
}

}  // namespace thimble::firmware::stm32f4
