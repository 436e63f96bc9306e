// Every reference model gives the recorded answers, or is refused for a reason that is written down.
#include "tests/models/archive.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/models/archive_folder.h"

namespace thimble::models {
namespace {
namespace fs = std::filesystem;

using Archive = ArchiveTest;

/// Lines of refused.txt: an id, then why.
std::map<std::string, std::string> KnownRefusals() {
  std::map<std::string, std::string> refusals;
  std::ifstream file(fs::path(THIMBLE_SOURCE_DIR) / "tests/models/refused.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string id, reason;
    if (!(in >> id) || id[0] == '#') continue;
    std::getline(in >> std::ws, reason);
    EXPECT_FALSE(reason.empty()) << id << " is listed without a reason";
    refusals[id] = reason;
  }
  return refusals;
}

TEST_F(Archive, GivesTheRecordedAnswersOrIsRefusedForAKnownReason) {
  const auto models = FindModels(folder());
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_GE(models->size(), 227u);
  std::map<std::string, std::string> refusals = KnownRefusals();
  int compared = 0;
  for (const ReferenceModel& model : *models) {
    SCOPED_TRACE(model.id);
    const Comparison comparison = RunCases(model);
    const bool listed = refusals.erase(model.id) == 1;
    EXPECT_EQ(comparison.verdict == Verdict::kRefused, listed)
        << (listed ? "is listed in refused.txt, but loads: remove the line" : comparison.sentence);
    EXPECT_NE(comparison.verdict, Verdict::kDiffers) << comparison.sentence;
    if (comparison.verdict == Verdict::kRefused) {
      EXPECT_FALSE(model.tflm_ok) << "TensorFlow Lite Micro runs it: " << comparison.sentence;
      continue;
    }
    EXPECT_EQ(comparison.verdict == Verdict::kOk, model.HasAnswers()) << "a recorded answer was not compared";
    if (comparison.verdict == Verdict::kOk) ++compared;
  }
  EXPECT_GE(compared, 200);
  for (const auto& [id, reason] : refusals) ADD_FAILURE() << "refused.txt lists " << id << ", which does not exist";
}

TEST_F(Archive, NeedsNoMoreMemoryThanTflm) {
  const auto models = FindModels(folder());
  ASSERT_TRUE(models) << models.error().message;
  for (const ReferenceModel& model : *models) {
    if (model.tflm_arena_bytes == 0) continue;
    EXPECT_LE(RunCases(model).arena_bytes, model.tflm_arena_bytes) << model.id;
  }
}

TEST(WellKnownModels, GiveTheRecordedAnswersOrAreRefusedForAKnownReason) {
  if (!fs::exists(GoldenFolder() / "models")) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  const auto models = FindModels(GoldenFolder() / "models");
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_GE(models->size(), 12u);
  const std::map<std::string, std::string> refusals = KnownRefusals();
  for (const ReferenceModel& model : *models) {
    const Comparison comparison = RunCases(model, 1e-5f);
    const char* expected = refusals.contains(model.id) ? "refused" : "ok";
    EXPECT_STREQ(NameOf(comparison.verdict), expected) << model.id << ": " << comparison.sentence;
  }
}

}  // namespace
}  // namespace thimble::models
