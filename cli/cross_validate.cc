#include "cli/cross_validate.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/processors.h"
#include "cli/report.h"

namespace thimble::cli {

using Json = nlohmann::ordered_json;

Expected<std::optional<studio::FoldOptions>> ReadFolds(const TrainOptions& options) {
  if (options.folds == 0 && options.each.empty()) return std::optional<studio::FoldOptions>();
  studio::FoldOptions folds{.count = options.folds};
  folds.jobs = options.jobs > 0 ? options.jobs : UsableProcessors();
  const auto refuse = [](const std::string& sentence) { return Error{Status::kInvalidArgument, sentence}; };
  if (!options.each.empty()) {
    if (options.folds > 0) return refuse("--each makes a fold of each group already; take either it or --folds");
    if (!options.folder.split.empty()) return refuse("--each says what stays together already; leave --split out");
    auto each = dataset::ParseSplitBy(options.each);
    if (!each) return refuse("--each " + options.each + ": " + each.error().message);
    if (each->kind != dataset::SplitBy::Kind::kName && each->kind != dataset::SplitBy::Kind::kFolder) {
      return refuse("--each " + options.each +
                    ": say folder, or how names tell the group: speaker:{digit}_{speaker}_{index}");
    }
    folds.each = *std::move(each);
  }
  if (options.folder.split.empty()) return std::optional(folds);
  auto by = dataset::ParseSplitBy(options.folder.split);
  if (by && (!by->testing.empty() || by->testing_share > 0)) {
    return refuse("--split " + options.folder.split +
                  ": with --folds every part tests once; leave out what stands behind the =");
  }
  return std::optional(folds);
}

void DescribeFolds(const studio::CrossValidation& validation, Json& report) {
  Json folds = Json::array();
  for (const studio::Fold& fold : validation.folds) {
    folds.push_back({{"name", fold.name},
                     {"model", fold.model},
                     {"parameters", fold.parameters},
                     {"accuracy", {{"float", fold.in_float.accuracy}, {"int8", fold.in_int8.accuracy}}},
                     {"windows", fold.windows}});
  }
  Json suspects = Json::array();
  for (const studio::SuspectRecording& suspect : validation.suspects) {
    suspects.push_back({{"file", suspect.file},
                        {"label", suspect.label},
                        {"likely", suspect.likely},
                        {"windows", suspect.windows},
                        {"suspect_windows", suspect.suspect_windows}});
  }
  report["accuracy"]["folds_mean"] = studio::SpreadOf(validation.folds).mean;
  report["folds"] = std::move(folds);
  report["suspects"] = std::move(suspects);
}

std::string FoldsText(const studio::CrossValidation& validation, const Style& style) {
  constexpr size_t kShownSuspects = 5;
  std::vector<std::vector<std::string>> rows = {{"left out", "int8", "float", "windows", "network", "parameters"}};
  for (const studio::Fold& fold : validation.folds) {
    rows.push_back({Printable(fold.name), AsPercent(fold.in_int8.accuracy), AsPercent(fold.in_float.accuracy),
                    Thousands(fold.windows), fold.model, Thousands(fold.parameters)});
  }
  const studio::FoldSpread spread = studio::SpreadOf(validation.folds);
  std::string text =
      "  Each window was answered by a network that its recording had no part in; the mean of the folds is " +
      AsPercent(spread.mean) + ", from " + AsPercent(spread.lowest) + " to " + AsPercent(spread.highest) +
      ". The network that was kept has learnt from all of them.";
  text = "  " + Wrap(text.substr(2), 2, style.width) + "\n\n" + Table(rows, 2);
  if (validation.suspects.empty()) return text;
  text += "\n  Labels to look at, because networks that did not know the recording agree on another:\n";
  for (size_t i = 0; i < std::min(validation.suspects.size(), kShownSuspects); ++i) {
    const studio::SuspectRecording& suspect = validation.suspects[i];
    text += "    " + Printable(suspect.file) + " says " + Printable(suspect.label) + ", seems to be " +
            Printable(suspect.likely) + " in " + Thousands(suspect.suspect_windows) + " of " +
            Thousands(suspect.windows) + (suspect.windows == 1 ? " window\n" : " windows\n");
  }
  if (validation.suspects.size() > kShownSuspects) {
    text += "    and " + Thousands(static_cast<long long>(validation.suspects.size() - kShownSuspects)) +
            " more, in report.json\n";
  }
  return text;
}

}  // namespace thimble::cli
