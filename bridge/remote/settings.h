// What the bridge is told by environment, .env file and options: keys, device, port, and where the studio is.
#ifndef THIMBLE_BRIDGE_REMOTE_SETTINGS_H_
#define THIMBLE_BRIDGE_REMOTE_SETTINGS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/endpoint.h"

namespace thimble::bridge {

using http::Endpoint;

/// "wss://remote-mgmt.edgeimpulse.com/", without the port when it is the scheme's own.
std::string Url(const Endpoint& endpoint, std::string_view plain_scheme, std::string_view tls_scheme);

struct StudioEndpoints {
  Endpoint management;  ///< WebSocket
  Endpoint ingestion;
  Endpoint studio;  ///< its pages and its API
};

/// Where a studio is, from EI_HOST, as Edge Impulse's tools understand it:
///
///   ""                                         remote-mgmt., ingestion. and studio.edgeimpulse.com, TLS
///   IPv4 address, localhost,                   ws://HOST:4802, http://HOST:4810, http://HOST:4800
///   host.docker.internal
///   any other NAME                             wss://remote-mgmt.NAME, https://ingestion.NAME, https://studio.NAME
///
/// kInvalidArgument for what is no name: with a port, a scheme, a path.
Expected<StudioEndpoints> ResolveStudio(const std::string& ei_host);

/// A URL that was given outright: ws, wss, http or https, of one kind by `web_socket`. Without TLS only to this
/// computer: keys would travel readable.
Expected<Endpoint> ParseUrl(const std::string& url, bool web_socket);

/// NAME=value lines of a .env file: blank lines, # comments (also behind a value, after a space), `export NAME=value`,
/// values in '', "" or ``, which may go over several lines, \n and \r in "". Lines that are none of this are passed
/// over; of a name that appears twice the last counts.
std::map<std::string, std::string> ParseDotenv(std::string_view text);

/// The variables that the bridge reads.
inline constexpr const char* kApiKey = "EI_APIKEY";
inline constexpr const char* kHmacKey = "EI_HMACKEY";
inline constexpr const char* kDeviceId = "EI_DEVICEID";
inline constexpr const char* kDeviceType = "EI_DEVICETYPE";
inline constexpr const char* kSerialPort = "SERIAL_PORT";
inline constexpr const char* kHost = "EI_HOST";

struct Settings {
  std::string api_key, hmac_key, device_id, device_type, serial_port, host;

  /// What must never be shown.
  std::vector<std::string> Secrets() const { return {api_key, hmac_key}; }
};

/// From the environment, then from the .env file's text for what is not in the environment at all: a variable that is
/// set, even to nothing, wins. kInvalidArgument names every one of the five that is missing and what it is for.
/// `given_port` replaces SERIAL_PORT unless empty.
Expected<Settings> ReadSettings(const std::function<std::optional<std::string>(const char*)>& environment,
                                std::string_view dotenv, const std::string& given_port);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_SETTINGS_H_
