// `thimble run`: a model, its inputs from files, its outputs into files.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/output_files.h"
#include "cli/tensor_file.h"
#include "cli/terminal.h"
#include "compiler/fast_engine.h"
#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "runtime/describe.h"

namespace thimble::cli {
namespace {

using kernels::Tensor;
using kernels::Type;
using Json = nlohmann::ordered_json;

std::string NameOf(const runtime::Network& network, int tensor) { return std::string(network.model().NameOf(tensor)); }

/// "input 0 is int8[1,490] (input_1)" for each input.
std::string DescribeAll(const runtime::Network& network, bool inputs) {
  const int count = inputs ? network.input_count() : network.output_count();
  std::string text;
  for (int i = 0; i < count; ++i) {
    const int index = inputs ? network.model().inputs()[i] : network.model().outputs()[i];
    text += std::string(i == 0 ? "" : "; ") + (inputs ? "input " : "output ") + std::to_string(i) + " is " +
            runtime::Describe(network.TensorAt(index));
    if (const std::string name = NameOf(network, index); !name.empty()) text += " (" + name + ")";
  }
  return text;
}

Outcome CheckCounts(const RunOptions& options, const runtime::Network& network) {
  const auto inputs = static_cast<size_t>(network.input_count());
  const auto outputs = static_cast<size_t>(network.output_count());
  const auto each = [](const char* option, size_t count) {
    return "give --" + std::string(option) +
           (count == 1 ? " once" : " " + std::to_string(count) + " times, in this order");
  };
  if (options.inputs.size() != inputs) {
    if (inputs == 0) return {Status::kInvalidArgument, options.model + ": takes no inputs; leave --input out"};
    return {Status::kInvalidArgument, options.model + ": " + each("input", inputs) + ": " + DescribeAll(network, true)};
  }
  if (options.outputs.size() > outputs) {
    return {Status::kInvalidArgument, options.model + ": there are more --output than outputs: " +
                                          (outputs == 0 ? "it has none" : DescribeAll(network, false))};
  }
  return Nothing{};
}

bool IsQuantised(const Tensor& tensor) { return tensor.type != Type::kFloat32 && tensor.scale_count == 1; }

std::string Values(const Tensor& tensor, bool real) {
  constexpr int kShown = 16;
  const int count = tensor.shape.Count();
  std::string text;
  for (int i = 0; i < std::min(count, kShown); ++i) {
    char number[32] = "";
    if (real) std::snprintf(number, sizeof number, "%.4g", RealOf(tensor, i));
    text += (i == 0 ? "" : " ") + (real ? std::string(number) : ElementText(tensor, i));
  }
  if (count > kShown) text += " … (" + Thousands(count) + " in all)";
  return text;
}

std::string Text(const runtime::Network& network, const RunOptions& options, const Style& style) {
  std::string text;
  for (int i = 0; i < network.output_count(); ++i) {
    const Tensor tensor = network.output(i);
    const std::string name = NameOf(network, network.model().outputs()[i]);
    text += style.Bold("output " + std::to_string(i)) + "  " + runtime::Describe(tensor) +
            (name.empty() ? "" : "  " + style.Dim(Printable(name))) + "\n";
    if (static_cast<size_t>(i) < options.outputs.size()) {
      text += "  written to " + Printable(options.outputs[static_cast<size_t>(i)]) + "\n";
      continue;
    }
    const int columns = std::min(style.width, 100);
    const bool quantised = IsQuantised(tensor);
    text += (quantised ? "  stored  " : "  ") + Wrap(Values(tensor, false), quantised ? 10 : 2, columns) + "\n";
    if (quantised) text += "  real    " + Wrap(Values(tensor, true), 10, columns) + "\n";
    const int count = tensor.shape.Count();
    if (count < 2 || tensor.type == Type::kBool) continue;
    int largest = 0;
    for (int k = 1; k < count; ++k) {
      if (ElementOf(tensor, k) > ElementOf(tensor, largest)) largest = k;
    }
    text += "  largest at " + std::to_string(largest) + ": " + ElementText(tensor, largest) + "\n";
  }
  return style.Plain(text);
}

std::string JsonText(const runtime::Network& network, const RunOptions& options) {
  Json outputs = Json::array();
  for (int i = 0; i < network.output_count(); ++i) {
    const Tensor tensor = network.output(i);
    Json values = Json::array(), real = Json::array();
    for (int k = 0; k < tensor.shape.Count(); ++k) {
      if (tensor.type == Type::kFloat32) {
        values.push_back(ElementOf(tensor, k));  // null when it is not a number
      } else {
        values.push_back(tensor.type == Type::kInt64 ? std::stoll(ElementText(tensor, k))
                                                     : static_cast<int64_t>(ElementOf(tensor, k)));
      }
      if (IsQuantised(tensor)) real.push_back(RealOf(tensor, k));
    }
    Json object = {{"name", NameOf(network, network.model().outputs()[i])},
                   {"type", runtime::Describe(tensor)},
                   {"shape", std::vector<int32_t>(tensor.shape.dims, tensor.shape.dims + tensor.shape.rank)},
                   {"values", values}};
    const std::string type = object["type"];
    object["type"] = type.substr(0, type.find('['));
    if (IsQuantised(tensor)) object["real"] = real;
    if (static_cast<size_t>(i) < options.outputs.size()) object["file"] = options.outputs[static_cast<size_t>(i)];
    outputs.push_back(std::move(object));
  }
  const Json object = {{"model", options.model},
                       {"engine", options.engine},
                       {"arena_bytes", network.arena_bytes()},
                       {"outputs", outputs}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Outcome Run(const RunOptions& options) {
  THIMBLE_ASSIGN(const AlignedMemory model, compiler::ReadTflite(options.model));
  Expected<compiler::LoadedNetwork> loaded = compiler::LoadNetwork(model.span(), kernels::AllOperators());
  if (!loaded) {
    return {loaded.error().status, options.model + ": " + loaded.error().message + "; thimble doctor says more"};
  }
  runtime::Network& network = loaded->network;
  THIMBLE_EXPECT(CheckCounts(options, network));
  for (int i = 0; i < network.input_count(); ++i) {
    const Tensor input = network.input(i);
    THIMBLE_ASSIGN(const std::vector<std::byte> bytes,
                   ReadTensorFile(options.inputs[static_cast<size_t>(i)], input, "input " + std::to_string(i)));
    if (!bytes.empty()) std::memcpy(input.data, bytes.data(), bytes.size());
  }
  const auto invoke = [&]() -> Outcome {
    if (options.engine != "reference") return compiler::InvokeFast(model.span(), network);
    if (const Status status = network.Invoke(); !ok(status)) return {status, ""};
    return Nothing{};
  };
  const Outcome ran = invoke();
  if (!ran.ok() && ran.error().status != Status::kCancelled) {
    return {ran.error().status, options.model + ": " + ran.error().message + "; --engine reference does without"};
  }
  if (!ran.ok()) {
    return {Status::kCancelled, options.model + ": a loop (WHILE) does not end with these inputs; stopped after " +
                                    Thousands(runtime::kMostSubgraphRuns) + " runs of its body"};
  }

  OutputFiles files;
  for (size_t i = 0; i < options.outputs.size(); ++i) {
    THIMBLE_EXPECT(
        files.Add(options.outputs[i], TensorFileBytes(options.outputs[i], network.output(static_cast<int>(i)))));
  }
  THIMBLE_EXPECT(files.Commit());
  if (options.common.json) {
    std::printf("%s\n", JsonText(network, options).c_str());
  } else if (!options.common.quiet) {
    std::fputs(Text(network, options, StyleOf(stdout)).c_str(), stdout);
  }
  return Nothing{};
}

}  // namespace thimble::cli
