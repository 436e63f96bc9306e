#include "runtime/session.h"

#include "base/arena.h"
#include "base/fixed_point.h"

namespace thimble::runtime {
namespace {

using kernels::Tensor;
using kernels::Type;

bool IsInt8OrFloat(const Tensor& tensor) {
  return tensor.type == Type::kFloat32 || (tensor.type == Type::kInt8 && tensor.scale_count == 1);
}

/// The larger of two numbers is the larger score, so labels are compared as stored; `ScoreAt` is for people.
float ScoreAt(const Tensor& tensor, int index) {
  if (tensor.type == Type::kFloat32) return tensor.As<float>()[index];
  return static_cast<float>(tensor.As<int8_t>()[index] - tensor.zero_point) * tensor.Scale();
}

template <typename T>
int LargestIndex(const T* values, int count) {
  int best = 0;
  for (int i = 1; i < count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

}  // namespace

Status Session::Load(const Impulse& impulse, std::span<std::byte> arena, Fault* fault) {
  Fault unseen;
  Fault& found = fault == nullptr ? unseen : *fault;
  found = {};
  impulse_ = &impulse;
  const Reason reason = Plan(arena, found);
  found.reason = reason;
  if (!ok(reason)) *this = Session();
  return StatusOf(reason);
}

// The arena: window | features | what the block prepared | the network's table of offsets | the network's tensors, or
// the block's scratch.
Reason Session::Plan(std::span<std::byte> arena, Fault& fault) {
  const Impulse& impulse = *impulse_;
  THIMBLE_REQUIRE(reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment == 0, ArenaMisaligned);
  const dsp::Window& window = impulse.window;
  THIMBLE_REQUIRE(window.axes > 0 && window.readings > 0 && impulse.stride_readings > 0, Window);
  THIMBLE_REQUIRE(static_cast<size_t>(window.readings) <= dsp::kMostSamples / static_cast<size_t>(window.axes), Window);
  THIMBLE_REQUIRE(impulse.block != nullptr, Block);
  const dsp::Block& block = *impulse.block;
  THIMBLE_REQUIRE(ok(block.check(impulse.block_params, window)), Block);

  Arena memory(arena.first(arena.size() / kArenaAlignment * kArenaAlignment));
  const size_t sample_count = window.SampleCount();
  const size_t feature_count = block.feature_count(impulse.block_params, window);
  window_ = memory.Take<float>(sample_count);
  features_ = memory.Take<float>(feature_count);
  const size_t prepared_bytes = block.prepared_bytes(impulse.block_params, window);
  block_prepared_ = memory.Take<std::byte>(prepared_bytes);
  THIMBLE_REQUIRE(window_.size() == sample_count && features_.size() == feature_count, ArenaTooSmall);
  THIMBLE_REQUIRE(block_prepared_.size() == prepared_bytes && !memory.Rest().empty(), ArenaTooSmall);
  for (float& sample : window_) sample = 0;
  for (float& feature : features_) feature = 0;
  block.prepare(impulse.block_params, window, block_prepared_);

  const std::span<std::byte> rest = memory.Rest();
  if (!ok(network_.Load(std::as_bytes(impulse.model), impulse.operators, rest, &fault))) return fault.reason;
  THIMBLE_REQUIRE(network_.input_count() == 1 && network_.output_count() == 1, InputOutputCount);
  const Tensor input = network_.input(0);
  const Tensor output = network_.output(0);
  THIMBLE_REQUIRE(IsInt8OrFloat(input), InputType);
  THIMBLE_REQUIRE(IsInt8OrFloat(output), OutputType);
  THIMBLE_REQUIRE(static_cast<size_t>(input.shape.Count()) == feature_count, FeatureCount);
  const size_t scaled_count = impulse.scaling.scale.size();
  THIMBLE_REQUIRE(impulse.scaling.offset.size() == scaled_count, FeatureScaling);
  THIMBLE_REQUIRE(scaled_count == 0 || scaled_count == feature_count, FeatureScaling);
  THIMBLE_REQUIRE(output.shape.Count() > 0, OutputType);
  THIMBLE_REQUIRE(impulse.labels.empty() || impulse.labels.size() == static_cast<size_t>(output.shape.Count()),
                  LabelCount);

  const size_t scratch_bytes = AlignUp(block.scratch_bytes(impulse.block_params, window));
  const size_t persistent_bytes = network_.persistent_bytes();
  THIMBLE_REQUIRE(scratch_bytes <= rest.size() - persistent_bytes, ArenaTooSmall);
  block_scratch_ = rest.subspan(persistent_bytes, scratch_bytes);
  const size_t network_bytes = network_.arena_bytes();
  const size_t block_bytes = persistent_bytes + scratch_bytes;
  arena_bytes_ = memory.used_bytes() + (network_bytes > block_bytes ? network_bytes : block_bytes);
  return Reason::kNone;
}

void Session::ExtractFeatures() {
  impulse_->block->extract(impulse_->block_params, impulse_->window, block_prepared_, window_, features_,
                           block_scratch_);
}

[[gnu::always_inline]] inline void Session::FillInputHere() {
  const Tensor input = network_.input(0);
  const FeatureScaling& scaling = impulse_->scaling;
  for (size_t i = 0; i < features_.size(); ++i) {
    float value = features_[i];
    if (!scaling.scale.empty()) value = (value - scaling.offset[i]) * scaling.scale[i];
    if (input.type == Type::kFloat32) {
      input.As<float>()[i] = value;
    } else {
      input.As<int8_t>()[i] = static_cast<int8_t>(Quantise(value, input.Scale(), input.zero_point, -128, 127));
    }
  }
}

void Session::FillInput() { FillInputHere(); }

void Session::InvokeNetwork() {
  FillInputHere();
  invoked_ = network_.Invoke();
}

Verdict Session::Decide() const {
  const Tensor output = network_.output(0);
  Verdict verdict;
  if (!ok(invoked_)) return verdict;
  verdict.raw_scores = {output.As<const std::byte>(), output.SizeBytes()};
  if (impulse_->labels.empty()) {
    verdict.score = ScoreAt(output, 0);
    return verdict;
  }
  const int count = output.shape.Count();
  verdict.label = output.type == Type::kFloat32 ? LargestIndex(output.As<float>(), count)
                                                : LargestIndex(output.As<int8_t>(), count);
  verdict.score = ScoreAt(output, verdict.label);
  return verdict;
}

Verdict Session::Run() {
  ExtractFeatures();
  InvokeNetwork();
  return Decide();
}

}  // namespace thimble::runtime
