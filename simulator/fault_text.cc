#include "simulator/fault_text.h"

#include <cstdio>
#include <optional>

#include "base/hexadecimal.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kStackWords = 2048;  // as far up the stack as a backtrace looks

std::string Place(uint32_t address, const Program& program) {
  const std::string name = program.NameOf(address);
  return Hexadecimal(address) + (name.empty() ? "" : " (" + name + ")");
}

std::optional<uint16_t> CodeHalfword(const Program& program, uint32_t address) {
  for (const Program::Segment& segment : program.segments) {
    const uint32_t offset = address - segment.address;
    if (offset < segment.bytes.size() && segment.bytes.size() - offset >= 2) {
      return static_cast<uint16_t>(static_cast<uint32_t>(segment.bytes[offset]) |
                                   static_cast<uint32_t>(segment.bytes[offset + 1]) << 8);
    }
  }
  return std::nullopt;
}

/// Whether a call instruction ends where `word` points: BL (T1) or BLX (register).
bool IsReturnAddress(const Program& program, uint32_t word) {
  if ((word & 1) == 0) return false;
  const uint32_t after = word & ~1u;
  const auto last = CodeHalfword(program, after - 2), first = CodeHalfword(program, after - 4);
  if (!last) return false;
  if ((*last & 0xff87) == 0x4780) return true;
  return first && (*first & 0xf800) == 0xf000 && (*last & 0xd000) == 0xd000;
}

/// DDI0403, table B1-8. LR is 0xffffffff after a reset.
bool IsExceptionReturn(uint32_t lr) {
  return lr >= 0xffff'ffe0 && ((lr & 15) == 1 || (lr & 15) == 9 || (lr & 15) == 13);
}

const char* ExceptionName(uint16_t exception) {
  switch (exception) {
    case kHardFault:
      return "HardFault";
    case kMemManage:
      return "MemManage fault";
    case kBusFault:
      return "BusFault";
    case kUsageFault:
      return "UsageFault";
    case kDebugMonitor:
      return "DebugMonitor";
    case 0:
      return "Lockup";
    default:
      return "Fault";
  }
}

}  // namespace

std::vector<uint32_t> Backtrace(const Registers& registers, const Program& program, const WordReader& read,
                                size_t most) {
  std::vector<uint32_t> trace = {registers.r[kPc]};
  uint32_t sp = registers.r[kSp] & ~3u;
  uint32_t lr = registers.r[kLr];
  uint32_t process_stack = registers.Psp();
  for (uint32_t step = 0; step < kStackWords && trace.size() < most; ++step) {
    if (IsExceptionReturn(lr)) {  // the frame of the program that was interrupted: r0-r3, r12, lr, pc, xpsr
      if ((lr & 4) != 0) sp = process_stack & ~3u;
      uint32_t stacked_lr = 0, stacked_pc = 0, xpsr = 0;
      if (!read(sp + 20, stacked_lr) || !read(sp + 24, stacked_pc) || !read(sp + 28, xpsr)) break;
      if (!CodeHalfword(program, stacked_pc & ~1u)) break;
      trace.push_back(stacked_pc & ~1u);
      sp += ((lr & 16) == 0 ? 104u : 32u) + ((xpsr >> 9 & 1) != 0 ? 4u : 0u);
      lr = stacked_lr;
      continue;
    }
    if (IsReturnAddress(program, lr)) {
      const uint32_t call = (lr & ~1u) - 2;
      if (trace.back() != call) trace.push_back(call);
    }
    if (!read(sp, lr)) break;
    sp += 4;
  }
  return trace;
}

std::string FaultSentence(const FaultRecord& record, const Program& program) {
  const std::string at = "the instruction at " + Place(record.registers.r[kPc], program);
  const std::string address = Hexadecimal(record.address);
  std::string text;
  switch (record.fault) {
    case Fault::kNone:
      text = "no fault";
      break;
    case Fault::kMpuFetch:
      text = "the address " + Place(record.registers.r[kPc], program) + " may not be executed";
      break;
    case Fault::kMpuData:
      text = at + " may not access " + address;
      break;
    case Fault::kBusFetch:
      text = "nothing can be fetched from " + Place(record.registers.r[kPc], program) + " (a wild jump?)";
      break;
    case Fault::kBusData:
      text = at + " accesses " + address + ", where nothing answers";
      break;
    case Fault::kUndefined:
      text = at + " does not exist on this processor";
      break;
    case Fault::kInvalidState:
      text =
          "a jump to " + Place(record.registers.r[kPc], program) + " with bit 0 clear: there is only Thumb code here";
      break;
    case Fault::kInvalidPc:
      text = "an exception return that does not fit, to " + Place(record.registers.r[kPc], program);
      break;
    case Fault::kNoCoprocessor:
      text = at + " needs the floating-point unit, which is off (CPACR)";
      break;
    case Fault::kUnaligned:
      text = at + " accesses memory unaligned";
      break;
    case Fault::kDivideByZero:
      text = at + " divides by zero";
      break;
    case Fault::kLazyStacking:
      text = at + " uses floats, and an exception's could not be saved to the stack at " + address;
      break;
    case Fault::kBreakpoint:
      text = at + " is a breakpoint, and no debugger is attached";
      break;
  }
  return std::string(ExceptionName(record.exception)) + ": " + text;
}

std::string RegisterText(const Registers& registers) {
  static constexpr const char* kNames[16] = {"r0", "r1", "r2",  "r3",  "r4",  "r5", "r6", "r7",
                                             "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"};
  std::string text;
  char line[96];
  for (size_t i = 0; i < 16; ++i) {
    std::snprintf(line, sizeof line, "  %-4s %08x%s", kNames[i], registers.r[i], i % 4 == 3 ? "\n" : "");
    text += line;
  }
  std::snprintf(line, sizeof line, "  flags %c%c%c%c%c  xpsr %08x  msp %08x  psp %08x\n", registers.n ? 'N' : '-',
                registers.z ? 'Z' : '-', registers.c ? 'C' : '-', registers.v ? 'V' : '-', registers.q ? 'Q' : '-',
                registers.Xpsr(), registers.Msp(), registers.Psp());
  text += line;
  if (registers.exception == kThreadMode) {
    std::snprintf(line, sizeof line, "  thread mode, %s\n", registers.unprivileged ? "unprivileged" : "privileged");
  } else {
    std::snprintf(line, sizeof line, "  in the handler of exception %u\n", registers.exception);
  }
  return text + line;
}

std::string FaultDetails(const FaultRecord& record, const Program& program, const WordReader& read) {
  std::string text = RegisterText(record.registers);
  char line[96];
  std::snprintf(line, sizeof line, "  cfsr %08x  hfsr %08x\n", record.cfsr, record.hfsr);
  text += line;
  text += "  called from\n";
  for (const uint32_t address : Backtrace(record.registers, program, read)) {
    text += "    " + Place(address, program) + "\n";
  }
  return text;
}

}  // namespace thimble::simulator
