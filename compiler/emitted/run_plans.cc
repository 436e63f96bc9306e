// The programs that write_plans.cc wrote, compiled and run on this machine.
#include <gtest/gtest.h>

#include "adder.h"
#include "choice.h"
#include "classifier.h"
#include "compiler/planned_runs.h"
#include "compiler/test_plans.h"
#include "counter.h"
#include "runtime/planned_network.h"
#include "total.h"

namespace thimble::compiler {
namespace {

using runtime::PlannedNetwork;

const runtime::Plan& PlanOf(const std::string& name) {
  for (const runtime::Plan* plan :
       {&classifier::kPlan, &adder::kPlan, &choice::kPlan, &counter::kPlan, &total::kPlan}) {
    if (name == plan->name) return *plan;
  }
  ADD_FAILURE() << "there is no program for " << name;
  return classifier::kPlan;
}

TEST(EmittedPlan, GivesTheInterpretersBits) {
  for (const NamedModel& small : SmallModels()) {
    SCOPED_TRACE(small.name);
    runtime::Loaded loaded(small.model.Build());
    const runtime::Plan& plan = PlanOf(small.name);
    const AlignedBytes arena(plan.arena_bytes);  // exactly: the address sanitizer sees every step beyond
    PlannedNetwork network;
    ASSERT_TRUE(ok(network.Start(plan, arena.span())));
    ExpectTheSame(loaded.network, network, 6);
    ExpectTheSame(loaded.network, network, 6);  // from the beginning
  }
}

TEST(EmittedPlan, SaysWhenTheArenaCannotBeUsed) {
  const AlignedBytes arena(classifier::kArenaBytes + 16);
  PlannedNetwork network;
  EXPECT_EQ(network.Start(classifier::kPlan, arena.span().first(classifier::kArenaBytes - 1)), Status::kOutOfMemory);
  EXPECT_EQ(network.Start(classifier::kPlan, arena.span().subspan(4)), Status::kInvalidArgument);
  EXPECT_EQ(network.Start(classifier::kPlan, arena.span()), Status::kOk);
  EXPECT_EQ(network.arena_bytes(), classifier::kArenaBytes);
  EXPECT_EQ(network.input_count(), classifier::kInputCount);
  EXPECT_EQ(network.output_count(), classifier::kOutputCount);
}

TEST(EmittedPlan, EndsALoopThatWouldRunForEver) {
  const AlignedBytes arena(counter::kArenaBytes);
  PlannedNetwork network;
  ASSERT_TRUE(ok(network.Start(counter::kPlan, arena.span())));
  const auto count_to_five = [&](uint32_t most_runs) {
    *network.input(0).As<float>() = 0;
    *network.input(1).As<float>() = 5;
    return network.Invoke(most_runs);
  };
  EXPECT_EQ(count_to_five(10), Status::kCancelled);
  EXPECT_EQ(count_to_five(11), Status::kOk);  // six conditions, five bodies
  EXPECT_EQ(*network.output(0).As<float>(), 5);
}

}  // namespace
}  // namespace thimble::compiler
