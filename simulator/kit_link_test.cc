// The serial line to a virtual kit in this process.
#include "simulator/kit_link.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

constexpr char kEcho[] = R"(
void Run(void) {
  REG(0x40023830) |= 1;
  REG(0x40023844) |= 1 << 5;
  REG(0x40020000) |= 2u << 22 | 2u << 24;
  REG(0x40020024) |= 8 << 12 | 8 << 16;
  REG(0x40011408) = 139;
  REG(0x4001140c) = 0x200c;
  for (;;) {
    while (!(REG(0x40011400) & 0x20)) {}
    const u32 byte = REG(0x40011404);
    while (!(REG(0x40011400) & 0x80)) {}
    REG(0x40011404) = byte;
  }
})";

std::unique_ptr<KitLink> StartLink(const std::string& code) {
  auto link = KitLink::Start(BuildTestProgram(code));
  EXPECT_TRUE(link.ok()) << link.error().message;
  return link.ok() ? *std::move(link) : nullptr;
}

TEST(KitLink, CarriesBytesBothWays) {
  const auto link = StartLink(kEcho);
  // Longer than all queues on the way.
  std::vector<std::byte> sent(2000), heard;
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::byte>(i * 7);
  ASSERT_TRUE(link->Write(sent).ok());
  while (heard.size() < sent.size()) {
    std::array<std::byte, 64> buffer;
    const auto count = link->Read(buffer, 100);
    ASSERT_TRUE(count.ok()) << count.error().message;
    ASSERT_GT(*count, 0u) << "after " << heard.size() << " bytes";
    heard.insert(heard.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  EXPECT_EQ(heard, sent);
  EXPECT_GT(link->kit().chip().NowNs(), 170'000'000u) << "2000 characters at 115,200 baud";
}

TEST(KitLink, WaitsAsLongAsItIsTold) {
  const auto link = StartLink(kEcho);
  std::array<std::byte, 4> buffer;
  const uint64_t before = link->kit().chip().NowNs();
  const auto count = link->Read(buffer, 50);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(*count, 0u);
  EXPECT_NEAR(static_cast<double>(link->kit().chip().NowNs() - before), 50e6, 1e6);
  EXPECT_EQ(*link->Read(buffer, 0), 0u);
  EXPECT_EQ(*link->Read(buffer, -5), 0u);
}

TEST(KitLink, SaysWhereTheProgramLockedUpEachTime) {
  const auto link = StartLink(R"(
void Fault(void) { __asm__("udf #1"); }
void Run(void) { __asm__("udf #0"); })");
  std::array<std::byte, 4> buffer;
  for (int i = 0; i < 2; ++i) {
    const auto count = link->Read(buffer, 10);
    ASSERT_FALSE(count.ok());
    EXPECT_EQ(count.error().status, Status::kDeviceFailed);
    EXPECT_NE(count.error().message.find("(Fault) does not exist on this processor"), std::string::npos)
        << count.error().message;
  }
}

TEST(KitLink, GivesUpOnAProgramThatDoesNotListen) {
  const auto link = StartLink("void Run(void) { for (;;) __asm__(\"wfi\"); }");
  const auto outcome = link->Write(std::array<std::byte, 3>{});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().status, Status::kDeviceFailed);
  EXPECT_NE(outcome.error().message.find("does not read its serial line"), std::string::npos);
}

TEST(KitLink, RefusesWhatIsNoProgram) {
  const auto missing = KitLink::Start("nothing.elf");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().status, Status::kNotFound);
}

}  // namespace
}  // namespace thimble::simulator
