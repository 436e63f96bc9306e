// Any bytes at all must load or be refused, and run or not run, without stepping outside their buffers.
#include <cstdlib>

#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/network.h"

namespace thimble::runtime {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 20;
constexpr int64_t kMostWork = int64_t{1} << 24;

/// No less than the products an operator computes: each output element sees at most a whole second input, or, when
/// there is none, a whole first one.
int64_t WorkOf(const Network& network) {
  int64_t work = 0;
  for (int i = 0; i < network.operator_count(); ++i) {
    const auto inputs = network.model().InputsOf(i);
    const int operand = inputs.size() > 1 && inputs[1] >= 0 ? inputs[1] : inputs[0];
    work += int64_t{network.TensorAt(network.model().OutputsOf(i)[0]).shape.Count()} *
            network.TensorAt(operand).shape.Count();
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
    network.Invoke();
  }
  std::free(copy);
  return 0;
}
