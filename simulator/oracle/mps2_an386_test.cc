#include "simulator/oracle/mps2_an386.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thimble::simulator::oracle {
namespace {

namespace fs = std::filesystem;

/// A raw image: vectors for `code` at 0x40, and the code.
fs::path Program(const std::string& name, const std::vector<uint16_t>& code) {
  std::vector<uint32_t> vectors(16, 0x41);
  vectors[0] = 0x2000'1000;
  const fs::path path = fs::path(testing::TempDir()) / ("thimble_mps2_" + name + ".bin");
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(vectors.data()), static_cast<std::streamsize>(vectors.size() * 4));
  file.write(reinterpret_cast<const char*>(code.data()), static_cast<std::streamsize>(code.size() * 2));
  return path;
}

// r0: the UART.
const std::vector<uint16_t> kUartOn = {
    0xf244, 0x0000,  // movw r0, #0x4000
    0xf2c4, 0x0000,  // movt r0, #0x4000
    0x230b,          // movs r3, #0xb: transmit, receive, interrupt at receive
    0x6083,          // str r3, [r0, #8]
};

std::vector<uint16_t> Join(std::vector<uint16_t> one, const std::vector<uint16_t>& two) {
  one.insert(one.end(), two.begin(), two.end());
  return one;
}

TEST(Mps2An386, SendsBackWhatItReceives) {
  const auto board = Mps2An386::Start(Program("echo", Join(kUartOn, {
                                                                        0x6841,  // 1: ldr r1, [r0, #4]
                                                                        0x0789,  // lsls r1, r1, #30
                                                                        0xd5fc,  // bpl 1b
                                                                        0x6802,  // ldr r2, [r0]
                                                                        0x3201,  // adds r2, #1
                                                                        0x6002,  // str r2, [r0]
                                                                        0xe7f8,  // b 1b
                                                                    })));
  ASSERT_TRUE(board.ok()) << board.error().message;
  const std::array sent = {std::byte{'a'}, std::byte{'x'}, std::byte{7}};
  ASSERT_TRUE((*board)->Write(sent).ok());
  std::vector<std::byte> received;
  while (received.size() < sent.size()) {
    std::array<std::byte, 8> buffer;
    const auto count = (*board)->Read(buffer, 1000);
    ASSERT_TRUE(count.ok());
    ASSERT_GT(*count, 0u);
    received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(*count));
  }
  EXPECT_EQ(received, (std::vector{std::byte{'b'}, std::byte{'y'}, std::byte{8}}));
}

TEST(Mps2An386, SleepsUntilAByteComes) {
  const auto board = Mps2An386::Start(Program("sleep", Join(kUartOn, {
                                                                         0xb672,          // cpsid i
                                                                         0xf24e, 0x1100,  // movw r1, #0xe100
                                                                         0xf2ce, 0x0100,  // movt r1, #0xe000
                                                                         0x2201,          // movs r2, #1
                                                                         0x600a,          // str r2, [r1]: enable it
                                                                         0xbf30,          // wfi
                                                                         0x6802,          // ldr r2, [r0]
                                                                         0x6002,          // str r2, [r0]
                                                                         0xe7fe,          // b .
                                                                     })));
  ASSERT_TRUE(board.ok()) << board.error().message;
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(*(*board)->Read(buffer, 1000), 0u);
  EXPECT_TRUE((*board)->core().registers().sleeping);
  ASSERT_TRUE((*board)->Write(std::array{std::byte{42}}).ok());
  EXPECT_EQ(*(*board)->Read(buffer, 1000), 1u);
  EXPECT_EQ(buffer[0], std::byte{42});
}

TEST(Mps2An386, CountsATickForFortyInstructions) {
  const auto board = Mps2An386::Start(Program("ticks", Join(kUartOn, {
                                                                         0xf04f, 0x4180,  // mov r1, #0x40000000
                                                                         0x2201,          // movs r2, #1
                                                                         0x600a,          // str r2, [r1]: on
                                                                         0xf04f, 0x32ff,  // mov r2, #-1
                                                                         0x604a,          // str r2, [r1, #4]
                                                                         0x2450,          // movs r4, #80
                                                                         0x3c01,          // 1: subs r4, #1
                                                                         0xd1fd,          // bne 1b
                                                                         0x684b,          // ldr r3, [r1, #4]
                                                                         0x1ad2,          // subs r2, r2, r3
                                                                         0x6002,          // str r2, [r0]
                                                                         0xe7fe,          // b .
                                                                     })));
  ASSERT_TRUE(board.ok()) << board.error().message;
  std::array<std::byte, 8> buffer;
  ASSERT_EQ(*(*board)->Read(buffer, 1000), 1u);
  EXPECT_EQ(buffer[0], std::byte{4}) << "162 instructions, and what has begun does not count";
}

TEST(Mps2An386, FaultsWhereNothingIs) {
  const auto board = Mps2An386::Start(Program("fault", {
                                                           0xf04f, 0x40e0,  // mov r0, #0x70000000
                                                           0x6801,          // ldr r1, [r0]
                                                           0xe7fe,          // b .
                                                       }));
  ASSERT_TRUE(board.ok()) << board.error().message;
  (void)(*board)->core().Run(1000, 5);
  EXPECT_EQ((*board)->core().registers().exception, kHardFault);
}

TEST(Mps2An386, NamesAFileThatIsNotThere) {
  const auto board = Mps2An386::Start("/nowhere/program.elf");
  ASSERT_FALSE(board.ok());
  EXPECT_EQ(board.error().status, Status::kNotFound);
}

}  // namespace
}  // namespace thimble::simulator::oracle
