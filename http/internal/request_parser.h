// Bytes of a connection become a request: head first, then its body in pieces. Knows nothing of sockets.
#ifndef THIMBLE_HTTP_INTERNAL_REQUEST_PARSER_H_
#define THIMBLE_HTTP_INTERNAL_REQUEST_PARSER_H_

#include <functional>
#include <memory>
#include <string_view>

#include "http/message.h"

namespace thimble::http::internal {

/// Why a request is none: the status to answer with, and a sentence.
struct RequestFault {
  int status = 400;
  std::string words;
};

/// One request. Boost.Beast's parser reads the letters; what two servers could understand differently is refused here.
class RequestParser {
 public:
  RequestParser(Request& request, size_t most_header_bytes);
  ~RequestParser();

  /// Takes bytes from the front of `bytes` and says how many. Stops behind the head, so that it can be looked at before
  /// the body. What is not taken is given again, with more behind it.
  size_t FeedHead(std::string_view bytes);

  /// Afterwards: body bytes go to `take`, until `done`. Gives what it has taken.
  size_t FeedBody(std::string_view bytes, uint64_t most_body_bytes, const std::function<void(std::string_view)>& take);

  bool head_done() const;
  bool done() const;
  bool failed() const { return fault_.has_value(); }
  const RequestFault& fault() const { return *fault_; }

  bool keep_alive() const;
  bool expects_continue() const { return expects_continue_; }
  bool old() const;  ///< HTTP/1.0
  /// Of the body, when the head tells.
  std::optional<uint64_t> content_length() const;

 private:
  class Letters;
  void Check();

  Request& request_;
  std::unique_ptr<Letters> letters_;
  std::optional<RequestFault> fault_;
  bool expects_continue_ = false;
};

}  // namespace thimble::http::internal

#endif  // THIMBLE_HTTP_INTERNAL_REQUEST_PARSER_H_
