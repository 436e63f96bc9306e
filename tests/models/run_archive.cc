// Runs every reference model of a folder and prints how its answers compare with the recorded ones.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/models/archive.h"

namespace thimble::models {
namespace {

struct Options {
  std::string folder;
  std::string only;
  std::string name;
  bool json = false;
};

bool IsWanted(const ReferenceModel& model, const Options& options) {
  if (!options.only.empty() && model.id != options.only) return false;
  return options.name.empty() ||
         std::find(model.operators.begin(), model.operators.end(), options.name) != model.operators.end();
}

int Main(const Options& options) {
  const auto models = FindModels(options.folder);
  if (!models) {
    std::fprintf(stderr, "%s\n", models.error().message.c_str());
    return 2;
  }
  std::map<Verdict, int> counts;
  nlohmann::json report = nlohmann::json::array();
  for (const ReferenceModel& model : *models) {
    if (!IsWanted(model, options)) continue;
    const Comparison comparison = RunCases(model);
    ++counts[comparison.verdict];
    if (options.json) {
      report.push_back({{"id", model.id},
                        {"verdict", NameOf(comparison.verdict)},
                        {"sentence", comparison.sentence},
                        {"arena_bytes", comparison.arena_bytes},
                        {"tflm_ok", model.tflm_ok},
                        {"tflm_arena_bytes", model.tflm_arena_bytes}});
      continue;
    }
    std::printf("%-24s %-8s %9zu B (TFLM %9zu B)  %s\n", model.id.c_str(), NameOf(comparison.verdict),
                comparison.arena_bytes, model.tflm_arena_bytes, comparison.sentence.c_str());
    std::fflush(stdout);
  }
  if (options.json) {
    std::printf("%s\n", report.dump(1).c_str());
  } else {
    std::printf("%d ok, %d run without a reference, %d refused, %d differ\n", counts[Verdict::kOk],
                counts[Verdict::kRuns], counts[Verdict::kRefused], counts[Verdict::kDiffers]);
  }
  return counts[Verdict::kDiffers] == 0 ? 0 : 1;
}

}  // namespace
}  // namespace thimble::models

int main(int argc, char** argv) {
  thimble::models::Options options;
  CLI::App app("Runs reference models and compares their outputs with the recorded ones. Exit code 1 if any differs.");
  app.add_option("folder", options.folder, "An unpacked model archive, or a folder with a folder for each model")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--only", options.only, "Run one model: its id");
  app.add_option("--operator", options.name, "Run the models that have this operator, such as CONV_2D");
  app.add_flag("--json", options.json, "Print JSON");
  CLI11_PARSE(app, argc, argv);
  return thimble::models::Main(options);
}
