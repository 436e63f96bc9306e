// The power of a signal at each frequency, for drawings and for choosing parameters.
#ifndef THIMBLE_CLI_SPECTRUM_H_
#define THIMBLE_CLI_SPECTRUM_H_

#include <cstddef>
#include <span>
#include <vector>

#include "dsp/block.h"

namespace thimble::cli {

/// The longest transform that a window of so many readings fills, 8 to `most`; both are powers of two.
int SpectrumLength(int readings, int most);

/// Bins 0 … length / 2 of one axis of a window: its mean removed, frames half overlapping and Hann-tapered, their
/// powers averaged. A sine of amplitude A in the middle of a bin gives A² there. Readings that are missing count as 0.
///
/// Source: P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra", 1967.
std::vector<double> PowerSpectrumOf(std::span<const float> samples, const dsp::Window& window, size_t axis, int length);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_SPECTRUM_H_
