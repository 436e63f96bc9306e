// What a program that has its planned network linked in can count on: the compiler writes these definitions.
#ifndef THIMBLE_RUNTIME_LINKED_PLAN_H_
#define THIMBLE_RUNTIME_LINKED_PLAN_H_

#include <cstddef>
#include <span>

#include "base/arena.h"
#include "runtime/package.h"
#include "runtime/plan.h"

namespace thimble::runtime {

/// In flash; one of the two, as the program asks for.
extern const Plan& kLinkedPlan;
extern const std::span<const unsigned char> kLinkedPackage;

/// Of a package: the steps and operators that it names and no others, so that only those are linked.
extern const std::span<const steps::Step* const> kLinkedSteps;
extern const std::span<const kernels::Operator* const> kLinkedOperators;

/// Exactly as large as the network needs.
extern const std::span<std::byte> kLinkedPlanArena;

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_LINKED_PLAN_H_
