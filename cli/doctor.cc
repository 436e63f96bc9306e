// `thimble doctor`: what a model is, what it needs, and what stands in its way, before it meets a board.
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "cli/arena_picture.h"
#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/output_files.h"
#include "cli/terminal.h"
#include "compiler/code_size.h"
#include "compiler/inspect.h"
#include "compiler/model_file.h"

namespace thimble::cli {
namespace {

using compiler::Finding;
using compiler::Inspection;
using compiler::OperatorFacts;
using compiler::TensorFacts;
using Json = nlohmann::ordered_json;
using Weight = Finding::Weight;

constexpr int kHeadingColumns = 11;

/// What a board has, against what the model takes of it.
struct Fit {
  const firmware::Board* board = nullptr;
  bool ram = true;
  bool flash = true;
  bool fits() const { return ram && flash; }
};

/// All that is known about a model.
struct Diagnosis {
  std::string path;
  std::optional<compiler::OtherFile> other;
  Inspection inspection;
  std::optional<size_t> code_bytes;
  std::string no_code_bytes;  ///< why not
  std::vector<Fit> fits;      ///< of the board that was named, or of all
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

/// Whether an arena leaves less than a tenth of the RAM.
bool IsTight(const Diagnosis& diagnosis, const firmware::Board& board) {
  return HasLimits(board) && diagnosis.inspection.arena->bytes > board.ram.bytes / 10 * 9;
}

Fit FitOf(const Diagnosis& diagnosis, const firmware::Board& board) {
  if (!HasLimits(board)) return {&board, true, true};
  const size_t flash = diagnosis.inspection.model_bytes + diagnosis.code_bytes.value_or(0);
  const size_t ram = diagnosis.inspection.arena->bytes;
  return {&board, board.ram.bytes == 0 || ram <= board.ram.bytes, board.flash.bytes == 0 || flash <= board.flash.bytes};
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

std::string ArenaLines(const Inspection& inspection, const Style& style) {
  const compiler::ArenaFacts& arena = *inspection.arena;
  size_t end = arena.persistent_bytes;
  for (const compiler::Piece& piece : arena.pieces) end = std::max(end, piece.offset_bytes + piece.size_bytes);
  const auto number = [](size_t bytes) { return Thousands(static_cast<long long>(bytes)); };
  std::string sentence = Bytes(arena.bytes) + ", exactly: " + number(arena.persistent_bytes) + " for good and " +
                         number(end - arena.persistent_bytes) + " that tensors share";
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

std::string FitText(const Diagnosis& diagnosis, const Fit& fit) {
  const firmware::Board& board = *fit.board;
  const size_t arena = diagnosis.inspection.arena->bytes;
  const size_t flash = diagnosis.inspection.model_bytes + diagnosis.code_bytes.value_or(0);
  if (!HasLimits(board)) return std::string(board.name) + ": fits, there are no limits";
  const auto part = [](const char* what, size_t needed, uint32_t has) {
    return std::string(what) + " " + Thousands(static_cast<long long>(needed)) + " of " + Bytes(has) + " (" +
           Share(needed, has) + ")";
  };
  std::string text = std::string(board.name) + ": " + (fit.fits() ? "fits" : "does not fit") + "; " +
                     part("RAM", arena, board.ram.bytes) + ", " + part("flash", flash, board.flash.bytes);
  if (IsTight(diagnosis, board) && fit.fits()) return text + "; that leaves little RAM for stack and application";
  if (fit.fits()) return text + "; the rest is for stack, drivers and the application";
  if (!fit.ram) text += "; RAM is short of " + Bytes(arena - board.ram.bytes);
  if (!fit.flash) text += "; flash is short of " + Bytes(flash - board.flash.bytes);
  return text;
}

std::string BoardLines(const Diagnosis& diagnosis, const Style& style) {
  if (diagnosis.board_named) return Line("board", FitText(diagnosis, diagnosis.fits[0]), style);
  std::string fits, too_large;
  for (const Fit& fit : diagnosis.fits) {
    std::string& list = fit.fits() ? fits : too_large;
    list += (list.empty() ? "" : ", ") + std::string(fit.board->name);
    if (!fit.fits()) {
      list += fit.ram ? " (flash)" : " (RAM)";
    } else if (IsTight(diagnosis, *fit.board)) {
      list += " (barely: RAM)";
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
  text += OperatorTable(inspection, style);
  if (inspection.runs()) {
    text += ArenaLines(inspection, style);
    const std::string code = diagnosis.code_bytes
                                 ? " + " + Thousands(static_cast<long long>(*diagnosis.code_bytes)) +
                                       " of code (linked for a Cortex-M4F, without start-up and drivers)"
                                 : "; code was not measured: " + diagnosis.no_code_bytes;
    text += Line("flash", Bytes(inspection.model_bytes) + " of model" + code, style);
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
    boards.push_back({{"name", fit.board->name},
                      {"fits", fit.fits()},
                      {"ram_bytes", fit.board->ram.bytes},
                      {"flash_bytes", fit.board->flash.bytes}});
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
                 {"arena", nullptr},
                 {"flash_bytes", {{"model", inspection.model_bytes}, {"code", nullptr}}},
                 {"boards", boards},
                 {"findings", findings}};
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
    diagnosis.inspection = compiler::Inspect(file.bytes(), compiler::OperatorsOf(compiler::Engine::kFast));
    if (diagnosis.inspection.runs()) {
      MeasureCode(diagnosis);
      if (board != nullptr) diagnosis.fits.push_back(FitOf(diagnosis, *board));
      for (const firmware::Board* one : firmware::kAllBoards) {
        if (board == nullptr && HasLimits(*one)) diagnosis.fits.push_back(FitOf(diagnosis, *one));
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
