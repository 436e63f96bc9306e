#include "http/internal/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <utility>

namespace thimble::http::internal {
namespace {

namespace beast = boost::beast;
using ErrorCode = beast::error_code;
using Text = beast::string_view;

constexpr size_t kMostTargetBytes = 8 * 1024;
constexpr size_t kMostFields = 100;
constexpr size_t kMostChunkHeaderBytes = 16 * 1024;

std::string_view View(Text text) { return {text.data(), text.size()}; }

}  // namespace

class RequestParser::Letters final : public beast::http::basic_parser<true> {
 public:
  explicit Letters(Request& request) : request_(request) {}

  const std::function<void(std::string_view)>* take = nullptr;
  uint64_t most_body_bytes = 0, body_bytes = 0;
  bool too_many_fields = false, head_done = false;
  int version = 11;

 private:
  void on_request_impl(beast::http::verb, Text method, Text target, int number, ErrorCode&) override {
    request_.method = View(method);
    request_.target = View(target);
    version = number;
  }
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(beast::http::field, Text name, Text value, ErrorCode& error) override {
    if (head_done) return;  // a trailer: nobody asked the guard about it
    if (request_.headers.size() == kMostFields) {
      too_many_fields = true;
      error = beast::http::error::header_limit;
      return;
    }
    request_.headers.Add(View(name), View(value));
  }
  void on_header_impl(ErrorCode&) override { head_done = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(Text bytes, ErrorCode& error) override {
    Take(View(bytes), error);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode& error) override {
    Take(View(bytes), error);
    return bytes.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  void Take(std::string_view bytes, ErrorCode& error) {
    body_bytes += bytes.size();
    if (body_bytes > most_body_bytes) {
      error = beast::http::error::body_limit;
      return;
    }
    (*take)(bytes);
  }

  Request& request_;
};

RequestParser::RequestParser(Request& request, size_t most_header_bytes)
    : request_(request), letters_(std::make_unique<Letters>(request)) {
  letters_->header_limit(static_cast<uint32_t>(most_header_bytes));
  // The row has the limit, and the row is known after the head. (boost::none compares as less than any length.)
  letters_->body_limit(std::numeric_limits<uint64_t>::max());
  letters_->eager(false);
}

RequestParser::~RequestParser() = default;

size_t RequestParser::FeedHead(std::string_view bytes) {
  if (failed()) return 0;
  ErrorCode error;
  const size_t taken = letters_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::http::error::need_more) {
    if (error == beast::http::error::header_limit) {
      fault_ = {431, letters_->too_many_fields ? "there are more than " + std::to_string(kMostFields) + " headers"
                                               : "the headers are too long"};
    } else if (error == beast::http::error::bad_version) {
      fault_ = {505, "the version is not HTTP/1.1"};
    } else {
      fault_ = {400, "this is no HTTP request: " + error.message()};
    }
  } else if (letters_->is_header_done()) {
    Check();
  }
  return taken;
}

/// What the letters allow and sense does not: two readings of one request are how requests are smuggled past a proxy.
void RequestParser::Check() {
  const Headers& headers = request_.headers;
  const auto refuse = [&](int status, std::string words) { fault_ = {status, std::move(words)}; };
  if (headers.Count("Content-Length") > 1) return refuse(400, "there are two Content-Length");
  if (const size_t count = headers.Count("Transfer-Encoding"); count > 0) {
    if (headers.Count("Content-Length") > 0) return refuse(400, "there are both Content-Length and Transfer-Encoding");
    if (letters_->version == 10) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (count > 1 || !SameWord(Trim(headers.Get("Transfer-Encoding")), "chunked")) {
      return refuse(501, "the only Transfer-Encoding here is chunked");
    }
  }
  const size_t hosts = headers.Count("Host");
  if (hosts > 1 || (hosts == 0 && letters_->version == 11)) return refuse(400, "there must be one Host");
  std::string_view host = headers.Get("Host");
  // A proxy's way to ask: the target names the host, and wins (RFC 9112, 3.2.2).
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!request_.target.starts_with(scheme)) continue;
    std::string rest = request_.target.substr(scheme.size());
    const size_t slash = std::min(rest.find_first_of("/?"), rest.size());
    request_.target = rest.substr(slash);
    if (!request_.target.starts_with('/')) request_.target.insert(0, "/");
    rest.resize(slash);
    request_.headers.Set("Host", rest);
    host = request_.headers.Get("Host");
    break;
  }
  if (request_.target.size() > kMostTargetBytes) return refuse(414, "the target is too long");
  for (const char c : request_.target) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return refuse(400, "the target has a control character");
  }
  const size_t colon = host.starts_with('[') ? host.find(']') : host.find(':');
  request_.host = host.substr(0, host.starts_with('[') && colon != std::string_view::npos ? colon + 1 : colon);
  for (char& c : request_.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                         std::string_view("-._:[]").find(c) != std::string_view::npos;
    if (!allowed) return refuse(400, "the Host is no name");
  }
  if (const std::string_view expect = headers.Get("Expect"); !expect.empty()) {
    if (!SameWord(expect, "100-continue")) return refuse(417, "the only thing to expect here is 100-continue");
    expects_continue_ = letters_->version == 11 && !letters_->is_done();
  }
}

size_t RequestParser::FeedBody(std::string_view bytes, uint64_t most_body_bytes,
                               const std::function<void(std::string_view)>& take) {
  letters_->take = &take;
  letters_->most_body_bytes = most_body_bytes;
  size_t taken = 0;
  while (!failed() && !letters_->is_done()) {
    ErrorCode error;
    const std::string_view rest = bytes.substr(taken);
    const size_t now = letters_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    taken += now;
    if (error == beast::http::error::need_more) {
      if (rest.size() - now > kMostChunkHeaderBytes) fault_ = {400, "a chunk's header is too long"};
      break;
    }
    if (error == beast::http::error::body_limit) {
      fault_ = {413, "the body has more than " + std::to_string(most_body_bytes) + " bytes"};
    } else if (error) {
      fault_ = {400, "the body is damaged: " + error.message()};
    } else if (now == 0) {
      break;
    }
  }
  letters_->take = nullptr;
  return taken;
}

bool RequestParser::head_done() const { return letters_->is_header_done(); }
bool RequestParser::done() const { return letters_->is_done(); }
bool RequestParser::keep_alive() const { return letters_->keep_alive(); }
bool RequestParser::old() const { return letters_->version == 10; }
std::optional<uint64_t> RequestParser::content_length() const {
  const auto length = letters_->content_length();
  return length ? std::optional<uint64_t>(*length) : std::nullopt;
}

}  // namespace thimble::http::internal
