#include "simulator/layer_proof.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "kernels/all_operators.h"
#include "runtime/layer_hash.h"
#include "runtime/test_models.h"

namespace thimble::simulator {
namespace {

using runtime::AlignedBytes;
using runtime::ModelBuilder;
using tflite::BuiltinOperator;

/// Two layers on float32 [2,3]: relu, then relu6.
AlignedBytes TwoLayers() {
  ModelBuilder model;
  model.tensors = {{{2, 3}}, {{2, 3}}, {{2, 3}}};
  model.operators = {{BuiltinOperator::RELU, {0}, {1}}, {BuiltinOperator::RELU6, {1}, {2}}};
  model.inputs = {0};
  model.outputs = {2};
  return model.Build();
}

struct Loaded {
  explicit Loaded(const AlignedBytes& model) {
    EXPECT_EQ(network.Load(model.span(), kernels::AllOperators(), arena.span()), Status::kOk);
  }
  AlignedBytes arena{4096};
  runtime::Network network;
};

/// A board that runs a network as the model runner does, and may spoil what a layer wrote.
class FakeRunner : public BoardLink {
 public:
  explicit FakeRunner(runtime::Network& network, std::function<void(int layer, runtime::Network&)> spoil = nullptr)
      : network_(network), spoil_(std::move(spoil)) {}

  Outcome Write(std::span<const std::byte> bytes) override {
    for (const std::byte byte : bytes) {
      if (const Result<wire::Frame> frame = decoder_.Process(byte); frame.ok()) Answer(*frame);
    }
    return Nothing{};
  }
  Expected<size_t> Read(std::span<std::byte> buffer, int) override {
    const size_t count = std::min(buffer.size(), line_.size());
    std::copy_n(line_.begin(), count, buffer.begin());
    line_.erase(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  std::string Describe() const override { return "fake"; }

 private:
  void Answer(const wire::Frame& frame) {
    const kernels::Tensor input = network_.input(0);
    if (wire::Decode<wire::Hello>(frame).ok()) {
      Send(wire::About{.board = "fake", .input_bytes = static_cast<uint32_t>(input.SizeBytes())});
    } else if (wire::Decode<wire::Reset>(frame).ok()) {
      network_.Reset();
      Send(wire::Taken{});
    } else if (const auto piece = wire::Decode<wire::Input>(frame); piece.ok()) {
      std::copy(piece->bytes.begin(), piece->bytes.end(), input.As<std::byte>() + piece->offset_bytes);
      Send(wire::Taken{.count = piece->offset_bytes + static_cast<uint32_t>(piece->bytes.size())});
    } else if (const auto layers = wire::Decode<wire::InvokeLayers>(frame); layers.ok()) {
      std::vector<uint64_t> hashes;
      for (int i = 0; i < layers->count; ++i) {
        const int layer = static_cast<int>(layers->first) + i;
        EXPECT_EQ(network_.InvokeOperator(layer), Status::kOk);
        if (spoil_) spoil_(layer, network_);
        hashes.push_back(runtime::HashOf({network_, layer}));
      }
      Send(wire::Layers{.first = layers->first, .hashes = std::as_bytes(std::span(hashes))});
    } else if (const auto request = wire::Decode<wire::ReadLayer>(frame); request.ok()) {
      const runtime::Network::Layer layer{network_, static_cast<int>(request->layer)};
      const kernels::Tensor output = layer.output(0);
      // At most 7 bytes at a time: tensors may end anywhere.
      const size_t rest = std::min<size_t>({output.SizeBytes() - request->offset_bytes, request->count, 7});
      Send(wire::Output{.offset_bytes = request->offset_bytes,
                        .bytes = {output.As<const std::byte>() + request->offset_bytes, rest}});
    }
  }
  template <typename Message>
  void Send(const Message& message) {
    std::vector<std::byte> out(wire::FrameBytes(wire::kMaxPayloadBytes));
    const auto frame = wire::Encode(message, out);
    line_.insert(line_.end(), frame.begin(), frame.end());
  }

  runtime::Network& network_;
  std::function<void(int, runtime::Network&)> spoil_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(wire::BodyBytes(wire::kMaxPayloadBytes));
  wire::Decoder decoder_{buffer_};
  std::deque<std::byte> line_;
};

TEST(LayerProof, FindsNothingBetweenEqualMachines) {
  const AlignedBytes model = TwoLayers();
  Loaded here(model), there(model);
  FakeRunner runner(there.network);
  BoardClient client(runner);
  const auto proof = CompareLayers(here.network, client, RandomInput(here.network, 1));
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  EXPECT_FALSE(proof->divergence);
  EXPECT_EQ(proof->hashes.size(), 2u);
}

TEST(LayerProof, NamesTheFirstLayerAndElementThatDiffer) {
  const AlignedBytes model = TwoLayers();
  Loaded here(model), there(model);
  // The second layer goes wrong at its fifth element, and only there.
  FakeRunner runner(there.network, [](int layer, runtime::Network& network) {
    if (layer == 1) runtime::Network::Layer{network, layer}.output(0).As<float>()[4] = 42;
  });
  BoardClient client(runner);
  const auto input = std::vector<float>{0, 1, 2, 3, 4, 5};
  const auto proof = CompareLayers(here.network, client, std::as_bytes(std::span(input)));
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  ASSERT_TRUE(proof->divergence);
  EXPECT_EQ(proof->divergence->Sentence(here.network),
            "layer 1 (relu6) is the first that differs: output 0, element [1,1] of float32[2,3] is 4 here, 42 there");
}

TEST(LayerProof, NamesTheFirstOfSeveralWrongLayers) {
  const AlignedBytes model = TwoLayers();
  Loaded here(model), there(model);
  FakeRunner runner(there.network, [](int layer, runtime::Network& network) {
    runtime::Network::Layer{network, layer}.output(0).As<float>()[0] += 1;
  });
  BoardClient client(runner);
  const auto input = std::vector<float>{0.5f, 1, 2, 3, 4, 5};
  const auto proof = CompareLayers(here.network, client, std::as_bytes(std::span(input)));
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  ASSERT_TRUE(proof->divergence);
  EXPECT_EQ(proof->divergence->layer, 0);
  EXPECT_EQ(proof->divergence->here, "0.5");
  EXPECT_EQ(proof->divergence->there, "1.5");
}

TEST(LayerProof, DrawsTheSameInputForTheSameSeedOnly) {
  const AlignedBytes model = TwoLayers();
  const Loaded here(model);
  EXPECT_EQ(RandomInput(here.network, 3), RandomInput(here.network, 3));
  EXPECT_NE(RandomInput(here.network, 3), RandomInput(here.network, 4));
  EXPECT_EQ(RandomInput(here.network, 3).size(), 24u);
}

}  // namespace
}  // namespace thimble::simulator
