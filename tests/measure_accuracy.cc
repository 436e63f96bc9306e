// Trains on real recordings by the `thimble` command and writes down how good the int8 networks are: measure_accuracy
// ARCHIVES FOLDER FILE [ROW…]. Archives are unpacked into FOLDER; FILE keeps the figures of rows that are not named.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/journeys/command.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kSeeds = 3;

struct Row {
  const char* name;     ///< in the file and at the command line
  const char* archive;  ///< whose folder `data` is, or is made of
  const char* data;     ///< the folder of recordings
  const char* options;  ///< of `thimble train`
  double reach;         ///< int8, in percent of windows; of anomalies the area under the curve, in percent
  int parameters;       ///< at most; 0: as many as it likes
};

// Vibration, and not the sound for which one fast axis is taken.
constexpr char kBearing[] = "--split time=40% --block spectral_analysis --model dense --window-ms 100 --stride-ms 25";

// What is to be reached. Options are what a person who knows the recordings would give, and no more.
constexpr Row kRows[] = {
    {"gestures", "xiao-gestures", "xiao-gestures", "", 99, 4000},
    {"wand", "magic-wand", "wand-parts", "--readings-per-recording 119", 88, 0},
    {"wand-folds", "magic-wand", "magic-wand", "--readings-per-recording 119 --folds 5", 94, 0},
    {"falls", "esp-fall-shake", "esp-fall-shake", "--model dense --width 40", 98.8, 0},
    {"fan", "ceiling-fan", "fan-speeds", "--rate-hz 200 --split order=30%", 99.8, 0},
    {"fan-low-weight", "ceiling-fan", "fan-low", "--rate-hz 200 --split order=30% --learn anomaly --normal balanced",
     99.5, 0},
    {"fan-high-weight", "ceiling-fan", "fan-high", "--rate-hz 200 --split order=30% --learn anomaly --normal balanced",
     98, 0},
    {"bearing-12k", "cwru-bearing", "cwru-bearing", kBearing, 99.5, 0},
    {"bearing-6k", "cwru-bearing", "bearing-6k", kBearing, 99.5, 0},
    {"digits-small", "spoken-digits", "spoken-digits",
     "--split index:{digit}_{speaker}_{index}=0..4 --model tcn --width 20", 98.5, 3000},
    {"digits", "spoken-digits", "spoken-digits",
     "--split index:{digit}_{speaker}_{index}=0..4 --model conv1d --width 30", 99.5, 12000},
    {"digits-speakers", "spoken-digits", "spoken-digits",
     "--each speaker:{digit}_{speaker}_{index} --model conv1d --width 64 --epochs 50", 88, 0},
    {"mnist", "mnist-10k", "mnist-10k", "--split recording --model conv2d --width 7 --depth 4", 98.5, 20000},
    {"components", "components", "components", "--folds 5 --picture-side 48", 99, 0},
};

[[noreturn]] void Fail(const std::string& sentence) {
  std::fprintf(stderr, "measure_accuracy: %s\n", sentence.c_str());
  std::exit(3);
}

void Link(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  if (!fs::exists(to)) fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::create_hard_links);
}

/// The same recording with the mean of two readings for each two.
void Halve(const fs::path& from, const fs::path& to) {
  std::ifstream in(from);
  std::ofstream out(to);
  std::string line, next;
  std::getline(in, line);
  out << line << '\n';
  while (std::getline(in, line) && std::getline(in, next)) {
    double time = 0, after = 0, one = 0, other = 0;
    if (std::sscanf(line.c_str(), "%lf,%lf", &time, &one) != 2 ||
        std::sscanf(next.c_str(), "%lf,%lf", &after, &other) != 2) {
      Fail(from.string() + ": is not the file that was expected");
    }
    char text[64];
    std::snprintf(text, sizeof text, "%.6f,%.7f\n", time, (one + other) / 2);
    out << text;
  }
}

/// Unpacks what a row needs, and brings it into the form that its split wants.
void Prepare(const Row& row, const fs::path& archives, const fs::path& folder) {
  const fs::path unpacked = folder / row.archive;
  if (!fs::exists(unpacked)) {
    const fs::path archive = archives / (std::string(row.archive) + ".tar.xz");
    if (!fs::exists(archive)) Fail(archive.string() + " is missing; set THIMBLE_SHARED to the folder above data/");
    if (std::system(("tar -xJf '" + archive.string() + "' -C '" + folder.string() + "'").c_str()) != 0) {
      Fail(archive.string() + " cannot be unpacked");
    }
  }
  const fs::path data = folder / row.data;
  if (fs::exists(data)) return;
  const std::string name = row.data;
  if (name == "wand-parts") {  // without the files that hold both parts
    for (const char* part : {"train", "test"}) Link(unpacked / part, data / part);
  } else if (name == "fan-speeds") {  // without the weight
    for (const std::string speed : {"off", "low", "high"}) {
      Link(unpacked / ("fan_0_" + speed + "_0_weight"), data / speed);
    }
  } else if (name == "fan-low" || name == "fan-high") {
    const std::string fan = "fan_0_" + name.substr(4);
    Link(unpacked / (fan + "_0_weight"), data / "balanced");
    Link(unpacked / (fan + "_1_weight"), data / "unbalanced");
  } else if (name == "bearing-6k") {
    fs::create_directories(data);
    for (const fs::directory_entry& file : fs::directory_iterator(unpacked)) {
      if (file.path().extension() == ".csv") Halve(file.path(), data / file.path().filename());
    }
  }
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

struct Figures {
  // Means over seeds; shares in percent. Of anomalies int8 is the area under the curve, recordings the false alarms.
  double int8 = 0, in_float = 0, recordings = 0, parameters = 0, seconds = 0;
};

Figures Measure(const Row& row, const fs::path& folder) {
  Figures mean;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    std::vector<std::string> arguments = {"train", "--data", row.data, "--out", std::string("out-") + row.name};
    for (const std::string& word : Words(row.options)) arguments.push_back(word);
    for (const char* word : {"--json", "--seed"}) arguments.emplace_back(word);
    arguments.push_back(std::to_string(seed));
    const thimble::journeys::CommandResult result = thimble::journeys::RunThimble(arguments, folder);
    std::istringstream lines(result.out);
    std::string line, last;
    while (std::getline(lines, line)) last = line;
    const Json object = Json::parse(last, nullptr, false);
    if (object.contains("parameters")) {
      mean.parameters = std::max(mean.parameters, object["parameters"].get<double>());
    }
    if (result.exit_code == 0 && object.contains("auc")) {
      const double area = 100 * object["auc"]["labels"]["unbalanced"].get<double>();
      mean.int8 += area / kSeeds;
      mean.in_float += area / kSeeds;  // scores are computed in float
      mean.recordings += 100 * object["false_alarms"].get<double>() / kSeeds;
      mean.seconds += object["seconds"]["total"].get<double>() / kSeeds;
      continue;
    }
    if (result.exit_code != 0 || !object.contains("accuracy")) {
      Fail(std::string(row.name) + ", seed " + std::to_string(seed) + ": " + result.err + last);
    }
    const Json& accuracy = object["accuracy"];
    // Of groups that were left out one after the other the mean over groups is meant, large ones or small.
    const bool by_group = accuracy.contains("folds_mean");
    const double int8 = 100 * accuracy[by_group ? "folds_mean" : "int8"].get<double>();
    double in_float = 100 * accuracy["float"].get<double>();
    if (by_group) {
      in_float = 0;
      for (const Json& fold : object["folds"]) {
        in_float += 100 * fold["accuracy"]["float"].get<double>() / static_cast<double>(object["folds"].size());
      }
    }
    mean.int8 += int8 / kSeeds;
    mean.in_float += in_float / kSeeds;
    mean.recordings += 100 * accuracy["recordings"].get<double>() / kSeeds;
    mean.seconds += object["seconds"]["total"].get<double>() / kSeeds;
    std::fprintf(stderr, "  %s, seed %d: int8 %.2f %%, float %.2f %%, %s, %.0f s\n", row.name, seed, int8, in_float,
                 object["model"].get<std::string>().c_str(), object["seconds"]["total"].get<double>());
  }
  return mean;
}

std::string Line(const Row& row, const Figures& figures) {
  char text[160];
  std::snprintf(text, sizeof text, "%-16s %6.2f %6.2f %6.2f %6.0f %6.1f %6.2f %6d  ", row.name, figures.int8,
                figures.in_float, figures.recordings, figures.parameters, figures.seconds, row.reach, row.parameters);
  std::string line = text + std::string("thimble train --data ") + row.data;
  if (row.options[0] != '\0') line += std::string(" ") + row.options;
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: measure_accuracy ARCHIVES FOLDER FILE [ROW...]\n");
    return 2;
  }
  const fs::path folder = fs::absolute(argv[2]);
  fs::create_directories(folder);
  const std::set<std::string> wanted(argv + 4, argv + argc);
  for (const std::string& name : wanted) {
    const auto is_it = [&](const Row& row) { return row.name == name; };
    if (std::none_of(std::begin(kRows), std::end(kRows), is_it)) Fail("there is no row " + name);
  }
  std::map<std::string, std::string> kept;  // lines by row
  {
    std::ifstream file(argv[3]);
    for (std::string line; std::getline(file, line);) {
      if (const auto words = Words(line); !words.empty()) kept[words[0]] = line;
    }
  }
  bool missed = false;
  for (const Row& row : kRows) {
    if (!wanted.empty() && !wanted.contains(row.name)) continue;
    Prepare(row, argv[1], folder);
    const Figures figures = Measure(row, folder);
    kept[row.name] = Line(row, figures);
    const bool reached = figures.int8 >= row.reach && (row.parameters == 0 || figures.parameters <= row.parameters) &&
                         figures.int8 >= figures.in_float - 0.5;
    missed = missed || !reached;
    std::printf("%s%s\n", kept[row.name].c_str(), reached ? "" : "  MISSED");
    std::fflush(stdout);
    // After each row: the whole takes long.
    std::ofstream file(argv[3]);
    file << "# ./run bench accuracy: means of " << kSeeds << " seeds; percent of windows, parameters, seconds\n"
         << "# of --learn anomaly: int8 is 100 times the area under the curve, recordings the share of false alarms\n"
         << "# row               int8  float recordings params seconds reach params\n";
    for (const Row& one : kRows) {
      if (kept.contains(one.name)) file << kept[one.name] << '\n';
    }
    if (!file.flush()) Fail(std::string(argv[3]) + " cannot be written");
  }
  return missed ? 1 : 0;
}
