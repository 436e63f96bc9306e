// One window and its features as a drawing: the signal, its spectrum, and what a block made of it.
#ifndef THIMBLE_CLI_FEATURES_PLOT_H_
#define THIMBLE_CLI_FEATURES_PLOT_H_

#include <span>
#include <string>
#include <vector>

#include "dsp/block.h"

namespace thimble::cli {

/// What is drawn. Spans outlive the call.
struct FeaturePlot {
  std::string title;                    ///< "spectral_analysis of wave.1"
  std::string subtitle;                 ///< "label wave, from 0 s, 2 s at 62.5 Hz"
  std::vector<std::string> axes;        ///< names of the columns: "accX"
  std::string units;                    ///< of the samples; empty: unknown, or not the same for all
  dsp::Window window;                   ///< of pictures: with width and height
  std::span<const float> samples;       ///< window.SampleCount() of them, interleaved
  dsp::Layout layout;                   ///< of the features
  std::span<const float> features;      ///< as many as the layout says
  std::vector<dsp::FeatureName> names;  ///< one each
};

/// A whole SVG document, light or dark as the reader's system asks, without scripts or requests. A signal is drawn with
/// its spectrum; features of frames as a map of time and frequency, of pictures as a picture, others as bars.
std::string PlotSvg(const FeaturePlot& plot);

/// A PNG of `width` × `height` pixels 0xRRGGBB, in base64, for a data: address. Not compressed: maps are small.
std::string PngBase64(int width, int height, std::span<const uint32_t> pixels);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_FEATURES_PLOT_H_
