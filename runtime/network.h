// Loads a .tflite where it lies (flash, usually), plans one arena exactly, and runs it.
#ifndef THIMBLE_RUNTIME_NETWORK_H_
#define THIMBLE_RUNTIME_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/op.h"
#include "runtime/fault.h"
#include "runtime/model.h"

namespace thimble::runtime {

/// A piece of the arena and when it is in use. Tensors that an operator computes in place share one piece.
struct Allocation {
  int tensor = -1;          ///< in the model's tensor list, or -1: scratch of an operator
  size_t offset_bytes = 0;  ///< from the start of the arena
  size_t size_bytes = 0;
  int first_operator = 0;  ///< inputs of the network are in use from 0
  int last_operator = 0;   ///< outputs of the network are in use to the last operator
};

class Network {
 public:
  /// Verifies `model` completely and plans `arena`, which must begin at a multiple of 16. The model is read in place
  /// and, like the arena, must outlive the network. After kOk nothing below can fail, whatever the model holds.
  /// `operators` are those that the program contains; `fault` (may be null) says why not.
  ///
  ///   kOutOfMemory    the arena is too small (`arena_bytes()` of a network loaded into a larger one is exact)
  ///   anything else   StatusOf(fault->reason)
  Status Load(std::span<const std::byte> model, std::span<const kernels::Operator* const> operators,
              std::span<std::byte> arena, Fault* fault = nullptr);

  /// Computes the outputs from the inputs. Inputs may be overwritten while it runs: fill them anew each time.
  void Invoke();

  int input_count() const { return model_.inputs().size(); }
  int output_count() const { return model_.outputs().size(); }
  kernels::Tensor input(int index) const { return TensorAt(model_.inputs()[index]); }
  kernels::Tensor output(int index) const { return TensorAt(model_.outputs()[index]); }

  /// What Load took of the arena: exactly enough, and the same number on a laptop and on a 32-bit device.
  size_t arena_bytes() const { return arena_bytes_; }

  // For tools: one operator after the other, looking at what each wrote. `Invoke()` is all of them in order.
  int operator_count() const { return model_.operator_count(); }
  const kernels::Operator& OperatorAt(int index) const { return *operators_[Find(model_.CodeOf(index))]; }
  void InvokeOperator(int index);
  kernels::Tensor TensorAt(int index) const;
  const Model& model() const { return model_; }

  // For tools: who occupies which bytes when. `AllocationAt(tensor)` for 0 <= tensor < model().tensor_count() has
  // size 0 for constants; for tensor_count() + operator it is that operator's scratch.
  Allocation AllocationAt(int index) const;
  /// Arena bytes that are in use for as long as the network is loaded; tensors lie behind them.
  size_t persistent_bytes() const { return persistent_bytes_; }

 private:
  struct Operands;
  Reason Prepare(Fault& fault);
  Reason PlanArena(std::span<std::byte> arena, Fault& fault);
  int Find(const Model::Code& code) const;

  Model model_;
  std::span<const kernels::Operator* const> operators_;
  std::byte* arena_ = nullptr;
  /// Where each tensor lies, then each operator's scratch: bytes from arena_, kNowhere for constants. 32-bit offsets,
  /// not pointers, so that the table is equally large on every machine.
  std::span<uint32_t> offsets_;
  size_t persistent_bytes_ = 0;
  size_t arena_bytes_ = 0;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_NETWORK_H_
