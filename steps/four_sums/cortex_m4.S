// The sums of four output channels for the DSP extension.
//
// Weights are packed as lanes 256 * b + a of a pair of channels (steps/convolve/cortex_m4.S says how two SMLAD and an
// SXTB16 get two sums out of a word of them). Inputs stay int8: a word of four is widened by two SXTB16. Four inputs of
// the four channels take 20 cycles for 5 loads, 6 SXTB16 and 8 SMLAD, and 2 for the loop: 1.4 a multiply-accumulate.
// A row takes 32 cycles more, a call 33.
//
// Constants: biases 256 * B + A of both pairs, biases A of both pairs, and for every four inputs the lanes of inputs 0
// and 2 of both pairs, then those of inputs 1 and 3. The last four inputs come first: their word is the caller's, who
// fills up what does not exist.
#if defined(__ARM_FEATURE_DSP)

  .syntax unified
  .thumb

// InputRow
#define ROW_INPUTS 0
#define ROW_QUADS 4
#define ROW_LAST_WORD 8
#define ROW_BYTES 12
// On the stack: rows, sums, rows_end.
#define SAVED_ROWS 0
#define SAVED_ROWS_END 8

constants  .req r0
inputs     .req r1
even       .req r2  // inputs 0 and 2; first the word of all four
odd        .req r3  // inputs 1 and 3
inputs_end .req r12  // of all but the last four
quads      .req lr

// Lanes in r4 r5 and r10 r11; sums 256 * B + A in r6 r7, A in r8 r9.
.macro multiply_quad
  ldr.w r5, [constants, #4]
  ldr.w r10, [constants, #8]
  ldr.w r11, [constants, #12]
  ldr.w r4, [constants], #16
  sxtb16 odd, even, ror #8
  sxtb16 even, even
  smlad r6, r4, even, r6
  smlad r7, r5, even, r7
  sxtb16 r4, r4
  sxtb16 r5, r5
  smlad r8, r4, even, r8
  smlad r9, r5, even, r9
  smlad r6, r10, odd, r6
  smlad r7, r11, odd, r7
  sxtb16 r10, r10
  sxtb16 r11, r11
  smlad r8, r10, odd, r8
  smlad r9, r11, odd, r9
.endm

  .section .text.thimble_four_sums, "ax", %progbits

// const std::byte* thimble_four_sums(const std::byte* constants, const InputRow* rows, int32_t* sums,
//                                    const InputRow* rows_end): the sums of channels A, B, C, D of each row; returns
// where the constants end
  .balign 8
  .global thimble_four_sums
  .type thimble_four_sums, %function
  .thumb_func
thimble_four_sums:
  push {r1-r11, lr}
  .balign 8
.Lrow:
  ldr.w quads, [r1, #ROW_QUADS]
  ldr.w even, [r1, #ROW_LAST_WORD]
  ldr.w inputs, [r1, #ROW_INPUTS]
  ldm constants!, {r6-r9}
  add inputs_end, inputs, quads, lsl #2
  sub inputs_end, #4
  multiply_quad
  cmp inputs, inputs_end
  beq.w 3f
  tst quads, #1
  beq.w 2f
  .balign 8
1:
  ldr.w even, [inputs], #4
  multiply_quad
2:
  ldr.w even, [inputs], #4
  multiply_quad
  cmp inputs, inputs_end
  bne.w 1b
3:
  ldrd r4, r5, [sp, #SAVED_ROWS]
  ldr.w r3, [sp, #SAVED_ROWS_END]
  subs r6, r6, r8
  subs r7, r7, r9
  mov r10, r9
  asr.w r9, r6, #8
  asr.w r11, r7, #8
  stm r5!, {r8-r11}
  add.w r1, r4, #ROW_BYTES
  strd r1, r5, [sp, #SAVED_ROWS]
  cmp r1, r3
  bne.w .Lrow
  add sp, #12
  pop {r4-r11, pc}
  .size thimble_four_sums, . - thimble_four_sums

#endif
