#include "bridge/remote/ingestion.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "bridge/remote/envelope.h"

namespace thimble::bridge {
namespace {

using Json = nlohmann::json;
using Kind = UploadAnswer::Kind;

constexpr size_t kMostWords = 300;

bool IsForm(const Shipment& shipment) { return shipment.path.ends_with("/files"); }

/// Text of a stranger on one line: no control characters, not too long, no half letter at its end.
std::string Words(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (text.size() > kMostWords) {
    text.resize(kMostWords);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.pop_back();
    text += "...";
  }
  const size_t begin = text.find_first_not_of(' ');
  const size_t end = text.find_last_not_of(' ');
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

std::string TextOf(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? found->dump() : std::string();
}

bool IsFalse(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && !found->get<bool>();
}

bool SpeaksOfDuplicate(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.find("duplicate") != std::string::npos || text.find("already") != std::string::npos;
}

UploadAnswer ReadOk(const std::string& body, const Shipment& shipment) {
  const auto refuse = [&](const std::string& words) -> UploadAnswer {
    // It came through the time before, when the answer was lost.
    if (shipment.tried && SpeaksOfDuplicate(words)) return {Kind::kStored, Words(words), ""};
    return {Kind::kRefused, words.empty() ? "the server gives no reason" : Words(words), ""};
  };
  const bool looks_like_json =
      body.find_first_not_of(" \t\r\n") != std::string::npos && body[body.find_first_not_of(" \t\r\n")] == '{';
  if (!looks_like_json) {
    // A page is what a hotel's network answers in everybody's name.
    if (IsForm(shipment) || body.find('<') != std::string::npos) {
      return {Kind::kLater, "what it answers is no confirmation: " + Words(body), ""};
    }
    return {Kind::kStored, Words(body), ""};
  }
  int deep = 0, deepest = 0;
  for (const char c : body) {
    if (c == '{' || c == '[') deepest = std::max(deepest, ++deep);
    if (c == '}' || c == ']') --deep;
  }
  const Json json = deepest > 64 ? Json(Json::value_t::discarded) : Json::parse(body, nullptr, false);
  if (!json.is_object()) return {Kind::kLater, "what it answers is no confirmation: " + Words(body), ""};
  if (IsFalse(json, "success")) return refuse(TextOf(json, "error"));
  const auto files = json.find("files");
  if (files != json.end() && files->is_array() && !files->empty() && files->front().is_object()) {
    const Json& file = files->front();
    if (IsFalse(file, "success")) return refuse(TextOf(file, "error"));
    return {Kind::kStored, Words(TextOf(file, "fileName")), Words(TextOf(file, "sampleId"))};
  }
  return {Kind::kStored, Words(TextOf(json, "fileName")), Words(TextOf(json, "sampleId"))};
}

}  // namespace

HttpRequest UploadRequest(const Shipment& shipment, const Endpoint& ingestion, const std::string& api_key) {
  HttpRequest request;
  request.server = ingestion;
  // The service may live below a path of its own.
  std::string base = ingestion.path;
  while (base.ends_with('/')) base.pop_back();
  request.target = base + shipment.path;
  const std::string label = UriComponent(shipment.label);
  request.headers = {{"x-api-key", api_key}, {"x-file-name", label}, {"x-label", label}};
  if (shipment.tried) request.headers.emplace_back("x-disallow-duplicates", "1");
  if (!shipment.metadata.empty()) request.headers.emplace_back("x-metadata", shipment.metadata);
  if (!IsForm(shipment)) {
    request.headers.emplace_back("Content-Type", shipment.content_type);
    request.body = shipment.body;
    return request;
  }
  const std::string boundary = "thimble" + HmacSha256("", shipment.body).substr(0, 32);
  const std::string ending = shipment.content_type.ends_with("json") ? ".json" : ".cbor";
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  request.body = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"" + label + ending +
                 "\"\r\nContent-Type: " + shipment.content_type + "\r\n\r\n" + shipment.body + "\r\n--" + boundary +
                 "--\r\n";
  return request;
}

UploadAnswer ReadUploadAnswer(const Expected<HttpReply>& reply, const Shipment& shipment) {
  if (!reply.ok()) return {Kind::kLater, reply.error().message, ""};
  if (reply->status >= 200 && reply->status < 300) return ReadOk(reply->body, shipment);
  const Json json =
      reply->body.starts_with('{') && reply->body.size() < 4096 ? Json::parse(reply->body, nullptr, false) : Json();
  const std::string said = TextOf(json, "error").empty() ? reply->body : TextOf(json, "error");
  const std::string words = "HTTP " + std::to_string(reply->status) + (Words(said).empty() ? "" : ": " + Words(said));
  if (reply->status == 401 || reply->status == 403) return {Kind::kKeyRefused, words, ""};
  const bool passing = reply->status < 400 || reply->status >= 500 || reply->status == 408 || reply->status == 425 ||
                       reply->status == 429;
  if (!passing && reply->status == 409 && shipment.tried) return {Kind::kStored, words, ""};
  return {passing ? Kind::kLater : Kind::kRefused, words, ""};
}

}  // namespace thimble::bridge
