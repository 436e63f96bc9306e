// What the server shows to clients that ask by TLS: a certificate that was given, or one that its own authority signs.
#ifndef THIMBLE_STUDIO_SERVER_SERVER_TLS_H_
#define THIMBLE_STUDIO_SERVER_SERVER_TLS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/certificate.h"

namespace thimble::studio {

/// This computer's name, as the system says it.
std::string NameOfThisComputer();

/// A certificate and its key from two files.
Expected<http::Identity> ReadIdentity(const std::filesystem::path& certificate, const std::filesystem::path& key);

/// The authority of this data folder, tls/authority.pem and authority.key; made at the first time.
Expected<http::Identity> OpenAuthority(const std::filesystem::path& folder);

/// A certificate for these names and addresses, for the three services below each name, and for this computer.
/// It lives in memory only: each start makes a new one.
Expected<http::Identity> MakeServerIdentity(const http::Identity& authority, const std::vector<std::string>& names,
                                            const std::string& bind);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_SERVER_TLS_H_
