// One of two subgraphs, by a condition that is computed.
#ifndef THIMBLE_KERNELS_IF_OP_H_
#define THIMBLE_KERNELS_IF_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// y... = condition ? then(x...) : otherwise(x...)
///
///   in[0]   condition   bool, one element
///   in[1…]  x           the inputs of both subgraphs
///   out     y           the outputs of both subgraphs
///
/// Source: TFLite Micro, IF.
struct If {
  static constexpr const char* kName = "if";
  static constexpr int kTfliteCode = 118;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 92;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t then_subgraph = 0;
    int32_t else_subgraph = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("then_subgraph", 0, p.then_subgraph);
    visit("else_subgraph", 1, p.else_subgraph);
  }

  static Reason Check(const Params& params, const Call& call);
  static size_t ScratchBytes(const Params& params, const Call& call);
  static int Callees(const Params& params, int32_t (&subgraphs)[kMaxCallees]);

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_IF_OP_H_
