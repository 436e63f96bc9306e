// Slows down whoever guesses passwords: the more guesses, the longer the wait.
#ifndef THIMBLE_STUDIO_SERVER_PEOPLE_LOGIN_LIMITER_H_
#define THIMBLE_STUDIO_SERVER_PEOPLE_LOGIN_LIMITER_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace thimble::studio {

/// Counts by address and by name. Thread-safe. Forgets all when the server ends.
class LoginLimiter {
 public:
  struct Limits {
    int free_failures = 5;
    int64_t first_wait_ms = 1'000;  ///< after those; each further failure doubles it,
    int64_t most_wait_of_address_ms = 15 * 60'000;
    /// up to this: a stranger's guesses should not keep the right person out for long.
    int64_t most_wait_of_name_ms = 60'000;
    int64_t forgotten_after_ms = 3'600'000;
    size_t most_remembered = 10'000;  ///< of each; the one that was quiet longest goes
  };

  explicit LoginLimiter(const Limits& limits) : limits_(limits) {}

  /// Milliseconds to wait, or 0: then the attempt counts as failed until Succeeded says otherwise, so that many at once
  /// are many failures.
  int64_t Try(std::string_view address, std::string_view name, int64_t now_ms);

  /// The name is free again; the address only gets this one attempt back: else one's own account would pay for guesses
  /// at others'.
  void Succeeded(std::string_view address, std::string_view name);

 private:
  struct Failures {
    int count = 0;
    int64_t last_ms = 0;
    int64_t not_before_ms = 0;
  };
  using Known = std::unordered_map<std::string, Failures>;

  int64_t WaitOf(Known& known, const std::string& key, int64_t now_ms) const;
  void Count(Known& known, const std::string& key, int64_t most_wait_ms, int64_t now_ms) const;

  const Limits limits_;
  std::mutex mutex_;
  Known addresses_, names_;
};

/// What counts as one address: of IPv6 the network of 64 bits, for a household has all of it.
std::string AddressForLimits(const std::string& remote_address);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_PEOPLE_LOGIN_LIMITER_H_
