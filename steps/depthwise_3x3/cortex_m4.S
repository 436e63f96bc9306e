// 3 x 3 depthwise filters, strides 1 and 2, channel by channel on a slab (steps/depthwise/slab.h), for cores with the
// DSP extension: what RunChannels of depthwise_3x3/step.cc computes.
//
// A pass makes two to five neighbouring outputs of one channel; their sums and the nine weights stay in registers:
//
//   r0           the window's first word; goes down the rows of a few columns, then on to the next columns
//   r1-r6        weights (w0, w1) (w1, w2) of the three rows, so that any two pixels meet their two weights at once
//   r7-r10       sums; with five outputs r7-r11
//   r12 lr r11   pixels, with five outputs r12 lr; afterwards constants, the output's address and its strides
//   s0-s3        bias, multiplier, addend, shift of the channel
//   s4           from the last output of a pass to the first of the next row
//   s5 s6        where the row's first output goes; r0 after the last row
//   s7           from one output to the next
//   s8-s11 s15   cold: columns' first word and output, what is left of them, bytes of rows, the ChannelJob
//
// Stride 1, four outputs: 24 multiplications, 12 cycles for loads, 11 to begin with the bias and to requantise, 12 to
// store in four places, 3 around it: 62 cycles for 36 MACs. Requantisation is two instructions because the packer
// scales each channel's weights until all channels end in the same shift to the right, which SSAT does on its way, and
// because below a ReLU nobody sees which way negative halves were rounded.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb
  .altmacro

// Offsets in ChannelJob, and constants of depthwise_3x3/step.cc.
  .equ kPlane, 0
  .equ kRecords, 4
  .equ kOutput, 8
  .equ kChannels, 12
  .equ kRowBytes, 16
  .equ kPixelStride, 20
  .equ kRowStride, 24
  .equ kQuads, 28
  .equ kRest, 32
  .equ kCommonShift, 10
  .equ kWordBytes, 16

sum0 .req r7
sum1 .req r8
sum2 .req r9
sum3 .req r10
sum4 .req r11
pix0 .req r12
pix1 .req lr
pix2 .req r11

// One multiplication for output `output` of `outputs`, if there is such an output. At its first, the bias is still in
// the last output's register.
  .macro tap operation, output, outputs, first, pixels, weights
  .if ((\output) >= 0) && ((\output) < \outputs)
    .if \first
      tap_from \operation, \output, %(\outputs - 1), \pixels, \weights
    .else
      \operation sum\output, \pixels, \weights, sum\output
    .endif
  .endif
  .endm
  .macro tap_from operation, output, from, pixels, weights
  \operation sum\output, \pixels, \weights, sum\from
  .endm

// Everything that word `word` of a row contributes.
  .macro meet stride, outputs, first, word, pixels, w01, w12
  .if \stride == 1
    tap smlabt, %(2 * \word - 2), \outputs, 0, \pixels, \w12
    tap smlad, %(2 * \word - 1), \outputs, 0, \pixels, \w12
    tap smlad, %(2 * \word), \outputs, \first, \pixels, \w01
    tap smlatb, %(2 * \word + 1), \outputs, \first, \pixels, \w01
  .else
    tap smlabt, %(\word - 1), \outputs, 0, \pixels, \w12
    tap smlad, %(\word), \outputs, \first, \pixels, \w01
  .endif
  .endm

// Loads up to `width` words of a row from `word` on, then uses them.
  .macro some_words stride, outputs, first, offset, w01, w12, words, word, width
  .irp i, 0, 1, 2
    .if (\i < \width) && ((\word + \i) < \words)
      ldr.w pix\i, [r0, #((\word + \i) * kRows * kWordBytes + \offset)]
    .endif
  .endr
  .irp i, 0, 1, 2
    .if (\i < \width) && ((\word + \i) < \words)
      meet \stride, \outputs, \first, %(\word + \i), pix\i, \w01, \w12
    .endif
  .endr
  .if (\word + \width) < \words
    some_words \stride, \outputs, \first, \offset, \w01, \w12, \words, %(\word + \width), \width
  .endif
  .endm

  .macro row stride, outputs, first, offset, w01, w12
  .if \stride == 1
    some_words \stride, \outputs, \first, \offset, \w01, \w12, %((\outputs + 3) / 2), 0, %(3 - \outputs / 5)
  .else
    some_words \stride, \outputs, \first, \offset, \w01, \w12, %(\outputs + 1), 0, %(3 - \outputs / 5)
  .endif
  .endm

  .macro scale_relu output, outputs
  .if \output < \outputs
    smmla sum\output, sum\output, pix0, pix1
  .endif
  .endm
  .macro scale output, outputs, temporary
  .if \output < \outputs
    add \temporary, pix1, sum\output, asr #31
    smmlar sum\output, sum\output, pix0, \temporary
  .endif
  .endm
  .macro shift output, outputs
  .if \output < \outputs
    asr.w sum\output, sum\output, pix0
  .endif
  .endm
  .macro saturate relu, output
  .if \relu
    ssat sum\output, #8, sum\output, asr #kCommonShift
  .else
    ssat sum\output, #8, sum\output
  .endif
  .endm

// Stores output `output` after others are stored. Something else stands between moving the address and using it.
  .macro store relu, output, outputs
  .if \output < \outputs
    add.w pix0, pix1
    .if (\output + 1) < \outputs
      saturate \relu, %(\output + 1)
    .else
      vmov sum0, s4
    .endif
    strb.w sum\output, [pix0]
  .endif
  .endm

// One row of `outputs` columns, `below` bytes from r0; s5 is its first output's address.
  .macro pass stride, outputs, relu, below
  bias_to %(\outputs - 1)
  row \stride, \outputs, 1, (\below), r1, r2
  row \stride, \outputs, 0, (\below + kWordBytes), r3, r4
  row \stride, \outputs, 0, (\below + 2 * kWordBytes), r5, r6
  .if (\relu == 0) && (\outputs == 5)
    vmov s12, r0
  .endif
  vmov pix0, s1
  vmov pix1, s2
  .irp i, 0, 1, 2, 3, 4
    .if \relu
      scale_relu \i, \outputs
    .elseif \outputs == 5
      scale \i, \outputs, r0
    .else
      scale \i, \outputs, pix2
    .endif
  .endr
  .if \relu == 0
    vmov pix0, s3
    .irp i, 0, 1, 2, 3, 4
      shift \i, \outputs
    .endr
    .if \outputs == 5
      vmov r0, s12
    .endif
  .endif
  vmov pix0, s5
  vmov pix1, s7
  saturate \relu, 0
  saturate \relu, 1
  strb.w sum0, [pix0]
  .irp i, 1, 2, 3, 4
    store \relu, \i, \outputs
  .endr
  .endm

// All rows of `outputs` columns from r0 on; with `twice` two at a time, the first one alone if they are odd.
  .macro columns stride, outputs, relu, twice
  LOCAL next_row, odd_row
  .if \twice
    subs r7, r7, r0
    tst r7, #(\stride * kWordBytes)
    itt ne
    subne r0, #(\stride * kWordBytes)
    bne.w odd_row
  .endif
  .balign 8
next_row:
  .if \twice
    pass \stride, \outputs, \relu, 0
    add.w pix0, sum0
    vmov s5, pix0
odd_row:
    pass \stride, \outputs, \relu, %(\stride * kWordBytes)
    adds r0, #(2 * \stride * kWordBytes)
  .else
    pass \stride, \outputs, \relu, 0
    adds r0, #(\stride * kWordBytes)
  .endif
  vmov pix1, s6
  add.w pix0, sum0
  vmov s5, pix0
  cmp r0, pix1
  bne.w next_row
  .endm
  .macro bias_to output
  vmov sum\output, s0
  .endm

// The last columns of a row, fewer or more than four: r0 their first word, r9 their first output, r12 the ChannelJob.
  .macro rest stride, outputs, relu
  ldr r7, [r12, #kRowStride]
  vmov r8, s7
  vmov r10, s11
  .rept \outputs - 1
    subs r7, r7, r8
  .endr
  vmov s4, r7
  vmov s5, r9
  add r10, r0
  vmov s6, r10
  .if (\outputs == 5) && \relu
    mov r7, r10
    columns \stride, \outputs, \relu, 1
  .else
    columns \stride, \outputs, \relu, 0
  .endif
  .endm

// void name(ChannelJob*): all channels of a job, which is used up.
  .macro depthwise name, stride, rows, relu
  .section .text.\name, "ax", %progbits
  .balign 8
  .global \name
  .type \name, %function
  .thumb_func
\name:
  .equ kRows, \rows
  push {r4-r11, lr}
  vmov s15, r0
  ldr r7, [r0, #kPixelStride]
  ldr r8, [r0, #kRowBytes]
  vmov s7, r7
  vmov s11, r8
0:  // The next channel.
  ldr r12, [r0, #kRecords]
  ldr r8, [r0, #kPlane]
  ldr r9, [r0, #kOutput]
  ldmia r12!, {r1-r6}
  .if \relu
    vldmia r12!, {s0-s2}
  .else
    vldmia r12!, {s0-s3}
  .endif
  adds r7, r8, #4
  str r7, [r0, #kPlane]
  add.w r7, r9, #1
  str r7, [r0, #kOutput]
  ldr r7, [r0, #kRowStride]
  ldr r10, [r0, #kQuads]
  vmov lr, s7
  str r12, [r0, #kRecords]
  sub r7, r7, lr
  sub r7, r7, lr, lsl #1
  vmov s4, r7
  mov r0, r8
  cmp r10, #0
  beq.w 2f
1:  // The next four columns.
  vmov r7, s11
  vmov s8, r0
  vmov s9, r9
  vmov s10, r10
  add r7, r0
  vmov s5, r9
  vmov s6, r7
  columns \stride, 4, \relu, \relu
  vmov r0, s8
  vmov r9, s9
  vmov lr, s7
  vmov r10, s10
  add r0, r0, #(2 * \stride * \rows * kWordBytes)
  add r9, r9, lr, lsl #2
  subs r10, #1
  bne.w 1b
2:
  vmov r12, s15
  ldr r10, [r12, #kRest]
  cmp r10, #3
  beq.w 4f
  bhi.w 5f
  cmp r10, #0
  beq.w 6f
  rest \stride, 2, \relu
  b.w 6f
4:
  rest \stride, 3, \relu
  b.w 6f
5:
  rest \stride, 5, \relu
6:
  vmov r0, s15
  ldr r7, [r0, #kChannels]
  subs r7, #1
  str r7, [r0, #kChannels]
  bne.w 0b
  pop {r4-r11, pc}
  .size \name, . - \name
  .endm

  depthwise ThimbleDepthwise3x3Stride1, 1, 18, 0
  depthwise ThimbleDepthwise3x3Stride1Relu, 1, 18, 1
  depthwise ThimbleDepthwise3x3Stride2, 2, 9, 0
  depthwise ThimbleDepthwise3x3Stride2Relu, 2, 9, 1

#endif
