// A model computed by the steps for this machine instead of the reference kernels.
#ifndef THIMBLE_COMPILER_FAST_ENGINE_H_
#define THIMBLE_COMPILER_FAST_ENGINE_H_

#include <cstddef>
#include <span>

#include "base/error.h"
#include "runtime/network.h"

namespace thimble::compiler {

/// Compiles `model` for this machine and runs it once from fresh state: the outputs of `network`, which is the same
/// model, from its inputs. The same bits as network.Invoke(), and on large models many times as fast.
///
///   kCancelled   a loop does not end with these inputs (runtime::kMostSubgraphRuns)
Outcome InvokeFast(std::span<const std::byte> model, runtime::Network& network);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_FAST_ENGINE_H_
