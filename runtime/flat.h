// FlatBuffers without generated code: one complete check driven by a table of the schema, then reads without checks.
#ifndef THIMBLE_RUNTIME_FLAT_H_
#define THIMBLE_RUNTIME_FLAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernels/reason.h"

namespace thimble::runtime::flat {

using kernels::Reason;

struct Rule;

/// One field of a table that we read. Fields without an entry are never read, so they are not checked either.
struct Field {
  enum class Kind : uint8_t { kScalar, kVector, kTable, kTables };
  uint8_t id;
  Kind kind;
  uint8_t bytes = 0;            ///< of the scalar, or of one element of the vector
  const Rule* child = nullptr;  ///< of the table, or of each table of the vector
};

/// A table of the schema.
struct Rule {
  std::span<const Field> fields;
};

/// Checks the whole tree below the root table: every offset, vtable, field, vector length and alignment (to the type,
/// at most 4 bytes) that the rules allow anybody to follow. At most one table visit for each four bytes of the file,
/// so a file cannot make it slow by referring to the same bytes again and again. `bytes` must be fewer than 2^30.
/// When it fails, `byte` is the position of what is wrong.
/// Source: FlatBuffers, "FlatBuffer Internals".
Reason Verify(std::span<const std::byte> bytes, const Rule& root, uint32_t& byte);

/// The same for a table at position `at`, which was verified by a rule that knows fewer of its fields.
Reason VerifyTable(std::span<const std::byte> bytes, uint32_t at, const Rule& rule, uint32_t& byte);

template <typename T>
T Load(const std::byte* at) {
  T value;
  // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): only empty vectors are null, and nobody indexes those.
  std::memcpy(&value, at, sizeof(T));
  return value;
}

inline const std::byte* Follow(const std::byte* at) { return at + Load<uint32_t>(at); }

/// A verified vector of scalars; the default is empty.
template <typename T>
class Vector {
 public:
  constexpr Vector() = default;
  explicit Vector(const std::byte* at) : first_(at + 4), size_(Load<int32_t>(at)) {}
  int size() const { return size_; }
  T operator[](int index) const { return Load<T>(first_ + static_cast<size_t>(index) * sizeof(T)); }
  const std::byte* data() const { return first_; }

 private:
  const std::byte* first_ = nullptr;
  int size_ = 0;
};

class Tables;

/// A verified table; the default has no fields.
class Table {
 public:
  constexpr Table() = default;
  explicit constexpr Table(const std::byte* at) : at_(at) {}
  bool present() const { return at_ != nullptr; }
  const std::byte* data() const { return at_; }

  template <typename T>
  T Get(int id, T fallback = T{}) const {
    const std::byte* at = Find(id);
    return at == nullptr ? fallback : Load<T>(at);
  }
  template <typename T>
  Vector<T> List(int id) const {
    const std::byte* at = Find(id);
    return at == nullptr ? Vector<T>() : Vector<T>(Follow(at));
  }
  Table Child(int id) const {
    const std::byte* at = Find(id);
    return at == nullptr ? Table() : Table(Follow(at));
  }
  Tables Children(int id) const;

 private:
  const std::byte* Find(int id) const;
  const std::byte* at_ = nullptr;
};

/// A verified vector of tables.
class Tables {
 public:
  constexpr Tables() = default;
  explicit Tables(Vector<uint32_t> offsets) : offsets_(offsets) {}
  int size() const { return offsets_.size(); }
  Table operator[](int index) const { return Table(Follow(offsets_.data() + static_cast<size_t>(index) * 4)); }

 private:
  Vector<uint32_t> offsets_;
};

inline Tables Table::Children(int id) const { return Tables(List<uint32_t>(id)); }

}  // namespace thimble::runtime::flat

#endif  // THIMBLE_RUNTIME_FLAT_H_
