// A project with recordings of two gestures in a store of its own, for tests of jobs.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_TEST_PROJECT_H_
#define THIMBLE_STUDIO_SERVER_JOBS_TEST_PROJECT_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"
#include "studio/server/ingest/look_over.h"
#include "studio/server/jobs/jobs.h"
#include "studio/server/notices.h"
#include "studio/store/store.h"
#include "studio/store/test_database.h"

namespace thimble::studio {

class TestProject {
 public:
  explicit TestProject(const std::filesystem::path& folder) {
    auto opened = Store::Open(StoreIn(folder));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    store_ = *std::move(opened);
    if (const auto projects = store_->ListProjects(); !projects->empty()) id_ = projects->front().id;
    if (id_ == 0) id_ = *store_->AddProject({.name = "gestures"});
  }

  Store& store() { return *store_; }
  Notices& notices() { return notices_; }
  int64_t id() const { return id_; }

  /// As CSV, three axes at 50 Hz.
  static std::string Swing(double swings_a_second, int axis, uint64_t seed, int readings = 200) {
    Random random(seed);
    const double phase = random.Between(0, 6.28), size = random.Between(3, 5);
    std::string text = "timestamp,accX,accY,accZ\n";
    for (int i = 0; i < readings; ++i) {
      text += std::to_string(i * 20);
      for (int k = 0; k < 3; ++k) {
        const double swing = k == axis ? size * std::sin(phase + 6.2832 * swings_a_second * i / 50) : 0;
        text += "," + std::to_string(swing + (k == 2 ? 9.81 : 0) + 0.3 * static_cast<double>(random.Normal()));
      }
      text += "\n";
    }
    return text;
  }

  int64_t Add(const std::string& file, const std::string& label, const std::string& bytes,
              const std::string& category = "training") {
    auto arrival = LookOver(file, "", bytes);
    EXPECT_TRUE(arrival.ok()) << (arrival.ok() ? "" : arrival.error().message);
    Sample& sample = arrival->sample;
    sample.project_id = id_;
    sample.label = label;
    sample.category = category;
    const auto added = store_->AddSample(sample, bytes);
    EXPECT_TRUE(added.ok()) << (added.ok() ? "" : added.error().message);
    return added.ok() ? added->id : 0;
  }

  /// So many of each gesture; every fourth is for testing.
  void AddGestures(int each) {
    for (int i = 0; i < each; ++i) {
      const std::string number = std::to_string(i), part = i % 4 == 3 ? "testing" : "training";
      const auto seed = static_cast<uint64_t>(i);
      Add("wave." + number + ".csv", "wave", Swing(2, 0, 100 + seed), part);
      Add("nod." + number + ".csv", "nod", Swing(1, 1, 200 + seed), part);
    }
  }

  /// When it has ended; fails after five minutes: the sanitizers make a slow machine of any.
  Job Ended(int64_t job_id) {
    for (int i = 0; i < 6000; ++i) {
      Job job = *store_->GetJob(job_id);
      if (job.state != "queued" && job.state != "running") return job;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << "job " << job_id << " does not end";
    return {};
  }

  /// When it is so far.
  bool Reaches(int64_t job_id, double progress) {
    for (int i = 0; i < 6000; ++i) {
      if (const Job job = *store_->GetJob(job_id); job.state == "running" && job.progress >= progress) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  std::string Content(const std::string& kind) {
    const auto artefacts = *store_->ListArtefacts(id_, kind);
    return artefacts.empty() ? "" : *store_->blobs().Read(artefacts.front().blob);
  }

 private:
  std::unique_ptr<Store> store_;
  Notices notices_;
  int64_t id_ = 0;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_TEST_PROJECT_H_
