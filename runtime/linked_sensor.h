// What a program that feeds its linked impulse from a motion sensor can count on: the compiler writes these
// definitions.
#ifndef THIMBLE_RUNTIME_LINKED_SENSOR_H_
#define THIMBLE_RUNTIME_LINKED_SENSOR_H_

#include <cstdint>
#include <span>

#include "runtime/golden.h"

namespace thimble::runtime {

/// Where an axis of the window comes from: a channel of the sensor (0 to 2 acceleration, 3 to 5 turn rate) in counts,
/// times `scale`.
struct SensorAxis {
  uint8_t channel = 0;
  float scale = 1;
};

/// One for each axis of kLinkedImpulse.
extern const std::span<const SensorAxis> kLinkedSensorAxes;

extern const std::span<const Golden> kLinkedGoldens;

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_LINKED_SENSOR_H_
