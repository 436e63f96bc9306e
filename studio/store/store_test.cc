#include "studio/store/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "studio/store/internal/database.h"
#include "studio/store/internal/schema.h"
#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDayMs = int64_t{24} * 3'600'000;
constexpr int64_t kYearMs = 365 * kDayMs;

/// Each test runs on SQLite and on PostgreSQL.
class StoreTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "postgresql") {
      if (TestPostgresql::Get() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed (apt-get install postgresql)";
      options_.database = TestPostgresql::Get()->MakeDatabase();
      ASSERT_NE(options_.database, "");
    }
    options_.folder = folder_.path() / "data";
    options_.now_ms = [this] { return now_ms_.load(); };
    options_.steady_ms = [this] { return steady_ms_.load(); };
    Reopen();
  }

  void Reopen() {
    store_.reset();
    auto opened = Store::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = *std::move(opened);
  }

  int64_t MakeProject() { return *store_->AddProject({.name = "gestures"}); }

  Sample MakeSample(int64_t project, const std::string& name, const std::string& label) {
    return {.project_id = project,
            .name = name,
            .label = label,
            .interval_ms = 10,
            .length_ms = 1000,
            .frequency_hz = 100,
            .values_count = 100};
  }

  int64_t AddSample(const Sample& sample, const std::string& content) {
    const auto added = store_->AddSample(sample, content);
    EXPECT_TRUE(added.ok()) << added.error().message;
    return added.ok() ? added->id : 0;
  }

  TestFolder folder_;
  StoreOptions options_;
  /// Time goes by, on both clocks.
  void Wait(int64_t ms) {
    now_ms_ += ms;
    steady_ms_ += ms;
  }

  std::atomic<int64_t> now_ms_ = 1'700'000'000'000, steady_ms_ = 5'000'000;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(On, StoreTest, testing::Values("sqlite", "postgresql"),
                         [](const auto& which) { return which.param; });

TEST_P(StoreTest, KeepsPeopleAndTheirKeys) {
  const int64_t ada = *store_->AddUser({.name = "ada", .email = "ada@example.org", .password_hash = "$argon2id$"});
  EXPECT_EQ(store_->FindUser("ada@example.org")->id, ada);
  const auto twice = store_->AddUser({.name = "ada"});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().status, Status::kInvalidArgument);
  EXPECT_NE(twice.error().message.find("already"), std::string::npos) << twice.error().message;
  const int64_t project = *store_->AddProject({.name = "p", .owner_id = ada});
  const int64_t ben = *store_->AddUser({.name = "ben"});
  ASSERT_TRUE(store_->SetMember({.project_id = project, .user_id = ben, .role = "readonly"}).ok());
  ASSERT_TRUE(store_->SetMember({.project_id = project, .user_id = ben, .role = "admin"}).ok());
  ASSERT_EQ(store_->ListMembers(project)->size(), 1u);
  EXPECT_EQ(store_->ListMembers(project)->front().role, "admin");
  EXPECT_EQ(store_->ListProjectsOf(ben)->size(), 1u);
  EXPECT_EQ(store_->ListProjectsOf(ada)->front().owner_id, ada);
  ASSERT_TRUE(store_->AddApiKey({.project_id = project, .key_hash = "h1", .role = "admin"}).ok());
  EXPECT_EQ(store_->FindApiKey("h1")->project_id, project);
  EXPECT_EQ(store_->FindApiKey("h2").error().status, Status::kNotFound);
  // What is asked for often is kept, but not longer than it is true.
  ASSERT_TRUE(store_->RemoveApiKey(project, store_->FindApiKey("h1")->id).ok());
  EXPECT_EQ(store_->FindApiKey("h1").error().status, Status::kNotFound);
  EXPECT_TRUE(store_->ListHmacKeys(project)->empty());
  const auto signs = store_->AddHmacKey({.project_id = project, .name = "kit", .key = "secret"});
  ASSERT_EQ(store_->ListHmacKeys(project)->size(), 1u);
  ASSERT_TRUE(store_->RemoveHmacKey(project, *signs).ok());
  EXPECT_TRUE(store_->ListHmacKeys(project)->empty());
  Device kit = *store_->SeeDevice({.project_id = project, .device_id = "kit"});
  kit.name = "on the desk";
  ASSERT_TRUE(store_->UpdateDevice(kit)->has_value());
  EXPECT_EQ(store_->GetDevice(project, "kit")->name, "on the desk");
  ASSERT_TRUE(store_->RemoveDevice(project, "kit").ok());
  EXPECT_EQ(store_->GetDevice(project, "kit").error().status, Status::kNotFound);
  ASSERT_TRUE(store_->AddSession({.token_hash = "t", .user_id = ada, .expires_ms = now_ms_ + 10}).ok());
  EXPECT_TRUE(store_->FindSession("t").ok());
  now_ms_ += 11;
  EXPECT_FALSE(store_->FindSession("t").ok());
  ASSERT_TRUE(store_->RemoveUser(ada).ok());
  EXPECT_FALSE(store_->GetProject(project)->owner_id.has_value());
}

TEST_P(StoreTest, KeepsEveryTextAndNumberAsItWas) {
  const int64_t project = MakeProject();
  Sample sample = MakeSample(project, R"(é ' " ? :p0 $1 -- ; \ %)", "日本");
  sample.interval_ms = 0.0625;
  sample.length_ms = 1.0 / 3;
  sample.metadata = R"({"a":"?"})";
  sample.part_of = 9'007'199'254'740'993;
  const Sample kept = *store_->GetSample(project, AddSample(sample, "x"));
  EXPECT_EQ(kept.name, sample.name);
  EXPECT_EQ(kept.label, sample.label);
  EXPECT_EQ(kept.interval_ms, sample.interval_ms);
  EXPECT_EQ(kept.length_ms, sample.length_ms);
  EXPECT_EQ(kept.metadata, sample.metadata);
  EXPECT_EQ(kept.part_of, sample.part_of);
  EXPECT_EQ(kept.blob, Sha256("x"));
  EXPECT_EQ(kept.bytes, 1);
  for (const std::string& bad :
       {std::string("a\0b", 3), std::string("\xff"), std::string("\xc0\x80"), std::string("\xed\xa0\x80")}) {
    const auto refused = store_->AddProject({.name = bad});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().status, Status::kInvalidArgument);
  }
}

TEST_P(StoreTest, PagesStayTheSameWhileRowsCome) {
  const int64_t project = MakeProject();
  std::set<int64_t> first_ids;
  for (int i = 0; i < 25; ++i) first_ids.insert(AddSample(MakeSample(project, "s", "a"), "x"));
  std::set<int64_t> seen;
  Paging paging{.limit = 10};
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = store_->ListSamples(project, {}, paging);
    ASSERT_TRUE(page.ok()) << page.error().message;
    for (const Sample& sample : page->items) EXPECT_TRUE(seen.insert(sample.id).second) << "twice: " << sample.id;
    if (!page->next) break;
    paging.cursor = *page->next;
    AddSample(MakeSample(project, "late", "a"), "x");
    const int64_t gone[] = {*seen.begin()};
    ASSERT_TRUE(store_->EditSamples(project, gone, SampleEdit::kDelete, "").ok());
  }
  EXPECT_EQ(seen, first_ids);
}

TEST_P(StoreTest, FiltersAndCounts) {
  const int64_t project = MakeProject(), other = MakeProject();
  Sample sample = MakeSample(project, "Wave_1%.json", "wave");
  sample.device_id = "d1";
  AddSample(sample, "1");
  sample.name = "waver";
  sample.category = "testing";
  sample.length_ms = 3000;
  AddSample(sample, "2");
  sample.name = "idle";
  sample.label = "idle";
  sample.enabled = false;
  sample.device_id = "d2";
  AddSample(sample, "3");
  AddSample(MakeSample(other, "wave", "wave"), "4");
  const auto count = [&](const SampleFilter& filter) { return *store_->CountSamples(project, filter); };
  EXPECT_EQ(count({}), 3);
  EXPECT_EQ(count({.label = "wave"}), 2);
  EXPECT_EQ(count({.category = "testing"}), 2);
  EXPECT_EQ(count({.device_id = "d2"}), 1);
  EXPECT_EQ(count({.name_contains = "WAVE"}), 2);
  EXPECT_EQ(count({.name_contains = "_1%"}), 1);
  EXPECT_EQ(count({.name_contains = "%"}), 1);
  EXPECT_EQ(count({.enabled = false}), 1);
  EXPECT_EQ(count({.min_length_ms = 2000}), 2);
  EXPECT_EQ(count({.max_length_ms = 2000}), 1);
  EXPECT_EQ(store_->ListSamples(project, {.label = "wave", .category = "testing"}, {})->items.front().name, "waver");
  const auto labels = *store_->CountLabels(project);
  ASSERT_EQ(labels.size(), 3u);
  EXPECT_EQ(labels[0].category, "testing");
  EXPECT_EQ(labels[0].label, "idle");
  EXPECT_EQ(labels[0].enabled, 0);
  EXPECT_EQ(labels[1].length_ms, 3000);
}

TEST_P(StoreTest, EditsManyAtOnceAndOnlyInTheProject) {
  const int64_t project = MakeProject(), other = MakeProject();
  std::vector<NewSample> samples;
  for (int i = 0; i < 230; ++i) samples.push_back({MakeSample(project, "s", "a"), *store_->blobs().Stage("x")});
  std::vector<int64_t> ids;
  for (const auto& added : store_->AddSamples(std::move(samples))) ids.push_back(added->id);
  const int64_t foreign = AddSample(MakeSample(other, "s", "a"), "x");
  ids.push_back(foreign);
  EXPECT_EQ(*store_->EditSamples(project, ids, SampleEdit::kRelabel, "b"), 230);
  EXPECT_EQ(store_->GetSample(other, foreign)->label, "a");
  EXPECT_EQ(store_->GetSample(project, ids[0])->version, 2);
  EXPECT_EQ(*store_->EditSamples(project, SampleFilter{.label = "b"}, SampleEdit::kDisable, ""), 230);
  EXPECT_EQ(*store_->EditSamples(project, std::span(ids).first(30), SampleEdit::kDelete, ""), 30);
  EXPECT_EQ(*store_->CountSamples(project, {.enabled = false}), 200);
}

TEST_P(StoreTest, MovesSamplesToBothSidesAtOnce) {
  const int64_t project = MakeProject();
  std::vector<int64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(AddSample(MakeSample(project, "s", "a"), "x"));
  const int64_t foreign[] = {AddSample(MakeSample(MakeProject(), "s", "a"), "x")};
  ASSERT_TRUE(store_->EditSamples(project, std::span(ids).first(1), SampleEdit::kMove, "testing").ok());
  EXPECT_EQ(*store_->MoveSamples(project, std::span(ids).first(1), std::span(ids).last(2)), 3);
  EXPECT_EQ(*store_->MoveSamples(project, {}, foreign), 0);
  EXPECT_EQ(store_->GetSample(project, ids[0])->category, "training");
  EXPECT_EQ(*store_->CountSamples(project, {.category = "testing"}), 2);
}

TEST_P(StoreTest, KnowsWhatIsThereAlready) {
  const int64_t project = MakeProject();
  const auto first = *store_->AddSample(MakeSample(project, "a", "a"), "same", true);
  const auto second = *store_->AddSample(MakeSample(project, "b", "a"), "same", true);
  EXPECT_EQ(second.id, 0);
  EXPECT_EQ(second.duplicate_of, first.id);
  EXPECT_NE(store_->AddSample(MakeSample(project, "c", "a"), "same", false)->id, 0);
  EXPECT_EQ(store_->FindDuplicates(project, Sha256("same"))->size(), 2u);
  EXPECT_NE(store_->AddSample(MakeSample(MakeProject(), "d", "a"), "same", true)->id, 0);
}

TEST_P(StoreTest, RefusesChangesOfStaleVersions) {
  const int64_t project = MakeProject();
  Sample mine = *store_->GetSample(project, AddSample(MakeSample(project, "s", "a"), "x"));
  Sample theirs = mine;
  mine.label = "mine";
  EXPECT_EQ(**store_->UpdateSample(mine), 2);
  theirs.label = "theirs";
  EXPECT_FALSE(store_->UpdateSample(theirs)->has_value());
  EXPECT_EQ(store_->GetSample(project, mine.id)->label, "mine");
}

TEST_P(StoreTest, PartsShareTheirBlob) {
  const int64_t project = MakeProject();
  Sample whole = *store_->GetSample(project, AddSample(MakeSample(project, "s", "a"), "x"));
  EXPECT_FALSE(store_->CropSample(whole, {90, 11}).ok());
  ASSERT_TRUE(store_->CropSample(whole, {10, 80})->has_value());
  const Sample cropped = *store_->GetSample(project, whole.id);
  EXPECT_EQ(cropped.first_value, 10);
  EXPECT_EQ(cropped.length_ms, 800);
  const Stretch halves[] = {{0, 40}, {40, 40, "b", "[1]"}};
  EXPECT_FALSE(store_->SplitSample(whole, halves)->has_value()) << "it was cropped meanwhile";
  const std::vector<int64_t> ids = **store_->SplitSample(cropped, halves);
  const Sample second = *store_->GetSample(project, ids[1]);
  EXPECT_EQ(second.first_value, 50);
  EXPECT_EQ(second.values_count, 40);
  EXPECT_EQ(second.blob, whole.blob);
  EXPECT_EQ(second.part_of, whole.id);
  EXPECT_EQ(second.label, "b");
  EXPECT_EQ(second.structured_labels, "[1]");
  EXPECT_EQ(store_->GetSample(project, ids[0])->label, "a");
  EXPECT_NE(second.content_hash, store_->GetSample(project, ids[0])->content_hash);
  EXPECT_FALSE(store_->GetSample(project, whole.id).ok());
  EXPECT_EQ(store_->CollectGarbage()->blobs, 0);
}

TEST_P(StoreTest, BringsAnOldVersionOfAProjectBack) {
  const int64_t project = MakeProject();
  AddSample(MakeSample(project, "kept", "a"), "1");
  ASSERT_TRUE(store_->AddImpulse({.project_id = project, .name = "i", .design = "{\"v\":1}"}).ok());
  const ProjectVersion version = *store_->SaveProjectVersion(project, "before");
  EXPECT_EQ(version.number, 1);
  EXPECT_EQ(*store_->EditSamples(project, SampleFilter{}, SampleEdit::kDelete, ""), 1);
  AddSample(MakeSample(project, "new", "b"), "2");
  EXPECT_EQ(store_->CollectGarbage()->blobs, 0) << "the version still refers to it";
  ASSERT_TRUE(store_->RestoreProjectVersion(project, version.id).ok());
  const auto samples = *store_->ListSamples(project, {}, {});
  ASSERT_EQ(samples.items.size(), 1u);
  EXPECT_EQ(samples.items[0].name, "kept");
  EXPECT_EQ(store_->ListImpulses(project)->size(), 1u);
  EXPECT_EQ(store_->RestoreProjectVersion(project, 99).error().status, Status::kNotFound);
  ASSERT_TRUE(store_->RemoveProjectVersion(project, version.id).ok());
  EXPECT_EQ(store_->CollectGarbage()->blobs, 1);
  ASSERT_TRUE(store_->RemoveProject(project).ok());
  EXPECT_EQ(store_->CollectGarbage()->blobs, 1);
}

TEST_P(StoreTest, ManyAtOnceEachGetTheirOwnId) {
  const int64_t project = MakeProject();
  std::vector<NewSample> samples;
  for (int i = 0; i < 77; ++i) {
    const bool repeats = i == 40 || i == 76;  // what came 30 places before, in the same call
    samples.push_back({MakeSample(project, std::to_string(i), "a"),
                       *store_->blobs().Stage("content " + std::to_string(repeats ? i - 30 : i)), repeats});
  }
  const auto results = store_->AddSamples(std::move(samples));
  ASSERT_EQ(results.size(), 77U);
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].ok()) << results[i].error().message;
    if (i == 40 || i == 76) {
      EXPECT_EQ(results[i]->id, 0);
      EXPECT_EQ(results[i]->duplicate_of, results[i - 30]->id);
    } else {
      EXPECT_EQ(store_->GetSample(project, results[i]->id)->name, std::to_string(i));
    }
  }
}

TEST_P(StoreTest, ABadSampleDoesNotSpoilItsNeighbours) {
  const int64_t project = MakeProject();
  std::vector<NewSample> samples;
  for (int i = 0; i < 3; ++i) {
    samples.push_back({MakeSample(i == 1 ? 999 : project, "s", "a"), *store_->blobs().Stage(std::to_string(i))});
  }
  const auto results = store_->AddSamples(std::move(samples));
  EXPECT_TRUE(results[0].ok());
  ASSERT_FALSE(results[1].ok());
  EXPECT_EQ(results[1].error().status, Status::kNotFound);
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(store_->CollectGarbage()->blobs, 1);
}

TEST_P(StoreTest, TwentyWritersAtOnceLoseNothingToTheGarbageCollector) {
  const int64_t project = MakeProject();
  std::atomic<bool> writing = true;
  std::thread collector([&] {
    while (writing) EXPECT_TRUE(store_->CollectGarbage().ok());
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < 20; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 10; ++i) {
        // Half of the contents come from several writers.
        AddSample(MakeSample(project, "s", "a"), "content " + std::to_string(w % 2 == 0 ? i : w * 100 + i));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  writing = false;
  collector.join();
  const auto samples = *store_->ListSamples(project, {}, {.limit = 1000});
  EXPECT_EQ(samples.items.size(), 200u);
  for (const Sample& sample : samples.items) EXPECT_TRUE(store_->blobs().Read(sample.blob).ok());
}

TEST_P(StoreTest, DevicesAppearAndKeepTheirNames) {
  const int64_t project = MakeProject();
  Device device = *store_->SeeDevice({.project_id = project, .device_id = "aa:bb", .type = "KIT"});
  EXPECT_EQ(device.name, "aa:bb");
  device.name = "desk";
  ASSERT_TRUE(store_->UpdateDevice(device)->has_value());
  now_ms_ += 5;
  device = *store_->SeeDevice({.project_id = project, .device_id = "aa:bb", .type = "KIT2"});
  EXPECT_EQ(device.name, "desk");
  EXPECT_EQ(device.type, "KIT2");
  EXPECT_EQ(device.last_seen_ms, now_ms_);
  EXPECT_EQ(store_->ListDevices(project)->size(), 1u);
}

TEST_P(StoreTest, EachJobGoesToOneWorker) {
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(store_->AddJob({.kind = "train"}).ok());
  std::mutex mutex;
  std::set<int64_t> claimed;
  std::vector<std::thread> workers;
  for (int w = 0; w < 6; ++w) {
    workers.emplace_back([&, w] {
      while (true) {
        const auto job = store_->ClaimJob("worker " + std::to_string(w), 10'000);
        ASSERT_TRUE(job.ok()) << job.error().message;
        if (!*job) break;
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(claimed.insert((*job)->id).second);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(claimed.size(), 60u);
}

TEST_P(StoreTest, ALostJobIsDoneAgainAndOnlyItsLastWorkerCounts) {
  const int64_t project = MakeProject();
  const int64_t id = *store_->AddJob({.project_id = project, .kind = "train"});
  ASSERT_TRUE((*store_->ClaimJob("one", 1000))->id == id);
  EXPECT_FALSE(store_->ClaimJob("two", 1000)->has_value());
  Wait(900);
  EXPECT_EQ(*store_->RenewJob(id, "one", 1000, 0.5, "epoch 3"), LeaseState::kGoOn);
  Wait(900);
  EXPECT_FALSE(store_->ClaimJob("two", 1000)->has_value());
  Wait(200);
  EXPECT_EQ((*store_->ClaimJob("two", 1000))->attempts, 2);
  const JobEnd end{.artefacts = {{.kind = "model", .name = "m", .blob = store_->blobs().Put("model")->hash()}}};
  EXPECT_EQ(*store_->RenewJob(id, "one", 1000, 0.9, ""), LeaseState::kLost);
  EXPECT_EQ(*store_->FinishJob(id, "one", end), LeaseState::kLost);
  EXPECT_TRUE(store_->ListArtefacts(project, "model")->empty());
  const std::string lines[] = {"first", "second"};
  EXPECT_EQ(*store_->LogJob(id, "two", lines), LeaseState::kGoOn);
  EXPECT_EQ(*store_->FinishJob(id, "two", end), LeaseState::kGoOn);
  EXPECT_EQ(*store_->FinishJob(id, "two", end), LeaseState::kLost);
  EXPECT_EQ(store_->ListArtefacts(project, "model")->size(), 1u);
  EXPECT_EQ(store_->GetJob(id)->state, "done");
  EXPECT_EQ(store_->GetJob(id)->progress, 1);
  ASSERT_EQ(store_->ReadJobLog(id, 0, 10)->size(), 2u);
  EXPECT_EQ(store_->ReadJobLog(id, store_->ReadJobLog(id, 0, 1)->front().id, 10)->front().text, "second");
}

TEST_P(StoreTest, AJobThatEndsItsServerEachTimeFails) {
  const int64_t id = *store_->AddJob({.kind = "train"});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store_->ClaimJob("server 1", 1000)->has_value());
    EXPECT_EQ(*store_->ReleaseJobs("server"), 1);
  }
  EXPECT_FALSE(store_->ClaimJob("server 1", 1000)->has_value());
  EXPECT_EQ(store_->GetJob(id)->state, "failed");
  EXPECT_NE(store_->GetJob(id)->error, "");
}

TEST_P(StoreTest, JobsCanBeCancelledWaitingAndRunning) {
  const int64_t waiting = *store_->AddJob({.kind = "train"});
  EXPECT_EQ(store_->CancelJob(waiting)->state, "cancelled");
  EXPECT_FALSE(store_->ClaimJob("w", 1000)->has_value());
  const int64_t running = *store_->AddJob({.kind = "train"});
  ASSERT_TRUE(store_->ClaimJob("w", 1000)->has_value());
  EXPECT_EQ(store_->CancelJob(running)->state, "running");
  EXPECT_EQ(*store_->RenewJob(running, "w", 1000, 0, ""), LeaseState::kCancel);
  EXPECT_EQ(*store_->FinishJob(running, "w", {.cancelled = true}), LeaseState::kGoOn);
  EXPECT_EQ(store_->GetJob(running)->state, "cancelled");
  const int64_t lost = *store_->AddJob({.kind = "train"});
  ASSERT_TRUE(store_->ClaimJob("w", 1000)->has_value());
  ASSERT_TRUE(store_->CancelJob(lost).ok());
  Wait(2000);
  EXPECT_FALSE(store_->ClaimJob("w", 1000)->has_value());
  EXPECT_EQ(store_->GetJob(lost)->state, "cancelled");
  EXPECT_EQ(store_->CancelJob(999).error().status, Status::kNotFound);
}

TEST_P(StoreTest, AClockThatIsPutBackHidesNoJobAndKeepsTheOrder) {
  const int64_t id = *store_->AddJob({.kind = "train"});
  ASSERT_TRUE(store_->ClaimJob("w", 1000)->has_value());
  now_ms_ -= 86'400'000;
  steady_ms_ += 1001;
  const int64_t later = *store_->AddJob({.kind = "train"});
  EXPECT_EQ(store_->ListJobs({}, {})->items.front().id, later);
  EXPECT_EQ((*store_->ClaimJob("w", 1000))->id, id);
}

TEST_P(StoreTest, AClockThatJumpsTakesNoJobFromAWorkerThatLives) {
  const int64_t id = *store_->AddJob({.kind = "train"});
  ASSERT_TRUE(store_->ClaimJob("server/1", 30'000)->has_value());
  for (const int64_t jump : {kDayMs, 5 * kYearMs, -10 * kYearMs, -kDayMs}) {
    now_ms_ += jump;
    EXPECT_FALSE(store_->ClaimJob("server/2", 30'000)->has_value()) << jump;
    steady_ms_ += 20'000;
    EXPECT_EQ(*store_->RenewJob(id, "server/1", 30'000, 0.5, ""), LeaseState::kGoOn) << jump;
  }
  EXPECT_EQ(store_->GetJob(id)->attempts, 1);
  // A server that begins knows of nobody who lives.
  Reopen();
  now_ms_ += kDayMs;
  EXPECT_EQ((*store_->ClaimJob("next/1", 30'000))->id, id);
}

TEST_P(StoreTest, AServerThatClosesInGoodOrderCostsNoAttempt) {
  const int64_t id = *store_->AddJob({.kind = "train"});
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store_->ClaimJob("server/1", 30'000)->has_value()) << i;
    EXPECT_EQ(*store_->ReturnJobs("another/"), 0);
    EXPECT_EQ(*store_->ReturnJobs("server/"), 1);
    EXPECT_EQ(store_->GetJob(id)->state, "queued");
  }
  EXPECT_EQ((*store_->ClaimJob("server/1", 30'000))->attempts, 1);
}

TEST_P(StoreTest, ALoginLastsByTheClockAndNoneOutlivesOneThatIsPutBack) {
  const int64_t user = *store_->AddUser({.name = "ann"});
  const auto log_in = [&](const std::string& token) {
    return store_->AddSession({.token_hash = token, .user_id = user, .expires_ms = now_ms_ + 14 * kDayMs}).ok();
  };
  ASSERT_TRUE(log_in("a"));
  now_ms_ += 5 * kYearMs;
  EXPECT_FALSE(store_->FindSession("a").ok());
  ASSERT_TRUE(log_in("b"));
  now_ms_ -= 5 * kYearMs;
  EXPECT_TRUE(store_->FindSession("a").ok());
  EXPECT_FALSE(store_->FindSession("b").ok()) << "it would last for five years";
  now_ms_ -= kDayMs / 2;
  EXPECT_TRUE(store_->FindSession("a").ok()) << "clocks are put right";
}

TEST_P(StoreTest, ForgetsWhatIsOldAndKeepsTheNewest) {
  const int64_t project = MakeProject(), user = *store_->AddUser({.name = "ann"});
  const IdempotentAnswer answer{.scope = "s", .key = "k", .request_hash = "h"};
  const auto is_known = [&] { return store_->BeginAnswer(answer)->has_value(); };
  EXPECT_FALSE(is_known());
  ASSERT_TRUE(store_->AddSession({.token_hash = "t", .user_id = user, .expires_ms = now_ms_ + kDayMs}).ok());
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(store_->Audit({.action = "a" + std::to_string(i)}).ok());
    const std::string device = i % 2 == 0 ? "even" : "odd";
    ASSERT_TRUE(store_->AddInferenceRecord({.project_id = project, .device_id = device, .number = i}).ok());
    ASSERT_TRUE(store_->AddInferenceSummary({.project_id = project, .device_id = device, .last_number = i}).ok());
  }
  const Retention few{.audit_entries = 5, .records_of_device = 3};
  now_ms_ += kYearMs;
  ASSERT_TRUE(store_->Forget(few).ok());
  EXPECT_TRUE(is_known()) << "the clock has jumped: nobody knows how old it is";
  EXPECT_EQ(store_->ListAudit(0, {})->items.size(), 5u);
  EXPECT_EQ(store_->ListAudit(0, {})->items.back().action, "a3");
  EXPECT_EQ(store_->ListInferenceRecords(project, "even", {})->items.size(), 3u);
  EXPECT_EQ(store_->ListInferenceRecords(project, "odd", {})->items.back().number, 3);
  EXPECT_EQ(store_->ListInferenceSummaries(project, "odd", {})->items.size(), 3u);
  now_ms_ -= kYearMs;
  ASSERT_TRUE(store_->Forget(few).ok());
  EXPECT_TRUE(store_->FindSession("t").ok());
  Wait(kDayMs + 1);
  ASSERT_TRUE(store_->Forget(few).ok());
  EXPECT_FALSE(is_known());
  EXPECT_EQ(store_->FindSession("t").error().status, Status::kNotFound);
  now_ms_ -= 3 * kDayMs;
  ASSERT_TRUE(store_->Forget(few).ok());
  ASSERT_TRUE(store_->Forget(few).ok());
  EXPECT_FALSE(is_known()) << "what was made in the future would never be old";
}

TEST_P(StoreTest, AnEntryThatComesOftenIsWrittenOnceAMinute) {
  const auto upload = [&](const std::string& actor) {
    ASSERT_TRUE(store_->Audit({.project_id = 1, .actor = actor, .action = "sample.upload"}, 60'000).ok());
  };
  for (int i = 0; i < 3; ++i) upload("key 1");
  upload("key 2");
  EXPECT_EQ(store_->ListAudit(1, {})->items.size(), 2u);
  now_ms_ -= kYearMs;
  steady_ms_ += 60'000;
  upload("key 1");
  EXPECT_EQ(store_->ListAudit(1, {})->items.size(), 3u);
}

TEST_P(StoreTest, AnswersARepeatedRequestOnce) {
  const IdempotentAnswer asked{.scope = "key 1", .key = "k", .request_hash = "r"};
  EXPECT_FALSE(store_->BeginAnswer(asked)->has_value());
  EXPECT_EQ((*store_->BeginAnswer(asked))->http_status, 0);
  IdempotentAnswer answered = asked;
  answered.http_status = 200;
  answered.body = "{}";
  ASSERT_TRUE(store_->KeepAnswer(answered).ok());
  EXPECT_EQ((*store_->BeginAnswer(asked))->body, "{}");
  EXPECT_EQ(store_->BeginAnswer({.scope = "key 1", .key = "k", .request_hash = "other"}).error().status,
            Status::kInvalidArgument);
  EXPECT_FALSE(store_->BeginAnswer({.scope = "key 1", .key = "half", .request_hash = "r"})->has_value());
  Reopen();
  EXPECT_FALSE(store_->BeginAnswer({.scope = "key 1", .key = "half", .request_hash = "r"})->has_value())
      << "the server ended before it answered";
  EXPECT_TRUE(store_->BeginAnswer(asked)->has_value());
}

TEST_P(StoreTest, KeepsAuditInferenceAndSettings) {
  const int64_t project = MakeProject();
  ASSERT_TRUE(store_->Audit({.project_id = project, .actor = "user 1", .action = "sample.delete"}).ok());
  ASSERT_TRUE(store_->Audit({.actor = "user 1", .action = "login"}).ok());
  EXPECT_EQ(store_->ListAudit(0, {})->items.size(), 2u);
  EXPECT_EQ(store_->ListAudit(project, {})->items.size(), 1u);
  ASSERT_TRUE(store_->AddInferenceRecord({.project_id = project, .device_id = "d", .number = 7}).ok());
  EXPECT_EQ(store_->ListInferenceRecords(project, "d", {})->items.front().number, 7);
  ASSERT_TRUE(store_->AddInferenceSummary({.project_id = project, .device_id = "d", .last_number = 9}).ok());
  EXPECT_EQ(store_->ListInferenceSummaries(project, "d", {})->items.front().last_number, 9);
  EXPECT_FALSE(store_->GetSetting(0, "theme")->has_value());
  ASSERT_TRUE(store_->SetSetting(0, "theme", "dark").ok());
  ASSERT_TRUE(store_->SetSetting(0, "theme", "light").ok());
  EXPECT_EQ(**store_->GetSetting(0, "theme"), "light");
}

TEST_P(StoreTest, ASecondServerOnTheFolderIsRefused) {
  const auto second = Store::Open(options_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(ExitCode(second.error().status), 1);
  EXPECT_NE(second.error().message.find("another thimble serves"), std::string::npos);
}

TEST_P(StoreTest, ANewerDatabaseIsRefused) {
  const std::string url = options_.database.empty() ? (options_.folder / "studio.sqlite").string() : options_.database;
  store_.reset();
  {
    internal::Connection connection(url);
    connection.Execute("UPDATE schema_version SET version = 1000");
  }
  const auto refused = Store::Open(options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("newer thimble"), std::string::npos) << refused.error().message;
}

TEST_P(StoreTest, FolderAndDatabaseKnowEachOther) {
  const fs::path file = options_.folder / "database.id";
  const auto refusal = [&](const StoreOptions& options) {
    store_.reset();
    const auto opened = Store::Open(options);
    return opened.ok() ? std::string() : opened.error().message;
  };
  std::string id;
  std::ifstream(file) >> id;
  EXPECT_EQ(id.size(), 32u);

  // Another database, new: it would not know what the folder's files are.
  StoreOptions other = options_;
  const fs::path sqlite = options_.folder / "studio.sqlite";
  if (!options_.database.empty()) {
    other.database = TestPostgresql::Get()->MakeDatabase();
  } else {
    store_.reset();
    fs::rename(sqlite, folder_.path() / "away");
  }
  EXPECT_NE(refusal(other).find("this data folder belongs to another database"), std::string::npos);
  if (options_.database.empty()) {
    fs::rename(folder_.path() / "away", sqlite);
  } else {
    StoreOptions stranger = options_;
    stranger.folder = folder_.path() / "stranger";
    EXPECT_NE(refusal(stranger).find("the database belongs to another data folder"), std::string::npos);
    // A copy has the id, too.
    fs::copy(options_.folder, folder_.path() / "copy", fs::copy_options::recursive);
    Reopen();
    stranger.folder = folder_.path() / "copy";
    const auto second = Store::Open(stranger);
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message.find("another thimble serves from this database"), std::string::npos);
  }
  // The power failed before the folder had heard that the database knows it.
  store_.reset();
  std::ofstream(file) << id << " unsure";
  Reopen();
  std::string settled;
  std::getline(std::ifstream(file), settled);
  EXPECT_EQ(settled, id);
  // And before the database knew.
  store_.reset();
  {
    internal::Connection connection(options_.database.empty() ? sqlite.string() : options_.database);
    connection.Execute("DELETE FROM data_folder");
  }
  std::ofstream(file) << id << " unsure";
  Reopen();
  Reopen();
}

/// Names of all tables and columns.
std::string Shape(const std::string& url) {
  internal::Connection connection(url);
  std::string shape;
  const auto add = [&](const internal::Row& row) { shape += row[0].text + "\n"; };
  connection.Query(connection.is_postgresql()
                       ? "SELECT CAST(table_name || '.' || column_name AS TEXT) FROM information_schema.columns WHERE "
                         "table_schema = current_schema() ORDER BY 1"
                       : "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
                   {}, "t", add);
  return shape;
}

/// When a child is killed: some time after it has begun, or after the first word that it says.
struct Moment {
  bool after_a_word = false;
  unsigned least_ms = 20, more_ms = 250;
};

/// Runs `work` in a child that is killed after a random time; what it wrote to its pipe is given back.
std::string KillDuring(int seed, const std::function<void(int out)>& work, const Moment& moment = {}) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  const auto hear = [&] {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got > 0) said.append(buffer, static_cast<size_t>(got));
    return got > 0;
  };
  if (moment.after_a_word) hear();
  std::mt19937 random(static_cast<unsigned>(seed));
  std::this_thread::sleep_for(std::chrono::microseconds(1000 * moment.least_ms + random() % (1000 * moment.more_ms)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (hear()) {
  }
  ::close(ends[0]);
  return said;
}

TEST_P(StoreTest, AMigrationThatIsInterruptedAnywhereGoesOn) {
  const auto url_of = [](const StoreOptions& options) {
    return options.database.empty() ? (options.folder / "studio.sqlite").string() : options.database;
  };
  const std::string whole = Shape(url_of(options_));
  int count = 0;
  const auto fresh = [&] {
    StoreOptions options = options_;
    options.folder = folder_.path() / std::to_string(++count);
    fs::create_directories(options.folder);
    if (!options.database.empty()) options.database = TestPostgresql::Get()->MakeDatabase();
    return options;
  };
  const auto opens = [&](const StoreOptions& options) {
    const auto opened = Store::Open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(Shape(url_of(options)), whole);
  };
  // Between two steps.
  for (int64_t version = 0; version < internal::NewestSchema(); ++version) {
    const StoreOptions options = fresh();
    {
      const auto database = *internal::Database::Open(url_of(options), 1);
      ASSERT_TRUE(internal::Migrate(*database, version).ok());
    }
    opens(options);
  }
  // Within the first one: its last table is taken, so nothing of it stays.
  StoreOptions options = fresh();
  {
    internal::Connection connection(url_of(options));
    connection.Execute("CREATE TABLE settings (a BIGINT)");
  }
  const std::string before = Shape(url_of(options));
  const auto refused = Store::Open(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("settings"), std::string::npos) << refused.error().message;
  EXPECT_EQ(Shape(url_of(options)), before);
  {
    internal::Connection connection(url_of(options));
    connection.Execute("DROP TABLE settings");
  }
  opens(options);
  // Anywhere.
  for (int round = 0; round < 3; ++round) {
    options = fresh();
    (void)KillDuring(round, [&](int) { (void)Store::Open(options); }, {.least_ms = 1, .more_ms = 40});
    opens(options);
  }
}

TEST_P(StoreTest, ADatabaseThatIsFullKeepsNothingOfWhatItRefuses) {
  // SQLite's is on the same disk as everything else: StudioFaults fills that.
  if (options_.database.empty()) return;
  const int64_t project = MakeProject();
  AddSample(MakeSample(project, "before", "a"), "1");
  internal::Connection admin(options_.database);
  admin.Execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = "
      "'53100'; END$$");
  admin.Execute("CREATE TRIGGER full_disk BEFORE INSERT ON samples EXECUTE FUNCTION refuse()");
  const auto refused = store_->AddSample(MakeSample(project, "refused", "a"), "2");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status, Status::kOutOfMemory);
  EXPECT_NE(refused.error().message.find("disk is full; free some space"), std::string::npos);
  EXPECT_EQ(*store_->CountSamples(project, {}), 1);
  admin.Execute("DROP TRIGGER full_disk ON samples");
  AddSample(MakeSample(project, "after", "a"), "2");
  EXPECT_EQ(*store_->CountSamples(project, {}), 2);
}

TEST_P(StoreTest, WhatCameTogetherIsThereTogetherWhenTheServerIsKilled) {
  const int64_t project = MakeProject();
  constexpr int kTogether = 260;  // more than a full group
  for (int round = 0; round < 2; ++round) {
    store_.reset();
    const auto work = [&](int out) {
      auto opened = Store::Open(options_);
      if (!opened.ok()) return;
      for (int call = 0;; ++call) {
        const std::string name = std::to_string(round) + "." + std::to_string(call);
        std::vector<NewSample> samples;
        for (int i = 0; i < kTogether; ++i) {
          auto staged = (*opened)->blobs().Stage(name + "." + std::to_string(i));
          samples.push_back({MakeSample(project, name, "a"), *std::move(staged)});
        }
        (void)(*opened)->AddSamples(std::move(samples));
        if (::write(out, "done", 4) < 0) return;
      }
    };
    EXPECT_NE(KillDuring(round, work, {.after_a_word = true, .more_ms = 300}), "");
    Reopen();
    std::map<std::string, int> counts;
    const auto samples = store_->ListSamples(project, {}, {.limit = 1'000'000});
    for (const Sample& sample : samples->items) ++counts[sample.name];
    EXPECT_TRUE(counts.contains(std::to_string(round) + ".0"));
    for (const auto& [name, count] : counts) EXPECT_EQ(count, kTogether) << name;
  }
}

TEST_P(StoreTest, NothingAcknowledgedIsLostWhenTheServerIsKilled) {
  const int64_t project = MakeProject();
  size_t acknowledged_in_all = 0;
  for (int round = 0; round < 8; ++round) {
    store_.reset();
    const std::string said = KillDuring(round, [&](int out) {
      auto opened = Store::Open(options_);
      if (!opened.ok()) return;
      std::vector<std::thread> writers;
      for (int w = 0; w < 4; ++w) {
        writers.emplace_back([&, w] {
          for (int i = 0;; ++i) {
            const std::string name = std::to_string(round) + "." + std::to_string(w) + "." + std::to_string(i) + "\n";
            std::string content = name;
            content.resize(20000, 'x');
            if ((*opened)->AddSample(MakeSample(project, name, "a"), content).ok() &&
                ::write(out, name.data(), name.size()) < 0) {
              return;
            }
          }
        });
      }
      for (std::thread& writer : writers) writer.join();
    });
    Reopen();
    std::set<std::string> kept;
    const auto samples = store_->ListSamples(project, {}, {.limit = 1'000'000});
    for (const Sample& sample : samples->items) {
      EXPECT_TRUE(kept.insert(sample.name).second) << "twice: " << sample.name;
      const auto content = store_->blobs().Read(sample.blob);
      ASSERT_TRUE(content.ok()) << content.error().message;
      EXPECT_EQ(content->substr(0, sample.name.size()), sample.name);
    }
    for (size_t at = 0, end; (end = said.find('\n', at)) != std::string::npos; at = end + 1) {
      ++acknowledged_in_all;
      EXPECT_TRUE(kept.contains(said.substr(at, end + 1 - at))) << said.substr(at, end - at);
    }
    EXPECT_TRUE(store_->blobs().Verify().problems.empty());
  }
  EXPECT_GT(acknowledged_in_all, 10u) << "the test must have written something";
}

TEST_P(StoreTest, JobsAreDoneOnceThoughTheServerIsKilled) {
  const int64_t project = MakeProject();
  constexpr int kJobs = 200;
  std::vector<int64_t> ids;
  for (int i = 0; i < kJobs; ++i) ids.push_back(*store_->AddJob({.project_id = project, .kind = "train"}));
  options_.now_ms = {};
  const auto work_through = [&](Store& store, const std::string& owner) {
    (void)store.ReleaseJobs("server");
    while (true) {
      const auto job = store.ClaimJob(owner, 60'000, 1000);
      if (!job.ok() || !*job) return;
      const auto blob = store.blobs().Put("model " + std::to_string((*job)->id));
      if (!blob.ok()) return;
      (void)store.FinishJob((*job)->id, owner, {.artefacts = {{.kind = "model", .blob = blob->hash()}}});
    }
  };
  for (int round = 0; round < 5; ++round) {
    store_.reset();
    (void)KillDuring(round, [&](int) {
      auto opened = Store::Open(options_);
      if (opened.ok()) work_through(**opened, "server " + std::to_string(round));
    });
  }
  Reopen();
  work_through(*store_, "server last");
  for (const int64_t id : ids) EXPECT_EQ(store_->GetJob(id)->state, "done");
  std::set<Reference> jobs;
  const std::vector<Artefact> artefacts = *store_->ListArtefacts(project, "model");
  for (const Artefact& artefact : artefacts) {
    EXPECT_TRUE(jobs.insert(artefact.job_id).second);
    EXPECT_TRUE(store_->blobs().Has(artefact.blob));
  }
  EXPECT_EQ(jobs.size(), static_cast<size_t>(kJobs));
}

}  // namespace
}  // namespace thimble::studio
