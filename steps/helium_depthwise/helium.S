// Two pixels of a depthwise convolution and all groups of eight of their channels for Helium, pair after pair.
//
// A word of the stripe has four rows of one column and channel, so one load gathers a window of up to 4 x 4 and one
// instruction multiplies it and adds it up: 5 instructions for a channel of both pixels, whatever the kernel's size.
// A group's first tile has the even channels, its second the odd ones: so narrowing both to int16 puts the channels in
// order, and eight are clamped and stored at once.
//
// In:  r0 the HeliumDepthwiseTask of step.cc
//      r1, r3  outputs of both pixels     r5  constants, read in the order in which they lie
//      r7      the task                   r9  the zero point              r11  where r1 ends
//      r0, r2, r4, r6 and r8, r10, r12, lr  the sums of the first and of the second pixel
//      q6, q7  addresses of the columns of both windows, less 32          q4, q5  the even channels
#if defined(__ARM_FEATURE_MVE)

  .syntax unified
  .thumb

  .equ COLUMNS, 0
  .equ LOW, 16
  .equ HIGH, 32
  .equ CONSTANTS, 48
  .equ OUTPUTS, 56
  .equ CHANNELS, 64
  .equ PAIRS, 72
  .equ OUTPUT_STEP, 80

  .macro channel first, second, at:vararg
  vldrw.32 q0, [q6, \at
  vldrw.32 q1, [q7, \at
  vldrb.8 q2, [r5], #16
  vmladava.s8 \first, q0, q2
  vmladava.s8 \second, q1, q2
  .endm

  // `a`, `b` = four scaled outputs of both pixels. Of rounding see helium.h.
  .macro scale a, b, lower
  vmov \a[2], \a[0], r0, r4
  vmov \b[2], \b[0], r8, r12
  vmov \a[3], \a[1], r2, r6
  vmov \b[3], \b[1], r10, lr
  vldrw.32 q2, [r5], #16
  vldrw.32 q3, [r5], #16
  vqrdmulh.s32 \a, \a, q2
  vqrdmulh.s32 \b, \b, q2
  .if \lower
  vand q2, \a, q3
  vshr.s32 q2, q2, #31
  vqadd.s32 \a, \a, q2
  vand q2, \b, q3
  vshr.s32 q2, q2, #31
  vqadd.s32 \b, \b, q2
  .endif
  vrshl.s32 \a, \a, q3
  vrshl.s32 \b, \b, q3
  .endm

  .macro function name, lower
  .section .text.\name, "ax", %progbits
  .global \name
  .type \name, %function
  .thumb_func
  .balign 4
\name:
  push {r4-r11, lr}
  vpush {d8-d15}
  mov r7, r0
  vldrw.32 q6, [r7, #COLUMNS]
.L\name\()_pair:
  ldrd r5, r0, [r7, #CONSTANTS]  // and how far the second window is from the first
  ldrd r1, r3, [r7, #OUTPUTS]
  ldrd r11, r9, [r7, #CHANNELS]  // and the zero point
  add r11, r1
  vadd.i32 q7, q6, r0
.L\name\()_group:
  ldm r5!, {r0, r2, r4, r6, r8, r10, r12, lr}  // biases
  channel r0, r8, #32]!
  channel r2, r10, #8]
  channel r4, r12, #16]
  channel r6, lr, #24]
  scale q4, q5, \lower
  ldm r5!, {r0, r2, r4, r6, r8, r10, r12, lr}
  channel r0, r8, #4]
  channel r2, r10, #12]
  channel r4, r12, #20]
  channel r6, lr, #28]
  scale q0, q1, \lower
  vqmovnb.s32 q4, q4
  vqmovnb.s32 q5, q5
  vqmovnt.s32 q4, q0
  vqmovnt.s32 q5, q1
  vldrh.16 q2, [r7, #LOW]
  vldrh.16 q3, [r7, #HIGH]
  vqadd.s16 q4, q4, r9
  vqadd.s16 q5, q5, r9
  vmax.s16 q4, q4, q2
  vmax.s16 q5, q5, q2
  vmin.s16 q4, q4, q3
  vmin.s16 q5, q5, q3
  vstrb.16 q4, [r1], #8
  vstrb.16 q5, [r3], #8
  cmp r1, r11
  bne.w .L\name\()_group

  ldrd r0, r2, [r7, #PAIRS]  // and how far windows are apart
  subs r0, #1
  beq 1f
  str r0, [r7, #PAIRS]
  vldrw.32 q6, [r7, #COLUMNS]
  vadd.i32 q6, q6, r2
  vstrw.32 q6, [r7, #COLUMNS]
  ldrd r1, r3, [r7, #OUTPUTS]
  ldr r0, [r7, #OUTPUT_STEP]
  add r1, r0
  add r3, r0
  strd r1, r3, [r7, #OUTPUTS]
  b.w .L\name\()_pair
1:
  vpop {d8-d15}
  pop {r4-r11, pc}
  .size \name, . - \name
  .endm

  function HeliumDepthwisePairs, 1
  function HeliumDepthwisePairsClampedToZero, 0
#endif
