// The impulse application of a board with a motion sensor: it listens to the sensor without end and says what it sees.
//
// The sensor's queue -> readings in the impulse's units -> windows -> DSP -> network -> smoothing -> a label, on the
// display, by the LEDs, and as lines of text. What may be typed: see kHelp.
#include <array>

#include "firmware/board.h"
#include "firmware/boards/az3166/kit.h"
#include "firmware/boards/az3166/queue_reader.h"
#include "firmware/cortex_m/stack_use.h"
#include "firmware/drivers/lsm6dsl.h"
#include "firmware/drivers/ssd1306.h"
#include "firmware/impulse/continuous/resampler.h"
#include "firmware/impulse/continuous/smoother.h"
#include "firmware/impulse/judge.h"
#include "firmware/text.h"
#include "firmware/trace.h"
#include "runtime/linked_sensor.h"

using namespace thimble;
using namespace thimble::firmware;

namespace {

using az3166::NowUs;
using runtime::kLinkedGoldens;
using runtime::kLinkedSensorAxes;

constexpr std::string_view kHelp =
    "run, stop, threshold 0.8, smooth mean 4, smooth majority 5, prove, status, trace on, trace off\r\n";
constexpr uint64_t kColumnUs = 20'000, kRetryUs = 1'000'000;
constexpr size_t kReadingsAtOnce = 32;
// 27 characters a reading: faster than this, the line cannot carry them beside the verdicts.
constexpr uint16_t kFastestTraceHz = 208;

using az3166::serial;

/// One hue for each label, so that a person learns them.
constexpr uint8_t kHues[][3] = {{0, 120, 0},  {120, 0, 0},  {0, 0, 160},  {110, 60, 0},
                                {80, 0, 110}, {0, 90, 100}, {90, 90, 20}, {110, 20, 50}};

class Continuous {
 public:
  Continuous() : display_(az3166::Bus()), sensor_(az3166::Bus()), queue_(sensor_) {}

  [[noreturn]] void Run() {
    has_display_ = ok(display_.SetUp());
    status_ = judge_.Load();
    const runtime::Impulse& impulse = Judge::impulse();
    rate_ = &az3166::NearestRate(impulse.window.rate_hz);
    resampler_.SetUp(static_cast<float>(rate_->hz), impulse.window.rate_hz);
    Introduce();
    if (ok(status_)) StartSensor();
    while (true) {
      serial.Pump();
      Listen();
      if (ok(status_)) {
        if (works_) {
          TakeReadings();
        } else if (NowUs() >= retry_us_) {
          StartSensor();
        }
      }
      Draw();
      az3166::Nap();
    }
  }

 private:
  using Line = Text<400>;

  static void Say(std::string_view text) { serial.Write(std::as_bytes(std::span(text))); }
  static void Say(const Line& line) { serial.Write(line.bytes()); }

  std::string_view LabelOf(int label) const {
    const auto& labels = Judge::impulse().labels;
    return label >= 0 && static_cast<size_t>(label) < labels.size() ? labels[static_cast<size_t>(label)] : "uncertain";
  }
  static bool Classifies() { return !Judge::impulse().labels.empty(); }

  void Introduce() const {
    const runtime::Impulse& impulse = Judge::impulse();
    Line line;
    line << "Thimble impulse '" << impulse.name << "': windows of " << impulse.window.readings << " readings of "
         << impulse.window.axes << " axes at ";
    line.Fixed(impulse.window.rate_hz, 2) << " Hz, one every " << impulse.stride_readings << " readings\r\n";
    Say(line);
    Line rate;
    rate << "the sensor makes " << uint32_t{rate_->hz} << " readings a second";
    rate << (resampler_.passes() ? ", as the impulse wants them\r\n" : "; they are resampled along straight lines\r\n");
    Say(rate);
    if (!ok(status_)) {
      Line failure;
      failure << "the model cannot be loaded: status " << int32_t{static_cast<uint8_t>(status_)} << ", reason "
              << int32_t{static_cast<uint8_t>(judge_.fault().reason)} << ", operator " << judge_.fault().operator_index
              << "\r\n";
      Say(failure);
    }
    Say(kHelp);
  }

  // The sensor.

  void StartSensor() {
    Works(queue_.Start(*rate_));
    Forget();
  }

  /// Windows begin anew.
  void Forget() {
    judge_.BeginRecording();
    resampler_.Forget();
    smoother_.Forget();
  }

  bool Works(Status status) {
    works_ = ok(status);
    if (works_) return true;
    retry_us_ = NowUs() + kRetryUs;
    Say(status == Status::kNotFound ? "the motion sensor does not answer\r\n" : "the I2C bus does not move\r\n");
    return false;
  }

  void TakeReadings() {
    Lsm6dsl::Sample samples[kReadingsAtOnce];
    size_t count = 0;
    uint32_t lost = 0;
    if (!Works(queue_.Read(samples, count, lost))) return;
    if (lost > 0) {
      az3166::kWifiLed.Set(true);
      Line line;
      line << "lost " << lost << " readings; windows begin anew\r\n";
      Say(line);
      Forget();
    }
    for (size_t i = 0; i < count; ++i) Take(samples[i]);
  }

  void Take(const Lsm6dsl::Sample& sample) {
    const auto& acceleration = sample.acceleration;
    for (size_t axis = 0; axis < 3; ++axis) traces_[axis].Add(acceleration[axis]);
    if (!running_) return;
    int16_t channels[6];
    for (size_t axis = 0; axis < 3; ++axis) {
      channels[axis] = acceleration[axis];
      channels[axis + 3] = sample.turn_rate[axis];
    }
    if (tracing_) {
      Line line;
      line << "r ";
      for (const int16_t channel : channels) line.Hex(static_cast<uint16_t>(channel), 4);
      line << "\r\n";
      Say(line);
    }
    std::array<float, Resampler::kMostAxes> reading;
    for (size_t i = 0; i < kLinkedSensorAxes.size(); ++i) {
      const runtime::SensorAxis& axis = kLinkedSensorAxes[i];
      reading[i] = static_cast<float>(channels[axis.channel]) * axis.scale;
    }
    resampler_.Push(std::span<const float>(reading).first(kLinkedSensorAxes.size()), [this](auto values) {
      if (judge_.Push(std::as_bytes(values).data())) Decide();
    });
  }

  void Decide() {
    const Judgement judgement = judge_.Run();
    ++windows_;
    dsp_cycles_ = judgement.dsp_ticks;
    network_cycles_ = judgement.network_ticks;
    most_cycles_ = most_cycles_ > dsp_cycles_ + network_cycles_ ? most_cycles_ : dsp_cycles_ + network_cycles_;
    std::array<float, Smoother::kMostLabels> scores{};
    const size_t count = Scores(scores);
    Line line;
    if (Classifies()) {
      answer_ = smoother_.Push(std::span<const float>(scores).first(count));
      line << LabelOf(answer_.label) << ' ';
      line.Fixed(answer_.confidence, 2) << " |";
      for (size_t i = 0; i < count; ++i) {
        line << ' ' << LabelOf(static_cast<int>(i)) << ' ';
        line.Fixed(scores[i], 2);
      }
    } else {
      value_ = judgement.verdict.score;
      line.Fixed(value_, 4);
    }
    line << " | dsp " << dsp_cycles_ << ", network " << network_cycles_ << " cycles\r\n";
    Say(line);
    if (tracing_) {
      Line bits;
      bits << "v " << judgement.window << ' ';
      bits.Hex(judgement.features_hash, 16) << ' ';
      bits.Hex(judgement.verdict.raw_scores) << "\r\n";
      Say(bits);
    }
    Light();
  }

  size_t Scores(std::array<float, Smoother::kMostLabels>& scores) const {
    const kernels::Tensor output = judge_.session().network().output(0);
    const auto all = static_cast<size_t>(output.shape.Count());
    const size_t count = all < scores.size() ? all : scores.size();
    for (size_t i = 0; i < count; ++i) {
      scores[i] = output.type == kernels::Type::kFloat32
                      ? output.As<float>()[i]
                      : static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale();
    }
    return count;
  }

  // What people type.

  void Listen() {
    std::byte byte{};
    while (serial.Read(byte)) {
      const char letter = static_cast<char>(byte);
      if (letter != '\r' && letter != '\n') {
        typed_ << letter;
        continue;
      }
      if (!typed_.view().empty()) Obey(typed_.view());
      typed_.Clear();
    }
  }

  static std::string_view NextWord(std::string_view& rest) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    size_t length = 0;
    while (length < rest.size() && rest[length] != ' ') ++length;
    const std::string_view word = rest.substr(0, length);
    rest.remove_prefix(length);
    return word;
  }

  /// "0.85", ".5", "1": up to six digits behind the point. False for anything else.
  static bool Number(std::string_view word, float& number) {
    uint32_t digits = 0, unit = 1;
    bool point = false, any = false;
    for (const char letter : word) {
      if (letter == '.' && !point) {
        point = true;
      } else if (letter >= '0' && letter <= '9' && digits < 10'000'000 && unit < 1'000'000) {
        digits = 10 * digits + static_cast<uint32_t>(letter - '0');
        if (point) unit *= 10;
        any = true;
      } else {
        return false;
      }
    }
    number = static_cast<float>(digits) / static_cast<float>(unit);
    return any;
  }

  void Obey(std::string_view rest) {
    const std::string_view word = NextWord(rest), first = NextWord(rest), second = NextWord(rest);
    float number = 0;
    if (word == "run") {
      Forget();
      running_ = true;
      Say("running\r\n");
    } else if (word == "stop") {
      running_ = false;
      az3166::SetColour(0, 0, 0);
      Say("stopped\r\n");
    } else if (word == "threshold" && Number(first, number) && number <= 1) {
      smoother_.SetThreshold(number);
      Line line;
      line << "threshold ";
      line.Fixed(number, 2) << "\r\n";
      Say(line);
    } else if (word == "smooth" && (first == "mean" || first == "majority") && Number(second, number) && number >= 1 &&
               number <= Smoother::kMostWindows) {
      smoother_.SetUp(first == "mean" ? Smoothing::kMean : Smoothing::kMajority, static_cast<size_t>(number));
      SaySmoothing();
    } else if (word == "prove") {
      Prove();
    } else if (word == "status") {
      SayStatus();
    } else if (word == "trace" && first == "on" && rate_->hz > kFastestTraceHz) {
      Say("the line is too slow for a trace of so many readings\r\n");
    } else if (word == "trace" && (first == "on" || first == "off")) {
      // From the first reading of a window on, so that whoever reads the trace can judge the same windows.
      tracing_ = first == "on";
      Say(tracing_ ? "tracing\r\n" : "not tracing\r\n");
      if (tracing_) Forget();
    } else {
      Say(kHelp);
    }
  }

  void SaySmoothing() const {
    Line line;
    line << "smoothing: " << (smoother_.smoothing() == Smoothing::kMean ? "mean" : "majority") << " of "
         << static_cast<uint32_t>(smoother_.windows()) << " windows\r\n";
    Say(line);
  }

  /// Windows with known answers, layer by layer.
  void Prove() {
    if (!ok(status_)) return Say("NOT proved: the model in this image cannot be loaded\r\n");
    bool identical = true;
    int index = 0;
    for (const runtime::Golden& golden : kLinkedGoldens) {
      const runtime::GoldenResult result = runtime::RunGolden(judge_.session(), Judge::impulse().window.axes, golden,
                                                              [this](int, uint64_t) { serial.Pump(); });
      identical = identical && result.identical();
      Line line;
      line << "golden " << index++ << ": features " << (result.features ? "identical" : "DIFFERENT") << ", ";
      if (result.first_different < 0) {
        line << result.layers << " layers identical";
      } else {
        line << "layer " << result.first_different << " DIFFERENT";
      }
      line << ", scores " << (result.scores ? "identical" : "DIFFERENT") << "\r\n";
      Say(line);
    }
    Say(identical ? "proved: every bit is the laptop's\r\n" : "NOT proved: this board computes something else\r\n");
    az3166::kAzureLed.Set(identical);
    Forget();
  }

  void SayStatus() const {
    Line line;
    line << (running_ ? "running" : "stopped") << ", " << windows_ << " windows, " << queue_.count() << " readings, "
         << queue_.lost() << " lost\r\nthreshold ";
    line.Fixed(smoother_.threshold(), 2) << "\r\n";
    Say(line);
    SaySmoothing();
    Line cycles;
    cycles << "dsp " << dsp_cycles_ << ", network " << network_cycles_ << " cycles; the most together " << most_cycles_
           << "\r\n";
    Say(cycles);
    const Memory ram = ThisBoard().ram;
    Line memory;
    memory << "arena " << static_cast<uint32_t>(judge_.session().arena_bytes()) << " bytes, stack "
           << static_cast<uint32_t>(UsedStackBytes()) << " of " << static_cast<uint32_t>(StackBytes())
           << " bytes, all of the RAM " << ram.bytes - static_cast<uint32_t>(FreeMemory().size()) << " of " << ram.bytes
           << " bytes\r\n";
    Say(memory);
  }

  // What people see.

  void Light() const {
    const int label = answer_.label;
    if (!Classifies() || label < 0) return az3166::SetColour(8, 8, 8);
    const auto& hue = kHues[static_cast<size_t>(label) % std::size(kHues)];
    const auto part = static_cast<uint32_t>(answer_.confidence * 255);
    const auto channel = [&](size_t i) { return static_cast<uint8_t>(hue[i] * (part > 255 ? 255 : part) / 255); };
    az3166::SetColour(channel(0), channel(1), channel(2));
  }

  void Draw() {
    const uint64_t now_us = NowUs();
    if (now_us >= column_us_) {
      column_us_ = now_us + kColumnUs;
      for (Trace& trace : traces_) trace.EndColumn();
      az3166::kUserLed.Set(running_ && works_);
    }
    if (!has_display_) return;
    bool all = false;
    if (!ok(display_.ShowSome(all))) has_display_ = false;
    if (all) Compose();
  }

  void Centred(int y, std::string_view text, int scale) {
    const int width = static_cast<int>(text.size()) * Ssd1306::kCellWidth * scale - scale;
    display_.Text(width < Ssd1306::kWidth ? (Ssd1306::kWidth - width) / 2 : 0, y, text, scale);
  }

  void Right(int y, std::string_view text) {
    display_.Text(Ssd1306::kWidth + 1 - static_cast<int>(text.size()) * Ssd1306::kCellWidth, y, text);
  }

  void Compose() {
    display_.Clear();
    constexpr int kBarTop = 21, kBarHeight = 7, kTraceTop = 31, kTraceHeight = 24;
    if (!ok(status_) || !works_) {
      Centred(14, "Thimble", 2);
      Centred(40, ok(status_) ? "no motion sensor" : "no model", 1);
      return;
    }
    if (!running_) {
      Centred(0, "stopped", 2);
    } else if (windows_ == 0) {
      Centred(0, "listen", 2);
    } else if (Classifies()) {
      const std::string_view label = LabelOf(answer_.label);
      Centred(label.size() > 10 ? 5 : 0, label, label.size() > 10 ? 1 : 2);
    } else {
      Text<24> value;
      value.Fixed(value_, 3);
      Centred(0, value.view(), 2);
    }
    if (Classifies()) {
      // How sure, and from where on that is enough.
      display_.Rectangle(0, kBarTop, Ssd1306::kWidth, kBarHeight, false);
      const float confidence = running_ ? answer_.confidence : 0;
      const int width = static_cast<int>(confidence * (Ssd1306::kWidth - 4) + 0.5F);
      display_.Rectangle(2, kBarTop + 2, width, kBarHeight - 4, true);
      const int mark = 2 + static_cast<int>(smoother_.threshold() * (Ssd1306::kWidth - 5));
      display_.Line(mark, kBarTop - 2, mark, kBarTop + kBarHeight + 1);
    }
    for (const Trace& trace : traces_) {
      trace.Draw(display_, 0, kTraceTop, Ssd1306::kWidth, kTraceHeight, 32767);
    }
    Text<24> left, right;
    left << uint32_t{rate_->hz} << " Hz";
    display_.Text(0, 57, left.view());
    right.Fixed(static_cast<float>(dsp_cycles_ + network_cycles_) / static_cast<float>(ThisBoard().clock_hz) * 1000, 1)
        << " ms";
    Right(57, right.view());
    if (queue_.lost() > 0) Centred(57, "lost", 1);
  }

  Ssd1306 display_;
  Lsm6dsl sensor_;
  az3166::QueueReader queue_;
  Judge judge_;
  Resampler resampler_;
  Smoother smoother_;
  std::array<Trace, 3> traces_;
  const az3166::SensorRate* rate_ = nullptr;
  Text<80> typed_;
  Smoothed answer_;
  Status status_ = Status::kNotYet;
  float value_ = 0;
  bool has_display_ = false, works_ = false, running_ = true, tracing_ = false;
  uint32_t windows_ = 0, dsp_cycles_ = 0, network_cycles_ = 0, most_cycles_ = 0;
  uint64_t column_us_ = 0, retry_us_ = 0;
};

}  // namespace

void Main() {
  PaintStack();
  az3166::SetUpKit();
  static Continuous program;
  program.Run();
}
