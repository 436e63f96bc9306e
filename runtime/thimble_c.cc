#include "kernels/ops_headers.inc"
#include "runtime/network.h"
#include "runtime/thimble.h"

using thimble::Status;
using thimble::kernels::Operator;
using thimble::kernels::Tensor;
using thimble::runtime::Fault;
using thimble::runtime::Network;

struct thimble_operator {
  Operator face;
};

namespace {

static_assert(sizeof(Network) <= sizeof(thimble_network) && alignof(Network) <= alignof(thimble_network));
// A list of one is a list of the other. NOLINTNEXTLINE(misc-redundant-expression)
static_assert(sizeof(thimble_operator) == sizeof(Operator));

Network& Inside(thimble_network* network) { return *reinterpret_cast<Network*>(network->inside); }
const Network& Inside(const thimble_network* network) { return *reinterpret_cast<const Network*>(network->inside); }

thimble_tensor View(const Tensor& tensor) {
  return {.data = tensor.data,
          .size_bytes = tensor.SizeBytes(),
          .type = static_cast<thimble_type>(tensor.type),
          .dims = tensor.shape.dims,
          .rank = tensor.shape.rank,
          .scale = tensor.scale_count > 0 ? tensor.Scale() : 0,
          .zero_point = tensor.zero_point};
}

}  // namespace

extern "C" {

#define OP(type) \
  constexpr thimble_operator thimble_operator_##type = {thimble::kernels::kOperator<thimble::kernels::type>};
#include "kernels/ops.inc"
#undef OP

int thimble_network_load(thimble_network* network, const void* model, size_t model_bytes,
                         const thimble_operator* const* operators, size_t operator_count, void* arena,
                         size_t arena_bytes, thimble_fault* fault) {
  Network& inside = *new (network->inside) Network;
  Fault found;
  const Status status = inside.Load({static_cast<const std::byte*>(model), model_bytes},
                                    {reinterpret_cast<const Operator* const*>(operators), operator_count},
                                    {static_cast<std::byte*>(arena), arena_bytes}, &found);
  if (fault != nullptr) {
    *fault = {static_cast<int>(found.reason), found.subgraph_index, found.operator_index, found.tensor_index,
              found.byte};
  }
  return static_cast<int>(status);
}

int thimble_network_invoke(thimble_network* network) { return static_cast<int>(Inside(network).Invoke()); }

void thimble_network_reset(thimble_network* network) { Inside(network).Reset(); }

int thimble_network_input_count(const thimble_network* network) { return Inside(network).input_count(); }
int thimble_network_output_count(const thimble_network* network) { return Inside(network).output_count(); }

thimble_tensor thimble_network_input(const thimble_network* network, int index) {
  return View(Inside(network).input(index));
}
thimble_tensor thimble_network_output(const thimble_network* network, int index) {
  return View(Inside(network).output(index));
}

size_t thimble_network_arena_bytes(const thimble_network* network) { return Inside(network).arena_bytes(); }

const char* thimble_status_text(int status) { return thimble::Reason(static_cast<Status>(status)); }
const char* thimble_reason_text(int reason) {
  return thimble::kernels::Sentence(static_cast<thimble::kernels::Reason>(reason));
}

}  // extern "C"
