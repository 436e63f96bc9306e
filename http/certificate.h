// Certificates of one's own: an authority, and what it signs for servers and clients.
#ifndef THIMBLE_HTTP_CERTIFICATE_H_
#define THIMBLE_HTTP_CERTIFICATE_H_

#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::http {

/// A certificate with its private key, both PEM. The chain may follow the certificate.
struct Identity {
  std::string certificate_pem, key_pem;
};

/// A new authority (P-256) that signs itself. Its key makes certificates that are believed: it is kept like a password.
Expected<Identity> MakeAuthority(const std::string& common_name, int days);

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> names;      ///< "studio.lan", "*.lan"
  std::vector<std::string> addresses;  ///< "192.168.1.7", "::1"
  int days = 397;                      ///< more than that and browsers refuse a server's
  bool for_client = false;             ///< shows itself to servers instead of being one
};

/// kInvalidArgument when the authority is none, or a name cannot be in a certificate.
Expected<Identity> MakeCertificate(const Identity& authority, const CertificateRequest& request);

/// The names and addresses that a certificate is made out to; kInvalidArgument when it is no PEM.
Expected<std::vector<std::string>> NamesOf(const std::string& certificate_pem);

/// Does "*.lan" or "studio.lan" cover `host`? A star is one whole first label.
bool NameCovers(const std::string& pattern, const std::string& host);

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_CERTIFICATE_H_
