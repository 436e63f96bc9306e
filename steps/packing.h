// How the compiler asks for a step (host only): a layer in plain terms goes in, packed weights, memory and cost come
// out.
#ifndef THIMBLE_STEPS_PACKING_H_
#define THIMBLE_STEPS_PACKING_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/fixed_point.h"

namespace thimble::steps {

/// The cores that there are kernels for. A plan is for one of them, and runs on every machine.
enum class Target : uint8_t {
  kCortexM0,   ///< Armv6-M, and Armv7-M without DSP extension (M3): plain C++, no multiply-accumulate of halves
  kCortexM4,   ///< Armv7E-M and Armv8-M Mainline with the DSP extension: M4, M7, M33
  kCortexM55,  ///< Armv8.1-M with Helium
  kX86,        ///< x86-64; AVX2 or AVX-512 VNNI are found while running
};

/// An integer convolution, depthwise convolution (`depth_multiplier` > 0) or fully connected layer (image and kernel of
/// 1 x 1, or 1 row of `output_width` pixels for several rows), after every fusion. Images are NHWC with N = 1.
///
///   y[i, j, o] = clamp(scale_o(bias[o] + sum_{k, l, c} (x[i * stride + k * dilation - pad, …, c] - input_zero_point) *
///                      w[o, k, l, c]) + output_zero_point), where x outside the image is input_zero_point
///
/// scale_o is TFLite's: Scale(int32_t, Multiplier) of base/fixed_point.h of sums that wrap at 32 bits, or, for int16
/// activations with `wide_sums`, Scale(int64_t, Multiplier) of sums of 64.
struct Convolution {
  int32_t input_height = 1, input_width = 1, input_channels = 1;
  int32_t output_height = 1, output_width = 1, output_channels = 1;
  int32_t kernel_height = 1, kernel_width = 1;
  int32_t stride_height = 1, stride_width = 1;
  int32_t dilation_height = 1, dilation_width = 1;
  int32_t pad_top = 0,
          pad_left = 0;          ///< what is beyond the image below and at the right follows from the output's size
  int32_t depth_multiplier = 0;  ///< 0: every output sees all input channels; else output o sees o / multiplier
  int32_t input_zero_point = 0, output_zero_point = 0;
  int32_t clamp_low = -128, clamp_high = 127;  ///< of stored outputs: type and activation together
  bool int16 = false;                          ///< activations are int16 with zero points 0
  bool wide_sums = true;                       ///< int16 only: 64-bit sums; else they wrap as 32-bit ones
  std::vector<int8_t> weights;                 ///< [O, K, L, C], depthwise [K, L, O]
  std::vector<int64_t> bias;                   ///< [O]
  std::vector<int32_t> mantissa, shift;        ///< [O] of Multiplier; shift > 0 is to the left

  bool depthwise() const { return depth_multiplier > 0; }
  int32_t element_bytes() const { return int16 ? 2 : 1; }
  int64_t input_bytes() const { return int64_t{input_height} * input_width * input_channels * element_bytes(); }
  int64_t output_bytes() const { return int64_t{output_height} * output_width * output_channels * element_bytes(); }
  int64_t macs() const {
    return int64_t{output_height} * output_width * output_channels * kernel_height * kernel_width *
           (depthwise() ? 1 : input_channels);
  }
};

/// y[i] = clamp(multiplier(a_multiplier((a[i] - a_zero_point) << 20) + b_multiplier((b[i] - b_zero_point) << 20)) +
/// output_zero_point) of two int8 tensors of the same shape, multipliers applied by Scale: TFLite's ADD, whose
/// multipliers are kernels::CommonScaleOf's.
struct Addition {
  int32_t count = 0;  ///< elements
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  Multiplier a_multiplier, b_multiplier, multiplier;
  int32_t clamp_low = -128, clamp_high = 127;
};

/// y[i] = clamp(multiplier((a[i] - a_zero_point) * (b[i] - b_zero_point)) + output_zero_point), int8: TFLite's MUL.
struct Product {
  int32_t count = 0;
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  Multiplier multiplier;
  int32_t clamp_low = -128, clamp_high = 127;
};

/// y[i] = values[x[i] + 128], int8: any operator of one operand whose outputs each depend on one input, or of two if
/// one is a constant scalar. The compiler runs the reference operator on all 256 inputs.
struct Mapping {
  int32_t count = 0;
  std::array<int8_t, 256> values{};
};

/// Softmax of int8 rows to int8 with scale 1/256 and zero point -128, as kernels/softmax computes it.
struct Distribution {
  int32_t rows = 0, columns = 0;
  Multiplier difference;  ///< what turns a difference of two inputs into units of 2^-26; a left shift of at least 1
};

/// Each output is made of the pixels of its window that lie inside the image [H, W, C], at least one, int8:
///   kMaximum  their maximum
///   kAverage  their mean, halves away from zero (TFLite AVERAGE_POOL_2D)
///   kMean     Scale(sum(x - input_zero_point), multiplier) + output_zero_point, windows inside the image (TFLite MEAN,
///             which has 1 / pixels in the multiplier: WithDivisor of steps/pool/pack.h)
/// and then clamped.
struct Pooling {
  enum class Kind : uint8_t { kMaximum, kAverage, kMean };
  Kind kind = Kind::kMaximum;
  int32_t input_height = 1, input_width = 1, channels = 1;
  int32_t output_height = 1, output_width = 1;
  int32_t kernel_height = 1, kernel_width = 1;
  int32_t stride_height = 1, stride_width = 1;
  int32_t pad_top = 0, pad_left = 0;
  int32_t clamp_low = -128, clamp_high = 127;
  int32_t input_zero_point = 0, output_zero_point = 0;  ///< kMean
  Multiplier multiplier;                                ///< kMean
};

/// A filter over time of rank-reduced features, with the bits of kernels/svdf: the state [batches, F, moments] of
/// F = units * rank filters moves one step into the past, its newest moment is to_state(sum_i (x[b, i] -
/// input_zero_point) * weights[f, i]) + state_zero_point, and y[b, u] = to_output(bias[u] + sum over the unit's filters
/// and all moments of (state - state_zero_point) * time) + output_zero_point. Everything saturates, sums wrap.
struct TimeFilter {
  int32_t batches = 1, inputs = 0, units = 0, rank = 1, moments = 1;
  int32_t input_zero_point = 0, state_zero_point = 0, output_zero_point = 0;
  Multiplier to_state, to_output;
  bool int16_state = false;     ///< else int8
  int64_t state = 0;            ///< where it lies in Memory::state
  std::vector<int8_t> weights;  ///< [F, inputs]
  std::vector<int16_t> time;    ///< [F, moments], int8 values with an int8 state
  std::vector<int32_t> bias;    ///< [units]
};

/// A layer of LSTM cells over int8 sequences, with the bits of kernels/unidirectional_sequence_lstm: x is
/// [batches, moments, inputs], y is [batches, moments, cells].
struct Recurrence {
  /// In the order input, forget, update, output.
  struct Gate {
    std::vector<int8_t> weights;    ///< [cells, inputs]
    std::vector<int8_t> recurrent;  ///< [cells, cells]
    std::vector<int32_t> bias;      ///< [cells]
    Multiplier of_inputs, of_hidden;
  };
  int32_t batches = 1, moments = 1, inputs = 0, cells = 0;
  int32_t input_zero_point = 0, hidden_zero_point = 0;
  std::array<Gate, 4> gates;
  Multiplier forget, update, output;             ///< of the products that become c, c and h
  int32_t cell_low = -32768, cell_high = 32767;  ///< clip of c
  int32_t cell_shift = 0;                        ///< c in units of 2^-12 is c * 2^cell_shift
  int64_t hidden_state = 0, cell_state = 0;      ///< where h and c of each batch lie in Memory::state
};

/// The output must not overlap the input at all.
inline constexpr int64_t kApart = std::numeric_limits<int64_t>::max();

/// A step that can do a layer. Offsets of operands in `params` are filled in when memory is planned.
template <typename Params>
struct Packed {
  Params params{};
  std::vector<std::byte> constants;  ///< at a multiple of 16 in flash; `params.constants` is where they begin
  int64_t scratch_bytes = 0;         ///< in the frame, apart from all operands, aligned to 16
  int64_t stack_bytes = 0;           ///< of `Run`, about; reported, not planned
  /// The output may begin `lead_bytes` or more before the beginning of the input and overlap it: by then it overwrites
  /// only what has been read. 0: it may take the input's place. kApart: never. The first is for `input`, the other for
  /// `second`.
  int64_t lead_bytes = kApart, second_lead_bytes = kApart;
  /// Overlapping is only allowed at the same place: the output begins where the input begins, or is apart.
  bool same_place = false;
  double cycles = 0;  ///< predicted for the target, zero wait states; within 10 % of what the cycle counter says
};

/// Of a step that works in units one after the other: before unit u is written, `read_from(u)` is the lowest input byte
/// that is still to be read once u's own input is in registers or scratch, and `written_to(u)` the end of what it
/// writes, each from the beginning of its tensor.
template <typename ReadFrom, typename WrittenTo>
int64_t LeadBytes(int64_t units, int64_t input_bytes, ReadFrom read_from, WrittenTo written_to) {
  int64_t lead = -input_bytes;
  for (int64_t unit = 0; unit < units; ++unit) {
    const int64_t still_read = std::min<int64_t>(read_from(unit), input_bytes);
    if (still_read < input_bytes) lead = std::max(lead, static_cast<int64_t>(written_to(unit)) - still_read);
  }
  return lead;
}

/// Appends little-endian words and bytes to packed constants.
class ConstantWriter {
 public:
  template <typename T>
  void Write(T value) {
    static_assert(std::is_arithmetic_v<T>);
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
  }
  void AlignTo(size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_.push_back(std::byte{0});
  }
  size_t size() const { return bytes_.size(); }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PACKING_H_
