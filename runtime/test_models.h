// For tests: models made in place, models read from files, and memory at addresses that loading accepts.
#ifndef THIMBLE_RUNTIME_TEST_MODELS_H_
#define THIMBLE_RUNTIME_TEST_MODELS_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/network.h"
#include "runtime/schema_generated.h"

namespace thimble::runtime {

/// Bytes on the heap at a multiple of 16, without a spare byte behind them, so that the address sanitizer sees every
/// step over the end.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t size) : size_(size) {
    void* bytes = nullptr;
    if (posix_memalign(&bytes, 16, size) != 0) std::abort();
    bytes_.reset(static_cast<std::byte*>(bytes));
    std::memset(bytes, 0xa5, size);
  }
  explicit AlignedBytes(std::span<const std::byte> bytes) : AlignedBytes(bytes.size()) {
    if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  std::span<std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte[], Free> bytes_;
  size_t size_;
};

inline AlignedBytes ReadAligned(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return AlignedBytes(std::as_bytes(std::span(bytes)));
}

/// Where the reference models are, or an empty path.
inline std::filesystem::path GoldenModels() {
  const char* shared = std::getenv("THIMBLE_SHARED");
  const std::filesystem::path models =
      (shared != nullptr ? std::filesystem::path(shared) : std::filesystem::path(THIMBLE_SOURCE_DIR) / "../shared") /
      "golden/models";
  return std::filesystem::exists(models) ? models : std::filesystem::path();
}

/// A .tflite put together by hand, right or wrong.
struct ModelBuilder {
  using Options =
      std::pair<tflite::BuiltinOptions, std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)>>;
  struct TestTensor {
    std::vector<int32_t> shape;
    tflite::TensorType type = tflite::TensorType::FLOAT32;
    std::vector<float> scales = {};
    std::vector<int64_t> zero_points = {};
    std::vector<uint8_t> data = {};
    int32_t buffer = -1;  ///< other than its own
    bool variable = false;
  };
  struct TestOperator {
    tflite::BuiltinOperator code;
    std::vector<int32_t> inputs, outputs;
    Options options = {tflite::BuiltinOptions::NONE, nullptr};
    int version = 1;
    int code_index = -1;  ///< other than its own
  };
  std::vector<TestTensor> tensors;
  std::vector<TestOperator> operators;
  std::vector<int32_t> inputs, outputs;
  uint32_t version = 3;
  int subgraphs = 1;                      ///< so many times
  std::vector<ModelBuilder> others = {};  ///< further subgraphs; what they say of the file is ignored

  AlignedBytes Build() const {
    Parts parts;
    parts.buffers.push_back(tflite::CreateBuffer(parts.builder));
    std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs(static_cast<size_t>(subgraphs), Add(parts));
    for (const ModelBuilder& other : others) graphs.push_back(other.Add(parts));
    flatbuffers::FlatBufferBuilder& builder = parts.builder;
    builder.Finish(tflite::CreateModelDirect(builder, version, &parts.codes, &graphs, "test", &parts.buffers),
                   tflite::ModelIdentifier());
    return AlignedBytes(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  }

 private:
  /// What the subgraphs of a file share.
  struct Parts {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<tflite::Buffer>> buffers;
    std::vector<flatbuffers::Offset<tflite::OperatorCode>> codes;
  };

  flatbuffers::Offset<tflite::SubGraph> Add(Parts& parts) const {
    flatbuffers::FlatBufferBuilder& builder = parts.builder;
    std::vector<flatbuffers::Offset<tflite::Tensor>> tensor_offsets;
    for (const TestTensor& tensor : tensors) {
      uint32_t buffer_index = 0;
      if (!tensor.data.empty()) {
        buffer_index = static_cast<uint32_t>(parts.buffers.size());
        builder.ForceVectorAlignment(tensor.data.size(), 1, 16);
        const auto data = builder.CreateVector(tensor.data);
        parts.buffers.push_back(tflite::CreateBuffer(builder, data));
      }
      if (tensor.buffer >= 0) buffer_index = static_cast<uint32_t>(tensor.buffer);
      const auto quantisation =
          tflite::CreateQuantizationParametersDirect(builder, nullptr, nullptr, &tensor.scales, &tensor.zero_points);
      const std::string name = "t" + std::to_string(tensor_offsets.size());
      tensor_offsets.push_back(tflite::CreateTensorDirect(builder, &tensor.shape, tensor.type, buffer_index,
                                                          name.c_str(), quantisation, tensor.variable));
    }
    std::vector<flatbuffers::Offset<tflite::Operator>> operator_offsets;
    for (const TestOperator& op : operators) {
      const uint32_t code =
          op.code_index < 0 ? static_cast<uint32_t>(parts.codes.size()) : static_cast<uint32_t>(op.code_index);
      const int8_t old_code = static_cast<int>(op.code) < 127 ? static_cast<int8_t>(op.code) : int8_t{127};
      parts.codes.push_back(tflite::CreateOperatorCode(builder, old_code, 0, op.version, op.code));
      const auto options = op.options.second ? op.options.second(builder) : flatbuffers::Offset<void>();
      operator_offsets.push_back(
          tflite::CreateOperatorDirect(builder, code, &op.inputs, &op.outputs, op.options.first, options));
    }
    return tflite::CreateSubGraphDirect(builder, &tensor_offsets, &inputs, &outputs, &operator_offsets);
  }
};

inline constexpr size_t kPlenty = size_t{1} << 20;

/// A network with its model and an arena of exactly the size it takes.
struct Loaded {
  AlignedBytes model;
  AlignedBytes arena;
  Network network;

  explicit Loaded(AlignedBytes bytes) : model(std::move(bytes)), arena(kPlenty) {
    Fault fault;
    Status status = network.Load(model.span(), kernels::AllOperators(), arena.span(), &fault);
    EXPECT_TRUE(ok(status)) << Describe(model.span(), kernels::AllOperators(), fault);
    if (!ok(status)) return;
    arena = AlignedBytes(network.arena_bytes());
    status = network.Load(model.span(), kernels::AllOperators(), arena.span(), &fault);
    EXPECT_TRUE(ok(status)) << Describe(model.span(), kernels::AllOperators(), fault);
  }
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_TEST_MODELS_H_
