// The kit's programs on the virtual AZ3166, against what moves it and against this computer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <numbers>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/hash.h"
#include "compiler/emit_sensor.h"
#include "compiler/impulse_file.h"
#include "compiler/model_file.h"
#include "firmware/impulse/continuous/resampler.h"
#include "firmware/impulse/continuous/smoother.h"
#include "firmware/sliding_window.h"
#include "firmware/text.h"
#include "simulator/az3166/panel.h"
#include "simulator/hand.h"
#include "simulator/kit_link.h"
#include "simulator/qemu.h"
#include "tests/journeys/command.h"
#include "wire/message.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using simulator::KitLink;
using simulator::KitOptions;
using simulator::MotionSource;

constexpr int kAxes = 6;
constexpr double kUnits[kAxes] = {0.061, 0.061, 0.061, 70, 70, 70};  // mg and mdps of a count

/// Counts of the sensor, a row a reading, none like the one before: x counts, the others follow from it.
using Rows = std::vector<std::array<int16_t, kAxes>>;
Rows CountingRows(int count) {
  Rows rows;
  for (int i = 0; i < count; ++i) {
    const auto number = static_cast<int16_t>(i);
    rows.push_back({number, static_cast<int16_t>(-2 * i), static_cast<int16_t>(16393 - i),
                    static_cast<int16_t>(3 * i % 997), static_cast<int16_t>(-i), static_cast<int16_t>(i % 13 - 6)});
  }
  return rows;
}

dataset::Recording RecordingOf(const Rows& rows, double rate_hz) {
  dataset::Recording recording;
  recording.axes = {{"accX", "mg"},   {"accY", "mg"},   {"accZ", "mg"},
                    {"gyrX", "mdps"}, {"gyrY", "mdps"}, {"gyrZ", "mdps"}};
  recording.interval_ms = 1000 / rate_hz;
  for (const auto& row : rows) {
    for (int axis = 0; axis < kAxes; ++axis) {
      recording.values.push_back(static_cast<float>(row[static_cast<size_t>(axis)] * kUnits[axis]));
    }
  }
  return recording;
}

std::unique_ptr<MotionSource> Motion(const dataset::Recording& recording) {
  auto motion = simulator::Replay(recording);
  EXPECT_TRUE(motion.ok()) << (motion.ok() ? "" : motion.error().message);
  return motion.ok() ? std::move(*motion) : simulator::Still();
}

/// The kit with one of its programs, and what it has said.
class Board {
 public:
  Board(const fs::path& elf, std::unique_ptr<MotionSource> motion, uint64_t seed = 0) {
    KitOptions options;
    options.motion = std::move(motion);
    options.motion_sensor.seed = seed;
    auto link = KitLink::Start(elf, std::move(options));
    if (!link.ok()) throw std::runtime_error(link.error().message);
    link_ = std::move(*link);
  }

  simulator::Kit& kit() { return link_->kit(); }
  double Seconds() { return static_cast<double>(kit().chip().NowNs()) * 1e-9; }

  void Say(std::string_view text) { ASSERT_TRUE(link_->Write(std::as_bytes(std::span(text))).ok()); }

  template <typename Message>
  void Send(const Message& message) {
    std::byte out[wire::FrameBytes(64)];
    ASSERT_TRUE(link_->Write(wire::Encode(message, out)).ok());
  }

  /// What is said in so many seconds of the board's time.
  std::string Listen(double seconds) {
    const uint64_t until_ns = kit().chip().NowNs() + static_cast<uint64_t>(seconds * 1e9);
    std::string text;
    std::array<std::byte, 4096> buffer;
    while (kit().chip().NowNs() < until_ns) {
      const auto count = link_->Read(buffer, 5);
      if (!count.ok()) throw std::runtime_error(count.error().message);
      text.append(reinterpret_cast<const char*>(buffer.data()), *count);
    }
    return text;
  }

  /// Whole lines.
  std::vector<std::string> Lines(double seconds) {
    rest_ += Listen(seconds);
    std::vector<std::string> lines;
    for (size_t end = 0; (end = rest_.find("\r\n")) != std::string::npos; rest_.erase(0, end + 2)) {
      lines.push_back(rest_.substr(0, end));
    }
    return lines;
  }

  /// Of one type; others are counted in `others`.
  template <typename Message, typename Take>
  void Frames(double seconds, const Take& take) {
    for (const char letter : Listen(seconds)) {
      const auto frame = decoder_.Process(static_cast<std::byte>(letter));
      if (!frame.ok()) {
        damaged += frame.status() == Status::kNotYet ? 0 : 1;
        continue;
      }
      if (const auto message = wire::Decode<Message>(*frame); message.ok()) {
        take(*message);
      } else {
        ++others;
      }
    }
  }

  int damaged = 0, others = 0;

 private:
  std::unique_ptr<KitLink> link_;
  std::string rest_;
  std::array<std::byte, wire::BodyBytes(wire::kMaxPayloadBytes)> incoming_{};
  wire::Decoder decoder_{incoming_};
};

/// What the commands made, as soon as a test asks for it, once for all tests here.
struct Results {
  TemporaryFolder folder;
  void Run(const std::vector<std::string>& arguments) const {
    const CommandResult result = RunThimble(arguments, folder.path());
    EXPECT_EQ(result.exit_code, 0) << arguments.front() << ": " << result.err;
  }
  fs::path Hello() const {
    if (!fs::exists(folder.path() / "thimble-hello")) Run({"hello", "--quiet"});
    return folder.path() / "thimble-hello";
  }
  fs::path Demo() const {
    if (!fs::exists(folder.path() / "thimble-demo")) Run({"demo", "--quiet", "--epochs", "20"});
    return folder.path() / "thimble-demo";
  }
  fs::path Elf(const std::string& name) const {
    const fs::path elf = folder.path() / (name + ".elf");
    if (fs::exists(elf)) return elf;
    if (name == "hello_world") Hello();
    if (name == "impulse") Demo();
    Run({"firmware", name});
    return elf;
  }
};
const Results& Made() {
  static const Results results;
  return results;
}

std::string ReadText(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

compiler::BoundImpulse ReadImpulse(const fs::path& folder) {
  auto description = compiler::ParseImpulse("impulse.json", ReadText(folder / "impulse.json"));
  auto model = compiler::ReadTflite(folder / "model.tflite");
  if (!description.ok() || !model.ok()) throw std::runtime_error("no impulse in " + folder.string());
  auto bound = compiler::BoundImpulse::Bind(*description, model->span());
  if (!bound.ok()) throw std::runtime_error(bound.error().message);
  return *bound;
}

TEST(SensorDump, PrintsLinesAsTheOriginalFirmwareDoes) {
  // As fast as the sensor runs in this mode, so that what it gives are the recording's values and no mean of them.
  const Rows rows = CountingRows(8000);
  Board board(Made().Elf("sensor_dump"), Motion(RecordingOf(rows, 416)));
  const std::vector<std::string> lines = board.Lines(4);
  ASSERT_GT(lines.size(), 2u);
  EXPECT_TRUE(lines[0].starts_with("Thimble sensor dump")) << lines[0];
  int readings = 0, last_row = -1;
  constexpr size_t kStart = 30;  // the gyroscope takes its time to turn on, and says nothing but zeros until then
  for (size_t i = kStart; i < lines.size(); ++i) {
    int v[kAxes], end = 0;
    ASSERT_EQ(std::sscanf(lines[i].c_str(), "[%d,%d,%d,%d,%d,%d]%n", v, v + 1, v + 2, v + 3, v + 4, v + 5, &end), kAxes)
        << lines[i];
    ASSERT_EQ(static_cast<size_t>(end), lines[i].size()) << lines[i];
    const int row = -v[4] / 70;
    ASSERT_TRUE(row >= 0 && row < 8000) << lines[i];
    for (size_t axis = 0; axis < kAxes; ++axis) {
      const int counts = rows[static_cast<size_t>(row)][axis];
      ASSERT_EQ(v[axis], axis < 3 ? counts * 61 / 1000 : counts * 70) << lines[i] << " axis " << axis;
    }
    ASSERT_TRUE(row == last_row + 2 || row == last_row + 3 || last_row < 0) << "row " << row << " after " << last_row;
    last_row = row;
    ++readings;
  }
  EXPECT_NEAR((readings + kStart) / 3.97, 150, 1.5);  // it takes some 30 ms to begin
}

struct Stream {
  int readings = 0, frames = 0;
  uint64_t first_us = 0, last_us = 0;
  int last_x = 0;
  uint32_t most_age_us = 0;
};

/// Every reading of a stream is there: frame numbers, reading numbers and the values themselves go on by one.
Stream FollowStream(Board& board, double seconds, int hz, const Rows& rows) {
  Stream stream;
  const int period = static_cast<int>(rows.size());
  board.Frames<wire::Readings>(seconds, [&](const wire::Readings& message) {
    EXPECT_EQ(message.frame, static_cast<uint32_t>(stream.frames)) << "a frame is missing";
    EXPECT_EQ(message.first, static_cast<uint32_t>(stream.readings));
    EXPECT_EQ(message.lost, 0u);
    ++stream.frames;
    EXPECT_EQ(message.samples.size() % (kAxes * sizeof(int16_t)), 0u);
    for (size_t at = 0; at < message.samples.size(); at += kAxes * sizeof(int16_t)) {
      std::array<int16_t, kAxes> values;
      std::memcpy(values.data(), message.samples.data() + at, sizeof values);
      if (stream.readings > 0) {
        ASSERT_EQ(values[0], (stream.last_x + 1) % period) << "reading " << stream.readings;
      }
      ASSERT_GE(values[0], 0);
      if (stream.readings > hz / 4) {  // until then the gyroscope may still be turning on
        ASSERT_EQ(values, rows[static_cast<size_t>(values[0])]) << "reading " << stream.readings;
      }
      stream.last_x = values[0];
      ++stream.readings;
    }
    if (stream.frames == 1) {
      stream.first_us = message.time_us;
      stream.readings = static_cast<int>(message.samples.size() / (kAxes * sizeof(int16_t)));
    }
    stream.last_us = message.time_us;
    stream.most_age_us = std::max(stream.most_age_us, message.age_us);
  });
  EXPECT_EQ(board.damaged, 0);
  return stream;
}

TEST(SensorDump, SendsEveryReadingOfAMinuteInFrames) {
  constexpr double kRate = 416, kSeconds = 60;
  const Rows rows = CountingRows(8000);
  Board board(Made().Elf("sensor_dump"), Motion(RecordingOf(rows, kRate)));
  board.Listen(0.2);
  board.Send(wire::Stream{.rate_hz = 416});
  int abouts = 0;
  board.Frames<wire::Sensor>(0.02, [&](const wire::Sensor&) { ++abouts; });
  EXPECT_EQ(abouts, 1);
  board.damaged = 0;  // the line that the frame cut off
  const Stream stream = FollowStream(board, kSeconds, 416, rows);
  EXPECT_EQ(board.others, 0);
  EXPECT_NEAR(stream.readings, kRate * kSeconds, 40);
  const double measured = (stream.readings - 16) / (static_cast<double>(stream.last_us - stream.first_us) * 1e-6);
  EXPECT_NEAR(measured / kRate, 1, 1e-4);
  EXPECT_LT(stream.most_age_us, 5000u);
}

TEST(SensorDump, AQuestionMarkAsksForFramesAndLinesComeBack) {
  const Rows rows = CountingRows(8000);
  for (const int hz : {104, 208}) {
    Board board(Made().Elf("sensor_dump"), Motion(RecordingOf(rows, hz)));
    board.Listen(0.1);
    if (hz == 104) {
      board.Say("?");
    } else {
      board.Send(wire::Stream{.rate_hz = 208});
    }
    wire::Sensor about;
    std::string device, axes, units;
    std::vector<float> scales;
    board.Frames<wire::Sensor>(0.02, [&](const wire::Sensor& sensor) {
      about = sensor;
      device = sensor.device;
      axes = sensor.axes;
      units = sensor.units;
      scales.resize(sensor.scales.size() / sizeof(float));
      std::memcpy(scales.data(), sensor.scales.data(), scales.size() * sizeof(float));
    });
    EXPECT_EQ(about.rate_hz, static_cast<float>(hz));
    EXPECT_EQ(device.size(), 24u);
    EXPECT_EQ(device.find_first_not_of("0123456789abcdef"), std::string::npos) << device;
    EXPECT_EQ(axes, "accX,accY,accZ,gyrX,gyrY,gyrZ");
    EXPECT_EQ(units, "mg,mg,mg,mdps,mdps,mdps");
    EXPECT_EQ(scales, (std::vector<float>{0.061F, 0.061F, 0.061F, 70, 70, 70}));
    board.damaged = 0;  // the line that the frame cut off
    const Stream stream = FollowStream(board, 5, hz, rows);
    EXPECT_NEAR(stream.readings, hz * 5, 20);
    board.Send(wire::Stream{.rate_hz = 1000});
    int refused = 0;
    board.Frames<wire::Failure>(0.05, [&](const wire::Failure&) { ++refused; });
    EXPECT_EQ(refused, 1);
    board.Send(wire::Lines{});
    const std::string text = board.Listen(0.5);
    const size_t last_frame = text.rfind('\0');  // a frame's bytes may look like a line
    const std::string lines = last_frame == std::string::npos ? text : text.substr(last_frame + 1);
    EXPECT_NEAR(static_cast<double>(std::count(lines.begin(), lines.end(), '\n')), 70, 10)
        << "frames go on among the lines, or lines do not come back";
  }
}

TEST(SensorDump, FindsTheRateOfASensorWhoseClockIsOff) {
  Board board(Made().Elf("sensor_dump"), simulator::Gesturing(simulator::Gesture::kWave, 0, 0, 1), 7);
  board.Listen(0.1);
  board.Say("?");
  int readings = -8;  // the first frame's are where the time begins
  uint64_t first_us = 0, last_us = 0;
  board.Frames<wire::Readings>(20, [&](const wire::Readings& message) {
    readings += static_cast<int>(message.samples.size() / 12);
    if (first_us == 0) first_us = message.time_us;
    last_us = message.time_us;
  });
  // Its true rate is not what its data sheet says, and the board's clock shows it.
  const double measured = readings / (static_cast<double>(last_us - first_us) * 1e-6) / 104;
  EXPECT_GT(std::abs(measured - 1), 1e-4);
  EXPECT_LT(std::abs(measured - 1), 0.015);
}

/// The lines that a plotter gets, from this computer's session.
std::vector<std::string> ExpectedSines(const compiler::BoundImpulse& bound) {
  std::vector<std::string> lines;
  for (int step = 0; step < 128; ++step) {
    const float x = 2 * std::numbers::pi_v<float> * static_cast<float>(step) / 128;
    bound.session().window()[0] = x;
    firmware::Text<64> line;
    line << "x:";
    line.Fixed(x, 2) << ",sine:";
    line.Fixed(bound.session().Run().score, 4);
    lines.emplace_back(line.view());
  }
  return lines;
}

TEST(HelloWorld, DrawsTheSineThatThisComputerComputes) {
  const std::vector<std::string> expected = ExpectedSines(ReadImpulse(Made().Hello()));
  Board board(Made().Elf("hello_world"), nullptr);
  std::vector<std::string> lines = board.Lines(1.1);  // a quarter of a turn and a little
  EXPECT_GT(board.kit().Face().red, 0.85);
  for (const std::string& line : board.Lines(2)) lines.push_back(line);  // three quarters
  EXPECT_LT(board.kit().Face().red, 0.05);
  for (const std::string& line : board.Lines(1.5)) lines.push_back(line);
  ASSERT_GT(lines.size(), 140u);
  for (size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(lines[i], expected[i % 128]) << i;

  const simulator::Panel face = board.kit().Face();
  const fs::path picture = Made().folder.path() / "hello.png";
  ASSERT_TRUE(simulator::WritePng(picture.string(), simulator::PanelPicture(face)).ok());
  EXPECT_GT(fs::file_size(picture), 1000u);
}

TEST(HelloWorld, PrintsTheSameOnTheBoardInQemu) {
  Made().Hello();
  const CommandResult built =
      RunThimble({"firmware", "hello_world", "--board", "mps2_an386", "--out", "mps2"}, Made().folder.path());
  ASSERT_EQ(built.exit_code, 0) << built.err;
  auto board = simulator::Qemu::Start({.elf = Made().folder.path() / "mps2.elf"});
  ASSERT_TRUE(board.ok()) << board.error().message;
  std::string text;
  std::array<std::byte, 4096> buffer;
  while (std::count(text.begin(), text.end(), '\n') < 40) {
    const auto count = (*board)->Read(buffer, 20'000);
    ASSERT_TRUE(count.ok() && *count > 0);
    text.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }
  const std::vector<std::string> expected = ExpectedSines(ReadImpulse(Made().Hello()));
  std::istringstream lines(text);
  for (size_t i = 0; i < 40; ++i) {
    std::string line;
    std::getline(lines, line);
    ASSERT_EQ(line, expected[i % 128] + "\r");
  }
}

/// The whole of the continuous program again, on this computer, from the readings that the sensor gave.
class Laptop {
 public:
  explicit Laptop(const compiler::BoundImpulse& bound, float sensor_hz) : bound_(bound) {
    const auto axes = compiler::SensorAxesOf(bound.description());
    if (axes.ok()) axes_ = *axes;
    const auto& window = bound.impulse().window;
    resampler_.SetUp(sensor_hz, window.rate_hz);
    sliding_ = firmware::SlidingWindow(bound.session().window(), window.axes, bound.impulse().stride_readings);
    sliding_.BeginRecording();
  }

  /// "v …" and the beginning of the line before it, for each window that the reading completes.
  void Push(const std::array<int16_t, kAxes>& counts) {
    std::vector<float> reading;
    for (const runtime::SensorAxis& axis : axes_)
      reading.push_back(static_cast<float>(counts[axis.channel]) * axis.scale);
    resampler_.Push(std::span<const float>(reading), [&](auto values) {
      if (sliding_.Push(std::as_bytes(values).data())) Decide();
    });
  }

  std::vector<std::string> bits, labels;

 private:
  void Decide() {
    const runtime::Verdict verdict = bound_.session().Run();
    firmware::Text<400> line;
    line << "v " << sliding_.window_count() - 1 << ' ';
    line.Hex(Fnv1a(std::as_bytes(bound_.session().features())), 16) << ' ';
    line.Hex(verdict.raw_scores);
    bits.emplace_back(line.view());
    const kernels::Tensor output = bound_.session().network().output(0);
    std::vector<float> scores;
    for (int i = 0; i < output.shape.Count(); ++i) {
      scores.push_back(static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale());
    }
    const firmware::Smoothed smoothed = smoother_.Push(scores);
    firmware::Text<64> label;
    label << (smoothed.label < 0 ? "uncertain" : bound_.impulse().labels[static_cast<size_t>(smoothed.label)]) << ' ';
    label.Fixed(smoothed.confidence, 2);
    labels.emplace_back(label.view());
  }

  const compiler::BoundImpulse& bound_;
  std::vector<runtime::SensorAxis> axes_;
  firmware::Resampler resampler_;
  firmware::Smoother smoother_;
  firmware::SlidingWindow sliding_;
};

/// Traces the board for a while: gives how many windows agreed, all bits of all of them.
int CompareWithLaptop(Board& board, const compiler::BoundImpulse& bound, float sensor_hz, double seconds,
                      std::string* last_label = nullptr) {
  board.Lines(0.1);
  board.Say("trace on\n");
  Laptop laptop(bound, sensor_hz);
  bool tracing = false;
  size_t bits = 0;
  std::string before;
  for (const std::string& line : board.Lines(seconds)) {
    if (line == "tracing") {
      tracing = true;
    } else if (tracing && line.starts_with("r ")) {
      std::array<int16_t, kAxes> counts{};
      for (size_t i = 0; i < kAxes; ++i) {
        counts[i] = static_cast<int16_t>(std::stoul(line.substr(2 + 4 * i, 4), nullptr, 16));
      }
      laptop.Push(counts);
    } else if (tracing && line.starts_with("v ")) {
      EXPECT_LT(bits, laptop.bits.size());
      if (bits >= laptop.bits.size()) return -1;
      EXPECT_EQ(line, laptop.bits[bits]);
      EXPECT_TRUE(before.starts_with(laptop.labels[bits] + " |")) << before << " is not " << laptop.labels[bits];
      ++bits;
    }
    before = line;
  }
  EXPECT_LE(laptop.bits.size(), bits + 1);  // the last line may be on its way
  if (last_label != nullptr && bits > 0) *last_label = laptop.labels[bits - 1];
  return static_cast<int>(bits);
}

TEST(Impulse, JudgesRecordingsOfTheMainJobAsThisComputerDoes) {
  const compiler::BoundImpulse bound = ReadImpulse(Made().Demo());
  const dataset::Dataset hand = simulator::SimulateHand({.people = 2, .recordings_per_gesture = 1, .seconds = 8});
  int right = 0;
  for (const dataset::Recording& recording : hand.recordings) {
    if (recording.category != dataset::Category::kTraining && right > 2) continue;
    Board board(Made().Elf("impulse"), Motion(recording));
    std::string label;
    EXPECT_GT(CompareWithLaptop(board, bound, 104, 4.5, &label), 20) << recording.name;
    right += label.starts_with(recording.label) ? 1 : 0;
  }
  EXPECT_GE(right, 4);  // of five gestures, or more
}

/// The demo's impulse, changed, as firmware.
fs::path OtherImpulse(const std::string& name, double rate_hz, int stride_readings) {
  const fs::path folder = Made().folder.path() / name, demo = Made().Demo();
  fs::create_directories(folder);
  fs::copy_file(demo / "model.tflite", folder / "model.tflite", fs::copy_options::overwrite_existing);
  auto description = compiler::ParseImpulse("impulse.json", ReadText(demo / "impulse.json"));
  if (!description.ok()) throw std::runtime_error(description.error().message);
  description->rate_hz = rate_hz;
  description->stride_readings = stride_readings;
  std::ofstream(folder / "impulse.json") << compiler::WriteImpulse(*description);
  Made().Run({"firmware", "impulse", "--impulse", name, "--out", name});
  return folder;
}

TEST(Impulse, ResamplesWhenTheSensorHasNoSuchRate) {
  const fs::path folder = OtherImpulse("slower", 90, 8);
  Board board(Made().Elf("slower"), simulator::Gesturing(simulator::Gesture::kCircle, 0, 0, 1));
  const std::string text = board.Listen(0.1);
  EXPECT_NE(text.find("they are resampled"), std::string::npos) << text;
  EXPECT_GT(CompareWithLaptop(board, ReadImpulse(folder), 104, 4), 10);
}

TEST(Impulse, CountsReadingsThatItLoses) {
  // More lines than the serial line can carry: the program waits for it, and the sensor's queue runs over.
  OtherImpulse("chatty", 208, 1);
  Board board(Made().Elf("chatty"), simulator::Gesturing(simulator::Gesture::kWave, 0, 0, 1));
  std::vector<std::string> lines = board.Lines(9);
  board.Say("status\n");
  const double seconds = board.Seconds();
  for (const std::string& line : board.Lines(2)) lines.push_back(line);
  unsigned windows = 0, readings = 0, lost = 0, said = 0;
  for (const std::string& line : lines) {
    std::sscanf(line.c_str(), "running, %u windows, %u readings, %u lost", &windows, &readings, &lost);
    said += line.starts_with("lost ") ? 1 : 0;
  }
  EXPECT_GT(lost, 20u);
  EXPECT_GT(said, 0u);
  // All that the sensor has made were taken or lost, but for what waits in its queue.
  constexpr double kQueue = 341;
  EXPECT_GT(readings, seconds * 208 - kQueue - 20);
  EXPECT_LT(readings, (seconds + 0.5) * 208);
  EXPECT_GT(board.kit().Face().wifi_led, 0.9);
}

TEST(Impulse, ObeysCommands) {
  Board board(Made().Elf("impulse"), simulator::Gesturing(simulator::Gesture::kWave, 0, 0, 1));
  const auto says = [&](const std::string& command, const std::string& answer, double seconds = 0.3) {
    board.Say(command + "\r\n");
    std::string all;
    for (const std::string& line : board.Lines(seconds)) all += line + "\n";
    EXPECT_NE(all.find(answer), std::string::npos) << command << " was answered with " << all;
    return all;
  };
  const auto verdicts = [](const std::string& text) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find(" | dsp ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  board.Lines(2.3);
  const std::string proof = says("prove", "proved: every bit is the laptop's", 0.5);
  EXPECT_EQ(proof.find("DIFFERENT"), std::string::npos) << proof;
  EXPECT_NE(proof.find("layers identical"), std::string::npos) << proof;
  EXPECT_GT(board.kit().Face().azure_led, 0.9);
  EXPECT_EQ(verdicts(says("stop", "stopped", 3)), 0u);
  EXPECT_GT(verdicts(says("run", "running", 3)), 5u);
  says("threshold 1", "threshold 1.00");
  says("threshold 2", "run, stop, threshold");
  says("threshold .25", "threshold 0.25");
  says("smooth majority 3", "majority of 3 windows");
  says("nonsense", "run, stop, threshold");
  const std::string status = says("status", "threshold 0.25");
  unsigned arena = 0, stack = 0, all_stack = 0, ram = 0;
  const size_t at = status.find("arena ");
  ASSERT_NE(at, std::string::npos) << status;
  ASSERT_EQ(std::sscanf(status.c_str() + at, "arena %u bytes, stack %u of %u bytes, all of the RAM %u", &arena, &stack,
                        &all_stack, &ram),
            4)
      << status;
  EXPECT_EQ(arena, ReadImpulse(Made().Demo()).arena_bytes());
  EXPECT_GT(stack, 500u);
  EXPECT_LT(stack, all_stack);
  EXPECT_GT(ram, arena + all_stack);
}

TEST(Impulse, DoesNotProveAModelWhoseWeightsHaveChanged) {
  const std::string model = ReadText(Made().Demo() / "model.tflite");
  Made().Elf("impulse");
  std::string image = ReadText(Made().folder.path() / "impulse.bin");
  const size_t at = image.find(model);
  ASSERT_NE(at, std::string::npos);
  // One bit of each weight of the first layer: a single weight may well make no difference to three windows.
  const compiler::BoundImpulse bound = ReadImpulse(Made().Demo());
  const runtime::Network& network = bound.session().network();
  const int weights = network.model().InputsOf(0)[1];
  const kernels::Tensor tensor = network.TensorAt(weights);
  ASSERT_TRUE(tensor.constant && tensor.type == kernels::Type::kInt8);
  const auto offset = static_cast<size_t>(tensor.As<const unsigned char>() - bound.impulse().model.data());
  ASSERT_LE(offset + tensor.SizeBytes(), model.size());
  for (size_t i = 0; i < tensor.SizeBytes(); ++i) {
    char& weight = image[at + offset + i];
    weight = static_cast<char>(weight ^ 0x40);
  }
  const fs::path file = Made().folder.path() / "flipped.bin";
  std::ofstream(file, std::ios::binary) << image;
  Board board(file, nullptr);
  board.Lines(0.2);
  board.Say("prove\n");
  std::string all;
  for (const std::string& line : board.Lines(0.5)) all += line + "\n";
  EXPECT_NE(all.find("NOT proved: this board"), std::string::npos) << all;
  EXPECT_NE(all.find("features identical, layer 0 DIFFERENT"), std::string::npos) << all;
}

TEST(Smoother, IsUncertainBelowItsThresholdAndOutvotesASingleWindow) {
  firmware::Smoother smoother;
  const float left[] = {1, 0}, right[] = {0, 1}, neither[] = {0.5F, 0.5F};
  EXPECT_EQ(smoother.Push(left).label, 0);
  EXPECT_EQ(smoother.Push(right).label, -1);  // half and half
  smoother.Forget();
  EXPECT_EQ(smoother.Push(neither).label, -1);
  smoother.SetUp(firmware::Smoothing::kMajority, 3);
  smoother.Push(right);
  smoother.Push(right);
  const firmware::Smoothed outvoted = smoother.Push(left);
  EXPECT_EQ(outvoted.label, 1);
  EXPECT_FLOAT_EQ(outvoted.confidence, 2.0F / 3);
  EXPECT_EQ(smoother.Push(left).label, 0);  // two of the last three
}

TEST(Resampler, DrawsReadingsAlongStraightLines) {
  for (const float to_hz : {26.0F, 62.5F, 90.0F, 150.0F}) {
    firmware::Resampler resampler;
    resampler.SetUp(104, to_hz);
    std::vector<float> got;
    constexpr int kReadings = 1041;
    for (int i = 0; i < kReadings; ++i) {
      const float reading[] = {static_cast<float>(i)};  // a straight line itself
      resampler.Push(std::span<const float>(reading), [&](auto values) { got.push_back(values[0]); });
    }
    EXPECT_NEAR(static_cast<double>(got.size()), 10 * to_hz + 1, 1.01) << to_hz;
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], static_cast<float>(i) * 104 / to_hz, 0.02) << to_hz;
  }
}

TEST(Text, WritesNumbersAsPeopleExpect) {
  firmware::Text<80> text;
  text << -5 << ' ' << uint8_t{200} << ' ' << int64_t{-9223372036854775807 - 1} << ' ';
  text.Fixed(-0.004F, 2) << ' ';
  text.Fixed(1.005F, 1) << ' ';
  text.Fixed(-2.5F, 0) << ' ';
  text.Hex(0xbeef, 6);
  EXPECT_EQ(text.view(), "-5 200 -9223372036854775808 0.00 1.0 -3 00beef");
}

TEST(Firmware, NamesWhatIsMissing) {
  const TemporaryFolder empty;
  const CommandResult impulse = RunThimble({"firmware", "impulse"}, empty.path());
  EXPECT_EQ(impulse.exit_code, 3);
  EXPECT_NE(impulse.err.find("thimble demo"), std::string::npos) << impulse.err;
  const CommandResult other = RunThimble({"board", "run", "nonsense", "--seconds", "1"}, empty.path());
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.err.find("sensor_dump"), std::string::npos) << other.err;
}

}  // namespace
}  // namespace thimble::journeys
