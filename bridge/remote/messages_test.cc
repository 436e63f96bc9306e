#include "bridge/remote/messages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace thimble::bridge {
namespace {

using Json = nlohmann::ordered_json;

std::string Bytes(const Json& json, Encoding encoding) {
  if (encoding == Encoding::kJson) return json.dump();
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

Json Back(const std::string& bytes, Encoding encoding) {
  return encoding == Encoding::kJson ? Json::parse(bytes) : Json::from_cbor(bytes);
}

constexpr Encoding kBoth[] = {Encoding::kJson, Encoding::kCbor};

template <typename T>
T Read(const Json& json, Encoding encoding) {
  const auto message = ReadServerMessage(Bytes(json, encoding), encoding);
  EXPECT_TRUE(message.ok());
  EXPECT_TRUE(message.ok() && std::holds_alternative<T>(*message)) << json;
  return message.ok() && std::holds_alternative<T>(*message) ? std::get<T>(*message) : T();
}

const Json kSample = {{"sample",
                       {{"label", "wave"},
                        {"length", 2000},
                        {"path", "/api/training/data"},
                        {"hmacKey", "0123abcd"},
                        {"interval", 10},
                        {"sensor", "Built-in accelerometers"}}}};

TEST(Messages, ASampleRequestIsReadInBothEncodings) {
  for (const Encoding encoding : kBoth) {
    const auto request = Read<SampleRequest>(kSample, encoding);
    EXPECT_EQ(request.label, "wave");
    EXPECT_EQ(request.length_ms, 2000);
    EXPECT_EQ(request.interval_ms, 10);
    EXPECT_EQ(request.path, "/api/training/data");
    EXPECT_EQ(request.hmac_key, "0123abcd");
    EXPECT_EQ(request.sensor, "Built-in accelerometers");
  }
}

TEST(Messages, KeysForNewerDevicesArePassedOver) {
  Json json = kSample;
  json["sample"]["labelColor"] = "#ff0000";
  json["sample"]["collectedSampleCount"] = 3;
  json["sample"]["targetSampleCount"] = nullptr;
  for (const Encoding encoding : kBoth) EXPECT_EQ(Read<SampleRequest>(json, encoding).label, "wave");
}

TEST(Messages, IntervalsComeAsIntegersAndAsFloatsOfEveryWidth) {
  const std::string before = "\xa1\x66sample\xa4\x65label\x64wave\x66length\x19\x07\xd0\x64path\x62/a\x68interval";
  const auto interval = [&](std::string number) {
    const auto message = ReadServerMessage(before + number, Encoding::kCbor);
    return message.ok() && std::holds_alternative<SampleRequest>(*message)
               ? std::get<SampleRequest>(*message).interval_ms
               : -1;
  };
  EXPECT_EQ(interval("\x0a"), 10);
  EXPECT_EQ(interval(std::string("\xf9\x49\x00", 3)), 10);                          // half
  EXPECT_EQ(interval(std::string("\xfa\x41\x20\x00\x00", 5)), 10);                  // single
  EXPECT_EQ(interval(std::string("\xfb\x40\x24\x00\x00\x00\x00\x00\x00", 9)), 10);  // double
  EXPECT_EQ(interval(std::string("\xf7", 1)), 0) << "JavaScript's undefined: not said";
}

TEST(Messages, UnfitRequestsAreAnsweredWithTheReason) {
  const auto refused = [](const char* key, const Json& value) {
    Json json = kSample;
    json["sample"][key] = value;
    for (const Encoding encoding : kBoth) EXPECT_FALSE(Read<BadSampleRequest>(json, encoding).reason.empty());
  };
  refused("label", "");
  refused("label", "a\r\nx-api-key: b");
  refused("label", std::string(257, 'a'));
  refused("label", 3);
  refused("length", 0);
  refused("length", -5);
  refused("length", 1e12);
  refused("length", "2000");
  refused("interval", -1);
  refused("interval", "ten");
  refused("path", "");
  refused("path", "@elsewhere.example/");
  refused("path", "//elsewhere.example/");
  refused("path", "/api/training/data HTTP/1.1\r\nx: y");
  refused("path", "/api/trai\xc3\xaening/data");
}

TEST(Messages, HelloRepliesSayYesOrNoWithTheServersWords) {
  for (const Encoding encoding : kBoth) {
    Read<HelloAccepted>({{"hello", true}, {"serverTimestamp", 1700000000000}}, encoding);
    EXPECT_EQ(Read<HelloRefused>({{"hello", false}, {"err", "Invalid API key"}}, encoding).reason, "Invalid API key");
    EXPECT_EQ(Read<HelloRefused>({{"hello", false}}, encoding).reason, "");
    EXPECT_EQ(Read<OtherMessage>({{"news", 1}}, encoding).name, "news");
  }
}

TEST(Messages, WhatIsNoMessageIsASentence) {
  for (const char* text : {"", "[1]", "3", "{\"hello\":", "hello", "null"}) {
    EXPECT_FALSE(ReadServerMessage(text, Encoding::kJson).ok()) << text;
  }
  EXPECT_FALSE(ReadServerMessage(std::string(60'000, '['), Encoding::kJson).ok());
  EXPECT_FALSE(ReadServerMessage(std::string(60'000, '\x81'), Encoding::kCbor).ok());
  EXPECT_FALSE(ReadServerMessage(std::string(60'000, '\xc0'), Encoding::kCbor).ok()) << "tags in tags";
  EXPECT_FALSE(ReadServerMessage("\x9b\xff\xff\xff\xff\xff\xff\xff\xff", Encoding::kCbor).ok());
  EXPECT_FALSE(ReadServerMessage(std::string("\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9), Encoding::kCbor).ok());
  EXPECT_FALSE(ReadServerMessage(Bytes(kSample, Encoding::kCbor) + "x", Encoding::kCbor).ok()) << "bytes behind it";
  const std::string whole = Bytes(kSample, Encoding::kCbor);
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ReadServerMessage(whole.substr(0, length), Encoding::kCbor).ok()) << length;
  }
}

TEST(Messages, TheHelloHasEachVersionsFields) {
  Hello hello;
  hello.api_key = "ei_secret";
  hello.device_id = "kit 1";
  hello.device_type = "MXChip";
  hello.sensors = {{"Built-in accelerometers", 300, {104, 62.5}}};
  for (const Encoding encoding : kBoth) {
    hello.version = 2;
    EXPECT_EQ(
        Back(WriteHello(hello, encoding), encoding).dump(),
        R"({"hello":{"version":2,"apiKey":"ei_secret","deviceId":"kit 1","deviceType":"MXChip","connection":"ip",)"
        R"("sensors":[{"name":"Built-in accelerometers","maxSampleLengthS":300,"frequencies":[104.0,62.5]}]}})");
    hello.version = 3;
    EXPECT_EQ(Back(WriteHello(hello, encoding), encoding)["hello"]["supportsSnapshotStreaming"], false);
    EXPECT_FALSE(Back(WriteHello(hello, encoding), encoding)["hello"].contains("mode"));
    hello.version = 4;
    EXPECT_EQ(Back(WriteHello(hello, encoding), encoding)["hello"]["mode"], "ingestion");
  }
}

TEST(Messages, StepsOfARecordingAreOneKeyEach) {
  const auto json = [](const std::string& bytes) { return Json::parse(bytes).dump(); };
  EXPECT_EQ(json(WriteSampleStep(SampleStep::kAccepted, 0, Encoding::kJson)), R"({"sample":true})");
  EXPECT_EQ(json(WriteSampleStep(SampleStep::kStarted, 0, Encoding::kJson)), R"({"sampleStarted":true})");
  EXPECT_EQ(json(WriteSampleStep(SampleStep::kReading, 40, Encoding::kJson)),
            R"({"sampleReading":true,"progressPercentage":40})");
  EXPECT_EQ(json(WriteSampleStep(SampleStep::kProcessing, 0, Encoding::kJson)), R"({"sampleProcessing":true})");
  EXPECT_EQ(json(WriteSampleStep(SampleStep::kUploading, 0, Encoding::kJson)), R"({"sampleUploading":true})");
  EXPECT_EQ(json(WriteSampleStep(SampleStep::kFinished, 0, Encoding::kJson)), R"({"sampleFinished":true})");
  EXPECT_EQ(json(WriteSampleFailed("no board", Encoding::kJson)), R"({"sample":false,"error":"no board"})");
  EXPECT_EQ(WriteSampleStep(SampleStep::kAccepted, 0, Encoding::kCbor), "\xa1\x66sample\xf5");
}

TEST(Messages, CamerasAndModelsAreDeclined) {
  const auto answers = [](const Json& json) {
    const auto message = ReadServerMessage(json.dump(), Encoding::kJson);
    std::string all;
    for (const std::string& answer : WriteUnable(*message, Encoding::kJson))
      all += Json::parse(answer).begin().key() + " ";
    return all;
  };
  EXPECT_EQ(answers({{"startSnapshot", true}, {"resolution", "low"}}), "snapshotFailed ");
  EXPECT_EQ(answers({{"stopSnapshot", true}}), "snapshotStopped ");
  EXPECT_EQ(answers({{"stopInferenceStream", true}}), "inferenceStreamStopped ");
  EXPECT_EQ(answers({{"startInferenceStream", true}}), "");
  EXPECT_EQ(answers({{"newModelAvailable", true}, {"deploymentVersion", 3}}), "modelUpdateSuccess ");
  EXPECT_EQ(answers({{"impulseRecordRequest", {{"index", 4}}}}), "impulseRecordsResponse ");
  EXPECT_EQ(answers({{"impulseRecordRequest", {{"list", {4, 5}}}}}), "impulseRecordsResponse impulseRecordsResponse ");
  const auto endless = ReadServerMessage(R"({"impulseRecordRequest":{"range":{"first":0,"last":9223372036854775807}}})",
                                         Encoding::kJson);
  EXPECT_EQ(WriteUnable(*endless, Encoding::kJson).size(), kMostRecords);
}

TEST(Messages, SecretsAreTakenOutWhereverTheyAre) {
  EXPECT_EQ(Redact("key ei_12345, again ei_12345!", {"ei_12345", "", "abc"}), "key [key], again [key]!");
  EXPECT_EQ(Redact("abc", {"abc"}), "abc") << "too short to be a key";
}

RC_GTEST_PROP(Messages, AnyBytesGiveAMessageOrASentence, (const std::string& bytes)) {
  for (const Encoding encoding : kBoth) {
    const auto message = ReadServerMessage(bytes, encoding);
    RC_ASSERT(message.ok() || !message.error().message.empty());
  }
}

}  // namespace
}  // namespace thimble::bridge
