#include "dataset/internal/pictures.h"

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

constexpr int kDigitSide = 28;
constexpr size_t kDigitPixels = size_t{kDigitSide} * kDigitSide;

Recording PictureOf(int width, int height) {
  Recording recording;
  recording.axes = {{"image", ""}};
  recording.interval_ms = 1000;  // it must have one
  recording.width = width;
  recording.height = height;
  return recording;
}

float Packed(uint32_t red, uint32_t green, uint32_t blue) { return static_cast<float>(red << 16 | green << 8 | blue); }

Error Damaged(std::string_view library_says) {
  return {Status::kDataLoss, "the picture is damaged: " + std::string(library_says) + "; save it again"};
}

Outcome CheckSize(uint64_t width, uint64_t height) {
  if (width >= 1 && height >= 1 && width * height <= kMostPixels) return Nothing{};
  return {Status::kInvalidArgument, "a picture of " + std::to_string(width) + " × " + std::to_string(height) +
                                        " pixels is too large or empty; make it smaller (at most " +
                                        std::to_string(kMostPixels) + " pixels)"};
}

// --- JPEG -----------------------------------------------------------------------------------------------------------
// libjpeg leaves its functions by longjmp, so between here and there lives nothing that has a destructor.

struct JpegFailure {
  jpeg_error_mgr base;  // must be first: libjpeg knows nothing of the rest
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX];
};

// A progressive file can repeat its scans without end, each of them costing a whole picture's time.
constexpr int kMostScans = 500;

struct JpegDecoder {
  jpeg_decompress_struct state;
  JpegFailure failure;
  jpeg_progress_mgr progress;
};

[[noreturn]] void Fail(j_common_ptr state) {
  auto* failure = reinterpret_cast<JpegFailure*>(state->err);
  state->err->format_message(state, failure->text);
  std::longjmp(failure->back, 1);
}

void CountScans(j_common_ptr state) {
  if (!state->is_decompressor || reinterpret_cast<j_decompress_ptr>(state)->input_scan_number <= kMostScans) return;
  auto* failure = reinterpret_cast<JpegFailure*>(state->err);
  std::snprintf(failure->text, sizeof failure->text, "it has more than %d scans", kMostScans);
  std::longjmp(failure->back, 1);
}

// Warnings mean that pixels were made up: the file is damaged as well. Only bytes too many, which small cameras leave
// behind, do no harm.
void FailOnWarning(j_common_ptr state, int level) {
  if (level < 0 && state->err->msg_code != JWRN_EXTRANEOUS_DATA) Fail(state);
}

bool Begin(JpegDecoder& decoder, std::string_view bytes) {
  decoder.state.err = jpeg_std_error(&decoder.failure.base);
  decoder.failure.base.error_exit = &Fail;
  decoder.failure.base.emit_message = &FailOnWarning;
  if (setjmp(decoder.failure.back) != 0) return false;
  jpeg_create_decompress(&decoder.state);
  decoder.progress = {};
  decoder.progress.progress_monitor = &CountScans;
  decoder.state.progress = &decoder.progress;
  jpeg_mem_src(&decoder.state, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&decoder.state, TRUE);
  decoder.state.out_color_space = JCS_RGB;
  return true;
}

bool Decode(JpegDecoder& decoder, uint8_t* pixels) {
  if (setjmp(decoder.failure.back) != 0) return false;
  jpeg_start_decompress(&decoder.state);
  const size_t row_bytes = size_t{decoder.state.output_width} * 3;
  while (decoder.state.output_scanline < decoder.state.output_height) {
    JSAMPROW row = pixels + decoder.state.output_scanline * row_bytes;
    jpeg_read_scanlines(&decoder.state, &row, 1);
  }
  jpeg_finish_decompress(&decoder.state);
  return true;
}

std::string_view SkipBlank(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// Takes `word` off the front, behind blanks.
bool Take(std::string_view& text, std::string_view word) {
  const std::string_view rest = SkipBlank(text);
  if (!rest.starts_with(word)) return false;
  text = rest.substr(word.size());
  return true;
}

bool TakeDigitsHeading(std::string_view& text) {
  return Take(text, "{") && Take(text, "\"data\"") && Take(text, ":") && Take(text, "[");
}

}  // namespace

Expected<Recording> ReadPng(std::string_view bytes) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  // Frees what libpng allocated, on every way out.
  const std::unique_ptr<png_image, void (*)(png_image*)> owner(&image, [](png_image* own) { png_image_free(own); });
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return Damaged(image.message);
  THIMBLE_EXPECT(CheckSize(image.width, image.height));
  image.format = PNG_FORMAT_RGBA;
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) == 0) return Damaged(image.message);
  Recording recording = PictureOf(static_cast<int>(image.width), static_cast<int>(image.height));
  recording.values.reserve(pixels.size() / 4);
  for (size_t i = 0; i < pixels.size(); i += 4) {
    recording.values.push_back(Packed(pixels[i], pixels[i + 1], pixels[i + 2]));
  }
  return recording;
}

Expected<Recording> ReadJpeg(std::string_view bytes) {
  JpegDecoder decoder = {};
  const std::unique_ptr<jpeg_decompress_struct, void (*)(jpeg_decompress_struct*)> owner(
      &decoder.state, [](jpeg_decompress_struct* state) { jpeg_destroy_decompress(state); });
  if (!Begin(decoder, bytes)) return Damaged(decoder.failure.text);
  THIMBLE_EXPECT(CheckSize(decoder.state.image_width, decoder.state.image_height));
  Recording recording =
      PictureOf(static_cast<int>(decoder.state.image_width), static_cast<int>(decoder.state.image_height));
  std::vector<uint8_t> pixels(size_t{decoder.state.image_width} * decoder.state.image_height * 3);
  if (!Decode(decoder, pixels.data())) return Damaged(decoder.failure.text);
  recording.values.reserve(pixels.size() / 3);
  for (size_t i = 0; i < pixels.size(); i += 3) {
    recording.values.push_back(Packed(pixels[i], pixels[i + 1], pixels[i + 2]));
  }
  return recording;
}

bool HoldsDigits(std::string_view bytes) { return TakeDigitsHeading(bytes); }

Expected<Recording> ReadDigits(std::string_view bytes) {
  std::string_view rest = bytes;
  const auto place = [&] { return "byte " + std::to_string(bytes.size() - SkipBlank(rest).size()) + ": "; };
  if (!TakeDigitsHeading(rest)) return {Status::kDataLoss, "byte 0: a list called data is expected"};
  Recording recording = PictureOf(kDigitSide, kDigitSide);
  while (!Take(rest, "]")) {
    if (!recording.values.empty() && !Take(rest, ",")) {
      return {
          Status::kDataLoss,
          place() + (SkipBlank(rest).empty() ? "the file ends inside data" : "a comma is missing") + "; copy it again"};
    }
    const std::string_view text = SkipBlank(rest);
    float value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !(value >= 0 && value <= 1)) {
      return {Status::kDataLoss, place() + (text.empty() ? "the file ends inside data; copy it again"
                                                         : "a number from 0 to 1 is expected; correct it")};
    }
    rest = text.substr(static_cast<size_t>(end - text.data()));
    const auto grey = static_cast<uint32_t>(std::lround(value * 255));
    recording.values.push_back(Packed(grey, grey, grey));
  }
  if (!Take(rest, "}") || !SkipBlank(rest).empty()) {
    return {Status::kDataLoss, place() + "the end of the document is expected behind data; copy it again"};
  }
  if (recording.values.empty() || recording.values.size() % kDigitPixels != 0) {
    return {Status::kDataLoss, "data has " + Count(recording.values.size(), "number", "numbers") +
                                   ", which is no multiple of 784 (28 × 28 a digit); copy it again"};
  }
  return recording;
}

}  // namespace thimble::dataset
