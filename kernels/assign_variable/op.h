// A new value for a variable.
#ifndef THIMBLE_KERNELS_ASSIGN_VARIABLE_OP_H_
#define THIMBLE_KERNELS_ASSIGN_VARIABLE_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// variable = x
///
///   in[0]  handle   resource
///   in[1]  x        any shape and type; the runtime has checked that the variable is as large
///
/// Source: TFLite Micro, ASSIGN_VARIABLE.
struct AssignVariable {
  static constexpr const char* kName = "assign_variable";
  static constexpr int kTfliteCode = 144;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 113;
  static constexpr Sharing kSharing = Sharing::kNone;
  static constexpr bool kHandlesVariables = true;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ASSIGN_VARIABLE_OP_H_
