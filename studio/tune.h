// Searches signal processing, network and training together for the impulse that validates best within a board's
// limits.
#ifndef THIMBLE_STUDIO_TUNE_H_
#define THIMBLE_STUDIO_TUNE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "firmware/board.h"
#include "studio/data.h"
#include "studio/events.h"
#include "studio/footprint.h"
#include "studio/search_space.h"
#include "studio/training.h"

namespace thimble::studio {

struct TuneOptions {
  DataOptions data;
  std::string name;                        ///< of the impulse
  const firmware::Board* board = nullptr;  ///< whose RAM and flash are the limits where `limits` says nothing
  FootprintLimits limits;
  std::string block;  ///< signal processing that is given; empty: searched
  std::optional<trainer::Architecture> architecture;
  double seconds = 120;  ///< of searching, without the last training
  int trials = 0;        ///< proposals, after which the search ends; 0: only time counts
  int jobs = 0;          ///< threads; 0: one a processor
  double effort = 1;     ///< of every training: a factor of its steps
  uint64_t seed = 1;
  std::string journal;  ///< a file of finished trials, continued if it exists; empty: none
};

/// How far a trial came. Later rungs train longer and on more folds.
inline constexpr int kRungs = 3;

/// One setting, and what came of it.
struct Trial {
  int number = 0;  ///< from 1, in the order of proposals
  Point point;
  Setting setting;
  int rung = -1;  ///< the last that it finished, 0 … kRungs - 1; -1: none
  // Of the int8 network on recordings that it did not learn from.
  double accuracy = std::numeric_limits<double>::quiet_NaN();
  double strained_accuracy = std::numeric_limits<double>::quiet_NaN();  ///< the same recordings, changed (StrainedCopy)
  double loss = std::numeric_limits<double>::quiet_NaN();               ///< mean of both cross-entropies
  double loss_error = std::numeric_limits<double>::quiet_NaN();         ///< standard error of `loss` over recordings
  Footprint footprint;                                                  ///< of untrained weights until the last rung
  double seconds = 0;                                                   ///< of training, all folds and rungs
  std::string dropped;  ///< why it went no further; empty: it finished, or others were better

  bool finished() const { return rung == kRungs - 1 && dropped.empty(); }
};

struct TuneResult {
  Data data;
  std::vector<Trial> trials;
  std::vector<size_t> front;  ///< places of finished trials that no other beats in loss, RAM, flash and time
  size_t chosen = 0;
  int too_large = 0;     ///< proposals that were left out before training because they do not fit
  bool stopped = false;  ///< by the callback
};

/// Something happened: `finished` has come a rung further, or been dropped. Null now and then, to ask.
struct TuneProgress {
  const Trial* finished = nullptr;
  double share = 0;  ///< of the time or the trials, 0 … 1
  int tried = 0;
  const Trial* best = nullptr;  ///< so far; null before there is one
};

/// False: stop; the best so far is the result. Called by the calling thread only.
using TuneCallback = std::function<bool(const TuneProgress&)>;

/// Generations of proposals climb rungs, and few of them to the top (successive halving, with proposals by Propose).
/// What is proposed depends on finished generations only, not on threads: the same seed and number of trials give the
/// same result. Choices are made on folds of the training part, never on the testing part.
///
/// Every trial is judged twice on each fold: by the recordings as they are, and as StrainedCopy changes them. Of those
/// within one standard error of the smallest loss, the one whose RAM, flash and time multiply to the least is chosen.
///
///   kInvalidArgument  what PrepareData and SearchSpace::For say; too few recordings for folds; a journal of other
///                     recordings, other options or another version
///   kOutOfMemory      nothing fits the limits
///   kCancelled        stopped before anything was tried
Expected<TuneResult> Tune(const TuneOptions& options, const TuneCallback& on_progress = {});

/// How to train the chosen setting with TrainImpulse.
TrainingOptions TrainingFor(const TuneOptions& options, const Data& data, const Setting& setting);

/// The place of the trial to take, of those that came furthest; nothing before any came anywhere.
std::optional<size_t> Choose(const std::vector<Trial>& trials);

/// The same data on another day. Motion: every recording turned by up to 25° about a random axis, up to 15 % stronger
/// or weaker, up to 5 % faster or slower. Sound: up to 6 dB louder or softer, with noise 30 dB below it. Pictures: up
/// to 15 % brighter or darker, moved by up to a sixteenth of their sides.
Data StrainedCopy(const Data& data, uint64_t seed);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_TUNE_H_
