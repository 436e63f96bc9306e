#include "cli/tensor_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "cli/npy.h"
#include "runtime/describe.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using kernels::Tensor;
using kernels::Type;

/// The element as a T, wherever it lies.
template <typename T>
T At(const Tensor& tensor, int index) {
  T value;
  std::memcpy(&value, tensor.As<const std::byte>() + static_cast<size_t>(index) * sizeof value, sizeof value);
  return value;
}

/// Dimensions without those of 1, which change nothing about the order of elements.
std::vector<int64_t> Essential(const auto& dims) {
  std::vector<int64_t> essential;
  for (const int64_t dim : dims) {
    if (dim != 1) essential.push_back(dim);
  }
  return essential;
}

std::span<const int32_t> Dims(const Tensor& tensor) {
  return {tensor.shape.dims, static_cast<size_t>(tensor.shape.rank)};
}

}  // namespace

Expected<std::vector<std::byte>> ReadTensorFile(const fs::path& path, const Tensor& tensor, const std::string& what) {
  std::error_code error;
  if (!fs::exists(path, error)) return {Status::kNotFound, path.string() + ": no such file"};
  if (fs::is_directory(path, error)) return {Status::kInvalidArgument, path.string() + ": is a folder, not a tensor"};
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return {Status::kFailed, path.string() + ": cannot be read: " + std::strerror(errno)};
  const std::vector<char> file{std::istreambuf_iterator<char>(stream), {}};
  const auto bytes = std::as_bytes(std::span(file));
  const std::string needed = what + " is " + runtime::Describe(tensor);
  if (!IsNpy(bytes)) {
    if (bytes.size() == tensor.SizeBytes()) return std::vector<std::byte>(bytes.begin(), bytes.end());
    return {Status::kVerificationFailed, path.string() + ": has " + std::to_string(bytes.size()) + " bytes, but " +
                                             needed + ", which is " + std::to_string(tensor.SizeBytes()) +
                                             " bytes of raw little-endian elements"};
  }
  const Expected<NpyArray> array = ParseNpy(bytes);
  if (!array) return {array.error().status, path.string() + ": " + array.error().message};
  std::vector<int32_t> shape;
  for (const int64_t dim : array->shape) shape.push_back(static_cast<int32_t>(std::min<int64_t>(dim, INT32_MAX)));
  Tensor given;
  given.type = array->type;
  given.shape = {shape.data(), static_cast<int32_t>(shape.size())};
  if (array->type != tensor.type || Essential(array->shape) != Essential(Dims(tensor))) {
    return {Status::kVerificationFailed, path.string() + ": is " + runtime::Describe(given) + ", but " + needed};
  }
  return std::vector<std::byte>(array->data.begin(), array->data.end());
}

std::string TensorFileBytes(const fs::path& path, const Tensor& tensor) {
  const std::span<const std::byte> bytes(tensor.As<const std::byte>(), tensor.SizeBytes());
  if (path.extension() == ".npy") return WriteNpy(tensor.type, Dims(tensor), bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

double ElementOf(const Tensor& tensor, int index) {
  switch (tensor.type) {
    case Type::kFloat32:
      return static_cast<double>(At<float>(tensor, index));
    case Type::kInt32:
      return At<int32_t>(tensor, index);
    case Type::kInt64:
      return static_cast<double>(At<int64_t>(tensor, index));
    case Type::kInt16:
      return At<int16_t>(tensor, index);
    case Type::kInt8:
      return At<int8_t>(tensor, index);
    case Type::kUInt8:
    case Type::kBool:
      return At<uint8_t>(tensor, index);
    case Type::kResource:
    case Type::kAbsent:
      break;
  }
  return 0;
}

std::string ElementText(const Tensor& tensor, int index) {
  if (tensor.type == Type::kInt64) return std::to_string(At<int64_t>(tensor, index));  // a double would round it
  char text[32];
  std::snprintf(text, sizeof text, tensor.type == Type::kFloat32 ? "%.6g" : "%.0f", ElementOf(tensor, index));
  return text;
}

double RealOf(const Tensor& tensor, int index) {
  return static_cast<double>(tensor.Scale()) * (ElementOf(tensor, index) - tensor.zero_point);
}

}  // namespace thimble::cli
