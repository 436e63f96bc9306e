#include "bridge/line/virtual_line.h"

#include <algorithm>
#include <array>
#include <utility>

namespace thimble::bridge {

Expected<std::unique_ptr<VirtualLine>> VirtualLine::Start(const std::string& firmware, const std::string& motion,
                                                          const std::atomic<bool>* cancelled) {
  simulator::KitOptions options;
  THIMBLE_ASSIGN(options.motion, simulator::ParseMotion(motion));
  std::unique_ptr<VirtualLine> line = std::make_unique<VirtualLine>();
  THIMBLE_ASSIGN(line->link_, simulator::KitLink::Start(firmware, std::move(options)));
  line->cancelled_ = cancelled;
  return line;
}

Expected<size_t> VirtualLine::Read(std::span<std::byte> buffer, int timeout_ms) {
  constexpr int kSliceMs = 20;  // between two looks at the cancel flag
  while (true) {
    if (cancelled_ != nullptr && *cancelled_) return Error{Status::kCancelled, "stopped"};
    const int slice_ms = std::min(timeout_ms, kSliceMs);
    const Expected<size_t> count = link_->Read(buffer, slice_ms);
    if (!count) {
      last_error_ = count.error();
      return count;
    }
    timeout_ms -= slice_ms;
    if (*count > 0 || timeout_ms <= 0) return count;
  }
}

Outcome VirtualLine::Write(std::span<const std::byte> bytes) { return link_->Write(bytes); }

void VirtualLine::Drain() {
  std::array<std::byte, 4096> buffer;
  for (Expected<size_t> count = link_->Read(buffer, 0); count.ok() && *count > 0; count = link_->Read(buffer, 0)) {
  }
}

Outcome VirtualLine::Reopen() { return last_error_; }

double VirtualLine::Seconds() const { return static_cast<double>(link_->kit().chip().NowNs()) * 1e-9; }

}  // namespace thimble::bridge
