#include "studio/search_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace thimble::studio {
namespace {

/// Data without recordings' contents: shape, kind and labels are all that a space asks for.
Data Shaped(DataKind kind) {
  Data data;
  data.kind = kind;
  data.labels = {"one", "other"};
  dataset::Recording recording;
  switch (kind) {
    case DataKind::kMotion:
      recording.axes = {{"accX", "g"}, {"accY", "g"}, {"accZ", "g"}};
      recording.interval_ms = 1000.0 / 104;
      data.shape = ShapeOf(recording, 208);
      break;
    case DataKind::kSound:
      recording.axes = {{"audio", ""}};
      recording.interval_ms = 1.0 / 8;
      data.shape = ShapeOf(recording, 8000);
      break;
    case DataKind::kPictures:
      recording.axes = {{"image", ""}};
      recording.interval_ms = 1;
      recording.width = recording.height = 32;
      data.shape = ShapeOf(recording, 1024);
      break;
  }
  recording.values.assign(data.shape.SampleCount(), 0.0f);
  data.set.recordings.push_back(recording);
  data.training.readings = static_cast<size_t>(data.shape.readings);
  return data;
}

constexpr DataKind kKinds[] = {DataKind::kMotion, DataKind::kSound, DataKind::kPictures};

TEST(SearchSpace, ProposesOnlyWhatBlocksAndNetworksAccept) {
  for (const DataKind kind : kKinds) {
    const Data data = Shaped(kind);
    const auto space = SearchSpace::For(data);
    ASSERT_TRUE(space.ok()) << space.error().message;
    Random random(1);
    std::set<std::string> described;
    for (const Point& point : Propose(*space, {}, 60, random, [](const Point&) { return true; })) {
      const auto setting = space->SettingOf(point);
      ASSERT_TRUE(setting.ok()) << setting.error().message;
      const compiler::BlockParams& block = setting->candidate.block;
      EXPECT_TRUE(ok(compiler::BlockOf(block).check(compiler::PointerTo(block), data.shape)));
      EXPECT_EQ(space->PointOf(space->WordsOf(point)), point);
      EXPECT_TRUE(described.insert(Describe(*setting)).second || kind != DataKind::kMotion) << Describe(*setting);
    }
    EXPECT_GT(described.size(), 40u);
  }
}

TEST(SearchSpace, MostDrawnPointsCanBeTried) {
  for (const DataKind kind : kKinds) {
    const Data data = Shaped(kind);
    const auto space = SearchSpace::For(data);
    ASSERT_TRUE(space.ok());
    Random random(2);
    int settings = 0;
    for (int i = 0; i < 200; ++i) settings += space->SettingOf(space->Draw(random)).ok() ? 1 : 0;
    EXPECT_GT(settings, 140);
  }
}

TEST(SearchSpace, HoldsWhatTrainTriesAndMuchMore) {
  for (const DataKind kind : kKinds) {
    const Data data = Shaped(kind);
    const auto space = SearchSpace::For(data);
    ASSERT_TRUE(space.ok());
    const std::vector<Point> usual = space->UsualPoints();
    std::vector<std::string> names, wanted;
    for (const Point& point : usual) names.push_back(NameOf(space->SettingOf(point)->candidate));
    for (const Candidate& candidate : SuitableCandidates(data)) wanted.push_back(NameOf(candidate));
    EXPECT_EQ(names, wanted);
    EXPECT_GT(space->dimensions()[0].choices.size(), kind == DataKind::kPictures ? 0u : 1u);
  }
}

TEST(SearchSpace, KeepsABlockAndANetworkThatAreGiven) {
  const Data data = Shaped(DataKind::kMotion);
  const auto space = SearchSpace::For(data, "waveform", trainer::Architecture::kTcn);
  ASSERT_TRUE(space.ok()) << space.error().message;
  Random random(3);
  for (const Point& point : Propose(*space, {}, 10, random, [](const Point&) { return true; })) {
    EXPECT_EQ(NameOf(space->SettingOf(point)->candidate), "waveform + tcn");
  }
  const auto impossible = SearchSpace::For(data, "flatten", trainer::Architecture::kTcn);
  ASSERT_FALSE(impossible.ok());
  EXPECT_NE(impossible.error().message.find("--block or --model"), std::string::npos);
  EXPECT_EQ(SearchSpace::For(data, "fourier").error().status, Status::kNotFound);
}

TEST(SearchSpace, RefusesWordsThatAreNoPointOfIt) {
  const Data data = Shaped(DataKind::kMotion);
  const auto space = SearchSpace::For(data);
  ASSERT_TRUE(space.ok());
  auto words = space->WordsOf(space->UsualPoints().front());
  ASSERT_TRUE(space->PointOf(words));
  auto changed = words;
  changed[0].second = "crystal ball";
  EXPECT_FALSE(space->PointOf(changed));
  changed = words;
  changed.pop_back();
  EXPECT_FALSE(space->PointOf(changed));
  EXPECT_FALSE(space->PointOf({}));
}

TEST(Propose, FollowsWhatWasGoodAndNeverRepeatsIt) {
  const Data data = Shaped(DataKind::kMotion);
  const auto space = SearchSpace::For(data);
  ASSERT_TRUE(space.ok());
  Random random(4);
  std::vector<Point> tried = Propose(*space, {}, 40, random, [](const Point&) { return true; });
  const auto is_good = [&](const Point& point) {
    return compiler::BlockOf(space->SettingOf(point)->candidate.block).name == std::string("flatten");
  };
  std::stable_partition(tried.begin(), tried.end(), is_good);
  const std::vector<Point> next = Propose(*space, tried, 30, random, [](const Point&) { return true; });
  ASSERT_EQ(next.size(), 30u);
  EXPECT_GT(std::count_if(next.begin(), next.end(), is_good), 15);
  for (const Point& point : next) EXPECT_EQ(std::count(tried.begin(), tried.end(), point), 0);
}

TEST(Propose, EndsWhereNothingIsWelcome) {
  const Data data = Shaped(DataKind::kMotion);
  const auto space = SearchSpace::For(data);
  ASSERT_TRUE(space.ok());
  Random random(5);
  EXPECT_TRUE(Propose(*space, {}, 4, random, [](const Point&) { return false; }).empty());
}

}  // namespace
}  // namespace thimble::studio
