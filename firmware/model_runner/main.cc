// The model runner: any model that somebody placed in the board's extra memory, run with inputs from the serial line.
#include <cstring>

#include "dsp/fingerprint.h"
#include "firmware/board.h"
#include "firmware/line.h"
#include "firmware/model_runner/memory.h"
#include "kernels/all_operators.h"
#include "runtime/network.h"

namespace {

using namespace thimble;

// Most of the board's RAM: the runner does not know its model when it is built.
alignas(16) constinit std::byte arena[3 * 1024 * 1024] = {};

std::span<const std::byte> PlacedModel() {
  const firmware::Board& board = firmware::ThisBoard();
  const uint32_t bytes = *reinterpret_cast<const uint32_t*>(firmware::ModelLengthAddress(board));
  if (bytes > firmware::ModelRoomBytes(board)) return {};
  return {reinterpret_cast<const std::byte*>(firmware::ModelAddress(board)), bytes};
}

class ModelRunner {
 public:
  void Serve() {
    status_ = network_.Load(PlacedModel(), kernels::AllOperators(), arena, &fault_);
    while (true) Answer(line_.Receive());
  }

 private:
  void Answer(const wire::Frame& frame) {
    if (wire::Decode<wire::Prove>(frame).ok()) {
      line_.Send(wire::Proof{.fingerprint = dsp::Fingerprint(std::span(arena).subspan(network_.arena_bytes()))});
    } else if (!ok(status_)) {
      line_.Send(wire::Failure{.status = static_cast<uint8_t>(status_),
                               .reason = static_cast<uint8_t>(fault_.reason),
                               .operator_index = fault_.operator_index,
                               .tensor_index = fault_.tensor_index,
                               .byte = fault_.byte});
    } else if (wire::Decode<wire::Hello>(frame).ok()) {
      Introduce();
    } else if (const auto input = wire::Decode<wire::Input>(frame); input.ok()) {
      TakeInput(*input);
    } else if (wire::Decode<wire::Invoke>(frame).ok()) {
      firmware::StartTicks();
      network_.Invoke();
      line_.Send(wire::Invoked{.network_ticks = firmware::Ticks()});
    } else if (const auto request = wire::Decode<wire::ReadOutput>(frame); request.ok()) {
      GiveOutput(*request);
    } else {
      line_.Refuse(Status::kUnsupported);
    }
  }

  void Introduce() {
    const firmware::Board& board = firmware::ThisBoard();
    line_.Send(wire::About{.application = static_cast<uint8_t>(wire::Application::kModelRunner),
                           .board = board.name,
                           .input_bytes = static_cast<uint32_t>(network_.input(0).SizeBytes()),
                           .output_bytes = static_cast<uint32_t>(network_.output(0).SizeBytes()),
                           .arena_bytes = static_cast<uint32_t>(network_.arena_bytes()),
                           .tick_hz = board.tick_hz,
                           .instructions_per_tick = board.instructions_per_tick});
  }

  void TakeInput(const wire::Input& message) {
    const kernels::Tensor input = network_.input(0);
    const size_t size = input.SizeBytes();
    if (message.offset_bytes > size || message.bytes.size() > size - message.offset_bytes) {
      return line_.Refuse(Status::kInvalidArgument);
    }
    std::memcpy(input.As<std::byte>() + message.offset_bytes, message.bytes.data(), message.bytes.size());
    line_.Send(wire::Taken{.count = message.offset_bytes + static_cast<uint32_t>(message.bytes.size())});
  }

  void GiveOutput(const wire::ReadOutput& message) {
    const kernels::Tensor output = network_.output(0);
    const size_t size = output.SizeBytes();
    if (message.offset_bytes > size || message.count > size - message.offset_bytes ||
        message.count > wire::kMaxPayloadBytes - sizeof(uint32_t)) {
      return line_.Refuse(Status::kInvalidArgument);
    }
    line_.Send(wire::Output{.offset_bytes = message.offset_bytes,
                            .bytes = {output.As<const std::byte>() + message.offset_bytes, message.count}});
  }

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
