// A random program on both machines, and the instructions at which they part.
#ifndef THIMBLE_SIMULATOR_ORACLE_COMPARE_H_
#define THIMBLE_SIMULATOR_ORACLE_COMPARE_H_

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "simulator/oracle/random_program.h"

namespace thimble::simulator::oracle {

/// What lies at kProgramBase once our own processor has run `program` around `guest` (oracle_guest.elf). It may have
/// locked up, or not come to an end in as many instructions as there can be: RandomProgram::StatusIn.
Expected<std::vector<std::byte>> RunOnCore(const std::filesystem::path& guest, const RandomProgram& program);

struct Comparison {
  int different_blocks = 0;
  /// Of the first ones: what differs, and the shortest beginning of the block in which it does.
  std::string description;
};

Expected<Comparison> Compare(const std::filesystem::path& guest, const RandomProgram& program);

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_COMPARE_H_
