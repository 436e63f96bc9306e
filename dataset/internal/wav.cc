#include "dataset/internal/wav.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

constexpr uint16_t kPcm = 1;
constexpr uint16_t kFloat = 3;
constexpr uint16_t kExtensible = 0xFFFE;
constexpr uint32_t kMostChannels = 64;
constexpr uint32_t kFastestRateHz = 10'000'000;  // ultrasound stays far below
constexpr float kFullScale = 32768;
// What programs write that do not know the length yet.
constexpr uint32_t kUnknownLength = 0xFFFFFFFF;

uint32_t Little(std::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

struct Format {
  uint16_t code = 0;
  uint32_t channels = 0;
  uint32_t rate_hz = 0;
  uint32_t bits = 0;
  size_t SampleBytes() const { return bits / 8; }
};

std::string At(size_t byte) { return "byte " + std::to_string(byte) + ": "; }

Expected<Format> ReadFormat(std::string_view chunk, size_t place) {
  if (chunk.size() < 16) {
    return {Status::kDataLoss, At(place) + "the fmt chunk has " + Count(chunk.size(), "byte", "bytes") +
                                   " where at least 16 are expected; convert the file again"};
  }
  Format format{.code = static_cast<uint16_t>(Little(chunk, 0, 2)),
                .channels = Little(chunk, 2, 2),
                .rate_hz = Little(chunk, 4, 4),
                .bits = Little(chunk, 14, 2)};
  // The first two bytes of the sub-format's GUID are the code that the plain format would have.
  if (format.code == kExtensible && chunk.size() >= 26) format.code = static_cast<uint16_t>(Little(chunk, 24, 2));
  const bool pcm =
      format.code == kPcm && (format.bits == 8 || format.bits == 16 || format.bits == 24 || format.bits == 32);
  if (!pcm && !(format.code == kFloat && format.bits == 32)) {
    return {Status::kUnsupported, "sound of format " + std::to_string(format.code) + " with " +
                                      Count(format.bits, "bit", "bits") +
                                      " a sample is not read; save it as 16-bit PCM (sox in.wav -b 16 out.wav)"};
  }
  if (format.channels < 1 || format.channels > kMostChannels) {
    return {Status::kDataLoss,
            At(place) + Count(format.channels, "channel", "channels") + " are impossible; convert the file again"};
  }
  if (format.rate_hz < 1 || format.rate_hz > kFastestRateHz) {
    return {Status::kDataLoss,
            At(place) + "a rate of " + std::to_string(format.rate_hz) + " Hz is impossible; convert the file again"};
  }
  return format;
}

/// Full scale is 32768.
float Sample(std::string_view data, size_t at, const Format& format) {
  const uint32_t bits = Little(data, at, format.SampleBytes());
  if (format.code == kFloat) return std::bit_cast<float>(bits) * kFullScale;
  if (format.bits == 8) return (static_cast<float>(bits) - 128) * 256;
  // Shifted to the top, the sign falls into place.
  const auto value = static_cast<int32_t>(bits << (32 - format.bits));
  return static_cast<float>(value) / 65536;
}

Outcome ReadSamples(std::string_view data, const Format& format, const auto& take) {
  const size_t frame_bytes = format.SampleBytes() * format.channels;
  const size_t count = data.size() / frame_bytes;
  for (size_t i = 0; i < count; ++i) {
    float sum = 0;
    for (uint32_t channel = 0; channel < format.channels; ++channel) {
      sum += Sample(data, i * frame_bytes + channel * format.SampleBytes(), format);
    }
    const float mean = sum / static_cast<float>(format.channels);
    if (!std::isfinite(mean)) {
      return {Status::kDataLoss, "sample " + std::to_string(i + 1) +
                                     " is no number or too large; save the sound as 16-bit PCM, or record it again"};
    }
    take(mean, size_t{0});
  }
  return Nothing{};
}

}  // namespace

Expected<Recording> ReadWav(std::string_view bytes, std::vector<std::string>& notices,
                            const std::function<void(float, size_t)>& take) {
  constexpr size_t kHeaderBytes = 12;
  constexpr size_t kChunkHeaderBytes = 8;
  if (!bytes.starts_with("RIFF") || bytes.size() < kHeaderBytes || bytes.substr(8, 4) != "WAVE") {
    const bool sibling = bytes.starts_with("RF64") || bytes.starts_with("RIFX");
    return {sibling ? Status::kUnsupported : Status::kDataLoss,
            sibling ? "the file is " + std::string(bytes.substr(0, 4)) + " and not RIFF; save it as a plain WAV"
                    : "byte 0: this is no WAV file (RIFF … WAVE is missing); convert the sound to WAV"};
  }
  std::optional<Format> format;
  size_t at = kHeaderBytes;
  while (at + kChunkHeaderBytes <= bytes.size()) {
    const std::string_view id = bytes.substr(at, 4);
    const size_t length = Little(bytes, at + 4, 4);
    const size_t begin = at + kChunkHeaderBytes;
    const size_t left = bytes.size() - begin;
    const bool is_data = id == "data";
    if (length > left && !(is_data && length == kUnknownLength)) {
      return {Status::kDataLoss, At(bytes.size()) + "the file ends inside the chunk " + Quote(id) + ", which has " +
                                     Count(length, "byte", "bytes") + "; copy it again or record it again"};
    }
    const std::string_view chunk = bytes.substr(begin, length);
    if (id == "fmt ") {
      THIMBLE_ASSIGN(format, ReadFormat(chunk, begin));
    } else if (is_data) {
      if (!format) return {Status::kDataLoss, At(at) + "the data come before their format; convert the file again"};
      Recording recording;
      recording.axes = {{"audio", "wav"}};
      recording.interval_ms = 1000.0 / format->rate_hz;
      const size_t frame_bytes = format->SampleBytes() * format->channels;
      if (chunk.size() < frame_bytes) return {Status::kDataLoss, At(begin) + "there is no sound; record it again"};
      if (!take) recording.values.reserve(chunk.size() / frame_bytes);
      const auto keep = [&](float value, size_t) { recording.values.push_back(value); };
      THIMBLE_EXPECT(take ? ReadSamples(chunk, *format, take) : ReadSamples(chunk, *format, keep));
      if (format->channels > 1) {
        notices.push_back(Count(format->channels, "channel", "channels") + " were mixed into one");
      }
      return recording;
    }
    // Chunks begin at even places.
    at = begin + length + length % 2;
  }
  return {Status::kDataLoss, At(bytes.size()) + "the file ends before its " + (format ? "data" : "format") +
                                 "; copy it again or record it again"};
}

}  // namespace thimble::dataset
