// Tests of what each kind of job makes, one after the other on one project.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "compiler/export.h"
#include "compiler/firmware_build.h"
#include "dataset/duplicates.h"
#include "dataset/reader.h"
#include "http/coding.h"
#include "runner/eim_file.h"
#include "studio/server/jobs/design.h"
#include "studio/server/jobs/jobs.h"
#include "studio/server/jobs/stored_data.h"
#include "studio/server/jobs/test_project.h"
#include "studio/server/jobs/zip.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

class Kinds : public ::testing::Test {
 protected:
  Job Run(const std::string& kind, const std::string& parameters = "{}") {
    const auto started = jobs_.Start(project_.id(), kind, parameters);
    EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message);
    return started.ok() ? project_.Ended(started->id) : Job{};
  }
  void Train() {
    project_.AddGestures(8);
    const Job job = Run("train", R"({"design":{"network":{"architecture":"dense"},"training":{"epochs":8}}})");
    ASSERT_EQ(job.state, "done") << job.error;
  }

  TestFolder folder_;
  TestProject project_{folder_.path()};
  Jobs jobs_{project_.store(), project_.notices(), {.heartbeat_ms = 50}};
};

TEST_F(Kinds, FeaturesAreOneRowAWindow) {
  project_.AddGestures(4);
  const Job job = Run("features", R"({"design":{"block":{"name":"spectral_analysis"}}})");
  ASSERT_EQ(job.state, "done") << job.error;
  const json result = json::parse(job.result);
  const json explorer = json::parse(project_.Content("features"));
  const size_t windows = result["windows"]["training"].get<size_t>() + result["windows"]["testing"].get<size_t>();
  ASSERT_EQ(explorer["windows"].size(), windows);
  EXPECT_EQ(explorer["block"], "spectral_analysis");
  EXPECT_EQ(project_.store().GetSample(project_.id(), explorer["windows"][0][0])->label, explorer["windows"][0][3]);
  const std::string table = project_.Content("feature_table");
  EXPECT_EQ(static_cast<size_t>(std::count(table.begin(), table.end(), '\n')), windows + 1);
  EXPECT_EQ(result["features"], 39);
}

TEST_F(Kinds, ATestSaysWhatTrainingSaid) {
  Train();
  const Job job = Run("test");
  ASSERT_EQ(job.state, "done") << job.error;
  const json result = json::parse(job.result), report = json::parse(project_.Content("report"));
  EXPECT_EQ(result["accuracy"], report["accuracy"]);
  EXPECT_EQ(result["confusion"], report["confusion"]);
  const json samples = json::parse(project_.Content("test"))["samples"];
  EXPECT_EQ(samples.size(), 4u);
  for (const json& sample : samples) {
    EXPECT_EQ(project_.store().GetSample(project_.id(), sample["sample"])->category, "testing");
  }
}

TEST_F(Kinds, WithoutATestingPartChangedDataIsNotTestedOn) {
  for (int i = 0; i < 5; ++i) {
    project_.Add("wave." + std::to_string(i) + ".csv", "wave", TestProject::Swing(2, 0, 1 + static_cast<uint64_t>(i)));
    project_.Add("nod." + std::to_string(i) + ".csv", "nod", TestProject::Swing(1, 1, 50 + static_cast<uint64_t>(i)));
  }
  ASSERT_EQ(Run("train", R"({"design":{"network":{"architecture":"dense"},"training":{"epochs":3}}})").state, "done");
  EXPECT_EQ(Run("test").state, "done");
  project_.Add("wave.9.csv", "wave", TestProject::Swing(2, 0, 99));
  const Job job = Run("test");
  EXPECT_EQ(job.state, "failed");
  EXPECT_NE(job.error.find("train again"), std::string::npos) << job.error;
}

TEST_F(Kinds, ADetectorLearnsFromNormalSamplesAlone) {
  project_.AddGestures(8);
  project_.Add("odd.1.csv", "odd", TestProject::Swing(6, 2, 7), "anomaly");
  const Job job = Run("train", R"({"design":{"learn":"anomaly","anomaly":{"detector":"kmeans","normal":["nod"]}}})");
  ASSERT_EQ(job.state, "done") << job.error;
  const json result = json::parse(job.result);
  EXPECT_EQ(result["normal"], json{"nod"});
  EXPECT_EQ(result["test"]["labels"].size(), 2u);  // odd and wave
  EXPECT_EQ(Run("test").state, "done");
}

TEST_F(Kinds, NumbersAreLearnt) {
  for (int i = 1; i <= 8; ++i) {
    for (int k = 0; k < 3; ++k) {
      const auto seed = static_cast<uint64_t>(10 * i + k);
      const std::string name = "hz_" + std::to_string(i) + "." + std::to_string(k) + ".csv";
      project_.Add(name, "hz_" + std::to_string(i), TestProject::Swing(i, 0, seed), k == 2 ? "testing" : "training");
    }
  }
  const Job job = Run("train", R"({"design":{"learn":"regression","network":{"architecture":"dense"},)"
                               R"("block":{"name":"spectral_analysis"},"training":{"epochs":40}}})");
  ASSERT_EQ(job.state, "done") << job.error;
  EXPECT_LT(json::parse(job.result)["mean_absolute_error"], 2.0);
  const Job test = Run("test");
  ASSERT_EQ(test.state, "done") << test.error;
  EXPECT_EQ(json::parse(test.result)["mean_absolute_error"], json::parse(job.result)["mean_absolute_error"]);
}

TEST_F(Kinds, ABuildIsAnArchiveOfWhatOneDropsIntoAProject) {
  if (compiler::DefaultSourceRoot().empty())
    GTEST_SKIP() << "the sources that exports hold are not beside this program";
  Train();
  const Job job = Run("build", R"({"kind":"cmake"})");
  ASSERT_EQ(job.state, "done") << job.error;
  const std::string archive = project_.Content("build");
  const auto entries = ReadZip(archive);
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  EXPECT_EQ(entries->size(), json::parse(job.result)["files"]);
  EXPECT_TRUE(std::any_of(entries->begin(), entries->end(),
                          [](const ZipEntry& entry) { return entry.path == "gestures/CMakeLists.txt"; }));
}

TEST_F(Kinds, FirmwareIsAnImageForTheBoard) {
  if (compiler::DeviceDirectoryOf("az3166").empty()) {
    GTEST_SKIP() << "the device libraries for the AZ3166 are not built; ./run build makes them";
  }
  Train();
  const Job job = Run("build", R"({"kind":"firmware","board":"az3166"})");
  ASSERT_EQ(job.state, "done") << job.error;
  EXPECT_GT(json::parse(job.result)["flash_bytes"], 10'000);
  EXPECT_EQ(project_.Content("elf").substr(0, 4),
            "\x7f"
            "ELF");
}

TEST_F(Kinds, TuningFindsAndTrainsOneThatFits) {
  project_.AddGestures(8);
  const Job job = Run("tune", R"({"trials":3,"seconds":20,"ram_bytes":60000,)"
                              R"("design":{"block":{"name":"spectral_analysis"},"network":{"architecture":"dense"}}})");
  ASSERT_EQ(job.state, "done") << job.error;
  const json result = json::parse(job.result);
  EXPECT_LE(result["chosen"]["ram_bytes"], 60'000);
  EXPECT_TRUE(ParseDesign(result["design"].dump()).ok());
  EXPECT_GE(json::parse(project_.Content("search"))["trials"].size(), 1u);
  EXPECT_FALSE(project_.Content("model").empty());
}

TEST_F(Kinds, ALinuxProgramHoldsTheImpulseAndSaysWhichDeploymentItIs) {
  Train();
  const Job job = Run("build", R"({"kind":"eim"})");
  ASSERT_EQ(job.state, "done") << job.error;
  const std::string file = project_.Content("build");
  EXPECT_TRUE(
      file.starts_with("\x7f"
                       "ELF"));
  const auto eim = runner::ReadEim("gestures.eim", file);
  ASSERT_TRUE(eim.ok()) << eim.error().message;
  EXPECT_EQ(eim->origin, (runner::Origin{project_.id(), "gestures", "local", job.id}));
  EXPECT_EQ(eim->impulse.labels, (std::vector<std::string>{"nod", "wave"}));
  EXPECT_EQ(compiler::WriteImpulse(eim->impulse), project_.Content("impulse"));
  const std::string model = project_.Content("model");
  EXPECT_TRUE(std::ranges::equal(eim->model.span(), std::as_bytes(std::span(model))));
  EXPECT_TRUE((*project_.store().ListArtefacts(project_.id(), "build")).front().name.ends_with(".eim"));
}

TEST_F(Kinds, AnExportedProjectImportsAsItWas) {
  project_.AddGestures(3);
  Store& store = project_.store();
  const int64_t whole = project_.Add("long.csv", "long", TestProject::Swing(1, 0, 900));
  const Stretch stretches[] = {{10, 50}, {100, 60}};
  ASSERT_TRUE(store.SplitSample(*store.GetSample(project_.id(), whole), stretches)->has_value());
  const int64_t off = project_.Add("off.csv", "nod", TestProject::Swing(1, 1, 901));
  ASSERT_TRUE(store.EditSamples(project_.id(), std::span(&off, 1), SampleEdit::kDisable, "").ok());
  ASSERT_TRUE(store.AddImpulse({.project_id = project_.id(), .name = "one", .design = R"({"window_ms":1000})"}).ok());
  ASSERT_EQ(Run("export").state, "done");
  const std::string archive = project_.Content("archive");

  const int64_t other = *store.AddProject({.name = "copy"});
  auto blob = store.blobs().Put(archive);
  const int64_t artefact = *store.AddArtefact(
      {.project_id = other, .kind = "archive", .name = "copy.zip", .blob = blob->hash(), .bytes = blob->bytes()});
  const std::string parameters = R"({"artefact":)" + std::to_string(artefact) + "}";
  for (int again = 0; again < 2; ++again) {
    const Job job = project_.Ended(jobs_.Start(other, "import", parameters)->id);
    ASSERT_EQ(job.state, "done") << job.error;
    EXPECT_EQ(json::parse(job.result)["added"], again == 0 ? 9 : 0);
    EXPECT_EQ(json::parse(job.result)["refused"], 0);
    const auto listed = [&](int64_t project) {
      std::vector<std::string> samples;
      const auto page = store.ListSamples(project, {}, {.limit = 100});
      for (const Sample& sample : page->items) {
        samples.push_back(sample.name + " " + sample.label + " " + sample.category + " " + sample.blob + " " +
                          std::to_string(sample.first_value) + " " + std::to_string(sample.values_count) + " " +
                          std::to_string(sample.length_ms) + (sample.enabled ? "" : " off"));
      }
      std::sort(samples.begin(), samples.end());
      return samples;
    };
    EXPECT_EQ(listed(other), listed(project_.id()));
    EXPECT_EQ(store.ListImpulses(other)->size(), 1u);
  }
}

/// Everything that a person said about a sample, as one text.
std::string Told(const Sample& sample) {
  return json{{"name", sample.name},
              {"label", sample.label},
              {"category", sample.category},
              {"enabled", sample.enabled},
              {"metadata", json::parse(sample.metadata)},
              {"bounding_boxes", json::parse(sample.bounding_boxes)},
              {"structured_labels", json::parse(sample.structured_labels)},
              {"content", sample.content_hash}}
      .dump();
}

std::vector<std::string> AllTold(Store& store, int64_t project) {
  std::vector<std::string> told;
  const auto page = store.ListSamples(project, {}, {.limit = 100});
  for (const Sample& sample : page->items) told.push_back(Told(sample));
  std::sort(told.begin(), told.end());
  return told;
}

// Once as our own archive, and once as Edge Impulse's, which has no file of ours in it: info.labels alone.
TEST_F(Kinds, WhatPeopleSaidGoesRoundWithAnArchive) {
  Store& store = project_.store();
  const auto change = [&](const char* file, const char* category, uint64_t seed, auto&& edit) {
    const int64_t id = project_.Add(file, "wave", TestProject::Swing(1, 0, seed), category);
    Sample sample = *store.GetSample(project_.id(), id);
    edit(sample);
    ASSERT_TRUE(store.UpdateSample(sample)->has_value());
  };
  change("a.csv", "training", 1, [](Sample& s) { s.metadata = R"({"room":"kitchen","speed":"3"})"; });
  change("b.csv", "testing", 2, [](Sample& s) {
    s.label = "";
    s.structured_labels =
        R"([{"endIndex":99,"label":"up","startIndex":0},{"endIndex":150,"label":"down","startIndex":100}])";
  });
  change("c.csv", "anomaly", 3, [](Sample& s) { s.enabled = false; });
  change("d.csv", "post-processing", 4, [](Sample& s) { s.name = "renamed", s.label = ""; });
  const std::string picture = *http::FromBase64(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
  Sample cat = *store.GetSample(project_.id(), project_.Add("cat.png", "cat", picture));
  cat.bounding_boxes = R"([{"height":1,"label":"cat","width":1,"x":0,"y":0}])";
  ASSERT_TRUE(store.UpdateSample(cat)->has_value());
  ASSERT_EQ(Run("export").state, "done");
  const std::string archive = project_.Content("archive");

  ZipWriter theirs;
  const auto entries = ReadZip(archive);
  ASSERT_TRUE(entries.ok());
  for (const ZipEntry& entry : *entries) {
    if (entry.path == "thimble.json") continue;
    ASSERT_TRUE(theirs.Add(entry.path, *Unpack(entry, 1 << 20)).ok());
  }
  for (const std::string& bytes : {archive, std::move(theirs).Finish()}) {
    const int64_t other = *store.AddProject({.name = "copy"});
    auto blob = store.blobs().Put(bytes);
    const int64_t artefact = *store.AddArtefact(
        {.project_id = other, .kind = "archive", .name = "copy.zip", .blob = blob->hash(), .bytes = blob->bytes()});
    const Job job =
        project_.Ended(jobs_.Start(other, "import", R"({"artefact":)" + std::to_string(artefact) + "}")->id);
    ASSERT_EQ(job.state, "done") << job.error;
    EXPECT_EQ(AllTold(store, other), AllTold(store, project_.id()));
  }
}

// Cut recordings are whole files there: what was cut out of them are stretches with labels.
TEST_F(Kinds, PartsOfARecordingAreStretchesToOtherStudios) {
  Store& store = project_.store();
  const int64_t whole = project_.Add("long.csv", "", TestProject::Swing(1, 0, 900));
  const Stretch stretches[] = {{10, 50, "wave"}, {100, 60, "nod"}};
  ASSERT_TRUE(store.SplitSample(*store.GetSample(project_.id(), whole), stretches)->has_value());
  ASSERT_EQ(Run("export").state, "done");
  const std::string archive = project_.Content("archive");
  const auto entries = ReadZip(archive);
  const auto labels =
      std::find_if(entries->begin(), entries->end(), [](const ZipEntry& entry) { return entry.path == "info.labels"; });
  const json files = json::parse(*Unpack(*labels, 1 << 20))["files"];
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0]["label"]["type"], "multi-label");
  EXPECT_EQ(files[0]["label"]["labels"], json::parse(R"([{"label":"wave","startIndex":10,"endIndex":59},)"
                                                     R"({"label":"nod","startIndex":100,"endIndex":159}])"));
}

TEST_F(Kinds, AnArchiveOfAnotherStudioIsReadByItsLabels) {
  ZipWriter zip;
  ASSERT_TRUE(zip.Add("testing/a.csv", TestProject::Swing(1, 0, 1)).ok());
  ASSERT_TRUE(zip.Add("training/wave.b.csv", TestProject::Swing(1, 0, 2)).ok());
  ASSERT_TRUE(zip.Add("training/broken.json", "{").ok());
  ASSERT_TRUE(zip.Add("info.labels", R"({"version":1,"files":[{"path":"testing/a.csv","name":"first",)"
                                     R"("category":"testing","label":{"type":"label","label":"nod"}}]})")
                  .ok());
  auto blob = project_.store().blobs().Put(std::move(zip).Finish());
  const int64_t artefact = *project_.store().AddArtefact(
      {.project_id = project_.id(), .kind = "archive", .name = "x.zip", .blob = blob->hash(), .bytes = blob->bytes()});
  const Job job = Run("import", R"({"artefact":)" + std::to_string(artefact) + "}");
  ASSERT_EQ(job.state, "done") << job.error;
  EXPECT_EQ(json::parse(job.result)["added"], 2);
  EXPECT_EQ(json::parse(job.result)["refused"], 1);
  const auto samples = project_.store().ListSamples(project_.id(), {}, {});
  EXPECT_EQ(samples->items[1].label, "nod");
  EXPECT_EQ(samples->items[1].name, "first");
  EXPECT_EQ(samples->items[1].category, "testing");
  EXPECT_EQ(samples->items[0].label, "wave");
}

TEST(ReadStored, CropsStretchesAndLeavesOut) {
  TestFolder folder;
  TestProject project(folder.path());
  Store& store = project.store();
  const int64_t first = project.Add("a.csv", "wave", TestProject::Swing(1, 0, 1));
  const int64_t second = project.Add("b.csv", "", TestProject::Swing(1, 0, 2), "testing");
  project.Add("c.csv", "nod", TestProject::Swing(1, 0, 3), "anomaly");
  ASSERT_TRUE(store.CropSample(*store.GetSample(project.id(), first), {20, 30})->has_value());
  Sample marked = *store.GetSample(project.id(), second);
  marked.structured_labels =
      R"([{"label":"up","startIndex":0,"endIndex":99},{"label":"down","startIndex":100,"endIndex":500}])";
  ASSERT_TRUE(store.UpdateSample(marked)->has_value());

  const auto set = ReadStored(store, {.project_id = project.id()});
  ASSERT_TRUE(set.ok()) << set.error().message;
  ASSERT_EQ(set->recordings.size(), 3u);
  EXPECT_EQ(set->recordings[0].readings(), 30u);
  EXPECT_EQ(SampleIdOf(set->recordings[0].file), first);
  EXPECT_EQ(set->recordings[1].label, "up");
  EXPECT_EQ(set->recordings[1].readings(), 100u);
  EXPECT_EQ(set->recordings[2].label, "down");
  EXPECT_EQ(set->recordings[2].readings(), 100u);
  EXPECT_EQ(set->recordings[2].category, dataset::Category::kTesting);
  EXPECT_EQ(set->notices.size(), 1u);
  EXPECT_EQ(ReadStored(store, {.project_id = project.id(), .with_anomalies = true})->recordings.size(), 4u);

  project.Add("d.csv", "wave", "timestamp,x\n0,1\n10,2\n20,3\n");
  const auto mixed = ReadStored(store, {.project_id = project.id()});
  ASSERT_FALSE(mixed.ok());
  EXPECT_NE(mixed.error().message.find("axes"), std::string::npos) << mixed.error().message;
}

TEST(ReadStored, IsWhatAFolderOfTheSameFilesIs) {
  const TestFolder folder, files;
  TestProject project(folder.path());
  for (int i = 0; i < 3; ++i) {
    for (const char* label : {"wave", "nod"}) {
      const std::string name = std::string(label) + "." + std::to_string(i) + ".csv";
      const std::string bytes = TestProject::Swing(label[0] == 'w' ? 2 : 1, 0, static_cast<uint64_t>(i));
      project.Add(name, label, bytes);
      std::ofstream(files.path() / name, std::ios::binary) << bytes;
    }
  }
  const auto stored = ReadStored(project.store(), {.project_id = project.id()});
  const auto read = dataset::ReadFolder(files.path().string());
  ASSERT_TRUE(stored.ok() && read.ok());
  EXPECT_EQ(dataset::DataHash(*stored), dataset::DataHash(*read));
}

TEST(ParseDesign, NamesTheMemberThatIsWrong) {
  const auto refusal = [](const char* text) {
    const auto design = ParseDesign(text);
    return design.ok() ? std::string() : design.error().message;
  };
  EXPECT_EQ(refusal("{}"), "");
  EXPECT_NE(refusal("[]").find("must be an object"), std::string::npos);
  EXPECT_NE(refusal(R"({"windows_ms":3})").find("'windows_ms'"), std::string::npos);
  EXPECT_NE(refusal(R"({"window_ms":-3})").find("design.window_ms"), std::string::npos);
  EXPECT_NE(refusal(R"({"window_ms":"long"})").find("design.window_ms"), std::string::npos);
  EXPECT_NE(refusal(R"({"block":{"name":"magic"}})").find("spectral_analysis"), std::string::npos);
  EXPECT_NE(refusal(R"({"block":{"name":"raw","parameters":{"scale-axes":"big"}}})").find("scale-axes"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"network":{"architecture":"brain"}})").find("design.network.architecture"), std::string::npos);
  EXPECT_NE(refusal(R"({"training":{"epochs":1.5}})").find("whole number"), std::string::npos);
  EXPECT_NE(refusal(R"({"training":{"augmentation":"no"}})").find("true or false"), std::string::npos);
  EXPECT_NE(refusal(R"({"anomaly":{"detector":"nose"}})").find("kmeans"), std::string::npos);
  EXPECT_NE(refusal(R"({"anomaly":{"normal":[3]}})").find("list of labels"), std::string::npos);
  EXPECT_NE(refusal(R"({"split":"fairly"})").find("design.split"), std::string::npos);
  const auto design = ParseDesign(R"({"learn":"regression","window_ms":1500,"training":{"seed":4,"epochs":9}})");
  ASSERT_TRUE(design.ok());
  EXPECT_EQ(design->goal, Goal::kNumbers);
  EXPECT_EQ(design->training.data.window_ms, 1500);
  EXPECT_EQ(design->training.learning.epochs, 9);
  EXPECT_EQ(design->training.data.split.seed, 4u);
  EXPECT_NE(nlohmann::json::parse(DesignSchema(), nullptr, false)["properties"].size(), 0u);
}

}  // namespace
}  // namespace thimble::studio
