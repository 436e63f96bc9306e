#include "http/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <memory>

#include "http/coding.h"

namespace thimble::http {
namespace {

template <auto kFree>
struct Freer {
  void operator()(auto* pointer) const { kFree(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr int kClockSkewS = 3600;  // devices' clocks are behind

Memory Reader(const std::string& text) { return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string Pem(const std::function<int(BIO*)>& write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  write(memory.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

bool AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool SetSubject(X509* certificate, const std::string& common_name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

/// A certificate that has everything but its extensions, issuer and signature.
Certificate Blank(EVP_PKEY* key, const std::string& common_name, int days) {
  Certificate certificate(X509_new());
  uint8_t serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] = static_cast<uint8_t>((serial[0] & 0x7F) | 0x40);  // positive, and never short
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  X509_set_version(certificate.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockSkewS);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), days, 0, nullptr);
  X509_set_pubkey(certificate.get(), key);
  return SetSubject(certificate.get(), common_name) ? std::move(certificate) : nullptr;
}

Identity Written(EVP_PKEY* key, X509* certificate) {
  return {Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); }),
          Pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); })};
}

Error Fault(const std::string& what) {
  char reason[256] = "unknown";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return {Status::kInvalidArgument, what + ": " + reason};
}

bool IsAddress(const std::string& text) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

}  // namespace

Expected<Identity> MakeAuthority(const std::string& common_name, int days) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return Fault("a new key could not be made");
  const Certificate certificate = Blank(key.get(), common_name, days);
  if (!certificate) return Fault("an authority cannot be called '" + common_name + "'");
  X509* raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  const bool built = AddExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                     AddExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                     AddExtension(raw, raw, NID_subject_key_identifier, "hash") &&
                     X509_sign(raw, key.get(), EVP_sha256()) > 0;
  if (!built) return Fault("the authority's certificate could not be made");
  return Written(key.get(), raw);
}

Expected<Identity> MakeCertificate(const Identity& authority, const CertificateRequest& request) {
  const Certificate issuer(PEM_read_bio_X509(Reader(authority.certificate_pem).get(), nullptr, nullptr, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(Reader(authority.key_pem).get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key) return Fault("the authority is no certificate and key in PEM");
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return Fault("the authority's key is not that of its certificate");
  }
  std::string names;
  const auto add = [&](const char* kind, const std::string& name) {
    if (!names.empty()) names += ",";
    names.append(kind).append(name);
  };
  for (const std::string& name : request.names) {
    // The list is a string with commas: what is no name would add names of its own.
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '*' || c == '_';
    });
    if (!plain) return {Status::kInvalidArgument, "'" + name + "' is no name that a certificate can be made out to"};
    add("DNS:", name);
  }
  for (const std::string& address : request.addresses) {
    if (!IsAddress(address)) return {Status::kInvalidArgument, "'" + address + "' is no address"};
    add("IP:", address);
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return Fault("a new key could not be made");
  const Certificate certificate = Blank(key.get(), request.common_name, request.days);
  if (!certificate) return Fault("nothing can be called '" + request.common_name + "'");
  X509* raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(issuer.get()));
  const bool built =
      AddExtension(raw, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      AddExtension(raw, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      AddExtension(raw, issuer.get(), NID_ext_key_usage, request.for_client ? "clientAuth" : "serverAuth") &&
      AddExtension(raw, issuer.get(), NID_subject_key_identifier, "hash") &&
      AddExtension(raw, issuer.get(), NID_authority_key_identifier, "keyid") &&
      (names.empty() || AddExtension(raw, issuer.get(), NID_subject_alt_name, names)) &&
      X509_sign(raw, issuer_key.get(), EVP_sha256()) > 0;
  if (!built) return Fault("the certificate could not be made");
  return Written(key.get(), raw);
}

Expected<std::vector<std::string>> NamesOf(const std::string& certificate_pem) {
  const Certificate certificate(PEM_read_bio_X509(Reader(certificate_pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) return Fault("this is no certificate in PEM");
  std::vector<std::string> names;
  auto* found =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found, i);
    if (name->type == GEN_DNS) {
      const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      names.emplace_back(text, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      char text[INET6_ADDRSTRLEN] = {};
      const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
      names.emplace_back(text);
    }
  }
  GENERAL_NAMES_free(found);
  return names;
}

bool NameCovers(const std::string& pattern, const std::string& host) {
  if (!pattern.starts_with("*.")) return SameWord(pattern, host);
  const size_t dot = host.find('.');
  return dot != std::string::npos && dot > 0 && SameWord(std::string_view(pattern).substr(1), host.substr(dot));
}

}  // namespace thimble::http
