// NumPy's .npy files, as far as tensors need them: read whole, written as version 1.0.
#ifndef THIMBLE_CLI_NPY_H_
#define THIMBLE_CLI_NPY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernels/op.h"

namespace thimble::cli {

/// An array in C order, little endian. `data` points into the file's bytes and is exactly as long as the shape says.
struct NpyArray {
  kernels::Type type = kernels::Type::kAbsent;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

/// Does the file begin as .npy files do?
bool IsNpy(std::span<const std::byte> file);

/// Versions 1.0, 2.0 and 3.0 with the element types of kernels::Type. Errors are sentences without the file's name.
///   kDataLoss     the file is cut short or its header is damaged
///   kUnsupported  another element type, Fortran order, big endian
/// Source: NumPy documentation, numpy.lib.format.
Expected<NpyArray> ParseNpy(std::span<const std::byte> file);

/// The whole file. `data` is little endian, in C order, as long as the shape says.
std::string WriteNpy(kernels::Type type, std::span<const int32_t> shape, std::span<const std::byte> data);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_NPY_H_
