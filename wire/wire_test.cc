// Frames and messages: what is sent arrives, and what is damaged on the way does not.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "wire/frame.h"
#include "wire/message.h"

namespace thimble::wire {
namespace {

using Bytes = std::vector<std::byte>;

Bytes ToBytes(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Bytes EncodeFrame(uint8_t type, const Bytes& payload) {
  Bytes out(FrameBytes(payload.size()));
  Encoder encoder(type, out);
  encoder.Put(payload);
  const auto frame = encoder.Finish();
  return {frame.begin(), frame.end()};
}

struct Received {
  uint8_t type;
  Bytes payload;
  bool operator==(const Received&) const = default;
};

struct Line {
  std::vector<Received> frames;
  std::vector<Status> errors;
};

Line Receive(const Bytes& line, size_t buffer_bytes = BodyBytes(kMaxPayloadBytes)) {
  Bytes buffer(buffer_bytes);
  Decoder decoder(buffer);
  Line received;
  for (const std::byte byte : line) {
    const Result<Frame> frame = decoder.Process(byte);
    if (frame.ok()) {
      received.frames.push_back({frame->type, {frame->payload.begin(), frame->payload.end()}});
    } else if (frame.status() != Status::kNotYet) {
      received.errors.push_back(frame.status());
    }
  }
  return received;
}

Bytes Concatenate(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes Text(std::string_view text) {
  Bytes bytes;
  for (const char letter : text) bytes.push_back(static_cast<std::byte>(letter));
  return bytes;
}

// Longer payloads than rapidcheck makes by itself, with long runs both of zeros and of other bytes.
rc::Gen<Bytes> AnyPayload() {
  return rc::gen::map(rc::gen::container<std::vector<std::pair<uint8_t, uint16_t>>>(
                          rc::gen::pair(rc::gen::oneOf(rc::gen::just<uint8_t>(0), rc::gen::arbitrary<uint8_t>()),
                                        rc::gen::inRange<uint16_t>(1, 300))),
                      [](const std::vector<std::pair<uint8_t, uint16_t>>& runs) {
                        Bytes payload;
                        for (const auto& [value, count] : runs) {
                          payload.insert(payload.end(), count, static_cast<std::byte>(value));
                        }
                        if (payload.size() > kMaxPayloadBytes) payload.resize(kMaxPayloadBytes);
                        return payload;
                      });
}

TEST(Frame, IsTheExampleOfTheFormatPage) {
  const Bytes expected = ToBytes({0x00, 0x03, 0x83, 0x18, 0x01, 0x01, 0x05, 0x2f, 0x42, 0xc9, 0xa5, 0x00});
  Bytes out(FrameBytes(4));
  const auto frame = Encode(Taken{.count = 0x18}, out);
  EXPECT_EQ(Bytes(frame.begin(), frame.end()), expected);
  const Line line = Receive(expected);
  ASSERT_EQ(line.frames.size(), 1u);
  EXPECT_EQ(line.frames[0], (Received{0x83, ToBytes({0x18, 0, 0, 0})}));
}

RC_GTEST_PROP(Frame, BringsAnyPayload, ()) {
  const Bytes payload = *AnyPayload();
  const auto type = *rc::gen::arbitrary<uint8_t>();
  const Bytes encoded = EncodeFrame(type, payload);
  RC_ASSERT(!encoded.empty());
  const Line line = Receive(encoded);
  RC_ASSERT(line.errors.empty());
  RC_ASSERT(line.frames == std::vector<Received>({{type, payload}}));
}

RC_GTEST_PROP(Frame, HasNoZeroInside, ()) {
  const Bytes encoded = EncodeFrame(0, *AnyPayload());
  RC_ASSERT(encoded.front() == std::byte{0} && encoded.back() == std::byte{0});
  for (size_t i = 1; i + 1 < encoded.size(); ++i) RC_ASSERT(encoded[i] != std::byte{0});
}

RC_GTEST_PROP(Frame, NeverArrivesDamagedAndNeverHarmsTheNext, ()) {
  const Bytes payload = *AnyPayload();
  Bytes line = EncodeFrame(7, payload);
  const auto at = *rc::gen::inRange<size_t>(0, line.size());
  line[at] ^= static_cast<std::byte>(*rc::gen::inRange(1, 256));
  const Bytes next = EncodeFrame(8, ToBytes({1, 0, 2}));
  const Line received = Receive(Concatenate({line, next}));
  RC_ASSERT(!received.frames.empty());
  RC_ASSERT(received.frames.back() == (Received{8, ToBytes({1, 0, 2})}));
  for (const Received& frame : received.frames) RC_ASSERT(frame.type == 8 || frame.payload == payload);
}

TEST(Frame, GivesTheLongestRunItsOwnDistance) {
  Bytes payload(260, std::byte{1});
  const Bytes encoded = EncodeFrame(1, payload);
  EXPECT_EQ(encoded[1], std::byte{0xff});  // 254 bytes of the body follow, and no zero
  for (size_t i = 2; i < 2 + 254; ++i) ASSERT_EQ(encoded[i], std::byte{1}) << i;
  EXPECT_EQ(encoded[2 + 254], std::byte{1 + 7 + 4});  // the rest of the payload and the CRC
}

TEST(Frame, ThatPromisesMoreThanItHoldsIsDropped) {
  Bytes encoded = EncodeFrame(0x83, ToBytes({0x18, 0, 0, 0}));
  encoded[6] = std::byte{0x06};  // the last distance, beyond the end
  EXPECT_EQ(Receive(encoded).errors, std::vector<Status>{Status::kDataLoss});
}

TEST(Frame, IsNotConfusedByTextAround) {
  const Bytes frame = EncodeFrame(3, Text("payload"));
  const Line line =
      Receive(Concatenate({Text("thimble on mps2_an386\r\n"), frame, Text("\r\nwarning: hot\r\n"), frame, frame}));
  EXPECT_EQ(line.frames, std::vector<Received>(3, Received{3, Text("payload")}));
  EXPECT_EQ(line.errors, std::vector<Status>(2, Status::kDataLoss));
}

TEST(Frame, LongerThanTheBufferIsDroppedWhole) {
  const Bytes long_frame = EncodeFrame(3, Bytes(101, std::byte{5}));
  const Bytes frame = EncodeFrame(4, Bytes(100, std::byte{0}));
  const Line line = Receive(Concatenate({long_frame, frame}), BodyBytes(100));
  EXPECT_EQ(line.errors, std::vector<Status>{Status::kOutOfMemory});
  EXPECT_EQ(line.frames, (std::vector<Received>{{4, Bytes(100, std::byte{0})}}));
}

TEST(Frame, TooSmallAnOutputGivesNothing) {
  const Bytes payload(700, std::byte{9});
  const size_t needed = EncodeFrame(1, payload).size();
  EXPECT_LE(needed, FrameBytes(payload.size()));
  for (size_t size = 0; size < needed; ++size) {
    Bytes out(size);
    Encoder encoder(1, out);
    encoder.Put(payload);
    ASSERT_TRUE(encoder.Finish().empty()) << size;
  }
}

TEST(Frame, LongerThanAnyReceiverTakesIsNotWritten) {
  for (const std::byte value : {std::byte{0}, std::byte{1}}) {
    Bytes out(2 * kMaxPayloadBytes);
    Encoder longest(1, out);
    longest.Put(Bytes(kMaxPayloadBytes, value));
    EXPECT_FALSE(longest.Finish().empty());
    Encoder longer(1, out);
    longer.Put(Bytes(kMaxPayloadBytes, value));
    longer.Put(Bytes(1, value));
    EXPECT_TRUE(longer.Finish().empty());
  }
}

template <typename Message>
Result<Message> ThroughTheLine(const Message& message, Bytes& buffer) {
  Bytes out(FrameBytes(kMaxPayloadBytes));
  buffer.resize(BodyBytes(kMaxPayloadBytes));
  Decoder decoder(buffer);
  for (const std::byte byte : Encode(message, out)) {
    const Result<Frame> frame = decoder.Process(byte);
    if (frame.ok()) return Decode<Message>(*frame);
  }
  return Status::kFailed;
}

TEST(Message, ArrivesWithEveryField) {
  Bytes buffer;
  const About sent{.application = 1,
                   .board = "mps2_an386",
                   .name = "gestures",
                   .axes = 3,
                   .window_readings = 208,
                   .stride_readings = 8,
                   .rate_hz = 104.5f,
                   .feature_count = 39,
                   .label_count = 4,
                   .input_bytes = 39,
                   .output_bytes = 4,
                   .arena_bytes = 4096,
                   .tick_hz = 25'000'000,
                   .instructions_per_tick = 40};
  const auto about = ThroughTheLine(sent, buffer);
  ASSERT_TRUE(about.ok());
  EXPECT_EQ(about->board, "mps2_an386");
  EXPECT_EQ(about->name, "gestures");
  EXPECT_EQ(about->axes, 3);
  EXPECT_EQ(about->window_readings, 208u);
  EXPECT_EQ(about->rate_hz, 104.5f);
  EXPECT_EQ(about->arena_bytes, 4096u);
  EXPECT_EQ(about->instructions_per_tick, 40);

  const Bytes samples = ToBytes({1, 0, 0xff, 0xff, 3, 0});
  const auto readings = ThroughTheLine(
      Readings{.frame = 7, .first = 112, .lost = 3, .time_us = 0x0123456789abcdef, .age_us = 999, .samples = samples},
      buffer);
  ASSERT_TRUE(readings.ok());
  EXPECT_EQ(readings->frame, 7u);
  EXPECT_EQ(readings->first, 112u);
  EXPECT_EQ(readings->lost, 3u);
  EXPECT_EQ(readings->time_us, 0x0123456789abcdefu);
  EXPECT_EQ(readings->age_us, 999u);
  EXPECT_EQ(Bytes(readings->samples.begin(), readings->samples.end()), samples);

  const auto sensor = ThroughTheLine(
      Sensor{.device = "0123", .axes = "accX", .units = "mg", .rate_hz = 104, .rates = "104,208", .scales = samples},
      buffer);
  ASSERT_TRUE(sensor.ok());
  EXPECT_EQ(sensor->device, "0123");
  EXPECT_EQ(sensor->units, "mg");
  EXPECT_EQ(sensor->rate_hz, 104.0f);
  EXPECT_EQ(sensor->rates, "104,208");
  EXPECT_EQ(sensor->scales.size(), samples.size());

  const Bytes scores = ToBytes({0x80, 0, 0x7f});
  const auto verdict = ThroughTheLine(Verdict{.window = 5,
                                              .features_hash = 0x0123456789abcdef,
                                              .label = 2,
                                              .dsp_ticks = 77,
                                              .network_ticks = 88,
                                              .raw_scores = scores},
                                      buffer);
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->window, 5u);
  EXPECT_EQ(verdict->features_hash, 0x0123456789abcdefu);
  EXPECT_EQ(verdict->label, 2);
  EXPECT_EQ(verdict->dsp_ticks, 77u);
  EXPECT_EQ(verdict->network_ticks, 88u);
  EXPECT_EQ(Bytes(verdict->raw_scores.begin(), verdict->raw_scores.end()), scores);

  const auto detection = ThroughTheLine(Detection{.window = 5, .score = -1.5f, .strange = 1}, buffer);
  ASSERT_TRUE(detection.ok());
  EXPECT_EQ(detection->window, 5u);
  EXPECT_EQ(detection->score, -1.5f);
  EXPECT_EQ(detection->strange, 1);
}

TEST(Message, OfAnotherTypeOrLengthIsRefused) {
  const Bytes four = ToBytes({1, 2, 3, 4});
  EXPECT_EQ(Decode<Taken>({0x82, four}).status(), Status::kInvalidArgument);
  EXPECT_TRUE(Decode<Taken>({0x83, four}).ok());
  EXPECT_EQ(Decode<Taken>({0x83, std::span(four).first(3)}).status(), Status::kDataLoss);
  EXPECT_EQ(Decode<Taken>({0x83, ToBytes({1, 2, 3, 4, 5})}).status(), Status::kDataLoss);
  EXPECT_EQ(Decode<About>({0x81, ToBytes({1, 0, 0, 200, 'x'})}).status(), Status::kDataLoss);
}

TEST(Message, TypesAreDifferentAndTellTheirDirection) {
  std::vector<int> numbers;
#define X(name, number) numbers.push_back(static_cast<int>(name::kType));
  THIMBLE_MESSAGE_LIST(X)
#undef X
  for (size_t i = 1; i < numbers.size(); ++i) EXPECT_LT(numbers[i - 1], numbers[i]);
  EXPECT_LT(static_cast<int>(Prove::kType), 0x80);
  EXPECT_GE(static_cast<int>(About::kType), 0x80);
}

}  // namespace
}  // namespace thimble::wire
