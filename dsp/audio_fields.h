// The parameters that the blocks of frames have in common, described once.
#ifndef THIMBLE_DSP_AUDIO_FIELDS_H_
#define THIMBLE_DSP_AUDIO_FIELDS_H_

#include "dsp/fft.h"
#include "dsp/fields.h"
#include "dsp/mel_filterbank.h"

namespace thimble::dsp {

inline constexpr Field kFrameLengthField = {.name = "frame_length",
                                            .label = "Frame length",
                                            .unit = "s",
                                            .minimum = 0,
                                            .maximum = 1000,
                                            .sentence = "How much sound one column of features is made of."};

inline constexpr Field kFrameStrideField = {
    .name = "frame_stride",
    .label = "Frame stride",
    .unit = "s",
    .minimum = 0,
    .maximum = 1000,
    .sentence = "How far the next frame begins after this one; less than its length lets frames overlap."};

inline constexpr Field kFftLengthField = {
    .name = "fft_length",
    .label = "FFT length",
    .minimum = kShortestFft,
    .maximum = kLongestFft,
    .sentence = "A power of two, best the next one above the samples in a frame; longer frames are cut to it."};

inline constexpr Field kNumFiltersField = {
    .name = "num_filters",
    .label = "Filter number",
    .minimum = kFewestMelFilters,
    .maximum = kMostMelFilters,
    .sentence = "How many bands the frequencies are gathered into, narrow ones for low tones and wide ones for high."};

inline constexpr Field kLowFrequencyField = {.name = "low_frequency",
                                             .label = "Low frequency",
                                             .unit = "Hz",
                                             .minimum = 0,
                                             .maximum = kHighestBandHz,
                                             .sentence = "Where the lowest band begins."};

inline constexpr Field kHighFrequencyField = {.name = "high_frequency",
                                              .label = "High frequency",
                                              .unit = "Hz",
                                              .minimum = 0,
                                              .maximum = kHighestBandHz,
                                              .sentence = "Where the highest band ends; 0 for half the sampling rate."};

inline constexpr int kLowestNoiseFloorDb = -200;

inline constexpr Field kNoiseFloorField = {.name = "noise_floor_db",
                                           .label = "Noise floor",
                                           .unit = "dB",
                                           .minimum = kLowestNoiseFloorDb,
                                           .maximum = 0,
                                           .sentence = "What is quieter than this counts as silence."};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_AUDIO_FIELDS_H_
