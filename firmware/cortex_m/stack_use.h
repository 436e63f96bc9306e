// How deep the stack has been: what was never touched still has its paint.
#ifndef THIMBLE_FIRMWARE_CORTEX_M_STACK_USE_H_
#define THIMBLE_FIRMWARE_CORTEX_M_STACK_USE_H_

#include <cstddef>
#include <cstdint>

extern "C" uint32_t stack_bottom, stack_top;  // from firmware/cortex_m/sections.ld

namespace thimble::firmware {

inline constexpr uint32_t kStackPaint = 0x7417'b1e5;

/// Paints what is free of the stack. What was used before counts as long as it is still in use.
[[gnu::noinline]] inline void PaintStack() {
  uint32_t* const here = static_cast<uint32_t*>(__builtin_frame_address(0));
  constexpr size_t kOwnWords = 16;  // of this function
  for (uint32_t* word = &stack_bottom; word < here - kOwnWords; ++word)
    *static_cast<volatile uint32_t*>(word) = kStackPaint;
}

inline size_t StackBytes() { return static_cast<size_t>(&stack_top - &stack_bottom) * sizeof(uint32_t); }

/// The most that was in use since PaintStack.
inline size_t UsedStackBytes() {
  const uint32_t* word = &stack_bottom;
  while (word < &stack_top && *static_cast<const volatile uint32_t*>(word) == kStackPaint) ++word;
  return static_cast<size_t>(&stack_top - word) * sizeof(uint32_t);
}

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_CORTEX_M_STACK_USE_H_
