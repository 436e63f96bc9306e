// `thimble serve` and the commands that keep its data, as a person who hosts it runs them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

using Json = nlohmann::json;

std::vector<std::string> Serve(const std::string& folder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"serve", "--data-dir",       folder, "--studio-port", "0", "--remote-port",
                                    "0",     "--ingestion-port", "0"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(ServeJourney, ServesUntilCtrlCAndKeepsItsDataInOneFile) {
  const TemporaryFolder folder;
  CommandResult second;
  std::thread meanwhile([&] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    second = RunThimble(Serve("data"), folder.path());
  });
  const CommandResult first = RunThimble(Serve("data", {"--json", "--log", "requests.log"}), folder.path(), 5'000);
  meanwhile.join();
  EXPECT_EQ(first.exit_code, 0) << first.err;
  const Json said = Json::parse(first.out, nullptr, false);
  ASSERT_TRUE(said.is_object()) << first.out;
  EXPECT_GT(said["studio_port"], 0);
  EXPECT_EQ(said["accounts"], false);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "requests.log"));
  EXPECT_EQ(RunThimble(Serve("data", {"--log", "nowhere/requests.log"}), folder.path()).exit_code, 1);
  EXPECT_EQ(second.exit_code, 1) << second.out;
  EXPECT_NE(second.err.find("another thimble serves from this folder"), std::string::npos) << second.err;

  EXPECT_EQ(RunThimble({"backup", "all.tar.zst", "--data-dir", "data"}, folder.path()).exit_code, 0);
  EXPECT_EQ(RunThimble({"backup", "all.tar.zst", "--data-dir", "data"}, folder.path()).exit_code, 2);
  EXPECT_EQ(RunThimble({"restore", "all.tar.zst", "--data-dir", "data"}, folder.path()).exit_code, 2);
  EXPECT_EQ(RunThimble({"restore", "all.tar.zst", "--data-dir", "other"}, folder.path()).exit_code, 0);
  EXPECT_EQ(RunThimble({"verify", "--data-dir", "other"}, folder.path()).exit_code, 0);
  EXPECT_EQ(RunThimble({"verify", "--data-dir", "nowhere"}, folder.path()).exit_code, 3);
}

TEST(ServeJourney, TellsTheFirstPasswordOnceAndRefusesOtherComputersInTheClear) {
  const TemporaryFolder folder;
  const Json first =
      Json::parse(RunThimble(Serve("data", {"--json", "--users"}), folder.path(), 3'000).out, nullptr, false);
  EXPECT_EQ(first.value("account", ""), "admin");
  EXPECT_EQ(first.value("password", "").size(), 20U);
  const Json again =
      Json::parse(RunThimble(Serve("data", {"--json", "--users"}), folder.path(), 3'000).out, nullptr, false);
  EXPECT_TRUE(again.is_object());
  EXPECT_FALSE(again.contains("password"));
  const CommandResult open = RunThimble(Serve("data", {"--bind", "0.0.0.0"}), folder.path());
  EXPECT_EQ(open.exit_code, 2);
  EXPECT_NE(open.err.find("--tls"), std::string::npos);
}

}  // namespace
}  // namespace thimble::journeys
