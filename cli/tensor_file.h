// Tensors from files and to files: raw little-endian elements, or .npy.
#ifndef THIMBLE_CLI_TENSOR_FILE_H_
#define THIMBLE_CLI_TENSOR_FILE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernels/op.h"

namespace thimble::cli {

/// The bytes for `tensor`, called `what` in errors ("input 0"). A file that begins as .npy must have the tensor's type
/// and its shape (dimensions of 1 aside); any other holds its elements and nothing else.
///   kNotFound            no such file
///   kVerificationFailed  another size, type or shape
Expected<std::vector<std::byte>> ReadTensorFile(const std::filesystem::path& path, const kernels::Tensor& tensor,
                                                const std::string& what);

/// What to write to `path`: .npy when the name ends so, else raw elements.
std::string TensorFileBytes(const std::filesystem::path& path, const kernels::Tensor& tensor);

/// The element as a number; bool is 0 or 1.
double ElementOf(const kernels::Tensor& tensor, int index);

/// The element as a person reads it: integers whole, floats with six digits.
std::string ElementText(const kernels::Tensor& tensor, int index);

/// What the stored element stands for, for a tensor with one scale.
double RealOf(const kernels::Tensor& tensor, int index);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TENSOR_FILE_H_
