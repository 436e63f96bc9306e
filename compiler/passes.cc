#include "compiler/passes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/aligned_memory.h"
#include "compiler/model_file.h"
#include "compiler/passes/pass.h"
#include "kernels/all_operators.h"

namespace thimble::compiler {
namespace {

using passes::Graph;

struct Pass {
  PassInfo info;
  std::string (*run)(Graph& graph, const PassOptions& options);
};

constexpr Pass kPasses[] = {
    {{"constant_folding", "Computes beforehand what depends on constants only"}, &passes::FoldConstants},
    {{"identity", "Removes what only repeats its input, and makes one view of views"}, &passes::RemoveIdentities},
    {{"requantise_fusion", "Skips a requantisation when the next one gives the same without it"},
     &passes::FuseRequantisation},
    {{"activation_fusion", "Leaves an activation to the operator before, where no bit depends on it"},
     &passes::FuseActivations},
    {{"padding_fusion", "Leaves a border of zeros to the convolution behind, where its own padding is the same"},
     &passes::FusePadding},
    {{"depthwise_one_channel", "Turns depthwise convolutions of one channel into plain ones"},
     &passes::TurnOneChannelDepthwise},
    {{"dead_channels", "Leaves out channels that are constant or that nobody reads"}, &passes::RemoveDeadChannels},
    {{"unused", "Leaves out operators, tensors and constants that nobody reads, and keeps equal constants once"},
     &passes::RemoveUnused},
};

constexpr auto kInfos = [] {
  std::array<PassInfo, std::size(kPasses)> infos{};
  for (size_t i = 0; i < infos.size(); ++i) infos[i] = kPasses[i].info;
  return infos;
}();

/// Each round either does something that no later one can undo or is the last; ordinary models need two.
constexpr int kMostRounds = 8;

Outcome CheckNames(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    const auto known = [&](const PassInfo& info) { return info.name == name; };
    if (std::any_of(kInfos.begin(), kInfos.end(), known)) continue;
    return NoSuchPass(name, kInfos);
  }
  return Nothing{};
}

/// A file may name the type of a table and leave the table out; what flatc makes of the schema does not expect that.
void DropTypesWithoutTables(tflite::ModelT& model) {
  const auto mend = [](auto& either) {
    if (either.value == nullptr) either.Reset();
  };
  for (const auto& subgraph : model.subgraphs) {
    for (const auto& op : subgraph->operators) mend(op->builtin_options);
    for (const auto& tensor : subgraph->tensors) {
      if (tensor->quantization != nullptr) mend(tensor->quantization->details);
      if (tensor->sparsity == nullptr) continue;
      for (const auto& dimension : tensor->sparsity->dim_metadata) {
        mend(dimension->array_segments);
        mend(dimension->array_indices);
      }
    }
  }
}

/// Whether both networks, of as many operators, read the same options. In a damaged table the runtime takes a field
/// that does not fit for one that is left out, which others do not.
bool ReadTheSame(const runtime::Network& a, const runtime::Network& b) {
  for (int g = 0; g < a.model().graph_count(); ++g) {
    const runtime::Graph first = a.model().GraphAt(g), second = b.model().GraphAt(g);
    for (int i = 0; i < first.operator_count(); ++i) {
      alignas(uint64_t) std::byte params[2][kernels::kMaxParamsBytes] = {};
      a.OperatorOf(first, i).read(first.OptionsOf(i), params[0]);
      b.OperatorOf(second, i).read(second.OptionsOf(i), params[1]);
      if (std::memcmp(params[0], params[1], sizeof params[0]) != 0) return false;
    }
  }
  return true;
}

}  // namespace

std::span<const PassInfo> Passes() { return kInfos; }

Error NoSuchPass(const std::string& name, std::span<const PassInfo> passes) {
  std::string all;
  for (const PassInfo& pass : passes) all.append(all.empty() ? "" : ", ").append(pass.name);
  return {Status::kInvalidArgument, "there is no pass '" + name + "' to leave out; there are " + all};
}

Expected<std::vector<std::byte>> Simplify(std::span<const std::byte> model, const PassOptions& options,
                                          PassReport* report) {
  THIMBLE_EXPECT(CheckNames(options.without));
  const AlignedMemory original(model);
  THIMBLE_ASSIGN(const LoadedNetwork loaded, LoadNetwork(original.span(), kernels::AllOperators()));
  PassReport unseen;
  PassReport& told = report == nullptr ? unseen : *report;
  told = {};
  told.model_bytes_before = told.model_bytes_after = model.size();

  const auto* bytes = reinterpret_cast<const uint8_t*>(original.span().data());
  const std::vector<std::byte> as_it_is(model.begin(), model.end());
  // The runtime reads models that break rules it does not depend on; those stay as they are.
  flatbuffers::Verifier verifier(bytes, original.span().size());
  if (!tflite::VerifyModelBuffer(verifier)) return as_it_is;
  Graph graph(tflite::UnPackModel(bytes));
  DropTypesWithoutTables(graph.model());
  const AlignedMemory repacked{std::span<const std::byte>(passes::Pack(graph.model()))};
  const auto again = LoadNetwork(repacked.span(), kernels::AllOperators());
  if (!again || !ReadTheSame(loaded.network, again->network)) return as_it_is;

  told.operators_before = told.operators_after = graph.operator_count();
  told.macs_before = told.macs_after = passes::MacsOf(graph);
  bool changed = true;
  for (int round = 0; changed && round < kMostRounds; ++round) {
    changed = false;
    for (const Pass& pass : kPasses) {
      if (options.without.contains(pass.info.name)) continue;
      std::string what = pass.run(graph, options);
      if (what.empty()) continue;
      changed = true;
      told.lines.push_back({pass.info.name, std::move(what)});
    }
  }
  if (told.lines.empty()) return as_it_is;
  told.operators_after = graph.operator_count();
  told.macs_after = passes::MacsOf(graph);
  std::vector<std::byte> simplified = passes::Pack(graph.model());
  told.model_bytes_after = simplified.size();

  const AlignedMemory result{std::span<const std::byte>(simplified)};
  if (const auto after = LoadNetwork(result.span(), kernels::AllOperators()); !after) {
    return {Status::kFailed, "simplifying it went wrong (" + after.error().message +
                                 "); leave out the passes one after the other, and report the model"};
  }
  return simplified;
}

}  // namespace thimble::compiler
