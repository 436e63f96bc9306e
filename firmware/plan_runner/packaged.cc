// The plan runner for a network that lies in flash as a package.
#include "firmware/plan_runner/plan_runner.h"
#include "runtime/linked_plan.h"
#include "runtime/package.h"

void Main() {
  using namespace thimble;
  runtime::PlannedPackage network;
  runtime::Fault fault;
  const Status status = network.Open(std::as_bytes(runtime::kLinkedPackage), runtime::kLinkedSteps,
                                     runtime::kLinkedOperators, runtime::kLinkedPlanArena, &fault);
  firmware::PlanRunner<runtime::PlannedPackage>(network, runtime::kLinkedPlanArena).Serve(status, fault.reason);
}
