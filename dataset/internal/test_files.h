// Files for tests: a folder that goes away, recordings made of a formula, the archives of real data.
#ifndef THIMBLE_DATASET_INTERNAL_TEST_FILES_H_
#define THIMBLE_DATASET_INTERNAL_TEST_FILES_H_

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "dataset/recording.h"

namespace thimble::dataset {

/// A folder of its own, removed at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "thimble_dataset_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  void Write(const std::string& file, std::string_view bytes) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file, std::ios::binary) << bytes;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// The folder of reference data beside the checkout, or an empty path when it is not there.
inline std::filesystem::path SharedFolder() {
  const char* given = std::getenv("THIMBLE_SHARED");
  const std::filesystem::path path = given != nullptr ? given : THIMBLE_SOURCE_DIR "/../shared";
  return std::filesystem::is_directory(path) ? path : std::filesystem::path();
}

/// Unpacks data/<name>.tar.xz of the reference data into `folder`; false when there is no such archive.
inline bool UnpackShared(const std::string& name, const TemporaryFolder& folder) {
  const std::filesystem::path archive = SharedFolder() / "data" / (name + ".tar.xz");
  if (!std::filesystem::exists(archive)) return false;
  const std::string command = "tar -xJf '" + archive.string() + "' -C '" + folder.path() + "'";
  return std::system(command.c_str()) == 0;
}

/// A recording of three axes at 100 Hz that repeats nothing and shares no reading with another `seed`.
inline Recording Wiggle(int seed, size_t readings, const std::string& label = "wave") {
  Recording recording;
  recording.name = label + "." + std::to_string(seed);
  recording.file = recording.name + ".csv";
  recording.label = label;
  recording.axes = {{"x", "g"}, {"y", "g"}, {"z", "g"}};
  recording.interval_ms = 10;
  for (size_t i = 0; i < readings * 3; ++i) {
    recording.values.push_back(static_cast<float>(std::sin(0.37 * static_cast<double>(i) * (1 + 0.01 * seed)) + seed));
  }
  return recording;
}

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_TEST_FILES_H_
