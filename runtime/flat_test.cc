#include "runtime/flat.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace thimble::runtime::flat {
namespace {

constexpr Rule kLeaf = {};
constexpr Field kFields[] = {
    {0, Field::Kind::kScalar, 4}, {1, Field::Kind::kVector, 4}, {2, Field::Kind::kTable, 0, &kLeaf}};
constexpr Rule kRoot = {kFields};

/// A whole FlatBuffer by hand: {0: 42, 1: [7, 8], 2: {}}.
struct Buffer {
  alignas(16) std::byte bytes[56] = {};
  Buffer() {
    Put<uint32_t>(0, 20);  // root: the table at 20
    Put<uint16_t>(8, 10), Put<uint16_t>(10, 16);
    Put<uint16_t>(12, 4), Put<uint16_t>(14, 8), Put<uint16_t>(16, 12);
    Put<int32_t>(20, 12);   // vtable: 12 before the table
    Put<int32_t>(24, 42);   // field 0
    Put<uint32_t>(28, 8);   // field 1: the vector at 36
    Put<uint32_t>(32, 16);  // field 2: the table at 48
    Put<uint32_t>(36, 2);   // two elements
    Put<int32_t>(40, 7), Put<int32_t>(44, 8);
    Put<int32_t>(48, -4);  // vtable: 4 behind this table
    Put<uint16_t>(52, 4), Put<uint16_t>(54, 4);
  }
  template <typename T>
  void Put(size_t at, T value) {
    std::memcpy(bytes + at, &value, sizeof value);
  }
  Reason Check(size_t size = 56) const {
    // A copy of exactly this size: the address sanitizer sees a step over its end.
    const auto copy = std::make_unique<std::byte[]>(size);
    std::memcpy(copy.get(), bytes, size);
    uint32_t byte = 0;
    const Reason reason = Verify({copy.get(), size}, kRoot, byte);
    EXPECT_LE(byte, size);
    return reason;
  }
};

TEST(Flat, ReadsWhatItVerified) {
  const Buffer buffer;
  ASSERT_EQ(buffer.Check(), Reason::kNone);
  const Table root(Follow(buffer.bytes));
  EXPECT_EQ(root.Get<int32_t>(0), 42);
  const auto list = root.List<int32_t>(1);
  ASSERT_EQ(list.size(), 2);
  EXPECT_EQ(list[1], 8);
  EXPECT_TRUE(root.Child(2).present());
  EXPECT_EQ(root.Child(2).Get<int32_t>(0, 5), 5);
  EXPECT_FALSE(root.Child(3).present());
  EXPECT_EQ(root.List<int32_t>(4).size(), 0);
}

TEST(Flat, RefusesEveryCut) {
  const Buffer buffer;
  for (size_t size = 0; size < 8; ++size) EXPECT_EQ(buffer.Check(size), Reason::kTooShort);
  for (size_t size = 8; size < 56; ++size) EXPECT_EQ(buffer.Check(size), Reason::kOutOfBounds) << size;
}

template <typename T>
Reason With(size_t at, T value) {
  Buffer buffer;
  buffer.Put(at, value);
  return buffer.Check();
}

TEST(Flat, RefusesEachWayOut) {
  EXPECT_EQ(With<uint32_t>(0, 56), Reason::kOutOfBounds);          // the root behind the end
  EXPECT_EQ(With<uint32_t>(0, 0xfffffffc), Reason::kOutOfBounds);  // and so far that addition wraps
  EXPECT_EQ(With<uint32_t>(0, 22), Reason::kMisaligned);
  EXPECT_EQ(With<int32_t>(20, 24), Reason::kOutOfBounds);   // the vtable before the start
  EXPECT_EQ(With<int32_t>(20, -40), Reason::kOutOfBounds);  // behind the end
  EXPECT_EQ(With<int32_t>(20, INT32_MIN), Reason::kOutOfBounds);
  EXPECT_EQ(With<uint16_t>(8, 2), Reason::kOutOfBounds);       // a vtable without its own sizes
  EXPECT_EQ(With<uint16_t>(8, 0xffff), Reason::kOutOfBounds);  // a vtable beyond the end
  EXPECT_EQ(With<uint16_t>(10, 40), Reason::kOutOfBounds);     // a table beyond the end
  EXPECT_EQ(With<uint16_t>(12, 13), Reason::kOutOfBounds);     // a field that leaves its table
  EXPECT_EQ(With<uint16_t>(12, 2), Reason::kOutOfBounds);      // a field on the table's own head
  EXPECT_EQ(With<uint32_t>(28, 100), Reason::kOutOfBounds);    // a vector behind the end
  EXPECT_EQ(With<uint32_t>(28, 9), Reason::kMisaligned);
  EXPECT_EQ(With<uint32_t>(36, 5), Reason::kOutOfBounds);           // one element too many
  EXPECT_EQ(With<uint32_t>(36, 0x40000001), Reason::kOutOfBounds);  // so many that their size wraps
  EXPECT_EQ(With<uint32_t>(36, 4), Reason::kNone);                  // up to the end is still inside
}

}  // namespace
}  // namespace thimble::runtime::flat
