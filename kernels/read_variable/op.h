// What a variable holds.
#ifndef THIMBLE_KERNELS_READ_VARIABLE_OP_H_
#define THIMBLE_KERNELS_READ_VARIABLE_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// y = variable
///
///   in[0]  handle   resource
///   out    y        any shape and type; the runtime has checked that the variable is as large
///
/// Source: TFLite Micro, READ_VARIABLE.
struct ReadVariable {
  static constexpr const char* kName = "read_variable";
  static constexpr int kTfliteCode = 143;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 112;
  static constexpr Sharing kSharing = Sharing::kNone;
  static constexpr bool kHandlesVariables = true;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_READ_VARIABLE_OP_H_
