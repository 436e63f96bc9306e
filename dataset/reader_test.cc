#include "dataset/reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <map>

#include "dataset/acquisition.h"
#include "dataset/duplicates.h"
#include "dataset/internal/test_files.h"
#include "dataset/split.h"
#include "dataset/windows.h"

namespace thimble::dataset {
namespace {

constexpr std::string_view kJson =
    R"({"protected":{"ver":"v1","alg":"HS256"},"signature":"00","payload":{"device_type":"X","interval_ms":10,)"
    R"("sensors":[{"name":"accX","units":"m/s2"},{"name":"accY","units":"N/A"}],"values":[[1,-2.5],[3e1,4],[5,6]]}})";

Expected<Recording> Read(const std::string& file, std::string_view bytes, std::vector<std::string>* notices = nullptr,
                         const ReadOptions& options = {}) {
  std::vector<std::string> ignored;
  return ReadBytes(file, bytes, options, notices != nullptr ? *notices : ignored);
}

std::string ErrorOf(const std::string& file, std::string_view bytes) {
  const auto recording = Read(file, bytes);
  return recording.ok() ? "(no error)" : recording.error().message;
}

std::string Shortest(float value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// --- CBOR, written as firmware does ---

std::string Head(unsigned major, size_t value) {
  if (value < 24) return {static_cast<char>(major << 5 | value)};
  if (value < 256) return {static_cast<char>(major << 5 | 24), static_cast<char>(value)};
  return {static_cast<char>(major << 5 | 25), static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string Text(std::string_view text) { return Head(3, text.size()) + std::string(text); }
std::string Single(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  std::string bytes = "\xfa";
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
  return bytes;
}
std::string Sensor(std::string_view name) { return Head(5, 2) + Text("name") + Text(name) + Text("units") + Text("g"); }
/// A document whose `values` is an indefinite array of these items.
std::string Cbor(const std::vector<std::string>& sensors, const std::string& items) {
  std::string bytes = Head(5, 2) + Text("signature") + Text("00") + Text("payload") + Head(5, 3);
  bytes += Text("interval_ms") + Single(16) + Text("sensors") + Head(4, sensors.size());
  for (const std::string& sensor : sensors) bytes += Sensor(sensor);
  return bytes + Text("values") + "\x9f" + items + "\xff";
}

TEST(AcquisitionJson, GivesAxesRateAndReadings) {
  const auto recording = Read("wave.1.json", kJson);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->name, "wave.1");
  EXPECT_EQ(recording->axes, (std::vector<Axis>{{"accX", "m/s2"}, {"accY", ""}}));
  EXPECT_EQ(recording->rate_hz(), 100);
  EXPECT_EQ(recording->values, (std::vector<float>{1, -2.5, 30, 4, 5, 6}));
  EXPECT_EQ(recording->readings(), 3u);
}

TEST(AcquisitionJson, MayListASingleAxisFlat) {
  const auto recording = Read("a.json", R"({"payload":{"values":[1,2,3],"interval_ms":1,"sensors":[{"name":"mic"}]}})");
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->values, (std::vector<float>{1, 2, 3}));
}

TEST(AcquisitionJson, SaysWhereItIsCutOff) {
  for (size_t length = 1; length < kJson.size(); ++length) {
    const std::string error = ErrorOf("wave.1.json", kJson.substr(0, length));
    EXPECT_TRUE(error.starts_with("wave.1.json: byte " + std::to_string(length) + ": the file ends inside ")) << error;
    EXPECT_TRUE(error.ends_with("; copy it again or record it again")) << error;
  }
  EXPECT_EQ(ErrorOf("wave.1.json", ""), "wave.1.json: the file is empty; record it again");
  EXPECT_EQ(ErrorOf("wave.1.json", kJson.substr(0, kJson.find(",[5"))),
            "wave.1.json: byte 202: the file ends inside payload.values, reading 3; copy it again or record it again");
}

TEST(AcquisitionJson, NamesTheReadingAndAxisOfWhatIsNoNumber) {
  const auto with = [](const std::string& values) {
    return ErrorOf("a.json",
                   R"({"payload":{"interval_ms":10,"sensors":[{"name":"x"},{"name":"y"}],"values":)" + values + "}}");
  };
  EXPECT_EQ(with("[[1,2],[3,null]]"),
            "a.json: payload.values, reading 2, column 2 (y) is null where a number is expected; correct it or record "
            "it again");
  EXPECT_EQ(with("[[1,2],[\"3\",4]]"),
            "a.json: payload.values, reading 2, column 1 (x) is '3' where a number is expected; correct it or record "
            "it again");
  EXPECT_EQ(
      with("[[1,2],[3,1e39]]"),
      "a.json: payload.values, reading 2, column 2 (y) is too large (1e+39) where a number is expected; correct it or "
      "record it again");
  EXPECT_EQ(with("[[1,2],[3,NaN]]"),
            "a.json: byte 86: 'NaN' in payload.values, reading 2 is not valid JSON; correct it or record it again");
  EXPECT_EQ(with("[[1,2],[3]]"),
            "a.json: payload.values, reading 2 has 1 number, the first one has 2; record it again");
  EXPECT_NE(with("[null,[1,2]]").find("reading 1 is null and not a row of numbers"), std::string::npos);
  EXPECT_NE(with("[[1,2,3]]").find("names 2 axes but a reading in payload.values has 3 numbers"), std::string::npos);
  EXPECT_NE(with("[]").find("has no readings"), std::string::npos);
}

TEST(AcquisitionJson, RefusesWhatIsNotARecording) {
  EXPECT_NE(ErrorOf("a.json", R"({"name":"package"})").find("there is no payload"), std::string::npos);
  EXPECT_NE(ErrorOf("a.json", R"({"payload":{"sensors":[{"name":"x"}],"values":[1]}})").find("interval_ms"),
            std::string::npos);
  EXPECT_NE(ErrorOf("a.json", R"({"payload":{"interval_ms":1,"values":[1]}})").find("payload.sensors"),
            std::string::npos);
  EXPECT_NE(ErrorOf("a.json", std::string(1'000'000, '[')).find("more than 32 deep"), std::string::npos);
  const auto sound =
      Read("a.json", R"({"payload":{"interval_ms":1,"sensors":[{"name":"audio"}],"values":["Ref-BINARY-i16  "]}})");
  ASSERT_FALSE(sound.ok());
  EXPECT_EQ(sound.error().status, Status::kUnsupported);
  EXPECT_NE(sound.error().message.find("'Ref-BINARY-i16'"), std::string::npos);
}

TEST(AcquisitionCbor, TakesTheNumbersThatFirmwareWrites) {
  using namespace std::string_literals;
  const std::string row = Head(4, 6) + "\x07"s + "\x38\x63"s + "\xf9\x3e\x00"s + Single(-0.25f) +
                          "\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"s + "\xf9\x80\x01"s;
  const auto recording = Read("wave.cbor", Cbor({"a", "b", "c", "d", "e", "f"}, row));
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->values, (std::vector<float>{7, -100, 1.5, -0.25, 1, -0x1p-24f}));
  EXPECT_EQ(recording->interval_ms, 16);
  EXPECT_EQ(recording->axes[5], (Axis{"f", "g"}));
}

TEST(AcquisitionCbor, SaysWhereItIsCutOff) {
  const std::string bytes = Cbor({"x", "y"}, Head(4, 2) + Single(1) + Single(2) + "\x9f\x01\x02\xff");
  ASSERT_TRUE(Read("wave.cbor", bytes).ok());
  for (size_t length = 1; length < bytes.size(); ++length) {
    const std::string error = ErrorOf("wave.cbor", bytes.substr(0, length));
    EXPECT_TRUE(error.starts_with("wave.cbor: byte " + std::to_string(length) + ": the file ends inside ")) << error;
  }
  EXPECT_NE(ErrorOf("wave.cbor", bytes + "x").find("more bytes follow"), std::string::npos);
}

TEST(AcquisitionCbor, TreatsUndefinedAsAMissingValue) {
  EXPECT_NE(ErrorOf("a.cbor", Cbor({"x"}, "\x01\xf7")).find("reading 2 is null"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", Cbor({"x", "y"}, Head(4, 2) + "\x01\xf7")).find("reading 1, column 2 (y) is null"),
            std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", Cbor({"x"}, "\xf9\x7e\x01")).find("(NaN)"), std::string::npos);
}

TEST(AcquisitionCbor, TakesTheSoundThatFollowsBehindTheDocument) {
  using namespace std::string_literals;
  const std::string document = Cbor({"audio"}, Text("Ref-BINARY-i16  "));
  const auto sound = Read("a.cbor", document + "\x01\x02\xff\xff\x00\x80"s);
  ASSERT_TRUE(sound.ok()) << sound.error().message;
  EXPECT_EQ(sound->values, (std::vector<float>{513, -1, -32768}));
  EXPECT_NE(ErrorOf("a.cbor", document).find("no sound follows"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", document + "abc").find("inside a 16-bit sample"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", Cbor({"x", "y"}, Text("Ref-BINARY-i16")) + "ab").find("names 2 axes"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", Cbor({"audio"}, Text("Ref-BINARY-i16") + "\x01"s) + "ab").find("beside"),
            std::string::npos);
}

TEST(Acquisition, SaysWhatStandsAroundTheReadings) {
  Envelope envelope;
  const std::string text =
      R"({"protected":{"ver":"v1","alg":"HS256"},"signature":"00ff","payload":{"device_name":"ac:1","device_type":"T",)"
      R"("interval_ms":5,"sensors":[{"name":"x","units":"g"}],"values":[1,2,3]}})";
  std::vector<float> taken;
  const auto recording = ReadAcquisitionJson(text, {&envelope, [&](float value, size_t) { taken.push_back(value); }});
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_TRUE(recording->values.empty());
  EXPECT_EQ(taken, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(envelope.algorithm + envelope.signature + envelope.device_name + envelope.device_type, "HS25600ffac:1T");

  const std::string picture = R"({"payload":{"interval_ms":0.1,"device_name":"phone","sensors":[{"name":"image"}],)"
                              R"("values":["Ref-BINARY-image/jpeg (5 bytes) ab"]}})";
  ASSERT_TRUE(ReadAcquisitionJson(picture, {&envelope}).ok());
  EXPECT_EQ(envelope.reference, "Ref-BINARY-image/jpeg (5 bytes) ab");
  EXPECT_FALSE(ReadAcquisitionJson(picture).ok());
}

TEST(AcquisitionCbor, RefusesHostileLengths) {
  EXPECT_NE(ErrorOf("a.cbor", std::string(1'000'000, '\x81')).find("more than 32 deep"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff").find("the file ends inside"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", std::string("\xa1\x01\x01", 3)).find("a key that is not text"), std::string::npos);
  EXPECT_NE(ErrorOf("a.cbor", "\x1c").find("a length that CBOR does not know"), std::string::npos);
}

TEST(Csv, KnowsTheTimeColumnsThatPeopleWrite) {
  const std::map<std::string, double> rates_hz = {
      {"timestamp", 100}, {"Time", 100},     {"time_ms", 100}, {"T", 100},       {"time (ms)", 100},
      {"time_s", 0.1},    {"Time (s)", 0.1}, {"seconds", 0.1}, {"time_us", 1e5}, {"micros", 1e5},
  };
  for (const auto& [name, rate_hz] : rates_hz) {
    const auto recording = Read("a.csv", "\"" + name + "\",accX (m/s2),y\n0,1,2\n10,3,4\n20,5,6\n");
    ASSERT_TRUE(recording.ok()) << recording.error().message;
    EXPECT_NEAR(recording->rate_hz(), rate_hz, 1e-9 * rate_hz) << name;
    EXPECT_EQ(recording->axes, (std::vector<Axis>{{"accX", "m/s2"}, {"y", ""}}));
    EXPECT_EQ(recording->values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  }
}

TEST(Csv, TakesTinyStepsWithoutAUnitForSeconds) {
  std::vector<std::string> notices;
  const auto recording = Read("a.csv", "time,x\n0,1\n0.01,2\n0.02,3\n", &notices);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_NEAR(recording->rate_hz(), 100, 1e-6);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("taken as seconds"), std::string::npos);
}

TEST(Csv, PrefersTheTimeColumnThatNamesItsUnit) {
  const auto recording =
      Read("a.csv", "time,seconds_elapsed,x\n1600000000,0.0,1\n1600000000,0.1,2\n1600000000,0.2,3\n");
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_NEAR(recording->rate_hz(), 10, 1e-6);
  EXPECT_EQ(recording->axes, (std::vector<Axis>{{"x", ""}}));
}

TEST(Csv, AssumesARateOnlyWithANotice) {
  std::vector<std::string> notices;
  EXPECT_EQ(Read("a.csv", "x,y\n1,2\n", &notices)->rate_hz(), 100);
  EXPECT_EQ(notices,
            std::vector<std::string>{"there is no time column: 100 Hz is assumed; give the true rate with --rate-hz"});
  notices.clear();
  EXPECT_NEAR(Read("a.csv", "x,y\n1,2\n", &notices, {.rate_hz = 119})->rate_hz(), 119, 1e-9);
  EXPECT_TRUE(notices.empty());
}

TEST(Csv, ReadsOtherDialects) {
  for (const std::string bytes : {"1,2\n3,4\n", "x;y\r\n1;2\r\n3;4", "\xef\xbb\xbfx\ty\n1\t2\n\n3\t4\n",
                                  "x,y,\n1,2,\n3,4,\n", " x , y \n +1 , 2.0e0 \n\"3\",4\n"}) {
    const auto recording = Read("a.csv", bytes);
    ASSERT_TRUE(recording.ok()) << bytes << recording.error().message;
    EXPECT_EQ(recording->values, (std::vector<float>{1, 2, 3, 4})) << bytes;
  }
}

TEST(Csv, NamesLineAndColumnOfWhatIsNoNumber) {
  EXPECT_EQ(ErrorOf("a.csv", "x,accY\n1,2\n3,\n"),
            "a.csv: line 3, column accY: the value is missing; fill it in or remove the row");
  EXPECT_EQ(
      ErrorOf("a.csv", "x,accY\n1,nan\n"),
      "a.csv: line 2, column accY: 'nan' is not a number; correct it, or remove the column if it holds no readings");
  EXPECT_NE(ErrorOf("a.csv", "x,y\n1,inf\n").find("line 2, column y: 'inf' is too large"), std::string::npos);
  EXPECT_NE(ErrorOf("a.csv", "x;y\n0,5;1\n").find("write decimals with a point"), std::string::npos);
  EXPECT_EQ(ErrorOf("a.csv", "x,y,z\n1,2,3\n4,5"),
            "a.csv: line 3 has 2 values where 3 are expected; the file seems to be cut off: copy it again or remove "
            "the line");
  EXPECT_NE(ErrorOf("a.csv", "x,y\n1,2,3\n4,5\n").find("line 2 has 3 values where 2 are expected"), std::string::npos);
  EXPECT_NE(ErrorOf("a.csv", "x,y\n").find("no rows of numbers"), std::string::npos);
  EXPECT_NE(ErrorOf("a.csv", "timestamp\n0\n10\n").find("no column of readings"), std::string::npos);
  EXPECT_NE(ErrorOf("a.csv", "timestamp,x\n0,1\n").find("one reading only"), std::string::npos);
  EXPECT_NE(ErrorOf("a.csv", "\xff\xfex").find("UTF-16"), std::string::npos);
}

/// 200 rows whose times are these.
std::string Timed(const std::function<double(int)>& time_ms, const char* format = "%.3f,%d\n") {
  std::string bytes = "timestamp,x\n";
  for (int i = 0; i < 200; ++i) {
    char row[64];
    std::snprintf(row, sizeof row, format, time_ms(i), i % 7);
    bytes += row;
  }
  return bytes;
}

TEST(Csv, AcceptsTimesThatAreOnlyRounded) {
  std::vector<std::string> notices;
  const auto recording = Read("a.csv", Timed([](int i) { return i * 1000.0 / 400; }, "%.0f,%d\n"), &notices);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_NEAR(recording->rate_hz(), 400, 1);
  EXPECT_TRUE(notices.empty());
}

TEST(Csv, ReportsJitterAndRefusesMuchOfIt) {
  std::vector<std::string> notices;
  ASSERT_TRUE(Read("a.csv", Timed([](int i) { return 10 * i + (i % 2) * 0.4; }), &notices).ok());
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("vary by more than 2 %"), std::string::npos);
  EXPECT_NE(ErrorOf("a.csv", Timed([](int i) { return 10 * i + (i % 2) * 2; })).find("by 20 % on average"),
            std::string::npos);
}

TEST(Csv, ReportsAGapAndRefusesManyAndTimeThatStandsStill) {
  std::vector<std::string> notices;
  const auto recording = Read("a.csv", Timed([](int i) { return 10 * i + (i > 50 ? 500 : 0); }), &notices);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_NEAR(recording->rate_hz(), 100, 1e-6);
  EXPECT_EQ(notices, std::vector<std::string>{
                         "readings are missing in 1 place, first before line 53 (a step of 510 where 10 is usual)"});
  EXPECT_NE(ErrorOf("a.csv", Timed([](int i) { return 10 * (i + i / 20); })).find("missing in 9 places"),
            std::string::npos);
  EXPECT_EQ(ErrorOf("a.csv", "timestamp,x\n0,1\n10,2\n10,3\n"),
            "a.csv: line 4, column timestamp: the time does not advance (10, then 10); sort the rows, or give every "
            "recording "
            "its own file");
}

TEST(Csv, OfAnyLengthIsReadWithoutKeepingIt) {
  // More rows than steps are kept, with gaps that the usual step has to be known for.
  std::string bytes = "timestamp,x,y\n";
  for (int i = 0; i < 150'000; ++i) {
    bytes += std::to_string(10 * i + i / 50'000 * 500) + "," + std::to_string(i % 100) + ",7\n";
  }
  std::vector<float> sums(2);
  size_t numbers = 0;
  const auto take = [&](float number, size_t axis) {
    sums[axis] += number;
    ++numbers;
  };
  std::vector<std::string> notices;
  const auto taken = Read("a.csv", bytes, &notices, {.take = take});
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_TRUE(taken->values.empty());
  EXPECT_EQ(taken->interval_ms, 10);
  EXPECT_EQ(numbers, 300'000U);
  EXPECT_EQ(sums, (std::vector<float>{150'000 * 49.5F, 150'000 * 7}));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].find("readings are missing in 2 places, first before line 50002"), 0U) << notices[0];
}

TEST(SerialLines, AreWhatTheMxchipPrints) {
  std::vector<std::string> notices;
  std::string bytes = "MXCHIP AZ3166, firmware 1.6\r\nYou can 1,2,3\r\n";
  for (int i = 0; i < 30; ++i) bytes += "[" + std::to_string(i) + ",-24,1031,1820,-2800,-70]\r\n";
  bytes += "[67,-24,10[67,-24,1031,1820,-2800,-70]\r\n[67,-24,1031,1820,-2800,-71]\r\n[67,-2";
  const auto recording = Read("wave.log", bytes, &notices);
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->readings(), 31u);
  EXPECT_EQ(recording->Reading(30)[5], -71);
  EXPECT_EQ(recording->axes[0], (Axis{"accX", "mg"}));
  EXPECT_EQ(recording->axes[5], (Axis{"gyrZ", "mdps"}));
  EXPECT_NEAR(recording->rate_hz(), 150, 1e-9);
  EXPECT_EQ(notices, (std::vector<std::string>{
                         "1 line of 32 broken, first line 33; skipped",
                         "serial lines carry no times: 150 Hz is assumed; give the true rate with --rate-hz"}));
}

TEST(SerialLines, MayBePlain) {
  const auto recording = Read("wave.txt", "hello\n1,2,3\n4,5,6\n7,8\n", nullptr, {.rate_hz = 50});
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_NEAR(recording->rate_hz(), 50, 1e-9);
}

TEST(SerialLines, WithManyBrokenOnesAreRefused) {
  EXPECT_EQ(ErrorOf("a.log", "[1,2,3]\n[1,2\n[4,5,6]\n"),
            "a.log: 1 line of 3 broken, first line 2; check the cable and the baud rate, and record it again");
}

TEST(SerialLines, WithATimeColumnAreCsv) {
  EXPECT_NEAR(Read("a.txt", "timestamp,x\n0,1\n20,2\n")->rate_hz(), 50, 1e-9);
}

RC_GTEST_PROP(ReadBytes, GivesBackTheNumbersThatWereWritten, (const std::vector<std::pair<int32_t, int32_t>>& pairs)) {
  RC_PRE(!pairs.empty());
  std::vector<float> values;
  std::string json;
  std::string cbor;
  std::string csv = "x,y\n";
  std::string lines;
  for (const auto& [a, b] : pairs) {
    const float x = std::ldexp(static_cast<float>(a), -20);
    const float y = std::ldexp(static_cast<float>(b), 40);
    values.insert(values.end(), {x, y});
    const std::string row = Shortest(x) + "," + Shortest(y);
    json += (json.empty() ? "[" : ",[") + row + "]";
    cbor += Head(4, 2) + Single(x) + Single(y);
    csv += row + "\n";
    lines += "[" + row + "]\r\n";
  }
  json = R"({"payload":{"interval_ms":10,"sensors":[{"name":"x"},{"name":"y"}],"values":[)" + json + "]}}";
  RC_ASSERT(Read("a.json", json)->values == values);
  RC_ASSERT(Read("a.cbor", Cbor({"x", "y"}, cbor))->values == values);
  RC_ASSERT(Read("a.csv", csv)->values == values);
  RC_ASSERT(Read("a.txt", lines)->values == values);
}

TEST(ReadFolder, TakesLabelAndCategoryFromInfoLabels) {
  TemporaryFolder folder;
  folder.Write("training/a.json", kJson);
  folder.Write("testing/b.json", kJson);
  folder.Write("testing/c.json", kJson);
  folder.Write("info.labels", R"({"version":1,"files":[
    {"path":"training/a.json","name":"wave.a","category":"testing","label":{"type":"label","label":"wave"}},
    {"path":"testing/b.json","category":"training","label":{"type":"unlabeled"}},
    {"path":"testing/gone.json","category":"training","label":{"type":"label","label":"x"}}]})");
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ(dataset->recordings.size(), 3u);
  EXPECT_EQ(dataset->recordings[0].label, "");
  EXPECT_EQ(dataset->recordings[0].category, Category::kTraining);
  EXPECT_EQ(dataset->recordings[1].label, "c");
  EXPECT_EQ(dataset->recordings[1].category, Category::kTesting);
  EXPECT_EQ(dataset->recordings[2].name, "wave.a");
  EXPECT_EQ(dataset->recordings[2].label, "wave");
  EXPECT_EQ(dataset->recordings[2].category, Category::kTesting);
  EXPECT_EQ(dataset->notices, std::vector<std::string>{"testing/gone.json: listed in info.labels, but not there"});
  EXPECT_EQ(dataset->Labels(), (std::vector<std::string>{"c", "wave"}));
}

TEST(ReadFolder, ExplainsWhatIsWrongWithInfoLabels) {
  const auto with = [](std::string_view list) {
    TemporaryFolder folder;
    folder.Write("a.json", kJson);
    folder.Write("info.labels", list);
    const auto dataset = ReadFolder(folder.path());
    return dataset.ok() ? "(no error)" : dataset.error().message;
  };
  EXPECT_EQ(with(R"({"files":[)"), "info.labels: byte 10: the file ends too early; export the data again");
  EXPECT_NE(with("[]").find("there is no list of files"), std::string::npos);
  EXPECT_NE(with(R"({"files":[{}]})").find("files[0] has no path"), std::string::npos);
  EXPECT_NE(with(R"({"files":[{"path":"a.json","label":{"type":"multi-label"}}]})").find("'multi-label'"),
            std::string::npos);
}

TEST(ReadFolder, TakesLabelAndCategoryFromPathsOtherwise) {
  const std::map<std::string, std::pair<std::string, Category>> expected = {
      {"wave.1.json", {"wave", Category::kUnassigned}},
      {"Training/idle.5lb.ingestion-86.json", {"idle", Category::kTraining}},
      {"TEST/snake.json", {"snake", Category::kTesting}},
      {"train/circle/0001.json", {"circle", Category::kTraining}},
      {"circle/test/0002.json", {"circle", Category::kTesting}},
      {"up down/x.json", {"up down", Category::kUnassigned}},
      {"wave_07.json", {"wave", Category::kUnassigned}},
      {"wave (3).json", {"wave", Category::kUnassigned}},
      {"R2D2.json", {"R2D2", Category::kUnassigned}},
      {"0003.json", {"", Category::kUnassigned}},
  };
  TemporaryFolder folder;
  for (const auto& [file, ignored] : expected) folder.Write(file, kJson);
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ(dataset->recordings.size(), expected.size());
  for (const Recording& recording : dataset->recordings) {
    EXPECT_EQ(recording.label, expected.at(recording.file).first) << recording.file;
    EXPECT_EQ(recording.category, expected.at(recording.file).second) << recording.file;
  }
}

TEST(ReadFolder, PassesOverWhatIsNoData) {
  TemporaryFolder folder;
  folder.Write("wave.1.json", kJson);
  for (const char* file : {"LICENSE", "README.txt", "SOURCE.txt", ".hidden.json", ".git/a.json", "picture.png"}) {
    folder.Write(file, "no data\n");
  }
  folder.Write("notes.txt", "Recorded on a rainy day.\n1\nBy hand.\n");
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->recordings.size(), 1u);
  EXPECT_EQ(dataset->notices, (std::vector<std::string>{"picture.png: passed over: a picture among other recordings",
                                                        "notes.txt: passed over: its lines are not readings"}));
}

TEST(ReadFolder, SaysOnceWhatIsTrueOfManyFiles) {
  TemporaryFolder folder;
  for (const char* file : {"a.csv", "b.csv", "c.csv"}) folder.Write(file, "x,y\n1,2\n");
  const auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->notices,
            std::vector<std::string>{
                "a.csv and 2 others: there is no time column: 100 Hz is assumed; give the true rate with --rate-hz"});
}

TEST(ReadFolder, CutsLongFilesIntoPieces) {
  TemporaryFolder folder;
  folder.Write("wave.csv", "x\n1\n2\n3\n4\n5\n6\n7\n");
  folder.Write("wide.csv", "x\n1\n2\n");
  const auto dataset = ReadFolder(folder.path(), {.rate_hz = 10, .readings_per_recording = 3});
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ(dataset->recordings.size(), 3u);
  EXPECT_EQ(dataset->recordings[1].name, "wave#2");
  EXPECT_EQ(dataset->recordings[1].label, "wave");
  EXPECT_EQ(dataset->recordings[1].values, (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(dataset->recordings[2].readings(), 2u);
  EXPECT_EQ(dataset->notices, std::vector<std::string>{"wave.csv: 1 reading left over after pieces of 3"});
}

TEST(ReadFolder, RefusesMixedRatesAndAxesNamingTwoFiles) {
  TemporaryFolder rates;
  rates.Write("a.csv", "t,x\n0,1\n10,2\n20,3\n");
  rates.Write("b.csv", "t,x\n0,1\n20,2\n40,3\n");
  const auto mixed_rates = ReadFolder(rates.path());
  ASSERT_FALSE(mixed_rates.ok());
  EXPECT_EQ(mixed_rates.error().status, Status::kInvalidArgument);
  EXPECT_EQ(mixed_rates.error().message,
            "a.csv was recorded at 100 Hz, but b.csv at 50 Hz; keep one rate: record again or resample one of them");
  TemporaryFolder axes;
  axes.Write("a.csv", "t,X,y (g)\n0,1,1\n10,2,1\n");
  axes.Write("b.csv", "t,x,y\n0,1,1\n10,2,1\n");
  EXPECT_TRUE(ReadFolder(axes.path()).ok());
  axes.Write("c.csv", "t,x,z\n0,1,1\n10,2,1\n");
  const auto mixed_axes = ReadFolder(axes.path());
  ASSERT_FALSE(mixed_axes.ok());
  EXPECT_EQ(mixed_axes.error().message,
            "a.csv has the axes X, y in g, but c.csv has x, z; keep recordings of different sensors in "
            "different folders");
}

TEST(ReadFolder, SaysWhatIsWrongWithTheFolder) {
  TemporaryFolder folder;
  const std::string path = folder.path();
  EXPECT_EQ(ReadFolder(path + "/missing").error().status, Status::kNotFound);
  EXPECT_EQ(ReadFolder(path).error().message, path + ": the folder is empty; put recordings into it");
  folder.Write("a.mp3", "x");
  folder.Write("LICENSE", "x");
  EXPECT_EQ(
      ReadFolder(path).error().message,
      path +
          ": there are no recordings (.json .cbor .csv .tsv .txt .log .wav .png .jpg .jpeg), but 1 file ending in "
          ".mp3; give the folder that holds them");
  EXPECT_EQ(ReadFolder(path + "/a.mp3").error().status, Status::kInvalidArgument);
  EXPECT_EQ(ReadFolder(path, {.rate_hz = -1}).error().status, Status::kInvalidArgument);
}

TEST(ReadFolder, NamesTheDamagedFileByItsPath) {
  TemporaryFolder folder;
  folder.Write("train/wave.1.json", kJson.substr(0, 100));
  const auto dataset = ReadFolder(folder.path());
  ASSERT_FALSE(dataset.ok());
  EXPECT_EQ(dataset.error().status, Status::kDataLoss);
  EXPECT_TRUE(dataset.error().message.starts_with("train/wave.1.json: byte 100: ")) << dataset.error().message;
}

TEST(ReadFolder, CanBeStopped) {
  TemporaryFolder folder;
  for (const char* file : {"a.1.json", "b.1.json", "c.1.json"}) folder.Write(file, kJson);
  size_t calls = 0;
  const auto progress = [&](size_t done, size_t total) {
    ++calls;
    EXPECT_EQ(total, 3u);
    return done < 2;
  };
  const auto dataset = ReadFolder(folder.path(), {.progress = progress});
  ASSERT_FALSE(dataset.ok());
  EXPECT_EQ(dataset.error().status, Status::kCancelled);
  EXPECT_EQ(calls, 2u);
}

// --- Real recordings ---

constexpr const char* kNoShared = "the reference data are not beside the checkout; set THIMBLE_SHARED to their folder";

std::map<std::string, std::map<Category, size_t>> Counts(const Dataset& dataset) {
  std::map<std::string, std::map<Category, size_t>> counts;
  for (const Recording& recording : dataset.recordings) ++counts[recording.label][recording.category];
  return counts;
}

TEST(RealRecordings, OfXiaoGesturesKeepTheAuthorsSplit) {
  TemporaryFolder folder;
  if (!UnpackShared("xiao-gestures", folder)) GTEST_SKIP() << kNoShared;
  auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_TRUE(RemoveDuplicates(*dataset).empty());
  ASSERT_TRUE(Split(*dataset).ok());
  EXPECT_EQ(dataset->Labels(), (std::vector<std::string>{"circle", "flick", "idle", "updown"}));
  for (auto& [label, counts] : Counts(*dataset)) {
    EXPECT_EQ(counts[Category::kTraining], 18u) << label;
    EXPECT_EQ(counts[Category::kTesting], 6u) << label;
  }
  const auto index = CutWindows(*dataset, Category::kTesting);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->readings, 208u);
  EXPECT_EQ(index->windows.size(), 24u * 105);
}

TEST(RealRecordings, OfMagicWandLoseTheCopiesAtTheRoot) {
  TemporaryFolder folder;
  if (!UnpackShared("magic-wand", folder)) GTEST_SKIP() << kNoShared;
  auto whole = ReadFolder(folder.path() + "/magic-wand", {.rate_hz = 119});
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(RemoveDuplicates(*whole).size(), 5u);
  EXPECT_EQ(whole->recordings.size(), 10u);

  auto pieces = ReadFolder(folder.path() + "/magic-wand", {.rate_hz = 119, .readings_per_recording = 119});
  ASSERT_TRUE(pieces.ok()) << pieces.error().message;
  EXPECT_EQ(pieces->recordings.size(), 250u);
  const std::vector<Duplicate> duplicates = RemoveDuplicates(*pieces);
  EXPECT_EQ(Summary(duplicates),
            "125 recordings repeat another one and were left out: 100 outside the split repeat training, 25 outside "
            "the split "
            "repeat testing");
  for (const Duplicate& duplicate : duplicates) EXPECT_TRUE(duplicate.whole) << duplicate.sentence;
  ASSERT_TRUE(Split(*pieces).ok());
  EXPECT_TRUE(pieces->notices.empty());
  size_t testing = 0;
  for (auto& [label, counts] : Counts(*pieces)) {
    EXPECT_EQ(counts[Category::kTraining] + counts[Category::kTesting], 25u) << label;
    testing += counts[Category::kTesting];
  }
  EXPECT_EQ(testing, 25u);
}

TEST(RealRecordings, OfEspFallShakeRepeatSomeIdleOnes) {
  TemporaryFolder folder;
  if (!UnpackShared("esp-fall-shake", folder)) GTEST_SKIP() << kNoShared;
  auto dataset = ReadFolder(folder.path());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->recordings.size(), 3736u);
  EXPECT_EQ(Summary(RemoveDuplicates(*dataset)),
            "10 recordings repeat another one and were left out: 4 within training, 6 within testing");
  EXPECT_EQ(LongestWindow(*dataset), 22u);
  EXPECT_EQ(LongestWindow(*dataset, 0.99), 62u);
  const auto index = CutWindows(*dataset, Category::kTraining, {.window_ms = 1000, .stride_ms = 80});
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->short_recordings, 2u);
}

}  // namespace
}  // namespace thimble::dataset
