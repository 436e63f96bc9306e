// Does a board compute the same bits as this computer? Layer by layer, down to the first element that differs.
#ifndef THIMBLE_SIMULATOR_LAYER_PROOF_H_
#define THIMBLE_SIMULATOR_LAYER_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/network.h"
#include "simulator/board_client.h"

namespace thimble::simulator {

/// The first layer that a board computes otherwise, and the first element of it.
struct Divergence {
  int layer = 0;
  int output = 0;
  std::vector<int32_t> place;  ///< of the element: one index for each dimension
  std::string here, there;     ///< the element, as a number

  /// "layer 5 (conv_2d) is the first that differs: output 0, element [0,2,1,17] of int8[1,25,5,64] is 12 here, 13
  /// there"
  std::string Sentence(const runtime::Network& network) const;
};

struct LayerProof {
  std::vector<uint64_t> hashes;  ///< runtime::HashOf each layer, as this computer has it
  std::optional<Divergence> divergence;
};

/// One inference from fresh state on both sides. `network` is the board's model, loaded here; afterwards it holds the
/// outputs, unless there is a divergence. `input` is all inputs end to end.
///   kCancelled   a loop of the model does not end with this input, here
Expected<LayerProof> CompareLayers(runtime::Network& network, BoardClient& board, std::span<const std::byte> input);

/// Inputs that the network takes, end to end, drawn with `seed`: any bits for 8 and 16 bit integers, -1 to 1 for
/// floats, 0 to 9 for the wide integers, which tend to be indices.
std::vector<std::byte> RandomInput(const runtime::Network& network, uint64_t seed);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_LAYER_PROOF_H_
