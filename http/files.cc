#include "http/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

namespace thimble::http {
namespace {

struct Kind {
  std::string_view ending, media_type;
};
constexpr Kind kKinds[] = {{"html", "text/html; charset=utf-8"},
                           {"js", "text/javascript; charset=utf-8"},
                           {"mjs", "text/javascript; charset=utf-8"},
                           {"css", "text/css; charset=utf-8"},
                           {"json", "application/json"},
                           {"map", "application/json"},
                           {"svg", "image/svg+xml"},
                           {"png", "image/png"},
                           {"jpg", "image/jpeg"},
                           {"jpeg", "image/jpeg"},
                           {"ico", "image/vnd.microsoft.icon"},
                           {"woff2", "font/woff2"},
                           {"wasm", "application/wasm"},
                           {"txt", "text/plain; charset=utf-8"},
                           {"md", "text/markdown; charset=utf-8"},
                           {"csv", "text/csv; charset=utf-8"},
                           {"wav", "audio/wav"},
                           {"cbor", "application/cbor"},
                           {"zip", "application/zip"},
                           {"pdf", "application/pdf"}};

bool Number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

enum class RangeKind : uint8_t { kWhole, kPart, kNone };

/// One range of bytes (RFC 9110, 14.1.2); several at once, and what is none, are answered with everything.
RangeKind ParseRange(std::string_view header, uint64_t size, uint64_t& first, uint64_t& count) {
  if (!header.starts_with("bytes=") || header.find(',') != std::string_view::npos) return RangeKind::kWhole;
  header.remove_prefix(6);
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos) return RangeKind::kWhole;
  const std::string_view from = Trim(header.substr(0, dash)), to = Trim(header.substr(dash + 1));
  uint64_t last = size == 0 ? 0 : size - 1;
  if (from.empty()) {
    uint64_t tail = 0;
    if (!Number(to, tail)) return RangeKind::kWhole;
    if (tail == 0 || size == 0) return RangeKind::kNone;
    first = size - std::min(tail, size);
  } else {
    uint64_t asked_last = last;
    if (!Number(from, first) || (!to.empty() && !Number(to, asked_last)) || (!to.empty() && asked_last < first)) {
      return RangeKind::kWhole;
    }
    if (first >= size) return RangeKind::kNone;
    last = std::min(last, asked_last);
  }
  count = last - first + 1;
  return RangeKind::kPart;
}

}  // namespace

std::string_view MediaType(std::string_view file_name) {
  const std::string_view ending = file_name.substr(std::min(file_name.rfind('.') + 1, file_name.size()));
  for (const Kind& kind : kKinds) {
    if (SameWord(kind.ending, ending)) return kind.media_type;
  }
  return "application/octet-stream";
}

Response FileResponse(const Request& request, int descriptor, std::string_view media_type, Headers headers) {
  struct stat facts = {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(descriptor);
    return Response::Problem(404, "there is nothing at " + request.path);
  }
  const auto size = static_cast<uint64_t>(facts.st_size);
  Response response;
  response.headers = std::move(headers);
  response.file.emplace(descriptor, 0, size);
  if (response.headers.Get("Content-Type").empty()) response.headers.Add("Content-Type", media_type);
  response.headers.Set("Last-Modified", WriteDate(facts.st_mtim.tv_sec));
  response.headers.Set("Accept-Ranges", "bytes");
  std::string tag(response.headers.Get("ETag"));
  if (tag.empty()) {
    char text[64];
    std::snprintf(text, sizeof text, "\"%llx-%llx-%llx\"", static_cast<unsigned long long>(facts.st_ino),
                  static_cast<unsigned long long>(size),
                  static_cast<unsigned long long>(facts.st_mtim.tv_sec * 1'000'000'000LL + facts.st_mtim.tv_nsec));
    tag = text;
  }
  ApplyTag(request, response, tag);
  if (response.status == 200 && request.headers.Get("If-None-Match").empty()) {
    const auto since = ParseDate(request.headers.Get("If-Modified-Since"));
    if (since && facts.st_mtim.tv_sec <= *since) {
      response.status = 304;
      response.file.reset();
    }
  }
  const std::string_view range = request.headers.Get("Range"), if_range = request.headers.Get("If-Range");
  if (response.status != 200 || range.empty() || (!if_range.empty() && if_range != tag)) return response;
  uint64_t first = 0, count = 0;
  switch (ParseRange(range, size, first, count)) {
    case RangeKind::kWhole:
      break;
    case RangeKind::kPart:
      response.status = 206;
      response.headers.Set("Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(first + count - 1) +
                                                "/" + std::to_string(size));
      response.file->Cut(first, count);
      break;
    case RangeKind::kNone:
      response = Response::Problem(416, "the file has " + std::to_string(size) + " bytes");
      response.headers.Set("Content-Range", "bytes */" + std::to_string(size));
      break;
  }
  return response;
}

Expected<Folder> Folder::Open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return {Status::kNotFound, path + ": this is no folder that can be read"};
  return Folder(descriptor);
}

Folder::~Folder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int Folder::OpenFile(std::string_view relative) const {
  int at = descriptor_;
  while (true) {
    const size_t end = relative.find('/');
    const std::string name(relative.substr(0, end));
    const bool last = end == std::string_view::npos;
    int next = -1;
    if (!name.empty() && name != "." && name != ".." && name.find('\0') == std::string::npos) {
      // Without O_NONBLOCK a named pipe would hold up everybody.
      next = ::openat(at, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (last ? O_NONBLOCK : O_DIRECTORY));
    }
    if (at != descriptor_) ::close(at);
    if (next < 0 || last) return next;
    at = next;
    relative.remove_prefix(end + 1);
  }
}

Response Folder::Serve(const Request& request, std::string_view relative, Headers headers) const {
  if (ListHas(request.headers.Get("Accept-Encoding"), "gzip")) {
    if (const int compressed = OpenFile(std::string(relative) + ".gz"); compressed >= 0) {
      headers.Set("Content-Encoding", "gzip");
      headers.Set("Vary", "Accept-Encoding");
      return FileResponse(request, compressed, MediaType(relative), std::move(headers));
    }
  }
  const int descriptor = OpenFile(relative);
  if (descriptor < 0) return Response::Problem(404, "there is nothing at " + request.path);
  return FileResponse(request, descriptor, MediaType(relative), std::move(headers));
}

}  // namespace thimble::http
