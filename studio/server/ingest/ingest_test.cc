#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <map>
#include <thread>

#include "studio/server/ingest/label.h"
#include "studio/server/ingest/recording_of.h"
#include "studio/server/ingest/signature.h"
#include "studio/server/remote/test_studio.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Fields = TestStudio::Fields;

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char digest[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  std::string hexadecimal;
  for (const unsigned char byte : digest) {
    hexadecimal += "0123456789abcdef"[byte >> 4];
    hexadecimal += "0123456789abcdef"[byte & 15];
  }
  return hexadecimal;
}

const std::string kZeros(64, '0');

ordered_json Acquisition(const std::string& device, const ordered_json& values, const std::string& signature = kZeros) {
  ordered_json sensors = ordered_json::array();
  for (const char* const name : {"accX", "accY"}) sensors.push_back({{"name", name}, {"units", "m/s2"}});
  ordered_json envelope;
  envelope["protected"] = {{"ver", "v1"}, {"alg", "HS256"}, {"iat", 1700000000}};
  envelope["signature"] = signature;
  envelope["payload"] = {{"device_name", device}, {"device_type", "MXChip"}, {"interval_ms", 16}, {"sensors", sensors}};
  envelope["payload"]["values"] = values;
  return envelope;
}

/// Signed over its own bytes, as everybody but the serial bridge does.
std::string Signed(std::string bytes, const std::string& key = TestStudio::kHmacKey) {
  const std::string signature = Hmac(key, bytes);
  return bytes.replace(bytes.find(kZeros), kZeros.size(), signature);
}

const ordered_json kValues = {{1, 2.5}, {3, -4}, {1e-7, 100}};

struct FormFile {
  std::string name, bytes, field = "data", type = "application/octet-stream";
};

std::string Form(const std::vector<FormFile>& files) {
  std::string body;
  for (const FormFile& file : files) {
    body += "--xx\r\nContent-Disposition: form-data; name=\"" + file.field + "\"; filename=\"" + file.name +
            "\"\r\nContent-Type: " + file.type + "\r\n\r\n" + file.bytes + "\r\n";
  }
  return body + "--xx--\r\n";
}

http::HttpReply SendForm(TestStudio& studio, const std::string& target, const std::vector<FormFile>& files,
                         Fields headers = {}) {
  headers.emplace_back("Content-Type", "multipart/form-data; boundary=xx");
  return studio.Post(studio.Ingestion(), target, Form(files), headers);
}

std::string Wav(size_t samples, char value = 1) {
  const auto little = [](uint32_t number, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
    return text;
  };
  const auto data = static_cast<uint32_t>(samples * 2);
  std::string wav = "RIFF" + little(36 + data, 4) + "WAVEfmt " + little(16, 4) + little(1, 2) + little(1, 2) +
                    little(16000, 4) + little(32000, 4) + little(2, 2) + little(16, 2) + "data" + little(data, 4);
  for (size_t i = 0; i < samples; ++i) wav += {value, static_cast<char>(i)};
  return wav;
}

// A picture of 1 × 1, PNG.
const std::string kPng = *http::FromBase64(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

TEST(Names, OfFilesGiveLabelsAsTheUploaderTakesThem) {
  EXPECT_EQ(LabelOfFileName("idle.01.json"), "idle");
  EXPECT_EQ(LabelOfFileName("left to-right_2(3).csv"), "left to-right_2");
  EXPECT_EQ(LabelOfFileName("caf\xc3\xa9.1"), "caf\xc3\xa9");
  EXPECT_EQ(LabelOfFileName("(odd).wav"), "(odd)");
  EXPECT_EQ(HeaderText("%C3%A9%201"), "\xc3\xa9 1");
  EXPECT_EQ(HeaderText("100% sure"), "100% sure");
  EXPECT_EQ(HeaderText("\xe9t\xe9"), "\xc3\xa9t\xc3\xa9");
  EXPECT_EQ(CleanFileName("../../etc/pass\nwd"), "pass_wd");
  EXPECT_EQ(CleanFileName("C:\\data\\a.csv"), "a.csv");
  EXPECT_EQ(CleanFileName(std::string(150, 'a') + std::string(50, 'b') + "\xc3\xa9").size(), 200U);
}

TEST(Signatures, KnowHowJavaScriptWritesNumbers) {
  const std::pair<double, const char*> cases[] = {{0, "0"},
                                                  {-0.0, "0"},
                                                  {1031, "1031"},
                                                  {-0.5, "-0.5"},
                                                  {1e21, "1e+21"},
                                                  {1e20, "100000000000000000000"},
                                                  {1e-6, "0.000001"},
                                                  {1e-7, "1e-7"},
                                                  {1.25e-9, "1.25e-9"},
                                                  {123.456, "123.456"},
                                                  {1.5e300, "1.5e+300"},
                                                  {0.1F, "0.10000000149011612"},
                                                  {HUGE_VAL, "null"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(JavaScriptNumber(value), text);
}

TEST(Data, TakesJsonAndCborWithTheirSignatures) {
  for (const Encoding encoding : {Encoding::kJson, Encoding::kCbor}) {
    TestStudio studio;
    const std::string body = Signed(WriteDocument(Acquisition("ac:1", kValues), encoding));
    const auto reply =
        studio.Post(studio.Ingestion(), "/api/training/data", body,
                    {{"x-file-name", "wave"},
                     {"x-label", "%C3%A9%201"},
                     {"x-metadata", R"({"room":"kitchen","count":3})"},
                     {"Content-Type", encoding == Encoding::kCbor ? "application/cbor" : "application/json"}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_TRUE(reply.headers.Get("Content-Type").starts_with("text/plain"));
    const Sample sample = studio.OnlySample();
    EXPECT_EQ(reply.body, sample.file_name);
    EXPECT_TRUE(sample.file_name.starts_with("wave."));
    EXPECT_TRUE(sample.file_name.ends_with(encoding == Encoding::kCbor ? ".cbor" : ".json"));
    EXPECT_EQ(sample.label, "\xc3\xa9 1");
    EXPECT_EQ(sample.category, "training");
    EXPECT_EQ(sample.kind, "time-series");
    EXPECT_EQ(json::parse(sample.axes),
              json::parse(R"([{"name":"accX","units":"m/s2"},{"name":"accY","units":"m/s2"}])"));
    EXPECT_EQ(sample.interval_ms, 16);
    EXPECT_EQ(sample.length_ms, 48);
    EXPECT_EQ(sample.frequency_hz, 62.5);
    EXPECT_EQ(sample.values_count, 3);
    EXPECT_EQ(sample.signature, "valid");
    EXPECT_EQ(sample.device_id, "ac:1");
    EXPECT_EQ(json::parse(sample.metadata), json({{"count", "3"}, {"room", "kitchen"}}));
    EXPECT_EQ(studio.store().GetDevice(studio.project(), "ac:1")->type, "MXChip");
    EXPECT_EQ(*studio.store().blobs().Read(sample.blob), body);

    const auto recording = RecordingOf(studio.store().blobs(), sample);
    ASSERT_TRUE(recording.ok()) << recording.error().message;
    EXPECT_EQ(recording->values, (std::vector<float>{1, 2.5, 3, -4, 1e-7F, 100}));
    EXPECT_EQ(recording->label, "\xc3\xa9 1");
    Sample part = sample;
    part.first_value = 1, part.values_count = 1;
    EXPECT_EQ(RecordingOf(studio.store().blobs(), part)->values, (std::vector<float>{3, -4}));
    part.values_count = 3;
    EXPECT_FALSE(RecordingOf(studio.store().blobs(), part).ok());
  }
}

// The serial bridge: no label but the file's name, CBOR, the signature of the same document as compact JSON, and
// "undefined" (0xf7), which JSON.stringify makes null, where nothing was received yet.
TEST(Data, KnowsTheSignatureOfTheSerialBridge) {
  TestStudio studio;
  const ordered_json unsigned_document = Acquisition("mxchip", {{1, 2}, {3, 4.25}});
  const std::string signature = Hmac(TestStudio::kHmacKey, unsigned_document.dump());
  const auto reply = studio.Post(studio.Ingestion(), "/api/training/data",
                                 WriteDocument(Acquisition("mxchip", {{1, 2}, {3, 4.25}}, signature), Encoding::kCbor),
                                 {{"x-file-name", "wave"}, {"Content-Type", "application/cbor"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(studio.OnlySample().signature, "valid");
  EXPECT_EQ(studio.OnlySample().label, "wave");

  std::string undefined = WriteDocument(Acquisition("mxchip", {"?", {1, 2}}), Encoding::kCbor);
  undefined.replace(undefined.find("\x61?"), 2, "\xf7");
  const auto broken = studio.Post(studio.Ingestion(), "/api/training/data", undefined,
                                  {{"x-file-name", "wave"}, {"Content-Type", "application/cbor"}});
  EXPECT_EQ(broken.status, 400);
  EXPECT_NE(broken.body.find("reading 1 is null"), std::string::npos) << broken.body;
}

TEST(Signatures, ThatAreWrongAreRemarkedAndNotRefused) {
  TestStudio studio;
  const std::string other_key = Signed(Acquisition("a", kValues).dump(), "another key");
  ASSERT_EQ(studio
                .Post(studio.Ingestion(), "/api/training/data", other_key,
                      {{"x-file-name", "w"}, {"Content-Type", "application/json"}})
                .status,
            200);
  EXPECT_EQ(studio.OnlySample().signature, "invalid");
  dataset::Envelope envelope{"none", "", "", "", ""};
  EXPECT_EQ(CheckSignature("", false, envelope, {}), SignatureState::kNone);
  envelope = {"HS256", "short", "", "", ""};
  EXPECT_EQ(CheckSignature("short", false, envelope, {}), SignatureState::kInvalid);
}

// Firmware with a microphone: an open list that holds one text, then the samples.
TEST(Data, TakesSoundThatFollowsItsEnvelope) {
  TestStudio studio;
  std::string body = WriteDocument(Acquisition("mic", ordered_json::array({"Ref-BINARY-i16  "})), Encoding::kCbor);
  const size_t list = body.find("\x81\x70Ref");
  ASSERT_NE(list, std::string::npos);
  body.replace(list, 1, "\x9f");
  body += '\xff';
  const std::string second_sensor(
      "\xa2\x64name\x64"
      "accY\x65units\x64m/s2",
      22);
  body.erase(body.find(second_sensor), second_sensor.size());
  body.replace(body.find("sensors\x82"), 8, "sensors\x81");
  body += std::string("\x01\x00\xff\xff\x00\x80", 6);
  body = Signed(std::move(body));
  const auto reply = studio.Post(studio.Ingestion(), "/api/training/data", body,
                                 {{"x-file-name", "noise.1"}, {"Content-Type", "application/octet-stream"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Sample sample = studio.OnlySample();
  EXPECT_EQ(sample.label, "noise");
  EXPECT_EQ(sample.values_count, 3);
  EXPECT_EQ(sample.signature, "valid");
  EXPECT_EQ(RecordingOf(studio.store().blobs(), sample)->values, (std::vector<float>{1, -1, -32768}));
}

// The phone's page: the signed envelope and the picture beside it, on the legacy path.
TEST(Data, TakesThePictureAndTheMessageOfAPhone) {
  TestStudio studio;
  ordered_json envelope = Acquisition("phone", ordered_json::array({"Ref-BINARY-image/png (70 bytes) 00ff"}));
  const auto reply = SendForm(studio, "/api/testing/data",
                              {{"message.json", Signed(envelope.dump()), "message", "application/json"},
                               {"image.png", kPng, "image", "image/png"}},
                              {{"x-file-name", "my%20cat"}, {"x-no-date-id", "1"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.body, "my cat.png");
  const Sample sample = studio.OnlySample();
  EXPECT_EQ(sample.label, "my cat");
  EXPECT_EQ(sample.kind, "image");
  EXPECT_EQ(sample.category, "testing");
  EXPECT_EQ(sample.device_id, "phone");
  EXPECT_EQ(sample.signature, "valid");
  EXPECT_TRUE(RecordingOf(studio.store().blobs(), sample)->is_picture());
}

TEST(Files, OfAllKindsAreTakenInOneRequest) {
  TestStudio studio;
  const auto reply = SendForm(studio, "/api/anomaly/files",
                              {{"idle.01.json", Acquisition("a", kValues).dump()},
                               {"walk.cbor", WriteDocument(Acquisition("a", {{9, 8}}), Encoding::kCbor)},
                               {"run.csv", "timestamp,x,y\n0,1,2\n10,3,4\n20,5,6\n"},
                               {"one.csv", "temperature,humidity\n20.5,60\n"},
                               {"yes.wav", Wav(1600)},
                               {"cat.png", kPng},
                               {"fan.parquet", "PAR1...."},
                               {"clip.mp4", "...."},
                               {"broken.wav", Wav(100).substr(0, 60)},
                               {"empty.csv", ""},
                               {"what", "no idea"}},
                              {{"x-label", ""}});
  ASSERT_EQ(reply.status, 200);
  const json answer = json::parse(reply.body);
  EXPECT_EQ(answer["success"], true);
  ASSERT_EQ(answer["files"].size(), 11U);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(answer["files"][i]["success"], true) << answer["files"][i];
    EXPECT_EQ(answer["files"][i]["projectId"], studio.project());
    EXPECT_GT(answer["files"][i]["sampleId"], 0);
  }
  EXPECT_EQ(answer["files"][0]["fileName"], "idle.01.json");
  const char* const words[] = {"fan.parquet: Parquet files are not read here; save it as CSV", "MP4 video",
                               "the file ends inside", "empty.csv: the file is empty", "what: files of this kind"};
  for (size_t i = 0; i < 5; ++i) {
    const json& file = answer["files"][6 + i];
    EXPECT_EQ(file["success"], false);
    EXPECT_NE(file["error"].get<std::string>().find(words[i]), std::string::npos) << file;
  }
  std::map<std::string, Sample> samples;
  const auto page = studio.store().ListSamples(studio.project(), {}, {});
  for (const Sample& sample : page->items) samples[sample.label] = sample;
  EXPECT_EQ(samples["idle"].category, "anomaly");
  EXPECT_EQ(samples["run"].interval_ms, 10);
  EXPECT_EQ(samples["one"].kind, "features");
  EXPECT_FALSE(answer["files"][3].contains("notices"));
  EXPECT_EQ(samples["yes"].length_ms, 100);
  EXPECT_EQ(samples["cat"].kind, "image");
}

TEST(Files, HeaderByHeader) {
  TestStudio studio;
  const FormFile file{"wave.1.csv", "timestamp,x\n0,1\n10,2\n"};
  const auto first =
      json::parse(SendForm(studio, "/api/training/files", {file}, {{"x-no-label", "1"}, {"x-label", ""}}).body);
  EXPECT_EQ(studio.OnlySample().label, "");
  EXPECT_EQ(first["files"][0]["fileName"], "wave.1.csv");

  const auto again =
      json::parse(SendForm(studio, "/api/training/files", {file}, {{"x-disallow-duplicates", "1"}}).body);
  EXPECT_EQ(again["success"], true);
  EXPECT_EQ(again["files"][0]["success"], false);
  EXPECT_NE(again["files"][0]["error"].get<std::string>().find("duplicate"), std::string::npos);
  EXPECT_EQ(json::parse(SendForm(studio, "/api/training/files", {file}).body)["files"][0]["success"], true);

  const auto named = json::parse(SendForm(studio, "/api/training/files", {file}, {{"x-add-date-id", "1"}}).body);
  const std::string name = named["files"][0]["fileName"];
  EXPECT_TRUE(name.starts_with("wave.1.") && name.ends_with(".csv") && name.size() == 19) << name;

  const std::string boxes = R"([{"label":"cat","x":1,"y":2,"width":3,"height":4}])";
  SendForm(studio, "/api/training/files", {{"pet.png", kPng}}, {{"x-bounding-boxes", boxes}});
  EXPECT_EQ(json::parse(studio.store().ListSamples(studio.project(), {.label = "pet"}, {})->items[0].bounding_boxes),
            json::parse(boxes));

  for (const char* const header : {"x-metadata", "x-bounding-boxes"}) {
    const auto reply = SendForm(studio, "/api/training/files", {file}, {{header, "{"}});
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find(header), std::string::npos) << reply.body;
  }
  const auto controlled = json::parse(SendForm(studio, "/api/training/files", {file}, {{"x-label", "a%0Ab"}}).body);
  EXPECT_NE(controlled["files"][0]["error"].get<std::string>().find("control character"), std::string::npos);
}

TEST(Files, AreDescribedByTheSidecarsOfTheirRequest) {
  TestStudio studio;
  const auto reply = SendForm(
      studio, "/api/training/files",
      {{"bounding_boxes.labels",
        R"({"version":1,"type":"bounding-box-labels","boundingBoxes":{"a.png":[{"label":"cat","x":0,"y":0,"width":1,"height":1}]}})"},
       {"a.png", kPng},
       {"b.csv", "timestamp,x\n0,1\n10,2\n"},
       {"structured_labels.labels",
        R"({"version":1,"type":"structured-labels","structuredLabels":{"b.csv":[{"label":"up","startIndex":0,"endIndex":1}]}})"},
       {"label_map.labels", R"({"version":1,"type":"label-map-labels","labels":{"b.csv":{"speed":"3"}}})"},
       {"c.csv", "timestamp,x\n0,5\n10,6\n"},
       {"info.labels",
        R"({"version":1,"files":[{"path":"testing/c.csv","name":"third","category":"testing","label":{"type":"label","label":"slow"},"metadata":{"k":"v"}}]})"}});
  const json answer = json::parse(reply.body);
  ASSERT_EQ(answer["files"].size(), 3U) << reply.body;
  const auto samples = studio.store().ListSamples(studio.project(), {}, {})->items;  // newest first
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].label, "slow");
  EXPECT_EQ(samples[0].category, "testing");
  EXPECT_EQ(samples[0].name, "third");
  EXPECT_EQ(json::parse(samples[0].metadata), json({{"k", "v"}}));
  EXPECT_EQ(json::parse(samples[1].structured_labels)[0]["label"], "up");
  EXPECT_EQ(json::parse(samples[1].metadata), json({{"speed", "3"}}));
  EXPECT_EQ(json::parse(samples[2].bounding_boxes)[0]["label"], "cat");

  const auto attached = json::parse(
      SendForm(studio, "/api/training/files",
               {{"d.csv", "timestamp,x\n0,7\n10,6\n"},
                {"photo.png", kPng},
                {"attachments.labels",
                 R"({"version":1,"type":"attachments","attachments":{"d.csv":[{"filename":"photo.png"}]}})"}})
          .body)["files"];
  EXPECT_EQ(attached[0]["success"], true);
  EXPECT_NE(attached[1]["error"].get<std::string>().find("photo.png: is attached to d.csv"), std::string::npos);

  for (const char* const sidecar :
       {"{", "[]", R"({"type":"attachments","attachments":{"a":[{}]}})", R"({"type":"other"})",
        R"({"type":"structured-labels"})", R"({"type":"bounding-box-labels","boundingBoxes":{"a":[{"label":1}]}})"}) {
    const auto refused = SendForm(studio, "/api/training/files", {{"a.png", kPng}, {"x.labels", sidecar}});
    EXPECT_EQ(refused.status, 400) << sidecar;
    EXPECT_NE(refused.body.find("x.labels: "), std::string::npos) << refused.body;
  }
  EXPECT_EQ(*studio.store().CountSamples(studio.project(), {}), 4);
}

TEST(Files, AreLookedOverForWhatASensorDoesWrong) {
  TestStudio studio;
  std::string csv = "timestamp,x,y\n";
  for (int i = 0; i < 200; ++i) {
    const double swing = std::clamp(3 * std::sin(i * 0.1), -2.0, 2.0);
    csv += std::to_string(10 * i + (i > 150 ? 500 : 0)) + "," + std::to_string(swing) + ",1\n";
  }
  SendForm(studio, "/api/training/files", {{"a.csv", csv}});
  const json findings = json::parse(studio.OnlySample().findings);
  EXPECT_EQ(findings["constant"], json({"y"}));
  EXPECT_GT(findings["clipped"]["x"], 50);
  EXPECT_NE(findings["notices"][0].get<std::string>().find("readings are missing in 1 place"), std::string::npos);
}

TEST(Split, PutsAFifthOfTheContentsAsideAndTheSameEachTime) {
  TestStudio studio;
  std::vector<FormFile> files;
  for (int i = 0; i < 300; ++i) {
    files.push_back({"w." + std::to_string(i) + ".csv", "timestamp,x\n0," + std::to_string(i) + "\n10,2\n"});
  }
  EXPECT_EQ(SendForm(studio, "/api/split/files", files).status, 200);
  const int64_t testing = *studio.store().CountSamples(studio.project(), {.category = "testing"});
  EXPECT_EQ(*studio.store().CountSamples(studio.project(), {}), 300);
  EXPECT_GT(testing, 35);
  EXPECT_LT(testing, 85);
  EXPECT_EQ(SendForm(studio, "/api/split/files", files).status, 200);
  EXPECT_EQ(*studio.store().CountSamples(studio.project(), {.category = "testing"}), 2 * testing);
}

TEST(Requests, ThatAreNoneAreRefusedInTheTongueOfTheirDoor) {
  TestStudio studio;
  const auto& door = studio.Ingestion();
  EXPECT_EQ(studio.Post(door, "/api/training/data", "{}", {{"x-file-name", "a"}}, nullptr).status, 401);
  EXPECT_EQ(studio.Post(door, "/api/training/data", "{}", {{"x-file-name", "a"}}, "ei_wrong").status, 401);
  const auto nameless = studio.Post(door, "/api/training/data", "{}");
  EXPECT_EQ(nameless.status, 421);
  EXPECT_NE(nameless.body.find("x-file-name"), std::string::npos);
  const auto formless = studio.Post(door, "/api/training/files", "{}");
  EXPECT_EQ(formless.status, 400);
  EXPECT_EQ(json::parse(formless.body)["success"], false);
  const auto cut = studio.Post(door, "/api/training/files", Form({{"a.png", kPng}}).substr(0, 150),
                               {{"Content-Type", "multipart/form-data; boundary=xx"}});
  EXPECT_EQ(cut.status, 400);
  EXPECT_EQ(json::parse(cut.body)["success"], false);
  EXPECT_EQ(SendForm(studio, "/api/training/files", {}).status, 400);
  EXPECT_EQ(studio.Post(door, "/api/other/data", "{}").status, 404);
  const auto deep = studio.Post(door, "/api/training/data", std::string(100'000, '\x81'),
                                {{"x-file-name", "a.cbor"}, {"Content-Type", "application/cbor"}});
  EXPECT_EQ(deep.status, 400);
  EXPECT_NE(deep.body.find("more than 32 deep"), std::string::npos);
  EXPECT_EQ(*studio.store().CountSamples(studio.project(), {}), 0);
}

TEST(Requests, OfMoreThanAThousandFilesAreRefusedWhole) {
  TestStudio studio;
  std::vector<FormFile> files(1001, {"a.csv", "timestamp,x\n0,1\n10,2\n"});
  const auto reply = SendForm(studio, "/api/training/files", files);
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("1000 files"), std::string::npos) << reply.body;
  EXPECT_EQ(*studio.store().CountSamples(studio.project(), {}), 0);
}

TEST(Requests, OfPagesElsewhereAreAllowedWithTheirHeaders) {
  TestStudio studio;
  http::HttpRequest request;
  request.server = studio.Ingestion();
  request.method = "OPTIONS";
  request.target = "/api/training/data";
  request.headers = {{"Origin", "http://phone.lan"},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", "x-api-key, x-file-name, x-no-date-id"}};
  const auto reply = http::Ask(request);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->headers.Get("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(reply->headers.Get("Access-Control-Allow-Headers"), "x-api-key, x-file-name, x-no-date-id");
}

TEST(Requests, TwentyAtOnceAreAllStoredOnce) {
  TestStudio studio;
  std::atomic<int> stored = 0;
  std::vector<std::thread> clients;
  for (int client = 0; client < 20; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < 5; ++i) {
        const std::string text = "timestamp,x\n0," + std::to_string(client) + "\n10," + std::to_string(i) + "\n";
        if (SendForm(studio, "/api/training/files", {{"w.csv", text}}).status == 200) ++stored;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  const std::vector<AuditEntry> log = studio.store().ListAudit(studio.project(), {})->items;
  ASSERT_EQ(log.size(), 1U) << "one entry a minute and key";
  EXPECT_EQ(log[0].action, "sample.upload");
  EXPECT_EQ(log[0].actor, "key 1");
  EXPECT_EQ(stored, 100);
  EXPECT_EQ(*studio.store().CountSamples(studio.project(), {}), 100);
}

/// Memory of this process that no file backs.
int64_t AnonymousKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stoll(line.substr(8));
  }
  return 0;
}

/// Sends one large file; says what became of it, and by how much the memory grew meanwhile, which holds the request
/// twice: in this test and in its client.
json SendLarge(TestStudio& studio, const std::string& name, const std::string& bytes, int64_t& grown_kb) {
  http::HttpRequest request;
  request.server = studio.Ingestion();
  request.target = "/api/training/files";
  request.headers = {{"x-api-key", TestStudio::kKey}, {"Content-Type", "multipart/form-data; boundary=xx"}};
  request.body = Form({{name, bytes}});
  const int64_t before_kb = AnonymousKilobytes();
  std::atomic<bool> done = false;
  int64_t most_kb = 0;
  std::thread watcher([&] {
    while (!done) {
      most_kb = std::max(most_kb, AnonymousKilobytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  const auto reply = http::Ask(request);
  done = true;
  watcher.join();
  EXPECT_TRUE(reply.ok());
  grown_kb = most_kb - before_kb;
  return reply.ok() ? json::parse(reply->body)["files"][0] : json();
}

TEST(Requests, OfSixtyMegabytesNeedLittleMemory) {
  TestStudio studio;
  const std::string sound = Wav(30 << 20, 3);
  int64_t grown_kb = 0;
  const json file = SendLarge(studio, "long.wav", sound, grown_kb);
  EXPECT_EQ(file["success"], true) << file;
  EXPECT_EQ(studio.OnlySample().values_count, 30 << 20);
  EXPECT_EQ(*studio.store().blobs().ReadRange(studio.OnlySample().blob, 44, 2), std::string("\x03\x00", 2));
  // The client holds the body once more for its request.
  EXPECT_LT(grown_kb, static_cast<int64_t>(sound.size()) / 1024 + 30'000);
}

TEST(Requests, OfALongTableNeedLittleMemory) {
  TestStudio studio;
  std::string table = "timestamp,x,y\n";
  constexpr int kRows = 1'500'000;
  for (int i = 0; i < kRows; ++i) table += std::to_string(i) + ",-0.125," + std::to_string(i & 1023) + "\n";
  int64_t grown_kb = 0;
  const json file = SendLarge(studio, "long.csv", table, grown_kb);
  EXPECT_EQ(file["success"], true) << file;
  EXPECT_EQ(studio.OnlySample().values_count, kRows);
  EXPECT_EQ(studio.OnlySample().interval_ms, 1);
  EXPECT_EQ(studio.OnlySample().findings, R"({"constant":["x"]})");
  EXPECT_LT(grown_kb, static_cast<int64_t>(table.size()) / 1024 + 30'000);
  RecordProperty("grown_kb", std::to_string(grown_kb));
}

TEST(Files, BeyondAHundredMegabytesSpoilOnlyThemselves) {
  TestStudio studio;
  std::string huge = Wav(1);
  huge.resize((100 << 20) + 1);
  const json answer = json::parse(SendForm(studio, "/api/training/files", {{"huge.wav", huge}, {"a.png", kPng}}).body);
  EXPECT_NE(answer["files"][0]["error"].get<std::string>().find("huge.wav: the file is larger than 100 MiB"),
            std::string::npos);
  EXPECT_EQ(answer["files"][1]["success"], true);
}

}  // namespace
}  // namespace thimble::studio
