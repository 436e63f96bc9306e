// The model runner: any model that somebody placed in the board's memory, run with inputs from the serial line.
#include "dsp/fingerprint.h"
#include "firmware/board.h"
#include "firmware/line.h"
#include "firmware/model_runner/memory.h"
#include "firmware/tensor_row.h"
#include "kernels/all_operators.h"
#include "runtime/layer_hash.h"
#include "runtime/network.h"

namespace {

using namespace thimble;

std::span<const std::byte> PlacedModel() {
  const firmware::Board& board = firmware::ThisBoard();
  const uint32_t bytes = *reinterpret_cast<const uint32_t*>(firmware::ModelTrailerAddress(board));
  if (bytes > firmware::ModelMemory(board).bytes - firmware::kModelTrailerBytes) return {};
  return {reinterpret_cast<const std::byte*>(firmware::ModelAddress(board, bytes)), bytes};
}

class ModelRunner {
 public:
  void Serve() {
    status_ = network_.Load(PlacedModel(), kernels::AllOperators(), arena_, &fault_);
    while (true) Answer(line_.Receive());
  }

 private:
  auto Row(runtime::flat::Vector<int32_t> tensors) const {
    return firmware::TensorRow(tensors.size(), [this, tensors](int i) { return network_.TensorAt(tensors[i]); });
  }
  auto Inputs() const { return Row(network_.model().inputs()); }
  auto Outputs() const { return Row(network_.model().outputs()); }

  void Answer(const wire::Frame& frame) {
    if (wire::Decode<wire::Prove>(frame).ok()) {
      ProveSignalProcessing();
    } else if (!ok(status_)) {
      line_.Send(wire::Failure{.status = static_cast<uint8_t>(status_),
                               .reason = static_cast<uint8_t>(fault_.reason),
                               .operator_index = fault_.operator_index,
                               .tensor_index = fault_.tensor_index,
                               .byte = fault_.byte});
    } else if (wire::Decode<wire::Hello>(frame).ok()) {
      Introduce();
    } else if (const auto input = wire::Decode<wire::Input>(frame); input.ok()) {
      Inputs().Take(*input, line_);
    } else if (wire::Decode<wire::Invoke>(frame).ok()) {
      firmware::StartTicks();
      const Status status = network_.Invoke();
      const uint32_t ticks = firmware::Ticks();
      if (!ok(status)) return line_.Refuse(status);
      line_.Send(wire::Invoked{.network_ticks = ticks});
    } else if (const auto request = wire::Decode<wire::ReadOutput>(frame); request.ok()) {
      Outputs().Give(request->offset_bytes, request->count, line_);
    } else if (wire::Decode<wire::Reset>(frame).ok()) {
      network_.Reset();
      line_.Send(wire::Taken{});
    } else if (const auto layers = wire::Decode<wire::InvokeLayers>(frame); layers.ok()) {
      RunLayers(*layers);
    } else if (const auto layer = wire::Decode<wire::ReadLayer>(frame); layer.ok()) {
      if (layer->layer >= static_cast<uint32_t>(network_.operator_count())) {
        return line_.Refuse(Status::kInvalidArgument);
      }
      Row(network_.model().OutputsOf(static_cast<int>(layer->layer))).Give(layer->offset_bytes, layer->count, line_);
    } else {
      line_.Refuse(Status::kUnsupported);
    }
  }

  void ProveSignalProcessing() {
    const uint64_t fingerprint = dsp::Fingerprint(arena_.subspan(network_.arena_bytes()));
    if (fingerprint == 0) return line_.Refuse(Status::kOutOfMemory);
    line_.Send(wire::Proof{.fingerprint = fingerprint});
  }

  void Introduce() {
    const firmware::Board& board = firmware::ThisBoard();
    line_.Send(wire::About{.application = static_cast<uint8_t>(wire::Application::kModelRunner),
                           .board = board.name,
                           .input_bytes = Inputs().Bytes(),
                           .output_bytes = Outputs().Bytes(),
                           .arena_bytes = static_cast<uint32_t>(network_.arena_bytes()),
                           .tick_hz = board.tick_hz,
                           .instructions_per_tick = board.instructions_per_tick});
  }

  void RunLayers(const wire::InvokeLayers& message) {
    uint64_t hashes[wire::kMostLayers];
    const auto operators = static_cast<uint32_t>(network_.operator_count());
    if (message.count > wire::kMostLayers || message.first > operators || message.count > operators - message.first) {
      return line_.Refuse(Status::kInvalidArgument);
    }
    for (uint32_t i = 0; i < message.count; ++i) {
      const int index = static_cast<int>(message.first + i);
      if (const Status status = network_.InvokeOperator(index); !ok(status)) return line_.Refuse(status);
      hashes[i] = runtime::HashOf({network_, index});
    }
    line_.Send(wire::Layers{.first = message.first, .hashes = std::as_bytes(std::span(hashes, message.count))});
  }

  // All there is: the runner does not know its model when it is built.
  std::span<std::byte> arena_ = firmware::FreeMemory();
  runtime::Network network_;
  runtime::Fault fault_;
  Status status_ = Status::kNotYet;
  firmware::Line line_;
};

}  // namespace

void Main() {
  ModelRunner runner;
  runner.Serve();
}
