#include "cli/staging.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

class StagingTest : public testing::Test {
 protected:
  StagingTest() { fs::create_directories(root_); }
  ~StagingTest() override { fs::remove_all(root_); }

  static std::string Read(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  int EntryCount() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(root_)) {
      (void)entry;
      ++count;
    }
    return count;
  }

  // A name of its own for each test: they may run at the same time.
  const fs::path root_ = fs::path(testing::TempDir()) /
                         (std::string("staging_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(StagingTest, ShowsNothingBeforeCommitAndEverythingAfter) {
  const fs::path target = root_ / "deep" / "out";
  auto staging = Staging::Begin(target);
  ASSERT_TRUE(staging.ok());
  ASSERT_TRUE(staging->Write("a.txt", "new").ok());
  EXPECT_FALSE(fs::exists(target));
  ASSERT_TRUE(staging->Commit().ok());
  EXPECT_EQ(Read(target / "a.txt"), "new");
}

TEST_F(StagingTest, LeavesTheTargetAloneWhenNothingIsCommitted) {
  const fs::path target = root_ / "out";
  fs::create_directories(target);
  std::ofstream(target / "a.txt") << "old";
  {
    auto staging = Staging::Begin(target);
    ASSERT_TRUE(staging.ok());
    ASSERT_TRUE(staging->Write("a.txt", "new").ok());
  }
  EXPECT_EQ(Read(target / "a.txt"), "old");
  EXPECT_EQ(EntryCount(), 1);  // no temporary folder is left behind
}

TEST_F(StagingTest, ReplacesItsOwnFilesAndKeepsOthers) {
  const fs::path target = root_ / "out";
  fs::create_directories(target);
  std::ofstream(target / "a.txt") << "old";
  std::ofstream(target / "mine.txt") << "mine";
  auto staging = Staging::Begin(target.string() + "/");
  ASSERT_TRUE(staging.ok());
  ASSERT_TRUE(staging->Write("a.txt", "new").ok());
  ASSERT_TRUE(staging->Commit().ok());
  EXPECT_EQ(Read(target / "a.txt"), "new");
  EXPECT_EQ(Read(target / "mine.txt"), "mine");
  EXPECT_EQ(EntryCount(), 1);
}

TEST_F(StagingTest, RefusesAFileAsTheTarget) {
  std::ofstream(root_ / "file") << "x";
  const auto staging = Staging::Begin(root_ / "file");
  ASSERT_FALSE(staging.ok());
  EXPECT_EQ(staging.error().status, Status::kInvalidArgument);
}

}  // namespace
}  // namespace thimble::cli
