#include "runtime/flat.h"

namespace thimble::runtime::flat {
namespace {

class Verifier {
 public:
  explicit Verifier(std::span<const std::byte> bytes)
      : data_(bytes.data()), size_(static_cast<uint32_t>(bytes.size())), visits_left_(size_ / 4) {}

  Reason CheckTable(uint32_t at, const Rule& rule);
  Reason CheckFollow(uint32_t at, uint32_t& target);
  uint32_t position() const { return position_; }

 private:
  Reason CheckVector(uint32_t at, uint32_t element_bytes, uint32_t& count);
  /// Whether [at, at + bytes) lies in the file.
  bool Within(uint32_t at, uint32_t bytes) const { return at <= size_ && bytes <= size_ - at; }

  const std::byte* data_;
  uint32_t size_;
  uint32_t visits_left_;
  uint32_t position_ = 0;
};

// A reference at `at`, which lies in the file: where it leads, with room for at least the four bytes that begin both
// tables and vectors.
Reason Verifier::CheckFollow(uint32_t at, uint32_t& target) {
  position_ = at;
  const uint32_t distance = Load<uint32_t>(data_ + at);
  THIMBLE_REQUIRE(distance <= size_ - at && Within(at + distance, 4), OutOfBounds);
  target = at + distance;
  THIMBLE_REQUIRE(target % 4 == 0, Misaligned);
  return Reason::kNone;
}

Reason Verifier::CheckVector(uint32_t at, uint32_t element_bytes, uint32_t& count) {
  position_ = at;
  count = Load<uint32_t>(data_ + at);
  THIMBLE_REQUIRE(count <= (size_ - at - 4) / element_bytes, OutOfBounds);
  return Reason::kNone;
}

Reason Verifier::CheckTable(uint32_t at, const Rule& rule) {
  position_ = at;
  THIMBLE_REQUIRE(visits_left_ > 0, TooComplex);
  --visits_left_;
  // The vtable may lie before or after the table: position = at - signed distance, in 64 bits so that nothing wraps.
  const int64_t vtable_position = int64_t{at} - Load<int32_t>(data_ + at);
  THIMBLE_REQUIRE(vtable_position >= 0 && vtable_position <= int64_t{size_} - 4, OutOfBounds);
  const auto vtable = static_cast<uint32_t>(vtable_position);
  const uint32_t vtable_bytes = Load<uint16_t>(data_ + vtable);
  const uint32_t table_bytes = Load<uint16_t>(data_ + vtable + 2);
  THIMBLE_REQUIRE(vtable_bytes >= 4 && Within(vtable, vtable_bytes), OutOfBounds);
  THIMBLE_REQUIRE(table_bytes >= 4 && Within(at, table_bytes), OutOfBounds);

  for (const Field& field : rule.fields) {
    const uint32_t slot = 4 + 2u * field.id;
    if (slot + 2 > vtable_bytes) continue;
    const uint32_t offset = Load<uint16_t>(data_ + vtable + slot);
    if (offset == 0) continue;
    position_ = at;
    const uint32_t field_bytes = field.kind == Field::Kind::kScalar ? field.bytes : 4;
    THIMBLE_REQUIRE(offset >= 4 && offset + field_bytes <= table_bytes, OutOfBounds);
    if (field.kind == Field::Kind::kScalar) continue;

    uint32_t target = 0;
    THIMBLE_CHECK(CheckFollow(at + offset, target));
    if (field.kind == Field::Kind::kTable) {
      THIMBLE_CHECK(CheckTable(target, *field.child));
      continue;
    }
    uint32_t count = 0;
    THIMBLE_CHECK(CheckVector(target, field.kind == Field::Kind::kTables ? 4 : field.bytes, count));
    if (field.kind == Field::Kind::kVector) continue;
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t child = 0;
      THIMBLE_CHECK(CheckFollow(target + 4 + 4 * i, child));
      THIMBLE_CHECK(CheckTable(child, *field.child));
    }
  }
  return Reason::kNone;
}

}  // namespace

Reason Verify(std::span<const std::byte> bytes, const Rule& root, uint32_t& byte) {
  byte = 0;
  THIMBLE_REQUIRE(bytes.size() >= 8, TooShort);
  THIMBLE_REQUIRE(bytes.size() < (size_t{1} << 30), TooLong);
  Verifier verifier(bytes);
  uint32_t table = 0;
  Reason reason = verifier.CheckFollow(0, table);
  if (ok(reason)) reason = verifier.CheckTable(table, root);
  byte = verifier.position();
  return reason;
}

Reason VerifyTable(std::span<const std::byte> bytes, uint32_t at, const Rule& rule, uint32_t& byte) {
  Verifier verifier(bytes);
  const Reason reason = verifier.CheckTable(at, rule);
  if (!ok(reason)) byte = verifier.position();
  return reason;
}

const std::byte* Table::Find(int id) const {
  if (at_ == nullptr) return nullptr;
  const std::byte* vtable = at_ - Load<int32_t>(at_);
  const int slot = 4 + 2 * id;
  if (slot + 2 > Load<uint16_t>(vtable)) return nullptr;
  const uint16_t offset = Load<uint16_t>(vtable + slot);
  return offset == 0 ? nullptr : at_ + offset;
}

}  // namespace thimble::runtime::flat
