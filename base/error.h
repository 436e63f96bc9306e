// A status with a sentence of context, and a value-or-error. Host only: the sentence lives on the heap.
#ifndef THIMBLE_BASE_ERROR_H_
#define THIMBLE_BASE_ERROR_H_

#ifdef THIMBLE_DEVICE
#error "base/error.h needs a heap: device code returns Status or Result<T>"
#endif

#include <cassert>
#include <string>
#include <utility>
#include <variant>

#include "base/status.h"

namespace thimble {

/// What went wrong, where, and what to do: "wave.1.json: byte 512: the file ends inside payload.values; record it
/// again".
struct Error {
  Status status = Status::kFailed;
  std::string message;
};

/// A T, or an Error. Exceptions do not cross folders; this does.
template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Expected(Status status, std::string message) : state_(std::in_place_index<1>, Error{status, std::move(message)}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return Value(); }
  const T& operator*() const& { return const_cast<Expected*>(this)->Value(); }
  T&& operator*() && { return std::move(Value()); }
  T* operator->() { return &Value(); }
  const T* operator->() const { return &const_cast<Expected*>(this)->Value(); }

  const Error& error() const {
    assert(!ok());
    return std::get<1>(state_);
  }

 private:
  T& Value() {
    assert(ok());
    return std::get<0>(state_);
  }
  std::variant<T, Error> state_;
};

struct Nothing {};

/// For functions that give no value, only success or an Error. `return Nothing{};` on success.
using Outcome = Expected<Nothing>;

// THIMBLE_ASSIGN(auto bytes, ReadFile(path));  declares `bytes`, or returns the error to the caller.
#define THIMBLE_JOIN_(a, b) a##b
#define THIMBLE_JOIN(a, b) THIMBLE_JOIN_(a, b)
#define THIMBLE_ASSIGN(declaration, expression) \
  THIMBLE_ASSIGN_(declaration, expression, THIMBLE_JOIN(expected_, __LINE__))
#define THIMBLE_ASSIGN_(declaration, expression, expected) \
  auto expected = (expression);                            \
  if (!expected.ok()) return expected.error();             \
  declaration = *std::move(expected)

// Passes the error of an Outcome (or any Expected) on to the caller.
#define THIMBLE_EXPECT(expression)                            \
  do {                                                        \
    if (auto try_outcome = (expression); !try_outcome.ok()) { \
      return try_outcome.error();                             \
    }                                                         \
  } while (false)

}  // namespace thimble

#endif  // THIMBLE_BASE_ERROR_H_
