// int8 ADD for cores with the DSP extension, four elements a round: 5 operations for the scaled operand, 8 for the exact
// one, the sum, its requantisation and its store. 16.75 cycles an element, 10 with equal scales.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

  // Add::Params
  .equ COUNT, 12
  .equ EXACT_ZERO_POINT, 20
  .equ SCALED_ZERO_POINT, 24
  .equ SCALED_MANTISSA, 28
  .equ SCALED_HALF, 32
  .equ SCALED_SHIFT, 36
  .equ MANTISSA, 40
  .equ HALF, 44
  .equ SHIFT, 48

  // An element of the scaled operand, in the scale of the sum.
  .macro scale to, rotation:vararg
  .ifb \rotation
  sxtab \to, r9, r3
  .else
  sxtab \to, r9, r3, \rotation
  .endif
  lsl.w \to, \to, #21
  add.w r8, r11, \to, asr #31
  smmlar \to, \to, r10, r8
  asr.w \to, \to, r12
  .endm

  // Twice a sum becomes a byte.
  .macro store sum, mantissa, at
  add.w r8, r11, \sum, asr #31
  smmlar \sum, \sum, \mantissa, r8
  asr.w \sum, \sum, r12
  ssat \sum, #8, \sum
  strb.w \sum, [r2, #\at]
  .endm

  .macro add_exact sum, at, rotation:vararg
  .ifb \rotation
  sxtab r8, r9, r3
  .else
  sxtab r8, r9, r3, \rotation
  .endif
  lsl.w r8, r8, #20
  add.w \sum, r8, \sum, lsl #1
  store \sum, lr, \at
  .endm

  .macro add_both sum, at, rotation:vararg
  .ifb \rotation
  sxtab \sum, r9, r3
  sxtab \sum, \sum, lr
  .else
  sxtab \sum, r9, r3, \rotation
  sxtab \sum, \sum, lr, \rotation
  .endif
  lsl.w \sum, \sum, #20
  store \sum, r10, \at
  .endm

  // void AddInt8(const int8_t* exact, const int8_t* scaled, int8_t* output, const Add::Params*): count / 4 * 4 elements.
  //   r3 four elements, r4-r7 sums, r8 a temporary, r9 - zero point, r10 scaled mantissa, lr mantissa, r11 half,
  //   r12 shift; the latter two and r9 in turn from s0-s2 for the scaled operand and s3-s5 for the sum, s6 end
  .section .text.AddInt8, "ax", %progbits
  .balign 16
  .global AddInt8
  .thumb_func
AddInt8:
  push {r4-r11, lr}
  ldr r4, [r3, #COUNT]
  bics r4, r4, #3
  beq.w 9f
  add r4, r0
  vmov s6, r4
  ldr r9, [r3, #EXACT_ZERO_POINT]
  ldr r11, [r3, #HALF]
  ldr r12, [r3, #SHIFT]
  ldr r10, [r3, #SCALED_MANTISSA]
  ldr lr, [r3, #MANTISSA]
  ldr r4, [r3, #SCALED_ZERO_POINT]
  ldr r5, [r3, #SCALED_HALF]
  ldr r6, [r3, #SCALED_SHIFT]
  rsb r9, r9, #0
  cmp r6, #0
  beq.w .Lboth_exact
  rsb r4, r4, #0
  vmov s0, r4
  vmov s1, r5
  vmov s2, r6
  vmov s3, r9
  vmov s4, r11
  vmov s5, r12
  .balign 8
1:
  ldr.w r3, [r1], #4
  vmov r9, s0
  vmov r11, s1
  vmov r12, s2
  scale r4
  scale r5, ror #8
  scale r6, ror #16
  scale r7, ror #24
  ldr.w r3, [r0], #4
  vmov r9, s3
  vmov r11, s4
  vmov r12, s5
  add_exact r4, 0
  add_exact r5, 1, ror #8
  add_exact r6, 2, ror #16
  add_exact r7, 3, ror #24
  vmov r8, s6
  adds r2, #4
  cmp r0, r8
  bne.w 1b
9:
  pop {r4-r11, pc}

.Lboth_exact:
  subs r9, r9, r4
  mov r10, lr
  .balign 8
1:
  ldr.w r3, [r0], #4
  ldr.w lr, [r1], #4
  add_both r4, 0
  add_both r5, 1, ror #8
  add_both r6, 2, ror #16
  add_both r7, 3, ror #24
  vmov r8, s6
  adds r2, #4
  cmp r0, r8
  bne.w 1b
  pop {r4-r11, pc}

#endif
