// A fault of a virtual board in words: what happened, where, and who called whom.
#ifndef THIMBLE_SIMULATOR_FAULT_TEXT_H_
#define THIMBLE_SIMULATOR_FAULT_TEXT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simulator/cortex_m4/system.h"
#include "simulator/program.h"

namespace thimble::simulator {

/// Reads an aligned word of the board; false: nothing there.
using WordReader = std::function<bool(uint32_t address, uint32_t& value)>;

/// Addresses of the instructions that were being executed, innermost first, at most `most`. Programs carry no unwind
/// tables, so beyond the link register these are words of the stack that a call would have left there: a stale one can
/// be among them, none is invented. Exception frames are followed into the program that was interrupted.
std::vector<uint32_t> Backtrace(const Registers& registers, const Program& program, const WordReader& read,
                                size_t most = 16);

/// "MemManage: the instruction at 0x0800c1f4 (Copy+0x12) may not access 0x20004000", one sentence.
std::string FaultSentence(const FaultRecord& record, const Program& program);

/// The registers in four columns, the flags by their letters, and the backtrace, line by line.
std::string FaultDetails(const FaultRecord& record, const Program& program, const WordReader& read);

/// Registers alone, as FaultDetails has them.
std::string RegisterText(const Registers& registers);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_FAULT_TEXT_H_
