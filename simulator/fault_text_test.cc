// Faults in words.
#include "simulator/fault_text.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace thimble::simulator {
namespace {

constexpr uint32_t kCode = 0x0800'c000;

/// Outer calls Middle at 0x08; Middle calls Inner at 0x28 with BLX.
Program SmallProgram() {
  Program program;
  program.functions = {{kCode, 0x20, "Outer"}, {kCode + 0x20, 0x20, "Middle"}, {kCode + 0x40, 0x20, "Inner"}};
  std::vector<std::byte> bytes(0x60, std::byte{0});
  const auto put = [&](size_t at, uint16_t halfword) {
    bytes[at] = static_cast<std::byte>(halfword & 0xff);
    bytes[at + 1] = static_cast<std::byte>(halfword >> 8);
  };
  put(0x08, 0xf000);  // bl Middle
  put(0x0a, 0xf80a);
  put(0x28, 0x4798);  // blx r3
  program.segments = {{kCode, bytes}};
  return program;
}

struct Stack {
  std::map<uint32_t, uint32_t> words;
  bool operator()(uint32_t address, uint32_t& value) const {
    const auto found = words.find(address);
    if (found != words.end()) value = found->second;
    return found != words.end() || (address >= 0x2000'0000 && address < 0x2000'1000 && (value = 0, true));
  }
};

FaultRecord Record(Fault fault, uint16_t exception, uint32_t address = 0) {
  FaultRecord record;
  record.fault = fault;
  record.exception = exception;
  record.address = address;
  record.registers.r[kPc] = kCode + 0x44;
  record.registers.r[kSp] = 0x2000'0f00;
  record.registers.r[kLr] = kCode + 0x2b;
  record.registers.thumb = true;
  return record;
}

TEST(FaultText, IsOneSentenceForEachKind) {
  const Program program = SmallProgram();
  const auto sentence = [&](Fault fault, uint16_t exception, uint32_t address = 0) {
    return FaultSentence(Record(fault, exception, address), program);
  };
  EXPECT_EQ(sentence(Fault::kMpuData, kMemManage, 0x2000'4000),
            "MemManage fault: the instruction at 0x0800c044 (Inner+0x4) may not access 0x20004000");
  EXPECT_EQ(sentence(Fault::kBusData, kBusFault, 0xd000'0000),
            "BusFault: the instruction at 0x0800c044 (Inner+0x4) accesses 0xd0000000, where nothing answers");
  EXPECT_EQ(sentence(Fault::kDivideByZero, kUsageFault),
            "UsageFault: the instruction at 0x0800c044 (Inner+0x4) divides by zero");
  for (int fault = static_cast<int>(Fault::kNone); fault <= static_cast<int>(Fault::kLazyStacking); ++fault) {
    for (const uint16_t exception : {0, 3, 4, 5, 6, 12, 77}) {
      const std::string text = sentence(static_cast<Fault>(fault), exception, 0x1234);
      EXPECT_GE(text.size(), std::string("Fault: no fault").size()) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << fault;
    }
  }
  EXPECT_EQ(sentence(Fault::kBusFetch, 0).find("Lockup: "), 0u);
}

TEST(FaultText, FindsWhoCalledWhom) {
  const Program program = SmallProgram();
  const FaultRecord record = Record(Fault::kUndefined, kUsageFault);
  Stack stack;
  stack.words = {{0x2000'0f08, 0x1234'5679}, {0x2000'0f0c, kCode + 0x0d}, {0x2000'0f10, kCode + 0x31}};
  const std::vector<uint32_t> trace = Backtrace(record.registers, program, stack);
  ASSERT_EQ(trace.size(), 3u);
  EXPECT_EQ(program.NameOf(trace[0]), "Inner+0x4");
  EXPECT_EQ(program.NameOf(trace[1]).substr(0, 6), "Middle");
  EXPECT_EQ(program.NameOf(trace[2]).substr(0, 5), "Outer");
}

TEST(FaultText, FollowsAnExceptionIntoWhatItInterrupted) {
  const Program program = SmallProgram();
  FaultRecord record = Record(Fault::kUndefined, kUsageFault);
  record.registers.exception = 15;
  record.registers.r[kLr] = 0xffff'fff9;
  Stack stack;  // r0-r3, r12, lr, pc, xpsr
  stack.words = {{0x2000'0f14, kCode + 0x0d}, {0x2000'0f18, kCode + 0x24}, {0x2000'0f1c, 0x0100'0000}};
  const std::vector<uint32_t> trace = Backtrace(record.registers, program, stack);
  ASSERT_GE(trace.size(), 2u);
  EXPECT_EQ(program.NameOf(trace[1]), "Middle+0x4");
}

TEST(FaultText, EndsAtTheBeginningOfTheProgram) {
  FaultRecord record = Record(Fault::kUndefined, kUsageFault);
  record.registers.r[kLr] = 0xffff'ffff;  // as a reset leaves it
  EXPECT_EQ(Backtrace(record.registers, SmallProgram(),
                      [](uint32_t, uint32_t& value) {
                        value = 0xffff'ffff;
                        return true;
                      })
                .size(),
            1u);
}

TEST(FaultText, EndsWhateverTheStackHolds) {
  const Program program = SmallProgram();
  FaultRecord record = Record(Fault::kBusFetch, kHardFault);
  for (const uint32_t word : {0u, ~0u, 0xffff'fff9u, 0xffff'fffdu, 0xffff'ffe9u, kCode + 0x0d}) {
    for (const uint32_t sp : {0u, 0x2000'0000u, 0xffff'fffcu, 0x2000'0ffdu}) {
      record.registers.r[kLr] = word;
      record.registers.r[kSp] = record.registers.other_sp = sp;
      const auto trace = Backtrace(record.registers, program, [&](uint32_t, uint32_t& value) {
        value = word;
        return true;
      });
      EXPECT_LE(trace.size(), 16u);
      EXPECT_FALSE(trace.empty());
    }
  }
}

TEST(FaultText, ShowsRegistersAndTheTrace) {
  const Program program = SmallProgram();
  FaultRecord record = Record(Fault::kUndefined, kUsageFault);
  record.registers.n = record.registers.v = true;
  record.registers.r[3] = 0xcafe'f00d;
  const std::string text = FaultDetails(record, program, Stack());
  for (const char* part :
       {"r3   cafef00d", "pc   0800c044", "flags N--V-", "0x0800c044 (Inner+0x4)", "Middle", "cfsr"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace thimble::simulator
