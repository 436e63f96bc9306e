#include "compiler/place.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace thimble::compiler {
namespace {

/// A network of made-up steps: each reads one or two buffers and writes one.
struct Network {
  struct Step {
    int input = 0, second = -1, output = 0;
    int64_t scratch_bytes = 0;
  };
  std::vector<Step> steps;
  std::vector<Buffer> buffers;
  std::vector<Overlap> overlaps;
};

Network RandomNetwork(uint64_t seed) {
  Random random(seed);
  Network network;
  const int steps = 1 + static_cast<int>(random.Below(12));
  const auto size = [&] { return int64_t{1} + random.Below(random.Chance(0.5) ? 40 : 400); };
  network.buffers.push_back({size(), 0, 0});
  for (int i = 0; i < steps; ++i) {
    const auto any = [&] { return static_cast<int>(random.Below(static_cast<uint32_t>(i + 1))); };
    Network::Step step;
    step.input = random.Chance(0.7) ? i : any();
    if (random.Chance(0.3)) step.second = any();
    if (step.second == step.input) step.second = -1;
    step.output = i + 1;
    network.steps.push_back(step);
    for (const int read : {step.input, step.second}) {
      if (read >= 0) network.buffers[static_cast<size_t>(read)].last = i + 1;
    }
    network.buffers.push_back({size(), i + 1, i + 1});
  }
  for (int i = 0; i < steps; ++i) {
    Network::Step& step = network.steps[static_cast<size_t>(i)];
    for (const int read : {step.input, step.second}) {
      if (read < 0 || network.buffers[static_cast<size_t>(read)].last != i + 1 || random.Chance(0.2)) continue;
      const int64_t input = network.buffers[static_cast<size_t>(read)].size_bytes;
      const int64_t output = network.buffers[static_cast<size_t>(step.output)].size_bytes;
      const bool exact = random.Chance(0.3);
      const int64_t lead =
          exact ? int64_t{16} * random.Below(4) : static_cast<int64_t>(random.Between(-double(input), double(output)));
      network.overlaps.push_back({read, step.output, lead, exact});
    }
    if (random.Chance(0.5)) {
      step.scratch_bytes = 1 + random.Below(100);
      network.buffers.push_back({step.scratch_bytes, i + 1, i + 1});
    }
  }
  return network;
}

/// Runs a network on a memory of tokens, as badly as each step may: inputs are read as late as the overlap allows.
class Simulation {
 public:
  Simulation(const Network& network, const Layout& layout)
      : network_(network), layout_(layout), memory_(static_cast<size_t>(layout.bytes), -1) {}

  /// Whether every byte that is read is what was written there.
  bool Run() {
    WriteAll(0);
    for (const Network::Step& step : network_.steps) {
      const int time = network_.buffers[static_cast<size_t>(step.output)].first;
      const Overlap* const of_input = Find(step.input, step.output);
      const Overlap* const of_second = step.second < 0 ? nullptr : Find(step.second, step.output);
      WriteScratch(time);
      int64_t read_input = 0, read_second = 0;
      const int64_t bytes = SizeOf(step.output);
      for (int64_t k = 0; k < bytes; ++k) {
        ReadUpTo(step.input, of_input, k, read_input);
        if (step.second >= 0) ReadUpTo(step.second, of_second, k, read_second);
        Write(step.output, k);
      }
      // What the step may have left for the end; inputs without an overlap are read to the very end, too.
      ReadRest(step.input, read_input);
      if (step.second >= 0) ReadRest(step.second, read_second);
      WriteScratch(time);
    }
    return is_right_;
  }

 private:
  const Overlap* Find(int input, int output) const {
    for (const Overlap& overlap : network_.overlaps) {
      if (overlap.input == input && overlap.output == output) return &overlap;
    }
    return nullptr;
  }
  int64_t SizeOf(int buffer) const { return network_.buffers[static_cast<size_t>(buffer)].size_bytes; }
  size_t At(int buffer, int64_t byte) const {
    return static_cast<size_t>(layout_.offsets[static_cast<size_t>(buffer)] + byte);
  }
  static int64_t Token(int buffer, int64_t byte) { return int64_t{buffer} * 100'000 + byte; }
  void Write(int buffer, int64_t byte) { memory_.at(At(buffer, byte)) = Token(buffer, byte); }
  void Read(int buffer, int64_t byte) { is_right_ &= memory_.at(At(buffer, byte)) == Token(buffer, byte); }
  void WriteAll(int buffer) {
    for (int64_t i = 0; i < SizeOf(buffer); ++i) Write(buffer, i);
  }
  void WriteScratch(int time) {
    for (size_t i = network_.steps.size() + 1; i < network_.buffers.size(); ++i) {
      if (network_.buffers[i].first != time) continue;
      for (int64_t k = 0; k < network_.buffers[i].size_bytes; ++k) memory_.at(At(static_cast<int>(i), k)) = -2;
    }
  }
  /// What has to be read before output byte k is written.
  void ReadUpTo(int input, const Overlap* overlap, int64_t k, int64_t& read) {
    if (overlap == nullptr) return;
    const int64_t end = k + 1 - overlap->lead_bytes;
    for (; read < std::min(end, SizeOf(input)); ++read) Read(input, read);
  }
  void ReadRest(int input, int64_t& read) {
    for (; read < SizeOf(input); ++read) Read(input, read);
  }

  const Network& network_;
  const Layout& layout_;
  std::vector<int64_t> memory_;
  bool is_right_ = true;
};

TEST(Place, NeverOverwritesWhatIsStillRead) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    const Network network = RandomNetwork(seed);
    const Layout layout = Place(network.buffers, network.overlaps, static_cast<int>(seed % 50));
    ASSERT_EQ(layout.offsets.size(), network.buffers.size());
    for (size_t i = 0; i < network.buffers.size(); ++i) {
      ASSERT_EQ(layout.offsets[i] % 16, 0);
      ASSERT_LE(layout.offsets[i] + network.buffers[i].size_bytes, layout.bytes);
    }
    ASSERT_EQ(layout.bytes % 16, 0);
    ASSERT_LE(layout.least_bytes, layout.bytes) << "seed " << seed;
    ASSERT_TRUE(Simulation(network, layout).Run()) << "seed " << seed;
  }
}

TEST(Place, KeepsTheExactDistanceOrApart) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Network network = RandomNetwork(seed);
    const Layout layout = Place(network.buffers, network.overlaps, 20);
    for (const Overlap& overlap : network.overlaps) {
      if (!overlap.exact) continue;
      const auto input = static_cast<size_t>(overlap.input), output = static_cast<size_t>(overlap.output);
      const bool apart = layout.offsets[input] >= layout.offsets[output] + network.buffers[output].size_bytes ||
                         layout.offsets[output] >= layout.offsets[input] + network.buffers[input].size_bytes;
      EXPECT_TRUE(apart || layout.offsets[input] - overlap.lead_bytes == layout.offsets[output]) << "seed " << seed;
    }
  }
}

TEST(Place, IsTheSameEveryTime) {
  const Network network = RandomNetwork(7);
  EXPECT_EQ(Place(network.buffers, network.overlaps, 500).offsets,
            Place(network.buffers, network.overlaps, 500).offsets);
}

TEST(Place, PutsAChainThatComputesInPlaceIntoTheRoomOfOneTensor) {
  std::vector<Buffer> buffers;
  std::vector<Overlap> overlaps;
  for (int i = 0; i < 10; ++i) {
    buffers.push_back({8000, i, i + 1});
    if (i > 0) overlaps.push_back({i - 1, i, 0});
  }
  EXPECT_EQ(Place(buffers, overlaps, 100).bytes, 8000);
  EXPECT_EQ(Place(buffers, {}, 100).bytes, 16000);
}

TEST(Place, PaysForALeadOnce) {
  // Each output lies 64 bytes below its input, so a chain of three climbs down by 128.
  const std::vector<Buffer> buffers = {{1024, 0, 1}, {1024, 1, 2}, {1024, 2, 3}};
  const std::vector<Overlap> overlaps = {{0, 1, 64}, {1, 2, 64}};
  const Layout layout = Place(buffers, overlaps, 100);
  EXPECT_EQ(layout.bytes, 1024 + 128);
  EXPECT_EQ(layout.least_bytes, 1024 + 64) << "that is what one step needs";
}

TEST(Place, LetsAnOutputGrowOverItsInputFromBelow) {
  // 100 bytes become 400, four for each that is read: when the last input byte is read, 396 are written.
  const std::vector<Buffer> buffers = {{112, 0, 1}, {448, 1, 2}};
  EXPECT_EQ(Place(buffers, {{0, 1, 336}}, 10).bytes, 448);
  EXPECT_EQ(Place(buffers, {}, 10).bytes, 560);
}

TEST(Place, TakesNothingForNothing) {
  EXPECT_EQ(Place({}, {}, 10).bytes, 0);
  EXPECT_EQ(Place({{0, 0, 0}, {0, 0, 3}}, {}, 10).bytes, 0);
}

TEST(Place, FindsTheLeastOfThreeBuffersThatGreedyPlacingMisses) {
  // The largest first puts 48 at 0 and 32 above it, so that 64 (alive with both ends) has no room below 80.
  const std::vector<Buffer> buffers = {{32, 0, 1}, {48, 1, 2}, {64, 2, 3}, {16, 0, 3}};
  const Layout layout = Place(buffers, {}, 500);
  EXPECT_EQ(layout.bytes, layout.least_bytes);
}

}  // namespace
}  // namespace thimble::compiler
