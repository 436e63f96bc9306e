// Edges in double precision, once; then one pass over the bins of each spectrum.
#include "dsp/mel_filterbank.h"

#include <bit>
#include <cstdint>
#include <new>

namespace thimble::dsp {
namespace {

constexpr double kLn2 = 0.693147180559945309417;

// An edge in the wrong bin changes two features by a third. In float32 edges would be off by a thousandth of a bin and
// land there now and then; these are within 1e-12 of one.

// x >= 1, finite.
double Ln(double x) {
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double fraction = std::bit_cast<double>((bits & 0x000f'ffff'ffff'ffff) | 0x3ff0'0000'0000'0000);
  if (fraction > 1.41421356) fraction *= 0.5, ++exponent;
  // ln m = 2 artanh((m - 1) / (m + 1)); |s| < 0.172, the first term left out is below 2^-58.
  const double s = (fraction - 1) / (fraction + 1);
  const double square = s * s;
  double sum = 0;
  for (int odd = 21; odd >= 3; odd -= 2) sum = (sum + 1.0 / odd) * square;
  return exponent * kLn2 + (2 * s + 2 * s * sum);
}

// 0 <= x < 700.
double Exp(double x) {
  const int exponent = static_cast<int>(x / kLn2 + 0.5);  // NOLINT(bugprone-incorrect-roundings): not negative
  const double rest = x - exponent * kLn2;
  // Taylor; |rest| < 0.347, the first term left out is below 2^-55.
  double sum = 1;
  for (int i = 13; i >= 1; --i) sum = 1 + sum * rest / i;
  return sum * std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

double MelOf(double hz) { return 1127 * Ln(1 + hz / 700); }

// Gives the frequencies of the edges one after the other.
class Edges {
 public:
  explicit Edges(const MelFilters& filters)
      : low_(MelOf(filters.low_hz)), high_(MelOf(static_cast<double>(filters.HighHz()))), last_(filters.count + 1) {}
  double Hz(int edge) const {
    const double mel = edge == last_ ? high_ : low_ + edge * ((high_ - low_) / last_);
    return 700 * (Exp(mel / 1127) - 1) - (edge == last_ ? 0.001 : 0);
  }

 private:
  double low_;
  double high_;
  int last_;
};

int BinOf(const MelFilters& filters, double hz) {
  const double bin = (filters.fft_length + 1) * hz / static_cast<double>(filters.rate_hz);
  return bin > 0 ? static_cast<int>(bin) : 0;
}

}  // namespace

bool HasEmptyFilter(const MelFilters& filters) {
  const Edges edges(filters);
  int left = -1;
  int middle = -1;
  for (int edge = 0; edge < filters.count + 2; ++edge) {
    const int right = BinOf(filters, edges.Hz(edge));
    if (left == right) return true;
    left = middle;
    middle = right;
  }
  return false;
}

float MelCentreHz(const MelFilters& filters, int filter) { return static_cast<float>(Edges(filters).Hz(filter + 1)); }

int MelEdgeBin(const MelFilters& filters, int edge) { return BinOf(filters, Edges(filters).Hz(edge)); }

void MelFilterbank::Prepare(const MelFilters& filters, std::span<std::byte> memory) {
  Edge* edge = new (memory.data()) Edge[static_cast<size_t>(filters.count) + 2];
  const Edges edges(filters);
  int next = BinOf(filters, edges.Hz(0));
  for (int i = 0; i < filters.count + 2; ++i) {
    const int bin = next;
    next = i <= filters.count ? BinOf(filters, edges.Hz(i + 1)) : bin;
    edge[i] = {bin, next > bin ? 1.0f / static_cast<float>(next - bin) : 0.0f};
  }
}

void MelFilterbank::Apply(std::span<const float> power, float scale, std::span<float> energies) const {
  // Between edge m and the next one, filter m rises and the one before it falls.
  float rising = 0;
  for (size_t m = 0; m <= energies.size(); ++m) {
    const Edge& edge = edges_[m];
    const float* const end = power.data() + edges_[m + 1].bin;
    float before = rising;  // of the filter that falls here
    rising = 0;
    if (edge.slope == 0) {
      // Two edges in one bin: the filter that would fall from it has its tip there, unless it began there too.
      if (m > 0 && edges_[m - 1].slope != 0) before += *end;
    } else {
      float weight = 0;
      float falling = 0;
      float step = 0;
      for (const float* bin = power.data() + edge.bin; bin != end; ++bin) {
        weight = step * edge.slope;
        rising += weight * *bin;
        falling += (1.0f - weight) * *bin;
        step += 1.0f;
      }
      before += falling;
    }
    if (m > 0) energies[m - 1] = before * scale;
  }
}

}  // namespace thimble::dsp
