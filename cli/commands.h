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
  double window_ms = 0;            ///< 0: what suits the recordings
  double stride_ms = 0;            ///< 0: what suits the window
  std::string block;               ///< of dsp/; empty: what suits the recordings
  double rate_hz = 0;              ///< for files without times; 0: the reader's assumption
  int readings_per_recording = 0;  ///< cut longer files; 0: a file is a recording
  int epochs = 0;                  ///< 0: as many as suit the data
  std::string command;             ///< as typed, for the report
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
  std::string kind;  ///< of compiler/export.h, "arduino", or of cli/export_eim.h
  std::string model;
  std::string out;
  std::string target;  ///< a core; empty: what suits the kind
  std::string name;    ///< empty: the impulse's beside the model, else the model's
  std::string labels;  ///< a file with a label in each line; empty: the impulse's, if any
};

/// Turns a .tflite into a library or module for another build system, or an impulse into a program for Linux, into
/// `options.out`.
Outcome Export(const ExportOptions& options);

struct FirmwareOptions {
  CommonOptions common;
  std::string name;     ///< of cli/firmware_image.h: "sensor_dump", "hello_world", "impulse"
  std::string impulse;  ///< the folder with its model; empty: the usual one
  std::string out;      ///< file name without an ending; empty: the program's
  std::string board = "az3166";
};

/// Writes a program for a board as an ELF and as the raw bytes of its flash.
Outcome MakeFirmware(const FirmwareOptions& options);

struct CaptureOptions {
  CommonOptions common;
  std::string label;
  std::string port;  ///< empty: the only one there is; "virtual:MOTION": a virtual board
  std::string out = ".";
  std::string firmware;  ///< of a virtual board; empty: sensor_dump
  double seconds = 10;
  int count = 1;
  int countdown_s = 3;       ///< before each recording of a real board
  double rate_hz = 0;        ///< 0: as the board measures
  bool no_resample = false;  ///< refuse another rate than that
  bool lines = false;        ///< do not ask for the framed mode
  int baud = 0;              ///< 0: found out
  std::vector<std::string> axes, units;
  std::vector<double> scale;
};

/// Records labelled readings from a board into files that Edge Impulse and `thimble demo` read.
Outcome CaptureReadings(const CaptureOptions& options);

struct FlashOptions {
  CommonOptions common;
  std::string file;  ///< an ELF or a raw image
  std::string board = "az3166";
  std::string by;             ///< "openocd", "drive"; empty: the first that works
  std::string virtual_image;  ///< the file that a virtual board's flash is kept in; empty: a real kit
  bool dry_run = false;
};

/// Puts a program onto a board and verifies what it wrote.
Outcome FlashBoard(const FlashOptions& options);

struct BoardRunOptions {
  CommonOptions common;
  std::string firmware;  ///< an ELF, a raw image, or the name of a program as in FirmwareOptions
  std::string impulse;   ///< as in FirmwareOptions
  std::string board = "az3166";
  std::string flash_image;  ///< the file that its flash is kept in; empty: all is erased and forgotten
  std::string motion;       ///< of simulator/az3166/motion_source.h; empty: it lies still
  std::string serial;       ///< of simulator/serial_end.h; empty: this terminal
  std::string screen;       ///< a PNG of the board's face at the end; empty: none
  std::string trace;        ///< a file for a line for each instruction; empty: none
  std::string pace;         ///< "real", "fast"; empty: real unless `seconds` says when it ends
  std::vector<std::string> presses;
  double seconds = 0;  ///< of the board's time; 0: until Ctrl-C
  int gdb_port = -1;   ///< -1: no debugger
  bool cycles = false;
  bool show = false;           ///< the face in the terminal at the end
  bool ignore_faults = false;  ///< end only at a lockup
  bool flash_timing = false;
  uint64_t seed = 1;
};

/// Runs firmware on a virtual board until its time is up, it faults (kDeviceFailed, with registers and backtrace), or
/// somebody stops it.
Outcome BoardRunFirmware(const BoardRunOptions& options);

struct FeaturesOptions {
  CommonOptions common;
  std::string case_file;   ///< a golden case, "-" for standard input; empty: none
  bool list = false;       ///< say what blocks and parameters there are
  bool automatic = false;  ///< suggest a block and its parameters from the data
  std::string block;
  std::vector<std::string> parameters;  ///< "fft-length=64"
  std::string data;                     ///< a folder of recordings
  std::string out;                      ///< a table, .csv or .npy
  std::string plot;                     ///< an SVG of one window
  std::string recording;                ///< its name, file or label; empty: the first
  double at_ms = 0;                     ///< where the drawn window begins
  double window_ms = 0;                 ///< 0: chosen
  double stride_ms = 0;                 ///< 0: half a window
  double rate_hz = 0;
  int readings_per_recording = 0;
  bool pad = false;                     ///< fill short recordings up with zeros
  std::string size;                     ///< of pictures, "96x96"; empty: as they are
  std::string resize = "fit-shortest";  ///< how they get it: also "fit-longest", "squash"
};

/// What a signal-processing block makes of a golden case or of recordings; lists, draws and suggests.
Outcome Features(const FeaturesOptions& options);

/// A folder of recordings, and how it is read and split.
struct DataFolderOptions {
  std::string data;
  double rate_hz = 0;              ///< of files that do not say
  int readings_per_recording = 0;  ///< cut longer files; 0: a file is a recording
  std::string split;               ///< of dataset::ParseSplitBy; empty: the author's, else by recording
  int picture_side = 0;            ///< of dsp::Resize; 0: as they are, if they are alike and small
};

struct TrainOptions {
  CommonOptions common;
  DataFolderOptions folder;
  std::string impulse;                  ///< a file whose window and block are taken; empty: chosen
  std::string block;                    ///< empty: chosen
  std::vector<std::string> parameters;  ///< of the block that is named, "fft-length=64"
  std::string from;          ///< a folder of `thimble train` or a float .tflite to go on from; empty: from scratch
  std::string freeze;        ///< of `from`: layers that keep what they know, or "all-but-last"; empty: that
  std::string model;         ///< of trainer/zoo.h; empty: chosen
  int width = 0;             ///< of `model`; 0: its own
  int depth = 0;             ///< of `model`; 0: its own
  float dropout = -1;        ///< of `model`; negative: its own
  double window_ms = 0;      ///< 0: chosen
  double stride_ms = 0;      ///< 0: chosen
  int epochs = 0;            ///< 0: chosen
  double learning_rate = 0;  ///< 0: chosen
  bool no_augmentation = false;
  std::string learn = "classifier";  ///< or "anomaly", "regression"
  std::vector<std::string> normal;   ///< labels that an anomaly detector learns from; empty: the only one
  int components = 0;                ///< Gaussians or clusters; 0: the detector's own
  std::string loss = "squared";      ///< of regression; or "huber"
  int folds = 0;     ///< so many trainings to judge by, each without a part of the recordings; 0: a testing part judges
  std::string each;  ///< of dataset::ParseSplitBy: a fold for each group
  int jobs = 0;      ///< folds at a time; 0: one a core
  uint64_t seed = 1;
  std::string out;
};

/// Recordings -> split -> features -> the network that validates best -> int8 -> test, into `options.out`. Ctrl-C
/// during training keeps the best so far.
Outcome Train(const TrainOptions& options);

struct TuneOptions {
  CommonOptions common;
  DataFolderOptions folder;
  std::string board = "az3166";
  int64_t ram_bytes = 0;    ///< 0: the board's
  int64_t flash_bytes = 0;  ///< 0: the board's
  double latency_ms = 0;    ///< of a window; 0: any
  int64_t parameters = 0;   ///< of the network; 0: any
  std::string block;        ///< empty: searched
  std::string model;        ///< of trainer/zoo.h; empty: searched
  double window_ms = 0;     ///< 0: chosen
  double stride_ms = 0;     ///< 0: chosen
  double seconds = 120;     ///< of searching
  int trials = 0;           ///< ends the search instead of time; 0: time does
  int jobs = 0;             ///< threads; 0: one a core
  uint64_t seed = 1;
  std::string out;
};

/// Searches signal processing, network and training within a board's limits, then trains the best as Train does, into
/// `options.out`. A search that was stopped goes on from there.
Outcome Tune(const TuneOptions& options);

struct TestOptions {
  CommonOptions common;
  DataFolderOptions folder;
  std::string model;  ///< the folder that `thimble train` wrote, or a .tflite beside its impulse.json
  std::string board;  ///< that judges the windows too; empty: none
  uint64_t seed = 1;
  bool seed_given = false;  ///< else training's
};

/// How well a network names recordings that it has not learnt from, on this computer or a board.
Outcome Test(const TestOptions& options);

struct BridgeOptions {
  CommonOptions common;
  std::string env_file;  ///< empty: .env here, if there is one
  std::string port;      ///< instead of SERIAL_PORT
  int baud = 0;          ///< 0: found out
  std::vector<std::string> axes, units;
  std::string firmware;               ///< for a port "virtual:MOTION"
  std::string management, ingestion;  ///< URLs instead of what EI_HOST says
  std::vector<std::string> ca_files;
  std::string messages = "cbor";  ///< or "json"
  std::string files = "cbor";     ///< or "json"
  int hello_version = 4;
  std::string spool;  ///< a folder for what waits to be sent; empty: in the user's state folder
  int count = 0;      ///< end after so many recordings; 0: never
};

/// Makes a board at a serial line appear in a studio, and brings there what the studio has it record, until Ctrl-C.
Outcome Bridge(const BridgeOptions& options);

struct ServeOptions {
  CommonOptions common;
  std::string data_folder;  ///< empty: the user's own
  std::string database;     ///< postgresql://…; empty: SQLite in the folder
  std::string bind = "127.0.0.1";
  int studio_port = 4800;  ///< 0: any free one, as of the others
  int remote_port = 4802;
  int ingestion_port = 4810;
  bool users = false;     ///< people log in, on this computer too
  bool insecure = false;  ///< other computers may ask without TLS
  bool tls = false;
  int tls_port = 443;
  std::vector<std::string> names;  ///< by which clients know the server; empty: this computer's
  std::string certificate, key;    ///< PEM files; empty: the server's own authority signs one
  std::string reset_password;      ///< an account that gets a new one; empty: none
  int workers = 1;                 ///< jobs at a time
  std::string log;                 ///< a file that gets a line for each request; "-": standard error; empty: none
};

/// The studio: projects, data and jobs for people, and the door for devices and uploads, until Ctrl-C.
Outcome Serve(const ServeOptions& options);

struct ApiOptions {
  CommonOptions common;
  std::vector<std::string> words;     ///< of cli/api_request.h; for `list`, what routes have to contain
  bool list = false;                  ///< say what routes there are
  bool follow = false;                ///< stay with a job or a sampling until it has ended
  std::string url;                    ///< of the studio; empty: as EI_HOST says, else this computer's
  std::string key;                    ///< of a project, or the token of a login; empty: none
  std::vector<std::string> headers;   ///< "Idempotency-Key: 7"
  std::vector<std::string> ca_files;  ///< PEM, trusted besides the system's
  std::string out;                    ///< a file for the answer; empty: standard output
};

/// Asks a studio's API, as the studio itself describes it.
Outcome Api(const ApiOptions& options);

/// Of the data that `thimble serve` keeps.
struct KeepOptions {
  CommonOptions common;
  std::string file;
  std::string data_folder, database;  ///< as in ServeOptions
};

/// All of it as one file.
Outcome BackUp(const KeepOptions& options);
/// Such a file into an empty folder, and an empty database if it is not SQLite.
Outcome RestoreBackup(const KeepOptions& options);
/// Is it whole? What is not has been printed.
Expected<bool> VerifyData(const KeepOptions& options);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_COMMANDS_H_
