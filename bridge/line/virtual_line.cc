#include "bridge/line/virtual_line.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace thimble::bridge {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kMostBehind{200};
constexpr std::chrono::milliseconds kMostAhead{2};  // a sleep for each byte of a line would be ten thousand a second

}  // namespace

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
    WaitForTheWorld();
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

void VirtualLine::KeepRealTime(bool real) {
  if (!real) {
    began_.reset();
  } else if (!began_) {
    began_ = Clock::now() - BoardTime();
  }
}

/// Bytes are given when a real board would have sent them. A board that nobody ran for long goes on from now: it does
/// not hurry after what it missed.
void VirtualLine::WaitForTheWorld() {
  if (!began_) return;
  const Clock::time_point now = Clock::now(), due = *began_ + BoardTime();
  if (due - now > kMostAhead) {
    std::this_thread::sleep_until(due);
  } else if (now - due > kMostBehind) {
    began_ = now - BoardTime();
  }
}

std::chrono::nanoseconds VirtualLine::BoardTime() const {
  return std::chrono::nanoseconds(link_->kit().chip().NowNs());
}

double VirtualLine::Seconds() const { return static_cast<double>(link_->kit().chip().NowNs()) * 1e-9; }

}  // namespace thimble::bridge
