#include "http/message.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>

namespace thimble::http {
namespace {

struct Phrase {
  int status;
  std::string_view words;
};
constexpr Phrase kPhrases[] = {{100, "Continue"},
                               {101, "Switching Protocols"},
                               {200, "OK"},
                               {201, "Created"},
                               {202, "Accepted"},
                               {204, "No Content"},
                               {206, "Partial Content"},
                               {301, "Moved Permanently"},
                               {302, "Found"},
                               {303, "See Other"},
                               {304, "Not Modified"},
                               {307, "Temporary Redirect"},
                               {308, "Permanent Redirect"},
                               {400, "Bad Request"},
                               {401, "Unauthorized"},
                               {403, "Forbidden"},
                               {404, "Not Found"},
                               {405, "Method Not Allowed"},
                               {406, "Not Acceptable"},
                               {408, "Request Timeout"},
                               {409, "Conflict"},
                               {410, "Gone"},
                               {411, "Length Required"},
                               {412, "Precondition Failed"},
                               {413, "Content Too Large"},
                               {414, "URI Too Long"},
                               {415, "Unsupported Media Type"},
                               {416, "Range Not Satisfiable"},
                               {417, "Expectation Failed"},
                               {421, "Misdirected Request"},
                               {422, "Unprocessable Content"},
                               {426, "Upgrade Required"},
                               {428, "Precondition Required"},
                               {429, "Too Many Requests"},
                               {431, "Request Header Fields Too Large"},
                               {499, "Client Closed Request"},
                               {500, "Internal Server Error"},
                               {501, "Not Implemented"},
                               {503, "Service Unavailable"},
                               {505, "HTTP Version Not Supported"},
                               {507, "Insufficient Storage"}};

std::string_view WithoutWeakMark(std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; }

}  // namespace

std::string_view Headers::Get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (SameWord(key, name)) return value;
  }
  return {};
}

size_t Headers::Count(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count_if(fields_, [&](const auto& f) { return SameWord(f.first, name); }));
}

void Headers::Set(std::string_view name, std::string_view value) {
  std::erase_if(fields_, [&](const auto& field) { return SameWord(field.first, name); });
  Add(name, value);
}

const std::string& Request::Parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  assert(!"the row's path has no such parameter");
  static const std::string kNone;
  return kNone;
}

FileBody& FileBody::operator=(FileBody&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(offset_, other.offset_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

FileBody::~FileBody() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string EventText(std::string_view name, std::string_view data, std::string_view id) {
  std::string text;
  const auto line = [&](std::string_view field, std::string_view value) {
    text.append(field).append(": ").append(value).append("\n");
  };
  if (!id.empty()) line("id", id);
  if (!name.empty()) line("event", name);
  while (true) {
    const size_t end = data.find('\n');
    line("data", data.substr(0, end));
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  return text + "\n";
}

Response Response::Empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response Response::Text(int status, std::string body, std::string_view type) {
  Response response = Empty(status);
  response.headers.Add("Content-Type", type);
  response.body = std::move(body);
  return response;
}

Response Response::Redirect(std::string_view location, int status) {
  Response response = Empty(status);
  response.headers.Add("Location", location);
  return response;
}

Response Response::Problem(int status, std::string_view detail, std::string_view members) {
  std::string json = R"({"type":"about:blank","title":)" + JsonString(ReasonPhrase(status)) +
                     ",\"status\":" + std::to_string(status) + ",\"detail\":" + JsonString(detail);
  if (!members.empty()) json.append(",").append(members);
  return Text(status, json + "}", "application/problem+json");
}

std::string_view ReasonPhrase(int status) {
  const auto* const found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == std::end(kPhrases) ? "Unknown" : found->words;
}

bool TagMatches(std::string_view header, std::string_view tag) {
  header = Trim(header);
  if (header == "*") return true;
  while (!header.empty()) {
    const size_t end = std::min(header.find(','), header.size());
    if (WithoutWeakMark(Trim(header.substr(0, end))) == WithoutWeakMark(tag)) return true;
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return false;
}

void ApplyTag(const Request& request, Response& response, std::string_view tag) {
  response.headers.Set("ETag", tag);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads || response.status != 200 || !TagMatches(request.headers.Get("If-None-Match"), tag)) return;
  response.status = 304;
  response.body.clear();
  response.file.reset();
  response.produce = nullptr;
}

}  // namespace thimble::http
