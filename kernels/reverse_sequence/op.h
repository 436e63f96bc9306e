// The first elements of each sequence backwards.
#ifndef THIMBLE_KERNELS_REVERSE_SEQUENCE_OP_H_
#define THIMBLE_KERNELS_REVERSE_SEQUENCE_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[b, i] = x[b, lengths[b] - 1 - i] while i < lengths[b], then x[b, i]; b in dimension batch_dim, i in seq_dim
///
///   in[0]  x        any shape, any type
///   in[1]  lengths  one for each b, int32 or int64; may be computed, and is then moved inside 0 … the size of seq_dim
///   out    y        like x
struct ReverseSequence {
  static constexpr const char* kName = "reverse_sequence";
  static constexpr int kTfliteCode = 112;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 87;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t seq_dim = 0;
    int32_t batch_dim = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("seq_dim", 0, p.seq_dim);
    visit("batch_dim", 1, p.batch_dim);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_REVERSE_SEQUENCE_OP_H_
