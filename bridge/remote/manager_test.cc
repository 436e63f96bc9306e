#include "bridge/remote/manager.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Kind = BridgeEvent::Kind;

/// A studio that answers as a test says, on a clock that the test owns.
class ManagerTest : public ::testing::Test {
 protected:
  ManagerTest() {
    std::string name = (fs::temp_directory_path() / "thimble_manager_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::vector<std::string> notices;
    spool_ = *Spool::Open(folder_, notices);
    options_.hello.api_key = kKey;
    options_.hello.device_id = "kit";
    options_.hmac_key = "hmac-secret";
    options_.studio = "wss://studio/";
    options_.secrets = {kKey, "hmac-secret"};
    world_.now_ms = [this] { return now_ms_; };
    world_.unix_s = [] { return int64_t{1700000000}; };
    world_.chance = [] { return 1.0; };
    world_.open = [this]() -> std::unique_ptr<MessageSocket> {
      opened_at_.push_back(now_ms_);
      inbox_.clear();
      on_open_();
      return std::make_unique<Socket>(*this);
    };
    world_.upload = [this](Shipment shipment) {
      std::promise<UploadAnswer> promise;
      uploads_.push_back(shipment);
      promise.set_value(answer_upload_(shipment));
      return promise.get_future();
    };
    world_.capture = [this](const CaptureRequest& request, const auto& progress) {
      return capture_(request, progress);
    };
    world_.rest = [this](int ms) -> Outcome {
      now_ms_ += ms;
      if (now_ms_ > until_ms_) cancelled_ = true;
      if (on_rest_) on_rest_();
      return Nothing{};
    };
    world_.tell = [this](const BridgeEvent& event) {
      events_.push_back(event);
      said_ += std::string(KindName(event.kind)) + " " + event.label + " " + event.text + "\n";
    };
    world_.cancelled = &cancelled_;
  }
  ~ManagerTest() override {
    spool_.reset();
    fs::remove_all(folder_);
  }

  class Socket final : public MessageSocket {
   public:
    explicit Socket(ManagerTest& test) : test_(test) {}
    void Send(std::string bytes, bool binary) override {
      EXPECT_EQ(binary, test_.options_.encoding == Encoding::kCbor);
      const Json json = binary ? Json::from_cbor(bytes) : Json::parse(bytes);
      test_.sent_.push_back(json);
      if (test_.on_sent_) test_.on_sent_(json);
    }
    size_t waiting_bytes() const override { return test_.waiting_bytes_; }
    SocketEvent Next(int) override {
      if (test_.inbox_.empty()) return {};
      SocketEvent event = test_.inbox_.front();
      test_.inbox_.pop_front();
      return event;
    }

   private:
    ManagerTest& test_;
  };

  void Open() { inbox_.push_back({SocketEvent::Kind::kOpened, false, {}, {}, false}); }
  void Says(const Json& json) {
    std::string bytes;
    Json::to_cbor(json, bytes);
    inbox_.push_back({SocketEvent::Kind::kMessage, true, bytes, {}, false});
  }
  void Closes(const std::string& why, bool refused = false) {
    inbox_.push_back({SocketEvent::Kind::kClosed, false, {}, {Status::kDeviceFailed, why}, refused});
  }
  void Accepts() {
    Open();
    Says({{"hello", true}});
  }
  static Json Sample(const std::string& label) {
    return {{"sample",
             {{"label", label},
              {"length", 1000},
              {"interval", 10},
              {"path", "/api/training/data"},
              {"hmacKey", "server-key"}}}};
  }
  /// The keys of what was sent, without the hello's.
  std::string Steps() const {
    std::string steps;
    for (const Json& json : sent_) {
      if (json.contains("hello")) continue;
      if (json.contains("sample") && !json["sample"].get<bool>()) {
        steps += "FAILED ";
      } else {
        steps += json.begin().key() == "progressPercentage" ? "sampleReading " : json.begin().key() + " ";
      }
    }
    return steps;
  }
  Outcome Run(int64_t for_ms) {
    until_ms_ = now_ms_ + for_ms;
    cancelled_ = false;
    Manager manager(options_, world_, *spool_);
    return manager.Run();
  }
  static Captured Wave(const std::string& label) {
    Captured captured;
    captured.recording.label = label;
    captured.recording.axes = {{"accX", "m/s2"}, {"accY", "m/s2"}};
    captured.recording.interval_ms = 10;
    captured.recording.values = {1, 2, 3, 4};
    captured.measured_rate_hz = 100;
    return captured;
  }

  static constexpr const char* kKey = "ei_0123456789";
  fs::path folder_;
  std::unique_ptr<Spool> spool_;
  ManagerOptions options_;
  ManagerWorld world_;
  int64_t now_ms_ = 1000, until_ms_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::deque<SocketEvent> inbox_;
  size_t waiting_bytes_ = 0;
  std::vector<Json> sent_;
  std::vector<int64_t> opened_at_;
  std::vector<Shipment> uploads_;
  std::vector<BridgeEvent> events_;
  std::string said_;
  std::function<void()> on_open_ = [this] { Accepts(); };
  std::function<void(const Json&)> on_sent_;
  std::function<void()> on_rest_;
  std::function<UploadAnswer(const Shipment&)> answer_upload_ = [](const Shipment&) {
    return UploadAnswer{UploadAnswer::Kind::kStored, "wave.1", ""};
  };
  std::function<Expected<Captured>(const CaptureRequest&, const std::function<bool(const CaptureProgress&)>&)>
      capture_ = [this](const CaptureRequest& request,
                        const std::function<bool(const CaptureProgress&)>& progress) -> Expected<Captured> {
    for (int i = 0; i <= 10; ++i) {
      now_ms_ += 100;
      CaptureProgress now;
      now.fraction = i / 10.0;
      if (!progress(now)) return {Status::kCancelled, "stopped"};
    }
    return Wave(request.label);
  };
};

TEST_F(ManagerTest, ARecordingGoesThroughItsStepsAndFinishesOnlyWhenItIsStored) {
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  bool finished_before_upload = false;
  on_sent_ = [&](const Json& json) { finished_before_upload |= json.contains("sampleFinished") && uploads_.empty(); };
  options_.stop_after = 1;
  ASSERT_TRUE(Run(10'000).ok());
  EXPECT_FALSE(finished_before_upload);
  EXPECT_EQ(Steps(),
            "sample sampleStarted sampleReading sampleReading sampleReading sampleReading sampleReading sampleReading "
            "sampleReading sampleReading sampleReading sampleProcessing sampleUploading sampleFinished ");
  ASSERT_EQ(uploads_.size(), 1u);
  EXPECT_EQ(uploads_[0].path, "/api/training/data");
  EXPECT_EQ(uploads_[0].label, "wave");
  EXPECT_EQ(uploads_[0].content_type, "application/cbor");
  EXPECT_FALSE(uploads_[0].tried);
  EXPECT_EQ(spool_->size(), 0u);
}

TEST_F(ManagerTest, AGapIsStoredWithTheRecording) {
  capture_ = [](const CaptureRequest& request, const auto&) -> Expected<Captured> {
    Captured captured = Wave(request.label);
    captured.lost_readings = 3;
    captured.gaps = {{120, 3}};
    captured.notices = {"3 readings are missing"};
    return captured;
  };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  options_.stop_after = 1;
  ASSERT_TRUE(Run(10'000).ok());
  EXPECT_EQ(uploads_[0].metadata, R"({"lostReadings":"3","damagedLines":"0","gaps":"3 at 120 ms"})");
  EXPECT_NE(said_.find("3 readings are missing"), std::string::npos);
}

TEST_F(ManagerTest, ARefusedKeyEndsItWithWhatToDo) {
  on_open_ = [this] {
    Open();
    Says({{"hello", false}, {"err", "Invalid API key ei_0123456789"}});
  };
  const Outcome outcome = Run(600'000);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().status, Status::kVerificationFailed);
  EXPECT_EQ(
      outcome.error().message,
      "wss://studio/ refuses this device: Invalid API key [key]; check EI_APIKEY (Dashboard > Keys of the project) "
      "and EI_HOST");
  EXPECT_EQ(opened_at_.size(), 1u) << "no endless retry";
}

TEST_F(ManagerTest, AServerThatDoesNotEvenOpenForTheKeyEndsItAsWell) {
  on_open_ = [this] { Closes("studio:443: no remote management there, it answers 401 Unauthorized", true); };
  EXPECT_EQ(Run(600'000).error().status, Status::kVerificationFailed);
  EXPECT_EQ(opened_at_.size(), 1u);
}

TEST_F(ManagerTest, ReconnectingWaitsLongerEachTimeAndBeginsAnewAfterAGoodConnection) {
  on_open_ = [this] { Closes("refused"); };
  (void)Run(300'000);
  ASSERT_GE(opened_at_.size(), 9u);
  std::vector<int64_t> waits;
  for (size_t i = 1; i < 9; ++i) waits.push_back((opened_at_[i] - opened_at_[i - 1]) / 1000);
  EXPECT_EQ(waits, (std::vector<int64_t>{1, 2, 4, 8, 16, 32, 60, 60}));

  opened_at_.clear();
  on_open_ = [this] { opened_at_.size() == 4 ? Accepts() : Closes("refused"); };
  on_rest_ = [this] {
    if (opened_at_.size() == 4 && now_ms_ - opened_at_[3] == 40'000) Closes("gone");
  };
  (void)Run(100'000);
  ASSERT_GE(opened_at_.size(), 6u);
  EXPECT_EQ((opened_at_[4] - opened_at_[3]) / 1000, 41) << "one second after 40 good ones";
}

TEST_F(ManagerTest, WaitsAreSpreadByChance) {
  on_open_ = [this] { Closes("refused"); };
  world_.chance = [] { return 0.0; };
  (void)Run(3'000);
  ASSERT_GE(opened_at_.size(), 2u);
  EXPECT_NEAR(static_cast<double>(opened_at_[1] - opened_at_[0]), 500, 25);
}

TEST_F(ManagerTest, AServerThatNeverAnswersTheHelloIsTriedAgain) {
  on_open_ = [this] { Open(); };
  (void)Run(12'000);
  EXPECT_EQ(opened_at_.size(), 2u);
  EXPECT_NE(said_.find("does not answer the hello; next try in 1.0 s"), std::string::npos) << said_;
}

TEST_F(ManagerTest, NonsenseIsASentenceAndAnotherTry) {
  on_open_ = [this] {
    Open();
    inbox_.push_back({SocketEvent::Kind::kMessage, false, "Hello, I am a printer", {}, false});
  };
  (void)Run(500);
  EXPECT_NE(said_.find("it answers nonsense (a message of 21 bytes is not JSON); next try"), std::string::npos)
      << said_;
  said_.clear();
  on_open_ = [this] {
    Accepts();
    for (int i = 0; i < 10; ++i) inbox_.push_back({SocketEvent::Kind::kMessage, true, "\xff", {}, false});
  };
  (void)Run(500);
  EXPECT_NE(said_.find("it is passed over"), std::string::npos);
  EXPECT_NE(said_.find("nonsense"), std::string::npos);
}

TEST_F(ManagerTest, TwoBridgesOfOneNameAreSuspected) {
  on_open_ = [this] {
    Accepts();
    Closes("the server closed the connection");
  };
  (void)Run(20'000);
  EXPECT_NE(said_.find("does another bridge use kit?"), std::string::npos) << said_;
}

TEST_F(ManagerTest, WhileItRecordsItIsBusyAndWhileItUploadsTheNextOneWaits) {
  bool busy_sent = false;
  capture_ = [&](const CaptureRequest& request, const auto& progress) -> Expected<Captured> {
    if (request.label == "first" && !busy_sent) {
      busy_sent = true;
      Says(Sample("meanwhile"));
      progress({});
    }
    return Wave(request.label);
  };
  // As studios do that see the upload and ask for the next at once, before the bridge has the answer.
  answer_upload_ = [&](const Shipment& shipment) {
    if (shipment.label == "first") Says(Sample("second"));
    return UploadAnswer{UploadAnswer::Kind::kStored, "", ""};
  };
  on_open_ = [this] {
    Accepts();
    Says(Sample("first"));
  };
  options_.stop_after = 2;
  ASSERT_TRUE(Run(10'000).ok());
  EXPECT_EQ(Steps(),
            "sample sampleStarted FAILED sampleProcessing sampleUploading sampleFinished "
            "sample sampleStarted sampleProcessing sampleUploading sampleFinished ");
  EXPECT_EQ(uploads_[1].label, "second");
}

TEST_F(ManagerTest, WithTheServerAwayTheRecordingIsKeptAndTheStudioIsToldSo) {
  answer_upload_ = [](const Shipment&) { return UploadAnswer{UploadAnswer::Kind::kLater, "HTTP 503", ""}; };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  const Outcome outcome = Run(10'000);
  EXPECT_NE(Steps().find("sampleUploading FAILED"), std::string::npos) << Steps();
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("1 recording waits in "), std::string::npos) << outcome.error().message;
  EXPECT_NE(said_.find("kept wave HTTP 503"), std::string::npos);
  ASSERT_GE(uploads_.size(), 3u);
  EXPECT_TRUE(uploads_[1].tried) << "so that it is not stored twice";
  EXPECT_EQ(uploads_[1].body, uploads_[0].body) << "the same bytes, so that it can be known";

  // The next session sends it first, then its own.
  spool_.reset();
  std::vector<std::string> notices;
  spool_ = *Spool::Open(folder_, notices);
  uploads_.clear();
  answer_upload_ = [](const Shipment&) { return UploadAnswer{UploadAnswer::Kind::kStored, "", ""}; };
  on_open_ = [this] {
    Accepts();
    Says(Sample("later"));
  };
  options_.stop_after = 1;
  ASSERT_TRUE(Run(10'000).ok());
  ASSERT_EQ(uploads_.size(), 2u);
  EXPECT_EQ(uploads_[0].label, "wave");
  EXPECT_EQ(uploads_[1].label, "later");
}

TEST_F(ManagerTest, AnUploadThatIsNeverAnsweredIsToldAsKept) {
  std::promise<UploadAnswer> never;
  world_.upload = [&](Shipment) { return never.get_future(); };
  on_rest_ = [&] {
    if (cancelled_) never.set_value({UploadAnswer::Kind::kLater, "stopped", ""});
  };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  (void)Run(25'000);
  EXPECT_NE(said_.find("kept wave"), std::string::npos) << said_;
  EXPECT_EQ(spool_->size(), 1u);
}

TEST_F(ManagerTest, ARefusedRecordingIsSetAsideWithTheServersWords) {
  answer_upload_ = [](const Shipment&) {
    return UploadAnswer{UploadAnswer::Kind::kRefused, "HTTP 400: bad label, key ei_0123456789", ""};
  };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  (void)Run(5'000);
  EXPECT_EQ(uploads_.size(), 1u);
  EXPECT_TRUE(fs::exists(folder_ / "000000000001.refused"));
  EXPECT_NE(said_.find("HTTP 400: bad label, key [key]"), std::string::npos) << said_;
  EXPECT_EQ(sent_.back()["error"], "the ingestion service refuses the recording: HTTP 400: bad label, key [key]");
}

TEST_F(ManagerTest, AKeyThatTheIngestionServiceRefusesEndsItAndKeepsTheRecording) {
  answer_upload_ = [](const Shipment&) { return UploadAnswer{UploadAnswer::Kind::kKeyRefused, "HTTP 401", ""}; };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  const Outcome outcome = Run(60'000);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().status, Status::kVerificationFailed);
  EXPECT_NE(outcome.error().message.find("check EI_APIKEY"), std::string::npos);
  EXPECT_EQ(uploads_.size(), 1u);
  EXPECT_TRUE(fs::exists(folder_ / "000000000001.shipment"));
}

TEST_F(ManagerTest, AFailedRecordingIsToldToTheStudio) {
  capture_ = [](const CaptureRequest&, const auto&) -> Expected<Captured> {
    return {Status::kDeviceFailed, "/dev/ttyACM0: nothing comes"};
  };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  (void)Run(2'000);
  EXPECT_EQ(sent_.back()["error"], "/dev/ttyACM0: nothing comes");
  EXPECT_TRUE(uploads_.empty());
}

TEST_F(ManagerTest, AConnectionThatIsLostWhileItRecordsCostsNoRecording) {
  capture_ = [this](const CaptureRequest& request, const auto& progress) -> Expected<Captured> {
    Closes("gone");
    progress({});
    return Wave(request.label);
  };
  on_open_ = [this] {
    Accepts();
    if (opened_at_.size() == 1) Says(Sample("wave"));
  };
  options_.stop_after = 1;
  ASSERT_TRUE(Run(10'000).ok());
  EXPECT_EQ(uploads_.size(), 1u);
}

TEST_F(ManagerTest, NoKeyIsEverTold) {
  on_open_ = [this] {
    Accepts();
    Says(Sample("my server-key"));
    Says({{"ei_0123456789", 1}});
    Says({{"sample", 3}});
    Says({{"startSnapshot", true}});
  };
  options_.stop_after = 1;
  ASSERT_TRUE(Run(10'000).ok());
  for (const char* secret : {"ei_0123456789", "hmac-secret", "server-key"}) {
    EXPECT_EQ(said_.find(secret), std::string::npos) << said_;
  }
}

TEST_F(ManagerTest, ReadingsGoOutWhileSomebodyLooksAlsoDuringARecording) {
  StreamInfo info;
  info.axes = {"accX"};
  info.units = {"mg"};
  info.nominal_rate_hz = 100;
  std::vector<bool> switched;
  LiveSignal live([&](bool on) { switched.push_back(on); });
  world_.live = &live;
  options_.hello.live_stream = true;
  const auto hear = [&] {
    const float values[] = {1000};
    const RowTime times[] = {{.seconds = static_cast<double>(now_ms_) * 1e-3}};
    live.Hear(info, values, times);
  };
  on_rest_ = hear;
  capture_ = [&, capture = capture_](const CaptureRequest& request, const auto& progress) {
    return capture(request, [&](const CaptureProgress& now) {
      hear();
      return progress(now);
    });
  };
  on_open_ = [this] {
    Accepts();
    Says({{"live", {{"on", true}, {"sensor", "Camera"}}}});
    Says({{"live", {{"on", true}}}});
    Says(Sample("wave"));
  };
  on_sent_ = [this](const Json& json) {
    if (json.contains("sampleFinished")) Says({{"live", {{"on", false}}}});
  };
  (void)Run(3'000);
  EXPECT_EQ(sent_[0]["hello"]["liveStream"], true);
  EXPECT_EQ(sent_[1]["error"], "this device has no sensor 'Camera'");
  EXPECT_EQ(sent_[2], Json({{"liveStarted", true}}));
  bool recording = false, off = false;
  int64_t next = 0;
  int during = 0;
  for (const Json& json : sent_) {
    recording = recording || json.contains("sampleStarted");
    off = off || json.contains("liveStopped");
    if (json.contains("sampleProcessing")) recording = false;
    if (!json.contains("liveData")) continue;
    EXPECT_FALSE(off);
    EXPECT_EQ(json["liveData"]["first"], next);
    next += static_cast<int64_t>(json["liveData"]["values"].size());
    during += recording ? 1 : 0;
  }
  EXPECT_TRUE(off);
  EXPECT_GE(during, 10);
  EXPECT_EQ(switched, (std::vector<bool>{true, false}));
}

TEST_F(ManagerTest, AStudioThatTakesNothingMissesReadings) {
  StreamInfo info;
  info.axes = {"accX"};
  info.nominal_rate_hz = 100;
  LiveSignal live;
  world_.live = &live;
  waiting_bytes_ = 1'000'000;
  on_rest_ = [&] {
    const std::vector<float> values(1000, 1);
    const std::vector<RowTime> times(1000);
    live.Hear(info, values, times);
    if (now_ms_ > 2'500) waiting_bytes_ = 0;
  };
  on_open_ = [this] {
    Accepts();
    Says({{"live", {{"on", true}}}});
  };
  (void)Run(2'000);
  const auto data = std::ranges::find_if(sent_, [](const Json& json) { return json.contains("liveData"); });
  ASSERT_NE(data, sent_.end());
  EXPECT_GT((*data)["liveData"]["lost"], 50'000);
  EXPECT_EQ((*data)["liveData"]["first"], (*data)["liveData"]["lost"]);
}

TEST_F(ManagerTest, CancellationEndsARecordingAtOnce) {
  capture_ = [this](const CaptureRequest& request, const auto& progress) -> Expected<Captured> {
    cancelled_ = true;
    if (!progress({})) return {Status::kCancelled, "stopped"};
    return Wave(request.label);
  };
  on_open_ = [this] {
    Accepts();
    Says(Sample("wave"));
  };
  const Outcome outcome = Run(10'000);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().status, Status::kCancelled);
  EXPECT_TRUE(uploads_.empty());
}

}  // namespace
}  // namespace thimble::bridge
