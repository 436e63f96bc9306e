#include "studio/server/ingest/signature.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <vector>

#include "dataset/cbor.h"

namespace thimble::studio {
namespace {

constexpr size_t kSignatureLetters = 64;

class Hmac {
 public:
  explicit Hmac(std::string_view key) {
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> kind(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
    context_.reset(EVP_MAC_CTX_new(kind.get()));
    std::string digest = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest.data(), 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), parameters);
  }
  void Add(std::string_view bytes) {
    EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  std::string Hexadecimal() {
    std::array<unsigned char, 32> digest{};
    size_t size = 0;
    EVP_MAC_final(context_.get(), digest.data(), &size, digest.size());
    std::string text;
    for (const unsigned char byte : digest) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_{nullptr, EVP_MAC_CTX_free};
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
  }
  return lower;
}

bool IsSignature(std::string_view text) {
  return text.size() == kSignatureLetters && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Writes what it hears as JSON.stringify would, into an HMAC.
class Stringifier : public dataset::DocumentListener {
 public:
  explicit Stringifier(Hmac& hmac) : hmac_(hmac) {}
  ~Stringifier() override { Flush(); }

  bool Null() override { return Value("null"); }
  bool Boolean(bool value) override { return Value(value ? "true" : "false"); }
  bool Number(double value) override { return Value(JavaScriptNumber(value)); }
  bool Text(std::string_view text) override {
    if (open_.size() == 1 && key_ == "signature") return Value('"' + std::string(kSignatureLetters, '0') + '"');
    return Value(Quoted(text));
  }
  bool Other() override { return false; }
  bool BeginObject() override { return Open('{', '}'); }
  bool BeginArray() override { return Open('[', ']'); }
  bool Key(std::string_view key) override {
    key_ = key;
    Separate();
    buffer_ += Quoted(key) + ":";
    after_key_ = true;
    return true;
  }
  bool End() override {
    buffer_ += open_.back();
    open_.pop_back();
    first_ = false;
    return true;
  }
  void Flush() {
    hmac_.Add(buffer_);
    buffer_.clear();
  }

 private:
  static std::string Quoted(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
      constexpr std::string_view kLetters = "\"\\bfnrt";
      if (const size_t at = kShort.find(c); at != std::string_view::npos) {
        quoted += '\\';
        quoted += kLetters[at];
      } else if (static_cast<unsigned char>(c) < 0x20) {
        quoted += "\\u00";
        quoted += "0123456789abcdef"[c >> 4];
        quoted += "0123456789abcdef"[c & 15];
      } else {
        quoted += c;
      }
    }
    return quoted + '"';
  }
  void Separate() {
    if (!after_key_ && !first_) buffer_ += ',';
    after_key_ = first_ = false;
  }
  bool Value(std::string_view text) {
    Separate();
    buffer_ += text;
    constexpr size_t kEnough = 64 * 1024;
    if (buffer_.size() > kEnough) Flush();
    return true;
  }
  bool Open(char begin, char end) {
    constexpr size_t kDeepest = 32;
    if (open_.size() == kDeepest) return false;
    Separate();
    buffer_ += begin;
    open_.push_back(end);
    first_ = true;
    return true;
  }

  Hmac& hmac_;
  std::vector<char> open_;
  std::string key_, buffer_;
  bool first_ = true, after_key_ = false;
};

std::string HmacOfBytes(std::string_view bytes, size_t place, std::string_view key) {
  Hmac hmac(key);
  hmac.Add(bytes.substr(0, place));
  hmac.Add(std::string(kSignatureLetters, '0'));
  hmac.Add(bytes.substr(place + kSignatureLetters));
  return hmac.Hexadecimal();
}

std::string HmacOfJson(std::string_view cbor, std::string_view key) {
  Hmac hmac(key);
  {
    Stringifier listener(hmac);
    if (dataset::WalkCbor(cbor, listener).end != dataset::CborEnd::kWhole) return "";
  }
  return hmac.Hexadecimal();
}

}  // namespace

const char* NameOf(SignatureState state) {
  constexpr const char* kNames[] = {"none", "valid", "invalid"};
  return kNames[static_cast<size_t>(state)];
}

SignatureState CheckSignature(std::string_view bytes, bool is_cbor, const dataset::Envelope& envelope,
                              std::span<const std::string> keys) {
  const bool blank = envelope.signature.find_first_not_of('0') == std::string::npos;
  if (blank || envelope.algorithm == "none") return SignatureState::kNone;
  const std::string signature = Lower(envelope.signature);
  if (!IsSignature(signature)) return SignatureState::kInvalid;
  const size_t place = bytes.find(envelope.signature);
  for (const std::string& key : keys) {
    if (place != std::string_view::npos && HmacOfBytes(bytes, place, key) == signature) return SignatureState::kValid;
    if (is_cbor && HmacOfJson(bytes, key) == signature) return SignatureState::kValid;
  }
  return SignatureState::kInvalid;
}

std::string JavaScriptNumber(double value) {
  if (!std::isfinite(value)) return "null";
  if (value == 0) return "0";
  // Shortest digits that give the same double: "1.25e+02".
  char text[40];
  const char* const end = std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific).ptr;
  std::string digits;
  const char* at = text;
  for (; *at != 'e'; ++at) {
    if (*at != '.') digits += *at;
  }
  int exponent = 0;
  std::from_chars(at[1] == '+' ? at + 2 : at + 1, end, exponent);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // of the digits, those before the decimal point
  std::string number = value < 0 ? "-" : "";
  constexpr int kLongestWhole = 21;
  constexpr int kMostZeros = -6;
  if (count <= point && point <= kLongestWhole) {
    number += digits + std::string(static_cast<size_t>(point - count), '0');
  } else if (point > 0 && point <= kLongestWhole) {
    number += digits.substr(0, static_cast<size_t>(point)) + "." + digits.substr(static_cast<size_t>(point));
  } else if (point > kMostZeros && point <= 0) {
    number += "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  } else {
    number += digits.substr(0, 1);
    if (count > 1) number += "." + digits.substr(1);
    number += exponent < 0 ? "e-" : "e+";
    number += std::to_string(std::abs(exponent));
  }
  return number;
}

}  // namespace thimble::studio
