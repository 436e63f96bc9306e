// The commands of `thimble`, apart from how their options are spelt.
#ifndef THIMBLE_CLI_COMMANDS_H_
#define THIMBLE_CLI_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::cli {

/// What every command that takes a while is told.
struct CommonOptions {
  bool json = false;   ///< one JSON object on standard output instead of text
  bool quiet = false;  ///< no progress on standard error
};

struct DemoOptions {
  CommonOptions common;
  std::string data;  ///< a folder of recordings; empty: simulate a hand
  std::string out = "thimble-demo";
  uint64_t seed = 1;
  double window_ms = 2000;
  bool window_given = false;  ///< the user asked for this window: it is not shortened to fit
  double stride_ms = 80;
  double rate_hz = 0;              ///< for files without times; 0: the reader's assumption
  int readings_per_recording = 0;  ///< cut longer files; 0: a file is a recording
  int epochs = 100;
  std::string command;  ///< as typed, for the report
};

/// Recordings -> split -> features -> network -> int8 -> laptop -> microcontroller -> report, into `options.out`.
Outcome Demo(const DemoOptions& options);

struct HelloOptions {
  CommonOptions common;
  std::string out = "thimble-hello";
  uint64_t seed = 1;
};

/// The sine of the TensorFlow book: data, training, int8, microcontroller, curves, into `options.out`.
Outcome Hello(const HelloOptions& options);

struct RunOptions {
  CommonOptions common;
  std::string model;
  std::vector<std::string> inputs;   ///< files, one for each input of the network
  std::vector<std::string> outputs;  ///< files for the first outputs; the others are printed
  std::string engine = "fast";       ///< or "reference"
};

/// One inference of a .tflite: inputs from files, outputs into files or onto the screen.
Outcome Run(const RunOptions& options);

struct DoctorOptions {
  CommonOptions common;
  std::string model;
  std::string board;  ///< empty: all of them, briefly
  std::string svg;    ///< a file for the picture of the arena; empty: none
};

/// What a model is and needs, and what stands in its way. Gives whether it is healthy: it runs, and fits the board that
/// was named. The report has been printed in both cases.
Expected<bool> Doctor(const DoctorOptions& options);

struct ProveOptions {
  CommonOptions common;
  std::string model;
  std::string board = "mps2_an386";
  int cases = 10;  ///< seeded inputs
  uint64_t seed = 1;
  std::vector<std::string> inputs;   ///< files of a golden case, one for each input; empty: none
  std::vector<std::string> expects;  ///< files of what the outputs must be
};

/// Runs a model here and on a board, and compares every layer's bytes.
Outcome Prove(const ProveOptions& options);

/// How a model is compiled.
struct PlanOptions {
  int64_t ram_bytes = 0;    ///< the most that the arena may take; 0: any
  int64_t flash_bytes = 0;  ///< the most that the constants may take; 0: any
  std::string prefer = "speed";
  std::vector<std::string> without_passes;
};

struct CompileOptions {
  CommonOptions common;
  PlanOptions plan;
  std::string model;
  std::string target = "cortex-m4";
  std::string out;
  std::string name;      ///< empty: the model's
  bool package = false;  ///< a planned package instead of C++
};

/// Turns a .tflite into C++ or a planned package, and says what it will take.
Outcome Compile(const CompileOptions& options);

struct BenchOptions {
  CommonOptions common;
  PlanOptions plan;
  std::string model;
  std::string board = "mps2_an386";
  bool package = false;  ///< run it as a planned package instead of compiling it in
  uint64_t seed = 1;     ///< of the input
};

/// Compiles a model, runs it on a board, and prints what it takes there, step by step.
Outcome Bench(const BenchOptions& options);

struct ExportOptions {
  CommonOptions common;
  PlanOptions plan;
  std::string kind;  ///< of compiler/export.h: "arduino"
  std::string model;
  std::string out;
  std::string target;  ///< a core; empty: what suits the kind
  std::string name;    ///< empty: the impulse's beside the model, else the model's
  std::string labels;  ///< a file with a label in each line; empty: the impulse's, if any
};

/// Turns a .tflite into a library or module for another build system, into `options.out`.
Outcome Export(const ExportOptions& options);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_COMMANDS_H_
