// The one list of why a model is refused: the enum, and the sentence for people.
#ifndef THIMBLE_KERNELS_REASON_H_
#define THIMBLE_KERNELS_REASON_H_

#include <cstdint>

#include "base/status.h"

namespace thimble::kernels {

// name, status, sentence. The sentence completes "model.tflite: operator 7 (conv_2d): …" and says what to do where
// that is not obvious.
#define THIMBLE_REASON_LIST(X)                                                                                       \
  X(None, kOk, "nothing is wrong")                                                                                   \
  /* The file. */                                                                                                    \
  X(TooShort, kDataLoss, "the file is too short to be a model; copy or convert it again")                            \
  X(TooLong, kUnsupported, "the file is larger than 1 GB")                                                           \
  X(NotTflite, kVerificationFailed, "this is not a TensorFlow Lite model (bytes 4 to 7 are not \"TFL3\")")           \
  X(OutOfBounds, kDataLoss, "a reference points outside the file; it is cut short or damaged, copy it again")        \
  X(Misaligned, kVerificationFailed,                                                                                 \
    "data is not aligned to its type; place the model at an address that is a multiple of 16")                       \
  X(TooComplex, kVerificationFailed, "the file refers to the same bytes over and over; no converter writes that")    \
  X(FormatVersion, kUnsupported, "the format version is not 3")                                                      \
  X(SubgraphCount, kUnsupported, "the model must have between 1 and 256 subgraphs")                                  \
  X(TooManyTensors, kUnsupported, "the model has too many tensors or operators")                                     \
  /* A tensor. */                                                                                                    \
  X(TensorIndex, kVerificationFailed, "a tensor is named that does not exist")                                       \
  X(BufferIndex, kVerificationFailed, "the tensor names a buffer that does not exist")                               \
  X(BufferSize, kVerificationFailed, "the buffer does not hold as many bytes as the tensor's shape and type need")   \
  X(TensorType, kUnsupported, "the tensor's type is not supported")                                                  \
  X(TensorShape, kVerificationFailed, "the shape is impossible: negative, empty, or more than 1 GB")                 \
  X(TensorRank, kUnsupported, "the tensor has more dimensions than this runtime supports")                           \
  X(TensorQuantisation, kVerificationFailed,                                                                         \
    "the quantisation is impossible: a scale is negative or not a number, or a zero point is outside the type")      \
  X(NeverWritten, kVerificationFailed, "the tensor is read before anything writes it")                               \
  X(WrittenTwice, kVerificationFailed, "the tensor is written twice, or is a constant and written")                  \
  /* An operator. */                                                                                                 \
  X(OperatorCode, kVerificationFailed, "the operator names an operator code that does not exist")                    \
  X(OperatorMissing, kUnsupported, "this program does not contain that operator; add it to the program's list")      \
  X(TypeMissing, kUnsupported,                                                                                       \
    "this program contains that operator, but not for this type of input; add the type to it in the program's list") \
  X(OperatorCustom, kUnsupported, "custom operators are not supported; convert the model with built-in ones")        \
  X(OperatorVersion, kUnsupported, "the model needs a newer version of that operator than this program has")         \
  X(OptionsType, kVerificationFailed, "the options belong to another operator")                                      \
  X(InputCount, kVerificationFailed, "the number of inputs is not what the operator takes")                          \
  X(OutputCount, kVerificationFailed, "the number of outputs is not what the operator gives")                        \
  X(OperandTypes, kUnsupported,                                                                                      \
    "this combination of types is not supported; convert the model to full int8 or to float32")                      \
  X(Hybrid, kUnsupported,                                                                                            \
    "activations are float32 but weights int8 (\"dynamic range\"); convert again with a representative_dataset for " \
    "int8, or without optimizations for float32")                                                                    \
  X(OperandShapes, kVerificationFailed, "the shapes of inputs and output do not fit together")                       \
  X(OperandQuantisation, kVerificationFailed, "the scales or zero points are not what the operator needs")           \
  X(OperandMustBeConstant, kUnsupported, "an input that must be a constant of the model is computed")                \
  X(LstmVariant, kUnsupported,                                                                                       \
    "only the plain LSTM is supported: all four gates and biases; no peepholes, projection or layer normalisation")  \
  X(CellActivation, kUnsupported, "the activation of LSTM cells must be tanh")                                       \
  X(NotVariable, kVerificationFailed, "a state is not a variable tensor")                                            \
  X(Subgraph, kVerificationFailed, "a subgraph is called that does not exist or has other inputs and outputs")       \
  X(SubgraphDepth, kUnsupported, "subgraphs call each other in a circle, or more than 8 deep")                       \
  X(CallOnce, kUnsupported, "a subgraph to call once is called from inside another subgraph")                        \
  X(Resource, kUnsupported,                                                                                          \
    "a variable may only be named, read and assigned, in one subgraph and with one type and size")                   \
  X(Option, kVerificationFailed, "an option is out of range")                                                        \
  X(Activation, kUnsupported, "the fused activation is not supported (only none, relu, relu6, relu_n1_to_1)")        \
  /* The memory, and the impulse around the network. */                                                              \
  X(ArenaTooSmall, kOutOfMemory, "the arena is too small; `arena_bytes()` after loading into a larger one is exact") \
  X(ArenaMisaligned, kInvalidArgument, "the arena must begin at a multiple of 16")                                   \
  X(Block, kInvalidArgument, "the signal-processing block refuses these parameters for this window")                 \
  X(Window, kInvalidArgument, "the window must have at least one axis, one reading and a stride of at least one")    \
  X(InputOutputCount, kUnsupported, "an impulse needs a network with one input and one output")                      \
  X(InputType, kUnsupported, "the network's input must be int8 or float32")                                          \
  X(OutputType, kUnsupported, "the network's output must be int8 or float32")                                        \
  X(FeatureCount, kVerificationFailed, "the block does not give as many features as the network takes")              \
  X(LabelCount, kVerificationFailed, "there are not as many labels as the network has outputs")                      \
  /* A planned package. */                                                                                           \
  X(NotPackage, kVerificationFailed, "this is not a planned package (it does not begin with \"TPLN\")")              \
  X(PackageVersion, kUnsupported, "the package's format is of another version; write it anew with this compiler")    \
  X(PackageDamaged, kDataLoss, "the package's checksum does not match its bytes; copy it again")                     \
  X(PackageMemory, kVerificationFailed, "the sizes of the package's memory contradict each other")                   \
  X(PackageOperand, kVerificationFailed, "an input or output of the package's network is impossible")                \
  X(StepMissing, kUnsupported, "this program does not contain that step; build it with all steps")                   \
  X(StepRefused, kVerificationFailed, "the step would reach outside of its memory")                                  \
  /* Devices report numbers of this list: what is new comes last. */                                                 \
  X(FeatureScaling, kVerificationFailed,                                                                             \
    "the scaling must have one offset and one scale for each feature, or none at all")

enum class [[nodiscard]] Reason : uint8_t{
#define X(name, status, text) k##name,
    THIMBLE_REASON_LIST(X)
#undef X
};

constexpr bool ok(Reason reason) { return reason == Reason::kNone; }

constexpr Status StatusOf(Reason reason) {
  switch (reason) {
#define X(name, status, text) \
  case Reason::k##name:       \
    return Status::status;
    THIMBLE_REASON_LIST(X)
#undef X
  }
  return Status::kFailed;
}

/// The sentence that belongs to a reason. Programs that do not call it carry no text.
constexpr const char* Sentence(Reason reason) {
  switch (reason) {
#define X(name, status, text) \
  case Reason::k##name:       \
    return text;
    THIMBLE_REASON_LIST(X)
#undef X
  }
  return "unknown reason";
}

// Passes a refusal on to the caller.
#define THIMBLE_REQUIRE(condition, reason)                          \
  do {                                                              \
    if (!(condition)) return ::thimble::kernels::Reason::k##reason; \
  } while (false)

#define THIMBLE_CHECK(expression)                                                          \
  do {                                                                                     \
    if (const ::thimble::kernels::Reason check_reason = (expression); !ok(check_reason)) { \
      return check_reason;                                                                 \
    }                                                                                      \
  } while (false)

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_REASON_H_
