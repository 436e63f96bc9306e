// For tests: a plan computes what the interpreter computes.
#ifndef THIMBLE_COMPILER_PLAN_COMPARISON_H_
#define THIMBLE_COMPILER_PLAN_COMPARISON_H_

#include <algorithm>
#include <span>
#include <string>

#include "base/aligned_memory.h"
#include "base/random.h"
#include "compiler/compile.h"
#include "compiler/model_file.h"
#include "compiler/package.h"
#include "kernels/all_operators.h"
#include "runtime/package.h"
#include "steps/all_steps.h"

namespace thimble::compiler {

/// Fills a tensor with anything; small numbers where they may be indices or sizes, floats around 1.
inline void FillWithAnything(const kernels::Tensor& tensor, Random& random) {
  for (int32_t i = 0; i < tensor.shape.Count(); ++i) {
    switch (tensor.type) {
      case kernels::Type::kFloat32:
        tensor.As<float>()[i] = random.Uniform() * 4 - 2;
        break;
      case kernels::Type::kInt32:
        tensor.As<int32_t>()[i] = static_cast<int32_t>(random.Below(2));
        break;
      case kernels::Type::kInt64:
        tensor.As<int64_t>()[i] = random.Below(2);
        break;
      case kernels::Type::kInt16:
        tensor.As<int16_t>()[i] = static_cast<int16_t>(random.Next());
        break;
      case kernels::Type::kBool:
        tensor.As<uint8_t>()[i] = static_cast<uint8_t>(random.Below(2));
        break;
      default:
        tensor.As<uint8_t>()[i] = static_cast<uint8_t>(random.Next());
    }
  }
}

/// Runs `plan` (as a planned package, completely verified) and the interpreter on the same inputs, several times in a
/// row, so that what stays between runs is compared too. Empty if every output has the same bits, else what differs.
inline std::string Difference(std::span<const std::byte> model, const Plan& plan, int runs = 3) {
  auto loaded = LoadNetwork(model, kernels::AllOperators());
  if (!loaded) return loaded.error().message;
  runtime::Network& network = loaded->network;
  const std::vector<std::byte> bytes = WritePackage(plan);
  const AlignedMemory package{std::span<const std::byte>(bytes)};
  const AlignedMemory arena(plan.arena_bytes);
  std::fill(arena.span().begin(), arena.span().end(), std::byte{0xa5});
  runtime::PlannedPackage planned;
  runtime::Fault fault;
  if (!ok(planned.Open(package.span(), steps::AllSteps(), kernels::AllOperators(), arena.span(), &fault))) {
    return "subgraph " + std::to_string(fault.subgraph_index) + ", step " + std::to_string(fault.operator_index) +
           ": " + kernels::Sentence(fault.reason);
  }
  if (planned.input_count() != network.input_count() || planned.output_count() != network.output_count()) {
    return "another number of inputs or outputs";
  }
  Random random(1);
  for (int run = 0; run < runs; ++run) {
    for (int i = 0; i < network.input_count(); ++i) {
      const kernels::Tensor from = network.input(i), to = planned.input(i);
      FillWithAnything(from, random);
      if (to.SizeBytes() != from.SizeBytes()) return "input " + std::to_string(i) + ": size";
      std::copy_n(from.As<std::byte>(), from.SizeBytes(), to.As<std::byte>());
    }
    const Status expected = network.Invoke(), got = planned.Invoke();
    if (expected != got) return std::string("ends with: ") + Reason(got);
    if (!ok(expected)) continue;
    for (int i = 0; i < network.output_count(); ++i) {
      const kernels::Tensor x = network.output(i), y = planned.output(i);
      if (x.SizeBytes() != y.SizeBytes()) return "output " + std::to_string(i) + ": size";
      for (size_t k = 0; k < x.SizeBytes(); ++k) {
        if (x.As<std::byte>()[k] == y.As<std::byte>()[k]) continue;
        return "run " + std::to_string(run) + ", output " + std::to_string(i) + ", byte " + std::to_string(k) +
               ": is " + std::to_string(y.As<int8_t>()[k]) + " instead of " + std::to_string(x.As<int8_t>()[k]);
      }
    }
  }
  return "";
}

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PLAN_COMPARISON_H_
