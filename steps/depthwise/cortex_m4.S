// Any depthwise filter, channel by channel on a slab (slab.h), for cores with the DSP extension: what RunColumns of
// depthwise/step.cc computes.
//
// Four outputs whose windows begin one word after the other share every weight that is loaded, and of four neighbouring
// words of pixels three were there already: a step of 10 cycles loads one word of weights and one of pixels for 8 MACs.
//
//   r0         next word of pixels          r1      from one word to the next
//   r2         next weights                 r3      words of the filter's row that are left
//   r4-r7      sums                         r8-r11  words of pixels, which take turns
//   r12        weights                      lr      filter rows that are left
//   s0-s3      bias, multiplier, addend, shift
//   s4 s5      first word of the filter's row; from one filter row to the next
//   s6 s7      first word of the windows; first weights
//   s8 s9      output; from one of the four outputs to the next
//   s10        columns that are left        s15     the FilterJob
//   s11-s13    the next row's windows and outputs; rows that are left
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

// Offsets in FilterJob (step.cc).
  .equ kPlane, 0
  .equ kRecord, 4
  .equ kWeights, 8
  .equ kOutput, 12
  .equ kRows, 16
  .equ kColumns, 20
  .equ kColumnStride, 24
  .equ kRowStride, 28
  .equ kPairBytes, 32
  .equ kWindowRowBytes, 36
  .equ kFilterRows, 40
  .equ kFilterRowBytes, 44
  .equ kWords, 48
  .equ kLanes, 56
  .equ kRecordWords, 60

// One word of weights meets \a to \d, of which \d is loaded now.
  .macro step a, b, c, d
  ldr.w r12, [r2], #4
  ldr.w \d, [r0]
  add.w r0, r1
  smlad r4, \a, r12, r4
  smlad r5, \b, r12, r5
  smlad r6, \c, r12, r6
  smlad r7, \d, r12, r7
  subs r3, #1
  .endm

  .macro scale sum
  add.w r10, r9, \sum, asr #31
  smmlar \sum, \sum, r8, r10
  asr.w \sum, \sum, r11
  ssat \sum, #8, \sum
  .endm

// void ThimbleDepthwiseColumns(FilterJob*)
  .section .text.ThimbleDepthwiseColumns, "ax", %progbits
  .balign 8
  .global ThimbleDepthwiseColumns
  .type ThimbleDepthwiseColumns, %function
  .thumb_func
ThimbleDepthwiseColumns:
  push {r4-r11, lr}
  vmov s15, r0
  mov r8, r0
  ldr.w r1, [r8, #kPairBytes]
  ldr.w r4, [r8, #kFilterRowBytes]
  ldr.w r6, [r8, #kColumnStride]
  vmov s5, r4
  vmov s9, r6
7:  // The next channel; r8 is the FilterJob.
  ldr.w r9, [r8, #kRecord]
  ldr.w r5, [r8, #kWeights]
  ldr.w r7, [r8, #kRecordWords]
  vldmia r9, {s0-s3}
  add.w r9, r9, r7, lsl #2
  vmov s7, r5
  str.w r9, [r8, #kRecord]
  add.w r5, r5, r7, lsl #2
  str.w r5, [r8, #kWeights]
  ldr.w r0, [r8, #kPlane]
  ldr.w r5, [r8, #kOutput]
  ldr.w r7, [r8, #kRows]
  add.w r4, r0, #4
  str.w r4, [r8, #kPlane]
  add.w r4, r5, #1
  str.w r4, [r8, #kOutput]
  vmov s11, r0
  vmov s12, r5
  vmov s13, r7
0:  // The next row of outputs, r5, and windows, r0.
  ldr.w r4, [r8, #kWindowRowBytes]
  ldr.w r6, [r8, #kRowStride]
  ldr.w r7, [r8, #kColumns]
  vmov s8, r5
  add.w r4, r0
  add.w r5, r6
  vmov s11, r4
  vmov s12, r5
  vmov s10, r7
1:  // The next four columns, whose windows begin at r0.
  vmov r8, s15
  vmov s6, r0
  ldr.w lr, [r8, #kFilterRows]
  vmov r2, s7
  vmov r4, s0
  ldr.w r12, [r8, #kWords]
  mov r5, r4
  mov r6, r4
  mov r7, r4
2:  // The next row of the filter, which begins at r0.
  vmov s4, r0
  mov r3, r12
  ldr.w r8, [r0]
  ldr.w r9, [r0, r1]
  ldr.w r10, [r0, r1, lsl #1]
  add.w r0, r0, r1, lsl #1
  add.w r0, r1
  .balign 4
3:
  step r8, r9, r10, r11
  beq.w 4f
  step r9, r10, r11, r8
  beq.w 4f
  step r10, r11, r8, r9
  beq.w 4f
  step r11, r8, r9, r10
  bne.w 3b
4:
  subs.w lr, #1
  beq.w 5f
  vmov r0, s4
  vmov r8, s5
  vmov r12, s15
  add.w r0, r8
  ldr.w r12, [r12, #kWords]
  b.n 2b
5:
  vmov r8, s1
  vmov r9, s2
  vmov r11, s3
  scale r4
  scale r5
  scale r6
  scale r7
  vmov r12, s8
  vmov r2, s10
  vmov lr, s9
  strb.w r4, [r12]
  add.w r12, lr
  subs r2, #4
  bls.n 8f
  vmov s10, r2
  strb.w r5, [r12]
  add.w r12, lr
  vmov r0, s6
  strb.w r6, [r12]
  add.w r12, lr
  add.w r0, r0, r1, lsl #2
  strb.w r7, [r12]
  add.w r12, lr
  vmov s8, r12
  b.w 1b
8:  // The last one to four columns: r2 is as many less four.
  cmn r2, #2
  blt.n 6f
  strb.w r5, [r12]
  add.w r12, lr
  beq.n 6f
  cmp r2, #0
  strb.w r6, [r12]
  blt.n 6f
  strb.w r7, [r12, lr]
6:
  vmov r7, s13
  vmov r8, s15
  vmov r0, s11
  vmov r5, s12
  subs r7, #1
  vmov s13, r7
  bne.w 0b
  ldr.w r7, [r8, #kLanes]
  subs r7, #1
  str.w r7, [r8, #kLanes]
  bne.w 7b
  pop {r4-r11, pc}
  .size ThimbleDepthwiseColumns, . - ThimbleDepthwiseColumns

// The same for filters of one row with stride 1 on slabs of one row. Six neighbouring outputs, three that begin at the
// left and three that begin at the right of a word, take turns in meeting two words of weights: 12 cycles for 12 MACs.
//
//   r0         next word of pixels          r1      next weights
//   r2         steps that are left          r3 r12  weights for the left, for the right
//   r4-r9      sums                         lr r10 r11  words of pixels, which take turns
//   s0-s3      bias, multiplier, addend, shift
//   s4 s5      first word of the windows; first weights
//   s6 s7      output; from one output to the next
//   s8 s9      columns that are left; steps     s15     the RowJob

// Offsets in RowJob (step.cc).
  .equ kRowPlane, 0
  .equ kRowRecord, 4
  .equ kRowOutput, 8
  .equ kRowColumns, 12
  .equ kRowColumnStride, 16
  .equ kRowWords, 20
  .equ kRowLanes, 24

  .macro row_step a, b, c
  ldr.w r3, [r1], #4
  ldr.w r12, [r1], #4
  ldr.w \c, [r0], #16
  smlad r4, \a, r3, r4
  smlad r5, \a, r12, r5
  smlad r6, \b, r3, r6
  smlad r7, \b, r12, r7
  smlad r8, \c, r3, r8
  smlad r9, \c, r12, r9
  subs r2, #1
  .endm

  .macro row_scale sum
  add.w r10, r12, \sum, asr #31
  smmlar \sum, \sum, r3, r10
  asr.w \sum, \sum, r11
  .endm

// Stores \sum after the others; \next is saturated between moving the address and using it.
  .macro row_store sum, next
  ssat \next, #8, \next
  strb.w \sum, [r10]
  add.w r10, r11
  .endm

// void ThimbleDepthwiseRow(RowJob*)
  .section .text.ThimbleDepthwiseRow, "ax", %progbits
  .balign 8
  .global ThimbleDepthwiseRow
  .type ThimbleDepthwiseRow, %function
  .thumb_func
ThimbleDepthwiseRow:
  push {r4-r11, lr}
  vmov s15, r0
  ldr.w r4, [r0, #kRowColumnStride]
  ldr.w r5, [r0, #kRowWords]
  vmov s7, r4
  vmov s9, r5
0:  // The next channel; r0 is the RowJob.
  ldr.w r1, [r0, #kRowRecord]
  ldr.w r4, [r0, #kRowPlane]
  ldr.w r5, [r0, #kRowOutput]
  ldr.w r6, [r0, #kRowColumns]
  vldmia r1!, {s0-s3}
  vmov r2, s9
  vmov s5, r1
  add.w r7, r1, r2, lsl #3
  str.w r7, [r0, #kRowRecord]
  add.w r7, r4, #4
  str.w r7, [r0, #kRowPlane]
  add.w r7, r5, #1
  str.w r7, [r0, #kRowOutput]
  vmov s6, r5
  vmov s8, r6
  mov r0, r4
1:  // The next six columns, whose windows begin at r0.
  vmov s4, r0
  vmov r4, s0
  vmov r1, s5
  vmov r2, s9
  mov r5, r4
  mov r6, r4
  mov r7, r4
  mov r8, r4
  mov r9, r4
  ldr.w lr, [r0], #16
  ldr.w r10, [r0], #16
  .balign 8
2:
  row_step lr, r10, r11
  beq.w 3f
  row_step r10, r11, lr
  beq.w 3f
  row_step r11, lr, r10
  bne.w 2b
3:
  vmov r3, s1
  vmov r12, s2
  vmov r11, s3
  row_scale r4
  row_scale r5
  row_scale r6
  row_scale r7
  row_scale r8
  row_scale r9
  vmov r10, s6
  vmov r2, s8
  vmov r11, s7
  ssat r4, #8, r4
  subs r2, #6
  blo.w 4f
  row_store r4, r5
  row_store r5, r6
  row_store r6, r7
  row_store r7, r8
  row_store r8, r9
  vmov s8, r2
  vmov r0, s4
  strb.w r9, [r10]
  add.w r10, r11
  vmov s6, r10
  add.w r0, #48
  bne.w 1b
  b.n 5f
4:  // The last one to five: r2 is as many less six.
  adds r2, #5
  row_store r4, r5
  beq.n 5f
  subs r2, #1
  row_store r5, r6
  beq.n 5f
  subs r2, #1
  row_store r6, r7
  beq.n 5f
  subs r2, #1
  row_store r7, r8
  beq.n 5f
  strb.w r8, [r10]
5:
  vmov r0, s15
  ldr.w r7, [r0, #kRowLanes]
  subs r7, #1
  str.w r7, [r0, #kRowLanes]
  bne.w 0b
  pop {r4-r11, pc}
  .size ThimbleDepthwiseRow, . - ThimbleDepthwiseRow

#endif
