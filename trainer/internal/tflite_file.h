// Collects tensors and operators, then makes a .tflite file of them.
#ifndef THIMBLE_TRAINER_INTERNAL_TFLITE_FILE_H_
#define THIMBLE_TRAINER_INTERNAL_TFLITE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/schema_generated.h"

namespace thimble::trainer {

/// How a tensor's integers stand for real numbers; no scales: they do not.
struct Scales {
  std::vector<float> scales;  ///< one, or one for each index of `dimension`
  int64_t zero_point = 0;
  int32_t dimension = 0;
};

/// Of an operator that is made with a builder.
struct OperatorOptions {
  tflite::BuiltinOptions type = tflite::BuiltinOptions::NONE;
  flatbuffers::Offset<void> offset;
};

/// A file with one subgraph. Every buffer starts at a multiple of 16 bytes, so the file runs in place.
class TfliteFile {
 public:
  TfliteFile();

  /// The index of a tensor that is computed at run time; a variable keeps its values between runs.
  int AddTensor(const std::string& name, const std::vector<int32_t>& shape, tflite::TensorType type,
                const Scales& scales, bool variable = false);

  /// The index of a tensor with these values.
  template <typename T>
  int AddConstant(const std::string& name, const std::vector<int32_t>& shape, tflite::TensorType type,
                  const std::vector<T>& values, const Scales& scales) {
    const uint32_t buffer = AddBuffer(std::as_bytes(std::span(values)));
    return AddTensor(name, shape, type, scales, false, buffer);
  }

  /// `version` is the one of TFLite's operator that first did this; `intermediates` are tensors that only TFLite's own
  /// kernels look at.
  void AddOperator(tflite::BuiltinOperator code, int version, const std::vector<int32_t>& inputs, int output,
                   const OperatorOptions& options = {}, const std::vector<int32_t>& intermediates = {});

  /// For making options.
  flatbuffers::FlatBufferBuilder& builder() { return builder_; }

  /// `minimum_version` of TensorFlow Lite, which its tools show.
  std::vector<std::byte> Finish(int input, int output, const std::string& minimum_version) &&;

 private:
  uint32_t AddBuffer(std::span<const std::byte> bytes);
  int AddTensor(const std::string& name, const std::vector<int32_t>& shape, tflite::TensorType type,
                const Scales& scales, bool variable, uint32_t buffer);

  flatbuffers::FlatBufferBuilder builder_;
  std::vector<std::pair<tflite::BuiltinOperator, int>> codes_;  ///< with their versions
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> operator_codes_;
  std::vector<flatbuffers::Offset<tflite::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators_;
  std::vector<flatbuffers::Offset<tflite::Buffer>> buffers_;
};

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_INTERNAL_TFLITE_FILE_H_
