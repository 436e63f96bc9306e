// For tests: the whole server on free ports, and a client that asks it.
#ifndef THIMBLE_STUDIO_SERVER_TEST_SERVER_H_
#define THIMBLE_STUDIO_SERVER_TEST_SERVER_H_

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"
#include "studio/server/application.h"
#include "studio/server/server.h"
#include "studio/store/test_database.h"

namespace thimble::studio {

class StudioServerTest : public ::testing::Test {
 protected:
  using json = nlohmann::json;
  using Fields = std::vector<std::pair<std::string, std::string>>;

  ServeOptions Options() const {
    ServeOptions options;
    options.folder = folder_.path() / "data";
    options.database = StoreIn(options.folder).database;
    options.studio_port = options.remote_port = options.ingestion_port = options.tls_port = 0;
    options.password_cost = PasswordCost::Least();
    options.fault = [](const std::string& words) { ADD_FAILURE() << words; };
    return options;
  }

  void Start(const ServeOptions& options) {
    auto started = StartServer(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = *std::move(started);
  }
  void Start() { Start(Options()); }

  static Status WhyNot(const ServeOptions& options) {
    const auto started = StartServer(options);
    EXPECT_FALSE(started.ok());
    if (started.ok()) return Status::kOk;
    EXPECT_GT(started.error().message.size(), 30U) << "a sentence: " << started.error().message;
    return started.error().status;
  }

  http::HttpReply Ask(const std::string& method, const std::string& target, const std::string& body = {},
                      const Fields& headers = {}, int port = 0) {
    http::HttpRequest request;
    request.server = {false, "127.0.0.1", port == 0 ? server_->application().studio_port : port};
    request.method = method;
    request.target = target;
    request.body = body;
    request.headers = headers;
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? *reply : http::HttpReply{};
  }

  /// A session as its bearer token.
  json LogIn(const std::string& name, const std::string& password, int expected = 200) {
    const http::HttpReply reply = Ask("POST", "/api/v1/login", json{{"name", name}, {"password", password}}.dump());
    EXPECT_EQ(reply.status, expected) << reply.body;
    return json::parse(reply.body, nullptr, false);
  }
  static Fields Bearer(const json& session) {
    return {{"Authorization", "Bearer " + session["token"].get<std::string>()}};
  }

  TestFolder folder_;
  std::unique_ptr<StudioServer> server_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_TEST_SERVER_H_
