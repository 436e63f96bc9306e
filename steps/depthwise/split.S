// Rows of int8 pixels become a slab's words of two int16, four channels at a time, and rows move up in a slab, for
// cores with the DSP extension: what SplitLanes and CarryRows of depthwise/slab.cc compute. 31 cycles for four
// pixels of four channels.
//
//   r0 r1    next pixel; next words         r2      pairs of pixels that are left
//   r3 r4    bytes of one and three pixels  r5      from one group of words to the next
//   r6       four paddings                  r7-r12  pixels, words
//   lr       rows that are left
//   s0 s1    from a row's end to the next one's pixels and words
//   s2       pairs in a row                 s3 s4   whether there are a head and a tail
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

// Offsets in SplitJob (slab.h).
  .equ kSource, 0
  .equ kWords, 4
  .equ kRows, 8
  .equ kPixelBytes, 12
  .equ kRowBytes, 16
  .equ kPairs, 20
  .equ kPairBytes, 24
  .equ kHead, 28
  .equ kTail, 32
  .equ kPadding, 36

// Bytes of four channels in \a and in \b, the pixel at its right: pairs of the low and of the high two channels come
// first, because that takes two instructions where pairing what SXTB16 gives would take four.
  .macro spread a, b
  pkhbt r11, \a, \b, lsl #16
  pkhtb r12, \b, \a, asr #16
  sxtb16 \a, r11
  sxtb16 \b, r11, ror #8
  sxtb16 r11, r12
  sxtb16 r12, r12, ror #8
  str.w \a, [r1]
  str.w \b, [r1, #4]
  str.w r11, [r1, #8]
  str.w r12, [r1, #12]
  add.w r1, r5
  .endm

// void ThimbleDepthwiseSplit(SplitJob*)
  .section .text.ThimbleDepthwiseSplit, "ax", %progbits
  .balign 8
  .global ThimbleDepthwiseSplit
  .type ThimbleDepthwiseSplit, %function
  .thumb_func
ThimbleDepthwiseSplit:
  push {r4-r11, lr}
  ldr.w r7, [r0, #kRowBytes]
  ldr.w r2, [r0, #kPairs]
  ldr.w r3, [r0, #kPixelBytes]
  ldr.w r5, [r0, #kPairBytes]
  ldr.w r6, [r0, #kPadding]
  ldr.w r8, [r0, #kHead]
  ldr.w r9, [r0, #kTail]
  ldr.w r1, [r0, #kWords]
  ldr.w lr, [r0, #kRows]
  ldr.w r0, [r0, #kSource]
  vmov s2, r2
  vmov s3, r8
  vmov s4, r9
  add.w r4, r3, r3, lsl #1
  add.w r8, r9  // words: pairs + head + tail; pixels: as many and the pairs again
  add.w r8, r2
  mov r10, #16
  mls r10, r8, r5, r10
  vmov s1, r10
  add.w r8, r2
  mls r7, r8, r3, r7
  vmov s0, r7
  .balign 8
0:  // The next row.
  vmov r7, s3
  vmov r2, s2
  cbz r7, 1f
  ldr.w r8, [r0]
  mov r7, r6
  add.w r0, r3
  spread r7, r8
1:
  subs r2, #2
  blo.w 3f
  .balign 8
2:  // Two pairs.
  ldr.w r7, [r0]
  ldr.w r8, [r0, r3]
  ldr.w r9, [r0, r3, lsl #1]
  ldr.w r10, [r0, r4]
  add.w r0, r0, r3, lsl #2
  spread r7, r8
  spread r9, r10
  subs r2, #2
  bhs.w 2b
3:
  vmov r7, s4
  adds r2, #2
  beq.w 4f
  ldr.w r9, [r0]
  ldr.w r10, [r0, r3]
  add.w r0, r0, r3, lsl #1
  spread r9, r10
4:
  vmov r9, s0
  vmov r10, s1
  cbz r7, 5f
  ldr.w r7, [r0]
  mov r8, r6
  add.w r0, r3
  spread r7, r8
5:
  add.w r0, r9
  add.w r1, r10
  subs.w lr, #1
  bne.w 0b
  pop {r4-r11, pc}
  .size ThimbleDepthwiseSplit, . - ThimbleDepthwiseSplit

// void ThimbleDepthwiseCarry(std::byte* slab, int32_t pairs, int32_t pair_bytes, int32_t from_bytes, int32_t rows)
  .section .text.ThimbleDepthwiseCarry, "ax", %progbits
  .balign 8
  .global ThimbleDepthwiseCarry
  .type ThimbleDepthwiseCarry, %function
  .thumb_func
ThimbleDepthwiseCarry:
  push {r4-r10, lr}
  ldr.w r4, [sp, #32]
0:  // The next pair of columns.
  mov r12, r0
  add.w lr, r0, r3
  mov r5, r4
1:
  ldmia.w lr!, {r7-r10}
  subs r5, #1
  stmia.w r12!, {r7-r10}
  bne.n 1b
  add.w r0, r2
  subs r1, #1
  bne.n 0b
  pop {r4-r10, pc}
  .size ThimbleDepthwiseCarry, . - ThimbleDepthwiseCarry

#endif
