// The part of Arm's MPS2+ with application note 386 that the firmware of this project uses, around our own processor:
// what QEMU's mps2-an386 has, so that the same ELF runs on both.
#ifndef THIMBLE_SIMULATOR_ORACLE_MPS2_AN386_H_
#define THIMBLE_SIMULATOR_ORACLE_MPS2_AN386_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "simulator/board_link.h"
#include "simulator/cortex_m4/core.h"

namespace thimble::simulator::oracle {

/// As in firmware/boards/mps2_an386: ZBT SSRAM 1, 2 and 3, PSRAM, CMSDK UART 0 and timer 0. The timer counts 40
/// instructions a tick, as QEMU's does with `-icount shift=0`. Nothing runs but in Read and in calls of core().Run.
class Mps2An386 : public Bus, public BoardLink {
 public:
  /// With an ELF in its memory, and a model for the model runner in its place. kNotFound, kDataLoss: no such file, or
  /// no program for this board.
  static Expected<std::unique_ptr<Mps2An386>> Start(const std::filesystem::path& elf,
                                                    const std::optional<std::filesystem::path>& model = std::nullopt);

  Core& core() { return core_; }
  std::span<std::byte> psram() { return psram_; }
  /// Bytes for the program that it has not received yet.
  size_t unreceived() const { return incoming_.size(); }

  const std::byte* PageToRead(uint32_t address) override;
  std::byte* PageToWrite(uint32_t address) override;
  bool Read(uint32_t address, int bytes, uint32_t& value) override;
  bool Write(uint32_t address, int bytes, uint32_t value) override;

  Outcome Write(std::span<const std::byte> bytes) override;
  /// Runs the program until it has sent something, waits for input, or the time is up.
  Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) override;
  std::string Describe() const override { return "the virtual mps2_an386"; }

 private:
  Mps2An386();
  std::byte* Page(uint32_t address);
  uint32_t ReadUart(uint32_t offset);
  void WriteUart(uint32_t offset, uint32_t value);
  void Receive();
  uint32_t ReadTimer(uint32_t offset);
  void WriteTimer(uint32_t offset, uint32_t value);

  std::vector<std::byte> ssram_1_, ssram_23_, psram_;
  std::deque<std::byte> incoming_, outgoing_;
  struct {
    uint32_t data, state, control, interrupt, baud_divider;
  } uart_ = {};
  struct {
    uint32_t control, reload, value;
    uint64_t since;  ///< instructions when the value was `value`
  } timer_ = {};
  Core core_;
};

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_MPS2_AN386_H_
