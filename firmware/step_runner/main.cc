// The step runner: runs of steps that somebody placed in the board's memory, repeated with this core's kernels.
#include <cstring>

#include "base/hash.h"
#include "firmware/board.h"
#include "firmware/line.h"
#include "firmware/model_runner/memory.h"
#include "steps/all_steps.h"
#include "steps/recorded_case.h"

namespace {

using namespace thimble;

class StepRunner {
 public:
  StepRunner() {
    const firmware::Board& board = firmware::ThisBoard();
    const uint32_t bytes = *reinterpret_cast<const uint32_t*>(firmware::ModelTrailerAddress(board));
    if (bytes > firmware::ModelMemory(board).bytes - firmware::kModelTrailerBytes) return;
    at_ = reinterpret_cast<const std::byte*>(firmware::ModelAddress(board, bytes));
    end_ = at_ + bytes;
  }

  void Serve() {
    while (true) {
      const wire::Frame frame = line_.Receive();
      if (const auto request = wire::Decode<wire::InvokeLayers>(frame); request.ok()) {
        Run(*request);
      } else {
        line_.Refuse(Status::kUnsupported);
      }
    }
  }

 private:
  /// The next cases, in the order of the file: they are walked over once.
  void Run(const wire::InvokeLayers& message) {
    uint64_t hashes[wire::kMostLayers];
    if (message.count > wire::kMostLayers || message.first != done_) return line_.Refuse(Status::kInvalidArgument);
    for (uint32_t i = 0; i < message.count; ++i, ++done_) {
      const auto* head = reinterpret_cast<const steps::RecordedCase*>(at_);
      if (end_ - at_ < static_cast<ptrdiff_t>(sizeof *head) || head->magic != steps::RecordedCase::kMagic) {
        return line_.Refuse(Status::kInvalidArgument);
      }
      if (!Run(*head, hashes[i])) return line_.Refuse(Status::kOutOfMemory);
      at_ += steps::SizeOf(*head);
    }
    line_.Send(wire::Layers{.first = message.first, .hashes = std::as_bytes(std::span(hashes, message.count))});
  }

  bool Run(const steps::RecordedCase& head, uint64_t& hash) {
    const steps::Step* found = nullptr;
    for (const steps::Step* step : steps::AllSteps()) {
      if (step->number == head.number) found = step;
    }
    const size_t frame_bytes = AlignUp(head.frame_bytes);
    const size_t state_bytes = AlignUp(head.state_bytes);
    if (found == nullptr || frame_bytes + state_bytes > memory_.size()) return false;
    const auto* params = reinterpret_cast<const std::byte*>(&head + 1);
    const std::byte* constants = params + AlignUp(head.params_bytes);
    const std::byte* frame = constants + AlignUp(head.constants_bytes);
    std::memcpy(memory_.data(), frame, frame_bytes + state_bytes);
    found->run(params, {constants, memory_.data(), memory_.data() + frame_bytes, nullptr});
    hash = Fnv1a({memory_.data() + head.output, head.output_bytes});
    return true;
  }

  std::span<std::byte> memory_ = firmware::FreeMemory();
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  uint32_t done_ = 0;
  firmware::Line line_;
};

}  // namespace

void Main() {
  StepRunner runner;
  runner.Serve();
}
