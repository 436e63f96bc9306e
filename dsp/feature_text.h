// Puts the name of a feature together, without a C library.
#ifndef THIMBLE_DSP_FEATURE_TEXT_H_
#define THIMBLE_DSP_FEATURE_TEXT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "dsp/block.h"

namespace thimble::dsp {

/// Appends to FeatureName::text; what does not fit is left out. The name outlives it.
///
///   FeatureName name;
///   FeatureText(name).Add("Reading ").AddNumber(3);
class FeatureText {
 public:
  explicit FeatureText(FeatureName& name) : name_(name) {}

  FeatureText& Add(const char* text) {
    for (; *text != 0; ++text) AddCharacter(*text);
    return *this;
  }

  FeatureText& AddNumber(uint64_t number) {
    if (number >= 10) AddNumber(number / 10);
    AddCharacter(static_cast<char>('0' + number % 10));
    return *this;
  }

  /// With two decimals, or one when the second is 0: "29.3", "3.0", "8.59". number >= 0, above 10^15 written as that.
  /// Halves round to even, after the multiplication by a hundred, as in the reference's names.
  FeatureText& AddDecimal(double number) {
    const double exact = std::min(number, 1e15) * 100;
    uint64_t hundredths = static_cast<uint64_t>(exact);
    const double rest = exact - static_cast<double>(hundredths);
    if (rest > 0.5 || (rest == 0.5 && hundredths % 2 == 1)) ++hundredths;
    AddNumber(hundredths / 100);
    AddCharacter('.');
    AddNumber(hundredths / 10 % 10);
    if (hundredths % 10 != 0) AddNumber(hundredths % 10);
    return *this;
  }

 private:
  void AddCharacter(char character) {
    if (length_ + 1 < std::size(name_.text)) name_.text[length_++] = character;
  }

  FeatureName& name_;
  size_t length_ = 0;
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FEATURE_TEXT_H_
