// Weights of two output channels in the lanes of one word, 256 * second + first: what the packers of steps that are
// made of such lanes share (host only). steps/convolve/cortex_m4.S says what they are good for.
#ifndef THIMBLE_STEPS_LANE_PACKING_H_
#define THIMBLE_STEPS_LANE_PACKING_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "steps/packing.h"
#include "steps/requantise.h"

namespace thimble::steps {

/// One output channel, or a part of its inputs, with the input zero point folded into its bias.
struct LaneChannel {
  int32_t output = -1;          ///< its number; -1: there is none, the weights are 0
  std::vector<int8_t> weights;  ///< in the order of the step
  int64_t bias = 0;
  SumRange sums;
  int32_t mantissa = 0, shift = -1;
};

inline LaneChannel MakeLaneChannel(const Convolution& layer, int32_t output, std::vector<int8_t> weights) {
  const auto o = static_cast<size_t>(output);
  LaneChannel channel{output, std::move(weights), layer.bias[o], {}, layer.mantissa[o], layer.shift[o]};
  for (const int32_t weight : channel.weights) channel.bias -= int64_t{layer.input_zero_point} * weight;
  channel.sums = {channel.bias, channel.bias};
  for (const int32_t weight : channel.weights) {
    channel.sums.low += weight > 0 ? -128 * weight : 127 * weight;
    channel.sums.high += weight > 0 ? 127 * weight : -128 * weight;
  }
  return channel;
}

/// A word with the weights of inputs `low` and `high`; what lies beyond the weights is 0.
struct LanePair {
  const LaneChannel *first, *second;

  uint32_t Lanes(size_t low, size_t high) const {
    const auto lane = [&](size_t i) -> uint32_t {
      if (i >= first->weights.size()) return 0;
      return static_cast<uint16_t>(256 * second->weights[i] + first->weights[i]);
    };
    return lane(high) << 16 | lane(low);
  }
  uint32_t FirstBias() const { return static_cast<uint32_t>(first->bias); }
  uint32_t BothBias() const { return static_cast<uint32_t>(256 * second->bias + first->bias); }
};

/// Whether every lane is an int16, and 256 times the second sum an int32.
inline bool CanPair(const LaneChannel& first, const LaneChannel& second) {
  if (!second.sums.Within(24)) return false;
  for (size_t i = 0; i < first.weights.size(); ++i) {
    const int32_t lane = 256 * second.weights[i] + first.weights[i];
    if (lane < INT16_MIN || lane > INT16_MAX) return false;
  }
  return true;
}

/// Whether neighbours can be paired in this order and all have requantisers: int8 without a clamp inside its range.
inline bool IsCommon(const Convolution& layer, std::span<const LaneChannel> channels) {
  if (layer.clamp_low > -128 || layer.clamp_high < 127) return false;
  for (size_t i = 0; i < channels.size(); ++i) {
    if (!MakeRequantiser(channels[i].mantissa, channels[i].shift, layer.output_zero_point, channels[i].sums)) {
      return false;
    }
    if (i % 2 == 1 && !CanPair(channels[i - 1], channels[i])) return false;
  }
  return true;
}

/// Channels in pairs as well as it goes, by index: neighbours in either order; whom nobody can be paired with is beside
/// -1. An even number of pairs. can_pair(first, second) says who can.
template <typename Predicate>
std::vector<std::pair<int32_t, int32_t>> PairUp(int32_t first, int32_t count, Predicate can_pair) {
  std::vector<std::pair<int32_t, int32_t>> pairs;
  for (int32_t i = first; i < count;) {
    const int32_t next = i + 1;
    const bool ordered = next < count && can_pair(i, next);
    const bool swapped = !ordered && next < count && can_pair(next, i);
    pairs.push_back(swapped ? std::pair(next, i) : std::pair(i, ordered ? next : -1));
    i += ordered || swapped ? 2 : 1;
  }
  if (pairs.size() % 2 == 1) pairs.push_back({-1, -1});
  return pairs;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_LANE_PACKING_H_
