#include "studio/server/people/login_limiter.h"

#include <arpa/inet.h>

#include <algorithm>

namespace thimble::studio {

int64_t LoginLimiter::WaitOf(Known& known, const std::string& key, int64_t now_ms) const {
  const auto found = known.find(key);
  if (found == known.end()) return 0;
  if (now_ms - found->second.last_ms > limits_.forgotten_after_ms) {
    known.erase(found);
    return 0;
  }
  return std::max<int64_t>(0, found->second.not_before_ms - now_ms);
}

void LoginLimiter::Count(Known& known, const std::string& key, int64_t most_wait_ms, int64_t now_ms) const {
  if (known.size() >= limits_.most_remembered && !known.contains(key)) {
    known.erase(std::ranges::min_element(known, {}, [](const auto& entry) { return entry.second.last_ms; }));
  }
  Failures& failures = known[key];
  ++failures.count;
  failures.last_ms = now_ms;
  const int beyond = failures.count - limits_.free_failures;
  if (beyond < 0) return;
  // 2^30 of them is beyond any limit.
  failures.not_before_ms = now_ms + std::min(most_wait_ms, limits_.first_wait_ms << std::min(beyond, 30));
}

int64_t LoginLimiter::Try(std::string_view address, std::string_view name, int64_t now_ms) {
  const std::string address_key(address), name_key(name);
  const std::lock_guard lock(mutex_);
  const int64_t wait_ms = std::max(WaitOf(addresses_, address_key, now_ms), WaitOf(names_, name_key, now_ms));
  if (wait_ms > 0) return wait_ms;
  Count(addresses_, address_key, limits_.most_wait_of_address_ms, now_ms);
  Count(names_, name_key, limits_.most_wait_of_name_ms, now_ms);
  return 0;
}

void LoginLimiter::Succeeded(std::string_view address, std::string_view name) {
  const std::lock_guard lock(mutex_);
  names_.erase(std::string(name));
  const auto found = addresses_.find(std::string(address));
  if (found == addresses_.end()) return;
  found->second.not_before_ms = 0;
  if (--found->second.count <= 0) addresses_.erase(found);
}

std::string AddressForLimits(const std::string& remote_address) {
  unsigned char bytes[16];
  if (::inet_pton(AF_INET6, remote_address.c_str(), bytes) != 1) return remote_address;
  // ::ffff:1.2.3.4 is one computer.
  const bool mapped = std::all_of(bytes, bytes + 10, [](unsigned char byte) { return byte == 0; });
  return std::string(reinterpret_cast<const char*>(bytes), mapped ? 16 : 8);
}

}  // namespace thimble::studio
