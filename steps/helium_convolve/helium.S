// Two pixels of a convolution and all groups of eight of their output channels for Helium, pair after pair.
//
// Four channels of two pixels keep all eight registers busy that can take a sum, so 6 loads and 8 multiply-accumulates
// make 128 products: 14 instructions a block of 16 bytes. Blocks are unrolled, and the first round begins as far down
// as what is left after whole rounds. A group's first tile has the even channels, its second the odd ones: so
// narrowing both to int16 puts the channels in order, and eight are clamped and stored at once.
//
// In:  r0 the Task of step.cc
//      r1, r3    the pixels' windows      r5  constants, read in the order in which they lie
//      r9        rounds                   r11 where the first one begins
//      r0, r2, r4, r6 and r8, r10, r12, lr  the sums of the first and of the second pixel
//      r7        walks through the task   q4, q5  the even channels       q6, q7  the clamp
#if defined(__ARM_FEATURE_MVE)

  .syntax unified
  .thumb

  // From the task's output fields, where r7 is while none of the tiles is at work.
  .equ TILES, -32
  .equ SECOND_TILE, -16
  .equ OUTPUTS, 0
  .equ OUTPUT_END, 12
  .equ CONSTANTS, 16
  .equ PAIRS, 20
  .equ OUTPUT_STEP, 28
  .equ CLAMP, 36
  .equ FIRST_BLOCKS, 44

  .equ BLOCK_BYTES, 56
  .equ UNROLLED, 4

  .macro block
  vldrb.8 q0, [r1], #16
  vldrb.8 q2, [r5], #16
  vldrb.8 q1, [r3], #16
  vmladava.s8 r0, q0, q2
  vldrb.8 q3, [r5], #16
  vmladava.s8 r8, q1, q2
  vldrb.8 q2, [r5], #16
  vmladava.s8 r2, q0, q3
  vmladava.s8 r10, q1, q3
  vldrb.8 q3, [r5], #16
  vmladava.s8 r4, q0, q2
  vmladava.s8 r12, q1, q2
  vmladava.s8 r6, q0, q3
  vmladava.s8 lr, q1, q3
  .endm

  // `a`, `b` = four scaled outputs of both pixels. The rounding shift rounds halves up, TFLite's away from zero:
  // numbers below zero are made 1 smaller first if they are shifted at all, unless a clamp to zero hides it.
  .macro tile blocks, a, b, lower
  ldm r5!, {r0, r2, r4, r6, r8, r10, r12, lr}  // biases
  ldm r7!, {r1, r3, r9, r11}
  bx r11
  .balign 4
\blocks:
  .rept UNROLLED
  block
  .endr
  subs r9, #1
  bne \blocks
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

  // Writes into the task where a tile's first round begins. r1: bytes of the blocks that it leaves out.
  .macro enter blocks, tile
  ldr r2, =\blocks + 1
  add r2, r1
  str r2, [r7, #\tile + 12]
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
  add r7, r0, #-TILES
  ldr r0, [r7, #FIRST_BLOCKS]
  rsb r0, r0, #UNROLLED
  mov r1, #BLOCK_BYTES
  mul r1, r0, r1
  enter .L\name\()_even, TILES
  enter .L\name\()_odd, SECOND_TILE
  ldrd r0, r1, [r7, #CLAMP]
  vdup.16 q6, r0
  vdup.16 q7, r1
.L\name\()_pair:
  ldr r5, [r7, #CONSTANTS]
.L\name\()_group:
  add r7, #TILES
  tile .L\name\()_even, q4, q5, \lower
  tile .L\name\()_odd, q0, q1, \lower
  ldm r7, {r0, r2, r4, r9}
  vqmovnb.s32 q4, q4
  vqmovnb.s32 q5, q5
  vqmovnt.s32 q4, q0
  vqmovnt.s32 q5, q1
  vqadd.s16 q4, q4, r4
  vqadd.s16 q5, q5, r4
  vmax.s16 q4, q4, q6
  vmax.s16 q5, q5, q6
  vmin.s16 q4, q4, q7
  vmin.s16 q5, q5, q7
  vstrb.16 q4, [r0], #8
  vstrb.16 q5, [r2], #8
  strd r0, r2, [r7, #OUTPUTS]
  cmp r0, r9
  bne.w .L\name\()_group

  ldrd r4, r6, [r7, #PAIRS]  // and how far windows are apart
  subs r4, #1
  beq 1f
  str r4, [r7, #PAIRS]
  ldrd r8, r10, [r7, #OUTPUT_STEP]
  add r0, r8
  add r2, r8
  add r9, r10
  strd r0, r2, [r7, #OUTPUTS]
  str r9, [r7, #OUTPUT_END]
  ldrd r1, r3, [r7, #TILES]
  add r1, r6
  add r3, r6
  strd r1, r3, [r7, #TILES]
  strd r1, r3, [r7, #SECOND_TILE]
  b.w .L\name\()_pair
1:
  vpop {d8-d15}
  pop {r4-r11, pc}
  .ltorg
  .size \name, . - \name
  .endm

  function HeliumConvolvePairs, 1
  function HeliumConvolvePairsClampedToZero, 0
#endif
