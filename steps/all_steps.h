// Every step there is, for programs that run plans from outside.
#ifndef THIMBLE_STEPS_ALL_STEPS_H_
#define THIMBLE_STEPS_ALL_STEPS_H_

#include <span>

#include "steps/step.h"

namespace thimble::steps {

/// In the order of their folders' names. A program that refers to this contains them all.
std::span<const Step* const> AllSteps();

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_ALL_STEPS_H_
