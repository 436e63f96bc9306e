// The `thimble` command: reads what was typed, runs one command, turns its outcome into a sentence and an exit code.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/export_eim.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "compiler/export.h"
#include "trainer/zoo.h"

namespace thimble::cli {
namespace {

constexpr int kUsageExitCode = ExitCode(Status::kInvalidArgument);
constexpr int kUnhealthyExitCode = ExitCode(Status::kVerificationFailed);

/// "thimble demo --seed 3", quoted so that a shell reads it back as it was.
std::string CommandLine(int argc, char** argv) {
  std::string line = "thimble";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_-./=,:+@%") == std::string::npos;
    line += ' ';
    if (plain) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

/// Says what went wrong where people and scripts look for it.
int Finish(const Outcome& outcome, const CommonOptions& common) {
  if (outcome.ok()) return 0;
  const Error& error = outcome.error();
  const Style style = StyleOf(stderr);
  std::string text;
  std::istringstream lines(error.message);  // what a compiler says has many
  for (std::string line; std::getline(lines, line);) text += style.Plain(Printable(line)) + "\n";
  std::fprintf(stderr, "%s %s", style.Paint("thimble:", Tint::kRed).c_str(), text.c_str());
  if (common.json) {
    const nlohmann::json object = {{"error", {{"status", Reason(error.status)}, {"message", error.message}}}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  }
  return ExitCode(error.status);
}

/// Checks of numbers, in words; CLI11's own print the range of a double.
CLI::Validator FromZero() {
  return {[](std::string& text) { return text.starts_with('-') ? "must be 0 or more" : ""; }, "", "from zero"};
}

CLI::Validator AboveZero() {
  return {[](std::string& text) { return std::strtod(text.c_str(), nullptr) > 0 ? "" : "must be above 0"; }, "",
          "above zero"};
}

void AddCommonOptions(CLI::App& command, CommonOptions& common) {
  command.add_flag("--json", common.json, "Print one JSON object instead of text");
  command.add_flag("--quiet,-q", common.quiet, "Show no progress");
}

void AddPlanOptions(CLI::App& command, PlanOptions& plan) {
  command.add_option("--ram", plan.ram_bytes, "The most bytes of RAM for tensors")->check(AboveZero());
  command.add_option("--flash", plan.flash_bytes, "The most bytes of flash for weights and tables")->check(AboveZero());
  command.add_option("--prefer", plan.prefer, "What to be good at")
      ->check(CLI::IsMember({"speed", "size"}))
      ->capture_default_str();
  command.add_option("--without-pass", plan.without_passes, "Switch a pass of the compiler off; may be repeated")
      ->allow_extra_args(false);
}

std::string ExportHelp() {
  std::string text = "KIND is one of\n";
  for (const compiler::ExportKindName& kind : compiler::kExportKinds) {
    text += "  " + PadRight(kind.name, 12) + kind.what + "\n";
  }
  text += "  " + PadRight(kEim, 12) + "one file that runs on Linux, for Edge Impulse's runner and its libraries\n";
  return text +
         "\nEach but the last holds a C header <name>.h, the sources that this network needs and no others, an\n"
         "example that prints what the network answers, and a README with shapes, scales and memory:\n"
         "  thimble hello\n"
         "  thimble export arduino thimble-hello/model.tflite --out sine\n"
         "  thimble export c thimble-hello/model.tflite --out sine-c && make -C sine-c run\n"
         "The last holds the whole impulse, signal processing and anomaly detector included; MODEL is the folder that\n"
         "thimble train wrote:\n"
         "  thimble export eim gestures --out gestures.eim";
}

void AddDataOptions(CLI::App& command, std::string& folder, std::string& database) {
  command.add_option("--data-dir", folder, "Folder of the studio's data, instead of ~/.local/share/thimble/studio");
  // A variable too: what is typed, everybody on this computer can read.
  command.add_option("--db", database, "PostgreSQL instead of SQLite in that folder: postgresql://…")
      ->envname("THIMBLE_DB");
}

void AddDataFolderOptions(CLI::App& command, DataFolderOptions& folder) {
  command.add_option("--data", folder.data, "Folder of recordings (JSON, CBOR, CSV, serial lines, WAV, PNG, JPEG)")
      ->required();
  command.add_option("--rate-hz", folder.rate_hz, "Sampling rate of files that do not say")->check(AboveZero());
  command
      .add_option("--readings-per-recording", folder.readings_per_recording,
                  "Cut each file into recordings of so many readings")
      ->check(AboveZero());
  command.add_option("--split", folder.split,
                     "What stays on one side: author, recording, folder, order, time, or GROUP:PATTERN as in "
                     "speaker:{digit}_{speaker}_{index}; and what tests: order=30%, GROUP:PATTERN=theo,lucas");
  command.add_option("--picture-side", folder.picture_side, "Bring pictures to squares of so many pixels")
      ->check(AboveZero());
}

std::string TrainHelp() {
  std::string text = "--model is one of\n";
  for (const trainer::ArchitectureWords& words : trainer::Architectures()) {
    text += "  " + PadRight(words.name, 14) + Wrap(words.sentence, 16, 110) + "\n";
  }
  return text +
         "Without it, what suits the data is tried, and recordings held out of training choose.\n"
         "With --learn anomaly it is one of gmm (the default), gmm_full, kmeans, autoencoder.";
}

int Main(int argc, char** argv) {
  CLI::App app("Neural networks on microcontrollers, from recording to device, on your own machine.", "thimble");
  app.set_version_flag("--version", THIMBLE_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    const std::vector<std::string> unknown = failed->remaining();
    const std::string what = failed->get_subcommands().empty() && !unknown.empty()
                                 ? "there is no command '" + Printable(unknown.front()) + "'"
                                 : Printable(error.what());
    return "thimble: " + what + "; --help says what there is\n";
  });
  app.footer("Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 device, 5 verification.");

  DemoOptions demo;
  demo.command = CommandLine(argc, argv);
  CLI::App& demo_command =
      *app.add_subcommand("demo", "From recorded motion to a microcontroller that names the gesture");
  demo_command.add_option("--data", demo.data,
                          "Folder of recordings (JSON, CBOR, CSV, serial lines, WAV, PNG, JPEG); without it, a hand is "
                          "simulated");
  demo_command.add_option("--out", demo.out, "Folder for the results")->capture_default_str();
  demo_command.add_option("--seed", demo.seed, "Fixes every random choice")->check(FromZero())->capture_default_str();
  demo_command.add_option("--window-ms", demo.window_ms, "Length of a window, instead of what suits the recordings")
      ->check(AboveZero());
  demo_command.add_option("--block", demo.block,
                          "Signal processing, instead of what suits the recordings (thimble features --list)");
  demo_command.add_option("--stride-ms", demo.stride_ms, "From the start of one window to the next")
      ->check(AboveZero());
  demo_command.add_option("--rate-hz", demo.rate_hz, "Sampling rate of files that do not say (CSV without times)")
      ->check(AboveZero());
  demo_command
      .add_option("--readings-per-recording", demo.readings_per_recording,
                  "Cut each file into recordings of so many readings, for files with many gestures back to back")
      ->check(AboveZero());
  demo_command.add_option("--epochs", demo.epochs, "How often training sees every window")->check(AboveZero());
  AddCommonOptions(demo_command, demo.common);

  HelloOptions hello;
  CLI::App& hello_command = *app.add_subcommand("hello", "The sine example: train it, run it on the device, draw it");
  hello_command.add_option("--out", hello.out, "Folder for the results")->capture_default_str();
  hello_command.add_option("--seed", hello.seed, "Fixes every random choice")->check(FromZero())->capture_default_str();
  AddCommonOptions(hello_command, hello.common);

  RunOptions run;
  CLI::App& run_command = *app.add_subcommand("run", "One inference of a .tflite, with inputs and outputs in files");
  run_command.add_option("model", run.model, "The .tflite")->required();
  run_command.add_option("--input", run.inputs, "Raw little-endian elements or .npy; once for each input")
      ->allow_extra_args(false);
  run_command.add_option("--output", run.outputs, "Written as .npy if named so, else raw; what has no file is printed")
      ->allow_extra_args(false);
  run_command.add_option("--engine", run.engine, "Which kernels compute it; all give the same bits")
      ->check(CLI::IsMember({"reference", "fast"}))
      ->capture_default_str();
  AddCommonOptions(run_command, run.common);

  DoctorOptions doctor;
  CLI::App& doctor_command =
      *app.add_subcommand("doctor", "What a model is, what it needs, and what stands in its way");
  doctor_command.add_option("model", doctor.model, "The .tflite, or what you have instead")->required();
  doctor_command.add_option("--board", doctor.board, "Does it fit this board?");
  doctor_command.add_option("--svg", doctor.svg, "Write the picture of the arena to this file");
  AddCommonOptions(doctor_command, doctor.common);

  ProveOptions prove;
  CLI::App& prove_command =
      *app.add_subcommand("prove", "Does a board compute the same bits as this computer, layer by layer?");
  prove_command.add_option("model", prove.model, "The .tflite")->required();
  prove_command.add_option("--board", prove.board, "The board")->capture_default_str();
  prove_command.add_option("--cases", prove.cases, "How many random inputs")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  prove_command.add_option("--seed", prove.seed, "Fixes the random inputs")->capture_default_str();
  prove_command.add_option("--input", prove.inputs, "A golden case: raw or .npy, once for each input")
      ->allow_extra_args(false);
  prove_command.add_option("--expect", prove.expects, "What its outputs must be, once for each output")
      ->allow_extra_args(false);
  AddCommonOptions(prove_command, prove.common);

  CompileOptions compile;
  CLI::App& compile_command =
      *app.add_subcommand("compile", "A .tflite becomes C++ for one kind of core, as fast and small as it gets");
  compile_command.add_option("model", compile.model, "The .tflite")->required();
  compile_command.add_option("--target", compile.target, "The core")->capture_default_str();
  compile_command.add_option("--out", compile.out, "Folder for the files; without it they are only talked about");
  compile_command.add_option("--name", compile.name, "Of the files and the namespace, instead of the model's");
  compile_command.add_flag("--package", compile.package, "Write a planned package that a running program loads");
  AddPlanOptions(compile_command, compile.plan);
  AddCommonOptions(compile_command, compile.common);

  BenchOptions bench;
  CLI::App& bench_command =
      *app.add_subcommand("bench", "Compile a model, run it on a board: cycles, instructions, RAM and code, by step");
  bench_command.add_option("model", bench.model, "The .tflite")->required();
  bench_command.add_option("--board", bench.board, "The board")->capture_default_str();
  bench_command.add_flag("--package", bench.package, "Run it as a planned package from flash");
  bench_command.add_option("--seed", bench.seed, "Fixes the random input")->capture_default_str();
  AddPlanOptions(bench_command, bench.plan);
  AddCommonOptions(bench_command, bench.common);

  ExportOptions exporting;
  CLI::App& export_command = *app.add_subcommand(
      "export",
      "A .tflite becomes a library for C, Arduino, PlatformIO, CMake, Zephyr or ESP-IDF, or a program for Linux");
  export_command.add_option("kind", exporting.kind, "What to make, see below")->required();
  export_command.add_option("model", exporting.model, "The .tflite")->required();
  export_command
      .add_option("--out", exporting.out, "Folder for the files; an earlier export there is replaced. Of eim, the file")
      ->required();
  export_command.add_option("--name", exporting.name,
                            "Of the library and its functions, instead of the model's or its impulse.json's");
  export_command.add_option("--labels", exporting.labels, "A text with a label in each line, one for each answer");
  export_command.add_option("--target", exporting.target,
                            "Choose steps for this core (cortex-m0, cortex-m4, ...); they run on every core");
  AddPlanOptions(export_command, exporting.plan);
  AddCommonOptions(export_command, exporting.common);
  export_command.footer(ExportHelp());

  FirmwareOptions firmware;
  CLI::App& firmware_command = *app.add_subcommand("firmware", "A program for a board as files that can be flashed");
  firmware_command.add_option("name", firmware.name, "sensor_dump, hello_world or impulse")->required();
  firmware_command.add_option("--impulse", firmware.impulse,
                              "Of hello_world and impulse: the folder that thimble hello or demo made");
  firmware_command.add_option("--out", firmware.out, "Name of the files, without the endings .elf and .bin");
  firmware_command.add_option("--board", firmware.board, "The board")->capture_default_str();
  AddCommonOptions(firmware_command, firmware.common);

  CaptureOptions capture;
  CLI::App& capture_command = *app.add_subcommand("capture", "Record what a board's sensor sends, without any server");
  capture_command.add_option("--label", capture.label, "What it is: wave")->required();
  capture_command.add_option("--seconds", capture.seconds, "Length of a recording")
      ->check(AboveZero())
      ->capture_default_str();
  capture_command.add_option(
      "--port", capture.port,
      "The board's port, instead of the only one there is; virtual:hand:wave is a virtual board");
  capture_command.add_option("--out", capture.out, "Folder for the recordings")->capture_default_str();
  capture_command.add_option("--count", capture.count, "How many, one after the other")
      ->check(AboveZero())
      ->capture_default_str();
  capture_command.add_option("--countdown", capture.countdown_s, "Seconds before each of them")
      ->check(FromZero())
      ->capture_default_str();
  capture_command.add_option("--rate-hz", capture.rate_hz, "Readings a second, instead of the board's own rate")
      ->check(AboveZero());
  capture_command.add_flag("--no-resample", capture.no_resample, "Refuse a board that has another rate than that");
  capture_command.add_flag("--lines", capture.lines, "Do not ask the board for its framed mode");
  capture_command.add_option("--baud", capture.baud, "Instead of finding it out")->check(AboveZero());
  capture_command.add_option("--axes", capture.axes, "Names of the numbers in a line: accX,accY,accZ")->delimiter(',');
  capture_command.add_option("--units", capture.units, "Their units as the board sends them: mg, or one for each")
      ->delimiter(',');
  capture_command.add_option("--scale", capture.scale, "Times this, one number or one for each, for the units given")
      ->delimiter(',');
  capture_command.add_option("--firmware", capture.firmware, "What a virtual board runs, instead of sensor_dump");
  AddCommonOptions(capture_command, capture.common);

  FlashOptions flash;
  CLI::App& flash_command = *app.add_subcommand("flash", "Put a program onto a board, and verify it");
  flash_command.add_option("file", flash.file, "An ELF or a raw .bin, as thimble firmware writes them")->required();
  flash_command.add_option("--board", flash.board, "The board")->capture_default_str();
  CLI::Option* flash_by = flash_command.add_option("--by", flash.by, "Instead of the first of them that is here")
                              ->check(CLI::IsMember({"openocd", "drive"}));
  flash_command.add_option("--virtual", flash.virtual_image, "Into this flash image, for board run --flash-image")
      ->excludes(flash_by);
  flash_command.add_flag("--dry-run", flash.dry_run, "Only say what would be done");
  AddCommonOptions(flash_command, flash.common);

  BoardRunOptions board_run;
  CLI::App& board_command = *app.add_subcommand("board", "Virtual boards: firmware without hardware");
  board_command.require_subcommand(1);
  CLI::App& board_run_command = *board_command.add_subcommand("run", "Run firmware on a virtual board");
  board_run_command.add_option("firmware", board_run.firmware,
                               "An ELF for the board, a raw .bin, or a program by its name: sensor_dump, hello_world, "
                               "impulse; without one, what lies in the flash image");
  board_run_command.add_option("--flash-image", board_run.flash_image,
                               "Keep the board's flash in this file from run to run (thimble flash --virtual)");
  board_run_command.add_option("--impulse", board_run.impulse,
                               "Of hello_world and impulse: the folder that thimble hello or demo made");
  board_run_command.add_option("--board", board_run.board, "The board")->capture_default_str();
  board_run_command.add_option("--motion", board_run.motion,
                               "What moves it: a recording, hand:wave (idle, updown, snake, circle), tcp:PORT, still");
  board_run_command.add_option("--serial", board_run.serial,
                               "Where its serial line comes out: pty, tcp:PORT, - (this terminal, the default), none");
  board_run_command.add_option("--seconds", board_run.seconds, "End after so much of the board's time")
      ->check(AboveZero());
  board_run_command.add_option("--pace", board_run.pace, "As fast as a real board, or as fast as this computer can")
      ->check(CLI::IsMember({"real", "fast"}));
  board_run_command.add_option("--press", board_run.presses, "Press a button: A@1.5 (second 1.5), B@2:0.5 (for 0.5 s)")
      ->allow_extra_args(false);
  board_run_command.add_option("--screen", board_run.screen, "Write a PNG of the board's face at the end");
  board_run_command.add_flag("--show", board_run.show, "Show the board's face in the terminal at the end");
  board_run_command.add_flag("--cycles", board_run.cycles, "Say how many cycles and instructions it took");
  board_run_command.add_option("--trace", board_run.trace, "Write a line for each instruction to this file");
  board_run_command.add_option("--gdb", board_run.gdb_port, "Wait for GDB on this TCP port (0: any free one)")
      ->check(CLI::Range(0, 65535));
  board_run_command.add_flag("--ignore-faults", board_run.ignore_faults,
                             "Let the program handle its faults; end only when it locks up");
  board_run_command.add_flag("--flash-timing", board_run.flash_timing,
                             "Flash makes the core wait as on the chip (wait states, prefetch, caches)");
  board_run_command.add_option("--seed", board_run.seed, "Fixes noise, random numbers and RAM at power-on")
      ->check(FromZero())
      ->capture_default_str();
  AddCommonOptions(board_run_command, board_run.common);

  FeaturesOptions features;
  CLI::App& features_command =
      *app.add_subcommand("features", "What signal processing makes of recordings: tables, drawings, suggestions");
  features_command.add_option("--block", features.block, "The block; --list says which there are");
  features_command.add_option("--data", features.data,
                              "Folder of recordings (Edge Impulse JSON or CBOR, CSV, serial lines, WAV, PNG, JPEG)");
  features_command.add_option("--out", features.out, "Write the table to this file, .csv or .npy");
  features_command
      .add_option("--param", features.parameters, "A parameter of the block, as in fft-length=64; may be repeated")
      ->allow_extra_args(false);
  features_command.add_option("--window-ms", features.window_ms, "Length of a window")->check(AboveZero());
  features_command.add_option("--stride-ms", features.stride_ms, "From one window to the next; half a window without")
      ->check(AboveZero());
  features_command.add_option("--rate-hz", features.rate_hz, "Sampling rate of files that do not say")
      ->check(AboveZero());
  features_command
      .add_option("--readings-per-recording", features.readings_per_recording,
                  "Cut each file into recordings of so many readings")
      ->check(AboveZero());
  features_command.add_flag("--pad", features.pad, "Fill recordings that are shorter than a window up with zeros");
  features_command.add_option("--size", features.size, "Bring pictures to this size, as in 96x96");
  features_command.add_option("--resize", features.resize, "How: cut the longer side, add black bars, or stretch")
      ->check(CLI::IsMember({"fit-shortest", "fit-longest", "squash"}))
      ->capture_default_str();
  features_command.add_option("--plot", features.plot, "Draw one window and its features into this SVG");
  features_command.add_option("--recording", features.recording, "Which one --plot draws: its name, file or label");
  features_command.add_option("--at", features.at_ms, "Where in it the window begins, in ms")->check(FromZero());
  CLI::Option* features_auto = features_command.add_flag("--auto", features.automatic,
                                                         "Suggest a block and parameters from the data, with reasons");
  CLI::Option* features_list =
      features_command.add_flag("--list", features.list, "Say what blocks there are, or the parameters of --block");
  features_command.add_option("--case", features.case_file, "Features of a golden case in JSON (- for standard input)")
      ->excludes(features_auto)
      ->excludes(features_list);
  AddCommonOptions(features_command, features.common);

  TrainOptions train;
  CLI::App& train_command =
      *app.add_subcommand("train", "From a folder of labelled recordings to an int8 network, and what it is worth");
  AddDataFolderOptions(train_command, train.folder);
  train_command.add_option("--out", train.out, "Folder for the results")->required();
  train_command.add_option("--impulse", train.impulse, "Take window and block from this impulse.json");
  train_command.add_option("--learn", train.learn, "What the recordings teach: labels, what is normal, or numbers")
      ->check(CLI::IsMember({"classifier", "anomaly", "regression"}))
      ->capture_default_str();
  train_command
      .add_option("--normal", train.normal, "With --learn anomaly: the labels to learn from, where there are several")
      ->delimiter(',');
  train_command.add_option("--components", train.components, "Of gmm and kmeans: Gaussians or clusters")
      ->check(AboveZero());
  train_command.add_option("--loss", train.loss, "With --learn regression: huber forgives outliers")
      ->check(CLI::IsMember({"squared", "huber"}))
      ->capture_default_str();
  train_command.add_option("--block", train.block, "Signal processing, instead of what suits the data");
  train_command.add_option("--param", train.parameters, "A parameter of --block, as in fft-length=64; may be repeated")
      ->allow_extra_args(false);
  train_command.add_option("--from", train.from, "Go on from the network in this folder of train, or float .tflite");
  train_command.add_option("--freeze", train.freeze, "Of --from: so many layers stay; all-but-last without");
  train_command.add_option("--model", train.model, "The network, see below");
  train_command.add_option("--width", train.width, "Of --model: units or filters; of a MobileNet the percentage")
      ->check(AboveZero());
  train_command.add_option("--depth", train.depth, "Of --model: layers or blocks")->check(AboveZero());
  train_command.add_option("--dropout", train.dropout, "Of --model: share of values silenced in training")
      ->check(FromZero());
  train_command.add_option("--window-ms", train.window_ms, "Length of a window")->check(AboveZero());
  train_command.add_option("--stride-ms", train.stride_ms, "From one window to the next")->check(AboveZero());
  train_command.add_option("--epochs", train.epochs, "How often training sees every window")->check(AboveZero());
  train_command.add_option("--learning-rate", train.learning_rate, "How far a step goes")->check(AboveZero());
  train_command.add_flag("--no-augmentation", train.no_augmentation, "Learn from the recordings as they are");
  train_command.add_option("--folds", train.folds, "Judge by so many trainings, each without a part of the recordings")
      ->check(AboveZero());
  train_command.add_option("--each", train.each, "Judge by leaving each group out once: folder, or GROUP:PATTERN");
  train_command.add_option("--jobs", train.jobs, "Folds at a time; one a core without")->check(AboveZero());
  train_command.add_option("--seed", train.seed, "Fixes every random choice")->check(FromZero())->capture_default_str();
  train_command.footer(TrainHelp());
  AddCommonOptions(train_command, train.common);

  TuneOptions tune;
  CLI::App& tune_command = *app.add_subcommand(
      "tune", "Searches signal processing, network and training for the best that fits a board, and trains it");
  AddDataFolderOptions(tune_command, tune.folder);
  tune_command.add_option("--out", tune.out, "Folder for the results; a search that was stopped there goes on")
      ->required();
  tune_command.add_option("--board", tune.board, "Whose memory is the limit")->capture_default_str();
  tune_command.add_option("--ram-bytes", tune.ram_bytes, "Less RAM than the board has")->check(AboveZero());
  tune_command.add_option("--flash-bytes", tune.flash_bytes, "Less flash than the board has")->check(AboveZero());
  tune_command.add_option("--latency-ms", tune.latency_ms, "The longest time for a window")->check(AboveZero());
  tune_command.add_option("--parameters", tune.parameters, "The largest network")->check(AboveZero());
  tune_command.add_option("--block", tune.block, "This signal processing, and only its parameters are searched");
  tune_command.add_option("--model", tune.model, "This network, and only its size is searched");
  tune_command.add_option("--window-ms", tune.window_ms, "Length of a window")->check(AboveZero());
  tune_command.add_option("--stride-ms", tune.stride_ms, "From one window to the next")->check(AboveZero());
  CLI::Option* tune_seconds = tune_command.add_option("--seconds", tune.seconds, "How long to search")
                                  ->check(AboveZero())
                                  ->capture_default_str();
  tune_command.add_option("--trials", tune.trials, "How many to try instead, the same ones with each run")
      ->check(AboveZero())
      ->excludes(tune_seconds);
  tune_command.add_option("--jobs", tune.jobs, "Threads; one a core without")->check(AboveZero());
  tune_command.add_option("--seed", tune.seed, "Fixes every random choice")->check(FromZero())->capture_default_str();
  AddCommonOptions(tune_command, tune.common);

  TestOptions test;
  CLI::App& test_command = *app.add_subcommand("test", "How well a network names recordings it has not learnt from");
  test_command.add_option("--model", test.model, "The folder that thimble train wrote, or a .tflite in it")->required();
  AddDataFolderOptions(test_command, test.folder);
  test_command.add_option("--board", test.board, "Let this board judge the windows too, and compare every bit")
      ->check(CLI::IsMember({"az3166"}));
  CLI::Option* test_seed =
      test_command.add_option("--seed", test.seed, "Of the split, where the folder has none; training's without")
          ->check(FromZero());
  AddCommonOptions(test_command, test.common);

  BridgeOptions bridge;
  CLI::App& bridge_command =
      *app.add_subcommand("bridge", "A board at a serial line appears in Edge Impulse or another studio");
  bridge_command.add_option("--port", bridge.port, "The board's port, or virtual:MOTION, instead of SERIAL_PORT");
  bridge_command.add_option("--env", bridge.env_file, "Another file than .env");
  bridge_command.add_option("--management", bridge.management, "ws:// or wss:// address, instead of what EI_HOST says");
  bridge_command.add_option("--ingestion", bridge.ingestion,
                            "http:// or https:// address, instead of what EI_HOST says");
  bridge_command.add_option("--ca", bridge.ca_files, "A certificate in PEM to trust besides the system's")
      ->allow_extra_args(false);
  bridge_command.add_option("--messages", bridge.messages, "How to talk with the studio")
      ->check(CLI::IsMember({"cbor", "json"}))
      ->capture_default_str();
  bridge_command.add_option("--files", bridge.files, "How to write recordings")
      ->check(CLI::IsMember({"cbor", "json"}))
      ->capture_default_str();
  bridge_command.add_option("--hello", bridge.hello_version, "Version of the hello message")
      ->check(CLI::Range(2, 4))
      ->capture_default_str();
  bridge_command.add_option("--spool", bridge.spool, "Folder for recordings that wait to be sent");
  bridge_command.add_option("--count", bridge.count, "End after so many stored recordings")->check(AboveZero());
  bridge_command.add_option("--baud", bridge.baud, "Instead of finding it out")->check(AboveZero());
  bridge_command.add_option("--axes", bridge.axes, "Names of the numbers in a line: accX,accY,accZ")->delimiter(',');
  bridge_command.add_option("--units", bridge.units, "Their units as the board sends them: mg, or one for each")
      ->delimiter(',');
  bridge_command.add_option("--firmware", bridge.firmware, "What a virtual board runs");
  bridge_command.footer(
      "Reads EI_APIKEY, EI_HMACKEY, EI_DEVICEID, EI_DEVICETYPE, SERIAL_PORT and EI_HOST from the environment or .env.");
  AddCommonOptions(bridge_command, bridge.common);

  ServeOptions serve;
  CLI::App& serve_command =
      *app.add_subcommand("serve", "The studio: projects, data and jobs, and the door for devices and uploads");
  AddDataOptions(serve_command, serve.data_folder, serve.database);
  serve_command.add_option("--bind", serve.bind, "Address to listen at; 0.0.0.0 for other computers too")
      ->capture_default_str();
  serve_command.add_option("--studio-port", serve.studio_port, "Port of pages and API; 0 for any that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  serve_command.add_option("--remote-port", serve.remote_port, "Port of devices")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  serve_command.add_option("--ingestion-port", serve.ingestion_port, "Port of uploads")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  serve_command.add_flag("--users", serve.users, "People have accounts, also on this computer");
  serve_command.add_option("--reset-password", serve.reset_password, "Give this account a new password, and print it");
  serve_command.add_flag("--tls", serve.tls, "Serve by TLS too, with a certificate of its own authority");
  serve_command.add_option("--tls-port", serve.tls_port, "Port of TLS")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  serve_command.add_option("--name", serve.names, "A name by which clients know this computer; may be repeated")
      ->allow_extra_args(false);
  serve_command.add_option("--certificate", serve.certificate, "Serve by TLS with this certificate, PEM");
  serve_command.add_option("--key", serve.key, "Its key, PEM");
  serve_command.add_flag("--insecure", serve.insecure, "Let other computers ask without TLS");
  serve_command.add_option("--workers", serve.workers, "Jobs at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  serve_command.add_option("--log", serve.log, "Append a line for each request to this file; - for standard error");
  AddCommonOptions(serve_command, serve.common);

  ApiOptions api;
  CLI::App& api_command = *app.add_subcommand("api", "Ask a studio's API: thimble api projects");
  api_command.add_option("words", api.words, "[METHOD] PATH [NAME=VALUE | NAME@FILE | @FILE]...");
  api_command.add_flag("--list", api.list, "What can be asked; with words, only what has them, and what it takes");
  CLI::Option* api_follow =
      api_command.add_flag("--follow,-f", api.follow, "Stay with a job or a recording until it has ended");
  api_command.add_option("--url", api.url, "http:// or https:// address, instead of what EI_HOST says")
      ->envname("THIMBLE_URL");
  api_command.add_option("--key", api.key, "A project's key, or the token of a login")->envname("EI_APIKEY");
  api_command.add_option("--header", api.headers, "NAME:VALUE; may be repeated")->allow_extra_args(false);
  api_command.add_option("--ca", api.ca_files, "A certificate in PEM to trust besides the system's")
      ->envname("NODE_EXTRA_CA_CERTS")
      ->allow_extra_args(false);
  api_command.add_option("--out", api.out, "Write the answer to this file")->excludes(api_follow);
  api_command.footer(
      "Paths may leave out /api/v1/, names have dots where they lead into an object:\n"
      "  thimble api POST projects name=gestures\n"
      "  thimble api projects/1/samples label=wave limit=10\n"
      "  thimble api POST projects/1/uploads/training data@wave.1.json\n"
      "  thimble api POST projects/1/jobs kind=train parameters.impulse=2 --follow\n"
      "  thimble api projects/1/artefacts/7/file --out firmware.bin");
  AddCommonOptions(api_command, api.common);

  KeepOptions keep;
  CLI::App& backup_command = *app.add_subcommand("backup", "All that the studio keeps as one file");
  backup_command.add_option("FILE", keep.file, "A new file, .tar.zst")->required();
  CLI::App& restore_command = *app.add_subcommand("restore", "Such a file into an empty data folder");
  restore_command.add_option("FILE", keep.file, "What thimble backup wrote")->required();
  CLI::App& verify_command = *app.add_subcommand("verify", "Read all that the studio keeps: is it whole?");
  for (CLI::App* command : {&backup_command, &restore_command, &verify_command}) {
    AddDataOptions(*command, keep.data_folder, keep.database);
    AddCommonOptions(*command, keep.common);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Asking for help or the version is no mistake.
    return app.exit(error) == 0 ? 0 : kUsageExitCode;
  }

  WatchForInterrupt();
  if (demo_command.parsed()) return Finish(Demo(demo), demo.common);
  if (features_command.parsed()) return Finish(Features(features), features.common);
  if (train_command.parsed()) return Finish(Train(train), train.common);
  if (tune_command.parsed()) return Finish(Tune(tune), tune.common);
  if (test_command.parsed()) {
    test.seed_given = test_seed->count() > 0;
    return Finish(Test(test), test.common);
  }
  if (bridge_command.parsed()) return Finish(Bridge(bridge), bridge.common);
  if (serve_command.parsed()) return Finish(Serve(serve), serve.common);
  if (api_command.parsed()) return Finish(Api(api), api.common);
  if (backup_command.parsed()) return Finish(BackUp(keep), keep.common);
  if (restore_command.parsed()) return Finish(RestoreBackup(keep), keep.common);
  if (verify_command.parsed()) {
    const Expected<bool> whole = VerifyData(keep);
    if (!whole) return Finish(whole.error(), keep.common);
    return *whole ? 0 : kUnhealthyExitCode;  // the report has said what is not
  }
  if (run_command.parsed()) return Finish(Run(run), run.common);
  if (export_command.parsed()) return Finish(Export(exporting), exporting.common);
  if (compile_command.parsed()) return Finish(Compile(compile), compile.common);
  if (bench_command.parsed()) return Finish(Bench(bench), bench.common);
  if (firmware_command.parsed()) return Finish(MakeFirmware(firmware), firmware.common);
  if (capture_command.parsed()) return Finish(CaptureReadings(capture), capture.common);
  if (flash_command.parsed()) return Finish(FlashBoard(flash), flash.common);
  if (board_run_command.parsed()) return Finish(BoardRunFirmware(board_run), board_run.common);
  if (prove_command.parsed()) return Finish(Prove(prove), prove.common);
  if (doctor_command.parsed()) {
    const Expected<bool> healthy = Doctor(doctor);
    if (!healthy) return Finish(healthy.error(), doctor.common);
    return *healthy ? 0 : kUnhealthyExitCode;  // the report has said why
  }
  return Finish(Hello(hello), hello.common);
}

}  // namespace
}  // namespace thimble::cli

int main(int argc, char** argv) {
  try {
    return thimble::cli::Main(argc, argv);
  } catch (const std::exception& exception) {
    // Nothing of ours throws; this is memory running out or a library's surprise.
    std::fprintf(stderr, "thimble: %s\n", exception.what());
    return thimble::ExitCode(thimble::Status::kFailed);
  }
}
