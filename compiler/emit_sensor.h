// What an impulse needs beside itself to live on a board with a motion sensor, as C++.
#ifndef THIMBLE_COMPILER_EMIT_SENSOR_H_
#define THIMBLE_COMPILER_EMIT_SENSOR_H_

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "runtime/linked_sensor.h"

namespace thimble::compiler {

/// Which channel of a motion sensor each axis is, and what one of its counts is in the impulse's units: an LSM6DSL at
/// ±2 g and ±2,000 °/s. By name (accX, ax, gyrZ, gz, …), and by unit: m/s2, g, mg; rad/s, dps, deg/s, mdps. An axis
/// without a unit is taken as what Edge Impulse's files have: m/s2, and dps.
///
///   kUnsupported   an axis is none of these; the sentence says which
Expected<std::vector<runtime::SensorAxis>> SensorAxesOf(const ImpulseDescription& impulse);

/// How much of `to` one `from` is, of accelerations or of turn rates in the units above; nothing for other units that
/// differ.
std::optional<double> Conversion(const std::string& from, const std::string& to);

/// The definitions that runtime/linked_sensor.h announces, with what this computer makes of the golden windows.
/// Errors as SensorAxesOf.
Expected<std::string> EmitSensorSource(const BoundImpulse& bound);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EMIT_SENSOR_H_
