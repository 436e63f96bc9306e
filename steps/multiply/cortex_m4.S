// int8 MUL for cores with the DSP extension, four elements a round: 9 operations for each. 10.75 cycles an element.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

  // Multiply::Params
  .equ COUNT, 12
  .equ INPUT_ZERO_POINT, 16
  .equ SECOND_ZERO_POINT, 20
  .equ MANTISSA, 24
  .equ HALF, 28
  .equ SHIFT, 32

  .macro multiply at, rotation:vararg
  .ifb \rotation
  sxtab r6, r8, r3
  sxtab r7, r9, r4
  .else
  sxtab r6, r8, r3, \rotation
  sxtab r7, r9, r4, \rotation
  .endif
  mul r6, r6, r7
  lsl.w r6, r6, #1
  add.w r7, r11, r6, asr #31
  smmlar r6, r6, r10, r7
  asr.w r6, r6, r12
  ssat r6, #8, r6
  strb.w r6, [r2, #\at]
  .endm

  // void MultiplyInt8(const int8_t* a, const int8_t* b, int8_t* output, const Multiply::Params*): count / 4 * 4 elements.
  //   r3 r4 four elements each, r5 end, r6 r7 temporaries, r8 r9 - zero points, r10 mantissa, r11 half, r12 shift
  .section .text.MultiplyInt8, "ax", %progbits
  .balign 16
  .global MultiplyInt8
  .thumb_func
MultiplyInt8:
  push {r4-r11, lr}
  ldr r5, [r3, #COUNT]
  bics r5, r5, #3
  beq.w 9f
  add r5, r0
  ldr r8, [r3, #INPUT_ZERO_POINT]
  ldr r9, [r3, #SECOND_ZERO_POINT]
  ldr r10, [r3, #MANTISSA]
  ldr r11, [r3, #HALF]
  ldr r12, [r3, #SHIFT]
  rsb r8, r8, #0
  rsb r9, r9, #0
  .balign 8
1:
  ldr.w r3, [r0], #4
  ldr.w r4, [r1], #4
  multiply 0
  multiply 1, ror #8
  multiply 2, ror #16
  multiply 3, ror #24
  adds r2, #4
  cmp r0, r5
  bne.w 1b
9:
  pop {r4-r11, pc}

#endif
