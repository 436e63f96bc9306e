// How old a reading is when a page of the studio has it: a virtual kit in real time, the bridge, the server, and a
// client of server-sent events, all in this process, so that one clock serves them all.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/capture.h"
#include "bridge/line/line_source.h"
#include "bridge/line/virtual_line.h"
#include "bridge/remote/live_signal.h"
#include "bridge/remote/manager.h"
#include "bridge/remote/spool.h"
#include "http/test_socket.h"
#include "http/websocket_client.h"
#include "studio/server/people/gate.h"
#include "studio/server/server.h"
#include "studio/store/test_database.h"

namespace thimble {
namespace {

using Clock = std::chrono::steady_clock;

double NowS() { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); }

template <typename T>
T Must(Expected<T> made) {
  if (made.ok()) return *std::move(made);
  std::fprintf(stderr, "%s\n", made.error().message.c_str());
  std::exit(1);
}

/// Keeps when each reading that the live signal hears was there, in the board's time.
class TimedSource final : public bridge::SampleSource {
 public:
  TimedSource(bridge::SampleSource& source, const bridge::LiveSignal& live) : source_(source), live_(live) {}
  Expected<size_t> Read(std::vector<float>& into, int timeout_ms) override {
    auto rows = source_.Read(into, timeout_ms);
    if (!rows.ok() || !live_.on()) return rows;
    const std::lock_guard lock(mutex_);
    for (const bridge::RowTime& time : source_.times()) sensed_s_.push_back(time.seconds);
    return rows;
  }
  std::span<const bridge::RowTime> times() const override { return source_.times(); }
  Outcome Restart() override { return source_.Restart(); }
  const bridge::StreamInfo& info() const override { return source_.info(); }
  std::string Describe() const override { return source_.Describe(); }

  double SensedS(size_t reading) const {
    const std::lock_guard lock(mutex_);
    return sensed_s_.at(reading);
  }

 private:
  bridge::SampleSource& source_;
  const bridge::LiveSignal& live_;
  mutable std::mutex mutex_;
  std::vector<double> sensed_s_;
};

int Measure(const std::string& firmware, double seconds) {
  const studio::TestFolder folder;
  studio::ServeOptions serve;
  serve.folder = folder.path() / "data";
  serve.studio_port = serve.remote_port = serve.ingestion_port = 0;
  const auto server = Must(studio::StartServer(serve));
  studio::Application& application = server->application();
  const int64_t project = Must(application.store.AddProject({.name = "live"}));

  auto line = Must(bridge::VirtualLine::Start(firmware, "hand:wave"));
  const bridge::VirtualLine& board = *line;
  const auto source = Must(bridge::FindReadings(std::move(line), {}));
  source->KeepRealTime(true);
  const double began_s = NowS() - board.Seconds();

  bridge::LiveSignal live;
  TimedSource timed(*source, live);
  bridge::HeardSource heard(timed, live);
  std::vector<std::string> notices;
  const auto spool = Must(bridge::Spool::Open(folder.path() / "spool", notices));
  std::atomic<bool> cancelled = false, connected = false;
  bridge::ManagerOptions options;
  options.hello.api_key = Must(application.gate.MakeApiKey(project, "kit", studio::Role::kAdmin)).key;
  options.hello.device_id = "kit";
  options.hello.live_stream = true;
  bridge::ManagerWorld world;
  world.now_ms = [] { return static_cast<int64_t>(NowS() * 1000); };
  world.unix_s = [] { return int64_t{0}; };
  world.chance = [] { return 1.0; };
  world.open = [&] {
    http::WebSocketOptions socket;
    socket.server = {false, "127.0.0.1", application.remote_port, "/"};
    return http::OpenWebSocket(socket);
  };
  std::vector<float> idle;
  world.rest = [&](int ms) -> Outcome {
    idle.clear();
    const auto rows = heard.Read(idle, ms);
    if (!rows.ok()) return rows.error();
    return Nothing{};
  };
  world.live = &live;
  world.tell = [&](const bridge::BridgeEvent& event) {
    if (event.kind == bridge::BridgeEvent::Kind::kConnected) connected = true;
  };
  world.cancelled = &cancelled;
  std::thread at_work([&] { static_cast<void>(bridge::Manager(options, std::move(world), *spool).Run()); });
  while (!connected) std::this_thread::sleep_for(std::chrono::milliseconds(10));

  http::TestSocket page(application.studio_port);
  page.Send("GET /api/v1/projects/" + std::to_string(project) +
            "/live-devices/kit/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::vector<double> ages_ms;
  int64_t lost = 0;
  for (const double until_s = NowS() + seconds; NowS() < until_s;) {
    const std::string text = page.ReadUntil("\n\n", 1000);
    const double arrived_s = NowS();
    const size_t event = text.find("event: readings\n"), data = text.find("\ndata: ");
    if (event == std::string::npos) continue;
    const auto readings = nlohmann::json::parse(text.substr(data + 7));
    lost += readings["lost"].get<int64_t>();
    const auto first = readings["first"].get<size_t>();
    for (size_t i = 0; i < readings["axes"][0]["values"].size(); ++i) {
      ages_ms.push_back((arrived_s - began_s - timed.SensedS(first + i)) * 1000);
    }
  }
  cancelled = true;
  at_work.join();
  if (ages_ms.empty()) {
    std::fprintf(stderr, "no reading has arrived\n");
    return 1;
  }
  std::sort(ages_ms.begin(), ages_ms.end());
  const auto share = [&](double of) {
    return ages_ms[static_cast<size_t>(of * static_cast<double>(ages_ms.size() - 1))];
  };
  std::printf("%zu readings at %.0f Hz, %lld lost\n", ages_ms.size(), source->info().rate_hz,
              static_cast<long long>(lost));
  std::printf("age when a page has them: least %.1f ms, median %.1f ms, p99 %.1f ms, most %.1f ms\n", share(0),
              share(0.5), share(0.99), share(1));
  return 0;
}

}  // namespace
}  // namespace thimble

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: measure_live SENSOR_DUMP.elf [SECONDS]\n");
    return 2;
  }
  return thimble::Measure(words[1], count > 2 ? std::atof(words[2]) : 20);
}
