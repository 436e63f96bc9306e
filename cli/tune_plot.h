// What a search tried, as drawings: what each thing costs against how well it validates.
#ifndef THIMBLE_CLI_TUNE_PLOT_H_
#define THIMBLE_CLI_TUNE_PLOT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace thimble::cli {

/// One thing that was tried.
struct TunePoint {
  std::string name;  ///< of the chosen one: what it is
  double loss = 0;   ///< above 0
  double ram_bytes = 0, parameters = 0;
  double latency_ms = 0;  ///< 0: not known, of all points
  int rung = 0;           ///< 0 … 2; the last ones finished
  bool chosen = false;
};

/// An SVG, 960 wide: loss against RAM, parameters and time, each on scales of equal factors. For light and dark pages.
/// Points without a finite loss above 0 are left out.
std::string TunePicture(const std::string& title, const std::vector<TunePoint>& points);

/// For a terminal: the logarithm of the loss against RAM. Empty when there is nothing to draw.
std::string TuneDrawing(const std::vector<TunePoint>& points, const Style& style);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TUNE_PLOT_H_
