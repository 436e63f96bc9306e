// What a pass is to the list of passes: a rewriting of one graph that says what it did.
#ifndef THIMBLE_COMPILER_PASSES_PASS_H_
#define THIMBLE_COMPILER_PASSES_PASS_H_

#include <string>

#include "compiler/passes.h"
#include "compiler/passes/graph.h"

namespace thimble::compiler::passes {

// Each rewrites the graph and says what it did, without a full stop; nothing when it changed nothing. What they do is
// said in the list of passes.cc. They may leave operators and tensors behind that nobody reads; RemoveUnused is for
// those.
std::string FoldConstants(Graph& graph, const PassOptions& options);
std::string RemoveIdentities(Graph& graph, const PassOptions& options);
std::string FuseRequantisation(Graph& graph, const PassOptions& options);
std::string FuseActivations(Graph& graph, const PassOptions& options);
std::string FusePadding(Graph& graph, const PassOptions& options);
std::string TurnOneChannelDepthwise(Graph& graph, const PassOptions& options);
std::string RemoveDeadChannels(Graph& graph, const PassOptions& options);
std::string RemoveUnused(Graph& graph, const PassOptions& options);

}  // namespace thimble::compiler::passes

#endif  // THIMBLE_COMPILER_PASSES_PASS_H_
