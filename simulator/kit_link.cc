#include "simulator/kit_link.h"

#include <algorithm>

#include "firmware/boards/az3166/board.h"
#include "simulator/cortex_m4/timing.h"
#include "simulator/fault_text.h"
#include "simulator/placed_model.h"

namespace thimble::simulator {
namespace {

// A step of the board's time: about one character of the line at 115,200 baud, so that no answer is waited for longer
// than it takes.
constexpr uint64_t kStepNs = 100'000;
constexpr uint64_t kMostWaitNs = 10'000'000'000;

}  // namespace

Expected<Program> LoadKitProgram(const std::filesystem::path& file) {
  auto program = LoadProgram(file, firmware::kAz3166);
  if (program.ok() || program.error().status != Status::kInvalidArgument) return program;
  // A boot loader, or a program that replaces the kit's own, lies below what board.h gives to applications.
  firmware::Board whole = firmware::kAz3166;
  whole.flash = {Stm32f412::kFlashBase, Stm32f412::kFlashBytes};
  auto in_whole = LoadProgram(file, whole);
  return in_whole.ok() ? std::move(in_whole) : std::move(program);
}

void Install(const Program& program, Kit& kit) {
  for (const Program::Segment& segment : program.segments) kit.chip().Program(segment.address, segment.bytes);
  kit.chip().SetApplication(program.VectorTable());
}

Expected<std::unique_ptr<KitLink>> KitLink::Start(const std::filesystem::path& file, KitOptions options,
                                                  const std::optional<std::filesystem::path>& model) {
  THIMBLE_ASSIGN(Program program, LoadKitProgram(file));
  std::unique_ptr<KitLink> link(new KitLink(std::move(options)));
  link->program_ = std::move(program);
  Install(link->program_, link->kit_);
  if (model) {
    THIMBLE_ASSIGN(const PlacedModel placed, PlaceModel(*model, link->program_, firmware::kAz3166));
    link->kit_.chip().Program(placed.address, placed.bytes);
  }
  link->kit_.on_serial = [raw = link.get()](std::byte byte, uint64_t) { raw->said_.push_back(byte); };
  link->kit_.chip().core().SetObserver(&link->watcher_, false);
  link->kit_.PowerOn();
  return link;
}

void KitLink::Watcher::Marked(uint32_t hint, const Registers& registers) {
  const RegionCount now = {registers.instructions, registers.cycles};
  if (hint == kBeginRegion) {
    begin = now;
    counting = true;
  } else if (std::exchange(counting, false)) {
    regions.push_back({now.instructions - begin.instructions, now.cycles - begin.cycles});
  }
}

Outcome KitLink::RunFor(uint64_t ns) {
  const ChipStop stop = kit_.chip().RunUntilNs(kit_.chip().NowNs() + ns);
  if (stop != ChipStop::kLockup) return Nothing{};
  return Error{Status::kDeviceFailed, Describe() + ": " + FaultSentence(watcher_.last_fault, program_)};
}

Outcome KitLink::Write(std::span<const std::byte> bytes) {
  uint64_t waited_ns = 0;
  while (!bytes.empty()) {
    const size_t taken = kit_.SendSerial(bytes);
    bytes = bytes.subspan(taken);
    if (bytes.empty()) break;
    waited_ns = taken > 0 ? 0 : waited_ns + kStepNs;
    if (waited_ns > kMostWaitNs) {
      return Error{Status::kDeviceFailed, Describe() + ": the program does not read its serial line"};
    }
    THIMBLE_EXPECT(RunFor(kStepNs));
  }
  return Nothing{};
}

Expected<size_t> KitLink::Read(std::span<std::byte> buffer, int timeout_ms) {
  const uint64_t until_ns = kit_.chip().NowNs() + static_cast<uint64_t>(std::max(timeout_ms, 0)) * 1'000'000;
  while (said_.empty() && kit_.chip().NowNs() < until_ns) THIMBLE_EXPECT(RunFor(kStepNs));
  const size_t count = std::min(buffer.size(), said_.size());
  std::copy_n(said_.begin(), count, buffer.begin());
  said_.erase(said_.begin(), said_.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

}  // namespace thimble::simulator
