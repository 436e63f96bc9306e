#include "compiler/package.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/arena.h"
#include "base/crc32.h"
#include "kernels/all_operators.h"
#include "runtime/package.h"
#include "steps/operator_call/step.h"

namespace thimble::compiler {
namespace {

using steps::OperatorCall;

/// The graphs that a step runs.
std::vector<int32_t> CalleesOf(const Plan& plan, const PlanStep& step) {
  if (step.number != OperatorCall::kNumber) return {};
  OperatorCall::Params params;
  std::memcpy(&params, step.params.data(), sizeof params);
  const kernels::Operator* op = OperatorCall::Find(kernels::AllOperators(), params.operator_code);
  if (op == nullptr || op->callees == nullptr) return {};
  alignas(uint64_t) std::byte options[kernels::kMaxParamsBytes];
  std::memcpy(options, plan.constants.data() + params.options, sizeof options);
  int32_t callees[kernels::kMaxCallees];
  const int count = op->callees(options, callees);
  return {callees, callees + count};
}

/// How many graphs run inside each other, itself included, for each graph; many for a circle, which the runtime
/// refuses.
std::vector<uint32_t> Depths(const Plan& plan) {
  std::vector<uint32_t> depths(plan.graphs.size(), 1);
  for (size_t round = 0; round < plan.graphs.size(); ++round) {
    for (size_t g = 0; g < plan.graphs.size(); ++g) {
      for (const PlanStep& step : plan.graphs[g].steps) {
        for (const int32_t callee : CalleesOf(plan, step)) {
          depths[g] = std::max(depths[g], depths.at(static_cast<size_t>(callee)) + 1);
        }
      }
    }
  }
  return depths;
}

class Writer {
 public:
  template <typename T>
  uint32_t Append(std::span<const T> items) {
    const auto at = static_cast<uint32_t>(bytes_.size());
    const auto raw = std::as_bytes(items);
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    Align(sizeof(uint32_t));
    return at;
  }
  template <typename T>
  void Put(uint32_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  void Align(size_t alignment) { bytes_.resize(AlignUp(bytes_.size(), alignment)); }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> WritePackage(const Plan& plan) {
  Writer writer;
  runtime::PackageHeader header;
  header.target = static_cast<uint32_t>(plan.target);
  header.state_bytes = plan.state_bytes;
  header.arena_bytes = plan.arena_bytes;
  header.graph_count = static_cast<uint32_t>(plan.graphs.size());
  header.initial_state_count = static_cast<uint32_t>(plan.initial_state.size());
  header.constants_bytes = static_cast<uint32_t>(plan.constants.size());
  writer.Append(std::span<const runtime::PackageHeader>(&header, 1));

  std::vector<runtime::PackageGraph> graphs(plan.graphs.size());
  header.graphs = writer.Append(std::span<const runtime::PackageGraph>(graphs));
  std::vector<runtime::InitialState> initial;
  for (const InitialState& piece : plan.initial_state) initial.push_back({piece.offset, piece.bytes, piece.value});
  header.initial_state = writer.Append(std::span<const runtime::InitialState>(initial));
  const std::vector<uint32_t> depths = Depths(plan);
  for (size_t g = 0; g < plan.graphs.size(); ++g) {
    const PlanGraph& graph = plan.graphs[g];
    std::vector<runtime::PackageStep> list;
    for (const PlanStep& step : graph.steps) {
      list.push_back({step.number, writer.Append(std::span<const int32_t>(step.params))});
    }
    graphs[g].steps = writer.Append(std::span<const runtime::PackageStep>(list));
    graphs[g].step_count = static_cast<uint32_t>(list.size());
    graphs[g].inputs = writer.Append(std::span<const steps::TensorRecord>(graph.inputs));
    graphs[g].input_count = static_cast<uint32_t>(graph.inputs.size());
    graphs[g].outputs = writer.Append(std::span<const steps::TensorRecord>(graph.outputs));
    graphs[g].output_count = static_cast<uint32_t>(graph.outputs.size());
    graphs[g].frame_bytes = graph.frame_bytes;
    graphs[g].depth = depths[g];
    writer.Put(header.graphs + static_cast<uint32_t>(g * sizeof graphs[g]), graphs[g]);
  }
  header.name = writer.Append(std::span<const char>(plan.name.c_str(), plan.name.size() + 1));
  writer.Align(kArenaAlignment);
  header.constants = writer.Append(std::span<const std::byte>(plan.constants));
  header.bytes = static_cast<uint32_t>(writer.bytes().size());
  writer.Put(0, header);
  constexpr size_t kCrcEnd = offsetof(runtime::PackageHeader, crc) + sizeof header.crc;
  header.crc = Crc32(std::span<const std::byte>(writer.bytes()).subspan(kCrcEnd));
  writer.Put(0, header);
  return std::move(writer.bytes());
}

}  // namespace thimble::compiler
