// Draws the instructions of one block of a random program.
#ifndef THIMBLE_SIMULATOR_ORACLE_BLOCK_WRITER_H_
#define THIMBLE_SIMULATOR_ORACLE_BLOCK_WRITER_H_

#include <cstdint>
#include <vector>

#include "simulator/cortex_m4/encodings.h"
#include "simulator/oracle/random_program.h"

namespace thimble::simulator::oracle {

/// A small generator of random numbers (splitmix64): the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t x = state_ += 0x9e37'79b9'7f4a'7c15;
    x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ x >> 27) * 0x94d0'49bb'1331'11eb;
    return x ^ x >> 31;
  }
  uint32_t Word() { return static_cast<uint32_t>(Next() >> 32); }
  uint32_t Below(uint32_t end) { return static_cast<uint32_t>((uint64_t{Word()} * end) >> 32); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

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
