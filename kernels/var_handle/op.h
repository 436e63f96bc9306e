// The name of a variable that lives outside the subgraphs.
#ifndef THIMBLE_KERNELS_VAR_HANDLE_OP_H_
#define THIMBLE_KERNELS_VAR_HANDLE_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// Computes nothing: the runtime reads container and name from the options when it loads the model. Handles of the same
/// name in all subgraphs mean the same memory, which keeps its contents from one run to the next.
///
///   out   handle   resource
///
/// Source: TFLite Micro, VAR_HANDLE.
struct VarHandle {
  static constexpr const char* kName = "var_handle";
  static constexpr int kTfliteCode = 142;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 111;
  static constexpr Sharing kSharing = Sharing::kNone;
  static constexpr bool kHandlesVariables = true;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_VAR_HANDLE_OP_H_
