// Packages, changed in any way and with the right checksum, must be refused or run without stepping outside their
// memory. The input is a package, or a list of changes to one of a small model for some core: which one, then places
// and new words. Seeds: a folder of packages.
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
using runtime::PackageHeader;

std::vector<std::vector<std::byte>> WholePackages() {
  std::vector<std::vector<std::byte>> packages;
  using steps::Target;
  for (const Target target : {Target::kCortexM4, Target::kCortexM0, Target::kCortexM55, Target::kX86}) {
    for (const compiler::NamedModel& small : compiler::SmallModels()) {
      const Expected<compiler::Plan> plan = compiler::Compile(small.model.Build().span(), {.target = target});
      if (!plan) std::abort();
      packages.push_back(compiler::WritePackage(*plan));
    }
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

/// Aligned memory of exactly this size, so that the address sanitizer sees every step beyond it.
std::span<std::byte> Allocate(size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, kArenaAlignment, bytes) != 0) std::abort();
  return {static_cast<std::byte*>(memory), bytes};
}

bool IsPackage(std::span<const uint8_t> input) {
  constexpr uint32_t kMagic = PackageHeader::kMagic;
  return input.size() >= sizeof(PackageHeader) && std::memcmp(input.data(), &kMagic, sizeof kMagic) == 0;
}

std::span<std::byte> Copy(std::span<const std::byte> bytes) {
  const std::span<std::byte> copy = Allocate(bytes.size());
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

/// A small model's package with the changes that `input` lists.
std::span<std::byte> Changed(std::span<const uint8_t> input) {
  static const std::vector<std::vector<std::byte>> whole_packages = WholePackages();
  const std::span<std::byte> package = Copy(whole_packages[input[0] % whole_packages.size()]);
  for (input = input.subspan(1); input.size() >= sizeof(Change); input = input.subspan(sizeof(Change))) {
    Change change;
    std::memcpy(&change, input.data(), sizeof change);
    const size_t at = change.place % (package.size() / sizeof change.word) * sizeof change.word;
    uint32_t word;
    std::memcpy(&word, &package[at], sizeof word);
    word = change.how % 2 == 0 ? change.word : word + change.word;
    std::memcpy(&package[at], &word, sizeof word);
  }
  return package;
}

void MakeChecksumRight(std::span<std::byte> package) {
  PackageHeader header;
  std::memcpy(&header, package.data(), sizeof header);
  constexpr size_t kCrcEnd = offsetof(PackageHeader, crc) + sizeof header.crc;
  if (header.bytes < kCrcEnd || header.bytes > package.size()) return;
  header.crc = Crc32(package.subspan(kCrcEnd, header.bytes - kCrcEnd));
  std::memcpy(package.data(), &header, sizeof header);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::span<const uint8_t> input(data, size);
  const std::span<std::byte> package = IsPackage(input) ? Copy(std::as_bytes(input)) : Changed(input);
  MakeChecksumRight(package);

  runtime::PlannedPackage network;
  const Status status = network.Open(package, steps::AllSteps(), kernels::AllOperators(), {});
  if (status == Status::kOutOfMemory && network.arena_bytes() <= kMostArenaBytes) {
    const std::span<std::byte> arena = Allocate(network.arena_bytes());
    std::memset(arena.data(), 1, arena.size());
    if (!ok(network.Open(package, steps::AllSteps(), kernels::AllOperators(), arena))) std::abort();
    (void)network.Invoke(kMostRuns);
    (void)network.Invoke(kMostRuns);
    std::free(arena.data());
  }
  std::free(package.data());
  return 0;
}
