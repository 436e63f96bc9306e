// What the compiler decides about a model: which steps compute it, from which constants, in which bytes of memory.
#ifndef THIMBLE_COMPILER_PLAN_H_
#define THIMBLE_COMPILER_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "steps/packing.h"
#include "steps/tensor_record.h"

namespace thimble::compiler {

/// One step, with all offsets filled in, and what to tell people about it.
struct PlanStep {
  std::string step;             ///< folder in steps/
  uint16_t number = 0;          ///< Step::number
  std::vector<int32_t> params;  ///< the words of its Params
  std::string operator_folder;  ///< of "operator_call": the operator in kernels/
  std::string layer;            ///< "conv_2d 10x4 stride 2: 49x10x1 -> 25x5x64"
  std::vector<int> operators;   ///< of the (simplified) model that it does, in order
  int64_t macs = 0;             ///< that the layer as it is asks for, whatever the step does
  int64_t constants_bytes = 0;
  int64_t scratch_bytes = 0;
  double cycles = 0;  ///< expected on the target, 0: not known
};

struct PlanGraph {
  std::vector<PlanStep> steps;
  std::vector<steps::TensorRecord> inputs, outputs;
  uint32_t frame_bytes = 0;
};

/// Who has which bytes of the first graph's frame when; for pictures.
struct Placement {
  std::string name;
  bool scratch = false;
  int64_t offset_bytes = 0, size_bytes = 0;
  int first_step = 0, last_step = 0;
};

struct InitialState {
  uint32_t offset = 0, bytes = 0;
  uint8_t value = 0;
};

struct Plan {
  std::string name;  ///< an identifier
  steps::Target target = steps::Target::kCortexM4;
  std::vector<std::byte> constants;
  std::vector<PlanGraph> graphs;
  std::vector<InitialState> initial_state;
  uint32_t state_bytes = 0;  ///< a multiple of 16; begins with runtime::kRunStateBytes if there is more than one graph
  uint32_t arena_bytes = 0;  ///< state, then the first graph's frame
  uint32_t least_arena_bytes = 0;  ///< no placement of these steps is smaller; often none is that small
  std::vector<Placement> placements;
  std::vector<std::string> remarks;  ///< what the passes did, a sentence each
};

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PLAN_H_
