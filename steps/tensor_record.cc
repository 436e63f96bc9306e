#include "steps/tensor_record.h"

#include <bit>
#include <cstring>

namespace thimble::steps {
namespace {

using kernels::Type;

bool ZeroPointFits(Type type, int32_t zero_point) {
  switch (type) {
    case Type::kInt8:
      return zero_point >= INT8_MIN && zero_point <= INT8_MAX;
    case Type::kUInt8:
      return zero_point >= 0 && zero_point <= UINT8_MAX;
    case Type::kInt16:
      return zero_point >= INT16_MIN && zero_point <= INT16_MAX;
    default:
      return true;
  }
}

template <typename T>
T LoadAt(const std::byte* constants, int32_t offset, int32_t index) {
  T value;
  std::memcpy(&value, constants + offset + sizeof value * static_cast<uint32_t>(index), sizeof value);
  return value;
}

}  // namespace

bool IsHarmless(const TensorRecord& record, const std::byte* constants, const Extents& extents) {
  const auto type = static_cast<Type>(record.type);
  if (record.type < 0 || record.type > UINT8_MAX) return false;
  if (type == Type::kAbsent) return true;
  const bool is_handle = type == Type::kResource;
  const uint32_t element_bytes = kernels::BytesOf(type);
  if (element_bytes == 0 && !is_handle) return false;

  constexpr int64_t kTooManyBytes = int64_t{1} << 30;
  if (record.rank < 0 || record.rank > kernels::kMaxRank) return false;
  if (!Within(extents.constants_bytes, record.dims, record.rank, sizeof(int32_t), alignof(int32_t))) return false;
  int64_t bytes = is_handle ? 1 : element_bytes;
  for (int i = 0; i < record.rank; ++i) {
    const auto dim = LoadAt<int32_t>(constants, record.dims, i);
    if (dim < 0) return false;
    bytes *= dim;  // below 2^30 * 2^31
    if (bytes >= kTooManyBytes) return false;
  }

  const auto place = static_cast<Place>(record.place);
  uint32_t room = 0;
  switch (place) {
    case Place::kFrame:
      room = extents.frame_bytes;
      break;
    case Place::kState:
      room = extents.state_bytes;
      break;
    case Place::kConstants:
      room = extents.constants_bytes;
      break;
    default:
      return false;
  }
  // Only constants may be empty, and only they may have 64 bits at a multiple of 4, as in a model.
  if (place != Place::kConstants && bytes == 0) return false;
  if (is_handle) return place == Place::kState && Within(room, record.offset, 0);
  const bool wide_constant = place == Place::kConstants && element_bytes > alignof(int32_t);
  if (!Within(room, record.offset, bytes, 1, wide_constant ? alignof(int32_t) : element_bytes)) return false;
  if (record.variable != 0 && place != Place::kState) return false;

  if (!Within(extents.constants_bytes, record.scales, record.scale_count, sizeof(float), alignof(float))) return false;
  constexpr uint32_t kInfinity = 0x7f80'0000;
  for (int i = 0; i < record.scale_count; ++i) {
    if (LoadAt<uint32_t>(constants, record.scales, i) >= kInfinity) return false;  // negative, infinite or no number
  }
  if (record.scale_count > 1 && record.zero_point != 0) return false;
  return ZeroPointFits(type, record.zero_point);
}

}  // namespace thimble::steps
