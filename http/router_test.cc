#include "http/router.h"

#include <gtest/gtest.h>

namespace thimble::http {
namespace {

Handler Say(const char* word) {
  return [word](Request& request) {
    std::string text = word;
    for (const auto& [name, value] : request.parameters) text.append(" ").append(name).append("=").append(value);
    return Response::Text(200, text);
  };
}

Request Asked(const std::string& method, const std::string& target, Headers headers = {}) {
  Request request;
  request.method = method;
  request.target = target;
  request.headers = std::move(headers);
  return request;
}

class RouterTest : public ::testing::Test {
 protected:
  std::string Body(const std::string& method, const std::string& target) {
    return router_.Answer(Asked(method, target)).body;
  }
  int Status(const std::string& method, const std::string& target) {
    return router_.Answer(Asked(method, target)).status;
  }
  Router router_{{{"GET", "/", Say("root")},
                  {"GET", "/api/projects", Say("projects")},
                  {"GET", "/api/{project}", Say("project")},
                  {"GET", "/api/{project}/device/{id}", Say("device")},
                  {"POST", "/api/projects/device/{id}", Say("literal")},
                  {"GET", "/files/{path...}", Say("file")},
                  {"PUT", "/files/index", Say("put")}}};
};

TEST_F(RouterTest, LiteralsGoBeforeParametersAndBacktrack) {
  EXPECT_EQ(Body("GET", "/"), "root");
  EXPECT_EQ(Body("GET", "/api/projects"), "projects");
  EXPECT_EQ(Body("GET", "/api/7?x=1"), "project project=7");
  EXPECT_EQ(Body("GET", "/api/projects/device/1"), "device project=projects id=1") << "the literal has only POST";
  EXPECT_EQ(Body("POST", "/api/projects/device/1"), "literal id=1");
  EXPECT_EQ(Body("GET", "/files/index"), "file path=index");
}

TEST_F(RouterTest, ParametersAreDecodedAfterTheCutAtSlashes) {
  EXPECT_EQ(Body("GET", "/api/1/device/a%2Fb%20%C3%A9"), "device project=1 id=a/b \xC3\xA9");
  EXPECT_EQ(Body("GET", "/files/a/b/c.js"), "file path=a/b/c.js");
}

TEST_F(RouterTest, WhatIsNotThereIs404AndTheWrongMethod405WithWhatIsAllowed) {
  for (const char* path : {"/nothing", "/api", "/api/", "/api/1/device", "/api/1/device/", "/api/1/device/2/3", "//"}) {
    EXPECT_EQ(Status("GET", path), 404) << path;
  }
  const Response response = router_.Answer(Asked("DELETE", "/api/1"));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.Get("Allow"), "OPTIONS, GET, HEAD");
  EXPECT_EQ(Status("HEAD", "/api/1"), 200);
  EXPECT_EQ(Status("OPTIONS", "/api/1"), 204);
}

TEST_F(RouterTest, PathsThatTryToClimbAreRefused) {
  for (const char* path : {"/files/../x", "/files/%2e%2e/x", "/files/.", "/files/%", "/files/%00", "/api/1?x=%", "x"}) {
    EXPECT_EQ(Status("GET", path), 400) << path;
  }
}

TEST(RouterOfMany, TheGuardComesBeforeTheHandlerAndTellsWhoItIs) {
  Router router({{"GET", "/who",
                  [](Request& request) { return Response::Text(200, std::any_cast<std::string>(request.identity)); }}},
                {.cors = {}, .guard = [](Request& request) -> std::optional<Response> {
                   if (request.headers.Get("x-api-key").empty()) return Response::Problem(401, "no key");
                   request.identity = std::string("ann");
                   return std::nullopt;
                 }});
  EXPECT_EQ(router.Answer(Asked("GET", "/who")).status, 401);
  EXPECT_EQ(router.Answer(Asked("GET", "/who", {{"X-API-Key", "k"}})).body, "ann");
}

TEST(RouterOfMany, OnlyNamedOriginsMayAsk) {
  Router router({{"POST", "/data", Say("x")}},
                {.cors = {.origins = {"https://phone.lan"}, .credentials = true}, .guard = {}});
  const Response preflight = router.Answer(Asked("OPTIONS", "/data",
                                                 {{"Origin", "https://phone.lan"},
                                                  {"Access-Control-Request-Method", "POST"},
                                                  {"Access-Control-Request-Headers", "x-api-key, x-label"}}));
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.Get("Access-Control-Allow-Origin"), "https://phone.lan");
  EXPECT_EQ(preflight.headers.Get("Access-Control-Allow-Headers"), "x-api-key, x-label");
  EXPECT_NE(preflight.headers.Get("Access-Control-Allow-Methods").find("POST"), std::string_view::npos);
  EXPECT_EQ(preflight.headers.Get("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(preflight.headers.Get("Vary"), "Origin");
  const Response stranger = router.Answer(Asked("POST", "/data", {{"Origin", "https://evil.example"}}));
  EXPECT_EQ(stranger.headers.Count("Access-Control-Allow-Origin"), 0u);
}

}  // namespace
}  // namespace thimble::http
