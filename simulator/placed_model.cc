#include "simulator/placed_model.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "firmware/model_runner/memory.h"

namespace thimble::simulator {

Expected<PlacedModel> PlaceModel(const std::filesystem::path& model, const Program& program,
                                 const firmware::Board& board) {
  std::ifstream file(model, std::ios::binary);
  if (!file) return {Status::kNotFound, model.string() + ": no such model"};
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  size_t room = firmware::ModelMemory(board).bytes - firmware::kModelTrailerBytes;
  if (board.extra.bytes == 0) room -= std::min<size_t>(room, program.flash_bytes);
  const auto length = static_cast<uint32_t>(content.size());
  const uint32_t address = firmware::ModelAddress(board, length);
  const uint32_t trailer = firmware::ModelTrailerAddress(board);
  if (content.size() > room || trailer - address > room) {
    return {Status::kInvalidArgument, model.string() + ": its " + std::to_string(content.size()) +
                                          " bytes do not fit into the " + std::to_string(room) + " bytes that " +
                                          board.name + " has for models"};
  }
  PlacedModel placed{.address = address, .bytes = {}};
  placed.bytes.resize(trailer - address + firmware::kModelTrailerBytes);
  std::memcpy(placed.bytes.data(), content.data(), content.size());
  std::memcpy(placed.bytes.data() + (trailer - address), &length, sizeof length);  // both are little endian
  return placed;
}

}  // namespace thimble::simulator
