// What nobody reads is left out: operators, tensors, constants; equal constants are kept once.
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "compiler/passes/pass.h"

namespace thimble::compiler::passes {
namespace {

int RemoveOperators(Graph& graph) {
  int removed = 0;
  for (size_t i = graph.operator_count(); i-- > 0;) {
    const OperatorT& op = graph.OperatorAt(i);
    if (graph.HasEffects(op)) continue;
    if (std::any_of(op.outputs.begin(), op.outputs.end(),
                    [&](int32_t output) { return graph.IsOutput(output) || graph.UseCount(output) > 0; })) {
      continue;
    }
    graph.Erase(i);
    ++removed;
  }
  return removed;
}

int RemoveTensors(Graph& graph) {
  tflite::SubGraphT& main = graph.main();
  std::vector<std::vector<int32_t>*> lists = {&main.inputs, &main.outputs};
  for (const auto& op : main.operators) {
    for (std::vector<int32_t>* list : {&op->inputs, &op->outputs, &op->intermediates}) lists.push_back(list);
  }
  std::vector<int32_t> place(main.tensors.size(), -1);
  for (const auto* list : lists) {
    for (const int32_t tensor : *list) {
      if (tensor >= 0) place[static_cast<size_t>(tensor)] = 0;
    }
  }
  // Signatures give names to inputs and outputs.
  std::vector<uint32_t*> named;
  for (const auto& signature : graph.model().signature_defs) {
    if (signature->subgraph_index != 0) continue;
    for (auto* side : {&signature->inputs, &signature->outputs}) {
      for (const auto& entry : *side) {
        if (entry->tensor_index >= place.size()) continue;
        named.push_back(&entry->tensor_index);
        place[entry->tensor_index] = 0;
      }
    }
  }
  int32_t kept = 0;
  std::vector<std::unique_ptr<TensorT>> tensors;
  for (size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = kept++;
    tensors.push_back(std::move(main.tensors[i]));
  }
  main.tensors = std::move(tensors);
  for (auto* list : lists) {
    for (int32_t& tensor : *list) {
      if (tensor >= 0) tensor = place[static_cast<size_t>(tensor)];
    }
  }
  for (uint32_t* tensor : named) *tensor = static_cast<uint32_t>(place[*tensor]);
  return static_cast<int>(place.size()) - kept;
}

size_t RemoveBuffers(tflite::ModelT& model) {
  if (model.buffers.empty()) return 0;
  std::vector<uint32_t*> references;
  for (const auto& subgraph : model.subgraphs) {
    for (const auto& tensor : subgraph->tensors) references.push_back(&tensor->buffer);
  }
  for (const auto& metadata : model.metadata) references.push_back(&metadata->buffer);
  model.metadata_buffer.clear();  // the list from before metadata had names; nobody reads it
  size_t before = 0, after = 0;
  for (const auto& buffer : model.buffers) before += buffer->data.size();
  std::vector<std::unique_ptr<tflite::BufferT>> buffers;
  std::map<uint32_t, uint32_t> moved = {{0, 0}};  // buffer 0 stays, whoever reads it
  std::map<std::string_view, uint32_t> known;     // of data that lies where it lay
  buffers.push_back(std::move(model.buffers[0]));
  for (uint32_t* reference : references) {
    if (*reference >= model.buffers.size()) continue;  // metadata may say anything
    auto place = moved.find(*reference);
    if (place == moved.end()) {
      const auto next = static_cast<uint32_t>(buffers.size());
      std::unique_ptr<tflite::BufferT>& buffer = model.buffers[*reference];
      const auto* data = reinterpret_cast<const char*>(buffer->data.data());
      const auto twin = known.emplace(std::string_view(data, buffer->data.size()), next);
      place = moved.emplace(*reference, twin.first->second).first;
      if (twin.second) buffers.push_back(std::move(buffer));
    }
    *reference = place->second;
  }
  model.buffers = std::move(buffers);
  for (const auto& buffer : model.buffers) after += buffer->data.size();
  return before - after;
}

void RemoveCodes(tflite::ModelT& model) {
  std::vector<std::unique_ptr<tflite::OperatorCodeT>> codes;
  for (const auto& subgraph : model.subgraphs) {
    for (const auto& op : subgraph->operators) {
      const tflite::OperatorCodeT& code = *model.operator_codes[op->opcode_index];
      const auto same = std::find_if(codes.begin(), codes.end(), [&](const auto& other) {
        return other->deprecated_builtin_code == code.deprecated_builtin_code &&
               other->builtin_code == code.builtin_code && other->version == code.version &&
               other->custom_code == code.custom_code;
      });
      op->opcode_index = static_cast<uint32_t>(same - codes.begin());
      if (same == codes.end()) codes.push_back(std::make_unique<tflite::OperatorCodeT>(code));
    }
  }
  model.operator_codes = std::move(codes);
}

}  // namespace

std::string RemoveUnused(Graph& graph, const PassOptions&) {
  const int operators = RemoveOperators(graph);
  const int tensors = RemoveTensors(graph);
  const size_t bytes = RemoveBuffers(graph.model());
  RemoveCodes(graph.model());
  std::string what;
  const auto add = [&what](int64_t count, const char* noun, const char* of) {
    if (count > 0) what += (what.empty() ? "" : ", ") + Counted(count, noun) + of;
  };
  add(operators, "operator", "");
  add(tensors, "tensor", "");
  add(static_cast<int64_t>(bytes), "byte", " of constants");
  return what.empty() ? "" : what + " left out";
}

}  // namespace thimble::compiler::passes
