// `thimble hello`: the sine of the TensorFlow book, from data to microcontroller.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "base/float_math.h"
#include "base/hash.h"
#include "base/random.h"
#include "cli/board_run.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/plot.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "compiler/impulse_file.h"
#include "trainer/evaluate.h"
#include "trainer/feature_scaling.h"
#include "trainer/fit.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"

namespace thimble::cli {
namespace {

constexpr int kSteps = 5;
constexpr int kTrainingPoints = 1000;
constexpr int kCurvePoints = 400;
constexpr float kNoise = 0.1F;  // standard deviation; as in the book
constexpr float kPeriod = 2 * std::numbers::pi_v<float>;

/// The same on every machine, which a C library's is not.
float Sine(float x) { return static_cast<float>(SinPi(static_cast<double>(x) / std::numbers::pi)); }

/// Points of a noisy sine over one period.
trainer::Table MakeData(uint64_t seed) {
  Random random(seed);
  trainer::Table table;
  table.feature_count = 1;
  for (int i = 0; i < kTrainingPoints; ++i) {
    const float x = kPeriod * random.Uniform();
    table.features.push_back(x);
    table.targets.push_back(Sine(x) + kNoise * random.Normal());
  }
  return table;
}

/// 1 → 16 → 16 → 1, as in the book.
trainer::ModelSpec SineNetwork() {
  trainer::ModelSpec spec;
  for (const int units : {16, 16, 1}) {
    trainer::LayerSpec& layer = spec.layers.emplace_back();
    layer.kind = trainer::LayerKind::kDense;
    layer.units = units;
    if (units > 1) layer.activation = trainer::Activation::kRelu;
  }
  return spec;
}

/// Training goes best around 0 with deviation 1; the first layer takes that in, so that the network wants x as it is.
void FoldInto(trainer::Model& model, const trainer::FeatureScaling& scaling) {
  const float offset = scaling.offset.front(), scale = scaling.scale.front();
  trainer::LayerWeights& first = model.weights.front();
  for (size_t unit = 0; unit < first.bias.size(); ++unit) {
    first.weights[unit] *= scale;
    first.bias[unit] -= offset * first.weights[unit];
  }
}

/// The x of the curves: evenly spaced over the period.
std::vector<float> CurveInputs() {
  std::vector<float> inputs;
  for (int i = 0; i < kCurvePoints; ++i) inputs.push_back(kPeriod * static_cast<float>(i) / (kCurvePoints - 1));
  return inputs;
}

struct Curves {
  std::vector<float> x, sine, in_float, in_int8;
};

struct Figures {
  trainer::RegressionErrors float_errors, int8_errors;
  size_t arena_bytes = 0;
  size_t model_bytes = 0;
  int epochs = 0;
  int parameters = 0;
};

std::string Json(const Figures& figures, const compiler::Firmware& firmware, const BoardRun& board,
                 const std::vector<std::pair<std::string, double>>& seconds, uint64_t seed) {
  using Object = nlohmann::ordered_json;
  const auto errors = [](const trainer::RegressionErrors& error) {
    return Object{{"mean_absolute", error.mean_absolute}, {"largest", error.largest}};
  };
  Object times = Object::object();
  double total = 0;
  for (const auto& [step, value] : seconds) {
    times[step] = value;
    total += value;
  }
  times["total"] = total;
  const Object object = {
      {"points", board.windows},
      {"identical", board.identical},
      {"error", {{"float", errors(figures.float_errors)}, {"int8", errors(figures.int8_errors)}}},
      {"parameters", figures.parameters},
      {"epochs", figures.epochs},
      {"arena_bytes", figures.arena_bytes},
      {"model_bytes", figures.model_bytes},
      {"flash_bytes",
       {{"code", firmware.flash_code_bytes},
        {"model", firmware.flash_model_bytes},
        {"total", firmware.flash_code_bytes + firmware.flash_model_bytes}}},
      {"instructions", {{"dsp", board.instructions_dsp}, {"network", board.instructions_network}}},
      {"board", board.board},
      {"seed", seed},
      {"version", THIMBLE_VERSION},
      {"seconds", times},
  };
  return object.dump();
}

std::string Text(const Curves& curves, const Figures& figures, const compiler::Firmware& firmware,
                 const BoardRun& board, const std::string& out, double seconds, const Style& style) {
  const auto doubles = [](const std::vector<float>& values) {
    return std::vector<double>(values.begin(), values.end());
  };
  const std::vector<double> x = doubles(curves.x);
  std::string text = "\n" + LinePlot({{"sine", x, doubles(curves.sine), Tint::kGrey},
                                      {"float", x, doubles(curves.in_float), Tint::kBlue},
                                      {"int8, on the microcontroller", x, doubles(curves.in_int8), Tint::kYellow}},
                                     {.x_name = "x", .y_name = "sin(x)"}, style);
  const auto error = [](const trainer::RegressionErrors& errors) {
    char words[80];
    std::snprintf(words, sizeof words, "mean error %.4f, largest %.3f", errors.mean_absolute, errors.largest);
    return std::string(words);
  };
  const auto number = [](double value) { return Thousands(std::llround(value)); };
  text += "\n";
  text += "  float       " + error(figures.float_errors) + "\n";
  text += "  int8        " + error(figures.int8_errors) + "\n";
  text += "  device      " + number(board.identical) + " of " + number(board.windows) +
          " answers identical to this computer's, bit for bit (" + board.board + ")\n";
  text += "  memory      arena " + number(static_cast<double>(figures.arena_bytes)) +
          " bytes, planned exactly; flash " + number(static_cast<double>(firmware.flash_code_bytes)) +
          " bytes of code, " + number(static_cast<double>(firmware.flash_model_bytes)) + " bytes of model\n";
  text += "  speed       " + number(board.instructions_network) + " instructions a sine\n";
  text += "  all of it   " + Seconds(seconds) + "\n\n";
  text += "Files are in " + Printable(out) + ":\n";
  text += "  model.tflite     the int8 network, for any TFLite tool\n";
  text += "  model.h, .cc     the same as a C array\n";
  text += "  impulse.json     the description that everything reads\n";
  text += "  firmware.elf     all of it for the microcontroller\n\n";
  text += "Next: thimble demo names gestures, from recorded motion.\n";
  return style.Plain(text);
}

}  // namespace

Outcome Hello(const HelloOptions& options) {
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  Progress progress(stderr, StyleOf(stderr), kSteps, options.common.quiet);
  Figures figures;

  progress.Begin("data");
  const trainer::Table table = MakeData(options.seed);
  progress.End(Thousands(kTrainingPoints) + " points of a noisy sine");

  progress.Begin("train");
  THIMBLE_ASSIGN(const trainer::Model fresh, trainer::Initialise(SineNetwork(), options.seed));
  trainer::FitOptions fit;
  fit.epochs = 500;
  fit.learning_rate = 0.01F;
  fit.seed = options.seed;
  // No validation: a curve this smooth cannot be learnt by heart, so there is nothing to choose.
  THIMBLE_ASSIGN(const trainer::FeatureScaling scaling, trainer::FitFeatureScaling(table.features, 1));
  std::vector<float> inputs = table.features;
  trainer::Apply(scaling, inputs);
  const trainer::Rows rows{.inputs = inputs, .labels = {}, .targets = table.targets};
  THIMBLE_ASSIGN(trainer::FitResult trained, trainer::Fit(fresh, rows, {}, fit, [&](const trainer::Epoch& epoch) {
                   progress.Update(static_cast<double>(epoch.number) / epoch.count);
                   return !Interrupted();
                 }));
  THIMBLE_EXPECT(CheckInterrupt());
  FoldInto(trained.model, scaling);
  figures.epochs = static_cast<int>(trained.curve.size());
  figures.parameters = static_cast<int>(trainer::ParameterCount(trained.model));
  progress.End("1 → 16 → 16 → 1, " + Thousands(figures.parameters) + " parameters");

  progress.Begin("quantise");
  THIMBLE_ASSIGN(const trainer::QuantisedModel quantised, trainer::Quantise(trained.model, table.features));
  const std::vector<std::byte> model = trainer::WriteTflite(quantised);
  figures.model_bytes = model.size();
  const compiler::ImpulseDescription impulse{.name = "sine",
                                             .axes = {{"x", "rad"}},
                                             .rate_hz = 1,
                                             .window_readings = 1,
                                             .stride_readings = 1,
                                             .block = compiler::DefaultParams("raw"),
                                             .labels = {},
                                             .data_hash = ""};
  THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(impulse, model));
  figures.arena_bytes = bound.arena_bytes();

  Curves curves;
  curves.x = CurveInputs();
  THIMBLE_ASSIGN(curves.in_float, trainer::Run(trained.model, curves.x));
  std::vector<WindowAnswer> here;
  runtime::Session& session = bound.session();
  for (const float x : curves.x) {
    curves.sine.push_back(Sine(x));
    session.window()[0] = x;
    const runtime::Verdict verdict = session.Run();
    curves.in_int8.push_back(verdict.score);
    here.push_back({.label = verdict.label,
                    .features_hash = Fnv1a(std::as_bytes(session.features())),
                    .raw_scores = {verdict.raw_scores.begin(), verdict.raw_scores.end()}});
  }
  figures.float_errors = trainer::EvaluateRegression(curves.sine, curves.in_float);
  figures.int8_errors = trainer::EvaluateRegression(curves.sine, curves.in_int8);
  progress.End(Thousands(static_cast<long long>(model.size())) + " bytes of model.tflite");

  progress.Begin("firmware");
  THIMBLE_ASSIGN(const compiler::Firmware firmware, BuildFirmware(bound, model, staging));
  progress.End(Thousands(static_cast<long long>(firmware.flash_code_bytes)) + " bytes of code");

  progress.Begin("device");
  THIMBLE_ASSIGN(const BoardRun board,
                 RunOnBoard(firmware, bound, {{curves.x, curves.x.size()}}, here, [&](double share) {
                   progress.Update(share);
                   return !Interrupted();
                 }));
  progress.End(Thousands(board.identical) + " of " + Thousands(board.windows) + " answers identical");

  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(impulse)));
  THIMBLE_EXPECT(CheckInterrupt());
  THIMBLE_EXPECT(staging.Commit());
  double seconds = 0;
  for (const auto& step : progress.seconds()) seconds += step.second;
  const std::string text = options.common.json
                               ? Json(figures, firmware, board, progress.seconds(), options.seed) + "\n"
                               : Text(curves, figures, firmware, board, options.out, seconds, StyleOf(stdout));
  std::fputs(text.c_str(), stdout);
  return CheckIdentical(board);
}

}  // namespace thimble::cli
