// Runs blocks of instructions one after another, each from a state that the host has written down, and writes down what
// each has come to. random_program.h says where everything lies; the numbers here are the same.
//
// A block begins by an exception return and ends with SVC 255, so both happen every time. Faults are summed up, and the
// block goes on behind the instruction; where that is impossible, at its end.
  .syntax unified
  .cpu cortex-m4
  .fpu fpv4-sp-d16
  .thumb

  .equ kHeader, 0x21000000      // counts and addresses, then pairs of address and value to write
  .equ kPattern, 0x21001000     // what the scratch memory holds when a block begins
  .equ kScratch, 0x20010000
  .equ kScratchEnd, 0x20010300
  .equ kStack, 0x20010280       // the process stack pointer when a block begins
  .equ kState, 0x20001000       // variables
  .equ kSystemControl, 0xe000ed00

  // Variables.
  .equ kEntry, 0                // of the table, for the block that runs
  .equ kOutput, 4
  .equ kLeft, 8
  .equ kFaultSum, 12
  .equ kFaultCount, 16
  .equ kHardFault, 20           // HFSR

  .section .vectors, "a"
  .word kState
  .word Reset + 1
  .rept 9
  .word Fault + 1
  .endr
  .word Supervisor + 1
  .rept 4
  .word Fault + 1
  .endr
  .rept 32
  .word Fault + 1
  .endr

  .text
  .global Reset
  .thumb_func
Reset:
  ldr r0, =kHeader
  ldr r1, [r0, #4]              // blocks
  ldr r2, [r0, #12]             // table
  ldr r3, [r0, #16]             // outputs
  ldr r4, =kState
  str r1, [r4, #kLeft]
  str r2, [r4, #kEntry]
  str r3, [r4, #kOutput]
  // The FPU on, then what the host wants written.
  ldr r5, =kSystemControl
  ldr r6, [r5, #0x88]
  orr r6, #0xf << 20
  str r6, [r5, #0x88]
  dsb
  isb
  ldr r6, [r0, #20]             // pairs
  add r7, r0, #0x40
1:
  cbz r6, 2f
  ldmia r7!, {r1, r2}
  str r2, [r1]
  subs r6, #1
  b 1b
2:
  dsb
  isb
  ldr r0, =kStack - 0x20
  msr psp, r0
  movs r0, #2
  msr control, r0
  isb
  svc 254

  .thumb_func
Supervisor:
  tst lr, #4
  beq Lost
  mrs r0, psp
  ldr r1, [r0, #24]
  ldrb r2, [r1, #-2]
  cmp r2, #254
  beq NextBlock
  cmp r2, #255
  beq EndOfBlock
  ldr r3, =kState
  ldr r1, [r3, #kFaultSum]
  add r1, r2, r1, ror #5
  str r1, [r3, #kFaultSum]
  bx lr

// Record: r4 to r11; r0 to r3, r12, lr, pc, xpsr; control, primask, basepri, EXC_RETURN, psp, ipsr; s0 to s31; the modes in
// FPSCR now, FPSCR as stacked, faults' sum, faults' count, hash of the scratch memory. What has been stacked is taken from
// there: the architecture does not say what becomes of s0 to s15 and FPSCR's flags then.
EndOfBlock:
  ldr r3, =kSystemControl       // the MPU off: scratch memory is to be read and written
  movs r2, #0
  str r2, [r3, #0x94]
  dsb
  ldr r3, =kState
  ldr r2, [r3, #kOutput]
  stmia r2!, {r4-r11}
  ldmia r0, {r4-r11}
  stmia r2!, {r4-r11}
  mrs r3, control
  mrs r4, primask
  mrs r5, basepri
  mov r6, lr
  mov r7, r0
  mrs r8, ipsr
  stmia r2!, {r3-r8}
  vstmia r2!, {s0-s31}          // writes the floating-point state to the stack first, if that is still to be done
  vmrs r3, fpscr
  and r3, #0x07c00000
  movs r4, #0
  tst lr, #0x10
  bne 1f
  ldr r4, [r0, #0x60]
  add r1, r0, #0x20
  vldmia r1, {s0-s15}
  sub r1, r2, #0x80
  vstmia r1, {s0-s15}
1:
  ldr r1, =kState
  ldr r5, [r1, #kFaultSum]
  ldr r6, [r1, #kFaultCount]
  movs r7, #0
  ldr r0, =kScratch
  ldr r1, =kScratchEnd
1:
  ldmia r0!, {r8-r11}
  eor r7, r8, r7, ror #5
  add r7, r9, r7, ror #5
  eor r7, r10, r7, ror #5
  add r7, r11, r7, ror #5
  cmp r0, r1
  blo 1b
  stmia r2!, {r3-r7}
  ldr r3, =kState
  ldr r0, [r3, #kOutput]
  add r0, #256
  str r0, [r3, #kOutput]
  ldr r0, [r3, #kEntry]
  adds r0, #8
  str r0, [r3, #kEntry]
  ldr r0, [r3, #kLeft]
  subs r0, #1
  str r0, [r3, #kLeft]
NextBlock:
  ldr r3, =kState
  movs r0, #0
  msr primask, r0
  msr basepri, r0
  str r0, [r3, #kFaultSum]
  str r0, [r3, #kFaultCount]
  ldr r0, [r3, #kLeft]
  cmp r0, #0
  beq AllDone
  // The scratch memory.
  ldr r0, =kPattern
  ldr r1, =kScratch
  ldr r2, =kScratchEnd
1:
  ldmia r0!, {r4-r11}
  stmia r1!, {r4-r11}
  cmp r1, r2
  blo 1b
  // State of the block: frame of 26 words; r4 to r11; s16 to s31; EXC_RETURN, control, basepri, primask, FPDSCR.
  ldr r0, [r3, #kEntry]
  ldmia r0, {r2, r12}           // code, state
  add r0, r12, #26 * 4 + 24 * 4
  ldmia r0, {r4-r8}
  mov lr, r4
  ldr r1, =kSystemControl + 0x23c
  str r8, [r1]                  // FPDSCR
  dsb
  add r0, r12, #26 * 4 + 8 * 4
  vldmia r0, {s16-s31}
  add r0, r12, #8 * 4
  vldmia r0, {s0-s15}
  ldr r1, [r12, #24 * 4]
  vmsr fpscr, r1
  ldr r1, =kStack - 0x68
  tst lr, #0x10
  it ne
  addne r1, #0x48
  msr psp, r1
  mov r0, r12
  ldmia r0!, {r8-r11}
  stmia r1!, {r8-r11}
  ldmia r0!, {r8-r11}
  mov r10, r2
  stmia r1!, {r8-r11}
  bne 2f
  movs r4, #18
1:
  ldr r8, [r0], #4
  str r8, [r1], #4
  subs r4, #1
  bne 1b
2:
  ldr r0, =kHeader
  ldr r0, [r0, #24]             // MPU_CTRL
  ldr r1, =kSystemControl
  str r0, [r1, #0x94]
  dsb
  msr control, r5
  msr basepri, r6
  msr primask, r7
  isb
  add r0, r12, #26 * 4
  ldmia r0, {r4-r11}
  bx lr

AllDone:
  ldr r0, =kHeader
  movs r1, #1
  str r1, [r0, #8]
1:
  cpsid i
  wfi
  b 1b

// A fault in here, or one that nobody expected.
Lost:
  ldr r0, =kHeader
  mrs r1, ipsr
  add r1, #0x100
  str r1, [r0, #8]
1:
  cpsid i
  wfi
  b 1b

  .thumb_func
Fault:
  tst lr, #4
  beq Lost
  mrs r0, psp
  ldr r3, =kState
  ldr r12, =kSystemControl
  ldr r1, [r3, #kFaultSum]
  mrs r2, ipsr
  add r1, r2, r1, ror #5
  ldr r2, [r12, #0x2c]          // HFSR
  str r2, [r12, #0x2c]
  // A BKPT in QEMU is FORCED, not DEBUGEVT as the manual says.
  cmp r2, #1 << 31
  it eq
  moveq r2, #1 << 30
  str r2, [r3, #kHardFault]
  add r1, r2, r1, ror #5
  push {r4, r5}
  ldr r4, [r12, #0x28]          // CFSR
  str r4, [r12, #0x28]
  add r1, r4, r1, ror #5
  tst r4, #0x80
  itt ne
  ldrne r2, [r12, #0x34]        // MMFAR
  addne r1, r2, r1, ror #5
  tst r4, #0x8000
  itt ne
  ldrne r2, [r12, #0x38]        // BFAR
  addne r1, r2, r1, ror #5
  ldr r2, [r3, #kFaultCount]
  add r2, #1
  str r2, [r3, #kFaultCount]
  ldr r5, =0x00061919           // stacking, unstacking, fetching; INVSTATE, INVPC
  tst r4, r5
  bne ToTheEnd
  // What cannot be stacked is not read.
  ldr r5, [r0, #24]
  add r1, r5, r1, ror #5
  ldr r2, [r0, #28]
  add r1, r2, r1, ror #5
  str r1, [r3, #kFaultSum]
  // SVC that was not let through (HFSR.FORCED, no other fault): it has been executed.
  cbnz r4, 1f
  ldr r2, [r3, #kHardFault]
  cmp r2, #1 << 30
  bne 1f
  ldr r2, [r3, #kEntry]
  ldr r2, [r2]
  ldr r2, [r2, #-4]             // a word before each block: its end
  adds r2, #2
  cmp r2, r5
  bne 3f
  pop {r4, r5}
  b EndOfBlock
3:
  ldrb r2, [r5, #1]
  cmp r2, #0xbe                 // a BKPT, which has not
  beq 1f
  ldrh r2, [r5, #-2]
  lsrs r2, #8
  cmp r2, #0xdf
  beq Leave
1:
  ldrh r2, [r5]
  movw r4, #0xe800
  cmp r2, r4
  ite hs
  addhs r5, #4
  addlo r5, #2
  str r5, [r0, #24]
  // IT advances.
  ldr r2, [r0, #28]
  ubfx r4, r2, #10, #6
  ubfx r5, r2, #25, #2
  orr r4, r5, r4, lsl #2
  tst r4, #7
  ite eq
  moveq r4, #0
  lslne r5, r4, #1
  beq 4f
  and r4, #0xe0
  and r5, #0x1f
  orrs r4, r5
4:
  bfi r2, r4, #25, #2
  lsrs r4, #2
  bfi r2, r4, #10, #6
  str r2, [r0, #28]
Leave:
  pop {r4, r5}
  bx lr

ToTheEnd:
  str r1, [r3, #kFaultSum]
  ldr r2, [r3, #kEntry]
  ldr r2, [r2]
  ldr r2, [r2, #-4]
  str r2, [r0, #24]
  mov r2, #0x01000000
  str r2, [r0, #28]
  b Leave
