#include "studio/store/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

/// Each test runs on SQLite and on PostgreSQL.
class BackupTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "postgresql" && TestPostgresql::Get() == nullptr) {
      GTEST_SKIP() << "PostgreSQL is not installed (apt-get install postgresql)";
    }
    store_ = Open(Target("data", GetParam() == "postgresql"));
    ASSERT_NE(store_, nullptr);
    project_ = *store_->AddProject({.name = "gestures é"});
    std::string packed_already("\xff\xd8\xff");
    for (int i = 0; i < 5000; ++i) packed_already += static_cast<char>(i * i);
    Add("one", std::string(5000, 'a'));
    Add("two", packed_already);
    const int64_t job = *store_->AddJob({.project_id = project_, .kind = "train"});
    ASSERT_TRUE(store_->ClaimJob("w", 1000)->has_value());
    const JobEnd end{.artefacts = {{.kind = "model", .blob = store_->blobs().Put("model")->hash()}}};
    ASSERT_EQ(*store_->FinishJob(job, "w", end), LeaseState::kGoOn);
  }

  StoreOptions Target(const std::string& name, bool postgresql) {
    StoreOptions options{.folder = folder_.path() / name};
    if (postgresql) options.database = TestPostgresql::Get()->MakeDatabase();
    return options;
  }

  static std::unique_ptr<Store> Open(const StoreOptions& options) {
    auto opened = Store::Open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  void Add(const std::string& name, const std::string& content) {
    const auto added =
        store_->AddSample({.project_id = project_, .name = name, .length_ms = 1.0 / 3, .values_count = 10}, content);
    ASSERT_TRUE(added.ok()) << added.error().message;
  }

  fs::path File() const { return folder_.path() / "backup.tar.zst"; }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
  int64_t project_ = 0;
};

INSTANTIATE_TEST_SUITE_P(On, BackupTest, testing::Values("sqlite", "postgresql"),
                         [](const auto& which) { return which.param; });

TEST_P(BackupTest, BringsEverythingBackIntoEitherDatabase) {
  const auto made = Backup(*store_, File());
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->blobs, 3);
  for (const bool postgresql : {false, true}) {
    if (postgresql && TestPostgresql::Get() == nullptr) continue;
    const StoreOptions target = Target(postgresql ? "p" : "s", postgresql);
    const auto restored = Restore(File(), target);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    EXPECT_EQ(restored->rows, made->rows);
    const auto copy = Open(target);
    const Project project = *copy->GetProject(project_);
    EXPECT_EQ(project.name, "gestures é");
    EXPECT_FALSE(project.owner_id.has_value());
    const auto samples = *copy->ListSamples(project_, {}, {});
    const auto originals = *store_->ListSamples(project_, {}, {});
    ASSERT_EQ(samples.items.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(samples.items[i].id, originals.items[i].id);
      EXPECT_EQ(samples.items[i].length_ms, 1.0 / 3);
      EXPECT_EQ(*copy->blobs().Read(samples.items[i].blob), *store_->blobs().Read(originals.items[i].blob));
    }
    EXPECT_GT(*copy->AddProject({.name = "next"}), project_) << "ids go on";
    EXPECT_TRUE(Verify(*copy)->problems.empty());
  }
}

TEST_P(BackupTest, IsOfOneMomentWhileOthersWrite) {
  std::atomic<bool> serving = true;
  std::thread writer([&] {
    for (int i = 0; serving; ++i) Add("more", "content " + std::to_string(i));
  });
  std::thread collector([&] {
    while (serving) EXPECT_TRUE(store_->CollectGarbage().ok());
  });
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    fs::remove(File());
    const auto made = Backup(*store_, File());
    EXPECT_TRUE(made.ok()) << made.error().message;
  }
  serving = false;
  writer.join();
  collector.join();
  const StoreOptions target = Target("copy", false);
  const auto restored = Restore(File(), target);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  const auto copy = Open(target);
  EXPECT_TRUE(Verify(*copy)->problems.empty());
  EXPECT_GE(*copy->CountSamples(project_, {}), 2);
}

TEST_P(BackupTest, RefusesTargetsThatAreNotEmptyAndFilesThatAreThere) {
  ASSERT_TRUE(Backup(*store_, File()).ok());
  EXPECT_EQ(Backup(*store_, File()).error().status, Status::kInvalidArgument);
  StoreOptions full = Target("full", false);
  fs::create_directories(full.folder);
  std::ofstream(full.folder / "something") << "x";
  EXPECT_EQ(Restore(File(), full).error().status, Status::kInvalidArgument);
  if (GetParam() != "postgresql") return;
  StoreOptions taken = Target("first", true);
  ASSERT_TRUE(Restore(File(), taken).ok());
  taken.folder = folder_.path() / "second";
  EXPECT_EQ(Restore(File(), taken).error().status, Status::kInvalidArgument);
  const auto unfinished = Store::Open(taken);
  ASSERT_FALSE(unfinished.ok());
  EXPECT_NE(unfinished.error().message.find("did not finish"), std::string::npos);
}

TEST_P(BackupTest, RefusesWhatIsDamagedOrNoBackup) {
  ASSERT_TRUE(Backup(*store_, File()).ok());
  std::ifstream in(File(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  const auto restore = [&](const std::string& bytes) {
    static int number = 0;
    const fs::path file = folder_.path() / "damaged";
    std::ofstream(file, std::ios::binary) << bytes;
    return Restore(file, Target("r" + std::to_string(++number), false));
  };
  ASSERT_TRUE(restore(whole).ok());
  for (const size_t length : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 1}) {
    EXPECT_FALSE(restore(whole.substr(0, length)).ok()) << length;
  }
  // The first bytes say how much memory unpacking takes: more is no damage.
  for (size_t at = 6; at < whole.size(); at += whole.size() / 20) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    EXPECT_FALSE(restore(bytes).ok()) << at;
  }
  EXPECT_FALSE(restore("hello").ok());
}

TEST_P(BackupTest, VerifyNamesWhatIsWrong) {
  ASSERT_TRUE(Verify(*store_)->problems.empty());
  const auto samples = *store_->ListSamples(project_, {}, {});
  fs::remove(*store_->blobs().FileOf(samples.items[0].blob));
  const fs::path damaged = *store_->blobs().FileOf(samples.items[1].blob);
  std::fstream(damaged, std::ios::binary | std::ios::in | std::ios::out).seekp(20) << "XXXX";
  const auto report = *Verify(*store_);
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_NE(report.problems[0].find(samples.items[0].blob + " is missing"), std::string::npos) << report.problems[0];
  EXPECT_NE(report.problems[1].find("damaged"), std::string::npos) << report.problems[1];
  EXPECT_EQ(Backup(*store_, File()).error().status, Status::kDataLoss);
  EXPECT_FALSE(fs::exists(File()));
}

}  // namespace
}  // namespace thimble::studio
