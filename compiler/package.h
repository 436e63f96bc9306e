// A plan becomes a planned package: bytes that the runtime verifies and runs from flash.
#ifndef THIMBLE_COMPILER_PACKAGE_H_
#define THIMBLE_COMPILER_PACKAGE_H_

#include <cstddef>
#include <vector>

#include "compiler/plan.h"

namespace thimble::compiler {

/// The plan as runtime/package.h reads it. The same plan, the same bytes.
std::vector<std::byte> WritePackage(const Plan& plan);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PACKAGE_H_
