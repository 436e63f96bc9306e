#include "simulator/cortex_m4/mpu.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <optional>

namespace thimble::simulator {
namespace {

constexpr uint32_t kOn = 1, kAlsoInFaults = 2, kPrivilegedDefault = 4;

constexpr Permission kNothing = {}, kAll = {true, true, true}, kReadWrite = {true, true, false},
                     kReadExecute = {true, false, true};

enum Access : uint32_t {
  kNoAccess = 0,
  kPrivilegedOnly,
  kUserReads,
  kFullAccess,
  kReserved,
  kPrivilegedReads,
  kReadOnly
};

uint32_t Attributes(uint32_t access, int size_bits, bool never_execute = false, uint32_t disabled = 0) {
  return access << 24 | static_cast<uint32_t>(never_execute) << 28 | disabled << 8 |
         static_cast<uint32_t>(size_bits - 1) << 1 | 1;
}

Permission User(const MpuState& mpu, uint32_t address) { return PermissionAt(mpu, address, false, false); }
Permission Privileged(const MpuState& mpu, uint32_t address) { return PermissionAt(mpu, address, true, false); }

TEST(Mpu, OffLeavesTheDefaultMapToEverybody) {
  MpuState mpu = {};
  mpu.regions[0] = {0x2000'0000, Attributes(kNoAccess, 20)};
  for (const bool privileged : {false, true}) {
    EXPECT_EQ(PermissionAt(mpu, 0x0000'0000, privileged, false), kAll);
    EXPECT_EQ(PermissionAt(mpu, 0x2000'0000, privileged, false), kAll);
    EXPECT_EQ(PermissionAt(mpu, 0x4000'0000, privileged, false), kReadWrite);
    EXPECT_EQ(PermissionAt(mpu, 0x6000'0000, privileged, false), kAll);
    EXPECT_EQ(PermissionAt(mpu, 0x9FFF'FFFF, privileged, false), kAll);
    EXPECT_EQ(PermissionAt(mpu, 0xA000'0000, privileged, false), kReadWrite);
    EXPECT_EQ(PermissionAt(mpu, 0xC000'0000, privileged, false), kReadWrite);
    EXPECT_EQ(PermissionAt(mpu, 0xFFFF'FFFF, privileged, false), kReadWrite);
  }
}

TEST(Mpu, OnlyPrivilegedCodeHasABackgroundAndOnlyIfAsked) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  EXPECT_EQ(Privileged(mpu, 0x2000'0000), kNothing);
  mpu.control = kOn | kPrivilegedDefault;
  EXPECT_EQ(Privileged(mpu, 0x2000'0000), kAll);
  EXPECT_EQ(Privileged(mpu, 0x4000'0000), kReadWrite);
  EXPECT_EQ(User(mpu, 0x2000'0000), kNothing);
}

TEST(Mpu, FaultHandlersSeeTheDefaultMap) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[0] = {0, Attributes(kNoAccess, 32)};
  EXPECT_EQ(PermissionAt(mpu, 0x2000'0000, true, true), kAll);
  EXPECT_EQ(PermissionAt(mpu, 0x4000'0000, true, true), kReadWrite);
}

TEST(Mpu, EveryAccessCodeMeansWhatTheManualSays) {
  const struct {
    uint32_t code;
    Permission privileged, user;
  } kTable[] = {
      {0, {}, {}},
      {1, {true, true, true}, {}},
      {2, {true, true, true}, {true, false, true}},
      {3, {true, true, true}, {true, true, true}},
      {4, {}, {}},
      {5, {true, false, true}, {}},
      {6, {true, false, true}, {true, false, true}},
      {7, {true, false, true}, {true, false, true}},
  };
  for (auto [code, privileged, user] : kTable) {
    for (const bool never_execute : {false, true}) {
      MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
      mpu.regions[3] = {0x2000'0000, Attributes(code, 12, never_execute)};
      privileged.execute &= !never_execute;
      user.execute &= !never_execute;
      EXPECT_EQ(Privileged(mpu, 0x2000'0FFF), privileged) << code;
      EXPECT_EQ(User(mpu, 0x2000'0FFF), user) << code;
    }
  }
}

TEST(Mpu, ARegionBeginsAndEndsAtItsBytes) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[7] = {0x2000'0020, Attributes(kFullAccess, 5)};
  EXPECT_EQ(User(mpu, 0x2000'001F), kNothing);
  EXPECT_EQ(User(mpu, 0x2000'0020), kAll);
  EXPECT_EQ(User(mpu, 0x2000'003F), kAll);
  EXPECT_EQ(User(mpu, 0x2000'0040), kNothing);
  mpu.regions[7].attributes &= ~1u;
  EXPECT_EQ(User(mpu, 0x2000'0020), kNothing);
}

TEST(Mpu, TheHighestRegionDecides) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[1] = {0x2000'0000, Attributes(kFullAccess, 16)};
  mpu.regions[4] = {0x2000'4000, Attributes(kReadOnly, 10)};
  mpu.regions[2] = {0x2000'4000, Attributes(kNoAccess, 12)};
  EXPECT_EQ(User(mpu, 0x2000'3FFF), kAll);
  EXPECT_EQ(User(mpu, 0x2000'4000), kReadExecute);
  EXPECT_EQ(User(mpu, 0x2000'4400), kNothing);
  EXPECT_EQ(User(mpu, 0x2000'5000), kAll);
}

TEST(Mpu, ASubregionThatIsOffLetsTheRegionBelowDecide) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[0] = {0x2000'0000, Attributes(kReadOnly, 16)};
  mpu.regions[1] = {0x2000'0000, Attributes(kFullAccess, 8, false, 0b1000'0010)};
  EXPECT_EQ(User(mpu, 0x2000'001F), kAll);
  EXPECT_EQ(User(mpu, 0x2000'0020), kReadExecute);
  EXPECT_EQ(User(mpu, 0x2000'003F), kReadExecute);
  EXPECT_EQ(User(mpu, 0x2000'0040), kAll);
  EXPECT_EQ(User(mpu, 0x2000'00E0), kReadExecute);
}

TEST(Mpu, RegionsBelow256BytesHaveNoSubregions) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[1] = {0x2000'0000, Attributes(kFullAccess, 7, false, 0xFF)};
  EXPECT_EQ(User(mpu, 0x2000'0000), kAll);
}

TEST(Mpu, ARegionOf4GiBCoversAllButNeverLetsSystemSpaceExecute) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[0] = {0, Attributes(kFullAccess, 32)};
  EXPECT_EQ(User(mpu, 0x0000'0000), kAll);
  EXPECT_EQ(User(mpu, 0x4000'0000), kAll);
  EXPECT_EQ(User(mpu, 0xDFFF'FFFF), kAll);
  EXPECT_EQ(User(mpu, 0xE010'0000), kReadWrite);
}

TEST(Mpu, ThePrivatePeripheralBusIsNotItsBusiness) {
  MpuState mpu = {.control = kOn, .region = 0, .regions = {}};
  mpu.regions[0] = {0xE000'0000, Attributes(kNoAccess, 21)};
  EXPECT_EQ(Privileged(mpu, 0xE000'ED94), kReadWrite);
  EXPECT_EQ(Privileged(mpu, 0xE00F'FFFF), kReadWrite);
  EXPECT_EQ(Privileged(mpu, 0xE010'0000), kNothing);
}

/// The rules again, as slowly and plainly as they can be said.
Permission Slowly(const MpuState& mpu, uint64_t address, bool privileged, bool ignored) {
  const bool never_execute = (address >= 0x4000'0000 && address < 0x6000'0000) || address >= 0xA000'0000;
  const Permission standard = {true, true, !never_execute};
  const bool bus = address >= 0xE000'0000 && address < 0xE010'0000;
  if (bus || ignored || (mpu.control & 1) == 0) return standard;
  std::optional<Permission> decided;
  for (const MpuState::Region& region : mpu.regions) {  // later ones win
    const uint64_t bytes = uint64_t{2} << (region.attributes >> 1 & 31);
    if ((region.attributes & 1) == 0 || bytes < 32) continue;
    const uint64_t base = region.base / bytes * bytes;
    if (address < base || address >= base + bytes) continue;
    if (bytes >= 256 && (region.attributes >> 8 & 1 << (address - base) * 8 / bytes) != 0) continue;
    Permission permission = {};
    switch (region.attributes >> 24 & 7) {
      case 1:
        permission.read = permission.write = privileged;
        break;
      case 2:
        permission = {true, privileged, false};
        break;
      case 3:
        permission = {true, true, false};
        break;
      case 5:
        permission.read = privileged;
        break;
      case 6:
      case 7:
        permission.read = true;
        break;
      default:
        break;
    }
    permission.execute = permission.read && (region.attributes >> 28 & 1) == 0 && address < 0xE000'0000;
    decided = permission;
  }
  if (decided) return *decided;
  return privileged && (mpu.control & 4) != 0 ? standard : Permission{};
}

/// Regions that overlap, most of them in the same 4 KiB.
rc::Gen<MpuState> AnyMpu() {
  return rc::gen::exec([] {
    MpuState mpu = {};
    mpu.control = static_cast<uint32_t>(*rc::gen::inRange(0, 8)) | (*rc::gen::inRange(0, 8) != 0 ? kOn : 0);
    for (MpuState::Region& region : mpu.regions) {
      const int size_bits = *rc::gen::weightedOneOf<int>({{6, rc::gen::inRange(4, 14)}, {1, rc::gen::inRange(1, 33)}});
      const uint32_t page = *rc::gen::element(0x0000'0000u, 0x2000'0000u, 0x2000'0000u, 0xDFFF'F000u, 0xE00F'F000u);
      region.base = page | (static_cast<uint32_t>(*rc::gen::inRange(0, 0x2000)) & ~31u);
      region.attributes = Attributes(static_cast<uint32_t>(*rc::gen::inRange(0, 8)), size_bits,
                                     *rc::gen::arbitrary<bool>(), static_cast<uint32_t>(*rc::gen::inRange(0, 256)));
      if (*rc::gen::inRange(0, 3) == 0) region.attributes &= ~0xFF00u;
      if (*rc::gen::inRange(0, 4) == 0) region.attributes &= ~1u;
    }
    return mpu;
  });
}

rc::Gen<uint32_t> AnyAddress() {
  return rc::gen::exec([] {
    const uint32_t page =
        *rc::gen::element(0x0000'0000u, 0x2000'0000u, 0x2000'0000u, 0x4000'0000u, 0xDFFF'F000u, 0xE00F'F000u);
    if (*rc::gen::inRange(0, 8) == 0) return *rc::gen::arbitrary<uint32_t>();
    return page + static_cast<uint32_t>(*rc::gen::inRange(0, 0x2100));
  });
}

TEST(Mpu, AgreesWithThePlainRulesEverywhere) {
  EXPECT_TRUE(rc::check([] {
    const MpuState mpu = *AnyMpu();
    for (int i = 0; i < 50; ++i) {
      const uint32_t address = *AnyAddress();
      const bool privileged = *rc::gen::arbitrary<bool>(), ignored = *rc::gen::inRange(0, 8) == 0;
      RC_ASSERT(PermissionAt(mpu, address, privileged, ignored) == Slowly(mpu, address, privileged, ignored));
    }
  }));
}

TEST(Mpu, APageIsUniformExactlyIfAllItsBytesAgree) {
  EXPECT_TRUE(rc::check([] {
    const MpuState mpu = *AnyMpu();
    for (int i = 0; i < 20; ++i) {
      const uint32_t bytes = 1u << *rc::gen::inRange(0, 14);
      const uint32_t address = *AnyAddress() & ~(bytes - 1);
      bool uniform = true;
      for (uint32_t offset = 0; offset < bytes; offset += 32) {
        for (const bool privileged : {false, true}) {
          uniform &=
              PermissionAt(mpu, address + offset, privileged, false) == PermissionAt(mpu, address, privileged, false);
        }
      }
      RC_ASSERT(IsUniform(mpu, address, bytes) == uniform);
    }
  }));
}

TEST(Mpu, BordersOfTheMapCutLargeBlocks) {
  const MpuState off = {};
  EXPECT_TRUE(IsUniform(off, 0x0000'0000, 1u << 30));   // code and SRAM
  EXPECT_FALSE(IsUniform(off, 0x4000'0000, 1u << 30));  // devices and RAM
  EXPECT_TRUE(IsUniform(off, 0xC000'0000, 1u << 30));
  MpuState bus = {.control = kOn | kAlsoInFaults, .region = 0, .regions = {}};
  EXPECT_FALSE(IsUniform(bus, 0xE000'0000, 1u << 21));
  EXPECT_TRUE(IsUniform(bus, 0xE000'0000, 1u << 20));
  EXPECT_TRUE(IsUniform(bus, 0x8000'0000, 1u << 30));
}

}  // namespace
}  // namespace thimble::simulator
