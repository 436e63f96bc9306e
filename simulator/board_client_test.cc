// What a board may do wrong on the line, and what the client says about it.
#include "simulator/board_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>

namespace thimble::simulator {
namespace {

using Bytes = std::vector<std::byte>;

/// A board made of one function: what it answers to a frame.
class FakeBoard : public BoardLink {
 public:
  explicit FakeBoard(std::function<Bytes(const wire::Frame&)> answer) : answer_(std::move(answer)) {}

  Outcome Write(std::span<const std::byte> bytes) override {
    for (const std::byte byte : bytes) {
      const Result<wire::Frame> frame = decoder_.Process(byte);
      if (!frame.ok()) continue;
      const Bytes answer = answer_(*frame);
      line_.insert(line_.end(), answer.begin(), answer.end());
    }
    return Nothing{};
  }
  Expected<size_t> Read(std::span<std::byte> buffer, int) override {
    const size_t count = std::min({buffer.size(), line_.size(), size_t{7}});  // in pieces, as lines do
    std::copy_n(line_.begin(), count, buffer.begin());
    line_.erase(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  std::string Describe() const override { return "fake"; }

 private:
  std::function<Bytes(const wire::Frame&)> answer_;
  Bytes buffer_ = Bytes(wire::BodyBytes(wire::kMaxPayloadBytes));
  wire::Decoder decoder_{buffer_};
  std::deque<std::byte> line_;
};

template <typename Message>
Bytes Frame(const Message& message) {
  Bytes out(wire::FrameBytes(wire::kMaxPayloadBytes));
  const auto frame = wire::Encode(message, out);
  return {frame.begin(), frame.end()};
}

Bytes Join(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Bytes Text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

wire::About TwoAxes() {
  return {
      .board = "fake", .name = "n", .axes = 2, .window_readings = 3, .stride_readings = 1, .instructions_per_tick = 40};
}

/// Two axes, windows of three readings, a stride of one; `change` may spoil what the board says about samples.
FakeBoard Impulse(const std::function<void(wire::Verdict&, wire::Taken&)>& change = [](auto&, auto&) {}) {
  return FakeBoard([change, readings = uint32_t{0}](const wire::Frame& frame) mutable -> Bytes {
    const auto samples = wire::Decode<wire::Samples>(frame);
    if (!samples.ok()) return Frame(TwoAxes());
    if (samples->begins_recording != 0) readings = 0;
    Bytes answer = Text("a line of text\r\n");
    wire::Taken taken;
    for (size_t at = 0; at < samples->samples.size(); at += 8) {
      if (++readings < 3) continue;
      wire::Verdict verdict{.window = readings - 3, .label = 1, .dsp_ticks = 2, .network_ticks = 3};
      change(verdict, taken);
      answer = Join(answer, Frame(verdict));
    }
    taken.count += readings;
    return Join(answer, Frame(taken));
  });
}

std::string MessageOf(const auto& expected) { return expected.ok() ? "no error" : expected.error().message; }

TEST(BoardClient, JudgesLongRecordingsOneAfterTheOther) {
  FakeBoard board = Impulse();
  BoardClient client(board);
  for (const size_t readings : {size_t{1000}, size_t{3}, size_t{2}, size_t{0}}) {
    const auto verdicts = client.Judge(std::vector<float>(readings * 2));
    ASSERT_TRUE(verdicts.ok()) << verdicts.error().message;
    ASSERT_EQ(verdicts->size(), readings < 3 ? 0 : readings - 2);
    if (verdicts->empty()) continue;
    EXPECT_EQ(verdicts->back().label, 1);
    EXPECT_EQ(verdicts->back().dsp_instructions, 80u);
    EXPECT_EQ(verdicts->back().network_instructions, 120u);
  }
  EXPECT_EQ(client.Judge(std::vector<float>(3)).error().status, Status::kInvalidArgument);
}

TEST(BoardClient, NoticesLostVerdictsAndReadings) {
  FakeBoard lost_verdict =
      Impulse([](wire::Verdict& verdict, auto&) { verdict.window += verdict.window >= 2 ? 1 : 0; });
  EXPECT_EQ(MessageOf(BoardClient(lost_verdict).Judge(std::vector<float>(20))),
            "fake: lost a verdict on the way; try again");
  FakeBoard lost_reading = Impulse([](auto&, wire::Taken& taken) { taken.count = static_cast<uint32_t>(-1); });
  EXPECT_EQ(MessageOf(BoardClient(lost_reading).Judge(std::vector<float>(20))),
            "fake: lost readings on the way; try again");
}

TEST(BoardClient, RefusesAnotherProtocolOrApplication) {
  FakeBoard newer([](const wire::Frame&) {
    wire::About about = TwoAxes();
    about.protocol = 9;
    return Frame(about);
  });
  EXPECT_EQ(MessageOf(BoardClient(newer).Introduce()),
            "fake: speaks protocol 9, this program 1; build the firmware again");
  FakeBoard runner(
      [](const wire::Frame&) { return Frame(wire::About{.board = "fake", .name = "", .input_bytes = 4}); });
  EXPECT_EQ(MessageOf(BoardClient(runner).Judge(std::vector<float>(2))),
            "fake: runs no impulse, so it cannot judge recordings");
  EXPECT_EQ(MessageOf(BoardClient(runner).RunModel(Bytes(5))), "the model's input is 4 bytes, not 5");
}

TEST(BoardClient, PassesOnWhatTheBoardComplainsOf) {
  FakeBoard refuses(
      [](const wire::Frame&) { return Frame(wire::Failure{.status = static_cast<uint8_t>(Status::kUnsupported)}); });
  EXPECT_EQ(MessageOf(BoardClient(refuses).Prove()),
            "fake: the request was refused: this build does not contain what it needs");
  FakeBoard crashes(
      [](const wire::Frame&) { return Frame(wire::Crash{.exception = 3, .pc = 0x1234, .cfsr = 1 << 25}); });
  EXPECT_NE(MessageOf(BoardClient(crashes).Prove()).find("division by zero (pc 0x00001234"), std::string::npos);
}

TEST(BoardClient, GivesUpOnSilenceAndGarbage) {
  FakeBoard silent([](const wire::Frame&) { return Bytes{}; });
  EXPECT_NE(MessageOf(BoardClient(silent, {.timeout_ms = 50}).Introduce()).find("silent"), std::string::npos);
  FakeBoard garbage([](const wire::Frame&) { return Bytes(5000, std::byte{0x55}); });
  EXPECT_NE(MessageOf(BoardClient(garbage, {.timeout_ms = 50}).Introduce()).find("silent"), std::string::npos);
  FakeBoard wrong([](const wire::Frame&) { return Frame(wire::Taken{}); });
  EXPECT_NE(MessageOf(BoardClient(wrong).Introduce()).find("message type 131"), std::string::npos);
  const std::atomic<bool> cancel = true;
  EXPECT_EQ(BoardClient(silent, {.cancel = &cancel}).Introduce().error().status, Status::kCancelled);
}

}  // namespace
}  // namespace thimble::simulator
