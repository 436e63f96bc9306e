// Writes runs of steps down for a board to repeat them (tests only): set THIMBLE_STEP_CASES to a file's name.
#ifndef THIMBLE_STEPS_RECORD_CASE_H_
#define THIMBLE_STEPS_RECORD_CASE_H_

#include <cstdlib>
#include <fstream>
#include <vector>

#include "steps/packing.h"
#include "steps/recorded_case.h"
#include "steps/step.h"

namespace thimble::steps {

/// Of the runs of each step every so many are written, and never more than that in all.
inline constexpr int kRecordEvery = 20, kMostRecorded = 200;

/// Appends the run of T that is about to happen. `frame` and `state` are as large as `extents` says.
template <typename T>
void RecordCase(const typename T::Params& params, const Memory& memory, const Extents& extents, int64_t output,
                int64_t output_bytes) {
  static const char* const path = std::getenv("THIMBLE_STEP_CASES");
  static int runs = 0;
  if (path == nullptr || runs++ % kRecordEvery != 0 || runs > kRecordEvery * kMostRecorded) return;
  std::vector<std::byte> bytes;
  const auto append = [&bytes](const void* from, size_t count) {
    const auto* first = static_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), first, first + count);
    bytes.resize(AlignUp(bytes.size()));
  };
  const RecordedCase head = {.number = T::kNumber,
                             .params_bytes = sizeof params,
                             .constants_bytes = extents.constants_bytes,
                             .frame_bytes = extents.frame_bytes,
                             .state_bytes = extents.state_bytes,
                             .output = static_cast<uint32_t>(output),
                             .output_bytes = static_cast<uint32_t>(output_bytes)};
  append(&head, sizeof head);
  append(&params, sizeof params);
  append(memory.constants, extents.constants_bytes);
  append(memory.frame, extents.frame_bytes);
  append(memory.state, extents.state_bytes);
  std::ofstream(path, std::ios::binary | std::ios::app)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_RECORD_CASE_H_
