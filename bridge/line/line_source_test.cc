#include "bridge/line/line_source.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>

#include "bridge/capture.h"
#include "bridge/line/serial_port.h"
#include "bridge/line/test_terminal.h"

namespace thimble::bridge {
namespace {

LineOptions Options(const TestTerminal& terminal) {
  LineOptions options;
  options.port = terminal.path();
  options.framed = false;
  options.find_timeout_ms = 8000;
  return options;
}

CaptureRequest Request(const char* label, double length_ms) {
  CaptureRequest request;
  request.label = label;
  request.length_ms = length_ms;
  return request;
}

/// Everything that comes in that time.
std::vector<float> ReadFor(SampleSource& source, double seconds) {
  std::vector<float> values;
  for (const double until = TestSeconds() + seconds; TestSeconds() < until;) {
    const auto count = source.Read(values, 50);
    if (!count) {
      ADD_FAILURE() << count.error().message;
      break;
    }
  }
  return values;
}

TEST(OpenSampleSource, FindsTheOriginalFirmware) {
  TestTerminal terminal;
  terminal.RunBoard(150, OriginalLine);
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  const std::vector<float> values = ReadFor(**source, 3);
  ASSERT_GT(values.size(), 6u * 300);
  for (size_t i = 6; i < values.size(); i += 6) {
    ASSERT_EQ(values[i + 2], values[i - 4] + 1) << "no line is lost or repeated";
  }
  const StreamInfo& info = (*source)->info();
  EXPECT_EQ(info.axes, (std::vector<std::string>{"accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"}));
  EXPECT_EQ(info.units, (std::vector<std::string>{"mg", "mg", "mg", "mdps", "mdps", "mdps"}));
  EXPECT_EQ(info.format, "json lines");
  EXPECT_EQ(info.baud, 115200);
  EXPECT_NEAR(info.rate_hz, 150, 3);
  EXPECT_EQ(info.damaged_lines, 0u);
  EXPECT_NE((*source)->Describe().find("115200 baud, json lines"), std::string::npos);
}

TEST(OpenSampleSource, FindsTheBaudRate) {
  TestTerminal terminal;
  terminal.RunBoard(100, [&](int n) {
    return terminal.Baud() == 57600 ? OriginalLine(n) : std::string("\x80\xfe\x1f\x00\xf8\x9c\x03\xe6", 8);
  });
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->info().baud, 57600);
}

TEST(OpenSampleSource, TellsNoiseFromAWrongBaudRate) {
  TestTerminal terminal;
  terminal.RunBoard(200, [](int) { return std::string("\x80\xfe\x1f\x00\xf8\x9c\x03\xe6", 8); });
  LineOptions options = Options(terminal);
  options.baud = 9600;
  options.find_timeout_ms = 1500;
  const auto source = OpenSampleSource(options);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().status, Status::kDeviceFailed);
  EXPECT_NE(source.error().message.find("9600 baud no better than noise"), std::string::npos) << source.error().message;
}

TEST(OpenSampleSource, SaysWhenNothingArrives) {
  TestTerminal terminal;
  LineOptions options = Options(terminal);
  options.find_timeout_ms = 600;
  const double began = TestSeconds();
  const auto source = OpenSampleSource(options);
  ASSERT_FALSE(source.ok());
  EXPECT_NE(source.error().message.find("nothing arrives"), std::string::npos) << source.error().message;
  EXPECT_LT(TestSeconds() - began, 3);
}

TEST(OpenSampleSource, SaysWhatArrivesInsteadOfNumbers) {
  TestTerminal terminal;
  terminal.RunBoard(20, [](int) { return std::string("Wi-Fi: connecting...\r\n"); });
  LineOptions options = Options(terminal);
  options.find_timeout_ms = 1500;
  const auto source = OpenSampleSource(options);
  ASSERT_FALSE(source.ok());
  EXPECT_NE(source.error().message.find("Wi-Fi: connecting..."), std::string::npos) << source.error().message;
}

TEST(OpenSampleSource, SaysWhenThereIsNoSuchPort) {
  LineOptions options;
  options.port = "/dev/ttyTHIMBLE9";
  EXPECT_EQ(OpenSampleSource(options).error().status, Status::kNotFound);
  options.port = "/dev/null";
  EXPECT_EQ(OpenSampleSource(options).error().status, Status::kInvalidArgument);
}

TEST(OpenSampleSource, ReadsOnWhenThePortVanishesAndReturns) {
  TestTerminal terminal;
  terminal.RunBoard(100, OriginalLine);
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  std::vector<float> values = ReadFor(**source, 1.5);
  terminal.PullOut();
  std::vector<float> during = ReadFor(**source, 0.7);
  terminal.PlugIn();
  const std::vector<float> after = ReadFor(**source, 3);
  ASSERT_GT(after.size(), 6u * 200);
  EXPECT_EQ((*source)->info().reconnects, 1u);
  values.insert(values.end(), during.begin(), during.end());
  values.insert(values.end(), after.begin(), after.end());
  const double sent = static_cast<double>(values[values.size() - 4] - values[2]) + 1;
  const double missing = sent - static_cast<double>(values.size()) / 6;
  EXPECT_GT(missing, 50);
  EXPECT_NEAR(static_cast<double>((*source)->info().lost_readings), missing, 3);
}

TEST(OpenSampleSource, GivesUpWhenThePortStaysAway) {
  TestTerminal terminal;
  terminal.RunBoard(100, OriginalLine);
  LineOptions options = Options(terminal);
  options.return_timeout_ms = 300;
  auto source = OpenSampleSource(options);
  ASSERT_TRUE(source.ok());
  terminal.PullOut();
  std::vector<float> values;
  const double began = TestSeconds();
  while (TestSeconds() - began < 5) {
    const auto count = (*source)->Read(values, 50);
    if (count.ok()) continue;
    EXPECT_EQ(count.error().status, Status::kDeviceFailed);
    EXPECT_LT(TestSeconds() - began, 2);
    return;
  }
  FAIL() << "it still waits";
}

TEST(OpenSampleSource, StopsWhenItIsToldTo) {
  TestTerminal terminal;
  std::atomic<bool> cancelled = false;
  LineOptions options = Options(terminal);
  options.cancelled = &cancelled;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancelled = true;
  });
  const double began = TestSeconds();
  EXPECT_EQ(OpenSampleSource(options).error().status, Status::kCancelled);
  EXPECT_LT(TestSeconds() - began, 1);
  stopper.join();
}

TEST(OpenSampleSource, NamesAxesByTheirNumberAndAsItIsTold) {
  TestTerminal terminal;
  terminal.RunBoard(100, [](int) { return std::string("0.01 -0.02 1.01\n"); });
  LineOptions options = Options(terminal);
  {
    auto source = OpenSampleSource(options);
    ASSERT_TRUE(source.ok()) << source.error().message;
    EXPECT_EQ((*source)->info().axes, (std::vector<std::string>{"accX", "accY", "accZ"}));
    EXPECT_EQ((*source)->info().units, (std::vector<std::string>{"g", "g", "g"})) << "by gravity";
    EXPECT_EQ((*source)->info().format, "csv lines");
  }
  options.axes = {"a", "b", "c"};
  options.units = {"V"};
  {
    auto source = OpenSampleSource(options);
    ASSERT_TRUE(source.ok()) << source.error().message;
    EXPECT_EQ((*source)->info().axes, options.axes);
    EXPECT_EQ((*source)->info().units, (std::vector<std::string>{"V", "V", "V"}));
  }
  options.axes = {"a"};
  EXPECT_EQ(OpenSampleSource(options).error().status, Status::kInvalidArgument);
}

TEST(SerialPort, TellsTheNumberOfTheOtherProgram) {
  TestTerminal terminal;
  int ready[2], stop[2];
  ASSERT_EQ(pipe(ready) + pipe(stop), 0);
  const pid_t other = fork();
  if (other == 0) {
    const auto port = SerialPort::Open(terminal.path(), 115200);
    (void)!write(ready[1], port.ok() ? "y" : "n", 1);
    char end;
    (void)!read(stop[0], &end, 1);
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const auto port = SerialPort::Open(terminal.path(), 115200);
  (void)!write(stop[1], "x", 1);
  waitpid(other, nullptr, 0);
  ASSERT_FALSE(port.ok());
  EXPECT_EQ(port.error().status, Status::kFailed);
  EXPECT_NE(port.error().message.find("process " + std::to_string(other)), std::string::npos) << port.error().message;
  EXPECT_TRUE(SerialPort::Open(terminal.path(), 115200).ok()) << "the lock goes with its owner";
  for (const int end : {ready[0], ready[1], stop[0], stop[1]}) close(end);
}

TEST(SerialPort, TakesAnyBaudRateAndDoesNotHangOnABoardThatDoesNotRead) {
  TestTerminal terminal;
  const auto port = SerialPort::Open(terminal.path(), 123456);
  ASSERT_TRUE(port.ok()) << port.error().message;
  EXPECT_EQ((*port)->SetBaud(0).error().status, Status::kInvalidArgument);
  const std::vector<std::byte> much(1 << 20, std::byte{'x'});
  const double began = TestSeconds();
  EXPECT_EQ((*port)->Write(much).error().status, Status::kDeviceFailed);
  EXPECT_LT(TestSeconds() - began, 3);
}

TEST(Capture, KeepsEveryReadingInTheUnitsOfFiles) {
  TestTerminal terminal;
  terminal.RunBoard(150, OriginalLine);
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  double last_fraction = -1;
  const auto captured = Capture(**source, Request("wave", 2000), [&](const CaptureProgress& progress) {
    EXPECT_GE(progress.fraction, last_fraction);
    last_fraction = progress.fraction;
    return true;
  });
  ASSERT_TRUE(captured.ok()) << captured.error().message;
  const dataset::Recording& recording = captured->recording;
  EXPECT_EQ(recording.label, "wave");
  EXPECT_EQ(recording.axes[0], (dataset::Axis{"accX", "m/s2"}));
  EXPECT_EQ(recording.axes[3], (dataset::Axis{"gyrX", "deg/s"}));
  EXPECT_NEAR(static_cast<double>(recording.readings()), 300, 3);
  EXPECT_NEAR(recording.interval_ms, 1000 / 150.0, 0.1);
  EXPECT_EQ(captured->lost_readings, 0u);
  EXPECT_FLOAT_EQ(recording.Reading(5)[3], 1.82f);
  const double first = std::round(recording.Reading(0)[2] / 0.00980665);
  for (size_t i = 0; i < recording.readings(); ++i) {
    ASSERT_EQ(recording.Reading(i)[2], static_cast<float>((first + static_cast<double>(i)) * 0.00980665));
  }
}

TEST(Capture, FillsCountsAndTellsAGap) {
  TestTerminal terminal;
  terminal.RunBoard(100, [](int n) { return n % 100 >= 50 && n % 100 < 53 ? std::string() : OriginalLine(n); });
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  CaptureRequest request = Request("wave", 3000);
  const auto captured = Capture(**source, request);
  ASSERT_TRUE(captured.ok()) << captured.error().message;
  EXPECT_NEAR(static_cast<double>(captured->lost_readings), 9, 3);
  EXPECT_GE(captured->gaps.size(), 2u);
  ASSERT_FALSE(captured->notices.empty());
  EXPECT_NE(captured->notices[0].find("missing of 3"), std::string::npos) << captured->notices[0];
  const dataset::Recording& recording = captured->recording;
  // A busy computer that stays late to the end looks like one gap more; three gaps that are not filled are nine steps.
  double uneven_steps = 0;
  for (size_t i = 1; i < recording.readings(); ++i) {
    uneven_steps += std::abs((recording.Reading(i)[2] - recording.Reading(i - 1)[2]) / 0.00980665 - 1);
  }
  EXPECT_LT(uneven_steps, 3.5) << "time stays even";
  request.most_lost = 0.001;
  EXPECT_EQ(Capture(**source, request).error().status, Status::kDataLoss);
}

TEST(Capture, DrawsAnewOrRefusesAnotherRate) {
  TestTerminal terminal;
  terminal.RunBoard(150, OriginalLine);
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  CaptureRequest request = Request("wave", 1000);
  request.interval_ms = 20;
  const auto captured = Capture(**source, request);
  ASSERT_TRUE(captured.ok()) << captured.error().message;
  EXPECT_TRUE(captured->resampled);
  EXPECT_EQ(captured->recording.readings(), 50u);
  EXPECT_EQ(captured->recording.interval_ms, 20);
  EXPECT_EQ(captured->notices.size(), 1u);
  request.resample = false;
  EXPECT_EQ(Capture(**source, request).error().status, Status::kVerificationFailed);
}

TEST(Capture, SaysWhenTheBoardFallsSilent) {
  TestTerminal terminal;
  terminal.RunBoard(100, [](int n) { return n < 100 ? OriginalLine(n) : std::string(); });
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok()) << source.error().message;
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  CaptureRequest request = Request("x", 500);
  request.start_timeout_ms = 300;
  const auto captured = Capture(**source, request);
  ASSERT_FALSE(captured.ok());
  EXPECT_EQ(captured.error().status, Status::kDeviceFailed);
}

TEST(Capture, StopsWhenItIsToldTo) {
  TestTerminal terminal;
  terminal.RunBoard(100, OriginalLine);
  auto source = OpenSampleSource(Options(terminal));
  ASSERT_TRUE(source.ok());
  const auto captured = Capture(**source, Request("x", 5000), [](const CaptureProgress& p) { return p.readings < 20; });
  EXPECT_EQ(captured.error().status, Status::kCancelled);
}

}  // namespace
}  // namespace thimble::bridge
