#include "runtime/feature_session.h"

#include "base/arena.h"

namespace thimble::runtime {

Status FeatureSession::Load(const Impulse& impulse, std::span<std::byte> arena, Fault* fault) {
  impulse_ = &impulse;
  const Reason reason = Plan(arena);
  if (fault != nullptr) {
    *fault = {};
    fault->reason = reason;
  }
  if (!ok(reason)) *this = FeatureSession();
  return StatusOf(reason);
}

// The arena: window | features | what the block prepared | the block's scratch.
Reason FeatureSession::Plan(std::span<std::byte> arena) {
  const Impulse& impulse = *impulse_;
  THIMBLE_REQUIRE(reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment == 0, ArenaMisaligned);
  const dsp::Window& window = impulse.window;
  THIMBLE_REQUIRE(window.axes > 0 && window.readings > 0 && impulse.stride_readings > 0, Window);
  THIMBLE_REQUIRE(static_cast<size_t>(window.readings) <= dsp::kMostSamples / static_cast<size_t>(window.axes), Window);
  THIMBLE_REQUIRE(impulse.block != nullptr, Block);
  const dsp::Block& block = *impulse.block;
  THIMBLE_REQUIRE(ok(block.check(impulse.block_params, window)), Block);

  Arena memory(arena.first(arena.size() / kArenaAlignment * kArenaAlignment));
  const size_t feature_count = block.feature_count(impulse.block_params, window);
  const size_t prepared_bytes = block.prepared_bytes(impulse.block_params, window);
  const size_t scratch_bytes = AlignUp(block.scratch_bytes(impulse.block_params, window));
  window_ = memory.Take<float>(window.SampleCount());
  features_ = memory.Take<float>(feature_count);
  prepared_ = memory.Take<std::byte>(prepared_bytes);
  scratch_ = memory.Take<std::byte>(scratch_bytes);
  THIMBLE_REQUIRE(window_.size() == window.SampleCount() && features_.size() == feature_count, ArenaTooSmall);
  THIMBLE_REQUIRE(prepared_.size() == prepared_bytes && scratch_.size() == scratch_bytes, ArenaTooSmall);
  for (float& sample : window_) sample = 0;
  for (float& feature : features_) feature = 0;
  block.prepare(impulse.block_params, window, prepared_);
  arena_bytes_ = memory.used_bytes();
  return Reason::kNone;
}

void FeatureSession::ExtractFeatures() {
  impulse_->block->extract(impulse_->block_params, impulse_->window, prepared_, window_, features_, scratch_);
}

}  // namespace thimble::runtime
