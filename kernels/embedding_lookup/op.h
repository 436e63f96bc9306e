// Rows of a table, chosen by their numbers.
#ifndef THIMBLE_KERNELS_EMBEDDING_LOOKUP_OP_H_
#define THIMBLE_KERNELS_EMBEDDING_LOOKUP_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[i, …] = table[ids[i], …]
///
///   in[0]  ids    [I] int32; may be computed, and is then moved inside the table
///   in[1]  table  [rows, …] float32 or int8
///   out    y      [I, …] like the table; or float32 for an int8 table with one scale
struct EmbeddingLookup {
  static constexpr const char* kName = "embedding_lookup";
  static constexpr int kTfliteCode = 7;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 0;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_EMBEDDING_LOOKUP_OP_H_
