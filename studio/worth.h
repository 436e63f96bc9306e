// What a network's answers are worth beyond how many are right: areas under curves, whether scores mean what they say,
// from which score on to answer at all, and where it fails worst.
#ifndef THIMBLE_STUDIO_WORTH_H_
#define THIMBLE_STUDIO_WORTH_H_

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "studio/data.h"
#include "studio/judging.h"
#include "studio/learning.h"

namespace thimble::studio {

/// Chosen on windows of recordings that were held out for validation, never on the testing part.
struct ScoreChoice {
  double temperature = 1;  ///< what the logarithms of the scores are divided by so that they mean what they say
  double threshold = 0;    ///< lower scores are called uncertain: what the network says, not changed by temperature
};

/// A temperature, 1 where validation has no error to measure it by; and the threshold that leaves 99 % of the answers
/// right (95 or 90 % where that would silence more than half of the windows), 0 where none is needed or would do.
/// Nothing without validation rows.
Expected<std::optional<ScoreChoice>> ChooseScores(const HeldOut& validation, size_t classes);

struct WorstWindow {
  std::string place;  ///< "wave.1 (testing/wave.1.json), 1.2 s to 3.2 s"
  int label = 0;
  int predicted = 0;
  double score = 0;  ///< that the true label got
};

struct Worth {
  std::vector<std::optional<double>> areas;  ///< under the ROC curve of each label against the others
  double calibration_error = 0;              ///< ECE, 0 … 1
  // With a ScoreChoice.
  double calibrated_error = 0;  ///< ECE after its temperature
  double uncertain = 0;         ///< share of windows below its threshold
  double answered_accuracy = 0;
  std::vector<WorstWindow> worst;  ///< wrong answers only, the worst of each recording, worst first
};

/// Of answers to the testing windows.
Expected<Worth> MeasureWorth(const Data& data, const Judged& judged, const std::optional<ScoreChoice>& choice);

/// A sentence where one label has so many testing windows that accuracy says little; else empty.
std::string ImbalanceWarning(const std::vector<std::string>& labels, const trainer::Evaluation& evaluation);

/// A sentence where a random split of windows would look better than one by recordings is; empty where it would not, or
/// where finding out would take long.
std::string SplitWarning(const trainer::Table& training);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_WORTH_H_
