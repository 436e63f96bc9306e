#include "compiler/package.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/crc32.h"
#include "compiler/planned_runs.h"
#include "compiler/test_plans.h"
#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/package.h"
#include "steps/all_steps.h"
#include "steps/operator_call/step.h"

namespace thimble::compiler {
namespace {

using kernels::AllOperators;
using runtime::Fault;
using runtime::PlannedPackage;
using steps::AllSteps;

Plan CompileOrFail(const AlignedBytes& model, steps::Target target = steps::Target::kCortexM4) {
  CompileOptions options;
  options.target = target;
  Expected<Plan> plan = Compile(model.span(), options);
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
  return plan.ok() ? std::move(*plan) : Plan();
}

/// A package, its arena of exactly the size it takes, and the network.
struct Opened {
  AlignedBytes package;
  AlignedBytes arena;
  PlannedPackage network;

  explicit Opened(const Plan& plan) : package(WritePackage(plan)), arena(plan.arena_bytes) {
    Fault fault;
    const Status status = network.Open(package.span(), AllSteps(), AllOperators(), arena.span(), &fault);
    EXPECT_TRUE(ok(status)) << Sentence(fault.reason) << " (step " << fault.operator_index << " of graph "
                            << fault.subgraph_index << ")";
  }
};

TEST(PlannedPackage, GivesTheInterpretersBits) {
  for (const NamedModel& small : SmallModels()) {
    SCOPED_TRACE(small.name);
    runtime::Loaded loaded(small.model.Build());
    for (const steps::Target target :
         {steps::Target::kCortexM0, steps::Target::kCortexM4, steps::Target::kCortexM55, steps::Target::kX86}) {
      Opened opened(CompileOrFail(loaded.model, target));
      ExpectTheSame(loaded.network, opened.network, 6);
      ExpectTheSame(loaded.network, opened.network, 6);  // from the beginning
    }
  }
}

TEST(PlannedPackage, GivesTheInterpretersBitsForTheGoldenModels) {
  if (runtime::GoldenModels().empty()) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  for (const auto& entry : std::filesystem::directory_iterator(runtime::GoldenModels())) {
    if (!std::filesystem::exists(entry.path() / "model.tflite")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    runtime::Loaded loaded(runtime::ReadAligned(entry.path() / "model.tflite"));
    Opened opened(CompileOrFail(loaded.model));
    ExpectTheSame(loaded.network, opened.network, 2);
  }
}

TEST(PlannedPackage, IsTheExampleOfTheFormatPage) {
  Plan plan;
  plan.graphs.resize(1);
  const std::vector<std::byte> package = WritePackage(plan);
  std::string text;
  for (size_t i = 0; i < package.size(); ++i) {
    char piece[32];
    if (i % 16 == 0) std::snprintf(piece, sizeof piece, "%s%02zx", i == 0 ? "" : "\n", i);
    if (i % 16 == 0) text += piece;
    std::snprintf(piece, sizeof piece, "%s%02x", i % 4 == 0 ? "  " : " ", std::to_integer<unsigned>(package[i]));
    text += piece;
  }
  std::ifstream page(std::filesystem::path(THIMBLE_SOURCE_DIR) / "docs/formats/package.md");
  const std::string words{std::istreambuf_iterator<char>(page), {}};
  EXPECT_NE(words.find("```\n" + text + "\n```"), std::string::npos) << text;
  Opened opened(plan);  // and it runs
  EXPECT_TRUE(ok(opened.network.Invoke()));
}

TEST(PlannedPackage, IsTheSameBytesEachTime) {
  const AlignedBytes model = SmallClassifier().Build();
  EXPECT_EQ(WritePackage(CompileOrFail(model)), WritePackage(CompileOrFail(model)));
}

TEST(PlannedPackage, EndsALoopThatWouldRunForEver) {
  Opened opened(CompileOrFail(runtime::subgraph_models::Counter().Build()));
  const auto count_to = [&](float limit, uint32_t most_runs) {
    *opened.network.input(0).As<float>() = 0;
    *opened.network.input(1).As<float>() = limit;
    return opened.network.Invoke(most_runs);
  };
  EXPECT_EQ(count_to(std::numeric_limits<float>::infinity(), runtime::kMostSubgraphRuns), Status::kCancelled);
  EXPECT_EQ(count_to(5, 10), Status::kCancelled);
  EXPECT_EQ(count_to(5, 11), Status::kOk);  // six conditions, five bodies
  EXPECT_EQ(*opened.network.output(0).As<float>(), 5);
}

TEST(PlannedPackage, SaysWhatIsMissing) {
  const Plan plan = CompileOrFail(runtime::subgraph_models::Adder(1).Build());
  const AlignedBytes package(WritePackage(plan));
  const AlignedBytes arena(plan.arena_bytes);
  PlannedPackage network;
  Fault fault;
  const auto open = [&](auto known_steps, auto operators, std::span<std::byte> memory) {
    const Status status = network.Open(package.span(), known_steps, operators, memory, &fault);
    EXPECT_EQ(status, StatusOf(fault.reason));
    return fault.reason;
  };
  EXPECT_EQ(open(AllSteps(), AllOperators(), arena.span()), runtime::Reason::kNone);
  EXPECT_EQ(open(std::span<const steps::Step* const>(), AllOperators(), arena.span()), runtime::Reason::kStepMissing);
  EXPECT_EQ(fault.operator_index, 0);
  EXPECT_EQ(open(AllSteps(), std::span<const kernels::Operator* const>(), arena.span()),
            runtime::Reason::kOperatorMissing);
  EXPECT_EQ(open(AllSteps(), AllOperators(), arena.span().first(plan.arena_bytes - 1)),
            runtime::Reason::kArenaTooSmall);
  EXPECT_EQ(network.arena_bytes(), plan.arena_bytes);
  const AlignedBytes larger(plan.arena_bytes + 16);
  EXPECT_EQ(open(AllSteps(), AllOperators(), larger.span().subspan(4)), runtime::Reason::kArenaMisaligned);
}

// Nothing that is cut or changed on the way is taken for a package.
TEST(PlannedPackage, IsRefusedWhenItIsCutOrChanged) {
  const std::vector<std::byte> whole = WritePackage(CompileOrFail(SmallClassifier().Build()));
  Fault fault;
  for (size_t bytes = 0; bytes < whole.size(); bytes += bytes < 200 ? 1 : 97) {
    const AlignedBytes cut(std::span<const std::byte>(whole).first(bytes));
    EXPECT_FALSE(ok(CheckPackage(cut.span(), AllSteps(), AllOperators(), fault))) << bytes;
  }
  AlignedBytes changed{std::span<const std::byte>(whole)};
  for (size_t at = 0; at < whole.size(); at += at < 200 ? 1 : 89) {
    changed.span()[at] ^= std::byte{1};
    EXPECT_FALSE(ok(CheckPackage(changed.span(), AllSteps(), AllOperators(), fault))) << at;
    changed.span()[at] ^= std::byte{1};
  }
  EXPECT_TRUE(ok(CheckPackage(changed.span(), AllSteps(), AllOperators(), fault)));
}

// Somebody who can compute a checksum gets no further: what is taken runs within its memory, which the address
// sanitizer watches.
TEST(PlannedPackage, IsHarmlessWhateverItHolds) {
  Random random(3);
  int taken = 0, refused = 0;
  for (const NamedModel& small : SmallModels()) {
    const std::vector<std::byte> whole = WritePackage(CompileOrFail(small.model.Build()));
    runtime::PackageHeader header;
    std::memcpy(&header, whole.data(), sizeof header);
    for (int round = 0; round < 3000; ++round) {
      AlignedBytes package{std::span<const std::byte>(whole)};
      const std::span<std::byte> bytes = package.span();
      for (uint32_t changes = 1 + random.Below(3); changes > 0; --changes) {
        // Tables more often than weights, words more often than bytes.
        const auto words = static_cast<uint32_t>(random.Chance(0.7) ? header.constants : bytes.size()) / 4;
        const uint32_t at = 4 * random.Below(words);
        uint32_t word;
        std::memcpy(&word, &bytes[at], sizeof word);
        constexpr uint32_t kEdges[] = {0, 1, 4, 16, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0};
        const uint32_t kind = random.Below(4);
        word = kind == 0   ? static_cast<uint32_t>(random.Next())
               : kind == 1 ? kEdges[random.Below(8)]
               : kind == 2 ? word + 4 * random.Below(9) - 16
                           : word ^ 1u << random.Below(32);
        std::memcpy(&bytes[at], &word, sizeof word);
      }
      constexpr size_t kCrcEnd = offsetof(runtime::PackageHeader, crc) + sizeof(uint32_t);
      std::memcpy(&header, bytes.data(), sizeof header);
      if (header.bytes < sizeof header || header.bytes > bytes.size())
        header.bytes = static_cast<uint32_t>(bytes.size());
      header.crc = Crc32(bytes.subspan(kCrcEnd, header.bytes - kCrcEnd));
      std::memcpy(&bytes[offsetof(runtime::PackageHeader, crc)], &header.crc, sizeof header.crc);

      Fault fault;
      PlannedPackage network;
      Status status = network.Open(package.span(), AllSteps(), AllOperators(), {}, &fault);
      if (status == Status::kOutOfMemory && network.arena_bytes() < size_t{1} << 20) {
        const AlignedBytes arena(network.arena_bytes());
        std::memset(arena.span().data(), 1, arena.span().size());
        status = network.Open(package.span(), AllSteps(), AllOperators(), arena.span(), &fault);
        if (ok(status)) {
          ++taken;
          (void)network.Invoke(8);
          for (int i = 0; i < network.output_count(); ++i) (void)network.output(i).shape.Count();
          continue;
        }
      }
      ++refused;
      EXPECT_FALSE(std::string(Sentence(fault.reason)).empty());
      std::memcpy(&header, whole.data(), sizeof header);
    }
  }
  EXPECT_GT(taken, 500);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace thimble::compiler
