#include "simulator/board_client.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "base/hexadecimal.h"
#include "kernels/reason.h"

namespace thimble::simulator {
namespace {

constexpr int kCancelCheckMs = 100;
constexpr size_t kPieceBytes = wire::kMaxPayloadBytes - sizeof(uint32_t);  // of a tensor, in Input and Output

std::string Seconds(int milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", milliseconds / 1000.0);
  return text;
}

std::string DescribeCrash(const wire::Crash& crash) {
  std::string why = "fault " + std::to_string(crash.exception);
  // Bits of CFSR: Armv7-M Architecture Reference Manual (DDI0403), section B3.2.15; bit 20 is Armv8-M's (DDI0553).
  if ((crash.cfsr & 1u << 25) != 0) why = "division by zero";
  if ((crash.cfsr & 1u << 24) != 0) why = "unaligned access";
  if ((crash.cfsr & 0xfu << 16) != 0) why = "undefined or impossible instruction";
  if ((crash.cfsr & 0xff00u) != 0) why = "access to nothing";
  if ((crash.cfsr & 0x00ffu) != 0) why = "access to forbidden memory";
  if ((crash.cfsr & (1u << 15 | 1u << 7)) != 0) why += " at " + Hexadecimal(crash.address);
  if ((crash.cfsr & (1u << 20 | 1u << 12 | 1u << 4)) != 0) why = "the stack is too small";
  return "the program stopped: " + why + " (pc " + Hexadecimal(crash.pc) + ", lr " + Hexadecimal(crash.lr) + ", sp " +
         Hexadecimal(crash.sp) + ", cfsr " + Hexadecimal(crash.cfsr) + ", hfsr " + Hexadecimal(crash.hfsr) +
         "); arm-none-eabi-addr2line -f -e firmware.elf tells the function of a pc";
}

std::string DescribeFailure(const wire::Failure& failure) {
  if (failure.reason == 0)
    return std::string("the request was refused: ") + Reason(static_cast<Status>(failure.status));
  std::string text = "the model cannot be loaded: ";
  if (failure.operator_index >= 0) text += "operator " + std::to_string(failure.operator_index) + ": ";
  if (failure.tensor_index >= 0) text += "tensor " + std::to_string(failure.tensor_index) + ": ";
  return text + Sentence(static_cast<kernels::Reason>(failure.reason));
}

}  // namespace

BoardClient::BoardClient(BoardLink& link, ClientOptions options)
    : link_(link),
      options_(options),
      body_(wire::BodyBytes(wire::kMaxPayloadBytes)),
      decoder_(body_),
      outgoing_(wire::FrameBytes(wire::kMaxPayloadBytes)),
      incoming_(4096) {}

Error BoardClient::Broken(std::string what) const {
  return {Status::kDeviceFailed, link_.Describe() + ": " + std::move(what)};
}

template <typename Message>
Outcome BoardClient::Send(const Message& message) {
  return link_.Write(wire::Encode(message, outgoing_));
}

Expected<wire::Frame> BoardClient::Receive() {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::milliseconds(options_.timeout_ms);
  while (true) {
    while (!unread_.empty()) {
      const std::byte next = unread_.front();
      unread_ = unread_.subspan(1);
      const Result<wire::Frame> frame = decoder_.Process(next);
      if (!frame.ok()) continue;  // what is no frame is text of the board for people
      if (const auto crash = wire::Decode<wire::Crash>(*frame); crash.ok()) return Broken(DescribeCrash(*crash));
      if (const auto failure = wire::Decode<wire::Failure>(*frame); failure.ok()) {
        return Broken(DescribeFailure(*failure));
      }
      return *frame;
    }
    if (options_.cancel != nullptr && *options_.cancel) return {Status::kCancelled, "stopped on request"};
    if (Clock::now() >= deadline) {
      return Broken("silent for " + Seconds(options_.timeout_ms) +
                    " s; is it running firmware of this version of Thimble?");
    }
    THIMBLE_ASSIGN(const size_t count, link_.Read(incoming_, kCancelCheckMs));
    unread_ = std::span(incoming_).first(count);
  }
}

template <typename Message>
Expected<Message> BoardClient::ReceiveThe() {
  THIMBLE_ASSIGN(const wire::Frame frame, Receive());
  const Result<Message> message = wire::Decode<Message>(frame);
  if (message.ok()) return *message;
  return Broken("answered with message type " + std::to_string(frame.type) + " where " +
                std::to_string(static_cast<int>(Message::kType)) +
                " was due; board and host are of different versions: build both again");
}

Expected<BoardAbout> BoardClient::Introduce() {
  THIMBLE_EXPECT(Send(wire::Hello{}));
  THIMBLE_ASSIGN(const wire::About about, ReceiveThe<wire::About>());
  if (about.protocol != wire::kProtocolVersion) {
    return Broken("speaks protocol " + std::to_string(about.protocol) + ", this program " +
                  std::to_string(wire::kProtocolVersion) + "; build the firmware again");
  }
  about_ = {.board = std::string(about.board),
            .impulse = std::string(about.name),
            .axes = about.axes,
            .window_readings = static_cast<int>(about.window_readings),
            .stride_readings = static_cast<int>(about.stride_readings),
            .rate_hz = about.rate_hz,
            .feature_count = static_cast<int>(about.feature_count),
            .label_count = about.label_count,
            .input_bytes = about.input_bytes,
            .output_bytes = about.output_bytes,
            .arena_bytes = about.arena_bytes,
            .tick_hz = about.tick_hz,
            .instructions_per_tick = about.instructions_per_tick};
  known_ = true;
  return about_;
}

Outcome BoardClient::Know() {
  if (!known_) THIMBLE_EXPECT(Introduce());
  return Nothing{};
}

Expected<std::vector<BoardVerdict>> BoardClient::Judge(std::span<const float> samples) {
  THIMBLE_EXPECT(Know());
  const size_t axes = static_cast<size_t>(about_.axes);
  if (axes == 0) return Broken("runs no impulse, so it cannot judge recordings");
  if (samples.size() % axes != 0) {
    return {Status::kInvalidArgument, "the recording is not whole readings of " + std::to_string(axes) + " numbers"};
  }
  const size_t per_message = (wire::kMaxPayloadBytes - 1) / sizeof(float) / axes * axes;
  if (per_message == 0) return Broken("has more axes than fit into one message");

  std::vector<BoardVerdict> verdicts;
  const auto instructions = static_cast<uint64_t>(about_.instructions_per_tick);
  const uint64_t cycles = instructions == 0 ? 1 : 0;
  for (size_t at = 0; at < samples.size();) {
    const auto piece = samples.subspan(at, std::min(per_message, samples.size() - at));
    THIMBLE_EXPECT(
        Send(wire::Samples{.begins_recording = static_cast<uint8_t>(at == 0), .samples = std::as_bytes(piece)}));
    at += piece.size();
    while (true) {
      THIMBLE_ASSIGN(const wire::Frame frame, Receive());
      if (const auto verdict = wire::Decode<wire::Verdict>(frame); verdict.ok()) {
        verdicts.push_back({.window = static_cast<int>(verdict->window),
                            .features_hash = verdict->features_hash,
                            .label = verdict->label,
                            .dsp_instructions = verdict->dsp_ticks * instructions,
                            .network_instructions = verdict->network_ticks * instructions,
                            .dsp_cycles = verdict->dsp_ticks * cycles,
                            .network_cycles = verdict->network_ticks * cycles,
                            .raw_scores = {verdict->raw_scores.begin(), verdict->raw_scores.end()},
                            .anomaly_score = {}});
        if (verdicts.back().window + size_t{1} != verdicts.size())
          return Broken("lost a verdict on the way; try again");
      } else if (const auto detection = wire::Decode<wire::Detection>(frame); detection.ok()) {
        if (verdicts.empty() || static_cast<uint32_t>(verdicts.back().window) != detection->window) {
          return Broken("lost a verdict on the way; try again");
        }
        verdicts.back().anomaly_score = detection->score;
        verdicts.back().strange = detection->strange != 0;
      } else if (const auto taken = wire::Decode<wire::Taken>(frame); taken.ok()) {
        if (taken->count != at / axes) return Broken("lost readings on the way; try again");
        break;
      } else {
        return Broken("answered a recording with message type " + std::to_string(frame.type));
      }
    }
  }
  return verdicts;
}

/// `bytes` bytes by requests that `ask` makes; the board answers each with Output.
template <typename Ask>
Expected<std::vector<std::byte>> BoardClient::ReadPieces(size_t bytes, Ask ask) {
  std::vector<std::byte> whole;
  while (whole.size() < bytes) {
    const size_t count = std::min(kPieceBytes, bytes - whole.size());
    THIMBLE_EXPECT(Send(ask(static_cast<uint32_t>(whole.size()), static_cast<uint16_t>(count))));
    THIMBLE_ASSIGN(const wire::Output output, ReceiveThe<wire::Output>());
    if (output.offset_bytes != whole.size() || output.bytes.empty() || output.bytes.size() > count) {
      return Broken("answered with another piece of the output");
    }
    whole.insert(whole.end(), output.bytes.begin(), output.bytes.end());
  }
  return whole;
}

Expected<ModelRun> BoardClient::RunModel(std::span<const std::byte> input) {
  THIMBLE_EXPECT(WriteInput(input));
  THIMBLE_EXPECT(Send(wire::Invoke{}));
  THIMBLE_ASSIGN(const wire::Invoked invoked, ReceiveThe<wire::Invoked>());
  ModelRun run;
  run.instructions = uint64_t{invoked.network_ticks} * static_cast<uint64_t>(about_.instructions_per_tick);
  THIMBLE_ASSIGN(run.output, ReadPieces(about_.output_bytes, [](uint32_t offset, uint16_t count) {
                   return wire::ReadOutput{.offset_bytes = offset, .count = count};
                 }));
  return run;
}

Outcome BoardClient::Reset() {
  THIMBLE_EXPECT(Send(wire::Reset{}));
  THIMBLE_EXPECT(ReceiveThe<wire::Taken>());
  return Nothing{};
}

Outcome BoardClient::WriteInput(std::span<const std::byte> input) {
  THIMBLE_EXPECT(Know());
  if (input.size() != about_.input_bytes) {
    return {Status::kInvalidArgument, "the model's input is " + std::to_string(about_.input_bytes) + " bytes, not " +
                                          std::to_string(input.size())};
  }
  for (size_t at = 0; at < input.size();) {
    const auto piece = input.subspan(at, std::min(kPieceBytes, input.size() - at));
    THIMBLE_EXPECT(Send(wire::Input{.offset_bytes = static_cast<uint32_t>(at), .bytes = piece}));
    at += piece.size();
    THIMBLE_ASSIGN(const wire::Taken taken, ReceiveThe<wire::Taken>());
    if (taken.count != at) return Broken("lost a piece of the input on the way; try again");
  }
  return Nothing{};
}

Expected<std::vector<uint64_t>> BoardClient::InvokeLayers(int first, int count) {
  THIMBLE_EXPECT(
      Send(wire::InvokeLayers{.first = static_cast<uint32_t>(first), .count = static_cast<uint16_t>(count)}));
  THIMBLE_ASSIGN(const wire::Layers layers, ReceiveThe<wire::Layers>());
  std::vector<uint64_t> hashes(static_cast<size_t>(count));
  if (layers.first != static_cast<uint32_t>(first) || layers.hashes.size() != hashes.size() * sizeof hashes[0]) {
    return Broken("answered with other layers than those that it was asked to run");
  }
  if (!hashes.empty()) std::memcpy(hashes.data(), layers.hashes.data(), layers.hashes.size());
  return hashes;
}

Expected<std::vector<std::byte>> BoardClient::ReadLayer(int layer, size_t bytes) {
  return ReadPieces(bytes, [layer](uint32_t offset, uint16_t count) {
    return wire::ReadLayer{.layer = static_cast<uint32_t>(layer), .offset_bytes = offset, .count = count};
  });
}

Expected<uint64_t> BoardClient::Prove() {
  THIMBLE_EXPECT(Send(wire::Prove{}));
  THIMBLE_ASSIGN(const wire::Proof proof, ReceiveThe<wire::Proof>());
  return proof.fingerprint;
}

}  // namespace thimble::simulator
