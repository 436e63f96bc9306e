// A filter over time of rank-reduced features: each unit remembers what it saw lately.
#ifndef THIMBLE_KERNELS_SVDF_OP_H_
#define THIMBLE_KERNELS_SVDF_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// The state moves one step into the past; its newest column becomes sum_i x[b, i] * w[f, i]; then
/// y[b, u] = activation(bias[u] + sum_r sum_m time[f, m] * state[b, f, m]) with filters f = u * rank + r
///
///   in[0]  x      [B, I]            int8, or float32
///   in[1]  w      [F, I]            int8, symmetric; or float32
///   in[2]  time   [F, M]            int8 or int16, symmetric; or float32
///   in[3]  bias   F / rank elements, may be absent   int32; or float32
///   in[4]  state  [B, F * M], variable   like time, saturating
///   out    y      [B, F / rank]     like x
///
/// Integers: the two sums are scaled by x.scale * w.scale / state.scale and state.scale * time.scale / y.scale, all in
/// floats. As in TFLite Micro their activation is only the range of int8.
/// Source: TFLite Micro reference kernels, SVDF.
struct Svdf {
  static constexpr const char* kName = "svdf";
  static constexpr int kTfliteCode = 27;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 6;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t rank = 0;
    Activation activation = Activation::kNone;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("rank", 0, p.rank);
    visit("activation", 1, p.activation);
  }

  /// What sums of integers are scaled with.
  struct Scales {
    Multiplier to_state, to_output;
  };
  static Scales ScalesOf(const Call& call);

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SVDF_OP_H_
