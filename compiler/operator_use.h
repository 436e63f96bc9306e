// Which operators a model uses, and how a program names just those.
#ifndef THIMBLE_COMPILER_OPERATOR_USE_H_
#define THIMBLE_COMPILER_OPERATOR_USE_H_

#include <map>
#include <set>
#include <string>

#include "kernels/op.h"
#include "runtime/network.h"

namespace thimble::compiler {

/// Operators, by their folders in kernels/, and the types of each one's first input.
using OperatorUse = std::map<std::string, std::set<kernels::Type>>;

/// Those of all subgraphs of a loaded network.
OperatorUse UsedOperators(const runtime::Network& network);

/// The lines that include the operators: #include "kernels/softmax/op.h"
std::string OperatorIncludes(const OperatorUse& operators);

/// The list that a network is loaded with, as a definition of `kOperators` for code inside namespace thimble or one
/// that uses it. An operator that has separate code for each type is named with those that are used, so that a program
/// links no other.
std::string OperatorList(const OperatorUse& operators);

/// One of them as template arguments: "kernels::FullyConnected, kernels::Type::kInt8".
std::string OperatorArguments(const std::string& folder, const std::set<kernels::Type>& types);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_OPERATOR_USE_H_
