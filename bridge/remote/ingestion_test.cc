#include "bridge/remote/ingestion.h"

#include <gtest/gtest.h>

#include <map>

namespace thimble::bridge {
namespace {

using Kind = UploadAnswer::Kind;

const Endpoint kServer = {true, "ingestion.edgeimpulse.com", 443, "/"};

Shipment Wave(const std::string& path = "/api/training/data", bool tried = false) {
  return {path, "\xc3\xa9 1", "application/cbor", "", "body", tried};
}

std::map<std::string, std::string> HeadersOf(const HttpRequest& request) {
  return {request.headers.begin(), request.headers.end()};
}

Kind KindOf(int status, const std::string& body, const Shipment& shipment = Wave()) {
  return ReadUploadAnswer(HttpReply{status, body}, shipment).kind;
}

TEST(Ingestion, HeadersAreThoseThatTheServiceKnows) {
  const HttpRequest request = UploadRequest(Wave(), kServer, "ei_key");
  EXPECT_EQ(request.target, "/api/training/data");
  EXPECT_EQ(request.body, "body");
  EXPECT_EQ(HeadersOf(request), (std::map<std::string, std::string>{{"x-api-key", "ei_key"},
                                                                    {"x-file-name", "%C3%A9%201"},
                                                                    {"x-label", "%C3%A9%201"},
                                                                    {"Content-Type", "application/cbor"}}));
}

TEST(Ingestion, ASecondTryAsksForNoDuplicates) {
  EXPECT_EQ(HeadersOf(UploadRequest(Wave("/a", true), kServer, "k")).at("x-disallow-duplicates"), "1");
  EXPECT_EQ(KindOf(200, R"({"success":false,"error":"Duplicate: this file is in the set"})", Wave("/a", true)),
            Kind::kStored);
  EXPECT_EQ(KindOf(200, R"({"success":false,"error":"Duplicate: this file is in the set"})"), Kind::kRefused);
}

TEST(Ingestion, PathsToFilesGetAForm) {
  const HttpRequest request = UploadRequest(Wave("/api/testing/files"), kServer, "k");
  const std::string type = HeadersOf(request).at("Content-Type");
  ASSERT_TRUE(type.starts_with("multipart/form-data; boundary="));
  const std::string boundary = type.substr(type.find('=') + 1);
  EXPECT_EQ(request.body, "--" + boundary +
                              "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"%C3%A9%201.cbor\"\r\n"
                              "Content-Type: application/cbor\r\n\r\nbody\r\n--" +
                              boundary + "--\r\n");
}

TEST(Ingestion, ConfirmationsAreToldFromOtherAnswers) {
  EXPECT_EQ(KindOf(200, "wave.1abc.cbor"), Kind::kStored);
  EXPECT_EQ(KindOf(200, ""), Kind::kStored);
  const auto stored = ReadUploadAnswer(
      HttpReply{200, R"({"success":true,"files":[{"success":true,"fileName":"wave.1","projectId":1,"sampleId":42}]})"},
      Wave("/api/training/files"));
  EXPECT_EQ(stored.kind, Kind::kStored);
  EXPECT_EQ(stored.sample_id, "42");
  EXPECT_EQ(KindOf(200, R"({"success":true,"files":[{"success":false,"error":"no"}]})"), Kind::kRefused);
  EXPECT_EQ(KindOf(200, "<html>Welcome to the hotel's network</html>"), Kind::kLater);
  EXPECT_EQ(KindOf(200, "stored", Wave("/api/training/files")), Kind::kLater) << "no JSON";
  EXPECT_EQ(KindOf(200, "{broken"), Kind::kLater);
  EXPECT_EQ(KindOf(200, std::string(100'000, '{')), Kind::kLater);
}

TEST(Ingestion, CodesDecideWhoIsToBlame) {
  EXPECT_EQ(KindOf(400, "invalid"), Kind::kRefused);
  EXPECT_EQ(KindOf(421, "x-file-name"), Kind::kRefused);
  EXPECT_EQ(KindOf(413, ""), Kind::kRefused);
  EXPECT_EQ(KindOf(401, "Invalid API key"), Kind::kKeyRefused);
  EXPECT_EQ(KindOf(403, ""), Kind::kKeyRefused);
  for (const int passing : {408, 425, 429, 500, 502, 503, 504, 301, 302}) EXPECT_EQ(KindOf(passing, ""), Kind::kLater);
  EXPECT_EQ(ReadUploadAnswer(Error{Status::kDeviceFailed, "away"}, Wave()).kind, Kind::kLater);
}

TEST(Ingestion, TheServersWordsComeOnOneLine) {
  EXPECT_EQ(ReadUploadAnswer(HttpReply{400, "{\"success\":false,\"error\":\"no\\nlabel\\u001b[31m\"}"}, Wave()).words,
            "HTTP 400: no label [31m");
  EXPECT_LT(ReadUploadAnswer(HttpReply{400, std::string(5000, 'a')}, Wave()).words.size(), 400u);
}

}  // namespace
}  // namespace thimble::bridge
