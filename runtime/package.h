// A planned package: what the compiler made of a model as one block of bytes, run where it lies (flash, usually).
#ifndef THIMBLE_RUNTIME_PACKAGE_H_
#define THIMBLE_RUNTIME_PACKAGE_H_

#include "runtime/fault.h"
#include "runtime/plan.h"
#include "runtime/planned.h"

namespace thimble::runtime {

// The format: little-endian 32-bit words, offsets in bytes from the beginning of the package. docs/formats/package.md

/// What a package begins with.
struct PackageHeader {
  static constexpr uint32_t kMagic = 'T' | 'P' << 8 | 'L' << 16 | 'N' << 24;
  static constexpr uint32_t kVersion = 1;

  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  uint32_t crc = 0;     ///< Crc32 of all bytes behind this word
  uint32_t bytes = 0;   ///< of the package
  uint32_t target = 0;  ///< steps::Target, for people: a package runs everywhere
  uint32_t state_bytes = 0;
  uint32_t arena_bytes = 0;
  uint32_t graphs = 0;  ///< PackageGraph[graph_count]
  uint32_t graph_count = 0;
  uint32_t initial_state = 0;  ///< InitialState[initial_state_count]
  uint32_t initial_state_count = 0;
  uint32_t constants = 0;  ///< at a multiple of kArenaAlignment
  uint32_t constants_bytes = 0;
  uint32_t name = 0;                            ///< ends with a zero
  uint32_t signature = 0, signature_bytes = 0;  ///< room for one; 0
};

struct PackageGraph {
  uint32_t steps, step_count;      ///< PackageStep[]
  uint32_t inputs, input_count;    ///< steps::TensorRecord[]
  uint32_t outputs, output_count;  ///< steps::TensorRecord[]
  uint32_t frame_bytes;
  uint32_t depth;  ///< 1, or one more than that of the deepest graph that its steps run
};

struct PackageStep {
  uint32_t number;  ///< Step::number
  uint32_t params;  ///< the words of its Params
};

/// Whether a package is what it says it is, and everything in it harmless; `fault` says what is not and where
/// (operator_index is the step). `bytes` may go on behind the package.
Reason CheckPackage(std::span<const std::byte> bytes, std::span<const steps::Step* const> steps,
                    std::span<const kernels::Operator* const> operators, Fault& fault);

/// A package and its memory.
class PlannedPackage : public Planned<PlannedPackage> {
 public:
  /// Verifies the package completely: after kOk nothing can step outside the arena, whatever it holds. `package`, which
  /// must begin at a multiple of 16, and `arena`, likewise, must outlive the network and the former must not change.
  /// `steps` and `operators` are those that the program contains; `fault` (may be null) says why not.
  ///
  ///   kOutOfMemory    the arena is smaller than `arena_bytes()`, which is known then
  ///   anything else   StatusOf(fault->reason)
  Status Open(std::span<const std::byte> package, std::span<const steps::Step* const> steps,
              std::span<const kernels::Operator* const> operators, std::span<std::byte> arena, Fault* fault = nullptr);

  /// Forgets: the state is as it was after opening, and a CALL_ONCE calls again.
  void Reset();

  const char* name() const { return reinterpret_cast<const char*>(source_.package + source_.header().name); }
  int step_count() const { return source_.step_count(0); }
  size_t arena_bytes() const { return source_.package == nullptr ? 0 : source_.header().arena_bytes; }

  // For Planned.
  Status Run(int first, int end, uint32_t most_subgraph_runs);
  std::span<const steps::TensorRecord> operands(Side side) const { return source_.operands(0, side); }
  steps::Memory memory() const { return source_.MemoryOf(arena_); }

  /// A package as a source of steps (plan_runner.h).
  struct Source {
    const std::byte* package = nullptr;
    std::span<const steps::Step* const> known_steps;
    std::span<const kernels::Operator* const> operators;

    template <typename T>
    const T* At(uint32_t offset) const {
      return reinterpret_cast<const T*>(package + offset);
    }
    const PackageHeader& header() const { return *At<PackageHeader>(0); }
    const PackageGraph& graph(int index) const { return At<PackageGraph>(header().graphs)[index]; }
    const PackageStep& step(int graph_index, int index) const {
      return At<PackageStep>(graph(graph_index).steps)[index];
    }
    steps::Memory MemoryOf(std::byte* arena) const;
    /// Null: this program has none of that number.
    const steps::Step* Find(uint32_t number) const;

    int graph_count() const { return static_cast<int>(header().graph_count); }
    int step_count(int graph_index) const { return static_cast<int>(graph(graph_index).step_count); }
    uint32_t frame_bytes(int graph_index) const { return graph(graph_index).frame_bytes; }
    std::span<const steps::TensorRecord> operands(int graph_index, Side side) const;
    void RunStep(int graph_index, int index, const steps::Memory& memory) const;
  };

 private:
  Source source_;
  std::byte* arena_ = nullptr;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_PACKAGE_H_
