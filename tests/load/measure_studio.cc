// Measures what the studio's server takes and gives, on the real `thimble serve`, and writes a table beside what it is
// to reach: measure_studio THIMBLE FILE. nginx and PostgreSQL stand beside it where they are installed. TMPDIR names
// the disk.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bridge/remote/envelope.h"
#include "studio/store/test_database.h"
#include "tests/load/client.h"
#include "tests/load/processes.h"

namespace thimble::load {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using studio::TestFolder;

constexpr int kConnections = 32;
constexpr int kUploaders = 20;

/// The rows: a figure, and what the studio is to reach.
class Table {
 public:
  enum class Reach : uint8_t { kAtLeast, kBelow };

  void Add(const std::string& what, double measured, const char* unit) { Write(what, Text(measured) + unit, "–", ""); }
  void Add(const std::string& what, double measured, const char* unit, Reach reach, double target) {
    const bool met = reach == Reach::kAtLeast ? measured >= target : measured < target;
    Write(what, Text(measured) + unit, (reach == Reach::kAtLeast ? "≥ " : "< ") + Text(target) + unit,
          met ? "yes" : "**no**");
  }
  void Heading() { Write("figure", "measured", "to reach", "reached"), Write("---", "---:", "---:", "---"); }
  const std::string& text() const { return text_; }

 private:
  /// Three digits are what such times are good for.
  static std::string Text(double number) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.*f", number >= 100 ? 0 : number >= 10 ? 1 : 2, number);
    std::string text = digits;
    if (const size_t point = text.find('.');
        point != std::string::npos && text.find_first_not_of("0", point + 1) == std::string::npos)
      text.resize(point);
    for (size_t i = std::min(text.find('.'), text.size()); i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
  }
  void Write(const std::string& what, const std::string& measured, const std::string& target, const char* met) {
    std::string line = "| " + what + " | " + measured + " | " + target + " | " + met + " |\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
    text_ += line;
  }

  std::string text_;
};

// --- requests -------------------------------------------------------------------------------------------------------

/// The best of three rounds each, one after the other: what else the computer does only slows down.
struct Contender {
  std::string name;
  const Process* process;
  int port;
  std::string request;
  Times best{};
  double processor_us = 0;  ///< of the server, for one request
};

void Compete(std::vector<Contender>& contenders) {
  constexpr int kRounds = 3;
  constexpr double kRoundSeconds = 1.2;
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& one : contenders) {
      const double before_s = one.process->processor_s();
      Times times = Repeat(one.port, kConnections, one.request, kRoundSeconds);
      if (!one.best.each_ms.empty() && one.best.per_s() > times.per_s()) continue;
      one.processor_us = (one.process->processor_s() - before_s) * 1e6 / static_cast<double>(times.each_ms.size());
      one.best = std::move(times);
    }
  }
}

void Show(Table& table, const Contender& one, double least_per_s = 0) {
  if (least_per_s > 0) {
    table.Add(one.name + ": requests", one.best.per_s(), " /s", Table::Reach::kAtLeast, least_per_s);
  } else {
    table.Add(one.name + ": requests", one.best.per_s(), " /s");
  }
  table.Add(one.name + ": half within", one.best.Quantile(0.5), " ms");
  table.Add(one.name + ": 99 % within", one.best.Quantile(0.99), " ms");
  table.Add(one.name + ": processor time of the server", one.processor_us, " µs");
}

void MeasureRequests(Table& table, const std::string& thimble) {
  constexpr double kLeastPerS = 30'000;
  constexpr size_t kScriptBytes = 27 * 1024;
  const TestFolder folder;
  // A page with one script of the usual size.
  const fs::path page = folder.path() / "page";
  fs::create_directories(page / "assets");
  std::ofstream(page / "index.html") << "<!doctype html>";
  std::ofstream(page / "assets" / "script.js") << std::string(kScriptBytes, 'x');
  ::setenv("THIMBLE_WEB_DIR", page.c_str(), 1);
  const Studio studio(thimble, folder.path());
  const std::string health = Request("GET", "/api/v1/health"), script = Request("GET", "/assets/script.js");
  std::unique_ptr<Nginx> nginx;
  if (Nginx::IsInstalled()) nginx = std::make_unique<Nginx>(page, Ask(studio.studio_port(), health));
  const auto compete = [&](const std::string& what, const std::string& request, const std::string& of_nginx,
                           double least_per_s) {
    std::vector<Contender> contenders = {{what, &studio.process(), studio.studio_port(), request}};
    if (nginx && !of_nginx.empty()) {
      contenders.push_back({what + ", nginx", &nginx->process(), nginx->port(), of_nginx});
    }
    Compete(contenders);
    for (size_t i = 0; i < contenders.size(); ++i) Show(table, contenders[i], i == 0 ? least_per_s : 0);
  };
  compete("JSON that is ready (health)", health, Request("GET", "/json"), kLeastPerS);
  compete("JSON from the database (a project)", Request("GET", studio.project_path()), "", 0);
  compete("a file of 27 KB", script, script, 0);
}

// --- recordings -----------------------------------------------------------------------------------------------------

/// Motion with a sensor's noise, signed as `thimble bridge` signs it.
std::string Acquisition(const Studio& studio, int readings, int axes, uint32_t seed, const std::string& device) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 0.05F);
  constexpr const char* kNames[] = {"accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"};
  dataset::Recording recording;
  recording.interval_ms = 10;
  for (int axis = 0; axis < axes; ++axis) recording.axes.push_back({kNames[axis], axis < 3 ? "m/s2" : "deg/s"});
  for (int i = 0; i < readings; ++i) {
    for (int axis = 0; axis < axes; ++axis) {
      recording.values.push_back(9.81F * static_cast<float>(axis == 2) +
                                 0.01F * static_cast<float>((i * (axis + 1)) % 100) + noise(random));
    }
  }
  return bridge::Envelope(recording, {device, "KIT", studio.hmac_key()}, 1'700'000'000, bridge::Encoding::kCbor);
}

std::string UploadRequest(const Studio& studio, const std::string& name, const std::string& body) {
  return Request("POST", "/api/training/data",
                 "x-api-key: " + studio.key() + "\r\nx-file-name: " + name + "\r\nContent-Type: application/cbor\r\n",
                 body);
}

void MeasureIngestion(Table& table, const Studio& studio, const std::string& where) {
  constexpr size_t kRecordings = 3000;
  constexpr double kLeastPerS = 1000, kMostMs = 50;
  std::vector<std::string> requests(kRecordings);
  for (size_t i = 0; i < kRecordings; ++i) {
    const auto number = static_cast<uint32_t>(i);
    const std::string device = "kit-" + std::to_string(i % kUploaders);
    requests[i] = UploadRequest(studio, "wave." + std::to_string(i), Acquisition(studio, 1000, 6, number, device));
  }
  size_t at = 0;
  const double before_s = studio.process().processor_s();
  const Times times =
      Drive(studio.ingestion_port(), kUploaders, [&] { return at < requests.size() ? &requests[at++] : nullptr; });
  const double processor_ms = (studio.process().processor_s() - before_s) * 1e3 / kRecordings;
  const Json labels = Json::parse(Ask(studio.studio_port(), Request("GET", studio.project_path() + "/labels")));
  if (labels["labels"][0]["samples"] != kRecordings) Fail("not every recording that was acknowledged is there");
  table.Add("recordings stored durably, " + where, times.per_s(), " /s", Table::Reach::kAtLeast, kLeastPerS);
  table.Add("recordings, " + where + ": half within", times.Quantile(0.5), " ms");
  table.Add("recordings, " + where + ": 99 % within", times.Quantile(0.99), " ms", Table::Reach::kBelow, kMostMs);
  table.Add("recordings, " + where + ": processor time of the server", processor_ms, " ms");
}

/// 10,000 short ones besides those that are there.
void Fill(const Studio& studio) {
  constexpr int kForms = 10, kEach = 1000;
  for (int form = 0; form < kForms; ++form) {
    std::string body;
    for (int i = form * kEach; i < (form + 1) * kEach; ++i) {
      Json acquisition = {{"protected", {{"ver", "v1"}, {"alg", "none"}}},
                          {"signature", ""},
                          {"payload",
                           {{"device_type", "KIT"},
                            {"interval_ms", 10},
                            {"sensors", {{{"name", "accX"}, {"units", "m/s2"}}}},
                            {"values", std::vector<int>(static_cast<size_t>(10 + i % 40), i)}}}};
      body += "--edge\r\nContent-Disposition: form-data; name=\"data\"; filename=\"" +
              std::string(i % 3 == 0 ? "short" : "idle") + "." + std::to_string(i) +
              ".json\"\r\nContent-Type: application/json\r\n\r\n" + acquisition.dump() + "\r\n";
    }
    body += "--edge--\r\n";
    Ask(studio.ingestion_port(),
        Request("POST", "/api/training/files",
                "x-api-key: " + studio.key() + "\r\nContent-Type: multipart/form-data; boundary=edge\r\n", body));
  }
}

/// One after the other, as a person's page asks.
Times AskOften(const Studio& studio, const std::string& target, int times) {
  const std::string request = Request("GET", studio.project_path() + target);
  return Drive(studio.studio_port(), 1, [&] { return times-- > 0 ? &request : nullptr; });
}

void MeasureLists(Table& table, const Studio& studio, const std::string& where) {
  constexpr double kMostMs = 50;
  constexpr int kTimes = 40;
  Fill(studio);
  const auto show = [&](const std::string& what, const std::string& target) {
    const Times times = AskOften(studio, target, kTimes);
    table.Add(what + ", " + where + ": half within", times.Quantile(0.5), " ms");
    table.Add(what + ", " + where + ": the slowest", times.Quantile(1), " ms", Table::Reach::kBelow, kMostMs);
  };
  show("the newest 100 of 10,000 recordings", "/samples?count=true");
  show("filtered by label, name and length, counted", "/samples?label=short&name=T.12&min_length_ms=200&count=true");
  const Times page = AskOften(studio, "/samples?limit=1000", kTimes / 4);
  table.Add("1,000 of them in one page, " + where + ": half within", page.Quantile(0.5), " ms");
}

void MeasurePlot(Table& table, const Studio& studio) {
  constexpr double kMostMs = 1000;
  constexpr int kReadings = 1'000'000;
  Ask(studio.ingestion_port(), UploadRequest(studio, "long.1", Acquisition(studio, kReadings, 1, 1, "kit-long")));
  const Json newest =
      Json::parse(Ask(studio.studio_port(), Request("GET", studio.project_path() + "/samples?limit=1")));
  const std::string path = "/samples/" + newest["samples"][0]["id"].dump() + "/values";
  table.Add("a signal of 1,000,000 readings as a plot, first time", AskOften(studio, path, 1).Quantile(1), " ms",
            Table::Reach::kBelow, kMostMs);
  table.Add("the same again", AskOften(studio, path, 9).Quantile(0.5), " ms", Table::Reach::kBelow, kMostMs);
  table.Add("a hundredth of it", AskOften(studio, path + "?first=500000&count=10000", 9).Quantile(0.5), " ms");
}

// --- memory ---------------------------------------------------------------------------------------------------------

/// A client's whole message as one frame (RFC 6455, 5.2). The mask is four zeros, which change nothing.
std::string MaskedFrame(const std::string& text) {
  std::string frame = {static_cast<char>(0x81), static_cast<char>(0x80 | 126), static_cast<char>(text.size() >> 8),
                       static_cast<char>(text.size() & 255)};
  return frame + std::string(4, '\0') + text;
}

void MeasureDevices(Table& table, const std::string& thimble) {
  constexpr int kDevices = 2000;
  constexpr double kMostMb = 60, kMostIdleMb = 40;
  const TestFolder folder;
  const Studio studio(thimble, folder.path());
  std::this_thread::sleep_for(std::chrono::seconds(1));
  table.Add("memory of an idle server", studio.process().resident_mb(), " MB", Table::Reach::kBelow, kMostIdleMb);
  const std::string upgrade = Request("GET", "/",
                                      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                      "Sec-WebSocket-Key: dGhpbWJsZSB0aGltYmxlIQ==\r\n");
  std::vector<Connection> devices;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < kDevices; ++i) {
    Connection& device = devices.emplace_back(studio.remote_port());
    device.Send(upgrade);
    while (!device.Receive()) {
    }
    device.Take(101);
    const bridge::Hello hello = {.api_key = studio.key(),
                                 .device_id = "kit-" + std::to_string(i),
                                 .device_type = "KIT",
                                 .sensors = {{"Built-in accelerometer", 60, {62.5, 100}}}};
    device.Send(MaskedFrame(bridge::WriteHello(hello, bridge::Encoding::kJson)));
  }
  for (Connection& device : devices) {
    constexpr size_t kHeader = 2;
    const std::string header = device.Read(kHeader);
    const std::string answer = device.Read(static_cast<unsigned char>(header[1]));
    if (answer.find("\"hello\":true") == std::string::npos) Fail("a device hears: " + answer);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const Json live = Json::parse(Ask(studio.studio_port(), Request("GET", studio.project_path() + "/live-devices")));
  if (live["devices"].size() != kDevices) Fail("not every device is connected");
  table.Add("memory with 2,000 devices connected", studio.process().resident_mb(), " MB", Table::Reach::kBelow,
            kMostMb);
  table.Add("devices that come", kDevices / took.count(), " /s");
}

int Main(const std::string& thimble, const std::string& file) {
  Table table;
  table.Heading();
  MeasureRequests(table, thimble);
  {
    const TestFolder folder;
    const Studio studio(thimble, folder.path());
    MeasureIngestion(table, studio, "SQLite");
    MeasureLists(table, studio, "SQLite");
    MeasurePlot(table, studio);
  }
  if (auto* postgresql = studio::TestPostgresql::Get(); postgresql != nullptr) {
    const TestFolder folder;
    const Studio studio(thimble, folder.path(), postgresql->MakeDatabase());
    MeasureIngestion(table, studio, "PostgreSQL");
    MeasureLists(table, studio, "PostgreSQL");
  }
  MeasureDevices(table, thimble);
  return (std::ofstream(file) << table.text()).flush() ? 0 : 1;
}

}  // namespace
}  // namespace thimble::load

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: measure_studio THIMBLE FILE\n");
    return 2;
  }
  return thimble::load::Main(argv[1], argv[2]);
}
