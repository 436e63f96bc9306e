// What recordings, networks and judgements of studio/ become in a report.
#ifndef THIMBLE_CLI_REPORT_DATA_H_
#define THIMBLE_CLI_REPORT_DATA_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/report.h"
#include "studio/data.h"
#include "studio/judging.h"
#include "studio/training.h"
#include "studio/worth.h"
#include "trainer/table.h"

namespace thimble::cli {

/// What the recordings hold, with counts of both sides of the split.
ReportData DescribeData(const studio::Data& data, const std::string& source);

/// One window from the middle of the first testing recording of each label, thinned to what a small plot shows; none of
/// pictures.
std::vector<ReportSignal> ExampleSignals(const studio::Data& data);

/// The testing windows in a plane, at most 1500 of them.
std::vector<ReportPoint> ScatterPoints(const trainer::Table& testing, std::span<const int> predictions);

/// Layers, candidates and curve of a network that was trained.
ReportImpulse DescribeImpulse(const studio::TrainingResult& result);

ReportWorth DescribeWorth(const studio::Worth& worth, const std::optional<studio::ScoreChoice>& choice);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_REPORT_DATA_H_
