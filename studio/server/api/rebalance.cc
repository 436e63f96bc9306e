#include "studio/server/api/rebalance.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "dataset/split.h"
#include "studio/server/api/answer.h"
#include "studio/server/application.h"
#include "studio/server/ingest/lot.h"
#include "studio/server/ingest/stretch_labels.h"

namespace thimble::studio {
namespace {

/// Sets that grow together.
class Unions {
 public:
  explicit Unions(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t Find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(size_t a, size_t b) { parent_[Find(a)] = Find(b); }

 private:
  std::vector<size_t> parent_;
};

std::vector<std::string> LabelsOf(const Sample& sample) {
  std::set<std::string> labels;
  for (const LabelledStretch& stretch : StretchLabelsOf(sample)) labels.insert(stretch.label);
  if (labels.empty()) labels.insert(sample.label);
  return {labels.begin(), labels.end()};
}

/// What the lot is drawn by: of a part that of its file, which stays the same however it is cut.
std::string_view HashOf(const Sample& sample) { return sample.part_of ? sample.blob : sample.content_hash; }

}  // namespace

std::vector<size_t> FamiliesOf(std::span<const Sample> samples) {
  Unions unions(samples.size());
  std::unordered_map<std::string_view, size_t> by_hash;
  std::unordered_map<int64_t, size_t> by_whole;
  for (size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i];
    unions.Join(i, by_whole.try_emplace(sample.part_of.value_or(sample.id), i).first->second);
    unions.Join(i, by_hash.try_emplace(sample.blob, i).first->second);
    unions.Join(i, by_hash.try_emplace(sample.content_hash, i).first->second);
  }
  std::unordered_map<size_t, size_t> numbers;
  std::vector<size_t> families;
  for (size_t i = 0; i < samples.size(); ++i) {
    families.push_back(numbers.try_emplace(unions.Find(i), numbers.size()).first->second);
  }
  return families;
}

Rebalance PlanRebalance(std::span<const Sample> samples, double testing_share) {
  std::vector<const Sample*> dealt;
  for (const Sample& sample : samples) {
    if (sample.category == "training" || sample.category == "testing") dealt.push_back(&sample);
  }
  const std::vector<size_t> families_of_all = FamiliesOf(samples);
  std::vector<dataset::GroupMember> members;
  std::unordered_map<size_t, size_t> family_of;  // of those that are dealt
  std::vector<const Sample*> oldest;             // of each family
  for (const Sample* sample : dealt) {
    const size_t whole = families_of_all[static_cast<size_t>(sample - samples.data())];
    const size_t family = family_of.try_emplace(whole, oldest.size()).first->second;
    if (family == oldest.size()) oldest.push_back(sample);
    if (sample->id < oldest[family]->id) oldest[family] = sample;
    members.push_back({family, LabelsOf(*sample)});
  }
  std::vector<size_t> order(oldest.size());
  std::iota(order.begin(), order.end(), size_t{0});
  // Lots that test where uploads are split come first, so that both agree on most.
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const std::string_view hash_a = HashOf(*oldest[a]), hash_b = HashOf(*oldest[b]);
    const unsigned lot_a = LotOf(hash_a), lot_b = LotOf(hash_b);
    return std::tie(lot_b, hash_a, oldest[a]->id) < std::tie(lot_a, hash_b, oldest[b]->id);
  });
  const dataset::GroupChoice choice = dataset::ChooseTestingGroups(members, order, testing_share);

  Rebalance plan;
  plan.recordings = static_cast<int64_t>(dealt.size());
  plan.families = static_cast<int64_t>(oldest.size());
  std::map<std::string, Rebalance::Label> labels;
  for (size_t i = 0; i < dealt.size(); ++i) {
    const bool tests = choice.testing[members[i].group];
    if (tests != (dealt[i]->category == "testing")) {
      (tests ? plan.to_testing : plan.to_training).push_back(dealt[i]->id);
    }
    for (const std::string& label : members[i].labels) {
      Rebalance::Label& counted = labels[label];
      counted.label = label;
      ++(tests ? counted.testing : counted.training);
    }
  }
  for (auto& [label, counted] : labels) plan.labels.push_back(std::move(counted));
  for (const std::string& label : choice.untested) {
    plan.sentences.push_back((label.empty() ? "what has no label" : "label '" + label + "'") +
                             " comes from too few recordings to train and to test: it trains; record it again");
  }
  const size_t kin = dealt.size() - oldest.size();
  if (kin > 0) {
    plan.sentences.push_back(std::to_string(kin) +
                             (kin == 1 ? " recording repeats another one or is a part of it, and stands on its side"
                                       : " recordings repeat others or are parts of them, and stand on their side"));
  }
  return plan;
}

Expected<std::vector<Sample>> AllSamples(const Call& call) {
  std::vector<Sample> samples;
  Paging paging{.limit = 1000};
  for (;;) {
    THIMBLE_ASSIGN(Page<Sample> page, call.application.store.ListSamples(call.project_id, {}, paging));
    std::move(page.items.begin(), page.items.end(), std::back_inserter(samples));
    if (!page.next) return samples;
    paging.cursor = *page.next;
  }
}

Expected<Rebalance> RebalanceSamples(const Call& call, double testing_share, bool dry_run) {
  THIMBLE_ASSIGN(const std::vector<Sample> samples, AllSamples(call));
  Rebalance plan = PlanRebalance(samples, testing_share);
  if (plan.recordings == 0) {
    return {Status::kInvalidArgument, "there are no recordings for training or testing; record or upload some"};
  }
  if (!dry_run) {
    THIMBLE_EXPECT(call.application.store.MoveSamples(call.project_id, plan.to_training, plan.to_testing));
    Tell(call, "sample", "sample.rebalance", "many",
         {{"testing_share", testing_share}, {"changed", plan.to_training.size() + plan.to_testing.size()}});
  }
  return plan;
}

}  // namespace thimble::studio
