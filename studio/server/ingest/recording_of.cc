#include "studio/server/ingest/recording_of.h"

#include <string>
#include <utility>
#include <vector>

#include "dataset/reader.h"

namespace thimble::studio {

Expected<dataset::Recording> RecordingOf(const Sample& sample, std::string_view bytes) {
  std::vector<std::string> notices;
  THIMBLE_ASSIGN(dataset::Recording recording, dataset::ReadBytes(sample.file_name, bytes, {}, notices));
  recording.name = sample.name;
  recording.label = sample.label;
  if (sample.category == "training") recording.category = dataset::Category::kTraining;
  if (sample.category == "testing") recording.category = dataset::Category::kTesting;
  const auto readings = static_cast<int64_t>(recording.readings());
  if (sample.first_value < 0 || sample.values_count < 0 || sample.first_value > readings ||
      sample.values_count > readings - sample.first_value) {
    return {Status::kDataLoss, sample.name + ": the stretch from reading " + std::to_string(sample.first_value) +
                                   " on is not in its file, which has " + std::to_string(readings)};
  }
  if (sample.values_count < readings) {
    const auto width = static_cast<int64_t>(recording.axes.size());
    const auto first = recording.values.begin() + sample.first_value * width;
    recording.values = std::vector<float>(first, first + sample.values_count * width);
  }
  return recording;
}

Expected<dataset::Recording> RecordingOf(const Blobs& blobs, const Sample& sample) {
  THIMBLE_ASSIGN(const std::string bytes, blobs.Read(sample.blob));
  return RecordingOf(sample, bytes);
}

}  // namespace thimble::studio
