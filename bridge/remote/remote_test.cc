// The real connections: WebSocket and HTTP, plain and TLS, against a studio in this process that behaves and
// misbehaves.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "bridge/remote/ingestion.h"
#include "bridge/remote/manager.h"
#include "bridge/remote/test_peer.h"
#include "http/client.h"
#include "http/websocket_client.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;
using http::Ask;
using http::OpenWebSocket;
using http::WebSocketOptions;
using Json = nlohmann::json;
using Kind = SocketEvent::Kind;

class RemoteTest : public ::testing::Test {
 protected:
  RemoteTest() {
    std::string name = (fs::temp_directory_path() / "thimble_remote_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "ca.pem") << certificate_.certificate_pem;
  }
  ~RemoteTest() override { fs::remove_all(folder_); }

  static void Echo(PeerSocket& socket) {
    std::string bytes;
    bool binary = false;
    while (socket.read(bytes, binary)) socket.write(bytes, binary);
  }
  static PeerReply Store(const PeerPost&) { return {}; }

  WebSocketOptions SocketTo(const TestPeer& peer, bool tls = false) const {
    WebSocketOptions options;
    options.server = {tls, "localhost", peer.management_port(), "/"};
    if (tls) options.ca_files = {(folder_ / "ca.pem").string()};
    options.connect_timeout_ms = 2'000;
    options.most_message_bytes = kMostMessageBytes;
    return options;
  }
  HttpRequest PostTo(const TestPeer& peer, bool tls = false) const {
    HttpRequest request;
    request.server = {tls, "localhost", peer.ingestion_port(), "/"};
    request.target = "/api/training/data";
    request.headers = {{"x-api-key", "ei_key"}};
    request.body = std::string("a\0b", 3);
    if (tls) request.ca_files = {(folder_ / "ca.pem").string()};
    request.connect_timeout_ms = 2'000;
    request.answer_timeout_ms = 2'000;
    return request;
  }
  /// The next event that is one, within five seconds.
  static SocketEvent Next(MessageSocket& socket) {
    for (int i = 0; i < 50; ++i) {
      SocketEvent event = socket.Next(100);
      if (event.kind != Kind::kNothing) return event;
    }
    return {};
  }

  TestCertificate certificate_{"localhost"};
  fs::path folder_;
};

TEST_F(RemoteTest, MessagesGoBothWaysPlainAndByTls) {
  for (const bool tls : {false, true}) {
    TestPeer peer(Echo, Store, tls ? &certificate_ : nullptr);
    const auto socket = OpenWebSocket(SocketTo(peer, tls));
    const SocketEvent opened = Next(*socket);
    ASSERT_EQ(opened.kind, Kind::kOpened) << opened.error.message;
    socket->Send(std::string("\x00\xff", 2), true);
    socket->Send("text", false);
    SocketEvent event = Next(*socket);
    EXPECT_EQ(event.bytes, std::string("\x00\xff", 2));
    EXPECT_TRUE(event.binary);
    event = Next(*socket);
    EXPECT_EQ(event.bytes, "text");
    EXPECT_FALSE(event.binary);
  }
}

TEST_F(RemoteTest, WhatWasSentLastArrivesBeforeTheGoodbye) {
  std::atomic<int> arrived = 0;
  TestPeer peer(
      [&](PeerSocket& socket) {
        std::string bytes;
        bool binary = false;
        while (socket.read(bytes, binary)) ++arrived;
      },
      Store);
  {
    const auto socket = OpenWebSocket(SocketTo(peer));
    ASSERT_EQ(Next(*socket).kind, Kind::kOpened);
    for (int i = 0; i < 20; ++i) socket->Send("x", true);
  }
  for (int i = 0; i < 50 && arrived < 20; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(arrived, 20);
}

TEST_F(RemoteTest, AServerThatClosesSaysWhy) {
  TestPeer peer([](PeerSocket& socket) { socket.close(); }, Store);
  const auto socket = OpenWebSocket(SocketTo(peer));
  ASSERT_EQ(Next(*socket).kind, Kind::kOpened);
  const SocketEvent event = Next(*socket);
  ASSERT_EQ(event.kind, Kind::kClosed);
  EXPECT_NE(event.error.message.find("closed the connection (1008): enough"), std::string::npos) << event.error.message;
}

TEST_F(RemoteTest, AServerThatBreaksOffIsASentence) {
  TestPeer peer([](PeerSocket&) {}, Store);
  const auto socket = OpenWebSocket(SocketTo(peer));
  ASSERT_EQ(Next(*socket).kind, Kind::kOpened);
  EXPECT_EQ(Next(*socket).kind, Kind::kClosed);
}

TEST_F(RemoteTest, TooLongAMessageEndsTheConnection) {
  TestPeer peer(
      [](PeerSocket& socket) {
        socket.write(std::string(kMostMessageBytes + 1, 'x'), true);
        Echo(socket);
      },
      Store);
  const auto socket = OpenWebSocket(SocketTo(peer));
  ASSERT_EQ(Next(*socket).kind, Kind::kOpened);
  const SocketEvent event = Next(*socket);
  ASSERT_EQ(event.kind, Kind::kClosed);
  EXPECT_NE(event.error.message.find("more than 65536 bytes"), std::string::npos) << event.error.message;
}

TEST_F(RemoteTest, ASilentServerIsNoticedByPings) {
  // It accepts and then neither reads nor answers.
  TestPeer peer([](PeerSocket&) { std::this_thread::sleep_for(std::chrono::seconds(2)); }, Store);
  WebSocketOptions options = SocketTo(peer);
  options.ping_every_ms = 100;
  options.pong_within_ms = 200;
  const auto socket = OpenWebSocket(options);
  ASSERT_EQ(Next(*socket).kind, Kind::kOpened);
  const SocketEvent event = Next(*socket);
  ASSERT_EQ(event.kind, Kind::kClosed);
  EXPECT_NE(event.error.message.find("silent"), std::string::npos) << event.error.message;
}

TEST_F(RemoteTest, PongsKeepAConnection) {
  TestPeer peer(Echo, Store);
  WebSocketOptions options = SocketTo(peer);
  options.ping_every_ms = 50;
  options.pong_within_ms = 1'000;
  const auto socket = OpenWebSocket(options);
  ASSERT_EQ(Next(*socket).kind, Kind::kOpened);
  EXPECT_EQ(socket->Next(1'500).kind, Kind::kNothing);
}

TEST_F(RemoteTest, AServerThatNeverAnswersTimesOut) {
  const MutePeer mute;
  const int port = mute.port();
  for (const bool tls : {false, true}) {
    WebSocketOptions options;
    options.server = {tls, "127.0.0.1", port, "/"};
    options.connect_timeout_ms = 200;
    const auto socket = OpenWebSocket(options);
    const SocketEvent event = Next(*socket);
    ASSERT_EQ(event.kind, Kind::kClosed);
    EXPECT_NE(event.error.message.find("no answer in time"), std::string::npos) << event.error.message;
    HttpRequest request;
    request.server = options.server;
    request.connect_timeout_ms = request.answer_timeout_ms = 200;
    const auto reply = Ask(request);
    ASSERT_FALSE(reply.ok());
    EXPECT_NE(reply.error().message.find("no answer in time"), std::string::npos) << reply.error().message;
  }
}

TEST_F(RemoteTest, NobodyThereAndNoSuchNameAreSentences) {
  int port = 0;
  {
    const MutePeer gone;
    port = gone.port();
  }
  WebSocketOptions options;
  options.server = {false, "localhost", port, "/"};
  SocketEvent event = Next(*OpenWebSocket(options));
  EXPECT_NE(event.error.message.find("is the studio running there?"), std::string::npos) << event.error.message;
  options.server.host = "no-such-name.invalid";
  options.connect_timeout_ms = 3'000;
  event = Next(*OpenWebSocket(options));
  EXPECT_EQ(event.kind, Kind::kClosed);
  EXPECT_TRUE(event.error.message.starts_with("no-such-name.invalid: ")) << event.error.message;
}

TEST_F(RemoteTest, ACertificateThatIsNotTrustedIsRefused) {
  TestPeer peer(Echo, Store, &certificate_);
  WebSocketOptions options = SocketTo(peer, true);
  options.ca_files.clear();
  const SocketEvent event = Next(*OpenWebSocket(options));
  ASSERT_EQ(event.kind, Kind::kClosed);
  EXPECT_EQ(event.error.status, Status::kVerificationFailed);
  EXPECT_NE(event.error.message.find("--ca"), std::string::npos) << event.error.message;
  HttpRequest request = PostTo(peer, true);
  request.ca_files.clear();
  EXPECT_EQ(Ask(request).error().status, Status::kVerificationFailed);
  request.ca_files = {(folder_ / "none.pem").string()};
  EXPECT_EQ(Ask(request).error().status, Status::kInvalidArgument);
}

TEST_F(RemoteTest, ACertificateForAnotherNameIsRefused) {
  const TestCertificate other("studio.example");
  std::ofstream(folder_ / "ca.pem") << other.certificate_pem;
  std::atomic<int> posts = 0;
  TestPeer peer(
      Echo, [&](const PeerPost&) { return ++posts, PeerReply(); }, &other);
  EXPECT_EQ(Next(*OpenWebSocket(SocketTo(peer, true))).error.status, Status::kVerificationFailed);
  EXPECT_EQ(Ask(PostTo(peer, true)).error().status, Status::kVerificationFailed);
  EXPECT_EQ(posts, 0) << "no key goes to a stranger";
}

TEST_F(RemoteTest, PlainHttpWhereAWebSocketShouldBeIsASentence) {
  TestPeer peer(Echo, [](const PeerPost&) { return PeerReply{401, "no key"}; });
  WebSocketOptions options = SocketTo(peer);
  options.server.port = peer.ingestion_port();
  const SocketEvent event = Next(*OpenWebSocket(options));
  ASSERT_EQ(event.kind, Kind::kClosed);
  EXPECT_TRUE(event.refused);
  EXPECT_NE(event.error.message.find("401"), std::string::npos) << event.error.message;
}

TEST_F(RemoteTest, PostsArriveWholeAndAnswersComeBack) {
  for (const bool tls : {false, true}) {
    PeerPost seen;
    TestPeer peer(
        Echo,
        [&](const PeerPost& post) {
          seen = post;
          return PeerReply{400, "not today"};
        },
        tls ? &certificate_ : nullptr);
    HttpRequest request = PostTo(peer, tls);
    request.body = std::string(3'000'000, '\x81');
    const auto reply = Ask(request);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->status, 400);
    EXPECT_EQ(reply->body, "not today");
    EXPECT_EQ(seen.target, "/api/training/data");
    EXPECT_EQ(seen.headers["x-api-key"], "ei_key");
    EXPECT_EQ(seen.body, request.body);
  }
}

TEST_F(RemoteTest, PostsThatAreNotAnsweredEnd) {
  std::atomic<int> posts = 0;
  TestPeer peer(Echo, [&](const PeerPost&) {
    PeerReply reply;
    (posts++ == 0 ? reply.close : reply.never) = true;
    return reply;
  });
  HttpRequest request = PostTo(peer);
  request.answer_timeout_ms = 300;
  EXPECT_NE(Ask(request).error().message.find("without an answer"), std::string::npos);
  EXPECT_NE(Ask(request).error().message.find("no answer in time"), std::string::npos);
  std::atomic<bool> cancelled = false;
  request.cancelled = &cancelled;
  request.answer_timeout_ms = 60'000;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancelled = true;
  });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask(request).error().status, Status::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  stopper.join();
}

TEST_F(RemoteTest, FourGesturesByRemoteTriggerArriveSignedAndExact) {
  for (const Encoding encoding : {Encoding::kCbor, Encoding::kJson}) {
    const auto write = [&](const Json& json) {
      if (encoding == Encoding::kJson) return json.dump();
      std::string bytes;
      Json::to_cbor(json, bytes);
      return bytes;
    };
    const std::vector<std::string> labels = {"idle", "wave", "updown", "\xc3\xa9 1"};
    std::mutex mutex;
    std::vector<PeerPost> posts;
    Json hello;
    TestPeer peer(
        [&](PeerSocket& socket) {
          std::string bytes;
          bool binary = false;
          if (!socket.read(bytes, binary)) return;
          hello = binary ? Json::from_cbor(bytes) : Json::parse(bytes);
          socket.write(write({{"hello", true}, {"serverTimestamp", 1}}), binary);
          for (const std::string& label : labels) {
            socket.write(write({{"sample",
                                 {{"label", label},
                                  {"length", 100},
                                  {"interval", 10},
                                  {"path", "/api/training/data"},
                                  {"hmacKey", "k"},
                                  {"labelColor", "#fff"}}}}),
                         binary);
            Json json;
            do {
              if (!socket.read(bytes, binary)) return;
              json = binary ? Json::from_cbor(bytes) : Json::parse(bytes);
            } while (!json.contains("sampleFinished"));
          }
          while (socket.read(bytes, binary)) {
          }
        },
        [&](const PeerPost& post) {
          const std::lock_guard lock(mutex);
          posts.push_back(post);
          return PeerReply{posts.size() == 2 ? 503 : 200, "stored"};  // one hiccup
        },
        &certificate_);
    std::vector<std::string> notices;
    auto spool = *Spool::Open(folder_ / ("spool" + std::to_string(static_cast<int>(encoding))), notices);
    ManagerOptions options;
    options.hello.api_key = "ei_key";
    options.hello.device_id = "kit";
    options.hello.device_type = "MXChip";
    options.hello.sensors = {{"Built-in accelerometers", 300, {100}}};
    options.encoding = options.upload_encoding = encoding;
    options.hmac_key = "0123456789abcdef";
    options.first_wait_ms = 20;
    options.stop_after = labels.size();
    ManagerWorld world;
    const auto now = [] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count();
    };
    world.now_ms = now;
    world.unix_s = [] { return int64_t{1700000000}; };
    world.chance = [] { return 0.5; };
    world.open = [&] { return OpenWebSocket(SocketTo(peer, true)); };
    world.upload = [&](Shipment shipment) {
      return std::async(std::launch::async, [&, shipment] {
        HttpRequest request = UploadRequest(shipment, PostTo(peer, true).server, "ei_key");
        request.ca_files = {(folder_ / "ca.pem").string()};
        return ReadUploadAnswer(Ask(request), shipment);
      });
    };
    std::vector<dataset::Recording> recorded;
    world.capture = [&](const CaptureRequest& request, const auto&) -> Expected<Captured> {
      Captured captured;
      captured.recording.axes = {{"accX", "m/s2"}, {"accY", "m/s2"}};
      captured.recording.interval_ms = 9.6;
      captured.recording.label = request.label;
      for (int i = 0; i < 20; ++i) captured.recording.values.push_back(0.1f * static_cast<float>(i + recorded.size()));
      recorded.push_back(captured.recording);
      return captured;
    };
    const int64_t deadline = now() + 30'000;
    std::atomic<bool> cancelled = false;
    world.cancelled = &cancelled;
    world.rest = [&](int ms) -> Outcome {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      if (now() > deadline) cancelled = true;
      return Nothing{};
    };
    std::string said;
    world.tell = [&](const BridgeEvent& event) { said += event.text + "\n"; };
    const Outcome outcome = Manager(options, world, *spool).Run();
    ASSERT_TRUE(outcome.ok()) << outcome.error().message << "\n" << said;

    EXPECT_EQ(hello["hello"]["apiKey"], "ei_key");
    EXPECT_EQ(said.find("ei_key"), std::string::npos);
    ASSERT_EQ(posts.size(), 5u);
    EXPECT_EQ(posts[1].body, posts[2].body) << "the second try of the second gesture";
    EXPECT_EQ(posts[2].headers.count("x-disallow-duplicates"), 1u);
    posts.erase(posts.begin() + 1);
    for (size_t i = 0; i < labels.size(); ++i) {
      EXPECT_EQ(posts[i].headers["x-label"], UriComponent(labels[i]));
      EXPECT_EQ(posts[i].headers["x-file-name"], UriComponent(labels[i]));
      EXPECT_EQ(posts[i].headers["x-api-key"], "ei_key");
      const Json json = encoding == Encoding::kCbor ? Json::from_cbor(posts[i].body) : Json::parse(posts[i].body);
      std::vector<float> values;
      for (const Json& row : json["payload"]["values"]) {
        for (const Json& value : row) values.push_back(value.get<float>());
      }
      EXPECT_EQ(values, recorded[i].values);
      std::string zeroed = posts[i].body;
      const auto signature = json["signature"].get<std::string>();
      zeroed.replace(zeroed.find(signature), 64, std::string(64, '0'));
      EXPECT_EQ(HmacSha256("0123456789abcdef", zeroed), signature);
    }
  }
}

}  // namespace
}  // namespace thimble::bridge
