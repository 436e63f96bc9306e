// What `thimble train` and `thimble test` say about scores, and the page of a training.
#ifndef THIMBLE_CLI_TRAIN_REPORT_H_
#define THIMBLE_CLI_TRAIN_REPORT_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "studio/training.h"
#include "studio/worth.h"

namespace thimble::cli {

/// What the answers to the testing windows are worth, and what people should know about them: more notices.
Expected<ReportWorth> AssessTraining(studio::TrainingResult& result);

/// The same for a network from before, whose choice of scores stands in its report.json.
Expected<ReportWorth> AssessTest(studio::Data& data, const studio::Judged& judged,
                                 const std::optional<studio::ScoreChoice>& choice);

/// "scores": {"auc": {label: …}, "calibration_error", "temperature", "threshold", …}, "worst": […].
void AddScores(const ReportWorth& worth, const std::vector<std::string>& labels, nlohmann::ordered_json& report);

/// What AddScores wrote of the choice; nothing where it wrote none.
std::optional<studio::ScoreChoice> ReadChoice(const nlohmann::ordered_json& report);

/// For people: the scores in sentences, and the worst windows.
std::string ScoresText(const ReportWorth& worth, const std::vector<std::string>& labels, const Style& style);

/// All that report.html shows of a training; command, files and seconds are the caller's to add.
Report DescribeTraining(const studio::TrainingResult& result, const std::string& source, const ReportWorth& worth);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TRAIN_REPORT_H_
