// Who trains and who tests, and what is wrong with a data set: by rows alone.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "studio/server/api/data_health.h"
#include "studio/server/api/rebalance.h"
#include "studio/server/ingest/lot.h"
#include "studio/store/blobs.h"

namespace thimble::studio {
namespace {

/// Ten recordings of each label that share nothing, all for training.
std::vector<Sample> Recordings(int each = 10, const std::vector<std::string>& labels = {"idle", "wave"}) {
  std::vector<Sample> samples;
  for (int i = 0; i < each; ++i) {
    for (const std::string& label : labels) {
      Sample sample{.id = static_cast<int64_t>(samples.size()) + 1, .name = label + "." + std::to_string(i)};
      sample.label = label;
      sample.blob = sample.content_hash = Sha256(sample.name);
      sample.kind = "time-series";
      sample.axes = R"([{"name":"x","units":"g"}])";
      sample.interval_ms = 10;
      sample.values_count = 200;
      sample.length_ms = 2000;
      sample.findings = "{}";
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

void Apply(const Rebalance& plan, std::vector<Sample>& samples) {
  for (Sample& sample : samples) {
    if (std::ranges::find(plan.to_testing, sample.id) != plan.to_testing.end()) sample.category = "testing";
    if (std::ranges::find(plan.to_training, sample.id) != plan.to_training.end()) sample.category = "training";
  }
}

size_t Moved(const Rebalance& plan) { return plan.to_training.size() + plan.to_testing.size(); }

TEST(Rebalance, GivesEachLabelItsShareAndMovesNothingTwice) {
  std::vector<Sample> samples = Recordings(50);
  const Rebalance plan = PlanRebalance(samples, 0.2);
  ASSERT_EQ(plan.labels.size(), 2U);
  for (const Rebalance::Label& label : plan.labels) {
    EXPECT_EQ(label.testing, 10) << label.label;
    EXPECT_EQ(label.training, 40) << label.label;
  }
  EXPECT_EQ(plan.to_testing.size(), 20U);
  EXPECT_TRUE(plan.sentences.empty());
  Apply(plan, samples);
  EXPECT_EQ(Moved(PlanRebalance(samples, 0.2)), 0U);
}

TEST(Rebalance, MovesFewWhenMoreArrive) {
  std::vector<Sample> samples = Recordings(60);
  const std::vector<Sample> more(samples.begin() + 100, samples.end());
  samples.resize(100);
  Apply(PlanRebalance(samples, 0.2), samples);
  samples.insert(samples.end(), more.begin(), more.end());
  const Rebalance plan = PlanRebalance(samples, 0.2);
  const auto old = [](const std::vector<int64_t>& ids) {
    return std::ranges::count_if(ids, [](int64_t id) { return id <= 100; });
  };
  EXPECT_LE(old(plan.to_testing) + old(plan.to_training), 8);
}

TEST(Rebalance, DrawsTheLotsOfUploads) {
  std::vector<Sample> samples = Recordings(200);
  Apply(PlanRebalance(samples, 0.2), samples);
  const auto agrees = [](const Sample& sample) {
    return (LotOf(sample.content_hash) < kTrainingPercent) == (sample.category == "training");
  };
  EXPECT_GT(std::ranges::count_if(samples, agrees), 380);
}

RC_GTEST_PROP(Rebalance, KeepsPartsAndCopiesOnOneSide, (const std::vector<std::pair<uint8_t, uint8_t>>& kin)) {
  std::vector<Sample> samples = Recordings(10, {"a", "b", "c"});
  for (size_t i = 0; i < samples.size(); ++i) samples[i].category = i % 3 == 0 ? "testing" : "training";
  for (const auto& [one, other] : kin) {
    Sample& sample = samples[one % samples.size()];
    const Sample& like = samples[other % samples.size()];
    if (other % 3 == 0) {
      sample.content_hash = like.content_hash;
    } else if (other % 3 == 1) {
      sample.part_of = like.part_of.value_or(like.id);
    } else {
      sample.blob = like.blob;  // parts that came with an archive
    }
  }
  Apply(PlanRebalance(samples, 0.3), samples);
  std::map<std::string, std::set<std::string>> sides;
  for (const Sample& sample : samples) {
    for (const std::string& key : {"content " + sample.content_hash, "blob " + sample.blob,
                                   "whole " + std::to_string(sample.part_of.value_or(sample.id))}) {
      sides[key].insert(sample.category);
    }
  }
  for (const auto& [key, categories] : sides) RC_ASSERT(categories.size() == 1U);
}

TEST(Rebalance, SaysWhatCannotBothTrainAndTest) {
  std::vector<Sample> samples = Recordings(10);
  samples[0].label = "once";
  samples[2].category = "anomaly";
  samples[3].enabled = false;
  samples[4].structured_labels =
      R"([{"label":"up","startIndex":0,"endIndex":9},{"label":"down","startIndex":10,"endIndex":19}])";
  const Rebalance plan = PlanRebalance(samples, 0.2);
  EXPECT_EQ(plan.recordings, 19);
  ASSERT_EQ(plan.sentences.size(), 3U);
  EXPECT_EQ(plan.sentences[0].find("label 'down' comes from too few"), 0U) << plan.sentences[0];
  EXPECT_EQ(plan.sentences[1].find("label 'once' comes from too few"), 0U) << plan.sentences[1];
  Apply(plan, samples);
  EXPECT_EQ(samples[0].category, "training");
  EXPECT_EQ(samples[2].category, "anomaly");
}

// --- health ---------------------------------------------------------------------------------------------------------

const HealthCheck& Check(const std::vector<HealthCheck>& checks, const std::string& name) {
  return *std::ranges::find_if(checks, [&](const HealthCheck& check) { return check.name == name; });
}

std::vector<Sample> Healthy() {
  std::vector<Sample> samples = Recordings();
  Apply(PlanRebalance(samples, 0.2), samples);
  return samples;
}

TEST(DataHealth, IsGoodWhereNothingIsWrong) {
  for (const HealthCheck& check : CheckData(Healthy())) {
    EXPECT_EQ(check.level, HealthCheck::Level::kGood) << check.name;
    EXPECT_EQ(check.sentences.size(), 1U);
    EXPECT_TRUE(check.samples.empty());
  }
}

struct Ill {
  const char* name;
  const char* sentence;
  HealthCheck::Level level;
  void (*spoil)(std::vector<Sample>& samples);
};

Sample& OneFor(std::vector<Sample>& samples, const std::string& category) {
  return *std::ranges::find_if(samples, [&](const Sample& sample) { return sample.category == category; });
}

constexpr Ill kIlls[] = {
    {"balance", "has no label", HealthCheck::Level::kHint,
     [](auto& samples) { OneFor(samples, "training").label = ""; }},
    {"balance", "label 'idle' is in testing but not in training", HealthCheck::Level::kProblem,
     [](auto& samples) {
       for (Sample& sample : samples) sample.enabled = sample.label != "idle" || sample.category == "testing";
     }},
    {"balance", "label 'wave' has 80 s for training where 'idle' has 16; record more of 'idle'",
     HealthCheck::Level::kHint,
     [](auto& samples) {
       for (Sample& sample : samples) {
         if (sample.label == "wave") sample.length_ms = 10'000;
       }
     }},
    {"duplicates", "repeats another one", HealthCheck::Level::kHint,
     [](auto& samples) {
       Sample copy = OneFor(samples, "training");
       copy.id = 1000;
       samples.push_back(copy);
     }},
    {"duplicates", "say the same under different labels", HealthCheck::Level::kProblem,
     [](auto& samples) {
       Sample copy = OneFor(samples, "training");
       copy.id = 1000;
       copy.label = "wave";
       samples.push_back(copy);
     }},
    {"leakage", "tests and trains at the same time: accuracy would look better", HealthCheck::Level::kProblem,
     [](auto& samples) { OneFor(samples, "testing").content_hash = OneFor(samples, "training").content_hash; }},
    {"leakage", "is cut from a recording of which another part trains", HealthCheck::Level::kProblem,
     [](auto& samples) { OneFor(samples, "testing").part_of = OneFor(samples, "training").id; }},
    {"axes", "has other axes than most", HealthCheck::Level::kProblem,
     [](auto& samples) { samples[3].axes = R"([{"name":"audio","units":"wav"}])"; }},
    {"clock", "has another interval than 10 ms, 'wave.1' 12 ms", HealthCheck::Level::kProblem,
     [](auto& samples) { samples[3].interval_ms = 12; }},
    {"clock", "has 195 readings where 200 are usual", HealthCheck::Level::kHint,
     [](auto& samples) { samples[3].values_count = 195; }},
    {"clipping", "to be clipped, most of all 'wave.1' 12 readings of x", HealthCheck::Level::kHint,
     [](auto& samples) { samples[3].findings = R"({"clipped":{"x":12}})"; }},
    {"still", "axes that never move, 'wave.1' x, y", HealthCheck::Level::kHint,
     [](auto& samples) { samples[3].findings = R"({"constant":["x","y"]})"; }},
    {"remarks", "came with a remark, 'wave.1': readings are missing", HealthCheck::Level::kHint,
     [](auto& samples) { samples[3].findings = R"({"notices":["readings are missing"]})"; }},
    {"remarks", "was stored before", HealthCheck::Level::kHint, [](auto& samples) { samples[3].findings = ""; }},
};

TEST(DataHealth, NamesEachIllAndNoOther) {
  for (const Ill& ill : kIlls) {
    std::vector<Sample> samples = Healthy();
    ill.spoil(samples);
    const std::vector<HealthCheck> checks = CheckData(samples);
    for (const HealthCheck& check : checks) {
      if (check.name != std::string(ill.name) && check.level != HealthCheck::Level::kGood) {
        // A copy across the sides is both.
        EXPECT_TRUE(std::string(ill.name) == "leakage" && check.name == std::string("duplicates"))
            << ill.sentence << ": " << check.sentences.front();
      }
    }
    const HealthCheck& check = Check(checks, ill.name);
    EXPECT_EQ(check.level, ill.level) << ill.sentence;
    const bool said = std::ranges::any_of(
        check.sentences, [&](const std::string& sentence) { return sentence.find(ill.sentence) != std::string::npos; });
    EXPECT_TRUE(said) << ill.sentence << " where it says: " << check.sentences.front();
  }
}

TEST(DataHealth, LooksAtEnabledRecordingsAndAtAFileOnce) {
  std::vector<Sample> samples = Healthy();
  samples[3].interval_ms = 12;
  samples[3].enabled = false;
  EXPECT_EQ(Check(CheckData(samples), "clock").level, HealthCheck::Level::kGood);
  samples[4].findings = samples[5].findings = R"({"clipped":{"x":12}})";
  samples[5].blob = samples[4].blob;
  EXPECT_EQ(Check(CheckData(samples), "clipping").samples, std::vector<int64_t>{samples[4].id});
  EXPECT_EQ(Check(CheckData({}), "balance").level, HealthCheck::Level::kProblem);
}

}  // namespace
}  // namespace thimble::studio
