#include "studio/judging.h"

#include <algorithm>
#include <string>

#include "base/aligned_memory.h"
#include "base/fixed_point.h"
#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "studio/learning.h"

namespace thimble::studio {

Expected<std::vector<float>> RunModelFile(std::span<const std::byte> model, std::span<const float> rows,
                                          const std::function<bool(double share)>& progress) {
  constexpr size_t kRowsPerReport = 64;
  const AlignedMemory aligned(model);
  THIMBLE_ASSIGN(compiler::LoadedNetwork loaded, compiler::LoadNetwork(aligned.span(), kernels::AllOperators()));
  runtime::Network& network = loaded.network;
  const auto usable = [](const kernels::Tensor& tensor) {
    return tensor.type == kernels::Type::kFloat32 || (tensor.type == kernels::Type::kInt8 && tensor.scale_count == 1);
  };
  if (network.input_count() != 1 || network.output_count() != 1 || !usable(network.input(0)) ||
      !usable(network.output(0))) {
    return {Status::kUnsupported, "the model must have one input and one output, in int8 or float32"};
  }
  const kernels::Tensor input = network.input(0);
  const auto width = static_cast<size_t>(input.shape.Count());
  if (rows.size() % width != 0) {
    return {Status::kInvalidArgument, "the model wants " + std::to_string(width) +
                                          " features, which these rows are no "
                                          "multiple of"};
  }
  const size_t count = rows.size() / width;
  std::vector<float> scores;
  for (size_t row = 0; row < count; ++row) {
    if (row % kRowsPerReport == 0 && progress && !progress(static_cast<double>(row) / static_cast<double>(count))) {
      return {Status::kCancelled, "stopped while the model was running"};
    }
    for (size_t i = 0; i < width; ++i) {
      const float value = rows[row * width + i];
      if (input.type == kernels::Type::kFloat32) {
        input.As<float>()[i] = value;
      } else {
        input.As<int8_t>()[i] =
            static_cast<int8_t>(thimble::Quantise(value, input.Scale(), input.zero_point, -128, 127));
      }
    }
    if (const Status status = network.Invoke(); !ok(status)) return {status, "the model gave no answer"};
    const kernels::Tensor output = network.output(0);
    for (int i = 0; i < output.shape.Count(); ++i) {
      scores.push_back(output.type == kernels::Type::kFloat32
                           ? output.As<float>()[i]
                           : static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale());
    }
  }
  return scores;
}

Expected<Judged> JudgeRows(const std::vector<std::string>& labels, const trainer::Table& testing,
                           std::span<const std::byte> model, const std::function<bool(double share)>& progress) {
  Judged judged;
  THIMBLE_ASSIGN(judged.scores, RunModelFile(model, testing.features, progress));
  const auto classes = static_cast<int>(labels.size());
  if (judged.scores.size() != labels.size() * static_cast<size_t>(testing.rows())) {
    return {Status::kInvalidArgument,
            "the model does not give one score for each of the " + std::to_string(classes) + " labels"};
  }
  judged.evaluation =
      trainer::Evaluate(testing.labels, trainer::Decide(judged.scores, classes), testing.groups, classes);
  return judged;
}

Expected<Judged> Judge(const Data& data, const compiler::ImpulseDescription& impulse, std::span<const std::byte> model,
                       const std::function<bool(double share)>& progress) {
  THIMBLE_ASSIGN(trainer::Table testing, Features(data, data.testing, impulse.block, progress));
  const trainer::FeatureScaling scaling{impulse.feature_offsets, impulse.feature_scales};
  if (scaling.scale.size() != 0 && scaling.scale.size() != static_cast<size_t>(testing.feature_count)) {
    return {Status::kInvalidArgument, "the impulse scales " + std::to_string(scaling.scale.size()) +
                                          " features, but its block gives " + std::to_string(testing.feature_count)};
  }
  trainer::Apply(scaling, testing.features);
  return JudgeRows(data.labels, testing, model, progress);
}

}  // namespace thimble::studio
