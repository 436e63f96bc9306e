// The file in which a search notes what it has finished, so that it can go on where it was stopped.
#ifndef THIMBLE_STUDIO_TUNE_JOURNAL_H_
#define THIMBLE_STUDIO_TUNE_JOURNAL_H_

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "studio/search_space.h"
#include "studio/tune.h"

namespace thimble::studio {

/// What one rung of one trial found out.
struct RungResult {
  int number = 0;  ///< of the trial
  int rung = 0;
  Point point;
  double accuracy = 0, strained_accuracy = 0, loss = 0, loss_error = 0;
  Footprint footprint;
  double seconds = 0;
  std::string dropped;
};

/// A line of JSON each: a head that says what was searched, then what was found.
class TuneJournal {
 public:
  /// Reads `file` if it is there, and appends to it from now on; a last line that is not whole is cut off. `head` names
  /// recordings and options. An empty name: keeps nothing.
  ///
  ///   kInvalidArgument  another head
  ///   kDataLoss         a line that is none of ours (which one)
  ///   kFailed           the file cannot be written
  static Expected<TuneJournal> Open(const std::string& file, const std::string& head, const SearchSpace& space);

  /// What was noted about this rung of this trial, or null.
  const RungResult* Find(int number, int rung) const;

  /// Appends and flushes. kFailed: the disk is full, say.
  Outcome Note(const RungResult& result, const SearchSpace& space);

  size_t size() const { return known_.size(); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::map<std::pair<int, int>, RungResult> known_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_TUNE_JOURNAL_H_
