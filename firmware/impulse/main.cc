// The impulse application: samples come down the serial line, verdicts go back.
#include "base/hash.h"
#include "firmware/board.h"
#include "firmware/line.h"
#include "firmware/sliding_window.h"
#include "runtime/linked_impulse.h"
#include "runtime/session.h"

namespace {

using namespace thimble;
using runtime::kLinkedImpulse;

class Impulse {
 public:
  void Serve() {
    status_ = session_.Load(kLinkedImpulse, runtime::kLinkedArena, &fault_);
    sliding_ = firmware::SlidingWindow(session_.window(), kLinkedImpulse.window.axes, kLinkedImpulse.stride_readings);
    while (true) Answer(line_.Receive());
  }

 private:
  void Answer(const wire::Frame& frame) {
    if (!ok(status_)) {
      line_.Send(wire::Failure{.status = static_cast<uint8_t>(status_),
                               .reason = static_cast<uint8_t>(fault_.reason),
                               .operator_index = fault_.operator_index,
                               .tensor_index = fault_.tensor_index,
                               .byte = fault_.byte});
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
                           .feature_count = static_cast<uint32_t>(session_.features().size()),
                           .label_count = static_cast<uint16_t>(kLinkedImpulse.labels.size()),
                           .input_bytes = static_cast<uint32_t>(session_.network().input(0).SizeBytes()),
                           .output_bytes = static_cast<uint32_t>(session_.network().output(0).SizeBytes()),
                           .arena_bytes = static_cast<uint32_t>(session_.arena_bytes()),
                           .tick_hz = board.tick_hz,
                           .instructions_per_tick = board.instructions_per_tick});
  }

  void Judge(const wire::Samples& message) {
    const size_t reading_bytes = static_cast<size_t>(kLinkedImpulse.window.axes) * sizeof(float);
    if (message.samples.size() % reading_bytes != 0) return line_.Refuse(Status::kInvalidArgument);
    if (message.begins_recording != 0) sliding_.BeginRecording();
    for (size_t at = 0; at < message.samples.size(); at += reading_bytes) {
      if (sliding_.Push(message.samples.data() + at)) Verdict();
    }
    line_.Send(wire::Taken{.count = static_cast<uint32_t>(sliding_.reading_count())});
  }

  void Verdict() {
    firmware::StartTicks();
    session_.ExtractFeatures();
    const uint32_t dsp_ticks = firmware::Ticks();
    firmware::StartTicks();
    session_.InvokeNetwork();
    const uint32_t network_ticks = firmware::Ticks();
    const runtime::Verdict verdict = session_.Decide();
    line_.Send(wire::Verdict{.window = static_cast<uint32_t>(sliding_.window_count() - 1),
                             .features_hash = Fnv1a(std::as_bytes(session_.features())),
                             .label = static_cast<int16_t>(verdict.label),
                             .dsp_ticks = dsp_ticks,
                             .network_ticks = network_ticks,
                             .raw_scores = verdict.raw_scores});
  }

  runtime::Session session_;
  runtime::Fault fault_;
  Status status_ = Status::kNotYet;
  firmware::SlidingWindow sliding_;
  firmware::Line line_;
};

}  // namespace

void Main() {
  Impulse application;
  application.Serve();
}
