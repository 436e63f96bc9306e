#include "studio/server/api/data_health.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "studio/server/api/rebalance.h"
#include "studio/server/ingest/stretch_labels.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using Level = HealthCheck::Level;
using Samples = std::vector<const Sample*>;

// A label with so many times the training time of another one drowns it.
constexpr double kMuchMore = 4;
constexpr double kSameInterval = 0.01;
// Recordings that differ by less than this share of the usual number of readings were meant to have it.
constexpr double kNearlyUsual = 0.1;

std::string Count(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string Quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

/// "3 recordings ('wave.1', 'wave.2' and 1 more) repeat": what one does, or what many do.
std::string Those(const Samples& samples, const char* one_does, const char* many_do) {
  constexpr size_t kMostNamed = 2;
  std::string names;
  for (size_t i = 0; i < std::min(samples.size(), kMostNamed); ++i) {
    names += (i == 0 ? "" : ", ") + Quoted(samples[i]->name);
  }
  if (samples.size() > kMostNamed) names += " and " + std::to_string(samples.size() - kMostNamed) + " more";
  return Count(samples.size(), "recording", "recordings") + " (" + names + ") " +
         (samples.size() == 1 ? one_does : many_do);
}

void Add(HealthCheck& check, Level level, std::string sentence, const Samples& samples = {}) {
  check.level = std::max(check.level, level);
  check.sentences.push_back(std::move(sentence));
  for (const Sample* sample : samples) check.samples.push_back(sample->id);
}

bool Trains(const Sample& sample) { return sample.category == "training"; }
bool Tests(const Sample& sample) { return sample.category == "testing"; }

/// What most of them have; of equally many the first.
template <typename Key, typename KeyOf>
std::pair<Key, size_t> Commonest(const Samples& samples, KeyOf key_of) {
  std::map<Key, size_t> counts;
  for (const Sample* sample : samples) ++counts[key_of(*sample)];
  std::pair<Key, size_t> most{};
  for (const auto& entry : counts) {
    if (entry.second > most.second) most = entry;
  }
  return most;
}

// --- the checks -----------------------------------------------------------------------------------------------------

struct LabelTotals {
  size_t training = 0, testing = 0;
  double training_ms = 0;
};

void CheckBalance(const Samples& all, HealthCheck& check) {
  std::map<std::string, LabelTotals> labels;
  Samples unlabelled;
  const auto count = [&](const std::string& label, const Sample& sample, double length_ms) {
    LabelTotals& totals = labels[label];
    ++(Tests(sample) ? totals.testing : totals.training);
    if (!Tests(sample)) totals.training_ms += length_ms;
  };
  for (const Sample* sample : all) {
    if (!Trains(*sample) && !Tests(*sample)) continue;
    const std::vector<LabelledStretch> stretches = StretchLabelsOf(*sample);
    for (const LabelledStretch& stretch : stretches) {
      count(stretch.label, *sample, sample->interval_ms * static_cast<double>(stretch.count));
    }
    if (!stretches.empty()) continue;
    if (sample->label.empty()) {
      unlabelled.push_back(sample);
    } else {
      count(sample->label, *sample, sample->length_ms);
    }
  }
  if (labels.empty()) return Add(check, Level::kProblem, "nothing enabled has a label; record some, or label them");
  if (!unlabelled.empty()) {
    Add(check, Level::kHint, Those(unlabelled, "has", "have") + " no label: networks learn nothing from them",
        unlabelled);
  }
  const bool in_time =
      std::any_of(labels.begin(), labels.end(), [](const auto& e) { return e.second.training_ms > 0; });
  const auto weight = [&](const LabelTotals& totals) {
    return in_time ? totals.training_ms / 1000 : static_cast<double>(totals.training);
  };
  const char* const unit = in_time ? " s" : " recordings";
  const std::pair<const std::string, LabelTotals>*least = nullptr, *most = nullptr;
  for (const auto& entry : labels) {
    const auto& [label, totals] = entry;
    if (totals.training == 0) {
      Add(check, Level::kProblem, "label " + Quoted(label) + " is in testing but not in training: nothing learns it");
      continue;
    }
    if (totals.testing == 0) {
      Add(check, Level::kHint, "label " + Quoted(label) + " is in training but not in testing: nothing measures it");
    }
    if (least == nullptr || weight(totals) < weight(least->second)) least = &entry;
    if (most == nullptr || weight(totals) > weight(most->second)) most = &entry;
  }
  if (labels.size() == 1) Add(check, Level::kHint, "there is one label only: a classifier needs two or more");
  if (least != nullptr && weight(most->second) >= kMuchMore * weight(least->second) && weight(most->second) > 0) {
    Add(check, Level::kHint,
        "label " + Quoted(most->first) + " has " + Number(weight(most->second)) + unit + " for training where " +
            Quoted(least->first) + " has " + Number(weight(least->second)) + "; record more of " +
            Quoted(least->first));
  }
}

/// Groups of two or more that are the same by what `key_of` says.
template <typename KeyOf>
std::vector<Samples> Same(const Samples& all, KeyOf key_of) {
  std::unordered_map<decltype(key_of(0)), size_t> index;
  std::vector<Samples> groups;
  for (size_t i = 0; i < all.size(); ++i) {
    const size_t group = index.try_emplace(key_of(i), groups.size()).first->second;
    if (group == groups.size()) groups.emplace_back();
    groups[group].push_back(all[i]);
  }
  std::erase_if(groups, [](const Samples& group) { return group.size() < 2; });
  return groups;
}

void CheckDuplicates(const Samples& all, HealthCheck& check) {
  Samples copies, doubtful;
  for (const Samples& group : Same(all, [&](size_t i) { return std::string_view(all[i]->content_hash); })) {
    const bool labels_differ = std::any_of(group.begin(), group.end(),
                                           [&](const Sample* sample) { return sample->label != group.front()->label; });
    if (labels_differ) doubtful.insert(doubtful.end(), group.begin(), group.end());
    copies.insert(copies.end(), group.begin() + 1, group.end());
  }
  if (!doubtful.empty()) {
    Add(check, Level::kProblem,
        Those(doubtful, "says", "say") + " the same under different labels: at least one of them is wrong", doubtful);
  }
  if (!copies.empty()) {
    Add(check, Level::kHint,
        Those(copies, "repeats", "repeat") + " another one: learning counts that twice; delete or disable the copies",
        copies);
  }
}

void CheckLeakage(const Samples& all, std::span<const size_t> families, HealthCheck& check) {
  const auto on_both_sides = [](const Samples& group) {
    const auto is = [](bool (*side)(const Sample&)) { return [side](const Sample* sample) { return side(*sample); }; };
    return std::any_of(group.begin(), group.end(), is(&Trains)) && std::any_of(group.begin(), group.end(), is(&Tests));
  };
  const auto gather = [&](const std::vector<Samples>& groups) {
    Samples testing;
    for (const Samples& group : groups) {
      if (!on_both_sides(group)) continue;
      std::copy_if(group.begin(), group.end(), std::back_inserter(testing),
                   [](const Sample* sample) { return Tests(*sample); });
    }
    return testing;
  };
  const char* const consequence = ": accuracy would look better than it is; rebalance, or move them";
  const Samples copies = gather(Same(all, [&](size_t i) { return std::string_view(all[i]->content_hash); }));
  Samples parts = gather(Same(all, [&](size_t i) { return families[i]; }));
  const std::set<const Sample*> copied(copies.begin(), copies.end());
  std::erase_if(parts, [&](const Sample* sample) { return copied.contains(sample); });
  if (!copies.empty()) {
    Add(check, Level::kProblem, Those(copies, "tests and trains", "test and train") + " at the same time" + consequence,
        copies);
  }
  if (!parts.empty()) {
    Add(check, Level::kProblem,
        Those(parts, "tests and is", "test and are") + " cut from a recording of which another part trains" +
            consequence,
        parts);
  }
}

/// Leaves those that have the axes of most of them.
void CheckAxes(Samples& signals, HealthCheck& check) {
  const std::string_view usual =
      Commonest<std::string_view>(signals, [](const Sample& s) { return std::string_view(s.axes); }).first;
  Samples others;
  std::erase_if(signals, [&](const Sample* sample) {
    if (sample->axes != usual) others.push_back(sample);
    return sample->axes != usual;
  });
  if (!others.empty()) {
    Add(check, Level::kProblem,
        Those(others, "has", "have") +
            " other axes than most: one network cannot learn from both; disable them, or make a "
            "project of their own for them",
        others);
  }
}

void CheckClock(const Samples& signals, HealthCheck& check) {
  if (signals.empty()) return;
  const double interval_ms = Commonest<double>(signals, [](const Sample& sample) { return sample.interval_ms; }).first;
  Samples slower_or_faster, alike;
  for (const Sample* sample : signals) {
    const bool same = std::abs(sample->interval_ms - interval_ms) <= kSameInterval * interval_ms;
    (same ? alike : slower_or_faster).push_back(sample);
  }
  if (!slower_or_faster.empty()) {
    Add(check, Level::kProblem,
        Those(slower_or_faster, "has", "have") + " another interval than " + Number(interval_ms) + " ms, " +
            Quoted(slower_or_faster.front()->name) + " " + Number(slower_or_faster.front()->interval_ms) +
            " ms: record them again at one rate, or resample them",
        slower_or_faster);
  }
  const auto [readings, count] = Commonest<int64_t>(alike, [](const Sample& sample) { return sample.values_count; });
  if (2 * count < alike.size()) return;  // they are of any length
  const auto usual = static_cast<double>(readings);
  Samples nearly;
  int64_t fewest = INT64_MAX, most = 0;
  for (const Sample* sample : alike) {
    const double off = std::abs(static_cast<double>(sample->values_count) - usual);
    if (off <= 1 || off > kNearlyUsual * usual) continue;
    nearly.push_back(sample);
    fewest = std::min(fewest, sample->values_count);
    most = std::max(most, sample->values_count);
  }
  if (!nearly.empty()) {
    Add(check, Level::kHint,
        Those(nearly, "has", "have") + " " + (fewest == most ? "" : std::to_string(fewest) + " to ") +
            std::to_string(most) + " readings where " + std::to_string(readings) +
            " are usual: the sensor was read too late or too often; see whether it keeps its rate",
        nearly);
  }
}

/// What a look at their readings found when they came. Parts share what is known of their file, which counts once.
void CheckFindings(const Samples& signals, HealthCheck& clipping, HealthCheck& still, HealthCheck& remarks) {
  std::set<std::string_view> files;
  Samples clipped, constant, remarked, unknown;
  size_t most_clipped = 0;
  std::string worst, still_axes, remark;
  for (const Sample* sample : signals) {
    if (!files.insert(sample->blob).second || sample->findings == "{}") continue;
    const json findings = json::parse(sample->findings, nullptr, false);
    if (!findings.is_object()) {
      unknown.push_back(sample);
      continue;
    }
    if (const auto found = findings.find("clipped"); found != findings.end() && found->is_object()) {
      clipped.push_back(sample);
      for (const auto& [axis, count] : found->items()) {
        if (!count.is_number_unsigned() || count.get<size_t>() <= most_clipped) continue;
        most_clipped = count.get<size_t>();
        worst = Quoted(sample->name) + " " + Count(most_clipped, "reading", "readings") + " of " + axis;
      }
    }
    if (const auto found = findings.find("constant"); found != findings.end() && found->is_array()) {
      if (constant.empty()) {
        for (const json& axis : *found) {
          if (axis.is_string()) still_axes += (still_axes.empty() ? "" : ", ") + axis.get<std::string>();
        }
      }
      constant.push_back(sample);
    }
    if (const auto found = findings.find("notices"); found != findings.end() && found->is_array() && !found->empty()) {
      if (remarked.empty() && found->front().is_string()) remark = found->front().get<std::string>();
      remarked.push_back(sample);
    }
  }
  if (!clipped.empty()) {
    Add(clipping, Level::kHint,
        Those(clipped, "seems", "seem") + " to be clipped, most of all " + worst +
            ": choose a wider range of the sensor and record them again",
        clipped);
  }
  if (!constant.empty()) {
    Add(still, Level::kHint,
        Those(constant, "has", "have") + " axes that never move, " + Quoted(constant.front()->name) + " " + still_axes +
            ": is the sensor connected?",
        constant);
  }
  if (!remarked.empty()) {
    Add(remarks, Level::kHint,
        Those(remarked, "came", "came") + " with a remark, " + Quoted(remarked.front()->name) + ": " + remark,
        remarked);
  }
  if (!unknown.empty()) {
    Add(remarks, Level::kHint,
        Those(unknown, "was", "were") +
            " stored before readings were looked over for clipping and still axes: export the "
            "project and import it to have that done",
        unknown);
  }
}

}  // namespace

const char* NameOf(HealthCheck::Level level) {
  switch (level) {
    case Level::kGood:
      return "good";
    case Level::kHint:
      return "hint";
    case Level::kProblem:
      return "problem";
  }
  return "";
}

std::vector<HealthCheck> CheckData(std::span<const Sample> samples) {
  const std::vector<size_t> families_of_all = FamiliesOf(samples);
  Samples enabled, signals;
  std::vector<size_t> families;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!samples[i].enabled) continue;
    enabled.push_back(&samples[i]);
    families.push_back(families_of_all[i]);
    if (samples[i].kind == "time-series") signals.push_back(&samples[i]);
  }
  HealthCheck balance{.name = "balance"}, duplicates{.name = "duplicates"}, leakage{.name = "leakage"};
  HealthCheck axes{.name = "axes"}, clock{.name = "clock"}, clipping{.name = "clipping"}, still{.name = "still"};
  HealthCheck remarks{.name = "remarks"};
  CheckBalance(enabled, balance);
  CheckDuplicates(enabled, duplicates);
  CheckLeakage(enabled, families, leakage);
  CheckFindings(signals, clipping, still, remarks);
  CheckAxes(signals, axes);
  CheckClock(signals, clock);
  std::vector<HealthCheck> checks;
  const std::pair<HealthCheck*, const char*> in_order[] = {
      {&balance, "each label has recordings to train and to test with, none much more than another"},
      {&duplicates, "no recording repeats another one"},
      {&leakage, "nothing is in training and in testing"},
      {&axes, "all recordings have the same axes"},
      {&clock, "all recordings keep one rate"},
      {&clipping, "no reading is clipped"},
      {&still, "every axis moves"},
      {&remarks, "nothing was remarked when they came"}};
  for (const auto& [check, good] : in_order) {
    if (check->sentences.empty()) check->sentences.emplace_back(good);
    std::sort(check->samples.begin(), check->samples.end());
    check->samples.erase(std::unique(check->samples.begin(), check->samples.end()), check->samples.end());
    checks.push_back(std::move(*check));
  }
  return checks;
}

}  // namespace thimble::studio
