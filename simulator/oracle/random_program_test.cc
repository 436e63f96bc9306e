#include "simulator/oracle/random_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "simulator/cortex_m4/state.h"

namespace thimble::simulator::oracle {
namespace {

constexpr int kLength = 48;

TEST(RandomProgram, IsTheSameForTheSameSeed) {
  const RandomProgram one(7, Setting::kProtected, 20, kLength), two(7, Setting::kProtected, 20, kLength);
  const RandomProgram other(8, Setting::kProtected, 20, kLength);
  EXPECT_EQ(one.image(), two.image());
  EXPECT_NE(one.image(), other.image());
  EXPECT_EQ(one.blocks().size(), 20u);
}

TEST(RandomProgram, DrawsEveryEncoding) {
  const RandomProgram program(1, Setting::kUsual, 2000, kLength);
  EXPECT_EQ(program.coverage().Missing(20), "");
  EXPECT_NE(program.coverage().Missing(1'000'000).find("SMLAD T1 ("), std::string::npos);
}

// Each block can be followed by what decodes instructions one by one, tables of branches aside.
TEST(RandomProgram, BeginsGroupsWithInstructions) {
  const RandomProgram program(3, Setting::kUsual, 50, kLength);
  for (const Block& block : program.blocks()) {
    EXPECT_TRUE(std::is_sorted(block.groups.begin(), block.groups.end()));
    EXPECT_EQ(block.groups.front(), 0u);
    EXPECT_EQ(block.groups.back(), block.code.size());
    EXPECT_EQ(block.address % 4, 0u);
  }
}

TEST(RandomProgram, GivesBeginningsOfABlockAtItsPlace) {
  const RandomProgram program(5, Setting::kTrapping, 10, kLength);
  const RandomProgram part(program, 4, 3);
  ASSERT_EQ(part.blocks().size(), 1u);
  const Block &whole = program.blocks()[4], &beginning = part.blocks()[0];
  EXPECT_EQ(beginning.address, whole.address);
  ASSERT_EQ(beginning.code.size(), whole.groups[3]);
  EXPECT_TRUE(std::equal(beginning.code.begin(), beginning.code.end(), whole.code.begin()));
}

TEST(RandomProgram, SaysWhatDiffers) {
  std::vector<std::byte> one(kRecordBytes), two(kRecordBytes);
  EXPECT_EQ(RandomProgram::Compare(one, two), "");
  two[8 * 4] = std::byte{1};   // r0 comes after r4 to r11
  two[56 * 4] = std::byte{2};  // behind the floating-point registers
  EXPECT_EQ(RandomProgram::Compare(one, two),
            "r0: 00000000 there, 00000001 here, sum of faults: 00000000 there, 00000002 here");
}

}  // namespace
}  // namespace thimble::simulator::oracle
