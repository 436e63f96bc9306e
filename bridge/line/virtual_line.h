// The serial line of a virtual kit that runs in this process, so that anybody can record without hardware.
#ifndef THIMBLE_BRIDGE_LINE_VIRTUAL_LINE_H_
#define THIMBLE_BRIDGE_LINE_VIRTUAL_LINE_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "bridge/line/byte_line.h"
#include "simulator/kit_link.h"

namespace thimble::bridge {

/// The board's time passes only while somebody reads or writes, and as fast as this computer can unless it is to keep
/// real time.
class VirtualLine final : public ByteLine {
 public:
  /// `motion` of simulator/az3166/motion_source.h. Errors as KitLink::Start's and ParseMotion's.
  static Expected<std::unique_ptr<VirtualLine>> Start(const std::string& firmware, const std::string& motion,
                                                      const std::atomic<bool>* cancelled = nullptr);

  Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) override;
  Outcome Write(std::span<const std::byte> bytes) override;
  void Drain() override;
  Outcome SetBaud(int) override { return Nothing{}; }
  bool HasBaud() const override { return false; }
  Outcome Reopen() override;
  void KeepRealTime(bool real) override;
  double Seconds() const override;
  std::string Describe() const override { return "virtual az3166"; }

  simulator::KitLink& link() { return *link_; }

 private:
  std::unique_ptr<simulator::KitLink> link_;
  void WaitForTheWorld();
  std::chrono::nanoseconds BoardTime() const;

  const std::atomic<bool>* cancelled_ = nullptr;
  /// When the board's clock was at zero, if it had always kept real time; empty: it need not.
  std::optional<std::chrono::steady_clock::time_point> began_;
  Error last_error_{Status::kDeviceFailed, "virtual az3166: it has stopped"};
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_VIRTUAL_LINE_H_
