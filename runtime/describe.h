// What is wrong with a model, in a sentence that a person can act on. Host only: a device sends the Fault instead.
#ifndef THIMBLE_RUNTIME_DESCRIBE_H_
#define THIMBLE_RUNTIME_DESCRIBE_H_

#ifdef THIMBLE_DEVICE
#error "runtime/describe.h needs a heap: device code reports the Fault itself"
#endif

#include <cstddef>
#include <span>
#include <string>

#include "kernels/op.h"
#include "runtime/fault.h"

namespace thimble::runtime {

/// For the same model and operators that `fault` came from. "operator 7 (conv_2d): the shapes of inputs and output do
/// not fit together (inputs int8[1,49,10,1], int8[8,3,3,2], int32[8]; output int8[1,25,5,8])". The caller puts the
/// file's name in front.
std::string Describe(std::span<const std::byte> model, std::span<const kernels::Operator* const> operators,
                     const Fault& fault);

/// "int8[1,49,10,1]"
std::string Describe(const kernels::Tensor& tensor);

/// "conv_2d" for 3, whether or not this build has the operator; "builtin 999" when TFLite's list does not.
std::string OperatorName(int tflite_code);

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_DESCRIBE_H_
