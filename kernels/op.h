// What an operator says about itself, what it is given, and how it is called without knowing which one it is.
#ifndef THIMBLE_KERNELS_OP_H_
#define THIMBLE_KERNELS_OP_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>

#include "base/status.h"
#include "kernels/reason.h"

namespace thimble::kernels {

/// Element types, with the numbers of TFLite's TensorType.
enum class Type : uint8_t {
  kFloat32 = 0,
  kInt32 = 2,
  kUInt8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
  kResource = 13,  ///< names a variable that lives outside the subgraphs; `data` is the variable's memory
  kAbsent = 255,   ///< an optional input that the model leaves out
};

/// Bytes of one element, or 0 for a type that this runtime does not know.
constexpr uint32_t BytesOf(Type type) {
  switch (type) {
    case Type::kBool:
    case Type::kUInt8:
    case Type::kInt8:
      return 1;
    case Type::kInt16:
      return 2;
    case Type::kFloat32:
    case Type::kInt32:
      return 4;
    case Type::kInt64:
      return 8;
    case Type::kResource:
    case Type::kAbsent:
      return 0;
  }
  return 0;
}

/// A verified tensor has at most this many dimensions.
inline constexpr int kMaxRank = 6;

/// The dimensions of a tensor, outermost first; images are [batch, height, width, channels]. Points into the model.
/// Every verified shape is positive or belongs to an empty constant, and its elements are fewer than 2^30.
struct Shape {
  const int32_t* dims = nullptr;
  int32_t rank = 0;

  constexpr int32_t operator[](int index) const { return dims[index]; }
  constexpr int32_t Last() const { return rank > 0 ? dims[rank - 1] : 1; }
  constexpr int32_t Count() const {
    int32_t count = 1;
    for (int i = 0; i < rank; ++i) count *= dims[i];
    return count;
  }
  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; ++i) {
      if (a.dims[i] != b.dims[i]) return false;
    }
    return true;
  }
};

/// A view of one tensor. real = scale * (stored - zero_point), with one scale for all or one for each index of
/// `quantised_dimension`; more than one scale means that zero_point is 0. An operator that uses several scales checks
/// that there are as many as it has channels.
struct Tensor {
  void* data = nullptr;  ///< not yet known to Check, but for constants
  Shape shape;
  const float* scales = nullptr;  ///< in the model, all finite and not negative
  int32_t scale_count = 0;        ///< 0: not quantised
  int32_t zero_point = 0;
  int32_t quantised_dimension = 0;
  Type type = Type::kAbsent;
  bool constant = false;
  bool variable = false;  ///< state that an operator reads and writes; kept from one run to the next

  bool present() const { return type != Type::kAbsent; }
  size_t SizeBytes() const { return static_cast<size_t>(shape.Count()) * BytesOf(type); }
  float Scale(int channel = 0) const { return scales[scale_count > 1 ? channel : 0]; }
  template <typename T>
  T* As() const {
    return static_cast<T*>(data);
  }
  /// An element of an int64 tensor. Constants of old files lie at multiples of 4 only, so they are copied out.
  int64_t Int64At(int32_t index) const {
    int64_t value;
    std::memcpy(&value, As<std::byte>() + sizeof(value) * static_cast<uint32_t>(index), sizeof(value));
    return value;
  }
};

/// The subgraphs of the model, lent by the runtime to operators that run them. Indices are the model's.
class Subgraphs {
 public:
  enum class Side : uint8_t { kInputs, kOutputs };

  /// How many inputs or outputs a subgraph has; -1 if it does not exist.
  virtual int Count(int subgraph, Side side) const = 0;
  /// A view of one of them; its data lies in `frame`, or is not known without one.
  virtual Tensor OperandAt(int subgraph, Side side, int index, std::byte* frame) const = 0;
  /// What a run of it needs: a part of the calling operator's scratch. Known to ScratchBytes.
  virtual size_t FrameBytes(int subgraph) const = 0;
  /// Runs it on the inputs in `frame` and leaves the outputs there. False: too many runs; the operator returns at once.
  virtual bool Run(int subgraph, std::byte* frame) = 0;
  /// Whether the calling operator belongs to the subgraph that the others are called from.
  virtual bool in_main() const = 0;
  /// Whether the network runs for the first time since it was loaded or reset.
  virtual bool first_run() const = 0;

 protected:
  ~Subgraphs() = default;
};

/// What a kernel is given. Inputs beyond `in.size()` and those left out by the model read as absent.
struct Call {
  std::span<const Tensor> in;
  std::span<const Tensor> out;
  std::byte* scratch = nullptr;  ///< ScratchBytes of it, aligned to kArenaAlignment
  Subgraphs* subgraphs = nullptr;

  bool Has(size_t input) const { return input < in.size() && in[input].present(); }
  /// The input, or an absent tensor.
  Tensor Optional(size_t input) const { return input < in.size() ? in[input] : Tensor{}; }
};

/// Which memory the first output may have.
enum class Sharing : uint8_t {
  kNone,       ///< its own
  kView,       ///< that of the first input, whose bytes it repeats; Run then finds out.data == in.data
  kOverwrite,  ///< that of an equally large first input nobody reads afterwards: element i of the output depends on no
               ///< element of that input but i
};

/// The options table of an operator in a model. Its frame is verified; each field is checked when it is read.
class Options {
 public:
  constexpr Options() = default;  ///< none: every option has its default
  explicit constexpr Options(const std::byte* table) : table_(table) {}

  bool present() const { return table_ != nullptr; }

  /// The field with this id of the operator's table in the TFLite schema, or `value` as it was.
  template <typename T>
  void Read(int field, T& value) const {
    if (const std::byte* at = Find(field, sizeof(T))) std::memcpy(&value, at, sizeof(T));
  }

 private:
  const std::byte* Find(int field, size_t bytes) const;
  const std::byte* table_ = nullptr;
};

/// Room for any operator's Params on the stack of the interpreter.
inline constexpr size_t kMaxParamsBytes = 32;

/// An operator runs at most so many subgraphs.
inline constexpr int kMaxCallees = 2;

/// What the runtime does for operators that run subgraphs, and for those that name variables. The few that need it
/// point at it, so that a program links it with the first such operator and not before. Known and defined in runtime/.
struct SubgraphSupport;
struct VariableSupport;
extern const SubgraphSupport kSubgraphSupport;
extern const VariableSupport kVariableSupport;

/// One operator behind a uniform face. `params` points at that operator's own Params, at most kMaxParamsBytes of them;
/// after `check` said kNone for the same (params, call), `scratch_bytes` and `run` cannot fail.
struct Operator {
  const char* name;
  int32_t tflite_code;
  int32_t max_version;
  uint8_t options_type;  ///< number in TFLite's BuiltinOptions union; 0: it has none
  Sharing sharing;
  void (*read)(const Options& options, void* params);
  Reason (*check)(const void* params, const Call& call);
  size_t (*scratch_bytes)(const void* params, const Call& call);
  void (*run)(const void* params, const Call& call);
  /// Fills in the subgraphs that it runs and says how many; null: it runs none.
  int (*callees)(const void* params, int32_t (&subgraphs)[kMaxCallees]);
  const SubgraphSupport* subgraph_support;  ///< null: it runs none
  /// Null unless it names, reads or assigns a variable; no other operator may have such operands.
  const VariableSupport* variable_support;
};

/// Types of an operator's first input.
template <Type... kTypes>
struct TypeList {};

template <typename T>
concept RunsSubgraphs = requires {
  &T::Callees;
};
template <typename T>
concept HandlesVariables = requires {
  T::kHandlesVariables;
};
/// Has separate code for each type, of which a program may link some.
template <typename T>
concept SeparatesTypes = requires {
  typename T::SeparateTypes;
};

/// Calls T's reference for the type of the first input, which is one of these.
template <typename T, Type kFirst, Type... kOthers>
void RunSeparate(const typename T::Params& params, const Call& call, TypeList<kFirst, kOthers...>) {
  if constexpr (sizeof...(kOthers) > 0) {
    if (call.in[0].type != kFirst) return RunSeparate<T>(params, call, TypeList<kOthers...>());
  }
  T::template RunOnly<kFirst>(params, call);
}

/// The face of operator type T, which has
///   static constexpr const char* kName;           the folder's name
///   static constexpr int kTfliteCode;             number in TFLite's BuiltinOperator
///   static constexpr int kMaxVersion;             newest operator version that this code covers
///   static constexpr int kOptionsType;            number in TFLite's BuiltinOptions, 0 without options
///   static constexpr Sharing kSharing;
///   struct Params;                                options only, with the schema's defaults; trivially copyable
///   static void Fields(auto&& visit, auto& params);   visit("name", field id in the options table, params.member)
///   static Reason Check(const Params&, const Call&);
///   static size_t ScratchBytes(const Params&, const Call&);
///   static void RunReference(const Params&, const Call&);   what is faster is a step (steps/)
/// and, if it runs subgraphs, names variables outside of them, or both,
///   static int Callees(const Params&, int32_t (&subgraphs)[kMaxCallees]);
///   static constexpr bool kHandlesVariables = true;
/// and, if its code is large and different for each type of the first input,
///   using SeparateTypes = TypeList<…>;            all that Check accepts
///   template <Type kType> static void RunOnly(const Params&, const Call&);   the reference for one of them
/// A program that names some of these, kOperator<FullyConnected, Type::kInt8>, links only their code, and refuses
/// models that need another. Without types the operator has all of them.
template <typename T, Type... kTypes>
inline constexpr Operator kOperator = {
    T::kName,
    T::kTfliteCode,
    T::kMaxVersion,
    T::kOptionsType,
    T::kSharing,
    [](const Options& options, void* params) {
      using Params = typename T::Params;
      static_assert(sizeof(Params) <= kMaxParamsBytes);
      static_assert(alignof(Params) <= alignof(uint64_t));
      Params* read = new (params) Params;
      T::Fields([&](const char*, int field, auto& value) { options.Read(field, value); }, *read);
    },
    [](const void* params, const Call& call) {
      const Reason reason = T::Check(*static_cast<const typename T::Params*>(params), call);
      if constexpr (sizeof...(kTypes) > 0) {
        if (ok(reason) && ((call.in[0].type != kTypes) && ...)) return Reason::kTypeMissing;
      }
      return reason;
    },
    [](const void* params, const Call& call) {
      return T::ScratchBytes(*static_cast<const typename T::Params*>(params), call);
    },
    [](const void* params, const Call& call) {
      const auto& known = *static_cast<const typename T::Params*>(params);
      if constexpr (sizeof...(kTypes) > 0) {
        static_assert(SeparatesTypes<T>, "this operator has the same code for all types: name it without types");
        RunSeparate<T>(known, call, TypeList<kTypes...>());
      } else {
        T::RunReference(known, call);
      }
    },
    []() -> decltype(Operator::callees) {
      if constexpr (RunsSubgraphs<T>) {
        return [](const void* params, int32_t(&subgraphs)[kMaxCallees]) {
          return T::Callees(*static_cast<const typename T::Params*>(params), subgraphs);
        };
      }
      return nullptr;
    }(),
    [] {
      const SubgraphSupport* support = nullptr;
      if constexpr (RunsSubgraphs<T>) support = &kSubgraphSupport;
      return support;
    }(),
    [] {
      const VariableSupport* support = nullptr;
      if constexpr (HandlesVariables<T>) support = &kVariableSupport;
      return support;
    }(),
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_OP_H_
