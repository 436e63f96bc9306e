// What makes the filters these wavelets, and the numbers against a plain implementation in double precision.
#include "dsp/spectral_analysis/wavelet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/arena.h"

namespace thimble::dsp {
namespace {

using Wavelet = SpectralAnalysis::Wavelet;
using Params = SpectralAnalysis::Params;
using Type = SpectralAnalysis::AnalysisType;

constexpr size_t kWavelets = std::size(SpectralAnalysis::kWaveletNames);

std::string NameOf(size_t wavelet) { return SpectralAnalysis::kWaveletNames[wavelet]; }

Wavelet Named(const std::string& name) {
  const auto& names = SpectralAnalysis::kWaveletNames;
  const auto found = std::find(std::begin(names), std::end(names), name);
  EXPECT_NE(found, std::end(names)) << name;
  return static_cast<Wavelet>(found - std::begin(names));
}

// The wavelet whose filters put together what those of `name` split.
std::string PartnerOf(const std::string& name) {
  if (name.starts_with("bior")) return "rbio" + name.substr(4);
  if (name.starts_with("rbio")) return "bior" + name.substr(4);
  return name;
}

std::vector<double> Whole(const WaveletTaps& taps, size_t length) {
  std::vector<double> whole(length);
  for (size_t i = 0; i < taps.count; ++i) whole[taps.first + i] = static_cast<double>(taps.values[i]);
  return whole;
}

// The sum of a[i] * b[i + shift].
double Correlation(const std::vector<double>& a, const std::vector<double>& b, int shift) {
  double sum = 0;
  for (int i = 0; i < static_cast<int>(a.size()); ++i) {
    if (i + shift >= 0 && i + shift < static_cast<int>(b.size())) {
      sum += a[static_cast<size_t>(i)] * b[static_cast<size_t>(i + shift)];
    }
  }
  return sum;
}

// How many moments of the filter are 0, its middle being 0 and its ends -1 and 1.
int VanishingMoments(const std::vector<double>& filter) {
  const double middle = static_cast<double>(filter.size() - 1) / 2;
  for (int moment = 0;; ++moment) {
    double sum = 0;
    for (size_t i = 0; i < filter.size(); ++i)
      sum += std::pow((static_cast<double>(i) - middle) / middle, moment) * filter[i];
    if (std::fabs(sum) > 2e-6) return moment;
  }
}

// Vanishing moments of the splitting wavelet, from its name.
int MomentsOf(const std::string& name) {
  if (name == "haar") return 1;
  // Symmetric filters of odd length have an even number, so of the two times five, one has six and the other four.
  if (name == "bior5.5") return 6;
  if (name == "rbio5.5") return 4;
  if (name.starts_with("bior")) return name[4] - '0';
  if (name.starts_with("rbio")) return name[6] - '0';
  if (name.starts_with("coif")) return 2 * (name[4] - '0');
  return std::stoi(name.substr(name.find_first_of("0123456789")));
}

TEST(WaveletFilters, SplitWithoutLossTogetherWithTheirPartner) {
  for (size_t i = 0; i < kWavelets; ++i) {
    SCOPED_TRACE(NameOf(i));
    const WaveletFilters filters = FiltersOf(static_cast<Wavelet>(i));
    const WaveletFilters partner = FiltersOf(Named(PartnerOf(NameOf(i))));
    ASSERT_EQ(filters.length, partner.length);
    ASSERT_EQ(filters.length % 2, 0u);
    const int length = static_cast<int>(filters.length);
    const std::vector<double> low = Whole(filters.low, filters.length);
    const std::vector<double> high = Whole(filters.high, filters.length);
    const std::vector<double> partner_low = Whole(partner.low, filters.length);
    const std::vector<double> partner_high = Whole(partner.high, filters.length);
    for (int shift = -length; shift <= length; shift += 2) {
      EXPECT_NEAR(Correlation(low, partner_low, shift), shift == 0 ? 1 : 0, 1e-6) << shift;
      EXPECT_NEAR(Correlation(high, partner_high, shift), shift == 0 ? 1 : 0, 1e-6) << shift;
      EXPECT_NEAR(Correlation(low, partner_high, shift), 0, 1e-6) << shift;
      EXPECT_NEAR(Correlation(high, partner_low, shift), 0, 1e-6) << shift;
    }
    double sum = 0;
    for (const double tap : low) sum += tap;
    EXPECT_NEAR(sum, std::sqrt(2.0), 1e-6);
  }
}

TEST(WaveletFilters, IgnorePolynomialsUpToTheirOrder) {
  for (size_t i = 0; i < kWavelets; ++i) {
    const WaveletFilters filters = FiltersOf(static_cast<Wavelet>(i));
    const std::vector<double> high(filters.high.values, filters.high.values + filters.high.count);
    EXPECT_GE(VanishingMoments(high), MomentsOf(NameOf(i))) << NameOf(i);
  }
}

// Both have the same spectrum; of the filters that do, Daubechies' has its energy earliest.
TEST(WaveletFilters, DaubechiesComeBeforeSymlets) {
  for (int order = 4; order <= 10; ++order) {
    SCOPED_TRACE(order);
    const size_t length = static_cast<size_t>(2 * order);
    const auto daubechies = Whole(FiltersOf(Named("db" + std::to_string(order))).low, length);
    const auto symlet = Whole(FiltersOf(Named("sym" + std::to_string(order))).low, length);
    double lead = 0;
    for (size_t i = 0; i < length; ++i) {
      const int shift = static_cast<int>(i);
      EXPECT_NEAR(Correlation(daubechies, daubechies, shift), Correlation(symlet, symlet, shift), 1e-6);
      lead += daubechies[i] * daubechies[i] - symlet[i] * symlet[i];
      EXPECT_GE(lead, -1e-6) << i;
    }
  }
}

// Coiflets: the filter's own moments about one place vanish too, all but the first.
TEST(WaveletFilters, CoifletsHaveSmoothAverages) {
  for (int order = 1; order <= 3; ++order) {
    const size_t length = static_cast<size_t>(6 * order);
    const auto low = Whole(FiltersOf(Named("coif" + std::to_string(order))).low, length);
    double centre = 0;
    for (size_t i = 0; i < length; ++i) centre += static_cast<double>(i) * low[i] / std::sqrt(2.0);
    EXPECT_NEAR(centre, std::round(centre), 1e-5);
    for (int moment = 1; moment < 2 * order; ++moment) {
      double sum = 0;
      for (size_t i = 0; i < length; ++i)
        sum += std::pow((static_cast<double>(i) - centre) / static_cast<double>(length), moment) * low[i];
      EXPECT_NEAR(sum, 0, 2e-6) << order << " moment " << moment;
    }
  }
}

struct Split {
  std::vector<double> low;
  std::vector<double> high;
};

Split PlainSplit(const WaveletFilters& filters, const std::vector<double>& x) {
  const auto low = Whole(filters.low, filters.length);
  const auto high = Whole(filters.high, filters.length);
  const int length = static_cast<int>(filters.length);
  const int count = static_cast<int>(x.size());
  Split split;
  for (int k = 0; k < (count + length - 1) / 2; ++k) {
    double slow = 0;
    double fast = 0;
    for (int i = 0; i < length; ++i) {
      int at = 2 * k + 2 - length + i;
      if (at < 0) at = -1 - at;
      if (at >= count) at = 2 * count - 1 - at;
      slow += low[static_cast<size_t>(i)] * x[static_cast<size_t>(at)];
      fast += high[static_cast<size_t>(i)] * x[static_cast<size_t>(at)];
    }
    split.low.push_back(slow);
    split.high.push_back(fast);
  }
  return split;
}

void PlainBand(std::vector<double> x, std::vector<double>& features) {
  const double count = static_cast<double>(x.size());
  double mean = 0;
  for (const double value : x) mean += value / count;
  double moments[5] = {};
  double square = 0;
  int zero_crossings = 0;
  int mean_crossings = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    for (int power = 2; power <= 4; ++power) moments[power] += std::pow(x[i] - mean, power) / count;
    square += x[i] * x[i] / count;
    if (i > 0 && (x[i] > 0) != (x[i - 1] > 0)) ++zero_crossings;
    if (i > 0 && (x[i] > mean) != (x[i - 1] > mean)) ++mean_crossings;
  }
  std::sort(x.begin(), x.end());
  std::vector<double> bins(100);
  for (const double value : x) {
    bins[static_cast<size_t>(std::min(99.0, (value - x.front()) / (x.back() - x.front()) * 100))] += 1 / count;
  }
  double entropy = 0;
  for (const double share : bins) entropy -= share > 0 ? share * std::log(share) : 0;
  const auto percentile = [&](double percent) {
    return x[static_cast<size_t>(std::lround((count - 1) * percent / 100))];
  };
  const double deviation = std::sqrt(moments[2]);
  for (const double feature :
       {entropy, zero_crossings / count, mean_crossings / count, percentile(5), percentile(25), percentile(75),
        percentile(95), percentile(50), mean, deviation, moments[2] * count / (count - 1), std::sqrt(square),
        moments[3] / std::pow(deviation, 3), moments[4] / std::pow(deviation, 4) - 3}) {
    features.push_back(feature);
  }
}

std::vector<float> FeaturesOf(Wavelet wavelet, int level, const std::vector<float>& signal) {
  std::vector<float> room(WaveletSignalFloats(signal.size()), NAN);
  std::vector<float> detail(WaveletDetailFloats(signal.size()), NAN);
  std::vector<float> features(WaveletFeatureCount(level), NAN);
  std::copy(signal.begin(), signal.end(), room.begin() + kLongestWavelet);
  WaveletFeatures(wavelet, level, room, signal.size(), detail, features.data());
  return features;
}

TEST(WaveletFeatures, AreThoseOfAPlainImplementation) {
  std::mt19937 random(8);
  std::normal_distribution<float> normal(0.3f, 2.0f);
  for (size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
    for (const int level : {1, 2, 3, 7}) {
      std::vector<float> signal(ShortestForWavelets(level) + random() % 64);
      for (float& sample : signal) sample = normal(random);
      std::vector<std::vector<double>> bands;
      std::vector<double> slow(signal.begin(), signal.end());
      const double mean = std::accumulate(slow.begin(), slow.end(), 0.0) / static_cast<double>(slow.size());
      for (double& sample : slow) sample -= mean;
      for (int i = 0; i < level; ++i) {
        Split split = PlainSplit(FiltersOf(static_cast<Wavelet>(wavelet)), slow);
        bands.push_back(std::move(split.high));
        slow = std::move(split.low);
      }
      bands.push_back(std::move(slow));
      std::vector<double> expected;
      for (size_t i = bands.size(); i-- > 0;) PlainBand(bands[i], expected);
      const std::vector<float> features = FeaturesOf(static_cast<Wavelet>(wavelet), level, signal);
      ASSERT_EQ(features.size(), expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        // Rounding may take a number to the other side of a histogram's edge or of a crossing; no part is shorter
        // than 32.
        const double tolerance = i % kBandFeatures < 3 ? 2.0 / 32 : 2e-4 + 2e-5 * std::fabs(expected[i]);
        EXPECT_NEAR(features[i], expected[i], tolerance) << NameOf(wavelet) << " level " << level << " feature " << i;
      }
    }
  }
}

TEST(WaveletFeatures, OfAConstantAreThatAndNothing) {
  const std::vector<float> features = FeaturesOf(Named("haar"), 1, std::vector<float>(64, 0));
  EXPECT_EQ(features, std::vector<float>(28, 0));
}

// The middle of what lies between two numbers is the lower or the upper? The upper: a half rounds up.
TEST(WaveletFeatures, TakeTheUpperOfTwoMiddleNumbers) {
  std::vector<float> signal(64);
  for (size_t i = 0; i < signal.size(); ++i) signal[i] = i < 32 ? -1.0f : 1.0f;
  EXPECT_FLOAT_EQ(FeaturesOf(Named("haar"), 1, signal)[7], std::sqrt(2.0f));
}

TEST(WaveletFeatures, OfNumbersThatAreNoneAreNaN) {
  std::vector<float> signal(64, 1);
  signal[20] = NAN;
  for (const float feature : FeaturesOf(Named("sym5"), 1, signal)) EXPECT_TRUE(std::isnan(feature));
  signal[20] = INFINITY;
  for (const float feature : FeaturesOf(Named("bior3.9"), 1, signal)) EXPECT_TRUE(std::isnan(feature));
}

template <typename B>
std::vector<float> Extracted(const Params& params, const Window& window, const std::vector<float>& samples) {
  EXPECT_EQ(B::Check(params, window), Status::kOk);
  struct alignas(kArenaAlignment) Line {
    std::byte bytes[kArenaAlignment];
  };
  std::vector<Line> scratch(AlignUp(B::ScratchBytes(params, window)) / kArenaAlignment);
  std::vector<float> features(B::FeatureCount(params, window));
  B::Prepare(params, window, {});
  B::Extract(params, window, {}, samples, features, std::as_writable_bytes(std::span(scratch)));
  return features;
}

TEST(SpectralAnalysisFaces, GiveTheBitsOfTheWholeAndRefuseTheOtherType) {
  const Window window = {.axes = 2, .readings = 128, .rate_hz = 100};
  std::vector<float> samples(window.SampleCount());
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i * i % 37);
  constexpr Params kFft = {};
  constexpr Params kWavelet = {.analysis_type = Type::kWavelet};
  EXPECT_EQ(Extracted<SpectralAnalysisFft>(kFft, window, samples), Extracted<SpectralAnalysis>(kFft, window, samples));
  EXPECT_EQ(Extracted<SpectralAnalysisWavelet>(kWavelet, window, samples),
            Extracted<SpectralAnalysis>(kWavelet, window, samples));
  EXPECT_EQ(SpectralAnalysisFft::Check(kWavelet, window), Status::kUnsupported);
  EXPECT_EQ(SpectralAnalysisWavelet::Check(kFft, window), Status::kUnsupported);
  EXPECT_EQ(Extracted<SpectralAnalysisShortFft>(kFft, window, samples),
            Extracted<SpectralAnalysis>(kFft, window, samples));
  EXPECT_EQ(SpectralAnalysisShortFft::Check(kWavelet, window), Status::kUnsupported);
  constexpr Params kLongFft = {.fft_length = 256};
  EXPECT_EQ(SpectralAnalysisShortFft::Check(kLongFft, window), Status::kUnsupported);
  EXPECT_EQ(BlockFor<SpectralAnalysis>(kFft)->extract, kBlock<SpectralAnalysisShortFft>.extract);
  EXPECT_EQ(BlockFor<SpectralAnalysis>(kLongFft)->extract, kBlock<SpectralAnalysisFft>.extract);
  EXPECT_EQ(BlockFor<SpectralAnalysis>(kWavelet)->extract, kBlock<SpectralAnalysisWavelet>.extract);
}

TEST(SpectralAnalysisWavelets, RefuseWhatIsNoWaveletOrNoLevel) {
  const Window window = {.axes = 1, .readings = 4096, .rate_hz = 100};
  Params params = {.analysis_type = Type::kWavelet, .wavelet_level = 7};
  EXPECT_EQ(SpectralAnalysis::Check(params, window), Status::kOk);
  params.wavelet_level = 8;
  EXPECT_EQ(SpectralAnalysis::Check(params, window), Status::kInvalidArgument);
  params.wavelet_level = 0;
  EXPECT_EQ(SpectralAnalysis::Check(params, window), Status::kInvalidArgument);
  params.wavelet_level = 7;
  params.wavelet = static_cast<Wavelet>(kWavelets);
  EXPECT_EQ(SpectralAnalysis::Check(params, window), Status::kInvalidArgument);
  // What belongs to the other type does not matter.
  params = {.analysis_type = Type::kWavelet, .fft_length = 12, .extra_low_freq = true};
  EXPECT_EQ(SpectralAnalysis::Check(params, window), Status::kOk);
  // The decimated readings count.
  params.input_decimation_ratio = SpectralAnalysis::Decimation::k100;
  EXPECT_EQ(SpectralAnalysis::Check(params, window), Status::kInvalidArgument);
}

}  // namespace
}  // namespace thimble::dsp
