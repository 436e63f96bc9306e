// A layer of LSTM cells that reads a sequence, one moment after the other.
#ifndef THIMBLE_KERNELS_UNIDIRECTIONAL_SEQUENCE_LSTM_OP_H_
#define THIMBLE_KERNELS_UNIDIRECTIONAL_SEQUENCE_LSTM_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// For each moment t, with x = x[b, t] and the states h and c:
///   gate_g  = logistic(W_g x + R_g h + bias_g) for g = input, forget, output
///   update  = tanh(W_c x + R_c h + bias_c)
///   c       = clip(gate_forget * c + gate_input * update)
///   h       = gate_output * tanh(c) = y[b, t]
///
///   in[0]        x       [B, T, I], or [T, B, I] with time_major   int8, int16, or float32
///   in[1..4]     W       [S, I] each: input, forget, update, output   int8, symmetric; or float32
///   in[5..8]     R       [S, S] each, the same order                  int8, symmetric; or float32
///   in[9..11]            absent: no peepholes
///   in[12..15]   bias    [S] each, the same order   int32 with x int8, int64 with x int16; or float32
///   in[16..17]           absent: no projection
///   in[18]       h       B * S elements, variable   like x
///   in[19]       c       B * S elements, variable   int16 with a scale that is a power of two; or float32
///   in[20..23]           absent or missing: no layer normalisation
///   out          y       [B, T, S], or [T, B, S]    like x
///
/// Integers: the sums of W x + bias and of R h are each scaled to int16 in units of 2^-12 and saturate, so does their
/// sum; gates are in units of 2^-15, from the tables of int16 LOGISTIC and TANH.
/// Source: TFLite Micro reference kernels, UNIDIRECTIONAL_SEQUENCE_LSTM.
struct UnidirectionalSequenceLstm {
  static constexpr const char* kName = "unidirectional_sequence_lstm";
  static constexpr int kTfliteCode = 44;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 71;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int8_t activation = 0;   ///< of the update and the cell; only kTanh
    float cell_clip = 0;     ///< real; 0: none
    uint8_t time_major = 0;  ///< this and the next may be any byte of a file: not 0 is yes
    uint8_t diagonal = 0;    ///< recurrent weights are vectors; not supported
  };
  static constexpr int8_t kTanh = 4;  ///< in TFLite's ActivationFunctionType
  static void Fields(auto&& visit, auto& p) {
    visit("activation", 0, p.activation);
    visit("cell_clip", 1, p.cell_clip);
    visit("time_major", 3, p.time_major);
    visit("diagonal", 5, p.diagonal);
  }

  /// What integers are scaled with; by gate in the order of the operands.
  struct Scales {
    Multiplier of_x[4], of_h[4];        ///< sums become int16 in units of 2^-12
    Multiplier forget, update, output;  ///< gate_forget * c, gate_input * update, gate_output * tanh(c)
    int32_t cell_low = -32768, cell_high = 32767;
    int32_t cell_shift = 0;  ///< c in units of 2^-12 is c * 2^cell_shift
  };
  static Scales ScalesOf(const Params& params, const Call& call);

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_UNIDIRECTIONAL_SEQUENCE_LSTM_OP_H_
