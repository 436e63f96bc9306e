#include "bridge/remote/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace thimble::bridge {
namespace {

constexpr int kPlainStudioPort = 4800;
constexpr int kPlainManagementPort = 4802;
constexpr int kPlainIngestionPort = 4810;
constexpr const char* kEdgeImpulse = "edgeimpulse.com";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }
bool IsNameLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '.' || c == '-';
}

bool IsIpv4(std::string_view text) {
  int parts = 0;
  while (true) {
    unsigned value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || value > 255 || end - text.data() > 3) return false;
    ++parts;
    text.remove_prefix(end - text.data());
    if (text.empty()) return parts == 4;
    if (text.front() != '.' || parts == 4) return false;
    text.remove_prefix(1);
  }
}

bool IsThisComputer(std::string_view host) {
  return host == "localhost" || host == "::1" || (IsIpv4(host) && host.starts_with("127."));
}

bool IsHostName(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' && text.back() != '.' &&
         text.find("..") == std::string_view::npos && std::ranges::all_of(text, [](char c) { return IsNameLetter(c); });
}

std::string Trim(std::string_view text) {
  while (!text.empty() && (IsBlank(text.front()) || text.front() == '\r' || text.front() == '\n'))
    text.remove_prefix(1);
  while (!text.empty() && (IsBlank(text.back()) || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  return std::string(text);
}

/// One .env file, read from front to back.
class DotenvReader {
 public:
  explicit DotenvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  std::map<std::string, std::string> Read() {
    std::map<std::string, std::string> found;
    while (at_ < text_.size()) {
      std::string name, value;
      if (Assignment(name, value)) found[name] = value;
      while (at_ < text_.size() && !AtLineEnd()) ++at_;
      while (at_ < text_.size() && AtLineEnd()) ++at_;
    }
    return found;
  }

 private:
  bool AtLineEnd() const { return text_[at_] == '\n' || text_[at_] == '\r'; }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  std::string Name() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameLetter(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool Assignment(std::string& name, std::string& value) {
    SkipBlanks();
    name = Name();
    if (name == "export" && at_ < text_.size() && IsBlank(text_[at_])) {
      SkipBlanks();
      name = Name();
    }
    SkipBlanks();
    if (name.empty() || at_ >= text_.size() || text_[at_] != '=') return false;
    ++at_;
    SkipBlanks();
    if (at_ < text_.size() && std::string_view("'\"`").find(text_[at_]) != std::string_view::npos && Quoted(value)) {
      return true;
    }
    const size_t begin = at_;
    while (at_ < text_.size() && !AtLineEnd()) {
      // A # inside a word is part of it: device names have such.
      if (text_[at_] == '#' && (at_ == begin || IsBlank(text_[at_ - 1]))) break;
      ++at_;
    }
    value = Trim(text_.substr(begin, at_ - begin));
    return true;
  }

  /// A value in quotes whose end is there; else the quote is an ordinary letter.
  bool Quoted(std::string& value) {
    const char quote = text_[at_];
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' && end + 1 < text_.size() ? 2 : 1;
    if (end >= text_.size()) return false;
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    value.clear();
    for (size_t i = 0; i < inner.size(); ++i) {
      const char next = i + 1 < inner.size() ? inner[i + 1] : '\0';
      if (quote == '"' && inner[i] == '\\' && (next == 'n' || next == 'r')) {
        value += next == 'n' ? '\n' : '\r';
        ++i;
      } else {
        value += inner[i];
      }
    }
    at_ = end + 1;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::string Url(const Endpoint& endpoint, std::string_view plain_scheme, std::string_view tls_scheme) {
  std::string url(endpoint.tls ? tls_scheme : plain_scheme);
  url += "://" + endpoint.host;
  if (endpoint.port != (endpoint.tls ? 443 : 80)) url += ":" + std::to_string(endpoint.port);
  return url + endpoint.path;
}

Expected<StudioEndpoints> ResolveStudio(const std::string& ei_host) {
  const std::string host = ei_host.empty() ? kEdgeImpulse : ei_host;
  if (IsIpv4(host) || host == "localhost" || host == "host.docker.internal") {
    return StudioEndpoints{{false, host, kPlainManagementPort, "/"},
                           {false, host, kPlainIngestionPort, "/"},
                           {false, host, kPlainStudioPort, "/"}};
  }
  if (!IsHostName(host)) {
    return {Status::kInvalidArgument,
            "EI_HOST takes the name of a studio (edgeimpulse.com, tinyml.lan), localhost or an IPv4 address, without "
            "scheme, port or path, as Edge Impulse's tools do; for anything else give --management and --ingestion"};
  }
  return StudioEndpoints{{true, "remote-mgmt." + host, 443, "/"},
                         {true, "ingestion." + host, 443, "/"},
                         {true, "studio." + host, 443, "/"}};
}

Expected<Endpoint> ParseUrl(const std::string& url, bool web_socket) {
  const std::string plain = web_socket ? "ws://" : "http://";
  const std::string tls = web_socket ? "wss://" : "https://";
  const Error fault{Status::kInvalidArgument, "'" + url + "' is no address: " + tls + "HOST[:PORT], or " + plain +
                                                  "HOST[:PORT] on this computer"};
  Endpoint endpoint;
  endpoint.tls = url.starts_with(tls);
  if (!endpoint.tls && !url.starts_with(plain)) return fault;
  std::string_view rest = std::string_view(url).substr(endpoint.tls ? tls.size() : plain.size());
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    endpoint.path = rest.substr(slash);
    rest = rest.substr(0, slash);
    if (std::ranges::any_of(endpoint.path, [](char c) { return c <= ' ' || c > '~'; })) return fault;
  }
  endpoint.port = endpoint.tls ? 443 : 80;
  if (const size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
    const std::string_view digits = rest.substr(colon + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    if (problem != std::errc() || end != digits.data() + digits.size() || endpoint.port < 1 || endpoint.port > 65535) {
      return fault;
    }
    rest = rest.substr(0, colon);
  }
  endpoint.host = rest;
  if (!IsHostName(endpoint.host)) return fault;
  if (!endpoint.tls && !IsThisComputer(endpoint.host)) {
    return {Status::kInvalidArgument, "'" + url + "' would send the key readable over the network; use " + tls +
                                          ", or EI_HOST for a studio in this network that has no TLS"};
  }
  return endpoint;
}

std::map<std::string, std::string> ParseDotenv(std::string_view text) { return DotenvReader(text).Read(); }

Expected<Settings> ReadSettings(const std::function<std::optional<std::string>(const char*)>& environment,
                                std::string_view dotenv, const std::string& given_port) {
  const std::map<std::string, std::string> file = ParseDotenv(dotenv);
  std::string missing;
  const auto read = [&](const char* name, const char* what) {
    std::optional<std::string> value = environment(name);
    const bool set_to_nothing = value.has_value() && value->empty();
    if (!value) {
      const auto found = file.find(name);
      value = found == file.end() ? std::string() : found->second;
    }
    if (value->empty() && what != nullptr) {
      missing += std::string("\n  ") + name + "  " + what +
                 (set_to_nothing ? " (it is set, but empty; that hides the one in .env)" : "");
    }
    return *value;
  };
  Settings settings;
  settings.api_key = read(kApiKey, "the project's API key (Dashboard > Keys)");
  settings.hmac_key = read(kHmacKey, "its HMAC key (Dashboard > Keys)");
  settings.device_id = read(kDeviceId, "a name of its own for this board, such as a MAC address");
  settings.device_type = read(kDeviceType, "what kind of board it is, such as MXChip");
  settings.serial_port = given_port.empty() ? read(kSerialPort, "the board's port, such as /dev/ttyACM0") : given_port;
  settings.host = read(kHost, nullptr);
  if (!missing.empty()) {
    return {Status::kInvalidArgument, "these are not set, in the environment or in the file .env here:" + missing};
  }
  const auto unfit = [](const std::string& text) {
    return text.size() > 1024 || std::ranges::any_of(text, [](char c) { return c < 0x20 || c == 0x7f; });
  };
  const auto header_unfit = [](char c) { return c <= 0x20 || c >= 0x7f; };
  // A key goes into a header line; what does not fit there is a mistake in copying it.
  if (std::ranges::any_of(settings.api_key, header_unfit) || settings.api_key.size() > 1024) {
    return {Status::kInvalidArgument, "EI_APIKEY holds spaces or signs that no key has; copy it again"};
  }
  if (unfit(settings.hmac_key))
    return {Status::kInvalidArgument, "EI_HMACKEY holds signs that no key has; copy it again"};
  return settings;
}

}  // namespace thimble::bridge
