#include "compiler/choose.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <string_view>
#include <type_traits>

#include "base/arena.h"
#include "steps/packs_headers.inc"
#include "steps/step.h"
#include "steps/steps_headers.inc"

namespace thimble::compiler {
namespace {

using steps::Convolution;
using steps::kApart;
using steps::Packed;
using steps::Target;

template <typename Step>
Candidate Erase(Packed<typename Step::Params>&& packed) {
  Candidate candidate;
  candidate.step = Step::kName;
  candidate.number = Step::kNumber;
  Step::Fields([&](const char* name, int32_t) { candidate.fields.emplace_back(name); }, packed.params);
  Candidate::Part& all = candidate.parts.emplace_back();
  all.params.resize(sizeof(packed.params) / sizeof(int32_t));
  std::memcpy(all.params.data(), &packed.params, sizeof(packed.params));
  all.cycles = packed.cycles;
  candidate.constants = std::move(packed.constants);
  candidate.scratch_bytes = packed.scratch_bytes;
  candidate.lead_bytes = packed.lead_bytes;
  candidate.second_lead_bytes = packed.second_lead_bytes;
  candidate.exact = packed.same_place;
  candidate.cycles = packed.cycles;
  return candidate;
}

/// What a packer offers: one, several or none.
template <typename Step>
void Add(std::vector<Candidate>& candidates, std::optional<Packed<typename Step::Params>> packed) {
  if (packed) candidates.push_back(Erase<Step>(*std::move(packed)));
}
template <typename Step>
void Add(std::vector<Candidate>& candidates, std::vector<Packed<typename Step::Params>> packed) {
  for (Packed<typename Step::Params>& each : packed) candidates.push_back(Erase<Step>(std::move(each)));
}

}  // namespace

// Packers are found by their argument: a step folder that has one for a kind of layer is asked.
template <typename Kind>
std::vector<Candidate> AskPackers(const Kind& layer, Target target) {
  std::vector<Candidate> candidates;
#define STEP(type)                                           \
  if constexpr (requires { Pack##type(layer, target); }) {   \
    Add<steps::type>(candidates, Pack##type(layer, target)); \
  }
#include "steps/steps.inc"
#undef STEP
  return candidates;
}

template <typename Kind>
std::vector<Candidate> CandidatesFor(const Kind& layer, Target target) {
  return AskPackers(layer, target);
}

namespace {

/// An ordinary convolution of one input channel as the depthwise one that it also is: [O, K, L, 1] -> [K, L, O].
Convolution AsDepthwise(Convolution layer) {
  const auto outputs = static_cast<size_t>(layer.output_channels);
  const size_t taps = layer.weights.size() / outputs;
  std::vector<int8_t> weights(layer.weights.size());
  for (size_t o = 0; o < outputs; ++o) {
    for (size_t tap = 0; tap < taps; ++tap) weights[tap * outputs + o] = layer.weights[o * taps + tap];
  }
  layer.weights = std::move(weights);
  layer.depth_multiplier = layer.output_channels;
  return layer;
}

}  // namespace

template <>
std::vector<Candidate> CandidatesFor(const Convolution& layer, Target target) {
  std::vector<Candidate> candidates = AskPackers(layer, target);
  if (!layer.depthwise() && layer.input_channels == 1 && layer.kernel_height * layer.kernel_width > 1) {
    for (Candidate& other : AskPackers(AsDepthwise(layer), target)) candidates.push_back(std::move(other));
  }
  return candidates;
}

void Candidate::Set(const std::string& field, int64_t value) {
  const auto found = std::find(fields.begin(), fields.end(), field);
  if (found == fields.end()) return;
  for (Part& part : parts) part.params[static_cast<size_t>(found - fields.begin())] = static_cast<int32_t>(value);
}

void Candidate::SetOperands(int64_t input, int64_t second, int64_t output) {
  const auto set = [&](Part& part, const char* field, int64_t value) {
    const auto found = std::find(fields.begin(), fields.end(), field);
    if (found != fields.end()) part.params[static_cast<size_t>(found - fields.begin())] = static_cast<int32_t>(value);
  };
  for (Part& part : parts) {
    set(part, "input", input + part.input_bytes);
    set(part, "second", second);
    set(part, "output", output + part.output_bytes);
  }
}

namespace {

/// Some pixels of a convolution that looks at each by itself, as an image of one row.
std::optional<Candidate> PackPixels(Convolution layer, int64_t pixels, const std::string& step, Target target) {
  layer.input_height = layer.output_height = 1;
  layer.input_width = layer.output_width = static_cast<int32_t>(pixels);
  for (Candidate& candidate : CandidatesFor(layer, target)) {
    if (candidate.step == step) return std::move(candidate);
  }
  return {};
}

/// A convolution of single pixels that gives more channels than it takes cannot overlap its input from the front: the
/// output overtakes it. From the back it can: the last pixels first, so many that their outputs lie behind all inputs
/// that are still to be read, then the last ones of what is left. `whole` is the step that does each part.
std::optional<Candidate> FromTheBack(const Convolution& layer, const Candidate& whole, Target target) {
  constexpr int64_t kAlignment = 16;
  constexpr size_t kMostParts = 24;
  const bool by_pixel = !layer.depthwise() && layer.kernel_height == 1 && layer.kernel_width == 1 &&
                        layer.stride_height == 1 && layer.stride_width == 1 && layer.pad_top == 0 &&
                        layer.pad_left == 0 && layer.input_height == layer.output_height &&
                        layer.input_width == layer.output_width;
  const int64_t in = int64_t{layer.input_channels} * layer.element_bytes();
  const int64_t out = int64_t{layer.output_channels} * layer.element_bytes();
  if (!by_pixel || out <= in || whole.lead_bytes <= 0) return {};
  // Parts begin where both operands are aligned.
  const int64_t unit = kAlignment / std::gcd(kAlignment, std::gcd(in, out));
  const auto up = [](int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; };

  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  // The first pixels are left at the end and are done from the front; their lead is the whole layer's.
  int64_t lead = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    Candidate candidate = whole;
    candidate.parts.clear();
    candidate.exact = true;
    candidate.cycles = 0;
    int64_t end = pixels;
    while (end > 0) {
      int64_t begin = up((lead + in * end + out - 1) / out, unit);
      if (begin >= end) begin = 0;
      std::optional<Candidate> part = PackPixels(layer, end - begin, whole.step, target);
      if (!part || part->constants != whole.constants || candidate.parts.size() == kMostParts) return {};
      part->parts[0].input_bytes = in * begin;
      part->parts[0].output_bytes = out * begin;
      part->parts[0].share = static_cast<double>(end - begin) / static_cast<double>(pixels);
      part->parts[0].what = "pixels " + std::to_string(begin) + " to " + std::to_string(end - 1);
      candidate.cycles += part->cycles;
      candidate.scratch_bytes = std::max(candidate.scratch_bytes, part->scratch_bytes);
      candidate.lead_bytes = up(std::max<int64_t>(part->lead_bytes, 0), kAlignment);
      candidate.parts.push_back(std::move(part->parts[0]));
      end = begin;
    }
    if (candidate.lead_bytes >= whole.lead_bytes) return {};
    if (candidate.lead_bytes == lead) return candidate;
    lead = candidate.lead_bytes;
  }
  return {};
}

}  // namespace

std::vector<Candidate> Candidates(const LayerKind& kind, Target target) {
  std::vector<Candidate> candidates = std::visit([&](const auto& layer) { return CandidatesFor(layer, target); }, kind);
  if (const auto* convolution = std::get_if<Convolution>(&kind)) {
    for (size_t i = 0, count = candidates.size(); i < count; ++i) {
      if (auto split = FromTheBack(*convolution, candidates[i], target)) candidates.push_back(*std::move(split));
    }
  }
  return candidates;
}

double PredictCycles(const OperatorCall& call, int64_t macs) {
  struct Cost {
    std::string_view folder;
    double call, element, mac;
  };
  // Fitted to what `thimble bench` counts on mps2_an386. The last line is for all others.
  static constexpr Cost kCosts[] = {
      {"conv_2d", 500, 60, 28},
      {"depthwise_conv_2d", 500, 60, 40},
      {"fully_connected", 650, 38.4, 13},
      {"svdf", 9000, 254, 15},
      {"unidirectional_sequence_lstm", 500, 529, 15},
      {"", 1400, 85, 20},
  };
  const auto* cost = std::begin(kCosts);
  while (!cost->folder.empty() && cost->folder != call.op->name) ++cost;
  double elements = 0;
  for (const Operand& operand : call.out) elements += operand.tensor.shape.Count();
  return cost->call + cost->element * elements + cost->mac * static_cast<double>(macs);
}

namespace {

/// Lives of everything in the frame, for one choice of candidates. Time 0 is before the first layer, when the inputs
/// are written; layer i runs at i + 1; the outputs are read after the last.
class FramePlan {
 public:
  FramePlan(const std::vector<PlannedLayer>& layers, const std::vector<int64_t>& value_bytes,
            const std::vector<int>& inputs, const std::vector<int>& outputs, bool may_overlap)
      : layers_(layers), may_overlap_(may_overlap), values_(value_bytes.size()) {
    std::vector<bool> is_alive(value_bytes.size(), false);
    const auto touch = [&](int value, int time) {
      Buffer& buffer = values_[static_cast<size_t>(value)];
      if (!is_alive[static_cast<size_t>(value)]) {
        is_alive[static_cast<size_t>(value)] = true;
        buffer = {value_bytes[static_cast<size_t>(value)], time, time};
      }
      buffer.first = std::min(buffer.first, time);
      buffer.last = std::max(buffer.last, time);
    };
    for (const int value : inputs) touch(value, 0);
    for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
      for (const int value : layers[static_cast<size_t>(i)].reads) touch(value, i + 1);
      for (const int value : layers[static_cast<size_t>(i)].writes) touch(value, i + 1);
    }
    for (const int value : outputs) touch(value, static_cast<int>(layers.size()) + 1);
  }

  int times() const { return static_cast<int>(layers_.size()) + 2; }

  /// The values, then a scratch for each layer.
  std::vector<Buffer> BuffersOf(const std::vector<size_t>& choice) const {
    std::vector<Buffer> buffers = values_;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const int time = static_cast<int>(i) + 1;
      buffers.push_back({layers_[i].candidates[choice[i]].scratch_bytes, time, time});
    }
    return buffers;
  }

  std::vector<Overlap> OverlapsOf(const std::vector<size_t>& choice) const {
    std::vector<Overlap> overlaps;
    if (!may_overlap_) return overlaps;
    for (size_t i = 0; i < layers_.size(); ++i) AddOverlaps(i, layers_[i].candidates[choice[i]], overlaps);
    return overlaps;
  }

  /// What the memory is at least while layer `i` runs as `candidate`.
  int64_t LeastWith(size_t i, size_t candidate) const {
    const int time = static_cast<int>(i) + 1;
    std::vector<Buffer> alive;
    std::vector<int> index(values_.size(), -1);
    for (size_t v = 0; v < values_.size(); ++v) {
      if (values_[v].size_bytes == 0 || values_[v].first > time || values_[v].last < time) continue;
      index[v] = static_cast<int>(alive.size());
      alive.push_back(values_[v]);
    }
    alive.push_back({layers_[i].candidates[candidate].scratch_bytes, time, time});
    std::vector<Overlap> overlaps;
    if (may_overlap_) AddOverlaps(i, layers_[i].candidates[candidate], overlaps);
    for (Overlap& overlap : overlaps) {
      overlap.input = index[static_cast<size_t>(overlap.input)];
      overlap.output = index[static_cast<size_t>(overlap.output)];
    }
    return LeastBytes(alive, overlaps, time + 1)[static_cast<size_t>(time)];
  }

 private:
  void AddOverlaps(size_t i, const Candidate& candidate, std::vector<Overlap>& overlaps) const {
    const PlannedLayer& layer = layers_[i];
    const auto dies = [&](int value) {
      const Buffer& buffer = values_[static_cast<size_t>(value)];
      return buffer.last == static_cast<int>(i) + 1 && buffer.size_bytes > 0;
    };
    const auto add = [&](int input, int64_t lead_bytes) {
      if (input < 0 || layer.output < 0 || lead_bytes == kApart || !dies(input)) return;
      overlaps.push_back({input, layer.output, lead_bytes, candidate.exact});
    };
    if (layer.input == layer.second) {
      add(layer.input, std::max(candidate.lead_bytes, candidate.second_lead_bytes));
      return;
    }
    add(layer.input, candidate.lead_bytes);
    add(layer.second, candidate.second_lead_bytes);
  }

  const std::vector<PlannedLayer>& layers_;
  bool may_overlap_;
  std::vector<Buffer> values_;  // size 0: never used
};

/// Bytes of code that a program has with a step, on a Cortex-M4F.
int64_t CodeBytes(std::string_view step) {
  static constexpr std::pair<std::string_view, int64_t> kCode[] = {
      {"winograd", 10400}, {"convolve", 5700}, {"convolve_relu", 6800}, {"depthwise_3x3", 6900}, {"depthwise", 5400}};
  for (const auto& [name, bytes] : kCode) {
    if (name == step) return bytes;
  }
  return 1000;
}

/// What a choice costs besides RAM.
void AddCosts(const std::vector<PlannedLayer>& layers, Choice& choice) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const Candidate& candidate = layers[i].candidates[choice.candidates[i]];
    choice.cycles += candidate.cycles;
    choice.constants_bytes += static_cast<int64_t>(AlignUp(candidate.constants.size()));
  }
}

/// Smaller is better, one number after the other.
std::array<double, 4> RankOf(const std::vector<PlannedLayer>& layers, const Choice& choice, const Budget& budget) {
  const auto beyond = [](int64_t bytes, const std::optional<int64_t>& limit) {
    return limit ? static_cast<double>(std::max<int64_t>(bytes - *limit, 0)) : 0.0;
  };
  const double over = beyond(choice.frame_bytes, budget.ram_bytes) + beyond(choice.constants_bytes, budget.flash_bytes);
  if (budget.prefer_size) {
    std::set<std::string> used;
    for (size_t i = 0; i < layers.size(); ++i) used.insert(layers[i].candidates[choice.candidates[i]].step);
    int64_t flash = choice.constants_bytes;
    for (const std::string& step : used) flash += CodeBytes(step);
    return {over, static_cast<double>(flash), static_cast<double>(choice.frame_bytes), choice.cycles};
  }
  const auto price = [](int64_t bytes, const std::optional<int64_t>& limit) {
    return limit ? 0.0 : std::log(static_cast<double>(std::max<int64_t>(bytes, 16))) / 2;
  };
  const double cost = std::log(std::max(choice.cycles, 1.0)) + price(choice.frame_bytes, budget.ram_bytes) +
                      price(choice.constants_bytes, budget.flash_bytes);
  return {over, cost, static_cast<double>(choice.frame_bytes), choice.cycles};
}

}  // namespace

Choice Choose(const std::vector<PlannedLayer>& layers, const std::vector<int64_t>& value_bytes,
              const std::vector<int>& inputs, const std::vector<int>& outputs, const Budget& budget) {
  const FramePlan plan(layers, value_bytes, inputs, outputs, budget.may_overlap);

  // While a layer runs it needs so much with each candidate, whatever the others do: so for every limit on RAM and
  // every price of flash the best candidates are known without trying combinations.
  std::vector<std::vector<int64_t>> least(layers.size());
  std::set<int64_t> limits;
  for (size_t i = 0; i < layers.size(); ++i) {
    for (size_t k = 0; k < layers[i].candidates.size(); ++k) {
      least[i].push_back(plan.LeastWith(i, k));
      limits.insert(least[i].back());
    }
  }
  // Cycles that a byte less of lead may cost: it makes no difference to its layer, but to where the others can be.
  constexpr double kLeadPrices[] = {0, 1};
  // Cycles that a byte less of constants may cost.
  constexpr double kFlashPrices[] = {0, 0.1, 0.3, 1, 2, 4, 8, 16, 32, 64, 256, 1e9};

  const auto evaluate = [&](const std::vector<size_t>& candidates, int rounds) {
    Choice choice;
    choice.candidates = candidates;
    const Layout layout = Place(plan.BuffersOf(candidates), plan.OverlapsOf(candidates), rounds);
    const auto values = static_cast<std::ptrdiff_t>(value_bytes.size());
    choice.offsets.assign(layout.offsets.begin(), layout.offsets.begin() + values);
    choice.scratch.assign(layout.offsets.begin() + values, layout.offsets.end());
    choice.frame_bytes = layout.bytes;
    choice.least_bytes = layout.least_bytes;
    AddCosts(layers, choice);
    return choice;
  };

  std::set<std::vector<size_t>> seen;
  std::optional<Choice> best;
  constexpr int kRoundsWhileChoosing = 200;
  if (limits.empty()) limits.insert(0);
  for (const int64_t limit : limits) {
    for (size_t prices = 0; prices < std::size(kFlashPrices) * std::size(kLeadPrices); ++prices) {
      const double flash_price = kFlashPrices[prices / std::size(kLeadPrices)];
      const double lead_price = kLeadPrices[prices % std::size(kLeadPrices)];
      std::vector<size_t> candidates(layers.size(), 0);
      for (size_t i = 0; i < layers.size(); ++i) {
        // Within the limit if possible, else as little RAM as possible.
        const auto key = [&](size_t k) {
          const Candidate& candidate = layers[i].candidates[k];
          const int64_t over = std::max<int64_t>(least[i][k] - limit, 0);
          const int64_t lead = candidate.lead_bytes == kApart ? 0 : std::max<int64_t>(candidate.lead_bytes, 0);
          return std::pair(over, candidate.cycles + flash_price * static_cast<double>(candidate.constants.size()) +
                                     lead_price * static_cast<double>(lead));
        };
        for (size_t k = 1; k < layers[i].candidates.size(); ++k) {
          if (key(k) < key(candidates[i])) candidates[i] = k;
        }
      }
      if (!seen.insert(candidates).second) continue;
      Choice choice = evaluate(candidates, kRoundsWhileChoosing);
      if (!best || RankOf(layers, choice, budget) < RankOf(layers, *best, budget)) best = std::move(choice);
    }
  }
  constexpr int kRoundsAtTheEnd = 4000;
  Choice final_choice = evaluate(best->candidates, kRoundsAtTheEnd);
  if (final_choice.frame_bytes <= best->frame_bytes) best = std::move(final_choice);
  best->fits = RankOf(layers, *best, budget)[0] == 0;
  return *std::move(best);
}

}  // namespace thimble::compiler
