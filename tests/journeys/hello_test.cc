// The sine example as a person runs it.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/journeys/command.h"
#include "tests/journeys/numbers.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

TEST(Hello, TrainsTheSineAndRunsItOnTheDevice) {
  const TemporaryFolder folder;
  const CommandResult result = RunThimble({"hello", "--json"}, folder.path());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["identical"], report["points"]);
  EXPECT_LT(report["error"]["int8"]["mean_absolute"], 0.03);
  for (const char* name : {"impulse.json", "model.tflite", "model.h", "model.cc", "firmware.elf"}) {
    EXPECT_TRUE(fs::is_regular_file(folder.path() / "thimble-hello" / name)) << name;
  }
  CheckNumbers("hello.mps2_an386", "./run hello --json",
               {{"points", report["points"].dump()},
                {"identical", report["identical"].dump()},
                {"arena_bytes", report["arena_bytes"].dump()},
                {"flash_bytes.code", report["flash_bytes"]["code"].dump()},
                {"flash_bytes.model", report["flash_bytes"]["model"].dump()},
                {"instructions.network", report["instructions"]["network"].dump()}});
}

TEST(Hello, DrawsTheCurvesForPeople) {
  const TemporaryFolder folder;
  const CommandResult result = RunThimble({"hello"}, folder.path());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* word : {"sine", "float", "int8", "thimble-hello", "model.tflite"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word << "\n" << result.out;
  }
}

}  // namespace
}  // namespace thimble::journeys
