#include "http/multipart.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble::http {
namespace {

struct Seen {
  std::string name, file_name, type, bytes;
  bool ended = false;
  bool operator==(const Seen&) const = default;
};

PartEvents Into(std::vector<Seen>& seen) {
  return {.begin = [&](const Part& part) -> Outcome {
            seen.push_back({part.name, part.file_name.value_or("-"), part.content_type, "", false});
            return Nothing{};
          },
          .data = [&](std::string_view bytes) -> Outcome {
            seen.back().bytes += bytes;
            return Nothing{};
          },
          .end = [&]() -> Outcome {
            seen.back().ended = true;
            return Nothing{};
          }};
}

const std::string kBody =
    "a preamble\r\n--XY\r\n"
    "Content-Disposition: form-data; name=\"data\"; filename=\"a \\\"b\\\".json\"\r\nContent-Type: "
    "application/json\r\n\r\n"
    "{}\r\n-\r\n--X\r\n\r\n--XY  \r\n"
    "content-disposition: form-data; name=empty\r\n\r\n\r\n--XY\r\n"
    "Content-Disposition: form-data; name=\"data\"; filename=\"x;y\"\r\n\r\n\r\r\n\r\n--XY--\r\nan epilogue --XY";
const std::vector<Seen> kParts = {{"data", "a \"b\".json", "application/json", "{}\r\n-\r\n--X\r\n", true},
                                  {"empty", "-", "", "", true},
                                  {"data", "x;y", "", "\r\r\n", true}};

TEST(Multipart, TheSamePartsWhereverTheBytesAreCut) {
  for (size_t first = 0; first <= kBody.size(); ++first) {
    for (const size_t second : {first, first + 1, first + 7, kBody.size()}) {
      std::vector<Seen> seen;
      MultipartParser parser("XY", Into(seen));
      const std::string_view body = kBody;
      const size_t end = std::max(first, std::min(second, body.size()));
      ASSERT_TRUE(parser.Feed(body.substr(0, first)).ok());
      ASSERT_TRUE(parser.Feed(body.substr(first, end - first)).ok());
      ASSERT_TRUE(parser.Feed(body.substr(end)).ok());
      ASSERT_TRUE(parser.Finish().ok());
      ASSERT_EQ(seen, kParts) << "cut at " << first << " and " << end;
    }
  }
}

TEST(Multipart, ByteByByteAndWithoutAPreamble) {
  const std::string body = kBody.substr(kBody.find("--XY"));
  std::vector<Seen> seen;
  MultipartParser parser("XY", Into(seen));
  for (const char& c : body) ASSERT_TRUE(parser.Feed({&c, 1}).ok());
  ASSERT_TRUE(parser.Finish().ok());
  EXPECT_EQ(seen, kParts);
}

RC_GTEST_PROP(Multipart, AnyBytesComeThrough, (const std::string& bytes)) {
  RC_PRE(bytes.find("--boundary") == std::string::npos);
  std::vector<Seen> seen;
  MultipartParser parser("boundary", Into(seen));
  RC_ASSERT(
      parser.Feed("--boundary\r\nContent-Disposition: form-data; name=a\r\n\r\n" + bytes + "\r\n--boundary--").ok());
  RC_ASSERT(parser.Finish().ok());
  RC_ASSERT(seen.size() == 1u);
  RC_ASSERT(seen[0].bytes == bytes);
}

TEST(Multipart, WhatIsCutOffOrTooMuchIsASentence) {
  std::vector<Seen> seen;
  const auto fault = [&](const std::string& body, MultipartParser::Limits limits = {}) -> std::string {
    MultipartParser parser("XY", Into(seen), limits);
    if (const Outcome fed = parser.Feed(body); !fed.ok()) return fed.error().message;
    const Outcome finished = parser.Finish();
    return finished.ok() ? "" : finished.error().message;
  };
  const std::string part = "--XY\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
  EXPECT_EQ(fault(part + "--XY--"), "");
  EXPECT_NE(fault(part).find("ends before the last boundary"), std::string::npos);
  EXPECT_NE(fault(""), "");
  EXPECT_NE(fault(part + part + part + "--XY--", {.most_parts = 2}).find("more than 2 parts"), std::string::npos);
  EXPECT_NE(fault("--XY\r\nA: " + std::string(9000, 'x')).find("more than 8192 bytes"), std::string::npos);
  EXPECT_NE(fault("--XY\r\nno colon\r\n\r\n").find("no colon"), std::string::npos);
  EXPECT_NE(fault("--XY\r\nA: b\r\n\r\n").find("which field"), std::string::npos);
  EXPECT_NE(fault("--XYZ\r\n").find("line break"), std::string::npos);
}

TEST(Multipart, LimitsAreTheSameWhereverTheBytesAreCut) {
  const auto takes = [](const std::string& body, size_t step) {
    std::vector<Seen> seen;
    MultipartParser parser("XY", Into(seen), {.most_header_bytes = 100});
    for (size_t at = 0; at < body.size(); at += step) {
      if (!parser.Feed(std::string_view(body).substr(at, step)).ok()) return false;
    }
    return parser.Finish().ok();
  };
  const std::string field = "\r\nContent-Disposition: form-data; name=";
  const std::string rest = "\r\n\r\nx\r\n--XY--";
  for (size_t bytes = 95; bytes < 106; ++bytes) {
    const std::string padded = "--XY" + std::string(bytes, ' ') + field + "a" + rest;
    const std::string headed = "--XY" + field + std::string(bytes - field.size(), 'a') + rest;
    for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{1000}}) {
      EXPECT_EQ(takes(padded, step), bytes <= 100) << bytes << " spaces, cut after " << step;
      EXPECT_EQ(takes(headed, step), bytes <= 100) << bytes << " bytes of headers, cut after " << step;
    }
  }
}

TEST(Multipart, WhatASinkRefusesStopsIt) {
  std::vector<Seen> seen;
  PartEvents events = Into(seen);
  events.data = [](std::string_view) -> Outcome { return {Status::kOutOfMemory, "the disk is full"}; };
  MultipartParser parser("XY", events);
  EXPECT_EQ(parser.Feed(kBody).error().message, "the disk is full");
  EXPECT_EQ(parser.Feed("more").error().message, "the disk is full");
  EXPECT_EQ(parser.Finish().error().status, Status::kOutOfMemory);
}

TEST(Multipart, TheBoundaryIsInTheContentType) {
  EXPECT_EQ(MultipartBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(MultipartBoundary("Multipart/Form-Data; charset=x; Boundary=\"a b\""), "a b");
  for (const char* wrong :
       {"multipart/mixed; boundary=a", "multipart/form-data", "multipart/form-data; boundary=", "application/json"}) {
    EXPECT_FALSE(MultipartBoundary(wrong)) << wrong;
  }
  EXPECT_FALSE(MultipartBoundary("multipart/form-data; boundary=" + std::string(71, 'a')));
}

}  // namespace
}  // namespace thimble::http
