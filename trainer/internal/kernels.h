// The loops where training spends its time, as a table of functions: one table for every level of processor.
#ifndef THIMBLE_TRAINER_INTERNAL_KERNELS_H_
#define THIMBLE_TRAINER_INTERNAL_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace thimble::trainer::engine {

/// Every array that a kernel is given may be read (never written) so many floats past its end.
inline constexpr size_t kReadable = 64;

/// What happens to a layer's values on their way to memory: an activation that is a clamp (none: infinite bounds), the
/// extremes noted, and rounding to a grid of 8 bits.
struct Finish {
  float low = -__builtin_inff(), high = __builtin_inff();
  float step = 0;                     ///< of the grid; 0: no rounding
  float code_low = 0, code_high = 0;  ///< the grid's ends, in steps
  float* seen = nullptr;              ///< [2] lowest and highest, updated with the values after the clamp; or null
};

/// C[m, n] = finish(bias[n] + sum over k of A[m, k] B[k, n])
struct Multiply {
  const float* a = nullptr;
  const int32_t* row_offsets = nullptr;  ///< where row m begins after `a`; null: m * a_stride
  std::ptrdiff_t a_stride = 0;
  const int32_t* depth_offsets = nullptr;  ///< where value k lies in a row; null: at k
  const float* b = nullptr;
  std::ptrdiff_t b_stride = 0;  ///< from k to k + 1
  const float* bias = nullptr;  ///< [columns] or null
  bool accumulate = false;      ///< to begin with C and not with the bias
  float* c = nullptr;
  std::ptrdiff_t c_stride = 0;
  int rows = 0, depth = 0, columns = 0;
  Finish finish{};
};

/// G[k, n] (+)= sum over m of A[m, k] D[m, n]: the gradient of B.
struct MultiplyTransposed {
  const float* a = nullptr;
  const int32_t* row_offsets = nullptr;
  std::ptrdiff_t a_stride = 0;
  const int32_t* depth_offsets = nullptr;
  const float* d = nullptr;
  std::ptrdiff_t d_stride = 0;
  float* g = nullptr;  ///< [depth, columns]
  bool accumulate = false;
  int rows = 0, depth = 0, columns = 0;
};

/// One image, padded, under one filter a channel.
struct Depthwise {
  const float* x = nullptr;
  const int32_t* tap_offsets = nullptr;  ///< [taps] from a position's corner
  const float* weights = nullptr;        ///< [taps, channels]
  const float* bias = nullptr;           ///< [channels] or null
  float* y = nullptr;                    ///< [height, width, channels]
  int taps = 0, height = 0, width = 0, channels = 0;
  std::ptrdiff_t row_step = 0, column_step = 0;  ///< between the corners of neighbouring outputs
  Finish finish{};
};

/// What Depthwise is, the other way round: of the same fields, with `dy` for y.
struct DepthwiseBackward {
  const float* x = nullptr;  ///< for `weight_gradient`
  float* dx = nullptr;       ///< for `scatter`
  const int32_t* tap_offsets = nullptr;
  const float* weights = nullptr;
  const float* dy = nullptr;
  float* weight_gradient = nullptr;  ///< [taps, channels], added to
  int taps = 0, height = 0, width = 0, channels = 0;
  std::ptrdiff_t row_step = 0, column_step = 0;
};

/// Windows of a pool, clipped at the borders; `row_begin` and so on are [height] or [width] of the output.
struct Pool {
  const int32_t *row_begin = nullptr, *row_end = nullptr, *column_begin = nullptr, *column_end = nullptr;
  int height = 0, width = 0, channels = 0;  ///< of the output
  int input_width = 0;
};

struct Adam {
  float learning_rate = 0;  ///< with the correction of the mean's bias
  float mean_beta = 0, square_beta = 0, square_correction = 0, epsilon = 0;
  float decay = 0;  ///< learning rate × weight decay
};

struct Kernels {
  const char* name;

  void (*multiply)(const Multiply&);
  void (*multiply_transposed)(const MultiplyTransposed&);
  void (*depthwise)(const Depthwise&);
  void (*depthwise_weight_gradient)(const DepthwiseBackward&);
  void (*depthwise_scatter)(const DepthwiseBackward&);

  /// to[c, r] = from[r, c]
  void (*transpose)(const float* from, int rows, int columns, float* to);
  /// dy becomes 0 where y is not between low and high; sums[c] = the sum of what remains, unless `sums` is null.
  void (*mask)(float* dy, const float* y, float low, float high, int rows, int channels, float* sums);

  /// Of x [rows, channels]: the mean, and the mean square distance from it.
  void (*moments)(const float* x, int rows, int channels, float* mean, float* variance);
  /// y = finish(x * factor[c] + addend[c])
  void (*scale)(const float* x, const float* factor, const float* addend, float* y, int rows, int channels,
                const Finish& finish);
  /// dy becomes 0 where y is not between low and high; sums[c] of it, and products[c] of it with (x - mean[c]).
  void (*mask_products)(float* dy, const float* y, const float* x, const float* mean, float low, float high, int rows,
                        int channels, float* sums, float* products);
  /// dx = dy * a[c] + x * b[c] + d[c]; dx may be dy.
  void (*combine)(const float* dy, const float* x, const float* a, const float* b, const float* d, float* dx, int rows,
                  int channels);

  void (*max_pool)(const Pool&, const float* x, float* y);
  /// dx is 0 before; of equal values the first gets the gradient.
  void (*max_pool_backward)(const Pool&, const float* x, const float* y, const float* dy, float* dx);
  void (*average_pool)(const Pool&, const float* x, float* y);
  void (*average_pool_backward)(const Pool&, const float* dy, float* dx);

  void (*finish)(const float* x, float* y, size_t count, const Finish& finish);
  void (*add)(const float* from, float* to, size_t count);  ///< to += from
  void (*sum)(const float* a, const float* b, float* y, size_t count, const Finish& finish);
  void (*product)(const float* a, const float* b, float* y, size_t count);
  void (*leaky)(const float* x, float slope, float* y, size_t count);
  void (*leaky_backward)(const float* y, float slope, float* dy, size_t count);
  void (*exponential)(const float* x, float* y, size_t count);
  void (*sigmoid)(const float* x, float* y, size_t count);
  void (*sigmoid_backward)(const float* y, float* dy, size_t count);
  void (*tanh)(const float* x, float* y, size_t count);
  void (*tanh_backward)(const float* y, float* dy, size_t count);

  /// Factors of 0 (a share of `rate`) and 1 / (1 - rate); `state` is [8], never 0.
  void (*dropout)(uint32_t* state, float rate, float* factors, size_t count);
  /// Weights [depth, channels], times factor[c] unless null, on a symmetric grid of 8 bits for each channel.
  void (*quantise_weights)(const float* weights, const float* factor, int depth, int channels, float* quantised,
                           float* steps);
  /// g[k, c] *= factor[c]
  void (*scale_columns)(float* g, const float* factor, int depth, int channels);

  void (*adam)(const Adam&, const float* gradient, const float* decays, float* mean, float* square, float* parameters,
               size_t count);
  /// velocity = momentum * velocity + gradient; the parameters follow it, or with `nesterov` look one step ahead.
  void (*descend)(float learning_rate, float momentum, bool nesterov, float decay, const float* gradient,
                  const float* decays, float* velocity, float* parameters, size_t count);
};

/// For any processor.
const Kernels& PlainKernels();
/// Null where this program has none for the processor that it runs on.
const Kernels* Avx2Kernels();
/// The fastest that this processor has. Sums are taken in another order than by others: the bits differ.
const Kernels& BestKernels();

}  // namespace thimble::trainer::engine

#endif  // THIMBLE_TRAINER_INTERNAL_KERNELS_H_
