// The same sources on the laptop and on every board in QEMU: the same bits, and a sentence when something breaks.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "base/hash.h"
#include "compiler/command.h"
#include "compiler/emit.h"
#include "compiler/firmware_build.h"
#include "compiler/impulse_file.h"
#include "dsp/fingerprint.h"
#include "firmware/all_boards.h"
#include "firmware/model_runner/memory.h"
#include "firmware/sliding_window.h"
#include "kernels/all_operators.h"
#include "runtime/network.h"
#include "simulator/board_client.h"
#include "simulator/kit_link.h"
#include "simulator/program.h"
#include "simulator/qemu.h"
#include "simulator/start_board.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"
#include "trainer/test_models.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using simulator::BoardClient;
using simulator::BoardVerdict;
using simulator::Qemu;
using Bytes = std::vector<std::byte>;

#define ASSERT_FINE(expected) ASSERT_TRUE((expected).ok()) << (expected).error().message

const fs::path kDevice = THIMBLE_DEVICE_DIR;
const fs::path kModelRunner = kDevice / "model_runner.elf";
const std::string kBoard = "mps2_an386";

Bytes ReadBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

std::string ReadText(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteText(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

/// A folder of the running test's own.
fs::path Folder() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string("thimble_") + test->test_suite_name() + "_" + test->name();
  for (char& letter : name) letter = letter == '/' ? '_' : letter;
  fs::path folder = fs::path(testing::TempDir()) / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

/// The device build for a board: build/device for the one that most tests use, build/device-<board> for the others.
fs::path DeviceFolder(const std::string& board) {
  return board == kBoard ? kDevice : fs::path(kDevice.string() + "-" + board);
}

fs::path ModelRunner(const std::string& board) { return DeviceFolder(board) / "model_runner.elf"; }

std::string Missing(const std::string& board) {
  return ModelRunner(board).string() + " is missing: ./run build and ./run build boards make it";
}

class Device : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kModelRunner)) GTEST_SKIP() << Missing(kBoard);
  }
};

// Every board.

const std::string kVirtualKit = "az3166";

/// A classifier with random weights.
Bytes RandomModel(int feature_count, int label_count) {
  std::mt19937 random(7);
  const auto number = [&] { return static_cast<float>(random() % 2001) / 1000 - 1; };
  const auto numbers = [&](int count) {
    std::vector<float> values;
    for (int i = 0; i < count; ++i) values.push_back(number());
    return values;
  };
  constexpr int kUnits = 12;
  const std::vector<float> first = numbers(feature_count * kUnits), first_bias = numbers(kUnits);
  const std::vector<float> last = numbers(kUnits * label_count), last_bias = numbers(label_count);
  const trainer::Model network = trainer::DenseModel(
      feature_count, {trainer::Weights(first, first_bias), trainer::Weights(last, last_bias)}, true);
  std::vector<float> rows = numbers(50 * feature_count);
  for (float& value : rows) value *= 3;
  const auto quantised = trainer::Quantise(network, rows);
  EXPECT_TRUE(quantised.ok());
  return trainer::WriteTflite(*quantised);
}

/// A network on this machine, in as much memory as it needs.
class Laptop {
 public:
  /// False when it cannot be loaded.
  bool Load(const Bytes& model) {
    model_.assign(model.begin(), model.end());
    return ok(network_.Load(model_, kernels::AllOperators(), arena_));
  }
  Bytes Run(const Bytes& input) {
    const kernels::Tensor in = network_.input(0);
    EXPECT_EQ(input.size(), in.SizeBytes());
    std::memcpy(in.data, input.data(), in.SizeBytes());
    EXPECT_TRUE(ok(network_.Invoke()));
    const kernels::Tensor out = network_.output(0);
    return {out.As<std::byte>(), out.As<std::byte>() + out.SizeBytes()};
  }
  void Reset() { network_.Reset(); }
  bool has_float_output() const { return network_.output(0).type == kernels::Type::kFloat32; }
  size_t arena_bytes() const { return network_.arena_bytes(); }

 private:
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  Bytes model_;
  std::vector<Block> blocks_ = std::vector<Block>(1 << 18);
  std::span<std::byte> arena_ = std::as_writable_bytes(std::span(blocks_));
  runtime::Network network_;
};

/// Why the model cannot run on the board, by arithmetic; empty when it can.
std::string DoesNotFit(const firmware::Board& board, size_t model_bytes, size_t arena_bytes) {
  const auto program = simulator::LoadProgram(ModelRunner(board.name), board);
  if (!program.ok()) return program.error().message;
  const size_t flash = program->flash_bytes + (model_bytes + 15) / 16 * 16 + firmware::kModelTrailerBytes;
  if (board.extra.bytes == 0 && flash > board.flash.bytes) {
    return "model and program take " + std::to_string(flash) + " of " + std::to_string(board.flash.bytes) +
           " bytes of flash";
  }
  const size_t ram = (program->ram_bytes + 15) / 16 * 16 + arena_bytes;
  if (ram > board.ram.bytes) {
    return "arena and program take " + std::to_string(ram) + " of " + std::to_string(board.ram.bytes) + " bytes of RAM";
  }
  return {};
}

class GoldenModel : public testing::TestWithParam<std::tuple<std::string, const char*>> {};

TEST_P(GoldenModel, IsExactToTheLastBit) {
  const auto& [name, model_name] = GetParam();
  const firmware::Board& board = *firmware::FindBoard(name);
  if (!fs::exists(ModelRunner(name))) GTEST_SKIP() << Missing(name);
  const char* shared = std::getenv("THIMBLE_SHARED");
  const fs::path folder =
      fs::path(shared != nullptr ? shared : THIMBLE_SOURCE_DIR "/../shared") / "golden/models" / model_name;
  if (!fs::exists(folder)) GTEST_SKIP() << folder.string() << " is missing: set THIMBLE_SHARED";
  const Bytes model = ReadBytes(folder / "model.tflite");
  Laptop laptop;
  ASSERT_TRUE(laptop.Load(model));

  const std::string too_large = DoesNotFit(board, model.size(), laptop.arena_bytes());
  if (!too_large.empty()) {
    const auto link =
        simulator::StartBoard({.elf = ModelRunner(name), .board = name, .model = folder / "model.tflite"});
    EXPECT_FALSE(link.ok() && BoardClient(**link).Introduce().ok()) << "it does run, although " << too_large;
    EXPECT_EQ(board.extra.bytes, 0u) << "a board with extra memory should hold every golden model";
    GTEST_SKIP() << "does not fit " << name << ": " << too_large;
  }
  for (const std::string seed : {"12345", "1"}) {
    // Each vector is a first inference, so the board starts anew.
    auto link = simulator::StartBoard({.elf = ModelRunner(name), .board = name, .model = folder / "model.tflite"});
    ASSERT_FINE(link);
    BoardClient client(**link, {.timeout_ms = 100'000});
    const auto about = client.Introduce();
    // No arithmetic tells how much stack an operator with many operands takes.
    if (board.extra.bytes == 0 && !about.ok() &&
        about.error().message.find("the stack is too small") != std::string::npos) {
      GTEST_SKIP() << "does not fit " << name << ": " << about.error().message;
    }
    ASSERT_FINE(about);
    EXPECT_EQ(about->board, name);
    EXPECT_EQ(about->arena_bytes, laptop.arena_bytes()) << "the laptop's plan is not the board's";
    const Bytes input = ReadBytes(folder / ("input_" + seed + ".bin"));
    const auto run = client.RunModel(input);
    ASSERT_FINE(run);
    laptop.Reset();
    EXPECT_EQ(run->output, laptop.Run(input)) << seed << ": laptop and board differ";
    // Others add floats in another order, so theirs are another matter than ours; integers are the same everywhere.
    if (!laptop.has_float_output()) {
      EXPECT_EQ(run->output, ReadBytes(folder / ("output_" + seed + ".bin"))) << seed;
    }
    EXPECT_EQ(run->instructions > 0, board.instructions_per_tick > 0) << "elsewhere ticks are time";
    RecordProperty("instructions_" + seed, std::to_string(run->instructions));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenModel,
                         testing::Combine(testing::ValuesIn(simulator::VirtualBoards()),
                                          testing::Values("hello_int8", "ad01_int8", "kws_dscnn_int8", "vww_96_int8",
                                                          "ic_resnet8_int8", "person_detect_int8", "sww_int8",
                                                          "micro_speech_int8", "mnist_lstm_int8",
                                                          "keyword_scrambled_8bit", "hello_float", "ad01_fp32")),
                         [](const auto& test) { return std::get<0>(test.param) + "_" + std::get<1>(test.param); });

class EveryBoard : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(ModelRunner(GetParam()))) GTEST_SKIP() << Missing(GetParam());
  }
};

TEST_P(EveryBoard, ComputesTheSameFingerprintOfAllSignalProcessing) {
  const firmware::Board& board = *firmware::FindBoard(GetParam());
  const fs::path folder = Folder();
  WriteText(folder / "none.tflite", "no model");
  auto link =
      simulator::StartBoard({.elf = ModelRunner(GetParam()), .board = GetParam(), .model = folder / "none.tflite"});
  ASSERT_FINE(link);
  const auto proof = BoardClient(**link, {.timeout_ms = 100'000}).Prove();
  if (const auto too_large = DoesNotFit(board, 0, dsp::kFingerprintBytes); !too_large.empty()) {
    ASSERT_FALSE(proof.ok());
    EXPECT_NE(proof.error().message.find(Reason(Status::kOutOfMemory)), std::string::npos) << proof.error().message;
    GTEST_SKIP() << "does not fit " << GetParam() << ": " << too_large;
  }
  ASSERT_FINE(proof);
  alignas(16) static std::byte memory[dsp::kFingerprintBytes];
  EXPECT_EQ(*proof, dsp::Fingerprint(memory));
  EXPECT_NE(*proof, 0u);
}

TEST_P(EveryBoard, CountsTheSameInstructionsInEveryRun) {
  if (GetParam() == kVirtualKit) GTEST_SKIP() << "its ticks are time";
  const Bytes model = RandomModel(12, 3);
  const fs::path folder = Folder();
  std::ofstream(folder / "model.tflite", std::ios::binary)
      .write(reinterpret_cast<const char*>(model.data()), static_cast<std::streamsize>(model.size()));
  std::vector<uint64_t> counts;
  for (int run = 0; run < 2; ++run) {
    auto qemu = Qemu::Start({.elf = ModelRunner(GetParam()), .board = GetParam(), .model = folder / "model.tflite"});
    ASSERT_FINE(qemu);
    const auto ran = BoardClient(**qemu).RunModel(Bytes(12, std::byte{5}));
    ASSERT_FINE(ran);
    counts.push_back(ran->instructions);
  }
  EXPECT_GT(counts[0], 1000u);
  EXPECT_EQ(counts[0], counts[1]);
}

INSTANTIATE_TEST_SUITE_P(Boards, EveryBoard, testing::ValuesIn(simulator::VirtualBoards()),
                         [](const auto& test) { return test.param; });

// The processor that we wrote, and the one that QEMU's authors wrote.

/// What the board check says of the processor: its lines from "cpu id" to "cpu done".
std::string ProcessorLines(const std::string& said) {
  const size_t begin = said.find("cpu id"), end = said.find("cpu done");
  return begin == std::string::npos || end == std::string::npos ? "nothing, or not all: " + said
                                                                : said.substr(begin, end - begin);
}

TEST(BoardCheck, SaysTheSameOfTheProcessorInQemu) {
  const fs::path elf = DeviceFolder(kVirtualKit) / "board_check.elf";
  if (!fs::exists(elf)) GTEST_SKIP() << elf.string() << " is missing: ./run build makes it";
  auto kit = simulator::KitLink::Start(elf);
  ASSERT_FINE(kit);
  std::string said;
  while (said.find("cpu done") == std::string::npos && (*kit)->kit().chip().NowNs() < 1'000'000'000) {
    std::array<std::byte, 256> buffer;
    const auto count = (*kit)->Read(buffer, 10);
    ASSERT_FINE(count);
    said.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }

  // QEMU's board with a Cortex-M4F and an STM32's serial lines starts at the beginning of flash, so the program's stack
  // and reset vector are put there as well. Its clocks and the kit's devices it has not: only the processor counts.
  const auto program = simulator::LoadProgram(elf, *firmware::FindBoard(kVirtualKit));
  ASSERT_FINE(program);
  const fs::path folder = Folder();
  const fs::path vectors = folder / "vectors.bin", log = folder / "log.txt";
  std::ofstream(vectors, std::ios::binary)
      .write(reinterpret_cast<const char*>(program->segments.front().bytes.data()), 8);
  auto qemu = compiler::Command::Start(
      {"sh", "-c",
       "qemu-system-arm -M netduinoplus2 -kernel \"$0\" -device loader,file=\"$1\",addr=0x08000000 -display none "
       "-monitor none -serial none -serial none -serial none -serial none -serial none -serial file:\"$2\" & qemu=$!; "
       "for turn in $(seq 300); do grep -q 'cpu done' \"$2\" && break; sleep 0.1; done; kill $qemu",
       elf.string(), vectors.string(), log.string()});
  ASSERT_FINE(qemu);
  qemu->Wait();
  EXPECT_EQ(ProcessorLines(said), ProcessorLines(ReadText(log)));
  EXPECT_EQ(ProcessorLines(said).find("FAILED"), std::string::npos) << said;
  EXPECT_NE(ProcessorLines(said).find("cpu memory that is read-only ok"), std::string::npos) << said;
}

// An impulse.

compiler::ImpulseDescription Gestures() {
  return {.name = "random \"gestures\"",
          .axes = {{"accX", "g"}, {"accY", "g"}, {"accZ", "g"}},
          .rate_hz = 104,
          .window_readings = 64,
          .stride_readings = 24,
          .block = compiler::DefaultParams("spectral_analysis"),
          .labels = {"idle", "wave", "up?\?-", "snake\n"},
          .data_hash = {}};
}

Expected<compiler::Firmware> Build(const fs::path& folder, const compiler::BoundImpulse& bound, const Bytes& model) {
  WriteText(folder / "model.h", compiler::EmitModelHeader("gestures_tflite", "gestures", model.size()));
  WriteText(folder / "model.cc", compiler::EmitModelSource("gestures_tflite", "model.h", model));
  WriteText(folder / "impulse.cc", compiler::EmitImpulseSource(bound, "gestures_tflite", "model.h"));
  return compiler::BuildFirmware({.folder = folder, .device_directory = kDevice});
}

std::vector<float> RandomSamples(int readings, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> samples;
  for (int i = 0; i < readings * 3; ++i) samples.push_back(static_cast<float>(static_cast<int>(random())) / 5e8f);
  return samples;
}

TEST_F(Device, GivesTheSameFeaturesScoresAndLabelsAsTheLaptop) {
  const fs::path folder = Folder();
  const Bytes model = RandomModel(39, 4);
  const auto bound = compiler::BoundImpulse::Bind(Gestures(), model);
  ASSERT_FINE(bound);
  const auto begin = std::chrono::steady_clock::now();
  const auto firmware = Build(folder, *bound, model);
  ASSERT_FINE(firmware);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  RecordProperty("build_seconds", std::to_string(seconds.count()));
  EXPECT_EQ(firmware->flash_model_bytes, model.size());
  EXPECT_GT(firmware->flash_code_bytes, 5'000u);
  EXPECT_LT(firmware->flash_code_bytes, 50'000u);
  EXPECT_GT(firmware->ram_bytes, bound->arena_bytes());
  RecordProperty("flash_code_bytes", std::to_string(firmware->flash_code_bytes));

  auto board = Qemu::Start({.elf = firmware->elf});
  ASSERT_FINE(board);
  BoardClient client(**board);
  const auto about = client.Introduce();
  ASSERT_FINE(about);
  EXPECT_EQ(about->board, "mps2_an386");
  EXPECT_EQ(about->impulse, "random \"gestures\"");
  EXPECT_EQ(about->label_count, 4);
  EXPECT_EQ(about->arena_bytes, bound->arena_bytes()) << "the laptop's plan is not the board's";

  runtime::Session& session = bound->session();
  for (const int readings : {200, 63, 64, 500}) {  // one recording after the other, one of them too short
    const std::vector<float> samples = RandomSamples(readings, static_cast<uint32_t>(readings));
    const auto verdicts = client.Judge(samples);
    ASSERT_FINE(verdicts);
    ASSERT_EQ(verdicts->size(), readings < 64 ? 0u : static_cast<size_t>((readings - 64) / 24 + 1));
    for (const BoardVerdict& verdict : *verdicts) {
      std::copy_n(samples.begin() + verdict.window * 24 * 3, 64 * 3, session.window().begin());
      const runtime::Verdict expected = session.Run();
      EXPECT_EQ(verdict.features_hash, Fnv1a(std::as_bytes(session.features()))) << verdict.window;
      EXPECT_EQ(verdict.label, expected.label) << verdict.window;
      EXPECT_EQ(verdict.raw_scores, Bytes(expected.raw_scores.begin(), expected.raw_scores.end())) << verdict.window;
      EXPECT_GT(verdict.dsp_instructions, 1000u);
      EXPECT_GT(verdict.network_instructions, 1000u);
    }
  }
}

TEST_F(Device, CountsTheSameInstructionsInEveryRun) {
  const fs::path folder = Folder();
  const Bytes model = RandomModel(39, 4);
  const auto bound = compiler::BoundImpulse::Bind(Gestures(), model);
  ASSERT_FINE(bound);
  const auto firmware = Build(folder, *bound, model);
  ASSERT_FINE(firmware);
  std::vector<std::vector<uint64_t>> counts(2);
  for (auto& run : counts) {
    auto board = Qemu::Start({.elf = firmware->elf});
    ASSERT_FINE(board);
    BoardClient client(**board);
    const auto verdicts = client.Judge(RandomSamples(400, 3));
    ASSERT_FINE(verdicts);
    for (const BoardVerdict& verdict : *verdicts) {
      run.push_back(verdict.dsp_instructions);
      run.push_back(verdict.network_instructions);
    }
  }
  EXPECT_EQ(counts[0], counts[1]);
}

// When something breaks.

/// An impulse whose block does `body` instead of extracting features.
Expected<compiler::Firmware> BuildWithBlock(const fs::path& folder, const std::string& body, size_t arena_bytes = 4096,
                                            const std::string& board = kBoard) {
  const Bytes model = RandomModel(6, 2);
  WriteText(folder / "model.cc", compiler::EmitModelSource("m", "model.h", model));
  WriteText(folder / "model.h", compiler::EmitModelHeader("m", "m", model.size()));
  WriteText(folder / "impulse.cc", R"(
#include "runtime/linked_impulse.h"
#include "kernels/fully_connected/op.h"
#include "kernels/softmax/op.h"
#include "model.h"
namespace thimble::runtime {
constexpr auto kZero = [](const void*, const dsp::Window&) -> size_t { return 0; };
constexpr dsp::Block kBlock = {
    "broken", [](const void*, const dsp::Window&) { return Status::kOk; },
    [](const void*, const dsp::Window&) -> size_t { return 6; }, kZero, kZero,
    [](const void*, const dsp::Window&, std::span<std::byte>) {},
    [](const void*, const dsp::Window&, std::span<const std::byte>, std::span<const float> samples, std::span<float>,
       std::span<std::byte>) { (void)samples; )" +
                                       body + R"( }};
constexpr const kernels::Operator* kOperators[] = {&kernels::kOperator<kernels::FullyConnected>,
                                                   &kernels::kOperator<kernels::Softmax>};
alignas(16) std::byte arena[)" + std::to_string(arena_bytes) +
                                       R"(];
constinit const Impulse kLinkedImpulse = {.name = "broken", .window = {1, 4, 1}, .stride_readings = 4,
    .block = &kBlock, .model = {m, )" + std::to_string(model.size()) +
                                       R"(}, .operators = kOperators};
constinit const std::span<std::byte> kLinkedArena = arena;
}
)");
  return compiler::BuildFirmware({.folder = folder, .device_directory = DeviceFolder(board), .board = board});
}

/// The sentence that comes of judging four readings with such an impulse.
Error JudgeWithBlock(const std::string& body, simulator::ClientOptions options = {},
                     const std::string& board = kBoard) {
  const auto firmware = BuildWithBlock(Folder(), body, 4096, board);
  if (!firmware.ok()) return firmware.error();
  auto link = simulator::StartBoard({.elf = firmware->elf, .board = board});
  if (!link.ok()) return link.error();
  const auto verdicts = BoardClient(**link, options).Judge(std::vector<float>{1, 2, 3, 0});
  return verdicts.ok() ? Error{Status::kOk, "no error"} : verdicts.error();
}

TEST_F(Device, SaysWhereItsProgramTookAFault) {
  const Error undefined = JudgeWithBlock("__asm volatile(\"udf #0\");");
  EXPECT_EQ(undefined.status, Status::kDeviceFailed);
  EXPECT_NE(undefined.message.find("impossible instruction (pc 0x0000"), std::string::npos) << undefined.message;

  const Error nothing = JudgeWithBlock("*reinterpret_cast<volatile int*>(0x60000000) = 1;");
  EXPECT_NE(nothing.message.find("access to nothing"), std::string::npos) << nothing.message;

  const Error division = JudgeWithBlock("volatile int zero = 0; volatile int seven = 7; seven = seven / zero;");
  EXPECT_NE(division.message.find("division by zero"), std::string::npos) << division.message;
}

TEST_F(Device, ReportsAStackThatIsTooSmall) {
  const Error error =
      JudgeWithBlock("volatile char large[200000]; for (size_t i = sizeof large; i-- > 0;) large[i] = 1;");
  EXPECT_EQ(error.status, Status::kDeviceFailed);
  EXPECT_NE(error.message.find("the stack is too small"), std::string::npos) << error.message;
}

TEST_P(EveryBoard, ReportsItsFaults) {
  // Armv6-M knows that there is a fault, but not which.
  const bool knows_why = !std::string(firmware::FindBoard(GetParam())->core).starts_with("cortex-m0");
  const auto judge = [&](const std::string& body) { return JudgeWithBlock(body, {}, GetParam()).message; };
  const std::string undefined = judge("__asm volatile(\"udf #0\");");
  EXPECT_NE(undefined.find(knows_why ? "impossible instruction (pc 0x" : "fault 3 (pc 0x"), std::string::npos)
      << undefined;
  const std::string stack = judge("volatile char large[40000]; for (size_t i = sizeof large; i-- > 0;) large[i] = 1;");
  EXPECT_NE(stack.find("the stack is too small"), std::string::npos) << stack;
}

TEST_F(Device, ThatIsSilentOrNoLongerWantedIsGivenUp) {
  const Error silent = JudgeWithBlock("while (samples[0] == 1) __asm volatile(\"\");", {.timeout_ms = 1000});
  EXPECT_EQ(silent.status, Status::kDeviceFailed);
  EXPECT_NE(silent.message.find("silent for 1 s"), std::string::npos) << silent.message;

  const std::atomic<bool> cancel = true;
  const Error cancelled = JudgeWithBlock("while (samples[0] == 1) __asm volatile(\"\");", {.cancel = &cancel});
  EXPECT_EQ(cancelled.status, Status::kCancelled);
}

TEST_F(Device, RefusesAModelInASentence) {
  const fs::path folder = Folder();
  WriteText(folder / "bad,model.tflite", std::string(64, 'x'));
  auto board = Qemu::Start({.elf = kModelRunner, .model = folder / "bad,model.tflite"});
  ASSERT_FINE(board);
  const auto about = BoardClient(**board).Introduce();
  ASSERT_FALSE(about.ok());
  EXPECT_NE(about.error().message.find("the model cannot be loaded: "), std::string::npos) << about.error().message;
  EXPECT_NE(about.error().message.find("TFL3"), std::string::npos) << about.error().message;
}

TEST_F(Device, RefusesWhatItsApplicationDoesNotDo) {
  const fs::path folder = Folder();
  const auto firmware = BuildWithBlock(folder, "");
  ASSERT_FINE(firmware);
  auto board = Qemu::Start({.elf = firmware->elf});
  ASSERT_FINE(board);
  BoardClient client(**board);
  const auto proof = client.Prove();
  ASSERT_FALSE(proof.ok());
  EXPECT_NE(proof.error().message.find(Reason(Status::kUnsupported)), std::string::npos) << proof.error().message;
  EXPECT_TRUE(client.Judge(std::vector<float>{1, 2, 3, 4}).ok()) << "and goes on afterwards";
}

TEST_F(Device, IsNotStartedWithoutItsParts) {
  const fs::path folder = Folder();
  const auto no_elf = Qemu::Start({.elf = folder / "none.elf"});
  ASSERT_FALSE(no_elf.ok());
  EXPECT_EQ(no_elf.error().status, Status::kNotFound);
  const auto no_model = Qemu::Start({.elf = kModelRunner, .model = folder / "none.tflite"});
  ASSERT_FALSE(no_model.ok());
  EXPECT_EQ(no_model.error().status, Status::kNotFound);
  const auto no_board = Qemu::Start({.elf = kModelRunner, .board = "none"});
  ASSERT_FALSE(no_board.ok());
  EXPECT_EQ(no_board.error().status, Status::kNotFound);
  const auto no_machine = Qemu::Start({.elf = kModelRunner, .board = "az3166"});
  ASSERT_FALSE(no_machine.ok());
  EXPECT_NE(no_machine.error().message.find("az3166: QEMU does not have this board; it has microbit, "),
            std::string::npos)
      << no_machine.error().message;
  const auto no_qemu = Qemu::Start({.elf = kModelRunner, .program = "qemu-system-none"});
  ASSERT_FALSE(no_qemu.ok());
  EXPECT_EQ(no_qemu.error().status, Status::kNotFound);
  EXPECT_NE(no_qemu.error().message.find("apt-get install qemu-system-arm"), std::string::npos);

  WriteText(folder / "text.elf", "no ELF");
  WriteText(folder / "large.tflite", std::string(300'000, 'x'));
  const auto damaged = Qemu::Start({.elf = folder / "text.elf", .board = "microbit", .model = folder / "text.elf"});
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().status, Status::kDataLoss);
  if (fs::exists(ModelRunner("microbit"))) {
    const auto too_large =
        Qemu::Start({.elf = ModelRunner("microbit"), .board = "microbit", .model = folder / "large.tflite"});
    ASSERT_FALSE(too_large.ok());
    EXPECT_EQ(too_large.error().status, Status::kInvalidArgument);
    EXPECT_NE(too_large.error().message.find("300000 bytes do not fit"), std::string::npos);
  }
  auto text = Qemu::Start({.elf = folder / "text.elf"});
  ASSERT_FINE(text);
  const auto about = BoardClient(**text, {.timeout_ms = 5000}).Introduce();
  ASSERT_FALSE(about.ok());
  EXPECT_EQ(about.error().status, Status::kDeviceFailed);
}

/// Whether a process that has `text` in its command line runs.
bool IsRunning(const std::string& text) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    if (ReadText(entry.path() / "cmdline").find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_F(Device, EndsWithTheProgramThatStartedIt) {
  const fs::path elf = Folder() / "firmware.elf";
  fs::copy_file(kModelRunner, elf);
  const pid_t child = fork();
  if (child == 0) {
    const auto board = Qemu::Start({.elf = elf});
    _exit(board.ok() && IsRunning(elf.string()) ? 0 : 1);  // without a destructor, as after a crash
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (int tenths = 0; tenths < 50 && IsRunning(elf.string()); ++tenths) usleep(100'000);
  EXPECT_FALSE(IsRunning(elf.string()));
  {
    const auto board = Qemu::Start({.elf = elf});
    ASSERT_FINE(board);
    EXPECT_TRUE(IsRunning(elf.string()));
  }
  EXPECT_FALSE(IsRunning(elf.string())) << "the object is gone, the process is not";
}

TEST_F(Device, FirmwareThatCannotBeBuiltSaysWhy) {
  const fs::path folder = Folder();
  EXPECT_NE(compiler::BuildFirmware({.folder = folder, .device_directory = kDevice})
                .error()
                .message.find("model.cc: no such file"),
            std::string::npos);

  const auto wrong = BuildWithBlock(folder, "this is no C++;");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message.find("impulse.cc: arm-none-eabi-g++ says:"), 0u) << wrong.error().message;

  const auto large = BuildWithBlock(folder, "", 5'000'000);
  ASSERT_FALSE(large.ok());
  EXPECT_NE(large.error().message.find("does not fit the board mps2_an386"), std::string::npos)
      << large.error().message;

  ASSERT_FINE(BuildWithBlock(folder, ""));
  const auto no_compiler =
      compiler::BuildFirmware({.folder = folder, .device_directory = kDevice, .compiler = "arm-none-eabi-none"});
  ASSERT_FALSE(no_compiler.ok());
  EXPECT_EQ(no_compiler.error().status, Status::kNotFound);
  EXPECT_NE(no_compiler.error().message.find("apt-get install"), std::string::npos);
  const auto no_device = compiler::BuildFirmware({.folder = folder, .device_directory = folder});
  ASSERT_FALSE(no_device.ok());
  EXPECT_EQ(no_device.error().status, Status::kNotFound);
}

TEST_F(Device, FirmwareNamesNoPathOfThisMachine) {
  const fs::path folder = Folder();
  const auto firmware = BuildWithBlock(folder, "");
  ASSERT_FINE(firmware);
  const std::string bytes = ReadText(firmware->elf);
  EXPECT_EQ(bytes.find(THIMBLE_SOURCE_DIR), std::string::npos);
  EXPECT_EQ(bytes.find(folder.string()), std::string::npos);
  EXPECT_EQ(bytes.find("thimble_firmware_"), std::string::npos);
}

// Without QEMU.

TEST(Board, LinkerScriptSaysWhatTheFactsSay) {
  int scripts = 0;
  for (const firmware::Board* board : firmware::kAllBoards) {
    const fs::path script = fs::path(THIMBLE_SOURCE_DIR) / "firmware/boards" / board->name / "board.ld";
    EXPECT_EQ(fs::exists(script), *board->compiler_flags != '\0') << board->name;
    std::istringstream lines(ReadText(script));
    int seen = 0;
    for (std::string line; std::getline(lines, line);) {
      char name[8];
      unsigned base = 0;
      unsigned kilobytes = 0;
      if (std::sscanf(line.c_str(), " %7s (%*[a-z]) : ORIGIN = %x, LENGTH = %uK", name, &base, &kilobytes) != 3)
        continue;
      const firmware::Memory& memory = std::string_view(name) == "FLASH" ? board->flash : board->ram;
      EXPECT_EQ(base, memory.base) << board->name << line;
      EXPECT_EQ(kilobytes * 1024, memory.bytes) << board->name << line;
      ++seen;
    }
    EXPECT_EQ(seen, fs::exists(script) ? 2 : 0) << board->name;
    scripts += seen / 2;
  }
  EXPECT_GE(scripts, 5);
}

TEST(Board, IsFoundByTheNameOfItsFolder) {
  for (const firmware::Board* board : firmware::kAllBoards) {
    EXPECT_TRUE(fs::exists(fs::path(THIMBLE_SOURCE_DIR) / "firmware/boards" / board->name / "board.h")) << board->name;
    EXPECT_EQ(firmware::FindBoard(board->name), board);
    EXPECT_TRUE(*board->qemu_machine == '\0' || *board->compiler_flags != '\0') << board->name;
  }
  EXPECT_EQ(firmware::FindBoard("none"), nullptr);
  EXPECT_EQ(firmware::FindBoard("az3166")->ram.bytes, 256u * 1024);
}

RC_GTEST_PROP(SlidingWindow, HoldsTheReadingsThatAreDue, ()) {
  const int axes = *rc::gen::inRange(1, 4);
  const int window_readings = *rc::gen::inRange(1, 12);
  const int stride = *rc::gen::inRange(1, 20);
  const int readings = *rc::gen::inRange(0, 80);
  std::vector<float> memory(static_cast<size_t>(axes * window_readings));
  firmware::SlidingWindow sliding(memory, axes, stride);
  for (int recording = 0; recording < 2; ++recording) {
    sliding.BeginRecording();
    int windows = 0;
    for (int i = 0; i < readings; ++i) {
      std::vector<float> reading;
      for (int axis = 0; axis < axes; ++axis) reading.push_back(static_cast<float>(1000 * recording + i * axes + axis));
      const bool complete = sliding.Push(reinterpret_cast<const std::byte*>(reading.data()));
      const int due = windows * stride + window_readings - 1;
      RC_ASSERT(complete == (i == due));
      if (!complete) continue;
      for (size_t k = 0; k < memory.size(); ++k) {
        RC_ASSERT(memory[k] == static_cast<float>(1000 * recording + windows * stride * axes + static_cast<int>(k)));
      }
      ++windows;
    }
    RC_ASSERT(sliding.window_count() == static_cast<size_t>(windows));
    RC_ASSERT(sliding.reading_count() == static_cast<size_t>(readings));
  }
}

}  // namespace
}  // namespace thimble
