#include <gtest/gtest.h>

#include <cstring>
#include <string_view>

#include "base/arena.h"
#include "base/crc32.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/result.h"

namespace thimble {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Crc32, HasTheCatalogueCheckValue) {
  EXPECT_EQ(Crc32(Bytes("123456789")), 0xcbf43926u);
  EXPECT_EQ(Crc32(Bytes("56789"), Crc32(Bytes("1234"))), 0xcbf43926u);
  EXPECT_EQ(Crc32({}), 0u);
}

TEST(Fnv1a, HasThePublishedTestVectors) {
  EXPECT_EQ(Fnv1a(Bytes("")), 0xcbf29ce484222325u);
  EXPECT_EQ(Fnv1a(Bytes("a")), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(Fnv1a(Bytes("foobar")), 0x85944171f73967e8u);
}

TEST(Arena, AlignsEveryPieceAndRefusesWhatDoesNotFit) {
  alignas(kArenaAlignment) std::byte memory[64];
  Arena arena(memory);
  EXPECT_EQ(arena.Take<std::byte>(3).data(), memory);
  EXPECT_EQ(reinterpret_cast<std::byte*>(arena.Take<uint32_t>(4).data()), memory + 16);
  EXPECT_EQ(arena.used_bytes(), 32u);
  EXPECT_TRUE(arena.Take<uint64_t>(5).empty());
  EXPECT_EQ(arena.used_bytes(), 32u);
  EXPECT_EQ(arena.Take<std::byte>(30).size(), 30u);
  EXPECT_EQ(arena.Rest().size(), 0u);
}

TEST(Arena, DoesNotWrapOnAHugeCount) {
  alignas(kArenaAlignment) std::byte memory[64];
  Arena arena(memory);
  EXPECT_TRUE(arena.Take<uint64_t>(SIZE_MAX / 4).empty());
}

TEST(Status, HasASentenceAndAnExitCodeForEveryRow) {
  EXPECT_STREQ(Reason(Status::kOk), "done");
  EXPECT_EQ(ExitCode(Status::kOk), 0);
  EXPECT_EQ(ExitCode(Status::kInvalidArgument), 2);
  EXPECT_EQ(ExitCode(Status::kNotFound), 3);
  EXPECT_EQ(ExitCode(Status::kDeviceFailed), 4);
  EXPECT_EQ(ExitCode(Status::kVerificationFailed), 5);
}

TEST(Random, IsTheSameOnEveryMachine) {
  Random random(1234567);  // the first outputs of SplitMix64's reference for this seed
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
}

TEST(Random, HasTheMomentsItPromises) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = static_cast<double>(random.Normal());
    sum += draw;
    squares += draw * draw;
    const double between = random.Between(-2, 3);
    ASSERT_TRUE(between >= -2 && between < 3);
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

Expected<int> Half(int number) {
  if (number % 2 != 0) return {Status::kInvalidArgument, "odd"};
  return number / 2;
}

Expected<int> Quarter(int number) {
  THIMBLE_ASSIGN(const int half, Half(number));
  return Half(half);
}

TEST(Expected, PassesValuesAndErrorsThrough) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_EQ(Quarter(6).error().status, Status::kInvalidArgument);
}

}  // namespace
}  // namespace thimble
