// The serial line to a virtual AZ3166 in this process: the board runs while somebody waits for it.
#ifndef THIMBLE_SIMULATOR_KIT_LINK_H_
#define THIMBLE_SIMULATOR_KIT_LINK_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "simulator/az3166/kit.h"
#include "simulator/board_link.h"
#include "simulator/program.h"

namespace thimble::simulator {

/// A program for the kit: an ELF linked anywhere in its flash, or a raw image for 0x0800C000. Errors as LoadProgram's.
Expected<Program> LoadKitProgram(const std::filesystem::path& file);

/// Puts the program into the kit's flash. It starts at its own vectors unless a boot loader lies at the beginning of
/// flash.
void Install(const Program& program, Kit& kit);

/// Time on the board passes only within Write and Read, so the same calls give the same bytes.
class KitLink final : public BoardLink {
 public:
  /// `model`: a .tflite to place in flash, for the model runner.
  static Expected<std::unique_ptr<KitLink>> Start(const std::filesystem::path& program, KitOptions options = {},
                                                  const std::optional<std::filesystem::path>& model = std::nullopt);

  /// kDeviceFailed, with the fault in words, when the board locks up or does not take the bytes within ten seconds of
  /// its time.
  Outcome Write(std::span<const std::byte> bytes) override;

  /// `timeout_ms` of the board's time.
  Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) override;

  std::vector<RegionCount> TakeRegions() override { return std::exchange(watcher_.regions, {}); }

  std::string Describe() const override { return "virtual az3166"; }

  Kit& kit() { return kit_; }

 private:
  explicit KitLink(KitOptions options) : kit_(std::move(options)) {}
  Outcome RunFor(uint64_t ns);

  /// Keeps the last fault, for the error's sentence, and counts regions.
  struct Watcher final : CoreObserver {
    void FaultTaken(const FaultRecord& record) override { last_fault = record; }
    void Marked(uint32_t hint, const Registers& registers) override;

    FaultRecord last_fault;
    bool counting = false;
    RegionCount begin;
    std::vector<RegionCount> regions;
  };

  Watcher watcher_;
  Kit kit_;
  Program program_;
  std::vector<std::byte> said_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_KIT_LINK_H_
