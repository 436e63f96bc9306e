// Every reference model, compiled for every core, computes what the interpreter computes.
#include <gtest/gtest.h>

#include <iterator>
#include <set>

#include "compiler/plan_comparison.h"
#include "tests/models/archive.h"
#include "tests/models/archive_folder.h"

namespace thimble::models {
namespace {

using compiler::Compile;
using compiler::CompileOptions;
using compiler::Difference;

class Plans : public ArchiveTest {
 protected:
  static void ExpectTheSame(const ReferenceModel& model, const CompileOptions& options) {
    const auto bytes = compiler::ReadTflite(model.file);
    ASSERT_TRUE(bytes) << bytes.error().message;
    if (!compiler::LoadNetwork(bytes->span(), kernels::AllOperators())) return;  // refused.txt knows
    const auto plan = Compile(bytes->span(), options);
    ASSERT_TRUE(plan) << model.id << ": " << plan.error().message;
    EXPECT_EQ(Difference(bytes->span(), *plan), "") << model.id << " for " << compiler::NameOf(options.target);
  }
};

TEST_F(Plans, OfTheWholeArchiveComputeTheSameBitsForEveryCore) {
  const auto models = FindModels(folder());
  ASSERT_TRUE(models) << models.error().message;
  constexpr size_t kCores = std::size(compiler::kTargets);
  for (size_t core = 0; core < kCores; ++core) {
    for (size_t i = 0; i < models->size(); ++i) {
#ifdef __SANITIZE_ADDRESS__
      // Each model for one core, and each core with its share of them: all of them take minutes there.
      if (i % kCores != core) continue;
#endif
      CompileOptions options;
      options.target = compiler::kTargets[core].target;
      ExpectTheSame((*models)[i], options);
    }
  }
}

TEST_F(Plans, ComputeTheSameBitsWithEveryPassOff) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the same models with all passes run here; each without is compared where it takes seconds";
#endif
  const auto models = FindModels(folder());
  ASSERT_TRUE(models) << models.error().message;
  std::vector<compiler::PassInfo> passes = compiler::AllPasses();
  std::set<std::string> all;
  for (const compiler::PassInfo& pass : passes) all.insert(pass.name);
  for (size_t i = 0; i < models->size(); ++i) {
    CompileOptions options;
    options.without_passes = all;
    ExpectTheSame((*models)[i], options);
    // One pass off, another one for each model.
    options.without_passes = {passes[i % passes.size()].name};
    ExpectTheSame((*models)[i], options);
  }
}

TEST(WellKnownPlans, ComputeTheSameBitsForEveryCoreAndPreference) {
  const auto models = FindModels(GoldenFolder() / "models");
  if (!models || models->empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
  for (const ReferenceModel& model : *models) {
    const auto bytes = compiler::ReadTflite(model.file);
    ASSERT_TRUE(bytes) << bytes.error().message;
    for (const compiler::TargetName& target : compiler::kTargets) {
      for (const auto preference : {compiler::Preference::kSpeed, compiler::Preference::kSize}) {
        CompileOptions options;
        options.target = target.target;
        options.preference = preference;
        const auto plan = Compile(bytes->span(), options);
        ASSERT_TRUE(plan) << model.id << ": " << plan.error().message;
        EXPECT_EQ(Difference(bytes->span(), *plan), "") << model.id << " for " << target.name;
      }
    }
  }
}

TEST(WellKnownPlans, ComputeTheSameBitsWithoutEachPass) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the same models with all passes run here; each without is compared where it takes seconds";
#endif
  const auto models = FindModels(GoldenFolder() / "models");
  if (!models || models->empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
  for (const ReferenceModel& model : *models) {
    const auto bytes = compiler::ReadTflite(model.file);
    ASSERT_TRUE(bytes) << bytes.error().message;
    for (const compiler::PassInfo& pass : compiler::AllPasses()) {
      CompileOptions options;
      options.without_passes = {pass.name};
      const auto plan = Compile(bytes->span(), options);
      ASSERT_TRUE(plan) << model.id << ": " << plan.error().message;
      EXPECT_EQ(Difference(bytes->span(), *plan), "") << model.id << " without " << pass.name;
    }
  }
}

}  // namespace
}  // namespace thimble::models
