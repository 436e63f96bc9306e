// `thimble doctor`: what a model is, what it needs, and what stands in its way, before it meets a board.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>

#include "cli/arena_picture.h"
#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/output_files.h"
#include "cli/plan_options.h"
#include "cli/terminal.h"
#include "compiler/code_size.h"
#include "compiler/compile.h"
#include "compiler/inspect.h"
#include "compiler/model_file.h"
#include "compiler/plan_firmware.h"
#include "kernels/all_operators.h"
#include "simulator/cycles.h"

namespace thimble::cli {
namespace {

using compiler::Finding;
using compiler::Inspection;
using compiler::OperatorFacts;
using compiler::TensorFacts;
using Json = nlohmann::ordered_json;
using Weight = Finding::Weight;

constexpr int kHeadingColumns = 11;

/// Whose speed is told when nobody names a board; the kit that this project is built around.
constexpr const char* kUsualBoard = "az3166";

/// One way to run the model, and what it takes of a board.
struct Form {
  const char* name;
  size_t ram_bytes, flash_bytes;
  bool has_code;  ///< the flash; otherwise nobody knows how much code there is

  bool HasRam(const firmware::Board& board) const { return board.ram.bytes == 0 || ram_bytes <= board.ram.bytes; }
  bool HasFlash(const firmware::Board& board) const {
    return board.flash.bytes == 0 || flash_bytes <= board.flash.bytes;
  }
  bool Fits(const firmware::Board& board) const { return HasRam(board) && HasFlash(board); }
  /// It fits, and leaves less than a tenth of the RAM.
  bool IsTight(const firmware::Board& board) const { return Fits(board) && ram_bytes > board.ram.bytes / 10 * 9; }
};

/// A board and the ways to run the model on it, the smallest first.
struct Fit {
  const firmware::Board* board = nullptr;
  std::vector<Form> forms;

  bool fits() const {
    return std::any_of(forms.begin(), forms.end(), [this](const Form& form) { return form.Fits(*board); });
  }
};

/// The model as the compiler would have it.
struct Compiled {
  compiler::Plan plan;
  bool cycles_known = false;               ///< for this core
  std::optional<compiler::PlanSize> size;  ///< when it could be linked
  std::string no_size;                     ///< why not

  int64_t cycles() const { return std::llround(compiler::PredictCycles(plan)); }
};

/// All that is known about a model.
struct Diagnosis {
  std::string path;
  std::optional<compiler::OtherFile> other;
  Inspection inspection;
  std::optional<size_t> code_bytes;
  std::string no_code_bytes;         ///< why not
  std::optional<Compiled> compiled;  ///< for the board that was named, or the usual one
  const firmware::Board* speed_board = nullptr;
  std::vector<Fit> fits;  ///< of the board that was named, or of all
  bool board_named = false;

  bool healthy() const {
    const bool room = !board_named || std::all_of(fits.begin(), fits.end(), [](const Fit& fit) { return fit.fits(); });
    return !other && inspection.runs() && room;
  }
};

std::string Count(int64_t number, const std::string& one) {
  return Thousands(number) + " " + one + (number == 1 ? "" : "s");
}
std::string Bytes(size_t bytes) { return Count(static_cast<int64_t>(bytes), "byte"); }

std::string ShapeText(const TensorFacts& tensor) {
  std::string text = tensor.type + "[";
  for (size_t i = 0; i < tensor.shape.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(tensor.shape[i]);
  return text + "]";
}

std::string ShapesText(const std::vector<TensorFacts>& tensors) {
  constexpr size_t kShown = 4;
  if (tensors.empty()) return "nothing";
  std::string text;
  for (size_t i = 0; i < std::min(tensors.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + ShapeText(tensors[i]);
  if (tensors.size() > kShown) text += " and " + std::to_string(tensors.size() - kShown) + " more";
  return text;
}

/// "a" or "an", by the sound of the numbers' name.
std::string Article(const std::string& word) { return word.starts_with("i") || word.starts_with("u") ? "an " : "a "; }

std::string Sentence(const Inspection& inspection) {
  std::set<std::string> kinds;
  for (const OperatorFacts& op : inspection.operators) kinds.insert(op.name);
  std::string text = Article(inspection.numbers) + inspection.numbers + " network, " + ShapesText(inspection.inputs) +
                     " → " + ShapesText(inspection.outputs) + ": " +
                     Count(static_cast<int64_t>(inspection.operators.size()), "operator");
  if (kinds.size() > 1) text += " of " + std::to_string(kinds.size()) + " kinds";
  text += ", " + Count(inspection.parameters, "parameter");
  if (inspection.macs > 0) text += ", " + Thousands(inspection.macs) + " multiply-accumulates an inference";
  if (inspection.subgraphs > 1) text += ", " + std::to_string(inspection.subgraphs - 1) + " more subgraphs";
  // uint8 begins like "you": it is a network, not an one.
  if (text.starts_with("an uint")) text.erase(1, 1);
  return text;
}

void MeasureCode(Diagnosis& diagnosis) {
  const Expected<size_t> bytes = compiler::MeasureCode(diagnosis.inspection.kernels);
  if (bytes) {
    diagnosis.code_bytes = *bytes;
  } else {
    const std::string& message = bytes.error().message;
    diagnosis.no_code_bytes = message.substr(0, message.find('\n'));
  }
}

/// This computer is a board, too: one without limits that matter here.
bool HasLimits(const firmware::Board& board) { return *board.core != '\0'; }

steps::Target TargetOf(const firmware::Board& board) {
  if (!HasLimits(board)) return steps::Target::kX86;
  const Expected<steps::Target> target = TargetOfCore(board.core);
  return target ? *target : steps::Target::kCortexM0;  // whose kernels run everywhere
}

/// Plans for the cores of boards, each made once. A model that the compiler refuses has none.
class Plans {
 public:
  explicit Plans(std::span<const std::byte> model) : model_(model) {}

  const Expected<compiler::Plan>& For(const firmware::Board& board) {
    const steps::Target target = TargetOf(board);
    auto found = plans_.find(target);
    if (found == plans_.end()) {
      compiler::CompileOptions options;
      options.target = target;
      found = plans_.emplace(target, compiler::Compile(model_, options)).first;
    }
    return found->second;
  }

 private:
  std::span<const std::byte> model_;
  std::map<steps::Target, Expected<compiler::Plan>> plans_;
};

void AddCompiled(const Expected<compiler::Plan>& plan, const firmware::Board& board, Diagnosis& diagnosis) {
  if (!plan) {
    diagnosis.inspection.findings.push_back(
        {Weight::kWarning, "not_compiled",
         "the compiler refuses it, so it runs interpreted only: " + plan.error().message, ""});
    return;
  }
  Compiled& compiled = diagnosis.compiled.emplace();
  compiled.plan = *plan;
  compiled.cycles_known = simulator::CountsCyclesOf(board.core);
  if (plan->target != steps::Target::kCortexM4) {
    compiled.no_size = "only that for a Cortex-M4 is linked here";
    return;
  }
  const Expected<compiler::PlanSize> size = compiler::MeasurePlan(*plan, {});
  if (size) {
    compiled.size = *size;
  } else {
    compiled.no_size = size.error().message.substr(0, size.error().message.find('\n'));
  }
}

Fit FitOf(const Diagnosis& diagnosis, const firmware::Board& board, const Expected<compiler::Plan>& plan) {
  Fit fit{&board, {}};
  if (plan) {
    const std::optional<Compiled>& compiled = diagnosis.compiled;
    const bool has_code = compiled && compiled->plan.target == plan->target && compiled->size;
    fit.forms.push_back({"compiled", compiler::PredictRamBytes(*plan),
                         has_code ? compiled->size->model_bytes + compiled->size->code_bytes : plan->constants.size(),
                         has_code});
  }
  fit.forms.push_back({"interpreted", diagnosis.inspection.arena->bytes,
                       diagnosis.inspection.model_bytes + diagnosis.code_bytes.value_or(0),
                       diagnosis.code_bytes.has_value()});
  return fit;
}

// --- Text ---

/// A heading on the left, text on the right.
std::string Line(const std::string& heading, const std::string& text, const Style& style) {
  return "  " + style.Bold(PadRight(heading, kHeadingColumns)) +
         Wrap(style.Plain(Printable(text)), kHeadingColumns + 2, std::min(style.width, 110)) + "\n";
}

std::string TensorLine(const TensorFacts& tensor) {
  std::string text = ShapeText(tensor);
  if (!tensor.name.empty()) text += "  " + tensor.name;
  if (tensor.scale) {
    char real[64];
    std::snprintf(real, sizeof real, "  real = %.6g × ", static_cast<double>(*tensor.scale));
    text += real;
    text += tensor.zero_point == 0  ? "stored"
            : tensor.zero_point < 0 ? "(stored + " + std::to_string(-tensor.zero_point) + ")"
                                    : "(stored − " + std::to_string(tensor.zero_point) + ")";
  }
  return text;
}

std::string TensorLines(const std::string& heading, const std::vector<TensorFacts>& tensors, const Style& style) {
  constexpr size_t kShown = 8;
  std::string text;
  for (size_t i = 0; i < std::min(tensors.size(), kShown); ++i) {
    text += Line(i == 0 ? heading : "", TensorLine(tensors[i]), style);
  }
  if (tensors.size() > kShown) text += Line("", "and " + std::to_string(tensors.size() - kShown) + " more", style);
  return text;
}

std::string OperatorTable(const Inspection& inspection, const Style& style) {
  struct Row {
    int count = 0;
    bool known = true;
    int64_t macs = 0, parameters = 0, bytes = 0;
  };
  std::vector<std::pair<std::string, std::string>> order;  // of first appearance
  std::map<std::pair<std::string, std::string>, Row> rows;
  for (const OperatorFacts& op : inspection.operators) {
    const auto key = std::pair(op.name, op.numbers);
    if (!rows.contains(key)) order.push_back(key);
    Row& row = rows[key];
    ++row.count;
    row.known &= op.known;
    row.macs += op.macs;
    row.parameters += op.parameters;
    row.bytes += op.model_bytes;
  }
  std::vector<std::vector<std::string>> table = {
      {"operator", "numbers", "count", "multiply-acc.", "parameters", "model bytes"}};
  for (const auto& key : order) {
    const Row& row = rows[key];
    const auto number = [](int64_t value) { return value == 0 ? "·" : Thousands(value); };
    const std::string mark = row.known ? "" : " ✗";
    table.push_back({Shorten(Printable(key.first), 34, style) + mark, key.second, std::to_string(row.count),
                     number(row.macs), number(row.parameters), number(row.bytes)});
  }
  return "\n" + style.Plain(Table(table, 2)) + "\n";
}

/// The layers as the compiler has them, each with its share of a run.
std::string LayerTable(const Compiled& compiled, const Style& style) {
  constexpr size_t kMostRows = 40;
  struct Row {
    std::string layer;
    int64_t macs = 0, constants_bytes = 0;
    double cycles = 0;
  };
  std::vector<Row> rows;
  const std::vector<int>* operators = nullptr;
  for (const compiler::PlanStep& step : compiled.plan.graphs[0].steps) {
    // A layer in parts, so that it can overlap its input, is one layer to people.
    const bool is_part = operators != nullptr && !step.operators.empty() && *operators == step.operators;
    if (!is_part) rows.push_back({step.layer.substr(0, step.layer.find(", pixels "))});
    operators = &step.operators;
    rows.back().macs += step.macs;
    rows.back().constants_bytes += step.constants_bytes;
    rows.back().cycles += step.cycles;
  }
  // Of a deep network the layers that matter, in order.
  std::vector<size_t> shown(rows.size());
  std::iota(shown.begin(), shown.end(), 0);
  const auto weight = [&](size_t i) {
    return compiled.cycles_known ? rows[i].cycles : static_cast<double>(rows[i].macs);
  };
  if (shown.size() > kMostRows) {
    std::stable_sort(shown.begin(), shown.end(), [&](size_t a, size_t b) { return weight(a) > weight(b); });
    shown.resize(kMostRows - 1);
    std::sort(shown.begin(), shown.end());
  }

  Row all{"all"}, others{"the other " + std::to_string(rows.size() - shown.size()) + " layers"};
  std::vector<std::vector<std::string>> table = {{"layer", "multiply-acc.", "constants"}};
  if (compiled.cycles_known) table[0].emplace_back("cycles");
  const auto number = [](int64_t value) { return value == 0 ? std::string("·") : Thousands(value); };
  const int columns = std::max(std::min(style.width, 110) - 41, 24);
  const auto add = [&](const std::string& name, const Row& row) {
    table.push_back({Shorten(Printable(name), columns, style), number(row.macs), number(row.constants_bytes)});
    if (compiled.cycles_known) table.back().push_back(number(std::llround(row.cycles)));
  };
  const auto sum = [](const Row& row, Row& into) {
    into.macs += row.macs;
    into.constants_bytes += row.constants_bytes;
    into.cycles += row.cycles;
  };
  for (size_t i = 0, next = 0; i < rows.size(); ++i) {
    sum(rows[i], all);
    if (next < shown.size() && shown[next] == i) {
      add(std::to_string(i) + "  " + rows[i].layer, rows[i]);
      ++next;
    } else {
      sum(rows[i], others);
    }
  }
  if (shown.size() < rows.size()) add(others.layer, others);
  all.constants_bytes = static_cast<int64_t>(compiled.plan.constants.size());  // what layers share, once
  all.cycles = static_cast<double>(compiled.cycles());                         // and what starting takes
  add(all.layer, all);
  return "\n" + style.Plain(Table(table, 2)) + "\n";
}

/// "0.017", "34", "1,250": three digits where they mean something.
std::string Milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, ms < 0.1 ? "%.3f" : ms < 10 ? "%.2f" : "%.1f", ms);
  return ms < 100 ? text : Thousands(std::llround(ms));
}

double MillisecondsOn(const firmware::Board& board, const Compiled& compiled) {
  return static_cast<double>(compiled.cycles()) / board.clock_hz * 1e3;
}

std::string CompiledLines(const Diagnosis& diagnosis, const Style& style) {
  const Compiled& compiled = *diagnosis.compiled;
  const firmware::Board& board = *diagnosis.speed_board;
  const std::string target = compiler::NameOf(compiled.plan.target);
  char clock[32];
  std::snprintf(clock, sizeof clock, "%.4g MHz", board.clock_hz / 1e6);
  std::string text =
      Line("cycles",
           compiled.cycles_known ? Thousands(compiled.cycles()) + " a run, expected when compiled for " + target +
                                       ": about " + Milliseconds(MillisecondsOn(board, compiled)) + " ms on " +
                                       board.name + " at " + clock + ", if memory never makes the core wait"
                                 : "not predicted for " + std::string(HasLimits(board) ? board.core : target) +
                                       ", only for boards with a Cortex-M4",
           style);
  std::string flash = Bytes(compiled.plan.constants.size()) + " of weights and tables";
  if (compiled.size) {
    const int64_t steps =
        static_cast<int64_t>(compiled.size->model_bytes) - static_cast<int64_t>(compiled.plan.constants.size());
    flash += " + " + Thousands(steps) + " of steps + about " +
             Thousands(static_cast<long long>(compiled.size->code_bytes)) + " of code";
  } else {
    flash += "; code was not measured: " + compiled.no_size;
  }
  return text + Line("compiled",
                     Bytes(compiler::PredictRamBytes(compiled.plan)) + " of RAM, exactly; in flash " + flash, style);
}

std::string ArenaLines(const Inspection& inspection, const Style& style) {
  const compiler::ArenaFacts& arena = *inspection.arena;
  size_t end = arena.persistent_bytes;
  for (const compiler::Piece& piece : arena.pieces) end = std::max(end, piece.offset_bytes + piece.size_bytes);
  const auto number = [](size_t bytes) { return Thousands(static_cast<long long>(bytes)); };
  std::string sentence = "interpreted: " + Bytes(arena.bytes) + ", exactly: " + number(arena.persistent_bytes) +
                         " for good and " + number(end - arena.persistent_bytes) + " that tensors share";
  // Planning happens where the tensors will be; in tiny models it is the larger of the two.
  if (arena.bytes >= end + 16) sentence += "; planning while loading takes the rest";
  if (!arena.live_bytes.empty()) {
    const auto op = static_cast<size_t>(arena.busiest_operator);
    sentence += ". No plan can do with less than " + Bytes(arena.lower_bound_bytes) +
                ": that much is alive at operator " + std::to_string(op) + ", " + inspection.operators[op].name;
  }
  return Line("arena", sentence, style) + "\n" + ArenaText(arena, style) + "\n";
}

std::string Share(size_t part, uint32_t whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100.0 * static_cast<double>(part) / whole);
  return text;
}

std::string FitText(const Fit& fit) {
  const firmware::Board& board = *fit.board;
  if (!HasLimits(board)) return std::string(board.name) + ": fits, there are no limits";
  const auto part = [](const char* what, size_t needed, uint32_t has) {
    return std::string(what) + " " + Thousands(static_cast<long long>(needed)) + " of " + Bytes(has) + " (" +
           Share(needed, has) + ")";
  };
  std::string text = std::string(board.name) + ": " + (fit.fits() ? "fits" : "does not fit");
  for (const Form& form : fit.forms) {
    text += "; " + std::string(form.name) + " " + part("RAM", form.ram_bytes, board.ram.bytes) + ", " +
            part(form.has_code ? "flash" : "flash without code", form.flash_bytes, board.flash.bytes);
    if (!form.HasRam(board)) text += ", RAM is short of " + Bytes(form.ram_bytes - board.ram.bytes);
    if (!form.HasFlash(board)) text += ", flash is short of " + Bytes(form.flash_bytes - board.flash.bytes);
    if (form.IsTight(board)) text += ", that leaves little RAM for stack and application";
  }
  if (fit.fits()) text += "; the rest is for stack, drivers and the application";
  return text;
}

std::string BoardLines(const Diagnosis& diagnosis, const Style& style) {
  if (diagnosis.board_named) return Line("board", FitText(diagnosis.fits[0]), style);
  std::string fits, too_large;
  for (const Fit& fit : diagnosis.fits) {
    const firmware::Board& board = *fit.board;
    std::string& list = fit.fits() ? fits : too_large;
    list += (list.empty() ? "" : ", ") + std::string(board.name);
    // The first form is the smallest.
    const auto form =
        std::find_if(fit.forms.begin(), fit.forms.end(), [&](const Form& one) { return one.Fits(board); });
    if (form == fit.forms.end()) {
      list += fit.forms[0].HasRam(board) ? " (flash)" : " (RAM)";
    } else if (form->IsTight(board)) {
      list += " (barely: RAM)";
    } else if (!fit.forms.back().Fits(board)) {
      list += " (compiled)";
    }
  }
  std::string text = fits.empty() ? "fits none" : "fits " + fits;
  if (!too_large.empty()) text += "; too large for " + too_large;
  return Line("boards", text, style);
}

std::string FindingLines(const std::vector<Finding>& findings, const Style& style) {
  std::string text;
  for (const Finding& finding : findings) {
    const auto [word, tint] = finding.weight == Weight::kRefused   ? std::pair("refused", Tint::kRed)
                              : finding.weight == Weight::kWarning ? std::pair("warning", Tint::kYellow)
                                                                   : std::pair("note", Tint::kBlue);
    const int columns = std::min(style.width, 110);
    text += "  " + style.Paint(PadRight(word, kHeadingColumns), tint) +
            Wrap(style.Plain(Printable(finding.what)), kHeadingColumns + 2, columns) + "\n";
    if (finding.cure.empty()) continue;
    text += "  " + style.Paint(PadLeft("cure ", kHeadingColumns), Tint::kGreen) +
            Wrap(style.Plain(Printable(finding.cure)), kHeadingColumns + 2, columns) + "\n";
  }
  return text;
}

std::string Text(const Diagnosis& diagnosis, const Style& style) {
  const Inspection& inspection = diagnosis.inspection;
  const auto head = [&](const std::string& sentence) {
    return style.Bold(Printable(diagnosis.path)) + ": " +
           Wrap(style.Plain(Printable(sentence)), 2, std::min(style.width, 110)) + "\n";
  };
  if (diagnosis.other) {
    return head("no .tflite, but " + diagnosis.other->what) +
           FindingLines(
               {{Weight::kRefused, diagnosis.other->kind, "only .tflite models can be run", diagnosis.other->cure}},
               style);
  }
  if (inspection.operators.empty() && !inspection.runs()) {
    return head("no whole model") + "\n" + FindingLines(inspection.findings, style);
  }
  std::string text = head(Sentence(inspection)) + "\n";
  text += TensorLines("input", inspection.inputs, style) + TensorLines("output", inspection.outputs, style);
  if (diagnosis.compiled) {
    text += LayerTable(*diagnosis.compiled, style) + CompiledLines(diagnosis, style);
  } else {
    text += OperatorTable(inspection, style);
  }
  if (inspection.runs()) {
    text += ArenaLines(inspection, style);
    const std::string code = diagnosis.code_bytes
                                 ? " + " + Thousands(static_cast<long long>(*diagnosis.code_bytes)) +
                                       " of code (linked for a Cortex-M4F, without start-up and drivers)"
                                 : "; code was not measured: " + diagnosis.no_code_bytes;
    text += Line("flash", "interpreted: " + Bytes(inspection.model_bytes) + " of model" + code, style);
    text += BoardLines(diagnosis, style);
  } else {
    text += Line("flash", Bytes(inspection.model_bytes) + " of model", style);
  }
  if (!inspection.findings.empty()) text += "\n" + FindingLines(inspection.findings, style);
  if (diagnosis.healthy()) {
    const bool clean = std::none_of(inspection.findings.begin(), inspection.findings.end(),
                                    [](const Finding& finding) { return finding.weight == Weight::kWarning; });
    text += "\n  " + style.Paint(style.Plain("✓ "), Tint::kGreen) + (clean ? "healthy: it runs" : "it runs") + "\n";
  } else {
    text += "\n  " + style.Paint(style.Plain("✗ "), Tint::kRed) +
            (inspection.runs() ? "it does not fit the board" : "it cannot run as it is") + "\n";
  }
  return text;
}

// --- JSON ---

Json JsonOf(const TensorFacts& tensor) {
  Json object = {{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}, {"bytes", tensor.bytes}};
  if (tensor.scale) {
    object["scale"] = *tensor.scale;
    object["zero_point"] = tensor.zero_point;
  }
  return object;
}

Json JsonOf(const std::vector<TensorFacts>& tensors) {
  Json list = Json::array();
  for (const TensorFacts& tensor : tensors) list.push_back(JsonOf(tensor));
  return list;
}

Json JsonOf(const compiler::ArenaFacts& arena) {
  constexpr const char* kKinds[] = {"tensor", "input", "output", "scratch"};
  Json pieces = Json::array();
  for (const compiler::Piece& piece : arena.pieces) {
    pieces.push_back({{"name", piece.name},
                      {"kind", kKinds[static_cast<int>(piece.kind)]},
                      {"offset_bytes", piece.offset_bytes},
                      {"size_bytes", piece.size_bytes},
                      {"first_operator", piece.first_operator},
                      {"last_operator", piece.last_operator}});
  }
  return {{"bytes", arena.bytes},
          {"persistent_bytes", arena.persistent_bytes},
          {"lower_bound_bytes", arena.lower_bound_bytes},
          {"busiest_operator", arena.busiest_operator},
          {"live_bytes", arena.live_bytes},
          {"pieces", pieces}};
}

Json JsonOf(const Compiled& compiled) {
  const auto cycles = [&](double value) { return compiled.cycles_known ? Json(std::llround(value)) : Json(); };
  Json layers = Json::array();
  for (const compiler::PlanStep& step : compiled.plan.graphs[0].steps) {
    layers.push_back(
        {{"layer", step.layer}, {"step", step.step}, {"cycles", cycles(step.cycles)}, {"macs", step.macs}});
  }
  return {{"target", compiler::NameOf(compiled.plan.target)},
          {"cycles", cycles(compiler::PredictCycles(compiled.plan))},
          {"ram_bytes", compiler::PredictRamBytes(compiled.plan)},
          {"arena_bytes", compiled.plan.arena_bytes},
          {"constants_bytes", compiled.plan.constants.size()},
          {"model_bytes", compiled.size ? Json(compiled.size->model_bytes) : Json()},
          {"code_bytes", compiled.size ? Json(compiled.size->code_bytes) : Json()},
          {"layers", layers}};
}

std::string JsonText(const Diagnosis& diagnosis) {
  const Inspection& inspection = diagnosis.inspection;
  Json findings = Json::array();
  if (diagnosis.other) {
    findings.push_back({{"weight", "refused"},
                        {"code", diagnosis.other->kind},
                        {"what", "no .tflite, but " + diagnosis.other->what},
                        {"cure", diagnosis.other->cure}});
  }
  for (const Finding& finding : inspection.findings) {
    constexpr const char* kWeights[] = {"refused", "warning", "note"};
    findings.push_back({{"weight", kWeights[static_cast<int>(finding.weight)]},
                        {"code", finding.code},
                        {"what", finding.what},
                        {"cure", finding.cure}});
  }
  Json operators = Json::array();
  for (const OperatorFacts& op : inspection.operators) {
    operators.push_back({{"name", op.name},
                         {"numbers", op.numbers},
                         {"version", op.version},
                         {"known", op.known},
                         {"macs", op.macs},
                         {"parameters", op.parameters},
                         {"model_bytes", op.model_bytes}});
  }
  Json boards = Json::array();
  for (const Fit& fit : diagnosis.fits) {
    Json object = {{"name", fit.board->name}, {"fits", fit.fits()}};
    for (const Form& form : fit.forms) object["fits_" + std::string(form.name)] = form.Fits(*fit.board);
    object["ram_bytes"] = fit.board->ram.bytes;
    object["flash_bytes"] = fit.board->flash.bytes;
    if (diagnosis.compiled && simulator::CountsCyclesOf(fit.board->core)) {
      object["milliseconds"] = MillisecondsOn(*fit.board, *diagnosis.compiled);
    }
    boards.push_back(std::move(object));
  }
  Json object = {{"model", diagnosis.path},
                 {"healthy", diagnosis.healthy()},
                 {"runs", inspection.runs()},
                 {"numbers", inspection.numbers},
                 {"converter", inspection.description},
                 {"inputs", JsonOf(inspection.inputs)},
                 {"outputs", JsonOf(inspection.outputs)},
                 {"parameters", inspection.parameters},
                 {"macs", inspection.macs},
                 {"subgraphs", inspection.subgraphs},
                 {"operators", operators},
                 {"compiled", nullptr},
                 {"arena", nullptr},
                 {"flash_bytes", {{"model", inspection.model_bytes}, {"code", nullptr}}},
                 {"boards", boards},
                 {"findings", findings}};
  if (diagnosis.compiled) object["compiled"] = JsonOf(*diagnosis.compiled);
  if (inspection.arena) object["arena"] = JsonOf(*inspection.arena);
  if (diagnosis.code_bytes) object["flash_bytes"]["code"] = *diagnosis.code_bytes;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A model that cannot run has no arena to draw.
Outcome WriteSvg(const Diagnosis& diagnosis, const std::string& path) {
  std::vector<std::string> operators;
  for (const OperatorFacts& op : diagnosis.inspection.operators) operators.push_back(op.name);
  OutputFiles files;
  const std::string title = std::filesystem::path(diagnosis.path).filename().string();
  THIMBLE_EXPECT(files.Add(path, ArenaSvg(*diagnosis.inspection.arena, operators, title)));
  return files.Commit();
}

}  // namespace

Expected<bool> Doctor(const DoctorOptions& options) {
  Diagnosis diagnosis;
  diagnosis.path = options.model;
  diagnosis.board_named = !options.board.empty();
  const firmware::Board* board = nullptr;
  if (diagnosis.board_named) {
    THIMBLE_ASSIGN(board, BoardOfName(options.board));
  }
  THIMBLE_ASSIGN(const compiler::ModelFile file, compiler::ReadModelFile(options.model));
  diagnosis.other = file.other;
  if (!diagnosis.other) {
    diagnosis.inspection = compiler::Inspect(file.bytes(), kernels::AllOperators());
    if (diagnosis.inspection.runs()) {
      MeasureCode(diagnosis);
      Plans plans(file.bytes());
      diagnosis.speed_board = board != nullptr ? board : firmware::FindBoard(kUsualBoard);
      AddCompiled(plans.For(*diagnosis.speed_board), *diagnosis.speed_board, diagnosis);
      if (board != nullptr) diagnosis.fits.push_back(FitOf(diagnosis, *board, plans.For(*board)));
      for (const firmware::Board* one : firmware::kAllBoards) {
        if (board == nullptr && HasLimits(*one)) diagnosis.fits.push_back(FitOf(diagnosis, *one, plans.For(*one)));
      }
    }
  }
  if (options.common.json) {
    std::printf("%s\n", JsonText(diagnosis).c_str());
  } else {
    std::fputs(Text(diagnosis, StyleOf(stdout)).c_str(), stdout);
  }
  if (!options.svg.empty() && diagnosis.inspection.runs()) THIMBLE_EXPECT(WriteSvg(diagnosis, options.svg));
  return diagnosis.healthy();
}

}  // namespace thimble::cli
