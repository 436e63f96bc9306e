// Tests of .eim files: what lies in them, what they answer, and the program itself on a real socket.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "compiler/command.h"
#include "compiler/temporary_folder.h"
#include "runner/conversation.h"
#include "runner/eim_file.h"
#include "runner/requests.h"
#include "runner/test_impulse.h"

namespace thimble::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string Written(const Eim& eim, std::string_view program =
                                        "\x7f"
                                        "ELF") {
  const auto file = WriteEim(program, eim.origin, eim.impulse, eim.model.span());
  EXPECT_TRUE(file.ok()) << file.error().message;
  return *file;
}

// --- the file -------------------------------------------------------------------------------------------------------

TEST(EimFile, ReadsBackWhatItWrote) {
  const Eim eim = SmallEim();
  const std::string file = Written(eim);
  EXPECT_TRUE(
      file.starts_with("\x7f"
                       "ELF{\"project_id\":3,"));
  const auto read = ReadEim("shake.eim", file);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->origin, eim.origin);
  EXPECT_EQ(compiler::WriteImpulse(read->impulse), compiler::WriteImpulse(eim.impulse));
  EXPECT_TRUE(std::ranges::equal(read->model.span(), eim.model.span()));
}

TEST(EimFile, IsTheBytesOfItsPage) {
  Eim eim = SmallEim();
  const std::string file = Written(eim);
  const auto little = [&](size_t from_end, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      value |= uint64_t{static_cast<unsigned char>(file[file.size() - from_end + i])} << (8 * i);
    }
    return value;
  };
  EXPECT_EQ(little(56, 8), 4U);
  EXPECT_EQ(4 + little(48, 4) + little(44, 4) + little(40, 4) + little(36, 4) + 56, file.size());
  EXPECT_EQ(little(40, 4), eim.model.span().size());
  EXPECT_EQ(little(32, 4), 1U);
  EXPECT_TRUE(file.ends_with("thimble impulse\n"));
}

TEST(EimFile, RefusesEveryTruncationAndEveryChangedByte) {
  const std::string file = Written(SmallEim());
  for (size_t size = 0; size < file.size(); ++size) {
    const auto read = ReadEim("shake.eim", std::string_view(file).substr(0, size));
    ASSERT_FALSE(read.ok()) << size;
    ASSERT_TRUE(read.error().message.starts_with("shake.eim: ")) << read.error().message;
  }
  for (size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] ^= 4;
    const auto read = ReadEim("shake.eim", damaged);
    ASSERT_FALSE(read.ok()) << i;
    ASSERT_TRUE(read.error().message.starts_with("shake.eim: ")) << read.error().message;
  }
}

TEST(EimFile, IsNotWrittenOfAnImpulseThatCannotRun) {
  Eim eim = SmallEim();
  eim.impulse.window_readings = 9;
  const auto file = WriteEim("program", eim.origin, eim.impulse, eim.model.span());
  ASSERT_FALSE(file.ok());
  EXPECT_TRUE(file.error().message.starts_with("model.tflite: ")) << file.error().message;
}

// --- requests -------------------------------------------------------------------------------------------------------

TEST(Requests, EndWhereTheirFirstBraceIsClosed) {
  const std::string first = R"({"a":"}\"{","b":[{"c":1}]})", second = R"({"hello":1})";
  const std::string stream = first + second + "\n" + std::string(1, '\0') + second;
  for (size_t piece = 1; piece <= stream.size(); ++piece) {
    Requests requests(100);
    std::vector<std::string> found;
    for (size_t at = 0; at < stream.size(); at += piece) {
      requests.Add(std::string_view(stream).substr(at, piece));
      while (true) {
        const auto request = requests.Next();
        ASSERT_TRUE(request.ok()) << request.error().message;
        if (!*request) break;
        found.push_back(**request);
      }
    }
    ASSERT_EQ(found, (std::vector<std::string>{first, second, second})) << piece;
  }
}

TEST(Requests, EndTheConnectionThatSendsNone) {
  for (const std::string& bytes : {std::string("GET / HTTP/1.1"), "{" + std::string(100, ' '), std::string(9, '{'),
                                   "{\"a\":" + std::string(20, '[')}) {
    Requests requests(50);
    requests.Add(bytes);
    EXPECT_FALSE(requests.Next().ok()) << bytes;
  }
  Requests requests(50);
  requests.Add("{" + std::string(49, ' '));
  EXPECT_TRUE(requests.Next().ok());
}

// --- what it answers ------------------------------------------------------------------------------------------------

class Talk : public ::testing::Test {
 protected:
  void Open(const Eim& eim) {
    const auto packed = ReadEim("test.eim", Written(eim));
    ASSERT_TRUE(packed.ok()) << packed.error().message;
    auto opened = Conversation::Open(*packed);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    conversation_.emplace(*std::move(opened));
  }
  json Ask(const json& request) { return json::parse(conversation_->Answer(request.dump())); }
  std::string Refusal(const json& request) {
    const json answer = Ask(request);
    EXPECT_EQ(answer["success"], false) << answer;
    return answer.value("error", "");
  }

  std::optional<Conversation> conversation_;
};

/// What this process's own session says, as the program must.
json Judged(const Eim& eim, const std::vector<float>& window) {
  const auto bound = compiler::BoundImpulse::Bind(eim.impulse, eim.model.span());
  EXPECT_TRUE(bound.ok());
  std::ranges::copy(window, bound->window().begin());
  const runtime::Verdict verdict = bound->Run();
  json result;
  const kernels::Tensor output = bound->session().network().output(0);
  for (size_t i = 0; i < eim.impulse.labels.size(); ++i) {
    const int stored = static_cast<int8_t>(verdict.raw_scores[i]);
    result["classification"][eim.impulse.labels[i]] = static_cast<float>(stored - output.zero_point) * output.Scale();
  }
  if (eim.impulse.anomaly) result["anomaly"] = bound->Detect().score;
  return result;
}

TEST(Plan, IsRefusedWhenItIsAnotherModels) {
  auto eim = *ReadEim("small.eim", Written(SmallEim()));
  EXPECT_TRUE(Conversation::Open(eim).ok());
  const auto open_with = [&](std::span<const std::byte> plan) {
    eim.plan = AlignedMemory(plan);
    const auto opened = Conversation::Open(eim);
    return opened.ok() ? std::string() : opened.error().message;
  };
  const auto longer = *ReadEim("longer.eim", Written(SmallEim(9)));
  const auto pictures = *ReadEim("pictures.eim", Written(SmallPictures()));
  for (const Eim* other : {&longer, &pictures}) {
    const std::string said = open_with(other->plan.span());
    EXPECT_TRUE(said.starts_with("shake: the compiled network is none, or not that of the model")) << said;
  }
  EXPECT_NE(open_with(longer.plan.span().first(100)), "");
  EXPECT_NE(open_with({}), "");
}

TEST_F(Talk, SaysWhatItIs) {
  Open(SmallEim());
  const json answer = Ask({{"hello", 1}, {"id", 1}});
  EXPECT_EQ(answer["id"], 1);
  EXPECT_EQ(answer["success"], true);
  EXPECT_EQ(answer["project"], json::parse(R"({"id":3,"name":"gestures","owner":"ann","deploy_version":7})"));
  const json& parameters = answer["model_parameters"];
  EXPECT_EQ(parameters["axis_count"], 2);
  EXPECT_EQ(parameters["frequency"], 62.5);
  EXPECT_EQ(parameters["interval_ms"].dump(), "16") << "a whole number without a point";
  EXPECT_EQ(parameters["input_features_count"], 16);
  EXPECT_EQ(parameters["labels"], SmallEim().impulse.labels);
  EXPECT_EQ(parameters["label_count"], 2);
  EXPECT_EQ(parameters["sensor"], 2);
  EXPECT_EQ(parameters["has_anomaly"], 0);
  EXPECT_EQ(parameters["slice_size"], 3);
  EXPECT_EQ(parameters["use_continuous_mode"], true);
  EXPECT_EQ(parameters["model_type"], "classification");
  EXPECT_EQ(parameters["thresholds"], json::array());
}

TEST_F(Talk, TellsPicturesAndSounds) {
  Open(SmallPictures());
  const json seen = Ask({{"hello", 1}})["model_parameters"];
  EXPECT_EQ(seen["sensor"], 3);
  EXPECT_EQ(seen["image_input_width"], 8);
  EXPECT_EQ(seen["image_input_height"], 6);
  EXPECT_EQ(seen["image_channel_count"], 3);
  EXPECT_EQ(seen["image_resize_mode"], "fit-shortest");
  EXPECT_EQ(seen["use_continuous_mode"], false);

  Eim sounds = SmallEim();
  sounds.impulse.axes = {{"audio", "wav"}};
  sounds.impulse.window_readings = 16;
  sounds.impulse.rate_hz = 16000;
  Open(sounds);
  const json heard = Ask({{"hello", 1}})["model_parameters"];
  EXPECT_EQ(heard["sensor"], 1);
  EXPECT_EQ(heard["interval_ms"], 0.0625);
}

TEST_F(Talk, HasTheBitsOfASessionHere) {
  const Eim eim = SmallEimWithDetector();
  Open(eim);
  for (uint64_t seed = 10; seed < 40; ++seed) {
    const std::vector<float> window = RandomNumbers(16, seed);
    const json answer = Ask({{"classify", window}, {"id", seed}});
    ASSERT_EQ(answer["id"], seed);
    ASSERT_EQ(answer["result"], Judged(eim, window));
    for (const char* stage : {"dsp", "classification", "anomaly"}) EXPECT_GE(answer["timing"][stage], 0);
  }
}

TEST_F(Talk, SlidesSlicesIntoAWindow) {
  const Eim eim = SmallEim();
  Open(eim);
  const std::vector<float> stream = RandomNumbers(60, 3);
  for (size_t end = 6; end <= stream.size(); end += 6) {
    const std::vector<float> slice(stream.begin() + static_cast<std::ptrdiff_t>(end) - 6,
                                   stream.begin() + static_cast<std::ptrdiff_t>(end));
    const json answer = Ask({{"classify_continuous", slice}});
    ASSERT_EQ(answer["success"], true) << answer;
    if (end < 16) {
      EXPECT_EQ(answer["result"]["classification"]["idle"], 0) << "the window is not full";
    } else {
      const auto from = stream.begin() + static_cast<std::ptrdiff_t>(end) - 16;
      EXPECT_EQ(answer["result"], Judged(eim, {from, from + 16}));
    }
  }
  const std::vector<float> long_slice = RandomNumbers(20, 4);
  EXPECT_EQ(Ask({{"classify_continuous", long_slice}})["result"],
            Judged(eim, {long_slice.begin() + 4, long_slice.end()}));
  conversation_->Begin();
  EXPECT_EQ(Ask({{"classify_continuous", {1, 2}}})["result"]["classification"]["idle"], 0) << "another client's stream";
}

TEST_F(Talk, KeepsTheThresholdOfItsDetector) {
  Open(SmallEimWithDetector());
  const json before = Ask({{"hello", 1}})["model_parameters"];
  EXPECT_EQ(before["has_anomaly"], 1);
  EXPECT_EQ(before["thresholds"][0]["min_anomaly_score"], 2);
  EXPECT_EQ(Ask({{"set_threshold", {{"id", 4}, {"min_anomaly_score", 0.25}}}})["success"], true);
  EXPECT_EQ(Ask({{"hello", 1}})["model_parameters"]["thresholds"][0]["min_anomaly_score"], 0.25);
  EXPECT_NE(Refusal({{"set_threshold", {{"id", 5}, {"min_anomaly_score", 1}}}}).find("id 4"), std::string::npos);
  Open(SmallEim());
  EXPECT_NE(Refusal({{"set_threshold", {{"id", 4}, {"min_anomaly_score", 1}}}}).find("no threshold"),
            std::string::npos);
}

TEST_F(Talk, RunsADetectorAlone) {
  Eim eim = SmallEimWithDetector();
  eim.impulse.labels.clear();
  eim.impulse.model_file.clear();
  eim.model = {};
  Open(eim);
  std::vector<float> window(16, 0);
  window[0] = 3;
  EXPECT_EQ(Ask({{"classify", window}})["result"], (json{{"anomaly", 2.5}}));
  EXPECT_EQ(Ask({{"hello", 1}})["model_parameters"]["label_count"], 0);
}

TEST_F(Talk, GivesARegressorsNumber) {
  Eim eim = SmallEim();
  eim.impulse.labels.clear();
  const auto model =
      *trainer::WriteTflite(trainer::DenseModel(16, {trainer::Weights(std::vector<float>(16, 1), {0.5F})}, false));
  eim.model = AlignedMemory(std::span(model));
  Open(eim);
  EXPECT_EQ(Ask({{"classify", std::vector<float>(16, 2)}})["result"]["classification"], (json{{"value", 32.5}}));
  EXPECT_EQ(Ask({{"hello", 1}})["model_parameters"]["labels"], json{"value"});
}

TEST_F(Talk, RefusesWithASentenceAndGoesOn) {
  Open(SmallEim());
  EXPECT_NE(Refusal({{"classify", {1, 2, 3}}}).find("3 numbers came, but a window is 16: 8 readings of 2 axes"),
            std::string::npos);
  EXPECT_NE(Refusal({{"classify_continuous", {1, 2, 3}}}).find("whole readings"), std::string::npos);
  EXPECT_NE(Refusal({{"classify_continuous", json::array()}}).find("whole readings"), std::string::npos);
  EXPECT_NE(Refusal({{"classify", {1, "2"}}}).find("number 2 of the list"), std::string::npos);
  EXPECT_NE(Refusal({{"classify", {1e300}}}).find("number 1 of the list"), std::string::npos);
  EXPECT_NE(Refusal({{"classify", 1}}).find("must be a list"), std::string::npos);
  EXPECT_NE(Refusal({{"classify_shm", {{"elements", 16}}}}).find("must hold one of"), std::string::npos);
  EXPECT_NE(conversation_->Answer("{\"classify\":[1,}").find("no JSON"), std::string::npos);
  EXPECT_EQ(Ask({{"hello", 1}})["success"], true);
}

TEST_F(Talk, WritesNoBracesIntoTexts) {
  Open(SmallEim());
  const std::string text = conversation_->Answer(R"({"hello":1})");
  EXPECT_NE(text.find("wave \\u007bhi\\u007d \\\"\\\\\""), std::string::npos) << text;
  EXPECT_EQ(std::ranges::count(text, '{'), std::ranges::count(text, '}'));
}

// --- the program ----------------------------------------------------------------------------------------------------

/// A .eim that runs, and one client of it.
class Running {
 public:
  explicit Running(const fs::path& file, const fs::path& socket) : socket_(socket) {
    process_ = ::fork();
    if (process_ == 0) {
      ::execl(file.c_str(), file.c_str(), socket.c_str(), nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 1000 && !fs::exists(socket_); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ~Running() {
    if (process_ > 0) End(SIGKILL);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// The status of waitpid.
  int End(int signal) {
    ::kill(std::exchange(process_, -1), signal);
    int status = 0;
    ::wait(&status);
    return status;
  }

  /// A client that sends this at once and reads so many answers.
  std::vector<std::string> Ask(const std::string& bytes, size_t answers) const {
    const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::vector<std::string> heard(1);
    char piece[4096];
    while (heard.size() <= answers) {
      const ssize_t count = ::recv(client, piece, sizeof piece, 0);
      if (count <= 0) break;
      for (const char c : std::string_view(piece, static_cast<size_t>(count))) {
        if (c == '\0') {
          heard.emplace_back();
        } else {
          heard.back() += c;
        }
      }
    }
    heard.pop_back();
    ::close(client);
    return heard;
  }

 private:
  fs::path socket_;
  pid_t process_ = -1;
};

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto program = ReadProgram();
    ASSERT_TRUE(program.ok()) << program.error().message;
    Write(Written(eim_, *program));
  }
  void Write(const std::string& bytes) {
    file_ = folder_->path() / "shake.eim";
    std::ofstream(file_, std::ios::binary) << bytes;
    fs::permissions(file_, fs::perms::owner_all);
  }
  compiler::Command::Ending RunWith(const std::vector<std::string>& words) {
    std::vector<std::string> line = {file_.string()};
    line.insert(line.end(), words.begin(), words.end());
    auto command = compiler::Command::Start(line);
    EXPECT_TRUE(command.ok());
    return command->Wait();
  }

  const Eim eim_ = SmallEimWithDetector();
  const Expected<compiler::TemporaryFolder> folder_ = compiler::TemporaryFolder::Make();
  fs::path file_;
};

TEST_F(Program, AnswersOneClientAfterTheOther) {
  const fs::path socket = folder_->path() / "runner.sock";
  Running running(file_, socket);
  const std::vector<float> window = RandomNumbers(16, 5);
  for (int client = 0; client < 3; ++client) {
    const std::string requests = "{\"hello\":1,\"id\":1}\n{\"classify_continuous\":[1,2],\"id\":2}" +
                                 json{{"classify", window}, {"id", 3}}.dump();
    const auto answers = running.Ask(requests, 3);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(json::parse(answers[0])["project"]["deploy_version"], 7);
    EXPECT_EQ(json::parse(answers[1])["result"]["anomaly"], 0) << "the window of a new client is empty";
    EXPECT_EQ(json::parse(answers[2])["result"], Judged(eim_, window));
  }
  const auto refused = running.Ask("GET / HTTP/1.1\r\n", 2);
  ASSERT_EQ(refused.size(), 1U) << "then it hangs up";
  EXPECT_EQ(json::parse(refused[0])["success"], false);
  EXPECT_EQ(running.Ask(R"({"hello":1})", 1).size(), 1U);
  EXPECT_EQ(running.End(SIGINT), 0);
  EXPECT_FALSE(fs::exists(socket));
}

TEST_F(Program, SaysWhatItIs) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{}, {"--help"}}) {
    const auto ending = RunWith(words);
    EXPECT_TRUE(ending.succeeded);
    EXPECT_NE(ending.output.find("shake, version 7: an impulse"), std::string::npos) << ending.output;
  }
  EXPECT_FALSE(RunWith({"--wrong"}).succeeded);
  EXPECT_FALSE(RunWith({"one", "two"}).succeeded);
}

TEST_F(Program, RefusesToRunDamaged) {
  std::string bytes = Written(eim_, *ReadProgram());
  bytes[bytes.size() - 200] ^= 1;
  Write(bytes);
  const fs::path socket = folder_->path() / "runner.sock";
  const auto damaged = RunWith({socket});
  EXPECT_FALSE(damaged.succeeded);
  EXPECT_NE(damaged.output.find("is damaged"), std::string::npos) << damaged.output;
  EXPECT_FALSE(fs::exists(socket));
  Write(*ReadProgram());
  EXPECT_NE(RunWith({socket}).output.find("the bare program"), std::string::npos);
}

TEST_F(Program, RefusesPlacesThatAreNoSocketsName) {
  std::ofstream(folder_->path() / "file") << "precious";
  EXPECT_NE(RunWith({folder_->path() / "file"}).output.find("no socket"), std::string::npos);
  EXPECT_EQ(fs::file_size(folder_->path() / "file"), 8U);
  EXPECT_NE(RunWith({folder_->path() / std::string(120, 'x')}).output.find("too long"), std::string::npos);
  EXPECT_NE(RunWith({folder_->path() / "none" / "socket"}).output.find("cannot listen"), std::string::npos);
}

}  // namespace
}  // namespace thimble::runner
