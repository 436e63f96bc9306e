// Decides which recordings train the network and which test it.
#ifndef THIMBLE_DATASET_SPLIT_H_
#define THIMBLE_DATASET_SPLIT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// What must not be on both sides of a split, because its windows resemble each other.
struct SplitBy {
  enum class Kind : uint8_t {
    kAuthor,     ///< the author's split; where there is none, recordings
    kRecording,  ///< recordings drawn by lot, whatever the author says
    kFolder,     ///< folders, such as one a session
    kName,       ///< what file names say: a speaker, a device, a day
    kOrder,      ///< of each label the first recordings train and the last ones test, by file name
    kTime,       ///< of each recording the beginning trains and the end tests
  };
  Kind kind = Kind::kAuthor;
  std::string group = {};                 ///< kName: what a group is, "speaker"
  std::string pattern = {};               ///< kName: as it was typed
  std::string regular_expression = {};    ///< kName: whose first parenthesis, found in Recording::file, is the group
  std::vector<std::string> testing = {};  ///< kName, kFolder: the groups that test; empty: drawn by lot
  double testing_share = 0;               ///< 0: that of SplitOptions
};

/// Reads what people type: "author", "recording", "folder", "order", "time", or GROUP:PATTERN, where the pattern is one
/// of
///
///   speaker:{digit}_{speaker}_{index}   the end of the file's path, without its ending; {speaker} is the group
///   session:(s[0-9]+)_                  a regular expression (ECMAScript), whose first parenthesis is the group
///
/// Behind an = may stand what tests: a share, or the names of groups, of which 0..4 is five.
///
///   order=30%                                       time=40%
///   speaker:{digit}_{speaker}_{index}=theo,lucas    index:{digit}_{speaker}_{index}=0..4
///
///   kInvalidArgument  neither of these (the sentence shows what would be)
Expected<SplitBy> ParseSplitBy(std::string_view text);

struct SplitOptions {
  uint64_t seed = 1;
  double testing_share = 0.2;  ///< of each label's recordings; 0 < share < 1; where `by` does not say
  SplitBy by = {};
};

/// Decides by whole recordings (or groups of them, or stretches of time), because windows of one recording overlap and
/// a test on its neighbour's readings is no test. Afterwards every recording of the dataset has a label and is for
/// training or testing. Remove duplicates first.
///
/// An author's split is kept unless `by` asks for another one: recordings in both categories, where others that have
/// none are left out with a notice, or some for testing, where all others train. Otherwise each label gives
/// `testing_share` of its recordings to testing, at least one and never all, chosen by a hash of (seed, content): the
/// choice does not depend on names or order, and more data moves few of the old. Groups go whole to the side that
/// brings the labels nearest to their shares. Unlabelled recordings are left out with a notice.
///
/// By time, a recording becomes two, and no window lies across the cut.
///
///   kInvalidArgument   nothing is labelled; a label has one recording, or comes from one group, only; a label of the
///                      author's testing part is missing in training; everything is marked testing; a share outside
///                      0..1; a file name without a group; a group to test by that no file is of; pictures by time
Outcome Split(Dataset& dataset, const SplitOptions& options = {});

/// Which recordings belong together.
struct Groups {
  std::vector<std::string> names;  ///< sorted; of single recordings their files, as they come
  std::vector<size_t> of;          ///< for each recording of the dataset, an index into `names`
};

/// The groups of every recording. Those of kAuthor, kRecording, kOrder and kTime are the recordings themselves.
///
///   kInvalidArgument   a file name says nothing about its group
Expected<Groups> FindGroups(const Dataset& dataset, const SplitBy& by);

/// A recording as a split by groups sees it.
struct GroupMember {
  size_t group = 0;
  std::vector<std::string> labels;  ///< several where stretches of it have their own
};

struct GroupChoice {
  std::vector<bool> testing;          ///< of each group: it tests; else it trains
  std::vector<std::string> untested;  ///< labels that no choice lets both train and test, sorted: they train
};

/// Chooses the groups that test. They are asked in `order`, which names each once: one tests when that brings the
/// labels nearer to `testing_share` of their recordings, and never when a label would then be gone from training. A
/// label that got nothing takes the smallest group that has it. Where the order is by a hash, more data moves few of
/// the old.
GroupChoice ChooseTestingGroups(std::span<const GroupMember> members, std::span<const size_t> order,
                                double testing_share);

/// Puts one group into testing and all others into training: call it for each group in turn to leave every speaker, or
/// every device, out once. Unlabelled recordings are for neither.
///
///   kInvalidArgument   a label comes from this group only, so nothing could learn it
Outcome LeaveOut(Dataset& dataset, const Groups& groups, size_t group);

/// Deals recordings, or the groups of `by`, into `folds` groups called "1", "2", …, to leave out one after the other:
/// single recordings label by label in an order that a hash of (seed, content) gives, groups each to where it brings
/// the labels nearest to even. Remove duplicates first.
///
///   kInvalidArgument   fewer than two folds; fewer groups than folds, or fewer than two recordings of a label; `by`
///                      order or time, whose parts are no groups; a file name without a group
Expected<Groups> DealFolds(const Dataset& dataset, const SplitBy& by, int folds, uint64_t seed);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_SPLIT_H_
