// Any bytes as a model: refused, or simplified to one that gives the same answer. Seeds: a folder of small models.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/aligned_memory.h"
#include "compiler/model_file.h"
#include "compiler/passes.h"
#include "kernels/all_operators.h"

namespace thimble::compiler {
namespace {

// All tensors together, so that no operator computes more than 2^24 products.
constexpr int64_t kMostElements = 4096;
constexpr uint32_t kMostRuns = 16;

bool IsSmall(const runtime::Model& model) {
  int64_t elements = 0;
  for (int g = 0; g < model.graph_count(); ++g) {
    const runtime::Graph graph = model.GraphAt(g);
    for (int i = 0; i < graph.tensor_count(); ++i) elements += graph.TensorAt(i).shape.Count();
  }
  return elements <= kMostElements;
}

void Fill(const runtime::Network& network) {
  for (int i = 0; i < network.input_count(); ++i) {
    const kernels::Tensor input = network.input(i);
    for (size_t k = 0; k < input.SizeBytes(); ++k) {
      // Small floats, truth values, and all kinds of integers.
      input.As<uint8_t>()[k] = static_cast<uint8_t>(input.type == kernels::Type::kFloat32 ? k % 60
                                                    : input.type == kernels::Type::kBool  ? k % 2
                                                                                          : k * 37 + 11);
    }
  }
}

}  // namespace
}  // namespace thimble::compiler

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble;
  using namespace thimble::compiler;
  const AlignedMemory model(std::as_bytes(std::span(data, size)));
  auto before = LoadNetwork(model.span(), kernels::AllOperators());
  if (!before || !IsSmall(before->network.model())) return 0;
  const auto simplified = Simplify(model.span());
  if (!simplified) std::abort();
  const AlignedMemory result{std::span<const std::byte>(*simplified)};
  auto after = LoadNetwork(result.span(), kernels::AllOperators());
  if (!after) std::abort();
  Fill(before->network);
  Fill(after->network);
  if (!ok(before->network.Invoke(kMostRuns)) || !ok(after->network.Invoke(kMostRuns))) return 0;
  for (int i = 0; i < before->network.output_count(); ++i) {
    const kernels::Tensor expected = before->network.output(i), got = after->network.output(i);
    if (expected.SizeBytes() != got.SizeBytes()) std::abort();
    if (got.SizeBytes() > 0 && std::memcmp(expected.data, got.data, got.SizeBytes()) != 0) std::abort();
  }
  return 0;
}
