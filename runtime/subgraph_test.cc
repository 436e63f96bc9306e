// Subgraphs that run others, and variables that outlive a run.
#include <rapidcheck.h>

#include "runtime/test_subgraphs.h"

namespace thimble::runtime {
namespace {

using kernels::AllOperators;
using namespace subgraph_models;
using Model = ModelBuilder;

Reason ReasonFor(const Model& builder, std::string* sentence = nullptr) {
  const AlignedBytes model = builder.Build();
  const AlignedBytes arena(kPlenty);
  Network network;
  Fault fault;
  const Status status = network.Load(model.span(), AllOperators(), arena.span(), &fault);
  EXPECT_EQ(status, StatusOf(fault.reason));
  if (sentence != nullptr) *sentence = Describe(model.span(), AllOperators(), fault);
  return fault.reason;
}

TEST(If, RunsOneOfTwoSubgraphsAndLeavesTheOthersTensorsAlone) {
  Loaded loaded(Choice().Build());
  for (const bool condition : {true, false, true}) {
    *loaded.network.input(0).As<uint8_t>() = condition ? 1 : 0;
    for (int i = 0; i < 4; ++i) {
      loaded.network.input(1).As<float>()[i] = static_cast<float>(i);
      loaded.network.input(2).As<float>()[i] = 1000.0f * static_cast<float>(i);
    }
    ASSERT_TRUE(ok(loaded.network.Invoke()));
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(loaded.network.output(0).As<float>()[i], 1001.0f * static_cast<float>(i) + (condition ? 1 : 2));
    }
  }
}

// The frames of both branches are the same memory: one adder's input, which its output overwrites.
TEST(If, TakesTheMemoryOfItsLargerBranch) {
  const Loaded loaded(Choice().Build());
  const int scratch = loaded.network.model().tensor_count();
  EXPECT_EQ(loaded.network.AllocationAt(scratch).size_bytes, 16u);
  EXPECT_EQ(loaded.network.peak_bytes(), 16u * 5);  // condition, x, other, the frame, y
}

TEST(While, RunsUntilItsConditionEnds) {
  Loaded loaded(Counter().Build());
  for (const float first : {0.0f, 7.5f, 90.0f}) {
    loaded.network.input(0).As<float>()[0] = first;
    loaded.network.input(1).As<float>()[0] = 10;
    ASSERT_TRUE(ok(loaded.network.Invoke()));
    float expected = first;
    while (expected < 10) ++expected;
    EXPECT_EQ(loaded.network.output(0).As<float>()[0], expected);
  }
}

TEST(While, ThatWouldRunForEverIsCancelledAndTheNetworkCanBeUsedAgain) {
  Loaded loaded(Counter().Build());
  loaded.network.input(0).As<float>()[0] = 0;
  loaded.network.input(1).As<float>()[0] = INFINITY;
  EXPECT_EQ(loaded.network.Invoke(), Status::kCancelled);
  const auto count_to_five = [&](uint32_t most_runs) {
    loaded.network.input(0).As<float>()[0] = 0;
    loaded.network.input(1).As<float>()[0] = 5;
    return loaded.network.Invoke(most_runs);
  };
  EXPECT_EQ(count_to_five(10), Status::kCancelled);
  EXPECT_EQ(count_to_five(11), Status::kOk);  // six conditions, five bodies
  EXPECT_EQ(loaded.network.output(0).As<float>()[0], 5);
}

TEST(NamedVariable, KeepsItsValueUntilReset) {
  Loaded loaded(Total().Build());
  const auto run = [&](float x) {
    loaded.network.input(0).As<float>()[0] = x;
    EXPECT_TRUE(ok(loaded.network.Invoke()));
    return loaded.network.output(0).As<float>()[0];
  };
  EXPECT_EQ(run(1), 101);
  EXPECT_EQ(run(2), 103);
  loaded.network.Reset();
  EXPECT_EQ(run(5), 105);
}

// Without a CALL_ONCE nothing but Reset makes it zero again.
TEST(NamedVariable, IsZeroAfterLoadingAndAfterReset) {
  Model model = Total();
  model.operators.erase(model.operators.begin());
  model.others.clear();
  Loaded loaded(model.Build());
  for (int i = 0; i < 2; ++i) {
    for (const float expected : {3.0f, 6.0f}) {
      loaded.network.input(0).As<float>()[0] = 3;
      ASSERT_TRUE(ok(loaded.network.Invoke()));
      EXPECT_EQ(loaded.network.output(0).As<float>()[0], expected);
    }
    loaded.network.Reset();
  }
}

TEST(NamedVariable, IsTheSameForToolsThatRunOneOperatorAfterTheOther) {
  Loaded loaded(Total().Build());
  for (const float expected : {101.0f, 102.0f}) {
    loaded.network.input(0).As<float>()[0] = 1;
    for (int i = 0; i < loaded.network.operator_count(); ++i) ASSERT_TRUE(ok(loaded.network.InvokeOperator(i)));
    EXPECT_EQ(loaded.network.output(0).As<float>()[0], expected);
  }
}

TEST(NamedVariable, OfAnotherNameIsAnother) {
  Model model = Total();
  model.others[0].operators[0] = Handle("other", 0);
  Loaded loaded(model.Build());
  loaded.network.input(0).As<float>()[0] = 1;
  ASSERT_TRUE(ok(loaded.network.Invoke()));
  EXPECT_EQ(loaded.network.output(0).As<float>()[0], 1);
}

TEST(Subgraphs, RefusesWhatCannotBeCalled) {
  const auto broken = [](Model model, auto change) {
    change(model);
    return ReasonFor(model);
  };
  const auto nothing = [](Model&) {};
  EXPECT_EQ(broken(Choice(), nothing), Reason::kNone);
  EXPECT_EQ(broken(Counter(), nothing), Reason::kNone);
  EXPECT_EQ(broken(Total(), nothing), Reason::kNone);
  EXPECT_EQ(broken(Choice(), [](Model& m) { m.operators[0] = If(1, 3, {0, 1}, {3}); }), Reason::kSubgraph);
  EXPECT_EQ(broken(Choice(), [](Model& m) { m.operators[0] = If(-1, 2, {0, 1}, {3}); }), Reason::kSubgraph);
  EXPECT_EQ(broken(Choice(), [](Model& m) { m.operators[0] = If(1, 2, {0, 1, 1}, {3}); }), Reason::kSubgraph);
  EXPECT_EQ(broken(Choice(), [](Model& m) { m.operators[0] = If(1, 2, {1, 1}, {3}); }), Reason::kOperandTypes);
  EXPECT_EQ(broken(Choice(), [](Model& m) { m.others[1].tensors[0].shape = {2, 2}; }), Reason::kSubgraph);
  EXPECT_EQ(broken(Counter(), [](Model& m) { m.others[0].tensors[2].shape = {2}; }), Reason::kSubgraph);
  EXPECT_EQ(broken(Total(), [](Model& m) { m.others[0].outputs = {1}; }), Reason::kSubgraph);
  EXPECT_EQ(broken(Total(), [](Model& m) { m.others[0].operators.push_back(CallOnce(1)); }), Reason::kCallOnce);
  EXPECT_EQ(broken(Choice(), [](Model& m) { m.others[1].operators[0].outputs = {1}; }), Reason::kWrittenTwice);
  // A subgraph that runs itself, two that run each other, and a chain that is too long.
  const auto calling = [](Model callee, int subgraph) {
    callee.tensors.push_back({.shape = {1}, .type = kBool, .data = {1}});
    callee.operators[0] = If(subgraph, subgraph, {static_cast<int32_t>(callee.tensors.size()) - 1, 0}, {2});
    return callee;
  };
  EXPECT_EQ(broken(Choice(), [&](Model& m) { m.others[0] = calling(Adder(1), 1); }), Reason::kSubgraphDepth);
  EXPECT_EQ(broken(Choice(),
                   [&](Model& m) {
                     m.others[0] = calling(Adder(1), 2);
                     m.others[1] = calling(Adder(1), 1);
                   }),
            Reason::kSubgraphDepth);
  const auto chain = [&](int length) {
    return broken(Choice(), [&](Model& m) {
      m.others.assign(static_cast<size_t>(length), Adder(1));
      for (int i = 0; i + 1 < length; ++i) m.others[static_cast<size_t>(i)] = calling(Adder(1), i + 2);
    });
  };
  EXPECT_EQ(chain(7), Reason::kNone);
  EXPECT_EQ(chain(8), Reason::kSubgraphDepth);
}

TEST(NamedVariable, IsRefusedWhereItMakesNoSense) {
  const auto broken = [](auto change) {
    Model model = Total();
    change(model);
    return ReasonFor(model);
  };
  // Another size, another type, no handle, the handle as a value, as an output, and twice.
  EXPECT_EQ(broken([](Model& m) {
              m.others[0].tensors[1] = {.shape = {2}, .data = Bytes({1, 2})};
            }),
            Reason::kResource);
  EXPECT_EQ(broken([](Model& m) { m.others[0].tensors[1].type = tflite::TensorType::INT32; }), Reason::kResource);
  EXPECT_EQ(broken([](Model& m) { m.others[0].operators.erase(m.others[0].operators.begin()); }), Reason::kResource);
  EXPECT_EQ(broken([](Model& m) { m.operators[3].inputs = {1, 0}; }), Reason::kResource);
  EXPECT_EQ(broken([](Model& m) { m.outputs = {1}; }), Reason::kResource);
  EXPECT_EQ(broken([](Model& m) { m.inputs = {0, 1}; }), Reason::kWrittenTwice);
  EXPECT_EQ(broken([](Model& m) { m.operators.push_back(Handle("x", 1)); }), Reason::kWrittenTwice);
  // Handles that pretend to be a state or a constant have no memory either.
  EXPECT_EQ(broken([](Model& m) {
              m.operators.erase(m.operators.begin() + 1);
              m.tensors[1].variable = true;
            }),
            Reason::kResource);
  EXPECT_EQ(broken([](Model& m) {
              m.operators.erase(m.operators.begin() + 1);
              m.tensors[1].shape = {0};
            }),
            Reason::kResource);
  const std::string long_name(300, 'x');
  EXPECT_EQ(broken([&](Model& m) { m.operators[1] = Handle(long_name.c_str(), 1); }), Reason::kOption);
}

TEST(Subgraphs, AreNamedInSentences) {
  Model model = Choice();
  model.others[1].operators[0].outputs = {1};
  std::string sentence;
  EXPECT_FALSE(ok(ReasonFor(model, &sentence)));
  EXPECT_EQ(sentence,
            "subgraph 2: operator 0 (add): tensor 1 (t1): the tensor is written twice, or is a constant and written");
}

TEST(Observer, SeesEachLayerOnceInOrder) {
  Loaded loaded(Choice().Build());
  *loaded.network.input(0).As<uint8_t>() = 1;
  std::string seen;
  float first_output = 0;
  const Status status = loaded.network.Invoke([&](const Network::Layer& layer) {
    seen += std::to_string(layer.index) + " " + layer.op().name + " " + std::to_string(layer.output_count()) + ";";
    if (layer.index == 0) first_output = layer.output(0).As<float>()[0];
  });
  EXPECT_TRUE(ok(status));
  EXPECT_EQ(seen, "0 if 1;1 add 1;");
  EXPECT_EQ(first_output, 1);
}

// No network knows of another: their runs may be interleaved.
TEST(Networks, ShareAProgramWithoutDisturbingEachOther) {
  Loaded counter(Counter().Build()), total(Total().Build()), other_total(Total().Build());
  for (int i = 1; i <= 3; ++i) {
    counter.network.input(0).As<float>()[0] = 0;
    counter.network.input(1).As<float>()[0] = static_cast<float>(i);
    total.network.input(0).As<float>()[0] = 1;
    other_total.network.input(0).As<float>()[0] = 10;
    ASSERT_TRUE(ok(total.network.Invoke()));
    ASSERT_TRUE(ok(counter.network.Invoke()));
    ASSERT_TRUE(ok(other_total.network.Invoke()));
    EXPECT_EQ(counter.network.output(0).As<float>()[0], static_cast<float>(i));
    EXPECT_EQ(total.network.output(0).As<float>()[0], 100 + static_cast<float>(i));
    EXPECT_EQ(other_total.network.output(0).As<float>()[0], 100 + 10 * static_cast<float>(i));
  }
}

}  // namespace
}  // namespace thimble::runtime
