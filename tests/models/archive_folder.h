// For tests: the archive of reference models, unpacked once for the whole program.
#ifndef THIMBLE_TESTS_MODELS_ARCHIVE_FOLDER_H_
#define THIMBLE_TESTS_MODELS_ARCHIVE_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace thimble::models {

/// Where models with recorded answers are; need not exist.
inline std::filesystem::path GoldenFolder() {
  const char* shared = getenv("THIMBLE_SHARED");
  return (shared != nullptr ? std::filesystem::path(shared) : std::filesystem::path(THIMBLE_SOURCE_DIR) / "../shared") /
         "golden";
}

/// A test suite with the archive; skipped where there is none.
class ArchiveTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::filesystem::path packed = GoldenFolder() / "tflite-models.tar.xz";
    if (!std::filesystem::exists(packed)) return;
    std::string pattern = (std::filesystem::temp_directory_path() / "thimble-models-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    unpacked_ = pattern;
    const std::string command = "tar -xJf '" + packed.string() + "' -C '" + pattern + "'";
    ASSERT_EQ(system(command.c_str()), 0) << command;
  }
  static void TearDownTestSuite() {
    std::error_code ignored;
    if (!unpacked_.empty()) std::filesystem::remove_all(unpacked_, ignored);
    unpacked_.clear();
  }
  void SetUp() override {
    if (unpacked_.empty()) GTEST_SKIP() << "no model archive: set THIMBLE_SHARED";
  }
  /// For FindModels.
  static std::filesystem::path folder() { return unpacked_ / "tflite-models"; }

 private:
  static inline std::filesystem::path unpacked_;
};

}  // namespace thimble::models

#endif  // THIMBLE_TESTS_MODELS_ARCHIVE_FOLDER_H_
