// A file descriptor that closes itself, and what the system said.
#ifndef THIMBLE_SIMULATOR_DESCRIPTOR_H_
#define THIMBLE_SIMULATOR_DESCRIPTOR_H_

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"

namespace thimble::simulator {

struct Descriptor {
  int number = -1;

  Descriptor() = default;
  explicit Descriptor(int open) : number(open) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : number(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    number = other.Release();
    return *this;
  }

  int Release() { return std::exchange(number, -1); }
  void Close() {
    if (number >= 0) close(Release());
  }
};

/// "bind: Address already in use", after a call of the system that failed.
inline Error SystemError(const std::string& what) { return {Status::kFailed, what + ": " + std::strerror(errno)}; }

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_DESCRIPTOR_H_
