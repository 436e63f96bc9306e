// The convolution's inner loops for the DSP extension: a tile of 4 output channels x 2 pixels.
//
// Why it is fast. A word of packed weights holds two lanes 256 * b + a: the weights of a pair of output channels A and B
// for two inputs. One SMLAD of the lanes as they are adds to 256 * B + A; SXTB16 then leaves the a's, and a second SMLAD
// adds to A alone; B is what is left. So 4 loads (one group: 5 cycles), 2 SXTB16 and 8 SMLAD are 16 multiply-
// accumulates: 15 cycles, 0.94 a MAC. Around that a tile costs about 100 cycles for 8 outputs, or 75 if all are behind a
// ReLU: then each is SMMLA and SSAT alone (ReluRequantiser in steps/requantise.h). The constants lie in the order of use
// and a single pointer walks through them: of one tile
//
//   2 words     lanes of channels A, B and of C, D for the first pair of inputs
//   4 words     biases: 256 * B + A, 256 * D + C, A, C
//   2 words     lanes for every further pair of inputs
//   4 x 3 words mantissa, half, shift of channels A, B, C, D (steps/requantise.h)
//     or, behind a ReLU, 4 x 2: multiplier, addend
//     or, in a general tile, 4 x 4: mantissa, half, shifts, how far behind the common tiles' outputs its own goes
//
// The window holds, for every pair of inputs, a word of two int16 for either pixel.
//
// Registers in a tile:
//   r0 constants   r1 window   r2 r3 weights   r4 r5 inputs of pixel 0, 1
//   r6 r7  256 * B + A of pixel 0, 1    r10 r11  A of pixel 0, 1
//   r8 r9  256 * D + C                  r12 lr   C
// Floating-point registers keep what does not fit (a move takes 1 cycle, a load 2); all may be changed by a callee.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

// struct Job of step.cc
#define JOB_TILES 0
#define JOB_COMMON_END 4
#define JOB_GENERAL_END 8
#define JOB_WINDOW 12
#define JOB_INPUT_PAIRS 16
#define JOB_ZERO_POINT 20
#define JOB_CLAMP_LOW 24
#define JOB_CLAMP_HIGH 28
#define JOB_TO_WORDS 32
#define JOB_TO_TAIL 36
#define JOB_ROWS 40
#define JOB_WORDS 44
#define JOB_TAIL 48
#define JOB_ROW_STEP 52
#define JOB_PIXEL_STEP 56
#define JOB_OUTPUT_CHANNELS 60

// On the stack
#define NEXT_INPUT 0
#define PIXEL_STEP 4
#define TO_WORDS 8
#define FAST_WORDS 12  // of a window that is a single row, whole, in even words; -1: 3 rows of 9 bytes; 0: all others
#define NEXT_OUTPUT 16
#define OUTPUT_CHANNELS 20
#define PIXEL_PAIRS 24  // still to do; the highest bit tells that there are general tiles
#define TO_TAIL 28
#define ROW_STEP 32
#define IS_LONG 36  // of a window with more than a block of pairs after the first
#define STACK_BYTES 40

tiles         .req s0  // where r0 is before the first tile: COMMON_AHEAD beyond it
window_first  .req s1  // last pair of the first block of inputs; the same for general tiles in window_first_g and so on
loop_entry    .req s2  // into the unrolled loop, so that the first block takes what is not a whole block
block_step    .req s3  // from where r0 is before a tile to that last pair
output_0      .req s4
output_1      .req s5
common_end    .req s6
window_end    .req s7
first_pair_0  .req s8  // the first pair of inputs of pixel 0 and 1
first_pair_1  .req s9
window_first_g .req s10
loop_entry_g  .req s11
block_step_g  .req s12
window_end_g  .req s13
general_end   .req s14
job           .req s15

#define COMMON_BLOCK 16
#define GENERAL_BLOCK 4
#define RELU_SHIFT 12  // ReluRequantiser::kShift
#define PAIR_CODE_BYTES 56

// r0 has run ahead of the constants when a tile ends: by a block, but for what follows the last pair of weights.
#define COMMON_AHEAD (8 * COMMON_BLOCK - 8 - 48)
#define RELU_AHEAD (8 * COMMON_BLOCK - 8 - 32)
#define GENERAL_AHEAD (8 * GENERAL_BLOCK - 8 - 64)

// 16 multiply-accumulates for the pair of inputs that lies `before` pairs before r0 and r1; the last moves r0 on, and r1
// if there are more blocks.
.macro multiply_pair before, block, window_on
  ldr.w r3, [r0, #4 - 8 * \before]
  .if \before
  ldr.w r2, [r0, #-8 * \before]
  ldr.w r5, [r1, #4 - 8 * \before]
  ldr.w r4, [r1, #-8 * \before]
  .else
  ldr.w r2, [r0], #8 * \block
  ldr.w r5, [r1, #4]
  .if \window_on
  ldr.w r4, [r1], #\window_on
  .else
  ldr.w r4, [r1]
  .endif
  .endif
  smlad r6, r2, r4, r6
  smlad r7, r2, r5, r7
  smlad r8, r3, r4, r8
  smlad r9, r3, r5, r9
  sxtb16 r2, r2
  sxtb16 r3, r3
  smlad r10, r2, r4, r10
  smlad r11, r2, r5, r11
  smlad r12, r3, r4, r12
  smlad lr, r3, r5, lr
.endm

.macro multiply_pairs_before count, block, window_on
  .if \count
  multiply_pair (\count - 1), \block, \window_on
  multiply_pairs_before (\count - 1), \block, \window_on
  .endif
.endm

// The first pair of a tile; r0 moves to the last pair of the first block.
.macro begin_tile ahead, step
  ldr.w r2, [r0, #-\ahead]
  ldr.w r3, [r0, #4 - \ahead]
  ldr.w r6, [r0, #8 - \ahead]
  ldr.w r8, [r0, #12 - \ahead]
  ldr.w r10, [r0, #16 - \ahead]
  ldr.w r12, [r0, #20 - \ahead]
  vmov r4, r5, first_pair_0, first_pair_1
  smlad r7, r2, r5, r6
  smlad r6, r2, r4, r6
  smlad r9, r3, r5, r8
  smlad r8, r3, r4, r8
  sxtb16 r2, r2
  sxtb16 r3, r3
  smlad r11, r2, r5, r10
  smlad r10, r2, r4, r10
  smlad lr, r3, r5, r12
  smlad r12, r3, r4, r12
  vmov r2, \step
  add r0, r2
.endm

// The sums of a tile, and r0 at 8 * block after the last pair of weights. Entries count from the label loop_end.
.macro sum_tile block, ahead, first, entry, step, end, loop_end
  begin_tile \ahead, \step
  vmov r1, \first
  vmov r2, \entry
  bx r2
  .balign 8
1:
  multiply_pairs_before \block, \block, (8 * \block)
\loop_end:
  vmov r2, \end
  cmp r1, r2
  bne.w 1b
.endm

// The same for windows of no more than a block after the first pair: r1 stays at the last.
.macro sum_short_tile block, ahead, entry, step, loop_end
  begin_tile \ahead, \step
  vmov r2, \entry
  bx r2
  .balign 8
  multiply_pairs_before \block, \block, 0
\loop_end:
.endm

// Scales the sum of the first channel of a pair of channels, for both pixels, and takes it off what both came to.
.macro requantise_first sum_0, sum_1, both_0, both_1, at
  ldr.w r1, [r0, #\at]
  ldr.w r2, [r0, #\at + 4]
  ldr.w r3, [r0, #\at + 8]
  sub.w \both_0, \both_0, \sum_0
  sub.w \both_1, \both_1, \sum_1
  add.w r4, r2, \sum_0, asr #31
  add.w r5, r2, \sum_1, asr #31
  lsl.w \sum_0, \sum_0, #1
  lsl.w \sum_1, \sum_1, #1
  smmlar \sum_0, \sum_0, r1, r4
  smmlar \sum_1, \sum_1, r1, r5
  asr.w \sum_0, \sum_0, r3
  asr.w \sum_1, \sum_1, r3
  ssat \sum_0, #8, \sum_0
  ssat \sum_1, #8, \sum_1
.endm

// The same for the second channel, whose sum is 256 times too large.
.macro requantise_second both_0, both_1, at
  ldr.w r1, [r0, #\at]
  ldr.w r2, [r0, #\at + 4]
  ldr.w r3, [r0, #\at + 8]
  add.w r4, r2, \both_0, asr #31
  add.w r5, r2, \both_1, asr #31
  asr.w \both_0, \both_0, #7
  asr.w \both_1, \both_1, #7
  smmlar \both_0, \both_0, r1, r4
  smmlar \both_1, \both_1, r1, r5
  asr.w \both_0, \both_0, r3
  asr.w \both_1, \both_1, r3
  ssat \both_0, #8, \both_0
  ssat \both_1, #8, \both_1
.endm

// Scales and saturates the sums of a pair of channels behind a ReLU: all of them times 256, whatever is left of A's.
.macro requantise_pair_relu sum_0, sum_1, both_0, both_1, at
  ldr.w r2, [r0, #\at]
  ldr.w r3, [r0, #\at + 4]
  ldr.w r4, [r0, #\at + 8]
  ldr.w r5, [r0, #\at + 12]
  sub.w \both_0, \both_0, \sum_0
  sub.w \both_1, \both_1, \sum_1
  lsl.w \sum_0, \sum_0, #8
  lsl.w \sum_1, \sum_1, #8
  smmla \both_0, \both_0, r4, r5
  smmla \both_1, \both_1, r4, r5
  smmla \sum_0, \sum_0, r2, r3
  smmla \sum_1, \sum_1, r2, r3
  ssat \both_0, #8, \both_0, asr #RELU_SHIFT
  ssat \both_1, #8, \both_1, asr #RELU_SHIFT
  ssat \sum_0, #8, \sum_0, asr #RELU_SHIFT
  ssat \sum_1, #8, \sum_1, asr #RELU_SHIFT
.endm

.macro requantise_relu
  requantise_pair_relu r10, r11, r6, r7, (8 - 8 * COMMON_BLOCK)
  requantise_pair_relu r12, lr, r8, r9, (24 - 8 * COMMON_BLOCK)
.endm

// The outputs of a common tile, and whether it was the last.
.macro store_tile
  vmov r2, output_0
  vmov r3, output_1
  strb r6, [r2, #1]
  strb.w r12, [r2, #2]
  strb.w r8, [r2, #3]
  strb r10, [r2], #4
  strb r7, [r3, #1]
  strb.w lr, [r3, #2]
  strb.w r9, [r3, #3]
  strb r11, [r3], #4
  vmov r4, common_end
  vmov output_0, r2
  vmov output_1, r3
  cmp r0, r4
.endm

// Any shift, any clamp; r1 mantissa, r2 half, r3 shifts.
.macro requantise_general sum
  lsr r5, r3, #8
  lsl.w \sum, \sum, r5
  lsr r5, r3, #16
  lsr.w r4, \sum, r5
  sub r4, r2, r4
  smmlar \sum, \sum, r1, r4
  vmov r5, job
  asr.w \sum, \sum, r3
  ldr r4, [r5, #JOB_ZERO_POINT]
  add.w \sum, \sum, r4
  ldr r4, [r5, #JOB_CLAMP_LOW]
  ldr r5, [r5, #JOB_CLAMP_HIGH]
  cmp \sum, r4
  it lt
  movlt \sum, r4
  cmp \sum, r5
  it gt
  movgt \sum, r5
.endm

.macro requantise_both_general sum_0, sum_1, at
  ldr.w r1, [r0, #\at]
  ldr.w r2, [r0, #\at + 4]
  ldr.w r3, [r0, #\at + 8]
  requantise_general \sum_0
  requantise_general \sum_1
.endm

.macro store_general sum_0, sum_1, at
  ldr.w r3, [r0, #\at + 12]
  strb.w \sum_0, [r1, r3]
  strb.w \sum_1, [r2, r3]
.endm

// Where the first block of `block` pairs begins when there are r3 pairs after the first: r1 window (of the first pair).
.macro prepare_loop block, ahead, first, entry, step, end, loop_end
  sub r4, r3, #1
  and r4, r4, #\block - 1  // pairs of the first block, but for one
  add r5, r1, r4, lsl #3
  add r5, #8
  vmov \first, r5
  lsl r5, r4, #3
  add r5, #24 - \ahead
  vmov \step, r5
  add r5, r1, r3, lsl #3
  add r5, #8 * \block
  vmov \end, r5
  ldr r5, =\loop_end + 1 - PAIR_CODE_BYTES
  movs r6, #PAIR_CODE_BYTES
  mls r5, r4, r6, r5
  vmov \entry, r5
.endm

// Two words of either pixel become 8 words of the window; its first two are kept if these are the first ones.
.macro widen_two is_first=0
  ldr r6, [r0, #4]
  ldr r4, [r0], #8
  ldr r7, [r1, #4]
  ldr r5, [r1], #8
  widen_loaded_two \is_first
.endm
.macro widen_loaded_two is_first
  sxtb16 r8, r5
  .if \is_first
  vmov first_pair_1, r8
  .endif
  str.w r8, [r2, #4]
  sxtb16 r5, r5, ror #8
  str r5, [r2, #12]
  sxtb16 r8, r4, ror #8
  str.w r8, [r2, #8]
  sxtb16 r8, r7
  str.w r8, [r2, #20]
  sxtb16 r7, r7, ror #8
  str r7, [r2, #28]
  sxtb16 r8, r6
  str.w r8, [r2, #16]
  sxtb16 r6, r6, ror #8
  str r6, [r2, #24]
  sxtb16 r4, r4
  .if \is_first
  vmov first_pair_0, r4
  .endif
  str r4, [r2], #32
.endm

// A row of 9 bytes: 3 pixels of 3 channels. Its last byte goes `tail` bytes behind r3.
.macro row_of_9 tail, is_first
  ldrsb.w lr, [r0, #8]
  ldrsb.w r12, [r1, #8]
  ldr r6, [r0, #4]
  ldr r4, [r0], #9
  ldr r7, [r1, #4]
  ldr r5, [r1], #9
  strh.w lr, [r3, #\tail]
  strh.w r12, [r3, #\tail + 4]
  widen_loaded_two \is_first
.endm

// r3 on to the next lane of the window: 0, 2, 8, 10, 16, … bytes
.macro next_lane
  adds r3, #2
  and r4, r3, #4
  add r3, r4
.endm

// One pair of pixels less: greater if there are more, equal if there are none, less if general tiles come first.
.macro count_pixels
  ldr r4, [sp, #PIXEL_PAIRS]
  subs r4, #1
  str r4, [sp, #PIXEL_PAIRS]
.endm

// The functions name_pixels, name_gather and name_pairs.
.macro convolve name, relu, ahead
  .section .text.\name, "ax", %progbits

// void \name\()_pixels(const Job*, int8_t* output_0, int8_t* output_1): all channels of two pixels from the
// window as it is.
  .balign 8
  .global \name\()_pixels
  .type \name\()_pixels, %function
  .thumb_func
\name\()_pixels:
  push {r4-r11, lr}
  sub sp, #STACK_BYTES
  vmov output_0, r1
  vmov output_1, r2
  movs r4, #1
  str r4, [sp, #PIXEL_PAIRS]
  bl prepare\@
  .if \relu
  ldr r4, [sp, #IS_LONG]
  .endif
  b.w tiles_of_pixels\@

// void \name\()_gather(const Job*, const int8_t* input_0, const int8_t* input_1): the rows of two windows.
  .balign 4
  .global \name\()_gather
  .type \name\()_gather, %function
  .thumb_func
\name\()_gather:
  push {r4-r11, lr}
  sub sp, #STACK_BYTES
  mov r8, r0
  mov r0, r1
  mov r1, r2
  movs r3, #0
  str r3, [sp, #NEXT_OUTPUT]
  b gather_both\@

// void \name\()_pairs(const Job*, const int8_t* input, int8_t* output, int32_t pairs): that many pairs of
// pixels of a row whose windows lie within the image; input is where the first window begins.
  .balign 8
  .global \name\()_pairs
  .type \name\()_pairs, %function
  .thumb_func
\name\()_pairs:
  push {r4-r11, lr}
  sub sp, #STACK_BYTES
  str r1, [sp, #NEXT_INPUT]
  str r2, [sp, #NEXT_OUTPUT]
  str r3, [sp, #PIXEL_PAIRS]
  bl prepare\@
  ldr r1, [r0, #JOB_PIXEL_STEP]
  ldr r2, [r0, #JOB_TO_WORDS]
  ldr r3, [r0, #JOB_WORDS]
  ldr r4, [r0, #JOB_OUTPUT_CHANNELS]
  ldr r5, [r0, #JOB_TO_TAIL]
  ldr r6, [r0, #JOB_ROW_STEP]
  ldr r7, [r0, #JOB_ROWS]
  ldr.w r8, [r0, #JOB_TAIL]
  ldr.w r9, [r0, #JOB_WINDOW]
  str r1, [sp, #PIXEL_STEP]
  str r2, [sp, #TO_WORDS]
  str r4, [sp, #OUTPUT_CHANNELS]
  str r5, [sp, #TO_TAIL]
  str r6, [sp, #ROW_STEP]
  cmp r7, #3
  itt eq
  cmpeq r3, #2
  cmpeq.w r8, #1
  beq 1f
  cmp r7, #1
  it eq
  cmpeq.w r8, #0
  bne 2f
  lsls r7, r3, #31
  beq 3f
2:
  movs r3, #0
  b 3f
1:
  mov.w r3, #-1
3:
  cmp r2, r9
  it ne
  movne r3, #0
  str r3, [sp, #FAST_WORDS]

  .balign 8
gather\@:
  ldm.w sp, {r0-r3}
  add r4, r0, r1, lsl #1
  add r1, r0
  str r4, [sp, #NEXT_INPUT]
  cmp r3, #0
  beq.w any_rows\@
  blt.n rows_of_9\@
  widen_two 1
  subs r3, #2
  beq.w gathered\@
  .balign 8
1:
  widen_two
  subs r3, #2
  bne 1b

  b.w gathered\@

// How most networks for pictures begin.
  .balign 8
rows_of_9\@:
  ldr r3, [sp, #TO_TAIL]
  ldr.w r10, [sp, #ROW_STEP]
  row_of_9 0, 1
  add r0, r10
  add r1, r10
  row_of_9 2, 0
  add r0, r10
  add r1, r10
  row_of_9 8, 0
  b.w gathered\@

return\@:
  add sp, #STACK_BYTES
  pop {r4-r11, pc}

  .balign 4
any_rows\@:
  vmov r8, job
gather_both\@:  // windows at r0 and r1 of the job in r8
  ldr.w r9, [r8, #JOB_WORDS]
  ldr.w r12, [r8, #JOB_TAIL]
  ldr.w r2, [r8, #JOB_TO_WORDS]
  ldr.w r3, [r8, #JOB_TO_TAIL]
  ldr.w r10, [r8, #JOB_ROW_STEP]
  ldr.w r11, [r8, #JOB_ROWS]
row\@:
  subs.w lr, r9, #2
  blo 2f
  .balign 8
1:
  widen_two
  subs.w lr, lr, #2
  bhs 1b
2:
  adds.w lr, lr, #2
  beq 3f
  ldr r4, [r0], #4
  ldr r5, [r1], #4
  sxtb16 r6, r4, ror #8
  str r6, [r2, #8]
  sxtb16 r7, r5
  str r7, [r2, #4]
  sxtb16 r5, r5, ror #8
  str r5, [r2, #12]
  sxtb16 r4, r4
  str r4, [r2], #16
3:
  movs.w lr, r12
  beq 5f
  .balign 8
4:
  ldrsb r4, [r0], #1
  ldrsb r5, [r1], #1
  strh r4, [r3]
  strh r5, [r3, #4]
  next_lane
  subs.w lr, lr, #1
  bne 4b
5:
  add r0, r10
  add r1, r10
  subs.w r11, r11, #1
  bne row\@
  ldr r1, [sp, #NEXT_OUTPUT]
  cmp r1, #0
  beq.n return\@
  vmov r8, job
  ldr.w r4, [r8, #JOB_WINDOW]
  ldrd r4, r5, [r4]
  vmov first_pair_0, first_pair_1, r4, r5

gathered\@:
  ldr r1, [sp, #NEXT_OUTPUT]
  ldr r3, [sp, #OUTPUT_CHANNELS]
  .if \relu
  ldr r4, [sp, #IS_LONG]
  .endif
  vmov output_0, r1
  add r2, r1, r3
  vmov output_1, r2
  add r2, r3
  str r2, [sp, #NEXT_OUTPUT]

tiles_of_pixels\@:  // behind a ReLU there is at least one common tile; r4 is IS_LONG
  vmov r0, tiles
  .if \relu == 0
  vmov r3, common_end
  cmp r0, r3
  beq.w common_done\@
  .else
  cmp r4, #0
  bne.w common_tile\@
  vmov r1, window_first
  .balign 8
short_tile\@:
  sum_short_tile COMMON_BLOCK, \ahead, loop_entry, block_step, short_loop_end\@
  requantise_relu
  store_tile
  bne.w short_tile\@
  count_pixels
  bgt.w gather\@
  beq.w return\@
  b.w general_tiles\@
  .endif

  .balign 8
common_tile\@:
  sum_tile COMMON_BLOCK, \ahead, window_first, loop_entry, block_step, window_end, common_loop_end\@
  .if \relu
  requantise_relu
  .else
  requantise_first r10, r11, r6, r7, (8 - 8 * COMMON_BLOCK)
  requantise_second r6, r7, (20 - 8 * COMMON_BLOCK)
  requantise_first r12, lr, r8, r9, (32 - 8 * COMMON_BLOCK)
  requantise_second r8, r9, (44 - 8 * COMMON_BLOCK)
  .endif
  store_tile
  bne.w common_tile\@

common_done\@:
  count_pixels
  bgt.w gather\@
  beq.w return\@

general_tiles\@:
  subs r0, #\ahead - GENERAL_AHEAD
  .balign 8
general_tile\@:
  sum_tile GENERAL_BLOCK, GENERAL_AHEAD, window_first_g, loop_entry_g, block_step_g, window_end_g, general_loop_end\@
  sub.w r6, r6, r10
  sub.w r7, r7, r11
  sub.w r8, r8, r12
  sub.w r9, r9, lr
  asr.w r6, r6, #8
  asr.w r7, r7, #8
  asr.w r8, r8, #8
  asr.w r9, r9, #8
  requantise_both_general r10, r11, (8 - 8 * GENERAL_BLOCK)
  requantise_both_general r6, r7, (24 - 8 * GENERAL_BLOCK)
  requantise_both_general r12, lr, (40 - 8 * GENERAL_BLOCK)
  requantise_both_general r8, r9, (56 - 8 * GENERAL_BLOCK)
  vmov r1, output_0
  vmov r2, output_1
  store_general r8, r9, (56 - 8 * GENERAL_BLOCK)  // backwards: what stands for no channel goes where A then goes
  store_general r12, lr, (40 - 8 * GENERAL_BLOCK)
  store_general r6, r7, (24 - 8 * GENERAL_BLOCK)
  store_general r10, r11, (8 - 8 * GENERAL_BLOCK)
  vmov r3, general_end
  cmp r0, r3
  bne.w general_tile\@

  ldr r4, [sp, #PIXEL_PAIRS]
  lsls r4, r4, #1
  bne.w gather\@
  b.w return\@

// Fills the floating-point registers from the job in r0.
  .balign 4
prepare\@:
  vmov job, r0
  ldr r1, [r0, #JOB_TILES]
  ldr r2, [r0, #JOB_COMMON_END]
  ldr r3, [r0, #JOB_GENERAL_END]
  subs r7, r3, r2
  adds r1, #\ahead
  adds r2, #\ahead
  adds r3, #GENERAL_AHEAD
  vmov tiles, r1
  vmov common_end, r2
  vmov general_end, r3
  ldr r1, [r0, #JOB_WINDOW]
  ldr r3, [r0, #JOB_INPUT_PAIRS]
  vldr first_pair_0, [r1]
  vldr first_pair_1, [r1, #4]
  subs r3, #1
  prepare_loop COMMON_BLOCK, \ahead, window_first, loop_entry, block_step, window_end, common_loop_end\@
  .if \relu
  subs r5, r3, #COMMON_BLOCK
  it lo
  movlo r5, #0
  str r5, [sp, #IS_LONG]
  bhi 1f
  ldr r5, =short_loop_end\@ + 1 - PAIR_CODE_BYTES
  mls r5, r4, r6, r5
  vmov loop_entry, r5
1:
  .endif
  cmp r7, #0
  beq 1f
  prepare_loop GENERAL_BLOCK, GENERAL_AHEAD, window_first_g, loop_entry_g, block_step_g, window_end_g, general_loop_end\@
  ldr r5, [sp, #PIXEL_PAIRS]
  orr r5, #0x80000000
  str r5, [sp, #PIXEL_PAIRS]
1:
  bx lr
  .ltorg
  .size \name\()_pairs, . - \name\()_pixels
.endm

convolve thimble_convolve, 0, COMMON_AHEAD
convolve thimble_convolve_relu, 1, RELU_AHEAD

#endif
