// What is wrong with a model, and where: small enough for a device, enough for a laptop to write a good sentence.
#ifndef THIMBLE_RUNTIME_FAULT_H_
#define THIMBLE_RUNTIME_FAULT_H_

#include "kernels/reason.h"

namespace thimble::runtime {

using kernels::Reason;

struct Fault {
  Reason reason = Reason::kNone;
  int operator_index = -1;  ///< in the order of execution, or -1
  int tensor_index = -1;    ///< in the model's tensor list, or -1
  uint32_t byte = 0;        ///< position in the file, for damage of its structure
  int subgraph_index = 0;   ///< to which operator_index and tensor_index belong
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_FAULT_H_
