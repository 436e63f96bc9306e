// Reference models with recorded answers: finds them in a folder, runs them, and says how they compare.
#ifndef THIMBLE_TESTS_MODELS_ARCHIVE_H_
#define THIMBLE_TESTS_MODELS_ARCHIVE_H_

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::models {

/// One inference from fresh state. Files hold raw little-endian elements, in the order of the model's tensors.
struct Case {
  std::string name;
  std::vector<std::filesystem::path> inputs;
  std::vector<std::filesystem::path> outputs;  ///< empty: no reference is known
};

struct ReferenceModel {
  std::string id;
  std::filesystem::path file;
  std::vector<std::string> operators;  ///< TFLite's names, "CONV_2D"; empty when there is no INDEX.csv
  bool tflm_ok = false;                ///< TensorFlow Lite Micro runs it
  size_t tflm_arena_bytes = 0;         ///< what it takes there; 0 if unknown
  std::vector<Case> cases;

  bool HasAnswers() const {
    return std::any_of(cases.begin(), cases.end(), [](const Case& one) { return !one.outputs.empty(); });
  }
};

/// The models of `folder`, which is either an unpacked archive (INDEX.csv, <id>.tflite, ref/<id>/case<k>.in<i>.bin and
/// .tflm<i>.bin) or holds a folder for each model (model.tflite, input_<seed>.bin, output_<seed>.bin).
Expected<std::vector<ReferenceModel>> FindModels(const std::filesystem::path& folder);

enum class Verdict {
  kOk,       ///< every recorded output is the same
  kRuns,     ///< accepted and run, but nothing is recorded to compare with
  kRefused,  ///< not loaded, with a reason
  kDiffers,
};

/// "ok", "runs", "refused", "differs"
const char* NameOf(Verdict verdict);

struct Comparison {
  Verdict verdict = Verdict::kOk;
  std::string sentence;    ///< why refused, or which element of which output differs
  size_t arena_bytes = 0;  ///< 0 if refused
};

/// Runs every case of `model` from fresh state with all operators there are; once on zeros if there is none. Integers
/// must be equal; floats within `float_tolerance` relative, and absolutely within a hundredth of that of the largest of
/// the output.
Comparison RunCases(const ReferenceModel& model, float float_tolerance = 1e-3f);

}  // namespace thimble::models

#endif  // THIMBLE_TESTS_MODELS_ARCHIVE_H_
