// Second-order sections with products of 32 by 16 bits.
#include "dsp/fixed/filter.h"

#include <cstddef>

#include "base/fixed_point.h"
#include "dsp/fixed/math.h"

namespace thimble::dsp::fixed {
namespace {

Factor FactorOf(double value) {
  if (!(value > 0)) return {};
  Factor factor;
  double mantissa = value * (1 << 14);
  while (mantissa < 32768 && factor.shift < 31) {
    mantissa *= 2;
    ++factor.shift;
  }
  factor.mantissa = static_cast<uint16_t>(mantissa >= 65535 ? 65535 : Nearest(mantissa));
  return factor;
}

// value * factor rounded down, |value| <= 2^28.
inline int32_t Times(int32_t value, Factor factor) {
  const int32_t mantissa = factor.mantissa;
  const auto low = static_cast<uint32_t>(value & 0xffff) * static_cast<uint32_t>(mantissa) >> 14;
  return ((value >> 16) * mantissa * 4 + static_cast<int32_t>(low)) >> factor.shift;
}

// The usual recursion y = n - a1 y1 - a2 y2, written with damping and stiffness:
//
//   y = y1 + (y1 - y2) - damping (y1 - y2) - stiffness y2 + n
//
// n is stiffness (x + 2 x1 + x2) / 4 for a low-pass, gain (x - 2 x1 + x2) for a high-pass: a gain of 1 where the filter
// lets everything through. Sums wrap on the way to results that fit.
template <bool kHighPass>
void RunSection(const Filter::Section& section, std::span<int32_t> signal) {
  int32_t x1 = 0;
  int32_t x2 = 0;
  int32_t y1 = 0;
  int32_t y2 = 0;
  for (int32_t& sample : signal) {
    const int32_t x = sample;
    const int32_t slope = y1 - y2;
    int32_t y = WrapAdd(WrapAdd(y1, slope), -Times(slope, section.damping));
    if constexpr (kHighPass) {
      y = WrapAdd(y, WrapAdd(Times(x - 2 * x1 + x2, section.gain), -Times(y2, section.stiffness)));
    } else {
      y = WrapAdd(y, Times(((x + 2 * x1 + x2) >> 2) - y2, section.stiffness));
    }
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    sample = y;
  }
}

void Mirror(std::span<int32_t> signal) {
  for (size_t i = 1; i < signal.size(); i += 2) signal[i] = -signal[i];
}

}  // namespace

Filter FilterOf(const Cascade& cascade) {
  Filter filter;
  filter.section_count = static_cast<int16_t>(cascade.section_count);
  filter.mirrored = cascade.sections[0].a1 > 0 ? 1 : 0;
  filter.high_pass = cascade.high_pass != (filter.mirrored != 0) ? 1 : 0;
  for (int i = 0; i < cascade.section_count; ++i) {
    const double a1 = static_cast<double>(filter.mirrored != 0 ? -cascade.sections[i].a1 : cascade.sections[i].a1);
    const double a2 = static_cast<double>(cascade.sections[i].a2);
    filter.sections[i] = {FactorOf(2 + a1), FactorOf(1 + a1 + a2), FactorOf((1 - a1 + a2) / 4)};
  }
  return filter;
}

void RunFilter(const Filter& filter, std::span<int32_t> signal) {
  if (filter.mirrored != 0) Mirror(signal);
  for (int i = 0; i < filter.section_count; ++i) {
    if (filter.high_pass != 0) {
      RunSection<true>(filter.sections[i], signal);
    } else {
      RunSection<false>(filter.sections[i], signal);
    }
  }
  if (filter.mirrored != 0) Mirror(signal);
}

}  // namespace thimble::dsp::fixed
