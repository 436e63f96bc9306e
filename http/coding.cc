#include "http/coding.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace thimble::http {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = Lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
}

/// How many bytes the character at the front of `bytes` has; 0 when it is none.
size_t Utf8Length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies behind U+10FFFF show in the second byte.
  if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F) || (first == 0xF0 && at(1) < 0x90) ||
      (first == 0xF4 && at(1) > 0x8F)) {
    return 0;
  }
  return length;
}

/// The next piece of `text` up to `separator`, which is taken away with it.
std::string_view NextPiece(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

}  // namespace

std::optional<std::string_view> Find(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
}

bool SameWord(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool ListHas(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    std::string_view piece = NextPiece(list, ',');
    if (SameWord(Trim(NextPiece(piece, ';')), word)) return true;
  }
  return false;
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    bytes.push_back(c);
  }
  return bytes;
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<uint8_t>(c);
      encoded += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
  }
  return encoded;
}

std::optional<Fields> ParseForm(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    std::string_view value = NextPiece(text, '&');
    if (value.empty()) continue;
    const std::string_view name = NextPiece(value, '=');
    auto decoded_name = PercentDecode(name, true);
    auto decoded_value = PercentDecode(value, true);
    if (!decoded_name || !decoded_value) return std::nullopt;
    fields.emplace_back(std::move(*decoded_name), std::move(*decoded_value));
  }
  return fields;
}

Fields ParseCookies(std::string_view header) {
  Fields cookies;
  while (!header.empty()) {
    const std::string_view piece = Trim(NextPiece(header, ';'));
    const size_t equals = piece.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    std::string_view value = piece.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    cookies.emplace_back(piece.substr(0, equals), value);
  }
  return cookies;
}

std::string WriteCookie(const Cookie& cookie) {
  std::string text = cookie.name + "=" + cookie.value;
  if (!cookie.path.empty()) text += "; Path=" + cookie.path;
  if (cookie.max_age_s) text += "; Max-Age=" + std::to_string(*cookie.max_age_s);
  if (cookie.secure) text += "; Secure";
  if (cookie.http_only) text += "; HttpOnly";
  if (!cookie.same_site.empty()) text += "; SameSite=" + cookie.same_site;
  return text;
}

std::optional<Credentials> ParseBasic(std::string_view header) {
  header = Trim(header);
  if (!SameWord(NextPiece(header, ' '), "basic")) return std::nullopt;
  const auto decoded = FromBase64(Trim(header));
  if (!decoded) return std::nullopt;
  const size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::string Base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) text.push_back(k <= count ? kBase64[group >> (18 - 6 * k) & 63] : '=');
  }
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    size_t count = 3;
    for (size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      size_t value = kBase64.find(c);
      if (c == '=' && i + 4 == text.size() && (k == 3 || (k == 2 && text[i + 3] == '='))) {
        value = 0;
        --count;
      }
      if (value == std::string_view::npos) return std::nullopt;
      group = group << 6 | static_cast<uint32_t>(value);
    }
    for (size_t k = 0; k < count; ++k) bytes.push_back(static_cast<char>(group >> (16 - 8 * k) & 255));
  }
  return bytes;
}

std::string WriteDate(int64_t unix_s) {
  const auto seconds = static_cast<time_t>(unix_s);
  tm parts = {};
  if (gmtime_r(&seconds, &parts) == nullptr) return WriteDate(0);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[static_cast<size_t>(parts.tm_wday)],
                parts.tm_mday, kMonths[static_cast<size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text;
}

std::optional<int64_t> ParseDate(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  tm parts = {};
  char month[4] = {}, day[4] = {}, rest[4] = {};
  if (std::sscanf(std::string(text).c_str(), "%3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]", day, &parts.tm_mday,
                  month, &parts.tm_year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, rest) != 8) {
    return std::nullopt;
  }
  const auto* const found = std::ranges::find(kMonths, std::string_view(month));
  if (found == kMonths.end()) return std::nullopt;
  parts.tm_mon = static_cast<int>(found - kMonths.begin());
  parts.tm_year -= 1900;
  const int64_t unix_s = timegm(&parts);
  // Only one way to write each moment: a 31st of June, a wrong weekday and the like are not it.
  return WriteDate(unix_s) == text ? std::optional(unix_s) : std::nullopt;
}

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const char c = text.front();
    if (length == 0) {
      json += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (c == '\n') {
      json += "\\n";
    } else if (static_cast<uint8_t>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      json += escape;
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return json + "\"";
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace thimble::http
