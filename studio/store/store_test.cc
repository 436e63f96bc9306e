#include "studio/store/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>

#include "studio/store/internal/database.h"
#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

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
  std::atomic<int64_t> now_ms_ = 1'700'000'000'000;
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
  const Stretch halves[] = {{0, 40}, {40, 40}};
  EXPECT_FALSE(store_->SplitSample(whole, halves)->has_value()) << "it was cropped meanwhile";
  const std::vector<int64_t> ids = **store_->SplitSample(cropped, halves);
  const Sample second = *store_->GetSample(project, ids[1]);
  EXPECT_EQ(second.first_value, 50);
  EXPECT_EQ(second.values_count, 40);
  EXPECT_EQ(second.blob, whole.blob);
  EXPECT_EQ(second.part_of, whole.id);
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
  now_ms_ += 900;
  EXPECT_EQ(*store_->RenewJob(id, "one", 1000, 0.5, "epoch 3"), LeaseState::kGoOn);
  now_ms_ += 900;
  EXPECT_FALSE(store_->ClaimJob("two", 1000)->has_value());
  now_ms_ += 200;
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
  now_ms_ += 2000;
  EXPECT_FALSE(store_->ClaimJob("w", 1000)->has_value());
  EXPECT_EQ(store_->GetJob(lost)->state, "cancelled");
  EXPECT_EQ(store_->CancelJob(999).error().status, Status::kNotFound);
}

TEST_P(StoreTest, AClockThatIsPutBackHidesNoJobAndKeepsTheOrder) {
  const int64_t id = *store_->AddJob({.kind = "train"});
  ASSERT_TRUE(store_->ClaimJob("w", 1000)->has_value());
  now_ms_ -= 86'400'000;
  const int64_t later = *store_->AddJob({.kind = "train"});
  EXPECT_EQ(store_->ListJobs({}, {})->items.front().id, later);
  EXPECT_EQ((*store_->ClaimJob("w", 1000))->id, id);
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

/// Runs `work` in a child that is killed after a random time; what it wrote to its pipe is given back.
std::string KillDuring(int seed, const std::function<void(int out)>& work) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::mt19937 random(static_cast<unsigned>(seed));
  std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 250));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::string said;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<size_t>(got));
  ::close(ends[0]);
  return said;
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
