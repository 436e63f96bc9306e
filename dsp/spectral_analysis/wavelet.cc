// Filters of fifty wavelets, the splitting, and the numbers that tell a part.
#include "dsp/spectral_analysis/wavelet.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/float_math.h"
#include "dsp/statistics.h"

namespace thimble::dsp {
namespace {

// Low-pass filters that put a signal together again (reconstruction). The sum is sqrt(2). All others follow from them;
// wavelet_test.cc proves what makes them these wavelets: orthogonality and vanishing moments.

// Daubechies' with n vanishing moments and 2n taps, the energy as early as possible. The first is Haar's.
// Source: Ten Lectures on Wavelets, table 6.1.
constexpr float kDaubechies1[] = {0.707106769f, 0.707106769f};
constexpr float kDaubechies2[] = {0.482962906f, 0.836516321f, 0.224143863f, -0.129409522f};
constexpr float kDaubechies3[] = {0.33267054f,   0.806891501f,   0.459877491f,
                                  -0.135011017f, -0.0854412764f, 0.0352262929f};
constexpr float kDaubechies4[] = {0.230377808f,  0.714846551f,  0.630880773f,  -0.0279837698f,
                                  -0.187034816f, 0.0308413822f, 0.0328830108f, -0.0105974022f};
constexpr float kDaubechies5[] = {0.160102397f,   0.603829265f,  0.72430855f,     0.138428152f,   -0.242294893f,
                                  -0.0322448686f, 0.0775714964f, -0.00624149013f, -0.0125807524f, 0.00333572528f};
constexpr float kDaubechies6[] = {0.111540742f,   0.494623899f,    0.751133919f,   0.315250337f,
                                  -0.2262647f,    -0.129766867f,   0.0975016057f,  0.0275228657f,
                                  -0.0315820388f, 0.000553842227f, 0.00477725733f, -0.0010773011f};
constexpr float kDaubechies7[] = {0.0778520554f, 0.39653933f,    0.729132116f,    0.469782293f,   -0.143905997f,
                                  -0.224036187f, 0.0713092163f,  0.0806126073f,   -0.0380299352f, -0.0165745411f,
                                  0.0125509985f, 0.00042957798f, -0.00180164073f, 0.000353713811f};
constexpr float kDaubechies8[] = {0.0544158407f,  0.312871605f,     0.675630748f,    0.585354686f,
                                  -0.0158291049f, -0.284015536f,    0.000472484564f, 0.128747433f,
                                  -0.0173693001f, -0.0440882556f,   0.0139810275f,   0.00874609407f,
                                  -0.0048703528f, -0.000391740381f, 0.000675449381f, -0.000117476782f};
constexpr float kDaubechies9[] = {0.0380779468f,   0.243834674f,     0.604823112f,    0.657288074f,    0.133197382f,
                                  -0.293273777f,   -0.096840784f,    0.14854075f,     0.0307256822f,   -0.0676328316f,
                                  0.000250947109f, 0.0223616622f,    -0.00472320477f, -0.00428150361f, 0.0018476469f,
                                  0.000230385762f, -0.000251963182f, 3.93473201e-05f};
constexpr float kDaubechies10[] = {
    0.0266700573f,  0.188176796f,   0.527201176f,     0.688459039f,     0.281172335f,   -0.249846429f,   -0.195946276f,
    0.127369344f,   0.0930573642f,  -0.0713941455f,   -0.0294575375f,   0.0332126729f,  0.00360655366f,  -0.0107331751f,
    0.00139535172f, 0.00199240539f, -0.000685856678f, -0.000116466857f, 9.3588671e-05f, -1.32642026e-05f};

// As those, but as symmetric as can be. The first three are Daubechies' own. Source: same, table 6.3.
constexpr float kSymlet4[] = {0.0322231017f, -0.0126039675f, -0.0992195457f, 0.297857791f,
                              0.803738773f,  0.497618675f,   -0.0296355281f, -0.075765714f};
constexpr float kSymlet5[] = {0.0195388831f, -0.0211018343f, -0.175328091f,  0.0166021064f, 0.633978963f,
                              0.723407686f,  0.199397534f,   -0.0391342491f, 0.0295194909f, 0.0273330677f};
constexpr float kSymlet6[] = {-0.00780070852f, 0.00176771183f, 0.0447249003f,  -0.0210602917f,
                              -0.0726375207f,  0.337929428f,   0.787641168f,   0.491055936f,
                              -0.0483117439f,  -0.117990114f,  0.00349071203f, 0.0154041089f};
constexpr float kSymlet7[] = {0.0102681769f, 0.00401024474f, -0.10780824f,    -0.140047237f,  0.288629621f,
                              0.76776433f,   0.536101937f,   0.017441256f,    -0.0495528355f, 0.067892693f,
                              0.0305155125f, -0.012636303f,  -0.00104738493f, 0.0026818146f};
constexpr float kSymlet8[] = {0.00188995036f, -0.000302920525f, -0.0149522582f,   0.00380875194f,
                              0.0491371788f,  -0.0272190291f,   -0.0519458391f,   0.364441901f,
                              0.777185738f,   0.481359661f,     -0.0612733588f,   -0.143294245f,
                              0.0076074875f,  0.0316950865f,    -0.000542132359f, -0.00338241598f};
constexpr float kSymlet9[] = {0.00106948998f, -0.000473154505f, -0.0102640642f,  0.00885926746f, 0.0620777905f,
                              -0.0182337705f, -0.191550836f,    0.0352724865f,   0.617338479f,   0.717897058f,
                              0.238760918f,   -0.0545689575f,   0.000583462766f, 0.0302248783f,  -0.0115282098f,
                              -0.0132719679f, 0.000619780913f,  0.00140091556f};
constexpr float kSymlet10[] = {-0.000459329429f, 5.70360826e-05f, 0.00459317351f,  -0.000804358919f, -0.0203549396f,
                               0.00576491188f,   0.0499949716f,   -0.0319900587f,  -0.03553674f,     0.383826762f,
                               0.769510031f,     0.471690655f,    -0.0708805323f,  -0.159494281f,    0.0116098942f,
                               0.0459272377f,    -0.00146538264f, -0.00864129886f, 9.56326694e-05f,  0.000770159822f};

// Coiflets: 2n vanishing moments of the wavelet, 2n - 1 of the filter; 6n taps. Products in float32
// of the filter whose sum is 1 and sqrt(2), as the reference has them. Source: same, table 8.1.
constexpr float kCoiflet1[] = {-0.0727326199f, 0.337897658f,   0.852571964f,
                               0.384864837f,   -0.0727326199f, -0.0156557281f};
constexpr float kCoiflet2[] = {0.016387336f,  -0.041464936f,  -0.0673725531f,  0.386110067f,
                               0.812723637f,  0.417005181f,   -0.0764885992f,  -0.0594344139f,
                               0.0236801729f, 0.00561143458f, -0.00182320888f, -0.000720549433f};
constexpr float kCoiflet3[] = {-0.0037935127f,  0.00778259663f,   0.0234526955f,   -0.0657719076f,  -0.061123386f,
                               0.405176908f,    0.793777227f,     0.428483486f,    -0.0717998222f,  -0.0823019221f,
                               0.0345550291f,   0.0158805456f,    -0.00900797639f, -0.00257451762f, 0.00111751875f,
                               0.000466216938f, -7.09833039e-05f, -3.45997723e-05f};

// Biorthogonal pairs, symmetric: the first half of each, with the middle tap of an odd one. The reconstruction filters
// of 1.x, 2.x and 3.x are B-splines. Source: A. Cohen, I. Daubechies, J.-C. Feauveau, Biorthogonal Bases of Compactly
// Supported Wavelets, Communications on Pure and Applied Mathematics 45, 1992.
constexpr float kAnalysis1p3[] = {-0.0883883461f, 0.0883883461f, 0.707106769f};
constexpr float kSpline1[] = {0.707106769f};
constexpr float kAnalysis1p5[] = {0.0165728144f, -0.0165728144f, -0.121533975f, 0.121533975f, 0.707106769f};
constexpr float kAnalysis2p2[] = {-0.176776692f, 0.353553385f, 1.06066012f};
constexpr float kSpline2[] = {0.353553385f, 0.707106769f};
constexpr float kAnalysis2p4[] = {0.0331456289f, -0.0662912577f, -0.176776692f, 0.419844657f, 0.994368911f};
constexpr float kAnalysis2p6[] = {-0.00690533966f, 0.0138106793f, 0.0469563082f, -0.107723296f,
                                  -0.16987136f,    0.447466016f,  0.966747582f};
constexpr float kAnalysis2p8[] = {0.00151054305f, -0.0030210861f, -0.0129475119f, 0.0289161094f, 0.0529984832f,
                                  -0.134913072f,  -0.163829178f,  0.462571442f,   0.951642096f};
constexpr float kAnalysis3p1[] = {-0.353553385f, 1.06066012f};
constexpr float kSpline3[] = {0.176776692f, 0.530330062f};
constexpr float kAnalysis3p3[] = {0.0662912577f, -0.198873788f, -0.154679611f, 0.994368911f};
constexpr float kAnalysis3p5[] = {-0.0138106793f, 0.0414320379f,  0.0524805821f,
                                  -0.26792717f,   -0.0718155354f, 0.966747582f};
constexpr float kAnalysis3p7[] = {0.0030210861f, -0.00906325877f, -0.016831765f,  0.0746639818f,
                                  0.0313329771f, -0.301159114f,   -0.0264992416f, 0.951642096f};
constexpr float kAnalysis3p9[] = {-0.000679744349f, 0.00203923322f, 0.00506031932f, -0.0206189118f, -0.0141127883f,
                                  0.0991347805f,    0.0123001365f,  -0.320191979f,  0.00205002283f, 0.942125678f};
constexpr float kAnalysis4p4[] = {0.0378284566f, -0.023849465f, -0.110624403f, 0.377402842f, 0.852698684f};
constexpr float kSynthesis4p4[] = {-0.0645388812f, -0.0406894162f, 0.418092281f, 0.788485587f};
constexpr float kAnalysis5p5[] = {0.0396870896f, 0.00794810895f, -0.0544637889f, 0.345605284f, 0.736660182f};
constexpr float kSynthesis5p5[] = {0.0134567097f,  -0.00269496697f, -0.136706591f,
                                   -0.0935046971f, 0.476803273f,    0.899506092f};
constexpr float kAnalysis6p8[] = {0.00190883176f, -0.00191428617f, -0.0169906393f, 0.0119345654f, 0.0497329049f,
                                  -0.0772631764f, -0.0940592065f,  0.420796275f,   0.825923026f};
constexpr float kSynthesis6p8[] = {0.0144262826f,  0.0144675048f, -0.0787220001f,
                                   -0.0403679796f, 0.417849123f,  0.758907735f};

constexpr std::span<const float> kOrthogonal[] = {kCoiflet1,    kCoiflet2,    kCoiflet3,  //
                                                  kDaubechies2, kDaubechies3, kDaubechies4, kDaubechies5,  kDaubechies6,
                                                  kDaubechies7, kDaubechies8, kDaubechies9, kDaubechies10, kDaubechies1,
                                                  kDaubechies2, kDaubechies3, kSymlet4,     kSymlet5,      kSymlet6,
                                                  kSymlet7,     kSymlet8,     kSymlet9,     kSymlet10};

// Two filters of different lengths, both at the middle of `length` taps, an odd one with a zero more at one end.
struct Biorthogonal {
  std::span<const float> analysis_half;
  std::span<const float> synthesis_half;
  uint8_t length;
  uint8_t analysis_first;   // zeros before the analysis filter, as it meets the signal
  uint8_t synthesis_first;  // zeros before the synthesis filter, backwards
  bool odd;
};
constexpr Biorthogonal kBiorthogonal[] = {
    {kAnalysis1p3, kSpline1, 6, 0, 2, false},      {kAnalysis1p5, kSpline1, 10, 0, 4, false},
    {kAnalysis2p2, kSpline2, 6, 0, 2, true},       {kAnalysis2p4, kSpline2, 10, 0, 4, true},
    {kAnalysis2p6, kSpline2, 14, 0, 6, true},      {kAnalysis2p8, kSpline2, 18, 0, 8, true},
    {kAnalysis3p1, kSpline3, 4, 0, 0, false},      {kAnalysis3p3, kSpline3, 8, 0, 2, false},
    {kAnalysis3p5, kSpline3, 12, 0, 4, false},     {kAnalysis3p7, kSpline3, 16, 0, 6, false},
    {kAnalysis3p9, kSpline3, 20, 0, 8, false},     {kAnalysis4p4, kSynthesis4p4, 10, 0, 2, true},
    {kAnalysis5p5, kSynthesis5p5, 12, 1, 1, true}, {kAnalysis6p8, kSynthesis6p8, 18, 0, 4, true},
};

// The places of the families in SpectralAnalysis::kWaveletNames.
constexpr size_t kFirstOrthogonal = std::size(kBiorthogonal);
constexpr size_t kFirstReverse = 27;
constexpr size_t kFirstSymlet = kFirstReverse + std::size(kBiorthogonal);
static_assert(kFirstSymlet + 9 == std::size(SpectralAnalysis::kWaveletNames));
static_assert(kFirstReverse - kFirstOrthogonal + 9 == std::size(kOrthogonal));

// The high-pass filter is the other low-pass filter with every second sign turned.
void TurnSigns(WaveletTaps& taps) {
  for (size_t i = 0; i < taps.count; ++i) {
    if ((taps.first + i) % 2 == 1) taps.values[i] = -taps.values[i];
  }
}

WaveletTaps Unfold(std::span<const float> half, bool odd, size_t first) {
  WaveletTaps taps = {{}, first, 2 * half.size() - (odd ? 1 : 0)};
  for (size_t i = 0; i < half.size(); ++i) taps.values[i] = taps.values[taps.count - 1 - i] = half[i];
  return taps;
}

// The order of the additions below is the reference's, edge by edge: on data in coarse steps many outputs are 0 but for
// rounding, and the last bit decides on which side of it they lie, and so the crossings and the entropy.

// `inside` of the taps meet the signal, the others its mirror image at the end.
inline float Apply(const WaveletTaps& taps, const float* signal, size_t inside) {
  const float* at = signal + taps.first;
  const size_t first_outside = std::min(inside > taps.first ? inside - taps.first : 0, taps.count);
  float sum = 0;
  for (size_t i = first_outside; i < taps.count; ++i) sum += taps.values[i] * at[i];
  for (size_t i = first_outside; i-- > 0;) sum += taps.values[i] * at[i];
  return sum;
}

// In eight lanes up to 128 numbers, in halves above.
float Sum(std::span<const float> x) {
  constexpr size_t kLanes = 8;
  constexpr size_t kMostAtOnce = 128;
  if (x.size() > kMostAtOnce) {
    const size_t half = x.size() / 2 / kLanes * kLanes;
    return Sum(x.first(half)) + Sum(x.subspan(half));
  }
  float lanes[kLanes] = {};
  const size_t whole = x.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += x[i + lane];
  }
  float sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  for (size_t i = whole; i < x.size(); ++i) sum += x[i];
  return sum;
}

// Exactly x[0] if all x are the same, where the reference leaves rounding for the crossings to count.
float MeanOf(std::span<const float> x) {
  const bool constant = std::all_of(x.begin(), x.end(), [x](float value) { return value == x[0]; });
  return constant ? x[0] : Sum(x) / static_cast<float>(x.size());
}

// Small, in place, and never slower than n log n.
void HeapSort(std::span<float> x) {
  for (size_t from = x.size() / 2, end = x.size(); end > 1;) {
    float value;
    if (from > 0) {
      value = x[--from];  // makes a heap
    } else {
      value = x[--end];  // takes it apart
      x[end] = x[0];
    }
    size_t hole = from;
    for (size_t child = 2 * hole + 1; child < end; child = 2 * hole + 1) {
      if (child + 1 < end && x[child] < x[child + 1]) ++child;
      if (!(value < x[child])) break;
      x[hole] = x[child];
      hole = child;
    }
    x[hole] = value;
  }
}

// The entropy of a histogram of sorted numbers.
float Entropy(std::span<const float> sorted) {
  constexpr int kBins = 100;
  const float first = sorted.front();
  const float last = sorted.back();
  const float range = last - first;
  if (!(range > 0)) return 0;
  const float step = range / kBins;
  // The bins end where double precision puts it, which costs a microcontroller something, so only numbers nearer than
  // this to where single precision puts it are looked at twice.
  const float doubt = ((first < 0 ? -first : first) + (last < 0 ? -last : last)) * 0x1p-21f;
  const double exact_step = (static_cast<double>(last) - static_cast<double>(first)) / kBins;
  const auto is_below = [=](float value, int bin) {
    const float end = first + static_cast<float>(bin) * step;
    if (value < end - doubt) return true;
    if (value > end + doubt) return false;
    return value < static_cast<float>(static_cast<double>(bin) * exact_step + static_cast<double>(first));
  };
  float sum = 0;
  size_t from = 0;
  for (int bin = 1; from < sorted.size(); ++bin) {
    size_t to = from;
    while (to < sorted.size() && (bin == kBins || is_below(sorted[to], bin))) ++to;
    if (to > from + 1) sum += static_cast<float>(to - from) * Ln(static_cast<float>(to - from));
    from = to;
  }
  const float count = static_cast<float>(sorted.size());
  return Ln(count) - sum / count;
}

// How often x goes from above `level` to below or to it, or back, as a share of x.
float Crossings(std::span<const float> x, float level) {
  size_t crossings = 0;
  for (size_t i = 1; i < x.size(); ++i) crossings += (x[i] > level) != (x[i - 1] > level) ? 1 : 0;
  return static_cast<float>(crossings) / static_cast<float>(x.size());
}

float Percentile(std::span<const float> sorted, size_t percent) {
  return sorted[((sorted.size() - 1) * percent + 50) / 100];
}

// Sorts `band` on the way.
void BandFeatures(std::span<float> band, float* features) {
  const float count = static_cast<float>(band.size());
  const float mean = MeanOf(band);
  if (!IsFinite(mean)) {
    // The constant, because machines differ in the bits of a NaN that they compute.
    std::fill_n(features, kBandFeatures, std::numeric_limits<float>::quiet_NaN());
    return;
  }
  const Shape shape = ShapeOf(band);
  const float variance = shape.deviation * shape.deviation;
  features[1] = Crossings(band, 0);
  features[2] = Crossings(band, mean);
  HeapSort(band);
  features[0] = Entropy(band);
  features[3] = Percentile(band, 5);
  features[4] = Percentile(band, 25);
  features[5] = Percentile(band, 75);
  features[6] = Percentile(band, 95);
  features[7] = Percentile(band, 50);
  features[8] = mean;
  features[9] = shape.deviation;
  features[10] = variance * (count / (count - 1));
  features[11] = Sqrt(variance + mean * mean);
  features[12] = shape.skewness;
  // Nothing but a constant has a kurtosis below -2.
  features[13] = shape.kurtosis < -2.5f ? 0 : shape.kurtosis;
}

}  // namespace

WaveletFilters FiltersOf(SpectralAnalysis::Wavelet wavelet) {
  const size_t place = static_cast<size_t>(wavelet);
  const bool reverse = place >= kFirstReverse && place < kFirstSymlet;
  WaveletFilters filters;
  if (place < kFirstOrthogonal || reverse) {
    const Biorthogonal& pair = kBiorthogonal[reverse ? place - kFirstReverse : place];
    filters.length = pair.length;
    filters.low = Unfold(pair.analysis_half, pair.odd, pair.analysis_first);
    filters.high = Unfold(pair.synthesis_half, pair.odd, pair.synthesis_first);
    if (reverse) {
      std::swap(filters.low, filters.high);
      filters.low.first = filters.length - filters.low.first - filters.low.count;
      filters.high.first = filters.length - filters.high.first - filters.high.count;
    }
  } else {
    const size_t gap = place < kFirstReverse ? kFirstOrthogonal : kFirstOrthogonal + std::size(kBiorthogonal);
    const std::span<const float> filter = kOrthogonal[place - gap];
    filters.length = filter.size();
    filters.low.first = filters.high.first = 0;
    filters.low.count = filters.high.count = filter.size();
    std::copy(filter.begin(), filter.end(), filters.low.values);
    std::reverse_copy(filter.begin(), filter.end(), filters.high.values);
  }
  TurnSigns(filters.high);
  return filters;
}

void WaveletFeatures(SpectralAnalysis::Wavelet wavelet, int level, std::span<float> room, size_t count,
                     std::span<float> detail, float* features) {
  const WaveletFilters filters = FiltersOf(wavelet);
  const size_t length = filters.length;
  float* const signal = room.data() + kLongestWavelet;
  const float mean = MeanOf({signal, count});
  for (size_t i = 0; i < count; ++i) signal[i] -= mean;
  for (int part = level; part > 0; --part) {
    for (size_t i = 0; i < length; ++i) {
      *(signal - 1 - i) = signal[i];
      signal[count + i] = signal[count - 1 - i];
    }
    const size_t half = (count + length - 1) / 2;
    // The slow part replaces samples that no later output reads.
    float* const slow = signal - length;
    for (size_t k = 0; k < half; ++k) {
      const float* const at = signal + 2 * k + 2 - length;
      const size_t inside = count + length - (2 * k + 2);
      detail[k] = Apply(filters.high, at, inside);
      slow[k] = Apply(filters.low, at, inside);
    }
    std::copy_backward(slow, slow + half, signal + half);
    BandFeatures(detail.first(half), features + kBandFeatures * part);
    count = half;
  }
  BandFeatures({signal, count}, features);
}

}  // namespace thimble::dsp
