// A tensor of a plan, as packages and emitted programs hold it, and the view that operators are given of it.
#ifndef THIMBLE_STEPS_TENSOR_RECORD_H_
#define THIMBLE_STEPS_TENSOR_RECORD_H_

#include "steps/step.h"

namespace thimble::steps {

/// Which part of Memory an offset counts from.
enum class Place : int32_t { kFrame = 0, kState = 1, kConstants = 2 };

/// 32-bit words, little-endian. Offsets of `dims` and `scales` count from the constants.
struct TensorRecord {
  int32_t type = static_cast<int32_t>(kernels::Type::kAbsent);  ///< kernels::Type
  int32_t place = 0;                                            ///< Place of the data
  int32_t offset = 0;
  int32_t rank = 0;
  int32_t dims = 0;
  int32_t scale_count = 0;
  int32_t scales = 0;
  int32_t zero_point = 0;
  int32_t quantised_dimension = 0;
  int32_t variable = 0;  ///< kernels::Tensor::variable

  static void Fields(auto&& visit, auto& record) {
    visit("type", record.type);
    visit("place", record.place);
    visit("offset", record.offset);
    visit("rank", record.rank);
    visit("dims", record.dims);
    visit("scale_count", record.scale_count);
    visit("scales", record.scales);
    visit("zero_point", record.zero_point);
    visit("quantised_dimension", record.quantised_dimension);
    visit("variable", record.variable);
  }
};

/// The tensor that a record says there is. Without a frame (null), tensors there have no data.
inline kernels::Tensor View(const TensorRecord& record, const Memory& memory) {
  const std::byte* const bases[] = {memory.frame, memory.state, memory.constants};
  kernels::Tensor tensor;
  tensor.type = static_cast<kernels::Type>(record.type);
  if (!tensor.present()) return tensor;
  const std::byte* const base = bases[record.place];
  tensor.data = base == nullptr ? nullptr : const_cast<std::byte*>(base + record.offset);  // nobody writes constants
  tensor.shape = {reinterpret_cast<const int32_t*>(memory.constants + record.dims), record.rank};
  tensor.scales = reinterpret_cast<const float*>(memory.constants + record.scales);
  tensor.scale_count = record.scale_count;
  tensor.zero_point = record.zero_point;
  tensor.quantised_dimension = record.quantised_dimension;
  tensor.constant = record.place == static_cast<int32_t>(Place::kConstants);
  tensor.variable = record.variable != 0;
  return tensor;
}

/// Whether a record from outside describes what a verified model may hold: a tensor of a known type, not too large,
/// whose dimensions, scales and data lie where they may, aligned; what is stored there is anything. Absent tensors are
/// fine, handles of variables must be in the state.
bool IsHarmless(const TensorRecord& record, const std::byte* constants, const Extents& extents);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_TENSOR_RECORD_H_
