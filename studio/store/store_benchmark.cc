// How fast the store is: recordings made durable, lists of many, the blobs' ways to the disk.
// TMPDIR names the disk.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <thread>

#include "studio/store/store.h"
#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

using Clock = std::chrono::steady_clock;

double Milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

std::unique_ptr<Store> OpenStore(benchmark::State& state, const TestFolder& folder, bool postgresql) {
  StoreOptions options{.folder = folder.path() / "data"};
  if (postgresql) {
    if (TestPostgresql::Get() == nullptr) {
      state.SkipWithError("PostgreSQL is not installed");
      return nullptr;
    }
    options.database = TestPostgresql::Get()->MakeDatabase();
  }
  auto store = Store::Open(options);
  if (!store.ok()) {
    state.SkipWithError(store.error().message.c_str());
    return nullptr;
  }
  return *std::move(store);
}

/// 10 s of six axes at 100 Hz as float32 in CBOR: six bytes for a value and its head, motion with a sensor's noise.
std::string Recording(uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 0.05F);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    bytes += '\x86';
    for (int axis = 0; axis < 6; ++axis) {
      const float value =
          9.81F * static_cast<float>(axis == 2) + 0.01F * static_cast<float>((i * (axis + 1)) % 100) + noise(random);
      char raw[4];
      std::memcpy(raw, &value, 4);
      bytes += '\xfa';
      for (int b = 3; b >= 0; --b) bytes += raw[b];
    }
  }
  return bytes;
}

Sample SampleOf(int64_t project, int number) {
  return {.project_id = project,
          .name = "recording." + std::to_string(number),
          .file_name = "recording." + std::to_string(number) + ".cbor",
          .label = "label " + std::to_string(number % 4),
          .category = number % 5 == 0 ? "testing" : "training",
          .kind = "time-series",
          .axes = R"([{"name":"accX","units":"m/s2"},{"name":"accY","units":"m/s2"},{"name":"accZ","units":"m/s2"}])",
          .interval_ms = 10,
          .length_ms = 10000.0 + number % 100,
          .frequency_hz = 100,
          .values_count = 1000,
          .device_id = "aa:bb:cc",
          .device_type = "KIT",
          .signature = "valid"};
}

/// 20 parallel writers, each waiting for its recording to be durable before it sends the next, as 20 uploads do.
void Ingest(benchmark::State& state) {
  constexpr int kWriters = 20, kEach = 150;
  const TestFolder folder;
  const auto store = OpenStore(state, folder, state.range(0) != 0);
  if (store == nullptr) return;
  const int64_t project = *store->AddProject({.name = "p"});
  std::vector<std::string> recordings;
  for (uint32_t i = 0; i < kWriters * kEach; ++i) recordings.push_back(Recording(i));
  std::vector<double> waits_ms(recordings.size());
  for (auto _ : state) {
    std::vector<std::thread> writers;
    for (size_t w = 0; w < kWriters; ++w) {
      writers.emplace_back([&, w] {
        for (size_t i = w * kEach; i < (w + 1) * kEach; ++i) {
          const auto begun = Clock::now();
          if (!store->AddSample(SampleOf(project, static_cast<int>(i)), recordings[i]).ok()) std::abort();
          waits_ms[i] = Milliseconds(Clock::now() - begun);
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  std::sort(waits_ms.begin(), waits_ms.end());
  state.counters["recordings_per_s"] =
      benchmark::Counter(static_cast<double>(recordings.size()), benchmark::Counter::kIsRate);
  state.counters["bytes_each"] = static_cast<double>(recordings[0].size());
  state.counters["p50_ms"] = waits_ms[waits_ms.size() / 2];
  state.counters["p99_ms"] = waits_ms[waits_ms.size() * 99 / 100];
  state.counters["worst_ms"] = waits_ms.back();
}
BENCHMARK(Ingest)->ArgName("postgresql")->Arg(0)->Arg(1)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Among 10,000 recordings. `what`: 0 one page, 1 one page of those with label, category, name and length, 2 all of
/// them at once, 3 their count per label.
void List(benchmark::State& state) {
  const TestFolder folder;
  const auto store = OpenStore(state, folder, state.range(1) != 0);
  if (store == nullptr) return;
  const int64_t project = *store->AddProject({.name = "p"});
  for (int first = 0; first < 10000; first += 500) {
    std::vector<NewSample> samples;
    for (int i = 0; i < 500; ++i) samples.push_back({SampleOf(project, first + i), *store->blobs().Stage("x"), false});
    for (const auto& added : store->AddSamples(std::move(samples))) {
      if (!added.ok()) std::abort();
    }
  }
  const SampleFilter narrow{
      .label = "label 1", .category = "training", .name_contains = "G.9", .max_length_ms = 10050.0};
  size_t found = 0;
  for (auto _ : state) {
    switch (state.range(0)) {
      case 0:
        found = store->ListSamples(project, {}, {})->items.size();
        break;
      case 1:
        found = store->ListSamples(project, narrow, {})->items.size();
        break;
      case 2:
        found = store->ListSamples(project, {}, {.limit = 10000})->items.size();
        break;
      default:
        found = store->CountLabels(project)->size();
    }
  }
  state.counters["rows"] = static_cast<double>(found);
}
BENCHMARK(List)->ArgNames({"what", "postgresql"})->ArgsProduct({{0, 1, 2, 3}, {0, 1}})->Unit(benchmark::kMillisecond);

/// 100 MB in pieces of 64 KB through the store and back: time, and what the process's memory grew by.
void StreamLargeFile(benchmark::State& state) {
  const TestFolder folder;
  const auto store = OpenStore(state, folder, false);
  std::string piece = Recording(1);
  piece.resize(64 * 1024, 'x');
  const auto peak_mb = [] {
    rusage usage;
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
  };
  const double before_mb = peak_mb();
  uint64_t number = 0;
  for (auto _ : state) {
    auto writer = *store->blobs().StartWriting();
    for (int i = 0; i < 1600; ++i) {
      std::memcpy(piece.data(), &++number, sizeof number);
      if (!writer.Append(piece).ok()) std::abort();
    }
    StagedBlob staged = *writer.Finish();
    StagedBlob* const one[] = {&staged};
    if (!store->blobs().Publish(one).ok()) std::abort();
    auto reader = *store->blobs().OpenReader(staged.hash());
    if (!reader.Skip(INT64_MAX).ok()) std::abort();
  }
  state.counters["grew_mb"] = peak_mb() - before_mb;
}
BENCHMARK(StreamLargeFile)->Iterations(2)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Why groups: 20 contents of 20 KB made durable. `how`: 0 fsync of each, 1 one syncfs, 2 appended to one file.
void WaysToTheDisk(benchmark::State& state) {
  const TestFolder folder;
  const int folder_handle = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
  const int pack = ::open((folder.path() / "pack").c_str(), O_WRONLY | O_CREAT, 0600);
  std::string content = Recording(1).substr(0, 20000);
  int number = 0;
  const auto write = [&](int file) {
    if (::write(file, content.data(), content.size()) < 0) std::abort();
  };
  for (auto _ : state) {
    for (int i = 0; i < 20; ++i) {
      if (state.range(0) == 2) {
        write(pack);
        continue;
      }
      const int file = ::open((folder.path() / std::to_string(++number)).c_str(), O_WRONLY | O_CREAT, 0600);
      write(file);
      if (state.range(0) == 0) ::fsync(file);
      ::close(file);
    }
    if (state.range(0) == 1) ::syncfs(folder_handle);
    if (state.range(0) == 2) ::fdatasync(pack);
  }
  ::close(pack);
  ::close(folder_handle);
}
BENCHMARK(WaysToTheDisk)
    ->ArgName("how")
    ->DenseRange(0, 2)
    ->Iterations(20)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thimble::studio
