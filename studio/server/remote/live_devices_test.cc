#include "studio/server/remote/live_devices.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "studio/server/remote/test_studio.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

SamplingWish Wave(double length_ms = 100) { return {.label = "wave", .length_ms = length_ms, .interval_ms = 10}; }

/// A recording as firmware sends it, too short to be anything but whole.
std::string Recording(const std::string& device_id) {
  return R"({"protected":{"ver":"v1","alg":"none"},"signature":"","payload":{"device_name":")" + device_id +
         R"(","device_type":"T","interval_ms":10,"sensors":[{"name":"x","units":"g"}],"values":[1,2,3]}})";
}

void Upload(TestStudio& studio, const std::string& device_id, const std::string& label) {
  const auto reply = studio.Post(studio.Ingestion(), "/api/training/data", Recording(device_id),
                                 {{"x-file-name", label}, {"Content-Type", "application/json"}});
  EXPECT_EQ(reply.status, 200) << reply.body;
}

Sampling StateOf(TestStudio& studio, int64_t id) { return *studio.devices().GetSampling(studio.project(), id); }

json WaitFor(TestStudio& studio, int64_t id, const std::string& state) {
  return studio.Told("sampling", [&](const json& told) { return told["id"] == id && told["state"] == state; });
}

TEST(Hello, IsAnsweredInItsOwnEncodingByAllVersions) {
  TestStudio studio;
  for (const Encoding encoding : {Encoding::kCbor, Encoding::kJson}) {
    for (int version = 1; version <= 4; ++version) {
      TestDevice device(studio, encoding);
      const std::string id = "d" + std::to_string(version);
      json answer;
      if (version == 1) {
        device.Say({{"hello",
                     {{"version", 1},
                      {"apiKey", TestStudio::kKey},
                      {"deviceId", id},
                      {"deviceType", "T"},
                      {"connection", "ip"},
                      {"sensors", {"Microphone"}}}}});
        answer = device.Hear();
      } else {
        answer = device.Greet(id, version);
      }
      EXPECT_EQ(answer["hello"], true);
      EXPECT_GT(answer["serverTimestamp"].get<int64_t>(), 1'500'000'000'000);
      const auto live = studio.devices().Get(studio.project(), id);
      ASSERT_TRUE(live);
      EXPECT_EQ(live->hello_version, version);
      ASSERT_EQ(live->sensors.size(), 1U);
      EXPECT_EQ(live->sensors[0].name, version == 1 ? "Microphone" : "Built-in accelerometers");
      EXPECT_EQ(live->snapshots, version >= 3);
      EXPECT_EQ(live->inference, version >= 4);
      const auto kept = studio.store().GetDevice(studio.project(), id);
      ASSERT_TRUE(kept.ok());
      EXPECT_GT(kept->last_seen_ms, 0);
    }
  }
}

TEST(Hello, IsRefusedWithASentence) {
  TestStudio studio;
  const std::pair<json, const char*> cases[] = {
      {{{"apiKey", "ei_wrong"}, {"deviceId", "a"}}, "Invalid API key"},
      {{{"apiKey", "ei_reader"}, {"deviceId", "a"}}, "may not bring devices"},
      {{{"deviceId", "a"}}, "hello.apiKey is missing"},
      {{{"apiKey", TestStudio::kKey}}, "hello.deviceId is missing"},
  };
  for (const auto& [hello, words] : cases) {
    TestDevice device(studio, Encoding::kJson);
    device.Say({{"hello", hello}});
    const json answer = device.Hear();
    EXPECT_EQ(answer["hello"], false);
    EXPECT_NE(answer["err"].get<std::string>().find(words), std::string::npos) << answer;
    EXPECT_TRUE(device.EndsWithin(5000));
  }
  TestDevice nonsense(studio);
  nonsense.SayBytes(std::string(100'000, '\x81'), true);
  EXPECT_NE(nonsense.Hear()["err"].get<std::string>().find("deep"), std::string::npos);
  EXPECT_TRUE(studio.devices().List(studio.project()).empty());
}

TEST(Hello, MustComeInTime) {
  TestStudio studio({.hello_within_ms = 50});
  TestDevice device(studio);
  EXPECT_TRUE(device.EndsWithin(5000));
}

TEST(Devices, AppearWithTheirHelloAndVanishWithTheirConnection) {
  TestStudio studio;
  {
    TestDevice device(studio);
    device.Greet("ac:1");
    EXPECT_EQ(studio.Told("device", [](const json& told) { return told["connected"] == true; })["device_id"], "ac:1");
    const json list = json::parse(studio.Get(studio.ProjectPath() + "/live-devices").body);
    EXPECT_EQ(list["devices"][0]["sensors"][0]["frequencies_hz"], json({10, 20, 50, 100}));
  }
  EXPECT_EQ(studio.Told("device", [](const json& told) { return told["connected"] == false; })["device_id"], "ac:1");
  EXPECT_TRUE(studio.devices().List(studio.project()).empty());
  EXPECT_TRUE(studio.store().GetDevice(studio.project(), "ac:1").ok());
}

TEST(Devices, OfTheSameNameReplaceEachOther) {
  TestStudio studio;
  TestDevice old(studio);
  old.Greet("twin");
  TestDevice young(studio);
  young.Greet("twin");
  EXPECT_TRUE(old.EndsWithin(5000));
  EXPECT_EQ(studio.devices().List(studio.project()).size(), 1U);
  ASSERT_TRUE(studio.devices().StartSampling(studio.project(), "twin", Wave()).ok());
  EXPECT_TRUE(young.Hear().contains("sample"));
}

TEST(SampleRequest, HoldsWhatFirmwareCanReadAndNothingElse) {
  TestStudio studio;
  TestDevice device(studio);
  device.Greet("ac:1");
  ASSERT_TRUE(studio.devices()
                  .StartSampling(studio.project(), "ac:1",
                                 {.label = "wave", .length_ms = 2000, .interval_ms = 16.5, .category = "testing"})
                  .ok());
  const json asked = device.Hear();
  EXPECT_EQ(asked, json({{"sample",
                          {{"label", "wave"},
                           {"length", 2000},
                           {"path", "/api/testing/data"},
                           {"hmacKey", TestStudio::kHmacKey},
                           {"interval", 16.5},
                           {"sensor", "Built-in accelerometers"}}}}));
  // The interval is a double (0xfb) although a half float would do, the length an integer.
  const std::string bytes = device.last().bytes;
  EXPECT_NE(bytes.find(std::string("\x68interval\xfb\x40\x30\x80", 13)), std::string::npos);
  EXPECT_NE(bytes.find(std::string("\x66length\x19\x07\xd0", 10)), std::string::npos);
  EXPECT_LT(bytes.size(), 512U);
}

TEST(SampleRequest, ThatCannotBeMetIsRefusedBeforeItIsSent) {
  TestStudio studio;
  TestDevice device(studio);
  device.Greet("ac:1");
  const auto error = [&](SamplingWish wish) {
    const auto sampling = studio.devices().StartSampling(studio.project(), "ac:1", wish);
    return sampling.ok() ? "" : sampling.error().message;
  };
  EXPECT_NE(error({.label = "", .length_ms = 100}).find("label is missing"), std::string::npos);
  EXPECT_NE(error({.label = std::string(64, 'a'), .length_ms = 100}).find("63 at most"), std::string::npos);
  EXPECT_NE(error({.label = "a", .length_ms = 0}).find("length_ms"), std::string::npos);
  EXPECT_NE(error({.label = "a", .length_ms = 10, .interval_ms = 11}).find("interval_ms"), std::string::npos);
  EXPECT_NE(error({.label = "a", .length_ms = 100, .sensor = "Nose"}).find("no sensor 'Nose'"), std::string::npos);
  EXPECT_NE(error({.label = "a", .length_ms = 100, .category = "other"}).find("category"), std::string::npos);
  EXPECT_EQ(studio.devices().StartSampling(studio.project(), "ghost", Wave()).error().status, Status::kNotFound);
  EXPECT_EQ(studio.devices().StartSampling(studio.project() + 1, "ac:1", Wave()).error().status, Status::kNotFound);
  ASSERT_EQ(error(Wave()), "");
  EXPECT_NE(error(Wave()).find("recording 'wave' already"), std::string::npos);
}

TEST(Sampling, IsDoneWhenTheUploadArrivesAndNotBefore) {
  TestStudio studio;
  TestDevice device(studio);
  device.Greet("ac:1");
  const auto sampling = studio.devices().StartSampling(studio.project(), "ac:1", Wave());
  ASSERT_TRUE(sampling.ok());
  device.Hear();
  // In the order of the data-forwarder, which starts before it has said yes.
  device.Say({{"sampleStarted", true}});
  device.Say({{"sample", true}});
  device.Say({{"sampleReading", true}, {"progressPercentage", 40}});
  EXPECT_EQ(studio.Told("sampling", [](const json& told) { return told.contains("progress"); })["progress"], 0.4);
  device.Say({{"sampleReading", true}, {"progressPercentage", -1}});
  device.Say({{"sampleUploading", true}});
  device.Say({{"sampleFinished", true}});
  EXPECT_FALSE(WaitFor(studio, sampling->id, "uploading").is_null());
  EXPECT_EQ(StateOf(studio, sampling->id).state, Sampling::State::kUploading);
  Upload(studio, "another", "wave");
  Upload(studio, "ac:1", "other");
  EXPECT_EQ(StateOf(studio, sampling->id).state, Sampling::State::kUploading);
  Upload(studio, "ac:1", "wave");
  const Sampling done = StateOf(studio, sampling->id);
  EXPECT_EQ(done.state, Sampling::State::kDone);
  EXPECT_EQ(studio.store().GetSample(studio.project(), done.sample_id)->label, "wave");
  EXPECT_TRUE(studio.devices().StartSampling(studio.project(), "ac:1", Wave()).ok());
}

TEST(Sampling, FailsWithTheDevicesOwnWords) {
  TestStudio studio;
  TestDevice device(studio);
  device.Greet("ac:1");
  const auto sampling = studio.devices().StartSampling(studio.project(), "ac:1", Wave());
  device.Hear();
  device.Say({{"sample", false}, {"error", "no sensor is plugged in"}});
  EXPECT_EQ(WaitFor(studio, sampling->id, "failed")["error"], "the device says: no sensor is plugged in");
  EXPECT_TRUE(studio.devices().StartSampling(studio.project(), "ac:1", Wave()).ok());
}

TEST(Sampling, SaysWhatItWaitedForWhenItRunsOutOfTime) {
  TestStudio studio({.upload_within_ms = 150});
  TestDevice device(studio);
  device.Greet("ac:1");
  const auto silent = studio.devices().StartSampling(studio.project(), "ac:1", Wave(50));
  EXPECT_NE(WaitFor(studio, silent->id, "failed")["error"].get<std::string>().find("not answered"), std::string::npos);

  device.Hear();
  const auto lost = studio.devices().StartSampling(studio.project(), "ac:1", Wave(50));
  device.Hear();
  device.Say({{"sample", true}});
  device.Say({{"sampleFinished", true}});
  EXPECT_NE(WaitFor(studio, lost->id, "failed")["error"].get<std::string>().find("none has arrived"),
            std::string::npos);
  // A late upload counts all the same: for the older of the two that it fits.
  Upload(studio, "ac:1", "wave");
  Upload(studio, "ac:1", "wave");
  EXPECT_EQ(StateOf(studio, lost->id).state, Sampling::State::kDone);
  EXPECT_EQ(StateOf(studio, lost->id).error, "");
}

TEST(Sampling, OutlivesTheConnectionOfADeviceThatUploadsLater) {
  TestStudio studio;
  int64_t id = 0;
  {
    TestDevice device(studio);
    device.Greet("ac:1");
    id = studio.devices().StartSampling(studio.project(), "ac:1", Wave())->id;
    device.Hear();
  }
  studio.Told("device", [](const json& told) { return told["connected"] == false; });
  Upload(studio, "ac:1", "wave");
  EXPECT_EQ(StateOf(studio, id).state, Sampling::State::kDone);
}

TEST(Sampling, IsStartedAndWatchedByTheApi) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("ac 1");
  const std::string place = studio.ProjectPath() + "/live-devices/ac%201/samplings";
  const auto refused = studio.Post(studio.Api(), place, R"({"label":5})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("label has to be a text"), std::string::npos);
  EXPECT_EQ(
      studio.Post(studio.Api(), studio.ProjectPath() + "/live-devices/ghost/samplings", R"({"label":"a"})").status,
      404);
  const auto reply = studio.Post(studio.Api(), place, R"({"label":"wave","length_ms":500})");
  ASSERT_EQ(reply.status, 202) << reply.body;
  const json sampling = json::parse(reply.body);
  EXPECT_EQ(sampling["interval_ms"], 10);  // of the sensor's fastest rate
  EXPECT_EQ(device.Hear()["sample"]["length"], 500);
  EXPECT_EQ(studio.Post(studio.Api(), place, R"({"label":"wave"})").status, 409);
  const std::string id = std::to_string(sampling["id"].get<int64_t>());
  EXPECT_EQ(json::parse(studio.Get(studio.ProjectPath() + "/samplings/" + id).body)["state"], "asked");
  EXPECT_EQ(studio.Get(studio.ProjectPath() + "/samplings/99").status, 404);
  EXPECT_EQ(studio.Get(studio.ProjectPath() + "/samplings/x").status, 404);
  EXPECT_EQ(json::parse(studio.Get(studio.ProjectPath() + "/samplings").body)["samplings"].size(), 1U);
  EXPECT_EQ(studio.store().ListAudit(studio.project(), {})->items.front().action, "device.sample");
}

TEST(Snapshots, StreamUntilTheyAreStopped) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("camera", 3);
  const std::string place = studio.ProjectPath() + "/live-devices/camera/snapshots";
  EXPECT_EQ(studio.Get(place).status, 404);
  EXPECT_EQ(studio.Post(studio.Api(), place, R"({"on":true,"resolution":"low"})").status, 202);
  EXPECT_EQ(device.Hear(), json({{"startSnapshot", true}, {"resolution", "low"}}));
  device.Say({{"snapshotStarted", true}});
  device.Say({{"snapshotFrame", http::Base64("\xff\xd8 one")}, {"fileName", "a.jpg"}});
  device.Say({{"snapshotFrame", "not base64!"}, {"fileName", "b.jpg"}});
  device.Say({{"snapshotFrame", http::Base64("\xff\xd8 two")}, {"fileName", "c.jpg"}});
  EXPECT_FALSE(studio.Told("snapshot", [](const json& told) { return told.value("number", 0) == 2; }).is_null());
  EXPECT_EQ(studio.Get(place).body, "\xff\xd8 two");
  EXPECT_EQ(studio.Post(studio.Api(), place, R"({"on":false})").status, 202);
  EXPECT_EQ(device.Hear(), json({{"stopSnapshot", true}}));
  device.Say({{"snapshotFailed", true}, {"error", "no camera"}});
  EXPECT_EQ(studio.Told("snapshot", [](const json& told) { return told.contains("error"); })["error"], "no camera");
}

TEST(Snapshots, AreNotAskedOfADeviceWithoutACamera) {
  TestStudio studio;
  TestDevice device(studio);
  device.Greet("ac:1", 2);
  EXPECT_EQ(studio.devices().StartSnapshots(studio.project(), "ac:1", false).error().status, Status::kUnsupported);
  EXPECT_EQ(studio.devices().StartInference(studio.project(), "ac:1").error().status, Status::kUnsupported);
}

ordered_json InferenceOf(int64_t index) {
  return {{"impulseRecord", {{"result", {{"classification", {{"wave", 0.9}, {"idle", 0.1}}}}}}},
          {"timestamp", 1'700'000'000'000 + index},
          {"index", index},
          {"rawData", {{"type", "wav"}, {"bufferBase64", http::Base64("sound " + std::to_string(index))}}}};
}

TEST(Inference, IsStoredAndAcknowledgedRecordByRecord) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("runner", 4);
  const std::string place = studio.ProjectPath() + "/live-devices/runner";
  EXPECT_EQ(studio.Post(studio.Api(), place + "/inference", R"({"on":true})").status, 202);
  EXPECT_EQ(device.Hear(), json({{"startInferenceStream", true}}));
  device.Say({{"inferenceStreamStarted", true}});
  for (int64_t index = 5; index < 8; ++index) {
    device.Say(InferenceOf(index));
    EXPECT_EQ(device.Hear(), json({{"impulseRecordAck", true}, {"index", index}}));
  }
  const json page = json::parse(studio.Get(place + "/records?limit=2").body);
  ASSERT_EQ(page["items"].size(), 2U);
  EXPECT_EQ(page["items"][0]["number"], 7);
  EXPECT_EQ(page["items"][0]["record"]["result"]["classification"]["wave"], 0.9);
  EXPECT_TRUE(page.contains("next"));
  const auto kept = studio.store().ListInferenceRecords(studio.project(), "runner", {});
  EXPECT_EQ(*studio.store().blobs().Read(kept->items.back().blob), "sound 5");

  device.Say({{"impulseRecord", json::object()}, {"index", 9}, {"rawData", {{"bufferBase64", "?"}}}});
  EXPECT_EQ(device.Hear()["impulseRecordAck"], false);
}

// The client takes the next message after a record for its acknowledgement, whatever it says.
TEST(Inference, LetsNothingComeBetweenARecordAndItsAcknowledgement) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("runner", 4);
  ASSERT_TRUE(studio.devices().StartInference(studio.project(), "runner").ok());
  device.Hear();
  device.Say(InferenceOf(1));
  EXPECT_TRUE(device.Hear().contains("impulseRecordAck"));
  ASSERT_TRUE(studio.devices().StopInference(studio.project(), "runner").ok());
  EXPECT_TRUE(device.Hear(200).is_null());
  device.Say(InferenceOf(2));
  EXPECT_TRUE(device.Hear().contains("impulseRecordAck"));
  EXPECT_EQ(device.Hear(), json({{"stopInferenceStream", true}}));
  // Without another record it goes out all the same.
  ASSERT_TRUE(studio.devices().StopInference(studio.project(), "runner").ok());
  EXPECT_EQ(device.Hear(), json({{"stopInferenceStream", true}}));
}

TEST(Inference, RecordsAreRecalledAndSummariesKept) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("runner", 4);
  const std::string place = studio.ProjectPath() + "/live-devices/runner";
  EXPECT_EQ(studio.Post(studio.Api(), place + "/records", R"({"first":3,"last":4})").status, 202);
  EXPECT_EQ(device.Hear(), json({{"impulseRecordRequest", {{"range", {{"first", 3}, {"last", 4}}}}}}));
  EXPECT_EQ(studio.Post(studio.Api(), place + "/records", R"({"list":[7,9]})").status, 202);
  EXPECT_EQ(device.Hear(), json({{"impulseRecordRequest", {{"list", {7, 9}}}}}));
  EXPECT_EQ(studio.Post(studio.Api(), place + "/records", R"({"list":["a"]})").status, 400);
  EXPECT_EQ(studio.Post(studio.Api(), place + "/records", R"({"first":0,"last":100})").status, 400);
  device.Say({{"impulseRecordsResponse", true}, {"index", 4}, {"record", {{"result", 1}}}, {"timestamp", 17}});
  EXPECT_EQ(device.Hear(), json({{"impulseRecordAck", true}, {"index", 4}}));
  device.Say({{"impulseRecordsResponse", false}, {"index", 3}, {"error", "gone"}});
  EXPECT_EQ(studio.Told("inference", [](const json& told) { return told.contains("error"); })["error"],
            "the device says: gone");
  device.Say({{"inferenceSummary",
               {{"start", {{"index", 1}, {"timestamp", 1}}},
                {"end", {{"index", 60}, {"timestamp", 2}}},
                {"classificationCounter", {{{"label", "wave"}, {"value", 60}}}}}}});
  studio.Told("inference", [](const json& told) { return told.contains("summary"); });
  const json summaries = json::parse(studio.Get(place + "/summaries").body);
  EXPECT_EQ(summaries["items"][0]["last_number"], 60);
}

TEST(Model, IsOfferedAndItsArrivalTold) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("runner", 4);
  const std::string place = studio.ProjectPath() + "/live-devices/runner/model";
  EXPECT_EQ(studio.Post(studio.Api(), place, "{}").status, 202);
  EXPECT_EQ(device.Hear(), json({{"newModelAvailable", true}, {"deploymentVersion", "latest"}}));
  EXPECT_EQ(studio.Post(studio.Api(), place, R"({"deployment_version":4})").status, 202);
  EXPECT_EQ(device.Hear(), json({{"newModelAvailable", true}, {"deploymentVersion", 4}}));
  device.Say({{"modelUpdateSuccess", true}, {"inferenceInfo", {{"deploymentVersion", 4}}}});
  EXPECT_EQ(studio.Told("device", [](const json& told) { return told.contains("model_updated"); })["model_updated"],
            true);
  EXPECT_EQ(json::parse(studio.devices().Get(studio.project(), "runner")->model)["deploymentVersion"], 4);
}

TEST(Devices, ThatSayWhatNobodyExpectsStayConnected) {
  TestStudio studio;
  TestDevice device(studio, Encoding::kJson);
  device.Greet("odd", 4);
  for (const char* const text :
       {R"({})", R"({"sample":true})", R"({"sampleFinished":1})", R"({"snapshotFrame":7})", R"({"unknown":{"a":[]}})",
        R"({"inferenceSummary":[]})", R"({"impulseRecord":1})", R"({"modelUpdateSuccess":"no"})"}) {
    device.SayBytes(text, false);
  }
  EXPECT_EQ(device.Hear()["impulseRecordAck"], false);
  EXPECT_TRUE(studio.devices().Get(studio.project(), "odd"));
  device.SayBytes("{", false);
  EXPECT_TRUE(device.EndsWithin(5000));
}

}  // namespace
}  // namespace thimble::studio
