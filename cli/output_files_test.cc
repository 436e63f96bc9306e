#include "cli/output_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

class OutputFilesTest : public testing::Test {
 protected:
  OutputFilesTest() { fs::create_directories(root_); }
  ~OutputFilesTest() override { fs::remove_all(root_); }

  static std::string Read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t Entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(root_), fs::directory_iterator()));
  }

  const fs::path root_ = fs::path(testing::TempDir()) /
                         (std::string("output_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(OutputFilesTest, AppearTogetherAtTheEnd) {
  OutputFiles files;
  ASSERT_TRUE(files.Add(root_ / "a", "one").ok());
  ASSERT_TRUE(files.Add(root_ / "b", "two").ok());
  EXPECT_FALSE(fs::exists(root_ / "a"));
  ASSERT_TRUE(files.Commit().ok());
  EXPECT_EQ(Read(root_ / "a"), "one");
  EXPECT_EQ(Read(root_ / "b"), "two");
  EXPECT_EQ(Entries(), 2u);
}

TEST_F(OutputFilesTest, LeaveWhatWasThereWhenNotCommitted) {
  std::ofstream(root_ / "a") << "before";
  {
    OutputFiles files;
    ASSERT_TRUE(files.Add(root_ / "a", "after").ok());
    EXPECT_EQ(Read(root_ / "a"), "before");
  }
  EXPECT_EQ(Read(root_ / "a"), "before");
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(OutputFilesTest, RefuseFoldersMissingFoldersAndDoubles) {
  OutputFiles files;
  EXPECT_EQ(files.Add(root_, "x").error().status, Status::kInvalidArgument);
  EXPECT_EQ(files.Add(root_ / "none" / "x", "x").error().status, Status::kNotFound);
  ASSERT_TRUE(files.Add(root_ / "x", "x").ok());
  EXPECT_EQ(files.Add(root_ / "x", "y").error().status, Status::kInvalidArgument);
}

TEST_F(OutputFilesTest, WriteIntoDevicesInsteadOfReplacingThem) {
  OutputFiles files;
  EXPECT_TRUE(files.Add("/dev/null", "x").ok());
  EXPECT_TRUE(files.Commit().ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace thimble::cli
