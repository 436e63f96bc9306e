// A model as the model runner finds it in its board's memory.
#ifndef THIMBLE_SIMULATOR_PLACED_MODEL_H_
#define THIMBLE_SIMULATOR_PLACED_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "firmware/board.h"
#include "simulator/program.h"

namespace thimble::simulator {

/// From the model's first byte to the end of the trailer that tells its length (firmware/model_runner/memory.h).
struct PlacedModel {
  uint32_t address = 0;
  std::vector<std::byte> bytes;
};

/// `program`: what the model shares the board's flash with, where it has no other memory for it. kNotFound: no such
/// file; kInvalidArgument: it does not fit.
Expected<PlacedModel> PlaceModel(const std::filesystem::path& model, const Program& program,
                                 const firmware::Board& board);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_PLACED_MODEL_H_
