// The impulse application: samples come down the serial line, verdicts go back.
#include "firmware/board.h"
#include "firmware/impulse/judge.h"
#include "firmware/line.h"

namespace {

using namespace thimble;
using runtime::kLinkedImpulse;

class Impulse {
 public:
  void Serve() {
    status_ = judge_.Load();
    while (true) Answer(line_.Receive());
  }

 private:
  void Answer(const wire::Frame& frame) {
    if (!ok(status_)) {
      line_.Send(wire::Failure{.status = static_cast<uint8_t>(status_),
                               .reason = static_cast<uint8_t>(judge_.fault().reason),
                               .operator_index = judge_.fault().operator_index,
                               .tensor_index = judge_.fault().tensor_index,
                               .byte = judge_.fault().byte});
    } else if (wire::Decode<wire::Hello>(frame).ok()) {
      Introduce();
    } else if (const auto samples = wire::Decode<wire::Samples>(frame); samples.ok()) {
      Judge(*samples);
    } else {
      line_.Refuse(Status::kUnsupported);
    }
  }

  void Introduce() {
    const firmware::Board& board = firmware::ThisBoard();
    line_.Send(wire::About{.application = static_cast<uint8_t>(wire::Application::kImpulse),
                           .board = board.name,
                           .name = kLinkedImpulse.name,
                           .axes = static_cast<uint16_t>(kLinkedImpulse.window.axes),
                           .window_readings = static_cast<uint32_t>(kLinkedImpulse.window.readings),
                           .stride_readings = static_cast<uint32_t>(kLinkedImpulse.stride_readings),
                           .rate_hz = kLinkedImpulse.window.rate_hz,
                           .feature_count = static_cast<uint32_t>(judge_.session().features().size()),
                           .label_count = static_cast<uint16_t>(kLinkedImpulse.labels.size()),
                           .input_bytes = static_cast<uint32_t>(judge_.session().network().input(0).SizeBytes()),
                           .output_bytes = static_cast<uint32_t>(judge_.session().network().output(0).SizeBytes()),
                           .arena_bytes = static_cast<uint32_t>(judge_.session().arena_bytes()),
                           .tick_hz = board.tick_hz,
                           .instructions_per_tick = board.instructions_per_tick});
  }

  void Judge(const wire::Samples& message) {
    const size_t reading_bytes = static_cast<size_t>(kLinkedImpulse.window.axes) * sizeof(float);
    if (message.samples.size() % reading_bytes != 0) return line_.Refuse(Status::kInvalidArgument);
    if (message.begins_recording != 0) judge_.BeginRecording();
    for (size_t at = 0; at < message.samples.size(); at += reading_bytes) {
      if (judge_.Push(message.samples.data() + at)) Verdict();
    }
    line_.Send(wire::Taken{.count = static_cast<uint32_t>(judge_.reading_count())});
  }

  void Verdict() {
    const firmware::Judgement judgement = judge_.Run();
    line_.Send(wire::Verdict{.window = judgement.window,
                             .features_hash = judgement.features_hash,
                             .label = static_cast<int16_t>(judgement.verdict.label),
                             .dsp_ticks = judgement.dsp_ticks,
                             .network_ticks = judgement.network_ticks,
                             .raw_scores = judgement.verdict.raw_scores});
  }

  firmware::Judge judge_;
  Status status_ = Status::kNotYet;
  firmware::Line line_;
};

}  // namespace

void Main() {
  Impulse application;
  application.Serve();
}
