// How many million instructions a second our own processor executes of real firmware, with the MPU on.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "simulator/board_client.h"
#include "simulator/oracle/mps2_an386.h"

namespace thimble::simulator::oracle {
namespace {

/// One inference of the plan runner in $THIMBLE_ELF (`thimble bench` and tests/oracle_test.cc build such), whose
/// start-up turns the MPU on to guard the stack.
void Inference(benchmark::State& state) {
  const char* elf = std::getenv("THIMBLE_ELF");
  if (elf == nullptr) return state.SkipWithError("name the ELF of a plan runner in THIMBLE_ELF");
  const auto board = Mps2An386::Start(elf);
  if (!board.ok()) return state.SkipWithError(board.error().message.c_str());
  BoardClient client(**board);
  const auto about = client.Introduce();
  if (!about.ok()) return state.SkipWithError(about.error().message.c_str());
  const std::vector<std::byte> input(about->input_bytes);
  const uint64_t before = (*board)->core().registers().instructions;
  for (auto unused : state) {
    if (!client.RunModel(input).ok()) return state.SkipWithError("the model does not run");
  }
  const uint64_t after = (*board)->core().registers().instructions;
  state.counters["instructions"] = benchmark::Counter(static_cast<double>(after - before), benchmark::Counter::kIsRate);
}
BENCHMARK(Inference)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thimble::simulator::oracle
