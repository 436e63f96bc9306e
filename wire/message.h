// What is said on the wire: typed messages between a host and a board, each with its fields listed once.
#ifndef THIMBLE_WIRE_MESSAGE_H_
#define THIMBLE_WIRE_MESSAGE_H_

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/result.h"
#include "wire/frame.h"

namespace thimble::wire {

/// Raised by one when a message changes its meaning or layout.
inline constexpr uint16_t kProtocolVersion = 1;

// Every type there is; docs/formats/messages.md explains each. Host to board: below 0x80. The board answers each
// request with exactly one last message, so that a host always knows when it may go on.
#define THIMBLE_MESSAGE_LIST(X) \
  X(Hello, 0x01)                \
  X(Samples, 0x02)              \
  X(Input, 0x03)                \
  X(Invoke, 0x04)               \
  X(ReadOutput, 0x05)           \
  X(Prove, 0x06)                \
  X(Reset, 0x07)                \
  X(InvokeLayers, 0x08)         \
  X(ReadLayer, 0x09)            \
  X(Stream, 0x0a)               \
  X(Lines, 0x0b)                \
  X(About, 0x81)                \
  X(Verdict, 0x82)              \
  X(Taken, 0x83)                \
  X(Invoked, 0x84)              \
  X(Output, 0x85)               \
  X(Proof, 0x86)                \
  X(Layers, 0x87)               \
  X(Sensor, 0x88)               \
  X(Readings, 0x89)             \
  X(Detection, 0x8a)            \
  X(Failure, 0x8e)              \
  X(Crash, 0x8f)

enum class MessageType : uint8_t {
#define X(name, number) k##name = (number),
  THIMBLE_MESSAGE_LIST(X)
#undef X
};

// A field is an integer, a float (little endian, two's complement, IEEE 754), a string_view (one length byte, then at
// most 255 bytes of UTF-8), or, last only, a span of bytes that goes to the end of the payload.

/// "Who are you?" Answered by About.
struct Hello {
  static constexpr MessageType kType = MessageType::kHello;
  uint16_t protocol = kProtocolVersion;
  static void Fields(auto&& visit, auto& message) { visit(message.protocol); }
};

enum class Application : uint8_t { kImpulse = 0, kModelRunner = 1, kSensor = 2 };

/// What a board and its application say about themselves. What an application has no use for is 0.
struct About {
  static constexpr MessageType kType = MessageType::kAbout;
  uint16_t protocol = kProtocolVersion;
  uint8_t application = 0;  ///< Application
  std::string_view board = {};
  std::string_view name = {};    ///< of the impulse
  uint16_t axes = 0;             ///< numbers a reading
  uint32_t window_readings = 0;  ///< readings a window
  uint32_t stride_readings = 0;  ///< a verdict every so many readings
  float rate_hz = 0;
  uint32_t feature_count = 0;
  uint16_t label_count = 0;
  uint32_t input_bytes = 0;   ///< of all inputs of the network
  uint32_t output_bytes = 0;  ///< of all its outputs
  uint32_t arena_bytes = 0;   ///< what is really used of it
  uint32_t tick_hz = 0;
  uint16_t instructions_per_tick = 0;  ///< 0: ticks count time, not instructions
  static void Fields(auto&& visit, auto& message) {
    visit(message.protocol), visit(message.application), visit(message.board), visit(message.name);
    visit(message.axes), visit(message.window_readings), visit(message.stride_readings), visit(message.rate_hz);
    visit(message.feature_count), visit(message.label_count), visit(message.input_bytes), visit(message.output_bytes);
    visit(message.arena_bytes), visit(message.tick_hz), visit(message.instructions_per_tick);
  }
};

/// Readings of a sensor, in order. Answered by a Verdict for each window that they complete, with a Detection behind it
/// if there is a detector, then by Taken.
struct Samples {
  static constexpr MessageType kType = MessageType::kSamples;
  uint8_t begins_recording = 0;             ///< 1: forget the readings before these, count windows from 0
  std::span<const std::byte> samples = {};  ///< float32, interleaved by reading, whole readings only
  static void Fields(auto&& visit, auto& message) { visit(message.begins_recording), visit(message.samples); }
};

/// The answer to one window.
struct Verdict {
  static constexpr MessageType kType = MessageType::kVerdict;
  uint32_t window = 0;         ///< counted from the beginning of the recording
  uint64_t features_hash = 0;  ///< base/hash.h over the float32 features, little endian
  int16_t label = -1;          ///< index of the label, -1 for a regressor or an anomaly detector
  uint32_t dsp_ticks = 0;
  uint32_t network_ticks = 0;
  std::span<const std::byte> raw_scores = {};  ///< the network's first output as it stands in memory
  static void Fields(auto&& visit, auto& message) {
    visit(message.window), visit(message.features_hash), visit(message.label), visit(message.dsp_ticks);
    visit(message.network_ticks), visit(message.raw_scores);
  }
};

/// Follows the Verdict of an impulse with an anomaly detector.
struct Detection {
  static constexpr MessageType kType = MessageType::kDetection;
  uint32_t window = 0;  ///< that of the Verdict
  float score = 0;      ///< how strange the window is: runtime/anomaly.h
  uint8_t strange = 0;  ///< 1: above the detector's threshold
  static void Fields(auto&& visit, auto& message) {
    visit(message.window), visit(message.score), visit(message.strange);
  }
};

/// Ends the answer to Samples, Input and Reset.
struct Taken {
  static constexpr MessageType kType = MessageType::kTaken;
  uint32_t count = 0;  ///< Samples: readings since the recording began. Input: offset behind the last byte written.
  static void Fields(auto&& visit, auto& message) { visit(message.count); }
};

/// A piece of the network's inputs, laid end to end. Answered by Taken.
struct Input {
  static constexpr MessageType kType = MessageType::kInput;
  uint32_t offset_bytes = 0;
  std::span<const std::byte> bytes = {};
  static void Fields(auto&& visit, auto& message) { visit(message.offset_bytes), visit(message.bytes); }
};

/// "Run the network." Answered by Invoked.
struct Invoke {
  static constexpr MessageType kType = MessageType::kInvoke;
  static void Fields(auto&&, auto&) {}
};

struct Invoked {
  static constexpr MessageType kType = MessageType::kInvoked;
  uint32_t network_ticks = 0;
  static void Fields(auto&& visit, auto& message) { visit(message.network_ticks); }
};

/// "Send a piece of the network's outputs, laid end to end." Answered by Output.
struct ReadOutput {
  static constexpr MessageType kType = MessageType::kReadOutput;
  uint32_t offset_bytes = 0;
  uint16_t count = 0;  ///< bytes
  static void Fields(auto&& visit, auto& message) { visit(message.offset_bytes), visit(message.count); }
};

/// The piece, or its beginning: it ends where a tensor ends.
struct Output {
  static constexpr MessageType kType = MessageType::kOutput;
  uint32_t offset_bytes = 0;
  std::span<const std::byte> bytes = {};
  static void Fields(auto&& visit, auto& message) { visit(message.offset_bytes), visit(message.bytes); }
};

/// "Compute dsp/fingerprint.h." Answered by Proof.
struct Prove {
  static constexpr MessageType kType = MessageType::kProve;
  static void Fields(auto&&, auto&) {}
};

struct Proof {
  static constexpr MessageType kType = MessageType::kProof;
  uint64_t fingerprint = 0;
  static void Fields(auto&& visit, auto& message) { visit(message.fingerprint); }
};

/// "Forget what earlier inferences left behind." Answered by Taken.
struct Reset {
  static constexpr MessageType kType = MessageType::kReset;
  static void Fields(auto&&, auto&) {}
};

/// Of one InvokeLayers.
inline constexpr uint32_t kMostLayers = 64;

/// "Run these operators, in the order of the model." Those before must have run since the input came. Answered by
/// Layers.
struct InvokeLayers {
  static constexpr MessageType kType = MessageType::kInvokeLayers;
  uint32_t first = 0;
  uint16_t count = 0;  ///< at most kMostLayers
  static void Fields(auto&& visit, auto& message) { visit(message.first), visit(message.count); }
};

/// A hash for each operator that was run.
struct Layers {
  static constexpr MessageType kType = MessageType::kLayers;
  uint32_t first = 0;
  std::span<const std::byte> hashes = {};  ///< runtime/layer_hash.h, 8 bytes each, little endian
  static void Fields(auto&& visit, auto& message) { visit(message.first), visit(message.hashes); }
};

/// "Send a piece of what this operator, the last that ran, has written." Answered by Output.
struct ReadLayer {
  static constexpr MessageType kType = MessageType::kReadLayer;
  uint32_t layer = 0;
  uint32_t offset_bytes = 0;  ///< in its outputs, laid end to end
  uint16_t count = 0;
  static void Fields(auto&& visit, auto& message) {
    visit(message.layer), visit(message.offset_bytes), visit(message.count);
  }
};

/// "Send the sensor's readings in frames, at this rate." Answered by Sensor; Readings follow, counted anew, until
/// Lines. Between frames the single character '?' asks for the same, at the rate as it is.
struct Stream {
  static constexpr MessageType kType = MessageType::kStream;
  uint16_t rate_hz = 0;  ///< one of Sensor::rates; 0: as it is
  static void Fields(auto&& visit, auto& message) { visit(message.rate_hz); }
};

/// "Go back to lines of text." Answered by Taken, whose count is that of the readings sent; nothing but text follows.
struct Lines {
  static constexpr MessageType kType = MessageType::kLines;
  static void Fields(auto&&, auto&) {}
};

/// What a board that streams readings says about itself. Lists are separated by commas.
struct Sensor {
  static constexpr MessageType kType = MessageType::kSensor;
  uint16_t protocol = kProtocolVersion;
  std::string_view board = {};
  std::string_view device = {};            ///< unique to this one: hexadecimal digits
  std::string_view axes = {};              ///< "accX,accY,accZ,gyrX,gyrY,gyrZ"
  std::string_view units = {};             ///< of each axis: "mg,mg,mg,mdps,mdps,mdps"
  float rate_hz = 0;                       ///< nominal; Readings::time_us tells the real one
  std::string_view rates = {};             ///< that Stream may ask for: "104,208,416"
  std::span<const std::byte> scales = {};  ///< a float32 for each axis: what one count is in its unit
  static void Fields(auto&& visit, auto& message) {
    visit(message.protocol), visit(message.board), visit(message.device), visit(message.axes), visit(message.units);
    visit(message.rate_hz), visit(message.rates), visit(message.scales);
  }
};

/// Readings as the sensor gave them, without a gap inside of a frame.
struct Readings {
  static constexpr MessageType kType = MessageType::kReadings;
  uint32_t frame = 0;    ///< counted from 0 since the stream began: a gap is a frame that the line lost
  uint32_t first = 0;    ///< number of the first reading here, from 0; readings that the sensor lost are counted
  uint32_t lost = 0;     ///< readings that the sensor's queue has lost since the stream began
  uint64_t time_us = 0;  ///< the board's clock when it saw that the last reading was there
  uint32_t age_us = 0;   ///< the last reading was made at most so long before that
  std::span<const std::byte> samples = {};  ///< int16, interleaved by reading, whole readings only
  static void Fields(auto&& visit, auto& message) {
    visit(message.frame), visit(message.first), visit(message.lost), visit(message.time_us), visit(message.age_us);
    visit(message.samples);
  }
};

/// "I cannot do that." May answer any request.
struct Failure {
  static constexpr MessageType kType = MessageType::kFailure;
  uint8_t status = 0;  ///< thimble::Status
  uint8_t reason = 0;  ///< kernels/reason.h, when it is about a model; else 0
  int32_t operator_index = -1;
  int32_t tensor_index = -1;
  uint32_t byte = 0;
  static void Fields(auto&& visit, auto& message) {
    visit(message.status), visit(message.reason), visit(message.operator_index), visit(message.tensor_index);
    visit(message.byte);
  }
};

/// The last words of a board whose processor took a fault; it answers nothing afterwards.
struct Crash {
  static constexpr MessageType kType = MessageType::kCrash;
  uint8_t exception = 0;  ///< Armv7-M exception number: 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault
  uint32_t pc = 0;
  uint32_t lr = 0;
  uint32_t sp = 0;
  uint32_t cfsr = 0;     ///< configurable fault status register
  uint32_t hfsr = 0;     ///< hard fault status register
  uint32_t address = 0;  ///< that was accessed; known if bit 7 or bit 15 of cfsr is set
  static void Fields(auto&& visit, auto& message) {
    visit(message.exception), visit(message.pc), visit(message.lr), visit(message.sp), visit(message.cfsr);
    visit(message.hfsr), visit(message.address);
  }
};

namespace internal {

static_assert(std::endian::native == std::endian::little, "fields are copied as they lie in memory");

struct FieldWriter {
  Encoder& encoder;
  template <typename T>
  requires std::is_arithmetic_v<T>
  void operator()(const T& value) { encoder.Put(std::as_bytes(std::span(&value, 1))); }
  void operator()(std::string_view text) {
    const uint8_t size = static_cast<uint8_t>(text.size() < 255 ? text.size() : 255);
    (*this)(size);
    encoder.Put(std::as_bytes(std::span(text.data(), size)));
  }
  void operator()(std::span<const std::byte> bytes) { encoder.Put(bytes); }
};

struct FieldReader {
  std::span<const std::byte> rest;
  bool complete = true;

  std::span<const std::byte> Take(size_t bytes) {
    if (bytes > rest.size()) {
      complete = false;
      return {};
    }
    const auto taken = rest.first(bytes);
    rest = rest.subspan(bytes);
    return taken;
  }
  template <typename T>
  requires std::is_arithmetic_v<T>
  void operator()(T& value) {
    if (const auto bytes = Take(sizeof(T)); complete) std::memcpy(&value, bytes.data(), sizeof(T));
  }
  void operator()(std::string_view& text) {
    uint8_t size = 0;
    (*this)(size);
    if (const auto bytes = Take(size); complete) text = {reinterpret_cast<const char*>(bytes.data()), size};
  }
  void operator()(std::span<const std::byte>& bytes) { bytes = Take(rest.size()); }
};

}  // namespace internal

/// The whole frame of `message`, written into `out`; empty when it does not fit or is longer than kMaxPayloadBytes,
/// which FrameBytes(kMaxPayloadBytes) always holds.
template <typename Message>
std::span<const std::byte> Encode(const Message& message, std::span<std::byte> out) {
  Encoder encoder(static_cast<uint8_t>(Message::kType), out);
  Message::Fields(internal::FieldWriter{encoder}, message);
  return encoder.Finish();
}

/// The message in a frame; its text and bytes point into the frame's payload.
///
///   kInvalidArgument   the frame is of another type
///   kDataLoss          the payload is shorter or longer than this message
template <typename Message>
Result<Message> Decode(const Frame& frame) {
  if (frame.type != static_cast<uint8_t>(Message::kType)) return Status::kInvalidArgument;
  Message message;
  internal::FieldReader reader{frame.payload};
  Message::Fields(reader, message);
  if (!reader.complete || !reader.rest.empty()) return Status::kDataLoss;
  return message;
}

}  // namespace thimble::wire

#endif  // THIMBLE_WIRE_MESSAGE_H_
