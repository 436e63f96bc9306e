// A subgraph again and again, for as long as another one says so.
#ifndef THIMBLE_KERNELS_WHILE_OP_H_
#define THIMBLE_KERNELS_WHILE_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// y... = x...; while (condition(y...)) y... = body(y...)
///
///   in    x   the inputs of both subgraphs
///   out   y   like x, and like the outputs of the body; the condition gives one bool
///
/// The data decides how often; the network's limit of subgraph runs ends what does not end by itself.
/// Source: TFLite Micro, WHILE.
struct While {
  static constexpr const char* kName = "while";
  static constexpr int kTfliteCode = 119;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 93;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t condition_subgraph = 0;
    int32_t body_subgraph = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("condition_subgraph", 0, p.condition_subgraph);
    visit("body_subgraph", 1, p.body_subgraph);
  }

  static Reason Check(const Params& params, const Call& call);
  static size_t ScratchBytes(const Params& params, const Call& call);
  static int Callees(const Params& params, int32_t (&subgraphs)[kMaxCallees]);

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_WHILE_OP_H_
