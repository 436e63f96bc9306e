// The sensor dump: the motion sensor's readings over the serial line.
//
// It begins as the kit's original firmware: a line [ax,ay,az,gx,gy,gz] in mg and mdps, about 150 a second. The
// character
// '?' or the message Stream (wire/message.h) turns that into frames: every reading that the sensor makes, at its own
// exact rate, with the board's time. The message Lines, or button A, goes back.
#include "firmware/board.h"
#include "firmware/boards/az3166/kit.h"
#include "firmware/boards/az3166/queue_reader.h"
#include "firmware/drivers/lsm6dsl.h"
#include "firmware/drivers/ssd1306.h"
#include "firmware/text.h"
#include "firmware/trace.h"
#include "wire/message.h"

using namespace thimble;
using namespace thimble::firmware;

namespace {

using az3166::kSensorRates;
using az3166::NowUs;
using Sample = Lsm6dsl::Sample;

constexpr uint64_t kLinesPerSecond = 150, kUsPerSecond = 1'000'000;
// The sensor is faster than the lines, so that no line says again what the last one said.
constexpr az3166::SensorRate kLineRate = {416, Lsm6dsl::Rate::k416Hz};
constexpr uint16_t kUsualHz = 104, kSlowestHz = 104;
constexpr size_t kAxes = 6, kReadingBytes = kAxes * sizeof(int16_t);
// A frame is some 13 Hz to 26 Hz: quick to see, and a tenth more than its readings.
constexpr size_t kMostReadings = 16;
constexpr uint64_t kLevelUs = 1000, kColumnUs = 20'000, kPictureUs = 100'000, kButtonUs = 50'000, kRetryUs = 1'000'000;
constexpr float kScales[kAxes] = {Lsm6dsl::kMilligPerCount,
                                  Lsm6dsl::kMilligPerCount,
                                  Lsm6dsl::kMilligPerCount,
                                  Lsm6dsl::kMilliDegreesPerSecondPerCount,
                                  Lsm6dsl::kMilliDegreesPerSecondPerCount,
                                  Lsm6dsl::kMilliDegreesPerSecondPerCount};

/// Counts of 0.061 mg in whole mg, towards zero as the original has it.
int32_t Milli(int16_t counts) { return int32_t{counts} * 61 / 1000; }

using az3166::serial;
constinit std::byte incoming[wire::BodyBytes(64)] = {};
constinit std::byte outgoing[wire::FrameBytes(256)] = {};

class SensorDump {
 public:
  SensorDump() : display_(az3166::Bus()), sensor_(az3166::Bus()), queue_(sensor_), decoder_(incoming) {}

  [[noreturn]] void Run() {
    has_display_ = ok(display_.SetUp());
    Say("Thimble sensor dump: [ax,ay,az,gx,gy,gz] in mg and mdps; send ? for frames\r\n");
    StartLines();
    while (true) {
      serial.Pump();
      Listen();
      LookAtButton();
      if (!works_) {
        Retry();
      } else if (framed_) {
        TakeFromQueue();
      } else {
        TakeLine();
      }
      Draw();
      az3166::Nap();
    }
  }

 private:
  static void Say(std::string_view text) { serial.Write(std::as_bytes(std::span(text))); }

  template <typename Message>
  static void Send(const Message& message) {
    serial.Write(wire::Encode(message, outgoing));
  }

  // What the host says.

  void Listen() {
    std::byte byte{};
    while (serial.Read(byte)) {
      if (!in_frame_ && byte == std::byte{'?'}) {
        StartFrames(rate_hz_);
      } else if (in_frame_ || byte == std::byte{0}) {
        const Result<wire::Frame> frame = decoder_.Process(byte);
        // A zero that ends nothing begins something.
        if (byte == std::byte{0}) in_frame_ = frame.status() == Status::kNotYet;
        if (frame.ok()) {
          Answer(*frame);
        } else if (frame.status() != Status::kNotYet && framed_) {
          Send(wire::Failure{.status = static_cast<uint8_t>(frame.status())});
        }
      }
    }
  }

  void Answer(const wire::Frame& frame) {
    if (wire::Decode<wire::Hello>(frame).ok()) {
      Introduce();
    } else if (const auto stream = wire::Decode<wire::Stream>(frame); stream.ok()) {
      const uint16_t hz = stream->rate_hz == 0 ? rate_hz_ : stream->rate_hz;
      if (RateOf(hz) == nullptr) return Send(wire::Failure{.status = static_cast<uint8_t>(Status::kInvalidArgument)});
      StartFrames(hz);
    } else if (wire::Decode<wire::Lines>(frame).ok()) {
      SendReadings();
      Send(wire::Taken{.count = queue_.count() - queue_.lost()});
      StartLines();
    } else {
      Send(wire::Failure{.status = static_cast<uint8_t>(Status::kUnsupported)});
    }
  }

  static const az3166::SensorRate* RateOf(uint16_t hz) {
    for (const az3166::SensorRate& rate : kSensorRates) {
      if (rate.hz == hz && hz >= kSlowestHz) return &rate;
    }
    return nullptr;
  }

  void Introduce() const {
    const std::array<char, 24> device = az3166::DeviceId();
    Send(wire::Sensor{.board = ThisBoard().name,
                      .device = {device.data(), device.size()},
                      .axes = "accX,accY,accZ,gyrX,gyrY,gyrZ",
                      .units = "mg,mg,mg,mdps,mdps,mdps",
                      .rate_hz = static_cast<float>(rate_hz_),
                      .rates = "104,208,416",
                      .scales = std::as_bytes(std::span(kScales))});
  }

  // Button A changes between lines and frames.
  void LookAtButton() {
    const bool pressed = az3166::IsPressed(az3166::kButtonA);
    if (pressed == pressed_ || NowUs() - pressed_us_ < kButtonUs) return;
    pressed_ = pressed;
    pressed_us_ = NowUs();
    if (!pressed) return;
    if (framed_) {
      StartLines();
    } else {
      StartFrames(rate_hz_);
    }
  }

  // Lines.

  void StartLines() {
    framed_ = false;
    in_frame_ = false;
    works_ = Works(queue_.Start(kLineRate));
    has_newest_ = false;
    lines_ = 0;
    started_us_ = NowUs();
    az3166::kAzureLed.Set(false);
  }

  void TakeLine() {
    // By way of the queue: its readings are whole, while a reading of the output registers that meets an update gives
    // some axes before it and some behind it.
    Sample samples[kMostReadings];
    size_t count = 0;
    uint32_t lost = 0;
    if (!Works(queue_.Read(samples, count, lost))) return;
    for (size_t i = 0; i < count; ++i) Picture(samples[i]);
    if (count > 0) {
      newest_ = samples[count - 1];
      has_newest_ = true;
    }
    const uint64_t now_us = NowUs();
    if (!has_newest_ || now_us < started_us_ + lines_ * kUsPerSecond / kLinesPerSecond) return;
    const Sample& sample = newest_;
    has_newest_ = false;
    Text<80> line;
    line << '[' << Milli(sample.acceleration[0]) << ',' << Milli(sample.acceleration[1]) << ','
         << Milli(sample.acceleration[2]);
    for (const int16_t rate : sample.turn_rate) line << ',' << int32_t{rate} * 70;
    line << "]\r\n";
    serial.Write(line.bytes());
    ++lines_;
    // After a pause (a sensor that was away) the clock goes on from here instead of catching up.
    if (now_us > started_us_ + (lines_ + kLinesPerSecond / 10) * kUsPerSecond / kLinesPerSecond) {
      started_us_ = now_us - lines_ * kUsPerSecond / kLinesPerSecond;
    }
  }

  // Frames.

  void StartFrames(uint16_t hz) {
    framed_ = true;
    rate_hz_ = hz;
    waiting_ = 0;
    frames_ = 0;
    Introduce();
    works_ = Works(queue_.Start(*RateOf(hz)));
    asked_us_ = NowUs();
    az3166::kAzureLed.Set(true);
    az3166::kWifiLed.Set(false);
  }

  void TakeFromQueue() {
    if (NowUs() - asked_us_ < kLevelUs) return;
    asked_us_ = NowUs();
    Sample samples[kMostReadings];
    size_t count = 0;
    uint32_t lost = 0;
    const auto room = std::span(samples).first(Batch() - waiting_);
    if (!Works(queue_.Read(room, count, lost))) return;
    if (lost > 0) {
      az3166::kWifiLed.Set(true);
      SendReadings(static_cast<uint32_t>(count), lost);  // no frame holds a gap
    }
    for (size_t i = 0; i < count; ++i) {
      int16_t* values = values_ + waiting_++ * kAxes;
      for (size_t axis = 0; axis < 3; ++axis) {
        values[axis] = samples[i].acceleration[axis];
        values[axis + 3] = samples[i].turn_rate[axis];
      }
      Picture(samples[i]);
    }
    if (count > 0) {
      last_us_ = queue_.seen_us();
      last_age_us_ = queue_.age_us();
    }
    if (waiting_ == Batch()) SendReadings();
  }

  size_t Batch() const { return rate_hz_ <= 104 ? kMostReadings / 2 : kMostReadings; }

  /// Those that wait; the queue counts `newer` readings behind them already, and `newly_lost` before those.
  void SendReadings(uint32_t newer = 0, uint32_t newly_lost = 0) {
    if (waiting_ == 0) return;
    const uint32_t after = queue_.count() - newer - newly_lost;
    Send(wire::Readings{.frame = frames_++,
                        .first = after - static_cast<uint32_t>(waiting_),
                        .lost = queue_.lost() - newly_lost,
                        .time_us = last_us_,
                        .age_us = last_age_us_,
                        .samples = std::as_bytes(std::span(values_)).first(waiting_ * kReadingBytes)});
    waiting_ = 0;
  }

  // A sensor that does not answer.

  bool Works(Status status) {
    if (ok(status)) return true;
    works_ = false;
    retry_us_ = NowUs() + kRetryUs;
    az3166::SetColour(64, 0, 0);
    if (!framed_) {
      Say(status == Status::kNotFound ? "the motion sensor does not answer\r\n" : "the I2C bus does not move\r\n");
    } else {
      Send(wire::Failure{.status = static_cast<uint8_t>(status)});
    }
    return false;
  }

  void Retry() {
    if (NowUs() < retry_us_) return;
    if (framed_) {
      StartFrames(rate_hz_);
    } else {
      StartLines();
    }
  }

  // For people.

  void Picture(const Sample& sample) {
    for (size_t axis = 0; axis < 3; ++axis) {
      traces_[axis].Add(sample.acceleration[axis]);
      latest_[axis] = sample.acceleration[axis];
    }
  }

  void Draw() {
    const uint64_t now_us = NowUs();
    if (now_us >= column_us_) {
      column_us_ += kColumnUs;
      if (now_us > column_us_ + 10 * kColumnUs) column_us_ = now_us;
      for (Trace& trace : traces_) trace.EndColumn();
      if (works_) {
        az3166::SetColour(Light(latest_[0]), Light(latest_[1]), Light(latest_[2]));
        az3166::kUserLed.Set(now_us % kUsPerSecond < kUsPerSecond / 10);
      }
    }
    if (!has_display_) return;
    // A piece takes a millisecond: only when no reading is due before it is through.
    if (works_ && !framed_ && NowUs() + 1500 > started_us_ + lines_ * kUsPerSecond / kLinesPerSecond) return;
    if (all_shown_) {
      if (now_us < picture_us_) return;
      picture_us_ = now_us + kPictureUs;
      Compose();
    }
    if (!ok(display_.ShowSome(all_shown_))) has_display_ = false;
  }

  /// How far that axis is from level, as light.
  static uint8_t Light(int16_t counts) {
    const int32_t size = counts < 0 ? -int32_t{counts} : int32_t{counts};
    return static_cast<uint8_t>(size > 32000 ? 125 : size / 256);
  }

  void Compose() {
    display_.Clear();
    display_.Text(0, 0, framed_ ? "FRAMES" : "LINES");
    Text<24> rate;
    rate << (framed_ ? uint32_t{rate_hz_} : static_cast<uint32_t>(kLinesPerSecond)) << " Hz";
    display_.Text(Ssd1306::kWidth + 1 - static_cast<int>(rate.view().size()) * Ssd1306::kCellWidth, 0, rate.view());
    for (int x = 0; x < Ssd1306::kWidth; x += 2) display_.Set(x, 9);
    constexpr int kTop = 12, kBand = 14, kLeft = 10;
    if (works_) {
      for (int axis = 0; axis < 3; ++axis) {
        const int top = kTop + axis * (kBand + 1);
        const char name = static_cast<char>('X' + axis);
        display_.Text(0, top + 3, {&name, 1});
        for (int x = kLeft; x < Ssd1306::kWidth; x += 6) display_.Set(x, top + kBand / 2);
        traces_[static_cast<size_t>(axis)].Draw(display_, kLeft, top, Ssd1306::kWidth - kLeft, kBand, 32767);
      }
    } else {
      display_.Text(10, 26, "no sensor", 2);
    }
    Text<32> count;
    count << (framed_ ? uint64_t{queue_.count()} : lines_);
    display_.Text(0, 57, count.view());
    Text<24> lost;
    if (framed_) lost << "lost " << queue_.lost();
    if (!framed_) lost << "mg, mdps";
    display_.Text(Ssd1306::kWidth + 1 - static_cast<int>(lost.view().size()) * Ssd1306::kCellWidth, 57, lost.view());
  }

  Ssd1306 display_;
  Lsm6dsl sensor_;
  az3166::QueueReader queue_;
  wire::Decoder decoder_;
  bool all_shown_ = true, has_display_ = false, has_newest_ = false, works_ = false, framed_ = false, in_frame_ = false,
       pressed_ = false;
  uint16_t rate_hz_ = kUsualHz;
  uint64_t lines_ = 0, started_us_ = 0, asked_us_ = 0, column_us_ = 0, picture_us_ = 0, pressed_us_ = 0, retry_us_ = 0,
           last_us_ = 0;
  uint32_t frames_ = 0, last_age_us_ = 0;
  size_t waiting_ = 0;
  int16_t values_[kMostReadings * kAxes] = {};
  std::array<int16_t, 3> latest_{};
  Sample newest_{};  // that no line has said, if has_newest_
  std::array<Trace, 3> traces_;
};

}  // namespace

void Main() {
  az3166::SetUpKit();
  static SensorDump program;
  program.Run();
}
