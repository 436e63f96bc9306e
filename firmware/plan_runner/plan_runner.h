// The application around one planned network: inputs come down the serial line, outputs go back, and regions for the
// cycle counter are marked.
#ifndef THIMBLE_FIRMWARE_PLAN_RUNNER_PLAN_RUNNER_H_
#define THIMBLE_FIRMWARE_PLAN_RUNNER_PLAN_RUNNER_H_

#include "base/hash.h"
#include "firmware/board.h"
#include "firmware/cycle_region.h"
#include "firmware/line.h"
#include "firmware/tensor_row.h"
#include "runtime/planned.h"

namespace thimble::firmware {

/// Serves a PlannedNetwork or a PlannedPackage: Hello, Input, Invoke, ReadOutput, Reset as the model runner, and
/// InvokeLayers, where layers are steps and each hash is that of the whole arena. An Invoke is one region, each of
/// InvokeLayers' steps another one.
template <typename Network>
class PlanRunner {
 public:
  PlanRunner(Network& network, std::span<const std::byte> arena) : network_(network), arena_(arena) {}

  /// `status` of starting the network, and why not.
  [[noreturn]] void Serve(Status status, kernels::Reason reason) {
    while (true) {
      const wire::Frame frame = line_.Receive();
      if (ok(status)) {
        Answer(frame);
      } else {
        line_.Send(wire::Failure{.status = static_cast<uint8_t>(status), .reason = static_cast<uint8_t>(reason)});
      }
    }
  }

 private:
  auto Inputs() const {
    return TensorRow(network_.input_count(), [this](int i) { return network_.input(i); });
  }
  auto Outputs() const {
    return TensorRow(network_.output_count(), [this](int i) { return network_.output(i); });
  }

  void Answer(const wire::Frame& frame) {
    if (wire::Decode<wire::Hello>(frame).ok()) {
      Introduce();
    } else if (const auto input = wire::Decode<wire::Input>(frame); input.ok()) {
      Inputs().Take(*input, line_);
    } else if (wire::Decode<wire::Invoke>(frame).ok()) {
      StartTicks();
      BeginRegion();
      const Status status = network_.Invoke();
      EndRegion();
      const uint32_t ticks = Ticks();
      if (!ok(status)) return line_.Refuse(status);
      line_.Send(wire::Invoked{.network_ticks = ticks});
    } else if (const auto request = wire::Decode<wire::ReadOutput>(frame); request.ok()) {
      Outputs().Give(request->offset_bytes, request->count, line_);
    } else if (wire::Decode<wire::Reset>(frame).ok()) {
      network_.Reset();
      line_.Send(wire::Taken{});
    } else if (const auto layers = wire::Decode<wire::InvokeLayers>(frame); layers.ok()) {
      RunSteps(*layers);
    } else {
      line_.Refuse(Status::kUnsupported);
    }
  }

  void Introduce() {
    const Board& board = ThisBoard();
    line_.Send(wire::About{.application = static_cast<uint8_t>(wire::Application::kModelRunner),
                           .board = board.name,
                           .input_bytes = Inputs().Bytes(),
                           .output_bytes = Outputs().Bytes(),
                           .arena_bytes = static_cast<uint32_t>(network_.arena_bytes()),
                           .tick_hz = board.tick_hz,
                           .instructions_per_tick = board.instructions_per_tick});
  }

  void RunSteps(const wire::InvokeLayers& message) {
    uint64_t hashes[wire::kMostLayers];
    const auto steps = static_cast<uint32_t>(network_.step_count());
    if (message.count > wire::kMostLayers || message.first > steps || message.count > steps - message.first) {
      return line_.Refuse(Status::kInvalidArgument);
    }
    for (uint32_t i = 0; i < message.count; ++i) {
      const int index = static_cast<int>(message.first + i);
      BeginRegion();
      const Status status = network_.Run(index, index + 1, runtime::kMostSubgraphRuns);
      EndRegion();
      if (!ok(status)) return line_.Refuse(status);
      hashes[i] = Fnv1a(arena_);
    }
    line_.Send(wire::Layers{.first = message.first, .hashes = std::as_bytes(std::span(hashes, message.count))});
  }

  Network& network_;
  std::span<const std::byte> arena_;
  Line line_;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_PLAN_RUNNER_PLAN_RUNNER_H_
