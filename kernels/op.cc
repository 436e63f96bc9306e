#include "kernels/op.h"

namespace thimble::kernels {

const std::byte* Options::Find(int field, size_t bytes) const {
  if (table_ == nullptr) return nullptr;
  // A FlatBuffer table begins with the distance back to its vtable: sizes of both, then the place of each field.
  int32_t distance;
  std::memcpy(&distance, table_, 4);
  const std::byte* vtable = table_ - distance;
  uint16_t vtable_bytes, table_bytes, offset;
  std::memcpy(&vtable_bytes, vtable, 2);
  std::memcpy(&table_bytes, vtable + 2, 2);
  const int slot = 4 + 2 * field;
  if (slot + 2 > vtable_bytes) return nullptr;
  std::memcpy(&offset, vtable + slot, 2);
  return offset >= 4 && offset + bytes <= table_bytes ? table_ + offset : nullptr;
}

}  // namespace thimble::kernels
