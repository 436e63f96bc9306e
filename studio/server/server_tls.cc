#include "studio/server/server_tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

constexpr int kAuthorityDays = 3650;

Expected<std::string> ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) return {Status::kNotFound, path.string() + ": cannot be read, or is empty"};
  return text.str();
}

/// Whole or not at all, and for nobody else to read.
Outcome WriteSecret(const fs::path& path, const std::string& text) {
  const fs::path waiting = path.string() + ".new";
  std::error_code ignored;
  fs::remove(waiting, ignored);
  const auto fail = [&] {
    return Error{Status::kFailed, path.string() + ": cannot be written: " + std::strerror(errno)};
  };
  const int file = ::open(waiting.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return fail();
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  if (!written) {
    Error error = fail();
    ::close(file);
    return error;
  }
  if (::close(file) != 0 || ::rename(waiting.c_str(), path.c_str()) != 0) return fail();
  return Nothing{};
}

bool IsAddress(const std::string& text) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

/// Those of all networks that this computer is in.
std::vector<std::string> OwnAddresses() {
  std::vector<std::string> addresses;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return addresses;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ifa_addr, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (IsAddress(text)) addresses.emplace_back(text);  // and not fe80::1%eth0, which is good on one link only
  }
  ::freeifaddrs(first);
  return addresses;
}

}  // namespace

std::string NameOfThisComputer() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

Expected<http::Identity> ReadIdentity(const fs::path& certificate, const fs::path& key) {
  http::Identity identity;
  THIMBLE_ASSIGN(identity.certificate_pem, ReadText(certificate));
  THIMBLE_ASSIGN(identity.key_pem, ReadText(key));
  return identity;
}

Expected<http::Identity> OpenAuthority(const fs::path& folder) {
  const fs::path place = folder / "tls", certificate = place / "authority.pem", key = place / "authority.key";
  std::error_code error;
  // The certificate is written last: where it is, the key is too.
  if (fs::exists(certificate, error)) return ReadIdentity(certificate, key);
  fs::create_directories(place, error);
  if (error) return {Status::kFailed, place.string() + ": cannot be made: " + error.message()};
  THIMBLE_ASSIGN(http::Identity authority,
                 http::MakeAuthority("Thimble studio on " + NameOfThisComputer(), kAuthorityDays));
  THIMBLE_EXPECT(WriteSecret(key, authority.key_pem));
  THIMBLE_EXPECT(WriteSecret(certificate, authority.certificate_pem));
  fs::permissions(certificate, fs::perms::group_read | fs::perms::others_read, fs::perm_options::add, error);
  return authority;
}

Expected<http::Identity> MakeServerIdentity(const http::Identity& authority, const std::vector<std::string>& names,
                                            const std::string& bind) {
  http::CertificateRequest request;
  request.common_name = names.empty() ? "localhost" : names.front();
  request.names = {"localhost"};
  request.addresses = {"127.0.0.1", "::1"};
  const auto add = [](std::vector<std::string>& list, const std::string& one) {
    for (const std::string& there : list) {
      if (there == one) return;
    }
    list.push_back(one);
  };
  for (const std::string& name : names) {
    if (IsAddress(name)) {
      add(request.addresses, name);
      continue;
    }
    for (const char* service : {"", "studio.", "remote-mgmt.", "ingestion."}) add(request.names, service + name);
  }
  const bool everywhere = bind == "0.0.0.0" || bind == "::";
  if (!everywhere) add(request.addresses, bind);
  for (const std::string& address : everywhere ? OwnAddresses() : std::vector<std::string>{}) {
    add(request.addresses, address);
  }
  return http::MakeCertificate(authority, request);
}

}  // namespace thimble::studio
