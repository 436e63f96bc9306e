// What the runtime does for operators that name variables, which live outside the subgraphs: it gives each of them one
// place. Linked only with such operators.
#include "runtime/network_parts.h"

namespace thimble::runtime {
namespace {

using flat::Field;
using flat::Rule;
using kernels::Tensor;

// The options of VAR_HANDLE in TensorFlow Lite's schema. The verification of the whole file knows no union's fields.
enum : uint8_t { kContainer, kSharedName };
constexpr Field kHandleFields[] = {
    {kContainer, Field::Kind::kVector, 1},   // string
    {kSharedName, Field::Kind::kVector, 1},  // string
};
constexpr Rule kHandle = {kHandleFields};
constexpr int kMaxNameBytes = 256;  // so that comparing hostile names stays quick

bool AreEqual(flat::Vector<char> a, flat::Vector<char> b) {
  if (a.size() != b.size()) return false;
  for (int i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

/// Walks over the operators of all subgraphs that name, read or assign a variable.
class Network::Handlers {
 public:
  explicit Handlers(const Network& network) : graph(network.model_), network_(network) {}

  bool Next() {
    while (true) {
      for (++index; index < graph.operator_count(); ++index) {
        if (network_.OperatorOf(graph, index).variable_support != nullptr) return true;
      }
      if (++subgraph >= network_.model_.graph_count()) return false;
      graph = network_.model_.GraphAt(subgraph);
      index = -1;
    }
  }

  /// The tensor that is read or assigned; -1: the operator only names the variable.
  int value() const {
    const auto inputs = graph.InputsOf(index);
    return inputs.size() == 0 ? -1 : inputs.size() == 1 ? graph.OutputsOf(index)[0] : inputs[1];
  }
  int handle() const { return value() < 0 ? graph.OutputsOf(index)[0] : graph.InputsOf(index)[0]; }
  size_t handle_slot() const { return static_cast<size_t>(graph.first_tensor() + handle()); }

  Graph graph;
  int subgraph = 0;
  int index = -1;

  static Reason Place(const Network& network, Arena& memory, Planning& planning);
  static void Reset(const Network& network);
  static size_t SizeBytes(const Network& network, int handle);

 private:
  // Of two operators that name a variable.
  Reason CheckName(std::span<const std::byte> model, uint32_t& byte) const {
    const flat::Table options = graph.OptionsTableOf(index);
    if (!options.present()) return Reason::kNone;
    THIMBLE_CHECK(flat::VerifyTable(model, static_cast<uint32_t>(options.data() - model.data()), kHandle, byte));
    const int bytes = options.List<char>(kContainer).size() + options.List<char>(kSharedName).size();
    THIMBLE_REQUIRE(bytes <= kMaxNameBytes, Option);
    return Reason::kNone;
  }
  bool NamesTheSameAs(const Handlers& other) const {
    const flat::Table mine = graph.OptionsTableOf(index), theirs = other.graph.OptionsTableOf(other.index);
    return AreEqual(mine.List<char>(kContainer), theirs.List<char>(kContainer)) &&
           AreEqual(mine.List<char>(kSharedName), theirs.List<char>(kSharedName));
  }

  const Network& network_;
};

Reason Network::Handlers::Place(const Network& network, Arena& memory, Planning& planning) {
  const std::span<uint32_t> offsets = planning.offsets;
  Fault& fault = planning.fault;
  // Names are numbered first: a handle is the number of its name …
  int handlers = 0;
  uint32_t variables = 0;
  for (Handlers named(network); named.Next();) {
    fault.subgraph_index = named.subgraph;
    fault.operator_index = named.index;
    THIMBLE_REQUIRE(++handlers <= kMaxVariableOperators, TooManyTensors);
    if (named.value() >= 0) continue;
    THIMBLE_CHECK(named.CheckName(planning.model, fault.byte));
    uint32_t number = kFirstVariable - variables;
    for (Handlers other(network); other.Next() && (other.subgraph != named.subgraph || other.index != named.index);) {
      if (other.value() < 0 && named.NamesTheSameAs(other)) number = offsets[other.handle_slot()];
    }
    THIMBLE_REQUIRE(offsets[named.handle_slot()] == kNowhere, WrittenTwice);
    offsets[named.handle_slot()] = number;
    if (number == kFirstVariable - variables) ++variables;
  }
  // … then whoever reads or assigns first gives the variable its place, and the others must agree.
  for (Handlers user(network); user.Next();) {
    if (user.value() < 0) continue;
    fault.subgraph_index = user.subgraph;
    fault.operator_index = user.index;
    const Tensor value = user.graph.TensorAt(user.value());
    const uint32_t number = offsets[user.handle_slot()];
    THIMBLE_REQUIRE(number != kNowhere, Resource);
    if (number >= kNoOffset) {
      uint32_t offset = 0;
      THIMBLE_REQUIRE(TakeVariable(memory, value, offset), ArenaTooSmall);
      for (uint32_t& each : offsets) {
        if (each == number) each = offset;
      }
      continue;
    }
    Handlers first(network);
    while (first.Next() && (first.value() < 0 || offsets[first.handle_slot()] != number)) {
    }
    const Tensor agreed = first.graph.TensorAt(first.value());
    THIMBLE_REQUIRE(value.type == agreed.type && value.SizeBytes() == agreed.SizeBytes(), Resource);
  }
  fault.subgraph_index = 0;
  fault.operator_index = -1;
  return Reason::kNone;
}

void Network::Handlers::Reset(const Network& network) {
  for (Handlers user(network); user.Next();) {
    if (user.value() < 0) continue;
    ForgetVariable(user.graph.TensorAt(user.value()), network.arena_ + network.offsets_[user.handle_slot()]);
  }
}

size_t Network::Handlers::SizeBytes(const Network& network, int handle) {
  for (Handlers user(network); user.Next() && user.subgraph == 0;) {  // a handle itself says nothing of it
    if (user.value() >= 0 && user.handle() == handle) return network.model_.TensorAt(user.value()).SizeBytes();
  }
  return 0;
}

}  // namespace thimble::runtime

namespace thimble::kernels {

constexpr VariableSupport kVariableSupport = {&runtime::Network::Handlers::Place, &runtime::Network::Handlers::Reset,
                                              &runtime::Network::Handlers::SizeBytes};

}  // namespace thimble::kernels
