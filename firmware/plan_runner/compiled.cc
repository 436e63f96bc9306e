// The plan runner for a network that was compiled into the program.
#include "firmware/plan_runner/plan_runner.h"
#include "runtime/linked_plan.h"
#include "runtime/planned_network.h"

void Main() {
  using namespace thimble;
  runtime::PlannedNetwork network;
  const Status status = network.Start(runtime::kLinkedPlan, runtime::kLinkedPlanArena);
  firmware::PlanRunner<runtime::PlannedNetwork>(network, runtime::kLinkedPlanArena)
      .Serve(status, kernels::Reason::kNone);
}
