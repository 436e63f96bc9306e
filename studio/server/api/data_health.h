// What a person should know about a data set before they learn from it.
#ifndef THIMBLE_STUDIO_SERVER_API_DATA_HEALTH_H_
#define THIMBLE_STUDIO_SERVER_API_DATA_HEALTH_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "studio/store/records.h"

namespace thimble::studio {

struct HealthCheck {
  enum class Level : uint8_t { kGood, kHint, kProblem };
  const char* name = "";                 ///< "leakage"
  Level level = Level::kGood;            ///< the worst of what was found
  std::vector<std::string> sentences{};  ///< one at least
  std::vector<int64_t> samples{};        ///< ids of those that it is about, rising
};

/// "good", "hint" or "problem"
const char* NameOf(HealthCheck::Level level);

/// Looks at enabled samples only, by what the store knows of them; no file is read. The checks, in this order:
///
///   balance      labels without recordings to train or to test with, with much less time than another, or none at all
///   duplicates   the same content twice on one side, or under two labels
///   leakage      the same content, or parts of one recording, in training and in testing
///   axes         other axes than most recordings have
///   clock        another interval than most recordings of the same axes, or nearly but not quite their number of
///                readings, as sensors do that are read too late
///   clipping     readings at the end of what the sensor can say
///   still        axes that say the same all the time
///   remarks      what was noticed when the files came: missing readings, rates that had to be assumed
std::vector<HealthCheck> CheckData(std::span<const Sample> samples);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_API_DATA_HEALTH_H_
