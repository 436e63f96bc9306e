// Every instruction that the core executes: one list that the decoder, the tests and their generator read.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_ENCODINGS_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_ENCODINGS_H_

#include <cstdint>
#include <iterator>

namespace thimble::simulator {

/// What an instruction is for, so that tests can tell whether they have covered it.
enum class EncodingClass : uint8_t {
  kMove,
  kArithmetic,
  kLogic,
  kShift,
  kCompare,
  kExtend,
  kPack,
  kReverse,
  kBitField,
  kSaturate,
  kParallel,
  kMultiply,
  kLongMultiply,
  kDivide,
  kLoad,
  kStore,
  kLoadMultiple,
  kStoreMultiple,
  kExclusive,
  kBranch,
  kIfThen,
  kHint,
  kBarrier,
  kSpecial,  ///< MRS, MSR, CPS
  kTrap,     ///< SVC, BKPT, UDF
  kFloatArithmetic,
  kFloatCompare,
  kFloatConvert,
  kFloatMove,
  kFloatLoad,
  kFloatStore,
};

/// What a 32-bit instruction must not be besides its fixed bits. Fields: D is 11:8, N 19:16, T 15:12, M 3:0.
enum EncodingRule : uint16_t {
  kAnything = 0,
  kNoSpD = 1,
  kNoPcD = 2,
  kNoSpN = 4,
  kNoPcN = 8,
  kNoSpT = 16,
  kNoPcT = 32,
  kNoSpM = 64,
  kNoPcM = 128,
  kPlainD = kNoSpD | kNoPcD,
  kPlainN = kNoSpN | kNoPcN,
  kPlainT = kNoSpT | kNoPcT,
  kPlainM = kNoSpM | kNoPcM,
  kDistinctDT = 256,       ///< fields D and T differ
  kBaseNotT = 512,         ///< fields N and T differ, as write-back needs
  kSpOnlyFromSp = 1024,    ///< D is 13 only when N is, and only with a shift of at most LSL 3
  kSameM = 2048,           ///< fields N and M are the same register
  kList = 4096,            ///< a list of registers: two or more, not PC and LR both, the base not among them
  kFloatList = 8192,       ///< a list of floating-point registers: not empty, within the 32
  kLowDouble = 16384,      ///< a double-precision register below 16
  kNoItCondition = 32768,  ///< its condition (25:22) is a condition
};

// X(identifier, name, mask, value, class[, rules]): most specific first, the first one that fits is the instruction.
// Arm DDI0403, sections A5.2 (16 bits) and A5.3, A6 (32 bits, the first half in the upper 16).
#define THIMBLE_NARROW_ENCODINGS(X)                                        \
  X(NMovs, "MOVS (register) T2", 0xffc0, 0x0000, kMove)                    \
  X(NLslImm, "LSL (immediate) T1", 0xf800, 0x0000, kShift)                 \
  X(NLsrImm, "LSR (immediate) T1", 0xf800, 0x0800, kShift)                 \
  X(NAsrImm, "ASR (immediate) T1", 0xf800, 0x1000, kShift)                 \
  X(NAddReg, "ADD (register) T1", 0xfe00, 0x1800, kArithmetic)             \
  X(NSubReg, "SUB (register) T1", 0xfe00, 0x1a00, kArithmetic)             \
  X(NAddImm3, "ADD (immediate) T1", 0xfe00, 0x1c00, kArithmetic)           \
  X(NSubImm3, "SUB (immediate) T1", 0xfe00, 0x1e00, kArithmetic)           \
  X(NMovImm, "MOV (immediate) T1", 0xf800, 0x2000, kMove)                  \
  X(NCmpImm, "CMP (immediate) T1", 0xf800, 0x2800, kCompare)               \
  X(NAddImm8, "ADD (immediate) T2", 0xf800, 0x3000, kArithmetic)           \
  X(NSubImm8, "SUB (immediate) T2", 0xf800, 0x3800, kArithmetic)           \
  X(NAnd, "AND (register) T1", 0xffc0, 0x4000, kLogic)                     \
  X(NEor, "EOR (register) T1", 0xffc0, 0x4040, kLogic)                     \
  X(NLslReg, "LSL (register) T1", 0xffc0, 0x4080, kShift)                  \
  X(NLsrReg, "LSR (register) T1", 0xffc0, 0x40c0, kShift)                  \
  X(NAsrReg, "ASR (register) T1", 0xffc0, 0x4100, kShift)                  \
  X(NAdc, "ADC (register) T1", 0xffc0, 0x4140, kArithmetic)                \
  X(NSbc, "SBC (register) T1", 0xffc0, 0x4180, kArithmetic)                \
  X(NRorReg, "ROR (register) T1", 0xffc0, 0x41c0, kShift)                  \
  X(NTst, "TST (register) T1", 0xffc0, 0x4200, kCompare)                   \
  X(NRsb, "RSB (immediate) T1", 0xffc0, 0x4240, kArithmetic)               \
  X(NCmpReg, "CMP (register) T1", 0xffc0, 0x4280, kCompare)                \
  X(NCmn, "CMN (register) T1", 0xffc0, 0x42c0, kCompare)                   \
  X(NOrr, "ORR (register) T1", 0xffc0, 0x4300, kLogic)                     \
  X(NMul, "MUL T1", 0xffc0, 0x4340, kMultiply)                             \
  X(NBic, "BIC (register) T1", 0xffc0, 0x4380, kLogic)                     \
  X(NMvn, "MVN (register) T1", 0xffc0, 0x43c0, kLogic)                     \
  X(NAddHigh, "ADD (register) T2", 0xff00, 0x4400, kArithmetic)            \
  X(NCmpHigh, "CMP (register) T2", 0xff00, 0x4500, kCompare)               \
  X(NMovHigh, "MOV (register) T1", 0xff00, 0x4600, kMove)                  \
  X(NBx, "BX T1", 0xff87, 0x4700, kBranch)                                 \
  X(NBlx, "BLX (register) T1", 0xff87, 0x4780, kBranch)                    \
  X(NLdrLiteral, "LDR (literal) T1", 0xf800, 0x4800, kLoad)                \
  X(NStrReg, "STR (register) T1", 0xfe00, 0x5000, kStore)                  \
  X(NStrhReg, "STRH (register) T1", 0xfe00, 0x5200, kStore)                \
  X(NStrbReg, "STRB (register) T1", 0xfe00, 0x5400, kStore)                \
  X(NLdrsbReg, "LDRSB (register) T1", 0xfe00, 0x5600, kLoad)               \
  X(NLdrReg, "LDR (register) T1", 0xfe00, 0x5800, kLoad)                   \
  X(NLdrhReg, "LDRH (register) T1", 0xfe00, 0x5a00, kLoad)                 \
  X(NLdrbReg, "LDRB (register) T1", 0xfe00, 0x5c00, kLoad)                 \
  X(NLdrshReg, "LDRSH (register) T1", 0xfe00, 0x5e00, kLoad)               \
  X(NStrImm, "STR (immediate) T1", 0xf800, 0x6000, kStore)                 \
  X(NLdrImm, "LDR (immediate) T1", 0xf800, 0x6800, kLoad)                  \
  X(NStrbImm, "STRB (immediate) T1", 0xf800, 0x7000, kStore)               \
  X(NLdrbImm, "LDRB (immediate) T1", 0xf800, 0x7800, kLoad)                \
  X(NStrhImm, "STRH (immediate) T1", 0xf800, 0x8000, kStore)               \
  X(NLdrhImm, "LDRH (immediate) T1", 0xf800, 0x8800, kLoad)                \
  X(NStrSp, "STR (immediate) T2", 0xf800, 0x9000, kStore)                  \
  X(NLdrSp, "LDR (immediate) T2", 0xf800, 0x9800, kLoad)                   \
  X(NAdr, "ADR T1", 0xf800, 0xa000, kArithmetic)                           \
  X(NAddSp, "ADD (SP plus immediate) T1", 0xf800, 0xa800, kArithmetic)     \
  X(NAddSpImm, "ADD (SP plus immediate) T2", 0xff80, 0xb000, kArithmetic)  \
  X(NSubSpImm, "SUB (SP minus immediate) T1", 0xff80, 0xb080, kArithmetic) \
  X(NCbz, "CBZ T1", 0xfd00, 0xb100, kBranch)                               \
  X(NCbnz, "CBNZ T1", 0xfd00, 0xb900, kBranch)                             \
  X(NSxth, "SXTH T1", 0xffc0, 0xb200, kExtend)                             \
  X(NSxtb, "SXTB T1", 0xffc0, 0xb240, kExtend)                             \
  X(NUxth, "UXTH T1", 0xffc0, 0xb280, kExtend)                             \
  X(NUxtb, "UXTB T1", 0xffc0, 0xb2c0, kExtend)                             \
  X(NPush, "PUSH T1", 0xfe00, 0xb400, kStoreMultiple)                      \
  X(NCps, "CPS T1", 0xffec, 0xb660, kSpecial)                              \
  X(NRev, "REV T1", 0xffc0, 0xba00, kReverse)                              \
  X(NRev16, "REV16 T1", 0xffc0, 0xba40, kReverse)                          \
  X(NRevsh, "REVSH T1", 0xffc0, 0xbac0, kReverse)                          \
  X(NPop, "POP T1", 0xfe00, 0xbc00, kLoadMultiple)                         \
  X(NBkpt, "BKPT T1", 0xff00, 0xbe00, kTrap)                               \
  X(NNop, "NOP T1", 0xffff, 0xbf00, kHint)                                 \
  X(NYield, "YIELD T1", 0xffff, 0xbf10, kHint)                             \
  X(NWfe, "WFE T1", 0xffff, 0xbf20, kHint)                                 \
  X(NWfi, "WFI T1", 0xffff, 0xbf30, kHint)                                 \
  X(NSev, "SEV T1", 0xffff, 0xbf40, kHint)                                 \
  X(NHint, "hint without a name T1", 0xff0f, 0xbf00, kHint)                \
  X(NIt, "IT T1", 0xff00, 0xbf00, kIfThen)                                 \
  X(NStm, "STM T1", 0xf800, 0xc000, kStoreMultiple)                        \
  X(NLdm, "LDM T1", 0xf800, 0xc800, kLoadMultiple)                         \
  X(NUdf, "UDF T1", 0xff00, 0xde00, kTrap)                                 \
  X(NSvc, "SVC T1", 0xff00, 0xdf00, kTrap)                                 \
  X(NBcc, "B T1", 0xf000, 0xd000, kBranch)                                 \
  X(NB, "B T2", 0xf800, 0xe000, kBranch)

#define THIMBLE_WIDE_ENCODINGS(X)                                                                                     \
  /* Several registers, two registers, exclusive, table branch. */                                                    \
  X(WStm, "STM T2", 0xffd0a000, 0xe8800000, kStoreMultiple, kNoPcN | kList)                                           \
  X(WLdm, "LDM T2", 0xffd02000, 0xe8900000, kLoadMultiple, kNoPcN | kList)                                            \
  X(WStmdb, "STMDB T1", 0xffd0a000, 0xe9000000, kStoreMultiple, kNoPcN | kList)                                       \
  X(WLdmdb, "LDMDB T1", 0xffd02000, 0xe9100000, kLoadMultiple, kNoPcN | kList)                                        \
  X(WStrex, "STREX T1", 0xfff00000, 0xe8400000, kExclusive, kPlainD | kPlainT | kNoPcN | kDistinctDT)                 \
  X(WLdrex, "LDREX T1", 0xfff00f00, 0xe8500f00, kExclusive, kPlainT | kNoPcN)                                         \
  X(WStrexb, "STREXB T1", 0xfff00ff0, 0xe8c00f40, kExclusive, kPlainM | kPlainT | kNoPcN)                             \
  X(WStrexh, "STREXH T1", 0xfff00ff0, 0xe8c00f50, kExclusive, kPlainM | kPlainT | kNoPcN)                             \
  X(WTbb, "TBB T1", 0xfff0fff0, 0xe8d0f000, kBranch, kNoSpN | kPlainM)                                                \
  X(WTbh, "TBH T1", 0xfff0fff0, 0xe8d0f010, kBranch, kNoSpN | kPlainM)                                                \
  X(WLdrexb, "LDREXB T1", 0xfff00fff, 0xe8d00f4f, kExclusive, kPlainT | kNoPcN)                                       \
  X(WLdrexh, "LDREXH T1", 0xfff00fff, 0xe8d00f5f, kExclusive, kPlainT | kNoPcN)                                       \
  X(WStrdOffset, "STRD (immediate) T1", 0xff700000, 0xe9400000, kStore, kPlainD | kPlainT | kNoPcN)                   \
  X(WStrdIndexed, "STRD (immediate) T1, write-back", 0xfe700000, 0xe8600000, kStore,                                  \
    kPlainD | kPlainT | kNoPcN | kBaseNotT)                                                                           \
  X(WLdrdLiteral, "LDRD (literal) T1", 0xff7f0000, 0xe95f0000, kLoad, kPlainD | kPlainT | kDistinctDT)                \
  X(WLdrdOffset, "LDRD (immediate) T1", 0xff700000, 0xe9500000, kLoad, kPlainD | kPlainT | kNoPcN | kDistinctDT)      \
  X(WLdrdIndexed, "LDRD (immediate) T1, write-back", 0xfe700000, 0xe8700000, kLoad,                                   \
    kPlainD | kPlainT | kNoPcN | kDistinctDT | kBaseNotT)                                                             \
  /* Data processing, shifted register. */                                                                            \
  X(WTstReg, "TST (register) T2", 0xfff08f00, 0xea100f00, kCompare, kPlainN | kPlainM)                                \
  X(WAndReg, "AND (register) T2", 0xffe08000, 0xea000000, kLogic, kPlainD | kPlainN | kPlainM)                        \
  X(WBicReg, "BIC (register) T2", 0xffe08000, 0xea200000, kLogic, kPlainD | kPlainN | kPlainM)                        \
  X(WMovsShift, "MOVS, LSLS, LSRS, ASRS, RORS, RRXS (immediate)", 0xffff8000, 0xea5f0000, kShift, kPlainD | kPlainM)  \
  X(WMovReg, "MOV (register) T3", 0xfffff0f0, 0xea4f0000, kMove, kNoPcD | kNoPcM)                                     \
  X(WMovShift, "LSL, LSR, ASR, ROR, RRX (immediate)", 0xffff8000, 0xea4f0000, kShift, kPlainD | kPlainM)              \
  X(WOrrReg, "ORR (register) T2", 0xffe08000, 0xea400000, kLogic, kPlainD | kPlainN | kPlainM)                        \
  X(WMvnReg, "MVN (register) T2", 0xffef8000, 0xea6f0000, kLogic, kPlainD | kPlainM)                                  \
  X(WOrnReg, "ORN (register) T1", 0xffe08000, 0xea600000, kLogic, kPlainD | kPlainN | kPlainM)                        \
  X(WTeqReg, "TEQ (register) T1", 0xfff08f00, 0xea900f00, kCompare, kPlainN | kPlainM)                                \
  X(WEorReg, "EOR (register) T2", 0xffe08000, 0xea800000, kLogic, kPlainD | kPlainN | kPlainM)                        \
  X(WPkh, "PKHBT, PKHTB T1", 0xfff08010, 0xeac00000, kPack, kPlainD | kPlainN | kPlainM)                              \
  X(WCmnReg, "CMN (register) T2", 0xfff08f00, 0xeb100f00, kCompare, kNoPcN | kPlainM)                                 \
  X(WAddReg, "ADD (register) T3", 0xffe08000, 0xeb000000, kArithmetic, kNoPcD | kNoPcN | kPlainM | kSpOnlyFromSp)     \
  X(WAdcReg, "ADC (register) T2", 0xffe08000, 0xeb400000, kArithmetic, kPlainD | kPlainN | kPlainM)                   \
  X(WSbcReg, "SBC (register) T2", 0xffe08000, 0xeb600000, kArithmetic, kPlainD | kPlainN | kPlainM)                   \
  X(WCmpReg, "CMP (register) T3", 0xfff08f00, 0xebb00f00, kCompare, kNoPcN | kPlainM)                                 \
  X(WSubReg, "SUB (register) T2", 0xffe08000, 0xeba00000, kArithmetic, kNoPcD | kNoPcN | kPlainM | kSpOnlyFromSp)     \
  X(WRsbReg, "RSB (register) T1", 0xffe08000, 0xebc00000, kArithmetic, kPlainD | kPlainN | kPlainM)                   \
  /* Data processing, modified immediate. */                                                                          \
  X(WTstImm, "TST (immediate) T1", 0xfbf08f00, 0xf0100f00, kCompare, kPlainN)                                         \
  X(WAndImm, "AND (immediate) T1", 0xfbe08000, 0xf0000000, kLogic, kPlainD | kPlainN)                                 \
  X(WBicImm, "BIC (immediate) T1", 0xfbe08000, 0xf0200000, kLogic, kPlainD | kPlainN)                                 \
  X(WMovImm, "MOV (immediate) T2", 0xfbef8000, 0xf04f0000, kMove, kPlainD)                                            \
  X(WOrrImm, "ORR (immediate) T1", 0xfbe08000, 0xf0400000, kLogic, kPlainD | kPlainN)                                 \
  X(WMvnImm, "MVN (immediate) T1", 0xfbef8000, 0xf06f0000, kLogic, kPlainD)                                           \
  X(WOrnImm, "ORN (immediate) T1", 0xfbe08000, 0xf0600000, kLogic, kPlainD | kPlainN)                                 \
  X(WTeqImm, "TEQ (immediate) T1", 0xfbf08f00, 0xf0900f00, kCompare, kPlainN)                                         \
  X(WEorImm, "EOR (immediate) T1", 0xfbe08000, 0xf0800000, kLogic, kPlainD | kPlainN)                                 \
  X(WCmnImm, "CMN (immediate) T1", 0xfbf08f00, 0xf1100f00, kCompare, kNoPcN)                                          \
  X(WAddImm, "ADD (immediate) T3", 0xfbe08000, 0xf1000000, kArithmetic, kNoPcD | kNoPcN | kSpOnlyFromSp)              \
  X(WAdcImm, "ADC (immediate) T1", 0xfbe08000, 0xf1400000, kArithmetic, kPlainD | kPlainN)                            \
  X(WSbcImm, "SBC (immediate) T1", 0xfbe08000, 0xf1600000, kArithmetic, kPlainD | kPlainN)                            \
  X(WCmpImm, "CMP (immediate) T2", 0xfbf08f00, 0xf1b00f00, kCompare, kNoPcN)                                          \
  X(WSubImm, "SUB (immediate) T3", 0xfbe08000, 0xf1a00000, kArithmetic, kNoPcD | kNoPcN | kSpOnlyFromSp)              \
  X(WRsbImm, "RSB (immediate) T2", 0xfbe08000, 0xf1c00000, kArithmetic, kPlainD | kPlainN)                            \
  /* Data processing, plain immediate. */                                                                             \
  X(WAdrAdd, "ADR T3", 0xfbff8000, 0xf20f0000, kArithmetic, kPlainD)                                                  \
  X(WAddw, "ADD (immediate) T4", 0xfbf08000, 0xf2000000, kArithmetic, kNoPcD | kNoPcN | kSpOnlyFromSp)                \
  X(WMovw, "MOV (immediate) T3", 0xfbf08000, 0xf2400000, kMove, kPlainD)                                              \
  X(WAdrSub, "ADR T2", 0xfbff8000, 0xf2af0000, kArithmetic, kPlainD)                                                  \
  X(WSubw, "SUB (immediate) T4", 0xfbf08000, 0xf2a00000, kArithmetic, kNoPcD | kNoPcN | kSpOnlyFromSp)                \
  X(WMovt, "MOVT T1", 0xfbf08000, 0xf2c00000, kMove, kPlainD)                                                         \
  X(WSsat16, "SSAT16 T1", 0xfff0f0f0, 0xf3200000, kSaturate, kPlainD | kPlainN)                                       \
  X(WSsat, "SSAT T1", 0xffd08020, 0xf3000000, kSaturate, kPlainD | kPlainN)                                           \
  X(WSbfx, "SBFX T1", 0xfff08020, 0xf3400000, kBitField, kPlainD | kPlainN)                                           \
  X(WBfc, "BFC T1", 0xffff8020, 0xf36f0000, kBitField, kPlainD)                                                       \
  X(WBfi, "BFI T1", 0xfff08020, 0xf3600000, kBitField, kPlainD | kNoSpN)                                              \
  X(WUsat16, "USAT16 T1", 0xfff0f0f0, 0xf3a00000, kSaturate, kPlainD | kPlainN)                                       \
  X(WUsat, "USAT T1", 0xffd08020, 0xf3800000, kSaturate, kPlainD | kPlainN)                                           \
  X(WUbfx, "UBFX T1", 0xfff08020, 0xf3c00000, kBitField, kPlainD | kPlainN)                                           \
  /* Branches and what concerns the whole processor. */                                                               \
  X(WMsr, "MSR T1", 0xfff0f300, 0xf3808000, kSpecial, kPlainN)                                                        \
  X(WMrs, "MRS T1", 0xfffff000, 0xf3ef8000, kSpecial, kPlainD)                                                        \
  X(WWfe, "WFE T2", 0xffffffff, 0xf3af8002, kHint, kAnything)                                                         \
  X(WWfi, "WFI T2", 0xffffffff, 0xf3af8003, kHint, kAnything)                                                         \
  X(WSev, "SEV T2", 0xffffffff, 0xf3af8004, kHint, kAnything)                                                         \
  X(WHint, "NOP, YIELD, DBG T2", 0xffffff00, 0xf3af8000, kHint, kAnything)                                            \
  X(WClrex, "CLREX T1", 0xffffffff, 0xf3bf8f2f, kExclusive, kAnything)                                                \
  X(WDsb, "DSB T1", 0xfffffff0, 0xf3bf8f40, kBarrier, kAnything)                                                      \
  X(WDmb, "DMB T1", 0xfffffff0, 0xf3bf8f50, kBarrier, kAnything)                                                      \
  X(WIsb, "ISB T1", 0xfffffff0, 0xf3bf8f60, kBarrier, kAnything)                                                      \
  X(WUdf, "UDF T2", 0xfff0f000, 0xf7f0a000, kTrap, kAnything)                                                         \
  X(WBl, "BL T1", 0xf800d000, 0xf000d000, kBranch, kAnything)                                                         \
  X(WB, "B T4", 0xf800d000, 0xf0009000, kBranch, kAnything)                                                           \
  X(WBcc, "B T3", 0xf800d000, 0xf0008000, kBranch, kNoItCondition)                                                    \
  /* Single loads and stores; hints that load nothing come first. */                                                  \
  X(WPldLiteral, "PLD (literal) T1", 0xff7ff000, 0xf81ff000, kHint, kAnything)                                        \
  X(WPldImm12, "PLD (immediate) T1", 0xfff0f000, 0xf890f000, kHint, kAnything)                                        \
  X(WPldImm8, "PLD (immediate) T2", 0xfff0ff00, 0xf810fc00, kHint, kAnything)                                         \
  X(WPldReg, "PLD (register) T1", 0xfff0ffc0, 0xf810f000, kHint, kPlainM)                                             \
  X(WPliLiteral, "PLI (literal) T3", 0xff7ff000, 0xf91ff000, kHint, kAnything)                                        \
  X(WPliImm12, "PLI (immediate) T1", 0xfff0f000, 0xf990f000, kHint, kAnything)                                        \
  X(WPliImm8, "PLI (immediate) T2", 0xfff0ff00, 0xf910fc00, kHint, kAnything)                                         \
  X(WPliReg, "PLI (register) T1", 0xfff0ffc0, 0xf910f000, kHint, kPlainM)                                             \
  X(WStrbImm12, "STRB (immediate) T2", 0xfff00000, 0xf8800000, kStore, kPlainT | kNoPcN)                              \
  X(WStrhImm12, "STRH (immediate) T2", 0xfff00000, 0xf8a00000, kStore, kPlainT | kNoPcN)                              \
  X(WStrImm12, "STR (immediate) T3", 0xfff00000, 0xf8c00000, kStore, kNoPcT | kNoPcN)                                 \
  X(WStrbReg, "STRB (register) T2", 0xfff00fc0, 0xf8000000, kStore, kPlainT | kNoPcN | kPlainM)                       \
  X(WStrhReg, "STRH (register) T2", 0xfff00fc0, 0xf8200000, kStore, kPlainT | kNoPcN | kPlainM)                       \
  X(WStrReg, "STR (register) T2", 0xfff00fc0, 0xf8400000, kStore, kNoPcT | kNoPcN | kPlainM)                          \
  X(WStrbt, "STRBT T1", 0xfff00f00, 0xf8000e00, kStore, kPlainT | kNoPcN)                                             \
  X(WStrht, "STRHT T1", 0xfff00f00, 0xf8200e00, kStore, kPlainT | kNoPcN)                                             \
  X(WStrt, "STRT T1", 0xfff00f00, 0xf8400e00, kStore, kPlainT | kNoPcN)                                               \
  X(WStrbImm8, "STRB (immediate) T3", 0xfff00f00, 0xf8000c00, kStore, kPlainT | kNoPcN)                               \
  X(WStrhImm8, "STRH (immediate) T3", 0xfff00f00, 0xf8200c00, kStore, kPlainT | kNoPcN)                               \
  X(WStrImm8, "STR (immediate) T4", 0xfff00f00, 0xf8400c00, kStore, kNoPcT | kNoPcN)                                  \
  X(WStrbIndexed, "STRB (immediate) T3, write-back", 0xfff00900, 0xf8000900, kStore, kPlainT | kNoPcN | kBaseNotT)    \
  X(WStrhIndexed, "STRH (immediate) T3, write-back", 0xfff00900, 0xf8200900, kStore, kPlainT | kNoPcN | kBaseNotT)    \
  X(WStrIndexed, "STR (immediate) T4, write-back", 0xfff00900, 0xf8400900, kStore, kNoPcT | kNoPcN | kBaseNotT)       \
  X(WLdrbLiteral, "LDRB (literal) T1", 0xff7f0000, 0xf81f0000, kLoad, kPlainT)                                        \
  X(WLdrbImm12, "LDRB (immediate) T2", 0xfff00000, 0xf8900000, kLoad, kPlainT)                                        \
  X(WLdrbReg, "LDRB (register) T2", 0xfff00fc0, 0xf8100000, kLoad, kPlainT | kPlainM)                                 \
  X(WLdrbt, "LDRBT T1", 0xfff00f00, 0xf8100e00, kLoad, kPlainT)                                                       \
  X(WLdrbImm8, "LDRB (immediate) T3", 0xfff00f00, 0xf8100c00, kLoad, kPlainT)                                         \
  X(WLdrbIndexed, "LDRB (immediate) T3, write-back", 0xfff00900, 0xf8100900, kLoad, kPlainT | kBaseNotT)              \
  X(WHintHalfLiteral, "memory hint (literal)", 0xfe7ff000, 0xf83ff000, kHint, kAnything)                              \
  X(WHintHalfImm12, "memory hint (immediate)", 0xfef0f000, 0xf8b0f000, kHint, kAnything)                              \
  X(WHintHalfImm8, "memory hint (negative immediate)", 0xfef0ff00, 0xf830fc00, kHint, kAnything)                      \
  X(WHintHalfReg, "memory hint (register)", 0xfef0ffc0, 0xf830f000, kHint, kPlainM)                                   \
  X(WLdrhLiteral, "LDRH (literal) T1", 0xff7f0000, 0xf83f0000, kLoad, kPlainT)                                        \
  X(WLdrhImm12, "LDRH (immediate) T2", 0xfff00000, 0xf8b00000, kLoad, kPlainT)                                        \
  X(WLdrhReg, "LDRH (register) T2", 0xfff00fc0, 0xf8300000, kLoad, kPlainT | kPlainM)                                 \
  X(WLdrht, "LDRHT T1", 0xfff00f00, 0xf8300e00, kLoad, kPlainT)                                                       \
  X(WLdrhImm8, "LDRH (immediate) T3", 0xfff00f00, 0xf8300c00, kLoad, kPlainT)                                         \
  X(WLdrhIndexed, "LDRH (immediate) T3, write-back", 0xfff00900, 0xf8300900, kLoad, kPlainT | kBaseNotT)              \
  X(WLdrLiteral, "LDR (literal) T2", 0xff7f0000, 0xf85f0000, kLoad, kAnything)                                        \
  X(WLdrImm12, "LDR (immediate) T3", 0xfff00000, 0xf8d00000, kLoad, kAnything)                                        \
  X(WLdrReg, "LDR (register) T2", 0xfff00fc0, 0xf8500000, kLoad, kPlainM)                                             \
  X(WLdrt, "LDRT T1", 0xfff00f00, 0xf8500e00, kLoad, kPlainT)                                                         \
  X(WLdrImm8, "LDR (immediate) T4", 0xfff00f00, 0xf8500c00, kLoad, kAnything)                                         \
  X(WLdrIndexed, "LDR (immediate) T4, write-back", 0xfff00900, 0xf8500900, kLoad, kBaseNotT)                          \
  X(WLdrsbLiteral, "LDRSB (literal) T1", 0xff7f0000, 0xf91f0000, kLoad, kPlainT)                                      \
  X(WLdrsbImm12, "LDRSB (immediate) T1", 0xfff00000, 0xf9900000, kLoad, kPlainT)                                      \
  X(WLdrsbReg, "LDRSB (register) T2", 0xfff00fc0, 0xf9100000, kLoad, kPlainT | kPlainM)                               \
  X(WLdrsbt, "LDRSBT T1", 0xfff00f00, 0xf9100e00, kLoad, kPlainT)                                                     \
  X(WLdrsbImm8, "LDRSB (immediate) T2", 0xfff00f00, 0xf9100c00, kLoad, kPlainT)                                       \
  X(WLdrsbIndexed, "LDRSB (immediate) T2, write-back", 0xfff00900, 0xf9100900, kLoad, kPlainT | kBaseNotT)            \
  X(WLdrshLiteral, "LDRSH (literal) T1", 0xff7f0000, 0xf93f0000, kLoad, kPlainT)                                      \
  X(WLdrshImm12, "LDRSH (immediate) T1", 0xfff00000, 0xf9b00000, kLoad, kPlainT)                                      \
  X(WLdrshReg, "LDRSH (register) T2", 0xfff00fc0, 0xf9300000, kLoad, kPlainT | kPlainM)                               \
  X(WLdrsht, "LDRSHT T1", 0xfff00f00, 0xf9300e00, kLoad, kPlainT)                                                     \
  X(WLdrshImm8, "LDRSH (immediate) T2", 0xfff00f00, 0xf9300c00, kLoad, kPlainT)                                       \
  X(WLdrshIndexed, "LDRSH (immediate) T2, write-back", 0xfff00900, 0xf9300900, kLoad, kPlainT | kBaseNotT)            \
  /* Data processing, registers. */                                                                                   \
  X(WLslReg, "LSL (register) T2", 0xffe0f0f0, 0xfa00f000, kShift, kPlainD | kPlainN | kPlainM)                        \
  X(WLsrReg, "LSR (register) T2", 0xffe0f0f0, 0xfa20f000, kShift, kPlainD | kPlainN | kPlainM)                        \
  X(WAsrReg, "ASR (register) T2", 0xffe0f0f0, 0xfa40f000, kShift, kPlainD | kPlainN | kPlainM)                        \
  X(WRorReg, "ROR (register) T2", 0xffe0f0f0, 0xfa60f000, kShift, kPlainD | kPlainN | kPlainM)                        \
  X(WSxtah, "SXTH, SXTAH", 0xfff0f0c0, 0xfa00f080, kExtend, kPlainD | kNoSpN | kPlainM)                               \
  X(WUxtah, "UXTH, UXTAH", 0xfff0f0c0, 0xfa10f080, kExtend, kPlainD | kNoSpN | kPlainM)                               \
  X(WSxtab16, "SXTB16, SXTAB16", 0xfff0f0c0, 0xfa20f080, kExtend, kPlainD | kNoSpN | kPlainM)                         \
  X(WUxtab16, "UXTB16, UXTAB16", 0xfff0f0c0, 0xfa30f080, kExtend, kPlainD | kNoSpN | kPlainM)                         \
  X(WSxtab, "SXTB, SXTAB", 0xfff0f0c0, 0xfa40f080, kExtend, kPlainD | kNoSpN | kPlainM)                               \
  X(WUxtab, "UXTB, UXTAB", 0xfff0f0c0, 0xfa50f080, kExtend, kPlainD | kNoSpN | kPlainM)                               \
  X(WSadd8, "SADD8 T1", 0xfff0f0f0, 0xfa80f000, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WSadd16, "SADD16 T1", 0xfff0f0f0, 0xfa90f000, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WSasx, "SASX T1", 0xfff0f0f0, 0xfaa0f000, kParallel, kPlainD | kPlainN | kPlainM)                                 \
  X(WSsub8, "SSUB8 T1", 0xfff0f0f0, 0xfac0f000, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WSsub16, "SSUB16 T1", 0xfff0f0f0, 0xfad0f000, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WSsax, "SSAX T1", 0xfff0f0f0, 0xfae0f000, kParallel, kPlainD | kPlainN | kPlainM)                                 \
  X(WQadd8, "QADD8 T1", 0xfff0f0f0, 0xfa80f010, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WQadd16, "QADD16 T1", 0xfff0f0f0, 0xfa90f010, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WQasx, "QASX T1", 0xfff0f0f0, 0xfaa0f010, kParallel, kPlainD | kPlainN | kPlainM)                                 \
  X(WQsub8, "QSUB8 T1", 0xfff0f0f0, 0xfac0f010, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WQsub16, "QSUB16 T1", 0xfff0f0f0, 0xfad0f010, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WQsax, "QSAX T1", 0xfff0f0f0, 0xfae0f010, kParallel, kPlainD | kPlainN | kPlainM)                                 \
  X(WShadd8, "SHADD8 T1", 0xfff0f0f0, 0xfa80f020, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WShadd16, "SHADD16 T1", 0xfff0f0f0, 0xfa90f020, kParallel, kPlainD | kPlainN | kPlainM)                           \
  X(WShasx, "SHASX T1", 0xfff0f0f0, 0xfaa0f020, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WShsub8, "SHSUB8 T1", 0xfff0f0f0, 0xfac0f020, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WShsub16, "SHSUB16 T1", 0xfff0f0f0, 0xfad0f020, kParallel, kPlainD | kPlainN | kPlainM)                           \
  X(WShsax, "SHSAX T1", 0xfff0f0f0, 0xfae0f020, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUadd8, "UADD8 T1", 0xfff0f0f0, 0xfa80f040, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUadd16, "UADD16 T1", 0xfff0f0f0, 0xfa90f040, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WUasx, "UASX T1", 0xfff0f0f0, 0xfaa0f040, kParallel, kPlainD | kPlainN | kPlainM)                                 \
  X(WUsub8, "USUB8 T1", 0xfff0f0f0, 0xfac0f040, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUsub16, "USUB16 T1", 0xfff0f0f0, 0xfad0f040, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WUsax, "USAX T1", 0xfff0f0f0, 0xfae0f040, kParallel, kPlainD | kPlainN | kPlainM)                                 \
  X(WUqadd8, "UQADD8 T1", 0xfff0f0f0, 0xfa80f050, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WUqadd16, "UQADD16 T1", 0xfff0f0f0, 0xfa90f050, kParallel, kPlainD | kPlainN | kPlainM)                           \
  X(WUqasx, "UQASX T1", 0xfff0f0f0, 0xfaa0f050, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUqsub8, "UQSUB8 T1", 0xfff0f0f0, 0xfac0f050, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WUqsub16, "UQSUB16 T1", 0xfff0f0f0, 0xfad0f050, kParallel, kPlainD | kPlainN | kPlainM)                           \
  X(WUqsax, "UQSAX T1", 0xfff0f0f0, 0xfae0f050, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUhadd8, "UHADD8 T1", 0xfff0f0f0, 0xfa80f060, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WUhadd16, "UHADD16 T1", 0xfff0f0f0, 0xfa90f060, kParallel, kPlainD | kPlainN | kPlainM)                           \
  X(WUhasx, "UHASX T1", 0xfff0f0f0, 0xfaa0f060, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUhsub8, "UHSUB8 T1", 0xfff0f0f0, 0xfac0f060, kParallel, kPlainD | kPlainN | kPlainM)                             \
  X(WUhsub16, "UHSUB16 T1", 0xfff0f0f0, 0xfad0f060, kParallel, kPlainD | kPlainN | kPlainM)                           \
  X(WUhsax, "UHSAX T1", 0xfff0f0f0, 0xfae0f060, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WQadd, "QADD T1", 0xfff0f0f0, 0xfa80f080, kSaturate, kPlainD | kPlainN | kPlainM)                                 \
  X(WQdadd, "QDADD T1", 0xfff0f0f0, 0xfa80f090, kSaturate, kPlainD | kPlainN | kPlainM)                               \
  X(WQsub, "QSUB T1", 0xfff0f0f0, 0xfa80f0a0, kSaturate, kPlainD | kPlainN | kPlainM)                                 \
  X(WQdsub, "QDSUB T1", 0xfff0f0f0, 0xfa80f0b0, kSaturate, kPlainD | kPlainN | kPlainM)                               \
  X(WRev, "REV T2", 0xfff0f0f0, 0xfa90f080, kReverse, kPlainD | kPlainM | kSameM)                                     \
  X(WRev16, "REV16 T2", 0xfff0f0f0, 0xfa90f090, kReverse, kPlainD | kPlainM | kSameM)                                 \
  X(WRbit, "RBIT T1", 0xfff0f0f0, 0xfa90f0a0, kReverse, kPlainD | kPlainM | kSameM)                                   \
  X(WRevsh, "REVSH T2", 0xfff0f0f0, 0xfa90f0b0, kReverse, kPlainD | kPlainM | kSameM)                                 \
  X(WSel, "SEL T1", 0xfff0f0f0, 0xfaa0f080, kPack, kPlainD | kPlainN | kPlainM)                                       \
  X(WClz, "CLZ T1", 0xfff0f0f0, 0xfab0f080, kReverse, kPlainD | kPlainM | kSameM)                                     \
  /* Multiplication and division. */                                                                                  \
  X(WMul, "MUL T2", 0xfff0f0f0, 0xfb00f000, kMultiply, kPlainD | kPlainN | kPlainM)                                   \
  X(WMla, "MLA T1", 0xfff000f0, 0xfb000000, kMultiply, kPlainD | kPlainN | kPlainM | kNoSpT)                          \
  X(WMls, "MLS T1", 0xfff000f0, 0xfb000010, kMultiply, kPlainD | kPlainN | kPlainM | kPlainT)                         \
  X(WSmulxy, "SMULBB, SMULBT, SMULTB, SMULTT T1", 0xfff0f0c0, 0xfb10f000, kMultiply, kPlainD | kPlainN | kPlainM)     \
  X(WSmlaxy, "SMLABB, SMLABT, SMLATB, SMLATT T1", 0xfff000c0, 0xfb100000, kMultiply,                                  \
    kPlainD | kPlainN | kPlainM | kNoSpT)                                                                             \
  X(WSmuad, "SMUAD T1", 0xfff0f0e0, 0xfb20f000, kMultiply, kPlainD | kPlainN | kPlainM)                               \
  X(WSmlad, "SMLAD T1", 0xfff000e0, 0xfb200000, kMultiply, kPlainD | kPlainN | kPlainM | kNoSpT)                      \
  X(WSmulwy, "SMULWB, SMULWT T1", 0xfff0f0e0, 0xfb30f000, kMultiply, kPlainD | kPlainN | kPlainM)                     \
  X(WSmlawy, "SMLAWB, SMLAWT T1", 0xfff000e0, 0xfb300000, kMultiply, kPlainD | kPlainN | kPlainM | kNoSpT)            \
  X(WSmusd, "SMUSD T1", 0xfff0f0e0, 0xfb40f000, kMultiply, kPlainD | kPlainN | kPlainM)                               \
  X(WSmlsd, "SMLSD T1", 0xfff000e0, 0xfb400000, kMultiply, kPlainD | kPlainN | kPlainM | kNoSpT)                      \
  X(WSmmul, "SMMUL T1", 0xfff0f0e0, 0xfb50f000, kMultiply, kPlainD | kPlainN | kPlainM)                               \
  X(WSmmla, "SMMLA T1", 0xfff000e0, 0xfb500000, kMultiply, kPlainD | kPlainN | kPlainM | kNoSpT)                      \
  X(WSmmls, "SMMLS T1", 0xfff000e0, 0xfb600000, kMultiply, kPlainD | kPlainN | kPlainM | kPlainT)                     \
  X(WUsad8, "USAD8 T1", 0xfff0f0f0, 0xfb70f000, kParallel, kPlainD | kPlainN | kPlainM)                               \
  X(WUsada8, "USADA8 T1", 0xfff000f0, 0xfb700000, kParallel, kPlainD | kPlainN | kPlainM | kNoSpT)                    \
  X(WSmull, "SMULL T1", 0xfff000f0, 0xfb800000, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT)   \
  X(WSdiv, "SDIV T1", 0xfff0f0f0, 0xfb90f0f0, kDivide, kPlainD | kPlainN | kPlainM)                                   \
  X(WUmull, "UMULL T1", 0xfff000f0, 0xfba00000, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT)   \
  X(WUdiv, "UDIV T1", 0xfff0f0f0, 0xfbb0f0f0, kDivide, kPlainD | kPlainN | kPlainM)                                   \
  X(WSmlal, "SMLAL T1", 0xfff000f0, 0xfbc00000, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT)   \
  X(WSmlalxy, "SMLALBB, SMLALBT, SMLALTB, SMLALTT T1", 0xfff000c0, 0xfbc00080, kLongMultiply,                         \
    kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT)                                                              \
  X(WSmlald, "SMLALD T1", 0xfff000e0, 0xfbc000c0, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT) \
  X(WSmlsld, "SMLSLD T1", 0xfff000e0, 0xfbd000c0, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT) \
  X(WUmlal, "UMLAL T1", 0xfff000f0, 0xfbe00000, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT)   \
  X(WUmaal, "UMAAL T1", 0xfff000f0, 0xfbe00060, kLongMultiply, kPlainD | kPlainN | kPlainM | kPlainT | kDistinctDT)   \
  /* Floating point. */                                                                                               \
  X(FVmla, "VMLA T2", 0xffb00f50, 0xee000a00, kFloatArithmetic, kAnything)                                            \
  X(FVmls, "VMLS T2", 0xffb00f50, 0xee000a40, kFloatArithmetic, kAnything)                                            \
  X(FVnmls, "VNMLS T1", 0xffb00f50, 0xee100a00, kFloatArithmetic, kAnything)                                          \
  X(FVnmla, "VNMLA T1", 0xffb00f50, 0xee100a40, kFloatArithmetic, kAnything)                                          \
  X(FVmul, "VMUL T2", 0xffb00f50, 0xee200a00, kFloatArithmetic, kAnything)                                            \
  X(FVnmul, "VNMUL T2", 0xffb00f50, 0xee200a40, kFloatArithmetic, kAnything)                                          \
  X(FVadd, "VADD T2", 0xffb00f50, 0xee300a00, kFloatArithmetic, kAnything)                                            \
  X(FVsub, "VSUB T2", 0xffb00f50, 0xee300a40, kFloatArithmetic, kAnything)                                            \
  X(FVdiv, "VDIV T1", 0xffb00f50, 0xee800a00, kFloatArithmetic, kAnything)                                            \
  X(FVfnms, "VFNMS T1", 0xffb00f50, 0xee900a00, kFloatArithmetic, kAnything)                                          \
  X(FVfnma, "VFNMA T1", 0xffb00f50, 0xee900a40, kFloatArithmetic, kAnything)                                          \
  X(FVfma, "VFMA T2", 0xffb00f50, 0xeea00a00, kFloatArithmetic, kAnything)                                            \
  X(FVfms, "VFMS T2", 0xffb00f50, 0xeea00a40, kFloatArithmetic, kAnything)                                            \
  X(FVmovImm, "VMOV (immediate) T2", 0xffb00ff0, 0xeeb00a00, kFloatMove, kAnything)                                   \
  X(FVmovReg, "VMOV (register) T2", 0xffbf0fd0, 0xeeb00a40, kFloatMove, kAnything)                                    \
  X(FVabs, "VABS T2", 0xffbf0fd0, 0xeeb00ac0, kFloatArithmetic, kAnything)                                            \
  X(FVneg, "VNEG T2", 0xffbf0fd0, 0xeeb10a40, kFloatArithmetic, kAnything)                                            \
  X(FVsqrt, "VSQRT T1", 0xffbf0fd0, 0xeeb10ac0, kFloatArithmetic, kAnything)                                          \
  X(FVcvtFromHalf, "VCVTB, VCVTT (from half) T1", 0xffbf0f50, 0xeeb20a40, kFloatConvert, kAnything)                   \
  X(FVcvtToHalf, "VCVTB, VCVTT (to half) T1", 0xffbf0f50, 0xeeb30a40, kFloatConvert, kAnything)                       \
  X(FVcmp, "VCMP, VCMPE T1", 0xffbf0f50, 0xeeb40a40, kFloatCompare, kAnything)                                        \
  X(FVcmpZero, "VCMP, VCMPE T2", 0xffbf0f7f, 0xeeb50a40, kFloatCompare, kAnything)                                    \
  X(FVcvtFromInt, "VCVT (from integer) T1", 0xffbf0f50, 0xeeb80a40, kFloatConvert, kAnything)                         \
  X(FVcvtToUnsigned, "VCVT, VCVTR (to unsigned) T1", 0xffbf0f50, 0xeebc0a40, kFloatConvert, kAnything)                \
  X(FVcvtToSigned, "VCVT, VCVTR (to signed) T1", 0xffbf0f50, 0xeebd0a40, kFloatConvert, kAnything)                    \
  X(FVcvtFromFixed, "VCVT (from fixed-point) T1", 0xffbe0f50, 0xeeba0a40, kFloatConvert, kAnything)                   \
  X(FVcvtToFixed, "VCVT (to fixed-point) T1", 0xffbe0f50, 0xeebe0a40, kFloatConvert, kAnything)                       \
  X(FVmovToSingle, "VMOV (core register to single) T1", 0xfff00f7f, 0xee000a10, kFloatMove, kPlainT)                  \
  X(FVmovFromSingle, "VMOV (single to core register) T1", 0xfff00f7f, 0xee100a10, kFloatMove, kPlainT)                \
  X(FVmsr, "VMSR T1", 0xffff0fff, 0xeee10a10, kFloatMove, kPlainT)                                                    \
  X(FVmrs, "VMRS T1", 0xffff0fff, 0xeef10a10, kFloatMove, kNoSpT)                                                     \
  X(FVmovToHalfDouble, "VMOV (core register to scalar) T1", 0xffd00fff, 0xee000b10, kFloatMove, kPlainT)              \
  X(FVmovFromHalfDouble, "VMOV (scalar to core register) T1", 0xffd00fff, 0xee100b10, kFloatMove, kPlainT)            \
  X(FVmovToSingles, "VMOV (two core registers to two singles) T1", 0xfff00fd0, 0xec400a10, kFloatMove,                \
    kPlainT | kPlainN | kFloatList)                                                                                   \
  X(FVmovFromSingles, "VMOV (two singles to two core registers) T1", 0xfff00fd0, 0xec500a10, kFloatMove,              \
    kPlainT | kPlainN | kBaseNotT | kFloatList)                                                                       \
  X(FVmovToDouble, "VMOV (two core registers to a double) T1", 0xfff00ff0, 0xec400b10, kFloatMove, kPlainT | kPlainN) \
  X(FVmovFromDouble, "VMOV (a double to two core registers) T1", 0xfff00ff0, 0xec500b10, kFloatMove,                  \
    kPlainT | kPlainN | kBaseNotT)                                                                                    \
  X(FVstrSingle, "VSTR T2", 0xff300f00, 0xed000a00, kFloatStore, kNoPcN)                                              \
  X(FVldrSingle, "VLDR T2", 0xff300f00, 0xed100a00, kFloatLoad, kAnything)                                            \
  X(FVstrDouble, "VSTR T1", 0xff300f00, 0xed000b00, kFloatStore, kNoPcN | kLowDouble)                                 \
  X(FVldrDouble, "VLDR T1", 0xff300f00, 0xed100b00, kFloatLoad, kLowDouble)                                           \
  X(FVstmiaSingle, "VSTMIA T2", 0xff900f00, 0xec800a00, kFloatStore, kNoPcN | kFloatList)                             \
  X(FVldmiaSingle, "VLDMIA, VPOP T2", 0xff900f00, 0xec900a00, kFloatLoad, kNoPcN | kFloatList)                        \
  X(FVstmdbSingle, "VSTMDB, VPUSH T2", 0xffb00f00, 0xed200a00, kFloatStore, kNoPcN | kFloatList)                      \
  X(FVldmdbSingle, "VLDMDB T2", 0xffb00f00, 0xed300a00, kFloatLoad, kNoPcN | kFloatList)                              \
  X(FVstmiaDouble, "VSTMIA T1", 0xff900f00, 0xec800b00, kFloatStore, kNoPcN | kLowDouble | kFloatList)                \
  X(FVldmiaDouble, "VLDMIA, VPOP T1", 0xff900f00, 0xec900b00, kFloatLoad, kNoPcN | kLowDouble | kFloatList)           \
  X(FVstmdbDouble, "VSTMDB, VPUSH T1", 0xffb00f00, 0xed200b00, kFloatStore, kNoPcN | kLowDouble | kFloatList)         \
  X(FVldmdbDouble, "VLDMDB T1", 0xffb00f00, 0xed300b00, kFloatLoad, kNoPcN | kLowDouble | kFloatList)

enum class Instruction : uint16_t {
#define X(identifier, ...) k##identifier,
  THIMBLE_NARROW_ENCODINGS(X) THIMBLE_WIDE_ENCODINGS(X)
#undef X
      kUndefined,
};

struct Encoding {
  const char* name;  ///< as the manual calls it: "SMLAD T1"
  uint32_t mask;     ///< a code is this instruction if `code & mask` is `value` and IsPredictable
  uint32_t value;
  bool wide;  ///< 32 bits: the first half in 31:16; else 16 bits in 15:0
  EncodingClass kind;
  uint16_t rules;  ///< EncodingRule
  Instruction instruction;
};

inline constexpr Encoding kEncodings[] = {
#define X(identifier, name, mask, value, kind) \
  {name, mask, value, false, EncodingClass::kind, kAnything, Instruction::k##identifier},
    THIMBLE_NARROW_ENCODINGS(X)
#undef X
#define X(identifier, name, mask, value, kind, rules) \
  {name, mask, value, true, EncodingClass::kind, rules, Instruction::k##identifier},
        THIMBLE_WIDE_ENCODINGS(X)
#undef X
};
inline constexpr int kEncodingCount = static_cast<int>(std::size(kEncodings));

/// Whether `code`, which has the encoding's fixed bits, is an instruction that the architecture defines; its place in
/// an IT block aside. The core takes others for undefined.
bool IsPredictable(const Encoding& encoding, uint32_t code);

/// The first encoding that fits, or nullptr: an undefined instruction.
const Encoding* FindEncoding(uint32_t code, bool wide);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_ENCODINGS_H_
