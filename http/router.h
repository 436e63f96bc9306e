// Which function answers which request: rows of method, path and function, found in one walk down a tree.
#ifndef THIMBLE_HTTP_ROUTER_H_
#define THIMBLE_HTTP_ROUTER_H_

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "http/message.h"

namespace thimble::http {

/// Takes a body in pieces, so that a hundred megabytes need no hundred megabytes of memory. The next piece is read
/// when the last one has been taken. Destroyed without Finish when the connection breaks.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// False: it wants no more, and Finish says why.
  virtual bool Write(std::string_view bytes) = 0;
  virtual Response Finish() = 0;
};

using Handler = std::function<Response(Request&)>;
/// Opens the sink of a request whose body is still to come, or answers without it.
using OpenSink = std::function<std::variant<std::unique_ptr<BodySink>, Response>(Request&)>;

/// What a route is beyond its path, for whoever writes the table: rights, schemas, a sentence. Derive from it.
struct RouteInfo {};

struct Row {
  std::string method;  ///< "GET" answers HEAD too
  /// "/api/{project}/devices/{id}"; "{name}" is one whole segment, "{name...}" at the end is all that follows.
  std::string path;
  Handler handler;
  OpenSink open = nullptr;  ///< instead of a handler: takes the body in pieces
  /// Never waits: called where the connections are served, without a worker. The guard must not wait either.
  bool quick = false;
  uint64_t most_body_bytes = 1024 * 1024;
  const RouteInfo* info = nullptr;
};

/// Which pages of other origins may ask (the Fetch standard's CORS). Without origins: none.
struct CorsPolicy {
  std::vector<std::string> origins = {};  ///< "https://phone.lan", or "*"
  std::string exposed_headers = {};       ///< "ETag, Location"
  bool credentials = false;               ///< not with "*"
  int max_age_s = 600;
};

struct RouterOptions {
  CorsPolicy cors;
  /// Called before the handler, and before the body is read: an answer instead of the handler's, or who it is in
  /// `request.identity`.
  std::function<std::optional<Response>(Request&)> guard;
};

class Router {
 public:
  /// Two rows for the same method and path, and a path that is none, are faults of the program: asserted.
  explicit Router(std::vector<Row> rows, RouterOptions options = {});
  ~Router();

  /// Finds the row and fills in path, query, parameters and row; nullopt then. Else the answer: 400, 404, 405, or what
  /// OPTIONS asks for. A literal segment goes before a parameter.
  std::optional<Response> Find(Request& request) const;

  std::optional<Response> Guard(Request& request) const {
    return options_.guard ? options_.guard(request) : std::nullopt;
  }

  /// Adds what the policy says about the origin that asks.
  void Decorate(const Request& request, Response& response) const;

  /// The whole way without a server, for tests and for calls from inside; a sink gets the body at once.
  Response Answer(Request request) const;

  const std::vector<Row>& rows() const { return rows_; }

 private:
  struct Node;
  static const Node* Descend(const Node& node, const std::vector<std::string>& segments, size_t at,
                             const std::string& method);

  std::vector<Row> rows_;
  RouterOptions options_;
  std::unique_ptr<Node> root_;
};

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_ROUTER_H_
