// Prints what each model of a folder takes on a Cortex-M4F: arena and its lower bound, interpreter code, model.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "compiler/code_size.h"
#include "compiler/firmware_build.h"
#include "compiler/inspect.h"
#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "tests/models/archive.h"

int main(int argc, char** argv) {
  using namespace thimble;
  if (argc != 2) {
    std::fprintf(stderr, "print_sizes: give a folder of models, such as golden/models\n");
    return ExitCode(Status::kInvalidArgument);
  }
  auto models = models::FindModels(argv[1]);
  if (!models.ok()) {
    std::fprintf(stderr, "print_sizes: %s\n", models.error().message.c_str());
    return ExitCode(models.error().status);
  }
  std::sort(models->begin(), models->end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::printf("%-24s %10s %12s %10s %10s   (bytes)\n", "model", "arena", "lower bound", "code", "model");
  for (const models::ReferenceModel& model : *models) {
    const auto bytes = compiler::ReadTflite(model.file);
    if (!bytes.ok()) {
      std::printf("%-24s %s\n", model.id.c_str(), bytes.error().message.c_str());
      continue;
    }
    const auto found = compiler::Inspect(bytes->span(), kernels::AllOperators());
    if (!found.runs()) {
      std::printf("%-24s refused: %s\n", model.id.c_str(), found.findings.front().what.c_str());
      continue;
    }
    const auto code = compiler::MeasureCode(found.kernels, compiler::DefaultDeviceDirectory());
    if (!code.ok()) {
      std::fprintf(stderr, "print_sizes: %s\n", code.error().message.c_str());
      return ExitCode(code.error().status);
    }
    std::printf("%-24s %10zu %12zu %10zu %10zu\n", model.id.c_str(), found.arena->bytes, found.arena->lower_bound_bytes,
                *code, found.model_bytes);
  }
  return 0;
}
