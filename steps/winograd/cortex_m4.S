// Winograd's F(4x4,3x3) for cores with the DSP extension, and the sums over channels that F(2x2,3x3) shares: what
// layout.h declares. All numbers are as step.h and layout.h have them.
//
// Sums: 2 outputs x 4 tiles in eight registers. For each pair of channels 2 words of U, 4 of V and 8 SMLAD: 16 cycles
// for 16 products, of which the 8 for loads are what 14 registers allow (two groups of loads). The first pairs of a
// position start with SMUAD, so nothing is zeroed; results leave by one PUSH of eight.
// Outputs: 16 of a tile from 36 sums; the 24 numbers between the two transforms wait in s8 to s31. About 20.5 cycles an
// output with requantisation.
// Transforms of inputs: one-dimensional twice, 12 operations for six numbers of two channels: words are taken as
// 65536 * high + low, so that times 2 and times 4 cost nothing. About 12 cycles an input.
// Transform of weights: 83 cycles for a 3 x 3 filter, nothing spilled.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

  .syntax unified
  .thumb

  // Job, in layout.h.
  .equ JOB_CHUNKS, 24
  .equ JOB_TILE, 28
  .equ JOB_TABLE, 32
  .equ JOB_PAIRS, 36
  .equ JOB_OUTPUT, 40
  .equ JOB_PIXEL, 44
  .equ JOB_ROW_END, 48
  .equ JOB_TILES, 52
  .equ JOB_OFFSETS, 56

  .equ SUM_BYTES, 32              // of one position: 4 tiles x 2 outputs

  // One pair of channels, the `index`th of eight before r0 and r1, which move on by `step_u` and `step_v`.
  .macro pair index, accumulate, step_u=0, step_v=0
  ldr.w r3, [r0, #8*\index+4]
  .if \step_u
  ldr.w r2, [r0], #\step_u
  .else
  ldr.w r2, [r0, #8*\index]
  .endif
  ldr.w lr, [r1, #16*\index+12]
  ldr.w r12, [r1, #16*\index+8]
  .if \accumulate
  smlad r10, r2, lr, r10
  smlad r11, r3, lr, r11
  smlad r8, r2, r12, r8
  smlad r9, r3, r12, r9
  .else
  smuad r10, r2, lr
  smuad r11, r3, lr
  smuad r8, r2, r12
  smuad r9, r3, r12
  .endif
  ldr.w lr, [r1, #16*\index+4]
  .if \step_v
  ldr.w r12, [r1], #\step_v
  .else
  ldr.w r12, [r1, #16*\index]
  .endif
  .if \accumulate
  smlad r6, r2, lr, r6
  smlad r7, r3, lr, r7
  smlad r4, r2, r12, r4
  smlad r5, r3, r12, r5
  .else
  smuad r6, r2, lr
  smuad r7, r3, lr
  smuad r4, r2, r12
  smuad r5, r3, r12
  .endif
  .endm

  // Sixteen channels, backwards, so that the last access moves the pointers on.
  .macro chunk accumulate_first
  pair 7, \accumulate_first
  pair 6, 1
  pair 5, 1
  pair 4, 1
  pair 3, 1
  pair 2, 1
  pair 1, 1
  pair 0, 1, 64, 128
  .endm

  .macro two_chunks
  chunk 0
  add.w r0, r0, #36*64-64
  chunk 1
  sub.w r0, r0, #36*64
  .endm

  .macro next_position loop
  push {r4-r11}
  vmov r2, s0
  cmp r1, r2
  bne.w \loop
  .endm

  // void WinogradPairs(Job*): sums and outputs of one block for job->pairs pairs of outputs.
  //   r0 U, r1 V, r2 r3 words of U, r12 lr words of V, r4-r11 sums [tile][output]
  //   s0 end of V, s1 from one chunk of U to the next, s2 from the last chunk to the next position,
  //   s3 bytes of V for a position, s4 end of V for this position, s5 stack pointer
  .section .text.WinogradPairs, "ax", %progbits
  .balign 16
  .global WinogradPairs
  .thumb_func
WinogradPairs:
  push {r0, r4-r11, lr}
  vpush {s16-s31}
.Lnext_pair:
  ldm.w r0, {r0-r5}               // u, v, v_end, position_bytes, u_jump, u_back
  vmov s0, r2
  vmov s1, r4
  vmov s2, r5
  vmov s3, r3
  add r3, r1, r3
  vmov s4, r3
  mov r3, sp
  vmov s5, r3
  ldr r3, [sp, #64]
  ldr r2, [r3, #JOB_CHUNKS]
  ldr r4, [r3, #JOB_TILE]
  cmp r2, #1
  beq .Lone_chunk
  add r2, r4, r2, lsl #4          // chunks and tile in one number: two chunks of F(4x4,3x3) are 4 + 2 * 16
  cmp r2, #36
  beq.w .Ltwo_chunks

  .balign 8
.Lmany_chunks:
  chunk 0
  .balign 8
.Lnext_chunk:
  vmov r2, s1
  add r0, r2
  chunk 1
  vmov r2, s4
  cmp r1, r2
  bne.w .Lnext_chunk
  vmov r3, s2
  vmov r12, s3
  add r0, r3
  add r2, r12
  vmov s4, r2
  next_position .Lmany_chunks
  b.w .Loutputs

  .balign 8
.Lone_chunk:                      // two positions a round: there are always an even number
  chunk 0
  push {r4-r11}
  chunk 0
  next_position .Lone_chunk
  b.w .Loutputs

  .balign 8
.Ltwo_chunks:                     // of F(4x4,3x3)
  two_chunks
  push {r4-r11}
  two_chunks
  next_position .Ltwo_chunks


.Loutputs:
  vmov r2, s5
  ldr r1, [r2, #64]
  vmov r3, s2
  subs r0, r0, r3
  str r0, [r1]                    // the next pair's U begins after this one's last chunk
  ldr r3, [r1, #JOB_TILE]
  mov r0, sp
  cmp r3, #4
  beq .Lstore4
  b.w .Lstore2
.Lpair_done:
  ldr r0, [sp, #64]
  ldr r1, [r0, #JOB_TABLE]
  ldr r2, [r0, #JOB_PAIRS]
  ldr r3, [r0, #JOB_OUTPUT]
  adds r1, #32
  adds r3, #2
  str r1, [r0, #JOB_TABLE]
  str r3, [r0, #JOB_OUTPUT]
  subs r2, #1
  str r2, [r0, #JOB_PAIRS]
  bne.w .Lnext_pair
  vpop {s16-s31}
  pop {r0, r4-r11, pc}

  // Six numbers become four, in place:  y0 = m0, y1 = m4, y2 = m3, y3 = m5.
  //   y0 = 2 m0 - 4 (m1 + m2) + m3 + m4      y1 = m3 - m4 - 2 (m1 - m2)
  //   y2 = m3 + m4 - m1 - m2                 y3 = 2 (m3 - m4 + m5) - (m1 - m2)
  .macro four_of_six m0, m1, m2, m3, m4, m5
  add.w \m1, \m1, \m2
  sub.w \m2, \m1, \m2, lsl #1
  add.w \m3, \m3, \m4
  sub.w \m4, \m3, \m4, lsl #1
  add.w \m0, \m3, \m0, lsl #1
  add.w \m5, \m4, \m5
  sub.w \m0, \m0, \m1, lsl #2
  sub.w \m3, \m3, \m1
  sub.w \m4, \m4, \m2, lsl #1
  rsb.w \m5, \m2, \m5, lsl #1
  .endm

  // The sums of a tile's column; position p lies at 35 - p because PUSH goes down.
  .macro column c, m0, m1, m2, m3, m4, m5
  ldr.w \m0, [r0, #(35-\c)*SUM_BYTES]
  ldr.w \m1, [r0, #(29-\c)*SUM_BYTES]
  ldr.w \m2, [r0, #(23-\c)*SUM_BYTES]
  ldr.w \m3, [r0, #(17-\c)*SUM_BYTES]
  ldr.w \m4, [r0, #(11-\c)*SUM_BYTES]
  ldr.w \m5, [r0, #(5-\c)*SUM_BYTES]
  .if \c == 1
  vmov r1, s1
  add.w \m1, \m1, r1
  .endif
  four_of_six \m0, \m1, \m2, \m3, \m4, \m5
  .endm

  .macro keep y0, y1, y2, y3
  vmov \y0, r2
  vmov \y1, r6
  vmov \y2, r5
  vmov \y3, r7
  .endm

  // 9 * 2^exponent * sum, modulo 2^32, becomes twice the sum and then a byte.
  .macro output y, exponent, step
  mul \y, \y, lr
  add.w r0, r11, \y, asr #31
  asr.w \y, \y, #\exponent-1
  smmlar \y, \y, r10, r0
  asr.w \y, \y, r12
  ssat \y, #8, \y
  strb.w \y, [r1]
  add r1, \step
  .endm

  .macro row exponent
  four_of_six r2, r3, r4, r5, r6, r7
  output r2, \exponent+3, r8
  output r6, \exponent+2, r8
  output r5, \exponent+1, r8
  output r7, \exponent+1, r9
  .endm

  .macro load m0, m1, m2, m3, m4, m5
  vmov r2, \m0
  vmov r3, \m1
  vmov r4, \m2
  vmov r5, \m3
  vmov r6, \m4
  .ifnb \m5
  vmov r7, \m5
  .endif
  .endm

  //   r0 sums of the tile, also a temporary, r1 output, r2-r7 six numbers, r8 bytes to the next pixel,
  //   r9 from the last pixel of a row to the first of the next, r10 mantissa, r11 half, r12 shift, lr 1/9
  //   s0 sums of the next tile, s1 36 * bias, s2 next offset of a tile, s3 output, s4 end of sums, s6 offsets, s7 table
  .macro begin_store              // r0 sums, r1 job
  ldr r2, [r1, #JOB_TABLE]
  ldr r3, [r1, #JOB_OUTPUT]
  ldr r8, [r1, #JOB_PIXEL]
  ldr r9, [r1, #JOB_ROW_END]
  ldr r4, [r1, #JOB_TILES]
  ldr r5, [r1, #JOB_OFFSETS]
  add r4, r0, r4, lsl #3
  vmov s7, r2
  vmov s3, r3
  vmov s4, r4
  vmov s6, r5
  .endm

  .macro begin_channel
  vmov r1, s7
  vmov r3, s6
  ldm r1!, {r2, r10, r11, r12}
  vmov s2, r3
  vmov s1, r2
  vmov s7, r1
  .endm

  // r0 moves to the next tile and waits in s0; r1 becomes this tile's output.
  .macro begin_outputs
  add r0, #8
  vmov s0, r0
  vmov r1, s2
  ldr r0, [r1], #4
  vmov s2, r1
  vmov r1, s3
  add r1, r0
  .endm

  // The next tile of this channel, the first tile of the other one, or what follows.
  .macro next_tile tile, channel
  vmov r0, s0
  vmov r2, s4
  cmp r0, r2
  bne.w \tile
  tst r0, #4
  bne 1f
  adds r2, #4
  vmov s4, r2
  vmov r3, s3
  adds r3, #1
  vmov s3, r3
  add r0, sp, #4
  b.w \channel
1:
  .endm

  .balign 4
.Lstore4:
  begin_store
  movw lr, #0x8e39
  movt lr, #0x38e3
.Lchannel4:
  begin_channel
  .balign 8
.Ltile4:
  column 0, r2, r3, r4, r5, r6, r7
  keep s8, s14, s20, s26
  column 1, r2, r3, r4, r5, r6, r7
  keep s9, s15, s21, s27
  column 2, r2, r3, r4, r5, r6, r7
  keep s10, s16, s22, s28
  column 3, r2, r3, r4, r5, r6, r7
  keep s11, s17, s23, s29
  column 4, r2, r3, r4, r5, r6, r7
  keep s12, s18, s24, s30
  column 5, r7, r3, r4, r5, r6, r2  // the other way round: its first result stays where the first row wants it
  vmov s19, r6
  vmov s25, r5
  vmov s31, r2
  begin_outputs
  load s8, s9, s10, s11, s12
  row 3
  load s14, s15, s16, s17, s18, s19
  row 2
  load s20, s21, s22, s23, s24, s25
  row 1
  load s26, s27, s28, s29, s30, s31
  row 1
  next_tile .Ltile4, .Lchannel4
  add sp, #36*SUM_BYTES
  b.w .Lpair_done

  // F(2x2,3x3): a column's four sums give two numbers, in `upper` and `lower`.
  .macro column2 c, upper, lower
  ldr.w \upper, [r0, #(15-\c)*SUM_BYTES]
  ldr.w \lower, [r0, #(11-\c)*SUM_BYTES]
  ldr.w r1, [r0, #(7-\c)*SUM_BYTES]
  ldr.w lr, [r0, #(3-\c)*SUM_BYTES]
  .if \c == 1
  vmov r8, s1
  add \lower, r8
  .endif
  add \upper, \lower
  add \upper, r1
  sub \lower, r1
  sub \lower, lr
  .endm
  // 4 times the sum becomes twice the sum and then a byte.
  .macro output2 y, step
  add.w r0, r11, \y, asr #31
  asr.w \y, \y, #1
  smmlar \y, \y, r10, r0
  asr.w \y, \y, r12
  ssat \y, #8, \y
  strb.w \y, [r1]
  add r1, \step
  .endm
  .macro row2 y0, y1, y2, y3
  add \y0, \y1
  add \y0, \y2
  sub \y1, \y2
  sub \y1, \y3
  vmov r8, s9                     // an upper number that is no longer needed
  output2 \y0, lr
  output2 \y1, r8
  .endm

  //   as above, but for r2, r4, r6, r8 and r3, r5, r7, r9 upper and lower numbers, lr bytes to the next pixel,
  //   s8 and s9 the steps
  .balign 4
.Lstore2:
  begin_store
  vmov s8, r8
  vmov s9, r9
.Lchannel2:
  begin_channel
  .balign 8
.Ltile2:
  column2 0, r2, r3
  column2 1, r4, r5
  column2 2, r6, r7
  column2 3, r8, r9
  begin_outputs
  vmov lr, s8
  row2 r2, r4, r6, r8
  row2 r3, r5, r7, r9
  next_tile .Ltile2, .Lchannel2
  add sp, #16*SUM_BYTES
  b.w .Lpair_done

  // Six pairs of numbers become six, in place but for one: v0 = d0, v1 = d1, v2 = r10, v3 = d2, v4 = d4, v5 = d5.
  //   v0 = 4 d0 - 5 d2 + d4            v1 = d4 + d3 - 4 (d2 + d1)      v2 = d4 - d3 - 4 (d2 - d1)
  //   v3 = d4 - d2 + 2 (d3 - d1)       v4 = d4 - d2 - 2 (d3 - d1)      v5 = 4 d1 - 5 d3 + d5
  .macro six_of_six               // d0-d5 in r4-r9
  sub.w r10, r8, r6, lsl #2
  sub.w r4, r4, r6
  sub.w r9, r9, r7
  sub.w r8, r8, r6
  sub.w r6, r7, r5, lsl #2
  sub.w r7, r7, r5
  add.w r4, r8, r4, lsl #2
  add.w r5, r10, r6
  sub.w r10, r10, r6
  sub.w r9, r9, r7, lsl #2
  add.w r6, r8, r7, lsl #1
  sub.w r8, r8, r7, lsl #1
  .endm

  // Columns of six inputs, from r0 on, until r3 reaches s8. Inputs become x + 128, so that no lane borrows.
  .macro columns above, below, rotation:vararg
  .balign 8
1:
  ldr.w r5, [r0, r1]
  ldr.w r6, [r0, r1, lsl #1]
  ldr.w r7, [r0, r2]
  ldr.w r8, [r0, r1, lsl #2]
  .if \above
  vmov r4, s6
  .else
  ldr.w r4, [r0]
  .endif
  .if \below
  vmov r9, s6
  .else
  ldr.w r9, [r0, r12]
  .endif
  .if !\above
  sxtab16 r4, lr, r4 \rotation
  .endif
  sxtab16 r5, lr, r5 \rotation
  sxtab16 r6, lr, r6 \rotation
  sxtab16 r7, lr, r7 \rotation
  sxtab16 r8, lr, r8 \rotation
  .if !\below
  sxtab16 r9, lr, r9 \rotation
  .endif
  six_of_six
  str.w r5, [r3, #4]
  str.w r10, [r3, #8]
  str.w r6, [r3, #12]
  str.w r8, [r3, #16]
  str.w r9, [r3, #20]
  str.w r4, [r3], #24
  vmov r10, s8
  add r0, r11
  cmp r3, r10
  bne.w 1b
  .endm

  // The transform of a column beyond the image: of six equal numbers.
  .macro pad_column
  vmov r5, s7
  movs r4, #0
  str r4, [r3]
  str r5, [r3, #4]
  str r4, [r3, #8]
  str r4, [r3, #12]
  str r4, [r3, #16]
  str r4, [r3, #20]
  adds r3, #24
  .endm

  // Half of four channels.
  .macro half rotation:vararg
  vmov r0, s0
  vmov r1, s1
  vmov r11, s2
  mov r3, sp
  mov lr, #0x00800080
  add r2, r1, r1, lsl #1
  add r12, r1, r1, lsl #2
  vmov r6, s5
  tst r6, #1
  beq 2f
  pad_column
  add r0, r11
2:
  tst r6, #12
  bne 3f
  columns 0, 0, \rotation
  b 9f
3:
  tst r6, #8
  bne 4f
  columns 1, 0, \rotation
  b 9f
4:
  columns 0, 1, \rotation
9:
  vmov r6, s5
  tst r6, #2
  beq 6f
  pad_column
6:
  bl .Lrows
  .endm

  // void WinogradInput4(const Strip*)
  //   s0 inputs of these four channels, s1 bytes of a row, s2 of a pixel, s3 V, s4 tiles, s5 edges, s6 pair of inputs
  //   beyond the image, s7 the transform of six of them, s8 end of the columns that are read, s9 bytes of V for a
  //   position, s10 return address; columns' transforms on the stack, 18 of 24 bytes
  .section .text.WinogradInput4, "ax", %progbits
  .balign 16
  .global WinogradInput4
  .thumb_func
WinogradInput4:
  push {r3-r11, lr}
  sub sp, #18*24
  ldm.w r0, {r0-r8}
  vmov s0, r0
  vmov s1, r1
  vmov s2, r2
  vmov s3, r3
  vmov s4, r4
  vmov s5, r5
  vmov s6, r6
  add r9, r6, r6, lsl #1
  lsls r9, r9, #1
  rsbs r9, r9, #0
  vmov s7, r9
  movs r10, #96
  mul r10, r4, r10
  tst r5, #2
  ite eq
  addeq r10, #48
  addne r10, #24
  add r10, sp
  vmov s8, r10
  vmov s9, r7
.Lquad:
  vmov s11, r8
  half
  half , ror #8
  vmov r0, s0
  vmov r8, s11
  adds r0, #4
  vmov s0, r0
  subs r8, #1
  bne.w .Lquad
  add sp, #18*24
  pop {r3-r11, pc}

  // Rows of what is on the stack become V. 0x8000 on the way keeps the low lane from borrowing; the exclusive or takes
  // it away again.
  //   r0 columns, r1 V, r2 V of the tile, r3 tiles left, r11 bytes of V for a position, r12 end of the tile's rows
  .macro put v
  eor.w \v, \v, #0x8000
  str.w \v, [r1]
  add r1, r11
  .endm
  .macro put_at v, index
  eor.w \v, \v, #0x8000
  str.w \v, [r1, #128*\index]
  .endm
  .macro load_row
  ldr.w r5, [r0, #24]
  ldr.w r6, [r0, #48]
  ldr.w r7, [r0, #72]
  ldr.w r8, [r0, #96]
  ldr.w r9, [r0, #120]
  ldr.w r4, [r0], #4
  add.w r8, r8, #0x8000
  add.w r9, r9, #0x8000
  six_of_six
  .endm
  .balign 8
.Lrows:
  vmov r2, s3
  vmov r11, s9
  vmov r3, s4
  mov r0, sp
  add r4, r2, #16
  vmov s3, r4
  cmp r11, #128
  beq .Ltile_of_16_channels
.Ltile:
  mov r1, r2
  add r12, r0, #24
  .balign 8
1:
  load_row
  put r4
  put r5
  put r10
  put r6
  put r8
  put r9
  cmp r0, r12
  bne.w 1b
  adds r2, #4
  adds r0, #72
  subs r3, #1
  bne.w .Ltile
  bx lr

.Ltile_of_16_channels:            // the same with constant offsets, two rows a round
  mov r1, r2
  add r12, r0, #24
  .balign 8
1:
  load_row
  put_at r4, 0
  put_at r5, 1
  put_at r10, 2
  put_at r6, 3
  put_at r8, 4
  put_at r9, 5
  load_row
  put_at r4, 6
  put_at r5, 7
  put_at r10, 8
  put_at r6, 9
  put_at r8, 10
  put_at r9, 11
  cmp r0, r12
  add.w r1, r1, #12*128
  bne.w 1b
  adds r2, #4
  adds r0, #72
  subs r3, #1
  bne.w .Ltile_of_16_channels
  bx lr

  // Columns of four inputs become four: d0 - d2, d1 + d2, d2 - d1, d1 - d3.
  //   r0 first row, r1 second row, r2 fourth row, each with its step in r10, r11, r12, lr bytes of a row, r3 columns
  .macro columns2 rotation:vararg
  .balign 8
1:
  ldr.w r6, [r1, lr]
  ldr.w r5, [r1]
  ldr.w r4, [r0]
  ldr.w r7, [r2]
  .irp word, r4, r5, r6, r7
  .ifb \rotation
  sxtb16 \word, \word
  .else
  sxtb16 \word, \word, \rotation
  .endif
  .endr
  ssub16 r4, r4, r6
  sadd16 r8, r5, r6
  ssub16 r6, r6, r5
  ssub16 r7, r5, r7
  str.w r8, [r3, #4]
  str.w r6, [r3, #8]
  str.w r7, [r3, #12]
  str.w r4, [r3], #16
  vmov r8, s8
  add r0, r10
  add r1, r11
  add r2, r12
  cmp r3, r8
  bne.w 1b
  .endm

  .macro pad_column2
  vmov r5, s7
  movs r4, #0
  str r4, [r3]
  str r5, [r3, #4]
  str r4, [r3, #8]
  str r4, [r3, #12]
  adds r3, #16
  .endm

  .macro half2 rotation:vararg
  vmov r1, s0
  vmov lr, s1
  vmov r11, s2
  vmov r6, s5
  mov r3, sp
  tst r6, #1
  beq 2f
  pad_column2
  add r1, r11
2:
  mov r0, r1
  mov r10, r11
  mov r12, r11
  add r1, lr
  add r2, r1, lr, lsl #1
  tst r6, #4
  beq 3f
  vmov r0, s6
  movs r10, #0
3:
  tst r6, #8
  beq 4f
  vmov r2, s6
  mov r12, #0
4:
  columns2 \rotation
  vmov r6, s5
  tst r6, #2
  beq 5f
  pad_column2
5:
  bl .Lrows2
  .endm

  // void WinogradInput2(const Strip*)
  //   s0 to s5 and s8 as in WinogradInput4, s6 address of four inputs beyond the image, s7 twice two of them, s9 three
  //   times and s10 once the bytes of V for a position, s11 quads left; columns' transforms on the stack, 10 of 16 bytes
  .section .text.WinogradInput2, "ax", %progbits
  .balign 16
  .global WinogradInput2
  .thumb_func
WinogradInput2:
  push {r3-r11, lr}
  sub sp, #10*16
  add r12, r0, #24                // Strip::pad
  ldm.w r0, {r0-r8}
  vmov s0, r0
  vmov s1, r1
  vmov s2, r2
  vmov s3, r3
  vmov s4, r4
  vmov s5, r5
  vmov s6, r12
  sxtb16 r6, r6
  sadd16 r6, r6, r6
  vmov s7, r6
  lsls r10, r4, #5
  tst r5, #2
  ite eq
  addeq r10, #32
  addne r10, #16
  add r10, sp
  vmov s8, r10
  vmov s10, r7
  add r7, r7, r7, lsl #1
  vmov s9, r7
.Lquad2:
  vmov s11, r8
  half2
  half2 ror #8
  vmov r0, s0
  vmov r8, s11
  adds r0, #4
  vmov s0, r0
  subs r8, #1
  bne.w .Lquad2
  add sp, #10*16
  pop {r3-r11, pc}

  //   r0 columns, r1 V, r2 tiles left, r3 row, r4-r7 four numbers of a row, r8-r11 V, r12 bytes of V for a position,
  //   lr three times that; the return address in s12
  .balign 8
.Lrows2:
  vmov s12, lr
  vmov r1, s3
  vmov r12, s10
  vmov lr, s9
  add r4, r1, #16
  vmov s3, r4
  mov r3, sp
1:
  ldr.w r4, [r3]
  ldr.w r5, [r3, #16]
  mov r0, r3
  vmov r2, s4
  .balign 8
2:
  ldr.w r6, [r0, #32]
  ldr.w r7, [r0, #48]
  ssub16 r8, r4, r6
  sadd16 r9, r5, r6
  ssub16 r10, r6, r5
  ssub16 r11, r5, r7
  str.w r9, [r1, r12]
  str.w r10, [r1, r12, lsl #1]
  str.w r11, [r1, lr]
  str.w r8, [r1], #4
  mov r4, r6
  mov r5, r7
  adds r0, #32
  subs r2, #1
  bne 2b
  vmov r2, s4
  adds r3, #4
  sub.w r1, r1, r2, lsl #2
  add.w r1, r1, r12, lsl #2
  mov r0, sp
  adds r0, #16
  cmp r3, r0
  bne 1b
  vmov lr, s12
  bx lr

  // Three pairs of weights x, y, z, of one row of G g, become the six of that row of G g G':
  //   3x, x + y + z, x - y + z, x + 2y + 4z, x - 2y + 4z, 3z
  .macro six_of_three x, y, z, at
  sadd16 r12, \x, \x
  sadd16 r11, \x, \z
  sadd16 r12, r12, \x
  sadd16 lr, r11, \y
  str.w r12, [r1, #\at]
  ssub16 r12, r11, \y
  str.w lr, [r1, #\at+64]
  str.w r12, [r1, #\at+128]
  sadd16 r12, \z, \z
  sadd16 lr, \y, \y
  sadd16 r12, r12, \z
  sadd16 r11, r11, r12
  str.w r12, [r1, #\at+320]
  sadd16 r12, r11, lr
  ssub16 r11, r11, lr
  str.w r12, [r1, #\at+192]
  str.w r11, [r1, #\at+256]
  .endm
  .macro three operation, d0, d1, d2, a0, a1, a2, b0, b1, b2
  \operation \d0, \a0, \b0
  \operation \d1, \a1, \b1
  \operation \d2, \a2, \b2
  .endm
  .macro three_weights w0, w1, w2, at, rotation:vararg
  ldr.w \w0, [r0, #\at]
  ldr.w \w1, [r0, #\at+4]
  ldr.w \w2, [r0, #\at+8]
  .ifb \rotation
  sxtb16 \w0, \w0
  sxtb16 \w1, \w1
  sxtb16 \w2, \w2
  .else
  sxtb16 \w0, \w0, \rotation
  sxtb16 \w1, \w1, \rotation
  sxtb16 \w2, \w2, \rotation
  .endif
  .endm

  // A filter for two channels; its rows a, b, c are r2-r4, r5-r7, r8-r10.
  .macro filter at, rotation:vararg
  three_weights r2, r3, r4, 0, \rotation
  three sadd16, r5, r6, r7, r2, r3, r4, r2, r3, r4
  three sadd16, r5, r6, r7, r5, r6, r7, r2, r3, r4
  six_of_three r5, r6, r7, \at+0*6*64                             // 3a
  three_weights r8, r9, r10, 24, \rotation
  three sadd16, r2, r3, r4, r2, r3, r4, r8, r9, r10      // s = a + c
  three sadd16, r11, r12, lr, r8, r9, r10, r8, r9, r10
  three sadd16, r8, r9, r10, r8, r9, r10, r11, r12, lr
  six_of_three r8, r9, r10, \at+5*6*64                            // 3c
  three_weights r5, r6, r7, 12, \rotation
  three sadd16, r2, r3, r4, r2, r3, r4, r5, r6, r7
  six_of_three r2, r3, r4, \at+1*6*64                             // s + b
  three sadd16, r8, r9, r10, r8, r9, r10, r2, r3, r4
  three sadd16, r8, r9, r10, r8, r9, r10, r5, r6, r7
  six_of_three r8, r9, r10, \at+3*6*64                            // s + 3c + 2b
  three sadd16, r5, r6, r7, r5, r6, r7, r5, r6, r7
  three ssub16, r2, r3, r4, r2, r3, r4, r5, r6, r7
  six_of_three r2, r3, r4, \at+2*6*64                             // s - b
  three ssub16, r8, r9, r10, r8, r9, r10, r5, r6, r7
  three ssub16, r8, r9, r10, r8, r9, r10, r5, r6, r7
  six_of_three r8, r9, r10, \at+4*6*64                            // s + 3c - 2b
  .endm

  // void WinogradWeights4(const int8_t* weights, uint32_t* u, int32_t quads): U of one pair of outputs.
  //   r0 weights, r1 U, s0 end of the weights, s1 where the first position's U of this chunk ends
  .section .text.WinogradWeights4, "ax", %progbits
  .balign 16
  .global WinogradWeights4
  .thumb_func
WinogradWeights4:
  push {r4-r11, lr}
  movs r3, #72
  mul r2, r2, r3
  adds r2, r0
  vmov s0, r2
  add r3, r1, #64
  vmov s1, r3
  .balign 8
1:
  filter 0
  filter 8, ror #8
  adds r0, #36
  tst r1, #4
  bne 2f
  adds r1, #4                     // the second output
  b.w 1b
2:
  adds r1, #12                    // the next two pairs of channels
  vmov r3, s1
  cmp r1, r3
  bne 3f
  add.w r1, r1, #36*64-64         // the next chunk
  add.w r3, r3, #36*64
  vmov s1, r3
3:
  vmov r2, s0
  cmp r0, r2
  bne.w 1b
  pop {r4-r11, pc}

#endif
