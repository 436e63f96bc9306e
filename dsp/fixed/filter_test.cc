// Integer filters against the same coefficients in double precision.
#include "dsp/fixed/filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace thimble::dsp::fixed {
namespace {

// The cascade with its gain shared out, so that each section has a gain of 1 where it lets everything through.
std::vector<double> Exact(const Cascade& cascade, std::vector<double> signal, int sections) {
  for (int i = 0; i < sections; ++i) {
    const double a1 = static_cast<double>(cascade.sections[i].a1);
    const double a2 = static_cast<double>(cascade.sections[i].a2);
    const double sign = cascade.high_pass ? -1 : 1;
    const double gain = (1 + sign * a1 + a2) / 4;
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (double& sample : signal) {
      const double x = sample;
      const double y = gain * (x + 2 * sign * x1 + x2) - a1 * y1 - a2 * y2;
      x2 = x1, x1 = x, y2 = y1, y1 = y;
      sample = y;
    }
  }
  return signal;
}

double WorstError(double cutoff, int order, bool high_pass, const std::vector<int32_t>& samples) {
  const Cascade cascade = DesignButterworth(cutoff, order, high_pass);
  std::vector<int32_t> got = samples;
  RunFilter(FilterOf(cascade), got);
  const std::vector<double> want = Exact(cascade, {samples.begin(), samples.end()}, cascade.section_count);
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::fabs(got[i] - want[i]));
  return worst;
}

std::vector<int32_t> Noise(size_t count) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int32_t> values(-kLargestFilterInput, kLargestFilterInput);
  std::vector<int32_t> samples(count);
  for (int32_t& sample : samples) sample = values(random);
  return samples;
}

TEST(FixedFilter, IsExactToAPartIn8000AtLowCutoffs) {
  const std::vector<int32_t> noise = Noise(2000);
  const std::vector<int32_t> step(2000, kLargestFilterInput);
  for (const double cutoff : {2 * 3 / 62.5, 2 * 3 / 104.0, 2 * 0.5 / 104.0, 0.25, 0.5, 0.9}) {
    for (const int order : {2, 4, 6, 8}) {
      for (const bool high_pass : {false, true}) {
        const double bound = kLargestFilterInput / 8000.0;
        EXPECT_LT(WorstError(cutoff, order, high_pass, noise), bound) << cutoff << " " << order << " " << high_pass;
        EXPECT_LT(WorstError(cutoff, order, high_pass, step), bound) << cutoff << " " << order << " " << high_pass;
      }
    }
  }
}

// The worst signal for a filter has at each time the sign that its answer to an impulse has as long ago: then what
// comes out is the sum of the answer's magnitudes.
TEST(FixedFilter, NeverGrowsEightfold) {
  double worst = 0;
  for (double cutoff = 0.004; cutoff < 0.999; cutoff += 0.0117) {
    for (const int order : {2, 4, 6, 8}) {
      for (const bool high_pass : {false, true}) {
        const Cascade cascade = DesignButterworth(cutoff, order, high_pass);
        if (!IsStable(cascade)) continue;
        std::vector<double> impulse(4000);
        impulse[0] = 1;
        for (int sections = 1; sections <= cascade.section_count; ++sections) {
          double sum = 0;
          for (const double value : Exact(cascade, impulse, sections)) sum += std::fabs(value);
          worst = std::max(worst, sum);
        }
      }
    }
  }
  EXPECT_LT(worst, 8);
  EXPECT_GT(worst, 1.5);
}

TEST(FixedFilter, LetsAConstantThroughOrNot) {
  std::vector<int32_t> low(3000, -kLargestFilterInput);
  std::vector<int32_t> high = low;
  RunFilter(FilterOf(DesignButterworth(0.06, 6, false)), low);
  RunFilter(FilterOf(DesignButterworth(0.06, 6, true)), high);
  EXPECT_NEAR(low.back(), -kLargestFilterInput, 600);
  EXPECT_NEAR(high.back(), 0, 600);
}

}  // namespace
}  // namespace thimble::dsp::fixed
