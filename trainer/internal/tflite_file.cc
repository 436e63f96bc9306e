#include "trainer/internal/tflite_file.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace thimble::trainer {

// An empty buffer comes first: it is what tensors without constant data refer to.
TfliteFile::TfliteFile() { AddBuffer({}); }

uint32_t TfliteFile::AddBuffer(std::span<const std::byte> bytes) {
  std::vector<uint8_t> data(bytes.size());
  if (!bytes.empty()) std::memcpy(data.data(), bytes.data(), bytes.size());
  buffers_.push_back(tflite::CreateBufferDirect(builder_, data.empty() ? nullptr : &data));
  return static_cast<uint32_t>(buffers_.size()) - 1;
}

int TfliteFile::AddTensor(const std::string& name, const std::vector<int32_t>& shape, tflite::TensorType type,
                          const Scales& scales, bool variable) {
  return AddTensor(name, shape, type, scales, variable, 0);
}

int TfliteFile::AddTensor(const std::string& name, const std::vector<int32_t>& shape, tflite::TensorType type,
                          const Scales& scales, bool variable, uint32_t buffer) {
  flatbuffers::Offset<tflite::QuantizationParameters> quantization;
  if (!scales.scales.empty()) {
    const std::vector<int64_t> zero_points(scales.scales.size(), scales.zero_point);
    quantization = tflite::CreateQuantizationParametersDirect(builder_, nullptr, nullptr, &scales.scales, &zero_points,
                                                              tflite::QuantizationDetails::NONE, 0, scales.dimension);
  }
  tensors_.push_back(tflite::CreateTensorDirect(builder_, &shape, type, buffer, name.c_str(), quantization, variable));
  return static_cast<int>(tensors_.size()) - 1;
}

void TfliteFile::AddOperator(tflite::BuiltinOperator code, int version, const std::vector<int32_t>& inputs, int output,
                             const OperatorOptions& options, const std::vector<int32_t>& intermediates) {
  const auto known = std::find(codes_.begin(), codes_.end(), std::pair(code, version));
  const auto index = static_cast<uint32_t>(known - codes_.begin());
  if (known == codes_.end()) {
    codes_.emplace_back(code, version);
    operator_codes_.push_back(tflite::CreateOperatorCode(builder_, static_cast<int8_t>(code), 0, version, code));
  }
  const std::vector<int32_t> outputs{output};
  operators_.push_back(tflite::CreateOperatorDirect(builder_, index, &inputs, &outputs, options.type, options.offset,
                                                    nullptr, tflite::CustomOptionsFormat::FLEXBUFFERS, nullptr,
                                                    intermediates.empty() ? nullptr : &intermediates));
}

std::vector<std::byte> TfliteFile::Finish(int input, int output, const std::string& minimum_version) && {
  constexpr uint32_t kSchemaVersion = 3;
  std::array<char, 16> version{};  // a fixed size, filled up with zeros, is what TensorFlow's converter writes
  minimum_version.copy(version.data(), version.size() - 1);
  const auto metadata = tflite::CreateMetadataDirect(builder_, "min_runtime_version",
                                                     AddBuffer(std::as_bytes(std::span<const char>(version))));
  const std::vector<int32_t> inputs{input};
  const std::vector<int32_t> outputs{output};
  const std::vector subgraphs{
      tflite::CreateSubGraphDirect(builder_, &tensors_, &inputs, &outputs, &operators_, "main")};
  const std::vector metadata_list{metadata};
  const auto model = tflite::CreateModelDirect(builder_, kSchemaVersion, &operator_codes_, &subgraphs, "thimble",
                                               &buffers_, nullptr, &metadata_list);
  tflite::FinishModelBuffer(builder_, model);
  const auto bytes = std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace thimble::trainer
