#include "bridge/remote/envelope.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <bit>
#include <charconv>
#include <nlohmann/json.hpp>

namespace thimble::bridge {
namespace {

constexpr size_t kSignatureLetters = 64;
constexpr const char* kNoUnit = "N/A";

/// Builds one document, in either encoding, front to back, and remembers where the signature lies.
class Document {
 public:
  explicit Document(Encoding encoding) : cbor_(encoding == Encoding::kCbor) {}

  void Object(size_t members) { Open(5, members, '{', '}'); }
  void Array(size_t items) { Open(4, items, '[', ']'); }
  void Key(std::string_view key) {
    Text(key);
    if (!cbor_) {
      bytes_ += ':';
      after_key_ = true;
    }
  }
  void Text(std::string_view text) {
    Separate();
    if (cbor_) {
      // CBOR demands UTF-8 as JSON does, so both go through the same replacement of what is not.
      const std::string quoted = Quoted(text);
      const auto plain = nlohmann::json::parse(quoted).get<std::string>();
      Head(3, plain.size());
      bytes_ += plain;
    } else {
      bytes_ += Quoted(text);
    }
    Count();
  }
  void Integer(int64_t value) {
    Separate();
    if (!cbor_) {
      bytes_ += std::to_string(value);
    } else if (value >= 0) {
      Head(0, static_cast<uint64_t>(value));
    } else {
      Head(1, static_cast<uint64_t>(-1 - value));
    }
    Count();
  }
  void Single(float value) {
    Separate();
    if (cbor_) {
      BigEndian(0xfa, std::bit_cast<uint32_t>(value), 4);
    } else {
      Shortest(value);
    }
    Count();
  }
  void Double(double value) {
    Separate();
    if (cbor_) {
      BigEndian(0xfb, std::bit_cast<uint64_t>(value), 8);
    } else {
      Shortest(value);
    }
    Count();
  }
  void Signature(size_t letters) {
    Text(std::string(letters, '0'));
    signature_at_ = bytes_.size() - letters - (cbor_ ? 0 : 1);
  }

  std::string Signed(std::string_view key) && {
    if (!key.empty()) bytes_.replace(signature_at_, kSignatureLetters, HmacSha256(key, bytes_));
    return std::move(bytes_);
  }

 private:
  struct Level {
    size_t left;
    char end;
  };

  static std::string Quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  void Shortest(auto value) {
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    bytes_.append(text, end);
  }
  void BigEndian(int head, uint64_t value, int width) {
    bytes_ += static_cast<char>(head);
    for (int i = width - 1; i >= 0; --i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void Head(int major, uint64_t argument) {
    if (argument < 24) {
      bytes_ += static_cast<char>(major << 5 | static_cast<int>(argument));
    } else if (argument <= 0xff) {
      BigEndian(major << 5 | 24, argument, 1);
    } else if (argument <= 0xffff) {
      BigEndian(major << 5 | 25, argument, 2);
    } else if (argument <= 0xffffffff) {
      BigEndian(major << 5 | 26, argument, 4);
    } else {
      BigEndian(major << 5 | 27, argument, 8);
    }
  }
  /// `items` counts values, not keys; JSON closes by itself after the last one.
  void Open(int major, size_t items, char begin, char end) {
    Separate();
    if (cbor_) {
      Head(major, items);
      return;
    }
    bytes_ += begin;
    if (items == 0) {
      bytes_ += end;
      Count();
      return;
    }
    levels_.push_back({major == 5 ? 2 * items : items, end});
    first_ = true;
  }
  void Separate() {
    if (!cbor_ && !levels_.empty() && !first_ && !after_key_) bytes_ += ',';
    first_ = false;
    after_key_ = false;
  }
  void Count() {
    while (!cbor_ && !levels_.empty() && --levels_.back().left == 0) {
      bytes_ += levels_.back().end;
      levels_.pop_back();
    }
  }

  bool cbor_;
  std::string bytes_;
  std::vector<Level> levels_;
  bool first_ = true;
  bool after_key_ = false;
  size_t signature_at_ = 0;
};

}  // namespace

std::string Envelope(const dataset::Recording& recording, const Signer& signer, int64_t unix_s, Encoding encoding) {
  const bool is_signed = !signer.hmac_key.empty();
  Document out(encoding);
  out.Object(3);
  out.Key("protected");
  out.Object(3);
  out.Key("ver");
  out.Text("v1");
  out.Key("alg");
  out.Text(is_signed ? "HS256" : "none");
  out.Key("iat");
  out.Integer(unix_s);
  out.Key("signature");
  out.Signature(kSignatureLetters);
  out.Key("payload");
  out.Object(5);
  out.Key("device_name");
  out.Text(signer.device_name);
  out.Key("device_type");
  out.Text(signer.device_type);
  out.Key("interval_ms");
  out.Double(recording.interval_ms);
  out.Key("sensors");
  out.Array(recording.axes.size());
  for (const dataset::Axis& axis : recording.axes) {
    out.Object(2);
    out.Key("name");
    out.Text(axis.name);
    out.Key("units");
    out.Text(axis.units.empty() ? kNoUnit : axis.units);
  }
  out.Key("values");
  out.Array(recording.readings());
  for (size_t i = 0; i < recording.readings(); ++i) {
    const auto reading = recording.Reading(i);
    if (reading.size() > 1) out.Array(reading.size());
    for (const float value : reading) out.Single(value);
  }
  return std::move(out).Signed(signer.hmac_key);
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), digest, &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string UriComponent(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.!~*'()").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace thimble::bridge
