// A value, or the status that says why there is none. No heap, no exceptions: for device and host.
#ifndef THIMBLE_BASE_RESULT_H_
#define THIMBLE_BASE_RESULT_H_

#include "base/status.h"

namespace thimble {

/// Holds a T when `ok()`. T must be default-constructible (device types are plain structs).
template <typename T>
class [[nodiscard]] Result {
 public:
  constexpr Result(const T& value) : value_(value), status_(Status::kOk) {}
  constexpr Result(Status status) : value_(), status_(status) {}

  constexpr bool ok() const { return status_ == Status::kOk; }
  constexpr explicit operator bool() const { return ok(); }
  constexpr Status status() const { return status_; }
  constexpr const T& operator*() const { return value_; }
  constexpr const T* operator->() const { return &value_; }

 private:
  T value_;
  Status status_;
};

}  // namespace thimble

#endif  // THIMBLE_BASE_RESULT_H_
