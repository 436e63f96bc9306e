#include "bridge/line/sample_clock.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"

namespace thimble::bridge {
namespace {

/// Rows of an even clock, handed over late as `delay` says.
template <typename Delay>
std::vector<RowTime> Rows(int count, double interval_s, const Delay& delay) {
  std::vector<RowTime> rows;
  double last_s = 0;
  for (int i = 0; i < count; ++i) {
    const double at_s = 100 + i * interval_s;
    last_s = std::max(last_s, at_s + delay(i, at_s));  // rows do not overtake each other
    rows.push_back({.seconds = last_s});
  }
  return rows;
}

uint64_t Sum(const std::vector<uint32_t>& lost) { return std::accumulate(lost.begin(), lost.end(), uint64_t{0}); }

/// Until the end of the burst that a row is handed over with.
double UntilBurst(double at_s, double burst_s) { return std::ceil(at_s / burst_s) * burst_s - at_s; }

TEST(FitClock, IsExactOnAnEvenClock) {
  const ClockFit fit = FitClock(Rows(1000, 1 / 150.0, [](int, double) { return 0; }));
  ASSERT_TRUE(fit.ok);
  EXPECT_NEAR(fit.interval_s * 150, 1, 1e-9);
  EXPECT_NEAR(fit.start_s, 100, 1e-6);
  EXPECT_LT(fit.jitter_s, 1e-6);
  EXPECT_LT(std::abs(fit.drift), 1e-6);
  EXPECT_EQ(Sum(fit.lost), 0u);
}

TEST(FitClock, SeesThroughBurstsOfUsb) {
  for (const double burst_s : {0.001, 0.016, 0.064, 0.25}) {
    const ClockFit fit = FitClock(Rows(1500, 1 / 150.0, [&](int, double at_s) { return UntilBurst(at_s, burst_s); }));
    ASSERT_TRUE(fit.ok);
    EXPECT_NEAR(fit.interval_s * 150, 1, 0.0007) << burst_s;
    EXPECT_EQ(Sum(fit.lost), 0u) << burst_s;
    EXPECT_NEAR(fit.jitter_s, burst_s / std::sqrt(12), burst_s * 0.2 + 1e-4) << burst_s;
  }
}

TEST(FitClock, SeesThroughAComputerThatLooksLate) {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    const double interval_s = 0.002 + 0.02 * random.Uniform();
    double stall_until_s = 0;
    const auto rows = Rows(800, interval_s, [&](int, double at_s) {
      if (random.Uniform() < 0.004) stall_until_s = at_s + 0.2 * random.Uniform();
      return std::max(0.0, stall_until_s - at_s) + 0.003 * random.Uniform();
    });
    const ClockFit fit = FitClock(rows);
    ASSERT_TRUE(fit.ok);
    EXPECT_NEAR(fit.interval_s / interval_s, 1, 0.001) << interval_s;
    EXPECT_EQ(Sum(fit.lost), 0u) << interval_s << " round " << round;
  }
}

TEST(FitClock, CountsWhatIsMissing) {
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    const int missing = 1 + static_cast<int>(random.Uniform() * 40),
              at = 200 + static_cast<int>(random.Uniform() * 400);
    auto rows = Rows(1000, 1 / 104.0, [&](int, double) { return 0.001 * random.Uniform(); });
    rows.erase(rows.begin() + at, rows.begin() + at + missing);
    const ClockFit fit = FitClock(rows);
    ASSERT_TRUE(fit.ok);
    EXPECT_EQ(fit.lost[static_cast<size_t>(at)], static_cast<uint32_t>(missing)) << round;
    EXPECT_EQ(Sum(fit.lost), static_cast<uint64_t>(missing)) << round;
    EXPECT_NEAR(fit.interval_s * 104, 1, 0.001);
  }
}

TEST(FitClock, CountsSmallGapsThatComeAgainAndAgain) {
  Random random(5);
  for (const int missing : {1, 2, 3, 5}) {
    std::vector<RowTime> rows;
    uint64_t removed = 0;
    for (int i = 0; i < 1000; ++i) {
      if (i % 100 >= 50 && i % 100 < 50 + missing) {
        ++removed;
      } else {
        rows.push_back({.seconds = i * 0.01 + 0.0008 * random.Uniform()});
      }
    }
    const ClockFit fit = FitClock(rows);
    EXPECT_EQ(Sum(fit.lost), removed) << missing;
    EXPECT_NEAR(fit.interval_s, 0.01, 1e-5) << missing;
  }
}

TEST(FitClock, CountsAGapAmongBursts) {
  auto rows = Rows(1500, 1 / 150.0, [&](int, double at_s) { return UntilBurst(at_s, 0.016); });
  rows.erase(rows.begin() + 700, rows.begin() + 850);
  const ClockFit fit = FitClock(rows);
  EXPECT_NEAR(static_cast<double>(Sum(fit.lost)), 150, 1);
}

TEST(FitClock, TakesKnownLossesAndLooksForNoOthersInExactTimes) {
  auto rows = Rows(500, 0.01, [](int, double) { return 0; });
  rows.erase(rows.begin() + 100, rows.begin() + 105);
  rows[100].lost_before = 5;
  for (RowTime& row : rows) row.exact = true;
  const ClockFit fit = FitClock(rows);
  EXPECT_EQ(fit.lost[100], 5u);
  EXPECT_EQ(Sum(fit.lost), 5u);
  EXPECT_NEAR(fit.interval_s, 0.01, 1e-9);
}

TEST(FitClock, TellsDrift) {
  std::vector<RowTime> rows;
  double at_s = 0;
  for (int i = 0; i < 2000; ++i) rows.push_back({.seconds = at_s += i < 1000 ? 0.0100 : 0.0103});
  EXPECT_NEAR(FitClock(rows).drift, 0.03, 0.002);
}

TEST(FitClock, SaysWhenItCannot) {
  EXPECT_FALSE(FitClock({}).ok);
  EXPECT_FALSE(FitClock(Rows(7, 0.01, [](int, double) { return 0; })).ok);
  EXPECT_FALSE(FitClock(std::vector<RowTime>(100)).ok);
}

TEST(SampleClock, MeasuresAnEndlessStreamAndCountsEachGapOnce) {
  Random random(3);
  SampleClock clock;
  uint64_t removed = 0;
  for (int i = 0; i < 150 * 120; ++i) {
    if (i % 2000 >= 1000 && i % 2000 < 1010) {
      ++removed;
      continue;
    }
    clock.Add({.seconds = i / 150.0 + 0.001 * random.Uniform()});
  }
  EXPECT_NEAR(clock.rate_hz(), 150, 0.1);
  EXPECT_EQ(clock.lost(), removed);
}

TEST(Resample, FollowsStraightLines) {
  const std::vector<float> values = {0, 100, 2, 80, 4, 60, 6, 40};
  EXPECT_EQ(Resample(values, 2, 10, 5, 100), (std::vector<float>{0, 100, 1, 90, 2, 80, 3, 70, 4, 60, 5, 50, 6, 40}));
  EXPECT_EQ(Resample(values, 2, 10, 20, 100), (std::vector<float>{0, 100, 4, 60}));
  EXPECT_EQ(Resample(values, 2, 10, 10, 2), (std::vector<float>{0, 100, 2, 80}));
}

}  // namespace
}  // namespace thimble::bridge
