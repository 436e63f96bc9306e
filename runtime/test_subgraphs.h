// Small models with subgraphs and variables, for tests.
#ifndef THIMBLE_RUNTIME_TEST_SUBGRAPHS_H_
#define THIMBLE_RUNTIME_TEST_SUBGRAPHS_H_

#include "runtime/test_models.h"

namespace thimble::runtime::subgraph_models {

using tflite::BuiltinOperator;
using tflite::BuiltinOptions;

inline constexpr auto kBool = tflite::TensorType::BOOL;
inline constexpr auto kResource = tflite::TensorType::RESOURCE;

inline std::vector<uint8_t> Bytes(std::vector<float> values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  return {first, first + values.size() * sizeof(float)};
}

inline ModelBuilder::Options AddOptions() {
  return {BuiltinOptions::AddOptions,
          [](flatbuffers::FlatBufferBuilder& builder) { return tflite::CreateAddOptions(builder).Union(); }};
}
inline ModelBuilder::TestOperator If(int then_subgraph, int else_subgraph, std::vector<int32_t> in,
                                     std::vector<int32_t> out) {
  return {BuiltinOperator::IF,
          std::move(in),
          std::move(out),
          {BuiltinOptions::IfOptions, [=](flatbuffers::FlatBufferBuilder& builder) {
             return tflite::CreateIfOptions(builder, then_subgraph, else_subgraph).Union();
           }}};
}
inline ModelBuilder::TestOperator While(int condition, int body, std::vector<int32_t> in, std::vector<int32_t> out) {
  return {BuiltinOperator::WHILE,
          std::move(in),
          std::move(out),
          {BuiltinOptions::WhileOptions, [=](flatbuffers::FlatBufferBuilder& builder) {
             return tflite::CreateWhileOptions(builder, condition, body).Union();
           }}};
}
inline ModelBuilder::TestOperator CallOnce(int subgraph) {
  return {BuiltinOperator::CALL_ONCE, {}, {}, {BuiltinOptions::CallOnceOptions, [=](auto& builder) {
                                                 return tflite::CreateCallOnceOptions(builder, subgraph).Union();
                                               }}};
}
inline ModelBuilder::TestOperator Handle(const char* name, int32_t tensor) {
  return {BuiltinOperator::VAR_HANDLE,
          {},
          {tensor},
          {BuiltinOptions::VarHandleOptions,
           [=](auto& builder) { return tflite::CreateVarHandleOptionsDirect(builder, "", name).Union(); }}};
}
inline ModelBuilder::TestOperator Read(int32_t handle, int32_t value) {
  return {BuiltinOperator::READ_VARIABLE, {handle}, {value}};
}
inline ModelBuilder::TestOperator Assign(int32_t handle, int32_t value) {
  return {BuiltinOperator::ASSIGN_VARIABLE, {handle, value}, {}};
}

/// x + step
inline ModelBuilder Adder(float step) {
  ModelBuilder model;
  model.tensors = {{.shape = {4}}, {.shape = {4}, .data = Bytes({step, step, step, step})}, {.shape = {4}}};
  model.operators = {{BuiltinOperator::ADD, {0, 1}, {2}, AddOptions()}};
  model.inputs = {0};
  model.outputs = {2};
  return model;
}

/// (condition, x, other) -> y = (condition ? x + 1 : x + 2) + other
inline ModelBuilder Choice() {
  ModelBuilder model;
  model.tensors = {{.shape = {1}, .type = kBool}, {.shape = {4}}, {.shape = {4}}, {.shape = {4}}, {.shape = {4}}};
  model.operators = {If(1, 2, {0, 1}, {3}), {BuiltinOperator::ADD, {3, 2}, {4}, AddOptions()}};
  model.inputs = {0, 1, 2};
  model.outputs = {4};
  model.others = {Adder(1), Adder(2)};
  return model;
}

/// Counts x up while it is less than a limit that is an input too: (x, limit) -> the first x + n >= limit
inline ModelBuilder Counter() {
  ModelBuilder model;
  model.tensors = {{.shape = {1}}, {.shape = {1}}, {.shape = {1}}, {.shape = {1}}};
  model.operators = {While(1, 2, {0, 1}, {2, 3})};
  model.inputs = {0, 1};
  model.outputs = {2};
  ModelBuilder condition;
  condition.tensors = {{.shape = {1}}, {.shape = {1}}, {.shape = {1}, .type = kBool}};
  condition.operators = {{BuiltinOperator::LESS, {0, 1}, {2}}};
  condition.inputs = {0, 1};
  condition.outputs = {2};
  ModelBuilder body;
  body.tensors = {{.shape = {1}}, {.shape = {1}}, {.shape = {1}, .data = Bytes({1})}, {.shape = {1}}};
  body.operators = {{BuiltinOperator::ADD, {0, 2}, {3}, AddOptions()}};
  body.inputs = {0, 1};
  body.outputs = {3, 1};
  model.others = {condition, body};
  return model;
}

/// (x) -> total + x, where the total lives in a variable that begins with 100 and the same name has in two subgraphs.
inline ModelBuilder Total() {
  ModelBuilder model;
  model.tensors = {{.shape = {1}}, {.shape = {}, .type = kResource}, {.shape = {1}}, {.shape = {1}}};
  model.operators = {
      CallOnce(1), Handle("total", 1), Read(1, 2), {BuiltinOperator::ADD, {2, 0}, {3}, AddOptions()}, Assign(1, 3)};
  model.inputs = {0};
  model.outputs = {3};
  ModelBuilder first;
  first.tensors = {{.shape = {}, .type = kResource}, {.shape = {1}, .data = Bytes({100})}};
  first.operators = {Handle("total", 0), Assign(0, 1)};
  model.others = {first};
  return model;
}

}  // namespace thimble::runtime::subgraph_models

#endif  // THIMBLE_RUNTIME_TEST_SUBGRAPHS_H_
