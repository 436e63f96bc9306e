// Committed figures: a journey measures them anew and compares them with tests/numbers/<name>.txt, exactly.
#ifndef THIMBLE_TESTS_JOURNEYS_NUMBERS_H_
#define THIMBLE_TESTS_JOURNEYS_NUMBERS_H_

#include <string>
#include <utility>
#include <vector>

namespace thimble::journeys {

/// (key, value) in the order of the file.
using Numbers = std::vector<std::pair<std::string, std::string>>;

/// Fails the running test for each figure that differs from the committed one. `command` is what a person types to
/// measure them; it heads the file. With $THIMBLE_WRITE_NUMBERS=1 the file is written instead.
void CheckNumbers(const std::string& name, const std::string& command, const Numbers& measured);

}  // namespace thimble::journeys

#endif  // THIMBLE_TESTS_JOURNEYS_NUMBERS_H_
