#include "compiler/export_interface.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "compiler/emit.h"
#include "compiler/export_text.h"
#include "runtime/network.h"
#include "steps/tensor_record.h"

namespace thimble::compiler {
namespace {

using kernels::Type;
using steps::Place;
using steps::TensorRecord;

struct TypeFacts {
  Type type;
  const char* c_type;
  const char* name;
  int64_t low, high;   ///< of integers
  const char* sample;  ///< of an example's input, element i
};

constexpr TypeFacts kTypes[] = {
    {Type::kInt8, "int8_t", "int8", INT8_MIN, INT8_MAX, "(int8_t)(i % 256 - 128)"},
    {Type::kUInt8, "uint8_t", "uint8", 0, UINT8_MAX, "(uint8_t)(i % 256)"},
    {Type::kInt16, "int16_t", "int16", INT16_MIN, INT16_MAX, "(int16_t)(i % 256 - 128)"},
    {Type::kInt32, "int32_t", "int32", INT32_MIN, INT32_MAX, "0"},
    {Type::kInt64, "int64_t", "int64", INT64_MIN, INT64_MAX, "0"},
    {Type::kBool, "bool", "bool", 0, 1, "i % 2 == 0"},
    {Type::kFloat32, "float", "float32", 0, 0, "(float)(i % 256) / 256.0f"},
};

const TypeFacts* FactsOf(Type type) {
  const auto* found =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeFacts& facts) { return facts.type == type; });
  return found == std::end(kTypes) ? nullptr : found;
}

template <typename T>
T Read(const Plan& plan, int32_t offset, int32_t index = 0) {
  T value;
  std::memcpy(&value, plan.constants.data() + offset + static_cast<size_t>(index) * sizeof value, sizeof value);
  return value;
}

Expected<ExportedTensor> TensorOf(const Plan& plan, const TensorRecord& record, const std::string& what) {
  ExportedTensor tensor;
  tensor.type = static_cast<Type>(record.type);
  if (FactsOf(tensor.type) == nullptr) {
    return {Status::kUnsupported, what +
                                      " is of a type that a C program cannot fill; let the model begin and end with "
                                      "numbers"};
  }
  for (int32_t i = 0; i < record.rank; ++i) {
    tensor.shape.push_back(Read<int32_t>(plan, record.dims, i));
    tensor.count *= tensor.shape.back();
  }
  if (record.scale_count == 1 && tensor.type != Type::kFloat32) {
    tensor.quantised = true;
    tensor.scale = Read<float>(plan, record.scales);
    tensor.zero_point = record.zero_point;
  }
  switch (static_cast<Place>(record.place)) {
    case Place::kFrame:
      tensor.address = "arena + " + std::to_string(int64_t{plan.state_bytes} + record.offset);
      break;
    case Place::kState:
      tensor.address = "arena + " + std::to_string(record.offset);
      break;
    case Place::kConstants:
      tensor.address = plan.name + "::kPlan.constants + " + std::to_string(record.offset);
      break;
  }
  return tensor;
}

int64_t LengthOf(const std::vector<ExportedTensor>& tensors) {
  int64_t length = 0;
  for (const ExportedTensor& tensor : tensors) length += tensor.count;
  return length;
}

/// What <name>_input points at: void if they differ.
std::string PointedType(const std::vector<ExportedTensor>& tensors) {
  std::string type = tensors.empty() ? "void" : tensors[0].c_type();
  for (const ExportedTensor& tensor : tensors) {
    if (tensor.type != tensors[0].type) type = "void";
  }
  return type;
}

std::string Number(int64_t number) { return std::to_string(number); }

std::string Decimal(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

/// stored - zero_point
std::string Steps(const ExportedTensor& tensor, const std::string& stored) {
  if (tensor.zero_point == 0) return stored;
  return stored + (tensor.zero_point > 0 ? " - " : " + ") + Number(std::abs(int64_t{tensor.zero_point}));
}

std::string Meaning(const ExportedTensor& tensor) {
  return std::string(tensor.type_name()) + ", " + tensor.ShapeText() +
         (tensor.quantised ? ", real = " + Decimal(tensor.scale) + " * (" + Steps(tensor, "stored") +
                                 "): " + Decimal(tensor.lowest()) + " to " + Decimal(tensor.highest())
                           : "");
}

std::string Meanings(const std::vector<ExportedTensor>& tensors) {
  std::string text;
  for (size_t i = 0; i < tensors.size(); ++i) {
    text += " *   " + Number(static_cast<int64_t>(i)) + ": " + Meaning(tensors[i]) + "\n";
  }
  return text.empty() ? " *   none\n" : text;
}

/// A C initialiser of `@name@_tensor`s.
std::string TensorTable(const std::vector<ExportedTensor>& tensors) {
  std::string text;
  for (const ExportedTensor& tensor : tensors) {
    std::string shape;
    for (const int32_t dimension : tensor.shape) shape += (shape.empty() ? "" : ", ") + Number(dimension);
    text += "        {\"" + std::string(tensor.type_name()) + "\", " + Number(tensor.count) + ", " +
            Number(static_cast<int64_t>(tensor.shape.size())) + ", {" + shape + "}, " +
            FloatLiteral(tensor.quantised ? tensor.scale : 0) + ", " + Number(tensor.zero_point) + "},\n";
  }
  return text;
}

/// "reinterpret_cast<int8_t*>(arena + 16)" for each, behind a switch.
std::string Pointers(const std::vector<ExportedTensor>& tensors, const std::string& type) {
  std::string text;
  for (size_t i = 0; i < tensors.size(); ++i) {
    text += "  if (index == " + Number(static_cast<int64_t>(i)) + ") return reinterpret_cast<" + type + "*>(" +
            tensors[i].address + ");\n";
  }
  return (text.empty() ? "  (void)index;\n" : text) + "  return nullptr;\n";
}

/// A loop over the elements of a tensor, which `variable` points at in it.
std::string Loop(const ExportedTensor& tensor, const std::string& type, const std::string& variable,
                 const std::string& body) {
  return "  auto* const " + variable + " = reinterpret_cast<" + type + "*>(" + tensor.address +
         ");\n  for (int32_t i = 0; i < " + Number(tensor.count) + "; ++i) " + body + ";\n";
}

std::string StoreFloats(const ExportedTensor& tensor, size_t index) {
  const TypeFacts& facts = *FactsOf(tensor.type);
  std::string value = "*in++";
  if (tensor.quantised) {
    // The lowest numbers of the wide types have no literals.
    const std::string range =
        facts.high > INT16_MAX ? "INT32_MIN, INT32_MAX" : Number(facts.low) + ", " + Number(facts.high);
    value = std::string("static_cast<") + facts.c_type + ">(thimble::Quantise(*in++, " + FloatLiteral(tensor.scale) +
            ", " + Number(tensor.zero_point) + ", " + range + "))";
  } else if (tensor.type == Type::kBool) {
    value = "*in++ != 0";
  } else if (facts.high > INT16_MAX) {
    value = std::string("static_cast<") + facts.c_type + ">(thimble::RoundToInt32(*in++))";
  } else if (tensor.type != Type::kFloat32) {
    value = std::string("static_cast<") + facts.c_type + ">(thimble::Clamp(thimble::RoundToInt32(*in++), " +
            Number(facts.low) + ", " + Number(facts.high) + "))";
  }
  const std::string variable = "input" + Number(static_cast<int64_t>(index));
  return Loop(tensor, facts.c_type, variable, variable + "[i] = " + value);
}

std::string LoadFloats(const ExportedTensor& tensor, size_t index) {
  const std::string variable = "output" + Number(static_cast<int64_t>(index));
  const std::string stored = variable + "[i]";
  std::string value = stored;
  if (tensor.quantised) {
    value = FloatLiteral(tensor.scale) + " * static_cast<float>(" + Steps(tensor, stored) + ")";
  } else if (tensor.type != Type::kFloat32) {
    value = "static_cast<float>(" + stored + ")";
  }
  return Loop(tensor, std::string("const ") + tensor.c_type(), variable, "*out++ = " + value);
}

/// The pointer to tensor `index` as an example takes it.
std::string TakePointer(const std::string& name, const char* side, const std::vector<ExportedTensor>& tensors,
                        size_t index, const std::string& qualifier) {
  const std::string type = qualifier + tensors[index].c_type() + " *";
  return Fill("@type@@side@@number@ = @cast@@name@_@side@(@number@);\n",
              {{"type", type},
               {"side", side},
               {"number", Number(static_cast<int64_t>(index))},
               {"cast", PointedType(tensors) == "void" ? "(" + type + ")" : ""},
               {"name", name}});
}

std::string FillInputs(const Interface& interface) {
  std::string text;
  for (size_t k = 0; k < interface.inputs.size(); ++k) {
    const ExportedTensor& tensor = interface.inputs[k];
    text += Fill("  @take@  for (int i = 0; i < @count@; ++i) input@number@[i] = @sample@;\n",
                 {{"take", TakePointer(interface.name, "input", interface.inputs, k, "")},
                  {"count", Number(tensor.count)},
                  {"number", Number(static_cast<int64_t>(k))},
                  {"sample", FactsOf(tensor.type)->sample}});
  }
  return text;
}

/// The real value of element i of an output, in C.
std::string RealOf(const ExportedTensor& tensor, size_t index) {
  const std::string stored = "output" + Number(static_cast<int64_t>(index)) + "[i]";
  if (!tensor.quantised) return "(float)" + stored;
  return FloatLiteral(tensor.scale) + " * (float)(" + Steps(tensor, stored) + ")";
}

constexpr int kShownOutputs = 20;

/// How one element of an output is printed, @real@ and element i.
struct OutputPrinter {
  std::string head;  ///< prints that output @number@ follows
  std::string with_label, without_label;
};

std::string PrintOutputs(const Interface& interface, const OutputPrinter& printer) {
  std::string text;
  for (size_t k = 0; k < interface.outputs.size(); ++k) {
    const ExportedTensor& tensor = interface.outputs[k];
    const std::string& element = interface.labels.empty() ? printer.without_label : printer.with_label;
    text += Fill("  @take@  @head@\n  for (int i = 0; i < @count@; ++i) {\n    @element@\n  }\n",
                 {{"take", TakePointer(interface.name, "output", interface.outputs, k, "const ")},
                  {"head", Fill(printer.head, {{"number", Number(static_cast<int64_t>(k))}})},
                  {"count", Number(std::min<int32_t>(tensor.count, kShownOutputs))},
                  {"element", Fill(element, {{"real", RealOf(tensor, k)}, {"name", interface.name}})}});
  }
  return text;
}

std::string DoubleLiteral(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::string(text) + (std::strpbrk(text, ".e") == nullptr ? ".0f" : "f");
}

}  // namespace

std::string FloatLiteral(float value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  return std::string(text) + (std::strpbrk(text, ".e") == nullptr ? ".0f" : "f");
}

const char* ExportedTensor::c_type() const { return FactsOf(type)->c_type; }
const char* ExportedTensor::type_name() const { return FactsOf(type)->name; }

std::string ExportedTensor::ShapeText() const {
  std::string text;
  for (const int32_t dimension : shape) text += (text.empty() ? "" : " x ") + std::to_string(dimension);
  return text.empty() ? "one number" : text;
}

double ExportedTensor::lowest() const {
  return quantised ? double{scale} * static_cast<double>(FactsOf(type)->low - zero_point) : 0;
}
double ExportedTensor::highest() const {
  return quantised ? double{scale} * static_cast<double>(FactsOf(type)->high - zero_point) : 1;
}

int64_t Interface::input_length() const { return LengthOf(inputs); }
int64_t Interface::output_length() const { return LengthOf(outputs); }

std::string Interface::upper() const {
  std::string text = name;
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

Expected<Interface> InterfaceOf(const Plan& plan, const ExportOptions& options) {
  Interface interface;
  interface.name = options.name;
  interface.labels = options.labels;
  const PlanGraph& network = plan.graphs[0];
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    THIMBLE_ASSIGN(ExportedTensor tensor, TensorOf(plan, network.inputs[i], "input " + std::to_string(i)));
    interface.inputs.push_back(std::move(tensor));
  }
  for (size_t i = 0; i < network.outputs.size(); ++i) {
    THIMBLE_ASSIGN(ExportedTensor tensor, TensorOf(plan, network.outputs[i], "output " + std::to_string(i)));
    interface.outputs.push_back(std::move(tensor));
  }
  const auto label_count = static_cast<int64_t>(options.labels.size());
  if (label_count != 0 && (interface.outputs.size() != 1 || label_count != interface.output_length())) {
    return {Status::kInvalidArgument, std::to_string(label_count) + " labels, but the network gives " +
                                          std::to_string(interface.output_length()) +
                                          " numbers; name each of them, or give no labels"};
  }
  return interface;
}

std::string InterfaceHeader(const Interface& interface) {
  const std::string labels =
      interface.labels.empty() ? ""
                               : "  " + interface.upper() +
                                     "_LABEL_COUNT = " + Number(static_cast<int64_t>(interface.labels.size())) + ",\n";
  return Fill(
      R"(/* The network "@name@", for C and C++. Written by thimble.
 *
 * Inputs:
@inputs@ * Outputs:
@outputs@ *
 * All of its memory is in the library and of fixed size; nothing is allocated. There is one network: do not call it
 * from two threads at once.
 */
#ifndef @NAME@_H_
#define @NAME@_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  @NAME@_INPUT_COUNT = @input_count@,
  @NAME@_OUTPUT_COUNT = @output_count@,
  @NAME@_INPUT_LENGTH = @input_length@, /* numbers in all inputs together: what @name@_run takes */
  @NAME@_OUTPUT_LENGTH = @output_length@,
@labels@};

/* Numbers in, numbers out: all inputs one after the other, then all outputs. Quantised networks are given the nearest
 * stored value, as TensorFlow Lite does it. False: see @name@_invoke. */
bool @name@_run(const float *in, float *out);

/* For those who store the numbers themselves: where they go, what computes, where the answers are. Inputs may be
 * overwritten by the computation: fill them anew each time. NULL: there is no input or output of this index. */
@input_type@ *@name@_input(int index);
const @output_type@ *@name@_output(int index);

/* Computes the outputs from the inputs. False: the network has loops, and they did not come to an end; impossible for
 * networks without loops. */
bool @name@_invoke(void);

/* Forgets what was kept from one run to the next (LSTM, streaming networks). */
void @name@_reset(void);

struct @name@_tensor {
  const char *type; /* "int8", "uint8", "int16", "int32", "int64", "bool", "float32" */
  int32_t count;    /* of elements */
  int32_t rank;
  int32_t shape[@most_rank@];
  float scale; /* real = scale * (stored - zero_point); 0: stored as it is */
  int32_t zero_point;
};

struct @name@_information {
  const char *name;
  size_t ram_bytes;       /* the network's memory, all of it */
  size_t constants_bytes; /* weights and tables */
  struct @name@_tensor inputs[@input_slots@];
  struct @name@_tensor outputs[@output_slots@];
  const char *const *labels; /* @label_words@ */
};

extern const struct @name@_information @name@_info;

#ifdef __cplusplus
}
#endif

#endif
)",
      {{"name", interface.name},
       {"NAME", interface.upper()},
       {"inputs", Meanings(interface.inputs)},
       {"outputs", Meanings(interface.outputs)},
       {"input_count", Number(static_cast<int64_t>(interface.inputs.size()))},
       {"output_count", Number(static_cast<int64_t>(interface.outputs.size()))},
       {"input_slots", Number(static_cast<int64_t>(std::max<size_t>(interface.inputs.size(), 1)))},
       {"output_slots", Number(static_cast<int64_t>(std::max<size_t>(interface.outputs.size(), 1)))},
       {"input_length", Number(interface.input_length())},
       {"output_length", Number(interface.output_length())},
       {"input_type", PointedType(interface.inputs)},
       {"output_type", PointedType(interface.outputs)},
       {"most_rank", Number(kernels::kMaxRank)},
       {"labels", labels},
       {"label_words", interface.labels.empty() ? "NULL: not known" : "one for each number of the output"}});
}

std::string InterfaceSource(const Interface& interface, const Plan& plan, const std::string& header) {
  const bool loops = plan.graphs.size() > 1;
  // The arena begins as zeros. Only a state that begins as something else must be written before the first run.
  const bool starts = std::any_of(plan.initial_state.begin(), plan.initial_state.end(),
                                  [](const InitialState& piece) { return piece.value != 0; });
  const auto needs_rounding = [](const ExportedTensor& tensor) { return tensor.type != Type::kFloat32; };
  std::string includes = "#include \"" + interface.name + "_plan.h\"\n";
  if (std::any_of(interface.inputs.begin(), interface.inputs.end(), needs_rounding)) {
    includes += "#include \"base/fixed_point.h\"\n";
  }
  includes += "#include \"runtime/plan_runner.h\"\n";
  std::string labels;
  for (const std::string& label : interface.labels) labels += "    " + StringLiteral(label) + ",\n";
  if (!labels.empty()) labels = "const char* const kLabels[] = {\n" + labels + "};\n\n";
  std::string stores, loads;
  for (size_t i = 0; i < interface.inputs.size(); ++i) stores += StoreFloats(interface.inputs[i], i);
  for (size_t i = 0; i < interface.outputs.size(); ++i) loads += LoadFloats(interface.outputs[i], i);
  const std::string run =
      loops ? "  return kPlan.subgraphs->run(kPlan, arena, 0, static_cast<int>(kPlan.graphs[0].steps.size()), " +
                  Number(runtime::kMostSubgraphRuns) + ");\n"
            : "  const thimble::steps::Memory memory = {\n      .constants = reinterpret_cast<const "
              "std::byte*>(kPlan.constants),\n      .frame = arena + kPlan.state_bytes,\n      .state = arena,\n      "
              ".subgraphs = nullptr,\n  };\n"
              "  for (const auto& step : kPlan.graphs[0].steps) step.run(step.params, memory);\n"
              "  return true;\n";
  return Fill(R"(// What stands behind @name@.h. Written by thimble.
#include "@header@"

@includes@
namespace {

using @plan@::kPlan;

// Exactly what the network takes: planned, not tried.
alignas(16) std::byte arena[@arena@];
@started@
@labels@}  // namespace

const struct @name@_information @name@_info = {
    "@name@",
    @ram@,
    @constants@,
    {
@input_table@    },
    {
@output_table@    },
    @label_list@,
};

@input_type@* @name@_input(int index) {
@ensure@@input_pointers@}

const @output_type@* @name@_output(int index) {
@output_pointers@}

bool @name@_invoke(void) {
@ensure@@run@}

void @name@_reset(void) {
@remember@  thimble::runtime::ResetState(arena, kPlan.initial_state, @loops@);
}

bool @name@_run(const float* in, float* out) {
@ensure@@stores@  if (!@name@_invoke()) return false;
@loads@  return true;
}
)",
              {{"name", interface.name},
               {"header", header},
               {"plan", plan.name},
               {"includes", includes},
               {"arena", Number(std::max<int64_t>(plan.arena_bytes, 1))},
               {"started", starts ? "bool started = false;\n" : ""},
               {"labels", labels},
               {"label_list", labels.empty() ? "nullptr" : "kLabels"},
               {"ram", Number(plan.arena_bytes)},
               {"constants", Number(static_cast<int64_t>(plan.constants.size()))},
               {"input_table", TensorTable(interface.inputs)},
               {"output_table", TensorTable(interface.outputs)},
               {"input_type", PointedType(interface.inputs)},
               {"output_type", PointedType(interface.outputs)},
               {"input_pointers", Pointers(interface.inputs, PointedType(interface.inputs))},
               {"output_pointers", Pointers(interface.outputs, "const " + PointedType(interface.outputs))},
               {"ensure", starts ? "  if (!started) " + interface.name + "_reset();\n" : ""},
               {"remember", starts ? "  started = true;\n" : ""},
               {"loops", loops ? "true" : "false"},
               {"stores", stores.empty() ? "  (void)in;\n" : stores},
               {"loads", loads},
               {"run", run}});
}

std::string ExampleProgram(const Interface& interface, bool is_app_main) {
  const std::string& name = interface.name;
  const std::string begin = is_app_main ? "void app_main(void)" : "int main(void)";
  const std::string fail = is_app_main ? "return" : "return 1";
  const std::string end = is_app_main ? "" : "  return 0;\n";
  if (interface.is_curve()) {
    return Fill(R"(/* Prints the curve of @name@: what it answers over the range that its input has. */
#include <stdio.h>

#include "@name@.h"

@begin@ {
  const float low = @low@, high = @high@;
  const int points = 20;
  for (int i = 0; i <= points; ++i) {
    const float x = low + (high - low) * (float)i / (float)points;
    float y = 0.0f;
    if (!@name@_run(&x, &y)) @fail@;
    printf("%.4f %.4f\n", (double)x, (double)y);
  }
@end@}
)",
                {{"name", name},
                 {"begin", begin},
                 {"fail", fail},
                 {"end", end},
                 {"low", DoubleLiteral(interface.inputs[0].lowest())},
                 {"high", DoubleLiteral(interface.inputs[0].highest())}});
  }
  return Fill(R"(/* Runs @name@ once and prints what it answers. */
#include <stdio.h>

#include "@name@.h"

@begin@ {
  /* A ramp. Put what your sensor says here; @name@_run takes real numbers instead. */
@fill@
  if (!@name@_invoke()) @fail@;

@print@@end@}
)",
              {{"name", name},
               {"begin", begin},
               {"fail", fail},
               {"end", end},
               {"fill", FillInputs(interface)},
               {"print", PrintOutputs(interface, {.head = "printf(\"output @number@:\\n\");",
                                                  .with_label = "printf(\"%d %.6g %s\\n\", i, (double)(@real@), "
                                                                "@name@_info.labels[i]);",
                                                  .without_label = "printf(\"%d %.6g\\n\", i, (double)(@real@));"})}});
}

std::string ExampleSketch(const Interface& interface) {
  const std::string& name = interface.name;
  if (interface.is_curve()) {
    const ExportedTensor &input = interface.inputs[0], &output = interface.outputs[0];
    return Fill(R"(// Draws the curve of @name@: on the serial plotter (Tools > Serial Plotter, 115200 baud), and as the
// brightness of the LED.
#include <@name@.h>

// What the network takes, and what it answers.
const float kLow = @low@, kHigh = @high@;
const float kDark = @dark@, kBright = @bright@;
const int kPoints = 100;

int point = 0;

void setup() {
  Serial.begin(115200);
#ifdef LED_BUILTIN
  pinMode(LED_BUILTIN, OUTPUT);
#endif
}

void loop() {
  const float x = kLow + (kHigh - kLow) * (float)point / (float)kPoints;
  float y = 0;
  if (!@name@_run(&x, &y)) return;
  Serial.println(y, 4);
#ifdef LED_BUILTIN
  // A pin without pulse-width modulation is switched: on above the middle.
  const float brightness = 255 * (y - kDark) / (kBright - kDark);
  analogWrite(LED_BUILTIN, brightness < 0 ? 0 : brightness > 255 ? 255 : (int)brightness);
#endif
  point = (point + 1) % kPoints;
  delay(20);
}
)",
                {{"name", name},
                 {"low", DoubleLiteral(input.lowest())},
                 {"high", DoubleLiteral(input.highest())},
                 {"dark", DoubleLiteral(output.quantised ? output.lowest() : -1)},
                 {"bright", DoubleLiteral(output.highest())}});
  }
  return Fill(
      R"(// Runs @name@ again and again and prints what it answers (Tools > Serial Monitor, 115200 baud).
#include <@name@.h>

void setup() { Serial.begin(115200); }

void loop() {
  // A ramp. Put what your sensor says here; @name@_run takes real numbers instead.
@fill@
  const unsigned long start = micros();
  if (!@name@_invoke()) return;
  const unsigned long microseconds = micros() - start;

@print@  Serial.print("microseconds: ");
  Serial.println(microseconds);
  delay(1000);
}
)",
      {{"name", name},
       {"fill", FillInputs(interface)},
       {"print",
        PrintOutputs(interface, {.head = "Serial.println(\"output @number@:\");",
                                 .with_label = "Serial.print(@name@_info.labels[i]);\n    Serial.print(\" \");\n    "
                                               "Serial.println(@real@, 6);",
                                 .without_label =
                                     "Serial.print(i);\n    Serial.print(\" \");\n    Serial.println(@real@, 6);"})}});
}

}  // namespace thimble::compiler
