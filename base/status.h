// The one list of what can go wrong, from kernel to command line.
#ifndef THIMBLE_BASE_STATUS_H_
#define THIMBLE_BASE_STATUS_H_

#include <cstdint>

namespace thimble {

// name, sentence, HTTP status, exit code of the `thimble` command. One row per code: the enum, the sentence and both
// numbers cannot drift apart. Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 device, 5 verification.
#define THIMBLE_STATUS_LIST(X)                                         \
  X(Ok, "done", 200, 0)                                                \
  X(NotYet, "nothing to give yet; ask again", 202, 1)                  \
  X(InvalidArgument, "the caller passed something impossible", 400, 2) \
  X(NotFound, "there is nothing of that name", 404, 3)                 \
  X(DataLoss, "the bytes are damaged or incomplete", 422, 5)           \
  X(VerificationFailed, "it is not what it should be", 422, 5)         \
  X(Unsupported, "this build does not contain what it needs", 501, 5)  \
  X(OutOfMemory, "the memory given is too small", 507, 1)              \
  X(DeviceFailed, "the device failed or did not answer", 503, 4)       \
  X(Cancelled, "stopped on request", 499, 1)                           \
  X(Failed, "it did not work", 500, 1)

/// One byte on the device, without text in flash; `Reason` gives the sentence where there is room for it.
enum class [[nodiscard]] Status : uint8_t{
#define X(name, text, http, exit) k##name,
    THIMBLE_STATUS_LIST(X)
#undef X
};

constexpr bool ok(Status status) { return status == Status::kOk; }

/// The sentence that belongs to a status.
constexpr const char* Reason(Status status) {
  switch (status) {
#define X(name, text, http, exit) \
  case Status::k##name:           \
    return text;
    THIMBLE_STATUS_LIST(X)
#undef X
  }
  return "unknown status";
}

/// The exit code of the `thimble` command that belongs to a status.
constexpr int ExitCode(Status status) {
  switch (status) {
#define X(name, text, http, exit) \
  case Status::k##name:           \
    return exit;
    THIMBLE_STATUS_LIST(X)
#undef X
  }
  return 1;
}

// Passes a failure on to the caller.
#define THIMBLE_TRY(expression)                                               \
  do {                                                                        \
    if (const ::thimble::Status try_status = (expression); !ok(try_status)) { \
      return try_status;                                                      \
    }                                                                         \
  } while (false)

}  // namespace thimble

#endif  // THIMBLE_BASE_STATUS_H_
