// The impulse application: samples come down the serial line, verdicts go back.
#ifndef THIMBLE_FIRMWARE_IMPULSE_APPLICATION_H_
#define THIMBLE_FIRMWARE_IMPULSE_APPLICATION_H_

#include "firmware/board.h"
#include "firmware/impulse/judge.h"
#include "firmware/line.h"
#include "runtime/anomaly.h"

namespace thimble::firmware {

/// `Session` runs runtime::kLinkedImpulse. One that detects (firmware/impulse/detecting.h) has a Detection
/// follow each Verdict; one without a network says that it has no input and no output.
template <typename Session>
class ImpulseApplication {
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
    const Board& board = ThisBoard();
    line_.Send(wire::About{.application = static_cast<uint8_t>(wire::Application::kImpulse),
                           .board = board.name,
                           .name = runtime::kLinkedImpulse.name,
                           .axes = static_cast<uint16_t>(runtime::kLinkedImpulse.window.axes),
                           .window_readings = static_cast<uint32_t>(runtime::kLinkedImpulse.window.readings),
                           .stride_readings = static_cast<uint32_t>(runtime::kLinkedImpulse.stride_readings),
                           .rate_hz = runtime::kLinkedImpulse.window.rate_hz,
                           .feature_count = static_cast<uint32_t>(judge_.session().features().size()),
                           .label_count = static_cast<uint16_t>(runtime::kLinkedImpulse.labels.size()),
                           .input_bytes = InputBytes(),
                           .output_bytes = OutputBytes(),
                           .arena_bytes = static_cast<uint32_t>(judge_.session().arena_bytes()),
                           .tick_hz = board.tick_hz,
                           .instructions_per_tick = board.instructions_per_tick});
  }

  void Judge(const wire::Samples& message) {
    const size_t reading_bytes = static_cast<size_t>(runtime::kLinkedImpulse.window.axes) * sizeof(float);
    if (message.samples.size() % reading_bytes != 0) return line_.Refuse(Status::kInvalidArgument);
    if (message.begins_recording != 0) judge_.BeginRecording();
    for (size_t at = 0; at < message.samples.size(); at += reading_bytes) {
      if (judge_.Push(message.samples.data() + at)) Verdict();
    }
    line_.Send(wire::Taken{.count = static_cast<uint32_t>(judge_.reading_count())});
  }

  void Verdict() {
    const Judgement judgement = judge_.Run();
    line_.Send(wire::Verdict{.window = judgement.window,
                             .features_hash = judgement.features_hash,
                             .label = static_cast<int16_t>(judgement.verdict.label),
                             .dsp_ticks = judgement.dsp_ticks,
                             .network_ticks = judgement.network_ticks,
                             .raw_scores = judgement.verdict.raw_scores});
    if constexpr (requires { judge_.session().detection(); }) {
      const runtime::Detection detection = judge_.session().detection();
      line_.Send(wire::Detection{.window = judgement.window,
                                 .score = detection.score,
                                 .strange = static_cast<uint8_t>(detection.strange ? 1 : 0)});
    }
  }

  uint32_t InputBytes() const {
    if constexpr (requires { judge_.session().network(); }) {
      return static_cast<uint32_t>(judge_.session().network().input(0).SizeBytes());
    }
    return 0;
  }
  uint32_t OutputBytes() const {
    if constexpr (requires { judge_.session().network(); }) {
      return static_cast<uint32_t>(judge_.session().network().output(0).SizeBytes());
    }
    return 0;
  }

  JudgeOf<Session> judge_;
  Status status_ = Status::kNotYet;
  Line line_;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_IMPULSE_APPLICATION_H_
