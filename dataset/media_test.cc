// Sound and pictures as recordings.
#include <gtest/gtest.h>
#include <png.h>

#include <bit>
#include <cmath>
#include <cstdio>
// libjpeg's header needs FILE and is not self-contained.
#include <jpeglib.h>

#include <cstdlib>

#include "dataset/internal/test_files.h"
#include "dataset/reader.h"

namespace thimble::dataset {
namespace {

std::string Little(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string Chunk(const std::string& id, const std::string& bytes) {
  return id + Little(bytes.size(), 4) + bytes + std::string(bytes.size() % 2, '\0');
}

std::string Format(unsigned code, unsigned channels, unsigned rate_hz, unsigned bits) {
  return Little(code, 2) + Little(channels, 2) + Little(rate_hz, 4) + Little(rate_hz * channels * bits / 8, 4) +
         Little(channels * bits / 8, 2) + Little(bits, 2);
}

std::string Wav(const std::string& chunks) { return "RIFF" + Little(4 + chunks.size(), 4) + "WAVE" + chunks; }

std::string Wav(unsigned code, unsigned channels, unsigned bits, const std::string& data) {
  return Wav(Chunk("fmt ", Format(code, channels, 16000, bits)) + Chunk("data", data));
}

std::vector<float> ValuesOf(const std::string& file, const std::string& bytes,
                            std::vector<std::string>* notices = nullptr) {
  std::vector<std::string> ignored;
  const auto recording = ReadBytes(file, bytes, {}, notices != nullptr ? *notices : ignored);
  EXPECT_TRUE(recording.ok()) << recording.error().message;
  return recording.ok() ? recording->values : std::vector<float>();
}

std::string ErrorOf(const std::string& file, const std::string& bytes) {
  std::vector<std::string> notices;
  const auto recording = ReadBytes(file, bytes, {}, notices);
  return recording.ok() ? "(no error)" : recording.error().message;
}

TEST(Wav, GivesEveryWidthAtTheScaleOfSixteenBits) {
  const std::vector<float> wanted = {0, 16384, -32768, 256};
  using namespace std::string_literals;
  EXPECT_EQ(ValuesOf("a.wav", Wav(1, 1, 8, "\x80\xc0\x00\x81"s)), wanted);
  EXPECT_EQ(ValuesOf("a.wav", Wav(1, 1, 16, "\0\0\0\x40\0\x80\0\x01"s)), wanted);
  EXPECT_EQ(ValuesOf("a.wav", Wav(1, 1, 24, "\0\0\0\0\0\x40\0\0\x80\0\0\x01"s)), wanted);
  EXPECT_EQ(ValuesOf("a.wav", Wav(1, 1, 32, "\0\0\0\0\0\0\0\x40\0\0\0\x80\0\0\0\x01"s)), wanted);
  std::string floats;
  for (const float value : {0.0f, 0.5f, -1.0f, 1.0f / 128}) floats += Little(std::bit_cast<uint32_t>(value), 4);
  EXPECT_EQ(ValuesOf("a.wav", Wav(3, 1, 32, floats)), wanted);
}

TEST(Wav, KnowsItsRateAndOtherChunks) {
  const std::string extensible =
      Format(0xFFFE, 1, 8000, 16) + Little(22, 2) + Little(16, 2) + Little(4, 4) + Little(1, 2) + std::string(14, '\7');
  const std::string bytes = Wav(Chunk("LIST", "INFOodd") + Chunk("fmt ", extensible) + Chunk("fact", "abcd") +
                                Chunk("data", "\1\2") + Chunk("LIST", "more"));
  std::vector<std::string> notices;
  const auto recording = ReadBytes("yes.wav", bytes, {}, notices);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->rate_hz(), 8000);
  EXPECT_EQ(recording->values, std::vector<float>{513});
  EXPECT_EQ(recording->axes, (std::vector<Axis>{{"audio", "wav"}}));
  EXPECT_TRUE(notices.empty());
}

TEST(Wav, MixesChannelsAndSaysSo) {
  std::vector<std::string> notices;
  EXPECT_EQ(ValuesOf("a.wav", Wav(1, 2, 16, Little(100, 2) + Little(300, 2)), &notices), std::vector<float>{200});
  EXPECT_EQ(notices, std::vector<std::string>{"2 channels were mixed into one"});
}

TEST(Wav, OfUnknownLengthIsReadToTheEnd) {
  EXPECT_EQ(ValuesOf("a.wav", Wav(Chunk("fmt ", Format(1, 1, 16000, 16)) + "data" + Little(0xFFFFFFFF, 4) +
                                  std::string("\1\0\2\0", 4))),
            (std::vector<float>{1, 2}));
}

TEST(Wav, SaysWhereItIsCutOff) {
  const std::string whole = Wav(1, 1, 16, "abcd");
  for (size_t length = 1; length < whole.size(); ++length) {
    const std::string error = ErrorOf("a.wav", whole.substr(0, length));
    EXPECT_TRUE(error.starts_with("a.wav: byte ")) << length << ": " << error;
  }
  EXPECT_EQ(
      ErrorOf("a.wav", whole.substr(0, whole.size() - 1)),
      "a.wav: byte 47: the file ends inside the chunk 'data', which has 4 bytes; copy it again or record it again");
}

TEST(Wav, RefusesWhatItCannotMean) {
  EXPECT_NE(ErrorOf("a.wav", Wav(2, 1, 4, "ab")).find("save it as 16-bit PCM"), std::string::npos);
  EXPECT_NE(ErrorOf("a.wav", Wav(1, 1, 12, "ab")).find("save it as 16-bit PCM"), std::string::npos);
  EXPECT_NE(ErrorOf("a.wav", Wav(1, 0, 16, "ab")).find("0 channels are impossible"), std::string::npos);
  EXPECT_NE(ErrorOf("a.wav", Wav(1, 1, 16, "")).find("there is no sound"), std::string::npos);
  EXPECT_NE(ErrorOf("a.wav", Wav(3, 1, 32, Little(0x7FC00000, 4))).find("sample 1 is no number"), std::string::npos);
  EXPECT_NE(ErrorOf("a.wav", "ID3 surely music").find("this is no WAV file"), std::string::npos);
  EXPECT_NE(ErrorOf("a.wav", Wav(Chunk("data", "ab"))).find("before their format"), std::string::npos);
}

// Two by two: red, green, blue, and a half-transparent grey.
const std::vector<float> kFourPixels = {0xFF0000, 0x00FF00, 0x0000FF, 0x808182};

std::string Png(uint32_t width, uint32_t height, const std::string& rgba) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGBA;
  std::string file(65536, '\0');
  png_alloc_size_t bytes = file.size();
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &bytes, 0, rgba.data(), 0, nullptr), 0);
  return file.substr(0, bytes);
}

std::string FourPixels() {
  using namespace std::string_literals;
  return Png(2, 2, "\xff\0\0\xff\0\xff\0\xff\0\0\xff\xff\x80\x81\x82\x40"s);
}

TEST(Png, GivesPackedPixelsWithoutTransparency) {
  std::vector<std::string> notices;
  const auto recording = ReadBytes("led/1.png", FourPixels(), {}, notices);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->values, kFourPixels);
  EXPECT_EQ(recording->width, 2);
  EXPECT_EQ(recording->height, 2);
  EXPECT_EQ(recording->readings(), 4u);
}

TEST(Png, CutOffAnywhereIsAnError) {
  const std::string whole = FourPixels();
  // The last chunk, of twelve bytes, says nothing but that it is the last.
  for (size_t length = 1; length < whole.size() - 12; ++length) {
    EXPECT_TRUE(ErrorOf("a.png", whole.substr(0, length)).starts_with("a.png: the picture is damaged: ")) << length;
  }
}

std::string Jpeg(unsigned width, unsigned height, bool grey) {
  jpeg_compress_struct state = {};
  jpeg_error_mgr errors;
  state.err = jpeg_std_error(&errors);
  jpeg_create_compress(&state);
  unsigned char* file = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&state, &file, &bytes);
  state.image_width = width;
  state.image_height = height;
  state.input_components = grey ? 1 : 3;
  state.in_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, 100, TRUE);
  jpeg_start_compress(&state, TRUE);
  std::vector<unsigned char> pixels;
  for (unsigned x = 0; x < width; ++x) pixels.insert(pixels.end(), grey ? 1 : 3, static_cast<unsigned char>(200));
  JSAMPROW row = pixels.data();
  for (unsigned y = 0; y < height; ++y) jpeg_write_scanlines(&state, &row, 1);
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  std::string bytes_of_file(reinterpret_cast<const char*>(file), bytes);
  std::free(file);
  return bytes_of_file;
}

TEST(Jpeg, GivesPackedPixelsOfColourAndGrey) {
  for (const bool grey : {false, true}) {
    std::vector<std::string> notices;
    const auto recording = ReadBytes("a.JPG", Jpeg(7, 3, grey), {}, notices);
    ASSERT_TRUE(recording.ok()) << recording.error().message;
    EXPECT_EQ(recording->width, 7);
    EXPECT_EQ(recording->height, 3);
    EXPECT_EQ(recording->values, std::vector<float>(21, 0xC8C8C8));
  }
}

TEST(Jpeg, CutOffAnywhereIsAnError) {
  const std::string whole = Jpeg(40, 40, false);
  for (size_t length = 1; length < whole.size() - 2; ++length) {
    EXPECT_TRUE(ErrorOf("a.jpeg", whole.substr(0, length)).starts_with("a.jpeg: the picture is damaged: ")) << length;
  }
}

TEST(Jpeg, MayHaveBytesTooMany) {
  std::string bytes = Jpeg(8, 8, false);
  bytes.insert(bytes.size() - 2, 3, '\0');
  EXPECT_EQ(ErrorOf("a.jpg", bytes), "(no error)");
}

TEST(Pictures, ThatAreHugeAreRefusedBeforeTheyAreUnpacked) {
  std::string png = FourPixels();
  png.replace(16, 8, std::string("\0\x01\0\0\0\x01\0\0", 8));
  const std::string error = ErrorOf("a.png", png);
  EXPECT_TRUE(error.starts_with("a.png: ")) << error;
  std::string jpeg = Jpeg(8, 8, false);
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  EXPECT_NE(ErrorOf("a.jpg", jpeg).find("65500 × 65500 pixels is too large"), std::string::npos)
      << ErrorOf("a.jpg", jpeg);
}

std::string Digits(int count, const std::string& first = "0.502") {
  std::string text = "{ \"data\": [" + first;
  for (int i = 1; i < count * 784; ++i) text += i % 784 == 0 ? ", 1" : ",0";
  return text + "] }\n";
}

TEST(Digits, BecomeOnePictureEach) {
  const TemporaryFolder folder;
  folder.Write("7.json", Digits(3));
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ(dataset->recordings.size(), 3u);
  EXPECT_EQ(dataset->recordings[1].label, "7");
  EXPECT_EQ(dataset->recordings[1].width, 28);
  EXPECT_EQ(dataset->recordings[0].values[0], 0x808080);
  EXPECT_EQ(dataset->recordings[1].values[0], 0xFFFFFF);
  EXPECT_EQ(dataset->recordings[1].readings(), 784u);
}

TEST(Digits, SayWhereTheyAreDamaged) {
  const std::string whole = Digits(1);
  for (size_t length = whole.find('[') + 1; length < whole.rfind('}'); ++length) {
    EXPECT_TRUE(ErrorOf("7.json", whole.substr(0, length)).starts_with("7.json: byte ")) << length;
  }
  EXPECT_EQ(ErrorOf("7.json", Digits(1, "2")), "7.json: byte 11: a number from 0 to 1 is expected; correct it");
  EXPECT_NE(ErrorOf("7.json", R"({"data":[0,1]})").find("no multiple of 784"), std::string::npos);
}

TEST(Labels, OfSoundComeFromTheFolderOrTheName) {
  const std::string sound = Wav(1, 1, 16, "abcd");
  const TemporaryFolder folder;
  folder.Write("7_jackson_32.wav", sound);
  folder.Write("bed/62581901_nohash_0.wav", sound);
  folder.Write("yes_03.wav", sound);
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->Labels(), (std::vector<std::string>{"7", "bed", "yes"}));
}

TEST(Folders, OfRecordingsPassOverThePicturesBesideThem) {
  const TemporaryFolder folder;
  folder.Write("setup.png", FourPixels());
  folder.Write("yes/1.wav", Wav(1, 1, 16, "abcd"));
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->recordings.size(), 1u);
  EXPECT_EQ(dataset->notices, std::vector<std::string>{"setup.png: passed over: a picture among other recordings"});
}

TEST(Folders, MayNotMixSoundAndMotion) {
  const TemporaryFolder folder;
  folder.Write("wave/1.csv", "time_ms,x\n0,1\n10,2\n");
  folder.Write("yes/1.wav", Wav(1, 1, 16, "abcd"));
  const auto dataset = ReadFolder(folder.path());
  ASSERT_FALSE(dataset.ok());
  EXPECT_NE(dataset.error().message.find("different sensors"), std::string::npos) << dataset.error().message;
}

struct Archive {
  const char* name;
  const char* below;
  size_t recordings, labels;
};

TEST(RealData, OfSoundAndPicturesIsReadWithItsLabels) {
  if (SharedFolder().empty()) GTEST_SKIP() << "no reference data: set THIMBLE_SHARED";
  for (const Archive& archive : {Archive{"spoken-digits", "", 3000, 10}, Archive{"speech-commands-300", "", 300, 30},
                                 Archive{"components", "electronic-components-png", 0, 5}}) {
    const TemporaryFolder folder;
    ASSERT_TRUE(UnpackShared(archive.name, folder));
    const auto dataset = ReadFolder(folder.path() + "/" + archive.name + "/" + archive.below);
    ASSERT_TRUE(dataset.ok()) << archive.name << ": " << dataset.error().message;
    EXPECT_EQ(dataset->Labels().size(), archive.labels) << archive.name;
    if (archive.recordings > 0) {
      EXPECT_EQ(dataset->recordings.size(), archive.recordings) << archive.name;
    }
    for (const Recording& recording : dataset->recordings) {
      ASSERT_EQ(recording.is_picture(), std::string(archive.name) == "components");
      if (recording.is_picture()) {
        ASSERT_EQ(recording.readings(), static_cast<size_t>(recording.width * recording.height));
      }
    }
  }
}

}  // namespace
}  // namespace thimble::dataset
