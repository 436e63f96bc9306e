// Packages of small models, changed in any way and with the right checksum, must be refused or run without stepping
// outside their memory. The input is a list of changes: which model, then places and new words.
#include <cstdlib>
#include <cstring>

#include "base/aligned_memory.h"
#include "base/crc32.h"
#include "compiler/package.h"
#include "compiler/test_plans.h"
#include "kernels/all_operators.h"
#include "runtime/package.h"
#include "steps/all_steps.h"

namespace {

using namespace thimble;

std::vector<std::vector<std::byte>> WholePackages() {
  std::vector<std::vector<std::byte>> packages;
  for (const compiler::NamedModel& small : compiler::SmallModels()) {
    const Expected<compiler::Plan> plan = compiler::Compile(small.model.Build().span(), {});
    if (!plan) std::abort();
    packages.push_back(compiler::WritePackage(*plan));
  }
  return packages;
}

struct Change {
  uint16_t place;  ///< a word of the package
  uint8_t how;
  uint8_t unused;
  uint32_t word;
};

constexpr size_t kMostArenaBytes = size_t{1} << 20;
constexpr uint32_t kMostRuns = 8;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::vector<std::byte>> whole_packages = WholePackages();
  if (size < 1) return 0;
  const std::vector<std::byte>& whole = whole_packages[data[0] % whole_packages.size()];
  ++data, --size;
  // Exactly as large, so that the address sanitizer sees every step beyond it.
  void* copy = nullptr;
  if (posix_memalign(&copy, kArenaAlignment, whole.size()) != 0) std::abort();
  std::memcpy(copy, whole.data(), whole.size());
  const std::span<std::byte> package(static_cast<std::byte*>(copy), whole.size());
  for (; size >= sizeof(Change); data += sizeof(Change), size -= sizeof(Change)) {
    Change change;
    std::memcpy(&change, data, sizeof change);
    const size_t at = change.place % (package.size() / sizeof change.word) * sizeof change.word;
    uint32_t word;
    std::memcpy(&word, &package[at], sizeof word);
    word = change.how % 2 == 0 ? change.word : word + change.word;
    std::memcpy(&package[at], &word, sizeof word);
  }
  runtime::PackageHeader header;
  std::memcpy(&header, package.data(), sizeof header);
  constexpr size_t kCrcEnd = offsetof(runtime::PackageHeader, crc) + sizeof header.crc;
  if (header.bytes >= kCrcEnd && header.bytes <= package.size()) {
    header.crc = Crc32(package.subspan(kCrcEnd, header.bytes - kCrcEnd));
    std::memcpy(package.data(), &header, sizeof header);
  }

  runtime::PlannedPackage network;
  const Status status = network.Open(package, steps::AllSteps(), kernels::AllOperators(), {});
  if (status == Status::kOutOfMemory && network.arena_bytes() <= kMostArenaBytes) {
    void* arena = nullptr;
    if (posix_memalign(&arena, kArenaAlignment, network.arena_bytes()) != 0) std::abort();
    std::memset(arena, 1, network.arena_bytes());
    const std::span<std::byte> memory(static_cast<std::byte*>(arena), network.arena_bytes());
    if (!ok(network.Open(package, steps::AllSteps(), kernels::AllOperators(), memory))) std::abort();
    (void)network.Invoke(kMostRuns);
    (void)network.Invoke(kMostRuns);
    std::free(arena);
  }
  std::free(copy);
  return 0;
}
