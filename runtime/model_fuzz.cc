// Any bytes at all must load or be refused, and run or not run, without stepping outside their buffers. Seeds: a folder
// of models as the argument, and -max_len as large as they are.
#include <cstdlib>

#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/network.h"

namespace thimble::runtime {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 20;
constexpr int64_t kMostWork = int64_t{1} << 24;
constexpr uint32_t kMostRuns = 16;

/// No less than the products an operator computes: each output element sees at most a whole second input, or, when
/// there is none, a whole first one. Subgraphs may run more than once.
int64_t WorkOf(const Network& network) {
  int64_t work = 0;
  for (int g = 0; g < network.model().graph_count(); ++g) {
    const Graph graph = network.model().GraphAt(g);
    const int64_t runs = g == 0 ? 1 : kMostRuns;
    for (int i = 0; i < graph.operator_count(); ++i) {
      const auto inputs = graph.InputsOf(i);
      const auto outputs = graph.OutputsOf(i);
      if (inputs.size() == 0 || outputs.size() == 0) continue;
      const int operand = inputs.size() > 1 && inputs[1] >= 0 ? inputs[1] : inputs[0];
      const int64_t products = operand < 0 ? 1 : graph.TensorAt(operand).shape.Count();
      work += runs * products * graph.TensorAt(outputs[0]).shape.Count();
    }
  }
  return work;
}

}  // namespace
}  // namespace thimble::runtime

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble;
  using namespace thimble::runtime;
  static auto* arena = static_cast<std::byte*>(std::aligned_alloc(16, kArenaBytes));
  // A copy of exactly this size, at an address that a model may have.
  void* copy = nullptr;
  if (posix_memalign(&copy, 16, size) != 0) std::abort();
  std::memcpy(copy, data, size);
  const std::span<const std::byte> model(static_cast<std::byte*>(copy), size);

  Network network;
  Fault fault;
  if (!ok(network.Load(model, kernels::AllOperators(), {arena, kArenaBytes}, &fault))) {
    if (Describe(model, kernels::AllOperators(), fault).empty()) std::abort();
  } else if (WorkOf(network) <= kMostWork) {
    for (int run = 0; run < 2; ++run) {
      const Status status = network.Invoke(kMostRuns);
      if (!ok(status) && network.model().graph_count() == 1) std::abort();
    }
    network.Reset();
    for (int i = 0; i < network.model().tensor_count() + network.operator_count(); ++i) {
      const Allocation allocation = network.AllocationAt(i);
      if (allocation.offset_bytes + allocation.size_bytes > network.arena_bytes()) std::abort();
    }
  }
  std::free(copy);
  return 0;
}
