// What surrounds a virtual board, apart from its motion.
#ifndef THIMBLE_SIMULATOR_AZ3166_ENVIRONMENT_H_
#define THIMBLE_SIMULATOR_AZ3166_ENVIRONMENT_H_

#include <array>

namespace thimble::simulator {

/// Sensors feel it at their next sample. Not part of a board's state: set it again after restoring one.
struct Environment {
  double temperature_c = 23;
  double humidity_percent = 45;  ///< relative
  double pressure_hpa = 1013.25;
  std::array<double, 3> magnetic_field_mgauss = {210, 0, -430};  ///< as it may be in Central Europe
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_ENVIRONMENT_H_
