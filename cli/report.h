// What `thimble demo` measured, and the three ways to tell it: text for a terminal, one line of JSON, a page of HTML.
#ifndef THIMBLE_CLI_REPORT_H_
#define THIMBLE_CLI_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/terminal.h"

namespace thimble::cli {

/// One sensor axis, as the recordings name it.
struct ReportAxis {
  std::string name;   ///< "accX"
  std::string units;  ///< "m/s2"; may be empty
};

/// Recordings and windows of one label, on both sides of the split.
struct ReportCount {
  int recordings_training = 0;
  int recordings_testing = 0;
  int windows_training = 0;
  int windows_testing = 0;
};

/// Where the recordings came from and what they hold.
struct ReportData {
  std::string source;                   ///< a path, or "simulated hand (seed 1, not real recordings)"
  bool simulated = false;               ///< true when the project made the recordings itself
  std::vector<std::string> notices;     ///< sentences about anything repaired, skipped or guessed
  std::vector<std::string> duplicates;  ///< one sentence for each duplicate that was found
  std::vector<ReportAxis> axes;
  double rate_hz = 0;
  double window_ms = 0;
  double stride_ms = 0;
  std::vector<ReportCount> counts;  ///< one for each label, in the order of Report::labels
};

/// One epoch of training. A value that was not measured is NaN: it is left out of the curve and null in the JSON.
struct ReportEpoch {
  double training_loss = 0;
  double training_accuracy = 0;  ///< 0..1
  double validation_loss = 0;
  double validation_accuracy = 0;  ///< 0..1
};

/// One layer of the network.
struct ReportLayer {
  std::string name;   ///< "conv"
  std::string shape;  ///< of its output: "52 × 16"
  int64_t parameters = 0;
  int64_t multiplications = 0;      ///< for one window
  std::optional<double> int8_loss;  ///< how far its int8 alone moves the outputs, 0..2; nothing: it has no numbers
};

/// One candidate that was trained.
struct ReportTried {
  std::string name;       ///< "waveform + conv1d"
  double validation = 0;  ///< accuracy, 0..1; NaN: not measured
};

/// Features and network.
struct ReportImpulse {
  std::string block;                       ///< "spectral_analysis"
  std::vector<std::string> feature_names;  ///< feature_count of them, or empty
  int feature_count = 0;
  std::string network;  ///< "39 → 20 → 10 → 4"
  int64_t parameters = 0;
  std::vector<ReportEpoch> epochs;  ///< one for each epoch that ran
  int best_epoch = 0;               ///< the one whose network was kept, counted from 1; 0: the last
  std::vector<ReportLayer> layers;
  std::string int8_losses;  ///< a sentence: which layers lose most
  std::vector<ReportTried> tried;
};

/// A testing window that was answered worst.
struct ReportWorst {
  std::string place;  ///< "wave.1 (testing/wave.1.json), 1.2 s to 3.2 s"
  int label = 0;      ///< index into Report::labels
  int predicted = 0;  ///< index into Report::labels
  double score = 0;   ///< that the true label got, 0..1
};

/// How much the scores can be trusted.
struct ReportWorth {
  std::vector<std::optional<double>> areas;  ///< under the ROC curve of each label; nothing where it does not occur
  double calibration_error = 0;              ///< of the testing windows' scores (ECE), 0..1
  /// Chosen on validation windows; measured on the testing ones. Nothing: there were none to choose on.
  struct Choice {
    double temperature = 1;
    double calibration_error = 0;  ///< after it
    double threshold = 0;          ///< scores below it are called uncertain
    double uncertain = 0;          ///< share of windows
    double accuracy = 0;           ///< of the others
  };
  std::optional<Choice> choice;
  std::vector<ReportWorst> worst;  ///< wrong answers only, worst first
};

/// correct of total.
struct ReportScore {
  int correct = 0;
  int total = 0;
};

/// Answers to the testing side. Fractions are 0..1; nothing means "not measured" (null in the JSON).
struct ReportAccuracy {
  std::optional<double> float_windows;   ///< float network, by window
  std::optional<double> int8_windows;    ///< int8 network on this computer, by window
  std::optional<double> device_windows;  ///< int8 network on the microcontroller, by window
  ReportScore recordings;                ///< int8, by recording: majority of its windows
};

/// What the microcontroller said, and what it needs.
struct ReportDevice {
  std::string board;                ///< "az3166"; empty when no device ran
  std::string description;          ///< "Cortex-M4F, virtual MXChip AZ3166"; may be empty
  int windows = 0;                  ///< windows that the device answered
  int identical = 0;                ///< of these: features, scores and label equal to the computer's, bit for bit
  int64_t arena_bytes = 0;          ///< exact: planned, not tried
  int64_t flash_code = 0;           ///< bytes
  int64_t flash_model = 0;          ///< bytes
  int64_t flash_total = 0;          ///< bytes; includes start-up code and constants
  int64_t ram_bytes = 0;            ///< static data, stack and arena
  int64_t model_bytes = 0;          ///< size of model.tflite
  double instructions_dsp = 0;      ///< per window
  double instructions_network = 0;  ///< per window
  double cycles_dsp = 0;            ///< per window; 0: not counted
  double cycles_network = 0;        ///< per window
  uint32_t clock_hz = 0;            ///< of the cycles
};

/// One window of one label, to show what the network sees.
struct ReportSignal {
  int label = 0;                            ///< index into Report::labels
  std::string recording;                    ///< its name
  std::vector<std::vector<float>> by_axis;  ///< [axis][point], evenly spaced over the window; about 60 points suffice
};

/// One testing window in the plane of the first two principal components (trainer/projection.h).
struct ReportPoint {
  float x = 0;
  float y = 0;
  int label = 0;      ///< index into Report::labels
  int predicted = 0;  ///< index into Report::labels
  bool correct() const { return label == predicted; }
};

/// A file that was written, and what it is: {"model.tflite", "the int8 network"}.
struct ReportFile {
  std::string path;
  std::string what;
};

/// Everything `demo` measured. Parts that were not measured stay empty and are left out of text and HTML.
struct Report {
  std::string title = "Thimble";
  std::string version;                                        ///< of Thimble
  std::vector<std::pair<std::string, std::string>> versions;  ///< of tools: {"g++", "12.2.0"}
  std::string command;                                        ///< what to type to get this again
  uint64_t seed = 0;

  std::vector<std::string> labels;
  ReportData data;
  ReportImpulse impulse;
  ReportAccuracy accuracy;
  std::vector<std::vector<int>> confusion;  ///< [true label][predicted label], int8, windows of the testing side
  std::optional<ReportWorth> worth;
  ReportDevice device;
  std::vector<std::pair<std::string, double>> seconds;  ///< by step, in order, without "total"

  std::vector<ReportSignal> signals;
  std::vector<ReportPoint> points;
  std::vector<ReportFile> files;
};

/// Sum of the steps.
double TotalSeconds(const Report& report);

/// "91.3 %". What is not all is never rounded up to 100.
std::string AsPercent(double share);

/// Four digits, or all of a whole number: "62.5", "99.9", "16000".
std::string ShortNumber(double number);

/// The sentence that every report of simulated recordings carries.
inline constexpr char kSimulatedSentence[] =
    "These recordings are simulated, not real: the figures show that every step works, not how well a real hand would "
    "be recognised.";

/// "6 axes (accX, accY, accZ in m/s2) at 100 Hz; a window is 2000 ms long, one starts every 80 ms."
std::string DescribeWindows(const ReportData& data);

/// Whether device and computer agree, in one sentence.
std::string DescribeIdentity(const ReportDevice& device);

/// What the scores are worth, in a few sentences.
std::vector<std::string> DescribeScores(const ReportWorth& worth);

/// For people: one to two screens, ending in a newline.
std::string TextReport(const Report& report, const Style& style);

/// One object on one line, without a newline at the end. Keys are stable: scripts depend on them.
///
///   accuracy{float,int8,device,recordings{correct,total}}  windows identical arena_bytes ram_bytes model_bytes
///   flash_bytes{code,model,total}  instructions{dsp,network}  cycles{dsp,network}  seconds{<step>…,total}
///   f1{<label>…}  macro_f1
///   classes[{label,precision,recall,f1,windows}]  confusion[[]]  labels[]  recordings{training,testing,by_label{}}
///   data{source,…}  impulse{block,…}  training{epochs,…}  duplicates[] notices[] simulated seed version versions{}
///
/// `windows` and `identical` count what the device answered. Bytes that are not UTF-8 become U+FFFD.
std::string JsonReport(const Report& report);

/// A page that needs nothing else: no scripts, no requests. Light or dark as the reader's system asks.
std::string HtmlReport(const Report& report);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_REPORT_H_
