// Everything that the search may try for a set of recordings: signal processing, network, training; as a list of
// choices.
#ifndef THIMBLE_STUDIO_SEARCH_SPACE_H_
#define THIMBLE_STUDIO_SEARCH_SPACE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "studio/data.h"
#include "studio/learning.h"

namespace thimble::studio {

/// One thing to choose: "waveform.decimation" out of 2, 4, 8.
struct Dimension {
  /// Makes sense only where another dimension has one of these choices.
  struct Condition {
    size_t dimension = 0;
    std::vector<int> choices;
  };

  std::string name;
  std::vector<std::string> choices;
  std::vector<Condition> any_of;  ///< empty: always makes sense
  bool ordered = true;            ///< numbers: neighbours are alike
};

/// A choice in each dimension; -1 in those that make no sense here.
using Point = std::vector<int>;

/// A point as what training takes.
struct Setting {
  Candidate candidate;
  float learning_rate = 0;
  float augmentation = 1;  ///< factor of what suits the data; 0: none
  bool quantisation_aware = true;
};

class SearchSpace {
 public:
  /// For data like this. A block (by name) or an architecture that is given is kept.
  ///
  ///   kInvalidArgument  nothing of it goes with the data
  static Expected<SearchSpace> For(const Data& data, const std::string& block = {},
                                   std::optional<trainer::Architecture> architecture = {});

  const std::vector<Dimension>& dimensions() const { return dimensions_; }

  /// Where the choices of a point leave dimension number `dimension` something to choose.
  bool IsActive(const Point& point, size_t dimension) const;

  /// kInvalidArgument: the block refuses it, or the network its features.
  Expected<Setting> SettingOf(const Point& point) const;

  /// The points of what `thimble train` tries: where a search begins.
  std::vector<Point> UsualPoints() const;

  /// Each dimension that makes sense with its choice, in order: {"signal", "waveform"}, …
  std::vector<std::pair<std::string, std::string>> WordsOf(const Point& point) const;
  /// The reverse; nothing for words that make no point of this space.
  std::optional<Point> PointOf(const std::vector<std::pair<std::string, std::string>>& words) const;

  /// A point drawn dimension by dimension; `weigh` gives a dimension's choices their weights, none: all alike.
  Point Draw(Random& random, const std::function<std::vector<double>(size_t dimension)>& weigh = {}) const;

 private:
  size_t Add(std::string name, std::vector<std::string> choices, std::vector<Dimension::Condition> any_of,
             bool ordered = true);

  const Data* data_ = nullptr;  ///< shape, labels and kind
  std::vector<Dimension> dimensions_;
  std::vector<Candidate> usual_;
};

/// Proposes points from how others did, by densities: what good points choose more often than others do (a
/// tree-structured Parzen estimator).
///
/// `ranking`: points that were tried, the best first. Every third proposal, and all before a dozen were tried, are
/// drawn evenly. `is_welcome` has the last word (new, and within budget).
///
/// Source: J. Bergstra et al.: Algorithms for Hyper-Parameter Optimization, NeurIPS 2011, section 4, over lists of
/// choices; with budgets as in S. Falkner et al.: BOHB, ICML 2018.
std::vector<Point> Propose(const SearchSpace& space, std::span<const Point> ranking, size_t count, Random& random,
                           const std::function<bool(const Point&)>& is_welcome);

/// "waveform (decimation 4) + conv1d 12 × 3, dropout 0.1, learning rate 0.004, augmentation × 1, int8 in training"
std::string Describe(const Setting& setting);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SEARCH_SPACE_H_
