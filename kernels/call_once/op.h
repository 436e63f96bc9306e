// A subgraph that gives variables their first values.
#ifndef THIMBLE_KERNELS_CALL_ONCE_OP_H_
#define THIMBLE_KERNELS_CALL_ONCE_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// Runs a subgraph without inputs and outputs when the network runs for the first time since it was loaded or reset.
///
/// Source: TFLite Micro, CALL_ONCE.
struct CallOnce {
  static constexpr const char* kName = "call_once";
  static constexpr int kTfliteCode = 129;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 103;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t subgraph = 0;
  };
  static void Fields(auto&& visit, auto& p) { visit("subgraph", 0, p.subgraph); }

  static Reason Check(const Params& params, const Call& call);
  static size_t ScratchBytes(const Params& params, const Call& call);
  static int Callees(const Params& params, int32_t (&subgraphs)[kMaxCallees]);

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_CALL_ONCE_OP_H_
