#include "bridge/line/line_source.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "bridge/line/impulse_reader.h"
#include "bridge/line/line_reader.h"
#include "bridge/line/sample_clock.h"
#include "bridge/line/serial_port.h"
#include "bridge/line/virtual_line.h"
#include "wire/message.h"

namespace thimble::bridge {
namespace {

// The usual one of microcontrollers first, then by how often one meets them.
constexpr int kBauds[] = {115200, 9600,   57600,   230400, 38400, 19200, 460800,
                          921600, 250000, 1000000, 500000, 74880, 4800,  2000000};
constexpr int kReadMs = 50;
constexpr double kAskAgainS = 1.5;
// At a wrong baud rate bytes come as well, but what they say is noise.
constexpr double kJudgeAfterS = 0.5, kTextAfterS = 3;
constexpr uint64_t kFewestBytes = 24;
constexpr double kMostStrange = 0.15;
constexpr double kAnswerS = 0.6, kSettleS = 0.3, kTraceS = 2;
constexpr size_t kRowsForGravity = 8;
constexpr size_t kMostAxes = 256;
constexpr double kLongTimeS = 3600;

const char* const kSixNames[] = {"accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"};

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = text.find(',');
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

class LineSource final : public SampleSource {
 public:
  LineSource(std::unique_ptr<ByteLine> line, const LineOptions& options) : line_(std::move(line)), options_(options) {}
  ~LineSource() override {
    if (away_) return;
    if (framed_) (void)Send(wire::Lines{});  // whoever comes next may not know frames
    if (traced_) (void)Write(ImpulseReader::kNoTrace);
  }
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  Outcome Find();

  Expected<size_t> Read(std::vector<float>& into, int timeout_ms) override;
  std::span<const RowTime> times() const override { return times_; }
  std::span<const DeviceVerdict> verdicts() const override { return verdicts_; }
  Outcome Restart() override;
  void KeepRealTime(bool real) override { line_->KeepRealTime(real); }
  const StreamInfo& info() const override { return info_; }
  std::string Describe() const override {
    return line_->Describe() + (line_->HasBaud() ? ", " + std::to_string(info_.baud) + " baud" : "") + ", " +
           info_.format;
  }

 private:
  enum class Found { kReadings, kImpulse, kSilence, kNoise, kText };

  void Say(const std::string& text) const {
    if (options_.say) options_.say(text);
  }
  Outcome CheckCancelled() const {
    if (options_.cancelled != nullptr && *options_.cancelled) return Error{Status::kCancelled, "stopped"};
    return Nothing{};
  }
  template <typename Message>
  Outcome Send(const Message& message) {
    std::array<std::byte, wire::FrameBytes(64)> buffer;
    return line_->Write(wire::Encode(message, buffer));
  }

  Outcome Write(std::string_view text) { return line_->Write(std::as_bytes(std::span(text))); }

  Expected<Found> TryBaud(int baud, double until_s);
  Outcome AskForFrames(double seconds);
  Outcome AskForTrace();
  Outcome NameAxes();
  Outcome Override();
  void Forget();

  void Take(std::span<const std::byte> bytes);
  void TakeFrame(const wire::Frame& frame);
  void TakeSensor(const wire::Sensor& sensor);
  void TakeReadings(const wire::Readings& readings);
  void TakeRows(double now_s);
  void TakeImpulse(std::string_view bytes);
  void Append(std::span<const float> values, RowTime time);
  Outcome Return(double until_s);
  void Count();

  std::unique_ptr<ByteLine> line_;
  LineOptions options_;
  StreamInfo info_;
  LineReader reader_;
  std::vector<LineReader::Row> line_rows_;
  std::vector<float> first_rows_;  // while finding

  std::array<std::byte, wire::BodyBytes(wire::kMaxPayloadBytes)> body_;
  wire::Decoder decoder_{body_};
  bool framed_ = false;
  bool sensor_known_ = false;
  bool rate_pending_ = false;
  double last_frame_s_ = 0;
  std::vector<float> scales_;
  std::optional<uint32_t> next_reading_;
  bool first_frame_ = true;
  uint64_t damaged_frames_ = 0;

  ImpulseReader impulse_;  // a board that judges by itself
  std::vector<ImpulseReader::Item> items_;
  bool traced_ = false;

  std::vector<float> values_;  // rows that nobody has read yet, and when they were taken
  std::vector<RowTime> rows_;
  std::vector<RowTime> times_;
  std::vector<DeviceVerdict> new_verdicts_, verdicts_;
  SampleClock clock_;
  uint64_t lost_before_clock_ = 0;

  // The board's own time, moved so that it goes on after the board began anew.
  double board_offset_s_ = 0;
  std::optional<double> last_board_s_;
  double last_arrival_s_ = 0;
  double now_s_ = 0;

  bool away_ = false;
  double away_since_s_ = 0;
  uint64_t text_bytes_ = 0;
};

Expected<LineSource::Found> LineSource::TryBaud(int baud, double until_s) {
  THIMBLE_EXPECT(line_->SetBaud(baud));
  info_.baud = line_->HasBaud() ? baud : 0;
  line_->Drain();
  reader_ = {};
  impulse_ = {};
  decoder_ = wire::Decoder(body_);
  const double began_s = line_->Seconds();
  double first_byte_s = 0;
  bool asked = false;
  std::array<std::byte, 4096> buffer;
  while (true) {
    THIMBLE_ASSIGN(const size_t count, line_->Read(buffer, kReadMs));
    now_s_ = line_->Seconds();
    if (count > 0 && first_byte_s == 0) first_byte_s = now_s_;
    Take(std::span(buffer).first(count));
    if (framed_ || reader_.known()) return Found::kReadings;
    if (impulse_.known()) return Found::kImpulse;
    const double listened_s = first_byte_s > 0 ? now_s_ - first_byte_s : 0;
    const uint64_t bytes = reader_.bytes();
    // A bad sign is told apart from frames by their CRC: one of them comes in half a second.
    if (listened_s > kJudgeAfterS && bytes >= kFewestBytes &&
        static_cast<double>(reader_.strange_bytes()) > kMostStrange * static_cast<double>(bytes)) {
      return Found::kNoise;
    }
    if (listened_s > kTextAfterS && reader_.good_lines() == 0 && bytes >= kFewestBytes) return Found::kText;
    if (bytes == 0 && options_.framed && !asked && now_s_ - began_s > kAskAgainS) {
      asked = true;
      THIMBLE_EXPECT(line_->Write(std::as_bytes(std::span("?", 1))));
    }
    if (now_s_ > until_s) return bytes == 0 ? Found::kSilence : Found::kText;
  }
}

Outcome LineSource::Find() {
  std::vector<int> bauds(std::begin(kBauds), std::end(kBauds));
  if (options_.baud > 0) bauds = {options_.baud};
  if (!line_->HasBaud()) bauds.resize(1);
  const double until_s = line_->Seconds() + options_.find_timeout_ms * 1e-3;
  bool silent = true;
  int text_baud = 0;
  std::string text;
  std::optional<Error> baud_refused;
  bool found = false;
  for (size_t i = 0; !found; i = (i + 1) % bauds.size()) {
    if (i > 0) Say("trying " + std::to_string(bauds[i]) + " baud");
    const Expected<Found> tried = TryBaud(bauds[i], until_s);
    if (!tried) {
      // One rate that this port cannot make is no reason to give up on the others.
      if (tried.error().status != Status::kInvalidArgument || bauds.size() == 1) return tried.error();
      continue;
    }
    silent = silent && *tried == Found::kSilence;
    if (*tried == Found::kText) {
      text_baud = bauds[i];
      text = reader_.first_text();
    }
    traced_ = *tried == Found::kImpulse;
    found = *tried == Found::kReadings || traced_;
    if (!found && line_->Seconds() > until_s) break;
  }
  if (!found) {
    const std::string where = line_->Describe() + ": ";
    const std::string seconds = std::to_string((options_.find_timeout_ms + 500) / 1000) + " s";
    if (silent) {
      return Error{Status::kDeviceFailed, where + "nothing arrives in " + seconds +
                                              "; is there a program on the board that prints readings, and does the "
                                              "cable carry data?"};
    }
    if (!text.empty()) {
      return Error{Status::kDeviceFailed, where + "what arrives at " + std::to_string(text_baud) +
                                              " baud is text, but not lines of numbers such as [67,-24,1031] or "
                                              "67,-24,1031; it begins with: " +
                                              text};
    }
    return Error{Status::kDeviceFailed,
                 where + "what arrives reads as numbers at " +
                     (options_.baud > 0 ? std::to_string(options_.baud) + " baud no better than noise"
                                        : "none of the usual baud rates") +
                     "; give the board's with --baud"};
  }
  if (traced_) {
    THIMBLE_EXPECT(AskForTrace());
  } else if (!framed_) {
    info_.format = reader_.shape().json ? "json lines" : "csv lines";
    if (options_.framed) THIMBLE_EXPECT(AskForFrames(kAnswerS));
  } else if (!sensor_known_) {
    THIMBLE_EXPECT(AskForFrames(2));
    if (!sensor_known_) {
      return Error{Status::kDeviceFailed, line_->Describe() +
                                              ": the board sends frames but does not say what is in them; press its "
                                              "reset button"};
    }
  }
  if (framed_) {
    // A sensor that was just switched on, or to another rate, gives readings of a filter that still settles.
    std::array<std::byte, 4096> buffer;
    for (const double settled_s = line_->Seconds() + kSettleS; line_->Seconds() < settled_s;) {
      THIMBLE_ASSIGN(const size_t count, line_->Read(buffer, kReadMs));
      now_s_ = line_->Seconds();
      Take(std::span(buffer).first(count));
    }
  } else if (!traced_) {
    THIMBLE_EXPECT(NameAxes());
  }
  THIMBLE_EXPECT(Override());
  Forget();
  return Nothing{};
}

/// "?", and whatever comes in that time. The line's readings go on meanwhile.
Outcome LineSource::AskForFrames(double seconds) {
  THIMBLE_EXPECT(line_->Write(std::as_bytes(std::span("?", 1))));
  std::array<std::byte, 4096> buffer;
  const double until_s = line_->Seconds() + seconds;
  while (line_->Seconds() < until_s && (!sensor_known_ || rate_pending_)) {
    THIMBLE_ASSIGN(const size_t count, line_->Read(buffer, kReadMs));
    now_s_ = line_->Seconds();
    Take(std::span(buffer).first(count));
  }
  return Nothing{};
}

/// A board that judges by itself says its readings only when it is asked to.
Outcome LineSource::AskForTrace() {
  info_.format = "impulse";
  info_.axes.assign(std::begin(ImpulseReader::kAxes), std::end(ImpulseReader::kAxes));
  info_.units.assign(std::begin(ImpulseReader::kUnits), std::end(ImpulseReader::kUnits));
  THIMBLE_EXPECT(Write(ImpulseReader::kTrace));
  std::array<std::byte, 4096> buffer;
  const double until_s = line_->Seconds() + kTraceS;
  while (rows_.empty() && !impulse_.too_fast() && line_->Seconds() < until_s) {
    THIMBLE_ASSIGN(const size_t count, line_->Read(buffer, kReadMs));
    now_s_ = line_->Seconds();
    Take(std::span(buffer).first(count));
  }
  if (!rows_.empty()) return Nothing{};
  return Error{Status::kDeviceFailed,
               line_->Describe() + ": the board runs an impulse and says only what that thinks" +
                   (impulse_.too_fast() ? "; its sensor is too fast for the line to carry the readings as well"
                                        : ", but no readings when it is asked for them by 'trace on'")};
}

/// Which axes a line has, and in which units, where the board does not say.
Outcome LineSource::NameAxes() {
  const LineShape& shape = reader_.shape();
  const size_t axes = shape.axes();
  info_.axes.clear();
  info_.units.clear();
  for (size_t i = 0; i < shape.names.size(); ++i) {
    if (static_cast<int>(i) == shape.time_column) continue;
    info_.axes.push_back(shape.names[i]);
    info_.units.push_back(shape.units[i]);
  }
  const bool named = !info_.axes.empty();
  if (!named) {
    for (size_t i = 0; i < axes; ++i) {
      info_.axes.push_back(axes == 6 || axes == 3 ? kSixNames[i]
                           : axes == 1            ? "value"
                                                  : "axis" + std::to_string(i + 1));
      info_.units.emplace_back();
    }
  }
  const bool motion = axes == 3 || axes == 6;
  if (!motion || named) return Nothing{};
  // The original firmware's six are mg and mdps; else gravity tells the unit.
  const char* acceleration = "";
  const size_t rows = first_rows_.size() / axes;
  if (rows > 0) {
    double sum = 0;
    for (size_t row = 0; row < rows; ++row) {
      double squares = 0;
      for (size_t i = 0; i < 3; ++i) squares += std::pow(static_cast<double>(first_rows_[row * axes + i]), 2);
      sum += std::sqrt(squares);
    }
    const double gravity = sum / static_cast<double>(rows);
    acceleration = gravity > 0.6 && gravity < 1.6 ? "g"
                   : gravity > 6 && gravity < 16  ? "m/s2"
                   : gravity > 300                ? "mg"
                                                  : "";
  }
  if (axes == 6 && shape.json) acceleration = "mg";
  const std::string turn = std::string(acceleration) == "mg" ? "mdps" : *acceleration != '\0' ? "deg/s" : "";
  for (size_t i = 0; i < axes; ++i) info_.units[i] = i < 3 ? acceleration : turn;
  return Nothing{};
}

Outcome LineSource::Override() {
  const size_t axes = info_.axes.size();
  const auto numbers = [&](size_t given, const char* what) {
    return Error{Status::kInvalidArgument, std::string(what) + " has " + std::to_string(given) +
                                               (given == 1 ? " name" : " names") +
                                               ", but a reading of this board has " + std::to_string(axes) +
                                               (axes == 1 ? " number" : " numbers")};
  };
  if (!options_.axes.empty()) {
    if (options_.axes.size() != axes) return numbers(options_.axes.size(), "--axes");
    info_.axes = options_.axes;
  }
  if (options_.units.size() == 1) {
    info_.units.assign(axes, options_.units.front());
  } else if (!options_.units.empty()) {
    if (options_.units.size() != axes) return numbers(options_.units.size(), "--units");
    info_.units = options_.units;
  }
  return Nothing{};
}

/// What has come so far is not part of what will be read.
void LineSource::Forget() {
  values_.clear();
  rows_.clear();
  times_.clear();
  new_verdicts_.clear();
  verdicts_.clear();
  line_rows_.clear();
  reader_.Resume();
  impulse_.Resume();
  lost_before_clock_ += clock_.lost();
  clock_.Restart();
  next_reading_.reset();
  last_board_s_.reset();
  first_frame_ = true;
}

Outcome LineSource::Restart() {
  THIMBLE_EXPECT(CheckCancelled());
  if (!away_) line_->Drain();
  if (framed_) decoder_ = wire::Decoder(body_);
  Forget();
  return Nothing{};
}

void LineSource::Append(std::span<const float> values, RowTime time) {
  values_.insert(values_.end(), values.begin(), values.end());
  rows_.push_back(time);
  clock_.Add(time);
}

void LineSource::Take(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (!framed_) TakeImpulse(AsText(bytes));
  if (traced_) return Count();
  const bool was_framed = framed_;
  for (const std::byte byte : bytes) {
    const Result<wire::Frame> frame = decoder_.Process(byte);
    if (frame.ok()) {
      last_frame_s_ = now_s_;
      TakeFrame(*frame);
      first_frame_ = false;
    } else if (framed_ && frame.status() != Status::kNotYet) {
      // The first one may have begun before we listened.
      if (!first_frame_ && ++damaged_frames_ == 1) info_.first_damaged = "a frame with a wrong check sum";
      first_frame_ = false;
    }
  }
  if (!was_framed && !framed_) {
    reader_.Push(AsText(bytes), now_s_, line_rows_);
    TakeRows(now_s_);
  }
  Count();
}

/// Before it is known that an impulse runs there, its lines are only looked at.
void LineSource::TakeImpulse(std::string_view bytes) {
  items_.clear();
  impulse_.Push(bytes, items_);
  if (!traced_) return;
  for (ImpulseReader::Item& item : items_) {
    if (const auto* reading = std::get_if<std::vector<float>>(&item)) {
      last_frame_s_ = now_s_;
      Append(*reading, {.seconds = now_s_});
    } else {
      new_verdicts_.push_back(std::move(std::get<DeviceVerdict>(item)));
      new_verdicts_.back().rows_before = rows_.size();
    }
  }
}

void LineSource::Count() {
  info_.damaged_lines = reader_.damaged_lines() + impulse_.damaged_lines() + damaged_frames_;
  if (info_.first_damaged.empty()) info_.first_damaged = reader_.first_damaged();
  info_.rate_hz = clock_.rate_hz();
  info_.jitter_ms = clock_.jitter_ms();
  info_.lost_readings = lost_before_clock_ + clock_.lost();
}

void LineSource::TakeRows(double now_s) {
  for (LineReader::Row& row : line_rows_) {
    RowTime time{.seconds = now_s, .lost_before = row.damaged_before};
    if (row.seconds) {
      double board_s = *row.seconds + board_offset_s_;
      if (last_board_s_) {
        const double step_s = board_s - *last_board_s_;
        if (step_s <= 0 || step_s > kLongTimeS) {  // the board began anew: its time goes on with ours
          const double ours_s = std::max(now_s - last_arrival_s_, 1e-6);
          board_offset_s_ += *last_board_s_ + ours_s - board_s;
          board_s = *last_board_s_ + ours_s;
        }
        const double rate_hz = clock_.rate_hz();
        const double intervals = (board_s - *last_board_s_) * rate_hz;
        if (intervals > 1.6) {
          time.lost_before =
              std::max(time.lost_before, static_cast<uint32_t>(std::min(std::round(intervals) - 1, 1e9)));
        }
      }
      last_board_s_ = board_s;
      last_arrival_s_ = now_s;
      time.seconds = board_s;
      time.exact = true;
    }
    if (first_rows_.size() < kRowsForGravity * row.values.size()) {
      first_rows_.insert(first_rows_.end(), row.values.begin(), row.values.end());
    }
    Append(row.values, time);
  }
  line_rows_.clear();
}

void LineSource::TakeFrame(const wire::Frame& frame) {
  if (const auto sensor = wire::Decode<wire::Sensor>(frame); sensor.ok()) {
    TakeSensor(*sensor);
  } else if (const auto readings = wire::Decode<wire::Readings>(frame); readings.ok()) {
    framed_ = true;
    if (sensor_known_) TakeReadings(*readings);
  }
}

void LineSource::TakeSensor(const wire::Sensor& sensor) {
  const std::vector<std::string> axes = SplitCommas(sensor.axes);
  const std::vector<std::string> units = SplitCommas(sensor.units);
  if (axes.empty() || axes.size() > kMostAxes || sensor.scales.size() != axes.size() * sizeof(float)) return;
  std::vector<float> scales(axes.size());
  std::memcpy(scales.data(), sensor.scales.data(), sensor.scales.size());
  for (const float scale : scales) {
    if (!std::isfinite(scale)) return;
  }
  const bool other = sensor_known_ && axes.size() != scales_.size();
  if (other) return;  // a stream does not change its width
  scales_ = std::move(scales);
  framed_ = true;
  info_.format = "framed";
  info_.nominal_rate_hz = std::isfinite(sensor.rate_hz) && sensor.rate_hz > 0 ? static_cast<double>(sensor.rate_hz) : 0;
  info_.device_id = Shown(sensor.device);
  const bool first = !sensor_known_;
  sensor_known_ = true;
  rate_pending_ = false;
  next_reading_.reset();
  if (!first) return;
  values_.clear();
  rows_.clear();
  clock_.Restart();
  info_.axes.clear();
  info_.units.clear();
  for (size_t i = 0; i < axes.size(); ++i) {
    info_.axes.push_back(Shown(axes[i]));
    info_.units.push_back(i < units.size() ? Shown(units[i]) : "");
  }
  // The nearest of its rates that is no lower than what is wanted.
  double best = 0;
  for (const std::string& text : SplitCommas(sensor.rates)) {
    const double rate = std::atof(text.c_str());
    const bool enough = rate >= options_.rate_hz * 0.98, best_enough = best >= options_.rate_hz * 0.98;
    if (best == 0 || (enough && !best_enough) || (enough == best_enough && (rate < best) == enough)) best = rate;
  }
  if (options_.rate_hz > 0 && best > 0 && best < 65536 && best != info_.nominal_rate_hz) {
    rate_pending_ = Send(wire::Stream{.rate_hz = static_cast<uint16_t>(best)}).ok();
  }
}

void LineSource::TakeReadings(const wire::Readings& readings) {
  const size_t axes = scales_.size();
  const size_t bytes = axes * sizeof(int16_t);
  const size_t count = readings.samples.size() / bytes;
  if (count == 0 || readings.samples.size() % bytes != 0) {
    ++damaged_frames_;
    return;
  }
  uint32_t missing = next_reading_ ? readings.first - *next_reading_ : 0;
  const double rate_hz = info_.nominal_rate_hz > 0 ? info_.nominal_rate_hz : clock_.rate_hz();
  const double interval_s = rate_hz > 0 ? 1 / rate_hz : 0;
  double last_s = static_cast<double>(readings.time_us) * 1e-6 + board_offset_s_;
  if (!std::isfinite(last_s)) return;
  if (last_board_s_) {
    const double step_s = last_s - *last_board_s_;
    const bool anew = step_s <= 0 || step_s > kLongTimeS || missing > 1u << 30 || !next_reading_;
    if (anew) {
      const double ours_s = std::max(now_s_ - last_arrival_s_, 1e-6);
      board_offset_s_ += *last_board_s_ + ours_s - last_s;
      last_s = *last_board_s_ + ours_s;
      const double rows = std::round(ours_s * rate_hz) - static_cast<double>(count);
      missing = rows > 0 ? static_cast<uint32_t>(std::min(rows, 1e9)) : 0;
    }
  }
  last_board_s_ = last_s;
  last_arrival_s_ = now_s_;
  next_reading_ = readings.first + static_cast<uint32_t>(count);
  std::vector<float> row(axes);
  for (size_t i = 0; i < count; ++i) {
    for (size_t axis = 0; axis < axes; ++axis) {
      int16_t value = 0;
      std::memcpy(&value, readings.samples.data() + (i * axes + axis) * sizeof value, sizeof value);
      row[axis] = static_cast<float>(value) * scales_[axis];
    }
    Append(row, {.seconds = last_s - static_cast<double>(count - 1 - i) * interval_s,
                 .lost_before = i == 0 ? missing : 0,
                 .exact = true});
  }
}

Outcome LineSource::Return(double until_s) {
  while (true) {
    THIMBLE_EXPECT(CheckCancelled());
    const Outcome back = line_->Reopen();
    if (back.ok()) {
      away_ = false;
      ++info_.reconnects;
      Say(line_->Describe() + ": the port is back");
      reader_.Resume();
      impulse_.Resume();
      if (traced_) (void)Write(ImpulseReader::kTrace);
      decoder_ = wire::Decoder(body_);
      next_reading_.reset();
      return Nothing{};
    }
    if (back.error().status == Status::kDeviceFailed) return back;  // a line that cannot come back
    if ((line_->Seconds() - away_since_s_) * 1000 > options_.return_timeout_ms) {
      return Error{Status::kDeviceFailed, line_->Describe() + ": the port has been gone for " +
                                              std::to_string(options_.return_timeout_ms / 1000) + " s (" +
                                              back.error().message + ")"};
    }
    if (line_->Seconds() >= until_s) return Nothing{};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Expected<size_t> LineSource::Read(std::vector<float>& into, int timeout_ms) {
  times_.clear();
  verdicts_.clear();
  const double until_s = line_->Seconds() + timeout_ms * 1e-3;
  std::array<std::byte, 4096> buffer;
  while (rows_.empty()) {
    THIMBLE_EXPECT(CheckCancelled());
    // Upwards: the time of a virtual board passes only while somebody waits.
    const int left_ms = static_cast<int>(std::ceil(std::clamp((until_s - line_->Seconds()) * 1000, 0.0, 1e6)));
    if (away_) {
      THIMBLE_EXPECT(Return(until_s));
      if (away_) return size_t{0};
    }
    const Expected<size_t> count = line_->Read(buffer, left_ms);
    now_s_ = line_->Seconds();
    if (!count) {
      if (count.error().status != Status::kDeviceFailed) return count.error();
      away_ = true;
      away_since_s_ = now_s_;
      Say(count.error().message);
      continue;
    }
    Take(std::span(buffer).first(*count));
    // A board that began anew prints lines until it is asked.
    if (framed_ && now_s_ - last_frame_s_ > kAskAgainS) {
      last_frame_s_ = now_s_;
      (void)line_->Write(std::as_bytes(std::span("?", 1)));
    }
    if (traced_ && now_s_ - last_frame_s_ > kAskAgainS) {
      last_frame_s_ = now_s_;
      (void)Write(ImpulseReader::kTrace);
    }
    if (*count == 0 && rows_.empty() && line_->Seconds() >= until_s) return size_t{0};
  }
  into.insert(into.end(), values_.begin(), values_.end());
  times_.swap(rows_);
  verdicts_.swap(new_verdicts_);
  values_.clear();
  rows_.clear();
  new_verdicts_.clear();
  return times_.size();
}

}  // namespace

Expected<std::unique_ptr<SampleSource>> FindReadings(std::unique_ptr<ByteLine> line, const LineOptions& options) {
  auto source = std::make_unique<LineSource>(std::move(line), options);
  THIMBLE_EXPECT(source->Find());
  return std::unique_ptr<SampleSource>(std::move(source));
}

Expected<std::unique_ptr<SampleSource>> OpenSampleSource(const LineOptions& options) {
  constexpr std::string_view kVirtual = "virtual:";
  std::unique_ptr<ByteLine> line;
  if (options.port.starts_with(kVirtual)) {
    if (options.firmware.empty()) {
      return {Status::kNotFound,
              options.port + ": there is no program for the virtual board; give one with --firmware"};
    }
    THIMBLE_ASSIGN(line, VirtualLine::Start(options.firmware, options.port.substr(kVirtual.size()), options.cancelled));
  } else {
    THIMBLE_ASSIGN(line,
                   SerialPort::Open(options.port, options.baud > 0 ? options.baud : kBauds[0], options.cancelled));
  }
  return FindReadings(std::move(line), options);
}

}  // namespace thimble::bridge
