#include "kernels/read_variable/op.h"

namespace thimble::kernels {

Reason ReadVariable::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.in[0].type == Type::kResource && call.out[0].type != Type::kResource, OperandTypes);
  return Reason::kNone;
}

void ReadVariable::RunReference(const Params&, const Call& call) {
  std::memcpy(call.out[0].data, call.in[0].data, call.out[0].SizeBytes());
}

}  // namespace thimble::kernels
