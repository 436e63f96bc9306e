#include "kernels/all_operators.h"

#include "kernels/ops_headers.inc"

namespace thimble::kernels {
namespace {

constexpr const Operator* kAll[] = {
#define OP(type) &kOperator<type>,
#include "kernels/ops.inc"
#undef OP
};

}  // namespace

std::span<const Operator* const> AllOperators() { return kAll; }

}  // namespace thimble::kernels
