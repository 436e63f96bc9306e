// Runs every operator's golden files through every one of its variants. Knows no operator by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/all_operators.h"
#include "kernels/ops_headers.inc"

namespace thimble::kernels {
namespace {

/// A tensor that owns what a Tensor points at, read from a line such as
///   int8 [1,3] scale 1,0.5 zero 0 dim 0 : 1 2 3
struct GoldenTensor {
  std::vector<int32_t> dims;
  std::vector<float> scales;
  std::vector<double> values;
  std::vector<uint64_t> memory;  // 8-byte elements, so that it is aligned for every type
  Tensor view;
};

struct GoldenCase {
  std::string name;
  int line = 0;
  std::map<std::string, double> params;
  std::vector<GoldenTensor> in, out;
};

template <typename Visit>
void WithElement(Type type, Visit visit) {
  switch (type) {
    case Type::kFloat32:
      return visit(float{});
    case Type::kInt32:
      return visit(int32_t{});
    case Type::kInt16:
      return visit(int16_t{});
    case Type::kInt64:
      return visit(int64_t{});
    case Type::kInt8:
      return visit(int8_t{});
    case Type::kUInt8:
    case Type::kBool:
      return visit(uint8_t{});
    case Type::kAbsent:
      return;
  }
}

std::vector<double> Numbers(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == ',' || c == '[' || c == ']'; }, ' ');
  std::istringstream in(text);
  return {std::istream_iterator<double>(in), {}};
}

GoldenTensor ReadTensor(const std::string& text) {
  static const std::map<std::string, Type> kTypes = {
      {"float32", Type::kFloat32}, {"int32", Type::kInt32}, {"uint8", Type::kUInt8}, {"int64", Type::kInt64},
      {"bool", Type::kBool},       {"int16", Type::kInt16}, {"int8", Type::kInt8},   {"absent", Type::kAbsent}};
  GoldenTensor tensor;
  std::istringstream in(text);
  std::string word;
  in >> word;
  EXPECT_TRUE(kTypes.contains(word)) << word;
  tensor.view.type = kTypes.at(word);
  while (in >> word && word != ":") {
    if (word[0] == '[') {
      for (const double dim : Numbers(word)) tensor.dims.push_back(static_cast<int32_t>(dim));
      continue;
    }
    std::string value;
    in >> value;
    if (word == "scale") {
      for (const double scale : Numbers(value)) tensor.scales.push_back(static_cast<float>(scale));
    } else if (word == "zero") {
      tensor.view.zero_point = std::stoi(value);
    } else if (word == "dim") {
      tensor.view.quantised_dimension = std::stoi(value);
    } else {
      ADD_FAILURE() << "unknown word " << word;
    }
  }
  tensor.values = {std::istream_iterator<double>(in), {}};
  return tensor;
}

std::vector<GoldenCase> ReadGolden(const std::filesystem::path& path) {
  std::vector<GoldenCase> cases;
  std::ifstream file(path);
  std::string line, word;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream in(line);
    if (!(in >> word) || word[0] == '#') continue;
    std::string rest;
    std::getline(in >> std::ws, rest);
    if (word == "case") {
      cases.push_back({rest, number, {}, {}, {}});
    } else if (cases.empty()) {
      ADD_FAILURE() << path << ":" << number << ": the file must begin with a case";
    } else if (word == "param") {
      cases.back().params[rest.substr(0, rest.find(' '))] = std::stod(rest.substr(rest.find(' ')));
    } else if (word == "in" || word == "out") {
      (word == "in" ? cases.back().in : cases.back().out).push_back(ReadTensor(rest));
    } else {
      ADD_FAILURE() << path << ":" << number << ": unknown word " << word;
    }
  }
  return cases;
}

/// Views of the tensors; inputs get their values, outputs a pattern that no kernel should leave behind.
std::vector<Tensor> Views(std::vector<GoldenTensor>& tensors, bool fill) {
  std::vector<Tensor> views;
  for (GoldenTensor& tensor : tensors) {
    tensor.memory.assign(tensor.values.size() + 1, 0x5a5a5a5a5a5a5a5a);
    tensor.view.data = tensor.memory.data();
    tensor.view.shape = {tensor.dims.data(), static_cast<int32_t>(tensor.dims.size())};
    tensor.view.scales = tensor.scales.data();
    tensor.view.scale_count = static_cast<int32_t>(tensor.scales.size());
    if (tensor.view.present()) {
      EXPECT_EQ(tensor.view.shape.Count(), static_cast<int32_t>(tensor.values.size())) << "values and shape differ";
    }
    WithElement(tensor.view.type, [&](auto element) {
      for (size_t i = 0; fill && i < tensor.values.size(); ++i) {
        tensor.view.As<decltype(element)>()[i] = static_cast<decltype(element)>(tensor.values[i]);
      }
    });
    views.push_back(tensor.view);
  }
  return views;
}

template <typename T>
typename T::Params ParamsOf(const GoldenCase& golden) {
  typename T::Params params;
  std::map<std::string, double> unused = golden.params;
  T::Fields(
      [&](const char* name, int, auto& member) {
        if (const auto it = unused.find(name); it != unused.end()) {
          using Member = std::remove_reference_t<decltype(member)>;
          if constexpr (std::is_enum_v<Member>) {
            member = static_cast<Member>(static_cast<int>(it->second));
          } else {
            member = static_cast<Member>(it->second);
          }
          unused.erase(it);
        }
      },
      params);
  for (const auto& [name, value] : unused) ADD_FAILURE() << T::kName << " has no parameter " << name;
  return params;
}

template <typename T>
void TestOperator() {
  const std::filesystem::path folder = std::filesystem::path(THIMBLE_SOURCE_DIR) / "kernels" / T::kName / "golden";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".golden") continue;
    ++files;
    std::vector<GoldenCase> cases = ReadGolden(entry.path());
    EXPECT_FALSE(cases.empty()) << entry.path();
    for (GoldenCase& golden : cases) {
      const auto params = ParamsOf<T>(golden);
      for (const auto& variant : T::kVariants) {
        SCOPED_TRACE(entry.path().string() + ":" + std::to_string(golden.line) + ": " + golden.name + " [" +
                     variant.name + "]");
        const std::vector<Tensor> in = Views(golden.in, true), out = Views(golden.out, false);
        Call call{in, out, nullptr};
        ASSERT_STREQ(Sentence(T::Check(params, call)), Sentence(Reason::kNone));
        std::vector<uint64_t> scratch(T::ScratchBytes(params, call) / 8 + 2);
        call.scratch = reinterpret_cast<std::byte*>(scratch.data());
        variant.run(params, call);
        for (const GoldenTensor& tensor : golden.out) {
          WithElement(tensor.view.type, [&](auto element) {
            for (size_t i = 0; i < tensor.values.size(); ++i) {
              const double value = static_cast<double>(tensor.view.As<decltype(element)>()[i]);
              const double error = std::is_same_v<decltype(element), float> ? 1e-6 * std::abs(tensor.values[i]) : 0;
              EXPECT_NEAR(value, tensor.values[i], error) << "element " << i;
            }
          });
        }
      }
    }
  }
  EXPECT_GT(files, 0) << T::kName << " has no golden file";
}

TEST(Operators, GiveTheirGoldenAnswersInEveryVariant) {
#define OP(type) TestOperator<type>();
#include "kernels/ops.inc"
#undef OP
}

TEST(Operators, AreNamedLikeTheirFolderAndListedOnce) {
  std::map<int32_t, std::string> names;
  for (const Operator* op : AllOperators()) {
    EXPECT_TRUE(names.emplace(op->tflite_code, op->name).second) << op->name << " repeats a code";
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(THIMBLE_SOURCE_DIR) / "kernels" / op->name / "op.h"));
  }
  EXPECT_GE(names.size(), 12u);
}

TEST(Operators, RefuseACallWithoutOperands) {
  for (const Operator* op : AllOperators()) {
    alignas(8) std::byte params[kMaxParamsBytes];
    op->read(Options(), params);
    EXPECT_FALSE(ok(op->check(params, Call{}))) << op->name;
  }
}

}  // namespace
}  // namespace thimble::kernels
