#include "kernels/assign_variable/op.h"

namespace thimble::kernels {

Reason AssignVariable::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2 && call.in[1].present(), InputCount);
  THIMBLE_REQUIRE(call.out.empty(), OutputCount);
  THIMBLE_REQUIRE(call.in[0].type == Type::kResource && call.in[1].type != Type::kResource, OperandTypes);
  return Reason::kNone;
}

void AssignVariable::RunReference(const Params&, const Call& call) {
  std::memcpy(call.in[0].data, call.in[1].data, call.in[1].SizeBytes());
}

}  // namespace thimble::kernels
