// What a layer must come to, by the plainest loops, and random layers to compare steps with (tests only).
#ifndef THIMBLE_STEPS_REFERENCE_LAYER_H_
#define THIMBLE_STEPS_REFERENCE_LAYER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/fixed_point.h"
#include "base/random.h"
#include "steps/packing.h"
#include "steps/record_case.h"
#include "steps/step.h"

namespace thimble::steps {

/// The output [H, W, O] of `layer` for an input [H, W, C]; Element is int8_t or, if layer.int16, int16_t.
template <typename Element>
std::vector<Element> Reference(const Convolution& layer, const std::vector<Element>& input) {
  const int32_t outputs = layer.output_channels;
  std::vector<Element> result;
  result.reserve(static_cast<size_t>(layer.output_bytes()));
  for (int32_t i = 0; i < layer.output_height; ++i) {
    for (int32_t j = 0; j < layer.output_width; ++j) {
      for (int32_t o = 0; o < outputs; ++o) {
        int64_t sum = layer.bias[size_t(o)];
        const int32_t first = layer.depthwise() ? o / layer.depth_multiplier : 0;
        const int32_t count = layer.depthwise() ? 1 : layer.input_channels;
        for (int32_t k = 0; k < layer.kernel_height; ++k) {
          for (int32_t l = 0; l < layer.kernel_width; ++l) {
            const int32_t row = i * layer.stride_height + k * layer.dilation_height - layer.pad_top;
            const int32_t column = j * layer.stride_width + l * layer.dilation_width - layer.pad_left;
            if (row < 0 || row >= layer.input_height || column < 0 || column >= layer.input_width) continue;
            const int32_t tap = k * layer.kernel_width + l, taps = layer.kernel_height * layer.kernel_width;
            for (int32_t c = 0; c < count; ++c) {
              const int32_t x = input[size_t((row * layer.input_width + column) * layer.input_channels + first + c)];
              const size_t weight = layer.depthwise()
                                        ? size_t(tap) * size_t(outputs) + size_t(o)
                                        : (size_t(o) * size_t(taps) + size_t(tap)) * size_t(count) + size_t(c);
              sum += int64_t{x - layer.input_zero_point} * layer.weights[weight];
            }
          }
        }
        const Multiplier multiplier{layer.mantissa[size_t(o)], layer.shift[size_t(o)]};
        const int32_t scaled = layer.int16 && layer.wide_sums
                                   ? Scale(sum, multiplier)
                                   : Scale(static_cast<int32_t>(static_cast<uint64_t>(sum)), multiplier);
        result.push_back(
            static_cast<Element>(Clamp(WrapAdd(scaled, layer.output_zero_point), layer.clamp_low, layer.clamp_high)));
      }
    }
  }
  return result;
}

/// A number from low to high, both included.
inline int32_t Pick(Random& random, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(random.Below(static_cast<uint32_t>(high - low + 1)));
}

/// The length of an output such that no window lies beyond padding of less than a kernel on either side.
inline int32_t OutputLength(int32_t input, int32_t kernel, int32_t stride, int32_t dilation, int32_t pad_both) {
  return (input + pad_both - (kernel - 1) * dilation - 1) / stride + 1;
}

/// Zero points, weights, biases, multipliers and clamps for the shape that `layer` has, often extreme. `ordinary` keeps
/// to what converters write: shifts to the right and no clamp inside the type's range.
inline void FillRandomly(Random& random, Convolution& layer, bool ordinary = false) {
  const auto outputs = static_cast<size_t>(layer.output_channels);
  const auto taps = static_cast<size_t>(layer.kernel_height * layer.kernel_width);
  const size_t fan_in = taps * (layer.depthwise() ? 1 : static_cast<size_t>(layer.input_channels));
  const int32_t low = layer.int16 ? -32768 : -128, high = layer.int16 ? 32767 : 127;
  const auto zero_point = [&] {
    return layer.int16 ? 0 : random.Chance(0.3) ? -128 : random.Chance(0.1) ? 127 : Pick(random, -128, 127);
  };
  layer.input_zero_point = zero_point();
  layer.output_zero_point = zero_point();
  layer.clamp_low = low;
  layer.clamp_high = high;
  if (!ordinary && random.Chance(0.2)) {
    layer.clamp_low = Pick(random, low, high - 1);
    layer.clamp_high = Pick(random, layer.clamp_low, high);
  }
  const int32_t kind = Pick(random, 0, 9);  // of weights: 0 to 7 ordinary
  layer.weights.assign(outputs * fan_in, 0);
  for (int8_t& weight : layer.weights) {
    weight = static_cast<int8_t>(kind == 8   ? (random.Chance(0.5) ? 127 : -127)
                                 : kind == 9 ? (random.Chance(0.9) ? -128 : 127)
                                             : Pick(random, -127, 127));
    if (kind == 7 && random.Chance(0.05)) weight = -128;
  }
  // A multiplier that brings typical sums to the size of the type, so that most outputs are not saturated.
  int32_t typical_shift = 0;
  while ((int64_t{1} << (2 * typical_shift)) < static_cast<int64_t>(fan_in) * 900) ++typical_shift;
  const bool left = !ordinary && random.Chance(0.1);
  for (size_t o = 0; o < outputs; ++o) {
    const bool wild = random.Chance(0.1);
    layer.bias.push_back(wild ? Pick(random, -4000000, 4000000) : Pick(random, -20000, 20000));
    layer.mantissa.push_back(random.Chance(0.1)    ? 0x40000000
                             : random.Chance(0.1)  ? 0x7fffffff
                             : random.Chance(0.02) ? 0
                                                   : Pick(random, 0x40000000, 0x7fffffff));
    layer.shift.push_back(left                 ? Pick(random, 0, 3)
                          : random.Chance(0.1) ? -Pick(random, 1, 31)
                                               : -Pick(random, std::max(typical_shift - 2, 1), typical_shift + 4));
  }
}

/// Elements for an input of `layer`, sometimes nothing but extremes.
template <typename Element>
std::vector<Element> RandomInput(Random& random, const Convolution& layer) {
  constexpr int32_t kLow = std::numeric_limits<Element>::min(), kHigh = std::numeric_limits<Element>::max();
  std::vector<Element> input(static_cast<size_t>(layer.input_bytes()) / sizeof(Element));
  const int32_t kind = Pick(random, 0, 9);
  for (Element& x : input) {
    x = static_cast<Element>(kind == 9   ? kLow
                             : kind == 8 ? kHigh
                             : kind == 7 ? (random.Chance(0.5) ? kLow : kHigh)
                                         : Pick(random, kLow, kHigh));
  }
  return input;
}

/// Memory of exactly the bytes asked for, aligned to 16, so that the address sanitizer sees every step beyond.
class ExactBytes {
 public:
  explicit ExactBytes(size_t count, std::byte fill = std::byte{0xa5})
      : bytes_(static_cast<std::byte*>(::operator new (count, std::align_val_t{16}))), count_(count) {
    std::fill_n(bytes_, count, fill);
  }
  explicit ExactBytes(const std::vector<std::byte>& from) : ExactBytes(from.size()) {
    std::copy(from.begin(), from.end(), bytes_);
  }
  ExactBytes(const ExactBytes&) = delete;
  ExactBytes& operator=(const ExactBytes&) = delete;
  ~ExactBytes() { ::operator delete (bytes_, std::align_val_t{16}); }

  std::byte* data() const { return bytes_; }
  size_t size() const { return count_; }

 private:
  std::byte* bytes_;
  size_t count_;
};

inline int64_t RoundUpTo16(int64_t value) { return (value + 15) & ~int64_t{15}; }

/// Packed with its operands placed as closely as its leads allow, or all apart.
template <typename T>
struct Placed {
  typename T::Params params;
  int64_t input = 0, output = 0, frame_bytes = 0;
};

template <typename T>
Placed<T> Place(const Packed<typename T::Params>& packed, int64_t input_bytes, int64_t output_bytes, bool overlapping) {
  Placed<T> placed{packed.params};
  if (overlapping && packed.lead_bytes != kApart) {
    const int64_t lead = RoundUpTo16(packed.lead_bytes);
    placed.input = std::max<int64_t>(lead, 0);
    placed.output = std::max<int64_t>(-lead, 0);
  } else {
    placed.output = RoundUpTo16(input_bytes);
  }
  const int64_t end = std::max(placed.input + input_bytes, placed.output + output_bytes);
  placed.frame_bytes = packed.scratch_bytes > 0 ? RoundUpTo16(end) + packed.scratch_bytes : end;
  placed.params.input = static_cast<int32_t>(placed.input);
  placed.params.output = static_cast<int32_t>(placed.output);
  if constexpr (requires { placed.params.scratch; }) {
    placed.params.scratch = packed.scratch_bytes > 0 ? static_cast<int32_t>(RoundUpTo16(end)) : 0;
  }
  return placed;
}

/// The output of a step with one input and no state, run in memory of exactly the size that it asks for.
template <typename T, typename Element>
std::vector<Element> RunPacked(const Packed<typename T::Params>& packed, const std::vector<Element>& input,
                               int64_t output_bytes, bool overlapping) {
  const auto input_bytes = static_cast<int64_t>(input.size() * sizeof(Element));
  const Placed<T> placed = Place<T>(packed, input_bytes, output_bytes, overlapping);
  const ExactBytes constants(packed.constants), frame(static_cast<size_t>(placed.frame_bytes));
  std::memcpy(frame.data() + placed.input, input.data(), input.size() * sizeof(Element));
  const Extents extents{static_cast<uint32_t>(constants.size()), static_cast<uint32_t>(frame.size()), 0};
  EXPECT_TRUE(T::Check(placed.params, constants.data(), extents));
  const Memory memory{constants.data(), frame.data(), nullptr, nullptr};
  RecordCase<T>(placed.params, memory, extents, placed.output, output_bytes);
  T::Run(placed.params, memory);
  std::vector<Element> output(static_cast<size_t>(output_bytes) / sizeof(Element));
  std::memcpy(output.data(), frame.data() + placed.output, static_cast<size_t>(output_bytes));
  return output;
}

/// Changes words of the parameters at random, and sometimes bytes of the constants: Check refuses, or Run stays within
/// its memory, which the address sanitizer sees. Returns how many of `count` were accepted.
template <typename T>
int32_t RunCorrupted(Random& random, const Packed<typename T::Params>& packed, int64_t input_bytes,
                     int64_t output_bytes, int32_t count, uint32_t state_bytes = 0) {
  constexpr size_t kWords = sizeof(typename T::Params) / sizeof(int32_t);
  const Placed<T> placed = Place<T>(packed, input_bytes, output_bytes, false);
  int32_t accepted = 0;
  for (int32_t i = 0; i < count; ++i) {
    const ExactBytes constants(packed.constants), frame(static_cast<size_t>(placed.frame_bytes)), state(state_bytes);
    int32_t words[kWords];
    std::memcpy(words, &placed.params, sizeof words);
    for (int32_t change = Pick(random, 1, 2); change > 0; --change) {
      int32_t& word = words[random.Below(kWords)];
      const int32_t kind = Pick(random, 0, 5);
      word = kind == 0   ? WrapAdd(word, Pick(random, -20, 20))
             : kind == 1 ? static_cast<int32_t>(random.Next())
             : kind == 2 ? (random.Chance(0.5) ? INT32_MIN : INT32_MAX)
             : kind == 3 ? WrapMultiply(word, Pick(random, 0, 5))
             : kind == 4 ? Pick(random, -2, 2)
                         : word ^ static_cast<int32_t>(uint32_t{1} << random.Below(32));
    }
    if (constants.size() > 0 && random.Chance(0.3)) {
      constants.data()[random.Below(static_cast<uint32_t>(constants.size()))] = static_cast<std::byte>(random.Next());
    }
    typename T::Params params;
    std::memcpy(&params, words, sizeof words);
    const Extents extents{static_cast<uint32_t>(constants.size()), static_cast<uint32_t>(frame.size()), state_bytes};
    if (!T::Check(params, constants.data(), extents)) continue;
    T::Run(params, {constants.data(), frame.data(), state.data(), nullptr});
    ++accepted;
  }
  return accepted;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_REFERENCE_LAYER_H_
