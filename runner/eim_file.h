// A program for Linux with an impulse behind its end: one file, .eim, that runs wherever it is copied.
#ifndef THIMBLE_RUNNER_EIM_FILE_H_
#define THIMBLE_RUNNER_EIM_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/aligned_memory.h"
#include "base/error.h"
#include "compiler/impulse_file.h"

namespace thimble::runner {

/// What Edge Impulse's tools call the machine that such a program is for.
#if defined(__aarch64__)
inline constexpr const char* kTarget = "runner-linux-aarch64";
#else
inline constexpr const char* kTarget = "runner-linux-x86_64";
#endif

/// Where the impulse is from: what clients are told, and what tools tell versions apart by.
struct Origin {
  int64_t project_id = 0;
  std::string project = {};
  std::string owner = {};
  int64_t version = 1;  ///< of the deployment

  bool operator==(const Origin&) const = default;
};

/// What lies behind the program.
struct Eim {
  Origin origin;
  compiler::ImpulseDescription impulse;
  AlignedMemory model;  ///< empty where the impulse has no network
  AlignedMemory plan;   ///< the same, compiled for laptops: a package; empty as the model is
};

/// The program that every .eim begins with: the file that the environment variable THIMBLE_RUNNER names, or else
/// runner/impulse_runner beside the running program or in one of the folders around it.
///
///   kNotFound  there is none, with what to do
Expected<std::string> ReadProgram();

/// The whole file, as docs/formats/eim.md says. The model is compiled here, so that the program need not.
///
///   as BoundImpulse::Bind
Expected<std::string> WriteEim(std::string_view program, const Origin& origin,
                               const compiler::ImpulseDescription& impulse, std::span<const std::byte> model);

/// What WriteEim wrote. Foreign bytes are welcome; `name` is the file's, for sentences.
///
///   kDataLoss     the end is missing, or something is damaged
///   kUnsupported  it is of another format
///   others        as ParseImpulse
Expected<Eim> ReadEim(std::string_view name, std::string_view file);

}  // namespace thimble::runner

#endif  // THIMBLE_RUNNER_EIM_FILE_H_
