// Any bytes from a client: the same request wherever they are cut, within its limits, and a router that always answers.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/internal/request_parser.h"
#include "http/router.h"

namespace thimble::http {
namespace {

constexpr size_t kMostHeaderBytes = 2048;
constexpr uint64_t kMostBodyBytes = 500;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  Request request;
  std::string body;
  bool done = false;
  int fault = 0;
};

Outcome Parse(std::string_view bytes, size_t step) {
  Outcome outcome;
  internal::RequestParser parser(outcome.request, kMostHeaderBytes);
  const std::function<void(std::string_view)> take = [&](std::string_view more) { outcome.body += more; };
  std::string buffer;
  while (!parser.failed() && !parser.done() && !bytes.empty()) {
    buffer += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    if (!parser.head_done()) buffer.erase(0, parser.FeedHead(buffer));
    if (parser.head_done() && !parser.failed()) buffer.erase(0, parser.FeedBody(buffer, kMostBodyBytes, take));
    Require(outcome.body.size() <= kMostBodyBytes);
    Require(parser.head_done() || parser.failed() || buffer.size() <= kMostHeaderBytes + step);
  }
  outcome.done = parser.done() && !parser.failed();
  outcome.fault = parser.failed() ? parser.fault().status : 0;
  return outcome;
}

Response Nothing(Request&) { return Response::Text(200, ""); }

const Router& TheRouter() {
  static const Router router({{"GET", "/", Nothing},
                              {"GET", "/api/{project}/device/{id}", Nothing},
                              {"POST", "/api/projects/device", Nothing},
                              {"GET", "/files/{path...}",
                               [](Request& request) {
                                 const std::string path = "/" + request.Parameter("path") + "/";
                                 Require(path.find('\0') == std::string::npos);
                                 return Response::Text(200, path);
                               }}},
                             {.cors = {.origins = {"https://a.lan"}}, .guard = {}});
  return router;
}

}  // namespace
}  // namespace thimble::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::http;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = Parse(bytes, bytes.size() + 1);
  const Outcome pieces = Parse(bytes, data[0] % 16 + 1);
  // Where several faults are in one request, the cut decides which one is seen first.
  if (whole.fault == 0 && pieces.fault == 0) {
    Require(whole.done == pieces.done);
    if (whole.done) {
      Require(whole.body == pieces.body && whole.request.target == pieces.request.target &&
              whole.request.host == pieces.request.host &&
              whole.request.headers.size() == pieces.request.headers.size());
    }
  }
  Require(!whole.done || pieces.fault == 0);
  if (!whole.done) return 0;
  const Headers& headers = whole.request.headers;
  Require(headers.Count("Content-Length") + headers.Count("Transfer-Encoding") <= 1);
  const Response response = TheRouter().Answer(whole.request);
  Require(response.status >= 200 && response.status < 500);
  return 0;
}
