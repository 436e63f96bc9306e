// Passwords as they are kept, and secrets that nobody can guess.
#ifndef THIMBLE_STUDIO_SERVER_PEOPLE_PASSWORD_H_
#define THIMBLE_STUDIO_SERVER_PEOPLE_PASSWORD_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::studio {

/// What one guess costs: libsodium's measure "interactive" of argon2id (RFC 9106), two passes over 64 MiB.
struct PasswordCost {
  unsigned long long passes = 2;
  size_t memory_bytes = size_t{64} << 20;

  /// The least that libsodium does, for tests.
  static PasswordCost Least() { return {.passes = 1, .memory_bytes = 8192}; }
};

/// argon2id with a random salt, as libsodium writes it: parameters and salt are part of the text.
Expected<std::string> HashPassword(std::string_view password, const PasswordCost& cost);

bool PasswordMatches(const std::string& hash, std::string_view password);

/// Was it made at another cost?
bool NeedsNewHash(const std::string& hash, const PasswordCost& cost);

/// So many bytes of the system's randomness, as hexadecimal digits.
std::string RandomHex(size_t bytes);

/// Takes the same time wherever they differ.
bool SameSecret(std::string_view a, std::string_view b);

/// Makes libsodium ready; before anything else here, as often as one likes.
Outcome StartCryptography();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_PEOPLE_PASSWORD_H_
