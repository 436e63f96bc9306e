// What operators share that run other subgraphs: handing operands over.
#ifndef THIMBLE_KERNELS_SUBGRAPH_CALLS_H_
#define THIMBLE_KERNELS_SUBGRAPH_CALLS_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// Whether the inputs or outputs of a subgraph have the types and shapes of `operands`, in this order.
Reason CheckOperands(const Call& call, int subgraph, Subgraphs::Side side, std::span<const Tensor> operands);

/// operands -> inputs of the subgraph.
void Pass(const Call& call, int subgraph, std::span<const Tensor> operands);
/// Outputs of the subgraph -> operands.
void TakeBack(const Call& call, int subgraph, std::span<const Tensor> operands);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SUBGRAPH_CALLS_H_
