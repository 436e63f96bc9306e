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

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_COMMANDS_H_
