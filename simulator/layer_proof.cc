#include "simulator/layer_proof.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/random.h"
#include "runtime/describe.h"
#include "runtime/layer_hash.h"
#include "wire/message.h"

namespace thimble::simulator {
namespace {

using kernels::Tensor;
using kernels::Type;
using Layer = runtime::Network::Layer;

Outcome Start(runtime::Network& network, std::span<const std::byte> input) {
  network.Reset();
  for (int i = 0; i < network.input_count(); ++i) {
    const Tensor tensor = network.input(i);
    if (tensor.SizeBytes() > input.size()) return {Status::kInvalidArgument, "the input is too short for the network"};
    if (tensor.SizeBytes() > 0) std::memcpy(tensor.data, input.data(), tensor.SizeBytes());
    input = input.subspan(tensor.SizeBytes());
  }
  return Nothing{};
}

Outcome RunHere(runtime::Network& network, int first, int count, std::vector<uint64_t>* hashes) {
  for (int i = first; i < first + count; ++i) {
    if (!ok(network.InvokeOperator(i))) {
      return {Status::kCancelled, "layer " + std::to_string(i) + " (" + network.OperatorAt(i).name +
                                      "): its loop does not end with this input; try another seed"};
    }
    if (hashes != nullptr) hashes->push_back(runtime::HashOf({network, i}));
  }
  return Nothing{};
}

Outcome RunThere(BoardClient& board, int first, int count, std::vector<uint64_t>* hashes) {
  for (int at = first; at < first + count;) {
    const int piece = std::min(first + count - at, static_cast<int>(wire::kMostLayers));
    THIMBLE_ASSIGN(const std::vector<uint64_t> some, board.InvokeLayers(at, piece));
    if (hashes != nullptr) hashes->insert(hashes->end(), some.begin(), some.end());
    at += piece;
  }
  return Nothing{};
}

std::string ElementText(Type type, const std::byte* at) {
  char text[40] = "";
  const auto load = [at](auto value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (type) {
    case Type::kFloat32:
      std::snprintf(text, sizeof text, "%.9g", static_cast<double>(load(float{})));
      break;
    case Type::kInt32:
      return std::to_string(load(int32_t{}));
    case Type::kInt64:
      return std::to_string(load(int64_t{}));
    case Type::kInt16:
      return std::to_string(load(int16_t{}));
    case Type::kInt8:
      return std::to_string(load(int8_t{}));
    default:
      return std::to_string(load(uint8_t{}));
  }
  return text;
}

/// The first element of `layer`, which has just run here, that differs from `theirs`.
Divergence FirstDifference(const Layer& layer, std::span<const std::byte> theirs) {
  Divergence divergence;
  divergence.layer = layer.index;
  for (int output = 0; output < layer.output_count(); ++output) {
    const Tensor tensor = layer.output(output);
    if (tensor.type == Type::kResource) continue;
    const size_t element_bytes = kernels::BytesOf(tensor.type);
    const auto* ours = tensor.As<const std::byte>();
    for (int i = 0; i < tensor.shape.Count(); ++i) {
      const size_t at = static_cast<size_t>(i) * element_bytes;
      if (std::memcmp(ours + at, theirs.data() + at, element_bytes) == 0) continue;
      divergence.output = output;
      divergence.here = ElementText(tensor.type, ours + at);
      divergence.there = ElementText(tensor.type, theirs.data() + at);
      divergence.place.resize(static_cast<size_t>(tensor.shape.rank));
      for (int dim = tensor.shape.rank - 1, rest = i; dim >= 0; rest /= tensor.shape[dim], --dim) {
        divergence.place[static_cast<size_t>(dim)] = rest % tensor.shape[dim];
      }
      return divergence;
    }
    theirs = theirs.subspan(tensor.SizeBytes());
  }
  return divergence;  // the board gave other bytes this time; the layer is known at least
}

/// The inference once more, up to the layer that differs, and what both have there.
Expected<Divergence> LookAt(int layer, runtime::Network& network, BoardClient& board,
                            std::span<const std::byte> input) {
  THIMBLE_EXPECT(Start(network, input));
  THIMBLE_EXPECT(RunHere(network, 0, layer + 1, nullptr));
  THIMBLE_EXPECT(board.Reset());
  THIMBLE_EXPECT(board.WriteInput(input));
  THIMBLE_EXPECT(RunThere(board, 0, layer + 1, nullptr));
  const Layer here{network, layer};
  size_t bytes = 0;
  for (int i = 0; i < here.output_count(); ++i) {
    const Tensor tensor = here.output(i);
    bytes += tensor.type == Type::kResource ? 0 : tensor.SizeBytes();
  }
  THIMBLE_ASSIGN(const std::vector<std::byte> theirs, board.ReadLayer(layer, bytes));
  return FirstDifference(here, theirs);
}

}  // namespace

std::string Divergence::Sentence(const runtime::Network& network) const {
  std::string text = "layer " + std::to_string(layer) + " (" + network.OperatorAt(layer).name +
                     ") is the first that differs: output " + std::to_string(output);
  if (here.empty()) return text + ", and not always in the same way";
  text += ", element [";
  for (size_t i = 0; i < place.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(place[i]);
  return text + "] of " + runtime::Describe(runtime::Network::Layer{network, layer}.output(output)) + " is " + here +
         " here, " + there + " there";
}

Expected<LayerProof> CompareLayers(runtime::Network& network, BoardClient& board, std::span<const std::byte> input) {
  const int layers = network.operator_count();
  LayerProof proof;
  THIMBLE_EXPECT(Start(network, input));
  THIMBLE_EXPECT(RunHere(network, 0, layers, &proof.hashes));
  THIMBLE_EXPECT(board.Reset());
  THIMBLE_EXPECT(board.WriteInput(input));
  std::vector<uint64_t> theirs;
  THIMBLE_EXPECT(RunThere(board, 0, layers, &theirs));
  const auto [ours, other] = std::mismatch(proof.hashes.begin(), proof.hashes.end(), theirs.begin());
  if (ours != proof.hashes.end()) {
    THIMBLE_ASSIGN(proof.divergence, LookAt(static_cast<int>(ours - proof.hashes.begin()), network, board, input));
  }
  return proof;
}

std::vector<std::byte> RandomInput(const runtime::Network& network, uint64_t seed) {
  Random random(seed);
  std::vector<std::byte> input;
  const auto put = [&input](auto value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    input.insert(input.end(), bytes.begin(), bytes.end());
  };
  for (int i = 0; i < network.input_count(); ++i) {
    const Tensor tensor = network.input(i);
    for (int k = 0; k < tensor.shape.Count(); ++k) {
      switch (tensor.type) {
        case Type::kFloat32:
          put(random.Uniform() * 2 - 1);
          break;
        case Type::kInt32:
          put(static_cast<int32_t>(random.Below(10)));
          break;
        case Type::kInt64:
          put(static_cast<int64_t>(random.Below(10)));
          break;
        case Type::kBool:
          put(static_cast<uint8_t>(random.Below(2)));
          break;
        case Type::kInt16:
          put(static_cast<uint16_t>(random.Below(65536)));
          break;
        default:
          put(static_cast<uint8_t>(random.Below(256)));
          break;
      }
    }
  }
  return input;
}

}  // namespace thimble::simulator
