// Draws the instructions of one block of a random program.
#ifndef THIMBLE_SIMULATOR_ORACLE_BLOCK_WRITER_H_
#define THIMBLE_SIMULATOR_ORACLE_BLOCK_WRITER_H_

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/cortex_m4/encodings.h"
#include "simulator/oracle/random_program.h"

namespace thimble::simulator::oracle {

/// A word as tests like it: an edge of integers or of floating point, or anything.
uint32_t EdgyWord(Random& random);

class BlockWriter {
 public:
  /// Of what the block begins with: `unprivileged`, and whether divisions by zero trap.
  BlockWriter(uint64_t seed, uint32_t address, bool unprivileged, bool traps, Coverage& coverage)
      : random_(seed), address_(address), unprivileged_(unprivileged), traps_(traps), coverage_(coverage) {}

  /// `length`: about how many instructions.
  Block Write(int length);

 private:
  /// What instructions may be drawn for a place.
  enum class Place {
    kAnywhere,
    kConditional,  ///< may or may not be executed: no branches, no faults, nothing but registers and flags
    kFirstOfIt,    ///< the same, and loads and stores
  };

  void Group();
  void Undefined();
  bool Single(const Encoding& encoding, Place place);
  bool Access(const Encoding& encoding, uint32_t code);
  bool StackAccess(const Encoding& encoding, uint32_t code);
  bool Exclusive(const Encoding& encoding, uint32_t code);
  bool Branch(const Encoding& encoding, uint32_t code);
  bool LoadsPc(const Encoding& encoding, uint32_t code);
  bool Special(const Encoding& encoding, uint32_t code);
  bool Hint(const Encoding& encoding, uint32_t code);
  void IfThen(uint32_t code);
  /// Instructions that a branch may or may not jump over, and nobody minds.
  void Skippable(int count);
  void BeginFloat();

  void Emit(uint32_t code, bool wide);
  void Emit(const Encoding& encoding, uint32_t code) { Emit(code, encoding.wide); }
  /// MOVW and MOVT.
  void SetRegister(uint32_t number, uint32_t value);
  void SetLowPart(uint32_t number, uint32_t value);
  uint32_t Here() const { return address_ + static_cast<uint32_t>(block_.code.size()) * 2; }
  uint32_t Draw(const Encoding& encoding);
  void Count(const Encoding& encoding);

  Random random_;
  uint32_t address_;
  bool unprivileged_;
  bool traps_;
  Coverage& coverage_;
  Block block_;
  uint32_t sp_ = kStackPointer;
  int instructions_ = 0;
  bool counts_ = true;
  bool has_float_ = false;
};

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_BLOCK_WRITER_H_
