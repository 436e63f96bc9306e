// Shows what happens while a network is learnt: bars for people, an object a line for programs.
#ifndef THIMBLE_CLI_TRAIN_OUTPUT_H_
#define THIMBLE_CLI_TRAIN_OUTPUT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "studio/events.h"

namespace thimble::cli {

/// An object on one line of standard output, at once. Bytes that are not UTF-8 become U+FFFD.
void PrintLine(const nlohmann::ordered_json& object);

class TrainOutput {
 public:
  /// `lines`: an object a line on standard output instead of bars on standard error.
  TrainOutput(bool lines, bool quiet) : lines_(lines), progress_(stderr, StyleOf(stderr), 0, quiet || lines) {}
  explicit TrainOutput(const CommonOptions& common) : TrainOutput(common.json, common.quiet) {}

  /// False once somebody pressed Ctrl-C.
  bool operator()(const studio::Event& event);

  /// Seconds by step, in order; a step that ran several times counts all of them.
  std::vector<std::pair<std::string, double>> StepSeconds() const;

  /// The same as an object, with "total".
  nlohmann::ordered_json Seconds() const;

 private:
  void Tell(const trainer::Epoch& epoch, const studio::Event& event);

  bool lines_;
  Progress progress_;
};

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TRAIN_OUTPUT_H_
