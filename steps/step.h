// What a plan is made of: one step is one call of a kernel whose weights are packed and whose offsets are fixed.
#ifndef THIMBLE_STEPS_STEP_H_
#define THIMBLE_STEPS_STEP_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "kernels/op.h"

namespace thimble::steps {

/// Where the bytes are while a plan runs. Every offset in a step's Params counts from one of these.
struct Memory {
  const std::byte* constants;     ///< packed weights and tables, in flash; aligned to kArenaAlignment
  std::byte* frame;               ///< tensors and scratch of the (sub)graph that runs; aligned to kArenaAlignment
  std::byte* state;               ///< what stays from one run to the next
  kernels::Subgraphs* subgraphs;  ///< for steps that run subgraphs; null if the plan has none
  /// For the step "operator_call" by number: the operators that the program contains.
  std::span<const kernels::Operator* const> operators = {};
};

/// How large those are: what the offsets of a plan from outside are checked against.
struct Extents {
  uint32_t constants_bytes;
  uint32_t frame_bytes;
  uint32_t state_bytes;
  /// As in Memory; the graphs' operands are known to be harmless, and their data is not there yet.
  kernels::Subgraphs* subgraphs = nullptr;
  std::span<const kernels::Operator* const> operators = {};
};

/// Whether `count` items of `item_bytes` from `offset`, which must be a multiple of `alignment`, lie within `bytes`.
constexpr bool Within(uint32_t bytes, int32_t offset, int64_t count, uint32_t item_bytes = 1, uint32_t alignment = 1) {
  return offset >= 0 && count >= 0 && count <= INT32_MAX && static_cast<uint32_t>(offset) % alignment == 0 &&
         static_cast<uint64_t>(offset) + static_cast<uint64_t>(count) * item_bytes <= bytes;
}

/// One step behind a uniform face, as plans from outside are run: by number.
struct Step {
  const char* name;
  uint16_t number;        ///< in planned packages; never changes and never is another step's
  uint16_t params_bytes;  ///< of its Params, which a package holds as they are: little-endian 32-bit words
  /// Whether everything that `run` reads, writes, divides by or counts to is harmless. Called once, before any run.
  bool (*check)(const void* params, const std::byte* constants, const Extents& extents);
  void (*run)(const void* params, const Memory& memory);
};

/// `run` of step type T alone: what compiled programs refer to, so that they hold no code for checking.
template <typename T>
void RunStep(const void* params, const Memory& memory) {
  T::Run(*static_cast<const typename T::Params*>(params), memory);
}

/// The face of step type T, which has
///   static constexpr const char* kName;       the folder's name
///   static constexpr uint16_t kNumber;
///   struct Params;                            nothing but int32_t members; by convention, where they apply, the first
///                                             are: input, second (input), output, scratch, state, constants: offsets
///                                             in bytes into Memory's frame, frame, frame, frame, state, constants
///   static void Fields(auto&& visit, auto& params);  visit("name", params.member), in the order of declaration
///   static bool Check(const Params&, const std::byte* constants, const Extents&);
///   static void Run(const Params&, const Memory&);
template <typename T>
inline constexpr Step kStep = {
    T::kName,
    T::kNumber,
    sizeof(typename T::Params),
    [](const void* params, const std::byte* constants, const Extents& extents) {
      using Params = typename T::Params;
      static_assert(std::is_trivially_copyable_v<Params> && std::is_standard_layout_v<Params>);
      static_assert(sizeof(Params) % sizeof(int32_t) == 0 && alignof(Params) == alignof(int32_t));
      return T::Check(*static_cast<const Params*>(params), constants, extents);
    },
    &RunStep<T>,
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_STEP_H_
