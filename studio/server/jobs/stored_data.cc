#include "studio/server/jobs/stored_data.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "dataset/reader.h"
#include "studio/server/ingest/recording_of.h"
#include "studio/server/ingest/stretch_labels.h"

namespace thimble::studio {
namespace {

using dataset::Recording;

constexpr std::string_view kSamplePrefix = "sample ";

std::string Plural(size_t count) { return std::to_string(count) + (count == 1 ? " sample" : " samples"); }

/// Newest first is how pages want them; learning wants an order that more data does not change.
Expected<std::vector<Sample>> ListEnabled(Store& store, const StoredDataOptions& options) {
  constexpr int64_t kAtATime = 1000;
  std::vector<Sample> samples;
  Paging paging{.limit = kAtATime};
  for (;;) {
    THIMBLE_ASSIGN(Page<Sample> page,
                   store.ListSamples(options.project_id, {.snapshot = options.snapshot, .enabled = true}, paging));
    std::move(page.items.begin(), page.items.end(), std::back_inserter(samples));
    if (!page.next) break;
    paging.cursor = *page.next;
  }
  std::reverse(samples.begin(), samples.end());
  return samples;
}

void AddStretches(const Recording& whole, const std::vector<LabelledStretch>& stretches,
                  std::vector<Recording>& recordings) {
  const auto width = static_cast<int64_t>(whole.axes.size());
  for (const LabelledStretch& stretch : stretches) {
    Recording part = whole;
    part.label = stretch.label;
    part.name += "." + std::to_string(stretch.first);
    const auto first = whole.values.begin() + stretch.first * width;
    part.values = {first, first + stretch.count * width};
    recordings.push_back(std::move(part));
  }
}

}  // namespace

int64_t SampleIdOf(std::string_view file) {
  int64_t id = 0;
  if (file.starts_with(kSamplePrefix))
    std::from_chars(file.data() + kSamplePrefix.size(), file.data() + file.size(), id);
  return id;
}

Expected<dataset::Dataset> ReadStored(Store& store, const StoredDataOptions& options) {
  THIMBLE_ASSIGN(std::vector<Sample> samples, ListEnabled(store, options));
  dataset::Dataset set;
  const auto leave_out = [&](const auto& which, const std::string& why) {
    const size_t count = std::erase_if(samples, which);
    if (count > 0) set.notices.push_back(Plural(count) + " " + why + " left out");
  };
  leave_out([](const Sample& sample) { return sample.category == "post-processing"; }, "for post-processing");
  if (!options.with_anomalies) {
    leave_out([](const Sample& sample) { return sample.category == "anomaly"; }, "of the category anomaly");
  }
  const auto is_picture = [](const Sample& sample) { return sample.kind == "image"; };
  if (!std::all_of(samples.begin(), samples.end(), is_picture)) {
    leave_out(is_picture, "that are pictures among other recordings");
  }
  if (samples.empty()) {
    return {Status::kInvalidArgument,
            "the data set has no recordings that are enabled; record or upload some, or enable them"};
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i];
    const std::string file = std::string(kSamplePrefix) + std::to_string(sample.id) + "/" + sample.file_name;
    Expected<Recording> recording = RecordingOf(store.blobs(), sample);
    if (!recording) return {recording.error().status, file + ": " + recording.error().message};
    recording->file = file;
    if (sample.category == "anomaly") recording->category = dataset::Category::kTesting;
    const bool is_marked = sample.structured_labels.find('{') != std::string::npos;
    if (is_marked && !recording->is_picture()) {
      AddStretches(*recording, StretchLabelsOf(sample), set.recordings);
    } else {
      set.recordings.push_back(*std::move(recording));
    }
    if (options.progress && !options.progress(i + 1, samples.size())) {
      return {Status::kCancelled, "stopped after " + Plural(i + 1) + " of " + std::to_string(samples.size())};
    }
  }
  if (set.recordings.empty()) {
    return {Status::kInvalidArgument, "no stretch of any sample has a label; mark some"};
  }
  THIMBLE_EXPECT(dataset::CheckUniform(set.recordings));
  return set;
}

}  // namespace thimble::studio
