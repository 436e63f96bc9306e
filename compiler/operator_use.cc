#include "compiler/operator_use.h"

#include <string_view>

#include "compiler/emit.h"
#include "kernels/ops_headers.inc"

namespace thimble::compiler {
namespace {

using kernels::Type;

/// As C++ names it.
const char* Enumerator(Type type) {
  switch (type) {
    case Type::kFloat32:
      return "kFloat32";
    case Type::kInt32:
      return "kInt32";
    case Type::kUInt8:
      return "kUInt8";
    case Type::kInt64:
      return "kInt64";
    case Type::kBool:
      return "kBool";
    case Type::kInt16:
      return "kInt16";
    case Type::kInt8:
      return "kInt8";
    case Type::kResource:
      return "kResource";
    case Type::kAbsent:
      break;
  }
  return "kAbsent";
}

bool SeparatesTypes(std::string_view folder) {
#define OP(type) \
  if (folder == kernels::type::kName) return kernels::SeparatesTypes<kernels::type>;
#include "kernels/ops.inc"
#undef OP
  return false;
}

}  // namespace

OperatorUse UsedOperators(const runtime::Network& network) {
  OperatorUse used;
  for (int g = 0; g < network.model().graph_count(); ++g) {
    const runtime::Graph graph = network.model().GraphAt(g);
    for (int i = 0; i < graph.operator_count(); ++i) {
      std::set<Type>& types = used[network.OperatorOf(graph, i).name];
      const auto inputs = graph.InputsOf(i);
      if (inputs.size() > 0 && inputs[0] >= 0) types.insert(graph.TensorAt(inputs[0]).type);
    }
  }
  return used;
}

std::string OperatorIncludes(const OperatorUse& operators) {
  std::string text;
  for (const auto& [folder, types] : operators) text += "#include \"kernels/" + folder + "/op.h\"\n";
  return text;
}

std::string OperatorList(const OperatorUse& operators) {
  std::string text = "constexpr const kernels::Operator* kOperators[] = {\n";
  for (const auto& [folder, types] : operators) {
    text += "    &kernels::kOperator<" + OperatorArguments(folder, types) + ">,\n";
  }
  return text + "};\n";
}

std::string OperatorArguments(const std::string& folder, const std::set<Type>& types) {
  std::string text = "kernels::" + TypeName(folder);
  if (SeparatesTypes(folder)) {
    for (const Type type : types) text += std::string(", kernels::Type::") + Enumerator(type);
  }
  return text;
}

}  // namespace thimble::compiler
