// Which samples train and which test, drawn anew for a whole data set.
#ifndef THIMBLE_STUDIO_SERVER_API_REBALANCE_H_
#define THIMBLE_STUDIO_SERVER_API_REBALANCE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "studio/server/route.h"
#include "studio/store/records.h"

namespace thimble::studio {

/// Of each label, where nobody says.
inline constexpr double kTestingShare = 0.2;

/// For each sample a number that it shares with those that must stand on its side: parts of one recording or of one
/// file, and samples that say the same. 0, 1, 2 … in the order of the samples.
std::vector<size_t> FamiliesOf(std::span<const Sample> samples);

struct Rebalance {
  struct Label {
    std::string label;  ///< empty: none
    int64_t training = 0;
    int64_t testing = 0;
  };
  std::vector<int64_t> to_training, to_testing;  ///< ids of those that change sides
  int64_t recordings = 0;                        ///< that train or test; others stay what they are
  int64_t families = 0;
  std::vector<Label> labels;           ///< sorted: how many there will be
  std::vector<std::string> sentences;  ///< what a person should know
};

/// Deals what is for training or testing, enabled or not, so that `testing_share` (0 < share < 1) of each label tests
/// and no family stands on both sides. The lot is that of `split` at the ingestion service, a hash of the content, so
/// more data moves few of the old. A label of one family trains.
Rebalance PlanRebalance(std::span<const Sample> samples, double testing_share);

/// All samples of the call's data set, newest first.
Expected<std::vector<Sample>> AllSamples(const Call& call);

/// Plans it for the call's project and, unless it is a `dry_run`, does it, all or nothing.
///
///   kInvalidArgument  there is nothing for training or testing
Expected<Rebalance> RebalanceSamples(const Call& call, double testing_share, bool dry_run);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_API_REBALANCE_H_
