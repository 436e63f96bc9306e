// A server's name becomes addresses, within a time: the system's own resolver may take minutes and cannot be stopped.
#ifndef THIMBLE_HTTP_RESOLVE_H_
#define THIMBLE_HTTP_RESOLVE_H_

#include <atomic>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::http {

/// Numeric addresses ("127.0.0.1", "::1"), in the order in which they should be tried.
///
///   kNotFound      there is no such name, or no network to ask
///   kDeviceFailed  no answer within `timeout_ms`
///   kCancelled     the flag was set
Expected<std::vector<std::string>> Resolve(const std::string& host, int timeout_ms, const std::atomic<bool>* cancelled);

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_RESOLVE_H_
