#include "compiler/inspect.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "compiler/model_file.h"
#include "runtime/describe.h"
#include "runtime/network.h"
#include "runtime/schema_generated.h"

namespace thimble::compiler {
namespace {

using tflite::BuiltinOperator;
using tflite::TensorType;
using Weight = Finding::Weight;

// The converter's settings, as lines of Python.
constexpr const char* kFullInt8 =
    "converter.optimizations = [tf.lite.Optimize.DEFAULT]; converter.representative_dataset = samples; "
    "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]";
constexpr const char* kInt8Border = "converter.inference_input_type = converter.inference_output_type = tf.int8";
constexpr const char* kOnlyInt8 =
    "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8] names what cannot be int8";

std::string Lower(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string TypeName(TensorType type) {
  const std::string name = tflite::EnumNameTensorType(type);
  return name.empty() ? "type " + std::to_string(static_cast<int>(type)) : Lower(name);
}

int64_t Bits(TensorType type) {
  switch (type) {
    case TensorType::INT4:
      return 4;
    case TensorType::UINT8:
    case TensorType::BOOL:
    case TensorType::INT8:
      return 8;
    case TensorType::FLOAT16:
    case TensorType::INT16:
    case TensorType::UINT16:
      return 16;
    case TensorType::INT64:
    case TensorType::FLOAT64:
    case TensorType::COMPLEX64:
    case TensorType::UINT64:
      return 64;
    case TensorType::COMPLEX128:
      return 128;
    case TensorType::STRING:
    case TensorType::RESOURCE:
    case TensorType::VARIANT:
      return 0;
    default:
      return 32;
  }
}

bool IsNumber(TensorType type) {
  return type == TensorType::FLOAT32 || type == TensorType::FLOAT16 || type == TensorType::INT8 ||
         type == TensorType::UINT8 || type == TensorType::INT16 || type == TensorType::INT4;
}

/// "3", "3 and 5", "3, 5, 7 and 12 more"
std::string List(const std::vector<int>& numbers) {
  constexpr size_t kShown = 6;
  std::string text;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i == kShown && numbers.size() > kShown + 1) {
      return text + " and " + std::to_string(numbers.size() - kShown) + " more";
    }
    if (i > 0) text += i + 1 == numbers.size() ? " and " : ", ";
    text += std::to_string(numbers[i]);
  }
  return text;
}

std::string Operators(const std::vector<int>& numbers) {
  return (numbers.size() == 1 ? "operator " : "operators ") + List(numbers);
}

/// One graph of a structurally verified file. Indices in it may still be anything.
class Graph {
 public:
  Graph(const tflite::Model& model, const tflite::SubGraph& graph) : model_(model), graph_(graph) {}

  int operator_count() const {
    return graph_.operators() == nullptr ? 0 : static_cast<int>(graph_.operators()->size());
  }
  const tflite::Operator& OperatorAt(int index) const { return *graph_.operators()->Get(Unsigned(index)); }
  const tflite::OperatorCode* CodeOf(int index) const {
    const auto* codes = model_.operator_codes();
    const uint32_t at = OperatorAt(index).opcode_index();
    return codes == nullptr || at >= codes->size() ? nullptr : codes->Get(at);
  }
  /// The builtin's number, or -1 when the operator names no code.
  int32_t BuiltinOf(int index) const {
    const tflite::OperatorCode* code = CodeOf(index);
    if (code == nullptr) return -1;
    return std::max<int32_t>(static_cast<uint8_t>(code->deprecated_builtin_code()),
                             static_cast<int32_t>(code->builtin_code()));
  }
  std::string NameOf(int index) const {
    const int32_t builtin = BuiltinOf(index);
    if (builtin < 0) return "unknown";
    const tflite::OperatorCode& code = *CodeOf(index);
    if (builtin == static_cast<int32_t>(BuiltinOperator::CUSTOM) && code.custom_code() != nullptr) {
      return code.custom_code()->str();
    }
    return runtime::OperatorName(builtin);
  }

  const tflite::Tensor* TensorAt(int32_t index) const {
    const auto* tensors = graph_.tensors();
    return tensors == nullptr || index < 0 || Unsigned(index) >= tensors->size() ? nullptr
                                                                                 : tensors->Get(Unsigned(index));
  }
  const tflite::Tensor* Input(int op, int place) const { return At(OperatorAt(op).inputs(), place); }
  const tflite::Tensor* Output(int op, int place) const { return At(OperatorAt(op).outputs(), place); }
  static int Count(const flatbuffers::Vector<int32_t>* list) {
    return list == nullptr ? 0 : static_cast<int>(list->size());
  }
  int InputCount(int op) const { return Count(OperatorAt(op).inputs()); }
  int OutputCount(int op) const { return Count(OperatorAt(op).outputs()); }

  /// Bytes of a constant's buffer; 0 for what is computed.
  size_t ConstantBytes(const tflite::Tensor& tensor) const {
    const auto* buffers = model_.buffers();
    if (buffers == nullptr || tensor.buffer() >= buffers->size()) return 0;
    const auto* data = buffers->Get(tensor.buffer())->data();
    return data == nullptr ? 0 : data->size();
  }

  const tflite::SubGraph& graph() const { return graph_; }

 private:
  static uint32_t Unsigned(int32_t value) { return static_cast<uint32_t>(value); }
  const tflite::Tensor* At(const flatbuffers::Vector<int32_t>* list, int place) const {
    return place >= Count(list) ? nullptr : TensorAt(list->Get(Unsigned(place)));
  }

  const tflite::Model& model_;
  const tflite::SubGraph& graph_;
};

/// A product that stays where it is instead of running over, for shapes that a damaged file invents.
int64_t Multiply(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}
int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t Elements(const tflite::Tensor* tensor) {
  if (tensor == nullptr) return 0;
  int64_t count = 1;
  if (tensor->shape() == nullptr) return count;
  for (const int32_t dim : *tensor->shape()) count = Multiply(count, std::max(dim, 0));
  return count;
}

int64_t Dim(const tflite::Tensor* tensor, int from_front) {
  if (tensor == nullptr || tensor->shape() == nullptr) return 1;
  const int rank = static_cast<int>(tensor->shape()->size());
  return from_front < rank ? std::max(tensor->shape()->Get(static_cast<uint32_t>(from_front)), 0) : 1;
}

int64_t LastDim(const tflite::Tensor* tensor) {
  if (tensor == nullptr || tensor->shape() == nullptr || tensor->shape()->size() == 0) return 1;
  return Dim(tensor, static_cast<int>(tensor->shape()->size()) - 1);
}

bool IsTrained(const tflite::Tensor& tensor) {
  const auto* quantisation = tensor.quantization();
  const bool scaled = quantisation != nullptr && quantisation->scale() != nullptr && quantisation->scale()->size() != 0;
  return tensor.type() == TensorType::FLOAT32 || tensor.type() == TensorType::FLOAT16 || scaled;
}

int64_t Macs(const Graph& graph, int op) {
  const tflite::Tensor* x = graph.Input(op, 0);
  const tflite::Tensor* w = graph.Input(op, 1);
  const int64_t outputs = Elements(graph.Output(op, 0));
  switch (static_cast<BuiltinOperator>(graph.BuiltinOf(op))) {
    case BuiltinOperator::CONV_2D:  // w [O, K, L, C]
      return Multiply(outputs, Multiply(Multiply(Dim(w, 1), Dim(w, 2)), Dim(w, 3)));
    case BuiltinOperator::DEPTHWISE_CONV_2D:  // w [1, K, L, C]
      return Multiply(outputs, Multiply(Dim(w, 1), Dim(w, 2)));
    case BuiltinOperator::TRANSPOSE_CONV:  // inputs: shape, w [O, K, L, C], x
      return Multiply(Elements(graph.Input(op, 2)), Multiply(Multiply(Dim(w, 0), Dim(w, 1)), Dim(w, 2)));
    case BuiltinOperator::FULLY_CONNECTED:
      return Multiply(outputs, LastDim(w));
    case BuiltinOperator::BATCH_MATMUL:
      return Multiply(outputs, LastDim(x));
    case BuiltinOperator::SVDF:  // inputs: x, feature weights, time weights
      return Multiply(Dim(x, 0), Add(Elements(w), Elements(graph.Input(op, 2))));
    case BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM: {  // x [N, T, I] or [T, N, I]; inputs 1 to 8 are matrices
      int64_t weights = 0;
      for (int i = 1; i <= 8; ++i) {
        if (const tflite::Tensor* matrix = graph.Input(op, i)) weights = Add(weights, Elements(matrix));
      }
      return Multiply(Multiply(Dim(x, 0), Dim(x, 1)), weights);
    }
    default:
      return 0;
  }
}

/// What an operator computes with: the first input's type, other weights', and the output's if it is another.
std::string NumbersOf(const Graph& graph, int op) {
  const tflite::Tensor* x = nullptr;
  std::string weights;
  for (int i = 0; i < graph.InputCount(op); ++i) {
    const tflite::Tensor* tensor = graph.Input(op, i);
    if (tensor == nullptr || !IsNumber(tensor->type())) continue;
    if (graph.ConstantBytes(*tensor) == 0) {
      if (x == nullptr) x = tensor;
    } else if (x != nullptr && tensor->type() != x->type() && weights.empty()) {
      weights = " × " + TypeName(tensor->type());
    }
  }
  if (x == nullptr) x = graph.Input(op, 0);
  const tflite::Tensor* y = graph.Output(op, 0);
  std::string text = x == nullptr ? "" : TypeName(x->type()) + weights;
  if (y != nullptr && (x == nullptr || y->type() != x->type()))
    text += (text.empty() ? "" : " → ") + TypeName(y->type());
  return text;
}

/// Float32 activations with stored 8-bit weights.
bool IsHybrid(const Graph& graph, int op) {
  switch (static_cast<BuiltinOperator>(graph.BuiltinOf(op))) {
    case BuiltinOperator::CONV_2D:
    case BuiltinOperator::DEPTHWISE_CONV_2D:
    case BuiltinOperator::FULLY_CONNECTED:
    case BuiltinOperator::TRANSPOSE_CONV:
    case BuiltinOperator::BATCH_MATMUL:
    case BuiltinOperator::SVDF:
    case BuiltinOperator::RNN:
    case BuiltinOperator::LSTM:
    case BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_RNN:
    case BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM:
    case BuiltinOperator::BIDIRECTIONAL_SEQUENCE_RNN:
    case BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM:
      break;
    default:
      return false;
  }
  bool from_float = false;
  bool stored_in_8_bits = false;
  for (int i = 0; i < graph.InputCount(op); ++i) {
    const tflite::Tensor* tensor = graph.Input(op, i);
    if (tensor == nullptr) continue;
    if (graph.ConstantBytes(*tensor) == 0) {
      from_float |= tensor->type() == TensorType::FLOAT32;
    } else {
      stored_in_8_bits |= tensor->type() == TensorType::INT8 || tensor->type() == TensorType::UINT8;
    }
  }
  return from_float && stored_in_8_bits;
}

TensorFacts FactsOf(const tflite::Tensor* tensor) {
  TensorFacts facts;
  if (tensor == nullptr) return facts;
  if (tensor->name() != nullptr) facts.name = tensor->name()->str();
  facts.type = TypeName(tensor->type());
  if (tensor->shape() != nullptr) facts.shape.assign(tensor->shape()->begin(), tensor->shape()->end());
  facts.bytes = static_cast<size_t>(Multiply(Elements(tensor), Bits(tensor->type())) / 8);
  const auto* quantisation = tensor->quantization();
  const bool scaled = quantisation != nullptr && quantisation->scale() != nullptr && quantisation->scale()->size() == 1;
  if (scaled) {
    facts.scale = quantisation->scale()->Get(0);
    const auto* zero = quantisation->zero_point();
    if (zero != nullptr && zero->size() > 0) facts.zero_point = zero->Get(0);
  }
  return facts;
}

std::string NumbersOf(const std::vector<TensorFacts>& tensors, const std::vector<OperatorFacts>& operators,
                      const std::set<TensorType>& activations, bool hybrid) {
  if (hybrid) return "hybrid (float32 with int8 weights)";
  if (activations.empty()) return "integer";
  if (activations.size() == 1) {
    if (*activations.begin() != TensorType::INT16) return TypeName(*activations.begin());
    const bool small_weights = std::any_of(operators.begin(), operators.end(), [](const OperatorFacts& op) {
      return op.numbers.starts_with("int16 × int8");
    });
    return small_weights ? "int16x8" : "int16";
  }
  const bool float_border =
      std::all_of(tensors.begin(), tensors.end(), [](const TensorFacts& tensor) { return tensor.type == "float32"; });
  if (activations.size() == 2 && float_border) {
    const TensorType inside = *std::find_if(activations.begin(), activations.end(),
                                            [](TensorType type) { return type != TensorType::FLOAT32; });
    // Only the operators at the border may touch float32.
    const bool clean = std::all_of(operators.begin(), operators.end(), [](const OperatorFacts& op) {
      return op.numbers.find("float32") == std::string::npos || op.name == "quantize" || op.name == "dequantize";
    });
    if (clean) return TypeName(inside) + " (float32 outside)";
  }
  std::string text = "mixed (";
  for (const TensorType type : activations) text += (type == *activations.begin() ? "" : ", ") + TypeName(type);
  return text + ")";
}

// --- Findings ---

/// What to do about an operator that no builtin kernel computes.
std::string CureOfCustom(const std::string& name) {
  if (name.starts_with("Flex")) {
    return "converter.target_spec.supported_ops without tf.lite.OpsSet.SELECT_TF_OPS names the layer to replace";
  }
  if (name == "ethos-u") return "this was compiled for Arm Ethos-U: give the .tflite from before vela";
  if (name == "edgetpu-custom-op")
    return "this was compiled for Coral Edge TPU: give the .tflite from before edgetpu_compiler";
  if (name == "TFLite_Detection_PostProcess")
    return "export the detector without its post-processing and decode the boxes in code";
  return "replace the layer that makes it by built-in ones before converting";
}

/// Operators of all graphs that this program lacks, by name.
void FindMissing(const tflite::Model& model, Inspection& inspection,
                 std::span<const kernels::Operator* const> operators) {
  struct Missing {
    std::vector<int> at;     // in the main graph
    bool elsewhere = false;  // in another
    int32_t builtin = 0;
    int version = 0, newest = 0;
  };
  std::map<std::string, Missing> by_name;
  for (uint32_t subgraph = 0; subgraph < model.subgraphs()->size(); ++subgraph) {
    const Graph graph(model, *model.subgraphs()->Get(subgraph));
    for (int i = 0; i < graph.operator_count(); ++i) {
      const int32_t builtin = graph.BuiltinOf(i);
      const auto found = std::find_if(operators.begin(), operators.end(),
                                      [builtin](const auto* op) { return op->tflite_code == builtin; });
      const int version = graph.CodeOf(i) == nullptr ? 0 : graph.CodeOf(i)->version();
      const bool has = found != operators.end() && builtin != static_cast<int32_t>(BuiltinOperator::CUSTOM);
      if (has && version <= (*found)->max_version) continue;
      Missing& missing = by_name[graph.NameOf(i)];
      if (subgraph == 0) {
        inspection.operators[static_cast<size_t>(i)].known = false;
        missing.at.push_back(i);
      } else {
        missing.elsewhere = true;
      }
      missing.builtin = builtin;
      missing.version = version;
      missing.newest = has ? (*found)->max_version : 0;
    }
  }
  for (const auto& [name, missing] : by_name) {
    const std::string where = " (" + (missing.at.empty() ? "in a subgraph" : Operators(missing.at)) +
                              (missing.elsewhere && !missing.at.empty() ? ", and in a subgraph" : "") + ")";
    if (missing.builtin == static_cast<int32_t>(BuiltinOperator::CUSTOM)) {
      inspection.findings.push_back(
          {Weight::kRefused, "custom_operator", name + where + " is a custom operator", CureOfCustom(name)});
    } else if (missing.newest > 0) {
      inspection.findings.push_back({Weight::kRefused, "operator_version",
                                     name + where + " has version " + std::to_string(missing.version) +
                                         "; this program knows it up to " + std::to_string(missing.newest),
                                     "convert with an older TensorFlow, or without the option that needs it"});
    } else {
      inspection.findings.push_back({Weight::kRefused, "missing_operator",
                                     name + where + " is an operator that this program does not have",
                                     "replace the layer that makes it, or add the kernel: docs/add-an-operator.md"});
    }
  }
}

void FindNumbers(const Graph& graph, Inspection& inspection, const std::set<TensorType>& activations) {
  std::vector<int> hybrid, islands;
  for (int i = 0; i < graph.operator_count(); ++i) {
    if (IsHybrid(graph, i)) {
      hybrid.push_back(i);
    } else if (inspection.operators[static_cast<size_t>(i)].numbers == "float32") {
      islands.push_back(i);
    }
  }
  bool half_weights = false;
  bool four_bit_weights = false;
  if (const auto* tensors = graph.graph().tensors()) {
    for (const tflite::Tensor* tensor : *tensors) {
      half_weights |= tensor->type() == TensorType::FLOAT16;
      four_bit_weights |= tensor->type() == TensorType::INT4;
    }
  }
  const bool quantised = activations.contains(TensorType::INT8) || activations.contains(TensorType::INT16) ||
                         activations.contains(TensorType::UINT8);
  if (!hybrid.empty()) {
    inspection.findings.push_back(
        {Weight::kRefused, "hybrid",
         Operators(hybrid) + (hybrid.size() == 1 ? " has" : " have") +
             " float32 activations but 8-bit weights: converted with \"dynamic range\" quantisation",
         kFullInt8});
  }
  if (half_weights) {
    inspection.findings.push_back({Weight::kRefused, "float16", "weights are float16, which microcontrollers lack",
                                   "leave out converter.target_spec.supported_types = [tf.float16]"});
  }
  if (four_bit_weights) {
    inspection.findings.push_back(
        {Weight::kRefused, "int4", "weights are int4, which no kernel here reads", kFullInt8});
  }
  const auto is_float = [](const TensorFacts& tensor) { return tensor.type == "float32"; };
  const bool float_in = std::any_of(inspection.inputs.begin(), inspection.inputs.end(), is_float);
  const bool float_out = std::any_of(inspection.outputs.begin(), inspection.outputs.end(), is_float);
  if (quantised && !islands.empty() && hybrid.empty()) {
    inspection.findings.push_back(
        {Weight::kWarning, "float_island",
         Operators(islands) + (islands.size() == 1 ? " computes" : " compute") + " in float32 inside a quantised model",
         kOnlyInt8});
  }
  if (quantised && islands.empty() && (float_in || float_out)) {
    const std::string border = float_in && float_out ? "inputs and outputs are"
                               : float_in            ? "the input is"
                                                     : "the output is";
    inspection.findings.push_back({Weight::kWarning, "float_border",
                                   border + " float32 around a quantised model: four times the bytes, converted on "
                                            "the device each time",
                                   kInt8Border});
  }
  if (!quantised && hybrid.empty() && !half_weights && activations.contains(TensorType::FLOAT32) &&
      inspection.parameters > 0) {
    inspection.findings.push_back({Weight::kNote, "float32",
                                   "all numbers are float32: int8 takes a quarter of the flash and RAM, and less time",
                                   kFullInt8});
  }
  if (activations.contains(TensorType::UINT8) && !activations.contains(TensorType::INT8) && quantised &&
      std::any_of(inspection.operators.begin(), inspection.operators.end(),
                  [](const OperatorFacts& op) { return op.macs > 0; })) {
    inspection.findings.push_back({Weight::kNote, "uint8",
                                   "quantised in the manner of before 2020 (uint8, one scale for all channels); int8 "
                                   "with a scale for each channel is more accurate",
                                   kFullInt8});
  }
}

// --- The arena ---

std::string WriterName(const Graph& graph, int32_t tensor) {
  const auto find = [tensor](const flatbuffers::Vector<int32_t>* list) {
    for (int i = 0; i < Graph::Count(list); ++i) {
      if (list->Get(static_cast<uint32_t>(i)) == tensor) return i;
    }
    return -1;
  };
  if (const int input = find(graph.graph().inputs()); input >= 0) {
    return Graph::Count(graph.graph().inputs()) == 1 ? "input" : "input " + std::to_string(input);
  }
  for (int op = 0; op < graph.operator_count(); ++op) {
    if (find(graph.OperatorAt(op).outputs()) >= 0) return graph.NameOf(op) + " " + std::to_string(op);
  }
  const tflite::Tensor* variable = graph.TensorAt(tensor);
  const bool named = variable != nullptr && variable->name() != nullptr && variable->name()->size() != 0;
  return named ? variable->name()->str() : "tensor " + std::to_string(tensor);
}

ArenaFacts ArenaOf(const Graph& graph, const runtime::Network& network) {
  ArenaFacts arena;
  arena.bytes = network.arena_bytes();
  arena.persistent_bytes = network.persistent_bytes();
  const int tensors = network.model().tensor_count();
  const int operators = network.operator_count();
  const auto contains = [](const auto& list, int tensor) {
    for (int i = 0; i < list.size(); ++i) {
      if (list[i] == tensor) return true;
    }
    return false;
  };
  for (int i = 0; i < tensors + operators; ++i) {
    const runtime::Allocation allocation = network.AllocationAt(i);
    if (allocation.size_bytes == 0) continue;
    Piece piece;
    if (i >= tensors) {
      piece.kind = Piece::Kind::kScratch;
      piece.name = "scratch of " + graph.NameOf(i - tensors) + " " + std::to_string(i - tensors);
    } else {
      piece.name = WriterName(graph, i);
      if (contains(network.model().inputs(), i)) piece.kind = Piece::Kind::kInput;
      if (contains(network.model().outputs(), i)) piece.kind = Piece::Kind::kOutput;
    }
    piece.offset_bytes = allocation.offset_bytes;
    piece.size_bytes = allocation.size_bytes;
    piece.first_operator = allocation.first_operator;
    piece.last_operator = allocation.last_operator;
    arena.pieces.push_back(std::move(piece));
  }
  std::stable_sort(arena.pieces.begin(), arena.pieces.end(), [](const Piece& a, const Piece& b) {
    return std::pair(a.offset_bytes, a.first_operator) < std::pair(b.offset_bytes, b.first_operator);
  });
  // What begins at the same byte while its predecessor still lives was computed in place: one piece.
  std::vector<Piece> joined;
  for (Piece& piece : arena.pieces) {
    if (!joined.empty() && joined.back().offset_bytes == piece.offset_bytes &&
        piece.first_operator <= joined.back().last_operator) {
      Piece& before = joined.back();
      before.size_bytes = std::max(before.size_bytes, piece.size_bytes);
      before.last_operator = std::max(before.last_operator, piece.last_operator);
      if (piece.kind == Piece::Kind::kOutput && before.kind == Piece::Kind::kTensor) before.kind = piece.kind;
      continue;
    }
    joined.push_back(std::move(piece));
  }
  arena.pieces = std::move(joined);

  arena.live_bytes.resize(static_cast<size_t>(operators));
  for (const Piece& piece : arena.pieces) {
    if (piece.offset_bytes < arena.persistent_bytes) continue;  // variables
    for (int op = piece.first_operator; op <= piece.last_operator && op < operators; ++op) {
      arena.live_bytes[static_cast<size_t>(op)] += piece.size_bytes;
    }
  }
  arena.lower_bound_bytes = arena.persistent_bytes + network.peak_bytes();
  const auto busiest = std::max_element(arena.live_bytes.begin(), arena.live_bytes.end());
  if (busiest != arena.live_bytes.end()) arena.busiest_operator = static_cast<int>(busiest - arena.live_bytes.begin());
  return arena;
}

// --- All of it ---

/// Everything that can be read of the graphs, whether or not the model runs.
void ReadGraphs(const tflite::Model& model, Inspection& inspection,
                std::span<const kernels::Operator* const> operators) {
  if (model.description() != nullptr) inspection.description = model.description()->str();
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0) return;
  inspection.subgraphs = static_cast<int>(model.subgraphs()->size());
  std::set<uint32_t> counted;  // buffers, which tensors may share
  for (const tflite::SubGraph* subgraph : *model.subgraphs()) {
    const Graph graph(model, *subgraph);
    if (subgraph->tensors() == nullptr) continue;
    for (const tflite::Tensor* tensor : *subgraph->tensors()) {
      if (graph.ConstantBytes(*tensor) == 0 || !IsTrained(*tensor) || !counted.insert(tensor->buffer()).second)
        continue;
      inspection.parameters = Add(inspection.parameters, Elements(tensor));
    }
  }

  const Graph graph(model, *model.subgraphs()->Get(0));
  const auto facts = [&graph](const flatbuffers::Vector<int32_t>* list, std::vector<TensorFacts>& into) {
    for (int i = 0; i < Graph::Count(list); ++i)
      into.push_back(FactsOf(graph.TensorAt(list->Get(static_cast<uint32_t>(i)))));
  };
  facts(graph.graph().inputs(), inspection.inputs);
  facts(graph.graph().outputs(), inspection.outputs);
  std::set<TensorType> activations;
  bool hybrid = false;
  for (int i = 0; i < graph.operator_count(); ++i) {
    OperatorFacts op;
    op.name = graph.NameOf(i);
    op.version = graph.CodeOf(i) == nullptr ? 0 : graph.CodeOf(i)->version();
    op.numbers = NumbersOf(graph, i);
    op.macs = Macs(graph, i);
    for (int k = 0; k < graph.InputCount(i); ++k) {
      const tflite::Tensor* tensor = graph.Input(i, k);
      if (tensor == nullptr) continue;
      if (const size_t bytes = graph.ConstantBytes(*tensor); bytes != 0) {
        op.model_bytes += static_cast<int64_t>(bytes);
        if (IsTrained(*tensor)) op.parameters = Add(op.parameters, Elements(tensor));
      } else if (IsNumber(tensor->type())) {
        activations.insert(tensor->type());
      }
    }
    for (int k = 0; k < graph.OutputCount(i); ++k) {
      const tflite::Tensor* tensor = graph.Output(i, k);
      if (tensor != nullptr && IsNumber(tensor->type())) activations.insert(tensor->type());
    }
    hybrid |= IsHybrid(graph, i);
    inspection.macs = Add(inspection.macs, op.macs);
    inspection.operators.push_back(std::move(op));
  }
  std::vector<TensorFacts> border = inspection.inputs;
  border.insert(border.end(), inspection.outputs.begin(), inspection.outputs.end());
  inspection.numbers = NumbersOf(border, inspection.operators, activations, hybrid);
  FindMissing(model, inspection, operators);
  FindNumbers(graph, inspection, activations);
}

/// What loading said, unless it is among the findings already.
void AddFault(const runtime::Fault& fault, const std::string& sentence, Status status, Inspection& inspection) {
  using kernels::Reason;
  const auto has = [&inspection](std::string_view code) {
    return std::any_of(inspection.findings.begin(), inspection.findings.end(),
                       [code](const Finding& finding) { return finding.code == code; });
  };
  const bool told = (fault.reason == Reason::kOperatorMissing && (has("missing_operator") || has("custom_operator"))) ||
                    (fault.reason == Reason::kOperatorCustom && has("custom_operator")) ||
                    (fault.reason == Reason::kOperatorVersion && has("operator_version")) ||
                    (fault.reason == Reason::kHybrid && has("hybrid")) ||
                    (fault.reason == Reason::kTensorType && (has("float16") || has("int4")));
  if (told) return;
  const bool unsupported = status == Status::kUnsupported;
  inspection.findings.push_back({Weight::kRefused, unsupported ? "unsupported" : "damaged", sentence,
                                 unsupported ? "" : "copy or convert the model again"});
}

}  // namespace

Inspection Inspect(std::span<const std::byte> model, std::span<const kernels::Operator* const> operators) {
  Inspection inspection;
  inspection.model_bytes = model.size();
  runtime::Fault fault;
  const Expected<LoadedNetwork> loaded = LoadNetwork(model, operators, &fault);
  if (loaded) inspection.kernels = UsedOperators(loaded->network);

  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(model.data()), model.size());
  if (!model.empty() && tflite::VerifyModelBuffer(verifier)) {
    const tflite::Model& file = *tflite::GetModel(model.data());
    ReadGraphs(file, inspection, operators);
    if (loaded) inspection.arena = ArenaOf(Graph(file, *file.subgraphs()->Get(0)), loaded->network);
  } else if (loaded) {
    // The runtime never reads what is broken here, but other programs will.
    inspection.findings.push_back({Weight::kRefused, "damaged", "a part that this program does not read is damaged",
                                   "copy or convert the model again"});
  }
  if (!loaded) AddFault(fault, loaded.error().message, loaded.error().status, inspection);
  for (Finding& finding : inspection.findings) {
    // What the runtime takes nevertheless is no reason to refuse.
    if (inspection.runs() && finding.weight == Weight::kRefused) finding.weight = Weight::kWarning;
  }
  std::stable_sort(inspection.findings.begin(), inspection.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.weight < b.weight; });
  return inspection;
}

}  // namespace thimble::compiler
