#include "studio/server/people/password.h"

#include <sodium.h>

#include <vector>

namespace thimble::studio {

Expected<std::string> HashPassword(std::string_view password, const PasswordCost& cost) {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), cost.passes, cost.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return {Status::kOutOfMemory, "there is not enough memory to hash a password; it takes " +
                                      std::to_string(cost.memory_bytes >> 20) + " MiB"};
  }
  return std::string(hash);
}

bool PasswordMatches(const std::string& hash, std::string_view password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool NeedsNewHash(const std::string& hash, const PasswordCost& cost) {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.memory_bytes) != 0;
}

std::string RandomHex(size_t bytes) {
  std::vector<unsigned char> random(bytes);
  randombytes_buf(random.data(), bytes);
  std::string text(2 * bytes + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), random.data(), bytes);
  text.pop_back();
  return text;
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Outcome StartCryptography() {
  if (sodium_init() < 0) return {Status::kFailed, "libsodium does not start: the system gives no random numbers"};
  return Nothing{};
}

}  // namespace thimble::studio
