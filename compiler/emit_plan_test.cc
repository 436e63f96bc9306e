#include "compiler/emit_plan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "compiler/test_plans.h"

namespace thimble::compiler {
namespace {

class EmitPlanTest : public testing::TestWithParam<const char*> {};

Expected<Plan> PlanOf(const std::string& name) {
  CompileOptions options;
  options.name = name;
  for (const NamedModel& small : SmallModels()) {
    if (small.name == name) return Compile(small.model.Build().span(), options);
  }
  return {Status::kNotFound, name};
}

// What the compiler makes of small models, for people to read what a change of it changes.
TEST_P(EmitPlanTest, WritesWhatIsCommitted) {
  const std::string name = GetParam();
  const Expected<Plan> plan = PlanOf(name);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const EmittedPlan emitted = EmitPlan(*plan, name + ".h");
  const EmittedPlan again = EmitPlan(*PlanOf(name), name + ".h");
  EXPECT_EQ(emitted.header, again.header);
  EXPECT_EQ(emitted.source, again.source);
  for (const auto& [ending, text] : {std::pair(".h.golden", emitted.header), std::pair(".cc.golden", emitted.source)}) {
    const std::filesystem::path path =
        std::filesystem::path(THIMBLE_SOURCE_DIR) / "compiler" / "golden" / (name + ending);
    if (std::getenv("THIMBLE_WRITE_NUMBERS") != nullptr) {
      std::ofstream(path) << text;
      continue;
    }
    std::ifstream file(path);
    ASSERT_TRUE(file) << path << " is missing; THIMBLE_WRITE_NUMBERS=1 ./run test writes it";
    const std::string committed{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, committed) << "the program for " << name
                               << " changed; if that is meant, write it anew (THIMBLE_WRITE_NUMBERS=1)";
  }
}

INSTANTIATE_TEST_SUITE_P(SmallModels, EmitPlanTest,
                         testing::Values("classifier", "adder", "choice", "counter", "total"),
                         [](const auto& one) { return one.param; });

TEST(EmitPlan, LinksWhatTheModelNeedsAndNothingElse) {
  const Expected<Plan> plan = PlanOf("total");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const std::string source = EmitPlan(*plan, "total.h").source;
  EXPECT_NE(source.find("#include \"kernels/call_once/op.h\""), std::string::npos);
  EXPECT_EQ(source.find("kernels/conv_2d"), std::string::npos);
  EXPECT_EQ(source.find("kOperator<"), std::string::npos);  // which would bring in what checks and plans
  EXPECT_EQ(source.find("kStep<"), std::string::npos);
}

}  // namespace
}  // namespace thimble::compiler
