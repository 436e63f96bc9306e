// Every operator there is: for laptops and generic runners. A product names only its own, and links only those.
#ifndef THIMBLE_KERNELS_ALL_OPERATORS_H_
#define THIMBLE_KERNELS_ALL_OPERATORS_H_

#include <span>

#include "kernels/op.h"

namespace thimble::kernels {

/// In the order of the folders' names.
std::span<const Operator* const> AllOperators();

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ALL_OPERATORS_H_
