// The whole story on one computer, by the studio's API alone: a project, four gestures recorded from a board on
// request, training, testing, firmware, and a board that names a gesture it has never felt. On both databases.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "studio/store/test_database.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

constexpr const char* kGestures[] = {"idle", "snake", "updown", "wave"};

/// `thimble serve` beside the test, and `thimble api` to ask it.
class ServedStudio : public testing::Test {
 protected:
  void Serve(const Words& more = {}) {
    // What is set here would go before what the tests say.
    for (const char* name : {"EI_APIKEY", "EI_HMACKEY", "EI_DEVICEID", "EI_DEVICETYPE", "SERIAL_PORT", "EI_HOST"}) {
      unsetenv(name);
    }
    setenv("THIMBLE_DEVICE_DIR", THIMBLE_DEVICE_DIR, 0);
    Words words = {"serve",         "--json", "--data-dir",       "data", "--studio-port", "0",
                   "--remote-port", "0",      "--ingestion-port", "0"};
    words.insert(words.end(), more.begin(), more.end());
    server_ = std::make_unique<BackgroundThimble>(words, folder_.path());
    ASSERT_TRUE(Until([&] { return server_->Out().find('\n') != std::string::npos || server_->WaitForEnd(0) >= 0; }));
    facts_ = Json::parse(server_->Out(), nullptr, false);
    ASSERT_TRUE(facts_.is_object()) << server_->Out() << server_->Err();
  }

  static bool Until(const std::function<bool()>& look) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);;) {
      if (look()) return true;
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  /// `thimble WORDS`, which has to succeed, and what it says.
  std::string Thimble(const Words& words) {
    const CommandResult result = RunThimble(words, folder_.path());
    std::string typed;
    for (const std::string& word : words) typed += " " + word;
    EXPECT_EQ(result.exit_code, 0) << "thimble" << typed << "\n" << result.err << server_->Err();
    return result.out;
  }

  Words ApiWords(Words words) const {
    words.insert(words.begin(), "api");
    words.insert(words.end(), {"--url", facts_["studio_url"].get<std::string>()});
    return words;
  }
  /// `thimble api WORDS` as a script asks.
  Json Api(Words words) {
    words.emplace_back("--json");
    const std::string said = Thimble(ApiWords(std::move(words)));
    return said.empty() ? Json() : Json::parse(said, nullptr, false);
  }
  Json Post(const std::string& path, Words fields) {
    fields.insert(fields.begin(), {"POST", path});
    return Api(std::move(fields));
  }
  /// As a person asks.
  CommandResult Ask(Words words) { return RunThimble(ApiWords(std::move(words)), folder_.path()); }

  TemporaryFolder folder_;
  std::unique_ptr<BackgroundThimble> server_;
  Json facts_;
};

class StudioStory : public ServedStudio, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    const fs::path device = fs::path(THIMBLE_DEVICE_DIR).parent_path() / "device-az3166";
    if (!fs::exists(device / "sensor_dump.elf")) GTEST_SKIP() << device << " is not built: ./run build boards";
    if (GetParam() == "sqlite") return Serve();
    auto* const postgresql = studio::TestPostgresql::Get();
    if (postgresql == nullptr) GTEST_SKIP() << "PostgreSQL is not installed (apt-get install postgresql)";
    Serve({"--db", postgresql->MakeDatabase()});
  }

  /// A job of the project, to its end.
  Json Work(Words fields) {
    fields.emplace_back("--follow");
    return Post(project_ + "/jobs", std::move(fields));
  }

  /// The board in a hand, "wave:1", until it has recorded so often.
  std::unique_ptr<BackgroundThimble> TakeBoard(const std::string& hand, int recordings) {
    const auto url = [&](const char* scheme, const char* port) {
      return scheme + ("://127.0.0.1:" + std::to_string(facts_[port].get<int>()));
    };
    auto bridge = std::make_unique<BackgroundThimble>(
        Words{"bridge", "--port", "virtual:hand:" + hand, "--management", url("ws", "remote_port"), "--ingestion",
              url("http", "ingestion_port"), "--spool", "spool", "--count", std::to_string(recordings), "--json"},
        folder_.path());
    const bool seen = Until([&] { return Api({project_ + "/live-devices"})["devices"].size() == 1; });
    EXPECT_TRUE(seen) << bridge->Out() << bridge->Err();
    return bridge;
  }

  std::string project_;
};

INSTANTIATE_TEST_SUITE_P(On, StudioStory, testing::Values("sqlite", "postgresql"),
                         [](const auto& which) { return which.param; });

TEST_P(StudioStory, FromAnEmptyStudioToABoardThatNamesAGesture) {
  // A project, and keys for the board.
  project_ = "projects/" + Post("projects", {"name=gestures"})["id"].dump();
  const Json key = Post(project_ + "/keys", {"name=kit", "role=ingestion_deployment"});
  const Json hmac_key = Post(project_ + "/hmac-keys", {"name=kit"});
  std::ofstream(folder_.path() / ".env") << "EI_APIKEY=" << key["key"].get<std::string>()
                                         << "\nEI_HMACKEY=" << hmac_key["key"].get<std::string>()
                                         << "\nEI_DEVICEID=kit\nEI_DEVICETYPE=MXChip\n";

  // Two people make one gesture after the other, and the studio asks for recordings.
  constexpr int kRecordings = 2;
  for (int i = 0; i < 8; ++i) {
    const std::string gesture = kGestures[i / 2];
    const auto bridge = TakeBoard(gesture + (i % 2 == 0 ? ":1" : ":3"), kRecordings);
    for (int k = 0; k < kRecordings; ++k) {
      const Json done = Post(project_ + "/live-devices/kit/samplings",
                             {"label=" + gesture, "length_ms=4000", "category=training", "--follow"});
      ASSERT_EQ(done["state"], "done") << done << bridge->Out();
      const Json sample = Api({project_ + "/samples/" + done["sample_id"].dump()});
      EXPECT_EQ(sample["label"], gesture);
      EXPECT_EQ(sample["device_id"], "kit");
      EXPECT_EQ(sample["signature"], "valid");
      EXPECT_EQ(sample["axes"].size(), 6U);
      EXPECT_NEAR(sample["length_ms"].get<double>(), 4000, 50);
    }
    EXPECT_EQ(bridge->WaitForEnd(10'000), 0) << bridge->Out() << bridge->Err();
  }

  // The newest of each is kept for testing.
  std::string ids;
  for (const std::string gesture : kGestures) {
    const Json newest = Api({project_ + "/samples", "label=" + gesture, "limit=1"})["samples"];
    ids += (ids.empty() ? "" : ",") + newest.at(0)["id"].dump();
  }
  EXPECT_EQ(Post(project_ + "/samples/edit", {"action=move", "category=testing", "ids=" + ids})["changed"], 4);

  // An impulse, trained and tested.
  const Json impulse =
      Post(project_ + "/impulses",
           {"name=motion", "design.window_ms=1500", "design.stride_ms=500", "design.block.name=spectral_analysis",
            "design.network.architecture=dense", "design.network.dropout=0", "design.training.epochs=400",
            "design.training.learning_rate=0.01", "design.training.batch_rows=8"});
  const Json trained = Work({"kind=train", "parameters.impulse=" + impulse["id"].dump()});
  ASSERT_EQ(trained["state"], "done") << trained;
  EXPECT_EQ(trained["result"]["labels"], Json(kGestures));
  const Json tested = Work({"kind=test"});
  EXPECT_GE(tested["result"]["accuracy"].get<double>(), 0.9) << tested;

  // Firmware, onto a board.
  const Json built = Work({"kind=build", "parameters.kind=firmware", "parameters.board=az3166"});
  ASSERT_EQ(built["state"], "done") << built;
  const Json image = Api({project_ + "/artefacts", "kind=build"})["artefacts"].at(0);
  Api({project_ + "/artefacts/" + image["id"].dump() + "/file", "--out", "gestures.bin"});
  EXPECT_EQ(fs::file_size(folder_.path() / "gestures.bin"), image["bytes"]);
  Thimble({"flash", "gestures.bin", "--virtual", "board.flash"});

  // A third one's hand, from which nothing was learnt, moves it.
  for (const std::string gesture : {"updown", "wave"}) {
    std::istringstream said(Thimble({"board", "run", "--flash-image", "board.flash", "--motion",
                                     "hand:" + gesture + ":2", "--seconds", "8", "--serial", "-"}));
    int windows = 0, named = 0, uncertain = 0;
    for (std::string line; std::getline(said, line);) {
      if (line.find(" | dsp ") == std::string::npos) continue;
      ++windows;
      named += line.starts_with(gesture + " ") ? 1 : 0;
      uncertain += line.starts_with("uncertain ") ? 1 : 0;
    }
    EXPECT_GE(windows, 10) << said.str();
    EXPECT_GE(named, windows * 3 / 4) << said.str();
    EXPECT_EQ(named + uncertain, windows) << said.str();
  }
}

TEST_F(ServedStudio, SaysNoInASentenceAndAnExitCode) {
  Serve();
  EXPECT_EQ(Post("projects", {"name=gestures"})["id"], 1);
  const CommandResult list = Ask({"projects"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_NE(list.out.find("gestures"), std::string::npos) << list.out;
  const auto refusal = [&](const Words& words, int exit_code) {
    const CommandResult result = Ask(words);
    EXPECT_EQ(result.exit_code, exit_code) << words.front() << ": " << result.err;
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_NE(refusal({"projects/9"}, 3).find("project 9"), std::string::npos);
  EXPECT_NE(refusal({"POST", "projects", "name="}, 2).find("name has to be"), std::string::npos);
  EXPECT_NE(refusal({"POST", "projects/1/jobs", "kind=fly"}, 3).find("there are features, train"), std::string::npos);
  EXPECT_NE(refusal({"projects", "--key", "ei_wrong"}, 5).find("EI_APIKEY"), std::string::npos);
  EXPECT_NE(refusal({"projects", "--follow"}, 2).find("--follow is for"), std::string::npos);
  const CommandResult nowhere = RunThimble({"api", "projects", "--url", "http://127.0.0.1:1"}, folder_.path());
  EXPECT_EQ(nowhere.exit_code, 4);
  EXPECT_NE(nowhere.err.find("does a studio run at"), std::string::npos) << nowhere.err;
  // Without data nothing can be learnt: the job says so.
  EXPECT_NE(refusal({"POST", "projects/1/jobs", "kind=train", "--follow"}, 1).find("no recordings"), std::string::npos);
  const CommandResult routes = Ask({"--list", "jobs", "log"});
  EXPECT_NE(routes.out.find("GET    projects/{project}/jobs/{job}/log"), std::string::npos) << routes.out;
  EXPECT_NE(routes.out.find("limit  integer"), std::string::npos) << routes.out;
}

TEST_F(ServedStudio, CtrlCLeavesAJobThatIsFollowedAlone) {
  Serve();
  EXPECT_EQ(Post("projects", {"name=gestures"})["id"], 1);
  for (const char* label : {"nod", "wave"}) {
    for (int i = 0; i < 6; ++i) {
      const std::string file = std::string(label) + "." + std::to_string(i) + ".csv";
      std::ofstream stream(folder_.path() / file);
      stream << "timestamp,x,y,z\n";
      for (int row = 0; row < 200; ++row) stream << row * 20 << "," << (row * (7 + i) + *label) % 19 << ",0,1\n";
      stream.close();
      EXPECT_NE(Post("projects/1/uploads/training", {"data@" + file})["files"][0]["sample"], nullptr);
    }
  }
  const std::string job = "projects/1/jobs/1";
  const CommandResult result = RunThimble(
      ApiWords({"POST", "projects/1/jobs", "kind=train", "parameters.design.training.epochs=100000", "--follow"}),
      folder_.path(), 3'000);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("thimble api POST " + job + "/cancel ends it"), std::string::npos) << result.err;
  EXPECT_EQ(Api({job})["state"], "running");
  Post(job + "/cancel", {});
  EXPECT_NE(Ask({job, "--follow"}).err.find("was cancelled"), std::string::npos);
}

}  // namespace
}  // namespace thimble::journeys
