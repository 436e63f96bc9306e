// What a model file is worth on recordings that it did not learn from.
#ifndef THIMBLE_STUDIO_JUDGING_H_
#define THIMBLE_STUDIO_JUDGING_H_

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "trainer/evaluate.h"
#include "trainer/table.h"

namespace thimble::studio {

/// How a model file answers the testing windows.
struct Judged {
  std::vector<float> scores;  ///< [windows, labels]
  trainer::Evaluation evaluation;
};

/// Scores [rows, outputs] of a .tflite with one input and one output, by the runtime's kernels; int8 ones as the
/// numbers that they stand for.
Expected<std::vector<float>> RunModelFile(std::span<const std::byte> model, std::span<const float> rows,
                                          const std::function<bool(double share)>& progress = {});

/// Features of the testing windows through a model file of this impulse, against their labels.
Expected<Judged> Judge(const Data& data, const compiler::ImpulseDescription& impulse, std::span<const std::byte> model,
                       const std::function<bool(double share)>& progress = {});

/// The same for rows that are features already, scaled as the model wants them.
Expected<Judged> JudgeRows(const std::vector<std::string>& labels, const trainer::Table& testing,
                           std::span<const std::byte> model, const std::function<bool(double share)>& progress = {});

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_JUDGING_H_
