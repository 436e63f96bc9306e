#include "kernels/reduce_all/op.h"

namespace thimble::kernels {

Reason ReduceAll::Check(const Params& params, const Call& call) { return CheckLogical(params, call); }

void ReduceAll::RunReference(const Params&, const Call& call) {
  Reduction reduction(call);
  const int32_t outputs = call.out[0].shape.Count();
  for (int32_t i = 0; i < outputs; ++i) {
    uint8_t result = 1;
    reduction.Next([&](int32_t at) { result &= static_cast<uint8_t>(call.in[0].As<uint8_t>()[at] != 0); });
    call.out[0].As<uint8_t>()[i] = result;
  }
}

}  // namespace thimble::kernels
