#include "trainer/features.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "base/aligned_memory.h"

namespace thimble::trainer {

Expected<Table> ExtractFeatures(const dataset::Dataset& dataset, const dataset::WindowIndex& index,
                                const std::vector<std::string>& labels, const dsp::Block& block, const void* params,
                                const dsp::Window& window, const ShareCallback& progress) {
  constexpr size_t kWindowsPerReport = 256;

  const AlignedMemory prepared(block.prepared_bytes(params, window));
  const AlignedMemory scratch(block.scratch_bytes(params, window));
  block.prepare(params, window, prepared.span());

  Table table;
  const size_t feature_count = block.feature_count(params, window);
  table.feature_count = static_cast<int>(feature_count);
  table.features.resize(index.windows.size() * feature_count);
  table.labels.reserve(index.windows.size());
  table.groups.reserve(index.windows.size());

  for (size_t row = 0; row < index.windows.size(); ++row) {
    if (row % kWindowsPerReport == 0 && progress &&
        !progress(static_cast<double>(row) / static_cast<double>(index.windows.size()))) {
      return {Status::kCancelled, "stopped while extracting features"};
    }
    const dataset::WindowPlace& place = index.windows[row];
    const dataset::Recording& recording = dataset.recordings[place.recording];
    const auto label = std::find(labels.begin(), labels.end(), recording.label);
    if (label == labels.end()) {
      return {Status::kInvalidArgument,
              recording.file + ": its label '" + recording.label + "' is none of those that the network is to learn"};
    }
    const std::span<float> features = std::span(table.features).subspan(row * feature_count, feature_count);
    block.extract(params, window, prepared.span(), index.Samples(dataset, place), features, scratch.span());
    const auto wild = std::find_if_not(features.begin(), features.end(), [](float x) { return std::isfinite(x); });
    if (wild != features.end()) {
      return {Status::kFailed, recording.file + ": feature " + std::to_string(wild - features.begin()) +
                                   " of the window at reading " + std::to_string(place.first_reading) +
                                   " is not a finite number; look for readings far outside the sensor's range"};
    }
    table.labels.push_back(static_cast<int>(label - labels.begin()));
    table.groups.push_back(static_cast<int>(place.recording));
  }
  return table;
}

}  // namespace thimble::trainer
