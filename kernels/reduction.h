// What operators share that make one number of all elements along some dimensions.
#ifndef THIMBLE_KERNELS_REDUCTION_H_
#define THIMBLE_KERNELS_REDUCTION_H_

#include "kernels/lattice.h"
#include "kernels/quantised.h"

namespace thimble::kernels {

struct ReductionParams {
  uint8_t keep_dims = 0;  ///< reduced dimensions stay, with size 1
  static void Fields(auto&& visit, auto& p) { visit("keep_dims", 0, p.keep_dims); }
};

/// in[0] is reduced along the dimensions that the constant in[1] names, each any number of times, to out[0].
Reason CheckReduction(const ReductionParams& params, const Call& call);

/// Goes through the elements of in[0] that make each element of out[0].
class Reduction {
 public:
  explicit Reduction(const Call& call);

  /// Elements of in[0] for each of out[0].
  int32_t Count() const { return reduced_.count; }

  /// visit(index in in[0]) for each element that belongs to the next element of out[0], in memory order.
  template <typename Visit>
  void Next(Visit visit) {
    for (int32_t i = 0; i < reduced_.count; ++i) visit(kept_.place + reduced_.Step());
    kept_.Step();
  }

 private:
  /// A walk over some of in[0]'s dimensions, beginning again at its end.
  struct Walk {
    struct Dimension {
      int32_t size, step, index;
    };
    Dimension dimensions[kMaxRank];
    int32_t used = 0, count = 1, place = 0;

    int32_t Step();  ///< where it was
  };
  Walk kept_, reduced_;
};

/// The sum of each group of int8, uint8, int16 (one scale each), float32, int32 or int64, or with `mean` the average.
Reason CheckSum(const ReductionParams& params, const Call& call);
void RunSum(const Call& call, bool mean);

/// The largest or smallest of each group, any type; in and out have the same scale and zero point.
Reason CheckReduceExtreme(const ReductionParams& params, const Call& call);
void RunReduceExtreme(const Call& call, bool smallest);

/// A reduction of truth values: bool.
Reason CheckLogical(const ReductionParams& params, const Call& call);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_REDUCTION_H_
