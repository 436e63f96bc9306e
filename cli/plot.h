// Drawings made of characters: line plots in braille, bars, and the confusion matrix.
#ifndef THIMBLE_CLI_PLOT_H_
#define THIMBLE_CLI_PLOT_H_

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace thimble::cli {

/// One curve. x and y have the same length; points that are not finite break the line.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  Tint tint = Tint::kNone;
};

/// How a line plot is laid out.
struct PlotOptions {
  int width = 0;    ///< columns of the whole drawing; 0: the terminal's, at most 100
  int height = 16;  ///< rows of the drawing without axis and legend
  std::string x_name = {};
  std::string y_name = {};
};

/// Several curves over common axes, with a legend. Empty when no point is finite.
///
/// Curves differ by colour where there is colour, and always by a letter of their name that they wear along the way.
/// Where curves lie on each other, each shows in turn, so that a stack of equal curves does not look like one.
/// In ASCII the letters are the curve.
std::string LinePlot(const std::vector<Series>& series, const PlotOptions& options, const Style& style);

/// A bar for a fraction 0..1, `columns` wide: "━━━━━━━╸────", in ASCII "=======-----".
std::string Bar(double fraction, int columns, const Style& style);

/// Rows: true labels; columns: answers; cells: counts. "·" stands for none, so that the errors stand out; the diagonal
/// is bold. `extra_names` and `extra` (one row for each label) are more columns on the right. Labels that do not fit
/// into `style.width` are numbered at the top; when that does not fit either, the most frequent confusions are listed
/// instead.
std::string ConfusionTable(const std::vector<std::string>& labels, const std::vector<std::vector<int>>& confusion,
                           const std::vector<std::string>& extra_names,
                           const std::vector<std::vector<std::string>>& extra, int indent, const Style& style);

/// Round numbers that divide [low, high] into about `parts`: {0, 0.5, 1}. One number when low is not below high.
std::vector<double> Ticks(double low, double high, int parts);

/// Every tick with the same number of decimals, as few as tell them apart.
std::vector<std::string> TickLabels(const std::vector<double>& ticks);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_PLOT_H_
