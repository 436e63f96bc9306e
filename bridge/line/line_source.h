// Readings from any line of bytes: finds out how the board writes them, then reads on, whatever happens to the line.
#ifndef THIMBLE_BRIDGE_LINE_LINE_SOURCE_H_
#define THIMBLE_BRIDGE_LINE_LINE_SOURCE_H_

#include <memory>

#include "bridge/line/byte_line.h"
#include "bridge/sample_source.h"

namespace thimble::bridge {

/// OpenSampleSource behind the opening of the port. Errors as there.
Expected<std::unique_ptr<SampleSource>> FindReadings(std::unique_ptr<ByteLine> line, const LineOptions& options);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_LINE_SOURCE_H_
