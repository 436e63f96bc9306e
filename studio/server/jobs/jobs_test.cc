// Tests of long work: that it is done once, stopped when asked, and survives the end of a server at any moment.
#include "studio/server/jobs/jobs.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "compiler/impulse_file.h"
#include "studio/server/jobs/test_project.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr JobsOptions kQuick{.heartbeat_ms = 50};
constexpr const char* kShort = R"({"design":{"network":{"architecture":"dense"},"training":{"epochs":20}}})";
// Minutes, if nobody stops it.
constexpr const char* kLong =
    R"({"design":{"network":{"architecture":"conv1d","width":64},"training":{"epochs":100000}}})";

TEST(Jobs, ATrainingKeepsItsImpulseWithItsEnd) {
  TestFolder folder;
  TestProject project(folder.path());
  project.AddGestures(8);
  std::vector<std::string> told;
  std::mutex mutex;
  const auto listening = project.notices().Listen([&](const Notice& notice) {
    const std::lock_guard lock(mutex);
    if (notice.kind == "job") told.push_back(notice.json);
  });
  Jobs jobs(project.store(), project.notices(), kQuick);
  const auto started = jobs.Start(project.id(), "train", kShort);
  ASSERT_TRUE(started.ok()) << started.error().message;
  const Job job = project.Ended(started->id);
  EXPECT_EQ(job.state, "done") << job.error;
  EXPECT_EQ(job.progress, 1);
  const json result = json::parse(job.result);
  EXPECT_GT(result["accuracy"], 0.8);
  EXPECT_EQ(result["labels"], (json{"nod", "wave"}));
  EXPECT_EQ(result["windows"]["testing"], json::parse(project.Content("report"))["windows"]["testing"]);
  const auto impulse = compiler::ParseImpulse("impulse.json", project.Content("impulse"));
  ASSERT_TRUE(impulse.ok()) << impulse.error().message;
  EXPECT_EQ(impulse->labels, (std::vector<std::string>{"nod", "wave"}));
  EXPECT_EQ(impulse->name, "gestures");
  EXPECT_FALSE(project.Content("model").empty());
  EXPECT_FALSE(project.store().ReadJobLog(job.id, 0, 100)->empty());
  const std::lock_guard lock(mutex);
  ASSERT_GT(told.size(), 3u);
  EXPECT_EQ(json::parse(told.front())["state"], "queued");
}

TEST(Jobs, WhatCannotBeginIsRefusedWithASentence) {
  TestFolder folder;
  TestProject project(folder.path());
  Jobs jobs(project.store(), project.notices(), kQuick);
  const auto refusal = [&](const char* kind, const char* parameters) {
    const auto job = jobs.Start(project.id(), kind, parameters);
    return job.ok() ? std::string() : job.error().message;
  };
  EXPECT_NE(refusal("fly", "{}").find("there are features, train"), std::string::npos);
  EXPECT_NE(refusal("train", "{\"impulse\":7}").find("impulse 7"), std::string::npos);
  EXPECT_NE(refusal("train", "nonsense").find("no JSON"), std::string::npos);
  EXPECT_NE(refusal("train", "{\"desing\":{}}").find("'desing'"), std::string::npos);
  EXPECT_NE(refusal("train", "{\"version\":3}").find("version 3"), std::string::npos);
  EXPECT_NE(refusal("test", "{}").find("nothing was trained"), std::string::npos);
  EXPECT_NE(refusal("build", "{\"kind\":\"toaster\"}").find("arduino"), std::string::npos);
  EXPECT_NE(refusal("tune", "{\"board\":\"toaster\"}").find("az3166"), std::string::npos);
  EXPECT_EQ(jobs.Start(99, "train", "{}").error().status, Status::kNotFound);
  EXPECT_TRUE(project.store().ListJobs(project.id(), {})->items.empty());
}

TEST(Jobs, FailureIsOneSentenceAndKeepsNothing) {
  TestFolder folder;
  TestProject project(folder.path());
  Jobs jobs(project.store(), project.notices(), kQuick);
  const Job job = project.Ended(jobs.Start(project.id(), "train", "{}")->id);
  EXPECT_EQ(job.state, "failed");
  EXPECT_NE(job.error.find("no recordings"), std::string::npos) << job.error;
  EXPECT_TRUE(project.store().ListArtefacts(project.id(), "impulse")->empty());
}

TEST(Jobs, CancellingStopsWhatRunsAndWhatWaits) {
  TestFolder folder;
  TestProject project(folder.path());
  project.AddGestures(6);
  Jobs jobs(project.store(), project.notices(), kQuick);
  const int64_t runs = jobs.Start(project.id(), "train", kLong)->id;
  const int64_t waits = jobs.Start(project.id(), "train", kShort)->id;
  ASSERT_TRUE(project.Reaches(runs, 0.05));
  EXPECT_EQ(jobs.Cancel(project.id(), waits)->state, "cancelled");
  EXPECT_TRUE(jobs.Cancel(project.id(), runs).ok());
  EXPECT_EQ(jobs.Cancel(project.id() + 1, runs).error().status, Status::kNotFound);
  EXPECT_EQ(project.Ended(runs).state, "cancelled");
  EXPECT_TRUE(project.store().ListArtefacts(project.id(), "impulse")->empty());
  // The worker is free for others.
  EXPECT_EQ(project.Ended(jobs.Start(project.id(), "train", kShort)->id).state, "done");
}

TEST(Jobs, TwoWorkersShareTheWorkWithoutDoingAnyTwice) {
  TestFolder folder;
  TestProject project(folder.path());
  project.AddGestures(6);
  Jobs jobs(project.store(), project.notices(), {.workers = 2, .heartbeat_ms = 50});
  const int64_t first = jobs.Start(project.id(), "train", kLong)->id;
  const int64_t second = jobs.Start(project.id(), "train", kLong)->id;
  EXPECT_TRUE(project.Reaches(first, 0.01));
  EXPECT_TRUE(project.Reaches(second, 0.01));
  EXPECT_EQ(project.store().GetJob(first)->state, "running");
  for (const int64_t id : {first, second}) EXPECT_TRUE(jobs.Cancel(project.id(), id).ok());
  std::vector<int64_t> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(jobs.Start(project.id(), "train", kShort)->id);
  for (const int64_t id : ids) {
    const Job job = project.Ended(id);
    EXPECT_EQ(job.state, "done") << job.error;
    EXPECT_EQ(job.attempts, 1);
  }
  EXPECT_EQ(project.store().ListArtefacts(project.id(), "impulse")->size(), ids.size());
}

TEST(Jobs, AServerThatClosesLeavesItsWorkToTheNext) {
  TestFolder folder;
  TestProject project(folder.path());
  project.AddGestures(6);
  int64_t id = 0;
  {
    Jobs jobs(project.store(), project.notices(), kQuick);
    id = jobs.Start(project.id(), "train", kLong)->id;
    ASSERT_TRUE(project.Reaches(id, 0.05));
  }
  EXPECT_EQ(project.store().GetJob(id)->state, "queued");
  Jobs jobs(project.store(), project.notices(), kQuick);
  ASSERT_TRUE(project.Reaches(id, 0.05));
  EXPECT_EQ(project.store().GetJob(id)->attempts, 1) << "nothing went wrong with it";
  const auto log = project.store().ReadJobLog(id, 0, 1000);
  EXPECT_TRUE(std::any_of(log->begin(), log->end(),
                          [](const JobLine& line) { return line.text.starts_with("the server closes"); }));
  EXPECT_TRUE(jobs.Cancel(project.id(), id).ok());
  EXPECT_EQ(project.Ended(id).state, "cancelled");
}

TEST(Jobs, KillingTheServerWhileItTrainsLosesAndDoublesNothing) {
  TestFolder folder;
  static_cast<void>(StoreIn(folder.path()));  // before the fork: the child would take it along when it ends
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    TestProject project(folder.path());
    project.AddGestures(6);
    Jobs jobs(project.store(), project.notices(), kQuick);
    const auto job =
        jobs.Start(project.id(), "train",
                   R"({"design":{"network":{"architecture":"conv1d","width":48},"training":{"epochs":60}}})");
    if (!job.ok() || !project.Reaches(job->id, 0.15)) ::_exit(1);
    if (::write(ready[1], "!", 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  ::close(ready[1]);
  char mark = 0;
  EXPECT_EQ(::read(ready[0], &mark, 1), 1);
  ::close(ready[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  TestProject project(folder.path());
  const auto all = project.store().ListJobs(project.id(), {});
  ASSERT_EQ(all->items.size(), 1u);
  EXPECT_EQ(all->items.front().state, "running");
  Jobs jobs(project.store(), project.notices(), kQuick);
  const Job job = project.Ended(all->items.front().id);
  EXPECT_EQ(job.state, "done") << job.error;
  EXPECT_EQ(job.attempts, 2);
  for (const char* kind : {"impulse", "model", "float_model", "report"}) {
    EXPECT_EQ(project.store().ListArtefacts(project.id(), kind)->size(), 1u) << kind;
  }
  const auto log = project.store().ReadJobLog(job.id, 0, 1000);
  EXPECT_TRUE(std::any_of(log->begin(), log->end(),
                          [](const JobLine& line) { return line.text.find("begins again") != std::string::npos; }));
}

TEST(Jobs, WhatEndsEveryServerIsGivenUp) {
  TestFolder folder;
  TestProject project(folder.path());
  project.AddGestures(6);
  const int64_t id = *project.store().AddJob({.project_id = project.id(), .kind = "train"});
  for (int i = 0; i < 3; ++i) {  // servers that take it and vanish
    ASSERT_TRUE(project.store().ClaimJob("gone " + std::to_string(i), 0)->has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  Jobs jobs(project.store(), project.notices(), {.heartbeat_ms = 50, .most_attempts = 3});
  const Job job = project.Ended(id);
  EXPECT_EQ(job.state, "failed");
  EXPECT_NE(job.error.find("ended each time"), std::string::npos);
}

}  // namespace
}  // namespace thimble::studio
