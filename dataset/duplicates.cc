#include "dataset/duplicates.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

// Shorter runs than this are found by chance in coarse readings, so shorter recordings are only compared as a whole.
constexpr size_t kShortestRun = 32;

// A run counts only when at least one in this many readings differs from the one before.
constexpr size_t kChangeEvery = 4;

// The same block this often inside what is kept is the signal of a machine (or of a formula), not of a copy.
constexpr size_t kMostPlaces = 16;

/// Equal numbers have equal hashes: 0 and -0 are the same reading, and one file may have been written by a tool that
/// knows only one of them.
uint64_t NumbersHash(std::span<const float> numbers) {
  uint64_t hash = kFnvOffset;
  for (const float number : numbers) {
    const float without_sign_of_zero = number + 0.0f;
    hash = Fnv1a(std::as_bytes(std::span(&without_sign_of_zero, 1)), hash);
  }
  return hash;
}

bool SameRow(const Recording& a, size_t i, const Recording& b, size_t j) {
  return std::ranges::equal(a.Reading(i), b.Reading(j));
}

bool Changes(const Recording& recording, size_t first, size_t count) {
  size_t changes = 0;
  for (size_t i = first + 1; i < first + count; ++i) changes += !SameRow(recording, i, recording, i - 1);
  return changes * kChangeEvery >= count;
}

struct Place {
  size_t recording = 0;
  size_t reading = 0;
};

/// The recordings that stay, searchable by any run of readings.
///
/// Blocks of half a run are entered at multiples of their length: every run of twice that length, wherever it begins,
/// contains a whole block. A rolling hash then looks for the blocks at every offset of a newcomer.
class Kept {
 public:
  Kept(const std::vector<Recording>& recordings, size_t run) : recordings_(recordings), run_(run), block_(run / 2) {
    for (size_t i = 1; i < block_; ++i) top_power_ *= kBase;
  }

  /// Where a copy of `recording` is, and how many readings are the same; 0 readings: nowhere.
  std::pair<size_t, size_t> FindCopy(size_t index) const {
    const Recording& recording = recordings_[index];
    const auto [first, last] = whole_.equal_range(ContentHash(recording));
    for (auto it = first; it != last; ++it) {
      if (SameContent(recording, recordings_[it->second])) return {it->second, recording.readings()};
    }
    const std::vector<uint64_t> hashes = BlockHashes(recording);
    for (size_t i = 0; i < hashes.size(); ++i) {
      const auto found = blocks_.find(hashes[i]);
      if (found == blocks_.end()) continue;
      for (const Place& place : found->second) {
        const size_t shared = SharedRun(recording, i, place);
        if (shared > 0) return {place.recording, shared};
      }
    }
    return {0, 0};
  }

  void Add(size_t index) {
    const Recording& recording = recordings_[index];
    whole_.emplace(ContentHash(recording), index);
    const std::vector<uint64_t> hashes = BlockHashes(recording);
    for (size_t i = 0; i < hashes.size(); i += block_) {
      if (!Changes(recording, i, block_)) continue;
      std::vector<Place>& places = blocks_[hashes[i]];
      if (places.size() < kMostPlaces) places.push_back({index, i});
    }
  }

 private:
  static constexpr uint64_t kBase = 0x9e3779b97f4a7c15;  // odd, so that its powers never vanish modulo 2^64

  static bool SameContent(const Recording& a, const Recording& b) {
    return a.axes.size() == b.axes.size() && a.values == b.values;
  }

  /// Hash of the block that begins at each reading.
  std::vector<uint64_t> BlockHashes(const Recording& recording) const {
    const size_t readings = recording.readings();
    if (readings < run_) return {};
    std::vector<uint64_t> rows(readings);
    for (size_t i = 0; i < readings; ++i) rows[i] = NumbersHash(recording.Reading(i));
    std::vector<uint64_t> hashes(readings - block_ + 1);
    uint64_t hash = 0;
    for (size_t i = 0; i < readings; ++i) {
      if (i >= block_) hash -= rows[i - block_] * top_power_;
      hash = hash * kBase + rows[i];
      if (i + 1 >= block_) hashes[i + 1 - block_] = hash;
    }
    return hashes;
  }

  /// Length of the run around a block that `recording` at `reading` seems to share with `place`, 0 if it is too short
  /// or says too little.
  size_t SharedRun(const Recording& recording, size_t reading, const Place& place) const {
    const Recording& other = recordings_[place.recording];
    if (other.axes.size() != recording.axes.size()) return 0;
    size_t before = 0;
    while (before < reading && before < place.reading &&
           SameRow(recording, reading - before - 1, other, place.reading - before - 1)) {
      ++before;
    }
    size_t after = 0;
    while (reading + after < recording.readings() && place.reading + after < other.readings() &&
           SameRow(recording, reading + after, other, place.reading + after)) {
      ++after;
    }
    const size_t shared = before + after;
    return shared >= run_ && Changes(recording, reading - before, shared) ? shared : 0;
  }

  const std::vector<Recording>& recordings_;
  size_t run_;
  size_t block_;
  uint64_t top_power_ = 1;
  std::unordered_multimap<uint64_t, size_t> whole_;
  std::unordered_map<uint64_t, std::vector<Place>> blocks_;
};

Duplicate Describe(const Recording& kept, const Recording& removed, size_t shared) {
  Duplicate duplicate{
      .kept = kept.name,
      .removed = removed.name,
      .kept_category = kept.category,
      .removed_category = removed.category,
      .shared_readings = shared,
      .whole = shared == kept.readings() && shared == removed.readings(),
      .across_the_split = kept.category == Category::kTesting && removed.category == Category::kTraining,
      .labels_differ = kept.label != removed.label,
      .sentence = {}};
  const auto who = [](const Recording& recording) {
    return recording.file == recording.name ? recording.file : recording.name + " (" + recording.file + ")";
  };
  std::string& text = duplicate.sentence;
  text = who(removed) + (duplicate.whole ? " is the same as " : " repeats ") +
         (duplicate.whole ? "" : Count(shared, "reading", "readings") + " of ") + who(kept);
  if (kept.category != removed.category) {
    text += std::string(", which is for ") + CategoryName(kept.category);
  }
  if (duplicate.labels_differ) {
    text += ", but its label is " + Quote(removed.label) + " and not " + Quote(kept.label) + ": one of them is wrong";
  }
  text += "; left out";
  return duplicate;
}

}  // namespace

uint64_t ContentHash(const Recording& recording) { return NumbersHash(recording.values); }

std::string DataHash(const Dataset& dataset) {
  uint64_t sum = 0;
  for (const Recording& recording : dataset.recordings) {
    sum += Fnv1a(std::as_bytes(std::span(recording.label)), ContentHash(recording));
  }
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum));
  return text;
}

std::vector<Duplicate> RemoveDuplicates(Dataset& dataset) {
  std::vector<Recording>& recordings = dataset.recordings;
  size_t shortest = kSharedReadings;
  for (const Recording& recording : recordings) shortest = std::min(shortest, recording.readings());

  // Who comes first stays: testing before training before unassigned, then in the order of reading.
  const auto rank = [](Category category) {
    return category == Category::kTesting ? 0 : category == Category::kTraining ? 1 : 2;
  };
  std::vector<size_t> order(recordings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank(recordings[a].category) < rank(recordings[b].category); });

  std::vector<Duplicate> duplicates;
  std::vector<bool> removed(recordings.size());
  Kept kept(recordings, std::max(shortest, kShortestRun));
  for (const size_t index : order) {
    const auto [copy_of, shared] = kept.FindCopy(index);
    if (shared == 0) {
      kept.Add(index);
      continue;
    }
    duplicates.push_back(Describe(recordings[copy_of], recordings[index], shared));
    removed[index] = true;
  }
  std::vector<Recording> staying;
  for (size_t i = 0; i < recordings.size(); ++i) {
    if (!removed[i]) staying.push_back(std::move(recordings[i]));
  }
  recordings = std::move(staying);
  return duplicates;
}

std::string Summary(std::span<const Duplicate> duplicates) {
  if (duplicates.empty()) return {};
  const auto count = [&](auto&& is) {
    return static_cast<size_t>(std::count_if(duplicates.begin(), duplicates.end(), is));
  };
  std::string text = Count(duplicates.size(), "recording repeats another one and was left out",
                           "recordings repeat another one and were left out");
  auto add = [&, separator = ": "](size_t number, std::string_view singular, std::string_view plural) mutable {
    if (number == 0) return;
    text += separator + Count(number, singular, plural);
    separator = ", ";
  };
  const auto in = [](Category removed, Category kept) {
    return [=](const Duplicate& d) { return d.removed_category == removed && d.kept_category == kept; };
  };
  add(count(in(Category::kTraining, Category::kTesting)), "in training repeats testing", "in training repeat testing");
  add(count(in(Category::kTraining, Category::kTraining)), "within training", "within training");
  add(count(in(Category::kTesting, Category::kTesting)), "within testing", "within testing");
  add(count(in(Category::kUnassigned, Category::kTraining)), "outside the split repeats training",
      "outside the split repeat training");
  add(count(in(Category::kUnassigned, Category::kTesting)), "outside the split repeats testing",
      "outside the split repeat testing");
  const size_t mislabelled = count([](const Duplicate& d) { return d.labels_differ; });
  if (mislabelled > 0) {
    text += "; " + Count(mislabelled, "has another label than its original", "have another label than their originals");
  }
  return text;
}

}  // namespace thimble::dataset
