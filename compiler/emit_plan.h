// A plan becomes C++ that people can read and programs can link.
#ifndef THIMBLE_COMPILER_EMIT_PLAN_H_
#define THIMBLE_COMPILER_EMIT_PLAN_H_

#include <string>
#include <string_view>

#include "compiler/plan.h"

namespace thimble::compiler {

/// Two files that belong together, in namespace `plan.name`:
///   header   `kPlan` for runtime/planned_network.h, `kArenaBytes`, and how many inputs and outputs there are
///   source   its definition, all of it constant; includes "<header_name>"
struct EmittedPlan {
  std::string header, source;
};

/// The same plan, the same text.
EmittedPlan EmitPlan(const Plan& plan, std::string_view header_name);

/// The definitions that runtime/linked_plan.h announces, for the plan itself or for a package that was written as a
/// model with `symbol` (compiler/emit.h). Includes "<header_name>".
std::string EmitLinkedPlan(const Plan& plan, std::string_view header_name);
std::string EmitLinkedPackage(const Plan& plan, std::string_view symbol, size_t package_bytes,
                              std::string_view header_name);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EMIT_PLAN_H_
