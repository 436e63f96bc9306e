// Writes docs/numbers.md anew from the committed figures: write_numbers NUMBERS_FOLDER FILE.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

/// What is to be reached on a Cortex-M4, and what TensorFlow Lite Micro with CMSIS-NN takes; 0: nobody has said.
struct Goal {
  const char* model;
  int64_t cycles, ram_bytes, code_bytes;
  double reference_mcycles;
  int64_t reference_arena_bytes;
};
constexpr Goal kGoals[] = {
    {"kws_dscnn_int8", 3'800'000, 12'000, 20'480, 8.67, 22'820},
    {"vww_96_int8", 6'000'000, 42'000, 0, 27.5, 100'708},
    {"ic_resnet8_int8", 9'500'000, 52'000, 0, 34.1, 54'996},
    {"ad01_int8", 380'000, 1'100, 0, 0.714, 2'580},
    {"sww_int8", 1'200'000, 8'000, 0, 2.55, 16'596},
    {"person_detect_int8", 10'000'000, 42'000, 0, 26.1, 82'308},
    {"micro_speech_int8", 800'000, 4'500, 0, 1.96, 6'836},
    {"hello_int8", 1'500, 64, 4'096, 0.0047, 772},
    {"mnist_lstm_int8", 0, 0, 0, 0, 0},
    {"keyword_scrambled_8bit", 0, 0, 0, 0, 0},
    {"hello_float", 0, 0, 0, 0, 0},
    {"ad01_fp32", 0, 0, 0, 0, 0},
};

using Figures = std::map<std::string, double>;

/// The committed figures of this name; ends the program when there are none.
Figures Read(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name + ".txt";
  std::ifstream file(path);
  Figures figures;
  std::string line;
  std::getline(file, line);  // the command
  std::string key, value;
  while (file >> key >> value) {
    if (key != "output_md5") figures[key] = std::stod(value);
  }
  if (figures.empty()) {
    std::fprintf(stderr, "write_numbers: %s is missing; THIMBLE_WRITE_NUMBERS=1 ./run test writes it\n", path.c_str());
    std::exit(3);
  }
  return figures;
}

std::string Fixed(double number, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

std::string Thousands(double number) {
  std::string text = Fixed(number, 0);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

/// A figure with what it is to be at most, in columns of their own.
std::string Against(double figure, double goal, int decimals = 0) {
  const auto text = [&](double number) { return decimals > 0 ? Fixed(number, decimals) : Thousands(number); };
  if (goal == 0) return text(figure) + " | –";
  return text(figure) + " | " + (figure <= goal ? "≤ " : "**missed** ≤ ") + text(goal);
}

std::string Code(const std::string& text) { return "`" + text + "`"; }

std::string OnCortexM4(const std::string& folder) {
  std::string page =
      "| model | cycles | to reach | TFLM, Mcycles | RAM, bytes | to reach | TFLM arena | code, bytes | to reach | "
      "model, bytes |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (const Goal& goal : kGoals) {
    Figures figures = Read(folder, std::string(goal.model) + ".mps2_an386");
    char reference[32] = "–";
    if (goal.reference_mcycles > 0) std::snprintf(reference, sizeof reference, "%g", goal.reference_mcycles);
    page += "| " + Code(goal.model) + " | " + Against(figures["cycles"], static_cast<double>(goal.cycles)) + " | " +
            reference + " | " + Against(figures["ram_bytes"], static_cast<double>(goal.ram_bytes)) + " | " +
            (goal.reference_arena_bytes > 0 ? Thousands(static_cast<double>(goal.reference_arena_bytes)) : "–") +
            " | " + Against(figures["code_bytes"], static_cast<double>(goal.code_bytes)) + " | " +
            Thousands(figures["model_bytes"]) + " |\n";
  }
  return page;
}

std::string InLittleRam(const std::string& folder) {
  constexpr double kCycles = 15'000'000, kRamBytes = 36'000;
  Figures figures = Read(folder, "ic_resnet8_int8.ram_36000.mps2_an386");
  return "\n## In less RAM\n\n`build/thimble bench MODEL --ram 36000 --json`: the fastest plan within that many "
         "bytes.\n\n"
         "| model | cycles | to reach | RAM, bytes | to reach |\n| --- | ---: | ---: | ---: | ---: |\n"
         "| `ic_resnet8_int8` | " +
         Against(figures["cycles"], kCycles) + " | " + Against(figures["ram_bytes"], kRamBytes) + " |\n";
}

std::string AsPackage(const std::string& folder) {
  constexpr double kTime = 1.03, kRam = 1.10;
  std::string page =
      "\n## As a package\n\n`build/thimble bench MODEL --package --json`: the same plan, read from flash by the "
      "runtime; "
      "ratios to the\ncompiled form above.\n\n"
      "| model | cycles | ratio | to reach | RAM, bytes | ratio | to reach |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (const char* model : {"kws_dscnn_int8", "vww_96_int8", "ic_resnet8_int8"}) {
    Figures compiled = Read(folder, std::string(model) + ".mps2_an386");
    Figures package = Read(folder, std::string(model) + ".package.mps2_an386");
    page += "| " + Code(model) + " | " + Thousands(package["cycles"]) + " | " +
            Against(package["cycles"] / compiled["cycles"], kTime, 3) + " | " + Thousands(package["ram_bytes"]) +
            " | " + Against(package["ram_bytes"] / compiled["ram_bytes"], kRam, 3) + " |\n";
  }
  return page;
}

std::string OnCortexM55(const std::string& folder) {
  constexpr double kRatio = 1.0 / 3;
  std::string page =
      "\n## Cortex-M55\n\n`build/thimble bench MODEL --board mps3_an547 --json` beside the same on `mps2_an386`: "
      "instructions, because nobody\ncounts a Cortex-M55's cycles here.\n\n"
      "| model | instructions, Cortex-M55 | instructions, Cortex-M4 | ratio | to reach |\n"
      "| --- | ---: | ---: | ---: | ---: |\n";
  for (const char* model : {"kws_dscnn_int8", "ic_resnet8_int8"}) {
    const double helium = Read(folder, std::string(model) + ".mps3_an547")["instructions"];
    const double dsp = Read(folder, std::string(model) + ".mps2_an386")["instructions"];
    page += "| " + Code(model) + " | " + Thousands(helium) + " | " + Thousands(dsp) + " | " +
            Against(helium / dsp, kRatio, 3) + " |\n";
  }
  return page;
}

/// Our own processor beside the plugin in QEMU, and what `./run bench board` wrote of its speed.
std::string OnVirtualBoard(const std::string& folder) {
  constexpr double kPercent = 3, kMips = 100;
  std::string page =
      "\n## The virtual board\n\nThe firmware of `build/thimble bench MODEL` on the processor of "
      "`simulator/cortex_m4/` "
      "beside the cycles that the plugin\ncounts in QEMU; instructions are the same on both, and the gate compares "
      "them (`tests/oracle_test.cc`).\n\n"
      "| model | cycles here | counted in QEMU | deviation, percent | to reach |\n"
      "| --- | ---: | ---: | ---: | ---: |\n";
  for (const char* model : {"kws_dscnn_int8", "ic_resnet8_int8", "ad01_int8"}) {
    const double here = Read(folder, std::string(model) + ".virtual_core.mps2_an386")["cycles"];
    const double counted = Read(folder, std::string(model) + ".mps2_an386")["cycles"];
    page += "| " + Code(model) + " | " + Thousands(here) + " | " + Thousands(counted) + " | " +
            Against(100 * std::abs(here / counted - 1), kPercent, 2) + " |\n";
  }
  const double mips = Read(folder, "virtual_board_measured")["mips"];
  return page + "\n`./run bench board`: " + Fixed(mips, 0) + " million instructions a second on one thread, MPU on, " +
         (mips >= kMips ? "to reach " : "**missed** ") + Fixed(kMips, 0) + "; measured, not compared.\n";
}

/// Feature blocks (firmware/dsp_bench): floats, and the same in integers where there are any.
std::string OfSignals(const std::string& folder) {
  struct Case {
    const char* name;
    const char* what;
    double cycles;  ///< to reach; 0: no figure was set
  };
  constexpr Case kCases[] = {
      {"spectral_default", "spectral analysis, 3 axes of 2 s at 100 Hz, FFT 16", 60'000},
      {"gesture_pipeline", "the same, 62.5 Hz, low pass of order 6, FFT 128", 250'000},
      {"mfcc_49x10", "MFCC, 49 frames of 10 coefficients, 40 filters, FFT 512, 1 s at 16 kHz", 3'000'000},
      {"mfcc_default", "MFCC, Edge Impulse's defaults, 1 s at 16 kHz", 0},
      {"mfe_default", "MFE, Edge Impulse's defaults, 1 s at 16 kHz", 0},
      {"spectrogram_default", "spectrogram, Edge Impulse's defaults, 1 s at 16 kHz", 0},
      {"mfcc_stream_slice", "MFCC as a stream: a slice of 0.25 s and the window's features", 0},
      {"mfe_stream_slice", "MFE as a stream: a slice of 0.25 s and the window's features", 0},
  };
  Figures figures = Read(folder, "dsp.mps2_an386");
  std::string page =
      "\n## Signal processing\n\n`build/host/tests/device_tests --gtest_filter='Dsp*'`: `firmware/dsp_bench` on "
      "`mps2_an386`, one window; what is worked out\nonce before is not counted, nor are the samples in the bytes. "
      "Integers (`dsp/fixed/`) are for cores without an FPU: on a Cortex-M0\nthe same command holds them to an eighth "
      "of "
      "the floats' instructions.\n\n"
      "| window | cycles | to reach | bytes | cycles in integers |\n| --- | ---: | ---: | ---: | ---: |\n";
  for (const Case& one : kCases) {
    const std::string name = one.name, integers = "cycles.fixed_" + name;
    page += std::string("| ") + one.what + " | " + Against(figures["cycles." + name], one.cycles) + " | " +
            Thousands(figures["memory_bytes." + name]) + " | " +
            (figures.contains(integers) ? Thousands(figures[integers]) : "") + " |\n";
  }
  return page;
}

std::string PredictedByDoctor(const std::string& folder) {
  constexpr double kPercent = 10;
  std::string page =
      "\n## What `doctor` predicts\n\n`build/thimble doctor MODEL --board mps2_an386 --json`, before anything is "
      "built, "
      "against the cycles that bench\ncounts. The worst layer is one of those that take more than a twentieth of the "
      "run; deviations in percent.\n\n"
      "| model | predicted cycles | counted | deviation | to reach | worst layer | to reach |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (const Goal& goal : kGoals) {
    const std::string model = goal.model;
    Figures predicted = Read(folder, model + ".doctor.mps2_an386");
    const double counted = Read(folder, model + ".mps2_an386")["cycles"];
    const double off = 100 * std::abs(predicted["cycles"] / counted - 1);
    page += "| " + Code(model) + " | " + Thousands(predicted["cycles"]) + " | " + Thousands(counted) + " | " +
            Against(off, kPercent, 1) + " | " + Against(predicted["worst_layer_percent"], kPercent, 1) + " |\n";
  }
  return page;
}

/// What `./run bench xnnpack` wrote: the command, the processor, a heading, layers, geometric means.
std::string BesideXnnpack(const std::string& folder) {
  constexpr double kMean = 1;
  const std::string path = folder + "/xnnpack_measured.txt";
  std::ifstream file(path);
  std::string processor, line;
  std::getline(file, line);
  std::getline(file, processor);
  std::getline(file, line);
  std::string layers, means;
  int count = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::vector<std::string> list;
    for (std::string word; words >> word;) list.push_back(word);
    if (list.empty()) continue;
    if (list.front() == "geometric") {
      const double mean = std::stod(list.back());
      means += "| " + list[3] + " | " + list.back() + " | " + (mean >= kMean ? "≥ " : "**missed** ≥ ") +
               Fixed(kMean, 1) + " |\n";
      continue;
    }
    if (list.size() < 4) continue;
    ++count;
    std::string row = "|";
    for (size_t i = 0; i < list.size(); ++i) row += (i + 3 >= list.size() && i > 0 ? " | " : " ") + list[i];
    layers += row + " |\n";
  }
  if (count == 0) {
    std::fprintf(stderr, "write_numbers: %s is missing; THIMBLE_WRITE_NUMBERS=1 ./run bench xnnpack writes it\n",
                 path.c_str());
    std::exit(3);
  }
  return "\n## Beside XNNPACK on a laptop or server\n\n`./run bench xnnpack`: the steps for x86-64 beside the qs8 and "
         "qc8 "
         "operators of Debian's `libxnnpack-dev`, the same\nlayers, side by side, " +
         processor.substr(std::string("# ").size()) +
         ". Measured, not compared: times differ from\nrun to run, so the gate does not look at these (medians of nine "
         "repetitions in random order). Above 1: ours is faster.\n\n"
         "| geometric mean of | ratio | to reach |\n| --- | ---: | ---: |\n" +
         means + "\n" + std::to_string(count) +
         " layers:\n\n| layer | XNNPACK, ns | ours, ns | ratio |\n| --- | ---: | ---: | ---: |\n" + layers;
}

/// What `./run bench studio` wrote: the command and the computer, then the rows of a table.
std::string OfStudio(const std::string& folder) {
  const std::string path = folder + "/studio_measured.txt";
  std::ifstream file(path);
  std::string computer, rows;
  std::getline(file, computer);
  for (std::string line; std::getline(file, line);) rows += line + "\n";
  if (rows.empty()) {
    std::fprintf(stderr, "write_numbers: %s is missing; THIMBLE_WRITE_NUMBERS=1 ./run bench studio writes it\n",
                 path.c_str());
    std::exit(3);
  }
  return "\n## The studio's server\n\n`" + computer.substr(std::string("# ").size(), computer.find(',') - 2) +
         "`: `thimble serve` on its own, clients on the same computer" + computer.substr(computer.find(',')) +
         ".\nMeasured, not compared. Recordings are 10 s of six axes at 100 Hz in CBOR, signed, by 20 uploaders at a "
         "time, each\nof them on the disk when it is acknowledged; lists and plots are asked for one after the "
         "other.\n\n" +
         rows;
}

/// How good networks are that learnt from real recordings.
std::string OfRealRecordings(const std::string& folder) {
  std::ifstream file(folder + "/accuracy.txt");
  std::string rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string name, int8, in_float, recordings, parameters, seconds, reach, most, command;
    words >> name >> int8 >> in_float >> recordings >> parameters >> seconds >> reach >> most;
    std::getline(words >> std::ws, command);
    const bool reached = std::stod(int8) >= std::stod(reach) && std::stod(int8) >= std::stod(in_float) - 0.5 &&
                         (most == "0" || std::stoi(parameters) <= std::stoi(most));
    const bool is_anomaly = command.find("--learn anomaly") != std::string::npos;
    if (is_anomaly) int8 += " (area), " + Fixed(std::stod(recordings), 1) + " % false alarms";
    rows += "| " + name + " | " + int8 + " | " + (reached ? "≥ " : "**missed** ≥ ") + reach + " | " + in_float + " | " +
            Thousands(std::stod(parameters)) + (most == "0" ? "" : " (≤ " + Thousands(std::stod(most)) + ")") + " | " +
            seconds + " | `" + command + "` |\n";
  }
  if (rows.empty()) {
    std::fprintf(stderr,
                 "write_numbers: accuracy.txt is missing; THIMBLE_WRITE_NUMBERS=1 ./run bench accuracy writes it\n");
    std::exit(3);
  }
  return "\n## Accuracy on real recordings\n\n`./run bench accuracy`: percent of windows that the testing part, or the "
         "parts that were left out, got right; means of three\nseeds, by the exported int8 file in our runtime, beside "
         "the same network in float. What folds of speakers say is the mean\nover speakers. Sums of floats differ from "
         "processor to processor, so the gate checks the first row alone, against its\nbound.\n\n"
         "| recordings | int8, % | to reach | float, % | parameters | seconds | command |\n"
         "| --- | ---: | ---: | ---: | ---: | ---: | --- |\n" +
         rows;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: write_numbers NUMBERS_FOLDER FILE\n");
    return 2;
  }
  const std::string folder = argv[1];
  const std::string page =
      "# Numbers\n\nGenerated by `./run docs` from `tests/numbers/`, which the gate compares exactly, but for what is "
      "called measured.\n\n## Cortex-M4\n\nEach line is `build/thimble bench MODEL --json`: the compiled model on the "
      "board "
      "`mps2_an386`, weights in flash, cycles\nof a Cortex-M4 with memory that never makes it wait "
      "(`simulator/cycle_counter/`), from one input with seed 1. RAM is all but\nthe stack; code is without the model. "
      "Beside each figure stands what it is to reach, and what TensorFlow Lite Micro with\nCMSIS-NN takes.\n\n" +
      OnCortexM4(folder) + InLittleRam(folder) + AsPackage(folder) + OnCortexM55(folder) + OnVirtualBoard(folder) +
      OfSignals(folder) + PredictedByDoctor(folder) + OfRealRecordings(folder) + OfStudio(folder) +
      BesideXnnpack(folder);
  return (std::ofstream(argv[2]) << page).flush() ? 0 : 1;
}
