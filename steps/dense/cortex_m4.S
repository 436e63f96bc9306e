// A dense layer's inner loops for the DSP extension: one row of inputs times tiles of 8 or of 4 output channels.
//
// Why it is fast. Weights are packed as lanes 256 * b + a of a pair of channels (steps/convolve/cortex_m4.S says how two
// SMLAD and an SXTB16 get two sums out of a word of them). Inputs stay int8: a word of four is widened by two SXTB16 for
// the whole tile. Four inputs of 8 channels take 13 cycles for 9 loads, 10 for SXTB16 and 16 for SMLAD: 1.22 a
// multiply-accumulate; of 4 channels 20 cycles, 1.25 each. A tile of 8 costs about 105 cycles more.
//
// The constants of a tile, in the order of use: biases 256 * B + A of every pair, biases A of every pair, and for every
// four inputs the lanes of inputs 0 and 2 of every pair, then those of inputs 1 and 3. The last four inputs come first:
// their word is the caller's, who fills up what does not exist. Then, in a tile of 8 of a layer without a common
// multiplier, mantissa, half and shift of every channel (steps/requantise.h). A tile of 4 ends in a DenseChannel for each
// (steps/dense/tiles.h).
//
// Registers: r0 constants, r1 inputs, r2 r3 inputs 0 2 and 1 3, r4 r5 (and in tiles of 4 also r10 r11) weights;
// sums of 8 channels r6-r9 256 * B + A, r10-r12 and lr A; of 4 channels r6 r7 and r8 r9.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

// Dense::Params
#define PARAMS_ZERO_POINT 28
#define PARAMS_CLAMP_LOW 32
#define PARAMS_CLAMP_HIGH 36
#define PARAMS_MANTISSA 48
#define PARAMS_HALF 52
#define PARAMS_SHIFT 56
#define PARAMS_FIRST_QUADS 60
#define PARAMS_INPUTS_FIRST 64
#define PARAMS_INPUTS_END 68
#define PARAMS_STEP_OF_8 72
#define PARAMS_STEP_OF_4 76

inputs_first .req s0  // last word of the first block of inputs
inputs_end   .req s1
last_word    .req s2
block_step   .req s3  // from the second four inputs' weights to the last of the first block's
loop_entry   .req s4  // into the unrolled loop, so that the first block takes what is not a whole block
outputs      .req s5
tiles_end    .req s6
mantissa     .req s7  // of all channels, or 0
half         .req s8
shift        .req s9

#define BLOCK 4
#define QUAD_OF_8_CODE_BYTES 140
#define QUAD_OF_4_CODE_BYTES 76

// Two inputs of either channel of two pairs.
.macro multiply_two inputs, both_0, both_1, sum_0, sum_1
  smlad \both_0, r4, \inputs, \both_0
  smlad \both_1, r5, \inputs, \both_1
  sxtb16 r4, r4
  sxtb16 r5, r5
  smlad \sum_0, r4, \inputs, \sum_0
  smlad \sum_1, r5, \inputs, \sum_1
.endm

// Four inputs of 8 channels after their word is in r2 and the first two words of weights in r4 and r5; the others are
// at `at` from r0 on, and the last load moves r0 by `on`.
.macro multiply_quad_of_8 at, on
  sxtb16 r3, r2, ror #8
  sxtb16 r2, r2
  multiply_two r2, r6, r7, r10, r11
  ldr.w r4, [r0, #\at]
  ldr.w r5, [r0, #\at + 4]
  multiply_two r2, r8, r9, r12, lr
  ldr.w r4, [r0, #\at + 8]
  ldr.w r5, [r0, #\at + 12]
  multiply_two r3, r6, r7, r10, r11
  ldr.w r5, [r0, #\at + 20]
  .if \on
  ldr.w r4, [r0], #\on
  .else
  ldr.w r4, [r0, #\at + 16]
  .endif
  multiply_two r3, r8, r9, r12, lr
.endm

.macro quads_of_8 count
  .if \count
  ldr.w r4, [r0, #-32 * (\count - 1) - 24]
  ldr.w r5, [r0, #-32 * (\count - 1) - 20]
  .if \count > 1
  ldr.w r2, [r1, #-4 * (\count - 1)]
  multiply_quad_of_8 (-32 * (\count - 1) - 16), 0
  .else
  ldr.w r2, [r1], #4 * BLOCK
  multiply_quad_of_8 -16, (32 * BLOCK)
  .endif
  quads_of_8 (\count - 1)
  .endif
.endm

.macro requantise sum, at
  smmlar \sum, \sum, r1, r4
  asr.w \sum, \sum, r3
  ssat \sum, #8, \sum
  strb.w \sum, [r5, #\at]
.endm

// Both channels of a pair; r1 mantissa, r2 half, r3 shift, read at `at` from r0 on if they are not common to all.
.macro requantise_pair both, sum, output, at
  load_requantiser \at
  sub.w \both, \both, \sum
  add.w r4, r2, \sum, asr #31
  lsl.w \sum, \sum, #1
  requantise \sum, \output
  load_requantiser (\at + 12)
  add.w r4, r2, \both, asr #31
  asr.w \both, \both, #7
  requantise \both, (\output + 1)
.endm

.macro load_requantiser at
  .if \at > -200
  ldr.w r1, [r0, #\at]
  ldr.w r2, [r0, #\at + 4]
  ldr.w r3, [r0, #\at + 8]
  .endif
.endm

.macro requantise_8 at
  requantise_pair r6, r10, 0, \at
  requantise_pair r7, r11, 2, (\at + 24)
  requantise_pair r8, r12, 4, (\at + 48)
  requantise_pair r9, lr, 6, (\at + 72)
.endm

  .section .text.thimble_dense_8, "ax", %progbits

// void thimble_dense_8(const Params*, const std::byte* tiles, const int8_t* inputs, int8_t* outputs,
//                      uint32_t last_word, const std::byte* tiles_end)
  .balign 8
  .global thimble_dense_8
  .type thimble_dense_8, %function
  .thumb_func
thimble_dense_8:
  push {r4-r11, lr}
  vmov outputs, r3
  ldr.w r4, [r0, #PARAMS_FIRST_QUADS]
  ldr.w r5, [r0, #PARAMS_INPUTS_FIRST]
  ldr.w r6, [r0, #PARAMS_INPUTS_END]
  ldr.w r7, [r0, #PARAMS_STEP_OF_8]
  ldr.w r8, [r0, #PARAMS_MANTISSA]
  ldr.w r9, [r0, #PARAMS_HALF]
  ldr.w r10, [r0, #PARAMS_SHIFT]
  ldr.w r11, [sp, #36]
  ldr.w r12, [sp, #40]
  mov r0, r1
  add r5, r2
  add r6, r2
  vmov inputs_first, inputs_end, r5, r6
  vmov last_word, r11
  vmov block_step, r7
  vmov tiles_end, r12
  vmov mantissa, half, r8, r9
  vmov shift, r10
  adr.w r5, 2f + 1
  movs r6, #QUAD_OF_8_CODE_BYTES
  mls r5, r4, r6, r5
  vmov loop_entry, r5

  .balign 8
tile_of_8:
  ldm r0!, {r6-r12, lr}
  ldr r4, [r0]
  ldr r5, [r0, #4]
  vmov r2, last_word
  multiply_quad_of_8 8, 0
  vmov r2, block_step
  vmov r3, loop_entry
  vmov r1, inputs_first
  add r0, r2
  bx r3
  .balign 8
1:
  quads_of_8 BLOCK
2:
  vmov r2, inputs_end
  cmp r1, r2
  bne.w 1b
  vmov r1, mantissa
  vmov r5, outputs
  cmp r1, #0
  beq 3f
  vmov r2, half
  vmov r3, shift
  requantise_8 -1000
  subs r0, #32 * BLOCK - 8
  b 4f
3:
  requantise_8 (8 - 32 * BLOCK)
  subs r0, #32 * BLOCK - 8 - 96
4:
  vmov r3, tiles_end
  adds r5, #8
  vmov outputs, r5
  cmp r0, r3
  bne.w tile_of_8
  pop {r4-r11, pc}
  .size thimble_dense_8, . - thimble_dense_8

// Four inputs of 4 channels: weights at `at` from r0 on, then r0 moves by `on`.
.macro multiply_quad_of_4 at, on
  ldr.w r5, [r0, #\at + 4]
  ldr.w r10, [r0, #\at + 8]
  ldr.w r11, [r0, #\at + 12]
  .if \on
  ldr.w r4, [r0], #\on
  .else
  ldr.w r4, [r0, #\at]
  .endif
  sxtb16 r3, r2, ror #8
  sxtb16 r2, r2
  multiply_two r2, r6, r7, r8, r9
  smlad r6, r10, r3, r6
  smlad r7, r11, r3, r7
  sxtb16 r10, r10
  sxtb16 r11, r11
  smlad r8, r10, r3, r8
  smlad r9, r11, r3, r9
.endm

.macro quads_of_4 count
  .if \count > 1
  ldr.w r2, [r1, #-4 * (\count - 1)]
  multiply_quad_of_4 (-16 * (\count - 1)), 0
  quads_of_4 (\count - 1)
  .else
  ldr.w r2, [r1], #4 * BLOCK
  multiply_quad_of_4 0, (16 * BLOCK)
  .endif
.endm

// Any shift, any clamp: r0 constants of the channel, r6 zero point, r7 lr clamp, r12 outputs. Nothing if there is no such
// channel.
.macro finish_channel sum
  ldm r0!, {r1, r2, r3, r10}  // mantissa, half, shifts, output
  cmp r10, #0
  blt 9f
  lsr r11, r3, #8
  lsl.w \sum, \sum, r11
  lsr r11, r3, #16
  lsr.w r11, \sum, r11
  subs.w r2, r2, r11
  smmlar \sum, \sum, r1, r2
  asr.w \sum, \sum, r3
  add.w \sum, \sum, r6
  cmp \sum, r7
  it lt
  movlt \sum, r7
  cmp \sum, lr
  it gt
  movgt \sum, lr
  strb.w \sum, [r12, r10]
9:
.endm

  .section .text.thimble_dense_4, "ax", %progbits

// void thimble_dense_4(const Params*, const std::byte* tile, const int8_t* inputs, int32_t* sums, uint32_t last_word,
//                      int8_t* outputs): channels A, B, C, D; their sums if there is a place for them, else outputs
  .balign 8
  .global thimble_dense_4
  .type thimble_dense_4, %function
  .thumb_func
thimble_dense_4:
  push {r0, r3, r4-r11, lr}
  mov lr, r2
  mov r12, r0
  ldm r1!, {r6-r9}
  mov r0, r1
  ldr.w r2, [sp, #44]
  multiply_quad_of_4 0, 0
  ldr.w r2, [r12, #PARAMS_STEP_OF_4]
  ldr.w r4, [r12, #PARAMS_FIRST_QUADS]
  ldr.w r1, [r12, #PARAMS_INPUTS_FIRST]
  ldr.w r12, [r12, #PARAMS_INPUTS_END]
  add r0, r2
  add r1, lr
  add r12, lr
  adr.w r3, 2f + 1
  movs r5, #QUAD_OF_4_CODE_BYTES
  mls r3, r4, r5, r3
  bx r3
  .balign 8
1:
  quads_of_4 BLOCK
2:
  cmp r1, r12
  bne.w 1b
  subs r6, r6, r8
  subs r7, r7, r9
  pop {r1, r2}
  asrs r4, r6, #8
  asrs r5, r7, #8
  cbz r2, 3f
  strd r8, r4, [r2]
  strd r9, r5, [r2, #8]
  pop {r4-r11, pc}
3:
  ldr.w r12, [sp, #40]
  ldr r6, [r1, #PARAMS_ZERO_POINT]
  ldr r7, [r1, #PARAMS_CLAMP_LOW]
  ldr.w lr, [r1, #PARAMS_CLAMP_HIGH]
  subs r0, #16 * (BLOCK - 1)
  finish_channel r8
  finish_channel r4
  finish_channel r9
  finish_channel r5
  pop {r4-r11, pc}
  .size thimble_dense_4, . - thimble_dense_4

#endif
