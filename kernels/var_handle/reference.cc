#include "kernels/var_handle/op.h"

namespace thimble::kernels {

Reason VarHandle::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.empty(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.out[0].type == Type::kResource, OperandTypes);
  return Reason::kNone;
}

void VarHandle::RunReference(const Params&, const Call&) {}

}  // namespace thimble::kernels
