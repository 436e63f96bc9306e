#include "compiler/fast_engine.h"

#include <cstring>
#include <string>
#include <vector>

#include "base/aligned_memory.h"
#include "compiler/compile.h"
#include "compiler/package.h"
#include "kernels/all_operators.h"
#include "runtime/package.h"
#include "steps/all_steps.h"

namespace thimble::compiler {
namespace {

using kernels::Tensor;

void Copy(const Tensor& from, const Tensor& to) {
  if (from.SizeBytes() > 0) std::memcpy(to.data, from.data, from.SizeBytes());
}

}  // namespace

Outcome InvokeFast(std::span<const std::byte> model, runtime::Network& network) {
  CompileOptions options;
  options.target = steps::Target::kX86;
  THIMBLE_ASSIGN(const Plan plan, Compile(model, options));
  const std::vector<std::byte> bytes = WritePackage(plan);
  const AlignedMemory package{std::span<const std::byte>(bytes)};
  const AlignedMemory arena(plan.arena_bytes);
  runtime::PlannedPackage planned;
  runtime::Fault fault;
  const Status status = planned.Open(package.span(), steps::AllSteps(), kernels::AllOperators(), arena.span(), &fault);
  if (!ok(status)) {
    return {status, "the runtime refuses what the compiler made of it (step " + std::to_string(fault.operator_index) +
                        "); please report this as a bug"};
  }
  for (int i = 0; i < network.input_count(); ++i) Copy(network.input(i), planned.input(i));
  if (const Status ran = planned.Invoke(); !ok(ran)) return {ran, "a loop (WHILE) does not end with these inputs"};
  for (int i = 0; i < network.output_count(); ++i) Copy(planned.output(i), network.output(i));
  return Nothing{};
}

}  // namespace thimble::compiler
