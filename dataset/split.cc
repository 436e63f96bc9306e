#include "dataset/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <tuple>

#include "base/hash.h"
#include "dataset/duplicates.h"
#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

using ByLabel = std::map<std::string, std::vector<Recording*>>;

ByLabel GroupByLabel(std::vector<Recording>& recordings) {
  ByLabel by_label;
  for (Recording& recording : recordings) by_label[recording.label].push_back(&recording);
  return by_label;
}

uint64_t Lot(uint64_t seed, const Recording& recording) {
  const uint64_t parts[] = {seed, ContentHash(recording)};
  return Fnv1a(std::as_bytes(std::span(parts)));
}

Outcome CheckAuthorsSplit(const ByLabel& by_label, std::vector<std::string>& notices) {
  for (const auto& [label, recordings] : by_label) {
    const auto in = [](Category category) { return [=](const Recording* r) { return r->category == category; }; };
    const bool trained = std::any_of(recordings.begin(), recordings.end(), in(Category::kTraining));
    const bool tested = std::any_of(recordings.begin(), recordings.end(), in(Category::kTesting));
    if (tested && !trained) {
      return {Status::kInvalidArgument, "label " + Quote(label) + " is in testing but not in training (" +
                                            recordings.front()->file +
                                            "): nothing could learn it; move some of its recordings to training"};
    }
    if (trained && !tested) {
      notices.push_back("label " + Quote(label) +
                        " is in training but not in testing: how well it is recognised will not be measured");
    }
  }
  return Nothing{};
}

Outcome DrawLots(const ByLabel& by_label, const SplitOptions& options) {
  for (const auto& [label, recordings] : by_label) {
    if (recordings.size() < 2) {
      return {Status::kInvalidArgument,
              "label " + Quote(label) + " has only one recording (" + recordings.front()->file +
                  "): it cannot both train and test; record it again, or cut long files with --readings-per-recording"};
    }
  }
  for (const auto& [label, recordings] : by_label) {
    std::vector<std::tuple<uint64_t, std::string, Recording*>> lots;
    for (Recording* recording : recordings)
      lots.emplace_back(Lot(options.seed, *recording), recording->file, recording);
    std::sort(lots.begin(), lots.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    const auto wanted = static_cast<size_t>(std::llround(options.testing_share * static_cast<double>(lots.size())));
    const size_t testing = std::clamp<size_t>(wanted, 1, lots.size() - 1);
    for (size_t i = 0; i < lots.size(); ++i) {
      std::get<2>(lots[i])->category = i < testing ? Category::kTesting : Category::kTraining;
    }
  }
  return Nothing{};
}

}  // namespace

Outcome Split(Dataset& dataset, const SplitOptions& options) {
  if (!(options.testing_share > 0 && options.testing_share < 1)) {
    return {Status::kInvalidArgument,
            "a testing share of " + Number(options.testing_share) + " is impossible; it lies between 0 and 1"};
  }
  std::vector<Recording>& recordings = dataset.recordings;
  const auto has_no_label = [](const Recording& recording) { return recording.label.empty(); };
  const size_t unlabelled = std::erase_if(recordings, has_no_label);
  if (recordings.empty()) {
    return {Status::kInvalidArgument,
            "none of the recordings has a label; name the files label.number.ending or put them in a folder per label"};
  }
  if (unlabelled > 0) {
    dataset.notices.push_back(Count(unlabelled, "recording has", "recordings have") + " no label, left out");
  }

  size_t counts[3] = {};
  for (const Recording& recording : recordings) ++counts[static_cast<size_t>(recording.category)];
  const auto [unassigned, training, testing] = counts;
  if (testing == recordings.size()) {
    return {Status::kInvalidArgument, "all recordings are marked testing; move some of each label to training"};
  }
  if (testing > 0) {
    if (training == 0) {
      for (Recording& recording : recordings) {
        if (recording.category == Category::kUnassigned) recording.category = Category::kTraining;
      }
      dataset.notices.push_back("the author chose the recordings for testing; the " + std::to_string(unassigned) +
                                " others are for training");
    } else if (unassigned > 0) {
      std::erase_if(recordings, [](const Recording& recording) { return recording.category == Category::kUnassigned; });
      dataset.notices.push_back(Count(unassigned, "recording that is", "recordings that are") +
                                " neither in training nor in testing left out; move them to one of the two");
    }
    return CheckAuthorsSplit(GroupByLabel(recordings), dataset.notices);
  }
  THIMBLE_EXPECT(DrawLots(GroupByLabel(recordings), options));
  if (training > 0) {
    dataset.notices.push_back("no recording is marked testing: " + Number(100 * options.testing_share) +
                              " % of each label's recordings are set aside for it");
  }
  return Nothing{};
}

}  // namespace thimble::dataset
