#include "steps/all_steps.h"

#include <iterator>

#include "steps/steps_headers.inc"

namespace thimble::steps {
namespace {

constexpr const Step* kAll[] = {
#define STEP(type) &kStep<type>,
#include "steps/steps.inc"
#undef STEP
    nullptr,  // lets the list be empty
};

}  // namespace

std::span<const Step* const> AllSteps() { return {kAll, std::size(kAll) - 1}; }

}  // namespace thimble::steps
