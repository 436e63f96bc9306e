#include "http/internal/request_parser.h"

#include <gtest/gtest.h>

namespace thimble::http::internal {
namespace {

struct Read {
  Request request;
  std::string body, left;
  int fault = 0;
  bool head = false, done = false, keep_alive = false;
};

/// As a connection does it, `step` bytes at a time.
Read Parse(std::string_view bytes, size_t step = 100'000, uint64_t most_body_bytes = 1000) {
  Read read;
  RequestParser parser(read.request, 16 * 1024);
  const std::function<void(std::string_view)> take = [&](std::string_view more) { read.body += more; };
  std::string& buffer = read.left;
  while (!parser.failed() && !parser.done() && !bytes.empty()) {
    buffer += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    if (!parser.head_done()) buffer.erase(0, parser.FeedHead(buffer));
    if (parser.head_done() && !parser.failed()) buffer.erase(0, parser.FeedBody(buffer, most_body_bytes, take));
  }
  buffer += bytes;
  read.fault = parser.failed() ? parser.fault().status : 0;
  read.head = parser.head_done();
  read.done = parser.done();
  if (read.head) read.keep_alive = parser.keep_alive();
  return read;
}

TEST(RequestParser, TheSameRequestHoweverTheBytesAreCut) {
  const std::string bytes =
      "POST /a?b=c HTTP/1.1\r\nHost: Studio.LAN:4800\r\nX-Label: %C3%A9\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Label: smuggled\r\n\r\nGET /next";
  for (size_t step = 1; step < bytes.size() + 1; ++step) {
    const Read read = Parse(bytes, step);
    ASSERT_EQ(read.fault, 0) << step;
    ASSERT_TRUE(read.done);
    ASSERT_EQ(read.body, "hello world");
    ASSERT_EQ(read.request.method, "POST");
    ASSERT_EQ(read.request.target, "/a?b=c");
    ASSERT_EQ(read.request.host, "studio.lan");
    ASSERT_EQ(read.request.headers.Get("x-label"), "%C3%A9");
    ASSERT_EQ(read.request.headers.Count("x-label"), 1u) << "a trailer is no header";
  }
  EXPECT_EQ(Parse(bytes).left, "GET /next");
}

TEST(RequestParser, WhatTwoServersCouldReadDifferentlyIsRefused) {
  const auto fault = [](const std::string& headers, const std::string& first = "GET / HTTP/1.1") {
    return Parse(first + "\r\n" + headers + "\r\n").fault;
  };
  EXPECT_EQ(fault("Host: a\r\n"), 0);
  EXPECT_EQ(fault("Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nContent-Length: 3, 3\r\nContent-Length: 4\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nContent-Length: +3\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nContent-Length : 3\r\n"), 400);
  EXPECT_EQ(fault("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n"), 501);
  EXPECT_EQ(fault("Host: a\r\nTransfer-Encoding: chunked\r\n", "GET / HTTP/1.0"), 400);
  EXPECT_EQ(fault("Host: a\r\nHost: b\r\n"), 400);
  EXPECT_EQ(fault("Host: a/b\r\n"), 400);
  EXPECT_EQ(fault("Host: a@b\r\n"), 400);
  EXPECT_EQ(fault("A: b\r\n"), 400) << "no Host";
  EXPECT_EQ(fault("A: b\r\n", "GET / HTTP/1.0"), 0);
  EXPECT_EQ(fault("Host: a\r\n", "GET / HTTP/2.0"), 505);
  EXPECT_EQ(fault("Host: a\r\nExpect: miracles\r\n"), 417);
  EXPECT_EQ(fault("Host: a\r\nX: y\nZ: w\r\n"), 400) << "a line break without its other half";
  EXPECT_EQ(fault("Host: a\r\n", "\x16\x03\x01 TLS HTTP/1.1"), 400);
}

TEST(RequestParser, LimitsHold) {
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 1000).fault, 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  EXPECT_EQ(Parse(many + "\r\n").fault, 431);
  EXPECT_EQ(Parse("GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n").fault, 414);
  EXPECT_EQ(
      Parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(1024, 'x')).fault,
      413);
  EXPECT_EQ(
      Parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'x'), 5000)
          .fault,
      400)
      << "a chunk's header without an end";
}

TEST(RequestParser, TheTargetsHostWins) {
  const Read read = Parse("GET http://b.lan:80/x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(read.request.host, "b.lan");
  EXPECT_EQ(read.request.target, "/x");
}

TEST(RequestParser, KeepsAliveAsTheVersionSays) {
  EXPECT_TRUE(Parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(Parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

}  // namespace
}  // namespace thimble::http::internal
