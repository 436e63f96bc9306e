#include "bridge/remote/envelope.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dataset/reader.h"

namespace thimble::bridge {
namespace {

using Json = nlohmann::ordered_json;

dataset::Recording Wave() {
  dataset::Recording recording;
  recording.label = "wave";
  recording.axes = {{"accX", "m/s2"}, {"accY", "m/s2"}, {"gyrX", ""}};
  recording.interval_ms = 9.615384615384615;
  recording.values = {0.1f, -9.80665f, 1.82f, 0, 1e-7f, 3};
  return recording;
}

const Signer kSigner = {"kit 1", "MXChip", "0123456789abcdef0123456789abcdef"};

/// As Edge Impulse checks it: the bytes with zeros where the signature is.
bool Verifies(std::string bytes, const std::string& key) {
  const Json json = bytes[0] == '{' ? Json::parse(bytes) : Json::from_cbor(bytes);
  const auto signature = json["signature"].get<std::string>();
  if (signature.size() != 64) return false;
  bytes.replace(bytes.find(signature), 64, std::string(64, '0'));
  return HmacSha256(key, bytes) == signature;
}

TEST(Envelope, TheHmacIsTheOneOfTheStandard) {
  // RFC 4231, test case 2.
  EXPECT_EQ(HmacSha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Envelope, JsonHasTheFormatsShapeToTheByte) {
  std::string bytes = Envelope(Wave(), kSigner, 1700000000, Encoding::kJson);
  EXPECT_TRUE(Verifies(bytes, kSigner.hmac_key));
  const std::string before = R"({"protected":{"ver":"v1","alg":"HS256","iat":1700000000},"signature":")";
  EXPECT_EQ(bytes.substr(0, before.size()), before);
  EXPECT_EQ(
      bytes.substr(before.size() + 64),
      R"(","payload":{"device_name":"kit 1","device_type":"MXChip","interval_ms":9.615384615384615,)"
      R"("sensors":[{"name":"accX","units":"m/s2"},{"name":"accY","units":"m/s2"},{"name":"gyrX","units":"N/A"}],)"
      R"("values":[[0.1,-9.80665,1.82],[0,1e-07,3]]}})");
}

TEST(Envelope, CborIsSignedOverItsOwnBytesAndHoldsTheSame) {
  const std::string bytes = Envelope(Wave(), kSigner, 1700000000, Encoding::kCbor);
  EXPECT_TRUE(Verifies(bytes, kSigner.hmac_key));
  EXPECT_FALSE(Verifies(bytes, "another key"));
  const Json json = Json::from_cbor(bytes);
  EXPECT_EQ(json["payload"]["device_name"], "kit 1");
  EXPECT_EQ(json["payload"]["interval_ms"], 9.615384615384615);
  EXPECT_EQ(json["payload"]["values"].size(), 2);
  EXPECT_EQ(json["protected"].dump(), R"({"ver":"v1","alg":"HS256","iat":1700000000})");
}

TEST(Envelope, OneByteMoreOrLessBreaksTheSignature) {
  std::string bytes = Envelope(Wave(), kSigner, 1, Encoding::kJson);
  bytes[bytes.find("9.615")] = '8';
  EXPECT_FALSE(Verifies(bytes, kSigner.hmac_key));
}

TEST(Envelope, OneAxisGivesFlatValues) {
  dataset::Recording recording = Wave();
  recording.axes = {{"audio", "wav"}};
  const Json json = Json::parse(Envelope(recording, kSigner, 1, Encoding::kJson));
  EXPECT_EQ(json["payload"]["values"].size(), 6);
  EXPECT_TRUE(json["payload"]["values"][0].is_number());
}

TEST(Envelope, WithoutAKeyItSaysSo) {
  const Json json = Json::parse(Envelope(Wave(), {"a", "b", ""}, 1, Encoding::kJson));
  EXPECT_EQ(json["protected"]["alg"], "none");
  EXPECT_EQ(json["signature"], std::string(64, '0'));
}

TEST(Envelope, TheReaderOfRecordingsGetsTheFloatsBack) {
  for (const Encoding encoding : {Encoding::kJson, Encoding::kCbor}) {
    std::vector<std::string> notices;
    const auto back = dataset::ReadBytes(encoding == Encoding::kJson ? "a.json" : "a.cbor",
                                         Envelope(Wave(), kSigner, 1, encoding), {}, notices);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->values, Wave().values);
    EXPECT_EQ(back->axes, Wave().axes);
    EXPECT_EQ(back->interval_ms, Wave().interval_ms);
  }
}

TEST(Envelope, NamesThatAreNoUtf8DoNotBreakIt) {
  const Signer signer = {"kit \xff\"1", "MX\nChip", "key"};
  for (const Encoding encoding : {Encoding::kJson, Encoding::kCbor}) {
    EXPECT_TRUE(Verifies(Envelope(Wave(), signer, 1, encoding), "key"));
  }
}

TEST(Envelope, HeadersCarryNamesAsJavaScriptWritesThem) {
  EXPECT_EQ(UriComponent("\xc3\xa9 1"), "%C3%A9%201");
  EXPECT_EQ(UriComponent("wave_1.a-b!~*'()"), "wave_1.a-b!~*'()");
}

}  // namespace
}  // namespace thimble::bridge
