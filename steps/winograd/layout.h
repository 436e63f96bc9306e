// What the C++ and the assembly of the Winograd step hand each other.
#ifndef THIMBLE_STEPS_WINOGRAD_LAYOUT_H_
#define THIMBLE_STEPS_WINOGRAD_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace thimble::steps::winograd {

/// For each output channel, at the beginning of the constants.
struct Channel {
  int32_t bias;  ///< for inputs that count from T = 2: 0, T = 4: -128; times 4 or 36, modulo 2^32
  int32_t mantissa, half, shift;
};

/// Sums and outputs of one block.
struct Job {
  const int32_t* u;  ///< moves on
  const int32_t* v;
  const int32_t* v_end;
  int32_t position_bytes;  ///< of V
  int32_t u_jump;          ///< from the end of a position in one chunk to its beginning in the next
  int32_t u_back;          ///< from its end in the last chunk to the next position in the first
  int32_t chunks;          ///< of 16 channels
  int32_t tile;
  const Channel* table;  ///< moves on
  int32_t pairs;         ///< of outputs; counts down to 0
  int8_t* output;        ///< first output of the two channels; moves on
  int32_t pixel_bytes;
  int32_t row_end_bytes;   ///< from the last pixel of a tile's row to the first of the next
  int32_t tiles;           ///< of this block, 1 to 4
  const int32_t* offsets;  ///< of the tiles from `output`
};

/// Tiles side by side, to be transformed to V.
struct Strip {
  const int8_t* input;  ///< upper left of the first tile's inputs; may lie outside the image, where nothing is read
  int32_t row_bytes, pixel_bytes;
  int32_t* v;     ///< of the first tile
  int32_t tiles;  ///< 1 to 4
  int32_t edges;  ///< what is outside the image: 1 left column, 2 right column, 4 upper row, 8 lower row
  uint32_t pad;   ///< two inputs beyond the image, from -128 for T = 4
  int32_t position_bytes;
  int32_t quads;  ///< of input channels
};

inline constexpr int32_t kLeft = 1, kRight = 2, kAbove = 4, kBelow = 8;
inline constexpr int32_t kChannelsPerChunk = 16;
inline constexpr int32_t kTilesPerBlock = 4;

constexpr int32_t Chunks(int32_t channels) { return (channels + kChannelsPerChunk - 1) / kChannelsPerChunk; }
constexpr int32_t Positions(int32_t tile) { return (tile + 2) * (tile + 2); }
/// Of V of one block, and of U of two outputs.
constexpr int32_t BlockBytes(int32_t tile, int32_t channels) { return Positions(tile) * Chunks(channels) * 128; }
constexpr int32_t PairBytes(int32_t tile, int32_t channels) { return Positions(tile) * Chunks(channels) * 64; }
/// Of the int8 weights of two outputs.
constexpr int32_t PairWeightBytes(int32_t channels) { return 18 * channels; }

/// U of two outputs, by its definition, from int8 weights in the order of the constants. For channels that fill up a
/// chunk U stays as it is.
void TransformWeights(int32_t tile, const int8_t* weights, int32_t* u, int32_t quads);

}  // namespace thimble::steps::winograd

#endif  // THIMBLE_STEPS_WINOGRAD_LAYOUT_H_
